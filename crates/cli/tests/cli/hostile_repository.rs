//! Repositories made to run something, to be taken for others, or to wear out whoever reads them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lasthand_testkit::need;
use serde_json::Value;
use wait4::Wait4 as _;

use crate::support::{Said, call, commit, git, lasthand, repository, statement};

const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const WHO: &str = "Ana <ana@example.com> 1767225600 +0000";
/// Peak of memory of one reading, in bytes.
const PEAK: u64 = 300 << 20;

/// What `git` prints, given its input.
fn git_in(repository: &Path, words: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {words:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn object(repository: &Path, kind: &str, content: &[u8]) -> String {
    git_in(repository, &["hash-object", "--literally", "-w", "-t", kind, "--stdin"], content)
}

/// Puts a commit with this tree and these lines between tree and message on `main`.
fn put_commit(repository: &Path, tree: &str, people: &str, message: &str) {
    let id = object(repository, "commit", format!("tree {tree}\n{people}\n{message}").as_bytes());
    git(repository, &["update-ref", "refs/heads/main", &id]);
}

fn people() -> String {
    format!("author {WHO}\ncommitter {WHO}\n")
}

fn source_words<'w>(evidence: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["source", "--ref", "refs/heads/main", "--key", "../key", "--evidence", evidence][..], more].concat()
}

/// Whether processes can be watched here.
fn can_trace() -> bool {
    let traced = || Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    need::tool("strace").is_some()
        && need::feature(
            "ptrace",
            traced().is_ok_and(|output| output.status.success()),
            "processes may not be traced here",
        )
}

/// Runs `lasthand` with every process that it starts written down. Out: what it said, and the calls that start processes or programs.
fn traced(folder: &Path, words: &[&str]) -> (Said, Vec<String>) {
    let log = folder.join("../strace.log");
    let built = lasthand(folder);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "0", "-e", "trace=execve,execveat,fork,vfork,clone,clone3", "-o"]).arg(&log);
    command.arg(built.get_program()).args(words).current_dir(folder).stdin(Stdio::null());
    for (name, value) in built.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let said = crate::support::said(&mut command);
    let calls = fs::read_to_string(&log).unwrap();
    // The first call is the start of `lasthand` itself; threads are no processes.
    let calls = calls.lines().skip(1).filter(|line| !line.contains("CLONE_THREAD") && !line.contains("resumed"));
    (said, calls.map(str::to_owned).collect())
}

/// Everything that a repository can name as a command, each as one that leaves a mark.
fn arm(repository: &Path) -> PathBuf {
    let mark = repository.join("../ran");
    let script = repository.join("../evil.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display())).unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"] {
        fs::create_dir_all(repository.join(".git/hooks")).unwrap();
        fs::copy(&script, repository.join(".git/hooks").join(hook)).unwrap();
    }
    let (command, elsewhere) = (script.display(), repository.join("../elsewhere"));
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("a.txt"), "from elsewhere\n").unwrap();
    let more = format!(
        "[core]\n worktree = {}\n fsmonitor = {command}\n sshCommand = {command}\n hooksPath = .git/hooks\n editor = {command}\n pager = {command}\n alternateRefsCommand = {command}\n\
         [diff]\n external = {command}\n[diff \"evil\"]\n command = {command}\n textconv = {command}\n[merge]\n default = evil\n[merge \"evil\"]\n driver = {command}\n\
         [filter \"evil\"]\n clean = {command}\n smudge = {command}\n process = {command}\n required = true\n[credential]\n helper = {command}\n[gpg]\n program = {command}\n\
         [gpg \"ssh\"]\n program = {command}\n defaultKeyCommand = {command}\n[log]\n showSignature = true\n[remote \"origin\"]\n promisor = true\n[extensions]\n partialClone = origin\n",
        elsewhere.display()
    );
    let config = fs::read_to_string(repository.join(".git/config")).unwrap();
    fs::write(repository.join(".git/config"), config + &more).unwrap();
    mark
}

