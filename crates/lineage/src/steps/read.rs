//! Reading steps: what each states, and which of its conditions fail.
//!
//! SPEC: docs/rules.md sections 4 and 5.

use std::cell::RefCell;
use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Approval, Body, Bound, External, Inputs, Label, Material, NamedDigest, Signer, SourceTree, Step, StepActor,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Candidate, Fault, LOCK_FORMATS, ProductKey, Standing, source_trees};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::level;
use crate::people;
use crate::rules::{Rule, Rules};
use crate::run::Run;
use crate::trees::Tree;
use crate::world::{Known, Pair, any_glob, for_product, may, observes, performers, speaks_of};

/// Reads steps into candidates.
pub(super) struct Reader<'r, 'w, 'a> {
    run: &'r Run<'w, 'a>,
    cover: &'r Cover<'a>,
    /// Step-actor statements by the statement they label.
    labels: FxHashMap<Sha256, Vec<usize>>,
    /// Products of fetch steps by allowed observers, with the statement.
    fetched: FxHashMap<Sha256, usize>,
    /// Valid approvals of parameters.
    approvals: Vec<&'a Approval>,
    /// Products of build and package steps.
    made: FxHashSet<ProductKey<'a>>,
    /// Pins of the lock files of each tree, by root.
    pins: RefCell<FxHashMap<Sha256, FxHashSet<ProductKey<'a>>>>,
}

impl<'r, 'w, 'a> Reader<'r, 'w, 'a> {
    pub(super) fn new(run: &'r Run<'w, 'a>, cover: &'r Cover<'a>) -> Self {
        let world = run.world;
        let mut reader = Self {
            run,
            cover,
            labels: FxHashMap::default(),
            fetched: FxHashMap::default(),
            approvals: Vec::new(),
            made: FxHashSet::default(),
            pins: RefCell::default(),
        };
        for (at, statement) in world.known.iter().enumerate() {
            match &statement.fact.body {
                Body::StepActor(actor) => reader.labels.entry(actor.labels.0).or_default().push(at),
                Body::Step(step) if step.kind != StepKind::Fetch => {
                    reader.made.extend(step.products.iter().map(|product| (product.name.as_str(), product.digest)));
                }
                Body::Approval(approval)
                    if approval.action == "parameters" && people::approval_holds(world, statement, approval) =>
                {
                    reader.approvals.push(approval);
                }
                _ => {}
            }
        }
        for (at, statement) in world.known.iter().enumerate() {
            if let Body::Step(step) = &statement.fact.body
                && step.kind == StepKind::Fetch
                && reader.may_fetch(statement)
            {
                reader.fetched.extend(step.products.iter().map(|product| (product.digest, at)));
            }
        }
        reader
    }

