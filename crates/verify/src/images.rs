//! Images as facts: the artifact's own, the bases that steps name, and the configurations that source files state.
//!
//! TRUST: what evidence holds of a base is taken by digest, so it says what the base is, never that it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lasthand_artifact::image::{ConfigOrigin, Described, FieldValue, ImageFacts, config_fields, describe};
use lasthand_lineage::base_layers;
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::{CONFIG, Inventory, escape_path, unescape_path};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::{
    Body, ConfigValue, Entries, Facts, ImageFact, IndexMember, LayerFact, Material, StatementFact,
};
use lasthand_model::wire::report::EvidenceStatus;

use crate::artifact::Opened;
use crate::error::{VerifyError, with_sources};
use crate::evidence::Evidence;
use crate::facts::Item;

/// Files that state a configuration by a rule to `config:`.
pub(crate) struct Stated {
    /// Their paths in source trees.
    paths: BTreeSet<Vec<u8>>,
    digests: BTreeSet<Sha256>,
}

impl Stated {
    /// The paths that the maps of steps name, and the file materials with such a name.
    pub(crate) fn by(statements: &[StatementFact]) -> Self {
        let names: BTreeSet<&str> = statements.iter().flat_map(stating_paths).collect();
        let digests = statements.iter().flat_map(materials).filter_map(|material| match material {
            Material::File(file) if names.contains(file.name.as_str()) => Some(file.digest),
            _ => None,
        });
        let digests = digests.collect();
        Self { paths: names.into_iter().filter_map(|name| unescape_path(name).ok()).collect(), digests }
    }

    /// Finds them in a source tree.
    pub(crate) fn read_from(&mut self, tree: &Inventory) {
        let found = self.paths.iter().filter_map(|path| tree.find(path)?.sha256);
        self.digests.extend(found.map(|sha256| sha256.0));
    }
}

/// Beginning of the fields that are annotations of the manifest, which the config does not name.
const ANNOTATION: &str = "annotation/";

/// What is known of images.
#[derive(Default)]
pub(crate) struct Images {
    pub(crate) images: BTreeMap<ArtifactDigest, ImageFact>,
    pub(crate) indexes: BTreeMap<ArtifactDigest, Vec<IndexMember>>,
    pub(crate) configs: BTreeMap<Sha256, BTreeMap<String, ConfigValue>>,
    /// Configurations that were read, and as what: what an image leaves out is not there, what a source file empties is taken away.
    read: BTreeMap<Sha256, ConfigOrigin>,
    pub(crate) items: Vec<Item>,
}

impl Images {
    /// The images of an artifact, each under the digest of its manifest and that of its config.
    pub(crate) fn of(opened: &Opened) -> Self {
        let mut images = Self::default();
        for image in opened.parts.iter().filter_map(|part| part.image.as_ref()) {
            images.add_own(image);
        }
        if let Some(members) = &opened.members {
            images.indexes.insert(opened.digest, members.clone());
        }
        images
    }

    fn add_own(&mut self, image: &ImageFacts) {
        let layers = image.layers.iter();
        let layers =
            layers.map(|layer| LayerFact { digest: Some(layer.digest), diff_id: layer.diff_id }).collect::<Vec<_>>();
        let annotated = image.fields.keys().any(|field| field.starts_with(ANNOTATION));
        let fact = ImageFact { config: image.config, layers, annotated };
        self.images.insert(ArtifactDigest(image.config), fact.clone());
        self.images.insert(image.digest, fact);
    }

    /// Whether there is an image at all: else nobody asks for bases.
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Adds the images and indexes that steps name as materials, as far as the evidence holds their documents.
    pub(crate) fn add_bases(&mut self, statements: &[StatementFact], evidence: &Evidence, limits: &Limits) {
        for digest in material_digests(statements) {
            self.add_base(digest, evidence, limits);
        }
    }

    fn add_base(&mut self, digest: Sha256, evidence: &Evidence, limits: &Limits) {
        let Some(described) = self.described(digest, evidence, limits) else { return };
        match described {
            Described::Index { manifests } => {
                let mut members = Vec::new();
                for (manifest, platform) in manifests {
                    if let Some(Described::Manifest { config, layers }) = self.described(manifest, evidence, limits) {
                        self.add_image(manifest, config, Some(&layers), evidence, limits);
                    }
                    let platform = platform.unwrap_or_default();
                    members.push(IndexMember { digest: ArtifactDigest(manifest), platform });
                }
                self.indexes.entry(ArtifactDigest(digest)).or_insert(members);
            }
            Described::Manifest { config, layers } => self.add_image(digest, config, Some(&layers), evidence, limits),
            Described::Config { .. } => self.add_image(digest, digest, None, evidence, limits),
            _ => {}
        }
    }

    fn add_image(
        &mut self,
        digest: Sha256,
        config: Sha256,
        layers: Option<&[Sha256]>,
        evidence: &Evidence,
        limits: &Limits,
    ) {
        // Also where the artifact itself is such an image: what a base says must be known, or nothing is compared with it.
        self.add_config(config, ConfigOrigin::Image, evidence, limits);
        if self.images.contains_key(&ArtifactDigest(digest)) {
            return;
        }
        let Some(Described::Config { diff_ids }) = self.described(config, evidence, limits) else { return };
        if layers.is_some_and(|layers| layers.len() != diff_ids.len()) {
            return;
        }
        let shipped = |at: usize| layers.and_then(|layers| layers.get(at)).copied();
        let layers = diff_ids.into_iter().enumerate();
        let layers = layers.map(|(at, diff_id)| LayerFact { digest: shipped(at), diff_id }).collect();
        self.images.insert(ArtifactDigest(digest), ImageFact { config, layers, annotated: false });
    }

