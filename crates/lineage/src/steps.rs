//! Build and package steps: which are faithful, as the least fixpoint over the products that are materials.
//!
//! SPEC: docs/rules.md sections 4 and 5. Linear in steps, materials and products (Dowling and Gallier 1984).

use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Approval, Body, Bound, External, Inputs, Label, Material, NamedDigest, SourceTree, Step, StepActor,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::container::{self, Comparison};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::level;
use crate::people;
use crate::rules::Rule;
use crate::run::Run;
use crate::trees::Tree;
use crate::world::{Known, Pair, any_glob, for_product, may, observes, performers, speaks_of};

/// Last path segments of lock formats that pin.
pub const LOCK_FORMATS: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "go.sum",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "requirements.txt",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "Dockerfile",
    "Containerfile",
    "flake.lock",
];

/// Something wrong with a step: what, and which path, parameter or input.
pub(crate) type Fault = (FindingId, Option<String>);

/// A product by name and digest.
pub(crate) type ProductKey<'a> = (&'a str, Sha256);

/// How a material stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing<'a> {
    /// A covered tree.
    Tree(Place<'a>),
    /// A tree that is not covered, or does not resolve.
    BadTree(Option<Place<'a>>, &'a SourceTree),
    /// Clean by itself, by the named rule.
    Clean(&'static str, Option<usize>),
    /// Clean when a step that has this product is faithful.
    Product(ProductKey<'a>),
    /// Not clean.
    BadFile(&'a NamedDigest),
    /// Not clean.
    BadExternal(&'a External),
}

/// A step under one of its own step-actor statements, or under none.
pub(crate) struct Candidate<'a> {
    /// Index in `World::known`.
    pub(crate) statement: usize,
    pub(crate) body: &'a Step,
    /// The own label: index in `World::known`.
    pub(crate) label: Option<usize>,
    pub(crate) actor: Option<&'a StepActor>,
    /// What fails, apart from its materials and the comparison.
    pub(crate) faults: Vec<Fault>,
    pub(crate) standings: Vec<Standing<'a>>,
    pub(crate) faithful: bool,
}

/// Every step, solved.
pub(crate) struct Steps<'a> {
    pub(crate) candidates: Vec<Candidate<'a>>,
    /// Candidates that have a product.
    pub(crate) makers: FxHashMap<ProductKey<'a>, Vec<usize>>,
    pub(crate) makers_by_digest: FxHashMap<Sha256, Vec<usize>>,
    /// Products that are clean, and the candidate that showed it first.
    pub(crate) clean: FxHashMap<ProductKey<'a>, usize>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(run: &Run<'_, 'a>, cover: &Cover<'a>) -> Self {
        let reader = Reader::new(run, cover);
        let mut candidates = Vec::new();
        for (at, statement) in run.world.known.iter().enumerate() {
            if let Body::Step(body) = &statement.fact.body {
                reader.read(at, statement, body, &mut candidates);
            }
        }
        let mut steps = Self {
            candidates,
            makers: FxHashMap::default(),
            makers_by_digest: FxHashMap::default(),
            clean: FxHashMap::default(),
        };
        for (at, candidate) in steps.candidates.iter().enumerate() {
            for product in &candidate.body.products {
                steps.makers.entry((product.name.as_str(), product.digest)).or_default().push(at);
                steps.makers_by_digest.entry(product.digest).or_default().push(at);
            }
        }
        steps.solve(run);
        steps
    }

    fn solve(&mut self, run: &Run<'_, 'a>) {
        let rules = run.world.rules;
        let mut waiting: FxHashMap<ProductKey<'a>, Vec<usize>> = FxHashMap::default();
        let mut missing: Vec<usize> = vec![0; self.candidates.len()];
        let mut ready: Vec<usize> = Vec::new();
        for (at, candidate) in self.candidates.iter().enumerate() {
            if !candidate.faults.is_empty() {
                continue;
            }
            let mut keys: FxHashSet<ProductKey<'a>> = FxHashSet::default();
            let mut hopeless = false;
            for standing in &candidate.standings {
                match standing {
                    Standing::Tree(_) | Standing::Clean(..) => {}
                    Standing::Product(key) => drop(keys.insert(*key)),
                    Standing::BadTree(..) | Standing::BadFile(_) | Standing::BadExternal(_) => hopeless = true,
                }
            }
            let static_ok = rules.demand(Rule::MaterialsClean, !hopeless);
            if !static_ok {
                continue;
            }
            if rules.demand(Rule::MaterialsClean, false) {
                keys.clear();
            }
            if let Some(count) = missing.get_mut(at) {
                *count = keys.len();
            }
            if keys.is_empty() {
                ready.push(at);
            }
            for key in keys {
                waiting.entry(key).or_default().push(at);
            }
        }
        while let Some(at) = ready.pop() {
            let Some(candidate) = self.candidates.get_mut(at) else { continue };
            candidate.faithful = true;
            let Some(candidate) = self.candidates.get(at) else { continue };
            for product in &candidate.body.products {
                let key = (product.name.as_str(), product.digest);
                if self.clean.contains_key(&key) || !self.product_faults(run, at, product).is_empty() {
                    continue;
                }
                self.clean.insert(key, at);
                for waiter in waiting.remove(&key).into_iter().flatten() {
                    if let Some(count) = missing.get_mut(waiter) {
                        *count -= 1;
                        if *count == 0 {
                            ready.push(waiter);
                        }
                    }
                }
            }
        }
    }

    /// What fails for one product of a step: the comparison of a package step.
    pub(crate) fn product_faults(&self, run: &Run<'_, 'a>, at: usize, product: &NamedDigest) -> Vec<Fault> {
        let Some(candidate) = self.candidates.get(at) else { return Vec::new() };
        if candidate.body.kind != StepKind::Package {
            return Vec::new();
        }
        let faults = match self.compare(run, at, product.digest) {
            Err(id) => vec![(id, None)],
            Ok(comparison) => comparison.misfits.into_iter().map(|(path, id)| (id, Some(path))).collect(),
        };
        if run.world.rules.demand(Rule::PackageCompare, faults.is_empty()) {
            Vec::new()
        } else if faults.is_empty() {
            vec![(FindingId::EntryChanged, None)]
        } else {
            faults
        }
    }

    /// Compares a product of a package step with the step's materials.
    pub(crate) fn compare(&self, run: &Run<'_, 'a>, at: usize, digest: Sha256) -> Result<Comparison<'a>, FindingId> {
        let Some(candidate) = self.candidates.get(at) else { return Err(FindingId::NoPathMap) };
        let map = candidate.actor.map(|actor| actor.path_map.as_slice()).unwrap_or_default();
        if map.is_empty() {
            return Err(FindingId::NoPathMap);
        }
        let product = run.world.trees.get(&digest).ok_or(FindingId::NoInventory)?;
        let sources_known = source_trees(&candidate.body.materials).all(|tree| {
            run.resolve(&tree.repository, &tree.tree).is_some_and(|root| run.world.trees.contains_key(&root))
        });
        if !sources_known {
            return Err(FindingId::NoInventory);
        }
        Ok(container::compare(product, &self.namespace(run, at), map))
    }

    /// Paths of the materials of a step.
    pub(crate) fn namespace(&self, run: &Run<'_, 'a>, at: usize) -> container::Namespace<'a> {
        let materials =
            self.candidates.get(at).map(|candidate| candidate.body.materials.as_slice()).unwrap_or_default();
        let trees = source_trees(materials)
            .filter_map(|tree| run.resolve(&tree.repository, &tree.tree))
            .filter_map(|root| run.world.trees.get(&root));
        let entries = trees.flat_map(|tree| tree.entries.iter().copied());
        let files = materials.iter().filter_map(|material| match material {
            Material::File(file) => Some(file),
            _ => None,
        });
        container::namespace(entries, files)
    }
}

