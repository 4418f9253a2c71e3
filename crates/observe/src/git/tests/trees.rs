//! Inventories of trees, names of commits, export-ignore.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use lasthand_model::inventory::EntryType;
use sha2::Digest as _;

use super::*;
use crate::git::{GitError, TreeCache, export_ignore, resolve, resolve_range, tree_inventory};

fn mixed() -> Fixture {
    let fixture = Fixture::new();
    fixture.write("README.md", "hello\n");
    fixture.write("src/lib.rs", "fn main() {}\n");
    fixture.write("empty", "");
    fixture.write(b"odd-\xff-name", "odd\n");
    fixture.write("bin/run", "#!/bin/sh\n");
    std::fs::set_permissions(fixture.path().join("bin/run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../src/lib.rs", fixture.path().join("bin/link")).unwrap();
    fixture.git(&["add", "-A"]);
    fixture.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "160000,1234567890123456789012345678901234567890,vendor/sub",
    ]);
    fixture.git(&["commit", "-q", "-m", "all"]);
    fixture
}

#[test]
fn tree_lists_what_git_lists() {
    // pass: type, mode, link target, size and sha256 of every entry as `git ls-tree` and `git cat-file` have them
    let fixture = mixed();
    let inventory = tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap();
    let (_, listing) = fixture.run(ANA, &["ls-tree", "-r", "-z", "HEAD"]);
    let mut seen = 0;
    for row in listing.split(|b| *b == 0).filter(|row| !row.is_empty()) {
        let tab = row.iter().position(|b| *b == b'\t').unwrap();
        let head = String::from_utf8(row[..tab].to_vec()).unwrap();
        let record = inventory.find(&row[tab + 1..]).expect("listed");
        let mut words = head.split(' ');
        let (mode, id) = (words.next().unwrap(), words.nth(1).unwrap());
        let content = if mode == "160000" { Vec::new() } else { fixture.run(ANA, &["cat-file", "blob", id]).1 };
        let sha256: [u8; 32] = sha2::Sha256::digest(&content).into();
        let (entry_type, bits, digest, target) = match mode {
            "100644" => (EntryType::File, 0o644, Some(sha256), Vec::new()),
            "100755" => (EntryType::File, 0o755, Some(sha256), Vec::new()),
            "120000" => (EntryType::Symlink, 0o777, None, content.clone()),
            _ => (EntryType::Submodule, 0, None, id.as_bytes().to_vec()),
        };
        assert_eq!(
            (record.entry_type, record.mode, record.sha256.map(|d| *d.0.as_bytes()), record.link_target),
            (entry_type, bits, digest, target.as_slice())
        );
        assert_eq!(record.size, if digest.is_some() { content.len() as u64 } else { 0 });
        seen += 1;
    }
    assert_eq!((seen, inventory.records().len()), (7, 7));
}

#[test]
fn packed_and_loose_objects_read_alike() {
    // pass: a repack changes nothing
    let fixture = mixed();
    let before = tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap();
    fixture.git(&["gc", "-q", "--aggressive", "--prune=now"]);
    assert_eq!(tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap(), before);
}

#[test]
fn second_commit_reads_only_its_new_blobs() {
    // pass: cost is the diff
    let fixture = mixed();
    let (repository, mut cache) = (fixture.open(), TreeCache::default());
    tree_inventory(&repository, &fixture.tree("HEAD"), &mut cache).unwrap();
    let before = cache.blobs_read();
    fixture.edit(ANA, "src/new.rs", "new\n");
    tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut cache).unwrap();
    assert_eq!(cache.blobs_read(), before + 1);
}

#[test]
fn large_files_are_read() {
    // pass: beyond the 16 MiB that the library allows untrusted repositories by default, loose and packed
    let fixture = Fixture::new();
    fixture.write("large", vec![b'x'; 20 << 20]);
    fixture.commit(ANA, "large");
    for _ in 0..2 {
        let inventory = tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap();
        assert_eq!(inventory.get(0).unwrap().size, 20 << 20);
        fixture.git(&["gc", "-q"]);
    }
}

