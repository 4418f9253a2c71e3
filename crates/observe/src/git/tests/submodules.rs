//! Checkouts of submodules, and pointers of Git LFS at paths of a tree.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use lasthand_model::digest::Sha256;

use super::*;
use crate::git::{GitError, TreeCache, commit_tree, open_submodule, pointers_at, tree_inventory};

/// A superproject with a library as submodule at `vendor/lib`, and the commit of it.
fn with_submodule() -> (Fixture, GitId) {
    let library = Fixture::new();
    library.edit(BO, "src/x.c", "x\n");
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    let from = library.path().to_str().unwrap();
    fixture.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, "vendor/lib"]);
    fixture.git(&["-C", "vendor/lib", "remote", "set-url", "origin", "https://forge.example/acme/lib.git"]);
    fixture.commit(ANA, "with library");
    (fixture, library.id("HEAD"))
}

fn opened(fixture: &Fixture) -> Result<Option<Repository>, GitError> {
    open_submodule(&fixture.open(), fixture.path(), b"vendor/lib")
}

fn refused(fixture: &Fixture) {
    let error = opened(fixture).unwrap_err();
    assert!(matches!(error, GitError::FilesOutside { .. }), "{error}");
}

#[test]
fn a_submodule_is_read_out_of_the_superprojects_own_folder() {
    // pass: as `git submodule add` leaves it; the commit of the superproject's entry, whatever is checked out
    let (fixture, commit) = with_submodule();
    fixture.write("vendor/lib/src/x.c", "changed\n");
    fixture.git(&["-C", "vendor/lib", "commit", "-q", "-a", "-m", "another"]);
    let repository = opened(&fixture).unwrap().unwrap();
    assert_eq!(repository.origin().unwrap(), "https://forge.example/acme/lib.git");
    let tree = commit_tree(&repository, &commit).unwrap();
    let inventory = tree_inventory(&repository, &tree, &mut TreeCache::default()).unwrap();
    assert_eq!(inventory.find(b"src/x.c").unwrap().sha256.unwrap().0, Sha256::of(b"x\n"));
    // pass: by a whole path
    let file = fixture.path().join("vendor/lib/.git");
    std::fs::write(&file, format!("gitdir: {}\n", fixture.path().join(".git/modules/vendor/lib").display())).unwrap();
    assert!(opened(&fixture).unwrap().is_some());
    // pass: not checked out: an empty folder, no folder, a file in its place
    let check = |make: &dyn Fn(&Path)| {
        std::fs::remove_dir_all(fixture.path().join("vendor")).unwrap();
        make(&fixture.path().join("vendor"));
        assert!(opened(&fixture).unwrap().is_none());
    };
    check(&|vendor| std::fs::create_dir_all(vendor.join("lib")).unwrap());
    check(&|vendor| std::fs::create_dir_all(vendor).unwrap());
    check(&|vendor| {
        std::fs::create_dir_all(vendor).unwrap();
        std::fs::write(vendor.join("lib"), "").unwrap();
    });
}

#[test]
fn a_commit_that_is_not_there_has_no_tree() {
    // fail: an id of nothing, of a tree, of another algorithm
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    let repository = fixture.open();
    for id in ["1".repeat(40), fixture.tree("HEAD").to_string(), "1".repeat(64)] {
        let error = commit_tree(&repository, &id.parse().unwrap()).unwrap_err();
        assert!(matches!(error, GitError::MissingObject { .. } | GitError::WrongKind { .. }), "{id}: {error}");
    }
}

#[test]
fn a_submodule_whose_repository_lies_elsewhere_is_refused() {
    let (fixture, _) = with_submodule();
    let file = fixture.path().join("vendor/lib/.git");
    let as_made = std::fs::read(&file).unwrap();
    let other = Fixture::new();
    other.edit(CODER, "a", "1\n");
    let elsewhere = other.path().join(".git");
    // fail: a `.git` file that names another repository, the superproject's own, the folder of all, one beside it, one in the working tree
    std::fs::rename(fixture.path().join(".git/modules"), fixture.path().join(".git/others")).unwrap();
    std::fs::create_dir(fixture.path().join(".git/modules")).unwrap();
    for target in [elsewhere.to_str().unwrap(), "../../.git", "../../.git/modules", "../../.git/others/vendor/lib"] {
        std::fs::write(&file, format!("gitdir: {target}\n")).unwrap();
        refused(&fixture);
    }
    // fail: below `modules` by name, elsewhere by a link
    symlink(&elsewhere, fixture.path().join(".git/modules/link")).unwrap();
    std::fs::write(&file, "gitdir: ../../.git/modules/link\n").unwrap();
    refused(&fixture);
    // fail: `modules` itself is a link out
    std::fs::remove_dir_all(fixture.path().join(".git/modules")).unwrap();
    std::fs::rename(fixture.path().join(".git/others"), other.path().join("modules")).unwrap();
    symlink(other.path().join("modules"), fixture.path().join(".git/modules")).unwrap();
    std::fs::write(&file, &as_made).unwrap();
    refused(&fixture);
    std::fs::remove_file(fixture.path().join(".git/modules")).unwrap();
    std::fs::rename(other.path().join("modules"), fixture.path().join(".git/modules")).unwrap();
    assert!(opened(&fixture).unwrap().is_some(), "as it was");
    // fail: the repository that is named leads on to another, by a `.git` of its own or by the files it shares
    let module = fixture.path().join(".git/modules/vendor/lib");
    std::fs::write(module.join(".git"), format!("gitdir: {}\n", elsewhere.display())).unwrap();
    refused(&fixture);
    std::fs::remove_file(module.join(".git")).unwrap();
    std::fs::write(module.join("commondir"), format!("{}\n", elsewhere.display())).unwrap();
    refused(&fixture);
    std::fs::remove_file(module.join("commondir")).unwrap();
    // fail: the place is reached by a link
    std::fs::rename(fixture.path().join("vendor"), fixture.path().join("real")).unwrap();
    symlink("real", fixture.path().join("vendor")).unwrap();
    refused(&fixture);
}

