//! Build and package steps: which are faithful, as the least fixpoint over the products that are materials.
//!
//! SPEC: docs/rules.md sections 4 and 5. Linear in steps, materials and products (Dowling and Gallier 1984).

mod material;
mod read;
mod revisions;

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{Body, External, Material, NamedDigest, SourceTree, Step, StepActor};
use rustc_hash::{FxHashMap, FxHashSet};

use self::read::Reader;
use self::revisions::Revisions;
use crate::container::{self, Comparison, Expected};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::groups::Groups;
use crate::image::{self, Givers};
use crate::pins::{Pins, Use};
use crate::products::files;
use crate::rules::Rule;
use crate::run::Run;

/// Something wrong with a step: what, and which path, parameter or input.
pub(crate) type Fault = (FindingId, Option<String>);

/// How a material stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing<'a> {
    /// A covered tree.
    Tree(Place<'a>),
    /// A tree that is not covered, or does not resolve.
    BadTree(Option<Place<'a>>, &'a SourceTree),
    /// Clean by itself, by the named rule.
    Clean(&'static str, Option<usize>),
    /// Clean when a step that has this product, a number of `World::products`, is faithful.
    Product(usize),
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
    /// Its standings among those of all steps, one for each material.
    standings: Range<usize>,
    /// Its products among those of all steps, as `Products::numbers` takes them.
    pub(crate) products: Range<usize>,
    /// Its covered trees, a number of `Revisions`.
    revision: usize,
    pub(crate) faithful: bool,
}

/// Every step, solved. Products are numbers of `World::products`.
pub(crate) struct Steps<'a> {
    /// By digest of the step, then of the label.
    pub(crate) candidates: Vec<Candidate<'a>>,
    /// How the materials of all steps stand; candidates of one step share theirs.
    standings: Vec<Standing<'a>>,
    /// Candidates that have a product, by its number.
    makers: Groups,
    /// By number: the candidate that showed first that the product is clean.
    clean: Vec<Option<usize>>,
    revisions: Revisions<'a>,
    /// Of products with several makers: by product and the reader's revision, the first maker that fits.
    chosen: RefCell<FxHashMap<(usize, usize), Option<usize>>>,
    /// Comparisons of the artifact, by candidate.
    kept: RefCell<FxHashMap<usize, Result<Rc<Comparison<'a>>, Fault>>>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(run: &Run<'_, 'a>, cover: &Cover<'a>) -> Self {
        let world = run.world;
        let reader = Reader::new(run, cover);
        let mut candidates = Vec::with_capacity(world.steps_as_given.len());
        let mut standings = Vec::new();
        let mut revisions = Revisions::default();
        for (at, statement, body) in world.each(&world.steps_as_given) {
            if let Body::Step(body) = body {
                reader.read(at, statement, body, &mut candidates, &mut standings, &mut revisions);
            }
        }
        candidates.sort_by_cached_key(|candidate| candidate.statement);
        let made = candidates.iter().enumerate().flat_map(|(at, candidate)| {
            world.products.numbers(candidate.products.clone()).iter().map(move |number| (*number, at))
        });
        let makers = Groups::new(world.products.len(), made);
        let clean = vec![None; world.products.len()];
        let mut steps = Self {
            candidates,
            standings,
            makers,
            clean,
            revisions,
            chosen: RefCell::default(),
            kept: RefCell::default(),
        };
        steps.solve(run);
        steps
    }

    /// How the materials of a candidate stand, in their order.
    pub(crate) fn standings(&self, candidate: &Candidate<'a>) -> &[Standing<'a>] {
        self.standings.get(candidate.standings.clone()).unwrap_or_default()
    }

    /// Candidates that have a product, by number.
    pub(crate) fn makers(&self, product: usize) -> &[usize] {
        self.makers.of(product)
    }

    /// Candidates that have a product with a digest that the content goes by, in order, each once.
    pub(crate) fn makers_of(&self, run: &Run<'_, 'a>, digest: Sha256) -> Vec<usize> {
        let numbers = image::names(run.world, digest).flat_map(|name| run.world.products.with_digest(name));
        let mut makers: Vec<usize> = numbers.flat_map(|number| self.makers.of(number)).copied().collect();
        makers.sort_unstable();
        makers.dedup();
        makers
    }

    /// The candidate that showed first that a product is clean, by number.
    pub(crate) fn clean(&self, product: usize) -> Option<usize> {
        self.clean.get(product).copied().flatten()
    }

    /// A candidate by which a product is a clean material of another.
    pub(crate) fn clean_for(&self, run: &Run<'_, 'a>, reader: &Candidate<'a>, product: usize) -> Option<usize> {
        let digest = run.world.products.digest(product)?;
        self.clean(product)?;
        let fits = |at: &usize| {
            self.candidates
                .get(*at)
                .is_some_and(|maker| maker.faithful && self.revisions.same(run, maker.revision, reader.revision))
                && self.product_faults(run, *at, digest).is_empty()
        };
        match self.makers(product) {
            [only] => Some(*only).filter(fits),
            makers => {
                let first = || makers.iter().copied().find(fits);
                *self.chosen.borrow_mut().entry((product, reader.revision)).or_insert_with(first)
            }
        }
    }

    fn solve(&mut self, run: &Run<'_, 'a>) {
        let rules = run.world.rules;
        let anyway = rules.demand(Rule::MaterialsClean, false);
        let mut waits: Vec<(usize, usize)> = Vec::new();
        let mut missing: Vec<usize> = vec![0; self.candidates.len()];
        let mut ready: Vec<usize> = Vec::new();
        for (at, candidate) in self.candidates.iter().enumerate() {
            if !candidate.faults.is_empty() {
                continue;
            }
            let standings = self.standings(candidate);
            let hopeless = standings.iter().any(|standing| {
                matches!(standing, Standing::BadTree(..) | Standing::BadFile(_) | Standing::BadExternal(_))
            });
            if !rules.demand(Rule::MaterialsClean, !hopeless) {
                continue;
            }
            let before = waits.len();
            if !anyway {
                waits.extend(standings.iter().filter_map(|standing| match standing {
                    Standing::Product(number) => Some((*number, at)),
                    _ => None,
                }));
                // A product that is read twice is waited for once.
                if waits.len() > before + 1 {
                    let mut own = waits.split_off(before);
                    own.sort_unstable();
                    own.dedup();
                    waits.append(&mut own);
                }
            }
            if let Some(count) = missing.get_mut(at) {
                *count = waits.len() - before;
            }
            if waits.len() == before {
                ready.push(at);
            }
        }
        let waiting = Groups::new(run.world.products.len(), waits.iter().copied());
        drop(waits);
        // Of a product with several makers: the revisions that have it, and who has it already.
        let mut had: FxHashSet<(usize, usize)> = FxHashSet::default();
        let mut served: FxHashSet<(usize, usize)> = FxHashSet::default();
        while let Some(at) = ready.pop() {
            let Some(candidate) = self.candidates.get_mut(at) else { continue };
            candidate.faithful = true;
            let package = candidate.body.kind == StepKind::Package;
            let (revision, products) = (candidate.revision, candidate.products.clone());
            for number in run.world.products.numbers(products) {
                let sound = |steps: &Self| {
                    let digest = run.world.products.digest(*number);
                    digest.is_some_and(|digest| steps.product_faults(run, at, digest).is_empty())
                };
                if package && !sound(self) {
                    continue;
                }
                if let Some(slot) = self.clean.get_mut(*number).filter(|slot| slot.is_none()) {
                    *slot = Some(at);
                }
                let several = self.makers(*number).len() > 1;
                if several && !had.insert((*number, revision)) {
                    continue;
                }
                // LIMIT: each reader of a product is looked at once for each revision that the product is made from.
                for waiter in waiting.of(*number) {
                    let Some(reader) = self.candidates.get(*waiter) else { continue };
                    if !self.revisions.same(run, revision, reader.revision)
                        || (several && !served.insert((*waiter, *number)))
                    {
                        continue;
                    }
                    if let Some(count) = missing.get_mut(*waiter) {
                        *count -= 1;
                        if *count == 0 {
                            ready.push(*waiter);
                        }
                    }
                }
            }
        }
    }

    /// What fails for one product of a step: the comparison of a package step.
    pub(crate) fn product_faults(&self, run: &Run<'_, 'a>, at: usize, product: Sha256) -> Vec<Fault> {
        let Some(candidate) = self.candidates.get(at) else { return Vec::new() };
        if candidate.body.kind != StepKind::Package {
            return Vec::new();
        }
        let faults = match self.compare(run, at, product) {
            Err(fault) => vec![fault],
            Ok(comparison) if comparison.misfits.is_empty() => Vec::new(),
            Ok(comparison) => {
                let facts = run.world.facts;
                let givers = givers(run, candidate.body);
                let digest = image::container(run.world, product);
                // Why what these images hold fits nothing.
                let untrusted = image::untrusted_bases(facts, candidate.body, &givers, digest)
                    .map(|external| (FindingId::UnpinnedInput, Some(external.uri.clone())));
                let misfits = comparison.misfits.iter().map(|(path, id)| (*id, Some(path.clone())));
                untrusted.chain(misfits).collect()
            }
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
    pub(crate) fn compare(&self, run: &Run<'_, 'a>, at: usize, digest: Sha256) -> Result<Rc<Comparison<'a>>, Fault> {
        let Some(candidate) = self.candidates.get(at) else { return Err((FindingId::NoPathMap, None)) };
        let map = candidate.actor.map(|actor| actor.path_map.as_slice()).unwrap_or_default();
        if map.is_empty() {
            return Err((FindingId::NoPathMap, None));
        }
        let digest = image::container(run.world, digest);
        let product = run.world.trees.get(&digest).ok_or((FindingId::NoInventory, None))?;
        let sources_known = source_trees(&candidate.body.materials).all(|tree| {
            run.resolve(&tree.repository, &tree.tree).is_some_and(|root| run.world.trees.contains_key(&root))
        });
        if !sources_known {
            return Err((FindingId::NoInventory, None));
        }
        let compare = || {
            let namespace = self.namespace(run, at);
            let mapped = container::expected(&namespace, map);
            if run.world.facts.images.contains_key(&ArtifactDigest(digest)) {
                let stated = image::stated(run.world, &namespace, map)
                    .map_err(|path| (FindingId::NoInventory, Some(path.to_owned())))?;
                Self::compare_image(run, candidate.body, digest, &mapped, &stated).map(Rc::new)
            } else {
                Ok(Rc::new(container::compare(product, mapped)))
            }
        };
        if digest != run.world.facts.question.digest.0 {
            return compare();
        }
        // The artifact is compared for the fixpoint, the proof and its files; its comparison is kept, others would fill the memory.
        let mut kept = self.kept.borrow_mut();
        kept.entry(at).or_insert_with(compare).clone()
    }

    /// Compares an image on each base that it may stand on, until one fits; else what the one with the most layers says counts,
    /// of several the first that is known.
    fn compare_image(
        run: &Run<'_, 'a>,
        step: &'a Step,
        digest: Sha256,
        mapped: &[Expected<'a>],
        stated: &[(&'a str, Option<Expected<'a>>)],
    ) -> Result<Comparison<'a>, Fault> {
        let (world, facts) = (run.world, run.world.facts);
        let product = world.trees.get(&digest).ok_or((FindingId::NoInventory, None))?;
        let mut first: Option<(usize, Result<Comparison<'a>, Fault>)> = None;
        for base in givers(run, step).bases(facts, world.rules, digest) {
            let entries = base.chain.map(|chain| world.trees.get(&chain));
            // SECURITY: a configuration that nobody has read would demand nothing.
            let unread = base.config.filter(|config| !facts.configs.contains_key(config));
            let compared = match (entries, unread) {
                (Some(None), _) => Err((FindingId::NoInventory, None)),
                (_, Some(config)) => Err((FindingId::NoInventory, Some(format!("sha256:{config}")))),
                (entries, None) => {
                    let expected = image::expect(world, mapped, stated, base, entries.flatten());
                    Ok(container::compare(product, expected))
                }
            };
            first = match (first, compared) {
                (_, Ok(comparison)) if comparison.misfits.is_empty() => return Ok(comparison),
                (None, compared) => Some((base.layers, compared)),
                (Some((layers, Err(_))), Ok(comparison)) if layers == base.layers => Some((layers, Ok(comparison))),
                (first, _) => first,
            };
        }
        first.map_or(Err((FindingId::NoInventory, None)), |(_, compared)| compared)
    }

    /// Paths of the materials of a step.
    pub(crate) fn namespace(&self, run: &Run<'_, 'a>, at: usize) -> container::Namespace<'a> {
        let materials =
            self.candidates.get(at).map(|candidate| candidate.body.materials.as_slice()).unwrap_or_default();
        let trees = source_trees(materials)
            .filter_map(|tree| run.resolve(&tree.repository, &tree.tree))
            .filter_map(|root| run.world.trees.get(&root));
        let entries = trees.flat_map(|tree| tree.entries.iter().copied());
        // A tool is no content, unless a lock file pins it as such.
        let pins: OnceCell<Vec<(Place<'a>, Pins<'a>)>> = OnceCell::new();
        let is_tool = |file: &NamedDigest| {
            let pins = || pins.get_or_init(|| pins_of(run, materials)).iter();
            run.world.only_tool(file.digest)
                && !pins().any(|(_, pins)| pins.find(&file.name, file.digest, Use::Input).is_some())
        };
        container::namespace(entries, files(materials).map(|file| (file, is_tool(file))))
    }
}

