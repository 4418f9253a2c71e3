//! Inventories of the facts, sorted once, and the differences between them.

use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::EntryFact;

/// Entries of one tree or container, sorted by path, each path once.
#[derive(Debug, Default)]
pub(crate) struct Tree<'a> {
    pub(crate) entries: Vec<&'a EntryFact>,
}

impl<'a> Tree<'a> {
    /// Sorts the entries; a path that occurs twice makes the inventory useless.
    pub(crate) fn new(entries: &'a [EntryFact]) -> Option<Self> {
        let mut sorted: Vec<&EntryFact> = entries.iter().collect();
        sorted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let twice = sorted.windows(2).any(|pair| matches!(pair, [a, b] if a.path == b.path));
        (!twice).then_some(Self { entries: sorted })
    }

    pub(crate) fn find(&self, path: &str) -> Option<&'a EntryFact> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(at).copied()
    }
}

/// Whether two entries of source trees are the same: type, mode, content, link target.
pub(crate) fn same_entry(a: Option<&EntryFact>, b: Option<&EntryFact>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            tells_content(a)
                && a.entry_type == b.entry_type
                && a.mode == b.mode
                && a.sha256 == b.sha256
                && a.link_target == b.link_target
        }
        _ => false,
    }
}

/// A file without a digest and a submodule without a commit equal nothing.
pub(crate) fn tells_content(entry: &EntryFact) -> bool {
    match entry.entry_type {
        EntryType::File => entry.sha256.is_some(),
        EntryType::Submodule => !entry.link_target.is_empty(),
        _ => true,
    }
}

/// One path that differs between two trees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) path: &'a str,
    pub(crate) before: Option<&'a EntryFact>,
    pub(crate) after: Option<&'a EntryFact>,
}

/// The paths that differ, in path order.
pub(crate) fn diff<'a>(before: &Tree<'a>, after: &Tree<'a>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let mut old = before.entries.iter().copied().peekable();
    let mut new = after.entries.iter().copied().peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.path.cmp(&b.path),
        };
        let (before, after) = match order {
            std::cmp::Ordering::Less => (old.next(), None),
            std::cmp::Ordering::Greater => (None, new.next()),
            std::cmp::Ordering::Equal => (old.next(), new.next()),
        };
        if let Some(entry) = before.or(after)
            && !same_entry(before, after)
        {
            changes.push(Change { path: &entry.path, before, after });
        }
    }
}
