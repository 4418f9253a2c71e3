//! What an acceptance rests on.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, External, Material};
use rustc_hash::FxHashSet;

use crate::accept::{self, Decision, Goal};
use crate::cover::{Place, WholeBy};
use crate::outcome::{ProofItem, ProofRole};
use crate::run::Run;
use crate::steps::Standing;
use crate::world::Known;

/// Collects the statements of one derivation, each once, sorted by role.
pub(crate) fn of_acceptance<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>) -> Vec<ProofItem> {
    let mut proof =
        Proof { run, decision, items: Vec::new(), steps: FxHashSet::default(), trees: FxHashSet::default() };
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
    proof.items.sort();
    proof.items.dedup();
    proof.items
}

/// The two halves of an exception.
pub(crate) fn of_exception(halves: [&Known<'_>; 2]) -> Vec<ProofItem> {
    halves
        .into_iter()
        .map(|half| ProofItem {
            role: ProofRole::Approval,
            statement: half.digest(),
            shows: "a person signed an exception for this artifact".to_owned(),
        })
        .collect()
}

struct Proof<'r, 'w, 'a> {
    run: &'r Run<'w, 'a>,
    decision: &'r Decision<'a>,
    items: Vec<ProofItem>,
    steps: FxHashSet<usize>,
    trees: FxHashSet<Place<'a>>,
}

impl<'a> Proof<'_, '_, 'a> {
    fn known(&mut self, role: ProofRole, statement: &Known<'a>, shows: String) {
        self.items.push(ProofItem { role, statement: statement.digest(), shows });
    }

    fn at(&mut self, role: ProofRole, at: usize, shows: String) {
        if let Some(statement) = self.run.world.known.get(at) {
            self.items.push(ProofItem { role, statement: statement.digest(), shows });
        }
    }

    fn goal(&mut self, goal: &Goal<'a>) {
        let mut goals = vec![goal];
        let mut steps = Vec::new();
        let mut places = Vec::new();
        while let Some(goal) = goals.pop() {
            match goal {
                Goal::Step(at) => steps.push(*at),
                Goal::SourceArchive(_, place) => places.push(*place),
                Goal::TrustedInput => {}
                Goal::Index(members) => goals.extend(members.iter().map(|(_, goal)| goal)),
            }
        }
        while let Some(at) = steps.pop() {
            if self.steps.insert(at) {
                self.step(at, &mut steps, &mut places);
            }
        }
        self.places(places);
    }

    fn step(&mut self, at: usize, steps: &mut Vec<usize>, places: &mut Vec<Place<'a>>) {
        let decision = self.decision;
        let Some(candidate) = decision.steps.candidates.get(at) else { return };
        let role = if candidate.body.kind == StepKind::Package { ProofRole::Package } else { ProofRole::Build };
        let made: Vec<&str> = candidate.body.products.iter().map(|product| product.name.as_str()).take(3).collect();
        let more = candidate.body.products.len().saturating_sub(made.len());
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.at(role, candidate.statement, format!("a {} step made {}{tail}", candidate.body.kind, made.join(", ")));
        if let Some(label) = candidate.label {
            self.at(role, label, format!("who acted in that {} step, and how it was captured", candidate.body.kind));
        }
        for standing in &candidate.standings {
            match standing {
                Standing::Tree(place) => places.push(*place),
                Standing::Product(key) => steps.extend(decision.steps.clean.get(key)),
                Standing::Clean(_, Some(fetch)) => {
                    self.at(ProofRole::Fetch, *fetch, "an input was fetched by an allowed observer".to_owned());
                }
                _ => {}
            }
        }
        self.approvals(at);
        debug_assert!(
            candidate.body.materials.iter().all(|m| !matches!(m, Material::External(External { digest: None, .. })))
                || !candidate.faithful
        );
    }

    /// Approvals of parameters for a product of the step.
    fn approvals(&mut self, at: usize) {
        let world = self.run.world;
        let Some(candidate) = self.decision.steps.candidates.get(at) else { return };
        let made = |digest: Sha256| candidate.body.products.iter().any(|product| product.digest == digest);
        for (at, statement) in world.known.iter().enumerate() {
            if let Body::Approval(approval) = &statement.fact.body
                && approval.action == "parameters"
                && made(approval.digest.0)
            {
                self.at(ProofRole::Approval, at, "a release approver signed the parameters".to_owned());
            }
        }
    }

    fn places(&mut self, mut places: Vec<Place<'a>>) {
        let cover = &self.decision.cover;
        while let Some(place) = places.pop() {
            if !self.trees.insert(place) {
                continue;
            }
            // Where the tree became covered, and one landing that leads to it.
            match cover.whole.get(&place).map(|(_, by)| *by) {
                Some(WholeBy::Landing(at)) => self.chain(at, &mut places),
                Some(WholeBy::Merge { landing, head }) => {
                    self.landing(landing);
                    if let Some(info) = cover.landings.get(landing) {
                        places.push((info.body.repository.as_str(), info.from));
                        places.push((info.body.repository.as_str(), head));
                    }
                }
                Some(WholeBy::Review { review, landing }) => {
                    self.landing(landing);
                    self.review(review);
                }
                Some(WholeBy::SourceVsa(at)) => {
                    self.at(ProofRole::SourceVsa, at, "somebody else verified the source tree".to_owned());
                    self.any_landing(place);
                }
                Some(WholeBy::Start) | None => self.any_landing(place),
            }
        }
    }

    fn any_landing(&mut self, place: Place<'a>) {
        if let Some(at) = self.decision.cover.to_tree.get(&place).and_then(|list| list.first()) {
            self.landing(*at);
        }
    }

    /// A landing and those before it, back to a tree that is covered by itself.
    fn chain(&mut self, mut at: usize, places: &mut Vec<Place<'a>>) {
        let cover = &self.decision.cover;
        let order = |place: &Place<'a>| cover.whole.get(place).map(|(order, _)| *order);
        for _ in 0..=cover.landings.len() {
            let Some(landing) = cover.landings.get(at) else { return };
            self.landing(at);
            for review in cover.reviews_of(at) {
                self.review(review);
            }
            let from = (landing.body.repository.as_str(), landing.from);
            if order(&from).is_some() {
                let is_start = matches!(cover.whole.get(&from), Some((_, WholeBy::Start)));
                if !is_start {
                    places.push(from);
                }
                return;
            }
            match landing.prev {
                Some(prev) => at = prev,
                None => return,
            }
        }
    }

    fn landing(&mut self, at: usize) {
        if let Some(landing) = self.decision.cover.landings.get(at) {
            let shows = format!("{} moved in {}", landing.body.target_ref, landing.body.repository);
            self.at(ProofRole::Source, landing.statement, shows);
        }
    }

    fn review(&mut self, at: usize) {
        if let Some(review) = self.decision.cover.reviews.get(at) {
            let shows = format!("{} approved the change", review.body.reviewer.principal);
            self.at(ProofRole::Review, review.statement, shows);
        }
    }
}
