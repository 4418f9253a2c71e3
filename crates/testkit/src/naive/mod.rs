//! The rules of `docs/rules.md` once more, naively: whole tables, linear scans, recomputed until nothing changes.
//!
//! Shares nothing with the `lineage` crate but the types of `model`, so that one mistake is not made twice.
//! Gives verdict and labels only; findings, files, proof and frontier are not its business.
//!
//! **Readings.** Nothing here is taken from what `lineage` answers. Where the page leaves a reading open, this one is chosen:
//! - A file of a container without `sha256` has the content of no material, as in section 3.
//! - Who has an entry without sponsor stands for the entries with role sponsor, also when another entry of his has one.
//! - In a whole-tree review the kinds and sponsors of its authors are pooled with those of the landing.
//! - Of near matches alike in differences, root and prefix the landing with the smallest digest counts.
//! - `merge_of` resolves under `sha1-join` alone where it lets a conflict through, always where it names authors.
//! - Of the highest sequence the released list with the smallest digest counts, taken back or not; a step is behind
//!   another only when its product is clean there.
//! - `prev` has no circle: a digest cannot name a statement that names it.

mod accept;
mod archive;
mod authors;
mod cover;
mod evidence;
mod image;
mod reviews;
mod steps;

use std::collections::BTreeSet;

use lasthand_model::glob::matches;
use lasthand_model::wire::facts::{Facts, Label};

use evidence::Evidence;

/// What the naive solver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaiveAnswer {
    /// `accepted`, `exception`, `refused` or `undecided`.
    pub verdict: &'static str,
    /// For an acceptance: the labels that no derivation avoids.
    pub labels: BTreeSet<Label>,
}

/// Labels in the order in which they are taken away.
///
/// SPEC: docs/rules.md section 6, "Labels".
const TAKEN_AWAY: [Label; 6] = [
    Label::AgentMarks,
    Label::UnpinnedInput,
    Label::InputsNotBounded,
    Label::Sha1Join,
    Label::PresenceUnproven,
    Label::Solo,
];

/// Solves one facts document.
///
/// Cost: some tens of microseconds for a world of ten statements and trees of five files; at least cubic beyond.
#[must_use]
pub fn solve(facts: &Facts) -> NaiveAnswer {
    let evidence = Evidence::read(facts);
    let mut allowed = allowed_labels(facts);
    let verdict = accept::decide(&evidence, &allowed);
    if verdict != "accepted" {
        return NaiveAnswer { verdict, labels: BTreeSet::new() };
    }
    for label in TAKEN_AWAY {
        if allowed.remove(&label) && accept::decide(&evidence, &allowed) != "accepted" {
            allowed.insert(label);
        }
    }
    NaiveAnswer { verdict, labels: allowed }
}

fn allowed_labels(facts: &Facts) -> BTreeSet<Label> {
    let mut allowed: BTreeSet<Label> = facts.preset.allow_labels.iter().copied().collect();
    for waiver in &facts.trust.waivers {
        let ours = any_glob(&waiver.products, &facts.question.product);
        if ours && waiver.expires > facts.now && waiver.finding != Label::Solo {
            allowed.insert(waiver.finding);
        }
    }
    allowed
}

fn any_glob(globs: &[String], text: &str) -> bool {
    globs.iter().any(|glob| matches(glob, text))
}

fn has_word(words: &[String], word: &str) -> bool {
    words.iter().any(|other| other == word)
}
