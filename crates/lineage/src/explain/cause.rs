//! Why a path lost cover at a landing, and by which review, if one was meant for it.
//!
//! SPEC: docs/rules.md section 9, "Tree".

use crate::cover::Cover;
use crate::finding::FindingId;
use crate::landing::LandingInfo;
use crate::run::Run;
use crate::trees::same_entry;

/// A finding, and the review that it is about.
pub(super) struct Cause {
    pub(super) id: FindingId,
    /// Index in `Cover::reviews`.
    pub(super) review: Option<usize>,
}

/// Why a path lost cover at a landing.
pub(super) fn of<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, at: usize, landing: &LandingInfo<'a>, path: &str) -> Cause {
    let without_review = |id| Cause { id, review: None };
    if !landing.authors_complete {
        return without_review(FindingId::AuthorsIncomplete);
    }
    if !cover.duties(run, landing, path) {
        return without_review(FindingId::Duties);
    }
    if landing.bound.is_empty() {
        if reviewed_another_merge(run, cover, landing) {
            return without_review(FindingId::EvilMerge);
        }
        if reviewed_elsewhere(run, cover, landing, path) {
            return without_review(FindingId::DoesNotBind);
        }
        let agent = landing.agent_touched();
        return without_review(if agent { FindingId::AgentChangeUnreviewed } else { FindingId::UnreviewedChange });
    }
    of_bound(run, cover, at, landing, path)
}

/// Reviews meet the landing: which of their conditions fails first.
fn of_bound<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, at: usize, landing: &LandingInfo<'a>, path: &str) -> Cause {
    let review = |at: &usize| cover.reviews.get(*at);
    let faults: Vec<(usize, FindingId)> =
        landing.bound.iter().filter_map(|at| Some((*at, review(at)?.fault?))).collect();
    if faults.len() == landing.bound.len() {
        return worst_fault(&faults);
    }
    let mut left: Vec<usize> = landing.bound.clone();
    left.retain(|at| review(at).is_some_and(|r| r.fault.is_none()));
    let stages: [(FindingId, &dyn Fn(usize) -> bool); 4] = [
        (FindingId::OtherRef, &|r| review(&r).is_some_and(|r| cover.target_ref(run, r, landing))),
        (FindingId::ReviewReused, &|r| cover.holds_once(at, r)),
        (FindingId::OutOfScope, &|r| review(&r).is_some_and(|r| r.in_scope(path))),
        (FindingId::EvilMerge, &|r| review(&r).is_some_and(|r| r.changes_path(path))),
    ];
    for (id, holds) in stages {
        let first = left.first().copied();
        left.retain(|r| holds(*r));
        if left.is_empty() {
            return Cause { id, review: first };
        }
    }
    Cause { id: FindingId::NotIndependent, review: left.first().copied() }
}

/// Why no review counts, in the order of the page.
fn worst_fault(faults: &[(usize, FindingId)]) -> Cause {
    let find = |wanted: &[FindingId]| {
        let found = wanted.iter().find_map(|id| faults.iter().find(|(_, fault)| fault == id));
        found.map(|(review, id)| Cause { id: *id, review: Some(*review) })
    };
    let unusable = [FindingId::Simulated, FindingId::Revoked, FindingId::Credential, FindingId::NoAuthority];
    let first = faults.first().map(|(review, _)| *review);
    if faults.iter().all(|(_, id)| unusable.contains(id)) {
        return find(&unusable).unwrap_or(Cause { id: FindingId::NoAuthority, review: first });
    }
    let judged = faults.iter().find(|(_, id)| !unusable.contains(id)).map(|(review, _)| *review);
    find(&[FindingId::BorrowedIdentity, FindingId::PresenceUnproven, FindingId::Sha1Join])
        .unwrap_or(Cause { id: FindingId::NotAReview, review: judged })
}

/// Whether a sound review, meant for the landing, made the same of a path in other trees.
fn reviewed_elsewhere<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, landing: &LandingInfo<'a>, path: &str) -> bool {
    let made = run.world.trees.get(&landing.to).and_then(|tree| tree.find(path));
    cover.reviews.iter().any(|review| {
        review.fault.is_none()
            && review.body.base.is_some()
            && cover.target_ref(run, review, landing)
            && review.changes_path(path)
            && review.head.and_then(|head| run.world.trees.get(&head)).is_some_and(|head| {
                let approved = head.find(path);
                (made.is_none() && approved.is_none()) || same_entry(made, approved)
            })
    })
}

/// Whether a known review approved what the landing merged, while the landing is not that merge.
fn reviewed_another_merge<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, landing: &LandingInfo<'a>) -> bool {
    let Some(merge) = &landing.body.merge_of else { return false };
    let repository = &landing.body.repository;
    let resolve = |tree| run.resolve_any(repository, tree);
    let (head, base) = (resolve(&merge.head), resolve(&merge.base));
    resolve(&merge.result) != Some(landing.to)
        && cover.reviews.iter().any(|review| {
            review.body.repository == landing.body.repository
                && review.head.is_some()
                && review.head == head
                && review.base == base.map(Some)
        })
}