#[test]
fn bare_and_linked_repositories_are_opened() {
    // pass: both know the same commit
    let fixture = Fixture::new();
    let head = fixture.edit(ANA, "a", "1\n");
    let (bare, linked) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let linked = linked.path().join("tree");
    fixture.git(&[
        "clone",
        "-q",
        "--bare",
        "--no-hardlinks",
        fixture.path().to_str().unwrap(),
        bare.path().to_str().unwrap(),
    ]);
    fixture.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    for folder in [bare.path(), &linked, &fixture.path().join(".git")] {
        assert_eq!(resolve(&open(folder).unwrap(), "HEAD").unwrap().commit, head, "{}", folder.display());
    }
}

#[test]
fn sha256_repositories_are_read() {
    // pass: the other object format
    let fixture = Fixture { folder: TempDir::new().unwrap(), clock: std::cell::Cell::new(1_700_000_000) };
    fixture.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    fixture.edit(ANA, "a", "1\n");
    let found = crate::git::landings(&fixture.open(), "main", None).unwrap();
    assert_eq!((found.len(), found[0].commit.as_str().len()), (1, 64));
}

#[test]
fn names_are_resolved() {
    let fixture = Fixture::new();
    let first = fixture.edit(ANA, "a", "1\n");
    let second = fixture.edit(ANA, "a", "2\n");
    fixture.git(&["tag", "-a", "-m", "release", "v1"]);
    fixture.git(&["branch", "topic", "HEAD~1"]);
    let repository = fixture.open();
    let check = |text: &str, commit: &GitId, reference: Option<&str>| {
        let found = resolve(&repository, text).unwrap();
        assert_eq!((&found.commit, found.reference.as_deref()), (commit, reference), "{text}");
    };
    // pass: every form
    check("HEAD", &second, Some("refs/heads/main"));
    check("@", &second, Some("refs/heads/main"));
    check("main", &second, Some("refs/heads/main"));
    check("refs/heads/main", &second, Some("refs/heads/main"));
    check("v1", &second, Some("refs/tags/v1"));
    check("topic", &first, Some("refs/heads/topic"));
    check("HEAD~1", &first, None);
    check("main^", &first, None);
    check("main~0", &second, Some("refs/heads/main"));
    check(second.as_str(), &second, None);
    check(&second.as_str()[..10], &second, None);
    let range = resolve_range(&repository, "topic..main").unwrap();
    assert_eq!((range.from.commit, range.to.commit), (first, second));
    // fail: names of nothing, syntax that is not offered
    for text in ["nothing", "HEAD~9", "HEAD^2", "", "main@{1}", "HEAD:a", "--all", "HEAD~1x"] {
        assert!(matches!(resolve(&repository, text), Err(GitError::UnknownRevision { .. })), "{text}");
    }
    assert!(resolve_range(&repository, "topic...main").is_err());
    fixture.git(&["tag", "topic", "main"]);
    assert!(matches!(resolve(&fixture.open(), "topic"), Err(GitError::AmbiguousRevision { .. })));
}

