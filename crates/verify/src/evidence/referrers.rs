//! Evidence that lies in an image's own layout: manifests whose subject the image is.
//!
//! SPEC: OCI image-spec 1.1 manifest.md (`subject`, `artifactType`); the bundle's media type is that of cosign's referrers.

use std::collections::BTreeSet;

use lasthand_artifact::image::{BlobDescriptor, ImageStore};
use lasthand_model::digest::{ArtifactDigest, InventoryRoot, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_MEDIA_TYPES, CONTENT_MEDIA_TYPE, INVENTORY_MEDIA_TYPE};

use super::read::INVENTORY_BYTES;
use super::{BlobFile, Content, Document, Evidence, Fault, InventoryFile};
use crate::error::{VerifyError, with_sources};

/// LIMIT: bytes of one content, such as a lock file.
const CONTENT_BYTES: usize = 64 << 20;

/// What was taken from the referrers of one artifact: of all its subjects together.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Blobs, by digest and media type: each is read once, however often it is listed.
    seen: BTreeSet<(Sha256, String)>,
    bytes: u64,
    /// Whether something was not read because of all that was read before.
    cut_short: bool,
}

impl Evidence {
    /// Adds bundles, inventories and contents that refer to an image, each blob once. Referrers of other types are passed over; what cannot be read
    /// is a rejected item of the report.
    ///
    /// # Errors
    /// [`VerifyError::EvidenceOverLimit`]; [`VerifyError::EvidenceTooLarge`].
    pub(crate) fn add_referrers(
        &mut self,
        store: &ImageStore<'_>,
        subject: ArtifactDigest,
        taken: &mut Taken,
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
                if !taken.seen.insert((layer.digest, layer.media_type.clone())) {
                    continue;
                }
                let source = format!("referrer {} of the layout", layer.digest.short());
                if let Err(reason) = self.add_layer(store, layer, &source, taken, limits) {
                    // SECURITY: who may attach evidence must not push what takes an image back out of what is read.
                    if taken.cut_short {
                        return Err(VerifyError::EvidenceTooLarge { limit: limits.evidence_bytes });
                    }
                    self.faults.push(Fault { source, reason });
                }
                if self.len() > limits.bundles {
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
        taken: &mut Taken,
        limits: &Limits,
    ) -> Result<(), String> {
        let mut bytes = |limit: usize| {
            let left = usize::try_from(limits.evidence_bytes.saturating_sub(taken.bytes)).unwrap_or(usize::MAX);
            let bytes = match store.blob_bytes(layer.digest, limit.min(left)) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Err("the blob is missing".to_owned()),
                Err(error) => {
                    taken.cut_short = left < limit;
                    return Err(with_sources(&error));
                }
            };
            taken.bytes = taken.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            Ok(bytes)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use std::fs;
    use std::path::Path;

    use lasthand_artifact::local;
    use serde_json::{Value, json};

    use super::*;

    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

    fn put(folder: &Path, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        fs::write(folder.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    #[test]
    fn a_blob_that_referrers_list_often_is_held_once() {
        // pass: over layers, referrers and subjects; fail: more distinct blobs, or bytes, than evidence may have
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        let bundle = put(folder, BUNDLE_MEDIA_TYPES.first().unwrap(), b"{}");
        let content = put(folder, CONTENT_MEDIA_TYPE, b"{}");
        let other = put(folder, CONTENT_MEDIA_TYPE, b"other");
        let subjects: Vec<Value> = [b"one", b"two"].iter().map(|bytes| put(folder, MANIFEST, *bytes)).collect();
        let mut manifests = Vec::new();
        for (number, subject) in subjects.iter().cycle().take(6).enumerate() {
            let layers = [&bundle, &content, &bundle, &other, &content];
            let manifest = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x", "config": bundle,
                "layers": layers, "subject": subject, "annotations": {"n": number.to_string()},
            });
            manifests.push(put(folder, MANIFEST, &serde_json::to_vec(&manifest).unwrap()));
        }
        let root = json!({"schemaVersion": 2, "manifests": manifests});
        fs::write(folder.join("index.json"), root.to_string()).unwrap();
        let opened = local::open(folder).unwrap();
        let store = ImageStore::open(&opened, None, &Limits::DEFAULT).unwrap();
        let gather = |limits: &Limits| {
            let (mut evidence, mut taken) = (Evidence::default(), Taken::default());
            for bytes in [b"one", b"two"] {
                evidence.add_referrers(&store, ArtifactDigest(Sha256::of(bytes)), &mut taken, limits)?;
            }
            Ok::<_, VerifyError>((evidence, taken.bytes))
        };
        let (evidence, bytes) = gather(&Limits::DEFAULT).unwrap();
        assert_eq!((evidence.documents.len(), evidence.blobs.len(), evidence.faults.len()), (1, 2, 0));
        assert_eq!(bytes, 9);
        let few = Limits { bundles: 2, ..Limits::DEFAULT };
        assert!(matches!(gather(&few), Err(VerifyError::EvidenceOverLimit { limit: 2 })));
        let small = Limits { evidence_bytes: 8, ..Limits::DEFAULT };
        assert!(matches!(gather(&small), Err(VerifyError::EvidenceTooLarge { limit: 8 })));
        assert_eq!(gather(&Limits { evidence_bytes: 9, ..Limits::DEFAULT }).unwrap().0.faults.len(), 0);
    }
}
