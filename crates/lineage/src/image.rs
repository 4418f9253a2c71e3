//! Images: one content under two digests, the layers that a base gives, and the fields of a configuration.
//!
//! SPEC: docs/rules.md sections 6 and 7; OCI image-spec v1.1 config.md, "Layer ChainID".

use std::borrow::Cow;
use std::collections::BTreeSet;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, ConfigValue, External, Facts, ImageFact, LayerFact, Material, PathRule, Step, TrustedInputRow,
};
use rustc_hash::FxHashSet;

use crate::accept;
use crate::container::{self, Expected, Namespace, Origin, Source};
use crate::rules::{Rule, Rules};
use crate::trees::Tree;
use crate::world::{World, any_glob};

/// A rule of a map with this target says which file states the configuration.
pub(crate) const CONFIG: &str = "config:";

/// Beginnings of addresses that are those of images.
const IMAGES: [&str; 5] = ["pkg:docker/", "pkg:oci/", "docker://", "docker-image://", "oci:"];

/// What the materials of a step give of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// Number of lowest layers that are given; at least one.
    pub(crate) layers: usize,
    /// Key of the entries after these layers.
    pub(crate) chain: Sha256,
    /// The configuration of the image that gave most of them.
    pub(crate) config: Option<Sha256>,
}

/// The digests that a content goes by: its own and, of an image, that of its config, which names every layer's content. Not where
/// the manifest says more than the config does.
pub(crate) fn names(world: &World<'_>, digest: Sha256) -> impl Iterator<Item = Sha256> + use<> {
    let image = world.facts.images.get(&ArtifactDigest(digest)).filter(|image| !image.annotated);
    let config = image.map(|image| image.config);
    let config = config.filter(|config| *config != digest && world.rules.grant(Rule::ImageNames, true));
    std::iter::once(digest).chain(config)
}

/// Whether a content goes by a digest.
pub(crate) fn goes_by(world: &World<'_>, digest: Sha256, name: Sha256) -> bool {
    digest == name || names(world, digest).any(|own| own == name)
}

/// The digest under which a container's entries are known: its own, or that of an image with this config.
pub(crate) fn container(world: &World<'_>, digest: Sha256) -> Sha256 {
    if world.trees.contains_key(&digest) {
        return digest;
    }
    let known = |key: &Sha256| world.trees.contains_key(key);
    let by_config = world.facts.images.iter().filter(|(_, image)| image.config == digest);
    by_config.map(|(key, _)| key.0).find(known).unwrap_or(digest)
}

/// Digests under which an artifact could be taken back: its own, its members', that of the index it was picked from, their configs', and
/// every digest under which a step made one of these under one name.
pub(crate) fn all_names(world: &World<'_>, digest: Sha256) -> FxHashSet<Sha256> {
    let members = world.facts.indexes.get(&ArtifactDigest(digest)).into_iter().flatten();
    let index = world.facts.question.index.map(|index| index.0);
    let all = std::iter::once(digest).chain(index).chain(members.map(|member| member.digest.0));
    let config = |digest: Sha256| world.facts.images.get(&ArtifactDigest(digest)).map(|image| image.config);
    let mut names: FxHashSet<Sha256> = all.flat_map(|digest| std::iter::once(digest).chain(config(digest))).collect();
    // SECURITY: the same image bears another digest in a docker archive, or under a manifest with one byte more.
    let steps = world.each(&world.by_subject.steps).filter_map(|(.., body)| match body {
        Body::Step(step) => Some(step),
        _ => None,
    });
    let mut together = Vec::new();
    for step in steps {
        let own: FxHashSet<&str> = step
            .products
            .iter()
            .filter(|product| names.contains(&product.digest))
            .map(|product| product.name.as_str())
            .collect();
        together.extend(
            step.products.iter().filter(|product| own.contains(product.name.as_str())).map(|product| product.digest),
        );
    }
    names.extend(together);
    names
}

/// The lowest layers of an image that materials of a step give.
pub(crate) fn base_of(facts: &Facts, rules: Rules, step: &Step, digest: Sha256) -> Option<Base> {
    let image = facts.images.get(&ArtifactDigest(digest))?;
    // The images among the materials, each with the layers it gives.
    let mut reached: Vec<(usize, Sha256)> = Vec::new();
    for base in images(step).flat_map(|digest| images_of(facts, digest)) {
        if rules.grant(Rule::BaseImage, is_prefix(&base.layers, &image.layers)) {
            reached.push((base.layers.len().min(image.layers.len()), base.config));
        }
    }
    let most = reached.iter().map(|(layers, _)| *layers).max().unwrap_or(0);
    let config = reached.iter().filter(|(layers, _)| *layers == most).map(|(_, config)| *config).min();
    let given: FxHashSet<Sha256> = step.materials.iter().filter_map(|material| layer(facts, material)).collect();
    let is_given = |layer: &LayerFact| rules.grant(Rule::BaseLayer, is_layer(layer, |digest| given.contains(&digest)));
    let by_itself: Vec<bool> = image.layers.iter().map(is_given).collect();
    let run = |from: usize| from + by_itself.iter().skip(from).take_while(|given| **given).count();
    let starts: BTreeSet<usize> = reached.iter().map(|(layers, _)| *layers).chain([0]).collect();
    let layers = starts.into_iter().map(run).max().unwrap_or(0);
    Some(Base { layers, chain: chain_id(&image.layers, layers)?, config })
}

