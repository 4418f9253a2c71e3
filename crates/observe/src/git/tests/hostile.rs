//! Repositories made to harm whoever reads them.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::git::{
    GitError, TreeCache, attribute, bind_reviews, diff, export_ignore, landings, recompute, resolve, tree_inventory,
    unified,
};

#[test]
fn nothing_the_repository_names_is_run() {
    // fail: every way for a repository's configuration or attributes to name a command; none leaves its mark
    let fixture = Fixture::new();
    fixture.write("a", lines(&[]));
    fixture.write(".gitattributes", "* filter=evil diff=evil merge=evil export-ignore\n");
    let base = fixture.commit(ANA, "base");
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.edit(BO, "a", &lines(&[(18, "t")]));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "a", &lines(&[(2, "o")]));
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m", "topic"]);
    let head = fixture.id("HEAD");
    let trees = [fixture.tree("HEAD~1"), fixture.tree("HEAD")];

    let marker = fixture.path().join("ran");
    let script = fixture.path().join("evil.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", marker.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"] {
        std::fs::copy(&script, fixture.path().join(".git/hooks").join(hook)).unwrap();
    }
    let command = script.display();
    let config = format!(
        "[core]\n repositoryformatversion = 0\n bare = false\n fsmonitor = {command}\n sshCommand = {command}\n hooksPath = .git/hooks\n editor = {command}\n pager = {command}\n gitProxy = {command}\n alternateRefsCommand = {command}\n\
         [diff]\n external = {command}\n[diff \"evil\"]\n command = {command}\n textconv = {command}\n[merge]\n default = evil\n[merge \"evil\"]\n driver = {command}\n\
         [filter \"evil\"]\n clean = {command}\n smudge = {command}\n process = {command}\n required = true\n[credential]\n helper = {command}\n[gpg]\n program = {command}\n[include]\n path = {0}/more\n\
         [remote \"origin\"]\n url = ext::{command}\n promisor = true\n[extensions]\n partialClone = origin\n",
        fixture.path().display()
    );
    std::fs::write(fixture.path().join(".git/config"), &config).unwrap();
    std::fs::write(fixture.path().join("more"), format!("[core]\n fsmonitor = {command}\n")).unwrap();

    let repository = fixture.open();
    let mut found = landings(&repository, "main", None).unwrap();
    assert!(found.pop().unwrap().class.merge_note().is_none(), "the merge is the plain one, whatever the driver says");
    bind_reviews(&repository, &mut found, &[(trees[0].clone(), trees[1].clone())]).unwrap();
    tree_inventory(&repository, &trees[1], &mut TreeCache::default()).unwrap();
    export_ignore(&repository, &trees[1], &mut TreeCache::default()).unwrap();
    let mut changes = diff(&repository, &trees[0], &trees[1]).unwrap();
    attribute(&repository, &mut changes, &base, &head).unwrap();
    for change in &changes {
        assert!(unified(&repository, change).unwrap().contains("@@"));
    }
    resolve(&repository, "HEAD~1").unwrap();
    let absent: GitId = "1234567890123456789012345678901234567890".parse().unwrap();
    assert!(tree_inventory(&repository, &absent, &mut TreeCache::default()).is_err(), "and no promisor is asked");
    assert!(!marker.exists(), "a command of the repository was run");
}

#[test]
fn alternates_outside_are_refused() {
    let lender = Fixture::new();
    lender.edit(ANA, "a", "1\n");
    let borrower = TempDir::new().unwrap();
    lender.git(&["clone", "-q", "--shared", lender.path().to_str().unwrap(), borrower.path().to_str().unwrap()]);
    // fail: objects of another folder
    let error = open(borrower.path()).unwrap_err();
    assert!(matches!(error, GitError::AlternatesOutside { .. }) && !error.hints().is_empty(), "{error}");
    // fail: also by a relative path
    std::fs::create_dir_all(lender.path().join(".git/objects/info")).unwrap();
    std::fs::write(lender.path().join(".git/objects/info/alternates"), "../../..\n").unwrap();
    assert!(matches!(open(lender.path()), Err(GitError::AlternatesOutside { .. })));
    // pass: inside
    std::fs::create_dir_all(lender.path().join(".git/more-objects")).unwrap();
    std::fs::write(lender.path().join(".git/objects/info/alternates"), "../more-objects\n").unwrap();
    assert!(open(lender.path()).is_ok());
}

