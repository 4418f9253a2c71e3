//! Large facts documents, built from one reviewed tree.

mod hostile;

use std::cell::Cell;
use std::collections::BTreeMap;

use lasthand_lineage::presets;
use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, FileDigest, InventoryRoot, Sha256, StatementDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Actor, Body, Bound, EntryFact, Facts, IdentityRow, Inputs, Landing, Material, NamedDigest, PathRule, PersonRow,
    ProductRow, Question, Review, Signer, SignerMethod, SourceTree, StatementFact, Step, StepActor, TreeRef,
    TrustFacts,
};

const REPOSITORY: &str = "git.example/app";
const MAIN: &str = "refs/heads/main";
const NOW: i64 = 1_900_000_000;
const RECIPE: &str = "Makefile";

/// The shape of a graph.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Chain,
    Fan,
    Random,
    /// One ref that moves between two trees and back.
    Flips,
    /// Reviews of one landing.
    Reviews,
    /// Step-actor statements of one step.
    Labels,
    /// A chain of steps beside as many revoked people.
    Revoked,
    /// As many signers and identity rows as steps.
    Rows,
    /// Lock files of one tree, and an input that the last one pins.
    Locks,
    /// Members of an index.
    Index,
    /// Landings without `prev`, each of which starts where another one ends; the last is stated first.
    Unlinked,
}

impl Shape {
    pub(super) const ALL: [Self; 11] = [
        Self::Chain,
        Self::Fan,
        Self::Random,
        Self::Flips,
        Self::Reviews,
        Self::Labels,
        Self::Revoked,
        Self::Rows,
        Self::Locks,
        Self::Index,
        Self::Unlinked,
    ];

    /// Whether the shape is there to cost as much as facts of its size can, not as a graph that anybody has.
    pub(super) const fn hostile(self) -> bool {
        !matches!(self, Self::Chain | Self::Fan | Self::Random)
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Fan => "fan",
            Self::Random => "random",
            Self::Flips => "flips",
            Self::Reviews => "reviews",
            Self::Labels => "labels",
            Self::Revoked => "revoked",
            Self::Rows => "rows",
            Self::Locks => "locks",
            Self::Index => "index",
            Self::Unlinked => "unlinked",
        }
    }
}

/// Whether one thing in the graph is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Accepted,
    Refused,
}

impl Ending {
    pub(super) const ALL: [Self; 2] = [Self::Accepted, Self::Refused];