/// Whether every image that a step names as a material is described by its documents, so that it is known what it gives to `digest`.
/// So it is too where `digest` is no image.
///
/// SECURITY: to withhold a document must not make an image one that has nothing to do with its base.
pub(crate) fn are_bases_known(facts: &Facts, step: &Step, digest: Sha256) -> bool {
    let Some(image) = facts.images.get(&ArtifactDigest(digest)) else { return true };
    images(step).all(|digest| {
        facts.images.contains_key(&ArtifactDigest(digest))
            || facts.indexes.get(&ArtifactDigest(digest)).is_some_and(|members| {
                // An index is known in part: nobody copies the images of every platform.
                images_of(facts, digest).any(|base| is_prefix(&base.layers, &image.layers))
                    || members
                        .iter()
                        .all(|member| member.platform == accept::INERT || facts.images.contains_key(&member.digest))
            })
    })
}

/// Lowest layers of an image whose entries a verdict asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseLayers {
    /// The image.
    pub image: ArtifactDigest,
    /// How many of its layers.
    pub layers: usize,
    /// OCI ChainID of these layers: the key under which `inventories` must have their entries.
    pub chain: Sha256,
}

/// Lists the lowest layers that steps give to an image, so that whoever has its bytes can state what they hold.
///
/// In: facts with statements, trust and images. Out: sorted, each once.
/// Cost: O(steps x layers of the image) and O(materials).
#[must_use]
pub fn base_layers(facts: &Facts, image: ArtifactDigest) -> Vec<BaseLayers> {
    let bases = facts.statements.iter().filter_map(|statement| match &statement.body {
        Body::Step(step) => base_of(facts, Rules::default(), step, image.0),
        _ => None,
    });
    let mut all: Vec<BaseLayers> =
        bases.map(|base| BaseLayers { image, layers: base.layers, chain: base.chain }).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The images from outside among the materials of a step.
fn images(step: &Step) -> impl Iterator<Item = Sha256> {
    step.materials.iter().filter_map(|material| match material {
        Material::External(external) => image_digest(external),
        _ => None,
    })
}

/// The digest of an external that is an image.
fn image_digest(external: &External) -> Option<Sha256> {
    external.digest.filter(|_| IMAGES.iter().any(|prefix| external.uri.starts_with(prefix)))
}

/// The digest of a material that may be a layer: one that the trust file names as a base.
fn layer(facts: &Facts, material: &Material) -> Option<Sha256> {
    let digest = match material {
        Material::File(file) => Some(file.digest),
        Material::External(external) => external.digest,
        Material::Tree(_) => None,
    };
    digest.filter(|digest| is_base(facts, *digest))
}

fn is_layer(layer: &LayerFact, given: impl Fn(Sha256) -> bool) -> bool {
    given(layer.diff_id) || layer.digest.is_some_and(given)
}

/// Whether a row trusts a digest as a base.
pub(crate) fn is_base(facts: &Facts, digest: Sha256) -> bool {
    let mut rows = facts.trust.trusted_inputs.iter().filter(|row| row.digest == digest && row.used_as == "base");
    rows.any(|row| row_counts(facts, row))
}

/// Whether an image from outside gives layers of what a step packages. Then it must be trusted or pinned as a base.
pub(crate) fn is_base_of(world: &World<'_>, step: &Step, external: &External) -> bool {
    step.kind == StepKind::Package
        && image_digest(external).is_some_and(|base| {
            step.products.iter().any(|product| gives_image(world.facts, base, container(world, product.digest)))
        })
}

/// Whether a row of the trust file holds now, for the product asked.
pub(crate) fn row_counts(facts: &Facts, row: &TrustedInputRow) -> bool {
    row.expires > facts.now && any_glob(&row.products, &facts.question.product)
}

/// Whether a material gives layers of an image.
pub(crate) fn gives_layers(facts: &Facts, material: &Material, digest: Sha256) -> bool {
    let Some(image) = facts.images.get(&ArtifactDigest(digest)) else { return false };
    let as_image = match material {
        Material::External(external) => image_digest(external).is_some_and(|base| gives_image(facts, base, digest)),
        _ => false,
    };
    as_image
        || layer(facts, material)
            .is_some_and(|given| image.layers.iter().any(|layer| is_layer(layer, |own| own == given)))
}

/// Whether the lowest layers of an image are those of a base.
fn gives_image(facts: &Facts, base: Sha256, digest: Sha256) -> bool {
    let image = facts.images.get(&ArtifactDigest(digest));
    image.is_some_and(|image| images_of(facts, base).any(|base| is_prefix(&base.layers, &image.layers)))
}

/// The name of a material, for people.
pub(crate) fn material_name(material: &Material) -> Option<String> {
    match material {
        Material::File(file) => Some(file.name.clone()),
        Material::External(external) => Some(external.name.clone().unwrap_or_else(|| external.uri.clone())),
        Material::Tree(_) => None,
    }
}

/// The image with a digest, or the images of the index with it.
fn images_of(facts: &Facts, digest: Sha256) -> impl Iterator<Item = &ImageFact> {
    let images = &facts.images;
    let members = facts.indexes.get(&ArtifactDigest(digest)).into_iter().flatten();
    let members = members.filter(|member| member.platform != accept::INERT).map(|member| member.digest);
    std::iter::once(ArtifactDigest(digest)).chain(members).filter_map(|digest| images.get(&digest))
}

fn is_prefix(base: &[LayerFact], image: &[LayerFact]) -> bool {
    !base.is_empty()
        && base.len() <= image.len()
        && base.iter().zip(image).all(|(base, layer)| base.diff_id == layer.diff_id)
}

/// SPEC: OCI image-spec v1.1 config.md, "Layer ChainID".
fn chain_id(layers: &[LayerFact], count: usize) -> Option<Sha256> {
    let mut diff_ids = layers.iter().take(count).map(|layer| layer.diff_id);
    let first = diff_ids.next()?;
    Some(diff_ids.fold(first, |below, diff_id| Sha256::of(format!("sha256:{below} sha256:{diff_id}").as_bytes())))
}

/// Adds what is expected of an image beside the paths that the map places: the fields of its configuration as a file of the
/// materials states them, or else as the base has them, and the entries of the base.
pub(crate) fn expect<'a>(
    world: &World<'a>,
    namespace: &Namespace<'a>,
    map: &'a [PathRule],
    base: Option<(Base, &Tree<'a>)>,
    expected: &mut Vec<Expected<'a>>,
) {
    // SECURITY: a file of the source must not pass for a field, nor take the place of one.
    expected.retain(|expected| !expected.path.starts_with(CONFIG));
    let mut stated: FxHashSet<&str> = FxHashSet::default();
    for rule in map.iter().filter(|rule| rule.to == CONFIG) {
        let Ok(at) = namespace.binary_search_by(|(path, _)| (*path).cmp(&rule.from)) else { continue };
        let Some((from, source)) = namespace.get(at) else { continue };
        let (digest, origin) = match source {
            Source::Entry(entry) if entry.entry_type == EntryType::File => {
                (entry.sha256.map(|digest| digest.0), Origin::Entry(entry))
            }
            Source::File(file) => (Some(file.digest), Origin::File(file)),
            _ => continue,
        };
        let Some(digest) = digest.filter(|_| world.rules.grant(Rule::ConfigStated, true)) else { continue };
        for (field, value) in fields(world, digest) {
            // A field that is taken away is stated too: the base's does not come back.
            if stated.insert(field)
                && let Some(value) = value
            {
                expected.push(field_of(field, from, Source::Field(value, origin), Some(rule)));
            }
        }
    }
    if let Some((base, entries)) = base {
        let inherited = base.config.into_iter().flat_map(|config| fields(world, config));
        let group = |field: &'a str| field.split_once('/').map_or(field, |(group, _)| group);
        for (field, value) in inherited.filter(|(field, _)| !stated.contains(field) && !stated.contains(group(field))) {
            if let Some(value) = value {
                expected.push(field_of(field, field, Source::Field(value, Origin::Base), None));
            }
        }
        expected.extend(entries.entries.iter().map(|entry| Expected {
            path: Cow::Borrowed(entry.path.as_str()),
            from: &entry.path,
            source: Source::Base(entry),
            rule: None,
        }));
    }
    container::sort(expected);
}

fn field_of<'a>(field: &str, from: &'a str, source: Source<'a>, rule: Option<&'a PathRule>) -> Expected<'a> {
    Expected { path: Cow::Owned(format!("{CONFIG}{field}")), from, source, rule }
}

/// The fields that a file or configuration states.
fn fields<'a>(world: &World<'a>, digest: Sha256) -> impl Iterator<Item = (&'a str, Option<FileDigest>)> {
    let fields = world.facts.configs.get(&digest).into_iter().flatten();
    fields.map(|(field, value)| match value {
        ConfigValue::Sha256(digest) => (field.as_str(), Some(*digest)),
        ConfigValue::Removed => (field.as_str(), None),
    })
}
