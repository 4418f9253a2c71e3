//! Reads objects and checks that their bytes have the id they were asked by.

use gix::ObjectId;
use gix::objs::{CommitRef, Data, Kind, TreeRef};
use lasthand_model::digest::GitId;

use super::error::GitError;
use super::open::{OBJECT_BYTES, Repository};
use super::path::{is_hostile_name, path_text};
use super::show::escape_for_terminal;

/// LIMIT: bytes of one commit or tag.
const COMMIT_BYTES: u64 = 16 << 20;
/// LIMIT: tags that point to tags.
const TAG_DEPTH: usize = 16;
/// Headers that a commit has at most once (`parent` aside), before all others.
const COMMIT_HEADERS: [&[u8]; 4] = [b"tree", b"parent", b"author", b"committer"];

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EntryKind {
    Tree,
    File,
    Executable,
    Symlink,
    Submodule,
}

impl EntryKind {
    pub(super) const fn is_file(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) name: Vec<u8>,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

/// One commit; identities are the raw header values.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    pub(super) author: Vec<u8>,
    pub(super) committer: Vec<u8>,
    pub(super) message: Vec<u8>,
}

/// Reads the bytes of an object.
///
/// # Errors
/// [`GitError::MissingObject`], [`GitError::WrongKind`], [`GitError::OverLimit`], and [`GitError::ObjectMismatch`] when the bytes hash to another id.
fn read(repository: &Repository, id: ObjectId, kind: Kind, limit: u64) -> Result<Vec<u8>, GitError> {
    let repo = &repository.inner;
    let object_error = |source| GitError::Object { id: id.to_string(), source };
    let Some(header) = repo.try_find_header(id).map_err(object_error)? else {
        return Err(GitError::MissingObject { id: id.to_string() });
    };
    if header.kind() != kind {
        return Err(GitError::WrongKind {
            id: id.to_string(),
            expected: kind_word(kind),
            got: header.kind().to_string(),
        });
    }
    if header.size() > limit {
        return Err(GitError::OverLimit { what: "an object's size in bytes", got: header.size(), limit });
    }
    let object = repo.find_object(id).map_err(object_error)?.detach();
    // SECURITY: git names objects, it does not check them on reading; a loose file may hold other bytes than its name says.
    // The hash is SHA-1 with collision detection, which fails on the known attacks.
    if object.kind != kind || Data::new(&object.data, object.kind, id.kind()).verify_checksum(&id).is_err() {
        return Err(GitError::ObjectMismatch { id: id.to_string() });
    }
    Ok(object.data)
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Tree => "tree",
        Kind::Blob => "blob",
        Kind::Commit => "commit",
        Kind::Tag => "tag",
    }
}

/// Reads a blob.
pub(super) fn read_blob(repository: &Repository, id: ObjectId) -> Result<Vec<u8>, GitError> {
    read_blob_within(repository, id, OBJECT_BYTES)
}

/// Bytes that a blob says it has.
pub(super) fn blob_bytes(repository: &Repository, id: ObjectId) -> Result<u64, GitError> {
    let header = repository.inner.try_find_header(id);
    let header = header.map_err(|source| GitError::Object { id: id.to_string(), source })?;
    header.map(|header| header.size()).ok_or_else(|| GitError::MissingObject { id: id.to_string() })
}

/// Reads a blob of at most `limit` bytes; a larger one is refused by its header.
pub(super) fn read_blob_within(repository: &Repository, id: ObjectId, limit: u64) -> Result<Vec<u8>, GitError> {
    read(repository, id, Kind::Blob, limit)
}

/// Reads a tree: entries in git's order, no hostile name, no name twice.
pub(super) fn read_tree(repository: &Repository, id: ObjectId) -> Result<Vec<TreeEntry>, GitError> {
    let malformed = |reason| GitError::Malformed { id: id.to_string(), reason };
    if id == ObjectId::empty_tree(id.kind()) {
        return Ok(Vec::new());
    }
    let bytes = read(repository, id, Kind::Tree, OBJECT_BYTES)?;
    let tree = TreeRef::from_bytes(&bytes, id.kind()).map_err(|_| malformed("not a tree"))?;
    let mut entries: Vec<TreeEntry> = Vec::with_capacity(tree.entries.len());
    for entry in tree.entries {
        let name = entry.filename.to_vec();
        if is_hostile_name(&name) {
            return Err(GitError::HostilePath { tree: id.to_string(), name: escape_for_terminal(&path_text(&name)) });
        }
        let kind = kind_of(entry.mode.value())
            .ok_or_else(|| malformed("an entry is neither file, link, folder nor submodule"))?;
        entries.push(TreeEntry { name, kind, id: entry.oid.to_owned() });
    }
    let mut names: Vec<&[u8]> = entries.iter().map(|entry| entry.name.as_slice()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(malformed("a name occurs twice"));
    }
    Ok(entries)
}

