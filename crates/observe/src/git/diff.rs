//! What a change changes, and whose it is.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gix::ObjectId;
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::{FileDigest, GitId};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::Actor;

use super::error::GitError;
use super::graph::Graph;
use super::identity::{authors_of, push_new};
use super::inventory::{ENTRIES, TREE_PATHS, TreeCache, check_limit, join};
use super::objects::{EntryKind, TreeEntry, read_commit};
use super::open::Repository;
use super::path::path_text;

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there before.
    Add,
    /// It is not there any more.
    Remove,
    /// Its content, link target or submodule commit changed, or its type.
    Modify,
    /// Only its execute bit changed.
    Mode,
}

/// One path that a change changes. A rename is a removal and an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPath {
    /// Path, as [`path_text`] writes it.
    pub path: String,
    /// How it changed.
    pub kind: ChangeKind,
    /// Digest of the file before; absent when it was none.
    pub old: Option<FileDigest>,
    /// Digest of the file after; absent when it is none.
    pub new: Option<FileDigest>,
    /// Mode before as git has it, such as `0o100644`; 0 when absent.
    pub old_mode: u32,
    /// Mode after.
    pub new_mode: u32,
    /// Who touched the path in the commits of the change, filled by [`attribute`].
    pub touched_by: Vec<Actor>,
    pub(super) old_id: Option<ObjectId>,
    pub(super) new_id: Option<ObjectId>,
}

impl ChangedPath {
    /// Whether somebody who touched the path is an agent or unknown.
    #[must_use]
    pub fn agent_touched(&self) -> bool {
        self.touched_by.iter().any(|actor| matches!(actor.kind, ActorKind::Agent | ActorKind::Unknown))
    }
}

/// Lists the paths that differ between two trees, by path.
///
/// In: two trees. Out: files, links and submodules; no folders; rename detection off. Cost: proportional to what differs.
///
/// # Errors
/// When an object cannot be read.
pub fn diff(repository: &Repository, base: &GitId, head: &GitId) -> Result<Vec<ChangedPath>, GitError> {
    let mut cache = TreeCache::default();
    let changes = changed(repository, &mut cache, repository.object_id(base)?, repository.object_id(head)?)?;
    let mut paths = Vec::with_capacity(changes.len());
    for (path, (old, new)) in changes {
        let mut digest = |version: Option<(EntryKind, ObjectId)>| match version {
            Some((kind, id)) if kind.is_file() => cache.file(repository, id).map(|(digest, _)| Some(digest)),
            _ => Ok(None),
        };
        paths.push(ChangedPath {
            path: path_text(&path),
            kind: kind_of(old, new),
            old: digest(old)?,
            new: digest(new)?,
            old_mode: old.map_or(0, |(kind, _)| mode_of(kind)),
            new_mode: new.map_or(0, |(kind, _)| mode_of(kind)),
            touched_by: Vec::new(),
            old_id: old.map(|(_, id)| id),
            new_id: new.map(|(_, id)| id),
        });
    }
    Ok(paths)
}

/// Fills `touched_by` from the commits that `head` has and `base` has not, and puts agent-touched paths first.
///
/// In: the result of [`diff`] over the trees of these two *commits* (or of their merge base and `head`). A merge commit's people count for the paths in
/// which it differs from every parent.
///
/// # Errors
/// [`GitError::Shallow`] when the clone lacks the history; whatever stops an object from being read.
pub fn attribute(
    repository: &Repository,
    changes: &mut [ChangedPath],
    base: &GitId,
    head: &GitId,
) -> Result<(), GitError> {
    let mut cache = TreeCache::default();
    let relation = Graph::default().relate(repository, repository.object_id(base)?, repository.object_id(head)?)?;
    let mut touched: BTreeMap<String, Vec<Actor>> = BTreeMap::new();
    for id in relation.only_side.iter().rev() {
        let commit = read_commit(repository, *id)?;
        let mut paths: Option<BTreeSet<Vec<u8>>> = None;
        for parent in &commit.parents {
            let parent_tree = read_commit(repository, *parent)?.tree;
            let differing: BTreeSet<Vec<u8>> =
                changed(repository, &mut cache, parent_tree, commit.tree)?.into_keys().collect();
            paths = Some(match paths {
                None => differing,
                Some(known) => known.intersection(&differing).cloned().collect(),
            });
        }
        let paths = match paths {
            Some(paths) => paths,
            None => {
                changed(repository, &mut cache, ObjectId::empty_tree(id.kind()), commit.tree)?.into_keys().collect()
            }
        };
        let authors = authors_of(&commit)?;
        for path in paths {
            let known = touched.entry(path_text(&path)).or_default();
            authors.iter().for_each(|actor| push_new(known, actor.clone()));
        }
    }
    for change in changes.iter_mut() {
        change.touched_by = touched.get(&change.path).cloned().unwrap_or_default();
    }
    changes.sort_by(|a, b| b.agent_touched().cmp(&a.agent_touched()).then_with(|| a.path.cmp(&b.path)));
    Ok(())
}

