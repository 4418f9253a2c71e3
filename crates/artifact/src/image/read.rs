//! A choice -> its documents, layers and configuration, each checked against what names it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::inventory::Inventory;
use lasthand_model::limits::Limits;

use super::compose;
use super::compose::LayerNote;
use super::config;
use super::docker::DockerImage;
use super::document::{Names, shown};
use super::facts::{ImageFacts, IndexFacts, IndexMemberFacts};
use super::fault::ImageFault;
use super::kept::{self, Stacked};
use super::layer::Expected;
use super::layers::{self, Wanted};
use super::manifest::{self, DOCKER_CONFIG, Descriptor, Document, Index, Manifest, OCI_CONFIG, UNKNOWN_PLATFORM};
use super::place::{Place, blob_path};
use super::platform;
use crate::cache::FactsCache;
use crate::error::ArtifactError;
use crate::inside::Opening;
use crate::meter::{Progress, wide};
use crate::note::ReaderNote;

/// LIMIT: indexes inside each other, the first one counted.
const INDEX_DEPTH: usize = 2;

/// LIMIT: bytes of the configs of all images of one reading, as many times what one may have.
const CONFIGS: usize = 4;

/// LIMIT: fields of all these configs. Each is an entry, and can take as much memory as the oddest.
const FIELDS: usize = 100_000;

/// LIMIT: how often all entries that may be may stand in the images of an index, which share layers.
const SHARING: usize = 4;

/// A manifest of an index; `None` where it is of no image that a puller runs.
type Member = (Descriptor, Option<Box<Manifest>>);

/// One reading of one choice.
pub(super) struct Reading<'r> {
    place: &'r Place<'r>,
    limits: &'r Limits,
    progress: Progress<'r>,
    layers: layers::Read<'r>,
    /// Entries of all images so far, each counted in every image that has it.
    composed: usize,
    configs: Configs,
    /// What applying the layers of all images so far has cost.
    steps: compose::Steps,
}

impl<'r> Reading<'r> {
    pub(super) fn new(place: &'r Place<'r>, limits: &'r Limits, progress: &'r mut (dyn FnMut(u64) + Send)) -> Self {
        let (layers, steps) = (layers::Read::default(), compose::Steps::within(limits));
        Self {
            place,
            limits,
            progress: Progress::new(progress),
            layers,
            composed: 0,
            configs: Configs::default(),
            steps,
        }
    }

    /// Has facts of layers kept, and taken from what was kept.
    pub(super) const fn cached(mut self, cache: Option<&'r dyn FactsCache>) -> Self {
        self.layers.cache = cache;
        self
    }

    /// Has archives in the layers opened.
    pub(super) const fn opening(mut self, opening: Opening) -> Self {
        self.layers.opening = opening;
        self
    }

    /// Reads a manifest or index by its descriptor.
    pub(super) fn document(&self, descriptor: &Descriptor) -> Result<Document, ArtifactError> {
        let document = format!("sha256:{}", descriptor.digest);
        let bytes = self.blob(descriptor, self.limits.manifest_bytes)?;
        let names = Names { source: self.place.name(), document: &document };
        manifest::read(names, &bytes, &descriptor.media_type, self.limits)
    }

    fn blob(&self, descriptor: &Descriptor, limit: usize) -> Result<Vec<u8>, ArtifactError> {
        let blob = format!("sha256:{}", descriptor.digest);
        let bytes = self.place.blob_bytes(descriptor.digest, limit)?;
        let bytes = bytes.ok_or_else(|| self.place.fault(ImageFault::Missing { blob: blob.clone() }))?;
        let (expected, got) = (descriptor.size, wide(bytes.len()));
        if expected == got { Ok(bytes) } else { Err(self.place.fault(ImageFault::SizeDiffers { blob, expected, got })) }
    }

    /// Reads every image of an index.
    pub(super) fn index(&mut self, digest: Sha256, index: &Index) -> Result<IndexFacts, ArtifactError> {
        let mut members = Vec::new();
        for (descriptor, manifest) in self.members(digest, index, None)? {
            let image = manifest.map(|manifest| self.image(descriptor.digest, &descriptor.media_type, &manifest));
            let image = image.transpose()?;
            let own = image.as_ref().map(|image| image.platform.clone());
            // SECURITY: a member that is read must not look like one that no puller runs: only the index can say that.
            if descriptor.platform.is_none() && own.as_deref() == Some(UNKNOWN_PLATFORM) {
                let document = format!("sha256:{}", descriptor.digest);
                let names = Names { source: self.place.name(), document: &document };
                return Err(names.unsupported("platform", UNKNOWN_PLATFORM));
            }
            let platform = descriptor.platform.or(own).unwrap_or_default();
            members.push(IndexMemberFacts { digest: ArtifactDigest(descriptor.digest), platform, image });
        }
        Ok(IndexFacts { digest: ArtifactDigest(digest), media_type: index.media_type.clone(), members })
    }

