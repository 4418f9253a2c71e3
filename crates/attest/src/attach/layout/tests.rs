use super::*;
use crate::write::write_inventory;
use lasthand_model::inventory::Inventory;

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A layout with one image of no layers, tagged `1`, and members that nobody here knows.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let layout = place.layout();
        fs::create_dir_all(place.evidence()).unwrap();
        write_whole(layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        write_content(&layout, CONFIG.as_bytes()).unwrap();
        let media_type = "application/vnd.oci.image.config.v1+json";
        let config = descriptor(media_type, Sha256::of(CONFIG.as_bytes()), CONFIG.len() as u64);
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).to_string();
        write_content(&layout, manifest.as_bytes()).unwrap();
        let mut listed = descriptor(MANIFEST, Sha256::of(manifest.as_bytes()), manifest.len() as u64);
        listed["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
        listed["later"] = json!([1]);
        place.write_index(&json!({"schemaVersion": 2, "x-later": {"a": null}, "manifests": [listed]}));
        place
    }

    fn layout(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    fn evidence(&self) -> PathBuf {
        self.folder.path().join("evidence")
    }

    fn write_index(&self, index: &Value) {
        fs::create_dir_all(self.layout()).unwrap();
        fs::write(self.layout().join(INDEX), index.to_string()).unwrap();
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&fs::read(self.layout().join(INDEX)).unwrap()).unwrap()
    }

    fn put_bundle(&self, name: &str, predicate_type: &str) {
        let payload = STANDARD.encode(json!({"predicateType": predicate_type}).to_string());
        let bundle = json!({"mediaType": BUNDLE_V03, "dsseEnvelope": {"payload": payload}}).to_string();
        fs::write(self.evidence().join(name), bundle).unwrap();
    }

    fn attach(&self, wanted: Option<&str>) -> Result<AttachedToLayout, WriteError> {
        attach_to_layout(&self.layout(), wanted, &[self.evidence()], &Limits::DEFAULT)
    }

    fn blob(&self, digest: &Value) -> Value {
        let digest = digest.as_str().unwrap().strip_prefix("sha256:").unwrap();
        serde_json::from_slice(&fs::read(self.layout().join("blobs/sha256").join(digest)).unwrap()).unwrap()
    }
}

#[test]
fn evidence_refers_to_the_image() {
    // pass: a manifest for each bundle, one for inventories and contents; what was there stays, twice is once
    let place = Place::new();
    let before = place.index();
    place.put_bundle("build-1.sigstore.json", "https://slsa.dev/provenance/v1");
    place.put_bundle("review-1.sigstore.json", "https://lasthand.dev/review/v0.1");
    write_inventory(&place.evidence(), &Inventory::default()).unwrap();
    write_content(&place.evidence(), b"FROM scratch").unwrap();
    let attached = place.attach(Some("1")).unwrap();
    assert_eq!((attached.manifests.len(), attached.added), (3, 3));
    let index = place.index();
    assert_eq!(index["x-later"], before["x-later"]);
    let listed = index["manifests"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]), (4, &before["manifests"][0]));
    for descriptor in &listed[1..] {
        assert!(descriptor.get("platform").is_none() && descriptor.get("annotations").is_none());
        let manifest = place.blob(&descriptor["digest"]);
        assert_eq!(manifest["subject"]["digest"], before["manifests"][0]["digest"]);
        assert_eq!(manifest["artifactType"], descriptor["artifactType"]);
        assert_eq!(place.blob(&manifest["config"]["digest"]), json!({}));
        let layers = manifest["layers"].as_array().unwrap();
        if manifest["artifactType"] == EVIDENCE_ARTIFACT_TYPE {
            let types: Vec<&str> = layers.iter().map(|layer| layer["mediaType"].as_str().unwrap()).collect();
            assert_eq!(types, [INVENTORY_MEDIA_TYPE, CONTENT_MEDIA_TYPE]);
        } else {
            assert_eq!((layers.len(), &layers[0]["mediaType"]), (1, &json!(BUNDLE_V03)));
            assert_eq!(manifest["annotations"]["dev.sigstore.bundle.content"], "dsse-envelope");
            assert!(manifest["annotations"]["dev.sigstore.bundle.predicateType"].is_string());
        }
    }
    let bytes = fs::read(place.layout().join(INDEX)).unwrap();
    let again = place.attach(None).unwrap();
    assert_eq!((again.manifests, again.added), (attached.manifests, 0));
    assert_eq!(fs::read(place.layout().join(INDEX)).unwrap(), bytes);
    // pass: the image is still the only one that a puller finds
    let opened = local::open(place.layout()).unwrap();
    let store = ImageStore::open(&opened, None, &Limits::DEFAULT).unwrap();
    assert_eq!(store.choices().len(), 1);
    assert_eq!(store.referrers(store.choices()[0].digest).unwrap().len(), 3);
}

#[test]
fn nothing_is_attached_to_what_is_not_clear() {
    // fail: no such tag, no layout, evidence that is no bundle, an index that `index.json` itself is
    let place = Place::new();
    let bytes = fs::read(place.layout().join(INDEX)).unwrap();
    assert!(matches!(place.attach(Some("2")), Err(WriteError::NotNamed { .. })));
    fs::write(place.evidence().join("a.sigstore.json"), "{}").unwrap();
    assert!(matches!(place.attach(None), Err(WriteError::NotBundle { .. })));
    fs::remove_file(place.evidence().join("a.sigstore.json")).unwrap();
    fs::create_dir_all(place.evidence().join("blobs/sha256")).unwrap();
    fs::write(place.evidence().join("blobs/sha256").join("a".repeat(64)), "other").unwrap();
    assert!(matches!(place.attach(None), Err(WriteError::WrongDigest { .. })));
    assert_eq!(fs::read(place.layout().join(INDEX)).unwrap(), bytes);
    let elsewhere = attach_to_layout(&place.evidence(), None, &[], &Limits::DEFAULT);
    assert!(matches!(elsewhere, Err(WriteError::Layout { .. })));
    let mut manifest = place.index()["manifests"][0].clone();
    manifest.as_object_mut().unwrap().remove("annotations");
    let other = r#"{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    write_content(&place.layout(), other.as_bytes()).unwrap();
    let mut second = place.blob(&manifest["digest"]);
    second["config"]["digest"] = json!(format!("sha256:{}", Sha256::of(other.as_bytes())));
    write_content(&place.layout(), second.to_string().as_bytes()).unwrap();
    let mut second = descriptor(MANIFEST, Sha256::of(second.to_string().as_bytes()), second.to_string().len() as u64);
    manifest["platform"] = json!({"os": "linux", "architecture": "amd64"});
    second["platform"] = json!({"os": "linux", "architecture": "arm64"});
    place.write_index(&json!({"schemaVersion": 2, "manifests": [manifest, second]}));
    let root = Sha256::of(&fs::read(place.layout().join(INDEX)).unwrap());
    fs::remove_dir_all(place.evidence().join("blobs")).unwrap();
    assert!(matches!(place.attach(Some(&format!("sha256:{root}"))), Err(WriteError::RootIndex { .. })));
}
