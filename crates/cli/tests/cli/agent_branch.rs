//! Branches that are named as agents name theirs, where somebody names them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Said, call, commit, files, git, lasthand, plain_surroundings, repository, said, statement};

/// A repository with a branch that has a commit of its own, also as a remote's.
fn branched(name: &str, branch: &str) -> PathBuf {
    let repository = repository(name);
    git(&repository, &["checkout", "--quiet", "-b", branch]);
    for text in ["two\n", "three\n"] {
        fs::write(repository.join("a.txt"), text).unwrap();
        commit(&repository, text);
    }
    git(&repository, &["update-ref", &format!("refs/remotes/origin/{branch}"), "HEAD"]);
    git(&repository, &["checkout", "--quiet", "main"]);
    repository
}

fn review(repository: &Path, what: &[&str]) -> Said {
    let plain = plain_surroundings(repository.parent().unwrap());
    let words = ["review", "approve", "--yes", "--key", "../key", "--evidence", "../evidence"];
    said(lasthand(repository).args(words).args(what).env("LASTHAND_SURROUNDINGS", plain))
}

fn source(repository: &Path, reference: &str) -> Said {
    call(repository, ["source", "--key", "../key", "--evidence", "../evidence", "--ref", reference])
}

/// Whether an agent's branch is told, and by which row.
fn is_told(said: &Said, reference: &str, rule: &str) -> bool {
    let told = format!("`{reference}` is named as an agent's branch ({rule}); whose work it is, its commits say");
    said.err.contains("warning") && said.err.contains(&told)
}

#[test]
fn a_reviewer_is_told_that_the_branch_is_named_as_an_agents() {
    // pass: by its name, a whole ref, a remote's, before its end, and for a whole tree; the review is signed as any other
    let repository = branched("branch-review", "copilot/fix-1");
    for (what, reference) in [
        (&["main..copilot/fix-1"][..], "refs/heads/copilot/fix-1"),
        (&["main..refs/heads/copilot/fix-1"], "refs/heads/copilot/fix-1"),
        (&["main..origin/copilot/fix-1"], "refs/remotes/origin/copilot/fix-1"),
        (&["main..copilot/fix-1~1"], "refs/heads/copilot/fix-1"),
        (&["--whole-tree", "copilot/fix-1"], "refs/heads/copilot/fix-1"),
    ] {
        let said = review(&repository, what);
        assert!(said.code == 0 && is_told(&said, reference, "branch:copilot/"), "{what:?}: {}", said.err);
    }
    // pass: nobody is an author by it, and no mark is in the statement, which would deny it (LH104)
    for file in files(&repository.parent().unwrap().join("evidence"), ".sigstore.json") {
        let predicate = &statement(&file)["predicate"];
        assert_eq!(predicate["authors"].as_array().map(Vec::len), Some(1), "{predicate}");
        assert_eq!(predicate["authors"][0]["sub"], "mailto:ana@example.com");
        assert!(!predicate.to_string().contains("branch:"), "{predicate}");
    }
    // pass: the branch that is checked out, where no other is named
    git(&repository, &["checkout", "--quiet", "copilot/fix-1"]);
    for what in ["main..", "main..HEAD", "HEAD~1..HEAD"] {
        let said = review(&repository, &[what]);
        assert!(is_told(&said, "refs/heads/copilot/fix-1", "branch:copilot/"), "{what}: {}", said.err);
    }
}

#[test]
fn nothing_is_told_of_other_branches() {
    // fail: a branch that is nearly named so, an agent's as base, a commit that is on an agent's
    let repository = branched("branch-other", "copilots/fix-1");
    git(&repository, &["branch", "codex/base", "main"]);
    for what in ["main..copilots/fix-1", "codex/base..copilots/fix-1"] {
        let said = review(&repository, &[what]);
        assert!(said.code == 0 && !said.err.contains("agent's branch"), "{what}: {}", said.err);
    }
    git(&repository, &["branch", "codex/head", "copilots/fix-1"]);
    git(&repository, &["checkout", "--quiet", "--detach", "codex/head"]);
    let said = review(&repository, &["main..HEAD", "--target-ref", "refs/heads/main"]);
    assert!(said.code == 0 && !said.err.contains("agent's branch"), "{}", said.err);
    let said = source(&repository, "copilots/fix-1");
    assert!(said.code == 0 && !said.err.contains("agent's branch"), "{}", said.err);
}

#[test]
fn an_observer_is_told_that_the_ref_is_named_as_an_agents() {
    // pass: the landings are recorded, and nobody is an author by the branch
    let repository = branched("branch-source", "cursor/fix-1");
    let said = source(&repository, "cursor/fix-1");
    assert!(said.code == 0 && is_told(&said, "refs/heads/cursor/fix-1", "branch:cursor/"), "{}", said.err);
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    for line in said.out.lines() {
        let predicate = &statement(&repository.join(line))["predicate"];
        assert_eq!(predicate["actors"].as_array().map(Vec::len), Some(1), "{predicate}");
        assert!(!predicate.to_string().contains("branch:"), "{predicate}");
    }
}
