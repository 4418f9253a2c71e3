//! The source tree that a container without evidence comes nearest to.
//!
//! SPEC: docs/rules.md section 7, "Near match".

use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;

use crate::accept;
use crate::container::{self, ArchiveDiff};
use crate::cover::{Cover, Place};
use crate::run::Run;

/// The tree that a container without evidence comes nearest to.
pub(crate) struct NearMatch<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) diff: ArchiveDiff,
}

/// The tree of a landing that a container differs least from, when more of it agrees than differs.
pub(crate) fn near_match<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, digest: Sha256) -> Option<NearMatch<'a>> {
    let product = run.world.trees.get(&digest).filter(|_| !cover.landings.is_empty())?;
    let files = product.entries().filter(|entry| entry.entry_type() != EntryType::Directory).count();
    let mut best: Option<NearMatch<'a>> = None;
    let mut places: Vec<(Place<'a>, usize)> =
        cover.landings.iter().enumerate().map(|(at, landing)| (accept::place(landing), at)).collect();
    places.sort_unstable_by_key(|((repository, root), at)| (*root, *repository, *at));
    for (place, at) in places {
        let (Some(tree), Some(landing)) = (run.world.trees.get(&place.1), cover.landings.get(at)) else { continue };
        // LIMIT: more of the product must agree than differ, so only trees of about its size are compared.
        if tree.count().saturating_mul(2) < files {
            continue;
        }
        for prefix in container::prefixes(product) {
            let diff = container::compare_archive(product, tree, &prefix, &landing.body.export_ignore);
            let better = best.as_ref().is_none_or(|best| diff.misfits.len() < best.diff.misfits.len());
            if better {
                best = Some(NearMatch { place, diff });
            }
        }
    }
    best.filter(|near| near.diff.agreeing > files.saturating_sub(near.diff.agreeing) && near.diff.agreeing > 0)
}
