//! What an acceptance rests on.

use std::fmt::{self, Arguments};

use lasthand_model::actor::StepKind;
use lasthand_model::digest::ArtifactDigest;
use lasthand_model::wire::facts::{Body, NamedDigest, TreeRef};
use rustc_hash::FxHashSet;

use crate::accept::{self, Decision, Goal};
use crate::cover::{Place, WholeBy};
use crate::order::wide;
use crate::outcome::{Findings, Proof, ProofRole};
use crate::people;
use crate::run::Run;
use crate::steps::{Candidate, Clean, Standing, source_trees};
use crate::world::Known;

/// Collects the statements of one derivation, each once, sorted by role.
pub(crate) fn of_acceptance<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>) -> Proof {
    let mut proof = Collector {
        run,
        decision,
        findings: Findings::new(run.world.known.len()),
        listed: FxHashSet::default(),
        trees: FxHashSet::default(),
        walked: FxHashSet::default(),
        brought: Vec::new(),
        shown: FxHashSet::default(),
    };
    if let Some(goal) = &decision.goal {
        proof.goal(goal);
    }
    let world = run.world;
    for required in world.product.iter().flat_map(|product| &product.required) {
        if let Some(act) = accept::find_act(world, required) {
            proof.known(ProofRole::Act, act, format!("the required act {} is done", accept::act_name(required)));
        }
    }
    for kind in &world.facts.preset.require_lists {
        if let Some((list, _)) = accept::fresh_list(world, *kind) {
            proof.known(ProofRole::List, list, "a list that is demanded is there and fresh".to_owned());
        }
    }
    proof.findings.told()
}

/// The two halves of an exception.
pub(crate) fn of_exception(halves: [&Known<'_>; 2]) -> Proof {
    let mut findings = Findings::new(halves.len());
    // They are in the order of digests.
    for (place, half) in halves.into_iter().enumerate() {
        let shows = format_args!("a person signed an exception for this artifact");
        findings.add(ProofRole::Approval, half.digest(), place, shows);
    }
    findings.told()
}

struct Collector<'r, 'w, 'a> {
    run: &'r Run<'w, 'a>,
    decision: &'r Decision<'a>,
    findings: Findings,
    /// Landings and reviews that are listed already.
    listed: FxHashSet<(ProofRole, usize)>,
    trees: FxHashSet<Place<'a>>,
    /// Landings whose history is listed.
    walked: FxHashSet<usize>,
    /// Landings that merges brought in, still to be shown; and those that were.
    brought: Vec<usize>,
    shown: FxHashSet<usize>,
}

impl<'a> Collector<'_, '_, 'a> {
    fn known(&mut self, role: ProofRole, statement: &Known<'a>, shows: String) {
        if let Some(at) = self.run.world.find(&statement.digest()) {
            self.at(role, at, format_args!("{shows}"));
        }
    }

    fn at(&mut self, role: ProofRole, at: usize, shows: Arguments<'_>) {
        let world = self.run.world;
        let Some(statement) = world.known.get(at).map(Known::digest) else { return };
        self.findings.add(role, statement, world.rank(at), shows);
    }

    fn goal(&mut self, goal: &Goal<'a>) {
        let mut goals = vec![goal];
        let mut places = Vec::new();
        while let Some(goal) = goals.pop() {
            match goal {
                Goal::SourceArchive(landing, place) => {
                    self.landing(*landing);
                    places.push(*place);
                }
                Goal::Step(_) | Goal::TrustedInput => {}
                Goal::Index(members) => goals.extend(members.iter().map(|(_, goal)| goal)),
            }
        }
        let decision = self.decision;
        for at in decision.behind.steps.iter() {
            self.step(at);
        }
        places.extend(decision.behind.places(&decision.steps));
        self.approvals();
        for start in self.run.world.product.iter().flat_map(|product| &product.onboarding) {
            self.named(&start.repository, &start.tree);
        }
        self.places(places);
    }

