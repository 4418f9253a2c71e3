//! A folder or an archive, and its members by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};

use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;

use super::fault::ImageFault;
use super::unmarked::{holds_blobs, is_blob};
use crate::cache::BlobIdentity;
use crate::codec::{Codec, compressed_by, has_two_forms, peek};
use crate::collect::Collector;
use crate::error::{ArtifactError, PathFault};
use crate::meter::wide;
use crate::note::{NoteKind, ReaderNote};
use crate::path;
use crate::source::{BlobSource, OpenedFile, Source, TreeSource};
use crate::tarball;

/// The members that say which images an archive holds: two of an OCI layout, one of a docker archive.
pub(super) const LAYOUT: &[u8] = b"oci-layout";
pub(super) const INDEX: &[u8] = b"index.json";
pub(super) const MANIFEST: &[u8] = b"manifest.json";
const MARKS: [&[u8]; 3] = [LAYOUT, INDEX, MANIFEST];

/// The attribute under which an absolute path is listed.
const ABSOLUTE: &[u8] = b"absolute-path";

/// LIMIT: links followed from one member of an archive to another.
const MAX_LINKS: usize = 40;

/// Where members are.
pub(super) enum Place<'a> {
    Folder(&'a dyn TreeSource),
    Archive(Archive<'a>),
}

/// An archive that was indexed.
pub(super) struct Archive<'a> {
    blob: &'a dyn BlobSource,
    members: BTreeMap<Vec<u8>, Member>,
    notes: Vec<ReaderNote>,
}

enum Member {
    File { start: u64, size: u64 },
    Folder,
    Hardlink(Vec<u8>),
    Symlink(Vec<u8>),
    Other,
}

/// A member that no archive of images may have: one of a name that is there already, or under an absolute path.
pub(super) struct Odd {
    pub(super) error: ArtifactError,
    /// It is one of those that say which images there are.
    pub(super) of_mark: bool,
}

/// What a source is before its members are known.
pub(super) enum Look {
    Indexable,
    Compressed(&'static str),
    /// An archive that can only be read from its start.
    FromStartOnly(io::Error),
    NoArchive,
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.name()).finish()
    }
}

impl<'a> Place<'a> {
    /// Looks at the first bytes of a blob; a folder is indexable as it is.
    pub(super) fn look(source: Source<'a>) -> Result<Look, ArtifactError> {
        let Source::Blob(blob) = source else { return Ok(Look::Indexable) };
        let io_error = |source| ArtifactError::Io { name: blob.name().to_owned(), offset: 0, source };
        let head = peek(&mut blob.open().map_err(io_error)?).map_err(io_error)?;
        Ok(match Codec::of(&head).name() {
            Some(codec) => Look::Compressed(codec),
            None if tarball::looks_like_tar(&head) => match blob.open_at(wide(head.len())).map(|_| ()) {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Look::FromStartOnly(error),
                other => other.map_err(io_error).map(|()| Look::Indexable)?,
            },
            None => compressed_by(&head).map_or(Look::NoArchive, Look::Compressed),
        })
    }

    /// Takes a folder, or indexes an archive.
    pub(super) fn of(source: Source<'a>, limits: &Limits) -> Result<Self, ArtifactError> {
        let (place, odd) = Self::indexed(source, limits)?;
        odd.map_or(Ok(place), |odd| Err(odd.error))
    }

