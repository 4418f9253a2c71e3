//! The one merge algorithm: three-way, by path, text by lines; no rename detection, no drivers, no attributes. A conflict has no result.
//!
//! SPEC: DESIGN section 1, R3. As `git merge-tree --write-tree` with rename detection off, on trees without `merge` attributes.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind as GitKind};
use lasthand_model::digest::GitId;

use super::diff::Version;
use super::error::GitError;
use super::inventory::{ENTRIES, TreeCache, check_limit, join};
use super::landing_class::MergeNote;
use super::merge_text::{TextMerge, merge_text};
use super::objects::{EntryKind, TreeEntry, blob_bytes, read_blob};
use super::open::{Repository, git_id};

/// LIMIT: bytes of the three sides of a file that is merged by lines; more is a conflict, so that the process stays below 300 MiB.
const TEXT_BYTES: u64 = 48 << 20;
/// LIMIT: lines of the three sides of a file that is merged by lines; more is a conflict.
const TEXT_LINES: usize = 2_000_000;
/// LIMIT: bytes of the three sides of all files that one merge merges by lines; the first file that is more conflicts.
const ALL_TEXT_BYTES: u64 = 192 << 20;
/// LIMIT: work on the texts of one merge, as [`merge_text`] measures it, and bytes that were read for it: some seconds; the first file after that conflicts.
const MERGE_WORK: u64 = 2_000_000_000;
/// LIMIT: work on the texts of all merges of one opened repository, less [`FREE_WORK`] for each; the first file after that conflicts.
const ALL_WORK: u64 = 20_000_000_000;
/// Work of one merge that counts for nothing, so that a history may be long: some hundredths of a second.
const FREE_WORK: u64 = 20_000_000;
/// LIMIT: merges of texts that are remembered.
const REMEMBERED: usize = 100_000;
/// Bytes of texts merged since merged objects were last forgotten.
const KEPT_TEXT_BYTES: u64 = 96 << 20;
/// LIMIT: folders within folders.
const DEPTH: usize = 512;
/// A NUL in this many first bytes makes a file binary, as in git.
const BINARY_SNIFF: usize = 8_000;

/// Merges the change `base` -> `head` into `onto`.
///
/// In: three trees. Out: the id of the merged tree, or `None` on any conflict. The tree can be read through `repository`; nothing is written to disk.
/// Cost: proportional to what differs.
///
/// # Errors
/// When an object cannot be read.
pub fn recompute(repository: &Repository, onto: &GitId, base: &GitId, head: &GitId) -> Result<Option<GitId>, GitError> {
    let id = |tree| repository.object_id(tree);
    repository.forget_merges();
    let merged = merge_trees(repository, &mut TreeCache::default(), id(onto)?, id(base)?, id(head)?)?;
    merged.map(git_id).transpose()
}

/// The merged tree, or `None` on the first conflict.
pub(super) fn merge_trees(
    repository: &Repository,
    cache: &mut TreeCache,
    onto: ObjectId,
    base: ObjectId,
    head: ObjectId,
) -> Result<Option<ObjectId>, GitError> {
    let mut merger = Merger::new(repository, cache, None);
    Ok(match merger.tree(&[], [onto, base, head].map(Some), 0)? {
        Outcome::Conflict => None,
        Outcome::Absent => Some(ObjectId::empty_tree(onto.kind())),
        Outcome::Present(_, tree) => Some(tree),
    })
}

/// A merge that goes on past conflicts.
#[derive(Debug)]
pub(super) struct Merged {
    /// The merged tree; where there is a conflict it has what was merged onto.
    pub(super) tree: ObjectId,
    /// Paths that somebody has to decide, in the order of their bytes; a folder where one side has a file.
    pub(super) conflicts: Vec<Vec<u8>>,
    /// Whether one of them is in conflict because it is too large to be merged by lines.
    pub(super) too_large: bool,
}

impl Merged {
    /// Why a landing that is something else is no merge.
    pub(super) const fn note(&self) -> MergeNote {
        match (self.conflicts.is_empty(), self.too_large) {
            (true, _) => MergeNote::Differs,
            (false, true) => MergeNote::TooLarge,
            (false, false) => MergeNote::Conflict,
        }
    }
}

