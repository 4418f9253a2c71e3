//! Trees as inventories: sha256 of every file, once for each blob.

use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use lasthand_model::digest::{FileDigest, GitId, InventoryRoot, Sha256};
use lasthand_model::history::ObjectKey;
use lasthand_model::inventory::{EntryType, FileRecord, Inventory};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::TreeRef;

use super::error::GitError;
use super::objects::{EntryKind, TreeEntry, read_blob, read_tree};
use super::open::{Repository, git_id};
use super::versions::{id_of, key};

/// What was read of trees and blobs so far, so that a chain of commits costs the sum of its diffs.
///
/// Valid for one repository only.
#[derive(Debug, Default)]
pub struct TreeCache {
    trees: HashMap<ObjectId, Rc<[TreeEntry]>>,
    files: HashMap<ObjectId, (FileDigest, u64)>,
    links: HashMap<ObjectId, Rc<[u8]>>,
    roots: HashMap<ObjectId, InventoryRoot>,
    blobs_read: u64,
    entries: usize,
}

impl TreeCache {
    /// How many blobs were read and hashed.
    #[must_use]
    pub const fn blobs_read(&self) -> u64 {
        self.blobs_read
    }

    pub(super) fn tree(&mut self, repository: &Repository, id: ObjectId) -> Result<Rc<[TreeEntry]>, GitError> {
        if let Some(entries) = self.trees.get(&id) {
            return Ok(Rc::clone(entries));
        }
        let entries: Rc<[TreeEntry]> = read_tree(repository, id)?.into();
        self.entries += entries.len();
        self.trees.insert(id, Rc::clone(&entries));
        Ok(entries)
    }

    /// Forgets the trees when they have more than `most` entries: what is needed again is read again.
    pub(super) fn forget_beyond(&mut self, most: usize) {
        if self.entries > most {
            self.trees.clear();
            self.entries = 0;
        }
    }

    pub(super) fn file(&mut self, repository: &Repository, id: ObjectId) -> Result<(FileDigest, u64), GitError> {
        if let Some(known) = self.files.get(&id) {
            return Ok(*known);
        }
        let bytes = read_blob(repository, id)?;
        self.blobs_read += 1;
        let known = (FileDigest(Sha256::of(&bytes)), bytes.len() as u64);
        self.files.insert(id, known);
        Ok(known)
    }

    fn link(&mut self, repository: &Repository, id: ObjectId) -> Result<Rc<[u8]>, GitError> {
        if let Some(known) = self.links.get(&id) {
            return Ok(Rc::clone(known));
        }
        let target: Rc<[u8]> = read_blob(repository, id)?.into();
        check_limit("bytes of a link target", target.len(), Limits::DEFAULT.path_bytes)?;
        self.blobs_read += 1;
        self.links.insert(id, Rc::clone(&target));
        Ok(target)
    }

    /// Both names of a tree: git id and inventory root.
    pub(super) fn tree_ref(&mut self, repository: &Repository, id: ObjectId) -> Result<TreeRef, GitError> {
        let root = self.root(repository, id)?;
        Ok(TreeRef { root: Some(root), git_tree: Some(git_id(id)?), ..TreeRef::default() })
    }

    /// The inventory root of a tree, computed once.
    pub(super) fn root(&mut self, repository: &Repository, id: ObjectId) -> Result<InventoryRoot, GitError> {
        if let Some(root) = self.roots.get(&id) {
            return Ok(*root);
        }
        let root = inventory_of(repository, id, self)?.root();
        self.roots.insert(id, root);
        Ok(root)
    }

    /// The trees whose roots were computed, with these, by id: what a caller may keep for this repository and give to [`TreeCache::knowing`].
    #[must_use]
    pub fn roots(&self) -> Vec<(ObjectKey, InventoryRoot)> {
        let mut roots: Vec<_> = self.roots.iter().map(|(id, root)| (key(id), *root)).collect();
        roots.sort_unstable();
        roots
    }

    /// A cache that takes these roots as computed: they must be what [`TreeCache::roots`] gave for the same repository, kept where nobody else writes.
    #[must_use]
    pub fn knowing(repository: &Repository, roots: &[(ObjectKey, InventoryRoot)]) -> Self {
        let known = roots.iter().filter_map(|(key, root)| Some((id_of(repository, key)?, *root)));
        Self { roots: known.collect(), ..Self::default() }
    }
}

/// LIMIT: files and folders of one tree, so that reading one stays below some hundred MiB. The largest repositories of one product have fewer.
pub(super) const ENTRIES: usize = 500_000;
/// LIMIT: bytes of all paths of one tree together.
pub(super) const TREE_PATHS: usize = 48 << 20;

