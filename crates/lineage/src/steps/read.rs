//! Reading steps: what each states, and which of its conditions fail.
//!
//! SPEC: docs/rules.md sections 4 and 5.

use std::cell::RefCell;

use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Approval, Body, Bound, Inputs, Label, Signer, SourceTree, Step, StepActor};
use rustc_hash::{FxHashMap, FxHashSet};

use super::candidate::{Candidate, Read};
use super::layout::Layout;
use super::{Fault, source_trees};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::labels::LabelSet;
use crate::level;
use crate::order::{short, wide};
use crate::people;
use crate::pins::Pins;
use crate::rules::{Rule, Rules};
use crate::run::Run;
use crate::world::{Known, Pair, any_glob, for_product, may, observes, performers, speaks_of};

/// Reads steps into candidates.
pub(super) struct Reader<'r, 'w, 'a> {
    pub(super) run: &'r Run<'w, 'a>,
    pub(super) cover: &'r Cover<'a>,
    /// Products of fetch steps by allowed observers, with the statement.
    pub(super) fetched: FxHashMap<(&'a str, Sha256), usize>,
    /// Valid approvals of parameters, by artifact.
    approvals: FxHashMap<Sha256, Vec<&'a Approval>>,
    /// Digests of trusted inputs that are not expired, and those of them that are toolchains.
    pub(super) trusted: [FxHashSet<Sha256>; 2],
    /// Pins of the lock files of each tree, by root.
    pub(super) pins: RefCell<FxHashMap<Sha256, Pins<'a>>>,
    /// Refs that landings of ours moved to a tree.
    refs: RefCell<FxHashMap<Place<'a>, FxHashSet<&'a str>>>,
}

impl<'r, 'w, 'a> Reader<'r, 'w, 'a> {
    pub(super) fn new(run: &'r Run<'w, 'a>, cover: &'r Cover<'a>) -> Self {
        let world = run.world;
        let mut reader = Self {
            run,
            cover,
            fetched: FxHashMap::default(),
            approvals: FxHashMap::default(),
            trusted: Default::default(),
            pins: RefCell::default(),
            refs: RefCell::default(),
        };
        for row in &world.facts.trust.trusted_inputs {
            if row.expires > world.facts.now && any_glob(&row.products, &world.facts.question.product) {
                let [all, toolchains] = &mut reader.trusted;
                all.insert(row.digest);
                if row.used_as == "toolchain" {
                    toolchains.insert(row.digest);
                }
            }
        }
        for (_, statement, body) in world.each(&world.by_subject.approvals) {
            if let Body::Approval(approval) = body
                && approval.action == "parameters"
                && people::approval_holds(world, statement, approval)
            {
                reader.approvals.entry(approval.digest.0).or_default().push(approval);
            }
        }
        for at in &world.by_subject.fetches {
            let Some(statement) = world.known.get(*at) else { continue };
            if let Body::Step(step) = &statement.fact.body
                && reader.may_fetch(*at, statement)
            {
                // Of several fetches of one digest the last by digest counts.
                let products = step.products.iter().map(|product| ((product.name.as_str(), product.digest), *at));
                reader.fetched.extend(products);
            }
        }
        reader
    }

