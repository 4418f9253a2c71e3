//! Evidence that lies in an image's own layout: manifests whose subject the image is.
//!
//! SPEC: OCI image-spec 1.1 manifest.md (`subject`, `artifactType`); the bundle's media type is that of cosign's referrers. Its older form, an image
//! whose layers are signatures (sigstore/cosign, specs/SIGNATURE_SPEC.md), is read too.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_artifact::image::{BlobDescriptor, ImageStore};
use lasthand_model::digest::{ArtifactDigest, InventoryRoot, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{
    BUNDLE_MEDIA_TYPES, CONTENT_MEDIA_TYPE, COSIGN_MEDIA_TYPES, ENVELOPE_MEDIA_TYPE, INVENTORY_MEDIA_TYPE,
};

use super::read::INVENTORY_BYTES;
use super::{BlobFile, Content, CosignLayer, Document, Evidence, Fault, InventoryFile};
use crate::error::{VerifyError, with_sources};

/// LIMIT: bytes of one content, such as a lock file.
const CONTENT_BYTES: usize = 64 << 20;

/// What was taken from the referrers of one artifact: of all its subjects together.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Blobs, by digest, media type and annotations: each is read once, however often it is listed. Signatures of cosign over one
    /// image differ in annotations alone.
    seen: BTreeSet<(Sha256, String, BTreeMap<String, String>)>,
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
                let annotations = if is_of_cosign(layer) { layer.annotations.clone() } else { BTreeMap::new() };
                if !taken.seen.insert((layer.digest, layer.media_type.clone(), annotations)) {
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
                self.documents.push(Document::json(source, bytes(limits.json_bytes)?));
            }
            _ if is_of_cosign(layer) => {
                // Others keep envelopes in layers of this type, too, with nothing beside them.
                let is_bare = !layer.annotations.keys().any(|key| key.starts_with("dev.sigstore.cosign/"));
                let is_envelope = layer.media_type == ENVELOPE_MEDIA_TYPE && is_bare;
                let beside =
                    CosignLayer { media_type: layer.media_type.clone(), annotations: layer.annotations.clone() };
                let layer = Some(beside).filter(|_| !is_envelope);
                self.documents.push(Document { source, bytes: bytes(limits.json_bytes)?, layer });
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

fn is_of_cosign(layer: &BlobDescriptor) -> bool {
    COSIGN_MEDIA_TYPES.contains(&layer.media_type.as_str())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use std::fs;
    use std::path::Path;

    use lasthand_artifact::local;
    use serde_json::{Value, json};

    use lasthand_model::wire::bundle::SIMPLE_SIGNING_MEDIA_TYPE;

    use super::*;

    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

    fn put(folder: &Path, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        fs::write(folder.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    /// A layout whose `index.json` lists these manifests.
    fn layout(folder: &Path, manifests: &[Value]) {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": manifests}).to_string()).unwrap();
    }

    #[test]
    fn signatures_and_attestations_of_cosign_are_found_by_tag() {
        // pass: by the digest in the tag, of any image where no tag says so, each signature over one payload; fail: of another image
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        layout(folder, &[]);
        let (one, two) = (Sha256::of(b"one"), Sha256::of(b"two"));
        let config = put(folder, "application/vnd.oci.image.config.v1+json", b"{}");
        let layer = |media_type: &str, bytes: &[u8], annotations: Value| {
            let mut layer = put(folder, media_type, bytes);
            layer.as_object_mut().unwrap().insert("annotations".to_owned(), annotations);
            layer
        };
        let signature = |text: &str| json!({"dev.cosignproject.cosign/signature": text});
        let manifest = |name: Option<String>, layers: &[Value]| {
            let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
            let mut listed = put(folder, MANIFEST, &serde_json::to_vec(&manifest).unwrap());
            if let Some(name) = name {
                let names = json!({"org.opencontainers.image.ref.name": name});
                listed.as_object_mut().unwrap().insert("annotations".to_owned(), names);
            }
            listed
        };
        let signed = |payload: &[u8], text: &str| layer(SIMPLE_SIGNING_MEDIA_TYPE, payload, signature(text));
        let certified = json!({"dev.sigstore.cosign/certificate": "pem"});
        let manifests = [
            manifest(Some(format!("sha256-{one}.sig")), &[signed(b"a", "x"), signed(b"a", "y"), signed(b"a", "x")]),
            manifest(
                Some(format!("registry.example/app:sha256-{two}.att")),
                &[layer(ENVELOPE_MEDIA_TYPE, b"b", certified)],
            ),
            manifest(Some(format!("sha256-{one}.other")), &[signed(b"c", "x")]),
            manifest(None, &[layer(ENVELOPE_MEDIA_TYPE, b"d", json!({}))]),
        ];
        layout(folder, &manifests);
        let opened = local::open(folder).unwrap();
        let store = ImageStore::open(&opened, None, &Limits::DEFAULT).unwrap();
        assert!(store.choices().is_empty(), "{:?}", store.choices());
        let found = |subject: Sha256| {
            let (mut evidence, mut taken) = (Evidence::default(), Taken::default());
            evidence.add_referrers(&store, ArtifactDigest(subject), &mut taken, &Limits::DEFAULT).unwrap();
            assert!(evidence.faults.is_empty());
            let found = evidence.documents.into_iter();
            found.map(|document| (document.bytes, document.layer.is_some())).collect::<Vec<_>>()
        };
        // What has no tag, or a tag that names no image, may be about any.
        let (others, bare) = ((b"c".to_vec(), true), (b"d".to_vec(), false));
        let twice = (b"a".to_vec(), true);
        assert_eq!(found(one), [twice.clone(), twice, others.clone(), bare.clone()]);
        assert_eq!(found(two), [(b"b".to_vec(), true), others, bare]);
    }

    #[test]
    fn a_blob_that_referrers_list_often_is_held_once() {
        // pass: over layers, referrers and subjects; fail: more distinct blobs, or bytes, than evidence may have
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        layout(folder, &[]);
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
        layout(folder, &manifests);
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