    /// Reads the one image of an index that has a platform.
    pub(super) fn one_of(&mut self, digest: Sha256, index: &Index, wanted: &str) -> Result<ImageFacts, ArtifactError> {
        let mut offered = Vec::new();
        let mut found = Vec::new();
        let mut looked_at = Configs::default();
        for (descriptor, manifest) in self.members(digest, index, Some(wanted))? {
            let Some(manifest) = manifest else {
                offered.extend(descriptor.platform.filter(|platform| platform != UNKNOWN_PLATFORM));
                continue;
            };
            let platform = match &descriptor.platform {
                Some(platform) => platform.clone(),
                None => self.config(&manifest, &mut looked_at)?.platform,
            };
            if platform::fits(&platform, wanted) {
                found.push((descriptor, manifest));
            }
            offered.push(platform);
        }
        // One image listed twice is one image.
        found.dedup_by(|(a, _), (b, _)| a.digest == b.digest);
        match found.as_slice() {
            [(descriptor, manifest)] => self.image(descriptor.digest, &descriptor.media_type, manifest),
            _ => Err(self.platform_fault(wanted, found.len(), &offered.join(", "))),
        }
    }

    pub(super) fn platform_fault(&self, wanted: &str, found: usize, offered: &str) -> ArtifactError {
        let (wanted, offered) = (shown(wanted), offered.chars().take(2_000).collect());
        self.place.fault(ImageFault::Platform { wanted, found, offered })
    }

    /// The manifests of an index, those of indexes inside it in their place; `None` beside what no puller runs, and beside what is not there
    /// and stated to be of another platform than the one `wanted`.
    fn members(&self, digest: Sha256, index: &Index, wanted: Option<&str>) -> Result<Vec<Member>, ArtifactError> {
        let mut members = Vec::new();
        self.collect_members(digest, index, (1, wanted), &mut members)?;
        Ok(members)
    }

    fn collect_members(
        &self,
        digest: Sha256,
        index: &Index,
        (depth, wanted): (usize, Option<&str>),
        members: &mut Vec<Member>,
    ) -> Result<(), ArtifactError> {
        let document = format!("sha256:{digest}");
        if depth > INDEX_DEPTH {
            return Err(self.place.fault(ImageFault::TooDeep { document, limit: INDEX_DEPTH }));
        }
        for descriptor in &index.manifests {
            // LIMIT: Limits::manifests, over all indexes of one reading.
            if members.len() >= self.limits.manifests {
                let names = Names { source: self.place.name(), document: &document };
                return Err(names.over("manifests", self.limits.manifests));
            }
            let platform = descriptor.platform.as_deref();
            let is_other = wanted.zip(platform).is_some_and(|(wanted, platform)| !platform::fits(platform, wanted));
            // Engines save an index whole, and of its images the one that they have.
            let is_left_out = is_other && self.place.size(&blob_path(descriptor.digest))?.is_none();
            if platform == Some(UNKNOWN_PLATFORM) || is_left_out {
                members.push((descriptor.clone(), None));
                continue;
            }
            match self.document(descriptor)? {
                Document::Index(inner) => {
                    self.collect_members(descriptor.digest, &inner, (depth + 1, wanted), members)?
                }
                Document::Manifest(manifest) => members.push((descriptor.clone(), Some(manifest))),
            }
        }
        Ok(())
    }

    /// The digests of the configs of an image, or of the images of an index. What cannot be read has none.
    ///
    /// `known` are documents looked at before: each is read once for each depth.
    pub(super) fn configs(
        &self,
        descriptor: &Descriptor,
        depth: usize,
        known: &mut BTreeMap<(usize, Sha256), Arc<BTreeSet<Sha256>>>,
    ) -> Arc<BTreeSet<Sha256>> {
        if depth > INDEX_DEPTH {
            return Arc::default();
        }
        if let Some(configs) = known.get(&(depth, descriptor.digest)) {
            return Arc::clone(configs);
        }
        let mut configs = BTreeSet::new();
        match self.document(descriptor) {
            Ok(Document::Manifest(manifest)) => {
                configs.insert(manifest.config.digest);
            }
            Ok(Document::Index(index)) => {
                let offered = index.manifests.iter();
                for member in offered.filter(|member| member.platform.as_deref() != Some(UNKNOWN_PLATFORM)) {
                    configs.extend(self.configs(member, depth + 1, known).iter().copied());
                }
            }
            Err(_) => {}
        }
        let configs = Arc::new(configs);
        known.insert((depth, descriptor.digest), Arc::clone(&configs));
        configs
    }

