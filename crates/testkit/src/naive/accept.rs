//! Section 6: acceptance, exceptions and the verdict.

use std::collections::BTreeSet;

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{
    Act, Actor, Approval, Body, Label, List, ListEntry, ListKind, ProductRow, RequiredAct,
};

use super::archive::{archived_trees, has_near_match};
use super::cover::Cover;
use super::evidence::{Evidence, Known, level, stated_level};
use super::image;
use super::steps::Steps;
use super::{any_glob, has_word};

/// The verdict when exactly these labels are allowed.
pub(super) fn decide(evidence: &Evidence, allowed: &BTreeSet<Label>) -> &'static str {
    let asked = evidence.facts.question.digest.0;
    let cover = Cover::compute(evidence, allowed);
    let mut steps = Steps { evidence, allowed, cover: &cover, faithful: BTreeSet::new() };
    steps.settle();
    let mut trees = BTreeSet::new();
    let withdrawn = image::is_withdrawn(evidence);
    let proven = evidence.product.is_some_and(|product| {
        !withdrawn
            && is_proven(&steps, asked, &mut trees)
            && product.required.iter().all(|required| is_met(evidence, required))
            && !is_rolled_back(evidence, product)
            && !(evidence.facts.preset.refuse_reverted
                && trees.iter().any(|(repository, root)| cover.was_reverted_to(evidence, repository, *root)))
    });
    let listed = evidence
        .facts
        .preset
        .require_lists
        .iter()
        .all(|kind| evidence.current(*kind).is_some_and(|list| is_fresh(evidence, list)));
    if proven && listed {
        "accepted"
    } else if evidence.product.is_some_and(|product| !withdrawn && is_excepted(evidence, product)) {
        "exception"
    } else if evidence.product.is_some() && !withdrawn && (proven || !is_named(evidence, &cover)) {
        "undecided"
    } else {
        "refused"
    }
}

/// Whether a list that counts is young enough, by its own word and by the preset's.
fn is_fresh(evidence: &Evidence, list: &List) -> bool {
    let now = evidence.facts.now;
    let most = evidence.facts.preset.revocations_seconds;
    let old = list.kind == ListKind::Revocation && most.is_some_and(|most| now - list.issued_at > most);
    now <= list.fresh_until && !old
}

/// Whether another digest is released from a ref of the product, or from everywhere, and this one is not.
fn is_rolled_back(evidence: &Evidence, product: &ProductRow) -> bool {
    [evidence.current(ListKind::Released), evidence.last_released].into_iter().flatten().any(|list| {
        let mut released = Vec::new();
        for entry in &list.entries {
            let ListEntry::Released { target_ref, digest } = entry else { continue };
            if target_ref.is_empty() || any_glob(&product.refs, target_ref) {
                released.push(*digest);
            }
        }
        let names = image::names(evidence, evidence.facts.question.digest.0);
        !released.is_empty() && !released.iter().any(|digest| names.contains(&digest.0))
    })
}

/// Rule required-acts, of one act.
fn is_met(evidence: &Evidence, required: &RequiredAct) -> bool {
    let target = required.target.as_ref().or(evidence.facts.question.target.as_ref());
    evidence.known.iter().any(|known| match &known.statement.body {
        Body::Act(act) => {
            act.action == required.action
                && (target.is_none() || target == act.target.as_ref())
                && is_act_proven(evidence, known, act)
        }
        _ => false,
    })
}

/// Rule goal. Out: also the source trees of the proof.
fn is_proven(steps: &Steps, asked: Sha256, trees: &mut BTreeSet<(String, Sha256)>) -> bool {
    if is_made(steps, asked, trees) {
        return true;
    }
    let members = steps.evidence.facts.indexes.get(&ArtifactDigest(asked)).into_iter().flatten();
    let mut counted = members.filter(|member| member.platform != "unknown/unknown").peekable();
    counted.peek().is_some() && counted.all(|member| is_made(steps, member.digest.0, trees))
}

/// The ways of rule goal that are no index.
fn is_made(steps: &Steps, asked: Sha256, trees: &mut BTreeSet<(String, Sha256)>) -> bool {
    let proving = steps.proving(asked);
    if let Some(step) = proving {
        steps.source_trees(step, trees);
        return true;
    }
    let archived = archived_trees(steps.evidence, steps.cover, asked);
    trees.extend(archived.iter().cloned());
    !archived.is_empty()
}