/// Merges as [`recompute`] does, and lists every conflict.
pub(super) fn merge_noting(
    repository: &Repository,
    cache: &mut TreeCache,
    onto: ObjectId,
    base: ObjectId,
    head: ObjectId,
) -> Result<Merged, GitError> {
    let mut merger = Merger::new(repository, cache, Some(Vec::new()));
    let tree = match merger.tree(&[], [onto, base, head].map(Some), 0)? {
        Outcome::Present(_, tree) => tree,
        Outcome::Absent => ObjectId::empty_tree(onto.kind()),
        Outcome::Conflict => onto,
    };
    let too_large = merger.too_large;
    let mut conflicts = merger.conflicts.unwrap_or_default();
    conflicts.sort_unstable();
    Ok(Merged { tree, conflicts, too_large })
}

impl Repository {
    /// Forgets merged objects once they are many bytes. The trees of earlier merges cannot be read afterwards.
    pub(super) fn forget_merges(&self) {
        if self.merged_bytes.get() > KEPT_TEXT_BYTES {
            self.merged_bytes.set(0);
            drop(self.inner.objects.reset_object_memory());
        }
    }
}

/// Texts that were merged, by what was merged, and the work of it.
#[derive(Debug, Default)]
pub(super) struct MergedTexts {
    /// By the blobs onto, base and head.
    known: HashMap<[ObjectId; 3], Known>,
    /// Work so far, less what is free.
    pub(super) work: u64,
    /// All work so far.
    #[cfg(test)]
    pub(super) spent: u64,
}

/// How three blobs merge.
#[derive(Debug, Clone, Copy)]
enum Known {
    Clean(ObjectId),
    Conflict,
    TooLarge,
}

struct Merger<'a> {
    repository: &'a Repository,
    cache: &'a mut TreeCache,
    /// Where conflicts are noted; without it the first one ends the merge.
    conflicts: Option<Vec<Vec<u8>>>,
    /// Entries looked at.
    visited: usize,
    /// Bytes of texts merged.
    text_bytes: u64,
    /// Work on texts.
    work: u64,
    /// Whether a file was too large to be merged by lines.
    too_large: bool,
}

/// The three versions of one entry: in the tree merged onto, in the base, in the head.
type Versions<'a> = [Option<&'a TreeEntry>; 3];

enum Outcome {
    Conflict,
    Absent,
    Present(EntryKind, ObjectId),
}

impl<'a> Merger<'a> {
    fn new(repository: &'a Repository, cache: &'a mut TreeCache, conflicts: Option<Vec<Vec<u8>>>) -> Self {
        let mut texts = repository.merged_texts.borrow_mut();
        texts.work = texts.work.saturating_sub(FREE_WORK);
        Self { repository, cache, conflicts, visited: 0, text_bytes: 0, work: 0, too_large: false }
    }

    fn tree(&mut self, folder: &[u8], trees: [Option<ObjectId>; 3], depth: usize) -> Result<Outcome, GitError> {
        if let [Some(onto), Some(base), Some(head)] = trees {
            if head == base || onto == head {
                return Ok(Outcome::Present(EntryKind::Tree, onto));
            }
            if onto == base {
                return Ok(Outcome::Present(EntryKind::Tree, head));
            }
        }
        if depth > DEPTH {
            return Err(GitError::OverLimit { what: "the depth of a tree", got: depth as u64, limit: DEPTH as u64 });
        }
        let mut sides: [Rc<[TreeEntry]>; 3] = [Rc::new([]), Rc::new([]), Rc::new([])];
        for (side, tree) in sides.iter_mut().zip(trees) {
            if let Some(tree) = tree {
                *side = self.cache.tree(self.repository, tree)?;
            }
        }
        // LIMIT: a few trees that list each other many times cannot keep the merge busy for ever.
        self.visited += sides.iter().map(|side| side.len()).sum::<usize>();
        check_limit("entries of a tree", self.visited, 3 * ENTRIES)?;
        let mut merged = Vec::new();
        for (name, versions) in by_name(&sides) {
            let found = match self.entry(folder, name, versions, depth)? {
                Outcome::Conflict => {
                    let Some(conflicts) = &mut self.conflicts else { return Ok(Outcome::Conflict) };
                    conflicts.push(join(folder, name));
                    let [onto, _, _] = versions;
                    outcome(version(onto))
                }
                found => found,
            };
            if let Outcome::Present(kind, id) = found {
                merged.push(Entry { mode: git_kind(kind).into(), filename: name.into(), oid: id });
            }
        }
        if merged.is_empty() {
            return Ok(Outcome::Absent);
        }
        merged.sort();
        Ok(Outcome::Present(EntryKind::Tree, write_tree(self.repository, merged)?))
    }

