//! Section 3: landings, and the fixpoint of covered trees and uncovered paths.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, EntryFact, Label, Landing, StatementFact};

use super::authors::{are_answered, are_complete, are_separate, is_human, of_landing, pool, pushers};
use super::evidence::{Evidence, Known, empty_tree, landing_level, level};
use super::reviews::{ReviewView, entry, holds, is_merge3, same_place};
use super::{any_glob, has_word};

/// Head, base and result of a merge that an observer recomputed.
pub(super) type Merge = [Option<Sha256>; 3];

/// A landing that is authorised and ours.
pub(super) struct LandingView<'a> {
    pub(super) statement: &'a StatementFact,
    pub(super) landing: &'a Landing,
    pub(super) merge: Option<Merge>,
    /// The same whether `sha1-join` is allowed or not: for reviews that name authors.
    pub(super) merge_anyhow: Option<Merge>,
    /// Best level of a signer that makes it authorised.
    pub(super) level: u8,
    /// The empty tree when the landing states none.
    pub(super) from: Sha256,
    pub(super) to: Sha256,
    pub(super) before: Option<&'a [EntryFact]>,
    pub(super) after: Option<&'a [EntryFact]>,
}

impl LandingView<'_> {
    /// The landing that `prev` names, when it made `from` on this ref.
    pub(super) fn previous<'v>(&self, landings: &'v [LandingView<'v>]) -> Option<&'v LandingView<'v>> {
        landings.iter().find(|other| {
            Some(other.statement.digest) == self.landing.prev
                && other.landing.repository == self.landing.repository
                && other.landing.target_ref == self.landing.target_ref
                && other.to == self.from
        })
    }
}

/// Paths of one landing that are not covered; none while it is not known.
type Uncovered<'a> = Option<BTreeSet<&'a str>>;

/// What is covered.
pub(super) struct Cover<'a> {
    pub(super) landings: Vec<LandingView<'a>>,
    /// Wholly covered trees, by repository and root.
    wholly: BTreeSet<(&'a str, Sha256)>,
    /// In the order of `landings`, as if no tree were in W by another landing.
    own: Vec<Uncovered<'a>>,
    /// Anchors, and trees that a whole-tree review covers.
    founded: BTreeSet<(&'a str, Sha256)>,
    /// In the order of `landings`: covered as a recomputed merge.
    recomputed: Vec<bool>,
    /// In the order of `landings`: the reviews that hold, by their place.
    holding: Vec<BTreeSet<usize>>,
}

/// What of a landing does not change during the fixpoint.
struct Fixed<'a> {
    unchanged: BTreeSet<&'a str>,
    /// Changed paths; true when authors, duties and answers leave it to the base.
    changed: BTreeMap<&'a str, bool>,
    whole: bool,
}

impl<'a> Cover<'a> {
    pub(super) fn compute(evidence: &Evidence<'a>, allowed: &BTreeSet<Label>) -> Self {
        let landings: Vec<LandingView> =
            evidence.known.iter().filter_map(|known| authorised(evidence, allowed, known)).collect();
        let reviews: Vec<ReviewView> = evidence
            .known
            .iter()
            .filter_map(|known| match &known.statement.body {
                Body::Review(review) => Some(ReviewView::read(evidence, allowed, known, review)),
                _ => None,
            })
            .collect();
        let fixed: Vec<Option<Fixed>> =
            landings.iter().map(|landing| fix(evidence, allowed, &landings, &reviews, landing)).collect();
        let mut founded = anchors(evidence, allowed);
        let own = landings.iter().map(|_| None).collect();
        let wholly = founded.clone();
        for (landing, fixed) in landings.iter().zip(&fixed) {
            if fixed.as_ref().is_some_and(|fixed| fixed.whole) {
                founded.insert((landing.landing.repository.as_str(), landing.to));
            }
        }
        let recomputed = vec![false; landings.len()];
        let place = |review: &ReviewView| reviews.iter().position(|known| std::ptr::eq(known, review));
        let hold = |landing| holding(evidence, &landings, &reviews, landing).filter_map(place);
        let holding = landings.iter().map(|landing| hold(landing).collect()).collect();
        let mut cover = Self { own, landings, wholly, founded, recomputed, holding };
        loop {
            let own = cover.own_paths(evidence, &fixed);
            let wholly = cover.joined(evidence, &fixed, &own);
            let recomputed: Vec<bool> =
                cover.landings.iter().map(|landing| cover.is_recomputed(evidence, landing)).collect();
            if own == cover.own && wholly == cover.wholly && recomputed == cover.recomputed {
                return cover;
            }
            (cover.own, cover.wholly, cover.recomputed) = (own, wholly, recomputed);
        }
    }

