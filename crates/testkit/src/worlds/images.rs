//! Images in worlds: a base that some material gives, a configuration, and what goes wrong with them.

use std::collections::BTreeMap;

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    ConfigValue, EntryFact, External, Facts, ImageFact, IndexMember, LayerFact, ListEntry, Material, NamedDigest,
    PathRule, Pin, Step,
};

use super::chain::{ASKED, trust_input};
use super::defects::{Defect, with};
use super::parts::{NOW, digest, file, folder, words};
use super::rng::Rng;

/// Config of the artifact.
pub(super) const CONFIG: u64 = 700;
/// Layers: those of the base, and the artifact's own.
pub(super) const OWN: u64 = 710;
const BASE: [u64; 2] = [711, 712];
/// The base, its config, and an index that it is in.
const DEBIAN: u64 = 720;
const DEBIAN_CONFIG: u64 = 721;
const DEBIAN_INDEX: u64 = 722;

fn layer(n: u64) -> LayerFact {
    LayerFact { digest: None, diff_id: digest(n) }
}

/// Enters an image under its digest and, as readers do, under its config.
pub(super) fn enter(facts: &mut Facts, image: Sha256, config: u64, layers: &[u64]) {
    let layers = layers.iter().copied().map(layer).collect();
    let fact = ImageFact { config: digest(config), layers, annotated: false };
    facts.images.insert(ArtifactDigest(digest(config)), fact.clone());
    facts.images.insert(ArtifactDigest(image), fact);
}

fn chain(layers: &[u64]) -> Sha256 {
    let mut chain = digest(layers[0]);
    for layer in &layers[1..] {
        chain = Sha256::of(format!("sha256:{chain} sha256:{}", digest(*layer)).as_bytes());
    }
    chain
}

/// Makes what a step packages an image: on a base of one or two layers, or on none, with a configuration.
pub(super) fn wrap(
    facts: &mut Facts,
    rng: &mut Rng,
    step: &mut Step,
    map: &mut Vec<PathRule>,
    shipped: &mut Vec<EntryFact>,
) {
    let image = step.products[0].digest;
    let asked = image == digest(ASKED);
    let config = if asked { CONFIG } else { CONFIG + 1 };
    let layers = if rng.chance(90) { &BASE[..1 + rng.below(2)] } else { &[] };
    enter(facts, image, config, &[layers, &[OWN]].concat());
    let mut inherited: BTreeMap<&str, u64> = BTreeMap::new();
    if !layers.is_empty() {
        let mut entries = vec![folder("etc"), file("etc/passwd", 730, 0o644), file("bin/su", 731, 0o4755)];
        if rng.chance(50) {
            entries.push(EntryFact { mode: 0o1777, ..folder("tmp") });
        }
        shipped.retain(|entry| entries.iter().all(|base| base.path != entry.path));
        shipped.extend(entries.iter().cloned());
        facts.inventories.insert(chain(layers), entries.into());
        if give(facts, rng, step, layers) {
            inherited.extend([("Env/PATH", 740), ("Cmd", 741)]);
        }
    }
    state(facts, rng, step, map, &mut inherited);
    for (field, value) in inherited {
        shipped.push(EntryFact { entry_type: EntryType::Config, ..file(&format!("config:{field}"), value, 0) });
    }
    if rng.chance(35) {
        step.products[0].digest = digest(config);
    }
}

