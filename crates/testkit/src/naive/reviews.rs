//! Section 3, reviews: who reviewed, which landing a review is bound to, whom it answers.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::glob::matches;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{EntryFact, Label, Review};

use super::cover::{LandingView, Merge};
use super::evidence::{Evidence, Known, Person, level};
use super::{any_glob, has_word};

/// A known review with its trees resolved.
pub(super) struct ReviewView<'a> {
    pub(super) review: &'a Review,
    /// Absent when the review has none; `Some(None)` when it does not resolve.
    pub(super) base: Option<Option<Sha256>>,
    pub(super) head: Option<Sha256>,
    /// Level and person of the reviewer when everything but target ref and binding holds.
    pub(super) valid: Option<(u8, Person<'a>)>,
}

impl<'a> ReviewView<'a> {
    pub(super) fn read(
        evidence: &Evidence<'a>,
        allowed: &BTreeSet<Label>,
        known: &Known<'a>,
        review: &'a Review,
    ) -> Self {
        let resolve = |tree| evidence.resolve(&review.repository, tree, allowed);
        Self {
            review,
            base: review.base.as_ref().map(resolve),
            head: resolve(&review.head),
            valid: validity(evidence, allowed, known, review),
        }
    }

    /// The same review as one that names authors: its trees resolve whether `sha1-join` is allowed or not.
    pub(super) fn anyhow(&self, evidence: &Evidence<'a>) -> Self {
        let resolve = |tree| evidence.resolve_anyhow(&self.review.repository, tree);
        Self {
            review: self.review,
            base: self.review.base.as_ref().map(resolve),
            head: resolve(&self.review.head),
            valid: None,
        }
    }

    /// Rule target-ref.
    pub(super) fn is_meant_for(&self, evidence: &Evidence, landing: &LandingView) -> bool {
        let refs = evidence.product.map_or(&[][..], |row| &row.refs);
        self.review.repository == landing.landing.repository
            && (self.review.target_ref == landing.landing.target_ref || any_glob(refs, &self.review.target_ref))
    }

    /// T1: the same two trees.
    fn is_same_change(&self, landing: &LandingView) -> bool {
        let base_is_from = match (self.base, landing.landing.from.is_some()) {
            (None, from_present) => !from_present,
            (Some(base), _) => base == Some(landing.from),
        };
        base_is_from && self.head == Some(landing.to)
    }

    /// T2: `merge3(A, base, head)` is B.
    fn is_merged(&self, evidence: &Evidence, landing: &LandingView) -> bool {
        let (Some(Some(base)), Some(head)) = (self.base, self.head) else { return false };
        is_merge3(evidence, landing, landing.merge, base, head)
    }

    /// T1 or T2, whatever else the review lacks; asked of a view made by `anyhow`.
    pub(super) fn binds_by_trees(&self, evidence: &Evidence, landing: &LandingView) -> bool {
        let merged = || match (self.base, self.head) {
            (Some(Some(base)), Some(head)) => is_merge3(evidence, landing, landing.merge_anyhow, base, head),
            _ => false,
        };
        self.is_same_change(landing) || merged()
    }

    /// Rule binding, with review-once.
    pub(super) fn is_bound(&self, evidence: &Evidence, landings: &[LandingView], landing: &LandingView) -> bool {
        let same = self.is_same_change(landing);
        (same || self.is_merged(evidence, landing)) && self.is_used_once(evidence, landings, landing, same)
    }

    /// Rule review-once: back along `prev`, as far as landings are found. A merge asks for the whole way, and that
    /// the review's base is on it.
    fn is_used_once(
        &self,
        evidence: &Evidence,
        landings: &[LandingView],
        landing: &LandingView,
        same_change: bool,
    ) -> bool {
        let (mut at, mut met) = (landing, false);
        // LIMIT: a walk longer than the landings there are meets itself.
        for _ in 0..=landings.len() {
            met |= self.base == Some(Some(at.from));
            let Some(before) = at.previous(landings) else {
                return same_change || (at.landing.prev.is_none() && met);
            };
            if self.is_bound(evidence, landings, before) {
                return false;
            }
            at = before;
        }
        false
    }

