//! One artifact, one pass: detect, inflate, digest, inventory.

use std::io::{BufReader, Cursor, Read};

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord};
use lasthand_model::limits::Limits;

use crate::codec::{Codec, peek};
use crate::collect::Collector;
use crate::error::{ArtifactError, PathFault};
use crate::facts::{ArtifactFacts, Kind};
use crate::note::NoteKind;
use crate::path;
use crate::source::{BlobSource, Source};
use crate::stream::{BUFFER_BYTES, ShippedBytes, drain, sort_error};
use crate::tarball;
use crate::tree;

/// Reads one artifact whole and inventories it.
///
/// In: a blob or a folder; `kind` as the caller knows it, or `None` to detect it from the bytes: gzip and zstd by magic, tar by its
/// `ustar` magic or a valid header checksum. What is none of these is a plain file, also a tar
/// archive without entries (zeros only) and a compressed stream that holds no tar.
/// `progress` is called with the bytes as shipped read so far.
/// Out: digest, size, inventory in path order, notes in reading order.
/// Cost: O(bytes) time, two SHA-256 over archives; O(entries) memory plus fixed buffers; nothing is written.
///
/// # Errors
/// [`ArtifactError`]; no inventory is formed of a part of an artifact, and none where readers could not be told apart by a note.
///
/// # Proves / does not prove
/// Proves which bytes and entries the artifact has. Does not prove who put them there. A verifier must look at
/// [`ReaderNote::ambiguous`](crate::ReaderNote::ambiguous).
pub fn read<'a>(
    source: impl Into<Source<'a>>,
    kind: Option<Kind>,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<ArtifactFacts, ArtifactError> {
    match source.into() {
        Source::Blob(blob) => read_blob(blob, kind, limits, progress),
        Source::Tree(tree) => match kind {
            None | Some(Kind::Directory) => tree::read(tree, limits, progress),
            Some(expected) => Err(ArtifactError::WrongKind { name: tree.name().to_owned(), expected }),
        },
    }
}

fn read_blob(
    source: &dyn BlobSource,
    kind: Option<Kind>,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<ArtifactFacts, ArtifactError> {
    let name = source.name();
    let opened = source.open().map_err(|source| ArtifactError::Io { name: name.to_owned(), offset: 0, source })?;
    let mut shipped = ShippedBytes::new(opened, limits, progress);
    let count = shipped.count();
    let io_error = |error| sort_error(name, None, count.get(), count.get(), error);

    let head = peek(&mut shipped).map_err(io_error)?;
    let codec = Codec::of(&head);
    let mut collector = Collector::new(name, limits);
    let found = {
        let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head.clone()).chain(&mut shipped));
        let mut body = Body { name, kind, limits, collector: &mut collector };
        if kind == Some(Kind::File) {
            Kind::File
        } else {
            let inflated = codec.inflate(whole, &count, limits).map_err(io_error)?;
            body.read(codec, inflated, &|| count.get())?
        }
    };
    drain(&mut shipped).map_err(io_error)?;

    let size = count.get();
    if let Some(expected) = source.len().filter(|expected| *expected != size) {
        return Err(ArtifactError::LengthDiffers { name: name.to_owned(), path: name.into(), expected, got: size });
    }
    let digest = shipped.digest();
    if found == Kind::File {
        collector.push(file_record(name, size, digest)?, 0)?;
    }
    let (inventory, notes) = collector.finish()?;
    Ok(ArtifactFacts { kind: found, digest: ArtifactDigest(digest), size, inventory, notes })
}

/// What is known while the inflated bytes are read.
struct Body<'c, 'a> {
    name: &'a str,
    kind: Option<Kind>,
    limits: &'a Limits,
    collector: &'c mut Collector<'a>,
}

impl Body<'_, '_> {
    /// Reads the inflated bytes to their end and says what they were.
    fn read(
        &mut self,
        codec: Codec,
        mut inflated: impl Read,
        shipped: &dyn Fn() -> u64,
    ) -> Result<Kind, ArtifactError> {
        let sort = |offset, error| sort_error(self.name, codec.name(), shipped(), offset, error);
        let archive = archive_kind(codec);
        if let Some(expected) = self.kind.filter(|kind| *kind != archive) {
            return Err(ArtifactError::WrongKind { name: self.name.to_owned(), expected });
        }
        let head = peek(&mut inflated).map_err(|error| sort(0, error))?;
        let inner = Codec::of(&head);
        if self.kind.is_some() || tarball::looks_like_tar(&head) {
            let whole = Cursor::new(head).chain(inflated);
            tarball::read(whole, self.name, self.limits, self.collector, &sort)?;
            return Ok(archive);
        }
        if codec != Codec::None && inner != Codec::None {
            self.collector.note(NoteKind::NestedCompression, b"", 0);
        }
        // A compressed file is inflated to its end all the same: damage is found, and a bomb.
        drain(&mut inflated).map_err(|error| sort(0, error))?;
        Ok(Kind::File)
    }
}

const fn archive_kind(codec: Codec) -> Kind {
    match codec {
        Codec::None => Kind::Tar,
        Codec::Gzip => Kind::TarGzip,
        Codec::Zstd => Kind::TarZstd,
    }
}

fn file_record(name: &str, size: u64, digest: Sha256) -> Result<FileRecord, ArtifactError> {
    let raw = path::base(name.as_bytes());
    let plain =
        path::plain(raw).and_then(|plain| if plain.path.is_empty() { Err(PathFault::Empty) } else { Ok(plain) });
    let plain = plain.map_err(|fault| ArtifactError::BadPath {
        name: name.to_owned(),
        offset: 0,
        path: raw.to_vec(),
        fault,
    })?;
    Ok(FileRecord {
        path: plain.path,
        entry_type: EntryType::File,
        mode: 0,
        uid: 0,
        gid: 0,
        size,
        sha256: Some(FileDigest(digest)),
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    })
}