    /// Takes a folder, or indexes an archive. Out also: a member that no archive of images may have.
    pub(super) fn indexed(source: Source<'a>, limits: &Limits) -> Result<(Self, Option<Odd>), ArtifactError> {
        let blob = match source {
            Source::Tree(tree) => return Ok((Self::Folder(tree), None)),
            Source::Blob(blob) => blob,
        };
        let mut collector = Collector::new(blob.name(), limits);
        let starts = tarball::index(blob, limits, &mut collector)?;
        let mut starts = starts.into_iter();
        let mut members = BTreeMap::new();
        let mut odd: Option<(&[u8], bool)> = None;
        for record in collector.records().iter() {
            let member = match record.entry_type {
                EntryType::File => Member::File { start: starts.next().unwrap_or(u64::MAX), size: record.size },
                EntryType::Directory => Member::Folder,
                EntryType::Hardlink => Member::Hardlink(record.link_target.to_vec()),
                EntryType::Symlink => Member::Symlink(record.link_target.to_vec()),
                _ => Member::Other,
            };
            // SECURITY: readers of image archives take the first or the last member of a name, and may not look for absolute ones.
            // Notes are bounded in number, so that these cannot be known by them.
            let is_folder = matches!(member, Member::Folder);
            let absolute = record.xattrs.iter().any(|(name, _)| name == ABSOLUTE);
            let old = members.insert(record.path.to_vec(), member);
            let repeated = old.is_some_and(|old| !(is_folder && matches!(old, Member::Folder)));
            let is_first = odd.is_none_or(|(known, _)| !is_mark(known) && is_mark(record.path));
            if (repeated || absolute) && is_first {
                odd = Some((record.path, absolute));
            }
        }
        let odd = odd.map(|(path, absolute)| (path.to_vec(), absolute));
        let (_, notes) = collector.finish()?;
        // The root itself has no record.
        let by_note = || notes.iter().find(|note| is_of_place(note.kind, true)).map(|note| (note.path.clone(), true));
        let odd = odd.or_else(by_note).map(|(path, absolute)| {
            let at = |note: &&ReaderNote| note.path == path && is_of_place(note.kind, absolute);
            let (name, offset) = (blob.name().to_owned(), notes.iter().find(at).map_or(0, |note| note.offset));
            let of_mark = is_mark(&path);
            let error = match absolute {
                true => ArtifactError::BadPath { name, offset, path, fault: PathFault::Absolute },
                false => ArtifactError::Duplicate { name, offset, path },
            };
            Odd { error, of_mark }
        });
        let mut notes: Vec<_> = notes.into_iter().filter(|note| note.refuses() && !is_of_owner(note.kind)).collect();
        let io_error = |source| ArtifactError::Io { name: blob.name().to_owned(), offset: 0, source };
        let head = peek(&mut blob.open().map_err(io_error)?).map_err(io_error)?;
        // SECURITY: engines look at the first bytes and inflate before they read the archive; some take three bytes for bzip2.
        if has_two_forms(&head) || head.starts_with(b"BZh") {
            notes.push(ReaderNote::new(NoteKind::TwoForms, Vec::new(), 0));
        }
        Ok((Self::Archive(Archive { blob, members, notes }), odd))
    }

    /// True when an archive that could not be indexed has members by which some reader may take it for one of images.
    ///
    /// Cost: one pass over the archive.
    ///
    /// # Errors
    /// [`ArtifactError`] when it cannot be read as a plain archive either.
    pub(super) fn names_images(source: Source<'a>, limits: &Limits) -> Result<bool, ArtifactError> {
        let Source::Blob(blob) = source else { return Ok(true) };
        let mut found: BTreeSet<&[u8]> = BTreeSet::new();
        let mut has_blobs = false;
        crate::read::list(blob, None, limits, &mut |entry| {
            let path = path::settle(entry.path).path;
            found.extend(MARKS.iter().filter(|mark| **mark == path));
            has_blobs |= is_blob(&path) || (entry.typeflag == b'2' && holds_blobs(&path));
        })?;
        Ok(may_be_images(|mark| found.contains(mark), has_blobs))
    }

    /// True when the members that say which images there are may be those of an archive of images.
    pub(super) fn may_be_images(&self) -> bool {
        match self {
            Self::Folder(_) => true,
            Self::Archive(archive) => may_be_images(|mark| archive.members.contains_key(mark), self.has_blobs()),
        }
    }

