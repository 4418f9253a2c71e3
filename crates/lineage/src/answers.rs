//! A verdict for each file of an artifact, in a few bytes for each.
//!
//! Most files of an artifact have one of a few reasons, and come from a path that ends as their own does.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::Entries;
use rustc_hash::FxHashMap;

use crate::order::wide;
use crate::outcome::{Explanation, FileVerdict};
use crate::trees::Tree;

/// The answers for all files of an artifact, by member of an index, each in path order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileAnswers {
    members: Vec<Member>,
    reasons: Vec<Explanation>,
    fronts: Vec<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    digest: Sha256,
    platform: Option<String>,
    entries: Entries,
    /// Places of the entries by path; none where they are listed so.
    order: Option<Vec<u32>>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    reason: u32,
    source: Option<SourcePath>,
    verdict: FileVerdict,
}

/// A path that ends as another one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SourcePath {
    /// Number of what stands before the end, counted from 1.
    front: NonZeroU32,
    /// Bytes of the end that both have.
    kept: u32,
}

/// The answer for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAnswer<'a> {
    /// Platform of the member, where the artifact is an index.
    pub platform: Option<&'a str>,
    /// Path as in the facts.
    pub path: &'a str,
    /// The answer.
    pub verdict: FileVerdict,
    /// Why.
    pub explained_by: &'a Explanation,
    source: Option<[&'a str; 2]>,
}

impl FileAnswer<'_> {
    /// Path of the material it came from.
    #[must_use]
    pub fn source_path(&self) -> Option<String> {
        self.source.map(|parts| parts.concat())
    }

    /// The name of the entry in documents that list answers: its path, after the platform of its member where it has one.
    #[must_use]
    pub fn key(&self) -> String {
        self.platform.into_iter().chain([self.path]).collect::<Vec<_>>().join(" ")
    }
}

impl FileAnswers {
    /// The number of answers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.iter().map(|member| member.rows.len()).sum()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every answer.
    pub fn iter(&self) -> impl Iterator<Item = FileAnswer<'_>> {
        let members = self.members.iter();
        members.flat_map(|member| (0..member.rows.len()).filter_map(|at| self.answer(member, at)))
    }

    /// The answers of one container: the artifact itself, or a member of an index for a platform.
    #[must_use]
    pub fn of(&self, digest: Sha256, platform: Option<&str>) -> MemberAnswers<'_> {
        let is_it = |member: &&Member| member.digest == digest && member.platform.as_deref() == platform;
        MemberAnswers { answers: self, member: self.members.iter().find(is_it) }
    }

    /// Each reason that some file has, once.
    pub(crate) fn reasons(&self) -> &[Explanation] {
        &self.reasons
    }

    /// Lets through what is not clean.
    pub(crate) fn excuse(&mut self) {
        let rows = self.members.iter_mut().flat_map(|member| &mut member.rows);
        rows.filter(|row| row.verdict != FileVerdict::Clean).for_each(|row| row.verdict = FileVerdict::Exception);
    }

    /// Takes back what was said for the better of some paths.
    pub(crate) fn doubt(&mut self, paths: &BTreeSet<&str>) {
        for member in &mut self.members {
            for at in 0..member.rows.len() {
                let is_meant = member.path(at).is_some_and(|path| paths.contains(path));
                if let Some(row) = member.rows.get_mut(at).filter(|_| is_meant)
                    && matches!(row.verdict, FileVerdict::Clean | FileVerdict::Exception)
                {
                    row.verdict = FileVerdict::Indeterminate;
                }
            }
        }
    }

    fn answer<'a>(&'a self, member: &'a Member, at: usize) -> Option<FileAnswer<'a>> {
        let row = member.rows.get(at)?;
        let path = member.path(at)?;
        let source = row.source.and_then(|source| {
            let end = path.len().checked_sub(wide(source.kept))?;
            Some([self.fronts.get(wide(source.front.get()) - 1)?, path.get(end..)?])
        });
        let explained_by = self.reasons.get(wide(row.reason))?;
        Some(FileAnswer { platform: member.platform.as_deref(), path, verdict: row.verdict, explained_by, source })
    }
}

impl Member {
    fn path(&self, at: usize) -> Option<&str> {
        let at = match &self.order {
            Some(order) => wide(*order.get(at)?),
            None => at,
        };
        self.entries.entry(at).map(lasthand_model::wire::facts::Entry::path)
    }
}

/// The answers of one container.
#[derive(Debug, Clone, Copy)]
pub struct MemberAnswers<'a> {
    answers: &'a FileAnswers,
    member: Option<&'a Member>,
}

