//! Reviews: who approved, and does it count.
//!
//! SPEC: docs/rules.md section 3, "Reviews that hold for L".

use std::rc::Rc;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, Label, Review};

use crate::finding::FindingId;
use crate::level;
use crate::rules::Rule;
use crate::run::Run;
use crate::trees::Change;
use crate::world::{Known, any_glob, may, observes, speaks_of};

/// A known review, with what does not depend on a landing.
pub(crate) struct ReviewInfo<'a> {
    /// Index in `World::known`.
    pub(crate) statement: usize,
    pub(crate) body: &'a Review,
    /// Resolved base: `None` when it does not resolve, `Some(None)` for a review of a whole tree.
    pub(crate) base: Option<Option<Sha256>>,
    pub(crate) head: Option<Sha256>,
    /// What base -> head changes; absent when an inventory is missing.
    pub(crate) changes: Option<Rc<Vec<Change<'a>>>>,
    /// Person row of the reviewer.
    pub(crate) person: Option<usize>,
    /// Level of the reviewer, when the review has authority.
    pub(crate) level: Option<u8>,
    /// Why it counts for no landing at all, if so.
    pub(crate) fault: Option<FindingId>,
}

impl<'a> ReviewInfo<'a> {
    /// The entry changes of a path, when base -> head changes it.
    pub(crate) fn changes_path(&self, path: &str) -> bool {
        self.changes.as_ref().is_some_and(|changes| changes.binary_search_by(|change| change.path.cmp(path)).is_ok())
    }

    pub(crate) fn in_scope(&self, path: &str) -> bool {
        any_glob(&self.body.scope, path)
    }
}

/// Reads every known review.
pub(crate) fn collect<'a>(run: &Run<'_, 'a>) -> Vec<ReviewInfo<'a>> {
    let mut reviews = Vec::new();
    for (at, statement, body) in run.world.each(&run.world.by_subject.reviews) {
        if let Body::Review(body) = body {
            reviews.push(read(run, at, statement, body));
        }
    }
    reviews
}

fn read<'a>(run: &Run<'_, 'a>, at: usize, statement: &Known<'a>, body: &'a Review) -> ReviewInfo<'a> {
    let world = run.world;
    let base = match &body.base {
        None => Some(None),
        Some(tree) => run.resolve_any(&body.repository, tree).map(Some),
    };
    let head = run.resolve_any(&body.repository, &body.head);
    let changes = match (base, head) {
        (Some(base), Some(head)) => world.diff(base.unwrap_or(world.empty_root), head),
        _ => None,
    };
    let level = authority(run, statement, body);
    let fault = statement.fault.or_else(|| fault(run, statement, body, level));
    ReviewInfo {
        statement: at,
        body,
        base,
        head,
        changes,
        person: world.person(&body.reviewer.principal),
        level,
        fault,
    }
}

/// The best level at which a signer may state this review.
fn authority(run: &Run<'_, '_>, statement: &Known<'_>, body: &Review) -> Option<u8> {
    statement
        .pairs
        .iter()
        .filter(|pair| may(pair.row, "review") && speaks_of(pair.row, &body.repository))
        .filter_map(|pair| {
            let own = pair.signer.principal == body.reviewer.principal && pair.kind == ActorKind::Human;
            let observed = observes(pair.row, &body.reviewer.method) && pair.kind != ActorKind::Agent;
            if own {
                Some(pair.level)
            } else if observed {
                Some(level::of_observed(pair.level))
            } else {
                None
            }
        })
        .max()
        .or_else(|| {
            // Only a mutant believes a review that nobody had authority for.
            run.world.rules.demand(Rule::ReviewAuthority, false).then_some(3)
        })
}

fn fault<'a>(run: &Run<'_, 'a>, statement: &Known<'a>, body: &'a Review, level: Option<u8>) -> Option<FindingId> {
    let world = run.world;
    let rules = world.rules;
    if world.revoked(&body.reviewer.principal, statement.fact) {
        return Some(FindingId::Revoked);
    }
    if !rules.demand(Rule::ReviewAuthority, level.is_some()) {
        return Some(FindingId::NoAuthority);
    }
    let level = level.unwrap_or(0);
    let reviewer = &body.reviewer;
    let human = reviewer.kind == ActorKind::Human && {
        let rows = world.rows(&reviewer.principal);
        !rows.agent && !rows.automation
    };
    if !rules.demand(Rule::ReviewerMarks, body.marks.is_empty() || level >= 4) {
        return Some(FindingId::BorrowedIdentity);
    }
    if !rules.demand(Rule::ReviewerHuman, human && world.person(&reviewer.principal).is_some()) {
        return Some(FindingId::NotAReview);
    }
    if !rules.demand(Rule::ReviewerLevel, level >= world.facts.preset.reviewer_level) {
        return Some(FindingId::NotAReview);
    }
    if level < 4 && !run.label(Label::PresenceUnproven) {
        return Some(FindingId::PresenceUnproven);
    }
    let by_sha1 = body.head.root.is_none() || body.base.as_ref().is_some_and(|base| base.root.is_none());
    (by_sha1 && !run.label(Label::Sha1Join)).then_some(FindingId::Sha1Join)
}
