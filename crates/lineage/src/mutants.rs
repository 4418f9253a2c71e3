//! Solving with one rule dropped or negated: to show that every rule matters. For tests only.

use lasthand_model::wire::facts::Facts;

use crate::outcome::Outcome;
use crate::rules::Rules;
pub use crate::rules::{Mutation, Rule};
use crate::solve::solve_under;

/// Solves with one rule changed.
#[must_use]
pub fn solve_with(facts: &Facts, mutation: Mutation) -> Outcome {
    solve_under(facts, Rules::with(mutation))
}
