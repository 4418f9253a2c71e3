//! Why not: the walk from the question to the smallest things that are missing.
//!
//! SPEC: docs/rules.md section 9.

mod cause;
mod near;

use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::facts::{Body, ListKind, Material, NamedDigest};
use rustc_hash::FxHashSet;

pub(crate) use self::near::{NearMatch, near_match};
use crate::accept::{self, Decision};
use crate::cover::Place;
use crate::finding::{Finding, FindingId, Place as Where, Severity};
use crate::image;
use crate::landing;
use crate::marks::{Marks, Seen};
use crate::message;
use crate::order::wide;
use crate::outcome::FrontierItem;
use crate::run::Run;
use crate::steps::{Candidate, Fault, Standing};
use crate::world::{Known, performers};

/// What the walk finds.
pub(crate) struct Walk<'r, 'w, 'a> {
    run: &'r Run<'w, 'a>,
    decision: &'r Decision<'a>,
    found: Vec<FrontierItem>,
    /// Package steps, each with a digest that it was compared for.
    compared: FxHashSet<(usize, Sha256)>,
    seen_candidates: Seen,
    /// Products, by number, whose makers were walked to.
    seen_products: Seen,
    /// Candidates to walk to now, with the digest that each is asked for, where that matters.
    waiting: Vec<(usize, Option<Sha256>)>,
    /// Candidates to walk to when their turn comes.
    later: Marks,
    /// Candidates before this one have their turn to come.
    turn: usize,
    /// The candidate that the walk began at.
    started: Option<usize>,
    seen_trees: FxHashSet<Place<'a>>,
}

/// Collects what is missing.
pub(crate) fn frontier<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>) -> Vec<FrontierItem> {
    let (candidates, products) = (decision.steps.candidates().len(), run.world.products.len());
    let mut walk = Walk {
        later: Marks::new(candidates),
        turn: candidates,
        ..Walk::new(run, decision, Seen::Many(Marks::new(candidates)), Seen::Many(Marks::new(products)))
    };
    walk.question();
    walk.close();
    walk.found.sort_by(|a, b| a.finding.cmp(&b.finding));
    walk.found.dedup();
    walk.found
}

impl<'r, 'w, 'a> Walk<'r, 'w, 'a> {
    fn new(run: &'r Run<'w, 'a>, decision: &'r Decision<'a>, candidates: Seen, products: Seen) -> Self {
        Self {
            run,
            decision,
            found: Vec::new(),
            compared: FxHashSet::default(),
            seen_candidates: candidates,
            seen_products: products,
            waiting: Vec::new(),
            later: Marks::default(),
            turn: 0,
            started: None,
            seen_trees: FxHashSet::default(),
        }
    }

    fn add(&mut self, id: FindingId, place: Where, actors: Vec<String>) {
        let message = message::of(id, &place, &actors);
        self.found.push(FrontierItem { finding: Finding { severity: Severity::Error, id, place, message }, actors });
    }

    fn statement(&self, at: usize) -> Option<StatementDigest> {
        self.run.world.known.get(at).map(Known::digest)
    }

    fn question(&mut self) {
        let world = self.run.world;
        for (id, about) in &self.decision.refusals {
            self.add(*id, Where { path: about.clone(), ..Where::default() }, Vec::new());
        }
        for kind in &self.decision.lists_missing {
            let name = match kind {
                ListKind::Revocation => "revocation",
                ListKind::Withdrawal => "withdrawal",
                ListKind::Released => "released",
            };
            self.add(FindingId::ListMissing, Where { path: Some(name.to_owned()), ..Where::default() }, Vec::new());
        }
        if self.decision.goal.is_some() || world.product.is_none() {
            return;
        }
        self.artifact(world.facts.question.digest.0);
    }