    /// Whether a tree of a repository is covered: wholly, and landed on a ref of ours.
    pub(super) fn is_covered(&self, repository: &str, root: Sha256) -> bool {
        self.is_wholly(repository, root) && self.landed(repository, root).next().is_some()
    }

    /// Landings of a tree.
    pub(super) fn landed(&self, repository: &str, root: Sha256) -> impl Iterator<Item = &LandingView<'a>> {
        self.landings.iter().filter(move |landing| landing.landing.repository == repository && landing.to == root)
    }

    /// Whether a landing of the tree has uncovered paths of its own, and a base.
    pub(super) fn was_reverted_to(&self, evidence: &Evidence, repository: &str, root: Sha256) -> bool {
        let founded = self.founded.iter().any(|(place, tree)| *place == repository && *tree == root);
        !founded
            && self.landings.iter().zip(&self.own).any(|(landing, own)| {
                landing.landing.repository == repository
                    && landing.to == root
                    && landing.landing.from.is_some()
                    && !self.is_recomputed(evidence, landing)
                    && own.as_ref().is_some_and(|own| !own.is_empty())
            })
    }

    fn is_wholly(&self, repository: &str, root: Sha256) -> bool {
        root == empty_tree() || self.wholly.iter().any(|(place, tree)| *place == repository && *tree == root)
    }

    fn base(&self, landing: &LandingView<'a>) -> Uncovered<'a> {
        if self.is_wholly(&landing.landing.repository, landing.from) {
            return Some(BTreeSet::new());
        }
        let previous = landing.previous(&self.landings)?;
        let at = self.landings.iter().position(|other| std::ptr::eq(other, previous))?;
        self.own.get(at)?.clone()
    }

    /// U of every landing by its own paths: a tree in W is asked for before its U is.
    fn own_paths(&self, evidence: &Evidence<'a>, fixed: &[Option<Fixed<'a>>]) -> Vec<Uncovered<'a>> {
        self.landings
            .iter()
            .zip(fixed)
            .map(|(landing, fixed)| {
                let (fixed, base) = (fixed.as_ref()?, self.base(landing)?);
                let mut uncovered: BTreeSet<&str> = base.intersection(&fixed.unchanged).copied().collect();
                for (path, answered) in &fixed.changed {
                    let was = landing.before.and_then(|entries| entry(entries, path));
                    let is = landing.after.and_then(|entries| entry(entries, path));
                    let founded = was.is_none()
                        || !base.contains(path)
                        || is.is_none()
                        || self.is_healed(evidence, &landing.landing.repository, path, is);
                    if !(*answered && founded) {
                        uncovered.insert(path);
                    }
                }
                Some(uncovered)
            })
            .collect()
    }

    fn is_healed(&self, evidence: &Evidence, repository: &str, path: &str, is: Option<&EntryFact>) -> bool {
        let healing = self.wholly.iter().filter(|(place, _)| *place == repository);
        healing.filter_map(|(_, root)| evidence.entries(*root)).any(|tree| same_place(entry(tree, path), is))
    }

    fn joined(
        &self,
        evidence: &Evidence<'a>,
        fixed: &[Option<Fixed<'a>>],
        own: &[Uncovered<'a>],
    ) -> BTreeSet<(&'a str, Sha256)> {
        let mut wholly = self.wholly.clone();
        for ((landing, fixed), own) in self.landings.iter().zip(fixed).zip(own) {
            let Some(fixed) = fixed else { continue };
            let repository = landing.landing.repository.as_str();
            if fixed.whole || self.is_recomputed(evidence, landing) || own.as_ref().is_some_and(BTreeSet::is_empty) {
                wholly.insert((repository, landing.to));
            }
        }
        wholly
    }

    /// Rule recomputed-merge.
    fn is_recomputed<'v>(&'v self, evidence: &Evidence, landing: &'v LandingView<'v>) -> bool {
        let Some([Some(head), Some(base), result]) = landing.merge else { return false };
        let repository = landing.landing.repository.as_str();
        landing.landing.merge_of.as_ref().is_some_and(|merge| merge.mode == "merge")
            && result == Some(landing.to)
            && is_merge3(evidence, landing, landing.merge, base, head)
            && [landing.from, base, head].iter().all(|tree| self.is_wholly(repository, *tree))
            && self.is_head_landed(landing, base, head)
    }

    /// Rule head-landed.
    fn is_head_landed<'v>(&'v self, landing: &'v LandingView<'v>, base: Sha256, head: Sha256) -> bool {
        let own = self.walk(landing);
        if own.last().is_none_or(|first| first.landing.prev.is_some()) {
            return false;
        }
        let merged_before = |tree| own.iter().skip(1).any(|before| merged_anyhow(before) == Some(tree));
        let on_own_walk = |tree| own.iter().any(|step| step.from == tree);
        if !on_own_walk(base) && !merged_before(base) {
            return false;
        }
        let elsewhere = self.landed(&landing.landing.repository, head);
        let mut elsewhere = elsewhere.filter(|other| other.landing.target_ref != landing.landing.target_ref);
        elsewhere.any(|landed| {
            for step in self.walk(landed) {
                if merged_before(step.to) || !self.is_covered_by_itself(step) || self.comes_again(step, &own) {
                    return false;
                }
                let merges = step.landing.merge_of.as_ref().is_some_and(|merge| merge.mode == "merge");
                if merges && step.merge.is_some_and(|[head, ..]| head == Some(base)) {
                    return true;
                }
                if merged_anyhow(step).is_some_and(on_own_walk) {
                    return false;
                }
                if step.landing.from.is_some() && step.from == base {
                    return true;
                }
            }
            false
        })
    }

    /// Whether a review that holds for a step holds for a landing before the merge, too, and the merge changes what the step changes.
    fn comes_again<'v>(&'v self, step: &LandingView<'v>, own: &[&'v LandingView<'v>]) -> bool {
        let reviews = |landing: &LandingView| {
            let known = self.landings.iter().zip(&self.holding);
            let mut known = known.filter(|(known, _)| known.statement.digest == landing.statement.digest);
            known.next().map(|(_, holding)| holding.clone()).unwrap_or_default()
        };
        let again = own.iter().skip(1).any(|before| !reviews(before).is_disjoint(&reviews(step)));
        again && own.first().is_none_or(|merge| !changed(step).is_disjoint(&changed(merge)))
    }

    fn is_covered_by_itself(&self, landing: &LandingView) -> bool {
        let known = self.landings.iter().zip(self.own.iter().zip(&self.recomputed));
        let mut known = known.filter(|(known, _)| known.statement.digest == landing.statement.digest);
        known.any(|(_, (own, recomputed))| *recomputed || own.as_ref().is_some_and(BTreeSet::is_empty))
    }

    /// A landing and those before it, as far as they are found.
    fn walk<'v>(&'v self, landing: &'v LandingView<'v>) -> Vec<&'v LandingView<'v>> {
        let mut walk = vec![landing];
        while let Some(before) = walk.last().and_then(|last| last.previous(&self.landings)) {
            // A walk that comes back to where it was has no first landing.
            if walk.iter().any(|known| std::ptr::eq(*known, before)) {
                break;
            }
            walk.push(before);
        }
        walk
    }
}

