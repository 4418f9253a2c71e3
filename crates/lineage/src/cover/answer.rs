//! Who answers for a change: independence, path by path (R4), and separation of duties (R10).
//!
//! SPEC: docs/rules.md section 3, "Authors of L", "Answered", "duties".

use std::rc::Rc;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::wire::facts::Label;

use super::Cover;
use crate::landing::{Author, LandingInfo};
use crate::level;
use crate::review::ReviewInfo;
use crate::rules::Rule;
use crate::run::Run;
use crate::trees::Change;
use crate::world::{any_glob, for_product, may};

impl<'a> Cover<'a> {
    /// For each change of a landing: the reviews that answer for it, or none.
    pub(crate) fn answer_all(&self, run: &Run<'_, 'a>, landing: &LandingInfo<'a>) -> Vec<Option<Rc<[usize]>>> {
        let Some(changes) = landing.changes.as_ref() else { return Vec::new() };
        let mut set = Vec::new();
        let mut last: Option<(Rc<[usize]>, bool)> = None;
        let answer = |change: &Change<'a>| {
            if !landing.authors_complete || !self.duties(run, landing, change.path) {
                return None;
            }
            set.clear();
            set.extend(self.reviews_for(landing, changes, change.path));
            // Most paths of a landing are answered by the same reviews.
            if last.as_ref().is_none_or(|(seen, _)| **seen != *set) {
                last = Some((Rc::from(set.as_slice()), self.independent(run, landing, &set)));
            }
            last.as_ref().filter(|(_, answered)| *answered).map(|(set, _)| Rc::clone(set))
        };
        changes.iter().map(answer).collect()
    }

    /// Reviews that hold and whose scope and change hold a path of a landing's changes.
    fn reviews_for(
        &self,
        landing: &LandingInfo<'a>,
        changes: &Rc<Vec<Change<'a>>>,
        path: &str,
    ) -> impl Iterator<Item = usize> {
        landing.holds.iter().copied().filter(move |at| {
            self.reviews.get(*at).is_some_and(|review| {
                let same = review.changes.as_ref().is_some_and(|reviewed| Rc::ptr_eq(reviewed, changes));
                review.in_scope(path) && (same || review.changes_path(path))
            })
        })
    }

    pub(crate) fn duties(&self, run: &Run<'_, 'a>, landing: &LandingInfo<'a>, path: &str) -> bool {
        self.duties_of(run, &landing.authors, path)
    }

    pub(super) fn duties_of(&self, run: &Run<'_, 'a>, authors: &[Author<'a>], path: &str) -> bool {
        let world = run.world;
        let Some(product) = world.product else { return false };
        let conflict = authors.iter().any(|author| {
            let judged = match author.kind {
                ActorKind::Agent | ActorKind::Automation | ActorKind::Unknown => true,
                ActorKind::Human => world.facts.preset.human_duties && !product.solo,
            };
            judged && self.releases(run, author, &product.name) && !self.robot_path(run, author, path)
        });
        world.rules.demand(Rule::Duties, !conflict)
    }

    fn releases(&self, run: &Run<'_, 'a>, author: &Author<'a>, product: &str) -> bool {
        run.world.rows(author.principal).rows.iter().any(|row| {
            ["build", "package", "sign", "publish", "promote"].iter().any(|kind| may(row, kind))
                && for_product(row, product)
        })
    }

    fn robot_path(&self, run: &Run<'_, 'a>, author: &Author<'a>, path: &str) -> bool {
        run.world.robots(author.principal).any(|robot| any_glob(&robot.paths, path))
    }

    /// Whether each author is answered by another person, one of them an approver.
    pub(crate) fn independent(&self, run: &Run<'_, 'a>, landing: &LandingInfo<'a>, set: &[usize]) -> bool {
        let reviews: Vec<&ReviewInfo<'a>> = set.iter().filter_map(|at| self.reviews.get(*at)).collect();
        let mut answerers = self.pushers(run, landing);
        answerers.extend(reviews.iter().filter_map(|review| review.person));
        // Each person once: an author is then answered, or not, after as many as he stands for principals.
        answerers.sort_unstable();
        answerers.dedup();
        let answered = !reviews.is_empty()
            && landing.authors.iter().all(|author| {
                self.answered(run, author, answerers.iter().copied()) || self.solo(run, author, &reviews)
            });
        run.world.rules.demand(Rule::Independence, answered)
    }

    pub(super) fn answered(
        &self,
        run: &Run<'_, 'a>,
        author: &Author<'a>,
        answerers: impl Iterator<Item = usize>,
    ) -> bool {
        let mut answerers = answerers;
        answerers.any(|person| author.principals().all(|principal| run.world.person(principal) != Some(person)))
    }

    /// Authors who pushed the final head at level 3 answer for the others.
    fn pushers(&self, run: &Run<'_, 'a>, landing: &LandingInfo<'a>) -> Vec<usize> {
        let Some(statement) = run.world.known.get(landing.statement) else { return Vec::new() };
        let pooled = |principal: &str| {
            landing.authors.iter().find(|author| author.principal == principal).map(|author| author.kind)
        };
        landing
            .body
            .authors
            .iter()
            .filter(|actor| {
                actor.role == Role::Pusher
                    && pooled(&actor.principal) == Some(ActorKind::Human)
                    && !run.world.revoked(&actor.principal, statement.fact)
                    && level::of_observed(landing.level) >= 3
            })
            .filter_map(|actor| run.world.person(&actor.principal))
            .collect()
    }

    /// A person who reviewed his own or his agent's work, with presence, where the product says `solo`.
    pub(super) fn solo(&self, run: &Run<'_, 'a>, author: &Author<'a>, reviews: &[&ReviewInfo<'a>]) -> bool {
        let solo = run.world.product.is_some_and(|product| product.solo)
            && reviews.iter().any(|review| {
                review.level >= Some(4)
                    && review.person.is_some()
                    && author.principals().any(|principal| run.world.person(principal) == review.person)
            });
        run.world.rules.grant(Rule::Solo, solo && run.label(Label::Solo))
    }
}
