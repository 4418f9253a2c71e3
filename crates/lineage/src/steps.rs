//! Build and package steps: which are faithful, as the least fixpoint over the products that are materials.
//!
//! SPEC: docs/rules.md sections 4 and 5. Linear in steps, materials and products (Dowling and Gallier 1984).

mod read;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, External, Material, NamedDigest, SourceTree, Step, StepActor};
use rustc_hash::{FxHashMap, FxHashSet};

use self::read::Reader;
use crate::container::{self, Comparison};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::rules::Rule;
use crate::run::Run;

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
