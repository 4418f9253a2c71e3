//! Where chains of covers start: onboarding trees, source VSAs, whole-tree reviews.
//!
//! SPEC: docs/rules.md section 3, "Anchors", "Whole-tree review".

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, SourceVsa};
use rustc_hash::FxHashSet;

use super::{Cover, Place, WholeBy};
use crate::landing::{Author, LandingInfo, is_human};
use crate::review::ReviewInfo;
use crate::rules::Rule;
use crate::run::Run;
use crate::world::{Known, may, speaks_of};

impl<'a> Cover<'a> {
    /// Where chains start: the empty tree, onboarding trees, source VSAs, whole-tree reviews.
    pub(crate) fn start(&mut self, run: &Run<'_, 'a>) {
        let world = run.world;
        let Some(product) = world.product else { return };
        for repository in &product.repositories {
            self.add_whole((repository, world.empty_root), WholeBy::Start);
        }
        for onboarding in &product.onboarding {
            let root = run
                .resolve(&onboarding.repository, &onboarding.tree)
                .filter(|_| world.rules.grant(Rule::Onboarding, true));
            if let Some(root) = root {
                self.add_whole((&onboarding.repository, root), WholeBy::Start);
            }
        }
        let vsas = || world.each(&world.by_subject.source_vsas);
        let failed: FxHashSet<Tree<'a>> = vsas()
            .filter_map(|(_, statement, body)| match body {
                Body::SourceVsa(no) if !no.passed && vsa_authority(run, statement, no) => Some(tree_of(run, no)),
                _ => None,
            })
            .collect();
        for (at, statement, body) in vsas().filter(|(_, statement, _)| statement.usable()) {
            let Body::SourceVsa(vsa) = body else { continue };
            let failed = failed.contains(&tree_of(run, vsa));
            let believed = vsa.passed && !failed && vsa_authority(run, statement, vsa);
            if let (true, Some(root)) =
                (world.rules.grant(Rule::SourceVsa, believed), run.resolve(&vsa.repository, &vsa.tree))
            {
                self.add_whole((&vsa.repository, root), WholeBy::SourceVsa(at));
            }
        }
        for (place, by) in self.whole_reviews(run) {
            self.add_whole(place, by);
        }
    }

    fn whole_reviews(&self, run: &Run<'_, 'a>) -> Vec<(Place<'a>, WholeBy)> {
        let mut found = Vec::new();
        for (review_at, review) in self.reviews.iter().enumerate() {
            let (Some(None), Some(head), None) = (review.base, review.head, review.fault) else { continue };
            let repository = review.body.repository.as_str();
            for at in self.to_tree.get(&(repository, head)).into_iter().flatten() {
                let Some(landing) = self.landings.get(*at) else { continue };
                let holds = self.target_ref(run, review, landing) && self.whole_review(run, review, landing);
                if run.world.rules.grant(Rule::WholeTreeReview, holds) {
                    found.push(((repository, head), WholeBy::Review { review: review_at, landing: *at }));
                }
            }
        }
        found
    }

    /// Whether a review of a whole tree answers for everything that a landing of the tree holds.
    pub(crate) fn whole_review(&self, run: &Run<'_, 'a>, review: &ReviewInfo<'a>, landing: &LandingInfo<'a>) -> bool {
        let scope_holds_all = review
            .head
            .and_then(|head| run.world.trees.get(&head))
            .is_some_and(|tree| tree.entries().all(|entry| review.in_scope(entry.path())));
        let own: Vec<Author<'a>> = review
            .body
            .authors
            .iter()
            .map(|actor| {
                let kind = run.world.kind(&actor.principal, actor.kind);
                let sponsors: Vec<&'a str> = actor.sponsor.as_deref().into_iter().collect();
                let human = sponsors.iter().any(|sponsor| is_human(run.world, sponsor, ActorKind::Human));
                let unsponsored = matches!(kind, ActorKind::Agent | ActorKind::Unknown) && !human;
                Author { principal: &actor.principal, kind, sponsors, unsponsored }
            })
            .collect();
        let answered = own
            .iter()
            .chain(&landing.authors)
            .all(|author| self.answered(run, author, review.person.into_iter()) || self.solo(run, author, &[review]));
        let duties = review.head.and_then(|head| run.world.trees.get(&head)).is_some_and(|tree| {
            tree.entries().all(|entry| {
                self.duties_of(run, &own, entry.path()) && self.duties_of(run, &landing.authors, entry.path())
            })
        });
        let sponsored = own.iter().all(|author| !author.unsponsored);
        // A landing that cannot be computed covers nothing, by no review.
        let computed = landing.changes.is_some();
        computed
            && scope_holds_all
            && duties
            && review.body.authors_complete
            && !own.is_empty()
            && sponsored
            && landing.authors_complete
            && answered
    }
}

/// A tree of a repository; `None` when it does not resolve.
type Tree<'a> = (&'a str, Option<Sha256>);

fn tree_of<'a>(run: &Run<'_, 'a>, vsa: &'a SourceVsa) -> Tree<'a> {
    (&vsa.repository, run.resolve_any(&vsa.repository, &vsa.tree))
}

/// Whether a source VSA is by an automation that may state one.
fn vsa_authority(run: &Run<'_, '_>, statement: &Known<'_>, vsa: &SourceVsa) -> bool {
    statement.pairs.iter().any(|pair| {
        pair.kind == ActorKind::Automation
            && may(pair.row, "vsa")
            && speaks_of(pair.row, &vsa.repository)
            && pair.level >= run.world.facts.preset.builder_level
    })
}