/// The tree materials.
pub(crate) fn source_trees(materials: &[Material]) -> impl Iterator<Item = &SourceTree> {
    materials.iter().filter_map(|material| match material {
        Material::Tree(tree) => Some(tree),
        _ => None,
    })
}

/// Reads steps into candidates.
struct Reader<'r, 'w, 'a> {
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
}

impl<'r, 'w, 'a> Reader<'r, 'w, 'a> {
    fn new(run: &'r Run<'w, 'a>, cover: &'r Cover<'a>) -> Self {
        let world = run.world;
        let mut labels: FxHashMap<Sha256, Vec<usize>> = FxHashMap::default();
        let mut fetched = FxHashMap::default();
        let mut approvals = Vec::new();
        let mut made = FxHashSet::default();
        for (at, statement) in world.known.iter().enumerate() {
            match &statement.fact.body {
                Body::StepActor(actor) => labels.entry(actor.labels.0).or_default().push(at),
                Body::Step(step) if step.kind == StepKind::Fetch && may_fetch(run, statement) => {
                    fetched.extend(step.products.iter().map(|product| (product.digest, at)));
                }
                Body::Step(step) => {
                    made.extend(step.products.iter().map(|product| (product.name.as_str(), product.digest)));
                }
                Body::Approval(approval)
                    if approval.action == "parameters" && people::approval_holds(run.world, statement, approval) =>
                {
                    approvals.push(approval);
                }
                _ => {}
            }
        }
        Self { run, cover, labels, fetched, approvals, made }
    }

