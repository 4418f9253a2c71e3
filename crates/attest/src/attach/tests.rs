use super::*;
use crate::write::write_inventory;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("app.tar"), "bytes").unwrap();
        fs::create_dir(folder.path().join("evidence")).unwrap();
        Self { folder }
    }

    fn artifact(&self) -> PathBuf {
        self.folder.path().join("app.tar")
    }

    fn evidence(&self) -> PathBuf {
        self.folder.path().join("evidence")
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.evidence().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn attach(&self, evidence: &[PathBuf]) -> Result<Attached, WriteError> {
        attach(&self.artifact(), evidence, &Limits::DEFAULT)
    }
}

#[test]
fn a_folder_of_evidence_is_copied_beside_the_artifact() {
    // pass: bundles under their names, inventories under their roots, nothing else; twice is once
    let place = Place::new();
    place.put("build-0123456789ab.sigstore.json", "{}");
    place.put("notes.txt", "not evidence");
    write_inventory(&place.evidence(), &Inventory::default()).unwrap();
    let attached = place.attach(&[place.evidence()]).unwrap();
    assert_eq!(attached.folder, place.folder.path().join("app.tar.lasthand"));
    assert_eq!(attached.bundles, [attached.folder.join("build-0123456789ab.sigstore.json")]);
    assert_eq!(attached.inventories.len(), 1);
    assert_eq!(place.attach(&[place.evidence()]).unwrap(), attached);
    assert_eq!(fs::read_dir(&attached.folder).unwrap().count(), 2);
}

#[test]
fn evidence_of_the_same_name_is_never_overwritten() {
    // pass: both are kept
    let place = Place::new();
    let path = place.put("a.sigstore.json", "{}");
    place.attach(std::slice::from_ref(&path)).unwrap();
    place.put("a.sigstore.json", "{ }");
    let second = place.attach(&[path]).unwrap();
    let folder = &second.folder;
    assert_eq!(fs::read(folder.join("a.sigstore.json")).unwrap(), b"{}");
    assert_eq!(fs::read(second.bundles.first().unwrap()).unwrap(), b"{ }");
}

#[test]
fn what_is_no_evidence_is_refused_before_anything_is_written() {
    // fail: broken JSON, a duplicate member, records under a wrong root, a foreign file, no artifact
    let place = Place::new();
    let good = place.put("good.sigstore.json", "{}");
    let wrong = format!("{}.inv", "0".repeat(64));
    for (name, text) in [
        ("bad.sigstore.json", "{"),
        ("twice.sigstore.json", r#"{"a":1,"a":2}"#),
        (wrong.as_str(), ""),
        ("bad.inv", "\0\0\0\u{1}"),
        ("notes.txt", "x"),
    ] {
        let bad = place.put(name, text);
        assert!(!place.attach(&[good.clone(), bad]).unwrap_err().hints().is_empty(), "{name}");
        assert!(!sidecar(&place.artifact()).exists(), "{name}");
    }
    let nothing = attach(&place.folder.path().join("none.tar"), &[good], &Limits::DEFAULT);
    assert!(matches!(nothing, Err(WriteError::Io { act: "find", .. })));
}
