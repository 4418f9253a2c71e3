//! `manifest.json` of a docker archive.

use lasthand_model::limits::Limits;
use serde_json::Value;

use super::document::{Names, Object, may_hold, shown};
use super::fault::ImageFault;
use super::place::{MANIFEST, Place};
use crate::error::ArtifactError;
use crate::path;

/// One image of a docker archive: names of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DockerImage {
    pub(super) config: Vec<u8>,
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) tags: Vec<String>,
}

/// Says whether the bytes of `manifest.json` are a docker archive's; anything else may well be named so.
pub(super) fn is_manifest(source: &str, bytes: &[u8], limits: &Limits) -> bool {
    let names = Names { source, document: "manifest.json" };
    let Ok(value) = names.parse(bytes, limits.manifest_bytes, limits) else { return false };
    let images = value.as_array().map(Vec::as_slice).unwrap_or_default();
    !images.is_empty() && images.iter().all(|image| image.get("Config").is_some() && image.get("Layers").is_some())
}

/// Says whether some reader could take the bytes of `manifest.json` for a docker archive's, though they are none as they should be: a list whose
/// images have such members in other letters, or some of them, or one that is no strict JSON.
///
/// SECURITY: Go's `encoding/json` does not tell capitals from small letters, takes the last of two members, and replaces what is no UTF-8.
pub(super) fn may_be_manifest(source: &str, bytes: &[u8], limits: &Limits) -> bool {
    let is_list = bytes.trim_ascii_start().starts_with(b"[");
    let names = Names { source, document: "manifest.json" };
    let Ok(value) = names.parse(bytes, limits.manifest_bytes, limits) else {
        return is_list && may_hold(bytes, &["config", "layers"]);
    };
    let is_member = |name: &String| name.eq_ignore_ascii_case("Config") || name.eq_ignore_ascii_case("Layers");
    let images = value.as_array().into_iter().flatten();
    images.filter_map(Value::as_object).any(|image| image.keys().any(is_member))
}

/// True when no reader of docker archives finds an image in the bytes of `manifest.json`: JSON of another shape.
pub(super) fn is_none(source: &str, bytes: &[u8], limits: &Limits) -> bool {
    let names = Names { source, document: "manifest.json" };
    let value = names.parse(bytes, limits.manifest_bytes, limits);
    value.is_ok_and(|value| value.as_array().is_none_or(Vec::is_empty))
}

/// Reads `manifest.json`.
///
/// SPEC: docker image spec 1.2, "Combined Image JSON + Filesystem Changeset Format".
pub(super) fn read(place: &Place<'_>, limits: &Limits) -> Result<Vec<DockerImage>, ArtifactError> {
    let names = Names { source: place.name(), document: "manifest.json" };
    let bytes = place.bytes(MANIFEST, "manifest.json", limits.manifest_bytes)?.ok_or_else(|| {
        place.fault(ImageFault::NoImage { expected: "docker archive", missing: "`manifest.json`".to_owned() })
    })?;
    let value = names.parse(&bytes, limits.manifest_bytes, limits)?;
    let Value::Array(images) = &value else { return Err(names.shape("", "an array of images")) };
    if images.is_empty() {
        return Err(names.shape("", "an array with an image in it"));
    }
    // LIMIT: Limits::manifests.
    if images.len() > limits.manifests {
        return Err(names.over("images", limits.manifests));
    }
    images.iter().enumerate().map(|(at, image)| one(names, at, image, limits)).collect()
}

fn one(names: Names<'_>, at: usize, image: &Value, limits: &Limits) -> Result<DockerImage, ArtifactError> {
    let object = Object::of(names, format!("/{at}"), image)?;
    let layers = object.texts("Layers")?;
    // LIMIT: Limits::layers.
    if layers.len() > limits.layers {
        return Err(names.over("layers", limits.layers));
    }
    let config = object.text("Config")?.ok_or_else(|| object.shape("Config", "the name of a member"))?;
    Ok(DockerImage {
        config: member(names, config)?,
        layers: layers.into_iter().map(|layer| member(names, layer)).collect::<Result<_, _>>()?,
        tags: object.texts("RepoTags")?.into_iter().map(str::to_owned).collect(),
    })
}

/// SECURITY: a name that leaves the archive is no member.
fn member(names: Names<'_>, name: &str) -> Result<Vec<u8>, ArtifactError> {
    let bad = |fault| ArtifactError::BadPath {
        name: names.source.to_owned(),
        offset: 0,
        path: shown(name).into_bytes(),
        fault,
    };
    path::strict(name.as_bytes()).map_err(bad)
}