    /// Reads one step: how its materials stand, and what fails under each of its own labels.
    pub(super) fn read(&self, at: usize, statement: &Known<'a>, body: &'a Step, out: &mut Read<'a>) {
        let world = self.run.world;
        let labels = world.labels.of(at);
        let builder = self.builder(statement, body).copied();
        let places = self.places(body);
        let layout = Layout::of(self.run, &body.materials);
        let step = Owner { statement, body, builder, places: &places, layout: &layout };
        let (own, void): (Vec<usize>, Vec<usize>) = labels
            .iter()
            .map(|label| wide(*label))
            .filter(|label| self.is_own(step, *label))
            .partition(|label| world.known.get(*label).is_some_and(|label| self.label_counts(label)));
        let first = out.standings.len();
        let mut numbers = world.products.read_by(at);
        for material in &body.materials {
            let standing = self.standing(step, material, &mut numbers, &mut out.places);
            out.standings.push(standing);
        }
        let revision = out.revisions.number(out.standings.get(first..).unwrap_or_default());
        let standings = short(first)..short(out.standings.len());
        let all = self.all_labels(labels);
        let without = own.is_empty().then_some(None);
        for label in own.into_iter().map(Some).chain(without) {
            let actor = label.and_then(|label| match &world.known.get(label)?.fact.body {
                Body::StepActor(actor) => Some(actor),
                _ => None,
            });
            let void = self.void_fault(label, &void);
            let first = short(out.faults.len());
            let carried = self.faults(step, Labels { label, actor, all, void }, &mut out.faults);
            out.revision_of.push(revision);
            out.candidates.push(Candidate {
                body,
                actor,
                statement: short(at),
                label: label.map(short),
                standings: standings.clone(),
                products: world.products.made_by(at, body),
                faults: first..short(out.faults.len()),
                kind: body.kind,
                carried,
            });
        }
    }

    /// The tree materials of a step that resolve, each place once.
    fn places(&self, body: &'a Step) -> Vec<Place<'a>> {
        let mut places: Vec<Place<'a>> = source_trees(&body.materials).filter_map(|tree| self.place(tree)).collect();
        if places.len() > 1 {
            places.sort_unstable();
            places.dedup();
        }
        places
    }

    /// What all known labels of a step say together.
    fn all_labels(&self, labels: &[u32]) -> AllLabels {
        let mut all = AllLabels { automation: true, marked: false, failed: false };
        for (_, actor) in self.each_label(labels) {
            all.automation &= performers(&actor.actors)
                .all(|performer| self.run.world.kind(&performer.principal, performer.kind) == ActorKind::Automation);
            all.marked |= !actor.marks.is_empty();
            all.failed |= actor.success == Some(false);
        }
        all
    }

    /// Whether a step-actor statement may speak of a step, if it is usable.
    ///
    /// Revoked signers have left `pairs`; a void statement must still be seen, so its signers are asked too.
    fn is_own(&self, step: Owner<'_, 'a>, label: usize) -> bool {
        self.run.world.known.get(label).is_some_and(|label| {
            label.fact.signers.iter().any(|signer| step.signs(signer))
                || label.pairs.iter().any(|pair| self.speaks_for(step, pair))
        })
    }

    /// Whether a signer of a label, under his row, is the step's own or an observer of it.
    fn speaks_for(&self, step: Owner<'_, 'a>, pair: &Pair<'a>) -> bool {
        let world = self.run.world;
        step.signs(pair.signer)
            || (observes(pair.row, "step")
                && pair.kind == ActorKind::Automation
                && may(pair.row, step.body.kind.as_str())
                && for_product(pair.row, &world.facts.question.product)
                && pair.level >= world.facts.preset.builder_level)
    }

    /// Whether a step-actor statement is usable and names nobody who is revoked.
    fn label_counts(&self, label: &Known<'a>) -> bool {
        let Body::StepActor(actor) = &label.fact.body else { return false };
        label.usable()
            && performers(&actor.actors).all(|performer| !self.run.world.revoked(&performer.principal, label.fact))
    }

    /// The signer of a step under a row that lets him state it.
    fn builder<'k>(&self, statement: &'k Known<'a>, body: &Step) -> Option<&'k Pair<'a>> {
        let world = self.run.world;
        let product = world.product?;
        statement
            .pairs
            .iter()
            .filter(|pair| {
                pair.kind == ActorKind::Automation
                    && may(pair.row, body.kind.as_str())
                    && for_product(pair.row, &product.name)
                    && source_trees(&body.materials).all(|tree| speaks_of(pair.row, &tree.repository))
                    && any_glob(&product.builders, &pair.signer.principal)
            })
            .max_by_key(|pair| {
                (pair.level, pair.row.actors_complete, pair.row.inputs == Inputs::Declared, may(pair.row, "fetch"))
            })
    }

