use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::snapshot::{self, Roots};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn blob(&self, layout: &str, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        self.write(&format!("{layout}/blobs/sha256/{digest}"), bytes);
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    /// An image of one layer, whose bytes are the text.
    fn image(&self, layout: &str, text: &str) -> Value {
        let layer = self.blob(layout, LAYER, text.as_bytes());
        let diff_ids = json!([layer["digest"]]);
        let config =
            json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}});
        let config = self.blob(layout, CONFIG, config.to_string().as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
        self.blob(layout, MANIFEST, manifest.to_string().as_bytes())
    }

    fn list(&self, layout: &str, manifests: &[Value]) {
        self.write(&format!("{layout}/oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.write(&format!("{layout}/index.json"), index.to_string().as_bytes());
    }

    fn snapshot(&self) -> Snapshot {
        snapshot::take(&Roots::new(self.path(), &[]).unwrap(), &Limits::DEFAULT).unwrap()
    }

    fn product(&self, path: &str, before: &Snapshot) -> Result<ImageProduct, ImageError> {
        product(Path::new(path), self.path(), before, &self.snapshot(), &Limits::DEFAULT)
    }

    fn base(&self, path: &str, image: Option<&str>) -> Result<Base, ImageError> {
        let place = ImagePlace { path: self.path().join(path), form: None, image: image.map(str::to_owned) };
        base("debian", &place, self.path(), &Limits::DEFAULT)
    }
}

fn named(mut descriptor: Value, name: &str) -> Value {
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": name});
    descriptor
}

fn on(mut descriptor: Value, os: &str, architecture: &str) -> Value {
    descriptor["platform"] = json!({"os": os, "architecture": architecture});
    descriptor
}

fn digests(ids: &[ImageId]) -> Vec<&str> {
    ids.iter().map(|id| id.media_type.as_str()).collect()
}

/// Files of a snapshot that nothing accounts for.
fn left(snapshot: &Snapshot, accounts: impl Fn(&SnapshotEntry) -> bool) -> Vec<String> {
    let rest = snapshot.entries.iter().filter(|entry| !accounts(entry));
    rest.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect()
}

#[test]
fn an_index_stands_for_its_images_and_not_for_what_nobody_runs() {
    // pass: index, manifest and config; the attestation is accounted for and no document of its own
    let place = Place::new();
    let before = place.snapshot();
    let image = on(place.image("out", "layer"), "linux", "amd64");
    let attestation = on(place.image("out", "attestation"), "unknown", "unknown");
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image, attestation]}).to_string();
    let index = place.blob("out", INDEX, index.as_bytes());
    place.list("out", std::slice::from_ref(&index));
    let made = place.product("./out", &before).unwrap();
    assert_eq!(digests(&made.ids), [INDEX, MANIFEST, CONFIG]);
    // fail: files in a layout that are not the image's, and a blob that is not what its name says
    place.write("out/note", b"x");
    place.write(&format!("out/blobs/sha256/{}", "a".repeat(64)), b"x");
    let layer = Sha256::of(b"layer");
    place.write(&format!("out/blobs/sha256/{layer}"), b"other");
    let rest = left(&place.snapshot(), |entry| made.accounts_for(entry));
    let mut expected = vec![
        format!("out/blobs/sha256/{}", "a".repeat(64)),
        format!("out/blobs/sha256/{layer}"),
        "out/note".to_owned(),
    ];
    expected.sort();
    assert_eq!(rest, expected);
    // pass: the same as a base: three documents, by the digest of the index
    let base = place.base("out", None).unwrap();
    assert_eq!((base.kind, base.documents.len()), (BaseKind::Image, 3));
    assert_eq!(format!("sha256:{}", base.digest), index["digest"]);
    assert_eq!(left(&place.snapshot(), |entry| base.accounts_for(entry)), expected);
}

#[test]
fn only_images_that_the_command_made_are_products() {
    // pass: of two images the new one; fail: none is new
    let place = Place::new();
    let old = named(place.image("out", "old"), "1");
    place.list("out", std::slice::from_ref(&old));
    let before = place.snapshot();
    assert!(matches!(place.product("out", &before), Err(ImageError::Unchanged { .. })));
    let new = named(place.image("out", "new"), "2");
    place.list("out", &[old, new.clone()]);
    let made = place.product("out", &before).unwrap();
    assert_eq!(digests(&made.ids), [MANIFEST, CONFIG]);
    assert_eq!(format!("sha256:{}", made.ids.first().unwrap().digest), new["digest"]);
    // fail: a layout that lists another image has an `index.json` and blobs that the base does not account for
    assert!(matches!(place.base("out", None), Err(ImageError::NotNamed { .. })));
    let base = place.base("out", Some("1")).unwrap();
    let rest = left(&place.snapshot(), |entry| base.accounts_for(entry));
    assert!(rest.contains(&"out/index.json".to_owned()), "{rest:?}");
    assert_eq!(rest.len(), 4);
}

#[test]
fn an_index_that_says_more_stays_listed() {
    // fail: a member nobody knows, in the index, in a descriptor, in the marker
    let place = Place::new();
    let image = place.image("base", "layer");
    place.list("base", std::slice::from_ref(&image));
    let rest = |place: &Place| {
        let base = place.base("base", None).unwrap();
        left(&place.snapshot(), |entry| base.accounts_for(entry))
    };
    assert_eq!(rest(&place), [""; 0]);
    let mut more = image.clone();
    more["data"] = json!("aGVsbG8=");
    place.list("base", &[more]);
    assert_eq!(rest(&place), ["base/index.json"]);
    place.list("base", std::slice::from_ref(&image));
    place.write("base/oci-layout", br#"{"imageLayoutVersion":"1.0.0","x":"y"}"#);
    assert_eq!(rest(&place), ["base/oci-layout"]);
    let index = json!({"schemaVersion": 2, "manifests": [image], "annotations": {"x": "y"}}).to_string();
    place.write("base/index.json", index.as_bytes());
    assert_eq!(rest(&place), ["base/index.json", "base/oci-layout"]);
}

#[test]
fn what_is_no_image_is_an_error() {
    // fail: nothing, a plain file, a folder, a link to a layout, a place outside, a config that is missing
    let place = Place::new();
    let before = place.snapshot();
    place.write("plain.txt", b"x");
    place.write("folder/a", b"x");
    let image = place.image("out", "layer");
    place.list("out", &[image]);
    std::os::unix::fs::symlink("out", place.path().join("link")).unwrap();
    for path in ["none", "plain.txt", "folder", "link"] {
        assert!(matches!(place.product(path, &before), Err(ImageError::NoImage { .. })), "{path}");
    }
    for path in ["../out", "/out", "."] {
        assert!(matches!(place.product(path, &before), Err(ImageError::NotRecorded { .. })), "{path}");
    }
    for path in ["plain.txt", "folder"] {
        assert!(matches!(place.base(path, None), Err(ImageError::NoImage { .. })), "{path}");
    }
    let config = place.product("out", &before).unwrap().ids.last().unwrap().digest;
    fs::remove_file(place.path().join(format!("out/blobs/sha256/{config}"))).unwrap();
    assert!(matches!(place.product("out", &before), Err(ImageError::Missing { .. })));
}
