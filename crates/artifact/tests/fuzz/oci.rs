//! Laws of the documents of images: manifest, index, config, and the `manifest.json` of docker archives.

use lasthand_artifact::image::{ConfigOrigin, Form, ImageStore, config_fields, describe};
use lasthand_artifact::{ArtifactError, MemoryBlob};
use lasthand_model::digest::Sha256;
use lasthand_model::json;
use serde_json::Value;

use super::LIMITS;
use super::make::tar_of;

/// Any bytes, read as each of the documents.
pub(crate) fn law(bytes: &[u8]) {
    let first = answers(bytes);
    assert_eq!(first, answers(bytes), "the same bytes, another answer");
    let Ok(value) = json::parse(bytes, &LIMITS) else {
        assert!(first.iter().all(Result::is_err), "no strict JSON, and read: {first:?}");
        return;
    };
    // One level of an index, or of the list of a docker archive.
    let is_list = value.is_array();
    let object = if is_list { value.get(0) } else { Some(&value) };
    if let Some((key, _)) = object.and_then(Value::as_object).and_then(|object| object.iter().next()) {
        let twice = with_key_twice(bytes, key);
        let answers = answers(&twice);
        let taken = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(taken, 0, "a key twice, and read: {}", String::from_utf8_lossy(&twice));
    }
}

/// The document with its first key once more before it.
fn with_key_twice(bytes: &[u8], key: &str) -> Vec<u8> {
    let at = bytes.iter().position(|byte| *byte == b'{').unwrap() + 1;
    let again = format!("{}:null,", Value::from(key));
    [&bytes[..at], again.as_bytes(), &bytes[at..]].concat()
}

/// What each reader of documents says: that it is read, or why not.
fn answers(bytes: &[u8]) -> Vec<Result<String, String>> {
    let said = |error: ArtifactError| format!("{error:?}");
    let described = describe("input", bytes, &LIMITS);
    let fields = |origin| config_fields("input", bytes, origin, &LIMITS);
    vec![
        described.map(|described| format!("{described:?}")).map_err(said),
        fields(ConfigOrigin::Image).map(|fields| format!("{fields:?}")).map_err(said),
        fields(ConfigOrigin::Source).map(|fields| format!("{fields:?}")).map_err(said),
        index(bytes).map_err(said),
        blob(bytes).map_err(said),
        docker(bytes).map_err(said),
    ]
}

const LAYOUT: (&str, &[u8]) = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);

/// The bytes as `index.json`; whatever they list is asked for.
fn index(bytes: &[u8]) -> Result<String, ArtifactError> {
    let place = MemoryBlob::new("input", tar_of(&[LAYOUT, ("index.json", bytes)]));
    let store = ImageStore::open(&place, Some(Form::OciArchive), &LIMITS)?;
    let read = store.choices().iter().map(|choice| store.read(choice, None, &LIMITS, &mut |_| {}).is_ok());
    Ok(format!("{:?} {:?} {:?}", store.choices(), store.hidden(), read.collect::<Vec<_>>()))
}

/// The bytes as the manifest, or index, that `index.json` names; read when it is one.
fn blob(bytes: &[u8]) -> Result<String, ArtifactError> {
    let digest = Sha256::of(bytes);
    let media_type = match json::parse(bytes, &LIMITS) {
        Ok(value) if value.get("manifests").is_some() => "application/vnd.oci.image.index.v1+json",
        _ => "application/vnd.oci.image.manifest.v1+json",
    };
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{media_type}","digest":"sha256:{digest}","size":{}}}]}}"#,
        bytes.len()
    );
    let name = format!("blobs/sha256/{digest}");
    let place = MemoryBlob::new("input", tar_of(&[LAYOUT, ("index.json", index.as_bytes()), (&name, bytes)]));
    let store = ImageStore::open(&place, None, &LIMITS)?;
    let choice = store.choices().first().ok_or_else(|| ArtifactError::Unsupported {
        name: String::new(),
        what: "nothing is offered",
        offset: 0,
    })?;
    Ok(format!("{:?}", store.read(choice, None, &LIMITS, &mut |_| {})?))
}

/// The bytes as the `manifest.json` of a docker archive, beside a config.
fn docker(bytes: &[u8]) -> Result<String, ArtifactError> {
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let place = MemoryBlob::new("input", tar_of(&[("manifest.json", bytes), ("config.json", config)]));
    let store = ImageStore::open(&place, Some(Form::DockerArchive), &LIMITS)?;
    let read = store.choices().iter().map(|choice| store.read(choice, None, &LIMITS, &mut |_| {}).is_ok());
    Ok(format!("{:?} {:?}", store.choices(), read.collect::<Vec<_>>()))
}
