//! Merges that bring in what another ref landed.
//!
//! SPEC: docs/rules.md section 3, **head-landed**.

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::MergeOf;
use rustc_hash::FxHashMap;

use super::Cover;
use super::chains::Chains;
use crate::landing::LandingInfo;
use crate::run::Run;

/// How the change of a merge came onto another ref.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// The landing that made the tree that was merged in.
    pub(crate) landed: usize,
    /// That landing, or one before it: the change begins with it.
    pub(crate) since: usize,
}

/// Merges that landed, by repository, ref and the tree that they merged in.
type Merged<'a> = FxHashMap<(&'a str, &'a str, Sha256), Vec<usize>>;

/// The mode of a merge whose base is the true merge base.
const MERGE: &str = "merge";

impl<'a> Cover<'a> {
    /// For each landing: the ways on which the change that it merged may have come onto another ref; none for what is no such merge.
    pub(super) fn ways(&self, run: &Run<'_, 'a>, chains: &Chains) -> Vec<Vec<Way>> {
        let mut merged: Merged<'a> = FxHashMap::default();
        for (at, landing) in self.landings.iter().enumerate() {
            // It can only take cover away, so it counts whatever the labels allow.
            if let Some(head) =
                merge_of(landing).and_then(|merge| run.resolve_any(&landing.body.repository, &merge.head))
            {
                let place = (landing.body.repository.as_str(), landing.body.target_ref.as_str(), head);
                merged.entry(place).or_default().push(at);
            }
        }
        (0..self.landings.len()).map(|at| self.ways_of(run, at, &merged, chains).unwrap_or_default()).collect()
    }

    /// The first way of which each landing is covered by itself: not by a tree that was covered elsewhere and is gone back to here.
    pub(super) fn covered_way(&self, at: usize) -> Option<Way> {
        let is_covered = |way: &&Way| self.steps(**way).all(|step| self.settled.get(step) == Some(&true));
        self.ways.get(at)?.iter().find(is_covered).copied()
    }

    /// The landings of a way, the last first.
    pub(crate) fn steps(&self, way: Way) -> impl Iterator<Item = usize> {
        let before = move |at: &usize| self.landings.get(*at)?.prev.filter(|_| *at != way.since);
        // LIMIT: a walk longer than the landings there are meets itself.
        std::iter::successors(Some(way.landed), before).take(self.landings.len())
    }

    fn ways_of(&self, run: &Run<'_, 'a>, at: usize, merged: &Merged<'a>, chains: &Chains) -> Option<Vec<Way>> {
        let landing = self.landings.get(at).filter(|_| chains.complete(at))?;
        let merge = merge_of(landing)?;
        let repository = landing.body.repository.as_str();
        let (head, base) = (run.resolve(repository, &merge.head)?, run.resolve(repository, &merge.base)?);
        let was_merged = |tree: Sha256| {
            let before = merged.get(&(repository, landing.body.target_ref.as_str(), tree));
            before.into_iter().flatten().any(|before| *before != at && chains.is_on_way(*before, at))
        };
        if !chains.started_from(&base, at) && !was_merged(base) {
            return None;
        }
        let elsewhere = |other: &&usize| {
            self.landings.get(**other).is_some_and(|other| other.body.target_ref != landing.body.target_ref)
        };
        let landed = self.to_tree.get(&(repository, head)).into_iter().flatten().filter(elsewhere);
        let ways = landed.filter_map(|landed| {
            let mut since = *landed;
            // LIMIT: a walk longer than the landings there are meets itself.
            for _ in 0..=self.landings.len() {
                let step = self.landings.get(since).filter(|step| !was_merged(step.to))?;
                if self.comes_again(since, at, chains) {
                    return None;
                }
                let other = merge_of(step);
                if other.is_some_and(|merge| run.resolve(repository, &merge.head) == Some(base)) {
                    return Some(Way { landed: *landed, since });
                }
                // The merge base is what the ref merged last of the other one, not what it merged before.
                let other = other.and_then(|merge| run.resolve_any(repository, &merge.head));
                if other.is_some_and(|other| chains.started_from(&other, at)) {
                    return None;
                }
                if step.body.from.is_some() && step.from == base {
                    return Some(Way { landed: *landed, since });
                }
                since = step.prev?;
            }
            None
        });
        Some(ways.collect())
    }
}

impl Cover<'_> {
    /// Whether a step of a way brings in what a review let in here before: to come again it needs a review of its own.
    ///
    /// What the merge does not change is here still, so it does not come again.
    fn comes_again(&self, step: usize, at: usize, chains: &Chains) -> bool {
        let (Some(step), Some(merge)) = (self.landings.get(step), self.landings.get(at)) else { return false };
        let held_here = |review: &usize| {
            let held = self.held_by.get(*review).into_iter().flatten();
            held.into_iter().any(|other| *other != at && chains.is_on_way(*other, at))
        };
        if !step.holds.iter().any(held_here) {
            return false;
        }
        let (Some(own), Some(merged)) = (&step.changes, &merge.changes) else { return true };
        let is_merged = |path: &str| merged.binary_search_by(|change| change.path.cmp(path)).is_ok();
        own.iter().any(|change| is_merged(change.path))
    }
}

/// What a landing merged in; absent for what is no merge of two branches.
fn merge_of<'a>(landing: &LandingInfo<'a>) -> Option<&'a MergeOf> {
    landing.body.merge_of.as_ref().filter(|merge| merge.mode == MERGE)
}