#[test]
fn a_submodule_whose_repository_is_a_folder_in_its_place_is_refused() {
    // fail: the repository itself, as a clone in that place has it, and any other folder: what lies in it nobody records
    let (fixture, _) = with_submodule();
    let (file, module) = (fixture.path().join("vendor/lib/.git"), fixture.path().join(".git/modules/vendor/lib"));
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let refused = || {
        let error = opened(&fixture).unwrap_err();
        assert!(matches!(error, GitError::SubmoduleFolder { .. }), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("git submodule absorbgitdirs")), "{error}");
    };
    refused();
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&module, &file).unwrap();
    fixture.git(&["config", "--file", "vendor/lib/.git/config", "--unset", "core.worktree"]);
    refused();
    // pass: after what the hint says
    fixture.git(&["submodule", "--quiet", "absorbgitdirs"]);
    assert!(file.is_file() && opened(&fixture).unwrap().is_some());
}

#[test]
fn a_git_file_that_git_does_not_write_is_refused() {
    // fail: another word, too long, two lines, a link, a pipe
    let (fixture, _) = with_submodule();
    let file = fixture.path().join("vendor/lib/.git");
    let target = "../../.git/modules/vendor/lib";
    for text in [target.to_owned(), format!("gitdir: {target}\nmore\n"), format!("gitdir: {}", "./".repeat(4096))] {
        std::fs::write(&file, &text).unwrap();
        let error = opened(&fixture).unwrap_err();
        assert!(matches!(error, GitError::BadOwnFile { .. } | GitError::OverLimit { .. }), "{error}");
    }
    let made: [&dyn Fn(); 2] = [&|| symlink("../../.git/modules/vendor/lib", &file).unwrap(), &|| {
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    }];
    for make in made {
        std::fs::remove_file(&file).unwrap();
        make();
        let error = opened(&fixture).unwrap_err();
        assert!(matches!(error, GitError::BadOwnFile { .. }), "{error}");
    }
}

#[test]
fn a_submodule_that_borrows_objects_is_refused() {
    // fail: objects of another folder, as `--reference` leaves it
    let (fixture, _) = with_submodule();
    let info = fixture.path().join(".git/modules/vendor/lib/objects/info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("alternates"), format!("{}\n", fixture.path().join(".git/objects").display())).unwrap();
    assert!(matches!(opened(&fixture), Err(GitError::AlternatesOutside { .. })));
}

#[test]
fn pointers_are_read_at_the_paths_asked_for() {
    // pass: pointers alone, at the paths that are asked for, in folders too
    let oid = Sha256::of(b"real");
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 4\n");
    let fixture = Fixture::new();
    for path in ["a/deep/logo.bin", "a/other.bin", "logo.bin"] {
        fixture.write(path, &pointer);
    }
    fixture.write("text", "text\n");
    fixture.write("large", pointer.clone() + &"x".repeat(1024));
    symlink("text", fixture.path().join("link")).unwrap();
    fixture.commit(ANA, "all");
    let asked = |paths: &[&str]| -> Vec<String> {
        let paths: BTreeSet<Vec<u8>> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
        let found = pointers_at(&fixture.open(), &fixture.tree("HEAD"), &paths).unwrap();
        assert!(found.iter().all(|file| file.bytes == pointer.as_bytes() && file.pointer.sha256.0 == oid));
        let mut paths: Vec<String> = found.into_iter().map(|file| String::from_utf8(file.path).unwrap()).collect();
        paths.sort();
        paths
    };
    assert_eq!(asked(&["a/deep/logo.bin", "logo.bin"]), ["a/deep/logo.bin", "logo.bin"]);
    assert_eq!(asked(&["a/other.bin"]), ["a/other.bin"]);
    // fail: no pointer, too large for one, a link, a folder, nothing there
    assert_eq!(asked(&["text", "large", "link", "a", "a/deep", "none", "a/none"]), [""; 0]);
    assert_eq!(asked(&[]), [""; 0]);
}
