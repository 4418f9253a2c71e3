//! Statements as steps, in an order in which they can have happened.
//!
//! No clock is asked: a review stands before the landing it is about, a step after what it read, an act after what it is about.
//! Where nothing decides, kind and digest do, so that the order is always the same.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::{InventoryRoot, Sha256, StatementDigest};
use lasthand_model::wire::facts::{Body, Facts, Material, NamedDigest, StatementFact, StepActor, TreeRef};
use lasthand_model::wire::report::{ReportProduct, ReportStep};

use crate::people::People;

/// Every statement that tells of a step, earliest first.
pub(crate) fn steps(facts: &Facts) -> Vec<ReportStep> {
    let people = People::new(&facts.trust);
    let labels = labels(facts);
    ordered(facts).into_iter().filter_map(|statement| step(statement, people, &labels)).collect()
}

/// The labels of each step statement, by its digest.
type Labels<'a> = BTreeMap<StatementDigest, Vec<(&'a StatementFact, &'a StepActor)>>;

fn labels(facts: &Facts) -> Labels<'_> {
    let mut labels: Labels<'_> = BTreeMap::new();
    for statement in &facts.statements {
        if let Body::StepActor(label) = &statement.body {
            labels.entry(label.labels).or_default().push((statement, label));
        }
    }
    labels
}

fn step(statement: &StatementFact, people: People<'_>, labels: &Labels<'_>) -> Option<ReportStep> {
    let signers = &statement.signers;
    let blank = ReportStep {
        statement: statement.digest,
        kind: String::new(),
        product: None,
        actors: Vec::new(),
        materials: 0,
        products: Vec::new(),
        signer: people.signer(signers),
        time: None,
    };
    let actors = |list: &[lasthand_model::wire::facts::Actor], marked: bool| {
        list.iter().map(|actor| people.actor(actor, signers, marked)).collect::<Vec<_>>()
    };
    Some(match &statement.body {
        Body::Landing(landing) => ReportStep {
            kind: "landing".to_owned(),
            actors: actors(&landing.authors, false),
            materials: u64::from(landing.from.is_some()),
            products: tree_product(&format!("{} {}", landing.repository, landing.target_ref), &landing.to),
            ..blank
        },
        Body::Review(review) => ReportStep {
            kind: "review".to_owned(),
            actors: actors(std::slice::from_ref(&review.reviewer), !review.marks.is_empty()),
            materials: 1 + u64::from(review.base.is_some()),
            ..blank
        },
        Body::Edit(edit) => ReportStep {
            kind: "edit".to_owned(),
            actors: actors(&edit.actors, !edit.marks.is_empty()),
            products: tree_product(&edit.repository, &edit.to),
            ..blank
        },
        Body::Step(body) => {
            let own = labels.get(&statement.digest).map(Vec::as_slice).unwrap_or_default();
            let acting = own.iter().flat_map(|(label, step_actor)| {
                step_actor.actors.iter().map(move |actor| people.actor(actor, &label.signers, false))
            });
            ReportStep {
                kind: body.kind.to_string(),
                product: own.iter().find_map(|(_, label)| label.product.clone()),
                actors: acting.collect(),
                materials: u64::try_from(body.materials.len()).unwrap_or(u64::MAX),
                products: body.products.iter().map(product).collect(),
                ..blank
            }
        }
        Body::Act(act) => ReportStep {
            kind: act.action.to_string(),
            product: Some(act.product.clone()),
            actors: actors(&act.actors, !act.marks.is_empty()),
            materials: 1,
            products: vec![ReportProduct { name: act.product.clone(), digest: act.digest.0 }],
            ..blank
        },
        Body::Approval(approval) => ReportStep {
            kind: "approval".to_owned(),
            product: Some(approval.product.clone()),
            actors: actors(std::slice::from_ref(&approval.approver), !approval.marks.is_empty()),
            products: vec![ReportProduct { name: approval.product.clone(), digest: approval.digest.0 }],
            ..blank
        },
        _ => return None,
    })
}

fn product(product: &NamedDigest) -> ReportProduct {
    ReportProduct { name: product.name.clone(), digest: product.digest }
}

fn tree_product(name: &str, tree: &TreeRef) -> Vec<ReportProduct> {
    tree.root.map(|root| ReportProduct { name: name.to_owned(), digest: root.0 }).into_iter().collect()
}