fn is_act_proven(evidence: &Evidence, known: &Known, act: &Act) -> bool {
    let preset = &evidence.facts.preset;
    let performers = || act.actors.iter().filter(|actor| actor.role == Role::Performer);
    known.usable
        && act.product == evidence.name
        && act.digest == evidence.facts.question.digest
        && act.actors_complete
        && act.marks.is_empty()
        && performers().next().is_some()
        && known.pairs.iter().any(|pair| {
            let row = pair.1;
            has_word(&row.may, act.action.as_str())
                && any_glob(&row.products, evidence.name)
                && evidence.pair_kind(pair) != ActorKind::Agent
                && performers().all(|actor| {
                    let least = match evidence.kind(&actor.principal, actor.kind) {
                        ActorKind::Automation => preset.builder_level,
                        ActorKind::Human => preset.approver_level,
                        ActorKind::Agent | ActorKind::Unknown => return false,
                    };
                    stated_level(pair, actor).is_some_and(|level| level >= least)
                })
        })
}

/// Valid approvals of an action for a digest.
///
/// SPEC: docs/rules.md section 6, "Approval validity".
pub(super) fn approvals<'e>(
    evidence: &'e Evidence,
    action: &'e str,
    asked: Sha256,
) -> impl Iterator<Item = &'e Approval> {
    let may = if action == "exception" { "exception" } else { "approve" };
    evidence.known.iter().filter_map(move |known| {
        let Body::Approval(approval) = &known.statement.body else { return None };
        let approver = &approval.approver;
        let by_himself = known.pairs.iter().any(|pair| {
            let (signer, row) = pair;
            has_word(&row.may, may)
                && any_glob(&row.products, evidence.name)
                && signer.principal == approver.principal
                && evidence.pair_kind(pair) == ActorKind::Human
                && level(pair) >= evidence.facts.preset.approver_level
        });
        let valid = known.usable
            && by_himself
            && approval.action == action
            && approval.product == evidence.name
            && approval.digest.0 == asked
            && approver.kind == ActorKind::Human
            && evidence.kind(&approver.principal, approver.kind) == ActorKind::Human
            && evidence.person(&approver.principal).is_some()
            && approval.marks.is_empty()
            && approval.expires.is_none_or(|expires| expires > evidence.facts.now);
        valid.then_some(approval)
    })
}

/// Rule exception.
fn is_excepted(evidence: &Evidence, product: &ProductRow) -> bool {
    let question = &evidence.facts.question;
    let mut persons = BTreeSet::new();
    for approval in approvals(evidence, "exception", question.digest.0) {
        let Some(person) = evidence.person(&approval.approver.principal) else { continue };
        let is_his = |actor: &Actor| {
            person.contains(actor.principal.as_str())
                || actor.sponsor.as_ref().is_some_and(|sponsor| person.contains(sponsor.as_str()))
        };
        let worked = evidence.known.iter().any(|known| match &known.statement.body {
            Body::Landing(landing) => {
                has_word(&product.repositories, &landing.repository) && landing.authors.iter().any(is_his)
            }
            Body::Edit(edit) => has_word(&product.repositories, &edit.repository) && edit.actors.iter().any(is_his),
            _ => false,
        });
        let stated = approval.target == question.target
            && !approval.reason.is_empty()
            && approval.expires.is_some()
            && approval.authors_complete
            && !approval.authors.is_empty();
        if stated && !worked && !approval.authors.iter().any(is_his) {
            persons.insert(person);
        }
    }
    persons.len() >= 2
}

/// Whether a known statement names the artifact.
fn is_named(evidence: &Evidence, cover: &Cover) -> bool {
    let facts = evidence.facts;
    let asked = facts.question.digest;
    let stated = evidence.known.iter().any(|known| match &known.statement.body {
        Body::Step(step) => step.products.iter().any(|product| {
            let built = matches!(step.kind, StepKind::Build | StepKind::Package);
            image::names(evidence, asked.0).contains(&product.digest)
                || (built && facts.question.artifact_name.as_deref() == product.name.rsplit('/').next())
        }),
        Body::Act(act) => act.digest == asked,
        Body::Approval(approval) => approval.digest == asked,
        Body::Other(other) => other.subjects.iter().any(|subject| subject.digest == asked.0),
        _ => false,
    });
    stated || facts.indexes.contains_key(&asked) || has_near_match(evidence, cover, asked.0)
}
