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
    // fail: a quoted line, which git reads as the path within the quotes, though a folder is named as it is spelled
    let outside = borrower.path().join(".git/objects");
    let spelled = lender.path().join(".git/objects").join(format!("\"{}\"", outside.display()));
    std::fs::create_dir_all(spelled).unwrap();
    std::fs::write(lender.path().join(".git/objects/info/alternates"), format!("\"{}\"\n", outside.display())).unwrap();
    assert!(matches!(open(lender.path()), Err(GitError::AlternatesOutside { .. })));
    // fail: bytes that are not UTF-8 name a link to outside, the text that they would be shown as a folder inside
    let named = |name: &[u8]| lender.path().join(".git").join(OsStr::from_bytes(name));
    std::os::unix::fs::symlink(&outside, named(b"\xff")).unwrap();
    std::fs::create_dir(named("\u{fffd}".as_bytes())).unwrap();
    std::fs::write(lender.path().join(".git/objects/info/alternates"), b"../\xff\n").unwrap();
    assert!(matches!(open(lender.path()), Err(GitError::AlternatesOutside { .. })));
}

/// Moves a file or folder of the git folder somewhere, and leaves a link.
fn move_away(fixture: &Fixture, name: &str, to: &Path) {
    let own = fixture.path().join(".git").join(name);
    if std::fs::rename(&own, to).is_err() {
        std::fs::write(to, "").unwrap();
    }
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(to, own).unwrap();
}

#[test]
fn files_of_git_that_lie_elsewhere_are_refused() {
    let check = |name: &str, packed: bool| {
        let fixture = Fixture::new();
        fixture.edit(ANA, "a", "1\n");
        if packed {
            fixture.git(&["gc", "-q"]);
        }
        // pass: within the git folder
        move_away(&fixture, name, &fixture.path().join(".git/inside"));
        assert!(open(fixture.path()).is_ok(), "{name}: {:?}", open(fixture.path()));
        // fail: outside of it, also within the working tree
        std::fs::remove_file(fixture.path().join(".git").join(name)).unwrap();
        std::fs::rename(fixture.path().join(".git/inside"), fixture.path().join("outside")).unwrap();
        std::os::unix::fs::symlink(fixture.path().join("outside"), fixture.path().join(".git").join(name)).unwrap();
        let error = open(fixture.path()).unwrap_err();
        assert!(matches!(error, GitError::FilesOutside { .. }) && !error.hints().is_empty(), "{name}: {error}");
    };
    for name in ["objects", "objects/info", "refs", "refs/heads", "refs/heads/main", "HEAD", "config", "shallow"] {
        check(name, false);
    }
    check("objects/pack", true);
    check("packed-refs", true);
    check("config.worktree", false);
    let fixture = Fixture::new();
    let id = fixture.edit(ANA, "a", "1\n");
    check(&format!("objects/{}", &id.as_str()[..2]), false);
    // pass: HEAD as a link to a branch, as git once wrote it
    std::fs::remove_file(fixture.path().join(".git/HEAD")).unwrap();
    std::os::unix::fs::symlink("refs/heads/main", fixture.path().join(".git/HEAD")).unwrap();
    assert_eq!(resolve(&fixture.open(), "HEAD").unwrap().commit, id);
}

#[test]
fn working_tree_of_another_repository_is_refused() {
    let fixture = Fixture::new();
    let id = fixture.edit(ANA, "a", "1\n");
    let places = TempDir::new().unwrap();
    let linked = places.path().join("linked");
    fixture.git(&["worktree", "add", "-q", "-b", "topic", linked.to_str().unwrap()]);
    // pass: a linked working tree of one's own, by its folder and by its git folder
    assert_eq!(resolve(&open(&linked).unwrap(), "HEAD").unwrap().reference.as_deref(), Some("refs/heads/topic"));
    let own = fixture.path().join(".git/worktrees/linked");
    assert_eq!(resolve(&open(&own).unwrap(), "main").unwrap().commit, id);
    // fail: a folder whose `.git` file names that of another
    let thief = places.path().join("thief");
    std::fs::create_dir(&thief).unwrap();
    std::fs::copy(linked.join(".git"), thief.join(".git")).unwrap();
    assert!(matches!(open(&thief), Err(GitError::FilesOutside { .. })));
    // fail: a repository that calls objects and refs of another its own
    let other = Fixture::new();
    other.edit(BO, "a", "2\n");
    std::fs::write(other.path().join(".git/commondir"), format!("{}\n", fixture.path().join(".git").display()))
        .unwrap();
    assert!(matches!(open(other.path()), Err(GitError::FilesOutside { .. })));
    std::fs::write(other.path().join(".git/gitdir"), format!("{}\n", other.path().join(".git").display())).unwrap();
    assert!(matches!(open(other.path()), Err(GitError::FilesOutside { .. })));
}