    fn artifact(&mut self, digest: Sha256) {
        let world = self.run.world;
        if self.best_maker(digest).is_some() {
            self.step(digest);
            return self.sweep();
        }
        if self.odd_makers(digest) {
            return;
        }
        let name = world.facts.question.artifact_name.clone();
        let named = name.as_deref().map(|name| accept::made_under_name(world, name)).unwrap_or_default();
        if digest == world.facts.question.digest.0 {
            if !named.is_empty() {
                return self.changed(&named, digest);
            }
            if let Some(near) = near_match(self.run, &self.decision.cover, digest) {
                for (path, id) in &near.diff.misfits {
                    self.add(*id, Where { path: Some(path.clone()), ..Where::default() }, Vec::new());
                }
                if !self.decision.cover.tree_covered(&near.place) {
                    self.tree(near.place);
                }
                return;
            }
            if !accept::named_by_digest(world) {
                return self.add(FindingId::NoEvidence, Where::default(), Vec::new());
            }
        }
        let members = world.facts.indexes.get(&lasthand_model::digest::ArtifactDigest(digest));
        if let Some(members) = members.filter(|_| digest == world.facts.question.digest.0) {
            for member in members.iter().filter(|member| member.platform != accept::INERT) {
                if self.best_maker(member.digest.0).is_some() {
                    let (cover, steps) = (&self.decision.cover, &self.decision.steps);
                    if accept::prove_one(self.run, cover, steps, member.digest).is_none() {
                        self.step(member.digest.0);
                    }
                } else {
                    let path = Some(format!("{} ({})", member.digest, member.platform));
                    self.add(FindingId::MemberForeign, Where { path, ..Where::default() }, Vec::new());
                }
            }
            self.sweep();
            if !self.found.is_empty() {
                return;
            }
        }
        self.add(FindingId::NoProducer, Where::default(), Vec::new());
    }

    /// Steps of other kinds that claim to have made the artifact.
    fn odd_makers(&mut self, digest: Sha256) -> bool {
        let odd: Vec<StatementDigest> = self
            .run
            .world
            .known
            .iter()
            .filter(|statement| match &statement.fact.body {
                Body::Step(step) => {
                    !matches!(step.kind, StepKind::Build | StepKind::Package)
                        && step.products.iter().any(|product| image::goes_by(self.run.world, digest, product.digest))
                }
                _ => false,
            })
            .map(Known::digest)
            .collect();
        for step in &odd {
            self.add(
                FindingId::NotFaithfulKind,
                Where { step: Some(*step), evidence: Some(*step), ..Where::default() },
                Vec::new(),
            );
        }
        !odd.is_empty()
    }

    /// The artifact bears the name of a product but has other bytes.
    fn changed(&mut self, makers: &[usize], digest: Sha256) {
        let steps = &self.decision.steps;
        let candidates = steps.candidates();
        let best = (0..candidates.len())
            .filter(|at| {
                candidates.get(*at).is_some_and(|candidate| makers.binary_search(&candidate.statement()).is_ok())
            })
            .min_by_key(|at| {
                candidates
                    .get(*at)
                    .map(|candidate| (steps.faults(candidate).count(), self.statement(candidate.statement())))
            });
        let Some(at) = best else { return };
        let step = candidates.get(at).and_then(|candidate| self.statement(candidate.statement()));
        self.add(
            FindingId::SubjectMismatch,
            Where {
                path: self.run.world.facts.question.artifact_name.clone(),
                step,
                evidence: step,
                ..Where::default()
            },
            Vec::new(),
        );
        if candidates.get(at).is_none_or(|candidate| candidate.kind != StepKind::Package) {
            return;
        }
        for (id, path) in self.decision.steps.product_faults(self.run, at, digest) {
            let evidence = step.filter(|_| id == FindingId::NoPathMap || id == FindingId::NoInventory);
            self.add(id, Where { path, step, evidence, ..Where::default() }, Vec::new());
        }
    }

    /// Of the steps that have a product: the fewest faults of its own, then the smallest digest.
    pub(crate) fn best_maker(&self, digest: Sha256) -> Option<usize> {
        best_of(self.run, self.decision, self.decision.steps.makers_of(self.run, digest).into_iter(), digest)
    }

    /// Walks to a maker of a digest. Steps that only wait for each other are a cycle.
    fn step(&mut self, digest: Sha256) {
        let first = self.best_maker(digest);
        self.started = self.started.or(first);
        if let Some(first) = first {
            self.candidate(first, Some(digest));
        }
    }

    /// Walks to every step behind those walked to: against the order of the document, so that memory is read in its order.
    fn sweep(&mut self) {
        for at in (0..self.turn).rev() {
            self.turn = at;
            if self.later.contains(at) {
                self.waiting.push((at, None));
            }
            self.on();
        }
        self.on();
    }