    fn config(&self, manifest: &Manifest, configs: &mut Configs) -> Result<config::Config, ArtifactError> {
        let document = format!("config sha256:{}", manifest.config.digest);
        let names = Names { source: self.place.name(), document: &document };
        if !matches!(manifest.config.media_type.as_str(), OCI_CONFIG | DOCKER_CONFIG) {
            return Err(names.unsupported("media type", &manifest.config.media_type));
        }
        let bytes = self.blob(&manifest.config, self.limits.config_bytes)?;
        configs.read(names, &bytes, self.limits)
    }

    /// Reads an image by its manifest.
    pub(super) fn image(
        &mut self,
        digest: Sha256,
        media_type: &str,
        manifest: &Manifest,
    ) -> Result<ImageFacts, ArtifactError> {
        let mut configs = std::mem::take(&mut self.configs);
        let mut config = self.config(manifest, &mut configs)?;
        self.configs = configs;
        config.fields.extend(super::facts::annotation_fields(&manifest.annotations));
        self.check_count(manifest.layers.len(), config.diff_ids.len())?;
        let mut layers = Vec::new();
        for (number, (stated, diff_id)) in manifest.layers.iter().zip(&config.diff_ids).enumerate() {
            let member = blob_path(stated.digest);
            // SECURITY: the diff id does not cover what such a puller reads.
            if let Some(annotation) = &stated.other_content {
                let (blob, annotation) = (format!("sha256:{}", stated.digest), shown(annotation));
                return Err(self.place.fault(ImageFault::OtherContent { blob, annotation }));
            }
            let expected = Expected {
                source: self.place.name(),
                number,
                blob: format!("sha256:{}", stated.digest),
                digest: Some(stated.digest),
                size: Some(stated.size),
                media_type: Some(&stated.media_type),
                diff_id: *diff_id,
            };
            layers.push(Wanted { member, expected });
        }
        self.facts(digest, media_type, manifest.config.digest, config, &layers)
    }

    /// Reads an image of a docker archive.
    pub(super) fn docker_image(&mut self, image: &DockerImage) -> Result<ImageFacts, ArtifactError> {
        let (digest, bytes) = docker_config(self.place, image, self.limits)?;
        let document = format!("config `{}`", image.config.escape_ascii());
        let names = Names { source: self.place.name(), document: &document };
        let config = self.configs.read(names, &bytes, self.limits)?;
        self.check_count(image.layers.len(), config.diff_ids.len())?;
        let mut layers = Vec::new();
        for (number, (member, diff_id)) in image.layers.iter().zip(&config.diff_ids).enumerate() {
            let expected = Expected {
                source: self.place.name(),
                number,
                blob: format!("`{}`", member.escape_ascii()),
                digest: blob_digest(member),
                size: None,
                media_type: None,
                diff_id: *diff_id,
            };
            layers.push(Wanted { member: member.clone(), expected });
        }
        self.facts(digest, DOCKER_CONFIG, digest, config, &layers)
    }

    fn check_count(&self, layers: usize, diff_ids: usize) -> Result<(), ArtifactError> {
        if layers == diff_ids { Ok(()) } else { Err(self.place.fault(ImageFault::LayerCount { layers, diff_ids })) }
    }

    /// LIMIT: Limits::hidden_bytes, over all layers that were read, beside what lives in all images.
    pub(super) fn check_hidden(&self) -> Result<(), ArtifactError> {
        let (bytes, limit) = (self.layers.held.hidden(), self.limits.hidden_bytes);
        let name = self.place.name().to_owned();
        if bytes > limit { Err(ArtifactError::Hidden { name, bytes, limit }) } else { Ok(()) }
    }

    /// Counts what an image takes beside its layers.
    fn hold(&mut self, (tree, bytes): (&Inventory, usize), layers: usize, notes: &[LayerNote]) {
        let held = &mut self.layers.held;
        // What no layer has: files under the names of hard links, and behind links.
        tree.tables().iter().skip(layers).for_each(|copies| held.add(copies));
        held.add_live(tree.tables(), tree.rows());
        held.pass(bytes, tree.len());
        notes.iter().for_each(|(_, note)| held.add_note(note));
    }

