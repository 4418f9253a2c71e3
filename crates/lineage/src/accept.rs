//! Acceptance for a name: proven content, required acts, lists, exceptions.
//!
//! SPEC: docs/rules.md section 6.

use std::rc::Rc;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{Approval, Body, List, ListEntry, ListKind, RequiredAct};

use crate::container;
use crate::cover::{Cover, Place, WholeBy};
use crate::finding::FindingId;
use crate::image;
use crate::people;
use crate::rules::Rule;
use crate::run::Run;
use crate::steps::{Behind, Steps};
use crate::trees::Tree;
use crate::world::{Known, World, any_glob};

/// Platform of a manifest that no puller chooses: what it holds runs nowhere.
pub(crate) const INERT: &str = "unknown/unknown";

/// How the artifact is proven.
#[derive(Debug, Clone)]
pub(crate) enum Goal<'a> {
    /// Product of a faithful step: the candidate.
    Step(usize),
    /// A source archive of a covered tree: the landing.
    SourceArchive(usize, Place<'a>),
    /// A trusted input.
    TrustedInput,
    /// Every manifest of an index.
    Index(Vec<(ArtifactDigest, Goal<'a>)>),
}

/// What one run decided.
pub(crate) struct Decision<'a> {
    pub(crate) cover: Rc<Cover<'a>>,
    pub(crate) steps: Steps<'a>,
    pub(crate) goal: Option<Goal<'a>>,
    /// The steps of the goal and those behind them.
    pub(crate) behind: Behind,
    /// What fails beside the content, with the place it is about.
    pub(crate) refusals: Vec<(FindingId, Option<String>)>,
    /// Lists that are demanded and missing or stale.
    pub(crate) lists_missing: Vec<ListKind>,
    /// Landings of the proof's trees that are covered only because the tree was covered elsewhere.
    pub(crate) reverted: Vec<usize>,
}

impl Decision<'_> {
    pub(crate) fn accepted(&self) -> bool {
        self.goal.is_some() && self.refusals.is_empty() && self.lists_missing.is_empty()
    }
}

/// Decides under the labels of a run.
pub(crate) fn decide<'a>(run: &Run<'_, 'a>) -> Decision<'a> {
    let cover = Cover::new(run);
    let steps = Steps::new(run, &cover);
    conclude(run, Rc::new(cover), steps)
}

/// Decides under fewer labels, where those that are gone are carried by steps alone.
pub(crate) fn decide_again<'a>(run: &Run<'_, 'a>, before: &Decision<'a>) -> Decision<'a> {
    conclude(run, Rc::clone(&before.cover), before.steps.under(run))
}

fn conclude<'a>(run: &Run<'_, 'a>, cover: Rc<Cover<'a>>, steps: Steps<'a>) -> Decision<'a> {
    let world = run.world;
    let digest = world.facts.question.digest;
    let goal = world.product.and_then(|_| prove(run, &cover, &steps, digest));
    let goal = if goal.is_none() && world.rules.demand(Rule::Goal, false) { Some(Goal::TrustedInput) } else { goal };
    let behind = goal.as_ref().map(|goal| behind(run, &steps, goal)).unwrap_or_default();
    let sources = goal.as_ref().map(|goal| source_places(&steps, goal, &behind)).unwrap_or_default();
    let mut refusals = Vec::new();
    if let Some(product) = world.product.filter(|_| goal.is_some()) {
        for required in &product.required {
            if !world.rules.demand(Rule::RequiredActs, find_act(world, required).is_some()) {
                refusals.push((FindingId::ActMissing, Some(act_name(required))));
            }
        }
    }
    if world.product.is_none() {
        refusals.push((FindingId::NotThisProduct, None));
    } else if withdrawn(world) {
        refusals.push((FindingId::Withdrawn, None));
    }
    if goal.is_some() && !world.rules.demand(Rule::Rollback, !rolled_back(world)) {
        refusals.push((FindingId::Rollback, None));
    }
    let lists_missing = world
        .facts
        .preset
        .require_lists
        .iter()
        .copied()
        .filter(|_| goal.is_some())
        .filter(|kind| !world.rules.demand(Rule::Lists, fresh_list(world, *kind).is_some()))
        .collect();
    let reverted = reverted(run, &cover, &sources);
    if world.facts.preset.refuse_reverted && !reverted.is_empty() {
        refusals.push((FindingId::RevertedUnreviewed, None));
    }
    Decision { cover, steps, goal, behind, refusals, lists_missing, reverted }
}

