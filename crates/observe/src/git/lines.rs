//! Which commit each line of a file comes from.
//!
//! A line goes back to the first parent that has it, by the same line difference that merges are made with; a line that no parent has is the commit's
//! own. A file is followed under its own path only: a rename makes all its lines new.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics};
use lasthand_model::digest::GitId;
use lasthand_model::history::ObjectKey;

use super::error::GitError;
use super::merge::is_binary;
use super::objects::{EntryKind, read_blob};
use super::open::Repository;
use super::path::path_bytes;
use super::versions::key;
use super::walk::HistoryWalk;

/// LIMIT: lines of a file whose origins are asked for.
pub const LINES: usize = 200_000;
/// LIMIT: bytes of a file whose lines are compared.
const TEXT_BYTES: usize = 8 << 20;

/// One line, and the commit it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOrigin {
    /// Its number, from 1.
    pub line: usize,
    /// The commit that wrote it.
    pub commit: ObjectKey,
    /// Its text without the line feed; what is not UTF-8 is replaced.
    pub text: String,
}

/// Lines that are followed through one commit: number at the tip, number there; from 0.
type Followed = Vec<(usize, usize)>;

/// Finds the commits that the lines `first` to `last` of a file come from, numbers from 1, both included.
///
/// Out: one origin for each line that the file has in that range, in order; nothing when there is no text file at `path`.
/// Cost: O(commits since the oldest of the lines), and one difference for each version of the file.
///
/// # Errors
/// [`GitError::OverLimit`] for a file of too many bytes or lines; whatever stops an object from being read.
///
/// # Proves / does not prove
/// Proves which commit of this history first has the line where it is. Does not prove who wrote it: a commit's people are claims, and a line that was
/// moved counts as new.
pub fn line_origins(
    repository: &Repository,
    walk: &mut HistoryWalk,
    tip: &GitId,
    path: &str,
    (first, last): (usize, usize),
) -> Result<Vec<LineOrigin>, GitError> {
    let Some(path) = path_bytes(path) else { return Ok(Vec::new()) };
    let tip = repository.object_id(tip)?;
    let mut files = Files { repository, path, blobs: HashMap::new() };
    let tree = walk.tree_and_parents(repository, tip)?.0;
    let Some(blob) = files.find(walk, tree)? else { return Ok(Vec::new()) };
    let Some(bytes) = files.text(blob)? else { return Ok(Vec::new()) };
    let texts: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    if texts.len() > LINES {
        return Err(GitError::OverLimit { what: "lines of a file", got: texts.len() as u64, limit: LINES as u64 });
    }
    let asked = first.saturating_sub(1)..last.min(texts.len());
    let followed: Followed = asked.clone().map(|line| (line, line)).collect();
    let owners = follow(&mut files, walk, tip, followed)?;
    let origin = |line: usize| {
        let text = texts.get(line)?;
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let commit = key(owners.get(&line)?);
        Some(LineOrigin { line: line + 1, commit, text: String::from_utf8_lossy(text).into_owned() })
    };
    Ok(asked.filter_map(origin).collect())
}

/// Follows lines back until each has its commit.
fn follow(
    files: &mut Files<'_>,
    walk: &mut HistoryWalk,
    tip: ObjectId,
    lines: Followed,
) -> Result<HashMap<usize, ObjectId>, GitError> {
    let mut owners = HashMap::with_capacity(lines.len());
    // Descendants first, so that a commit is looked at once, with all lines that come to it.
    let mut open: BTreeMap<(u32, ObjectId), Followed> = BTreeMap::new();
    open.insert((walk.order(files.repository, tip)?, tip), lines);
    while let Some(((_, commit), mut lines)) = open.pop_last() {
        let (tree, parents) = walk.tree_and_parents(files.repository, commit)?;
        let Some(blob) = files.find(walk, tree)? else { continue };
        let mut before = Vec::with_capacity(parents.len());
        for parent in parents.iter() {
            let tree = walk.tree_and_parents(files.repository, *parent)?.0;
            before.push((*parent, files.find(walk, tree)?));
        }
        // A parent with the very same file has all lines.
        before.sort_by_key(|(_, old)| *old != Some(blob));
        for (parent, old) in before {
            let Some(old) = old.filter(|_| !lines.is_empty()) else { continue };
            let (kept, rest) = files.split(old, blob, lines)?;
            lines = rest;
            if !kept.is_empty() {
                open.entry((walk.order(files.repository, parent)?, parent)).or_default().extend(kept);
            }
        }
        owners.extend(lines.into_iter().map(|(line, _)| (line, commit)));
        walk.cache().forget_beyond(super::walk::KEPT_ENTRIES);
    }
    Ok(owners)
}

/// Versions of one file.
struct Files<'a> {
    repository: &'a Repository,
    path: Vec<u8>,
    /// The last blobs that were read.
    blobs: HashMap<ObjectId, Rc<[u8]>>,
}

impl Files<'_> {
    /// The blob at the path in a tree.
    fn find(&self, walk: &mut HistoryWalk, root: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut at = (EntryKind::Tree, root);
        for name in self.path.split(|byte| *byte == b'/') {
            if at.0 != EntryKind::Tree {
                return Ok(None);
            }
            let entries = walk.cache().tree(self.repository, at.1)?;
            let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
            at = (entry.kind, entry.id);
        }
        Ok(at.0.is_file().then_some(at.1))
    }

    /// The content, when it is text.
    fn text(&mut self, blob: ObjectId) -> Result<Option<Rc<[u8]>>, GitError> {
        let bytes = match self.blobs.get(&blob) {
            Some(bytes) => Rc::clone(bytes),
            None => {
                let bytes: Rc<[u8]> = read_blob(self.repository, blob)?.into();
                if bytes.len() > TEXT_BYTES {
                    let (got, limit) = (bytes.len() as u64, TEXT_BYTES as u64);
                    return Err(GitError::OverLimit { what: "bytes of a file whose lines are compared", got, limit });
                }
                if self.blobs.len() > 8 {
                    self.blobs.clear();
                }
                self.blobs.insert(blob, Rc::clone(&bytes));
                bytes
            }
        };
        Ok((!is_binary(&bytes)).then_some(bytes))
    }

    /// Splits lines of `new` into those that `old` has, with their numbers there, and the rest.
    fn split(&mut self, old: ObjectId, new: ObjectId, lines: Followed) -> Result<(Followed, Followed), GitError> {
        if old == new {
            return Ok((lines, Vec::new()));
        }
        let (Some(old), Some(new)) = (self.text(old)?, self.text(new)?) else { return Ok((Vec::new(), lines)) };
        let input = InternedInput::new(&*old, &*new);
        let difference = diff_with_slider_heuristics(Algorithm::Histogram, &input);
        let hunks: Vec<_> = difference.hunks().collect();
        let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (mut kept, mut rest) = (Vec::new(), Vec::new());
        for (line, here) in lines {
            let behind = hunks.partition_point(|hunk| wide(hunk.after.end) <= here);
            if hunks.get(behind).is_some_and(|hunk| wide(hunk.after.start) <= here) {
                rest.push((line, here));
                continue;
            }
            // Behind a hunk, both sides move on together.
            let (end_old, end_new) = behind
                .checked_sub(1)
                .and_then(|at| hunks.get(at))
                .map_or((0, 0), |hunk| (wide(hunk.before.end), wide(hunk.after.end)));
            kept.push((line, end_old + (here - end_new)));
        }
        Ok((kept, rest))
    }
}
