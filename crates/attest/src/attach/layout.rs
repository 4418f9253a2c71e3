//! Evidence into the OCI layout of an image, as manifests that refer to it.
//!
//! SPEC: OCI image-spec 1.1, manifest.md ("Guidelines for Artifact Usage", `subject`) and image-layout.md; the annotations are those
//! that cosign writes beside a Sigstore bundle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use lasthand_artifact::image::{Choice, Form, ImageStore};
use lasthand_artifact::local;
use lasthand_model::digest::Sha256;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{
    BUNDLE_MEDIA_TYPES, BUNDLE_V03, CONTENT_MEDIA_TYPE, EVIDENCE_ARTIFACT_TYPE, INVENTORY_MEDIA_TYPE,
};
use serde_json::{Map, Value, json};

use super::{Evidence, failed, read};
use crate::error::WriteError;
use crate::write::{content_path, write_content, write_whole};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";
const INDEX: &str = "index.json";

/// What was attached to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedToLayout {
    /// The image or index.
    pub subject: Sha256,
    /// Manifests that refer to it and carry the evidence given, each once, sorted.
    pub manifests: Vec<Sha256>,
    /// How many of them were not there before.
    pub added: usize,
}

/// Writes evidence into the layout of an image: one manifest for each bundle, and one for all inventories and contents.
///
/// In: as [`attach`](super::attach()); bundles must be Sigstore bundles. `wanted` is a tag, a name or `sha256:<hex>`; the only image when
/// absent. Out: manifests with the image as `subject`, listed in `index.json` without a name or platform, so that no puller takes them for
/// an image. Blobs are there before `index.json` names them; what it held stays as it was. The same evidence again changes nothing.
///
/// # Errors
/// [`WriteError`]; then `index.json` is as it was.
pub fn attach_to_layout(
    layout: &Path,
    wanted: Option<&str>,
    evidence: &[PathBuf],
    limits: &Limits,
) -> Result<AttachedToLayout, WriteError> {
    let index_path = layout.join(INDEX);
    let subject = Subject::find(layout, wanted, limits)?;
    let index_bytes = fs::read(&index_path).map_err(failed("read", &index_path))?;
    if Sha256::of(&index_bytes) == subject.digest {
        return Err(WriteError::RootIndex { path: index_path });
    }
    let not_index = || WriteError::NotIndex { path: index_path.clone() };
    let mut index = json::parse(&index_bytes, limits).map_err(|_| not_index())?;
    let listed = index.get_mut("manifests").and_then(Value::as_array_mut).ok_or_else(not_index)?;

    let mut referrers = Referrers { subject: &subject, blobs: BTreeMap::new(), descriptors: BTreeMap::new() };
    referrers.add_all(read(evidence, limits)?, limits)?;
    let missing = |digest: &Sha256| {
        let digest = format!("sha256:{digest}");
        !listed.iter().any(|there| there.get("digest").and_then(Value::as_str) == Some(digest.as_str()))
    };
    let new: Vec<Value> = referrers
        .descriptors
        .iter()
        .filter(|(digest, _)| missing(digest))
        .map(|(_, descriptor)| descriptor.clone())
        .collect();
    // LIMIT: what no reader of ours would read any more is not written.
    if listed.len().saturating_add(new.len()) > limits.manifests {
        return Err(WriteError::OverLimit { limit: limits.manifests });
    }
    let added = new.len();
    listed.extend(new);
    for (digest, bytes) in &referrers.blobs {
        put(layout, *digest, bytes)?;
    }
    if added > 0 {
        write_whole(index_path, &bytes_of(&index))?;
    }
    Ok(AttachedToLayout { subject: subject.digest, manifests: referrers.descriptors.into_keys().collect(), added })
}

/// Writes a blob that is not there yet. One that is there is believed to be what its name says: the puller checks it.
fn put(layout: &Path, digest: Sha256, bytes: &[u8]) -> Result<(), WriteError> {
    if !content_path(layout, digest).exists() {
        write_content(layout, bytes)?;
    }
    Ok(())
}

/// What evidence is attached to.
struct Subject {
    digest: Sha256,
    media_type: String,
    size: u64,
}