    /// A small document of an image; what is there and cannot be read is told.
    fn described(&mut self, digest: Sha256, evidence: &Evidence, limits: &Limits) -> Option<Described> {
        let limit = limits.manifest_bytes.max(limits.config_bytes);
        let (source, bytes) = evidence.content(digest, limit)?;
        // A lock file, or a layer that somebody put there, is no document of an image.
        let bytes = bytes.ok().filter(|bytes| bytes.trim_ascii_start().starts_with(b"{"))?;
        match describe(&source, &bytes, limits) {
            Ok(described) => Some(described),
            Err(error) => {
                self.reject(&source, "image document", &with_sources(&error));
                None
            }
        }
    }

    /// Adds the configurations that source files state, as far as the evidence holds these files.
    pub(crate) fn add_stated(&mut self, stated: &Stated, evidence: &Evidence, limits: &Limits) {
        for digest in &stated.digests {
            self.add_config(*digest, ConfigOrigin::Source, evidence, limits);
        }
    }

    fn add_config(&mut self, digest: Sha256, origin: ConfigOrigin, evidence: &Evidence, limits: &Limits) {
        let before = self.read.insert(digest, origin);
        if before == Some(origin) {
            return;
        }
        let Some((source, bytes)) = evidence.content(digest, limits.config_bytes) else { return };
        let fields = bytes
            .and_then(|bytes| config_fields(&source, &bytes, origin, limits).map_err(|error| with_sources(&error)));
        match fields {
            Ok(fields) => {
                let stated = fields.into_iter().map(|(field, value)| match value {
                    FieldValue::Value(text) => {
                        (escape_path(field.as_bytes()), ConfigValue::Sha256(FileDigest(Sha256::of(text.as_bytes()))))
                    }
                    FieldValue::Removed => (escape_path(field.as_bytes()), ConfigValue::Removed),
                });
                let stated: BTreeMap<String, ConfigValue> = stated.collect();
                // SECURITY: which of two readings is meant must not depend on what else the evidence holds.
                if before.is_some() && self.configs.get(&digest) != Some(&stated) {
                    self.configs.remove(&digest);
                    self.reject(
                        &source,
                        "image configuration",
                        "it reads one way as a base's and another way as a stated one",
                    );
                    return;
                }
                self.configs.insert(digest, stated);
                self.items.push(Item::of_file(&source, "image configuration", EvidenceStatus::Verified, None));
            }
            Err(reason) => {
                self.configs.remove(&digest);
                self.reject(&source, "image configuration", &reason);
            }
        }
    }

    fn reject(&mut self, source: &str, kind: &str, reason: &str) {
        let known = self.items.iter().any(|item| item.source == source && item.reason.as_deref() == Some(reason));
        if !known {
            self.items.push(Item::of_file(source, kind, EvidenceStatus::Rejected, Some(reason.to_owned())));
        }
    }
}

/// Adds what the lowest layers of the artifact's images hold, as far as steps give these layers.
///
/// # Errors
/// As reading the image.
pub(crate) fn add_base_entries(facts: &mut Facts, opened: &Opened) -> Result<(), VerifyError> {
    for part in &opened.parts {
        let Some(image) = &part.image else { continue };
        for base in base_layers(facts, part.digest) {
            let rootfs = image.rootfs(base.layers).map_err(VerifyError::Artifact)?;
            facts.inventories.insert(base.chain, Entries::from(Arc::new(rootfs)));
        }
    }
    Ok(())
}

fn material_digests(statements: &[StatementFact]) -> BTreeSet<Sha256> {
    let digests = statements.iter().flat_map(materials).filter_map(|material| match material {
        Material::File(file) => Some(file.digest),
        Material::External(external) => external.digest,
        Material::Tree(_) => None,
    });
    digests.collect()
}

fn materials(statement: &StatementFact) -> &[Material] {
    match &statement.body {
        Body::Step(step) => &step.materials,
        _ => &[],
    }
}

fn stating_paths(statement: &StatementFact) -> impl Iterator<Item = &str> {
    let map = match &statement.body {
        Body::StepActor(label) => label.path_map.as_slice(),
        _ => &[],
    };
    map.iter().filter(|rule| rule.to == CONFIG).map(|rule| rule.from.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{BlobFile, Content};

    #[test]
    fn a_configuration_that_reads_in_two_ways_is_none() {
        // pass: read alike, also twice; fail: `null` means another thing in each origin, in either order, for ever
        let limits = Limits::DEFAULT;
        let origins = [ConfigOrigin::Image, ConfigOrigin::Source];
        for (text, kept) in [(r#"{"config":{"User":"nobody"}}"#, true), (r#"{"config":{"User":null}}"#, false)] {
            let digest = Sha256::of(text.as_bytes());
            let mut evidence = Evidence::default();
            let content = Content::Memory(text.as_bytes().to_owned());
            evidence.blobs.insert(digest, BlobFile { source: "image.json".to_owned(), content });
            for order in [[0, 1, 0], [1, 0, 1], [0, 1, 1]] {
                let mut images = Images::default();
                for origin in order.iter().filter_map(|at| origins.get(*at)) {
                    images.add_config(digest, *origin, &evidence, &limits);
                }
                assert_eq!(images.configs.contains_key(&digest), kept, "{text} {order:?}");
                let rejected = images.items.iter().any(|item| item.status == EvidenceStatus::Rejected);
                assert_eq!(rejected, !kept, "{text} {order:?}");
            }
        }
    }
}