    /// Adds what fails of a step under a label; gives the labels without which more would.
    fn faults(&self, step: Owner<'_, 'a>, labels: Labels<'a>, found: &mut Vec<Fault>) -> LabelSet {
        let Owner { statement, body, builder, .. } = step;
        let Labels { label, actor, all, void } = labels;
        let mut faults = Faults { run: self.run, rules: self.run.world.rules, found, carried: LabelSet::default() };
        let preset = &self.run.world.facts.preset;
        let kind_ok = matches!(body.kind, StepKind::Build | StepKind::Package)
            && actor.is_none_or(|actor| actor.kind == body.kind);
        faults.demand(Rule::StepKind, kind_ok, FindingId::NotFaithfulKind);
        match statement.fault {
            Some(id) => faults.found.push((id, None)),
            None => faults.demand(Rule::StepAuthority, builder.is_some(), FindingId::NoAuthority),
        }
        if let Some(builder) = builder {
            faults.demand(Rule::StepLevel, builder.level >= preset.builder_level, FindingId::LevelTooLow);
        }
        // Without a statement of who acted nothing is said of what it would have said.
        let unlabelled = actor.is_none() && !builder.is_some_and(|builder| builder.row.actors_complete);
        let unlabelled = unlabelled && !faults.rules.demand(Rule::Performers, false);
        let silent = void.or(unlabelled.then_some(FindingId::ActorsIncomplete));
        match silent {
            Some(id) => faults.found.push((id, None)),
            None => self.label_faults(step, actor, &mut faults),
        }
        faults.demand(
            Rule::AutomationOnly,
            self.automation_only(step, label, actor, all),
            FindingId::ActorNotAutomation,
        );
        faults.demand_or(Label::AgentMarks, Rule::NoMarks, !all.marked, FindingId::AgentMarks);
        let stated = silent.is_some() || actor.and_then(|actor| actor.success).unwrap_or(body.only_on_success);
        faults.demand(Rule::Success, stated && !all.failed, FindingId::StepFailed);
        faults.demand(Rule::HasMaterials, !body.materials.is_empty(), FindingId::NoMaterials);
        if silent.is_none() {
            self.parameter_faults(step, actor, &mut faults);
        }
        self.source_faults(body, &mut faults);
        faults.carried
    }

    /// What fails of that which a label, or the builder's row in its place, must say.
    fn label_faults(&self, step: Owner<'_, 'a>, actor: Option<&'a StepActor>, faults: &mut Faults<'_, '_, 'a>) {
        let Owner { body, builder, .. } = step;
        faults.demand(Rule::StepProduct, self.for_this_product(body, actor), FindingId::NotThisProduct);
        let complete = match actor {
            Some(actor) => actor.actors_complete && performers(&actor.actors).next().is_some(),
            None => builder.is_some_and(|builder| builder.row.actors_complete),
        };
        faults.demand(Rule::Performers, complete, FindingId::ActorsIncomplete);
        self.instruction_faults(step, actor, faults);
        let bounded = actor.is_some_and(|actor| {
            matches!(actor.materials_bound, Bound::Upper | Bound::Exact) && actor.materials_gaps.is_empty()
        });
        if builder.is_some_and(|builder| builder.row.inputs == Inputs::Declared) {
            faults.demand_or(Label::InputsNotBounded, Rule::Bounded, bounded, FindingId::InputsNotBounded);
        } else {
            faults.demand(Rule::Bounded, bounded, FindingId::InputsNotBounded);
        }
        if self.run.world.facts.preset.require_credential && actor.is_none() {
            faults.found.push((FindingId::Credential, None));
        }
    }

    /// What is wrong with the first own label, where none is usable.
    fn void_fault(&self, label: Option<usize>, void: &[usize]) -> Option<FindingId> {
        let first = self.run.world.known.get(*void.first()?)?;
        label.is_none().then(|| first.fault.unwrap_or(FindingId::Revoked))
    }

