//! Sections 6 and 7: names of images, and what is expected of one beside its map.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, ConfigValue, EntryFact, External, ImageFact, LayerFact, ListEntry, Material, NamedDigest, Step,
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
    let images = evidence.facts.images.iter().filter(|(_, image)| image.config == digest && !image.annotated);
    let mut keys = std::iter::once(digest).chain(images.map(|(key, _)| key.0));
    keys.find(|key| evidence.entries(*key).is_some()).unwrap_or(digest)
}

/// What is expected of an image by path that no map places: one answer for each base it may stand on, and one for none. Nothing
/// is expected of what is no image; there is no answer where a base's documents are not known.
pub(super) fn inherited<'a>(
    evidence: &Evidence<'a>,
    step: &Step,
    asked: Sha256,
    stating: &[Sha256],
    is_pinned: impl Fn(&str, Sha256) -> bool,
) -> Vec<BTreeMap<String, Wanted<'a>>> {
    let facts = evidence.facts;
    let Some(image) = facts.images.get(&ArtifactDigest(asked)) else { return vec![BTreeMap::new()] };
    let mut stated: BTreeMap<&str, &ConfigValue> = BTreeMap::new();
    for digest in stating {
        let Some(fields) = facts.configs.get(digest) else { return Vec::new() };
        for (field, value) in fields {
            stated.entry(field).or_insert(value);
        }
    }
    let mut answers = Vec::new();
    for (layers, config) in bases(evidence, step, image, is_pinned) {
        let mut wanted = BTreeMap::new();
        let mut fields = stated.clone();
        if let Some(config) = config {
            let Some(inherited) = facts.configs.get(&config) else { continue };
            for (field, value) in inherited {
                if !stated.contains_key(field.split('/').next().unwrap_or_default()) {
                    fields.entry(field).or_insert(value);
                }
            }
        }
        if layers > 0 {
            let Some(entries) = facts.inventories.get(&chain_id(image, layers)) else { continue };
            let paths: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
            if paths.len() != entries.len() {
                continue;
            }
            wanted.extend(entries.iter().map(|entry| (entry.path.clone(), Wanted::Base(entry))));
        }
        for (field, value) in fields {
            if let ConfigValue::Sha256(digest) = value {
                wanted.insert(format!("config:{field}"), Wanted::Field(*digest));
            }
        }
        answers.push(wanted);
    }
    answers
}

/// The digest of a material that is an image from outside.
fn image_from_outside(material: &Material) -> Option<Sha256> {
    let Material::External(External { uri, digest, .. }) = material else { return None };
    let schemes = ["pkg:docker/", "pkg:oci/", "docker://", "docker-image://", "oci:"].map(|word| uri.starts_with(word));
    if schemes.contains(&true) { *digest } else { None }
}

/// Images under a digest: itself and the members of an index.
fn images_under<'a>(evidence: &Evidence<'a>, digest: Sha256) -> impl Iterator<Item = &'a ImageFact> {
    let facts = evidence.facts;
    let members = facts.indexes.get(&ArtifactDigest(digest)).into_iter().flatten();
    let members = members.filter(|member| member.platform != "unknown/unknown").map(|member| member.digest);
    members.chain([ArtifactDigest(digest)]).filter_map(|digest| facts.images.get(&digest))
}

/// Lowest layers and a configuration, for each way in which the image may stand on what is a base.
fn bases(
    evidence: &Evidence,
    step: &Step,
    image: &ImageFact,
    is_pinned: impl Fn(&str, Sha256) -> bool,
) -> Vec<(usize, Option<Sha256>)> {
    let mut given = BTreeSet::new();
    let mut starts = BTreeSet::from([(0, None)]);
    for material in &step.materials {
        let (Material::File(NamedDigest { digest, .. }) | Material::External(External { digest: Some(digest), .. })) =
            material
        else {
            continue;
        };
        let trusted = evidence.is_trusted_input(*digest, Some("base"));
        if trusted {
            given.insert(*digest);
        }
        let Material::External(External { name, .. }) = material else { continue };
        let pinned = name.as_ref().is_some_and(|name| is_pinned(name, *digest));
        if image_from_outside(material).is_none() || !(trusted || pinned) {
            continue;
        }
        for base in images_under(evidence, *digest) {
            let ids = |image: &ImageFact| image.layers.iter().map(|layer| layer.diff_id).collect::<Vec<_>>();
            if ids(image).starts_with(&ids(base)) {
                starts.insert((base.layers.len(), Some(base.config)));
            }
        }
    }
    let is_given =
        |layer: &LayerFact| given.contains(&layer.diff_id) || layer.digest.is_some_and(|own| given.contains(&own));
    let mut ways = starts.clone();
    for (start, config) in starts {
        let above = image.layers.iter().skip(start).take_while(|layer| is_given(layer)).count();
        ways.extend((0..=above).map(|more| (start + more, config)));
    }
    let mut most: Vec<_> = ways.into_iter().rev().take(32).collect();
    if !most.contains(&(0, None)) {
        most.push((0, None));
    }
    most
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
