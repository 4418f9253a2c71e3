//! Everything that the digest of an image stands for: its documents, and the blobs that these name.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use lasthand_artifact::image::{Choice, Described, ImageStore, describe};
use lasthand_model::digest::Sha256;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::Value;

use super::ImageError;

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Platform of what no puller runs: an attestation beside the images of an index.
const INERT: &str = "unknown/unknown";

/// One document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) digest: Sha256,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// What one digest, or several, stand for.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Indexes, manifests and configs, the outermost first.
    pub(super) documents: Vec<Document>,
    /// Digests of the documents and of all blobs that they name.
    pub(super) blobs: BTreeSet<Sha256>,
}

/// A document that is named and not yet read.
struct Named {
    digest: Sha256,
    media_type: Option<String>,
    inert: bool,
    /// Whether it is one image of an index.
    member: bool,
}

/// Whether every image of an index must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// All: who makes an index makes its images.
    All,
    /// At least one: a base is copied for the platforms that are built.
    Some,
}

impl Reached {
    /// Reads the documents of one image or index. Layers are named, not read.
    ///
    /// # Errors
    /// [`ImageError`], when a document is missing or malformed.
    pub(super) fn from(
        path: &Path,
        store: &ImageStore<'_>,
        choice: &Choice,
        members: Members,
        limits: &Limits,
    ) -> Result<Self, ImageError> {
        let malformed = |source| ImageError::Malformed { path: path.to_owned(), source };
        let mut reached = Self::default();
        let root =
            Named { digest: choice.digest.0, media_type: Some(choice.media_type.clone()), inert: false, member: false };
        let mut queue = VecDeque::from([root]);
        let mut seen = BTreeSet::new();
        let (mut absent, mut is_image) = (None, false);
        while let Some(named) = queue.pop_front() {
            reached.blobs.insert(named.digest);
            if !seen.insert(named.digest) {
                continue;
            }
            // LIMIT: each manifest of an index, and its config.
            let limit = limits.manifests.saturating_mul(2);
            if seen.len() > limit {
                return Err(ImageError::OverLimit { path: path.to_owned(), limit });
            }
            let bytes = store.blob_bytes(named.digest, limits.manifest_bytes.max(limits.config_bytes));
            let Some(bytes) = bytes.map_err(malformed)? else {
                // What no puller runs may be left behind.
                if named.inert {
                    continue;
                }
                if named.member && members == Members::Some {
                    absent.get_or_insert(named.digest);
                    continue;
                }
                return Err(ImageError::Missing { path: path.to_owned(), digest: named.digest });
            };
            let described = describe(&path.to_string_lossy(), &bytes, limits).map_err(malformed)?;
            is_image |= !named.inert && !matches!(described, Described::Index { .. });
            reached.take(named, described, bytes, limits, &mut queue);
        }
        match absent {
            Some(digest) if !is_image => Err(ImageError::Missing { path: path.to_owned(), digest }),
            _ => Ok(reached),
        }
    }

    fn take(
        &mut self,
        named: Named,
        described: Described,
        bytes: Vec<u8>,
        limits: &Limits,
        queue: &mut VecDeque<Named>,
    ) {
        let value = json::parse(&bytes, limits).unwrap_or_default();
        let media_type = |value: &Value| value.get("mediaType").and_then(Value::as_str).map(str::to_owned);
        let default = match described {
            Described::Index { manifests } => {
                for (at, (digest, platform)) in manifests.into_iter().enumerate() {
                    let descriptor = value.get("manifests").and_then(|manifests| manifests.get(at));
                    let inert = platform.as_deref() == Some(INERT);
                    queue.push_back(Named { digest, media_type: descriptor.and_then(media_type), inert, member: true });
                }
                OCI_INDEX
            }
            Described::Manifest { config, layers } => {
                self.blobs.insert(config);
                self.blobs.extend(layers);
                if !named.inert {
                    let media_type = value.get("config").and_then(media_type);
                    queue.push_back(Named { digest: config, media_type, inert: false, member: false });
                }
                OCI_MANIFEST
            }
            _ => OCI_CONFIG,
        };
        if !named.inert {
            let media_type = named.media_type.or_else(|| media_type(&value)).filter(|text| !text.is_empty());
            let media_type = media_type.unwrap_or_else(|| default.to_owned());
            self.documents.push(Document { digest: named.digest, media_type, bytes });
        }
    }

    /// Takes in what another digest stands for.
    pub(super) fn add(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.blobs.extend(other.blobs);
    }
}