#[test]
fn a_short_name_means_one_ref_or_is_refused() {
    let fixture = Fixture::new();
    let first = fixture.edit(ANA, "a", "1\n");
    let second = fixture.edit(ANA, "a", "2\n");
    let check = |others: &[&str], text: &str, expected: Result<&str, &[&str]>| {
        others.iter().for_each(|name| drop(fixture.git(&["update-ref", name, first.as_str()])));
        match (resolve(&fixture.open(), text), expected) {
            (Ok(found), Ok(reference)) => assert_eq!(found.reference.as_deref(), Some(reference), "{text}"),
            (Err(GitError::AmbiguousRevision { meanings, .. }), Err(expected)) => {
                assert_eq!(meanings, expected, "{text}")
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
        others.iter().for_each(|name| drop(fixture.git(&["update-ref", "-d", name])));
    };
    // fail: git would silently take `refs/main`, and here nobody takes one of two
    check(&["refs/main"], "main", Err(&["refs/heads/main", "refs/main"]));
    check(&["refs/tags/main"], "main", Err(&["refs/heads/main", "refs/tags/main"]));
    check(&["refs/remotes/main"], "main", Err(&["refs/heads/main", "refs/remotes/main"]));
    check(&["refs/remotes/main/HEAD"], "main", Err(&["refs/heads/main", "refs/remotes/main/HEAD"]));
    check(&["refs/heads/heads/main"], "heads/main", Err(&["refs/heads/heads/main", "refs/heads/main"]));
    // pass: the whole name, whatever else there is; a name of one ref alone
    check(&["refs/main", "refs/heads/refs/heads/main"], "refs/heads/main", Ok("refs/heads/main"));
    check(&["refs/main"], "refs/main", Ok("refs/main"));
    check(&[], "heads/main", Ok("refs/heads/main"));
    check(&["refs/remotes/origin/topic"], "origin/topic", Ok("refs/remotes/origin/topic"));
    // pass: a file beside HEAD is no ref of a branch's name
    std::fs::write(fixture.path().join(".git/main"), format!("{first}\n")).unwrap();
    check(&[], "main", Ok("refs/heads/main"));
    assert_eq!(resolve(&fixture.open(), "main").unwrap().commit, second);
    // fail: a whole name of no ref, though another ref ends in it
    fixture.git(&["update-ref", "refs/heads/refs/heads/gone", first.as_str()]);
    assert!(matches!(resolve(&fixture.open(), "refs/heads/gone"), Err(GitError::UnknownRevision { .. })));
}

#[test]
fn a_line_behind_a_byte_order_mark_ignores_nothing() {
    // fail: `git archive` keeps the file in some versions; pass: the lines after it count
    let fixture = Fixture::new();
    for path in ["first", "second", "sub/first", "sub/second"] {
        fixture.write(path, path);
    }
    fixture.write(".gitattributes", "\u{feff}first export-ignore\nsecond export-ignore\n");
    fixture.write("sub/.gitattributes", "\u{feff}second -export-ignore");
    fixture.commit(ANA, "all");
    let ignored = export_ignore(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap();
    assert_eq!(ignored, ["second", "sub/second"]);
}

#[test]
fn export_ignore_is_what_git_archive_leaves_out() {
    // pass: as `git archive`; attributes outside the tree do not count
    let fixture = Fixture::new();
    for path in [
        "a.txt",
        "docs/guide.md",
        "docs/keep.md",
        "tests/t.rs",
        "src/gen/x.rs",
        "src/y.rs",
        "src/z.tmp",
        "deep/er/z.tmp",
        "odd/*x",
    ] {
        fixture.write(path, path);
    }
    fixture.write(".gitattributes", "[attr]hidden export-ignore\n/tests export-ignore\n*.tmp hidden\n.gitattributes export-ignore\nodd/* export-ignore\n");
    fixture.write("docs/.gitattributes", "*.md export-ignore\nkeep.md -export-ignore\n");
    fixture.write("src/.gitattributes", "gen export-ignore\n");
    fixture.commit(ANA, "all");
    let ignored = export_ignore(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap();
    let covers = |path: &str| ignored.iter().any(|rule| path == rule || path.starts_with(&format!("{rule}/")));
    fixture.git(&["archive", "-o", "out.tar", "HEAD"]);
    let tar = Command::new("tar").arg("-tf").arg(fixture.path().join("out.tar")).output().unwrap();
    let archived = String::from_utf8(tar.stdout).unwrap();
    for path in fixture.git(&["ls-tree", "-r", "--name-only", "HEAD"]).lines() {
        if path.contains('*') {
            assert!(!covers(path), "a path that reads as a glob is never listed");
        } else {
            assert_eq!(covers(path), !archived.lines().any(|line| line == path), "{path} in {ignored:?}");
        }
    }
    std::fs::create_dir_all(fixture.path().join(".git/info")).unwrap();
    std::fs::write(fixture.path().join(".git/info/attributes"), "a.txt export-ignore\n").unwrap();
    assert_eq!(export_ignore(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default()).unwrap(), ignored);
}
