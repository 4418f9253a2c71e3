//! Sections 6 and 7: names of images, and what is expected of one beside its map.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, ConfigValue, EntryFact, External, ImageFact, ListEntry, Material, NamedDigest, Step,
};

use super::evidence::Evidence;

/// What an entry must be that no map places.
pub(super) enum Wanted<'a> {
    /// As the base has it.
    Base(&'a EntryFact),
    /// A field of the configuration with this value.
    Field(FileDigest),
}

impl Wanted<'_> {
    pub(super) fn is_met_by(&self, entry: &EntryFact) -> bool {
        match self {
            Self::Base(base) => *base == entry && (entry.entry_type != EntryType::File || entry.sha256.is_some()),
            Self::Field(value) => entry.entry_type == EntryType::Config && entry.sha256 == Some(*value),
        }
    }
}

/// Names of d.
pub(super) fn names(evidence: &Evidence, digest: Sha256) -> Vec<Sha256> {
    let image = evidence.facts.images.get(&ArtifactDigest(digest)).filter(|image| !image.annotated);
    [digest].into_iter().chain(image.map(|image| image.config)).collect()
}

/// Whether a list takes the artifact back, under whatever digest.
pub(super) fn is_withdrawn(evidence: &Evidence) -> bool {
    let facts = evidence.facts;
    let asked = facts.question.digest;
    let members = facts.indexes.get(&asked).into_iter().flatten().map(|member| member.digest);
    let mut all: BTreeSet<Sha256> = BTreeSet::new();
    for digest in [asked].into_iter().chain(facts.question.index).chain(members) {
        all.insert(digest.0);
        all.extend(facts.images.get(&digest).map(|image| image.config));
    }
    let mut more = all.clone();
    for known in &evidence.known {
        let Body::Step(step) = &known.statement.body else { continue };
        if !matches!(step.kind, StepKind::Build | StepKind::Package) {
            continue;
        }
        for product in step.products.iter().filter(|product| all.contains(&product.digest)) {
            more.extend(step.products.iter().filter(|other| other.name == product.name).map(|other| other.digest));
        }
    }
    more.into_iter().any(|digest| evidence.denies(&ListEntry::Artifact(ArtifactDigest(digest))))
}

/// The digest under which a container's entries are known.
pub(super) fn container(evidence: &Evidence, digest: Sha256) -> Sha256 {
    let images = evidence.facts.images.iter().filter(|(_, image)| image.config == digest);
    let mut keys = std::iter::once(digest).chain(images.map(|(key, _)| key.0));
    keys.find(|key| evidence.entries(*key).is_some()).unwrap_or(digest)
}

/// What is expected of an image by path; nothing of what is no image. None when the base's entries are not known.
pub(super) fn inherited<'a>(
    evidence: &Evidence<'a>,
    step: &Step,
    asked: Sha256,
    stating: &[Sha256],
) -> Option<BTreeMap<String, Wanted<'a>>> {
    let facts = evidence.facts;
    let mut wanted = BTreeMap::new();
    let Some(image) = facts.images.get(&ArtifactDigest(asked)) else { return Some(wanted) };
    let mut fields: BTreeMap<&str, &ConfigValue> = BTreeMap::new();
    for digest in stating {
        for (field, value) in facts.configs.get(digest).into_iter().flatten() {
            fields.entry(field).or_insert(value);
        }
    }
    if let Some((layers, config)) = base(evidence, step, image) {
        let own: BTreeSet<&str> = fields.keys().copied().collect();
        for (field, value) in config.and_then(|config| facts.configs.get(&config)).into_iter().flatten() {
            let group = field.split('/').next().unwrap_or_default();
            if !own.contains(group) {
                fields.entry(field).or_insert(value);
            }
        }
        let entries = facts.inventories.get(&chain_id(image, layers))?;
        let paths: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        if paths.len() != entries.len() {
            return None;
        }
        wanted.extend(entries.iter().map(|entry| (entry.path.clone(), Wanted::Base(entry))));
    }
    for (field, value) in fields {
        if let ConfigValue::Sha256(digest) = value {
            wanted.insert(format!("config:{field}"), Wanted::Field(*digest));
        }
    }
    Some(wanted)
}

