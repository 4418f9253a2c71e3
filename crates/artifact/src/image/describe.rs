//! Small documents of images taken alone: what a manifest, an index or a config says without the blobs that it names.

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;

use super::config;
use super::document::{Names, Object};
use super::manifest::{self, Document, OCI_INDEX, OCI_MANIFEST};
use crate::error::ArtifactError;

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Described {
    /// A manifest: its config, and its layers as shipped, lowest first.
    Manifest {
        /// Digest of the config.
        config: Sha256,
        /// Digests of the layers.
        layers: Vec<Sha256>,
    },
    /// An index: its manifests, each with `os/arch[/variant]` where the index says it.
    Index {
        /// Digest and platform.
        manifests: Vec<(Sha256, Option<String>)>,
    },
    /// A config: diff ids of the layers, lowest first.
    Config {
        /// Digests of the uncompressed layers.
        diff_ids: Vec<Sha256>,
    },
}

/// Reads a document of an image by its members: `manifests`, `layers` or `rootfs`. `name` is for messages.
///
/// Cost: O(bytes); no blob is read.
///
/// # Errors
/// As reading an image; also for a document that is none of the three.
///
/// # Proves / does not prove
/// Proves what these bytes say. Does not prove that the blobs they name exist, or belong together.
pub fn describe(name: &str, bytes: &[u8], limits: &Limits) -> Result<Described, ArtifactError> {
    let names = Names { source: name, document: "the document" };
    let value = names.parse(bytes, limits.manifest_bytes.max(limits.config_bytes), limits)?;
    let object = Object::of(names, String::new(), &value)?;
    if object.get("rootfs")?.is_some() && object.get("layers")?.is_none() && object.get("manifests")?.is_none() {
        return Ok(Described::Config { diff_ids: config::read(names, bytes, limits)?.diff_ids });
    }
    let default = if object.get("manifests")?.is_some() { OCI_INDEX } else { OCI_MANIFEST };
    let media_type = object.text("mediaType")?.filter(|text| !text.is_empty()).unwrap_or(default);
    Ok(match manifest::read(names, bytes, media_type, limits)? {
        Document::Manifest(manifest) => Described::Manifest {
            config: manifest.config.digest,
            layers: manifest.layers.iter().map(|layer| layer.digest).collect(),
        },
        Document::Index(index) => Described::Index {
            manifests: index.manifests.into_iter().map(|manifest| (manifest.digest, manifest.platform)).collect(),
        },
    })
}