/// The paths that a landing changes, as far as its inventories are known.
fn changed<'v>(landing: &LandingView<'v>) -> BTreeSet<&'v str> {
    let (Some(before), Some(after)) = (landing.before, landing.after) else { return BTreeSet::new() };
    let paths = before.iter().chain(after).map(|entry| entry.path.as_str());
    paths.filter(|path| !same_place(entry(before, path), entry(after, path))).collect()
}

/// The tree that a landing merged in, whatever labels allow; none for what is no merge of two branches.
fn merged_anyhow(landing: &LandingView) -> Option<Sha256> {
    let merges = landing.landing.merge_of.as_ref().is_some_and(|merge| merge.mode == "merge");
    landing.merge_anyhow.filter(|_| merges).and_then(|[head, ..]| head)
}

/// Rules landing-authority and our-ref; a landing whose trees do not resolve is not ours.
fn authorised<'a>(evidence: &Evidence<'a>, allowed: &BTreeSet<Label>, known: &Known<'a>) -> Option<LandingView<'a>> {
    let Body::Landing(landing) = &known.statement.body else { return None };
    let product = evidence.product?;
    let best = landing_level(evidence.facts, known, landing)?;
    let ours = has_word(&product.repositories, &landing.repository) && any_glob(&product.refs, &landing.target_ref);
    if !ours {
        return None;
    }
    let resolve = |tree| evidence.resolve(&landing.repository, tree, allowed);
    let anyhow = |tree| evidence.resolve_anyhow(&landing.repository, tree);
    let from = landing.from.as_ref().map_or(Some(empty_tree()), resolve)?;
    let to = resolve(&landing.to)?;
    Some(LandingView {
        statement: known.statement,
        landing,
        merge: landing.merge_of.as_ref().map(|merge| [&merge.head, &merge.base, &merge.result].map(resolve)),
        merge_anyhow: landing.merge_of.as_ref().map(|merge| [&merge.head, &merge.base, &merge.result].map(anyhow)),
        level: best,
        from,
        to,
        before: evidence.entries(from),
        after: evidence.entries(to),
    })
}

