//! One artifact, one pass: detect, inflate, digest, inventory.

use std::io::{self, BufReader, Cursor, Read as _};

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord};
use lasthand_model::limits::Limits;

use crate::codec::{Codec, compressed_by, has_two_forms, peek};
use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::facts::{ArtifactFacts, Kind, by_digest};
use crate::image::packed::Packed;
use crate::inflated::{self, Inflated};
use crate::inside::{Archive, At, Counts, Looked, Opening, Passing, Tops, look};
use crate::meter::{Meter, Progress};
use crate::note::NoteKind;
use crate::path;
use crate::source::{BlobSource, Source};
use crate::stream::{BUFFER_BYTES, ShippedBytes, drain, sort_error};
use crate::tarball::{self, BLOCK, Each, RawEntry};
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
/// [`ArtifactError`]; no inventory is formed of a part of an artifact.
///
/// # Proves / does not prove
/// Proves which bytes and entries the artifact has. Does not prove who put them there. A verifier must look at
/// [`ReaderNote::refuses`](crate::ReaderNote::refuses).
pub fn read<'a>(
    source: impl Into<Source<'a>>,
    kind: Option<Kind>,
    limits: &Limits,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ArtifactFacts, ArtifactError> {
    read_opening(source, kind, Opening::Closed, limits, progress)
}

/// Reads one artifact as [`read`] does, and lists what archives in it hold where `opening` says so.
///
/// Out: as [`read`], and [`ArtifactFacts::inside`], with notes about the archives. Cost: what is inside is inflated too, within
/// [`Limits::nested_bytes`] and the bounds of the artifact; memory grows with the number of members.
///
/// # Errors
/// As [`read`]; a limit that is passed inside. An archive inside that is damaged is no error but a note that refuses.
///
/// # Proves / does not prove
/// Proves which members a reader of the archive gets. Does not prove who put them there: that is known of the archive as a whole.
pub fn read_opening<'a>(
    source: impl Into<Source<'a>>,
    kind: Option<Kind>,
    opening: Opening,
    limits: &Limits,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ArtifactFacts, ArtifactError> {
    match source.into() {
        Source::Blob(blob) => read_blob(blob, kind, opening, limits, progress, &mut |_| {}),
        Source::Tree(tree) => match kind {
            None | Some(Kind::Directory) => tree::read(tree, opening, limits, progress),
            Some(expected) => Err(ArtifactError::WrongKind { name: tree.name().to_owned(), expected }),
        },
    }
}

/// Reads a blob as [`read`] does, and shows each entry of an archive as it is written there, in archive order.
///
/// An entry is shown when its content has been read, so those before an error are shown too.
///
/// # Errors
/// As [`read`].
pub fn list(
    blob: &dyn BlobSource,
    kind: Option<Kind>,
    limits: &Limits,
    each: &mut dyn FnMut(&RawEntry<'_>),
) -> Result<ArtifactFacts, ArtifactError> {
    read_blob(blob, kind, Opening::Closed, limits, &mut |_| {}, each)
}

fn read_blob(
    source: &dyn BlobSource,
    kind: Option<Kind>,
    opening: Opening,
    limits: &Limits,
    progress: &mut (dyn FnMut(u64) + Send),
    each: &mut Each<'_>,
) -> Result<ArtifactFacts, ArtifactError> {
    let name = source.name();
    let opened = source.open().map_err(|source| ArtifactError::Io { name: name.to_owned(), offset: 0, source })?;
    let progress = Progress::new(progress);
    let tell = |bytes| progress.add(bytes);
    let meter = Meter::new(limits, &tell);
    let mut shipped = ShippedBytes::new(opened, &meter);
    let io_error = |error| sort_error(name, None, meter.shipped(), meter.shipped(), error);

    let head = peek(&mut shipped).map_err(io_error)?;
    let codec = Codec::of(&head);
    let counts = Counts::default();
    let mut collector = Collector::new(name, limits).opening(opening, &counts);
    if kind != Some(Kind::File) && has_two_forms(&head) {
        collector.note(NoteKind::TwoForms, b"", 0);
    }
    // What can be read by offset was looked at before: see `ImageStore::detect`.
    let is_packed = codec != Codec::None || is_from_start_only(source);
    if is_packed {
        collector = collector.keeping(Packed::keeps);
    }
    let mut looked = None;
    let mut packed = Packed::new(limits);
    let mut tops = Tops::of_artifact(path::base(name.as_bytes()));
    let each: &mut Each<'_> = &mut |entry| {
        tops.add(entry);
        packed.add(entry);
        each(entry);
    };
    let found = {
        let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(&mut shipped));
        let mut body = Body { name, kind, limits, meter: &meter, collector: &mut collector, each, looked: &mut looked };
        if kind == Some(Kind::File) {
            Kind::File
        } else {
            let decoder = codec.decoder(whole, limits, &meter).map_err(io_error)?;
            let apart = source.len().is_some_and(inflated::worth_a_thread);
            inflated::with(decoder, &meter, apart, |inflated| body.read(codec, inflated))?
        }
    };
    drain(&mut shipped).map_err(io_error)?;

    let size = meter.shipped();
    if let Some(expected) = source.len().filter(|expected| *expected != size) {
        return Err(ArtifactError::LengthDiffers { name: name.to_owned(), path: name.into(), expected, got: size });
    }
    let digest = shipped.digest();
    if found == Kind::File {
        let record = file_record(name, size, digest)?;
        if let Some(looked) = looked {
            collector.keep_inside(&record.path, FileDigest(digest), looked);
        }
        collector.push(record, 0)?;
    } else {
        if tops.are_odd() {
            collector.note(NoteKind::OddPackage, b"", 0);
        }
        if is_packed && packed.are_images() {
            collector.note(NoteKind::PackedImages, b"", 0);
        }
    }
    let inside = by_digest(collector.take_inside());
    let (inventory, notes) = collector.finish()?;
    Ok(ArtifactFacts { kind: found, digest: ArtifactDigest(digest), size, inventory, notes, inside })
}

