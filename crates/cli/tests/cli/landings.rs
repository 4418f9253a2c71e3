//! What `lasthand source` says of a landing that is more than what it brings in.

use std::fs;
use std::path::Path;

use crate::support::{Said, call, commit, git, lasthand, plain_surroundings, repository, said};

fn source(repository: &Path) -> Said {
    call(repository, ["source", "--key", "../key", "--evidence", "../evidence"])
}

fn approve(repository: &Path, range: &str) {
    let plain = plain_surroundings(repository.parent().unwrap());
    let mut approve = lasthand(repository);
    approve.args(["approve", range, "--key", "../key", "--evidence", "../evidence", "--yes"]);
    let said = said(approve.env("LASTHAND_SURROUNDINGS", plain));
    assert_eq!(said.code, 0, "{}", said.err);
}

/// A line that is said on standard error.
#[track_caller]
fn says(said: &Said, words: &[&str]) {
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.err.lines().any(|line| words.iter().all(|word| line.contains(word))),
        "no {words:?} in:\n{}",
        said.err
    );
}

#[test]
fn a_merge_with_more_than_its_sides_names_the_paths() {
    // fail: a file added in the merge, under a name that would be a line of its own; pass: the plain merge before it is counted and not warned of
    let repository = repository("landings-evil");
    for name in ["one", "two"] {
        git(&repository, &["checkout", "--quiet", "-b", name, "main"]);
        fs::write(repository.join(name), "x\n").unwrap();
        commit(&repository, name);
    }
    git(&repository, &["checkout", "--quiet", "main"]);
    git(&repository, &["merge", "--quiet", "--no-ff", "-m", "plain", "one"]);
    git(&repository, &["merge", "--quiet", "--no-ff", "--no-commit", "two"]);
    fs::write(repository.join("evil\nwarning: all is well"), "x\n").unwrap();
    commit(&repository, "merge");
    let said = source(&repository);
    says(&said, &["is not its own recomputation", "it holds content", "to be reviewed: `evil?warning: all is well`"]);
    says(&said, &["landings recorded: 3 (identity 2, replay 0, residual 1)"]);
    assert_eq!(said.err.matches("recomputation").count(), 1, "{}", said.err);
}

#[test]
fn a_landing_near_the_reviewed_change_is_measured_by_it() {
    // pass: the reviewed change on a base that moved; fail: the same patch with another indentation
    let repository = repository("landings-patch");
    fs::write(repository.join("b.txt"), "if x\n  log\nend\n").unwrap();
    commit(&repository, "two");
    git(&repository, &["checkout", "--quiet", "-b", "topic"]);
    fs::write(repository.join("b.txt"), "if x\n  log\n  deny\nend\n").unwrap();
    commit(&repository, "topic");
    approve(&repository, "main..topic");
    git(&repository, &["checkout", "--quiet", "main"]);
    fs::write(repository.join("a.txt"), "moved\n").unwrap();
    commit(&repository, "moved");
    git(&repository, &["branch", "other"]);
    git(&repository, &["cherry-pick", "topic"]);
    says(&source(&repository), &["landings recorded: 4 (identity 3, replay 1, residual 0)"]);

    git(&repository, &["checkout", "--quiet", "other"]);
    fs::write(repository.join("b.txt"), "if x\n  log\ndeny\nend\n").unwrap();
    commit(&repository, "landed");
    let said = source(&repository);
    says(&said, &["is not the reviewed change", "to be reviewed: `b.txt`", "explains it and covers nothing"]);
    says(&said, &["residual 1)"]);
}

#[test]
fn what_a_landing_only_names_is_told() {
    // pass: a commit of another repository, and a file that a store of large files keeps
    let repository = repository("landings-pins");
    let pinned = "1111111111111111111111111111111111111111";
    git(&repository, &["update-index", "--add", "--cacheinfo", &format!("160000,{pinned},lib")]);
    let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
    fs::write(repository.join("big"), pointer).unwrap();
    git(&repository, &["add", "big"]);
    git(&repository, &["commit", "--quiet", "-m", "pins"]);
    let said = source(&repository);
    says(&said, &["`lib` is commit", pinned, "another repository"]);
    says(&said, &["`big` stands for a file of 12345 bytes", oid]);
}