/// Adds the materials that give the layers. Out: whether a configuration comes with them.
fn give(facts: &mut Facts, rng: &mut Rng, step: &mut Step, layers: &[u64]) -> bool {
    if rng.chance(35) {
        for layer in layers {
            trust_input(facts, digest(*layer), "base");
            step.materials.push(Material::File(NamedDigest {
                name: format!("base/{layer}.tar"),
                digest: digest(*layer),
                mode: None,
            }));
        }
        return false;
    }
    enter(facts, digest(DEBIAN), DEBIAN_CONFIG, layers);
    let stated = [("Env/PATH", 740), ("Cmd", 741)];
    let fields = stated.map(|(field, value)| (field.to_owned(), ConfigValue::Sha256(FileDigest(digest(value)))));
    facts.configs.insert(digest(DEBIAN_CONFIG), fields.into());
    let given = if rng.chance(30) {
        let member = IndexMember { digest: ArtifactDigest(digest(DEBIAN)), platform: "linux/amd64".to_owned() };
        facts.indexes.insert(ArtifactDigest(digest(DEBIAN_INDEX)), vec![member]);
        DEBIAN_INDEX
    } else {
        DEBIAN
    };
    let uri = "docker://registry.example/debian".to_owned();
    let pinned = rng.chance(40) && pin(facts, step, digest(given));
    if !pinned {
        trust_input(facts, digest(given), "base");
    }
    let name = (pinned || rng.chance(50)).then(|| if rng.chance(50) { "debian" } else { "library/debian" }.to_owned());
    step.materials.push(Material::External(External { uri, name, digest: Some(digest(given)) }));
    true
}

/// Has the Dockerfile of the source pin the base. Out: whether there is one.
fn pin(facts: &mut Facts, step: &Step, base: Sha256) -> bool {
    let Some(Material::Tree(source)) = step.materials.first() else { return false };
    let tree = super::parts::entries_of(facts, &source.tree);
    let dockerfile = tree.iter().find(|entry| entry.path == "Dockerfile").and_then(|entry| entry.sha256);
    let Some(dockerfile) = dockerfile else { return false };
    facts.locks.insert(dockerfile, vec![Pin { name: "debian".to_owned(), digest: base }]);
    true
}

/// Has a file of the source state some fields.
fn state(
    facts: &mut Facts,
    rng: &mut Rng,
    step: &Step,
    map: &mut Vec<PathRule>,
    fields: &mut BTreeMap<&'static str, u64>,
) {
    let Some(Material::Tree(source)) = step.materials.first() else { return };
    let tree = super::parts::entries_of(facts, &source.tree);
    let Some(from) = tree.iter().find(|entry| entry.path.starts_with("src/") && entry.sha256.is_some()) else { return };
    let (Some(digest_of_file), true) = (from.sha256, rng.chance(80)) else { return };
    let mut stated = BTreeMap::from([("Entrypoint".to_owned(), ConfigValue::Sha256(FileDigest(digest(742))))]);
    fields.insert("Entrypoint", 742);
    if rng.chance(40) {
        stated.insert("Cmd".to_owned(), ConfigValue::Removed);
        fields.remove("Cmd");
    }
    facts.configs.insert(digest_of_file.0, stated);
    map.push(PathRule { from: from.path.clone(), to: "config:".to_owned() });
}

/// The image whose layers or fields are changed: the base, or else the artifact.
fn some_image<'f>(facts: &'f mut Facts, rng: &mut Rng) -> Option<&'f mut ImageFact> {
    let n = if rng.chance(70) && facts.images.contains_key(&ArtifactDigest(digest(DEBIAN))) { DEBIAN } else { ASKED };
    facts.images.get_mut(&ArtifactDigest(digest(n)))
}

/// A random entry of an image that comes from a base or a configuration.
fn some_entry<'f>(facts: &'f mut Facts, rng: &mut Rng) -> Option<(&'f mut Vec<EntryFact>, usize)> {
    let image = facts.images.keys().find(|key| facts.inventories.contains_key(&key.0))?.0;
    let entries = &mut **facts.inventories.get_mut(&image)?;
    let inherited = |entry: &EntryFact| ["etc", "bin/su", "tmp", "config:"].iter().any(|p| entry.path.starts_with(p));
    let some: Vec<usize> = (0..entries.len()).filter(|at| inherited(&entries[*at])).collect();
    (!some.is_empty()).then(|| (some[rng.below(some.len())], entries)).map(|(at, entries)| (entries, at))
}

