//! Images: one content under two digests, the layers that a base gives, and the fields of a configuration.
//!
//! SPEC: docs/rules.md sections 6 and 7; OCI image-spec v1.1 config.md, "Layer ChainID".

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::glob;
use lasthand_model::inventory::{CONFIG, EntryType};
use lasthand_model::wire::facts::{
    Body, ConfigValue, External, Facts, ImageFact, LayerFact, Material, PathRule, Signer, Step, TrustedInputRow,
};
use rustc_hash::FxHashSet;

use crate::accept;
use crate::container::{self, Expected, Namespace, Origin, Source};
use crate::rules::{Rule, Rules};
use crate::trees::Tree;
use crate::world::{World, any_glob, may};

/// Beginnings of addresses that are those of images.
const IMAGES: [&str; 5] = ["pkg:docker/", "pkg:oci/", "docker://", "docker-image://", "oci:"];

/// One way in which an image may stand on what materials of a step give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// Number of lowest layers that are given.
    pub(crate) layers: usize,
    /// The configuration of the image that gives the lowest of them.
    pub(crate) config: Option<Sha256>,
    /// Key of the entries after these layers; none without a layer.
    pub(crate) chain: Option<Sha256>,
}

/// LIMIT: ways that are tried for one image.
const MOST_BASES: usize = 32;

/// What a step may put an image on, by digest.
#[derive(Debug, Default)]
pub(crate) struct Givers {
    /// Images from outside, pinned or trusted as a base.
    images: BTreeSet<Sha256>,
    /// Layers that are trusted as a base.
    layers: FxHashSet<Sha256>,
}

impl Givers {
    /// `pinned` says whether a Dockerfile of the step's sources pins an image.
    ///
    /// SECURITY: what is trusted to run, pinned as a library or fetched by the builder is not thereby trusted to be a layer.
    pub(crate) fn of(facts: &Facts, step: &Step, pinned: impl Fn(&External, Sha256) -> bool) -> Self {
        let mut givers = Self::default();
        for material in &step.materials {
            let Some(digest) = digest(material) else { continue };
            let trusted = is_base(facts, digest);
            if trusted {
                givers.layers.insert(digest);
            }
            if let Material::External(external) = material
                && is_image(external)
                && (trusted || pinned(external, digest))
            {
                givers.images.insert(digest);
            }
        }
        givers
    }

    /// How many layers of an image a digest gives; none where it gives neither a layer nor a field.
    pub(crate) fn reach(&self, facts: &Facts, digest: Sha256, image: Sha256) -> Option<usize> {
        let own = facts.images.get(&ArtifactDigest(image))?;
        let bases = images_of(facts, digest).filter(|base| is_prefix(&base.layers, &own.layers));
        let most = bases.map(|base| base.layers.len()).max().filter(|_| self.images.contains(&digest));
        most.or_else(|| self.gives(facts, digest, image).then_some(1))
    }

    /// Whether a digest gives layers or fields of an image.
    pub(crate) fn gives(&self, facts: &Facts, digest: Sha256, image: Sha256) -> bool {
        (self.images.contains(&digest) && stands_on(facts, digest, image))
            || (self.layers.contains(&digest)
                && facts.images.get(&ArtifactDigest(image)).is_some_and(|image| {
                    image.layers.iter().any(|layer| layer.diff_id == digest || layer.digest == Some(digest))
                }))
    }

