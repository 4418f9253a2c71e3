//! A tar stream -> records, strictly, and where several readings are possible as Go's `archive/tar` reads it.
//!
//! The states: header blocks until the end marker; extension headers (`x`, `L`, `K`) wait for the entry they describe; after the
//! marker only zeros until the stream ends.

mod entry;
mod header;
mod pax;

use std::io::{self, Read};

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::limits::Limits;
use sha2::Digest as _;

use crate::collect::{Collector, wide};
use crate::error::{ArtifactError, PathFault};
use crate::note::NoteKind;
use crate::source::BlobSource;
use crate::stream::{BUFFER_BYTES, fill};
use header::{Block, Header};
use pax::PaxRecords;

pub(crate) use header::{BLOCK, looks_like_tar};

/// LIMIT: bytes of one extension header, as in Go and libarchive.
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// Contents up to this many bytes are read rather than passed over.
const PASS_OVER_BYTES: u64 = 64 << 10;

/// Reads the whole stream and gives every entry to the collector.
///
/// `sort` turns an error of the stream below, at an offset, into ours.
pub(crate) fn read<'a>(
    inner: impl Read,
    name: &'a str,
    limits: &'a Limits,
    collector: &mut Collector<'a>,
    sort: &dyn Fn(u64, io::Error) -> ArtifactError,
) -> Result<(), ArtifactError> {
    TarStream::new(inner, name, limits, collector, sort, Contents::Digest).run()
}

/// Lists the entries of an archive that can be read by offset; contents are passed over, not read.
///
/// Out: the start of the content of each file, in archive order; the records, without digests, are the collector's.
pub(crate) fn index<'a>(
    blob: &'a dyn BlobSource,
    limits: &'a Limits,
    collector: &mut Collector<'a>,
) -> Result<Vec<u64>, ArtifactError> {
    let name = blob.name();
    let sort = |offset, source| ArtifactError::Io { name: name.to_owned(), offset, source };
    let inner = blob.open().map_err(|error| sort(0, error))?;
    let contents = Contents::PassOver { starts: Vec::new(), open_at: &|offset| blob.open_at(offset) };
    let mut stream = TarStream::new(inner, name, limits, collector, &sort, contents);
    stream.run()?;
    match stream.contents {
        Contents::PassOver { starts, .. } => Ok(starts),
        Contents::Digest => Ok(Vec::new()),
    }
}

struct TarStream<'c, 'a, R> {
    inner: R,
    offset: u64,
    buffer: Vec<u8>,
    name: &'a str,
    limits: &'a Limits,
    collector: &'c mut Collector<'a>,
    sort: &'c dyn Fn(u64, io::Error) -> ArtifactError,
    contents: Contents<'c, R>,
}

/// What is done with the content of files.
enum Contents<'c, R> {
    /// It is read and digested.
    Digest,
    /// It is passed over: the stream is opened anew behind it.
    PassOver { starts: Vec<u64>, open_at: &'c dyn Fn(u64) -> io::Result<R> },
}

/// Extension headers that wait for their entry.
#[derive(Default)]
struct Pending {
    pax: Option<PaxRecords>,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// Offset of the first of them.
    start: Option<u64>,
    notes: Vec<NoteKind>,
}

impl<'c, 'a, R> TarStream<'c, 'a, R> {
    fn new(
        inner: R,
        name: &'a str,
        limits: &'a Limits,
        collector: &'c mut Collector<'a>,
        sort: &'c dyn Fn(u64, io::Error) -> ArtifactError,
        contents: Contents<'c, R>,
    ) -> Self {
        Self { inner, offset: 0, buffer: vec![0; BUFFER_BYTES], name, limits, collector, sort, contents }
    }
}

impl<R: Read> TarStream<'_, '_, R> {
    fn run(&mut self) -> Result<(), ArtifactError> {
        let mut pending = Pending::default();
        loop {
            let offset = self.offset;
            let mut block: Block = [0; BLOCK];
            if !self.take_block(&mut block, Ending::Forbidden("an end marker"))? {
                return Err(self.truncated("an end marker"));
            }
            if is_zero(&block) {
                return match pending.start {
                    Some(start) => Err(self.malformed(start, "an extension header without an entry")),
                    None => self.end(offset),
                };
            }
            let header = Header::parse(&block).map_err(|reason| self.malformed(offset, reason))?;
            match header.typeflag {
                b'x' | b'L' | b'K' => self.extension(&header, offset, &mut pending)?,
                b'g' if pending.start.is_some() => {
                    return Err(self.malformed(offset, "a global header between an extension header and its entry"));
                }
                b'g' => self.global(&header, offset)?,
                _ => {
                    let start = pending.start.unwrap_or(offset);
                    self.entry(header, std::mem::take(&mut pending), start)?;
                }
            }
        }
    }

    /// Takes one `x`, `L` or `K` header.
    ///
    /// SECURITY: its own size comes from its own header alone, never from a pax header before it (GHSA-3cv2-h65g-fgmm).
    fn extension(&mut self, header: &Header, offset: u64, pending: &mut Pending) -> Result<(), ArtifactError> {
        let content = self.extension_content(header.size, offset)?;
        if header.signed_checksum {
            pending.notes.push(NoteKind::SignedChecksum);
        }
        pending.start.get_or_insert(offset);
        let repeated = match header.typeflag {
            b'x' => {
                let records = PaxRecords::parse(&content).map_err(|reason| self.malformed(offset, reason))?;
                pending.pax.replace(records).is_some()
            }
            typeflag => {
                let text = header::text(&content);
                let rest = content.get(text.len()..).unwrap_or_default();
                if text.is_empty() || rest.iter().any(|byte| *byte != 0) {
                    pending.notes.push(NoteKind::OddLongName);
                }
                let waiting = if typeflag == b'L' { &mut pending.long_path } else { &mut pending.long_link };
                waiting.replace(text.to_vec()).is_some()
            }
        };
        if repeated {
            pending.notes.push(NoteKind::RepeatedExtension);
        }
        Ok(())
    }