pub(super) const DEFECTS: &[Defect] = &[
    ("base-image: other layers", |f, r| {
        let other = if r.chance(70) { 799 } else { OWN };
        some_image(f, r).is_some_and(|image| match image.layers.first_mut() {
            Some(first) => {
                first.diff_id = digest(other);
                true
            }
            None => false,
        })
    }),
    ("base-image: more layers", |f, r| {
        some_image(f, r).is_some_and(|image| {
            image.layers.push(layer(OWN));
            true
        })
    }),
    ("base-image: no layers", |f, r| {
        some_image(f, r).is_some_and(|image| {
            image.layers.clear();
            true
        })
    }),
    ("base-layer: shipped under another digest", |f, r| {
        let to = if r.chance(50) { 798 } else { BASE[0] };
        let Some(image) = f.images.get_mut(&ArtifactDigest(digest(ASKED))) else { return false };
        let at = r.below(image.layers.len().max(1));
        image.layers.get_mut(at).is_some_and(|layer| {
            (layer.digest, layer.diff_id) = (Some(layer.diff_id), digest(to));
            true
        })
    }),
    ("base: material gone", |f, r| {
        with!(f, r, Step, |it| it.materials.retain(|material| !matches!(material, Material::External(_))))
    }),
    ("base: one layer material gone", |f, r| {
        let gone = digest(BASE[r.below(2)]);
        with!(f, r, Step, |it| it
            .materials
            .retain(|material| !matches!(material, Material::File(file) if file.digest == gone)))
    }),
    ("base: trusted as a toolchain", |f, r| {
        let used_as = *r.pick(&["toolchain", "dependency"]);
        let some = !f.trust.trusted_inputs.is_empty();
        f.trust.trusted_inputs.iter_mut().for_each(|row| row.used_as = used_as.to_owned());
        some
    }),
    ("base: entries not known", |f, r| {
        let count = 1 + r.below(2);
        f.inventories.remove(&chain(&BASE[..count])).is_some()
    }),
    ("config-stated: other value", |f, r| {
        let Some((_, fields)) = f.configs.iter_mut().find(|_| true) else { return false };
        let value = if r.chance(50) { ConfigValue::Removed } else { ConfigValue::Sha256(FileDigest(digest(749))) };
        let name = *r.pick(&["Entrypoint", "Cmd", "Env/PATH", "User"]);
        fields.insert(name.to_owned(), value);
        true
    }),
    ("config-stated: nothing known", |f, _| !std::mem::take(&mut f.configs).is_empty()),
    ("config-stated: rule gone", |f, r| with!(f, r, StepActor, |it| it.path_map.retain(|rule| rule.to != "config:"))),
    ("config-stated: twice", |f, r| {
        let from = *r.pick(&["src/a", "src/b", "run.sh", "Cargo.lock"]);
        with!(f, r, StepActor, |it| it.path_map.insert(0, PathRule { from: from.to_owned(), to: "config:".to_owned() }))
    }),
    ("image entry: gone", |f, r| {
        some_entry(f, r).is_some_and(|(entries, at)| {
            entries.remove(at);
            true
        })
    }),
    ("image entry: content", |f, r| {
        some_entry(f, r).is_some_and(|(entries, at)| {
            entries[at].sha256 = Some(FileDigest(digest(797)));
            true
        })
    }),
    ("image entry: mode or owner", |f, r| {
        let owner = r.chance(50);
        some_entry(f, r).is_some_and(|(entries, at)| {
            if owner {
                entries[at].uid = 7
            } else {
                entries[at].mode ^= 0o4000
            }
            true
        })
    }),
    ("image entry: type", |f, r| {
        let other = *r.pick(&[EntryType::File, EntryType::Config, EntryType::Directory, EntryType::Whiteout]);
        some_entry(f, r).is_some_and(|(entries, at)| {
            entries[at].entry_type = other;
            true
        })
    }),
    ("image entry: added field", |f, _| {
        let Some(image) = f.images.keys().find(|key| f.inventories.contains_key(&key.0)).copied() else { return false };
        let entries = f.inventories.entry(image.0).or_default();
        entries.push(EntryFact { entry_type: EntryType::Config, ..file("config:Env/LD_PRELOAD", 743, 0) });
        true
    }),
    ("image-names: another config", |f, _| {
        f.images.values_mut().for_each(|image| image.config = digest(796));
        true
    }),
    ("image-names: annotated", |f, _| {
        f.images.get_mut(&ArtifactDigest(digest(ASKED))).is_some_and(|image| {
            image.annotated = true;
            true
        })
    }),
    ("image-names: withdrawn under another name of a step", |f, r| {
        let gone = digest(795);
        with!(f, r, Step, |it| it.products.push(NamedDigest { name: "app.img".to_owned(), digest: gone, mode: None }))
            && with!(f, r, List, |it| it.entries.push(ListEntry::Artifact(ArtifactDigest(gone))))
    }),
    ("image-names: picked from a withdrawn index", |f, r| {
        f.question.index = Some(ArtifactDigest(digest(794)));
        r.chance(50) || with!(f, r, List, |it| it.entries.push(ListEntry::Artifact(ArtifactDigest(digest(794)))))
    }),
    ("base: row expired or of another product", |f, r| {
        let expired = r.chance(50);
        let some = !f.trust.trusted_inputs.is_empty();
        for row in &mut f.trust.trusted_inputs {
            if expired { row.expires = NOW } else { row.products = words(&["other"]) }
        }
        some
    }),
    ("base: pinned as a library", |f, _| {
        let pins = f.locks.values().flatten().filter(|pin| pin.name == "debian").cloned().collect::<Vec<_>>();
        f.locks.retain(|_, pins| pins.iter().all(|pin| pin.name != "debian"));
        let some = !pins.is_empty();
        f.locks.entry(FileDigest(digest(4))).or_default().extend(pins);
        some
    }),
    ("base: its documents are withheld", |f, r| {
        let gone = if r.chance(50) { DEBIAN } else { DEBIAN_INDEX };
        f.images.remove(&ArtifactDigest(digest(gone))).is_some()
            | f.indexes.remove(&ArtifactDigest(digest(gone))).is_some()
    }),
    ("base: its configuration is withheld", |f, _| f.configs.remove(&digest(DEBIAN_CONFIG)).is_some()),
    ("base: beside an image that nobody describes", |f, r| {
        let used_as = if r.chance(50) { "toolchain" } else { "base" };
        trust_input(f, digest(797), used_as);
        let uri = "docker://registry.example/tool".to_owned();
        with!(f, r, Step, |it| it.materials.push(Material::External(External {
            uri,
            name: None,
            digest: Some(digest(797))
        })))
    }),
    ("base: under an address that is no image's", |f, r| {
        with!(f, r, Step, |it| for material in &mut it.materials {
            if let Material::External(external) = material {
                external.uri = "https://registry.example/debian.tar".to_owned();
            }
        })
    }),
    ("image-names: no image", |f, _| f.images.remove(&ArtifactDigest(digest(ASKED))).is_some()),
    ("image-names: withdrawn by its config", |f, r| {
        with!(f, r, List, |it| it.entries.push(ListEntry::Artifact(ArtifactDigest(digest(CONFIG)))))
    }),
    ("image-names: inventory under the config", |f, r| {
        let Some(entries) = f.inventories.get(&digest(ASKED)).cloned() else { return false };
        if r.chance(50) {
            f.inventories.remove(&digest(ASKED));
        }
        f.inventories.insert(digest(CONFIG), entries);
        true
    }),
    ("image-names: a step of another kind", |f, r| {
        with!(f, r, Step, |it| it.products.push(NamedDigest {
            name: "app.img".to_owned(),
            digest: digest(CONFIG),
            mode: None
        }))
    }),
    ("image: member of an index", |f, _| {
        let base = ArtifactDigest(digest(DEBIAN));
        let platform = "unknown/unknown".to_owned();
        f.indexes.insert(ArtifactDigest(digest(DEBIAN_INDEX)), vec![IndexMember { digest: base, platform }]).is_some()
    }),
];