    pub(super) fn each_label<'s>(
        &'s self,
        labels: &'s [u32],
    ) -> impl Iterator<Item = (&'s Known<'a>, &'a StepActor)> + 's {
        labels.iter().filter_map(|label| {
            let known = self.run.world.known.get(wide(*label))?;
            match &known.fact.body {
                Body::StepActor(actor) => Some((known, actor)),
                _ => None,
            }
        })
    }

    fn for_this_product(&self, body: &Step, actor: Option<&StepActor>) -> bool {
        let Some(product) = self.run.world.product else { return false };
        match actor.and_then(|actor| actor.product.as_ref()) {
            Some(name) => *name == product.name,
            None => body.products.iter().all(|made| any_glob(&product.artifacts, &made.name)),
        }
    }

    fn automation_only(
        &self,
        step: Owner<'_, 'a>,
        label: Option<usize>,
        actor: Option<&'a StepActor>,
        all: AllLabels,
    ) -> bool {
        let world = self.run.world;
        let (Some(label), Some(actor)) = (label.and_then(|label| world.known.get(label)), actor) else {
            return all.automation;
        };
        all.automation
            && performers(&actor.actors).all(|performer| {
                label.pairs.iter().filter(|pair| self.speaks_for(step, pair)).any(|pair| {
                    let level = if pair.signer.principal == performer.principal {
                        Some(pair.level)
                    } else {
                        observes(pair.row, &performer.method).then(|| level::of_observed(pair.level))
                    };
                    level >= Some(world.facts.preset.builder_level)
                })
            })
    }

    fn instruction_faults(&self, step: Owner<'_, 'a>, actor: Option<&'a StepActor>, faults: &mut Faults<'_, '_, 'a>) {
        let more = actor.map(|actor| actor.instructions.as_slice()).unwrap_or_default();
        let mut any = false;
        for instruction in step.body.instructions.iter().chain(more) {
            any = true;
            let in_tree = self.holds_file(step, instruction);
            let clean = in_tree || self.trusted_toolchain(instruction.digest);
            if !faults.rules.demand(Rule::Instructions, clean) {
                faults.found.push((FindingId::InstructionsUncovered, Some(instruction.name.clone())));
            }
        }
        if !any && !faults.rules.demand(Rule::Instructions, false) {
            faults.found.push((FindingId::InstructionsUncovered, None));
        }
    }

    fn parameter_faults(&self, step: Owner<'_, 'a>, actor: Option<&'a StepActor>, faults: &mut Faults<'_, '_, 'a>) {
        let more = actor.into_iter().flat_map(|actor| &actor.parameters);
        for (name, value) in step.body.parameters.iter().chain(more) {
            if !faults.rules.demand(Rule::Parameters, self.parameter_fixed(step, actor, name, value)) {
                faults.found.push((FindingId::FreeParameter, Some(name.clone())));
            }
        }
    }

    fn parameter_fixed(&self, step: Owner<'_, 'a>, actor: Option<&'a StepActor>, name: &str, value: &str) -> bool {
        let Some(product) = self.run.world.product else { return false };
        let by_policy =
            product.parameters.get(name).is_some_and(|pattern| lasthand_model::glob::matches(pattern, value));
        // LIMIT: each parameter is compared with each tree material of its step.
        let by_source = || {
            source_trees(&step.body.materials).any(|tree| {
                value == tree.repository
                    || tree.tree.root.is_some_and(|root| root.to_string() == value)
                    || tree.tree.git_tree.as_ref().is_some_and(|id| id.as_str() == value)
            }) || step.places.iter().any(|place| self.landed_on(place, value))
        };
        let approved = || {
            step.body.products.iter().any(|product| {
                let approvals = self.approvals.get(&product.digest).into_iter().flatten();
                approvals.into_iter().any(|approval| approval.parameters.get(name).is_some_and(|fixed| fixed == value))
            })
        };
        by_policy || by_source() || approved() || (name == "command" && runs_instructions(step.body, actor, value))
    }

    /// Whether a landing of ours moved this ref to a tree.
    fn landed_on(&self, place: &Place<'a>, target_ref: &str) -> bool {
        let mut refs = self.refs.borrow_mut();
        let refs = refs.entry(*place).or_insert_with(|| {
            let landings = self.cover.to_tree.get(place).into_iter().flatten();
            let landings = landings.filter_map(|at| self.cover.landings.get(*at));
            landings.map(|landing| landing.body.target_ref.as_str()).collect()
        });
        refs.contains(target_ref)
    }

    fn source_faults(&self, body: &'a Step, faults: &mut Faults<'_, '_, 'a>) {
        let Some(product) = self.run.world.product else { return };
        let mut seen: FxHashMap<&str, &'a SourceTree> = FxHashMap::default();
        for tree in source_trees(&body.materials) {
            let first = *seen.entry(&tree.repository).or_insert(tree);
            let same = first.tree == tree.tree
                || matches!((self.place(first), self.place(tree)), (Some(a), Some(b)) if a == b);
            faults.demand(Rule::OneRevision, same, FindingId::MixedRevisions);
            let mapped = product.repositories.contains(&tree.repository);
            if !faults.rules.demand(Rule::SourceMapped, mapped) {
                faults.found.push((FindingId::OtherRef, Some(tree.repository.clone())));
            }
        }
    }

    pub(super) fn place(&self, tree: &'a SourceTree) -> Option<Place<'a>> {
        Some((tree.repository.as_str(), self.run.resolve(&tree.repository, &tree.tree)?))
    }
}

/// A step, by whom step-authority holds for it, and where its tree materials are.
#[derive(Clone, Copy)]
pub(super) struct Owner<'s, 'a> {
    statement: &'s Known<'a>,
    pub(super) body: &'a Step,
    pub(super) builder: Option<Pair<'a>>,
    /// The tree materials that resolve, each once.
    pub(super) places: &'s [Place<'a>],
    /// Where they lie.
    pub(super) layout: &'s Layout<'a>,
}