    fn entry(
        &mut self,
        folder: &[u8],
        name: &[u8],
        [onto, base, head]: Versions<'_>,
        depth: usize,
    ) -> Result<Outcome, GitError> {
        let (a, o, b) = (version(onto), version(base), version(head));
        if let Some(taken) = pick(a, Some(o), b) {
            return Ok(outcome(taken));
        }
        // A folder that both sides changed: by its entries. One that only one side still has, and the other replaced by a file: a conflict unless
        // the folder's side left it as it was, which is settled above.
        if is_tree_or_absent(a) && is_tree_or_absent(b) {
            // A file in the base that both sides replaced by folders is a deletion on both sides.
            return self.tree(&join(folder, name), [a, o, b].map(tree_of), depth + 1);
        }
        let (Some((a_kind, a_id)), Some((b_kind, b_id))) = (a, b) else { return Ok(Outcome::Conflict) };
        if !a_kind.is_file() || !b_kind.is_file() {
            return Ok(Outcome::Conflict);
        }
        let (o_kind, o_id) = o.filter(|(kind, _)| kind.is_file()).unzip();
        let Some(kind) = pick(a_kind, o_kind, b_kind) else { return Ok(Outcome::Conflict) };
        if let Some(id) = pick(a_id, o_id, b_id) {
            return Ok(Outcome::Present(kind, id));
        }
        // Added by both sides and different: git merges against an empty file, which conflicts in every case that matters; so do we, always.
        let Some(o_id) = o_id else { return Ok(Outcome::Conflict) };
        let text = self.text([a_id, o_id, b_id])?;
        Ok(text.map_or(Outcome::Conflict, |id| Outcome::Present(kind, id)))
    }

    /// Merges a file by lines, once for the same three blobs; `None` on a conflict.
    fn text(&mut self, ids: [ObjectId; 3]) -> Result<Option<ObjectId>, GitError> {
        let known = self.repository.merged_texts.borrow().known.get(&ids).copied();
        let found = match known {
            // Merged objects may be forgotten.
            Some(Known::Clean(id)) if !self.repository.inner.has_object(id) => self.merge_text(ids)?,
            Some(known) => known,
            None => self.merge_text(ids)?,
        };
        Ok(match found {
            Known::Clean(id) => Some(id),
            Known::Conflict => None,
            Known::TooLarge => {
                self.too_large = true;
                None
            }
        })
    }

    /// Merges a file by lines unless it, or what was merged before, is too much; remembers what was read.
    fn merge_text(&mut self, ids: [ObjectId; 3]) -> Result<Known, GitError> {
        let mut bytes = 0u64;
        for id in ids {
            bytes = bytes.saturating_add(blob_bytes(self.repository, id)?);
        }
        // SECURITY: small files can take long to compare, so what a repository costs is bounded by the work, too.
        let is_over = self.work > MERGE_WORK || self.repository.merged_texts.borrow().work > ALL_WORK;
        if bytes > TEXT_BYTES || self.text_bytes + bytes > ALL_TEXT_BYTES || is_over {
            return Ok(Known::TooLarge);
        }
        let (found, work) = self.merge_blobs(ids, bytes)?;
        // Reading costs, too, whatever comes of it.
        let work = work.saturating_add(bytes);
        self.work = self.work.saturating_add(work);
        self.repository.merged_texts.borrow_mut().remember(ids, found, work);
        Ok(found)
    }