fn is_from_start_only(source: &dyn BlobSource) -> bool {
    matches!(source.open_at(1).map(|_| ()), Err(error) if error.kind() == io::ErrorKind::Unsupported)
}

/// What is known while the inflated bytes are read.
struct Body<'c, 'a, 'e> {
    name: &'a str,
    kind: Option<Kind>,
    limits: &'a Limits,
    meter: &'c Meter<'c>,
    collector: &'c mut Collector<'a>,
    each: &'c mut Each<'e>,
    /// What was found in a plain file.
    looked: &'c mut Option<Looked>,
}

impl Body<'_, '_, '_> {
    /// Reads the inflated bytes to their end and says what they were.
    fn read(&mut self, codec: Codec, mut inflated: Inflated<'_>) -> Result<Kind, ArtifactError> {
        let sort = |offset, error| sort_error(self.name, codec.name(), self.meter.shipped(), offset, error);
        let archive = archive_kind(codec);
        if let Some(expected) = self.kind.filter(|kind| *kind != archive) {
            return Err(ArtifactError::WrongKind { name: self.name.to_owned(), expected });
        }
        let head = inflated.look(BLOCK).map_err(|error| sort(0, error))?;
        if head.iter().all(|byte| *byte == 0) {
            let head = inflated.look(2 * BLOCK).map_err(|error| sort(0, error))?;
            if tarball::begins_with_its_end(head) {
                return self.archive(inflated, archive, &sort);
            }
        }
        let head = inflated.look(BLOCK).map_err(|error| sort(0, error))?;
        // SECURITY: some readers unpack as often as they find something packed.
        if codec != Codec::None && has_two_forms(head) {
            self.collector.note(NoteKind::TwoForms, b"", 0);
        }
        if self.kind.is_some() || tarball::looks_like_tar(head) {
            return self.archive(inflated, archive, &sort);
        }
        if codec != Codec::None && compressed_by(head).is_some() {
            self.collector.note(NoteKind::NestedCompression, b"", 0);
        }
        if codec == Codec::None {
            *self.looked = self.look(&mut inflated, &sort)?;
        }
        // A compressed file is inflated to its end all the same: damage is found, and a bomb.
        inflated.finish().map_err(|error| sort(0, error))?;
        Ok(Kind::File)
    }

    fn archive(
        &mut self,
        mut inflated: Inflated<'_>,
        kind: Kind,
        sort: &dyn Fn(u64, io::Error) -> ArtifactError,
    ) -> Result<Kind, ArtifactError> {
        tarball::read(&mut inflated, self.name, self.limits, self.meter, self.collector, self.each, sort)?;
        // What follows the end marker was read by then, what follows a cut was not.
        inflated.finish().map_err(|error| sort(0, error))?;
        Ok(kind)
    }

    /// Looks into a plain file, where archives are opened.
    fn look(
        &self,
        inflated: &mut Inflated<'_>,
        sort: &dyn Fn(u64, io::Error) -> ArtifactError,
    ) -> Result<Option<Looked>, ArtifactError> {
        let path = path::base(self.name.as_bytes());
        let Some(counts) = self.collector.opens(path) else { return Ok(None) };
        let archive = Archive { name: self.name, limits: self.limits, meter: self.meter, counts };
        let mut passing = Passing::new(inflated, u64::MAX);
        let looked = look(&archive, At::Artifact(path), &mut passing);
        passing.finish().map_err(|error| sort(0, error))?;
        looked
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
    let bad = |fault| ArtifactError::BadPath { name: name.to_owned(), offset: 0, path: raw.to_vec(), fault };
    let path = path::strict(raw).map_err(bad)?;
    Ok(FileRecord {
        path,
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
