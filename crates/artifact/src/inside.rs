//! Archives inside an artifact, opened one level deep while they stream by.
//!
//! Main function: [`look`]; main type: [`Inside`]. Data flow: the bytes of one file -> its form, by first bytes and name -> the reader
//! of that form ->
//! members, and what is odd as notes of `outer!/inner`.
//!
//! **Invariants.** Opening only adds: entries, digests and notes of the outer artifact are the same as without it. Nothing is opened inside
//! what was opened, save the parts that a package is made of. No members are listed of an archive that could not be read to its end.
//! Content is
//! read forward, once.
//!
//! SPEC: docs/open-archives.md.

mod form;
mod members;
mod npm;
mod passing;
mod unpack;

mod ar;
mod zip;

use std::io::{BufRead, Cursor, Read as _};
use std::sync::atomic::{AtomicU64, AtomicUsize};

use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;

use crate::codec::has_two_forms;
use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::meter::{Meter, Together};
use crate::note::{NoteKind, ReaderNote};
use crate::path;
use crate::stream::{fill, sort_error};
use crate::tarball::{self, BLOCK};
use crate::turn::Turns;
use form::Form;

pub(crate) use form::named_as_archive;
pub(crate) use npm::Tops;
pub(crate) use passing::Passing;

/// What stands between the path of an archive and that of a member.
pub const SEPARATOR: &str = "!/";

/// Whether archives inside an artifact are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opening {
    /// They are files like any other.
    #[default]
    Closed,
    /// Their members are listed, one level deep.
    Open,
}

/// What an archive inside an artifact holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// Its form: `zip`, `tar`, `tar.gz`, `tar.zst`, `tar.xz`, `deb`.
    pub form: &'static str,
    /// Members in path order, each path once. Of a package also the members of its parts, under `PART!/PATH`.
    pub members: Vec<Member>,
}

impl Inside {
    /// Finds a member.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&Member> {
        let at = self.members.binary_search_by(|member| member.path.as_slice().cmp(path)).ok()?;
        self.members.get(at)
    }
}

/// One member of an archive inside an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Path inside the archive, in the one spelling of inventories.
    pub path: Vec<u8>,
    /// What it is.
    pub entry_type: EntryType,
    /// Permission bits; 0 where the archive has none.
    pub mode: u32,
    /// Bytes of a file; 0 for anything else.
    pub size: u64,
    /// Digest of the content of a file.
    pub sha256: Option<FileDigest>,
}

/// What one artifact has cost so far that is counted over all its parts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Entries of all layers, and of all archives inside.
    pub(crate) entries: AtomicUsize,
    /// Bytes of the paths of members.
    pub(crate) metadata: AtomicU64,
    /// Bytes that came out of archives inside.
    pub(crate) nested: AtomicU64,
    /// Of blobs that are read side by side: which one has a large window open.
    pub(crate) turns: Turns,
    /// And what comes out of all of them.
    pub(crate) together: Together,
}

/// What was found in one file.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// `None` where it could not be read to its end.
    pub(crate) inside: Option<Inside>,
    /// With the paths of members.
    pub(crate) notes: Vec<ReaderNote>,
}

/// The surroundings of one archive that is opened.
#[derive(Clone, Copy)]
pub(crate) struct Archive<'o> {
    /// Name for messages: that of the artifact, and the path of the file.
    pub(crate) name: &'o str,
    pub(crate) limits: &'o Limits,
    pub(crate) meter: &'o Meter<'o>,
    pub(crate) counts: &'o Counts,
}

