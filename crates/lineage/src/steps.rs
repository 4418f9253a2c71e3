//! Build and package steps: which are faithful, as the least fixpoint over the products that are materials.
//!
//! SPEC: docs/rules.md sections 4 and 5. Linear in steps, materials and products (Dowling and Gallier 1984).

mod behind;
mod candidate;
mod layout;
mod material;
mod pinned;
mod read;
mod revisions;
mod waits;

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{Body, Label, Material, NamedDigest, SourceTree, Step};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use self::behind::Behind;
use self::candidate::Read;
pub(crate) use self::candidate::{Candidate, Clean, Standing};
pub(crate) use self::layout::Layout;
pub(crate) use self::pinned::Pinned;
use self::read::Reader;
use self::waits::Waits;
use crate::container::{self, Comparison, Expected};
use crate::cover::{Cover, Place};
use crate::finding::FindingId;
use crate::groups::Groups;
use crate::image::{self, Givers};
use crate::labels::LabelSet;
use crate::marks::Marks;
use crate::order::wide;
use crate::pins::Use;
use crate::products::files;
use crate::rules::Rule;
use crate::run::Run;

/// Stands for a product that no step shows to be clean.
const NOT_SHOWN: u32 = u32::MAX;

/// Something wrong with a step: what, and which path, parameter or input.
pub(crate) type Fault = (FindingId, Option<String>);

/// Labels that a step carries by what it states itself, and what fails without.
static CARRIED: [(Label, Fault); 2] = [
    (Label::AgentMarks, (FindingId::AgentMarks, None)),
    (Label::InputsNotBounded, (FindingId::InputsNotBounded, None)),
];

/// Whether only steps carry a label, by what they state themselves.
pub(crate) fn carries(label: Label) -> bool {
    CARRIED.iter().any(|(carried, _)| *carried == label)
}