impl<'a> MemberAnswers<'a> {
    /// Finds the answer for a path, as in the facts; quickly where it is the one at `near` of the path order.
    #[must_use]
    pub fn find(&self, path: &str, near: usize) -> Option<FileAnswer<'a>> {
        let member = self.member?;
        if member.path(near) == Some(path) {
            return self.answers.answer(member, near);
        }
        let (mut from, mut to) = (0, member.rows.len());
        while from < to {
            let middle = from.midpoint(to);
            match member.path(middle)?.cmp(path) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return self.answers.answer(member, middle),
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }
}

/// Answers that are being collected.
#[derive(Default)]
pub(crate) struct Collector {
    answers: FileAnswers,
    reasons: FxHashMap<Explanation, u32>,
    fronts: FxHashMap<Box<str>, NonZeroU32>,
}

impl Collector {
    /// Begins a container; its answers follow in path order, one for each entry.
    pub(crate) fn begin(&mut self, digest: Sha256, platform: Option<&str>, tree: &Tree<'_>) {
        let (entries, order) = tree.listed();
        self.answers.members.push(Member {
            digest,
            platform: platform.map(str::to_owned),
            entries: entries.cloned().unwrap_or_default(),
            order: order.cloned(),
            rows: Vec::with_capacity(tree.count()),
        });
    }

    /// Adds the answer for the next entry.
    pub(crate) fn push(&mut self, path: &str, verdict: FileVerdict, why: Explanation, source: Option<&str>) {
        let last = self.answers.members.last().and_then(|member| member.rows.last()).map(|row| row.reason);
        let last = last.filter(|last| self.answers.reasons.get(wide(*last)) == Some(&why));
        let reason = match last.or_else(|| self.reasons.get(&why).copied()) {
            Some(known) => known,
            None => {
                let number = narrow(self.answers.reasons.len());
                self.answers.reasons.push(why.clone());
                self.reasons.insert(why, number);
                number
            }
        };
        let source = source.map(|source| self.source(path, source));
        if let Some(member) = self.answers.members.last_mut() {
            member.rows.push(Row { reason, source, verdict });
        }
    }

    pub(crate) fn finish(self) -> FileAnswers {
        self.answers
    }

    fn source(&mut self, path: &str, source: &str) -> SourcePath {
        let mut kept = path.bytes().rev().zip(source.bytes().rev()).take_while(|(a, b)| a == b).count();
        let cut = |text: &str, kept: usize| text.is_char_boundary(text.len() - kept);
        while !(cut(path, kept) && cut(source, kept)) {
            kept -= 1;
        }
        let front = source.get(..source.len() - kept).unwrap_or_default();
        let front = match self.fronts.get(front) {
            Some(known) => *known,
            None => {
                self.answers.fronts.push(front.into());
                let number = NonZeroU32::new(narrow(self.answers.fronts.len())).unwrap_or(NonZeroU32::MAX);
                self.fronts.insert(front.into(), number);
                number
            }
        };
        SourcePath { front, kept: narrow(kept) }
    }
}

/// INVARIANT (numbers): there are no more of anything here than entries or bytes of a path, and those are counted in 32 bits.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use lasthand_model::inventory::EntryType;
    use lasthand_model::wire::facts::EntryFact;

    use super::*;

    fn entries(paths: &[&str]) -> Entries {
        let entry = |path: &&str| EntryFact {
            path: (*path).to_owned(),
            entry_type: EntryType::Directory,
            mode: 0,
            uid: 0,
            gid: 0,
            sha256: None,
            link_target: String::new(),
            device: None,
            xattrs: std::collections::BTreeMap::new(),
        };
        paths.iter().map(entry).collect()
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "a failed test may stop")]
    fn source_paths_come_back_as_they_were() {
        // pass: the same, another front, nothing in common, a letter that is cut between its bytes
        let cases = [("a/b.c", "a/b.c"), ("usr/b.c", "src/b.c"), ("x", "other"), ("y/\u{e9}", "y/\u{a9}"), ("z", "")];
        let listed = entries(&cases.map(|(path, _)| path));
        let tree = Tree::new(&listed).unwrap();
        let mut collector = Collector::default();
        collector.begin(Sha256::of(b""), None, &tree);
        for entry in tree.entries() {
            let source = cases.iter().find(|(path, _)| *path == entry.path()).unwrap().1;
            collector.push(entry.path(), FileVerdict::Clean, Explanation::default(), Some(source));
        }
        let answers = collector.finish();
        assert_eq!(answers.reasons().len(), 1);
        for (path, source) in cases {
            let found = answers.of(Sha256::of(b""), None).find(path, 9).unwrap();
            assert_eq!((found.path, found.source_path().as_deref()), (path, Some(source)));
        }
        assert_eq!(size_of::<Row>(), 16);
    }
}
