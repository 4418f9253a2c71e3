//! A blob that gives its bytes in small pieces, and the reading of one.

use std::fmt::Write as _;
use std::io::{self, Read};

use lasthand_artifact::{ArtifactError, ArtifactFacts, BlobSource, Kind, MemoryBlob, RawEntry, list};

use super::LIMITS;

/// Bytes, `step` at most with each call.
pub(crate) struct Pieces {
    pub(crate) blob: MemoryBlob,
    pub(crate) step: usize,
}

struct Stepwise<'a>(Box<dyn Read + Send + 'a>, usize);

impl Read for Stepwise<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

impl BlobSource for Pieces {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Stepwise(self.blob.open()?, self.step)))
    }

    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Stepwise(self.blob.open_at(offset)?, self.step)))
    }

    fn name(&self) -> &str {
        self.blob.name()
    }

    fn len(&self) -> Option<u64> {
        self.blob.len()
    }
}

/// What a reader shows and says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) entries: Vec<String>,
    pub(crate) end: Result<ArtifactFacts, String>,
}

/// Lists a blob.
pub(crate) fn listing(blob: &dyn BlobSource, kind: Option<Kind>) -> Reading {
    let mut entries = Vec::new();
    let end = list(blob, kind, &LIMITS, &mut |entry| entries.push(shown(entry)));
    Reading { entries, end: end.map_err(|error| said(&error)) }
}

/// Two readings of the same bytes, read ahead differently: the same end, and the same entries. Where a compressed stream is damaged
/// both refuse, and
/// one of them may show more before, or meet another error first.
pub(crate) fn alike(a: &Reading, b: &Reading, how: &str) {
    let both = a.entries.len().min(b.entries.len());
    assert_eq!(a.entries[..both], b.entries[..both], "{how}");
    if same_end(&a.end, &b.end, how) {
        assert_eq!(a.entries.len(), b.entries.len(), "{how}");
    }
}

/// Two ends of readings of the same bytes; false where a compressed stream is damaged, which both refuse, each at its first error.
pub(crate) fn same_end(a: &Result<ArtifactFacts, String>, b: &Result<ArtifactFacts, String>, how: &str) -> bool {
    let is_damaged = |end: &Result<_, String>| matches!(end, Err(error) if error.starts_with(DAMAGED));
    if is_damaged(a) || is_damaged(b) {
        assert!(a.is_err() && b.is_err(), "{how}: {a:?} and {b:?}");
        return false;
    }
    assert_eq!(a, b, "{how}");
    true
}

/// How the error of a decoder begins.
const DAMAGED: &str = "bad ";

/// One entry as a line.
fn shown(entry: &RawEntry<'_>) -> String {
    let mut line = format!("{} {:o} {} ", entry.typeflag.escape_ascii(), entry.mode, entry.size);
    write!(line, "{} {} ", entry.path.escape_ascii(), entry.link.escape_ascii()).unwrap();
    line.push_str(&entry.sha256.map(|digest| digest.to_string()).unwrap_or_default());
    line
}

/// What an error says that does not depend on how far was read ahead.
pub(crate) fn said(error: &ArtifactError) -> String {
    match error {
        ArtifactError::Compression { kind, .. } => format!("{DAMAGED}{kind} stream"),
        error => error.to_string(),
    }
}
