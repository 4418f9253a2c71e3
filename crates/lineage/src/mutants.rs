//! Solving with one rule dropped or negated: to show that every rule matters. For tests only.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::facts::Facts;

use crate::cover::Cover;
use crate::outcome::Outcome;
use crate::rules::Rules;
pub use crate::rules::{Mutation, Rule};
use crate::run::{Run, git_roots};
use crate::solve::{allowed_labels, solve_under};
use crate::world::World;

/// Solves with one rule changed.
#[must_use]
pub fn solve_with(facts: &Facts, mutation: Mutation) -> Outcome {
    solve_under(facts, Rules::with(mutation))
}

/// The paths that the solver leaves without cover, by landing that counts and is ours; `None` where it can compute none.
#[must_use]
pub fn uncovered_by_landing(facts: &Facts) -> BTreeMap<StatementDigest, Option<BTreeSet<String>>> {
    let world = World::new(facts, Rules::default());
    let roots = git_roots(&world);
    let run = Run::new(&world, &roots, allowed_labels(facts));
    let cover = Cover::new(&run);
    let landings = cover.landings.iter().enumerate().filter_map(|(at, landing)| {
        let uncovered = cover.uncovered(&run, at);
        let paths = uncovered.map(|paths| paths.into_keys().map(str::to_owned).collect());
        Some((world.known.get(landing.statement)?.digest(), paths))
    });
    landings.collect()
}