    fn global(&mut self, header: &Header, offset: u64) -> Result<(), ArtifactError> {
        let content = self.extension_content(header.size, offset)?;
        let records = PaxRecords::parse(&content).map_err(|reason| self.malformed(offset, reason))?;
        let kind = if records.is_comment_only() { NoteKind::GlobalComment } else { NoteKind::GlobalHeader };
        self.collector.note(kind, b"", offset);
        Ok(())
    }

    fn extension_content(&mut self, size: u64, offset: u64) -> Result<Vec<u8>, ArtifactError> {
        if size > MAX_EXTENSION_BYTES {
            return Err(self.over("bytes of an extension header", MAX_EXTENSION_BYTES, offset));
        }
        let mut content = vec![0; usize::try_from(size).unwrap_or_default()];
        self.take_exact(&mut content)?;
        self.skip_padding(size)?;
        Ok(content)
    }

    /// Digests the content of one file while it passes, or passes over it.
    fn content(&mut self, size: u64) -> Result<Option<FileDigest>, ArtifactError> {
        if let Contents::PassOver { starts, open_at } = &mut self.contents {
            starts.push(self.offset);
            if size > PASS_OVER_BYTES {
                self.offset = self.offset.saturating_add(size);
                self.inner = open_at(self.offset).map_err(|error| (self.sort)(self.offset, error))?;
                self.skip_padding(size)?;
                return Ok(None);
            }
        }
        let mut hasher = sha2::Sha256::new();
        let mut left = size;
        let mut buffer = std::mem::take(&mut self.buffer);
        while left > 0 {
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get_mut(..take).unwrap_or_default();
            self.take_exact(part)?;
            hasher.update(part);
            left -= wide(take);
        }
        self.buffer = buffer;
        self.skip_padding(size)?;
        Ok(Some(FileDigest(Sha256::from_bytes(hasher.finalize().into()))))
    }

    /// Reads what follows the first block of the end marker: one more zero block, then zeros only.
    ///
    /// SECURITY: readers that look past the marker (`tar -i`) would see entries that no inventory lists.
    fn end(&mut self, marker: u64) -> Result<(), ArtifactError> {
        let mut block: Block = [0; BLOCK];
        if !self.take_block(&mut block, Ending::Allowed)? {
            self.collector.note(NoteKind::ShortEndMarker, b"", marker);
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut rest = is_zero(&block);
        while rest {
            let read = fill(&mut self.inner, &mut buffer).map_err(|error| (self.sort)(self.offset, error))?;
            if read == 0 {
                return Ok(());
            }
            self.offset += wide(read);
            rest = is_zero(buffer.get(..read).unwrap_or_default());
        }
        Err(self.malformed(marker, "bytes other than zero after the end marker"))
    }

    /// Reads one block; false at the end of the stream.
    fn take_block(&mut self, block: &mut Block, ending: Ending) -> Result<bool, ArtifactError> {
        let read = fill(&mut self.inner, block).map_err(|error| (self.sort)(self.offset, error))?;
        self.offset += wide(read);
        match (read, ending) {
            (BLOCK, _) => Ok(true),
            (0, Ending::Allowed) => Ok(false),
            (0, Ending::Forbidden(expected)) => Err(self.truncated(expected)),
            _ => Err(self.truncated("a whole block of 512 bytes")),
        }
    }

    fn take_exact(&mut self, buffer: &mut [u8]) -> Result<(), ArtifactError> {
        let read = fill(&mut self.inner, buffer).map_err(|error| (self.sort)(self.offset, error))?;
        self.offset += wide(read);
        if read == buffer.len() { Ok(()) } else { Err(self.truncated("the rest of an entry")) }
    }

    fn skip_padding(&mut self, size: u64) -> Result<(), ArtifactError> {
        let mut padding: Block = [0; BLOCK];
        let length = usize::try_from(size.next_multiple_of(wide(BLOCK)) - size).unwrap_or_default();
        self.take_exact(padding.get_mut(..length).unwrap_or_default())
    }

    fn malformed(&self, offset: u64, reason: &'static str) -> ArtifactError {
        ArtifactError::Malformed { name: self.name.to_owned(), offset, reason }
    }

    fn truncated(&self, expected: &'static str) -> ArtifactError {
        ArtifactError::Truncated { name: self.name.to_owned(), offset: self.offset, expected }
    }

    fn over(&self, what: &'static str, limit: u64, offset: u64) -> ArtifactError {
        ArtifactError::OverLimit { name: self.name.to_owned(), what, limit, offset }
    }

    fn unsupported(&self, what: &'static str, offset: u64) -> ArtifactError {
        ArtifactError::Unsupported { name: self.name.to_owned(), what, offset }
    }

    fn bad_path(&self, path: &[u8], fault: PathFault, offset: u64) -> ArtifactError {
        ArtifactError::BadPath { name: self.name.to_owned(), offset, path: path.to_vec(), fault }
    }
}

/// Whether the stream may end where a block could follow.
#[derive(Clone, Copy)]
enum Ending {
    Allowed,
    Forbidden(&'static str),
}

fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: Block = [0; BLOCK];
    bytes.chunks(BLOCK).all(|chunk| ZEROS.get(..chunk.len()) == Some(chunk))
}