/// Lists every file, symbolic link and submodule of a tree.
///
/// In: the id of a tree. Out: an [`Inventory`] without directories (git has none); modes 0644 and 0755, 0777 for a link, 0 for a submodule;
/// owner 0:0; sizes in bytes; a submodule's link target is its commit's hex id; a symbolic link has its target and no digest.
/// Cost: each blob and tree is read and hashed once for one `cache`.
///
/// # Errors
/// [`GitError::HostilePath`], [`GitError::OverLimit`], or an object that is missing, malformed or not what its id says.
///
/// # Proves / does not prove
/// Proves that these bytes are the tree with this git id (SHA-1 as far as it goes). Says nothing of who put them there.
pub fn tree_inventory(repository: &Repository, tree: &GitId, cache: &mut TreeCache) -> Result<Inventory, GitError> {
    let id = repository.object_id(tree)?;
    inventory_of(repository, id, cache)
}

/// Reads the files of a tree that `wanted` asks for, by path and digest.
///
/// Out: bytes, in the order of the walk. Cost: one look at each path; the bytes of the files asked for.
///
/// # Errors
/// As [`tree_inventory`].
pub fn tree_files(
    repository: &Repository,
    tree: &GitId,
    cache: &mut TreeCache,
    mut wanted: impl FnMut(&[u8], FileDigest) -> bool,
) -> Result<Vec<Vec<u8>>, GitError> {
    let id = repository.object_id(tree)?;
    let mut files = Vec::new();
    walk(repository, id, cache, |cache, path, entry| {
        if entry.kind.is_file() {
            let (digest, _) = cache.file(repository, entry.id)?;
            if wanted(path, digest) {
                files.push(read_blob(repository, entry.id)?);
            }
        }
        Ok(Descend::Yes)
    })?;
    Ok(files)
}

pub(super) fn inventory_of(
    repository: &Repository,
    root: ObjectId,
    cache: &mut TreeCache,
) -> Result<Inventory, GitError> {
    let mut records = Vec::new();
    walk(repository, root, cache, |cache, path, entry| {
        if let Some(record) = record_of(repository, path, entry, cache)? {
            records.push(record);
        }
        Ok(Descend::Yes)
    })?;
    let tree = root.to_string();
    Inventory::from_records(records).map_err(|_| GitError::Malformed { id: tree, reason: "a path occurs twice" })
}

/// Whether a walk enters the tree it is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Descend {
    Yes,
    No,
}

/// Visits every entry below `root`, a folder before what is in it.
pub(super) fn walk(
    repository: &Repository,
    root: ObjectId,
    cache: &mut TreeCache,
    mut visit: impl FnMut(&mut TreeCache, &[u8], &TreeEntry) -> Result<Descend, GitError>,
) -> Result<(), GitError> {
    let mut open: Vec<(Vec<u8>, ObjectId)> = vec![(Vec::new(), root)];
    let (mut visited, mut path_bytes) = (0usize, 0usize);
    while let Some((folder, id)) = open.pop() {
        let entries = cache.tree(repository, id)?;
        // LIMIT: folders count too, so that a few trees that list each other many times cannot keep the walk busy for ever.
        visited += entries.len();
        check_limit("entries of a tree", visited, ENTRIES)?;
        for entry in entries.iter() {
            let path = join(&folder, &entry.name);
            check_limit("bytes of a path", path.len(), Limits::DEFAULT.path_bytes)?;
            path_bytes += path.len();
            check_limit("bytes of the paths of a tree", path_bytes, TREE_PATHS)?;
            if visit(cache, &path, entry)? == Descend::Yes && entry.kind == EntryKind::Tree {
                open.push((path, entry.id));
            }
        }
    }
    Ok(())
}

pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The record of one entry; a tree has none.
pub(super) fn record_of(
    repository: &Repository,
    path: &[u8],
    entry: &TreeEntry,
    cache: &mut TreeCache,
) -> Result<Option<FileRecord>, GitError> {
    let mut record = FileRecord {
        path: path.to_vec(),
        entry_type: EntryType::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: 0,
        sha256: None,
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    };
    match entry.kind {
        EntryKind::Tree => return Ok(None),
        EntryKind::File | EntryKind::Executable => {
            let (digest, size) = cache.file(repository, entry.id)?;
            record.mode = if entry.kind == EntryKind::Executable { 0o755 } else { 0o644 };
            record.sha256 = Some(digest);
            record.size = size;
        }
        EntryKind::Symlink => {
            record.entry_type = EntryType::Symlink;
            record.mode = 0o777;
            record.link_target = cache.link(repository, entry.id)?.to_vec();
        }
        EntryKind::Submodule => {
            record.entry_type = EntryType::Submodule;
            record.mode = 0;
            record.link_target = entry.id.to_string().into_bytes();
        }
    }
    Ok(Some(record))
}

pub(super) fn check_limit(what: &'static str, got: usize, limit: usize) -> Result<(), GitError> {
    if got > limit {
        return Err(GitError::OverLimit { what, got: got as u64, limit: limit as u64 });
    }
    Ok(())
}
