//! What a tree only names: commits of other repositories, and files that a store of large files keeps.

use gix::ObjectId;
use lasthand_model::digest::{FileDigest, GitId};
use lasthand_model::lfs::Pointer;

use super::diff::changed;
use super::error::GitError;
use super::inventory::TreeCache;
use super::objects::{EntryKind, read_blob};
use super::open::{Repository, git_id};
use super::path::path_text;

/// A changed path whose content is not in this repository: a review of the change has seen the name of the content, not the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The path, as [`path_text`] writes it.
    pub path: String,
    /// What it names.
    pub target: OutsideTarget,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutsideTarget {
    /// A commit of another repository: it is expected to have landings of its own.
    Submodule {
        /// The commit.
        commit: GitId,
    },
    /// A pointer of Git LFS. Whether a checkout replaces it depends on attributes; it is named in any case.
    Lfs {
        /// Digest of the file that it stands for.
        sha256: FileDigest,
        /// That file's size in bytes.
        size_bytes: u64,
    },
    /// A file that this clone lacks, as a partial clone does: what it holds is not known here.
    Missing {
        /// The file's object.
        object: GitId,
    },
}

/// Lists what the change from one tree to another brings in that only names content, by path.
///
/// Cost: what differs, and the bytes of changed files that are as small as a pointer.
pub(super) fn outside_of(
    repository: &Repository,
    cache: &mut TreeCache,
    from: ObjectId,
    to: ObjectId,
) -> Result<Vec<Outside>, GitError> {
    let mut found = Vec::new();
    for (path, (_, now)) in changed(repository, cache, from, to)? {
        let target = match now {
            Some((EntryKind::Submodule, id)) => Some(OutsideTarget::Submodule { commit: git_id(id)? }),
            Some((kind, id)) if kind.is_file() => pointer_at(repository, id)?,
            _ => None,
        };
        found.extend(target.map(|target| Outside { path: path_text(&path), target }));
    }
    Ok(found)
}

fn pointer_at(repository: &Repository, id: ObjectId) -> Result<Option<OutsideTarget>, GitError> {
    let header = repository.inner.try_find_header(id);
    let header = header.map_err(|source| GitError::Object { id: id.to_string(), source })?;
    match header {
        Some(header) if header.size() < Pointer::LIMIT_BYTES as u64 => {
            let pointer = Pointer::parse(&read_blob(repository, id)?);
            Ok(pointer.map(|Pointer { sha256, size_bytes }| OutsideTarget::Lfs { sha256, size_bytes }))
        }
        Some(_) => Ok(None),
        None => Ok(Some(OutsideTarget::Missing { object: git_id(id)? })),
    }
}