    /// Whether base -> head changes the path; without base, whether head has it.
    pub(super) fn changes(&self, evidence: &Evidence, path: &str) -> bool {
        let Some(head) = self.head.and_then(|head| evidence.entries(head)) else { return false };
        match self.base {
            None => entry(head, path).is_some(),
            Some(base) => base
                .and_then(|base| evidence.entries(base))
                .is_some_and(|base| !same_place(entry(base, path), entry(head, path))),
        }
    }
}

/// Rules review-authority, reviewer-human, reviewer-marks and reviewer-level.
fn validity<'a>(
    evidence: &Evidence<'a>,
    allowed: &BTreeSet<Label>,
    known: &Known<'a>,
    review: &'a Review,
) -> Option<(u8, Person<'a>)> {
    let reviewer = &review.reviewer;
    let human =
        reviewer.kind == ActorKind::Human && evidence.kind(&reviewer.principal, reviewer.kind) == ActorKind::Human;
    if !known.usable || !human {
        return None;
    }
    let person = evidence.person(&reviewer.principal)?;
    let mut best = None;
    for pair in &known.pairs {
        let (signer, row) = pair;
        if !has_word(&row.may, "review") || !any_glob(&row.repositories, &review.repository) {
            continue;
        }
        if signer.principal == reviewer.principal && evidence.pair_kind(pair) == ActorKind::Human {
            best = best.max(Some(level(pair)));
        }
        if has_word(&row.observer, &reviewer.method) && evidence.pair_kind(pair) != ActorKind::Agent {
            best = best.max(Some(level(pair).min(3)));
        }
    }
    let best = best?;
    let unmarked = review.marks.is_empty() || best == 4;
    let shown = best == 4 || allowed.contains(&Label::PresenceUnproven);
    (unmarked && shown && best >= evidence.facts.preset.reviewer_level).then_some((best, person))
}

/// The entry of a path.
pub(super) fn entry<'a>(entries: &'a [EntryFact], path: &str) -> Option<&'a EntryFact> {
    entries.iter().find(|entry| entry.path == path)
}

/// Whether two trees agree at a path.
pub(super) fn same_place(a: Option<&EntryFact>, b: Option<&EntryFact>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            let known = match a.entry_type {
                EntryType::File => a.sha256.is_some(),
                EntryType::Submodule => !a.link_target.is_empty(),
                _ => true,
            };
            known
                && a.entry_type == b.entry_type
                && a.mode == b.mode
                && a.sha256 == b.sha256
                && a.link_target == b.link_target
        }
        _ => false,
    }
}

/// Whether the three-way merge of A and `head` with `base` as ancestor is B. Where both sides changed a path the
/// observer's recomputation of exactly this merge decides.
pub(super) fn is_merge3(
    evidence: &Evidence,
    landing: &LandingView,
    merge: Option<Merge>,
    base: Sha256,
    head: Sha256,
) -> bool {
    let trees = (landing.before, evidence.entries(base), evidence.entries(head), landing.after);
    let (Some(ours), Some(older), Some(theirs), Some(result)) = trees else { return false };
    let stated = merge.is_some_and(|merge| merge == [Some(head), Some(base), Some(landing.to)]);
    let every = ours.iter().chain(older).chain(theirs).chain(result);
    every.map(|entry| entry.path.as_str()).all(|path| {
        let (a, o, h) = (entry(ours, path), entry(older, path), entry(theirs, path));
        let merged = if same_place(h, o) {
            a
        } else if same_place(a, o) {
            h
        } else if same_place(a, h) {
            a
        } else {
            return stated;
        };
        same_place(merged, entry(result, path))
    })
}

/// Whether a scope holds a path.
pub(super) fn holds(scope: &[String], path: &str) -> bool {
    scope.iter().any(|glob| matches(glob, path))
}
