//! Archives wherever they lie: in folders, in layers of images, beside each other.

use std::fs;

use lasthand_artifact::image::{ImageArtifact, ImageStore};
use lasthand_artifact::{ArtifactError, MemoryBlob, NoteKind, Opening, Source, local, read_opening};
use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::limits::Limits;
use lasthand_testkit::zips::{Entry, Zip};
use serde_json::json;

use crate::{gzip, open, tar_of};

#[test]
fn a_folder_is_opened_file_by_file() {
    // pass: members, the same inventory, one note where it belongs; fail: a limit inside names the file
    let folder = tempfile::tempdir().unwrap();
    let good = Zip::of(vec![Entry::deflated("a", b"aaaa")]).bytes();
    let bad = Zip::of(vec![Entry::stored("../a", b"1")]).bytes();
    fs::create_dir(folder.path().join("lib")).unwrap();
    fs::write(folder.path().join("lib/good.jar"), &good).unwrap();
    fs::write(folder.path().join("lib/bad.jar"), &bad).unwrap();
    fs::write(folder.path().join("readme"), b"text").unwrap();
    let opened = local::open(folder.path()).unwrap();
    let read = |opening, limits: &Limits| read_opening(Source::from(&opened), None, opening, limits, &mut |_| {});
    let facts = read(Opening::Open, &Limits::DEFAULT).unwrap();
    let closed = read(Opening::Closed, &Limits::DEFAULT).unwrap();
    assert_eq!((&facts.inventory, facts.digest, facts.size), (&closed.inventory, closed.digest, closed.size));
    assert_eq!(facts.inside[&FileDigest(Sha256::of(&good))].members.len(), 1);
    let refused: Vec<_> = facts.refusals().map(|note| (note.kind, note.path.clone())).collect();
    assert_eq!(refused, [(NoteKind::ParentInPath, b"lib/bad.jar!/a".to_vec())]);
    let limits = Limits { nested_bytes: 2, ..Limits::DEFAULT };
    match read(Opening::Open, &limits) {
        Err(ArtifactError::OverLimit { name, .. }) => assert!(name.ends_with(": lib/good.jar"), "{name}"),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn one_content_is_held_once_wherever_it_lies() {
    // pass: three files of one content, one listing
    let zip = Zip::of(vec![Entry::stored("a", b"1")]).bytes();
    let facts = open("outer.tar", &tar_of(&[("a.jar", &zip), ("b/c.jar", &zip), ("d", &zip)]));
    assert_eq!(facts.inside.len(), 1);
}

/// An OCI archive of one image with these layers.
fn image(layers: &[Vec<u8>]) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut blob = |bytes: Vec<u8>| {
        let digest = Sha256::of(&bytes);
        let size = bytes.len();
        files.push((format!("blobs/sha256/{digest}"), bytes));
        (format!("sha256:{digest}"), size)
    };
    let diff_ids: Vec<String> = layers.iter().map(|layer| format!("sha256:{}", Sha256::of(layer))).collect();
    let mut descriptors = Vec::new();
    for layer in layers {
        let (digest, size) = blob(gzip(layer));
        let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        descriptors.push(json!({"mediaType": media_type, "digest": digest, "size": size}));
    }
    let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let (digest, size) = blob(config.to_string().into_bytes());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": descriptors,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size},
    });
    let (digest, size) = blob(manifest.to_string().into_bytes());
    let index = json!({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size}]});
    files.push(("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    files.push(("index.json".to_owned(), index.to_string().into_bytes()));
    let members: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    tar_of(&members)
}

fn read_image(bytes: &[u8], opening: Opening, limits: &Limits) -> Result<ImageArtifact, ArtifactError> {
    let blob = MemoryBlob::new("image.tar", bytes.to_vec());
    let store = ImageStore::open(&blob, None, limits).unwrap().opening(opening);
    let choice = store.choices()[0].clone();
    store.read(&choice, None, limits, &mut |_| {})
}

#[test]
fn layers_of_an_image_are_opened() {
    // pass: what a jar of the lower layer holds, the same filesystem; fail: a bad jar of the upper one, with its layer
    let good = Zip::of(vec![Entry::deflated("a", b"aaaa")]).bytes();
    let bad = Zip::of(vec![Entry::stored("/a", b"1")]).bytes();
    let bytes = image(&[tar_of(&[("app/good.jar", &good)]), tar_of(&[("app/bad.jar", &bad)])]);
    let (ImageArtifact::Image(opened), ImageArtifact::Image(closed)) = (
        read_image(&bytes, Opening::Open, &Limits::DEFAULT).unwrap(),
        read_image(&bytes, Opening::Closed, &Limits::DEFAULT).unwrap(),
    ) else {
        unreachable!("one image")
    };
    assert_eq!(opened.inventory, closed.inventory);
    assert_eq!(opened.inside(FileDigest(Sha256::of(&good))).unwrap().members.len(), 1);
    assert!(closed.inside(FileDigest(Sha256::of(&good))).is_none() && closed.notes.is_empty());
    let refused: Vec<_> = opened.refusals().map(|(layer, note)| (*layer, note.kind, note.path.clone())).collect();
    assert_eq!(refused, [(Some(1), NoteKind::ZipName, b"app/bad.jar!/a".to_vec())]);
}

#[test]
fn members_count_over_all_layers() {
    // fail: 40 members in each of two layers, and a limit of 70
    let many = |letter: &str| {
        let zip = Zip::of((0..40).map(|number| Entry::stored(&format!("{letter}{number}"), b"")).collect());
        tar_of(&[("a.jar", &zip.bytes())])
    };
    let bytes = image(&[many("a"), many("b")]);
    let read = |entries| read_image(&bytes, Opening::Open, &Limits { entries, ..Limits::DEFAULT });
    assert!(matches!(read(70), Err(ArtifactError::OverLimit { what: "entries", limit: 70, .. })));
    assert!(read(82).is_ok());
}