/// What a step may put an image on.
pub(crate) fn givers<'a>(run: &Run<'_, 'a>, step: &'a Step) -> Givers {
    let facts = run.world.facts;
    let pins: OnceCell<Vec<(Place<'_>, Pins<'_>)>> = OnceCell::new();
    Givers::of(facts, step, |external, digest| {
        let pinned = |name: &String| {
            pins.get_or_init(|| pins_of(run, &step.materials))
                .iter()
                .any(|(_, pins)| pins.find(name, digest, Use::Base).is_some())
        };
        external.name.as_ref().is_some_and(pinned)
    })
}

/// What the source trees among materials pin, each with where it is.
pub(crate) fn pins_of<'a>(run: &Run<'_, 'a>, materials: &'a [Material]) -> Vec<(Place<'a>, Pins<'a>)> {
    let places = source_trees(materials)
        .filter_map(|tree| Some((tree.repository.as_str(), run.resolve(&tree.repository, &tree.tree)?)));
    places.filter_map(|place| Some((place, Pins::of(run.world.facts, run.world.trees.get(&place.1)?)))).collect()
}

/// The tree materials.
pub(crate) fn source_trees(materials: &[Material]) -> impl Iterator<Item = &SourceTree> {
    materials.iter().filter_map(|material| match material {
        Material::Tree(tree) => Some(tree),
        _ => None,
    })
}