/// What an entry is by its mode: git keeps the type, and of a file's permissions only whether its owner may execute it.
///
/// SPEC: git's tree-walk.c and read-cache-ll.h, `canon_mode`. OFF-SPEC: a type that git does not write is a submodule there, and none here.
const fn kind_of(mode: u16) -> Option<EntryKind> {
    match mode & 0o170_000 {
        0o040_000 => Some(EntryKind::Tree),
        0o100_000 if mode & 0o100 != 0 => Some(EntryKind::Executable),
        0o100_000 => Some(EntryKind::File),
        0o120_000 => Some(EntryKind::Symlink),
        0o160_000 => Some(EntryKind::Submodule),
        _ => None,
    }
}

/// Reads a commit.
pub(super) fn read_commit(repository: &Repository, id: ObjectId) -> Result<Commit, GitError> {
    let malformed = |reason| GitError::Malformed { id: id.to_string(), reason };
    let bytes = read(repository, id, Kind::Commit, COMMIT_BYTES)?;
    let dateless;
    let commit = match CommitRef::from_bytes(&bytes, id.kind()) {
        Ok(commit) => commit,
        Err(_) => {
            dateless = without_odd_dates(&bytes);
            CommitRef::from_bytes(&dateless, id.kind()).map_err(|_| malformed("not a commit"))?
        }
    };
    // SECURITY: readers disagree about which of two author lines counts.
    if commit.extra_headers.iter().any(|(name, _)| COMMIT_HEADERS.contains(&name.as_ref())) {
        return Err(malformed("a header occurs twice or out of order"));
    }
    Ok(Commit {
        id,
        tree: commit.tree(),
        parents: commit.parents().collect(),
        author: commit.author.to_vec(),
        committer: commit.committer.to_vec(),
        message: commit.message.to_vec(),
    })
}

/// A commit whose dates that are none are left out. git reads them as 0; dates decide nothing here.
fn without_odd_dates(bytes: &[u8]) -> Vec<u8> {
    let is_of_date = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' ' | b'\t' | b'\n');
    let mut kept = Vec::with_capacity(bytes.len());
    let mut in_headers = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        in_headers &= line != b"\n";
        let is_person = in_headers && (line.starts_with(b"author ") || line.starts_with(b"committer "));
        let mail_end = line.iter().rposition(|byte| *byte == b'>').filter(|_| is_person);
        match mail_end.and_then(|at| line.split_at_checked(at + 1)) {
            Some((person, date)) if !date.iter().all(is_of_date) => {
                kept.extend_from_slice(person);
                kept.push(b'\n');
            }
            _ => kept.extend_from_slice(line),
        }
    }
    kept
}

/// Reads the content of a commit, as `git cat-file commit ID` prints it, its id checked.
///
/// # Errors
/// When there is no such commit, or its bytes have another id.
pub fn commit_content(repository: &Repository, commit: &GitId) -> Result<Vec<u8>, GitError> {
    read(repository, repository.object_id(commit)?, Kind::Commit, COMMIT_BYTES)
}

/// Follows annotated tags to what they name.
pub(super) fn peel_tags(repository: &Repository, mut id: ObjectId) -> Result<ObjectId, GitError> {
    for _ in 0..TAG_DEPTH {
        let header = repository
            .inner
            .try_find_header(id)
            .map_err(|source| GitError::Object { id: id.to_string(), source })?
            .ok_or_else(|| GitError::MissingObject { id: id.to_string() })?;
        if header.kind() != Kind::Tag {
            return Ok(id);
        }
        let bytes = read(repository, id, Kind::Tag, COMMIT_BYTES)?;
        let tag = gix::objs::TagRef::from_bytes(&bytes, id.kind())
            .map_err(|_| GitError::Malformed { id: id.to_string(), reason: "not a tag" })?;
        id = tag.target();
    }
    Err(GitError::OverLimit { what: "the depth of tags", got: TAG_DEPTH as u64 + 1, limit: TAG_DEPTH as u64 })
}
