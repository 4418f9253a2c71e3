//! What a tree only names: a submodule, and the content behind a pointer of Git LFS; and what can be wrong with them.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, EntryFact, Facts, Landing, Material, NamedDigest, OnboardingTree, PathRule, SourceTree, Step, TreeRef,
};

use super::defects::{Defect, with};
use super::parts::{HUMANS, MAIN, OBSERVER, account, actor, ci, digest, enter, entries_of, file, push};
use super::rng::Rng;

const LIB: &str = "git/lib";
const COMMIT: &str = "00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee";
const OTHER: &str = "00decade00decade00decade00decade00decade";
/// The files of the submodule.
const FILES: [(&str, u64, u32); 3] = [("x", 610, 0o644), ("run", 611, 0o755), ("src/a", 612, 0o644)];
/// Digest number of what a pointer stands for.
const CONTENT: u64 = 604;

/// The entry of a tree that names the submodule.
pub(super) fn gitlink() -> EntryFact {
    EntryFact { entry_type: EntryType::Submodule, sha256: None, link_target: COMMIT.to_owned(), ..file("vendor", 0, 0) }
}

/// Lets a step read files of the submodule and the content of a pointer, when the tree names them.
pub(super) fn inputs(facts: &mut Facts, rng: &mut Rng, tip: &TreeRef, step: &mut Step) {
    let entries = entries_of(facts, tip);
    if rng.chance(20)
        && let Some(pointer) = entries.iter().find(|entry| entry.path == "src/b").and_then(|entry| entry.sha256)
    {
        facts.pointers.insert(pointer, FileDigest(digest(CONTENT)));
        step.materials.push(read("src/b", CONTENT, 0o644, rng));
    }
    if rng.chance(60) && entries.iter().any(|entry| entry.path == "vendor") {
        submodule(facts, rng, step);
    }
}

fn submodule(facts: &mut Facts, rng: &mut Rng, step: &mut Step) {
    let tree = enter(facts, FILES.iter().map(|(path, content, mode)| file(path, *content, *mode)).collect());
    let product = &mut facts.trust.products[0];
    if !product.onboarding.iter().any(|anchor| anchor.repository == LIB) {
        product.onboarding.push(OnboardingTree { repository: LIB.to_owned(), tree: tree.clone() });
        let landing = Landing {
            repository: LIB.to_owned(),
            target_ref: MAIN.to_owned(),
            from: None,
            to: tree.clone(),
            prev: None,
            merge_of: None,
            authors: vec![actor(Role::Author, &account(HUMANS[0]), ActorKind::Human)],
            authors_complete: true,
            export_ignore: Vec::new(),
        };
        push(facts, ci(OBSERVER), Body::Landing(landing));
    }
    let tree = TreeRef { git_commit: COMMIT.parse().ok(), ..tree };
    step.materials.push(Material::Tree(SourceTree { repository: LIB.to_owned(), tree }));
    for (path, content, mode) in FILES {
        if rng.chance(60) {
            step.materials.push(read(&format!("vendor/{path}"), content, mode, rng));
        }
    }
    if rng.chance(15) {
        step.instructions.push(NamedDigest { name: "vendor/run".to_owned(), digest: digest(611), mode: None });
    }
}

fn read(name: &str, content: u64, mode: u32, rng: &mut Rng) -> Material {
    Material::File(NamedDigest { name: name.to_owned(), digest: digest(content), mode: rng.chance(70).then_some(mode) })
}

/// Puts into a product what the map gives for the files that a step read so.
pub(super) fn ship(step: &Step, rng: &mut Rng, map: &mut Vec<PathRule>, shipped: &mut Vec<EntryFact>) {
    let whole = rng.chance(70);
    if whole {
        map.push(PathRule { from: "vendor/".to_owned(), to: "opt/vendor/".to_owned() });
    }
    for material in &step.materials {
        let Material::File(read) = material else { continue };
        let path = format!("opt/{}", read.name);
        if whole && read.name.starts_with("vendor/") {
            let mut entry =
                file(&path, 0, if read.mode.is_some() && read.name == "vendor/run" { 0o755 } else { 0o644 });
            entry.sha256 = Some(FileDigest(read.digest));
            shipped.push(entry);
        } else if let Some(there) = shipped.iter_mut().find(|entry| entry.path == path) {
            there.sha256 = Some(FileDigest(read.digest));
        }
    }
}

pub(super) const DEFECTS: &[Defect] = &[
    ("submodule: another commit", |f, r| {
        let gone = r.chance(30);
        change_tree(f, |tree| tree.git_commit = if gone { None } else { OTHER.parse().ok() })
    }),
    ("submodule: tree not stated", |f, _| {
        let is_lib = |material: &Material| matches!(material, Material::Tree(source) if source.repository == LIB);
        let mut steps = f.statements.iter_mut().filter_map(|statement| match &mut statement.body {
            Body::Step(step) if step.materials.iter().any(is_lib) => Some(step),
            _ => None,
        });
        steps.next().is_some_and(|step| {
            step.materials.retain(|material| !is_lib(material));
            true
        })
    }),
    ("submodule: in another place", |f, r| {
        let name = *r.pick(&["x", "vendor/lib/x", "vendors/x", "src/x"]);
        with!(f, r, Step, |it| it.materials.push(read(name, 610, 0o644, r)))
    }),
    ("submodule: another content", |f, r| with!(f, r, Step, |it| it.materials.push(read("vendor/x", 613, 0o644, r)))),
    ("submodule: can be run", |f, r| {
        with!(f, r, Step, |it| it.materials.push(Material::File(NamedDigest {
            name: "vendor/x".to_owned(),
            digest: digest(610),
            mode: Some(0o755),
        })))
    }),
    ("submodule: no landing of it", |f, _| {
        let before = f.statements.len();
        f.statements
            .retain(|statement| !matches!(&statement.body, Body::Landing(landing) if landing.repository == LIB));
        f.statements.len() < before
    }),
    ("submodule: not the product's", |f, _| {
        let repositories = &mut f.trust.products[0].repositories;
        let before = repositories.len();
        repositories.retain(|repository| repository != LIB);
        repositories.len() < before
    }),
    ("pointer: another content", |f, r| {
        let gone = r.chance(50);
        let there = !f.pointers.is_empty();
        if gone {
            f.pointers.clear();
        }
        f.pointers.values_mut().for_each(|content| *content = FileDigest(digest(605)));
        there
    }),
    ("pointer: in another place", |f, r| {
        !f.pointers.is_empty() && with!(f, r, Step, |it| it.materials.push(read("src/other", CONTENT, 0o644, r)))
    }),
];

fn change_tree(facts: &mut Facts, change: impl Fn(&mut TreeRef)) -> bool {
    let steps = facts.statements.iter_mut().filter_map(|statement| match &mut statement.body {
        Body::Step(step) => Some(step),
        _ => None,
    });
    let trees = steps.flat_map(|step| &mut step.materials).filter_map(|material| match material {
        Material::Tree(source) if source.repository == LIB => Some(&mut source.tree),
        _ => None,
    });
    trees.map(change).count() > 0
}
