//! Evidence that lies in an image's own layout: manifests whose subject the image is.
//!
//! SPEC: OCI image-spec 1.1 manifest.md (`subject`, `artifactType`); the bundle's media type is that of cosign's referrers.

use lasthand_artifact::image::{BlobDescriptor, ImageStore};
use lasthand_model::digest::{ArtifactDigest, InventoryRoot};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_MEDIA_TYPES, CONTENT_MEDIA_TYPE, INVENTORY_MEDIA_TYPE};

use super::read::INVENTORY_BYTES;
use super::{BlobFile, Content, Document, Evidence, Fault, InventoryFile};
use crate::error::{VerifyError, with_sources};

/// LIMIT: bytes of one content, such as a lock file.
const CONTENT_BYTES: usize = 64 << 20;

/// LIMIT: bytes of everything that refers to one artifact.
const HELD_BYTES: usize = 1 << 30;

impl Evidence {
    /// Adds bundles, inventories and contents that refer to an image. Referrers of other types are passed over; what cannot be read
    /// is a rejected item of the report.
    ///
    /// # Errors
    /// [`VerifyError::EvidenceOverLimit`].
    pub(crate) fn add_referrers(
        &mut self,
        store: &ImageStore<'_>,
        subject: ArtifactDigest,
        limits: &Limits,
    ) -> Result<(), VerifyError> {
        let referrers = match store.referrers(subject) {
            Ok(referrers) => referrers,
            Err(error) => {
                let source = format!("referrers of sha256:{}", subject.0);
                self.faults.push(Fault { source, reason: with_sources(&error) });
                return Ok(());
            }
        };
        for referrer in referrers {
            for layer in &referrer.layers {
                // LIMIT: a blob is read once, however often it is listed, and all of them together are bounded.
                if !self.taken.insert((layer.digest, layer.media_type.clone())) {
                    continue;
                }
                let source = format!("referrer {} of the layout", layer.digest.short());
                if let Err(reason) = self.add_layer(store, layer, &source, limits) {
                    self.faults.push(Fault { source, reason });
                }
                if self.len() > limits.bundles || self.held_bytes > HELD_BYTES {
                    return Err(VerifyError::EvidenceOverLimit { limit: limits.bundles });
                }
            }
        }
        Ok(())
    }

    fn add_layer(
        &mut self,
        store: &ImageStore<'_>,
        layer: &BlobDescriptor,
        source: &str,
        limits: &Limits,
    ) -> Result<(), String> {
        let left = HELD_BYTES.saturating_sub(self.held_bytes);
        let held = &mut self.held_bytes;
        let mut bytes = |limit: usize| match store.blob_bytes(layer.digest, limit.min(left)) {
            Ok(Some(bytes)) => {
                *held = held.saturating_add(bytes.len());
                Ok(bytes)
            }
            Ok(None) => Err("the blob is missing".to_owned()),
            Err(error) => Err(with_sources(&error)),
        };
        let source = source.to_owned();
        match layer.media_type.as_str() {
            known if BUNDLE_MEDIA_TYPES.contains(&known) => {
                self.documents.push(Document { source, bytes: bytes(limits.json_bytes)? });
            }
            INVENTORY_MEDIA_TYPE => {
                let content = Content::Memory(bytes(INVENTORY_BYTES)?);
                // The root is recomputed when the inventory is read; which it is, only its bytes say.
                let named = super::read::root_of(&content, limits)?;
                self.inventories.push(InventoryFile { source, content, named: InventoryRoot(named) });
            }
            CONTENT_MEDIA_TYPE => {
                let content = Content::Memory(bytes(CONTENT_BYTES)?);
                self.blobs.entry(layer.digest).or_insert(BlobFile { source, content });
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes in what another gathering found.
    pub(crate) fn extend(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.inventories.extend(other.inventories);
        self.faults.extend(other.faults);
        for (digest, blob) in other.blobs {
            self.blobs.entry(digest).or_insert(blob);
        }
    }
}
