//! Manifests and indexes.

use std::collections::BTreeMap;

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::COSIGN_MEDIA_TYPES;

use super::choice::BlobDescriptor;
use super::document::{Names, Object};
use super::fault::ImageFault;
use crate::error::ArtifactError;

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(super) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

/// The platform of what no puller runs.
pub(super) const UNKNOWN_PLATFORM: &str = "unknown/unknown";

/// Annotations that name an image in `index.json`.
const NAMES: [&str; 2] = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

/// Annotations of a layer by which some pullers unpack another list of files than its tar stream.
///
/// SPEC: stargz-snapshotter docs/estargz.md, "TOC"; nydus-snapshotter `pkg/label`; accelerated-container-image `pkg/label`; containers/storage
/// `zstd:chunked`.
const OTHER_CONTENT: [&str; 3] =
    ["containerd.io/snapshot/", "io.github.containers.zstd-chunked.", "io.containers.zstd-chunked."];

/// What a media type says a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    Manifest,
    Index,
}

impl DocumentKind {
    pub(super) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            OCI_MANIFEST | DOCKER_MANIFEST => Some(Self::Manifest),
            OCI_INDEX | DOCKER_LIST => Some(Self::Index),
            _ => None,
        }
    }
}

/// One reference to a blob.
#[derive(Debug, Clone)]
pub(super) struct Descriptor {
    pub(super) digest: Sha256,
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) platform: Option<String>,
    pub(super) names: Vec<String>,
    /// An annotation by which some pullers take the content of the layer from elsewhere.
    pub(super) other_content: Option<String>,
    annotations: BTreeMap<String, String>,
}

impl Descriptor {
    fn read(object: &Object<'_>) -> Result<Self, ArtifactError> {
        let annotations = object.text_map("annotations")?;
        let mut names: Vec<String> = NAMES.iter().filter_map(|name| annotations.get(*name)).cloned().collect();
        names.dedup();
        let other = |key: &&String| OTHER_CONTENT.iter().any(|prefix| key.starts_with(prefix));
        Ok(Self {
            other_content: annotations.keys().find(other).cloned(),
            digest: object.digest("digest")?,
            media_type: object.text("mediaType")?.unwrap_or_default().to_owned(),
            size: object.number("size")?.ok_or_else(|| object.shape("size", "a whole number"))?,
            platform: object.object("platform")?.map(|platform| self::platform(&platform)).transpose()?,
            names,
            annotations,
        })
    }

    /// True for a signature or an attestation as cosign keeps it.
    pub(super) fn is_of_cosign(&self) -> bool {
        COSIGN_MEDIA_TYPES.contains(&self.media_type.as_str())
    }

    pub(super) fn blob(&self) -> BlobDescriptor {
        let (media_type, annotations) = (self.media_type.clone(), self.annotations.clone());
        BlobDescriptor { digest: self.digest, media_type, size: self.size, annotations }
    }
}

/// `os/arch[/variant]` of a descriptor's platform, or of a config, which has the same members.
pub(super) fn platform(object: &Object<'_>) -> Result<String, ArtifactError> {
    let part = |name: &str| Ok(object.text(name)?.filter(|text| !text.is_empty()));
    let needed = |name: &str| part(name)?.ok_or_else(|| object.shape(name, "a text with something in it"));
    let (os, architecture) = (needed("os")?, needed("architecture")?);
    Ok(match part("variant")? {
        Some(variant) => format!("{os}/{architecture}/{variant}"),
        None => format!("{os}/{architecture}"),
    })
}

/// An image manifest, or one of an artifact that is no image.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    pub(super) subject: Option<Sha256>,
    pub(super) artifact_type: Option<String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// True when a puller can run it: an image's config, and layers of which at least one is an image's.
    pub(super) fn is_image(&self) -> bool {
        let is_layer = |layer: &Descriptor| {
            ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."]
                .iter()
                .any(|prefix| layer.media_type.starts_with(prefix))
        };
        let image_config = matches!(self.config.media_type.as_str(), OCI_CONFIG | DOCKER_CONFIG);
        image_config && (self.layers.is_empty() || self.layers.iter().any(is_layer))
    }
}

/// An index.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) media_type: String,
    pub(super) manifests: Vec<Descriptor>,
}

/// What a document turned out to be.
#[derive(Debug)]
pub(super) enum Document {
    Manifest(Box<Manifest>),
    Index(Index),
}

/// Reads a manifest or an index, as the media type of its descriptor says it is.
///
/// SPEC: containerd `images.validateMediaType`: the two kinds never mix; which of OCI and docker it is may differ.
/// SECURITY: CVE-2021-41190.
pub(super) fn read(
    names: Names<'_>,
    bytes: &[u8],
    media_type: &str,
    limits: &Limits,
) -> Result<Document, ArtifactError> {
    let kind = DocumentKind::of(media_type).ok_or_else(|| names.unsupported("media type", media_type))?;
    let value = names.parse(bytes, limits.manifest_bytes, limits)?;
    let object = Object::of(names, String::new(), &value)?;
    if object.number("schemaVersion")?.is_some_and(|version| version != 2) || object.get("fsLayers")?.is_some() {
        return Err(names.unsupported("schema version", "1"));
    }
    let has = |name: &str| Ok::<_, ArtifactError>(object.get(name)?.is_some());
    if has("manifests")? && (has("layers")? || has("config")?) {
        return Err(names.fault(ImageFault::BothKinds { document: names.document.to_owned() }));
    }
    let own_type = object.text("mediaType")?.filter(|text| !text.is_empty());
    let contradicts = match kind {
        DocumentKind::Manifest => has("manifests")?,
        DocumentKind::Index => has("layers")? || has("config")?,
    };
    let own_kind = own_type.map(DocumentKind::of);
    if contradicts || own_kind.is_some_and(|own| own != Some(kind)) {
        return Err(names.fault(ImageFault::MediaTypeDiffers {
            document: names.document.to_owned(),
            expected: media_type.to_owned(),
            got: own_type.map_or_else(|| "(none; of the other kind)".to_owned(), super::document::shown),
        }));
    }
    match kind {
        DocumentKind::Index => {
            let manifests = descriptors(&object, "manifests", limits.manifests)?;
            Ok(Document::Index(Index { media_type: own_type.unwrap_or(media_type).to_owned(), manifests }))
        }
        DocumentKind::Manifest => {
            let config = object.object("config")?.ok_or_else(|| object.shape("config", "an object"))?;
            Ok(Document::Manifest(Box::new(Manifest {
                config: Descriptor::read(&config)?,
                layers: descriptors(&object, "layers", limits.layers)?,
                subject: object.object("subject")?.map(|subject| subject.digest("digest")).transpose()?,
                artifact_type: object.text("artifactType")?.filter(|text| !text.is_empty()).map(str::to_owned),
                annotations: object.text_map("annotations")?,
            })))
        }
    }
}

/// Reads `index.json`, whose media type is known by its place.
pub(super) fn read_root(names: Names<'_>, bytes: &[u8], limits: &Limits) -> Result<Index, ArtifactError> {
    match read(names, bytes, OCI_INDEX, limits)? {
        Document::Index(index) => Ok(index),
        Document::Manifest(_) => Err(names.shape("", "an index")),
    }
}

fn descriptors(object: &Object<'_>, name: &'static str, limit: usize) -> Result<Vec<Descriptor>, ArtifactError> {
    // LIMIT: Limits::manifests, Limits::layers.
    if object.array(name)?.len() > limit {
        return Err(object.names.over(name, limit));
    }
    object.objects(name)?.iter().map(Descriptor::read).collect()
}
