//! Places and revisions: the trees of steps, and the sets of covered trees, each once, as small numbers.

use rustc_hash::FxHashMap;

use super::Standing;
use crate::cover::Place;
use crate::order::{short, wide};
use crate::rules::Rule;
use crate::run::Run;

/// Trees that are materials, by number.
#[derive(Default)]
pub(super) struct Places<'a> {
    places: Vec<Place<'a>>,
    /// How a tree stands: its number, and whether it is covered.
    standings: FxHashMap<Place<'a>, Standing>,
}

impl<'a> Places<'a> {
    /// How a tree stands; `covered` is asked once for each.
    pub(super) fn standing(&mut self, place: Place<'a>, covered: impl FnOnce() -> bool) -> Standing {
        let places = &mut self.places;
        *self.standings.entry(place).or_insert_with(|| {
            let number = short(places.len());
            places.push(place);
            if covered() { Standing::Tree(number) } else { Standing::BadTree(number) }
        })
    }

    /// The tree of a number.
    pub(super) fn get(&self, number: usize) -> Option<Place<'a>> {
        self.places.get(number).copied()
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }
}

/// Sets of covered trees, by number.
#[derive(Default)]
pub(super) struct Revisions {
    sets: Vec<Vec<u32>>,
    numbers: FxHashMap<Vec<u32>, u32>,
}

impl Revisions {
    /// The number of the trees among the standings of a step.
    pub(super) fn number(&mut self, standings: &[Standing]) -> u32 {
        let trees = standings.iter().filter_map(|standing| match standing {
            Standing::Tree(place) => Some(*place),
            _ => None,
        });
        let mut set: Vec<u32> = trees.collect();
        set.sort_unstable();
        set.dedup();
        if let Some(known) = self.numbers.get(&set) {
            return *known;
        }
        let number = short(self.sets.len());
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    /// Whether each tree behind a product is a tree of the step that reads it.
    pub(super) fn same(&self, run: &Run<'_, '_>, maker: u32, reader: u32) -> bool {
        let same = maker == reader
            || match (self.sets.get(wide(maker)), self.sets.get(wide(reader))) {
                (Some(made), Some(read)) => made.iter().all(|place| read.binary_search(place).is_ok()),
                _ => false,
            };
        run.world.rules.demand(Rule::OneRevision, same)
    }
}