    /// Walks on until nothing waits.
    fn on(&mut self) {
        while let Some((at, digest)) = self.waiting.pop() {
            self.candidate(at, digest);
        }
    }

    /// A walk that began at a step and found nothing at all went round in a circle.
    fn close(&mut self) {
        if let Some(first) = self.started.filter(|_| self.found.is_empty()) {
            let step = self.decision.steps.candidates().get(first).and_then(|c| self.statement(c.statement()));
            self.add(FindingId::Cyclic, Where { step, evidence: step, ..Where::default() }, Vec::new());
        }
    }

    fn candidate(&mut self, at: usize, digest: Option<Sha256>) {
        let decision = self.decision;
        let Some(candidate) = decision.steps.candidates().get(at) else { return };
        // What does not depend on the product is said once.
        let first = self.seen_candidates.insert(at);
        let own = || decision.steps.faults(candidate);
        let mut faults: Vec<Fault> = if first { own().cloned().collect() } else { Vec::new() };
        if let Some(digest) = digest {
            if candidate.kind == StepKind::Package && !self.compared.insert((at, digest)) {
                return;
            }
            faults.extend(self.misnamed(candidate, digest));
            // A step without its label has no map either: that is not said besides.
            let unlabelled = |id: &FindingId| {
                matches!(
                    id,
                    FindingId::ActorsIncomplete | FindingId::Simulated | FindingId::Revoked | FindingId::Credential
                )
            };
            if candidate.actor.is_some() || !own().any(|(id, _)| unlabelled(id)) {
                faults.extend(decision.steps.product_faults(self.run, at, digest));
            }
        }
        self.add_faults(candidate, faults);
        let standings = if first { decision.steps.standings(candidate) } else { &[] };
        for (place, standing) in standings.iter().enumerate() {
            self.standing(at, place, *standing);
        }
    }

    /// Whether a step that is asked for names its product otherwise.
    fn misnamed(&self, candidate: &Candidate<'a>, digest: Sha256) -> Option<Fault> {
        let world = self.run.world;
        if !accept::is_asked(world, digest) {
            return None;
        }
        let is_asked = |product: &&NamedDigest| image::goes_by(world, digest, product.digest);
        let mut made = candidate.body.products.iter().filter(is_asked).peekable();
        let named = made.peek().map(|product| product.name.clone());
        let misnamed = !made.any(|product| accept::is_artifact_name(world, &product.name));
        misnamed.then_some((FindingId::NotThisProduct, named))
    }

    fn add_faults(&mut self, candidate: &Candidate<'a>, faults: Vec<Fault>) {
        if faults.is_empty() {
            return;
        }
        let step = self.statement(candidate.statement());
        let actors: Vec<String> =
            candidate.actor.map(|actor| actor.actors.iter().map(|a| a.principal.clone()).collect()).unwrap_or_default();
        let label = candidate.label().and_then(|label| self.statement(label));
        for (id, path) in faults {
            let evidence = match id {
                FindingId::AgentMarks | FindingId::ActorNotAutomation => label.or(step),
                _ => step,
            };
            let named = if id == FindingId::ActorNotAutomation { actors.clone() } else { Vec::new() };
            self.add(id, Where { path, step, evidence, actor: named.first().cloned() }, named);
        }
    }

    /// What is missing behind the material at a place.
    fn standing(&mut self, at: usize, place: usize, standing: Standing) {
        let missing = match standing {
            Standing::Tree(_) | Standing::Clean(_) => return,
            Standing::Product(number) => return self.product(at, number),
            Standing::BadTree(_) | Standing::Unresolved | Standing::Bad => standing,
        };
        let Some(candidate) = self.decision.steps.candidates().get(at) else { return };
        let step = self.statement(candidate.statement());
        let (id, path) = match (missing, candidate.body.materials.get(place)) {
            (Standing::BadTree(number), Some(Material::Tree(tree))) => {
                let ours =
                    self.run.world.product.is_some_and(|product| product.repositories.contains(&tree.repository));
                if let Some(place) = self.decision.steps.place(wide(number)).filter(|_| ours) {
                    self.tree(place);
                }
                return;
            }
            (Standing::Unresolved, Some(Material::Tree(tree))) if self.sha1_known(tree.tree.git_tree.as_ref()) => {
                (FindingId::Sha1Join, &tree.repository)
            }
            (Standing::Unresolved, Some(Material::Tree(tree))) => (FindingId::NoLanding, &tree.repository),
            (_, Some(Material::File(file))) => (FindingId::UndeclaredInput, &file.name),
            (_, Some(Material::External(external))) => (FindingId::UnpinnedInput, &external.uri),
            _ => return,
        };
        self.add(id, Where { path: Some(path.clone()), step, ..Where::default() }, Vec::new());
    }