impl Subject {
    fn find(layout: &Path, wanted: Option<&str>, limits: &Limits) -> Result<Self, WriteError> {
        let malformed = |source| WriteError::Layout { path: layout.to_owned(), source };
        let opened = local::open(layout).map_err(failed("open", layout))?;
        let store = ImageStore::open(&opened, Some(Form::OciLayout), limits).map_err(malformed)?;
        let not_named = || WriteError::NotNamed {
            path: layout.to_owned(),
            offered: store.choices().iter().map(ToString::to_string).collect(),
        };
        let Choice { digest, media_type, size, .. } = store.find(wanted).ok_or_else(not_named)?.clone();
        Ok(Self { digest: digest.0, media_type, size })
    }

    fn descriptor(&self) -> Value {
        descriptor(&self.media_type, self.digest, self.size)
    }
}

/// Manifests that refer to the image, and everything that they name.
struct Referrers<'a> {
    subject: &'a Subject,
    blobs: BTreeMap<Sha256, Vec<u8>>,
    /// Of the manifests, as `index.json` lists them.
    descriptors: BTreeMap<Sha256, Value>,
}

impl Referrers<'_> {
    fn add_all(&mut self, evidence: Vec<Evidence>, limits: &Limits) -> Result<(), WriteError> {
        let (mut inventories, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for piece in evidence {
            match piece {
                Evidence::Bundle { name, bytes } => self.add_bundle(&name, bytes, limits)?,
                Evidence::Inventory { bytes, .. } => drop(inventories.insert(Sha256::of(&bytes), bytes)),
                Evidence::Content { bytes } => drop(contents.insert(Sha256::of(&bytes), bytes)),
            }
        }
        let mut layers = Vec::new();
        for (media_type, blobs) in [(INVENTORY_MEDIA_TYPE, inventories), (CONTENT_MEDIA_TYPE, contents)] {
            layers.extend(blobs.into_values().map(|bytes| self.blob(media_type, bytes)));
        }
        // LIMIT: one manifest is enough, save for more layers than readers take.
        for layers in layers.chunks(limits.layers.max(1)) {
            self.refer(EVIDENCE_ARTIFACT_TYPE, layers, Map::new());
        }
        Ok(())
    }

    fn add_bundle(&mut self, name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<(), WriteError> {
        let not_bundle = || WriteError::NotBundle { name: name.to_owned() };
        let bundle = json::parse(&bytes, limits).map_err(|_| not_bundle())?;
        let media_type = bundle.get("mediaType").and_then(Value::as_str);
        let media_type = media_type.filter(|known| BUNDLE_MEDIA_TYPES.contains(known)).ok_or_else(not_bundle)?;
        let content = if bundle.get("dsseEnvelope").is_some() { "dsse-envelope" } else { "message-signature" };
        let mut annotations = Map::new();
        annotations.insert("dev.sigstore.bundle.content".to_owned(), content.into());
        if let Some(predicate_type) = predicate_type_unverified(&bundle, limits) {
            annotations.insert("dev.sigstore.bundle.predicateType".to_owned(), predicate_type.into());
        }
        let layer = self.blob(media_type, bytes);
        self.refer(BUNDLE_V03, &[layer], annotations);
        Ok(())
    }

    fn refer(&mut self, artifact_type: &str, layers: &[Value], annotations: Map<String, Value>) {
        let config = self.blob(EMPTY_MEDIA_TYPE, EMPTY.to_vec());
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": config,
            "layers": layers,
            "subject": self.subject.descriptor(),
        });
        if let Some(members) = manifest.as_object_mut().filter(|_| !annotations.is_empty()) {
            members.insert("annotations".to_owned(), Value::Object(annotations));
        }
        let bytes = bytes_of(&manifest);
        let digest = Sha256::of(&bytes);
        let mut listed = self.blob(MANIFEST, bytes);
        if let Some(members) = listed.as_object_mut() {
            members.insert("artifactType".to_owned(), artifact_type.into());
        }
        self.descriptors.insert(digest, listed);
    }

    /// Keeps the bytes; gives the descriptor.
    fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = Sha256::of(&bytes);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.blobs.insert(digest, bytes);
        descriptor(media_type, digest, size)
    }
}

fn descriptor(media_type: &str, digest: Sha256, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size })
}

/// JSON without spaces, members in the order they were put in.
fn bytes_of(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// What a bundle claims to say; nobody believes it here.
fn predicate_type_unverified(bundle: &Value, limits: &Limits) -> Option<String> {
    let payload = bundle.pointer("/dsseEnvelope/payload")?.as_str()?;
    let bytes = STANDARD.decode(payload).or_else(|_| URL_SAFE.decode(payload)).ok()?;
    let statement = json::parse(&bytes, limits).ok()?;
    Some(statement.get("predicateType")?.as_str()?.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]
mod tests;