    /// Every way in which an image may stand on these, the most layers first; the last is on nothing.
    ///
    /// INVARIANT (law 1): more givers, more ways; a way that is there stays, as long as there are at most [`MOST_BASES`].
    pub(crate) fn bases(&self, facts: &Facts, rules: Rules, image: Sha256) -> Vec<Base> {
        let Some(image) = facts.images.get(&ArtifactDigest(image)) else { return Vec::new() };
        let mut starts: BTreeSet<(usize, Option<Sha256>)> = BTreeSet::from([(0, None)]);
        for base in self.images.iter().flat_map(|digest| images_of(facts, *digest)) {
            if rules.grant(Rule::BaseImage, is_prefix(&base.layers, &image.layers)) {
                starts.insert((base.layers.len().min(image.layers.len()), Some(base.config)));
            }
        }
        let is_given = |layer: &LayerFact| {
            let given = |digest: Sha256| self.layers.contains(&digest);
            rules.grant(Rule::BaseLayer, given(layer.diff_id) || layer.digest.is_some_and(given))
        };
        let by_itself: Vec<bool> = image.layers.iter().map(is_given).collect();
        let mut ways: BTreeSet<(Reverse<usize>, Reverse<Option<Sha256>>)> = BTreeSet::new();
        for (start, config) in starts {
            let above = by_itself.iter().skip(start).take_while(|given| **given).count();
            ways.extend((start..=start + above).map(|layers| (Reverse(layers), Reverse(config))));
        }
        let mut ways: Vec<_> = ways.into_iter().map(|(layers, config)| (layers.0, config.0)).collect();
        ways.truncate(MOST_BASES);
        if ways.last() != Some(&(0, None)) {
            ways.push((0, None));
        }
        let way = |(layers, config)| Base { layers, config, chain: chain_id(&image.layers, layers) };
        ways.into_iter().map(way).collect()
    }
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

/// The digest under which a container's entries are known: its own, or that of an image with this config and no more than it says.
pub(crate) fn container(world: &World<'_>, digest: Sha256) -> Sha256 {
    if world.trees.contains_key(&digest) {
        return digest;
    }
    let known = |key: &Sha256| world.trees.contains_key(key);
    let by_config = world.facts.images.iter().filter(|(_, image)| image.config == digest && !image.annotated);
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

/// Lists the lowest layers that package steps may give to an image, so that whoever has its bytes can state what they hold.
///
/// In: facts with statements, trust, images and locks. Out: sorted, each once; at most eight, those with the most layers.
/// Cost: O(materials x images) and O(steps x layers of the image).
#[must_use]
pub fn base_layers(facts: &Facts, image: ArtifactDigest) -> Vec<BaseLayers> {
    // Which lock file pins what is asked by the solver; here it is enough that one does.
    let pins: FxHashSet<Sha256> = facts.locks.values().flatten().map(|pin| pin.digest).collect();
    let mut all: BTreeSet<BaseLayers> = BTreeSet::new();
    for statement in &facts.statements {
        let Body::Step(step) = &statement.body else { continue };
        if step.kind != StepKind::Package || !statement.signers.iter().any(|signer| may_package(facts, signer)) {
            continue;
        }
        let givers = Givers::of(facts, step, |_, digest| pins.contains(&digest));
        let bases = givers.bases(facts, Rules::default(), image.0).into_iter();
        all.extend(bases.filter_map(|base| Some(BaseLayers { image, layers: base.layers, chain: base.chain? })));
    }
    all.into_iter().rev().take(MOST_CHAINS).rev().collect()
}

/// LIMIT: whole file systems held of one image's lowest layers.
const MOST_CHAINS: usize = 8;

fn may_package(facts: &Facts, signer: &Signer) -> bool {
    let mut rows = facts.trust.identities.iter().filter(|row| row.method == signer.method && may(row, "package"));
    rows.any(|row| glob::matches(&row.principal, &signer.principal))
}

/// Whether an external is an image.
fn is_image(external: &External) -> bool {
    IMAGES.iter().any(|prefix| external.uri.starts_with(prefix))
}

/// The images from outside of which an image has the layers although nothing makes them a base of this step.
pub(crate) fn untrusted_bases<'a>(
    facts: &'a Facts,
    step: &'a Step,
    givers: &'a Givers,
    image: Sha256,
) -> impl Iterator<Item = &'a External> {
    step.materials.iter().filter_map(move |material| match material {
        Material::External(external) if is_image(external) => {
            let digest = external.digest.filter(|digest| !givers.images.contains(digest))?;
            let image = facts.images.get(&ArtifactDigest(image))?;
            let mut bases = images_of(facts, digest);
            bases.any(|base| !base.layers.is_empty() && is_prefix(&base.layers, &image.layers)).then_some(external)
        }
        _ => None,
    })
}

/// Whether a row trusts a digest as a base.
pub(crate) fn is_base(facts: &Facts, digest: Sha256) -> bool {
    let mut rows = facts.trust.trusted_inputs.iter().filter(|row| row.digest == digest && row.used_as == "base");
    rows.any(|row| row_counts(facts, row))
}

/// Whether a row of the trust file holds now, for the product asked.
pub(crate) fn row_counts(facts: &Facts, row: &TrustedInputRow) -> bool {
    row.expires > facts.now && any_glob(&row.products, &facts.question.product)
}