    /// What is missing behind a material that is a product.
    fn product(&mut self, reader: usize, number: u32) {
        let (steps, world) = (&self.decision.steps, self.run.world);
        if steps.clean_for(self.run, reader, number).is_some() {
            return;
        }
        let number = wide(number);
        if steps.clean(number) {
            let step = steps.candidates().get(reader).and_then(|reader| self.statement(reader.statement()));
            let path = world.products.name(number).map(str::to_owned);
            return self.add(FindingId::MixedRevisions, Where { path, step, ..Where::default() }, Vec::new());
        }
        if !self.seen_products.insert(number) {
            return;
        }
        let Some(maker) = best_maker(self.run, self.decision, number) else { return };
        if steps.is_package(maker) || world.asked().contains(number) {
            self.waiting.push((maker, world.products.digest(number)));
        } else if maker < self.turn {
            self.later.insert(maker);
        } else {
            self.waiting.push((maker, None));
        }
    }

    fn sha1_known(&self, git_tree: Option<&lasthand_model::digest::GitId>) -> bool {
        git_tree.is_some_and(|id| {
            let world = self.run.world;
            world.each(&world.by_subject.landings).any(|(_, _, body)| match body {
                Body::Landing(landing) => landing.to.git_tree.as_ref() == Some(id) && landing.to.root.is_some(),
                _ => false,
            })
        })
    }

    fn tree(&mut self, place: Place<'a>) {
        if !self.seen_trees.insert(place) {
            return;
        }
        let cover = &self.decision.cover;
        if !cover.to_tree.contains_key(&place) {
            return self.never_landed(place);
        }
        let Some((_, uncovered)) = cover.best_landing(self.run, &place) else {
            let first = cover.to_tree.get(&place).and_then(|list| list.first()).copied();
            let step =
                first.and_then(|at| cover.landings.get(at)).and_then(|landing| self.statement(landing.statement));
            return self.add(FindingId::ChainBroken, Where { step, evidence: step, ..Where::default() }, Vec::new());
        };
        let mut paths: Vec<(&str, usize)> = uncovered.into_iter().collect();
        paths.sort_unstable();
        for (path, origin) in paths {
            let Some(landing) = cover.landings.get(origin) else { continue };
            let cause = cause::of(self.run, cover, origin, landing, path);
            let review = cause.review.and_then(|at| cover.reviews.get(at)).and_then(|r| self.statement(r.statement));
            let step = self.statement(landing.statement);
            let actors: Vec<String> = landing.authors.iter().map(|author| author.principal.to_owned()).collect();
            let agent = landing
                .authors
                .iter()
                .find(|author| matches!(author.kind, ActorKind::Agent | ActorKind::Unknown))
                .or_else(|| landing.authors.first());
            let actor = agent.map(|author| author.principal.to_owned());
            let evidence = review.or(step);
            self.add(cause.id, Where { path: Some(path.to_owned()), step, evidence, actor }, actors);
        }
    }

    /// No landing of ours leads to the tree.
    fn never_landed(&mut self, (repository, tree): Place<'a>) {
        let world = self.run.world;
        let mut unauthorised = None;
        let mut elsewhere = None;
        for (_, statement, body) in world.each(&world.by_subject.landings) {
            let Body::Landing(body) = body else { continue };
            if body.repository != repository || self.run.resolve_any(&body.repository, &body.to) != Some(tree) {
                continue;
            }
            if !statement.usable() || landing::authority(world, statement, body).is_none() {
                unauthorised.get_or_insert((statement.fault.unwrap_or(FindingId::NoAuthority), statement.digest()));
            } else if !landing::ours(world, body) {
                elsewhere.get_or_insert((FindingId::OtherRef, statement.digest()));
            }
        }
        let (id, evidence) = match (unauthorised, elsewhere) {
            (Some((id, digest)), _) | (None, Some((id, digest))) => (id, Some(digest)),
            (None, None) => (FindingId::NoLanding, None),
        };
        self.add(id, Where { path: Some(repository.to_owned()), step: evidence, evidence, actor: None }, Vec::new());
    }
}