    fn step(&mut self, at: usize) {
        let decision = self.decision;
        let Some(candidate) = decision.steps.candidates().get(at) else { return };
        let role = if candidate.kind == StepKind::Package { ProofRole::Package } else { ProofRole::Build };
        let shows = format_args!("a {} step made {}", candidate.kind, Made(&candidate.body.products));
        self.at(role, candidate.statement(), shows);
        if let Some(label) = candidate.label() {
            let shows = format_args!("who acted in that {} step, and how it was captured", candidate.kind);
            self.at(role, label, shows);
        }
        for tree in source_trees(&candidate.body.materials) {
            self.named(&tree.repository, &tree.tree);
        }
        self.refs_of(candidate);
        for standing in decision.steps.standings(candidate) {
            if let Standing::Clean(Clean::FetchedBy(fetch)) = standing {
                self.at(ProofRole::Fetch, wide(*fetch), format_args!("an input was fetched by an allowed observer"));
            }
        }
    }

    /// The landings whose ref a parameter's value is.
    fn refs_of(&mut self, candidate: &Candidate<'a>) {
        let decision = self.decision;
        let more = candidate.actor.into_iter().flat_map(|actor| actor.parameters.values());
        let mut values: FxHashSet<&str> = candidate.body.parameters.values().chain(more).map(String::as_str).collect();
        if values.is_empty() {
            return;
        }
        for standing in decision.steps.standings(candidate) {
            let Standing::Tree(place) = standing else { continue };
            let Some(place) = decision.steps.place(wide(*place)) else { continue };
            for at in decision.cover.to_tree.get(&place).into_iter().flatten() {
                let landing = decision.cover.landings.get(*at);
                // One for each value: two parameters may name two refs of one tree.
                if landing.is_some_and(|landing| values.remove(landing.body.target_ref.as_str())) {
                    self.landing(*at);
                }
            }
        }
    }

    /// The landing that says which root a SHA-1 id means, where a reference has no root.
    fn named(&mut self, repository: &str, tree: &TreeRef) {
        if let Some(at) = self.run.named_by(repository, tree) {
            self.at(ProofRole::Source, at, format_args!("which tree a SHA-1 id means"));
        }
    }

    /// Approvals of parameters for products of the steps of the proof.
    fn approvals(&mut self) {
        let world = self.run.world;
        let behind = &self.decision.behind.steps;
        let made = |digest: ArtifactDigest| {
            let numbers = world.products.with_digest(digest.0);
            let mut makers = numbers.flat_map(|number| self.decision.steps.makers(number));
            makers.any(|maker| behind.contains(wide(*maker)))
        };
        let mut valid: Vec<usize> = Vec::new();
        for (at, statement, body) in world.each(&world.by_subject.approvals) {
            if let Body::Approval(approval) = body
                && approval.action == "parameters"
                && made(approval.digest)
                && people::approval_holds(world, statement, approval)
            {
                valid.push(at);
            }
        }
        for at in valid {
            self.at(ProofRole::Approval, at, format_args!("a release approver signed the parameters"));
        }
    }

    fn places(&mut self, places: Vec<Place<'a>>) {
        for place in &places {
            self.any_landing(*place);
        }
        let mut places = places;
        loop {
            if let Some(place) = places.pop() {
                if self.trees.insert(place) {
                    self.whole(place, &mut places);
                }
            } else if let Some(step) = self.brought.pop() {
                self.brought(step, &mut places);
            } else {
                break;
            }
        }
    }

    /// How a landing that a merge brought in is covered by itself.
    fn brought(&mut self, at: usize, places: &mut Vec<Place<'a>>) {
        if self.shown.insert(at) {
            match self.decision.cover.merges.get(at).copied().flatten() {
                Some(merge) => self.by(Some(merge), places),
                None => self.chain(at, places),
            }
        }
    }

    /// How a tree became wholly covered.
    fn whole(&mut self, place: Place<'a>, places: &mut Vec<Place<'a>>) {
        let by = self.decision.cover.whole.get(&place).map(|(_, by)| *by);
        self.by(by, places);
    }

    fn by(&mut self, by: Option<WholeBy>, places: &mut Vec<Place<'a>>) {
        let cover = &self.decision.cover;
        match by {
            Some(WholeBy::Landing(at)) => self.chain(at, places),
            Some(WholeBy::Merge { landing, head, base, way }) => {
                // Nothing that was merged before may be left out.
                self.history(landing);
                if let Some(info) = cover.landings.get(landing) {
                    places.extend([info.from, head, base].map(|tree| (info.body.repository.as_str(), tree)));
                }
                self.brought.extend(cover.steps(way));
            }
            Some(WholeBy::Review { review, landing }) => {
                self.landing(landing);
                self.review(review);
            }
            Some(WholeBy::SourceVsa(at)) => {
                self.at(ProofRole::SourceVsa, at, format_args!("somebody else verified the source tree"));
            }
            Some(WholeBy::Start) | None => {}
        }
    }

