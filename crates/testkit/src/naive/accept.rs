//! Section 6: acceptance, exceptions and the verdict.

use std::collections::BTreeSet;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{Act, Actor, Approval, Body, Label, ListEntry, ListKind, ProductRow};

use super::archive::{has_near_match, is_source_archive};
use super::cover::Cover;
use super::evidence::{Evidence, Known, level, stated_level};
use super::steps::Steps;
use super::{any_glob, has_word};

/// The verdict when exactly these labels are allowed.
pub(super) fn decide(evidence: &Evidence, allowed: &BTreeSet<Label>) -> &'static str {
    let asked = evidence.facts.question.digest.0;
    let cover = Cover::compute(evidence, allowed);
    let proven = evidence.product.is_some_and(|product| {
        let barred = barred(evidence, &cover);
        let mut steps = Steps { evidence, allowed, cover: &cover, barred, faithful: BTreeSet::new() };
        steps.settle();
        is_proven(&steps, asked, &mut Vec::new())
            && product.required.iter().all(|required| {
                evidence.known.iter().any(|known| match &known.statement.body {
                    Body::Act(act) => {
                        act.action == required.action
                            && (required.target.is_none() || required.target == act.target)
                            && is_act_proven(evidence, known, act)
                    }
                    _ => false,
                })
            })
            && !evidence.denies(&ListEntry::Artifact(ArtifactDigest(asked)))
            && !released(evidence).any(|(target_ref, digest)| target_ref.is_empty() && digest != asked)
    });
    let listed = evidence.facts.preset.require_lists.iter().all(|kind| has_fresh_list(evidence, *kind));
    if proven && listed {
        "accepted"
    } else if evidence.product.is_some_and(|product| is_excepted(evidence, product)) {
        "exception"
    } else if proven || !is_named(evidence, &cover) {
        "undecided"
    } else {
        "refused"
    }
}

/// Trees that no derivation may rest on: those of a ref that another digest is released from, and, where that
/// refuses, those that were reverted to unreviewed.
fn barred<'a>(evidence: &Evidence<'a>, cover: &Cover<'a>) -> BTreeSet<(&'a str, Sha256)> {
    let mut barred = BTreeSet::new();
    for landing in &cover.landings {
        let Some(root) = landing.to else { continue };
        let repository = landing.landing.repository.as_str();
        let rolled_back = released(evidence).any(|(target_ref, digest)| {
            target_ref == landing.landing.target_ref && digest != evidence.facts.question.digest.0
        });
        let reverted = evidence.facts.preset.refuse_reverted && cover.was_reverted_to(repository, root);
        if rolled_back || reverted {
            barred.insert((repository, root));
        }
    }
    barred
}

/// Entries of the fresh released lists with the highest sequence.
fn released<'e>(evidence: &'e Evidence) -> impl Iterator<Item = (&'e str, Sha256)> {
    let fresh = || {
        evidence.lists.iter().filter(|list| {
            list.kind == ListKind::Released
                && list.issued_at <= evidence.facts.now
                && evidence.facts.now <= list.fresh_until
        })
    };
    let highest = fresh().map(|list| list.sequence).max();
    let entries = fresh().filter(move |list| Some(list.sequence) == highest).flat_map(|list| &list.entries);
    entries.filter_map(|entry| match entry {
        ListEntry::Released { target_ref, digest } => Some((target_ref.as_str(), digest.0)),
        _ => None,
    })
}

fn has_fresh_list(evidence: &Evidence, kind: ListKind) -> bool {
    let now = evidence.facts.now;
    evidence.lists.iter().any(|list| list.kind == kind && list.issued_at <= now && now <= list.fresh_until)
}

/// Rule goal. `inside` are the indexes being looked into.
fn is_proven(steps: &Steps, asked: Sha256, inside: &mut Vec<Sha256>) -> bool {
    let evidence = steps.evidence;
    if steps.faithful.iter().any(|(_, _, digest)| *digest == asked)
        || is_source_archive(evidence, steps.cover, &steps.barred, asked)
        || evidence.is_trusted_input(asked, None)
    {
        return true;
    }
    let Some(members) = evidence.facts.indexes.get(&ArtifactDigest(asked)) else { return false };
    if inside.contains(&asked) {
        return false;
    }
    inside.push(asked);
    let mut counted = members.iter().filter(|member| member.platform != "unknown/unknown").peekable();
    let proven = counted.peek().is_some() && counted.all(|member| is_proven(steps, member.digest.0, inside));
    inside.pop();
    proven
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
                && row.kind != ActorKind::Agent
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
                && row.kind == ActorKind::Human
                && level(pair) >= evidence.facts.preset.approver_level
        });
        let valid = known.usable
            && by_himself
            && approval.action == action
            && approval.product == evidence.name
            && approval.digest.0 == asked
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
            has_word(&person.accounts, &actor.principal)
                || actor.sponsor.as_ref().is_some_and(|sponsor| has_word(&person.accounts, sponsor))
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
            persons.insert(person.name.as_str());
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
            product.digest == asked.0 || facts.question.artifact_name.as_ref() == Some(&product.name)
        }),
        Body::Act(act) => act.digest == asked,
        Body::Approval(approval) => approval.digest == asked,
        Body::Other(other) => other.subjects.iter().any(|subject| subject.digest == asked.0),
        _ => false,
    });
    stated
        || facts.indexes.contains_key(&asked)
        || facts.trust.trusted_inputs.iter().any(|row| row.digest == asked.0)
        || has_near_match(evidence, cover, asked.0)
}
