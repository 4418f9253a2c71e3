//! Acts and approvals: who may do or approve something about a finished artifact.
//!
//! SPEC: docs/rules.md section 6.

use lasthand_model::actor::ActorKind;
use lasthand_model::wire::facts::{Act, Approval, Body};

use crate::level;
use crate::rules::Rule;
use crate::world::{Known, World, for_product, may, observes, performers};

/// Whether an approval of parameters or one half of an exception is valid by itself.
pub(crate) fn approval_holds<'a>(world: &World<'a>, statement: &Known<'a>, approval: &'a Approval) -> bool {
    let word = if approval.action == "exception" { "exception" } else { "approve" };
    let holds = statement.usable()
        && !world.revoked(&approval.approver.principal, statement.fact)
        && approval.product == world.facts.question.product
        && approval.marks.is_empty()
        && approval.expires.is_none_or(|expires| expires > world.facts.now)
        && approval.approver.kind == ActorKind::Human
        && world.kind(&approval.approver.principal, ActorKind::Human) == ActorKind::Human
        && world.person(&approval.approver.principal).is_some()
        && statement.pairs.iter().any(|pair| {
            may(pair.row, word)
                && for_product(pair.row, &approval.product)
                && pair.kind == ActorKind::Human
                && pair.signer.principal == approval.approver.principal
                && pair.level >= world.facts.preset.approver_level
        });
    world.rules.demand(Rule::Approval, holds)
}

/// Whether an act is by allowed actors, whatever it is about.
pub(crate) fn act_holds<'a>(world: &World<'a>, statement: &Known<'a>, act: &'a Act) -> bool {
    let preset = &world.facts.preset;
    statement.usable()
        && act.actors_complete
        && act.marks.is_empty()
        && performers(&act.actors).next().is_some()
        && performers(&act.actors).all(|performer| !world.revoked(&performer.principal, statement.fact))
        && statement.pairs.iter().any(|pair| {
            may(pair.row, act.action.as_str())
                && for_product(pair.row, &act.product)
                && pair.kind != ActorKind::Agent
                && performers(&act.actors).all(|performer| {
                    let level = if performer.principal == pair.signer.principal {
                        pair.level
                    } else if observes(pair.row, &performer.method) {
                        level::of_observed(pair.level)
                    } else {
                        return false;
                    };
                    match world.kind(&performer.principal, performer.kind) {
                        ActorKind::Automation => level >= preset.builder_level,
                        ActorKind::Human => level >= preset.approver_level,
                        ActorKind::Agent | ActorKind::Unknown => false,
                    }
                })
        })
}

/// Every principal that a known landing or edit of the product's repositories names as author, or stands behind one.
pub(crate) fn known_authors<'a>(world: &World<'a>) -> impl Iterator<Item = &'a str> {
    let repositories = world.product.map(|product| product.repositories.as_slice()).unwrap_or_default();
    world
        .known
        .iter()
        .flat_map(move |statement| match &statement.fact.body {
            Body::Landing(landing) if repositories.contains(&landing.repository) => landing.authors.as_slice(),
            Body::Edit(edit) if repositories.contains(&edit.repository) => edit.actors.as_slice(),
            _ => &[],
        })
        .flat_map(|actor| std::iter::once(actor.principal.as_str()).chain(actor.sponsor.as_deref()))
}