/// Rules onboarding and source-vsa.
fn anchors<'a>(evidence: &Evidence<'a>, allowed: &BTreeSet<Label>) -> BTreeSet<(&'a str, Sha256)> {
    let (mut anchors, mut passed, mut failed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for onboarding in evidence.product.iter().flat_map(|row| &row.onboarding) {
        let root = evidence.resolve(&onboarding.repository, &onboarding.tree, allowed);
        anchors.extend(root.map(|root| (onboarding.repository.as_str(), root)));
    }
    for known in evidence.known.iter().filter(|known| known.usable) {
        let Body::SourceVsa(vsa) = &known.statement.body else { continue };
        let by_whom = known.pairs.iter().any(|pair| {
            let row = pair.1;
            evidence.pair_kind(pair) == ActorKind::Automation
                && has_word(&row.may, "vsa")
                && any_glob(&row.repositories, &vsa.repository)
                && level(pair) >= evidence.facts.preset.builder_level
        });
        if !by_whom {
            continue;
        }
        if vsa.passed {
            let root = evidence.resolve(&vsa.repository, &vsa.tree, allowed);
            passed.extend(root.map(|root| (vsa.repository.as_str(), root)));
        } else {
            let root = evidence.resolve_anyhow(&vsa.repository, &vsa.tree);
            failed.extend(root.map(|root| (vsa.repository.as_str(), root)));
        }
    }
    anchors.extend(passed.difference(&failed));
    anchors
}

/// None when an inventory is missing: such a landing covers nothing.
fn fix<'a>(
    evidence: &Evidence<'a>,
    allowed: &BTreeSet<Label>,
    landings: &[LandingView<'a>],
    reviews: &[ReviewView<'a>],
    landing: &LandingView<'a>,
) -> Option<Fixed<'a>> {
    let (before, after) = (landing.before?, landing.after?);
    let authors = of_landing(evidence, landing, reviews);
    let complete = are_complete(evidence, landing, &authors);
    let holding: Vec<&ReviewView> = holding(evidence, landings, reviews, landing).collect();
    let mut fixed = Fixed { unchanged: BTreeSet::new(), changed: BTreeMap::new(), whole: false };
    for path in before.iter().chain(after).map(|entry| entry.path.as_str()) {
        if same_place(entry(before, path), entry(after, path)) {
            fixed.unchanged.insert(path);
            continue;
        }
        let mut answerers: Vec<_> = holding
            .iter()
            .filter(|review| holds(&review.review.scope, path) && review.changes(evidence, path))
            .filter_map(|review| review.valid.clone().map(|(level, person)| (person, Some(level))))
            .collect();
        let reviewed = !answerers.is_empty();
        answerers.extend(pushers(evidence, landing, &authors));
        let answered = complete
            && reviewed
            && are_separate(evidence, &authors, path)
            && are_answered(evidence, allowed, &authors, &answerers);
        fixed.changed.insert(path, answered);
    }
    // An absence that was not covered and still is absent stays uncovered.
    let paths = landings.iter().flat_map(|other| other.before.into_iter().chain(other.after).flatten());
    for path in paths.map(|entry| entry.path.as_str()) {
        if !fixed.changed.contains_key(path) {
            fixed.unchanged.insert(path);
        }
    }
    fixed.whole = reviews.iter().any(|review| is_whole(evidence, allowed, landing, reviews, review));
    Some(fixed)
}

/// The reviews that hold for a landing.
fn holding<'r, 'a>(
    evidence: &'r Evidence<'a>,
    landings: &'r [LandingView<'a>],
    reviews: &'r [ReviewView<'a>],
    landing: &'r LandingView<'a>,
) -> impl Iterator<Item = &'r ReviewView<'a>> {
    reviews.iter().filter(move |review| {
        review.valid.is_some() && review.is_meant_for(evidence, landing) && review.is_bound(evidence, landings, landing)
    })
}

