//! Sections 6 and 7: names of images, and what is expected of one beside its map.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, ConfigValue, EntryFact, External, ImageFact, IndexMember, ListEntry, Material, NamedDigest, Step,
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
    if !are_known(evidence, step, image) {
        return None;
    }
    if let Some((layers, config)) = base(evidence, step, image) {
        let own: BTreeSet<&str> = fields.keys().copied().collect();
        let inherited = match config {
            Some(config) => Some(facts.configs.get(&config)?),
            None => None,
        };
        for (field, value) in inherited.into_iter().flatten() {
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

/// How many layers of an image are those of a base; none where the base has others.
fn common(base: &ImageFact, image: &ImageFact) -> usize {
    let count = base.layers.len();
    let same = (0..count)
        .all(|at| image.layers.get(at).map(|layer| layer.diff_id) == base.layers.get(at).map(|layer| layer.diff_id));
    if same { count } else { 0 }
}

/// How many layers the materials give, and the config of the image that gives most.
fn base(evidence: &Evidence, step: &Step, image: &ImageFact) -> Option<(usize, Option<Sha256>)> {
    let mut given = BTreeSet::new();
    for material in &step.materials {
        if let Material::File(NamedDigest { digest, .. }) | Material::External(External { digest: Some(digest), .. }) =
            material
            && evidence.is_trusted_input(*digest, Some("base"))
        {
            given.insert(*digest);
        }
    }
    let mut whole: BTreeSet<(usize, Sha256)> = BTreeSet::new();
    for digest in step.materials.iter().filter_map(image_from_outside) {
        let bases = images_under(evidence, digest).map(|base| (common(base, image), base.config));
        whole.extend(bases.filter(|(count, _)| *count > 0));
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

/// Whether an external material of a package step is the base of one of its products.
pub(super) fn is_base(evidence: &Evidence, step: &Step, material: &Material) -> bool {
    let images = step
        .products
        .iter()
        .filter_map(|product| evidence.facts.images.get(&ArtifactDigest(container(evidence, product.digest))));
    step.kind == StepKind::Package
        && images.into_iter().any(|image| {
            let digest = image_from_outside(material).into_iter();
            digest.flat_map(|digest| images_under(evidence, digest)).any(|base| common(base, image) > 0)
        })
}

/// Whether it is known of every image from outside what it gives to the one asked.
fn are_known(evidence: &Evidence, step: &Step, image: &ImageFact) -> bool {
    let facts = evidence.facts;
    step.materials.iter().filter_map(image_from_outside).all(|digest| {
        let members = facts.indexes.get(&ArtifactDigest(digest));
        let rest = |members: &Vec<IndexMember>| {
            members
                .iter()
                .all(|member| member.platform == "unknown/unknown" || facts.images.contains_key(&member.digest))
        };
        facts.images.contains_key(&ArtifactDigest(digest))
            || members.is_some_and(rest)
            || (members.is_some() && images_under(evidence, digest).any(|base| common(base, image) > 0))
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
