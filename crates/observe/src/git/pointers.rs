//! Pointers of Git LFS at given paths of a tree.

use std::collections::BTreeSet;
use std::ops::Bound;

use lasthand_model::digest::GitId;
use lasthand_model::lfs::Pointer;

use super::error::GitError;
use super::inventory::{Descend, TreeCache, join, walk};
use super::objects::{EntryKind, blob_bytes, read_blob_within};
use super::open::Repository;

const LIMIT: u64 = Pointer::LIMIT_BYTES as u64;

/// A file of a tree that is a pointer of Git LFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerFile {
    /// Its path in the tree.
    pub path: Vec<u8>,
    /// Its bytes, less than [`Pointer::LIMIT_BYTES`].
    pub bytes: Vec<u8>,
    /// What they say.
    pub pointer: Pointer,
}

/// Reads those files of a tree that are pointers, of the paths that are asked for.
///
/// Out: in the order of the walk. Cost: the folders above these paths, and the files at them that are as small as a pointer.
///
/// # Errors
/// As [`tree_inventory`](super::tree_inventory).
pub fn pointers_at(
    repository: &Repository,
    tree: &GitId,
    paths: &BTreeSet<Vec<u8>>,
) -> Result<Vec<PointerFile>, GitError> {
    let mut found = Vec::new();
    walk(repository, repository.object_id(tree)?, &mut TreeCache::default(), |_, path, entry| {
        let descend = if entry.kind == EntryKind::Tree && !has_below(paths, path) { Descend::No } else { Descend::Yes };
        let is_asked = entry.kind.is_file() && paths.contains(path);
        if is_asked && blob_bytes(repository, entry.id)? < LIMIT {
            let bytes = read_blob_within(repository, entry.id, LIMIT)?;
            let pointer = Pointer::parse(&bytes);
            found.extend(pointer.map(|pointer| PointerFile { path: path.to_vec(), bytes, pointer }));
        }
        Ok(descend)
    })?;
    Ok(found)
}

fn has_below(paths: &BTreeSet<Vec<u8>>, folder: &[u8]) -> bool {
    let start = join(folder, b"");
    let first = paths.range::<[u8], _>((Bound::Included(start.as_slice()), Bound::Unbounded)).next();
    first.is_some_and(|path| path.starts_with(&start))
}