/// Whether the lowest layers of an image are those of a base, or of a member of it.
fn stands_on(facts: &Facts, base: Sha256, image: Sha256) -> bool {
    let image = facts.images.get(&ArtifactDigest(image));
    image.is_some_and(|image| images_of(facts, base).any(|base| is_prefix(&base.layers, &image.layers)))
}

/// The digest of a file or external.
pub(crate) fn digest(material: &Material) -> Option<Sha256> {
    match material {
        Material::File(file) => Some(file.digest),
        Material::External(external) => external.digest,
        Material::Tree(_) => None,
    }
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
    base.len() <= image.len() && base.iter().zip(image).all(|(base, layer)| base.diff_id == layer.diff_id)
}

/// SPEC: OCI image-spec v1.1 config.md, "Layer ChainID".
fn chain_id(layers: &[LayerFact], count: usize) -> Option<Sha256> {
    let mut diff_ids = layers.iter().take(count).map(|layer| layer.diff_id);
    let first = diff_ids.next()?;
    Some(diff_ids.fold(first, |below, diff_id| Sha256::of(format!("sha256:{below} sha256:{diff_id}").as_bytes())))
}

/// The fields that files of the materials state for an image; else the file that states some and was not read.
///
/// SECURITY: to withhold such a file must not bring back what it takes away.
pub(crate) fn stated<'a>(
    world: &World<'a>,
    namespace: &Namespace<'a>,
    map: &'a [PathRule],
) -> Result<Vec<(&'a str, Option<Expected<'a>>)>, &'a str> {
    let mut stated: Vec<(&'a str, Option<Expected<'a>>)> = Vec::new();
    let mut known: FxHashSet<&'a str> = FxHashSet::default();
    for rule in map.iter().filter(|rule| rule.to == CONFIG) {
        let Ok(at) = namespace.binary_search_by(|(path, _)| (*path).cmp(&rule.from)) else { continue };
        let Some((from, source)) = namespace.get(at) else { continue };
        let (digest, origin) = match source {
            Source::Entry(entry) if entry.entry_type() == EntryType::File => {
                (entry.sha256().map(|digest| digest.0), Origin::Entry(*entry))
            }
            Source::File(file) => (Some(file.digest), Origin::File(file)),
            Source::Tool(_) => return Err(from),
            _ => continue,
        };
        if !world.rules.grant(Rule::ConfigStated, true) {
            continue;
        }
        let digest = digest.filter(|digest| world.facts.configs.contains_key(digest)).ok_or(*from)?;
        for (field, value) in fields(world, digest) {
            // A field that is taken away is stated too: the base's does not come back.
            if known.insert(field) {
                let field_of = |value| field_of(field, from, Source::Field(value, origin), Some(rule));
                stated.push((field, value.map(field_of)));
            }
        }
    }
    Ok(stated)
}

/// What is expected of an image on one base: what the map places, the fields that are stated, and the rest as the base has it.
pub(crate) fn expect<'a>(
    world: &World<'a>,
    mapped: &[Expected<'a>],
    stated: &[(&'a str, Option<Expected<'a>>)],
    base: Base,
    entries: Option<&Tree<'a>>,
) -> Vec<Expected<'a>> {
    // SECURITY: a file of the source must not pass for a field, nor take the place of one.
    let mapped = mapped.iter().filter(|expected| !expected.path.starts_with(CONFIG));
    let mut expected: Vec<Expected<'a>> =
        mapped.cloned().chain(stated.iter().filter_map(|(_, field)| field.clone())).collect();
    let known: FxHashSet<&str> = stated.iter().map(|(field, _)| *field).collect();
    let inherited = base.config.into_iter().flat_map(|config| fields(world, config));
    let group = |field: &'a str| field.split_once('/').map_or(field, |(group, _)| group);
    for (field, value) in inherited.filter(|(field, _)| !known.contains(field) && !known.contains(group(field))) {
        if let Some(value) = value {
            expected.push(field_of(field, field, Source::Field(value, Origin::Base), None));
        }
    }
    expected.extend(entries.into_iter().flat_map(Tree::entries).map(|entry| Expected {
        path: Cow::Borrowed(entry.path()),
        from: entry.path(),
        source: Source::Base(entry),
        rule: None,
    }));
    container::sort(&mut expected);
    expected
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