    fn read(&self, at: usize, statement: &Known<'a>, body: &'a Step, out: &mut Vec<Candidate<'a>>) {
        let world = self.run.world;
        let labels = self.labels.get(&statement.digest().0).map(Vec::as_slice).unwrap_or_default();
        let builder = self.builder(statement, body).copied();
        let (own, void): (Vec<usize>, Vec<usize>) = labels
            .iter()
            .copied()
            .filter(|label| self.is_own(builder, body, *label))
            .partition(|label| self.run.world.known.get(*label).is_some_and(|label| self.label_counts(label)));
        let standings: Vec<Standing<'a>> =
            body.materials.iter().map(|material| self.standing(statement, body, material)).collect();
        let options: Vec<Option<usize>> = if own.is_empty() { vec![None] } else { own.into_iter().map(Some).collect() };
        for label in options {
            let actor = label.and_then(|label| match &world.known.get(label)?.fact.body {
                Body::StepActor(actor) => Some(actor),
                _ => None,
            });
            let faults = self.faults(statement, body, Labels { label, actor, all: labels, void: !void.is_empty() });
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
    fn is_own(&self, builder: Option<Pair<'a>>, body: &Step, label: usize) -> bool {
        let world = self.run.world;
        let product = world.facts.question.product.as_str();
        // Revoked signers have left `pairs`; a void statement must still be seen, so its signers are asked.
        let by_builder = |label: &Known<'a>| {
            builder.is_some_and(|builder| {
                label.fact.signers.iter().any(|signer| {
                    signer.method == builder.signer.method && signer.principal == builder.signer.principal
                })
            })
        };
        world.known.get(label).is_some_and(|label| {
            by_builder(label)
                || label.pairs.iter().any(|pair| {
                    observes(pair.row, "step")
                        && pair.kind == ActorKind::Automation
                        && may(pair.row, body.kind.as_str())
                        && for_product(pair.row, product)
                        && pair.level >= world.facts.preset.builder_level
                })
        })
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
        faults.demand(Rule::StepProduct, self.for_this_product(body, actor), FindingId::NotThisProduct);
        let complete = match actor {
            Some(actor) => actor.actors_complete && performers(&actor.actors).next().is_some(),
            None => !void && builder.is_some_and(|builder| builder.row.actors_complete),
        };
        faults.demand(Rule::Performers, complete, FindingId::ActorsIncomplete);
        faults.demand(Rule::AutomationOnly, self.automation_only(label, actor, labels), FindingId::ActorNotAutomation);
        let marked = self.each_label(labels).any(|(_, actor)| !actor.marks.is_empty());
        let unmarked = !marked || self.run.label(Label::AgentMarks);
        faults.demand(Rule::NoMarks, unmarked, FindingId::AgentMarks);
        let failed = self.each_label(labels).any(|(_, actor)| actor.success == Some(false));
        let stated = actor.and_then(|actor| actor.success).unwrap_or(body.only_on_success);
        faults.demand(Rule::Success, stated && !failed, FindingId::StepFailed);
        faults.demand(Rule::HasMaterials, !body.materials.is_empty(), FindingId::NoMaterials);
        self.instruction_faults(body, actor, &mut faults);
        self.parameter_faults(body, actor, &mut faults);
        self.source_faults(body, &mut faults);
        let bounded = actor.is_some_and(|actor| {
            matches!(actor.materials_bound, Bound::Upper | Bound::Exact) && actor.materials_gaps.is_empty()
        });
        let declared = || {
            builder.is_some_and(|builder| builder.row.inputs == Inputs::Declared)
                && self.run.label(Label::InputsNotBounded)
        };
        faults.demand(Rule::Bounded, bounded || declared(), FindingId::InputsNotBounded);
        if preset.require_credential && actor.is_none() {
            faults.found.push((FindingId::Credential, None));
        }
        faults.found
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

    fn automation_only(&self, label: Option<usize>, actor: Option<&'a StepActor>, labels: &[usize]) -> bool {
        let world = self.run.world;
        let all = self.each_label(labels).all(|(_, actor)| {
            performers(&actor.actors)
                .all(|performer| world.kind(&performer.principal, performer.kind) == ActorKind::Automation)
        });
        let (Some(label), Some(actor)) = (label.and_then(|label| world.known.get(label)), actor) else { return all };
        all && performers(&actor.actors).all(|performer| {
            label.pairs.iter().any(|pair| {
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
            self.tree_of(&place).into_iter().flat_map(|tree| tree.entries.iter()).any(|entry| {
                let format = entry.path.rsplit('/').next().unwrap_or(&entry.path);
                LOCK_FORMATS.contains(&format)
                    && entry.sha256.and_then(|content| locks.get(&content)).is_some_and(|pins| {
                        pins.iter().any(|pin| pin.digest == digest && (pin.name == name || pin.name == last))
                    })
            })
        });
        self.run.world.rules.grant(Rule::Pinned, pinned)
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
        if let Some(fetch) = self.fetch_of(digest) {
            return Standing::Clean("fetched", Some(fetch));
        }
        let builder_fetches = self.builder(statement, body).is_some_and(|pair| may(pair.row, "fetch"));
        let allowed = builder_fetches && self.run.label(Label::UnpinnedInput);
        if self.run.world.rules.grant(Rule::Fetched, allowed) {
            return Standing::Clean("fetched", None);
        }
        Standing::BadExternal(external)
    }
}

/// A step's statements about actors.
struct Labels<'l, 'a> {
    /// The own label under which the step is read.
    label: Option<usize>,
    actor: Option<&'a StepActor>,
    /// Every known label.
    all: &'l [usize],
    /// Whether an own label exists that is not usable.
    void: bool,
}

/// Whether a fetch step is by an allowed observer, and nothing known speaks against it.
fn may_fetch<'a>(run: &Run<'_, 'a>, statement: &Known<'a>) -> bool {
    let world = run.world;
    let spoken_against = world.known.iter().any(|other| match &other.fact.body {
        Body::StepActor(actor) if actor.labels == statement.digest() => {
            actor.success == Some(false)
                || !actor.marks.is_empty()
                || performers(&actor.actors).any(|performer| {
                    matches!(world.kind(&performer.principal, performer.kind), ActorKind::Agent | ActorKind::Unknown)
                })
        }
        _ => false,
    });
    !spoken_against
        && statement.usable()
        && statement.pairs.iter().any(|pair| {
            pair.kind == ActorKind::Automation
                && may(pair.row, "fetch")
                && for_product(pair.row, &world.facts.question.product)
                && pair.level >= run.world.facts.preset.builder_level
        })
}

struct Faults {
    rules: crate::rules::Rules,
    found: Vec<Fault>,
}

impl Faults {
    fn demand(&mut self, rule: Rule, holds: bool, id: FindingId) {
        if !self.rules.demand(rule, holds) {
            self.found.push((id, None));
        }
    }
}