/// Which file is looked into.
#[derive(Clone, Copy)]
pub(crate) enum At<'p> {
    /// The artifact itself, under this name.
    Artifact(&'p [u8]),
    /// One of its files, at this path.
    File(&'p [u8]),
}

/// Looks at the content of a file, and lists its members where it is an archive.
///
/// In: the surroundings, under the name of the artifact; the file; its content, which is left where the reader stopped. Out: `None`
/// where it is none.
/// Cost: as inflating it; memory for its members, one buffer, and the window of its decoder.
///
/// # Errors
/// A limit. What else is wrong with the archive is a note. When [`Passing::failed`] has an error, the answer means nothing.
pub(crate) fn look(
    archive: &Archive<'_>,
    at: At<'_>,
    content: &mut Passing<'_>,
) -> Result<Option<Looked>, ArtifactError> {
    let (At::Artifact(path) | At::File(path)) = at;
    let mut head = vec![0; BLOCK];
    // Its error is kept in `content`.
    let Ok(length) = fill(content, &mut head) else { return Ok(None) };
    head.truncate(length);
    let Some(form) = Form::of(path::base(path), &head) else { return Ok(None) };
    let mut whole = Cursor::new(head).chain(content);
    let named = matches!(at, At::File(_)).then(|| named(archive.name, path));
    let archive = &Archive { name: named.as_deref().unwrap_or(archive.name), ..*archive };
    let looked = match form {
        Form::Zip => zip::read(archive, &mut whole)?,
        Form::NamedZip => zip::behind_other_bytes(&mut whole),
        Form::TwoForms => Looked::odd(NoteKind::TwoForms),
        Form::Deb => ar::read(archive, &mut whole)?,
        Form::Tar(packing) => {
            // SPEC: a gem is a tar of a packed tar and two documents.
            let part = form::ends(path, &[b".gem"]).then_some(&b"data.tar.gz"[..]);
            let mut tops = Tops::of_file(path::base(path));
            let mut looked = tar(archive, packing, part, &mut whole, &mut tops)?;
            if looked.inside.is_some() && tops.are_odd() {
                looked.notes.push(ReaderNote::new(NoteKind::OddPackage, Vec::new(), 0));
            }
            looked
        }
    };
    Ok(Some(looked))
}

/// Reads a tar stream, packed or not. `part` is the member that is opened as well; `tops` is told of every entry.
fn tar(
    archive: &Archive<'_>,
    packing: unpack::Packing,
    part: Option<&'static [u8]>,
    content: &mut dyn BufRead,
    tops: &mut Tops,
) -> Result<Looked, ArtifactError> {
    let Archive { name, limits, meter, counts } = *archive;
    let mut collector = Collector::of_inside(name, limits, counts, part);
    let sort = |offset, error| sort_error(name, packing.name(), meter.shipped(), offset, error);
    let read = unpack::unpack(packing, content, archive).map_err(|error| sort(0, error)).and_then(|mut unpacked| {
        let mut head = vec![0; BLOCK];
        let length = fill(&mut unpacked, &mut head).map_err(|error| sort(0, error))?;
        head.truncate(length);
        // SECURITY: some readers unpack as often as they find something packed.
        if packing != unpack::Packing::Plain && has_two_forms(&head) {
            collector.note(NoteKind::TwoForms, b"", 0);
        }
        let mut unpacked = Cursor::new(head).chain(unpacked);
        tarball::read(&mut unpacked, name, limits, meter, &mut collector, &mut |entry| tops.add(entry), &sort)?;
        // What follows a cut was not read by then: damage there is damage.
        std::io::copy(&mut unpacked, &mut std::io::sink()).map(drop).map_err(|error| sort(0, error))
    });
    let form = packing.form();
    members::settle(read.map(|()| form), collector)
}

impl Looked {
    /// Nothing but one note about the whole.
    fn odd(kind: NoteKind) -> Self {
        Self { inside: None, notes: vec![ReaderNote::new(kind, Vec::new(), 0)] }
    }
}

/// The path of a member as notes and reports write it.
pub(crate) fn joined(outer: &[u8], inner: &[u8]) -> Vec<u8> {
    if inner.is_empty() { outer.to_vec() } else { [outer, SEPARATOR.as_bytes(), inner].concat() }
}

/// LIMIT: bytes kept of the end of a file that is named as a zip and does not begin as one: an end record and the longest comment.
const TAIL: usize = (1 << 16) + 22;

/// Reads to the end and gives the last bytes, [`TAIL`] at most.
fn tail(content: &mut dyn BufRead) -> Vec<u8> {
    let mut tail = Vec::new();
    // An error of the stream below is told by whoever owns it.
    while let Ok(available) = content.fill_buf() {
        let length = available.len();
        if length == 0 {
            break;
        }
        tail.extend_from_slice(available);
        content.consume(length);
        if tail.len() > 4 * TAIL {
            tail.drain(..tail.len() - TAIL);
        }
    }
    tail.drain(..tail.len().saturating_sub(TAIL));
    tail
}

/// A name for messages: the artifact's, and the path of a file in it.
fn named(artifact: &str, path: &[u8]) -> String {
    format!("{artifact}: {}", path.escape_ascii())
}
