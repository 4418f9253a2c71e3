//! What one reading of an image yields.

use std::collections::BTreeMap;
use std::sync::Arc;

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord, Inventory, Records};

use super::compose;
use crate::error::ArtifactError;
use crate::inside::Inside;
use crate::meter::wide;
use crate::note::ReaderNote;
use crate::offsets::Offsets;

/// What the name of a field that is an annotation begins with; no field of a config begins so.
const ANNOTATION: &str = "annotation/";

/// Annotations that only describe, by what they begin with.
const DESCRIBING: [&str; 3] = ["org.opencontainers.image.", "com.docker.official-images.", "vnd.docker."];

/// Annotations that begin as describing ones do, and say what a runtime shall do.
///
/// SPEC: OCI image-spec conversion.md.
const TOLD_TO_RUNTIMES: [&str; 2] = ["org.opencontainers.image.stopSignal", "org.opencontainers.image.exposedPorts"];

/// The annotations of a manifest that are fields, under the names of the fields.
///
/// SECURITY: Podman and CRI-O hand them to the container: a seccomp profile, hooks and devices of crun can be among them.
pub(super) fn annotation_fields(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    let acts =
        |key: &str| TOLD_TO_RUNTIMES.contains(&key) || !DESCRIBING.iter().any(|describing| key.starts_with(describing));
    let acting = annotations.iter().filter(move |(key, _)| acts(key));
    acting.map(|(key, value)| (format!("{ANNOTATION}{key}"), serde_json::Value::from(value.as_str()).to_string()))
}

/// One image, or an index of several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageArtifact {
    /// One image.
    Image(ImageFacts),
    /// Images of several platforms under one digest.
    Index(IndexFacts),
}

/// An image index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFacts {
    /// Digest of the index's bytes.
    pub digest: ArtifactDigest,
    /// Its media type.
    pub media_type: String,
    /// Its manifests in order; those of an index inside it in its place.
    pub members: Vec<IndexMemberFacts>,
}

/// One manifest of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexMemberFacts {
    /// Digest of the manifest.
    pub digest: ArtifactDigest,
    /// `os/arch` or `os/arch/variant`, as the index says; as the config says where the index is silent.
    pub platform: String,
    /// The image; `None` for platform `unknown/unknown`: an attestation manifest, which no puller runs and which is not read.
    pub image: Option<ImageFacts>,
}

/// Everything one reading of an image finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// Digest of the manifest; in a docker archive, which has none, of the config: the image id.
    pub digest: ArtifactDigest,
    /// Media type of what `digest` is the digest of.
    pub media_type: String,
    /// `os/arch` or `os/arch/variant`, as the config says.
    pub platform: String,
    /// Digest of the config.
    pub config: Sha256,
    /// Fields of the config that take effect in a container: name to canonical JSON. See [`config_fields`](super::config_fields).
    /// And annotations of the manifest that runtimes may act on, as `annotation/KEY`; a docker archive has none.
    pub fields: BTreeMap<String, String>,
    /// Layers, lowest first.
    pub layers: Vec<Arc<LayerFacts>>,
    /// What is odd, with the number of its layer; `None` for the archive around them.
    pub notes: Vec<(Option<usize>, ReaderNote)>,
    /// The root filesystem of all layers, and one record for each field of the config.
    ///
    /// A field `NAME` has path `config:NAME`, type `config`, mode and owner 0, and size and digest of its canonical JSON. A hard link is
    /// listed as a copy of its target. A folder that no layer lists is not listed. Records lie in the tables of the layers, so this
    /// adds eight bytes for each.
    pub inventory: Arc<Inventory>,
    /// Name of the source, for messages.
    pub(crate) name: String,
}

/// One layer, as stored: nothing is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFacts {
    /// Digest of the bytes as stored.
    pub digest: Sha256,
    /// Digest of the uncompressed tar.
    pub diff_id: Sha256,
    /// Bytes as stored.
    pub size: u64,
    /// Media type of the descriptor; in a docker archive the one that its bytes are.
    pub media_type: String,
    /// Entries in archive order, whiteouts among them as files.
    pub records: Arc<Records>,
    /// What archives in it hold, by the digest of their bytes; empty unless they were opened.
    pub inside: BTreeMap<FileDigest, Inside>,
    /// Start of each entry's header.
    pub(crate) offsets: Arc<Offsets>,
    /// Bytes that came out of it: of its decoder, and of holes.
    pub(crate) came_out: u64,
}

impl ImageFacts {
    /// The notes that a verifier must not pass over.
    pub fn refusals(&self) -> impl Iterator<Item = &(Option<usize>, ReaderNote)> {
        self.notes.iter().filter(|(_, note)| note.refuses())
    }

    /// What an archive in it holds, by the digest of its bytes; `None` where it is no archive or was not opened.
    #[must_use]
    pub fn inside(&self, digest: FileDigest) -> Option<&Inside> {
        self.layers.iter().find_map(|layer| layer.inside.get(&digest))
    }

    /// True when the manifest has annotations that are fields: the digest of the config does not cover them.
    #[must_use]
    pub fn annotated(&self) -> bool {
        self.fields.keys().any(|field| field.starts_with(ANNOTATION))
    }

    /// The root filesystem after the lowest `layers` layers, whiteouts applied; all of them when there are fewer.
    ///
    /// Out: paths as a container sees them, as in `inventory`. Cost: O(entries log entries) time; eight bytes for each entry, and for as
    /// long as it lasts about 36 more. Files under the names of hard links, and behind links, are copied.
    ///
    /// # Errors
    /// [`ImageFault::Apply`](super::ImageFault::Apply) and the errors of [`ArtifactError`] for entries that pullers refuse.
    pub fn rootfs(&self, layers: usize) -> Result<Inventory, ArtifactError> {
        let lowest = self.layers.get(..layers).unwrap_or(&self.layers);
        // LIMIT: no more entries than when the image was read, of layers that were applied then.
        compose::apply(&self.name, lowest, &mut compose::Steps::unbounded()).map(|applied| applied.tree)
    }

    /// The number of the layer that wrote a path of the root filesystem last.
    #[must_use]
    pub fn written_by(&self, path: &[u8]) -> Option<usize> {
        compose::layer_of(self.inventory.table_of(path)?, self.layers.len())
    }
}

/// The record under which an inventory lists a field of the config: path `config:` and its name, size and digest of its value.
#[must_use]
pub fn config_record(field: &str, value: &str) -> FileRecord {
    FileRecord {
        path: format!("config:{field}").into_bytes(),
        entry_type: EntryType::Config,
        mode: 0,
        uid: 0,
        gid: 0,
        size: wide(value.len()),
        sha256: Some(FileDigest(Sha256::of(value.as_bytes()))),
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    }
}
