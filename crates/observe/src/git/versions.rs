//! Trees as versions of paths: git ids and modes, no content. What the cover of a whole history is computed from.

use std::collections::BTreeMap;

use gix::ObjectId;
use lasthand_model::digest::GitId;
use lasthand_model::history::{ObjectKey, PathChange, Version};
use lasthand_model::wire::facts::TreeRef;

use super::diff::{self, changed, mode_of};
use super::error::GitError;
use super::inventory::{Descend, TreeCache, walk};
use super::objects::{EntryKind, read_tree};
use super::open::{Repository, git_id};
use super::path::path_text;
use super::walk::KEPT_ENTRIES;

/// Lists the versions of all files, links and submodules of a tree, by path.
///
/// Cost: reads each folder; no file.
///
/// # Errors
/// When an object cannot be read, or a limit is reached.
pub fn versions_of(repository: &Repository, tree: &GitId) -> Result<Vec<(String, Version)>, GitError> {
    let mut versions = Vec::new();
    walk(repository, repository.object_id(tree)?, &mut TreeCache::default(), |_, path, entry| {
        if let Some(version) = version(Some((entry.kind, entry.id))) {
            versions.push((path_text(path), version));
        }
        Ok(Descend::Yes)
    })?;
    versions.sort();
    Ok(versions)
}

/// Lists the paths that differ between two trees, by path; from the empty tree without `base`.
///
/// Cost: proportional to what differs; no file is read.
///
/// # Errors
/// When an object cannot be read.
pub fn change_between(
    repository: &Repository,
    base: Option<&GitId>,
    head: &GitId,
    cache: &mut TreeCache,
) -> Result<Vec<PathChange>, GitError> {
    let head = repository.object_id(head)?;
    let base = base.map_or(Ok(ObjectId::empty_tree(head.kind())), |base| repository.object_id(base))?;
    Ok(path_changes(changed(repository, cache, base, head)?))
}

/// Finds the tree that a statement names: by its git id, and where the statement gives a root, only when the tree has exactly that root.
///
/// In: a reference of a statement. Out: the tree, or `None` when this repository has no such tree, the root is another one, or no git id is given.
/// Cost: with a root that `cache` does not know, one look at each path, and each file that was not read through `cache` before is read and hashed.
///
/// # Errors
/// When an object that is there cannot be read.
///
/// # Proves / does not prove
/// With a root: that the tree has these bytes by SHA-256. Without: only what git's own hash does.
pub fn placed(repository: &Repository, tree: &TreeRef, cache: &mut TreeCache) -> Result<Option<ObjectKey>, GitError> {
    let Some(id) = tree.git_tree.as_ref().and_then(|id| repository.object_id(id).ok()) else { return Ok(None) };
    let empty = id == ObjectId::empty_tree(id.kind());
    let is_tree = || repository.inner.try_find_header(id).ok().flatten().is_some_and(|found| found.kind().is_tree());
    if !empty && !is_tree() {
        return Ok(None);
    }
    if let Some(root) = tree.root {
        let found = cache.root(repository, id)?;
        cache.forget_beyond(KEPT_ENTRIES);
        if found != root {
            return Ok(None);
        }
    }
    Ok(Some(tree_key(&id)))
}

/// Whether a tree has something at a path; letters of either case are the same, as on some file systems.
///
/// Cost: reads the trees on the way.
///
/// # Errors
/// When one of them cannot be read.
pub fn has_path(repository: &Repository, tree: &GitId, path: &[u8]) -> Result<bool, GitError> {
    let mut found = vec![repository.object_id(tree)?];
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        // SECURITY: a folder beside it whose name differs by case alone must not hide one.
        let mut below = Vec::new();
        for tree in found {
            let entries = read_tree(repository, tree)?;
            let same = entries.into_iter().filter(|entry| entry.name.eq_ignore_ascii_case(segment));
            // What is no folder holds nothing.
            below.extend(same.filter(|entry| is_last || entry.kind == EntryKind::Tree).map(|entry| entry.id));
        }
        found = below;
    }
    Ok(!found.is_empty())
}

/// The size of a blob as the object database states it, in bytes: for numbers in reports alone, as nothing is hashed. 0 where it cannot be told.
#[must_use]
pub fn stored_bytes(repository: &Repository, version: &Version) -> u64 {
    let id = version.id.git_id().and_then(|id| repository.object_id(&id).ok());
    let header = id.and_then(|id| repository.inner.try_find_header(id).ok().flatten());
    header.filter(|header| header.kind().is_blob()).map_or(0, |header| header.size())
}

/// The key of an object.
pub(super) fn key(id: &ObjectId) -> ObjectKey {
    // Ids have 20 or 32 bytes.
    ObjectKey::from_bytes(id.as_bytes()).unwrap_or(ObjectKey::EMPTY)
}

/// The key of a tree: the empty one has the same in every repository.
pub(super) fn tree_key(id: &ObjectId) -> ObjectKey {
    if *id == ObjectId::empty_tree(id.kind()) { ObjectKey::EMPTY } else { key(id) }
}

/// A leaf as a version.
pub(super) fn version(leaf: diff::Version) -> Option<Version> {
    let (kind, id) = leaf.filter(|(kind, _)| *kind != EntryKind::Tree)?;
    Some(Version { mode: mode_of(kind), id: key(&id) })
}

/// Changed leaves as texts and versions, by text.
pub(super) fn path_changes(leaves: BTreeMap<Vec<u8>, (diff::Version, diff::Version)>) -> Vec<PathChange> {
    let change = |(path, (before, after)): (Vec<u8>, _)| PathChange {
        path: path_text(&path),
        before: version(before),
        after: version(after),
    };
    let mut changes: Vec<PathChange> = leaves.into_iter().map(change).collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// The id of a key in this repository.
pub(super) fn id_of(repository: &Repository, key: &ObjectKey) -> Option<ObjectId> {
    repository.object_id(&key.git_id()?).ok()
}

/// The id of a tree, the empty one's too, in this repository's algorithm.
///
/// # Errors
/// When the key is of the other algorithm.
pub fn tree_of(repository: &Repository, key: &ObjectKey) -> Result<GitId, GitError> {
    key.git_id().map_or_else(|| git_id(ObjectId::empty_tree(repository.inner.object_hash())), Ok)
}
