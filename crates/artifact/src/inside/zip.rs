//! Zip files, read forward by their local headers and compared with their central directory.
//!
//! Two readers of a zip file go two ways: one from its end, by the central directory; the other from its start, by local headers. Here
//! each local header is
//! a claim, its content is read as it passes, and the central directory has to confirm every claim, and nothing else. What does not
//! agree refuses.
//!
//! The states: entries; then the central directory; then its end records; then nothing.
//!
//! SPEC: PKWARE APPNOTE 6.3.10; docs/open-archives.md.

mod central;
mod data;
mod end;
mod input;
mod local;

use std::io::BufRead;

use lasthand_model::digest::FileDigest;
use lasthand_model::limits::Limits;

use super::{Archive, Looked, members, tail};
use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::note::{NoteKind, ReaderNote};
use input::Input;

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";

/// What a local header claims of an entry, and what its content is.
pub(super) struct Claim {
    /// Start of the local header.
    offset: u64,
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    /// Bytes as stored.
    packed: u64,
    /// Bytes of the content.
    size: u64,
    digest: FileDigest,
    /// The mode in an extra field.
    mode: Option<u32>,
    /// The central directory lists it.
    listed: bool,
}

/// LIMIT: bytes of all names of one zip file, which are held until its central directory comes.
const NAME_BYTES: u64 = 256 << 20;

/// Why reading ends before the end.
pub(super) enum Stop {
    /// Something that readers take differently, after which nobody knows what follows.
    Odd(NoteKind, Vec<u8>),
    /// A limit, or an error of the stream.
    Error(ArtifactError),
}

type Step<T> = Result<T, Stop>;

pub(super) struct Zip<'z, 'o> {
    archive: &'z Archive<'o>,
    input: Input<'z, 'o>,
    collector: Collector<'z>,
    claims: Vec<Claim>,
    /// Bytes of their names.
    name_bytes: u64,
    /// Listed entries that are none: the first of them, and how many more.
    overlap: Option<ReaderNote>,
}

/// Reads a zip file to its end.
pub(super) fn read(archive: &Archive<'_>, content: &mut dyn BufRead) -> Result<Looked, ArtifactError> {
    let collector =
        Collector::of_inside(archive.name, archive.limits, archive.counts, None).each_once(NoteKind::ZipDuplicate);
    let mut zip = Zip {
        archive,
        input: Input::new(archive, content),
        collector,
        claims: Vec::new(),
        name_bytes: 0,
        overlap: None,
    };
    let read = zip.run();
    let offset = zip.input.offset();
    let Zip { mut collector, overlap, .. } = zip;
    // One for all: a bomb has thousands.
    if let Some(overlap) = overlap {
        collector.keep_note(overlap);
    }
    match read {
        Ok(()) => members::settle(Ok("zip"), collector),
        Err(Stop::Error(error)) => members::settle(Err(error), collector),
        Err(Stop::Odd(kind, path)) => {
            let reason = ArtifactError::Malformed { name: archive.name.to_owned(), offset, reason: "as noted" };
            let mut looked = members::settle(Err(reason), collector)?;
            // The word for what it is stands in place of the general one.
            looked.notes.pop();
            looked.notes.push(ReaderNote::new(kind, path, offset));
            Ok(looked)
        }
    }
}

/// A file that is named as a zip and begins as something else: noted where readers that look from its end find one.
///
/// SECURITY: a script or program with a zip behind it runs as the one and opens as the other.
pub(super) fn behind_other_bytes(content: &mut dyn BufRead) -> Looked {
    let tail = tail(content);
    let is_end = tail.windows(END.len()).rev().skip(22 - END.len()).any(|window| window == END);
    if is_end { Looked::odd(NoteKind::ZipBehind) } else { Looked::default() }
}

impl Zip<'_, '_> {
    fn run(&mut self) -> Step<()> {
        loop {
            match self.input.signature()? {
                Some(LOCAL) => self.local()?,
                Some(CENTRAL | END | END_64) => break,
                Some(_) => return Err(Stop::Odd(NoteKind::ZipGap, Vec::new())),
                None => return Err(self.cut()),
            }
        }
        let directory = self.central()?;
        self.end(&directory)?;
        let unlisted: Vec<_> = self.claims.iter().filter(|claim| !claim.listed).collect();
        for claim in unlisted {
            self.collector.note(NoteKind::ZipUnlisted, &shown(&claim.name), claim.offset);
        }
        Ok(())
    }

    const fn limits(&self) -> &Limits {
        self.archive.limits
    }

    fn cut(&self) -> Stop {
        let (name, offset) = (self.archive.name.to_owned(), self.input.offset());
        Stop::Error(ArtifactError::Truncated { name, offset, expected: "the rest of a zip file" })
    }

    fn over(&self, what: &'static str, limit: u64) -> Stop {
        let (name, offset) = (self.archive.name.to_owned(), self.input.offset());
        Stop::Error(ArtifactError::OverLimit { name, what, limit, offset })
    }

    /// Reads exactly so many bytes.
    fn bytes(&mut self, length: usize) -> Step<Vec<u8>> {
        let mut bytes = vec![0; length];
        if self.input.take(&mut bytes)? == length { Ok(bytes) } else { Err(self.cut()) }
    }

    /// Reads a name.
    fn name(&mut self, length: u16) -> Step<Vec<u8>> {
        let limit = self.limits().path_bytes;
        // LIMIT: Limits::path_bytes.
        if usize::from(length) > limit {
            return Err(self.over("bytes of a path", crate::meter::wide(limit)));
        }
        self.bytes(usize::from(length))
    }
}

/// A name as notes show it: the path that it means.
fn shown(name: &[u8]) -> Vec<u8> {
    crate::path::settle(name).path
}

/// Little-endian numbers of a header, one after the other; 0 past its end.
pub(super) struct Fields<'f>(pub(super) &'f [u8]);

impl Fields<'_> {
    fn number(&mut self, bytes: usize) -> u64 {
        let (now, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        now.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::try_from(self.number(2)).unwrap_or_default()
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::try_from(self.number(4)).unwrap_or_default()
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.number(8)
    }
}
