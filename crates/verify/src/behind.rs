//! What lies behind a step: the steps that made its materials, the landings of its sources, their reviews.

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::facts::{Body, Facts, Material, Step, TreeRef};

/// Statements behind some statements, nearest first, each once; the ones asked for are not among them.
///
/// Cost: O(statements) for each step that is met.
pub(crate) fn behind(facts: &Facts, start: &[StatementDigest]) -> Vec<StatementDigest> {
    let mut seen: Vec<StatementDigest> = start.to_vec();
    let mut next = 0;
    while let Some(digest) = seen.get(next).copied() {
        next += 1;
        let body =
            facts.statements.iter().find(|statement| statement.digest == digest).map(|statement| &statement.body);
        let found: Vec<StatementDigest> = match body {
            Some(Body::Step(step)) => facts
                .statements
                .iter()
                .filter(|other| made(step, &other.body) || landed(step, &other.body))
                .map(|other| other.digest)
                .collect(),
            Some(Body::Landing(landing)) => {
                let heads = landing.merge_of.iter().map(|merge| &merge.head).chain([&landing.to]);
                let heads: Vec<&TreeRef> = heads.collect();
                let reviews = facts.statements.iter().filter(|other| match &other.body {
                    Body::Review(review) => heads.iter().any(|head| same(head, &review.head)),
                    _ => false,
                });
                reviews.map(|review| review.digest).collect()
            }
            _ => Vec::new(),
        };
        for digest in found {
            if !seen.contains(&digest) {
                seen.push(digest);
            }
        }
    }
    seen.split_off(start.len())
}

/// Whether a statement is of a step that made one of the materials.
fn made(step: &Step, other: &Body) -> bool {
    let Body::Step(maker) = other else { return false };
    let is_product = |name: &str, digest: Sha256| {
        maker.products.iter().any(|product| product.name == name && product.digest == digest)
    };
    step.materials.iter().any(|material| match material {
        Material::File(file) => is_product(&file.name, file.digest),
        _ => false,
    })
}

/// Whether a statement is of a landing of one of the source trees.
fn landed(step: &Step, other: &Body) -> bool {
    let Body::Landing(landing) = other else { return false };
    step.materials.iter().any(|material| match material {
        Material::Tree(source) => source.repository == landing.repository && same(&source.tree, &landing.to),
        _ => false,
    })
}

/// Whether two references name one tree by the best id that both have.
fn same(a: &TreeRef, b: &TreeRef) -> bool {
    match (&a.root, &b.root) {
        (Some(a), Some(b)) => a == b,
        _ => a.git_tree.is_some() && a.git_tree == b.git_tree,
    }
}