/// Whether a material is trusted as a base, or an image from outside.
fn may_give(evidence: &Evidence, material: &Material) -> bool {
    let (digest, uri) = match material {
        Material::File(file) => (Some(file.digest), ""),
        Material::External(external) => (external.digest, external.uri.as_str()),
        Material::Tree(_) => (None, ""),
    };
    let is_image =
        ["pkg:docker/", "pkg:oci/", "docker://", "docker-image://", "oci:"].map(|word| uri.starts_with(word));
    digest.is_some_and(|digest| is_image.contains(&true) || evidence.is_trusted_input(digest, Some("base")))
}

/// How many layers the materials give, and the config of the image that gives most.
fn base(evidence: &Evidence, step: &Step, image: &ImageFact) -> Option<(usize, Option<Sha256>)> {
    let facts = evidence.facts;
    let mut given = BTreeSet::new();
    for material in &step.materials {
        if let Material::File(NamedDigest { digest, .. }) | Material::External(External { digest: Some(digest), .. }) =
            material
            && may_give(evidence, material)
        {
            given.insert(*digest);
        }
    }
    let mut whole: BTreeSet<(usize, Sha256)> = BTreeSet::new();
    for digest in &given {
        let members = facts.indexes.get(&ArtifactDigest(*digest)).into_iter().flatten();
        let members = members.filter(|member| member.platform != "unknown/unknown").map(|member| member.digest);
        for digest in members.chain([ArtifactDigest(*digest)]) {
            let Some(base) = facts.images.get(&digest) else { continue };
            let count = base.layers.len();
            let is_below = (0..count).all(|at| {
                image.layers.get(at).map(|layer| layer.diff_id) == base.layers.get(at).map(|layer| layer.diff_id)
            });
            if is_below && count > 0 {
                whole.insert((count, base.config));
            }
        }
    }
    let mut reached: BTreeSet<usize> = whole.iter().map(|(count, _)| *count).chain([0]).collect();
    for (at, layer) in image.layers.iter().enumerate() {
        let by_itself = given.contains(&layer.diff_id) || layer.digest.is_some_and(|digest| given.contains(&digest));
        if by_itself && reached.contains(&at) {
            reached.insert(at + 1);
        }
    }
    let most = whole.last().map(|(count, _)| *count);
    let config = whole.iter().find(|(count, _)| Some(*count) == most).map(|(_, config)| *config);
    reached.last().copied().filter(|layers| *layers > 0).map(|layers| (layers, config))
}

/// Whether an external material of a package step gives a layer of one of its products.
pub(super) fn gives_a_layer(evidence: &Evidence, step: &Step, material: &Material) -> bool {
    let alone = Step { materials: vec![material.clone()], ..step.clone() };
    let Material::External(External { digest: Some(digest), .. }) = material else { return false };
    step.kind == StepKind::Package
        && step.products.iter().any(|product| {
            let image = evidence.facts.images.get(&ArtifactDigest(container(evidence, product.digest)));
            image.is_some_and(|image| {
                let ids = image.layers.iter().flat_map(|layer| [Some(layer.diff_id), layer.digest]);
                let is_layer = ids.flatten().any(|id| id == *digest);
                base(evidence, &alone, image).is_some() || (is_layer && may_give(evidence, material))
            })
        })
}

fn chain_id(image: &ImageFact, count: usize) -> Sha256 {
    let mut chain = None;
    for layer in image.layers.iter().take(count) {
        chain = Some(match chain {
            None => layer.diff_id,
            Some(below) => Sha256::of(format!("sha256:{below} sha256:{}", layer.diff_id).as_bytes()),
        });
    }
    chain.unwrap_or_else(|| Sha256::of(b""))
}