/// What is at a path.
pub(super) type Version = Option<(EntryKind, ObjectId)>;
/// Paths of leaves that differ, each with what it was and what it is.
pub(super) type Changes = BTreeMap<Vec<u8>, (Version, Version)>;

/// Paths of leaves that differ, with both versions.
pub(super) fn changed(
    repository: &Repository,
    cache: &mut TreeCache,
    base: ObjectId,
    head: ObjectId,
) -> Result<Changes, GitError> {
    let mut found = Changes::new();
    let (mut visited, mut path_bytes) = ([0usize; 2], 0usize);
    let mut open = vec![(Vec::new(), Some(base), Some(head))];
    while let Some((folder, old, new)) = open.pop() {
        if old == new {
            continue;
        }
        let mut names: BTreeMap<&[u8], (Version, Version)> = BTreeMap::new();
        let mut read = |tree: Option<ObjectId>| -> Result<Rc<[TreeEntry]>, GitError> {
            tree.map_or_else(|| Ok(Rc::from([])), |tree| cache.tree(repository, tree))
        };
        let (old, new) = (read(old)?, read(new)?);
        // LIMIT: as a walk of one tree; a few trees that list each other many times differ in more paths than anybody can count.
        for (visited, side) in visited.iter_mut().zip([&old, &new]) {
            *visited += side.len();
            check_limit("entries of a tree", *visited, ENTRIES)?;
        }
        for entry in old.iter() {
            names.entry(&entry.name).or_default().0 = Some((entry.kind, entry.id));
        }
        for entry in new.iter() {
            names.entry(&entry.name).or_default().1 = Some((entry.kind, entry.id));
        }
        for (name, (old, new)) in names {
            if old == new {
                continue;
            }
            let path = join(&folder, name);
            check_limit("bytes of a path", path.len(), Limits::DEFAULT.path_bytes)?;
            path_bytes += path.len();
            check_limit("bytes of the paths of a change", path_bytes, 2 * TREE_PATHS)?;
            let (old_tree, old_leaf) = split(old);
            let (new_tree, new_leaf) = split(new);
            if old_leaf.is_some() || new_leaf.is_some() {
                found.insert(path.clone(), (old_leaf, new_leaf));
            }
            if old_tree.is_some() || new_tree.is_some() {
                open.push((path, old_tree, new_tree));
            }
        }
    }
    Ok(found)
}

fn split(version: Version) -> (Option<ObjectId>, Version) {
    match version {
        Some((EntryKind::Tree, id)) => (Some(id), None),
        leaf => (None, leaf),
    }
}

fn kind_of(old: Version, new: Version) -> ChangeKind {
    match (old, new) {
        (None, _) => ChangeKind::Add,
        (_, None) => ChangeKind::Remove,
        (Some((_, old)), Some((_, new))) if old == new => ChangeKind::Mode,
        _ => ChangeKind::Modify,
    }
}

pub(super) const fn mode_of(kind: EntryKind) -> u32 {
    match kind {
        EntryKind::Tree => 0o040_000,
        EntryKind::File => 0o100_644,
        EntryKind::Executable => 0o100_755,
        EntryKind::Symlink => 0o120_000,
        EntryKind::Submodule => 0o160_000,
    }
}
