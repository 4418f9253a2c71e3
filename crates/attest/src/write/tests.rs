use super::*;

fn digest() -> StatementDigest {
    StatementDigest(Sha256::of(b"payload"))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_bundle_is_named_by_kind_and_payload() {
    // pass: the same again changes nothing; another signature over the same payload is kept beside
    let folder = tempfile::tempdir().unwrap();
    let first = write_bundle(folder.path(), "build", b"{}", digest()).unwrap();
    let name = format!("build-{}.sigstore.json", digest().0.short());
    assert_eq!(first, folder.path().join(&name));
    assert_eq!(write_bundle(folder.path(), "build", b"{}", digest()).unwrap(), first);
    assert_eq!(names(folder.path()), [name.as_str()]);
    let second = write_bundle(folder.path(), "build", b"{ }", digest()).unwrap();
    assert_ne!(second, first);
    assert_eq!((fs::read(&first).unwrap(), fs::read(&second).unwrap()), (b"{}".to_vec(), b"{ }".to_vec()));
    assert_eq!(write_bundle(folder.path(), "build", b"{ }", digest()).unwrap(), second);
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    // fail: the name is taken by a folder, or the folder of evidence is a file
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.inv");
    fs::create_dir_all(path.join("in")).unwrap();
    assert!(matches!(write_whole(path.clone(), b"{}").unwrap_err(), WriteError::Io { .. }));
    assert_eq!(names(folder.path()), ["x.inv"]);
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(write_bundle(&folder.path().join("file"), "build", b"{}", digest()).is_err());
    assert_eq!(names(folder.path()), ["file", "x.inv"]);
}

#[test]
fn a_link_in_the_way_is_not_followed() {
    // fail: neither the temporary name nor the final one leads elsewhere
    let folder = tempfile::tempdir().unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "keep").unwrap();
    let path = folder.path().join("out.inv");
    let temporary = folder.path().join(format!(".out.inv.{}.tmp", std::process::id()));
    for at in [&path, &temporary] {
        std::os::unix::fs::symlink(&victim, at).unwrap();
    }
    write_whole(path.clone(), b"new").unwrap();
    assert_eq!((fs::read(&victim).unwrap(), fs::read(&path).unwrap()), (b"keep".to_vec(), b"new".to_vec()));
    assert_eq!(names(folder.path()), ["out.inv", "victim"]);
}

#[test]
fn a_kind_that_is_no_word_is_an_error() {
    // fail: nothing that could lead out of the folder
    let folder = tempfile::tempdir().unwrap();
    for kind in ["", "../x", "a/b", "a.b", "a b"] {
        assert!(
            matches!(write_bundle(folder.path(), kind, b"{}", digest()), Err(WriteError::BadKind { .. })),
            "{kind}"
        );
    }
}

#[test]
fn an_inventory_is_named_by_its_root() {
    // pass: the file proves its own name
    let folder = tempfile::tempdir().unwrap();
    let inventory = Inventory::default();
    let path = write_inventory(folder.path(), &inventory).unwrap();
    assert_eq!(path, folder.path().join("inventories").join(format!("{}.inv", inventory.root())));
    assert_eq!(fs::read(path).unwrap(), inventory.to_blob());
}
