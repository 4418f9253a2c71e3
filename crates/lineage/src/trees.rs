//! Inventories of the facts, sorted once, and the differences between them.

use std::cell::OnceCell;

use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{Entries, Entry};

use crate::order::wide;

/// Entries of one tree or container, sorted by path, each path once.
#[derive(Debug, Default)]
pub(crate) struct Tree<'a> {
    listed: Option<&'a Entries>,
    /// The places of the entries by path; none where they are listed so.
    order: Option<Vec<u32>>,
    /// Commits of submodules with their paths, sorted, once asked for.
    submodules: OnceCell<Vec<(&'a str, &'a str)>>,
}

impl<'a> Tree<'a> {
    /// Sorts the entries; a path that occurs twice makes the inventory useless.
    pub(crate) fn new(entries: &'a Entries) -> Option<Self> {
        let mut tree = Self { listed: Some(entries), ..Self::default() };
        if entries.is_sorted() || entries.entries().is_sorted_by(|a, b| a.path() < b.path()) {
            return Some(tree);
        }
        let path = |at: &u32| entries.entry(wide(*at)).map(Entry::path);
        let mut order: Vec<u32> = (0..u32::try_from(entries.count()).ok()?).collect();
        order.sort_unstable_by_key(path);
        let twice = order.windows(2).any(|pair| matches!(pair, [a, b] if path(a) == path(b)));
        tree.order = Some(order);
        (!twice).then_some(tree)
    }

    /// The number of entries.
    pub(crate) fn count(&self) -> usize {
        self.listed.map_or(0, Entries::count)
    }

    /// The entries, in path order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'a>> + Clone {
        (0..self.count()).filter_map(|at| self.entry(at))
    }

    /// The list as the facts have it, and the places of its entries by path; no places where they are listed so.
    pub(crate) const fn listed(&self) -> (Option<&'a Entries>, Option<&Vec<u32>>) {
        (self.listed, self.order.as_ref())
    }

    /// The commit and the path of each submodule, sorted.
    ///
    /// Cost: one look at each entry, once.
    pub(crate) fn submodules(&self) -> &[(&'a str, &'a str)] {
        self.submodules.get_or_init(|| {
            let submodules = self.entries().filter(|entry| entry.entry_type() == EntryType::Submodule);
            let mut sorted: Vec<_> = submodules.map(|entry| (entry.link_target(), entry.path())).collect();
            sorted.sort_unstable();
            sorted
        })
    }

    /// The paths of the submodules at a commit, sorted.
    pub(crate) fn submodules_at(&self, commit: &str) -> impl Iterator<Item = &'a str> {
        let all = self.submodules();
        let first = all.partition_point(|(own, _)| *own < commit);
        let here = all.get(first..).unwrap_or_default().iter().take_while(move |(own, _)| *own == commit);
        here.map(|(_, path)| *path)
    }

    pub(crate) fn find(&self, path: &str) -> Option<Entry<'a>> {
        let (mut from, mut to) = (0, self.count());
        while from < to {
            let middle = from.midpoint(to);
            let entry = self.entry(middle)?;
            match entry.path().cmp(path) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return Some(entry),
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }

    fn entry(&self, at: usize) -> Option<Entry<'a>> {
        let at = match &self.order {
            Some(order) => wide(*order.get(at)?),
            None => at,
        };
        self.listed?.entry(at)
    }
}

/// Whether two entries of source trees are the same: type, mode, content, link target.
pub(crate) fn same_entry(a: Option<Entry<'_>>, b: Option<Entry<'_>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            tells_content(a)
                && a.entry_type() == b.entry_type()
                && a.mode() == b.mode()
                && a.sha256() == b.sha256()
                && a.link_target() == b.link_target()
        }
        _ => false,
    }
}

/// A file without a digest and a submodule without a commit equal nothing.
pub(crate) fn tells_content(entry: Entry<'_>) -> bool {
    match entry.entry_type() {
        EntryType::File => entry.sha256().is_some(),
        EntryType::Submodule => !entry.link_target().is_empty(),
        _ => true,
    }
}

/// One path that differs between two trees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) path: &'a str,
    pub(crate) before: Option<Entry<'a>>,
    pub(crate) after: Option<Entry<'a>>,
}

/// The paths that differ, in path order.
pub(crate) fn diff<'a>(before: &Tree<'a>, after: &Tree<'a>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let mut old = before.entries().peekable();
    let mut new = after.entries().peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.path().cmp(b.path()),
        };
        let (before, after) = match order {
            std::cmp::Ordering::Less => (old.next(), None),
            std::cmp::Ordering::Greater => (None, new.next()),
            std::cmp::Ordering::Equal => (old.next(), new.next()),
        };
        if let Some(entry) = before.or(after)
            && !same_entry(before, after)
        {
            changes.push(Change { path: entry.path(), before, after });
        }
    }
}