/// The landings that a call wrote, without the moments that they were written at.
fn landings(repository: &Path, said: &Said) -> Vec<Value> {
    let read = |line: &str| {
        let mut landing = statement(&repository.join(line));
        landing["predicate"].as_object_mut().unwrap().remove("finishedOn");
        landing["predicate"].as_object_mut().unwrap().remove("prev");
        landing
    };
    said.out.lines().map(read).collect()
}

#[test]
fn a_repository_chooses_neither_what_runs_nor_what_is_read() {
    // fail: merge driver, fsmonitor, textconv, filter, hooks, worktree, a replacement of a commit, a graft: no process is started, and the
    // same is stated as of the repository without any of it
    let repository = repository("hostile-runs");
    fs::write(repository.join(".gitattributes"), "* filter=evil diff=evil merge=evil\n").unwrap();
    let lines = |changed: usize, with: &str| -> String {
        (0..20).map(|line| if line == changed { format!("{with}\n") } else { format!("line {line}\n") }).collect()
    };
    fs::write(repository.join("a.txt"), lines(99, "")).unwrap();
    commit(&repository, "base");
    git(&repository, &["checkout", "-q", "-b", "topic"]);
    fs::write(repository.join("a.txt"), lines(18, "theirs")).unwrap();
    commit(&repository, "topic");
    git(&repository, &["checkout", "-q", "main"]);
    fs::write(repository.join("a.txt"), lines(2, "ours")).unwrap();
    commit(&repository, "main");
    git(&repository, &["merge", "-q", "--no-ff", "-m", "merged", "topic"]);
    let plain = call(&repository, source_words("../plain", &[]));
    assert_eq!(plain.code, 0, "{}", plain.err);
    let expected = landings(&repository, &plain);
    assert_eq!(expected.len(), 4);
    assert!(expected[3]["predicate"]["mergeOf"].is_object());

    let tip = git_in(&repository, &["rev-parse", "main"], b"");
    let agent = "Claude <noreply@anthropic.com> 1767225600 +0000";
    let fake = object(
        &repository,
        "commit",
        format!("tree {EMPTY_TREE}\nauthor {agent}\ncommitter {agent}\n\nx\n").as_bytes(),
    );
    git(&repository, &["replace", &tip, &fake]);
    fs::write(repository.join(".git/info/grafts"), format!("{tip} {fake}\n")).unwrap();
    fs::write(repository.join(".git/info/attributes"), "* merge=binary\n").unwrap();
    let mark = arm(&repository);
    let said = call(&repository, source_words("../armed", &[]));
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(landings(&repository, &said), expected);
    assert!(!mark.exists(), "a command of the repository was run");
    if !can_trace() {
        return;
    }
    for words in [
        source_words("../traced", &[]),
        vec!["review", "approve", "main~1..main", "--yes", "--key", "../key", "--evidence", "../traced"],
    ] {
        let (said, calls) = traced(&repository, &words);
        assert_eq!(said.code, 0, "{words:?}: {}", said.err);
        assert_eq!(calls, [""; 0], "{words:?}");
    }
    assert!(!mark.exists(), "a command of the repository was run");
    // pass: the watcher sees a process where one is started
    let (_, calls) = traced(
        &repository,
        &["run", "--step", "x", "--kind", "test", "--key", "../key", "--evidence", "../traced", "--", "true"],
    );
    assert!(calls.iter().any(|call| call.contains("execve")), "{calls:?}");
}

