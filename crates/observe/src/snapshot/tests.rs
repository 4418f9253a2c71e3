use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn put(base: &Path, path: &str, text: &str) {
    let full = base.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, text).unwrap();
}

fn snapshot(base: &Path, folders: &[&str]) -> Snapshot {
    let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    take(&Roots::new(base, &folders).unwrap(), &Limits::DEFAULT).unwrap()
}

fn paths<'a>(entries: impl IntoIterator<Item = &'a SnapshotEntry>) -> Vec<String> {
    entries.into_iter().map(|entry| String::from_utf8(entry.path.clone()).unwrap()).collect()
}

#[test]
fn files_links_and_exclusions_are_recorded() {
    // pass: content, mode and link target are recorded; git's folder and links' targets are not walked
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "src/a.txt", "abc");
    put(folder.path(), ".git/config", "x");
    put(folder.path(), "sub/.git", "gitdir: elsewhere");
    put(folder.path(), "evidence/old.json", "{}");
    symlink("/", folder.path().join("top")).unwrap();
    fs::set_permissions(folder.path().join("src/a.txt"), fs::Permissions::from_mode(0o755)).unwrap();
    let roots = Roots::new(folder.path(), &[]).unwrap().excluding(Path::new("evidence"));
    let seen = take(&roots, &Limits::DEFAULT).unwrap();
    assert_eq!(paths(&seen.entries), ["src/a.txt", "top"]);
    assert_eq!(seen.exclusions, [&b".git"[..], b"evidence", b"sub/.git"]);
    let file = seen.find(b"src/a.txt").unwrap();
    assert_eq!((file.mode, file.size), (0o755, 3));
    assert!(file.sha256.unwrap().to_string().starts_with("ba7816bf"));
    assert_eq!(seen.find(b"top").unwrap().link_target, b"/");
}

#[test]
fn only_the_declared_folders_are_recorded_each_entry_once() {
    // pass: folders may lie in each other, and may not be there yet
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a/x/1", "1");
    put(folder.path(), "b/2", "2");
    assert_eq!(paths(&snapshot(folder.path(), &["a", "a/x", "later"]).entries), ["a/x/1"]);
}

#[test]
fn a_folder_outside_the_base_is_an_error() {
    // fail: above, beside, or behind a link
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("base")).unwrap();
    symlink("..", folder.path().join("base/up")).unwrap();
    for outside in ["..", "../base2", "/", "up", "nothing/../../x"] {
        let error = Roots::new(&folder.path().join("base"), &[PathBuf::from(outside)]).unwrap_err();
        assert!(matches!(error, SnapshotError::OutsideBase { .. }), "{outside}: {error}");
    }
}

#[test]
fn a_limit_that_is_passed_is_named() {
    // fail: one entry more than allowed
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", "");
    put(folder.path(), "2", "");
    let limits = Limits { entries: 1, ..Limits::DEFAULT };
    let error = take(&Roots::new(folder.path(), &[]).unwrap(), &limits).unwrap_err();
    assert!(matches!(error, SnapshotError::OverLimit { limit: 1, what: "entries", .. }), "{error}");
}

#[test]
fn a_fifo_does_not_hang_the_walk() {
    // pass: listed by type, never opened
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let seen = snapshot(folder.path(), &[]);
    assert_eq!(seen.find(b"pipe").unwrap().entry_type, EntryType::Fifo);
}

#[test]
fn a_difference_lists_added_changed_and_removed() {
    // pass: content, mode and type count; an untouched file does not, nor does a new time
    let folder = tempfile::tempdir().unwrap();
    for name in ["same", "content", "mode", "gone", "kind"] {
        put(folder.path(), name, "1");
    }
    let before = snapshot(folder.path(), &[]);
    put(folder.path(), "same", "1");
    put(folder.path(), "content", "2");
    put(folder.path(), "new", "1");
    fs::set_permissions(folder.path().join("mode"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(folder.path().join("gone")).unwrap();
    fs::remove_file(folder.path().join("kind")).unwrap();
    symlink("same", folder.path().join("kind")).unwrap();
    let after = snapshot(folder.path(), &[]);
    let changed = difference(&before, &after);
    assert_eq!(paths(changed.products), ["content", "kind", "mode", "new"]);
    assert_eq!(paths(changed.removed), ["gone"]);
}