    pub(super) const fn verdict(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}

thread_local! {
    /// The world that is being built: no digest of one is one of another.
    static WORLD: Cell<usize> = const { Cell::new(0) };
}

/// Builds the facts of one of several worlds of a shape. `size` counts steps; for the fan it counts files.
pub(super) fn facts(shape: Shape, ending: Ending, size: usize, world: usize) -> Facts {
    WORLD.set(world);
    match shape {
        Shape::Chain => steps(ending, size, |at, _| at.checked_sub(1).into_iter().collect()),
        Shape::Random => random(ending, size),
        Shape::Fan => fan(ending, size),
        Shape::Flips => hostile::flips(ending, size),
        Shape::Reviews => hostile::reviews(ending, size),
        Shape::Labels => hostile::labels(ending, size),
        Shape::Revoked => hostile::revoked(ending, size),
        Shape::Rows => hostile::rows(ending, size),
        Shape::Locks => hostile::locks(ending, size),
        Shape::Index => hostile::index(ending, size),
        Shape::Unlinked => hostile::unlinked(ending, size),
    }
}

/// Each step reads up to three earlier products; the last one also reads what nobody else read.
fn random(ending: Ending, size: usize) -> Facts {
    let mut read = vec![false; size];
    steps(ending, size, move |at, rng| {
        let mut inputs: Vec<usize> = (0..3).filter(|_| at > 0).map(|_| rng.below(at)).collect();
        if at + 1 == size {
            inputs.extend((0..at).filter(|earlier| !read[*earlier]));
        }
        inputs.sort_unstable();
        inputs.dedup();
        inputs.iter().for_each(|earlier| read[*earlier] = true);
        inputs
    })
}

/// Build steps over one tree; in the refused ending the first step reads a file that nothing made.
fn steps(ending: Ending, size: usize, mut inputs: impl FnMut(usize, &mut Rng) -> Vec<usize>) -> Facts {
    let mut rng = Rng(7 + WORLD.get() as u64);
    let mut facts = empty(digest("product", size - 1));
    let tree = land(&mut facts, vec![file(RECIPE, digest("recipe", 0))]);
    for at in 0..size {
        let stray = (at == 0 && ending == Ending::Refused).then(|| named("stray", digest("stray", 0)));
        let files = inputs(at, &mut rng).into_iter().map(object).chain(stray);
        let step = build(&tree, files, object(at));
        push(&mut facts, at, BUILDER, Body::Step(step));
    }
    facts
}

/// One package step over a tree of many files; in the refused ending one file of the product is another.
fn fan(ending: Ending, size: usize) -> Facts {
    let artifact = digest("product", 0);
    let mut facts = empty(artifact);
    let mut entries: Vec<EntryFact> =
        (0..size).map(|at| file(&format!("src/{at:07}.c"), digest("content", at))).collect();
    let mut shipped = entries.clone();
    entries.push(file(RECIPE, digest("recipe", 0)));
    let tree = land(&mut facts, entries);
    if let Some(changed) = shipped.get_mut(size / 2).filter(|_| ending == Ending::Refused) {
        changed.sha256 = Some(FileDigest(digest("stray", 0)));
    }
    facts.inventories.insert(artifact, shipped.into());
    let step = Step {
        kind: StepKind::Package,
        only_on_success: true,
        materials: vec![Material::Tree(SourceTree { repository: REPOSITORY.to_owned(), tree })],
        products: vec![named("obj.tar", artifact)],
        instructions: vec![named(RECIPE, digest("recipe", 0))],
        parameters: BTreeMap::new(),
    };
    let labels = push(&mut facts, 0, BUILDER, Body::Step(step));
    let path_map = vec![PathRule { from: "src/".to_owned(), to: "src/".to_owned() }];
    let label = label(labels, StepKind::Package, path_map);
    push(&mut facts, 1, BUILDER, Body::StepActor(label));
    facts
}

fn label(labels: StatementDigest, kind: StepKind, path_map: Vec<PathRule>) -> StepActor {
    StepActor {
        labels,
        kind,
        product: Some("app".to_owned()),
        actors: vec![actor(Role::Performer, BUILDER.1, ActorKind::Automation)],
        actors_complete: true,
        instructions: Vec::new(),
        parameters: BTreeMap::new(),
        materials_bound: Bound::Exact,
        materials_gaps: Vec::new(),
        success: Some(true),
        path_map,
        marks: Vec::new(),
    }
}

type Who = (SignerMethod, &'static str);
const BUILDER: Who = (SignerMethod::FulcioCi, "ci#builder");
const OBSERVER: Who = (SignerMethod::FulcioCi, "ci#observer");
const REVIEWER: Who = (SignerMethod::SshSk, "key:bo");

/// Lands one tree on the release ref, written by one person and reviewed by another.
fn land(facts: &mut Facts, entries: Vec<EntryFact>) -> TreeRef {
    let tree = enter(facts, digest("tree", entries.len()), entries);
    push(facts, 0, OBSERVER, Body::Landing(landing(None, &tree, None)));
    push(facts, 0, REVIEWER, Body::Review(review(None, &tree)));
    tree
}

fn enter(facts: &mut Facts, root: Sha256, entries: Vec<EntryFact>) -> TreeRef {
    facts.inventories.insert(root, entries.into());
    TreeRef { root: Some(InventoryRoot(root)), ..TreeRef::default() }
}

fn landing(from: Option<&TreeRef>, to: &TreeRef, prev: Option<StatementDigest>) -> Landing {
    Landing {
        repository: REPOSITORY.to_owned(),
        target_ref: MAIN.to_owned(),
        from: from.cloned(),
        to: to.clone(),
        prev,
        merge_of: None,
        authors: vec![actor(Role::Author, "acct:ana", ActorKind::Human)],
        authors_complete: true,
        export_ignore: Vec::new(),
    }
}

fn review(base: Option<&TreeRef>, head: &TreeRef) -> Review {
    Review {
        repository: REPOSITORY.to_owned(),
        target_ref: MAIN.to_owned(),
        base: base.cloned(),
        head: head.clone(),
        scope: vec!["**".to_owned()],
        reviewer: actor(Role::Approver, REVIEWER.1, ActorKind::Human),
        authors: Vec::new(),
        authors_complete: false,
        marks: Vec::new(),
    }
}

/// A build step of one tree and some files.
fn build(tree: &TreeRef, files: impl Iterator<Item = NamedDigest>, product: NamedDigest) -> Step {
    let mut materials = vec![Material::Tree(SourceTree { repository: REPOSITORY.to_owned(), tree: tree.clone() })];
    materials.extend(files.map(Material::File));
    Step {
        kind: StepKind::Build,
        only_on_success: true,
        materials,
        products: vec![product],
        instructions: vec![named(RECIPE, digest("recipe", 0))],
        parameters: BTreeMap::new(),
    }
}

fn empty(artifact: Sha256) -> Facts {
    let question = Question {
        product: "app".to_owned(),
        digest: ArtifactDigest(artifact),
        index: None,
        artifact_name: None,
        target: None,
    };
    let mut builder = row(BUILDER, ActorKind::Automation, &["build", "package"]);
    builder.actors_complete = true;
    builder.inputs = Inputs::Declared;
    let mut observer = row(OBSERVER, ActorKind::Automation, &["landing"]);
    observer.observer = words(&["oidc"]);
    let person = |name: &str, account: &str| PersonRow { name: name.to_owned(), accounts: words(&[account]) };
    let product = ProductRow {
        name: "app".to_owned(),
        repositories: words(&[REPOSITORY]),
        refs: words(&[MAIN]),
        builders: words(&[BUILDER.1]),
        artifacts: words(&["obj*"]),
        parameters: BTreeMap::new(),
        required: Vec::new(),
        onboarding: Vec::new(),
        solo: false,
    };
    let trust = TrustFacts {
        identities: vec![builder, observer, row(REVIEWER, ActorKind::Human, &["review"])],
        persons: vec![person("Ana", "acct:ana"), person("Bo", REVIEWER.1)],
        products: vec![product],
        ..TrustFacts::default()
    };
    Facts {
        facts_version: 1,
        now: NOW,
        question,
        preset: presets::standard(),
        trust,
        statements: Vec::new(),
        inventories: BTreeMap::new(),
        indexes: BTreeMap::new(),
        locks: BTreeMap::new(),
        pointers: BTreeMap::new(),
        images: BTreeMap::new(),
        configs: BTreeMap::new(),
    }
}

fn row(who: Who, kind: ActorKind, may: &[&str]) -> IdentityRow {
    IdentityRow {
        method: who.0,
        principal: who.1.to_owned(),
        kind,
        max_level: 4,
        may: words(may),
        repositories: words(&[REPOSITORY]),
        products: words(&["app"]),
        observer: Vec::new(),
        inputs: Inputs::Bounded,
        isolated: true,
        custody: None,
        actors_complete: false,
    }
}

fn push(facts: &mut Facts, number: usize, who: Who, body: Body) -> StatementDigest {
    let digest = StatementDigest(digest(&format!("statement {} {}", who.1, facts.statements.len()), number));
    let presence = who.0 == SignerMethod::SshSk;
    let signer = Signer { method: who.0, principal: who.1.to_owned(), presence, time: Some(NOW - 60) };
    facts.statements.push(StatementFact { digest, signers: vec![signer], simulated: false, credential: None, body });
    digest
}

fn actor(role: Role, principal: &str, kind: ActorKind) -> Actor {
    Actor { role, principal: principal.to_owned(), kind, method: "oidc".to_owned(), sponsor: None }
}

fn object(at: usize) -> NamedDigest {
    named(&format!("obj{at}"), digest("product", at))
}

fn named(name: &str, digest: Sha256) -> NamedDigest {
    NamedDigest { name: name.to_owned(), digest, mode: None }
}

fn file(path: &str, content: Sha256) -> EntryFact {
    EntryFact {
        path: path.to_owned(),
        entry_type: EntryType::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        sha256: Some(FileDigest(content)),
        link_target: String::new(),
        device: None,
        xattrs: BTreeMap::new(),
    }
}

fn digest(what: &str, number: usize) -> Sha256 {
    Sha256::of(format!("{} {what} {number}", WORLD.get()).as_bytes())
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// A small generator, so that every run draws the same graph (splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1)).unwrap_or(0)
    }
}