    fn facts(
        &mut self,
        digest: Sha256,
        media_type: &str,
        config_digest: Sha256,
        config: config::Config,
        layers: &[Wanted<'_>],
    ) -> Result<ImageFacts, ArtifactError> {
        let name = self.place.name().to_owned();
        let read = self.layers.all(self.place, layers, self.limits, &self.progress)?;
        let mut notes: Vec<_> = self.place.notes().iter().cloned().map(|note| (None, note)).collect();
        let of_layers = read.iter().enumerate();
        notes.extend(of_layers.flat_map(|(number, layer)| layer.notes.iter().cloned().map(move |n| (Some(number), n))));
        let Stacked { tree, bytes, notes: of_tree } =
            kept::applied(&name, &read, self.limits, self.layers.cache(), &mut self.steps)?;
        notes.extend(of_tree);
        self.hold((&tree, bytes), read.len(), &notes);
        notes.extend(config.history.map(|kind| (None, ReaderNote::new(kind, Vec::new(), 0))));
        // SECURITY: images of one index can share layers of which there is much to tell, and each tells it.
        notes.iter().for_each(|(_, note)| self.steps.hold_path(&note.path));
        if self.steps.hold_too_much() {
            return Err(compose::over_held(&name, read.len().saturating_sub(1), &self.steps));
        }
        let layers: Vec<_> = read.into_iter().map(|layer| layer.facts).collect();
        let fields = config.fields.iter().map(|(field, value)| super::facts::config_record(field, value));
        let inventory = Arc::new(compose::inventory(&name, tree, fields.collect())?);
        self.composed = self.composed.saturating_add(inventory.len());
        let limit = self.limits.entries.saturating_mul(SHARING);
        if self.composed > limit {
            let (document, limit) = ("the index".to_owned(), wide(limit));
            return Err(self.place.fault(ImageFault::OverLimit { document, what: "entries of all its images", limit }));
        }
        Ok(ImageFacts {
            digest: ArtifactDigest(digest),
            media_type: media_type.to_owned(),
            platform: config.platform,
            config: config_digest,
            fields: config.fields,
            layers,
            notes,
            inventory,
            name,
        })
    }
}

/// The configs that were read so far.
#[derive(Debug, Default)]
pub(super) struct Configs {
    bytes: usize,
    fields: usize,
}

impl Configs {
    /// Reads one, and counts what it says.
    fn read(&mut self, names: Names<'_>, bytes: &[u8], limits: &Limits) -> Result<config::Config, ArtifactError> {
        self.add(names, bytes, limits)?;
        let config = config::read(names, bytes, limits)?;
        self.fields = self.fields.saturating_add(config.fields.len());
        if self.fields <= FIELDS { Ok(config) } else { Err(names.over("fields of the configs of all images", FIELDS)) }
    }

    /// Counts one.
    ///
    /// SECURITY: images of one index can share one config, which is read for each.
    pub(super) fn add(&mut self, names: Names<'_>, config: &[u8], limits: &Limits) -> Result<(), ArtifactError> {
        self.bytes = self.bytes.saturating_add(config.len());
        let limit = limits.config_bytes.saturating_mul(CONFIGS);
        if self.bytes <= limit { Ok(()) } else { Err(names.over("bytes of the configs of all images", limit)) }
    }
}

/// Reads the config of an image of a docker archive: its digest is the image id.
///
/// Engines compute the id from the bytes and take the member's name as a path: a config that was edited under its old name is
/// loaded under its new id. A blob of an OCI layout is another matter: it is found by its digest.
pub(super) fn docker_config(
    place: &Place<'_>,
    image: &DockerImage,
    limits: &Limits,
) -> Result<(Sha256, Vec<u8>), ArtifactError> {
    let blob = format!("`{}`", image.config.escape_ascii());
    let bytes = place.bytes(&image.config, &blob, limits.config_bytes)?;
    let bytes = bytes.ok_or_else(|| place.fault(ImageFault::Missing { blob: blob.clone() }))?;
    let got = Sha256::of(&bytes);
    match blob_digest(&image.config) {
        Some(stated) if stated != got => Err(place.fault(ImageFault::DigestDiffers { blob, got })),
        _ => Ok((got, bytes)),
    }
}

/// The digest in the name of a blob, `blobs/sha256/<hex>`.
fn blob_digest(member: &[u8]) -> Option<Sha256> {
    std::str::from_utf8(member).ok()?.strip_prefix("blobs/sha256/")?.parse().ok()
}