    /// True when one of the members that say which images there are is a link, so that another member has its content.
    pub(super) fn has_linked_mark(&self) -> bool {
        let Self::Archive(archive) = self else { return false };
        let is_link = |member: &Member| matches!(member, Member::Hardlink(_) | Member::Symlink(_));
        MARKS.iter().any(|mark| archive.members.get(*mark).is_some_and(is_link))
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Folder(tree) => tree.name(),
            Self::Archive(archive) => archive.blob.name(),
        }
    }

    pub(super) const fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// True when there is a file of the name, false when there is nothing.
    ///
    /// SECURITY: what is there and cannot be read here, as a link that leads out, may be read by others: an error, never absent.
    pub(super) fn has_file(&self, member: &[u8]) -> Result<bool, ArtifactError> {
        match self {
            Self::Folder(_) => Ok(self.open(member)?.is_some()),
            Self::Archive(archive) => Ok(archive.find(member)?.is_some()),
        }
    }

    /// True when something lies where an OCI layout has its blobs, or may lie there behind a link. Cost: the names of all members.
    pub(super) fn has_blobs(&self) -> bool {
        match self {
            Self::Folder(tree) => tree.entries().flatten().any(|entry| {
                is_blob(&entry.path) || (entry.entry_type == EntryType::Symlink && holds_blobs(&entry.path))
            }),
            Self::Archive(archive) => archive
                .members
                .iter()
                .any(|(path, member)| is_blob(path) || (matches!(member, Member::Symlink(_)) && holds_blobs(path))),
        }
    }

    /// True when a file or link at the top of a folder has a name that fits.
    pub(super) fn has_file_beside(&self, fits: impl Fn(&[u8]) -> bool) -> bool {
        let Self::Folder(tree) = self else { return false };
        let mut at_top = tree.entries().flatten().filter(|entry| !entry.path.contains(&b'/'));
        at_top.any(|entry| matches!(entry.entry_type, EntryType::File | EntryType::Symlink) && fits(&entry.path))
    }

    /// What is odd about the archive itself, where another reader could see other members.
    pub(super) fn notes(&self) -> &[ReaderNote] {
        match self {
            Self::Folder(_) => &[],
            Self::Archive(archive) => &archive.notes,
        }
    }

    pub(super) fn fault(&self, fault: ImageFault) -> ArtifactError {
        ArtifactError::Image { name: self.name().to_owned(), fault: Box::new(fault) }
    }

    /// Opens a member; `None` when there is none of the name.
    pub(super) fn open(&self, member: &[u8]) -> Result<Option<OpenedFile<'_>>, ArtifactError> {
        let name = self.name().to_owned();
        match self {
            Self::Folder(tree) => {
                let error = |source| ArtifactError::Entry { name, path: member.to_vec(), source };
                tree.open_file(member).map_err(error)
            }
            Self::Archive(archive) => {
                let Some((start, size)) = archive.find(member)? else { return Ok(None) };
                let error = |source| ArtifactError::Io { name, offset: start, source };
                let content = archive.blob.open_at(start).map_err(error)?;
                Ok(Some((size, Box::new(content.take(size)))))
            }
        }
    }

    /// Which bytes a member has, as far as that can be told without reading them.
    pub(super) fn identity(&self, member: &[u8]) -> Option<BlobIdentity> {
        match self {
            Self::Folder(tree) => tree.identity(member),
            Self::Archive(archive) => {
                let (start, length) = archive.find(member).ok()??;
                Some(BlobIdentity { start, length, ..archive.blob.identity()? })
            }
        }
    }

    /// The number of bytes of a member; `None` when there is none of the name.
    pub(super) fn size(&self, member: &[u8]) -> Result<Option<u64>, ArtifactError> {
        Ok(self.open(member)?.map(|(size, _)| size))
    }

    /// Reads a small member whole; `blob` names it in messages.
    pub(super) fn bytes(&self, member: &[u8], blob: &str, limit: usize) -> Result<Option<Vec<u8>>, ArtifactError> {
        let Some((size, content)) = self.open(member)? else { return Ok(None) };
        if size > wide(limit) {
            let document = blob.to_owned();
            return Err(self.fault(ImageFault::OverLimit { document, what: "bytes", limit: wide(limit) }));
        }
        let mut bytes = Vec::new();
        // LIMIT: one byte more than stated shows that the file grew.
        let error = |source| ArtifactError::Entry { name: self.name().to_owned(), path: member.to_vec(), source };
        content.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(error)?;
        let got = wide(bytes.len());
        if got != size {
            return Err(self.fault(ImageFault::SizeDiffers { blob: blob.to_owned(), expected: size, got }));
        }
        Ok(Some(bytes))
    }

    /// Reads a small blob of an OCI layout and checks its digest.
    pub(super) fn blob_bytes(&self, digest: Sha256, limit: usize) -> Result<Option<Vec<u8>>, ArtifactError> {
        let blob = format!("sha256:{digest}");
        let Some(bytes) = self.bytes(&blob_path(digest), &blob, limit)? else { return Ok(None) };
        let got = Sha256::of(&bytes);
        if got == digest { Ok(Some(bytes)) } else { Err(self.fault(ImageFault::DigestDiffers { blob, got })) }
    }
}