/// A blob of so many MiB. It never is in this process, whose memory those that it starts would inherit in their accounts.
fn zeros(repository: &Path, mebibytes: u32) -> String {
    let mut zeros = Command::new("head")
        .args(["-c", &format!("{mebibytes}M"), "/dev/zero"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(["hash-object", "-w", "-t", "blob", "--stdin"]);
    let output = command.stdin(zeros.stdout.take().unwrap()).output().unwrap();
    assert!(output.status.success() && zeros.wait().unwrap().success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Runs `source` on a repository. Out: what it said, and its peak of memory in bytes.
fn measured(repository: &Path, more: &[&str]) -> (Said, u64) {
    let mut command = lasthand(repository);
    command.args(source_words("../evidence", more)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (mut out, mut err) = (String::new(), String::new());
    pipes.0.read_to_string(&mut out).unwrap();
    pipes.1.read_to_string(&mut err).unwrap();
    let used = child.wait4().unwrap();
    (Said { code: used.status.code().unwrap_or(-1), out, err }, used.rusage.maxrss)
}

/// Refused with this exit code and message, and nothing is stated of the last commit.
fn refused(name: &str, code: i32, message: &str, make: impl FnOnce(&Path)) {
    let repository = repository(&format!("hostile-{name}"));
    make(&repository);
    let (said, peak) = measured(&repository, &[]);
    assert!(said.code == code && said.err.contains(message), "{name}: exit {}, {}", said.code, said.err);
    assert_eq!(said.out, "", "{name}: nothing is stated");
    assert!(peak < PEAK, "{name}: {peak} bytes");
}

#[test]
fn objects_that_are_not_what_they_are_called_are_refused() {
    // fail: each with its exit code and message; nothing is stated of a history that has one
    refused(
        "wrong-id",
        4,
        "the bytes of object `5626abf0f72e58d7a153368ba57db4c673c0e171` do not have that id",
        |repository| {
            let evil = object(repository, "blob", b"attacked\n");
            let file = |id: &str| repository.join(".git/objects").join(&id[..2]).join(&id[2..]);
            let known = file("5626abf0f72e58d7a153368ba57db4c673c0e171");
            fs::write(repository.join("a.txt"), "two\n").unwrap();
            commit(repository, "two");
            fs::set_permissions(&known, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
            fs::copy(file(&evil), known).unwrap();
        },
    );
    refused("two-authors", 4, "is malformed: not a commit", |repository| {
        put_commit(repository, EMPTY_TREE, &format!("author {WHO}\n{}", people()), "x\n");
    });
    refused("author-behind", 4, "is malformed: a header occurs twice or out of order", |repository| {
        put_commit(repository, EMPTY_TREE, &format!("{}author {WHO}\n", people()), "x\n");
    });
    refused("missing-parent", 2, "object `1234567890123456789012345678901234567890` is missing", |repository| {
        put_commit(
            repository,
            EMPTY_TREE,
            &format!("parent 1234567890123456789012345678901234567890\n{}", people()),
            "x\n",
        );
    });
    refused("missing-tree", 2, "object `1234567890123456789012345678901234567890` is missing", |repository| {
        put_commit(repository, "1234567890123456789012345678901234567890", &people(), "x\n");
    });
    refused("not-a-tree", 4, "is a blob, expected a tree", |repository| {
        let blob = object(repository, "blob", b"x");
        put_commit(repository, &blob, &people(), "x\n");
    });
}

#[test]
fn names_that_stand_for_the_folder_of_git_are_refused() {
    // fail: by case, by the short name of Windows, by signs that some file systems leave out, by dots and blanks that others cut off
    let names = [
        ".GIT",
        ".gIt",
        "git~1",
        "GIT~1",
        ".g\u{200c}it",
        "\u{feff}.git",
        ".git ",
        ".git.",
        ".git::$INDEX_ALLOCATION",
        "..",
        ".git\\x",
    ];
    for (number, name) in names.iter().enumerate() {
        refused(&format!("name-{number}"), 4, "has the hostile entry name", |repository| {
            let blob = object(repository, "blob", b"x");
            let raw: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect();
            let tree = object(repository, "tree", &[b"100644 ", name.as_bytes(), b"\0", &raw].concat());
            put_commit(repository, &tree, &people(), "x\n");
        });
    }
}

#[test]
fn what_would_wear_the_reader_out_is_refused() {
    // fail: folders in folders, more files than a tree may have, a file that is small only as it is stored, more people than a commit can have, tags upon tags
    refused("depth", 4, "bytes of a path is over the limit", |repository| {
        let path = vec!["d"; 10_000].join("/");
        let stream = format!(
            "commit refs/heads/main\nauthor {WHO}\ncommitter {WHO}\ndata 2\nx\nM 100644 inline {path}\ndata 2\nx\n\n"
        );
        git_in(repository, &["fast-import", "--quiet", "--force"], stream.as_bytes());
    });
    refused("bomb", 4, "an object's size in bytes is over the limit", |repository| {
        let blob = zeros(repository, 400);
        let tree = git_in(repository, &["mktree"], format!("100644 blob {blob}\tx\n").as_bytes());
        put_commit(repository, &tree, &people(), "x\n");
    });
    refused("wide", 4, "entries of a tree is over the limit", |repository| {
        let blob = object(repository, "blob", b"x");
        let entries: String = (0..1_000_000).map(|n| format!("100644 blob {blob}\t{n:07}\n")).collect();
        let tree = git_in(repository, &["mktree"], entries.as_bytes());
        put_commit(repository, &tree, &people(), "x\n");
        let said = call(repository, ["source", "report", "--no-cache"]);
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(said.err.contains("entries of a tree is over the limit"), "{}", said.err);
    });
    refused("paths", 4, "bytes of the paths of a tree is over the limit", |repository| {
        let blob = object(repository, "blob", b"x");
        let entries: String = (0..20_000).map(|n| format!("100644 blob {blob}\t{n:05}\n")).collect();
        let mut tree = git_in(repository, &["mktree"], entries.as_bytes());
        for _ in 0..15 {
            tree = git_in(repository, &["mktree"], format!("040000 tree {tree}\t{}\n", "d".repeat(250)).as_bytes());
        }
        put_commit(repository, &tree, &people(), "x\n");
    });
    refused("trailers", 4, "people of a commit is over the limit", |repository| {
        let trailers: String = (0..100_000).map(|n| format!("Co-authored-by: N{n} <n{n}@example.com>\n")).collect();
        put_commit(repository, EMPTY_TREE, &people(), &format!("x\n\n{trailers}"));
    });
    refused("message", 4, "an object's size in bytes is over the limit", |repository| {
        put_commit(repository, EMPTY_TREE, &people(), &"x".repeat(17 << 20));
    });
}

#[test]
fn what_is_not_asked_for_is_not_read() {
    // pass: a note of many bytes, a submodule that is the repository itself: neither is followed, and the history is stated; a file as large
    // as one may be
    let repository = repository("hostile-beside");
    let tip = git_in(&repository, &["rev-parse", "main"], b"");
    let note = zeros(&repository, 400);
    let notes = git_in(&repository, &["mktree"], format!("100644 blob {note}\t{tip}\n").as_bytes());
    let notes = object(&repository, "commit", format!("tree {notes}\n{}\nnotes\n", people()).as_bytes());
    git(&repository, &["update-ref", "refs/notes/commits", &notes]);
    let modules = "[submodule \"self\"]\n path = self\n url = ./\n";
    let modules = object(&repository, "blob", modules.as_bytes());
    let large = zeros(&repository, 100);
    let entries =
        format!("100644 blob {modules}\t.gitmodules\n100644 blob {large}\tlarge\n160000 commit {tip}\tself\n");
    let tree = git_in(&repository, &["mktree", "--missing"], entries.as_bytes());
    put_commit(&repository, &tree, &format!("parent {tip}\n{}", people()), "itself\n");
    let (said, peak) = measured(&repository, &[]);
    assert_eq!((said.code, said.out.lines().count()), (0, 2), "{}", said.err);
    assert!(peak < PEAK, "{peak} bytes");
}

#[test]
fn a_note_that_is_asked_for_is_bounded() {
    // fail: a note of many bytes, refused by its header; pass: without `--notes` nobody looks at it
    let repository = repository("hostile-note");
    let tip = git_in(&repository, &["rev-parse", "main"], b"");
    let note = zeros(&repository, 400);
    let notes = git_in(&repository, &["mktree"], format!("100644 blob {note}\t{tip}\n").as_bytes());
    let notes = object(&repository, "commit", format!("tree {notes}\n{}\nnotes\n", people()).as_bytes());
    git(&repository, &["update-ref", "refs/notes/ai", &notes]);
    let (said, peak) = measured(&repository, &["--notes"]);
    let message = "an object's size in bytes is over the limit: got 419430400, limit 16777216";
    assert!(said.code == 4 && said.out.is_empty() && said.err.contains(message), "{}: {}", said.code, said.err);
    assert!(peak < PEAK, "{peak} bytes");
    assert_eq!(measured(&repository, &[]).0.code, 0);
}