/// Of the steps that have a product, by number: the fewest faults of its own, then the smallest digest.
pub(crate) fn best_maker<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, product: usize) -> Option<usize> {
    match decision.steps.makers(product) {
        [] => None,
        [only] => Some(wide(*only)).filter(|at| decision.steps.makes(*at)),
        several => best_of(run, decision, several.iter().map(|at| wide(*at)), run.world.products.digest(product)?),
    }
}

fn best_of<'a>(
    run: &Run<'_, 'a>,
    decision: &Decision<'a>,
    makers: impl Iterator<Item = usize>,
    wanted: Sha256,
) -> Option<usize> {
    let steps = &decision.steps;
    let ranked = makers.filter(|at| steps.makes(*at)).filter_map(|at| {
        let candidate = steps.candidates().get(at)?;
        let own = steps.faults(candidate).count() + steps.product_faults(run, at, wanted).len();
        let digest = run.world.known.get(candidate.statement()).map(Known::digest);
        let label = candidate.label().and_then(|label| run.world.known.get(label)).map(Known::digest);
        Some((at, (own, digest, label)))
    });
    ranked.min_by_key(|(_, key)| *key).map(|(at, _)| at)
}

/// The worst that the findings of a step and of everything behind it say.
pub(crate) fn behind<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, maker: usize, digest: Sha256) -> Blame {
    let few = || Seen::Few(FxHashSet::default());
    let mut walk = Walk::new(run, decision, few(), few());
    walk.candidate(maker, Some(digest));
    walk.on();
    let mut worst = Blame::Unknown;
    if let Seen::Few(candidates) = &walk.seen_candidates {
        for at in candidates {
            worst = worst.max(own_blame(run, decision, *at));
        }
    }
    for item in &walk.found {
        worst = worst.max(blame(item.finding.id));
    }
    worst
}

/// What a finding says of the files behind it; the later the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blame {
    /// Something is missing.
    Unknown,
    /// Nobody is known to have reviewed something.
    Unreviewed,
    /// An agent acted after review.
    Agent,
}

fn blame(id: FindingId) -> Blame {
    match id {
        FindingId::AgentMarks | FindingId::AgentChangeUnreviewed => Blame::Agent,
        FindingId::BorrowedIdentity
        | FindingId::UnreviewedChange
        | FindingId::NotIndependent
        | FindingId::NotAReview
        | FindingId::OutOfScope
        | FindingId::DoesNotBind
        | FindingId::EvilMerge
        | FindingId::ReviewReused
        | FindingId::UndeclaredInput
        | FindingId::EntryUnmatched
        | FindingId::EntryMissing
        | FindingId::EntryChanged
        | FindingId::EntryRaised => Blame::Unreviewed,
        _ => Blame::Unknown,
    }
}

/// What the own findings of a step say of the files behind it.
pub(crate) fn own_blame<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, at: usize) -> Blame {
    let Some(candidate) = decision.steps.candidates().get(at) else { return Blame::Unknown };
    let Some(statement) = run.world.known.get(candidate.statement()) else { return Blame::Unknown };
    let by_agent = || {
        let labels = run.world.labels.of(candidate.statement()).iter();
        labels.filter_map(|at| run.world.known.get(wide(*at))).any(|label| match &label.fact.body {
            Body::StepActor(actor) => performers(&actor.actors)
                .map(|performer| run.world.kind(&performer.principal, performer.kind))
                .any(|kind| matches!(kind, ActorKind::Agent | ActorKind::Unknown)),
            _ => false,
        })
    };
    let signed_by = |kind: ActorKind| statement.pairs.iter().any(|pair| pair.kind == kind);
    let of_fault = |fault: &Fault| match fault.0 {
        FindingId::ActorNotAutomation if by_agent() => Blame::Agent,
        FindingId::ActorNotAutomation => Blame::Unreviewed,
        FindingId::NoAuthority if signed_by(ActorKind::Human) && !signed_by(ActorKind::Automation) => Blame::Unreviewed,
        id => blame(id),
    };
    decision.steps.faults(candidate).map(of_fault).max().unwrap_or(Blame::Unknown)
}