/// Whether a list takes the artifact back.
pub(crate) fn withdrawn(world: &World<'_>) -> bool {
    let lists = [ListKind::Revocation, ListKind::Withdrawal].into_iter().flat_map(|kind| world.effective_lists(kind));
    let mut gone = lists.flat_map(|(_, list)| &list.entries).filter_map(|entry| match entry {
        ListEntry::Artifact(gone) => Some(gone.0),
        _ => None,
    });
    // Most often nothing is taken back, and no step need be asked for its names.
    let listed = gone.next().is_some_and(|first| {
        let names = image::all_names(world, world.facts.question.digest.0);
        names.contains(&first) || gone.any(|gone| names.contains(&gone))
    });
    !world.rules.demand(Rule::Withdrawn, !listed)
}

/// A name for an act, for people.
pub(crate) fn act_name(required: &RequiredAct) -> String {
    match &required.target {
        Some(target) => format!("{} to {target}", required.action),
        None => required.action.to_string(),
    }
}

fn prove<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, steps: &Steps<'a>, digest: ArtifactDigest) -> Option<Goal<'a>> {
    let world = run.world;
    if let Some(goal) = prove_one(run, cover, steps, digest) {
        return Some(goal);
    }
    let members = world.facts.indexes.get(&digest)?;
    let mut goals = Vec::new();
    for member in members.iter().filter(|member| member.platform != INERT) {
        goals.push((member.digest, prove_one(run, cover, steps, member.digest)?));
    }
    world.rules.grant(Rule::Index, !goals.is_empty()).then_some(Goal::Index(goals))
}

/// Proves an artifact that is no index.
pub(crate) fn prove_one<'a>(
    run: &Run<'_, 'a>,
    cover: &Cover<'a>,
    steps: &Steps<'a>,
    digest: ArtifactDigest,
) -> Option<Goal<'a>> {
    let world = run.world;
    let made = steps.makers_of(run, digest.0).into_iter().find(|at| {
        steps.candidates().get(*at).is_some_and(|candidate| {
            steps.faithful(*at)
                && candidate.body.products.iter().any(|product| {
                    image::goes_by(world, digest.0, product.digest)
                        && is_artifact_name(world, &product.name)
                        && steps.product_faults(run, *at, product.digest).is_empty()
                })
        })
    });
    made.map(Goal::Step).or_else(|| prove_source_archive(run, cover, digest.0))
}

/// The digests of the artifact, and of the members of the index that it is.
pub(crate) fn asked(world: &World<'_>) -> impl Iterator<Item = Sha256> {
    let asked = world.facts.question.digest;
    let members = world.facts.indexes.get(&asked).into_iter().flatten();
    let members = members.filter(|member| member.platform != INERT).map(|member| member.digest.0);
    std::iter::once(asked.0).chain(members)
}

/// Whether a digest is that of the artifact, or of a member of the index that it is.
pub(crate) fn is_asked(world: &World<'_>, digest: Sha256) -> bool {
    asked(world).any(|asked| asked == digest)
}

/// Whether a step's product may be the product asked for by its name.
pub(crate) fn is_artifact_name(world: &World<'_>, name: &str) -> bool {
    world.product.is_some_and(|product| {
        product.artifacts.is_empty()
            || any_glob(&product.artifacts, name)
            || any_glob(&product.artifacts, last_segment(name))
    })
}

fn prove_source_archive<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, digest: Sha256) -> Option<Goal<'a>> {
    if run.world.facts.images.contains_key(&ArtifactDigest(digest)) {
        return None;
    }
    let product = run.world.trees.get(&digest)?;
    let prefixes = container::prefixes(product);
    let mut landings: Vec<usize> = (0..cover.landings.len()).collect();
    landings.retain(|at| cover.landings.get(*at).is_some_and(|landing| cover.tree_covered(&place(landing))));
    landings.into_iter().filter(|_| run.world.rules.grant(Rule::SourceArchive, true)).find_map(|at| {
        let landing = cover.landings.get(at)?;
        let tree = run.world.trees.get(&landing.to)?;
        if !may_match(product, tree, &landing.body.export_ignore) {
            return None;
        }
        prefixes
            .iter()
            .any(|prefix| {
                let diff = container::compare_archive(product, tree, prefix, &landing.body.export_ignore);
                diff.misfits.is_empty() && diff.agreeing > 0
            })
            .then(|| Goal::SourceArchive(at, place(landing)))
    })
}