#[test]
fn hostile_names_are_refused() {
    let check = |name: &[u8], kind: &str, hostile: bool| {
        let fixture = Fixture::new();
        let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], b"x");
        let inner = fixture.git_in(&["mktree"], format!("100644 blob {blob}\tx\n").as_bytes());
        let (mode, id) = if kind == "tree" { ("40000", &inner) } else { ("100644", &blob) };
        let raw: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()).collect();
        let bytes = [mode.as_bytes(), b" ", name, b"\0", &raw].concat();
        let tree = fixture.git_in(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &bytes);
        let found = tree_inventory(&fixture.open(), &tree.parse().unwrap(), &mut TreeCache::default());
        assert_eq!(
            matches!(found, Err(GitError::HostilePath { .. })),
            hostile,
            "{:?}: {found:?}",
            String::from_utf8_lossy(name)
        );
    };
    // fail: out of the folder, into `.git`
    for name in [&b".."[..], b".", b"", b".git", b".GiT", b"git~1", b"a/b", "../x".as_bytes()] {
        check(name, "tree", true);
        check(name, "blob", true);
    }
    // pass: looks like it, is not
    check(b".gitmodules", "blob", false);
    check(b"...", "tree", false);
}

#[test]
fn object_with_other_bytes_than_its_name_is_refused() {
    // fail: a loose object put under a reviewed blob's id
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "reviewed\n");
    let reviewed = fixture.id("HEAD:a");
    let evil = fixture.git_in(&["hash-object", "-w", "--stdin"], b"attacked\n");
    let file = |id: &str| fixture.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(file(reviewed.as_str())).unwrap();
    std::fs::copy(file(&evil), file(reviewed.as_str())).unwrap();
    let found = tree_inventory(&fixture.open(), &fixture.tree("HEAD"), &mut TreeCache::default());
    assert!(matches!(found, Err(GitError::ObjectMismatch { .. })), "{found:?}");
}

#[test]
fn replacement_refs_are_not_followed() {
    // fail: `git replace` shows other people for the same id
    let fixture = Fixture::new();
    let agents = fixture.edit(CODER, "a", "1\n");
    let tree = fixture.tree("HEAD");
    let fake = fixture.git_as(ANA, &["commit-tree", "-m", "x", tree.as_str()]);
    fixture.git(&["replace", agents.as_str(), &fake]);
    assert_eq!(fixture.git(&["log", "-1", "--format=%ae"]), "ana@example.com", "git is fooled");
    let found = landings(&fixture.open(), "main", None).unwrap();
    assert_eq!(found[0].authors[0].principal, "mailto:noreply@anthropic.com");
}

#[test]
fn commit_with_two_authors_is_refused() {
    // fail: readers disagree about which one counts
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    let tree = fixture.tree("HEAD");
    let raw = format!("tree {tree}\nauthor {ANA} 1 +0000\nauthor {CODER} 1 +0000\ncommitter {ANA} 1 +0000\n\nx\n");
    let commit = fixture.git_in(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], raw.as_bytes());
    assert!(matches!(landings(&fixture.open(), &commit, None), Err(GitError::Malformed { .. })));
}

#[test]
fn trees_that_list_each_other_end() {
    // fail: 2^40 folders out of forty objects: read, compared and merged
    let fixture = Fixture::new();
    let trees = [("100755", "1"), ("100644", "1"), ("100644", "2")].map(|(mode, content)| {
        let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], content.as_bytes());
        let mut tree = fixture.git_in(&["mktree"], format!("{mode} blob {blob}\ta\n").as_bytes());
        for _ in 0..40 {
            tree = fixture.git_in(&["mktree"], format!("040000 tree {tree}\ta\n040000 tree {tree}\tb\n").as_bytes());
        }
        tree.parse::<GitId>().unwrap()
    });
    let (repository, [one, two, three]) = (fixture.open(), &trees);
    let found = tree_inventory(&repository, one, &mut TreeCache::default());
    assert!(matches!(found, Err(GitError::OverLimit { .. })), "{found:?}");
    assert!(matches!(diff(&repository, one, two), Err(GitError::OverLimit { .. })));
    assert!(matches!(recompute(&repository, one, two, three), Err(GitError::OverLimit { .. })));
}

#[test]
fn folder_without_repository_is_an_error() {
    // fail: nothing there, and no search upwards
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path().join("sub")).unwrap();
    assert!(matches!(open(&fixture.path().join("sub")), Err(GitError::Open { .. })));
    assert!(open(&fixture.path().join("missing")).is_err());
}
