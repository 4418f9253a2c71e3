//! `lasthand review approve`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Said, call, commit, files, lasthand, plain_surroundings, repository, said, statement};

/// A repository with a second commit, and surroundings in which nobody is seen.
fn changed(name: &str) -> (PathBuf, PathBuf) {
    let repository = repository(name);
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    fs::write(repository.join("b.txt"), "evil \u{202e}txt\n").unwrap();
    commit(&repository, "two");
    let plain = plain_surroundings(repository.parent().unwrap());
    (repository, plain)
}

const APPROVE: [&str; 7] = ["review", "approve", "HEAD~1..HEAD", "--key", "../key", "--evidence", "../evidence"];

fn approve(repository: &Path, surroundings: &Path, more: &[&str]) -> Said {
    said(lasthand(repository).args(APPROVE).args(more).env("LASTHAND_SURROUNDINGS", surroundings))
}

fn evidence(repository: &Path) -> PathBuf {
    repository.parent().unwrap().join("evidence")
}

#[test]
fn an_approval_holds_the_change_that_was_shown() {
    // pass: the diff on standard error, nothing but the path on standard output, interactive false
    let (repository, plain) = changed("review-yes");
    let said = approve(&repository, &plain, &["--yes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("-one") && said.err.contains("+two"), "{}", said.err);
    assert!(!said.err.contains('\u{202e}'), "a direction mark reached the terminal");
    let review = statement(&files(&evidence(&repository), ".sigstore.json")[0]);
    let predicate = &review["predicate"];
    assert_eq!(predicate["interactive"], false);
    assert_eq!(predicate["targetRef"], "refs/heads/main");
    assert_eq!(predicate["scope"], serde_json::json!(["**"]));
    assert_eq!(predicate["reviewer"]["sub_profile"], "user");
    assert_eq!(predicate["authors"][0]["sub"], "mailto:ana@example.com");
    assert_eq!(files(&evidence(&repository).join("inventories"), ".inv").len(), 2);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
}

#[test]
fn the_short_form_and_a_scope_work_alike() {
    // pass: `approve`, narrower, for another ref
    let (repository, plain) = changed("review-short");
    let mut command = lasthand(&repository);
    command.args(&APPROVE[1..]).args(["--yes", "--scope", "a.*", "--target-ref", "refs/heads/next"]);
    assert_eq!(said(command.env("LASTHAND_SURROUNDINGS", plain)).code, 0);
    let review = statement(&files(&evidence(&repository), ".sigstore.json")[0]);
    assert_eq!(review["predicate"]["scope"], serde_json::json!(["a.*"]));
    assert_eq!(review["predicate"]["targetRef"], "refs/heads/next");
}

#[test]
fn files_that_an_agent_touched_come_first() {
    // pass: the account named with --agent is shown as one
    let (repository, plain) = changed("review-agent-first");
    let said = approve(&repository, &plain, &["--yes", "--agent", "ana@example.com=bo@example.com"]);
    assert!(said.err.contains("=== a.txt: touched by an agent by mailto:ana@example.com"), "{}", said.err);
    assert!(said.err.contains("files changed: 2, touched by agents: 2"), "{}", said.err);
}

#[test]
fn a_name_cannot_write_lines_of_its_own() {
    // fail: a file whose name goes on with a line that says no agent was there
    let repository = repository("review-lines");
    fs::write(repository.join("a\nfiles changed: 1, touched by agents: 0\n"), "x\n").unwrap();
    commit(&repository, "odd");
    let plain = plain_surroundings(repository.parent().unwrap());
    let said = approve(&repository, &plain, &["--yes", "--agent", "ana@example.com=bo@example.com"]);
    let forged = said.err.lines().any(|line| line == "files changed: 1, touched by agents: 0");
    assert!(said.code == 0 && !forged, "{}", said.err);
}

#[test]
fn an_agent_cannot_review() {
    // fail: any mark, also with --yes
    let (repository, _) = changed("review-agent");
    let said = said(lasthand(&repository).args(APPROVE).arg("--yes").env("CLAUDECODE", "1"));
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("agents cannot review") && said.err.contains("CLAUDECODE"), "{}", said.err);
    assert!(!evidence(&repository).exists());
}

#[test]
fn an_agent_cannot_have_a_review_signed_either() {
    // fail: the same statement, written by hand, under a mark; pass: without one
    let (repository, plain) = changed("review-attest");
    assert_eq!(approve(&repository, &plain, &["--yes"]).code, 0);
    let review = statement(&files(&evidence(&repository), ".sigstore.json")[0]);
    fs::write(repository.join("../review.json"), review.to_string()).unwrap();
    let attest = |marks: &str| {
        let seen = repository.join("../seen.json");
        fs::write(&seen, marks).unwrap();
        let mut command = lasthand(&repository);
        command.args(["attest", "--statement", "../review.json", "--key", "../key", "--evidence", "../attested"]);
        said(command.env("LASTHAND_SURROUNDINGS", seen))
    };
    let marked = r#"{"marks": [{"source": "environment", "rule": "AI_AGENT", "agent": "x"}]}"#;
    let refused = attest(marked);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(refused.err.contains("agents cannot review"), "{}", refused.err);
    assert!(!repository.join("../attested").exists());
    assert_eq!(attest("{}").code, 0);
}

#[test]
fn without_a_terminal_yes_must_be_said() {
    // fail: nobody to ask
    let (repository, plain) = changed("review-mute");
    let said = approve(&repository, &plain, &[]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("--yes"), "{}", said.err);
    assert!(!evidence(&repository).exists());
}

#[test]
fn whoever_does_not_type_yes_signs_nothing() {
    // fail: a terminal, and an end of input in place of an answer
    let (repository, _) = changed("review-no");
    let terminal = repository.parent().unwrap().join("terminal.json");
    fs::write(&terminal, r#"{"terminal": true}"#).unwrap();
    let said = approve(&repository, &terminal, &[]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("not approved"), "{}", said.err);
    assert!(!evidence(&repository).exists());
}

#[test]
fn whoever_types_yes_on_a_terminal_was_asked() {
    // pass: the question on standard error, the answer on standard input, interactive true
    let (repository, _) = changed("review-asked");
    let terminal = repository.parent().unwrap().join("terminal.json");
    let answer = repository.parent().unwrap().join("answer");
    fs::write(&terminal, r#"{"terminal": true}"#).unwrap();
    fs::write(&answer, "yes\n").unwrap();
    let mut command = lasthand(&repository);
    command.args(APPROVE).env("LASTHAND_SURROUNDINGS", terminal).stdin(fs::File::open(answer).unwrap());
    let said = said(&mut command);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("Do you approve this change?"), "{}", said.err);
    let review = statement(&files(&evidence(&repository), ".sigstore.json")[0]);
    assert_eq!(review["predicate"]["interactive"], true);
    assert_eq!(review["predicate"]["surroundings"], "simulated");
}

#[test]
fn nothing_to_approve_is_wrong_use() {
    // fail: equal trees, an unknown revision, a ref by half its name
    let (repository, plain) = changed("review-nothing");
    for (words, part) in [
        (["review", "approve", "HEAD..HEAD"].as_slice(), "same tree"),
        (["review", "approve", "nowhere..HEAD"].as_slice(), "nowhere"),
        (["review", "approve", "HEAD~1..HEAD", "--target-ref", "main"].as_slice(), "refs/heads/main"),
    ] {
        let mut command = lasthand(&repository);
        command.args(words).args(["--key", "../key", "--evidence", "../evidence", "--yes"]);
        let said = said(command.env("LASTHAND_SURROUNDINGS", &plain));
        assert_eq!(said.code, 2, "{words:?}");
        assert!(said.err.contains(part), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_whole_tree_can_be_approved() {
    // pass: no base, the list of authors complete
    let (repository, plain) = changed("review-whole");
    let mut command = lasthand(&repository);
    command.args(["approve", "--whole-tree", "HEAD", "--key", "../key", "--evidence", "../evidence", "--yes"]);
    let said = said(command.env("LASTHAND_SURROUNDINGS", plain));
    assert_eq!(said.code, 0, "{}", said.err);
    let review = statement(&files(&evidence(&repository), ".sigstore.json")[0]);
    assert!(review["predicate"].get("base").is_none());
    assert_eq!(review["predicate"]["authorsComplete"], true);
    assert!(call(&repository, ["approve", "--help"]).out.contains("--whole-tree"));
}