/// Every step, solved. Products are numbers of `World::products`.
pub(crate) struct Steps<'a> {
    read: Rc<Read<'a>>,
    /// Labels that a candidate may carry.
    allowed: LabelSet,
    /// Candidates.
    faithful: Marks,
    /// By number: the revision of a step that shows that the product is clean, or `NOT_SHOWN`.
    clean: Vec<u32>,
    /// Of products with several makers: by product and the reader's revision, the first maker that fits.
    chosen: RefCell<FxHashMap<(usize, u32), Option<usize>>>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(run: &Run<'_, 'a>, cover: &Cover<'a>) -> Self {
        let world = run.world;
        let reader = Reader::new(run, cover);
        let mut read = Read::default();
        read.candidates.reserve_exact(world.by_subject.steps.len());
        for (at, statement, body) in world.each(&world.by_subject.steps) {
            if let Body::Step(body) = body {
                reader.read(at, statement, body, &mut read);
            }
        }
        read.mark_kinds();
        let made = (0..).zip(&read.candidates).flat_map(|(at, candidate)| {
            world.products.numbers(candidate.products.clone()).iter().map(move |number| (*number, at))
        });
        read.makers = Groups::new(world.products.len(), made);
        let candidates = &read.candidates;
        read.makers.sort_by_key(|at| (candidates.get(at).map(|candidate| world.rank(candidate.statement())), at));
        Self::solve(run, Rc::new(read))
    }

    /// The same steps without a label that only steps carry: nothing of a step is read again.
    pub(crate) fn under(&self, run: &Run<'_, 'a>) -> Self {
        Self::solve(run, Rc::clone(&self.read))
    }

    /// Candidates in the order of the document; those of one step by digest of the label.
    pub(crate) fn candidates(&self) -> &[Candidate<'a>] {
        &self.read.candidates
    }

    /// Whether a candidate is faithful.
    pub(crate) fn faithful(&self, at: usize) -> bool {
        self.faithful.contains(at)
    }

    /// Whether a candidate is a package step.
    pub(crate) fn is_package(&self, at: usize) -> bool {
        self.read.packages.contains(at)
    }

    /// Whether a candidate is a build or package step.
    pub(crate) fn makes(&self, at: usize) -> bool {
        self.read.makes.contains(at)
    }

    /// What fails of a candidate, apart from its materials and the comparison.
    pub(crate) fn faults<'s>(&'s self, candidate: &'s Candidate<'a>) -> impl Iterator<Item = &'s Fault> {
        let Range { start, end } = candidate.faults;
        let own = self.read.faults.get(wide(start)..wide(end)).unwrap_or_default();
        own.iter().chain(CARRIED.iter().filter(|(label, _)| self.lacks(candidate, *label)).map(|(_, fault)| fault))
    }

    fn lacks(&self, candidate: &Candidate<'a>, label: Label) -> bool {
        candidate.carried.contains(label) && !self.allowed.contains(label)
    }

    /// How the materials of a candidate stand, in their order.
    pub(crate) fn standings(&self, candidate: &Candidate<'a>) -> &[Standing] {
        self.read.standings(candidate)
    }

    /// The tree of a standing.
    pub(crate) fn place(&self, number: usize) -> Option<Place<'a>> {
        self.read.places.get(number)
    }

    /// How many trees are materials.
    pub(crate) fn places(&self) -> usize {
        self.read.places.len()
    }

    /// Candidates that have a product, by number; in the order of digests.
    pub(crate) fn makers(&self, product: usize) -> &[u32] {
        self.read.makers.of(product)
    }

    /// Candidates that have a product with a digest that the content goes by, in the order of digests, each once.
    pub(crate) fn makers_of(&self, run: &Run<'_, 'a>, digest: Sha256) -> Vec<usize> {
        let numbers = image::names(run.world, digest).flat_map(|name| run.world.products.with_digest(name));
        let mut makers: Vec<usize> = numbers.flat_map(|number| self.makers(number)).map(|at| wide(*at)).collect();
        let rank = |at: usize| self.candidates().get(at).map(|candidate| run.world.rank(candidate.statement()));
        makers.sort_unstable_by_key(|at| (rank(*at), *at));
        makers.dedup();
        makers
    }

    /// Whether some step shows that a product is clean, by number.
    pub(crate) fn clean(&self, product: usize) -> bool {
        self.clean.get(product).is_some_and(|shown| *shown != NOT_SHOWN)
    }

    /// A candidate by which a product is a clean material of another.
    pub(crate) fn clean_for(&self, run: &Run<'_, 'a>, reader: usize, product: u32) -> Option<usize> {
        let number = wide(product);
        if !self.clean(number) {
            return None;
        }
        let revision = self.read.revision_of(reader);
        let fits = |at: usize| {
            self.faithful(at)
                && self.read.revisions.same(run, self.read.revision_of(at), revision)
                && self.sound(run, at, number)
        };
        match self.makers(number) {
            [only] => Some(wide(*only)).filter(|at| fits(*at)),
            makers => {
                let first = || makers.iter().map(|at| wide(*at)).find(|at| fits(*at));
                *self.chosen.borrow_mut().entry((number, revision)).or_insert_with(first)
            }
        }
    }

    /// Whether the comparison holds for a product, by number.
    fn sound(&self, run: &Run<'_, 'a>, maker: usize, product: usize) -> bool {
        let faults = |digest| self.product_faults(run, maker, digest);
        !self.is_package(maker) || run.world.products.digest(product).map(faults).is_some_and(|f| f.is_empty())
    }

    fn solve(run: &Run<'_, 'a>, read: Rc<Read<'a>>) -> Self {
        let mut steps = Self {
            allowed: run.allowed(),
            faithful: Marks::new(read.candidates.len()),
            clean: vec![NOT_SHOWN; run.world.products.len()],
            chosen: RefCell::default(),
            read,
        };
        let waits = steps.first_pass(run);
        let waiting = !waits.pairs.is_empty() || steps.read.packages.iter().next().is_some();
        // Where no step is ready, nothing is ever served.
        if waiting && !waits.ready.is_empty() {
            steps.serve(run, waits);
        }
        steps
    }

    /// Finds the steps that are faithful by those before them in the document; the others wait.
    fn first_pass(&mut self, run: &Run<'_, 'a>) -> Waits {
        let rules = run.world.rules;
        let anyway = rules.demand(Rule::MaterialsClean, false);
        let read = Rc::clone(&self.read);
        let mut waits = Waits { missing: vec![0; read.candidates.len()], ..Waits::default() };
        for (at, candidate) in read.candidates.iter().enumerate() {
            if self.faults(candidate).next().is_some() {
                continue;
            }
            let standings = read.standings(candidate);
            let hopeless =
                |standing: &Standing| matches!(standing, Standing::BadTree(_) | Standing::Unresolved | Standing::Bad);
            if !rules.demand(Rule::MaterialsClean, !standings.iter().any(hopeless)) {
                continue;
            }
            let revision = read.revision_of(at);
            let at_hand = |number: u32| {
                let shown = self.clean.get(wide(number)).copied().filter(|shown| *shown != NOT_SHOWN);
                shown.is_some_and(|maker| read.revisions.same(run, maker, revision))
            };
            let missing = standings.iter().filter(|_| !anyway).filter_map(|standing| match standing {
                Standing::Product(number) if !at_hand(*number) => Some(*number),
                _ => None,
            });
            // A package step is compared later, and once.
            if !waits.add(at, missing) && candidate.kind != StepKind::Package {
                self.faithful.insert(at);
                for number in run.world.products.numbers(candidate.products.clone()) {
                    self.show(wide(*number), revision);
                }
            }
        }
        waits
    }

    /// Notes that a product is clean, by the revision that it is made from.
    fn show(&mut self, product: usize, revision: u32) {
        if let Some(shown) = self.clean.get_mut(product).filter(|shown| **shown == NOT_SHOWN) {
            *shown = revision;
        }
    }

    /// Gives products to those that wait for them, and on to those that wait for theirs.
    fn serve(&mut self, run: &Run<'_, 'a>, mut waits: Waits) {
        let read = Rc::clone(&self.read);
        let waiting = Groups::new(run.world.products.len(), waits.pairs.iter().copied());
        waits.pairs = Vec::new();
        // Of a product with several makers: the revisions that have it, and who has it already.
        let mut had: FxHashSet<(u32, u32)> = FxHashSet::default();
        let mut served: FxHashSet<(u32, u32)> = FxHashSet::default();
        while let Some(at) = waits.ready.pop().map(wide) {
            let Some(candidate) = read.candidates.get(at) else { continue };
            self.faithful.insert(at);
            let revision = read.revision_of(at);
            for number in run.world.products.numbers(candidate.products.clone()) {
                if !self.sound(run, at, wide(*number)) {
                    continue;
                }
                self.show(wide(*number), revision);
                let several = read.makers.of(wide(*number)).len() > 1;
                if several && !had.insert((*number, revision)) {
                    continue;
                }
                // LIMIT: each reader of a product is looked at once for each revision that the product is made from.
                for waiter in waiting.of(wide(*number)) {
                    if read.revisions.same(run, revision, read.revision_of(wide(*waiter)))
                        && (!several || served.insert((*waiter, *number)))
                    {
                        waits.serve(*waiter);
                    }
                }
            }
        }
    }

    /// What fails for one product of a step: the comparison of a package step.
    pub(crate) fn product_faults(&self, run: &Run<'_, 'a>, at: usize, product: Sha256) -> Vec<Fault> {
        let Some(candidate) = self.candidates().get(at) else { return Vec::new() };
        if candidate.kind != StepKind::Package {
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
        let Some(candidate) = self.candidates().get(at) else { return Err((FindingId::NoPathMap, None)) };
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
        let mut kept = self.read.kept.borrow_mut();
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
            self.candidates().get(at).map(|candidate| candidate.body.materials.as_slice()).unwrap_or_default();
        let layout = Layout::of(run, materials);
        let trees = source_trees(materials)
            .filter_map(|tree| Some((tree.repository.as_str(), run.resolve(&tree.repository, &tree.tree)?)))
            .filter(|place| !layout.is_submodule(place))
            .filter_map(|(_, root)| run.world.trees.get(&root));
        let entries = trees.flat_map(|tree| tree.entries());
        // A tool is no content, unless a lock file pins it as such.
        let pinned: OnceCell<Pinned<'a>> = OnceCell::new();
        let is_tool = |file: &NamedDigest| {
            run.world.only_tool(file.digest)
                && pinned.get_or_init(|| Pinned::of(run, materials)).file(run, file).is_none()
        };
        container::namespace(entries, files(materials).map(|file| (file, is_tool(file))))
    }
}

/// What a step may put an image on.
pub(crate) fn givers<'a>(run: &Run<'_, 'a>, step: &'a Step) -> Givers {
    let facts = run.world.facts;
    let pinned: OnceCell<Pinned<'a>> = OnceCell::new();
    Givers::of(facts, step, |external, digest| {
        let is_pinned = |name: &String| {
            pinned.get_or_init(|| Pinned::of(run, &step.materials)).name(name, digest, Use::Base).is_some()
        };
        external.name.as_ref().is_some_and(is_pinned)
    })
}

/// The tree materials.
pub(crate) fn source_trees(materials: &[Material]) -> impl Iterator<Item = &SourceTree> {
    materials.iter().filter_map(|material| match material {
        Material::Tree(tree) => Some(tree),
        _ => None,
    })
}