#[test]
fn pipes_and_endless_files_are_refused_unopened() {
    let check = |name: &str, change: &dyn Fn(&Path)| {
        let fixture = Fixture::new();
        fixture.edit(ANA, "a", "1\n");
        let file = fixture.path().join(".git").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&file);
        change(&file);
        open(fixture.path()).expect_err(name)
    };
    let files = [
        "HEAD",
        "config",
        "packed-refs",
        "shallow",
        "commondir",
        "config.worktree",
        "objects/info/alternates",
        "refs/heads/x",
    ];
    for name in files {
        // fail: a pipe hangs whoever opens it
        let error = check(name, &|file| assert!(Command::new("mkfifo").arg(file).status().unwrap().success()));
        assert!(matches!(error, GitError::BadOwnFile { .. }), "{name}: {error}");
        // fail: a file too large for what it is
        let error = check(name, &|file| std::fs::File::create(file).unwrap().set_len(1 << 40).unwrap());
        assert!(matches!(error, GitError::OverLimit { .. }), "{name}: {error}");
        // fail: a file without an end
        let error = check(name, &|file| std::os::unix::fs::symlink("/dev/zero", file).unwrap());
        assert!(matches!(error, GitError::FilesOutside { .. } | GitError::BadOwnFile { .. }), "{name}: {error}");
    }
    // fail: a pipe among the objects, and one in the place of `.git`
    let pipe = |file: &Path| assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    assert!(matches!(check("objects/pack/x.idx", &pipe), GitError::BadOwnFile { .. }));
    let folder = TempDir::new().unwrap();
    pipe(&folder.path().join(".git"));
    assert!(matches!(open(folder.path()), Err(GitError::BadOwnFile { .. })));
    // fail: a pipe beside HEAD, asked for by its name
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    pipe(&fixture.path().join(".git/FETCH_HEAD"));
    assert!(matches!(resolve(&fixture.open(), "FETCH_HEAD"), Err(GitError::BadOwnFile { .. })));
}

#[test]
fn what_git_reads_past_is_read() {
    // pass: modes and dates that git takes, though it does not write them
    let fixture = Fixture::new();
    let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], b"x");
    let raw: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect();
    let file = |mode: &str, name: &str| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &raw].concat();
    let odd = [("100600", "a"), ("100664", "b"), ("100700", "c"), ("100775", "d")].map(|(mode, name)| file(mode, name));
    let plain =
        [("100644", "a"), ("100644", "b"), ("100755", "c"), ("100755", "d")].map(|(mode, name)| file(mode, name));
    let [odd, plain] = [odd, plain].map(|entries| {
        let tree = fixture.git_in(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &entries.concat());
        let tree: GitId = tree.parse().unwrap();
        let root = tree_inventory(&fixture.open(), &tree, &mut TreeCache::default()).unwrap();
        (tree, root)
    });
    assert_eq!(odd.1, plain.1, "as git's own modes");
    for date in ["1700000000.5 +0000", "Fri Jan 1 2010 +0000", "", "-1 +0000", "99999999999999999999999 +0000"] {
        let commit = format!("tree {}\nauthor {ANA} {date}\ncommitter {BO} {date}\n\nauthor x > y\n", odd.0);
        let commit =
            fixture.git_in(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], commit.as_bytes());
        let found = landings(&fixture.open(), &commit, None).unwrap();
        let people: Vec<&str> = found[0].authors.iter().map(|actor| actor.principal.as_str()).collect();
        assert_eq!(people, ["mailto:ana@example.com", "mailto:bo@example.com"], "{date}");
    }
    // fail: an entry that is none of git's
    let device = fixture.git_in(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &file("60644", "a"));
    let found = tree_inventory(&fixture.open(), &device.parse().unwrap(), &mut TreeCache::default());
    assert!(matches!(found, Err(GitError::Malformed { .. })), "{found:?}");
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