    /// One landing that leads to a tree: the one by which it is covered, if any.
    fn any_landing(&mut self, place: Place<'a>) {
        let cover = &self.decision.cover;
        let by = match cover.whole.get(&place) {
            Some((
                _,
                WholeBy::Landing(at) | WholeBy::Merge { landing: at, .. } | WholeBy::Review { landing: at, .. },
            )) => Some(*at),
            _ => cover.to_tree.get(&place).and_then(|list| list.first()).copied(),
        };
        if let Some(at) = by {
            self.landing(at);
        }
    }

    /// A landing and those before it, back to a tree that is covered by itself, with the reviews that count in the end.
    fn chain(&mut self, first: usize, places: &mut Vec<Place<'a>>) {
        let cover = &self.decision.cover;
        // Paths whose earlier history no longer matters: they were added, or taken away, under review.
        let mut settled: FxHashSet<&str> = FxHashSet::default();
        let order = |place: &Place<'a>| cover.whole.get(place).map(|(order, _)| *order);
        let limit = cover.landings.get(first).and_then(|info| order(&(info.body.repository.as_str(), info.to)));
        let mut at = first;
        for _ in 0..=cover.landings.len() {
            let Some(landing) = cover.landings.get(at) else { return };
            self.landing(at);
            let from = (landing.body.repository.as_str(), landing.from);
            // A tree that became covered only after this one is no start for it.
            let started = order(&from).is_some_and(|earlier| limit.is_none_or(|limit| earlier < limit));
            for (change, answer) in cover.answers_of(at) {
                if settled.contains(change.path) {
                    continue;
                }
                for review in answer.unwrap_or_default() {
                    self.review(*review);
                    if cover.needs_history(at, *review) {
                        self.history(at);
                    }
                }
                if !started && (change.before.is_none() || change.after.is_none()) {
                    settled.insert(change.path);
                }
            }
            if started {
                places.push(from);
                return;
            }
            match landing.prev {
                Some(prev) => at = prev,
                None => return,
            }
        }
    }

    /// Every landing before one: a review that was recomputed must not have been used there.
    fn history(&mut self, mut at: usize) {
        let cover = &self.decision.cover;
        for _ in 0..=cover.landings.len() {
            if !self.walked.insert(at) {
                return;
            }
            self.landing(at);
            match cover.landings.get(at).and_then(|landing| landing.prev) {
                Some(prev) => at = prev,
                None => return,
            }
        }
    }

    fn landing(&mut self, at: usize) {
        if let Some(landing) = self.decision.cover.landings.get(at)
            && self.listed.insert((ProofRole::Source, at))
        {
            let shows = format_args!("{} moved in {}", landing.body.target_ref, landing.body.repository);
            self.at(ProofRole::Source, landing.statement, shows);
            let body = landing.body;
            let merge = body.merge_of.iter().flat_map(|merge| [&merge.head, &merge.base, &merge.result]);
            for tree in body.from.iter().chain([&body.to]).chain(merge) {
                self.named(&body.repository, tree);
            }
        }
    }

    fn review(&mut self, at: usize) {
        if let Some(review) = self.decision.cover.reviews.get(at)
            && self.listed.insert((ProofRole::Review, at))
        {
            let shows = format_args!("{} approved the change", review.body.reviewer.principal);
            self.at(ProofRole::Review, review.statement, shows);
            for tree in review.body.base.iter().chain([&review.body.head]) {
                self.named(&review.body.repository, tree);
            }
        }
    }
}

/// The names of products, as a proof tells them.
struct Made<'a>(&'a [NamedDigest]);

impl fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An image is two products of one name: its manifest and its config.
        let names = || self.0.chunk_by(|a, b| a.name == b.name).filter_map(<[_]>::first).map(|made| &made.name);
        for (at, name) in names().take(3).enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            f.write_str(name)?;
        }
        match names().count().saturating_sub(3) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
