//! Entries of wholly covered trees: for the rule **heal**.

use std::rc::Rc;

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::Entry;
use rustc_hash::FxHashSet;

use super::Place;
use crate::trees::{Change, tells_content};
use crate::world::World;

/// A path of a repository, and all that makes two entries the same.
type Version<'a> = (&'a str, &'a str, EntryType, u32, Option<FileDigest>, &'a str);

/// Where more versions come from.
enum Source<'a> {
    Tree(Sha256),
    Changes(Rc<Vec<Change<'a>>>),
}

/// Entries of wholly covered trees. Few chains need healing, so nothing is indexed before somebody asks.
#[derive(Default)]
pub(super) struct Versions<'a> {
    added: Vec<(&'a str, Source<'a>)>,
    seen: FxHashSet<Version<'a>>,
}

impl<'a> Versions<'a> {
    /// Adds all entries of a tree.
    pub(super) fn add_tree(&mut self, (repository, tree): Place<'a>) {
        self.added.push((repository, Source::Tree(tree)));
    }

    /// Adds what a landing changed.
    pub(super) fn add_changes(&mut self, repository: &'a str, changes: &Rc<Vec<Change<'a>>>) {
        self.added.push((repository, Source::Changes(Rc::clone(changes))));
    }

    /// Whether some wholly covered tree of a repository has exactly this entry.
    pub(super) fn holds(&mut self, world: &World<'a>, repository: &'a str, entry: Entry<'a>) -> bool {
        for (repository, source) in std::mem::take(&mut self.added) {
            match source {
                Source::Tree(tree) => {
                    let entries = world.trees.get(&tree).into_iter().flat_map(|tree| tree.entries());
                    self.seen.extend(entries.map(|entry| version(repository, entry)));
                }
                Source::Changes(changes) => {
                    let entries = changes.iter().filter_map(|change| change.after);
                    self.seen.extend(entries.map(|entry| version(repository, entry)));
                }
            }
        }
        tells_content(entry) && self.seen.contains(&version(repository, entry))
    }
}

fn version<'a>(repository: &'a str, entry: Entry<'a>) -> Version<'a> {
    (repository, entry.path(), entry.entry_type(), entry.mode(), entry.sha256(), entry.link_target())
}
