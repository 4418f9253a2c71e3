//! Folders and files of this machine.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, NoteKind, local, read};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use tempfile::TempDir;

fn facts(folder: &TempDir) -> Result<ArtifactFacts, ArtifactError> {
    read(&local::open(folder.path()).unwrap(), None, &Limits::DEFAULT, &mut |_| {})
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("d/b"), b"bb").unwrap();
    fs::write(folder.path().join("a"), b"a").unwrap();
    fs::set_permissions(folder.path().join("a"), fs::Permissions::from_mode(0o4750)).unwrap();
    fs::hard_link(folder.path().join("a"), folder.path().join("d/again")).unwrap();
    symlink("/etc", folder.path().join("d/link")).unwrap();
    folder
}

#[test]
fn a_folder_is_inventoried_in_path_order() {
    // pass: types, modes, targets, digests; a link is not followed; a hard link is a plain file
    let folder = folder();
    let facts = facts(&folder).unwrap();
    let found: Vec<_> = facts.inventory.records().map(|record| (record.path, record.entry_type)).collect();
    let expected: [(&[u8], EntryType); 5] = [
        (b"a", EntryType::File),
        (b"d", EntryType::Directory),
        (b"d/again", EntryType::File),
        (b"d/b", EntryType::File),
        (b"d/link", EntryType::Symlink),
    ];
    assert_eq!(found, expected);
    let a = facts.inventory.find(b"a").unwrap();
    assert_eq!((a.mode, a.size, a.sha256.unwrap().0), (0o4750, 1, Sha256::of(b"a")));
    assert_eq!(facts.inventory.find(b"d/link").unwrap().link_target, b"/etc");
    assert_eq!((facts.kind, facts.size), (Kind::Directory, 4));
    assert_eq!(facts.digest.0, facts.inventory.root().0);
    assert!(facts.notes.iter().any(|note| note.kind == NoteKind::SetId && note.path == b"a"));
}

#[test]
fn equal_folders_have_one_digest_and_a_changed_one_another() {
    // pass: names of the folder itself and order of creation do not matter; fail: one byte differs
    let (one, other) = (folder(), folder());
    assert_eq!(facts(&one).unwrap().digest, facts(&other).unwrap().digest);
    fs::write(other.path().join("d/b"), b"bc").unwrap();
    assert_ne!(facts(&one).unwrap().digest, facts(&other).unwrap().digest);
}

#[test]
fn a_socket_in_a_folder_is_refused_by_name() {
    // fail: a type that no inventory has
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
    let error = facts(&folder).unwrap_err();
    assert!(matches!(&error, ArtifactError::Entry { path, .. } if path == b"s"), "{error}");
    assert!(!error.hints().is_empty());
}

#[test]
fn a_file_is_one_record_under_its_last_name() {
    // pass: whole digest, also of a compressed file without a tar
    let folder = folder();
    let facts = read(&local::open(folder.path().join("d/b")).unwrap(), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!((facts.kind, facts.digest.0, facts.size), (Kind::File, Sha256::of(b"bb"), 2));
    assert_eq!(facts.inventory.find(b"b").unwrap().sha256.unwrap().0, Sha256::of(b"bb"));
}
