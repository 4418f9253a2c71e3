//! Revisions: the covered trees of steps, each set of them once, as small numbers.

use rustc_hash::FxHashMap;

use super::Standing;
use crate::cover::Place;
use crate::rules::Rule;
use crate::run::Run;

/// Sets of covered trees, by number.
#[derive(Default)]
pub(super) struct Revisions<'a> {
    sets: Vec<Vec<Place<'a>>>,
    numbers: FxHashMap<Vec<Place<'a>>, usize>,
}

impl<'a> Revisions<'a> {
    /// The number of the trees among the standings of a step.
    pub(super) fn number(&mut self, standings: &[Standing<'a>]) -> usize {
        let trees = standings.iter().filter_map(|standing| match standing {
            Standing::Tree(place) => Some(*place),
            _ => None,
        });
        let mut set: Vec<Place<'a>> = trees.collect();
        set.sort_unstable();
        set.dedup();
        if let Some(known) = self.numbers.get(&set) {
            return *known;
        }
        self.sets.push(set.clone());
        self.numbers.insert(set, self.sets.len() - 1);
        self.sets.len() - 1
    }

    /// Whether each tree behind a product is a tree of the step that reads it.
    pub(super) fn same(&self, run: &Run<'_, 'a>, maker: usize, reader: usize) -> bool {
        let same = maker == reader
            || match (self.sets.get(maker), self.sets.get(reader)) {
                (Some(made), Some(read)) => made.iter().all(|place| read.binary_search(place).is_ok()),
                _ => false,
            };
        run.world.rules.demand(Rule::OneRevision, same)
    }
}