/// What a statement needs and gives, as far as the order goes.
#[derive(Default)]
struct Links {
    needs: Vec<Need>,
    gives: Vec<Need>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Statement(StatementDigest),
    Edited(InventoryRoot),
    Reviewed(InventoryRoot),
    Landed(InventoryRoot),
    Content(Sha256),
}

fn links(statement: &StatementFact) -> Links {
    let mut links = Links { needs: Vec::new(), gives: vec![Need::Statement(statement.digest)] };
    match &statement.body {
        Body::Landing(landing) => {
            links.needs.extend(landing.prev.map(Need::Statement));
            let heads = std::iter::once(&landing.to).chain(landing.merge_of.as_ref().map(|merge| &merge.head));
            for root in heads.filter_map(|tree| tree.root) {
                links.needs.extend([Need::Edited(root), Need::Reviewed(root)]);
            }
            links.gives.extend(landing.to.root.map(Need::Landed));
        }
        Body::Review(review) => {
            links.needs.extend(review.head.root.map(Need::Edited));
            links.gives.extend(review.head.root.map(Need::Reviewed));
        }
        Body::Edit(edit) => links.gives.extend(edit.to.root.map(Need::Edited)),
        Body::Step(step) => {
            links.needs.extend(step.materials.iter().filter_map(|material| match material {
                Material::Tree(source) => source.tree.root.map(Need::Landed),
                Material::File(file) => Some(Need::Content(file.digest)),
                Material::External(external) => external.digest.map(Need::Content),
            }));
            links.gives.extend(step.products.iter().map(|product| Need::Content(product.digest)));
        }
        Body::Act(act) => links.needs.push(Need::Content(act.digest.0)),
        Body::Approval(approval) => links.needs.push(Need::Content(approval.digest.0)),
        _ => {}
    }
    links
}

fn class(body: &Body) -> u8 {
    match body {
        Body::Edit(_) => 0,
        Body::Review(_) => 1,
        Body::Landing(_) => 2,
        Body::Step(_) => 3,
        Body::Approval(_) => 4,
        _ => 5,
    }
}

/// Kahn's order; what waits for itself comes last, by kind and digest. Cost: O(links log statements).
fn ordered(facts: &Facts) -> Vec<&StatementFact> {
    let all: Vec<(&StatementFact, Links)> =
        facts.statements.iter().map(|statement| (statement, links(statement))).collect();
    let mut givers: BTreeMap<Need, Vec<usize>> = BTreeMap::new();
    for (at, (_, links)) in all.iter().enumerate() {
        for gift in &links.gives {
            givers.entry(*gift).or_default().push(at);
        }
    }
    let mut waiting: Vec<usize> = vec![0; all.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (at, (_, links)) in all.iter().enumerate() {
        let before: BTreeSet<usize> = links
            .needs
            .iter()
            .filter_map(|need| givers.get(need))
            .flatten()
            .copied()
            .filter(|giver| *giver != at)
            .collect();
        if let Some(count) = waiting.get_mut(at) {
            *count = before.len();
        }
        for giver in before {
            if let Some(list) = followers.get_mut(giver) {
                list.push(at);
            }
        }
    }
    let key = |at: usize| all.get(at).map_or((u8::MAX, at), |(statement, _)| (class(&statement.body), at));
    let mut ready: BTreeSet<(u8, usize)> =
        waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| key(at)).collect();
    let mut order = Vec::with_capacity(all.len());
    let mut placed = vec![false; all.len()];
    while let Some((_, at)) = ready.pop_first() {
        order.push(at);
        if let Some(mark) = placed.get_mut(at) {
            *mark = true;
        }
        for follower in followers.get(at).map(Vec::as_slice).unwrap_or_default() {
            if let Some(count) = waiting.get_mut(*follower) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(key(*follower));
                }
            }
        }
    }
    let left: BTreeSet<(u8, usize)> =
        placed.iter().enumerate().filter(|(_, placed)| !**placed).map(|(at, _)| key(at)).collect();
    order.extend(left.into_iter().map(|(_, at)| at));
    order.into_iter().filter_map(|at| all.get(at).map(|(statement, _)| *statement)).collect()
}