    fn merge_blobs(&mut self, ids: [ObjectId; 3], bytes: u64) -> Result<(Known, u64), GitError> {
        let [a, o, b] = ids.map(|id| read_blob(self.repository, id));
        let texts = [a?, o?, b?];
        if texts.iter().any(|text| is_binary(text)) {
            return Ok((Known::Conflict, 0));
        }
        let lines = texts.iter().map(|text| text.iter().filter(|byte| **byte == b'\n').count());
        if lines.sum::<usize>() > TEXT_LINES {
            return Ok((Known::TooLarge, 0));
        }
        self.text_bytes += bytes;
        self.repository.merged_bytes.set(self.repository.merged_bytes.get() + bytes);
        let (merged, work) = merge_text(texts.each_ref().map(Vec::as_slice));
        let found = match merged {
            TextMerge::Clean(text) => Known::Clean(write(self.repository, gix::objs::BlobRef { data: &text })?),
            TextMerge::Conflict => Known::Conflict,
            TextMerge::TooLarge => Known::TooLarge,
        };
        Ok((found, work))
    }
}

impl MergedTexts {
    fn remember(&mut self, ids: [ObjectId; 3], found: Known, work: u64) {
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(ids, found);
        #[cfg(test)]
        {
            self.spent += work;
        }
        self.work = self.work.saturating_add(work);
    }
}

fn by_name([onto, base, head]: &[Rc<[TreeEntry]>; 3]) -> BTreeMap<&[u8], Versions<'_>> {
    let mut names: BTreeMap<&[u8], Versions<'_>> = BTreeMap::new();
    for entry in onto.iter() {
        let [slot, _, _] = names.entry(&entry.name).or_default();
        *slot = Some(entry);
    }
    for entry in base.iter() {
        let [_, slot, _] = names.entry(&entry.name).or_default();
        *slot = Some(entry);
    }
    for entry in head.iter() {
        let [_, _, slot] = names.entry(&entry.name).or_default();
        *slot = Some(entry);
    }
    names
}

fn version(entry: Option<&TreeEntry>) -> Version {
    entry.map(|entry| (entry.kind, entry.id))
}

fn outcome(version: Version) -> Outcome {
    version.map_or(Outcome::Absent, |(kind, id)| Outcome::Present(kind, id))
}

fn is_tree_or_absent(version: Version) -> bool {
    version.is_none_or(|(kind, _)| kind == EntryKind::Tree)
}

fn tree_of(version: Version) -> Option<ObjectId> {
    version.filter(|(kind, _)| *kind == EntryKind::Tree).map(|(_, id)| id)
}

/// The three-way choice for what cannot be mixed.
pub(super) fn pick<T: PartialEq>(onto: T, base: Option<T>, head: T) -> Option<T> {
    if onto == head || base.as_ref() == Some(&head) {
        return Some(onto);
    }
    (base.as_ref() == Some(&onto)).then_some(head)
}

pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(BINARY_SNIFF).any(|byte| *byte == 0)
}

const fn git_kind(kind: EntryKind) -> GitKind {
    match kind {
        EntryKind::Tree => GitKind::Tree,
        EntryKind::File => GitKind::Blob,
        EntryKind::Executable => GitKind::BlobExecutable,
        EntryKind::Symlink => GitKind::Link,
        EntryKind::Submodule => GitKind::Commit,
    }
}

fn write_tree(repository: &Repository, entries: Vec<Entry>) -> Result<ObjectId, GitError> {
    write(repository, gix::objs::Tree { entries })
}

/// Keeps an object in memory: the handle was opened so.
fn write(repository: &Repository, object: impl gix::objs::WriteTo) -> Result<ObjectId, GitError> {
    repository
        .inner
        .write_object(object)
        .map(gix::Id::detach)
        .map_err(|source| GitError::Object { id: "a merged object".to_owned(), source })
}