impl Archive<'_> {
    /// Follows links inside the archive to a file.
    fn find(&self, member: &[u8]) -> Result<Option<(u64, u64)>, ArtifactError> {
        let not_a_file = || ArtifactError::Image {
            name: self.blob.name().to_owned(),
            fault: Box::new(ImageFault::NotAFile { member: member.escape_ascii().to_string() }),
        };
        let mut at = member.to_vec();
        for _ in 0..MAX_LINKS {
            at = match self.members.get(&at) {
                // SECURITY: below a folder that is a link others find what lies elsewhere.
                None if at == member && !self.is_below_link(member) => return Ok(None),
                None | Some(Member::Other | Member::Folder) => return Err(not_a_file()),
                Some(Member::File { start, size }) => return Ok(Some((*start, *size))),
                Some(Member::Hardlink(target)) => target.clone(),
                // SECURITY: a link that leaves the archive is no member.
                Some(Member::Symlink(target)) => beside(&at, target).ok_or_else(not_a_file)?,
            };
        }
        Err(not_a_file())
    }

    fn is_below_link(&self, member: &[u8]) -> bool {
        let mut folders = std::iter::successors(path::parent(member), |folder| path::parent(folder));
        folders.any(|folder| matches!(self.members.get(folder), Some(Member::Symlink(_))))
    }
}

fn is_mark(path: &[u8]) -> bool {
    MARKS.contains(&path)
}

/// SECURITY: some readers of OCI archives never look for `oci-layout`.
fn may_be_images(has: impl Fn(&[u8]) -> bool, has_blobs: bool) -> bool {
    has(MANIFEST) || (has(INDEX) && (has(LAYOUT) || has_blobs))
}

/// True for the note that says where the odd member of an archive is.
const fn is_of_place(kind: NoteKind, absolute: bool) -> bool {
    match kind {
        NoteKind::AbsolutePath => absolute,
        NoteKind::DuplicatePath | NoteKind::ReplacedLink | NoteKind::ReplacedFolder => !absolute,
        _ => false,
    }
}

/// The path of a blob in an OCI layout.
pub(super) fn blob_path(digest: Sha256) -> Vec<u8> {
    format!("blobs/sha256/{digest}").into_bytes()
}

/// The path that a relative link at `from` leads to, without leaving the root.
fn beside(from: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    if target.starts_with(b"/") {
        return None;
    }
    let mut segments: Vec<&[u8]> =
        path::parent(from).map_or_else(Vec::new, |folder| folder.split(|byte| *byte == b'/').collect());
    for segment in target.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()?),
            _ => segments.push(segment),
        }
    }
    Some(segments.join(&b'/'))
}

/// True for notes on owners, modes and attributes, which mean nothing for members that are only read.
const fn is_of_owner(kind: NoteKind) -> bool {
    matches!(
        kind,
        NoteKind::OwnerByName
            | NoteKind::RaisedRootEntry
            | NoteKind::RootEntry
            | NoteKind::OddRootEntry
            | NoteKind::ForeignAttribute
    )
}