/// Rule whole-tree-review.
fn is_whole<'a>(
    evidence: &Evidence<'a>,
    allowed: &BTreeSet<Label>,
    landing: &LandingView<'a>,
    reviews: &[ReviewView<'a>],
    review: &ReviewView<'a>,
) -> bool {
    let (Some((level, person)), Some(after)) = (review.valid.clone(), landing.after) else { return false };
    let stated = review.review;
    let mut authors = of_landing(evidence, landing, reviews);
    let complete = are_complete(evidence, landing, &authors);
    let sponsored = stated.authors.iter().all(|actor| {
        let kind = evidence.kind(&actor.principal, actor.kind);
        let by_human = actor.sponsor.as_deref().is_some_and(|it| is_human(evidence, it, ActorKind::Human));
        by_human || !matches!(kind, ActorKind::Agent | ActorKind::Unknown)
    });
    for actor in &stated.authors {
        pool(evidence, &mut authors, actor, false);
    }
    stated.base.is_none()
        && review.head == Some(landing.to)
        && review.is_meant_for(evidence, landing)
        && after.iter().all(|entry| holds(&stated.scope, &entry.path) && are_separate(evidence, &authors, &entry.path))
        && complete
        && sponsored
        && stated.authors_complete
        && !stated.authors.is_empty()
        && are_answered(evidence, allowed, &authors, &[(person, Some(level))])
}