    pub(super) fn read(&self, at: usize, statement: &Known<'a>, body: &'a Step, out: &mut Vec<Candidate<'a>>) {
        let world = self.run.world;
        let labels = self.labels.get(&statement.digest().0).map(Vec::as_slice).unwrap_or_default();
        let builder = self.builder(statement, body).copied();
        let (own, void): (Vec<usize>, Vec<usize>) = labels
            .iter()
            .copied()
            .filter(|label| self.is_own(Owner { statement, body, builder }, *label))
            .partition(|label| self.run.world.known.get(*label).is_some_and(|label| self.label_counts(label)));
        let standings: Vec<Standing<'a>> =
            body.materials.iter().map(|material| self.standing(statement, body, material)).collect();
        let options: Vec<Option<usize>> = if own.is_empty() { vec![None] } else { own.into_iter().map(Some).collect() };
        for label in options {
            let actor = label.and_then(|label| match &world.known.get(label)?.fact.body {
                Body::StepActor(actor) => Some(actor),
                _ => None,
            });
            let faults =
                self.faults(statement, body, Labels { label, actor, all: labels, void: self.void_fault(label, &void) });
            out.push(Candidate {
                statement: at,
                body,
                label,
                actor,
                faults,
                standings: standings.clone(),
                faithful: false,
            });
        }
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

    fn faults(&self, statement: &Known<'a>, body: &'a Step, labels: Labels<'_, 'a>) -> Vec<Fault> {
        let Labels { label, actor, all: labels, void } = labels;
        let mut faults = Faults { rules: self.run.world.rules, found: Vec::new() };
        let builder = self.builder(statement, body);
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
        match void {
            Some(id) => faults.found.push((id, None)),
            None => self.label_faults(body, actor, builder, &mut faults),
        }
        faults.demand(
            Rule::AutomationOnly,
            self.automation_only(Owner { statement, body, builder: builder.copied() }, label, actor, labels),
            FindingId::ActorNotAutomation,
        );
        let marked = self.each_label(labels).any(|(_, actor)| !actor.marks.is_empty());
        let unmarked = !marked || self.run.label(Label::AgentMarks);
        faults.demand(Rule::NoMarks, unmarked, FindingId::AgentMarks);
        let failed = self.each_label(labels).any(|(_, actor)| actor.success == Some(false));
        let stated = void.is_some() || actor.and_then(|actor| actor.success).unwrap_or(body.only_on_success);
        faults.demand(Rule::Success, stated && !failed, FindingId::StepFailed);
        faults.demand(Rule::HasMaterials, !body.materials.is_empty(), FindingId::NoMaterials);
        self.parameter_faults(body, actor, &mut faults);
        self.source_faults(body, &mut faults);
        faults.found
    }

    /// What fails of that which a label, or the builder's row in its place, must say.
    fn label_faults(
        &self,
        body: &'a Step,
        actor: Option<&'a StepActor>,
        builder: Option<&Pair<'a>>,
        faults: &mut Faults,
    ) {
        faults.demand(Rule::StepProduct, self.for_this_product(body, actor), FindingId::NotThisProduct);
        let complete = match actor {
            Some(actor) => actor.actors_complete && performers(&actor.actors).next().is_some(),
            None => builder.is_some_and(|builder| builder.row.actors_complete),
        };
        faults.demand(Rule::Performers, complete, FindingId::ActorsIncomplete);
        self.instruction_faults(body, actor, faults);
        let bounded = actor.is_some_and(|actor| {
            matches!(actor.materials_bound, Bound::Upper | Bound::Exact) && actor.materials_gaps.is_empty()
        });
        let declared = || {
            builder.is_some_and(|builder| builder.row.inputs == Inputs::Declared)
                && self.run.label(Label::InputsNotBounded)
        };
        faults.demand(Rule::Bounded, bounded || declared(), FindingId::InputsNotBounded);
        if self.run.world.facts.preset.require_credential && actor.is_none() {
            faults.found.push((FindingId::Credential, None));
        }
    }

    /// What is wrong with the first own label, where none is usable.
    fn void_fault(&self, label: Option<usize>, void: &[usize]) -> Option<FindingId> {
        let first = self.run.world.known.get(*void.first()?)?;
        label.is_none().then(|| first.fault.unwrap_or(FindingId::Revoked))
    }

    fn each_label<'s>(&'s self, labels: &'s [usize]) -> impl Iterator<Item = (&'s Known<'a>, &'a StepActor)> + 's {
        labels.iter().filter_map(|label| {
            let known = self.run.world.known.get(*label)?;
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
        labels: &[usize],
    ) -> bool {
        let world = self.run.world;
        let all = self.each_label(labels).all(|(_, actor)| {
            performers(&actor.actors)
                .all(|performer| world.kind(&performer.principal, performer.kind) == ActorKind::Automation)
        });
        let (Some(label), Some(actor)) = (label.and_then(|label| world.known.get(label)), actor) else { return all };
        all && performers(&actor.actors).all(|performer| {
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

    fn instruction_faults(&self, body: &'a Step, actor: Option<&'a StepActor>, faults: &mut Faults) {
        let more = actor.map(|actor| actor.instructions.as_slice()).unwrap_or_default();
        let mut any = false;
        for instruction in body.instructions.iter().chain(more) {
            any = true;
            let in_tree = source_trees(&body.materials)
                .any(|tree| self.place(tree).is_some_and(|place| self.holds_file(&place, instruction)));
            let clean = in_tree || self.trusted(instruction.digest, Some("toolchain"));
            if !faults.rules.demand(Rule::Instructions, clean) {
                faults.found.push((FindingId::InstructionsUncovered, Some(instruction.name.clone())));
            }
        }
        if !any && !faults.rules.demand(Rule::Instructions, false) {
            faults.found.push((FindingId::InstructionsUncovered, None));
        }
    }

    fn parameter_faults(&self, body: &'a Step, actor: Option<&'a StepActor>, faults: &mut Faults) {
        let empty = BTreeMap::new();
        let more = actor.map_or(&empty, |actor| &actor.parameters);
        for (name, value) in body.parameters.iter().chain(more) {
            if !faults.rules.demand(Rule::Parameters, self.parameter_fixed(body, name, value)) {
                faults.found.push((FindingId::FreeParameter, Some(name.clone())));
            }
        }
    }

    fn parameter_fixed(&self, body: &'a Step, name: &str, value: &str) -> bool {
        let Some(product) = self.run.world.product else { return false };
        let by_policy =
            product.parameters.get(name).is_some_and(|pattern| lasthand_model::glob::matches(pattern, value));
        let by_source = || {
            source_trees(&body.materials).any(|tree| {
                let landed = self.place(tree).into_iter().flat_map(|place| {
                    self.cover.to_tree.get(&place).into_iter().flatten().filter_map(|at| self.cover.landings.get(*at))
                });
                value == tree.repository
                    || tree.tree.root.is_some_and(|root| root.to_string() == value)
                    || tree.tree.git_tree.as_ref().is_some_and(|id| id.as_str() == value)
                    || landed.into_iter().any(|landing| landing.body.target_ref == value)
            })
        };
        let approved = || {
            self.approvals.iter().any(|approval| {
                body.products.iter().any(|product| product.digest == approval.digest.0)
                    && approval.parameters.get(name).is_some_and(|approved| approved == value)
            })
        };
        by_policy || by_source() || approved()
    }

    fn source_faults(&self, body: &'a Step, faults: &mut Faults) {
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

    fn place(&self, tree: &'a SourceTree) -> Option<Place<'a>> {
        Some((tree.repository.as_str(), self.run.resolve(&tree.repository, &tree.tree)?))
    }

    fn tree_of(&self, place: &Place<'a>) -> Option<&Tree<'a>> {
        self.run.world.trees.get(&place.1)
    }

    /// Whether a tree has a file of this name and content, without its execute bit raised.
    fn holds_file(&self, place: &Place<'a>, file: &NamedDigest) -> bool {
        self.tree_of(place).and_then(|tree| tree.find(&file.name)).is_some_and(|entry| {
            entry.entry_type == EntryType::File
                && entry.sha256.is_some_and(|digest| digest.0 == file.digest)
                && file.mode.is_none_or(|mode| mode & 0o111 == 0 || entry.mode & 0o111 != 0)
        })
    }

    fn trusted(&self, digest: Sha256, used_as: Option<&str>) -> bool {
        let world = self.run.world;
        let listed = world.facts.trust.trusted_inputs.iter().any(|row| {
            row.digest == digest
                && row.expires > world.facts.now
                && any_glob(&row.products, &world.facts.question.product)
                && used_as.is_none_or(|used_as| row.used_as == used_as)
        });
        world.rules.grant(Rule::TrustedInput, listed)
    }

    /// Whether a lock file of the step's trees pins a name to a digest.
    fn pinned(&self, body: &'a Step, name: &str, digest: Sha256) -> bool {
        let locks = &self.run.world.facts.locks;
        if locks.is_empty() {
            return self.run.world.rules.grant(Rule::Pinned, false);
        }
        let last = name.rsplit('/').next().unwrap_or(name);
        let pinned = source_trees(&body.materials).filter_map(|tree| self.place(tree)).any(|place| {
            let mut cache = self.pins.borrow_mut();
            let pins = cache.entry(place.1).or_insert_with(|| self.pins_of(&place));
            pins.contains(&(name, digest)) || pins.contains(&(last, digest))
        });
        self.run.world.rules.grant(Rule::Pinned, pinned)
    }

    /// Everything that the lock files of a tree pin.
    fn pins_of(&self, place: &Place<'a>) -> FxHashSet<ProductKey<'a>> {
        let locks = &self.run.world.facts.locks;
        let entries = self.tree_of(place).into_iter().flat_map(|tree| tree.entries.iter());
        entries
            .filter(|entry| LOCK_FORMATS.contains(&entry.path.rsplit('/').next().unwrap_or(&entry.path)))
            .filter_map(|entry| locks.get(&entry.sha256?))
            .flat_map(|pins| pins.iter().map(|pin| (pin.name.as_str(), pin.digest)))
            .collect()
    }

    fn standing(&self, statement: &Known<'a>, body: &'a Step, material: &'a Material) -> Standing<'a> {
        let rules = self.run.world.rules;
        match material {
            Material::Tree(tree) => match self.place(tree) {
                Some(place) if rules.demand(Rule::TreeCovered, self.cover.tree_covered(&place)) => {
                    Standing::Tree(place)
                }
                place => Standing::BadTree(place, tree),
            },
            Material::File(file) => self.file_standing(body, file),
            Material::External(external) => self.external_standing(statement, body, external),
        }
    }

    fn file_standing(&self, body: &'a Step, file: &'a NamedDigest) -> Standing<'a> {
        let rules = self.run.world.rules;
        let own = source_trees(&body.materials)
            .filter_map(|tree| self.place(tree))
            .any(|place| self.holds_file(&place, file));
        if rules.grant(Rule::OwnEntry, own) {
            return Standing::Clean("own-entry", None);
        }
        if self.trusted(file.digest, None) {
            return Standing::Clean("trusted-input", None);
        }
        if self.pinned(body, &file.name, file.digest) {
            return Standing::Clean("pinned", None);
        }
        if self.made.contains(&(file.name.as_str(), file.digest)) && rules.grant(Rule::ProductOfStep, true) {
            return Standing::Product((&file.name, file.digest));
        }
        if rules.grant(Rule::ProductOfStep, false) {
            return Standing::Clean("product", None);
        }
        match self.fetch_of(file.digest) {
            Some(fetch) => Standing::Clean("fetched", Some(fetch)),
            None => Standing::BadFile(file),
        }
    }

    /// Whether a fetch step is by an allowed observer, and nothing known speaks against it.
    fn may_fetch(&self, statement: &Known<'a>) -> bool {
        let world = self.run.world;
        let labels = self.labels.get(&statement.digest().0).map(Vec::as_slice).unwrap_or_default();
        let spoken_against = self.each_label(labels).any(|(_, actor)| {
            actor.success == Some(false)
                || !actor.marks.is_empty()
                || performers(&actor.actors).any(|performer| {
                    matches!(world.kind(&performer.principal, performer.kind), ActorKind::Agent | ActorKind::Unknown)
                })
        });
        !spoken_against
            && statement.usable()
            && statement.pairs.iter().any(|pair| {
                pair.kind == ActorKind::Automation
                    && may(pair.row, "fetch")
                    && for_product(pair.row, &world.facts.question.product)
                    && pair.level >= world.facts.preset.builder_level
            })
    }

    fn fetch_of(&self, digest: Sha256) -> Option<usize> {
        let fetch = self.fetched.get(&digest).copied();
        let usable = fetch.is_some() && self.run.label(Label::UnpinnedInput);
        self.run.world.rules.grant(Rule::Fetched, usable).then_some(fetch).flatten()
    }

    fn external_standing(&self, statement: &Known<'a>, body: &'a Step, external: &'a External) -> Standing<'a> {
        let Some(digest) = external.digest else { return Standing::BadExternal(external) };
        if self.trusted(digest, None) {
            return Standing::Clean("trusted-input", None);
        }
        if external.name.as_ref().is_some_and(|name| self.pinned(body, name, digest)) {
            return Standing::Clean("pinned", None);
        }
        let builder_fetches = self.builder(statement, body).is_some_and(|pair| may(pair.row, "fetch"));
        let allowed = builder_fetches && self.run.label(Label::UnpinnedInput);
        if self.run.world.rules.grant(Rule::Fetched, allowed) {
            return Standing::Clean("fetched", None);
        }
        if let Some(fetch) = self.fetch_of(digest) {
            return Standing::Clean("fetched", Some(fetch));
        }
        Standing::BadExternal(external)
    }
}

/// A step, and by whom step-authority holds for it.
#[derive(Clone, Copy)]
struct Owner<'s, 'a> {
    statement: &'s Known<'a>,
    body: &'s Step,
    builder: Option<Pair<'a>>,
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
struct Labels<'l, 'a> {
    /// The own label under which the step is read.
    label: Option<usize>,
    actor: Option<&'a StepActor>,
    /// Every known label.
    all: &'l [usize],
    /// Where no own label is usable: what is wrong with the first.
    void: Option<FindingId>,
}

struct Faults {
    rules: Rules,
    found: Vec<Fault>,
}

impl Faults {
    fn demand(&mut self, rule: Rule, holds: bool, id: FindingId) {
        if !self.rules.demand(rule, holds) {
            self.found.push((id, None));
        }
    }
}
