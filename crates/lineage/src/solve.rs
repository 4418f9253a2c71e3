//! From facts to an outcome: labels first, then proof or frontier.
//!
//! SPEC: docs/rules.md section 6, "Verdict" and "Labels".

use std::sync::Arc;

use lasthand_model::glob;
use lasthand_model::wire::facts::{Facts, Label};

use crate::accept::{self, Decision};
use crate::explain;
use crate::files;
use crate::finding::{Finding, FindingId, Place, Severity};
use crate::inputs;
use crate::labels::{LabelSet, TAKE_AWAY, finding_of};
use crate::message;
use crate::outcome::{Outcome, Verdict};
use crate::proof;
use crate::rules::Rules;
use crate::run::{Run, git_roots};
use crate::steps;
use crate::world::{Known, World};

/// Decides the question of a facts document.
///
/// In: facts whose signatures hold and whose inventories were recomputed from bytes.
/// Out: the verdict with labels, findings, a verdict per file, and the proof or the frontier.
/// Cost: linear in statements, materials, products and entries for each label that matters (at most six).
#[must_use]
pub fn solve(facts: &Facts) -> Outcome {
    solve_under(facts, Rules::default())
}

pub(crate) fn solve_under(facts: &Facts, rules: Rules) -> Outcome {
    let world = World::new(facts, rules);
    let allowed = allowed_labels(facts);
    let roots = git_roots(&world);
    let run = Run::new(&world, &roots, allowed);
    let decision = accept::decide(&run);
    if decision.accepted() {
        let (run, decision, labels) = fewest_labels(run, decision, allowed);
        return accepted(&world, &run, &decision, labels);
    }
    not_accepted(&world, &run, &decision)
}

/// Labels that preset and waivers allow.
pub(crate) fn allowed_labels(facts: &Facts) -> LabelSet {
    let mut allowed = LabelSet::default();
    for label in &facts.preset.allow_labels {
        allowed = allowed.with(*label);
    }
    for waiver in &facts.trust.waivers {
        let about = waiver.products.iter().any(|pattern| glob::matches(pattern, &facts.question.product));
        if about && waiver.expires > facts.now && waiver.finding != Label::Solo {
            allowed = allowed.with(waiver.finding);
        }
    }
    allowed
}

/// Takes labels away one by one while the answer stays accepted.
fn fewest_labels<'w, 'a>(
    run: Run<'w, 'a>,
    decision: Decision<'a>,
    allowed: LabelSet,
) -> (Run<'w, 'a>, Decision<'a>, Vec<Label>) {
    let (mut run, mut decision, mut kept) = (run, decision, allowed);
    for label in TAKE_AWAY {
        if !kept.contains(label) {
            continue;
        }
        if !run.consulted().contains(label) {
            kept = kept.without(label);
            continue;
        }
        let (next_run, next) = if steps::carries(label) {
            let next_run = run.narrowed(kept.without(label));
            let next = accept::decide_again(&next_run, &decision);
            (next_run, next)
        } else {
            let next_run = run.under(kept.without(label));
            let next = accept::decide(&next_run);
            (next_run, next)
        };
        if next.accepted() {
            kept = kept.without(label);
            (run, decision) = (next_run, next);
        }
    }
    let labels = TAKE_AWAY.into_iter().filter(|label| kept.contains(*label)).collect();
    (run, decision, labels)
}

fn accepted<'a>(world: &World<'a>, run: &Run<'_, 'a>, decision: &Decision<'a>, labels: Vec<Label>) -> Outcome {
    let mut findings: Vec<Finding> = labels
        .iter()
        .map(|label| {
            let id = finding_of(*label);
            let place = Place::default();
            Finding { severity: Severity::Warning, id, message: message::of(id, &place, &[]), place }
        })
        .collect();
    findings.extend(notes(world, decision));
    findings.sort();
    let files = Arc::new(files::answers(run, decision, Verdict::Accepted));
    Outcome {
        verdict: Verdict::Accepted,
        authors: files::authors(run, decision, &files),
        files,
        inputs: inputs::inputs(run, decision),
        proof: proof::of_acceptance(run, decision),
        labels,
        findings,
        frontier: Vec::new(),
        unused: unused(world),
    }
}

fn not_accepted<'a>(world: &World<'a>, run: &Run<'_, 'a>, decision: &Decision<'a>) -> Outcome {
    let exception = world.product.filter(|_| !accept::withdrawn(world)).and_then(|_| accept::exception(world));
    let frontier = explain::frontier(run, decision);
    let only_lists = decision.goal.is_some() && decision.refusals.is_empty();
    let nothing_named =
        decision.refusals.is_empty() && frontier.iter().any(|item| item.finding.id == FindingId::NoEvidence);
    let verdict = if exception.is_some() {
        Verdict::Exception
    } else if only_lists || nothing_named {
        Verdict::Undecided
    } else {
        Verdict::Refused
    };
    let mut findings: Vec<Finding> = frontier.iter().map(|item| item.finding.clone()).collect();
    findings.extend(notes(world, decision));
    findings.sort();
    findings.dedup();
    let files = Arc::new(files::answers(run, decision, verdict));
    Outcome {
        verdict,
        labels: Vec::new(),
        authors: files::authors(run, decision, &files),
        files,
        inputs: inputs::inputs(run, decision),
        proof: exception.map(proof::of_exception).unwrap_or_default(),
        frontier,
        findings,
        unused: unused(world),
    }
}

/// Findings that refuse nothing.
fn notes<'a>(world: &World<'a>, decision: &Decision<'a>) -> Vec<Finding> {
    let mut notes = Vec::new();
    if world.product.is_none() {
        return notes;
    }
    for other in accept::standing_privileges(world) {
        let place = Place { evidence: Some(other.digest()), ..Place::default() };
        let id = FindingId::StandingPrivilege;
        notes.push(Finding { severity: Severity::Warning, id, message: message::of(id, &place, &[]), place });
    }
    for at in decision.cover.landings.iter().flat_map(|landing| &landing.borrowed) {
        let step = world.known.get(*at).map(Known::digest);
        let place = Place { step, evidence: step, ..Place::default() };
        let id = FindingId::BorrowedIdentity;
        notes.push(Finding { severity: Severity::Note, id, message: message::of(id, &place, &[]), place });
    }
    if !world.facts.preset.refuse_reverted {
        for landing in decision.reverted.iter().filter_map(|at| decision.cover.landings.get(*at)) {
            let step = world.known.get(landing.statement).map(Known::digest);
            let place = Place { step, evidence: step, ..Place::default() };
            let id = FindingId::RevertedUnreviewed;
            notes.push(Finding { severity: Severity::Note, id, message: message::of(id, &place, &[]), place });
        }
    }
    notes
}

/// Statements that count for nothing.
fn unused(world: &World<'_>) -> Vec<(lasthand_model::digest::StatementDigest, String)> {
    let unknown = world.unknown.iter().map(|(digest, reason)| (*digest, (*reason).to_owned()));
    let mut faulty: Vec<usize> =
        (0..world.known.len()).filter(|at| world.known.get(*at).is_some_and(|statement| !statement.usable())).collect();
    faulty.sort_unstable_by_key(|at| world.rank(*at));
    let faulty = faulty.into_iter().filter_map(|at| {
        let statement = world.known.get(at)?;
        let id = statement.fault?;
        let place = Place { step: Some(statement.digest()), ..Place::default() };
        Some((statement.digest(), format!("{id} {}: {}", id.name(), message::of(id, &place, &[]))))
    });
    unknown.chain(faulty).collect()
}