impl Owner<'_, '_> {
    /// Whether somebody is the step's builder; where it has none, one of its signers.
    fn signs(&self, signer: &Signer) -> bool {
        let same = |own: &Signer| own.method == signer.method && own.principal == signer.principal;
        match self.builder {
            Some(builder) => same(builder.signer),
            None => self.statement.fact.signers.iter().any(same),
        }
    }
}

/// A step's statements about actors.
#[derive(Clone, Copy)]
struct Labels<'a> {
    /// The own label under which the step is read.
    label: Option<usize>,
    actor: Option<&'a StepActor>,
    all: AllLabels,
    /// Where no own label is usable: what is wrong with the first.
    void: Option<FindingId>,
}

/// What all known labels of a step say together.
#[derive(Clone, Copy)]
struct AllLabels {
    /// Every performer is automation.
    automation: bool,
    marked: bool,
    failed: bool,
}

struct Faults<'f, 'w, 'a> {
    run: &'f Run<'w, 'a>,
    rules: Rules,
    found: &'f mut Vec<Fault>,
    carried: LabelSet,
}

impl Faults<'_, '_, '_> {
    fn demand(&mut self, rule: Rule, holds: bool, id: FindingId) {
        if !self.rules.demand(rule, holds) {
            self.found.push((id, None));
        }
    }

    /// A condition that a label stands in for: `CARRIED` says what fails without it.
    fn demand_or(&mut self, label: Label, rule: Rule, holds: bool, id: FindingId) {
        let by_label = !holds && self.run.label(label);
        if by_label && !self.rules.demand(rule, false) {
            self.carried = self.carried.with(label);
        }
        self.demand(rule, holds || by_label, id);
    }
}

/// Whether a command is one of the step's instructions, run as it is or by an ordinary interpreter, and nothing else.
fn runs_instructions(body: &Step, actor: Option<&StepActor>, command: &str) -> bool {
    let script = match command.split_once(' ') {
        Some(("sh" | "bash" | "dash" | "perl" | "python3" | "node", script)) => script,
        Some(_) => return false,
        None => command,
    };
    let more = actor.map(|actor| actor.instructions.as_slice()).unwrap_or_default();
    body.instructions.iter().chain(more).any(|instruction| instruction.name == script)
}
