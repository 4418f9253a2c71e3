//! Small OCI layouts.

use std::fs;
use std::path::Path;

use lasthand_model::digest::Sha256;
use serde_json::{Value, json};

use super::archive;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image: its architecture, the entries of each layer, its `config`.
pub(crate) struct Image<'a> {
    pub(crate) architecture: &'a str,
    pub(crate) layers: &'a [&'a [(&'a str, &'a str, u32)]],
    pub(crate) config: Value,
}

/// Writes a layout of one image, or of an index of several. Gives the digest of each image's manifest.
pub(crate) fn write_layout(folder: &Path, images: &[Image<'_>]) -> Vec<Sha256> {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let mut manifests: Vec<Value> = images.iter().map(|image| write_image(folder, image)).collect();
    let digests = manifests.iter().map(digest_of).collect();
    if manifests.len() > 1 {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        manifests = vec![put(folder, INDEX, &serde_json::to_vec(&index).unwrap())];
    }
    let root = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    fs::write(folder.join("index.json"), root.to_string()).unwrap();
    digests
}

fn write_image(folder: &Path, image: &Image<'_>) -> Value {
    let layers: Vec<Value> = image
        .layers
        .iter()
        .map(|entries| put(folder, "application/vnd.oci.image.layer.v1.tar", &archive(entries)))
        .collect();
    let diff_ids: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let config = json!({
        "architecture": image.architecture, "os": "linux", "config": image.config,
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let config = put(folder, "application/vnd.oci.image.config.v1+json", &serde_json::to_vec(&config).unwrap());
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    let mut descriptor = put(folder, MANIFEST, &serde_json::to_vec(&manifest).unwrap());
    let platform = json!({ "architecture": image.architecture, "os": "linux" });
    descriptor.as_object_mut().unwrap().insert("platform".to_owned(), platform);
    descriptor
}

/// Writes a blob; gives its descriptor.
fn put(folder: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = Sha256::of(bytes);
    fs::write(folder.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
    json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len() })
}

fn digest_of(descriptor: &Value) -> Sha256 {
    descriptor["digest"].as_str().unwrap().trim_start_matches("sha256:").parse().unwrap()
}