/// A cheap look before a whole comparison.
fn may_match(product: &Tree<'_>, tree: &Tree<'_>, left_out: &[String]) -> bool {
    let files = |tree: &Tree<'_>| tree.entries().filter(|entry| entry.sha256().is_some()).count();
    // LIMIT: a comparison costs as much as the tree, so all of them together cost as much as the facts.
    let (made, wanted) = (files(product), files(tree));
    made == wanted || (!left_out.is_empty() && made < wanted)
}

pub(crate) fn place<'a>(landing: &crate::landing::LandingInfo<'a>) -> Place<'a> {
    (landing.body.repository.as_str(), landing.to)
}

/// The steps of a goal and every step behind them.
fn behind<'a>(run: &Run<'_, 'a>, steps: &Steps<'a>, goal: &Goal<'a>) -> Behind {
    let mut starts: Vec<usize> = Vec::new();
    let mut goals = vec![goal];
    while let Some(goal) = goals.pop() {
        match goal {
            Goal::Step(at) => starts.push(*at),
            Goal::SourceArchive(..) | Goal::TrustedInput => {}
            Goal::Index(members) => goals.extend(members.iter().map(|(_, goal)| goal)),
        }
    }
    Behind::new(run, steps, &starts)
}

/// Source trees of a goal and of the steps behind it.
fn source_places<'a>(steps: &Steps<'a>, goal: &Goal<'a>, behind: &Behind) -> Vec<Place<'a>> {
    let mut places: Vec<Place<'a>> = behind.places(steps).collect();
    let mut goals = vec![goal];
    while let Some(goal) = goals.pop() {
        match goal {
            Goal::SourceArchive(_, place) => places.push(*place),
            Goal::Step(_) | Goal::TrustedInput => {}
            Goal::Index(members) => goals.extend(members.iter().map(|(_, goal)| goal)),
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// The act that meets a demand.
pub(crate) fn find_act<'w, 'a>(world: &'w World<'a>, required: &RequiredAct) -> Option<&'w Known<'a>> {
    let question = &world.facts.question;
    let wanted_target = if required.target.is_some() { &required.target } else { &question.target };
    let mut acts = world.each(&world.by_subject.acts).map(|(_, statement, _)| statement);
    acts.find(|statement| match &statement.fact.body {
        Body::Act(act) => {
            act.action == required.action
                && act.product == question.product
                && act.digest == question.digest
                && (wanted_target.is_none() || act.target == *wanted_target)
                && people::act_holds(world, statement, act)
        }
        _ => false,
    })
}

/// The current list of a kind, when it is fresh.
pub(crate) fn fresh_list<'w, 'a>(world: &'w World<'a>, kind: ListKind) -> Option<(&'w Known<'a>, &'a List)> {
    let now = world.facts.now;
    let longest = world.facts.preset.revocations_seconds.filter(|_| kind == ListKind::Revocation);
    world
        .current_list(kind)
        .filter(|(_, list)| now <= list.fresh_until)
        .filter(|(_, list)| longest.is_none_or(|longest| now.saturating_sub(list.issued_at) <= longest))
}

fn rolled_back(world: &World<'_>) -> bool {
    // A list goes on to deny when its signer is revoked: revoking him must not lift a rollback.
    let newest = world
        .effective_lists(ListKind::Released)
        .filter(|(_, list)| list.issued_at <= world.facts.now)
        .max_by_key(|(statement, list)| (list.sequence, std::cmp::Reverse(statement.digest())))
        .map(|(_, list)| list);
    let current = world.current_list(ListKind::Released).map(|(_, list)| list);
    newest.into_iter().chain(current).any(|list| names_another(world, list))
}

/// Whether a released list names other artifacts than this one for the refs of the product.
fn names_another(world: &World<'_>, list: &List) -> bool {
    // Refs of the product, not of the landings at hand: a landing that is left out must not excuse an old release.
    let ours = |target_ref: &str| {
        target_ref.is_empty() || world.product.is_some_and(|product| any_glob(&product.refs, target_ref))
    };
    let released = list.entries.iter().filter_map(|entry| match entry {
        ListEntry::Released { target_ref, digest } if ours(target_ref) => Some(*digest),
        _ => None,
    });
    let about: Vec<ArtifactDigest> = released.collect();
    let asked = world.facts.question.digest.0;
    !about.is_empty() && !about.iter().any(|released| image::goes_by(world, asked, released.0))
}

fn reverted<'a>(run: &Run<'_, 'a>, cover: &Cover<'a>, sources: &[Place<'a>]) -> Vec<usize> {
    let mut found: Vec<usize> = sources
        .iter()
        .flat_map(|source| cover.to_tree.get(source).into_iter().flatten().copied())
        .filter(|at| {
            let Some(landing) = cover.landings.get(*at) else { return false };
            let started = matches!(
                cover.whole.get(&place(landing)),
                Some((_, WholeBy::Start | WholeBy::SourceVsa(_) | WholeBy::Review { .. }))
            );
            if landing.body.from.is_none() || started {
                return false;
            }
            let left = cover.own_left.get(*at).copied().flatten().unwrap_or(0);
            !run.world.rules.demand(Rule::Reverted, left == 0)
        })
        .collect();
    found.sort_unstable();
    found
}

/// The two halves of a valid exception.
pub(crate) fn exception<'w, 'a>(world: &'w World<'a>) -> Option<[&'w Known<'a>; 2]> {
    let question = &world.facts.question;
    let halves: Vec<(&Known<'a>, usize)> = exceptions(world)
        .filter(|(_, approval)| approval.digest == question.digest && approval.target == question.target)
        .filter_map(|(statement, approval)| {
            let person = world.person(&approval.approver.principal)?;
            exception_half(world, approval, person).then_some((statement, person))
        })
        .collect();
    let (first, person) = halves.first()?;
    let second = halves.iter().find(|(_, other)| other != person)?;
    world.rules.grant(Rule::Exception, true).then_some([*first, second.0])
}

fn exception_half<'a>(world: &World<'a>, approval: &'a Approval, person: usize) -> bool {
    let stands_behind = |principal: &str| world.person(principal) == Some(person);
    let own = approval
        .authors
        .iter()
        .flat_map(|actor| std::iter::once(actor.principal.as_str()).chain(actor.sponsor.as_deref()));
    !approval.reason.is_empty()
        && approval.expires.is_some()
        && approval.authors_complete
        && !approval.authors.is_empty()
        && !own.chain(people::known_authors(world)).any(stands_behind)
}

/// Valid approvals of action exception for the product.
fn exceptions<'w, 'a>(world: &'w World<'a>) -> impl Iterator<Item = (&'w Known<'a>, &'a Approval)> {
    world.each(&world.by_subject.approvals).filter_map(|(_, statement, body)| match body {
        Body::Approval(approval)
            if approval.action == "exception" && people::approval_holds(world, statement, approval) =>
        {
            Some((statement, approval))
        }
        _ => None,
    })
}

/// Exceptions for the product and another artifact.
pub(crate) fn standing_privileges<'w, 'a>(world: &'w World<'a>) -> Vec<&'w Known<'a>> {
    exceptions(world)
        .filter(|(_, approval)| approval.digest != world.facts.question.digest)
        .map(|(statement, _)| statement)
        .collect()
}

/// Whether some known statement, index or trusted input names the artifact by digest.
pub(crate) fn named_by_digest(world: &World<'_>) -> bool {
    let digest = world.facts.question.digest;
    let by_statement = world.known.iter().any(|statement| match &statement.fact.body {
        Body::Step(step) => step.products.iter().any(|product| image::goes_by(world, digest.0, product.digest)),
        Body::Act(act) => act.digest == digest,
        Body::Approval(approval) => approval.digest == digest,
        Body::Other(other) => other.subjects.iter().any(|subject| subject.digest == digest.0),
        _ => false,
    });
    by_statement || world.facts.indexes.contains_key(&digest)
}

/// Known build or package steps that have a product of this name.
pub(crate) fn made_under_name<'a>(world: &World<'a>, name: &str) -> Vec<usize> {
    let named = |statement: &Known<'_>| match &statement.fact.body {
        Body::Step(step) => {
            matches!(step.kind, StepKind::Build | StepKind::Package)
                && step.products.iter().any(|product| last_segment(&product.name) == name)
        }
        _ => false,
    };
    world.each(&world.by_subject.steps).filter(|(_, statement, _)| named(statement)).map(|(at, ..)| at).collect()
}

/// A product's name without folders.
pub(crate) fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
