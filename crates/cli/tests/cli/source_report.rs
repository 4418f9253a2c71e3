//! `lasthand source report` and `lasthand blame`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Said, call, commit, copy, demo, folder, git, lasthand, plain_surroundings, repository, said};

/// A report as a document, with a cache of its own.
fn report(repository: &Path, more: &[&str]) -> Value {
    let said = call(repository, ["source", "report", "--cache-dir", "../cache", "-o", "json"].iter().chain(more));
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

fn blame(repository: &Path, more: &[&str]) -> Said {
    call(repository, ["blame", "--cache-dir", "../cache"].iter().chain(more))
}

fn edit(repository: &Path, path: &str, text: &str, message: &str) {
    fs::write(repository.join(path), text).unwrap();
    commit(repository, message);
}

fn paths(report: &Value, author: &str) -> Vec<String> {
    let items = report["no_human"].as_array().unwrap().iter();
    let of = items.filter(|item| item["author_kind"] == author);
    of.map(|item| item["path"].as_str().unwrap().to_owned()).collect()
}

/// A history with a person's and an agent's files.
fn two_hands(name: &str) -> PathBuf {
    let repository = repository(name);
    edit(&repository, "b.txt", "b\n", "b\n\nCo-authored-by: Claude <noreply@anthropic.com>");
    edit(&repository, "c.txt", "one\ntwo\n", "c");
    repository
}

#[test]
fn without_evidence_everything_has_its_last_hand_and_no_review() {
    // pass: every file, its author's kind and commit; the answer says that no review is known
    let repository = two_hands("report-plain");
    let found = report(&repository, &[]);
    assert_eq!(found["landings"], 3);
    assert_eq!(found["coverage"]["nothing"], serde_json::json!({ "paths": 3, "bytes": 14 }));
    assert_eq!(found["coverage"]["total"], found["coverage"]["nothing"]);
    assert_eq!(
        (paths(&found, "agent"), paths(&found, "human")),
        (vec!["b.txt".to_owned()], vec!["a.txt".to_owned(), "c.txt".to_owned()])
    );
    assert!(found["evidence"].is_null());
    let group = |kind: &str, paths: u64| {
        let groups = found["groups"].as_array().unwrap();
        groups
            .iter()
            .any(|group| group["influence"] == kind && group["author_kind"] == "human" && group["paths"] == paths)
    };
    assert!(group("product-code", 2), "{}", found["groups"]);
    // pass: the row that tells who is an agent, and none for a person
    let rules = |kind: &str| -> Vec<String> {
        let items = found["no_human"].as_array().unwrap().iter();
        let people = items.flat_map(|item| item["people"].as_array().unwrap()).filter(|person| person["kind"] == kind);
        people.map(|person| format!("{} {}", person["rule"], person["level"])).collect()
    };
    assert!(rules("agent").iter().all(|rule| rule == "\"mail:noreply@anthropic.com\" 2"), "{:?}", rules("agent"));
    assert!(!rules("agent").is_empty() && rules("human").iter().all(|rule| rule == "null 2"), "{:?}", rules("human"));
    let text = call(&repository, ["source", "report", "--no-cache"]);
    assert!(
        text.out.contains("no review is known") && text.out.contains("agent, product-code: 1 files"),
        "{}",
        text.out
    );
    assert!(
        text.out.contains("mailto:noreply@anthropic.com (agent, level 2, git-trailer) for mailto:ana@example.com"),
        "{}",
        text.out
    );
}

#[test]
fn a_report_goes_on_from_what_is_kept() {
    // pass: the same as from nothing, after one more commit, a rewritten history and a damaged state
    let repository = two_hands("report-kept");
    let fresh = |repository: &Path| report(repository, &[]);
    let whole = |repository: &Path| {
        let said = call(repository, ["source", "report", "--no-cache", "-o", "json"]);
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    assert_eq!(fresh(&repository), whole(&repository));
    edit(&repository, "a.txt", "more\n", "more");
    assert_eq!(fresh(&repository), whole(&repository));
    git(&repository, &["reset", "--quiet", "--hard", "HEAD~2"]);
    edit(&repository, "d.txt", "d\n", "another way");
    assert_eq!(fresh(&repository), whole(&repository));
    let states = repository.parent().unwrap().join("cache/ledgers");
    let state = fs::read_dir(&states).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&state).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&state, bytes).unwrap();
    assert_eq!(fresh(&repository), whole(&repository));
    // Nothing is written into the repository.
    assert!(!repository.join(".git/lasthand").exists());
}

/// Ids of the findings of a report, each with how often.
fn noticed(report: &Value) -> Vec<(String, usize)> {
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        *ids.entry(finding["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    ids.into_iter().collect()
}

fn counted(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect()
}

#[test]
fn odd_people_are_findings_of_every_run() {
    // pass: each with id, commit, row and hint, newest first, in the first run, in later ones, and from nothing; fail: a person's sign-off
    let repository = repository("report-odd");
    let signed = "Signed-off-by: Claude <noreply@anthropic.com>";
    edit(&repository, "b.txt", "b\n", &format!("b\n\n{signed}\nSigned-off-by: Ana <ana@example.com>"));
    edit(
        &repository,
        "c.txt",
        "c\n",
        "c\n\nReviewed-by: Copilot <copilot@github.com>\nReviewed-by: Bo <bo@example.com>",
    );
    fs::write(repository.join("d.txt"), "d\n").unwrap();
    git(&repository, &["add", "--all"]);
    git(&repository, &["commit", "--quiet", "-m", "d", "--author", "Claude Code <ana@example.com>"]);
    let first = report(&repository, &[]);
    assert_eq!(noticed(&first), counted(&[("LH104", 1), ("LH113", 1), ("LH207", 1)]), "{first:#}");
    let found = &first["findings"][2];
    assert_eq!(
        (&found["id"], &found["severity"], &found["principal"], &found["rule"]),
        (
            &json!("LH113"),
            &json!("warning"),
            &json!("mailto:noreply@anthropic.com"),
            &json!("mail:noreply@anthropic.com")
        )
    );
    assert!(found["commit"].as_str().unwrap().len() == 40 && found["hint"].as_str().unwrap().contains("sign off"));
    assert!(found["message"].as_str().unwrap().contains("signed off, but is an agent"), "{found}");

    // A branch that is named as an agent's, and what came in by it.
    git(&repository, &["checkout", "--quiet", "-b", "claude/thing"]);
    edit(&repository, "e.txt", "e\n", &format!("e\n\n{signed}"));
    git(&repository, &["checkout", "--quiet", "main"]);
    git(&repository, &["merge", "--quiet", "--no-ff", "-m", "Merge branch 'claude/thing'", "claude/thing"]);
    let second = report(&repository, &[]);
    assert_eq!(noticed(&second), counted(&[("LH104", 1), ("LH113", 2), ("LH114", 1), ("LH207", 1)]), "{second:#}");
    let branch = second["findings"].as_array().unwrap().iter().find(|found| found["id"] == "LH114").unwrap();
    assert_eq!((&branch["severity"], &branch["principal"]), (&json!("note"), &Value::Null));
    assert_eq!(second["findings_left_out"], 0);
    let said = call(&repository, ["source", "report", "--no-cache", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap(), second);
    assert_eq!(report(&repository, &[]), second);
}

#[test]
fn the_text_lists_ten_of_each_finding() {
    // pass: ten of eleven, all with `--all`; fail: a section where there is nothing
    let repository = two_hands("report-odd-text");
    let text = |more: &[&str]| call(&repository, ["source", "report", "--no-cache"].iter().chain(more)).out;
    assert!(!text(&[]).contains("Noticed"), "{}", text(&[]));
    for number in 0..11 {
        edit(&repository, "b.txt", &format!("{number}\n"), "b\n\nSigned-off-by: Claude <noreply@anthropic.com>");
    }
    let lines = |text: &str| text.lines().filter(|line| line.contains("signed off, but is an agent")).count();
    let short = text(&[]);
    assert!(short.contains("Noticed\n  LH113 agent-sign-off: 11\n") && short.contains("and 1 more"), "{short}");
    assert_eq!((lines(&short), lines(&text(&["--all"]))), (10, 11));
}

#[test]
fn every_landing_has_one_class() {
    // pass: commits are identity, a merge of a base that moved is replay; fail: one with something of its own is residual, by its path
    let repository = repository("report-classes");
    for (branch, planted) in [("clean", false), ("evil", true)] {
        git(&repository, &["checkout", "--quiet", "-b", branch]);
        edit(&repository, &format!("{branch}.txt"), "x\n", branch);
        git(&repository, &["checkout", "--quiet", "main"]);
        edit(&repository, "a.txt", branch, "main");
        git(&repository, &["merge", "--quiet", "--no-ff", "--no-commit", branch]);
        if planted {
            fs::write(repository.join("planted.sh"), "true\n").unwrap();
        }
        commit(&repository, "merge");
        // Also of what is read in one run and kept for the next.
        report(&repository, &[]);
    }
    let found = report(&repository, &[]);
    assert_eq!(found["classes"], json!({ "identity": 3, "replay": 1, "residual": 1 }));
    assert_eq!(found["landings"], 5);
    let commit = &found["commit"];
    let expected = json!([{ "commit": commit, "why": "differs", "paths": ["planted.sh"], "more": 0 }]);
    assert_eq!((&found["residual"], &found["residual_left_out"]), (&expected, &json!(0)));
    let text = call(&repository, ["source", "report", "--no-cache"]).out;
    assert!(text.contains("  landings: 3 identity, 1 replay, 1 residual\n"), "{text}");
}

#[test]
fn submodules_of_the_tree_are_named() {
    // pass: those at the ref, as repositories of their own; fail: one that is gone, and a tree without any
    let repository = two_hands("report-submodules");
    let found = report(&repository, &[]);
    assert_eq!(found["outside"], json!([]));
    let pinned = "ab".repeat(20);
    for path in ["deps/one", "deps/two", "gone"] {
        git(&repository, &["update-index", "--add", "--cacheinfo", &format!("160000,{pinned},{path}")]);
    }
    git(&repository, &["commit", "--quiet", "-m", "pin"]);
    git(&repository, &["rm", "--quiet", "--cached", "gone"]);
    git(&repository, &["commit", "--quiet", "-m", "drop"]);
    let found = report(&repository, &[]);
    let one = |path: &str| json!({ "path": path, "kind": "submodule", "commit": pinned, "judged_as": "a repository of its own" });
    assert_eq!(found["outside"], json!([one("deps/one"), one("deps/two")]));
    let text = call(&repository, ["source", "report", "--no-cache"]).out;
    let line = "  2 submodules: each needs landings and reviews of its own: deps/one, deps/two\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    // fail: the folder of `--cache-dir` is the group's to write; exit 2, and what to do
    use std::os::unix::fs::PermissionsExt as _;
    let repository = two_hands("report-others");
    let cache = repository.parent().unwrap().join("cache");
    fs::create_dir_all(cache.join("ledgers")).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let said = call(&repository, ["source", "report", "--cache-dir", "../cache"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("--no-cache"), "{}", said.err);
}

/// The demo's repository, with its evidence and trust file.
fn demo_copy(name: &str) -> PathBuf {
    let top = folder(name);
    copy(&demo().join("work/release"), &top.join("repository"));
    copy(&demo().join("evidence"), &top.join("evidence"));
    fs::copy(demo().join("lasthand.trust.toml"), top.join("lasthand.trust.toml")).unwrap();
    top.join("repository")
}

const EVIDENCE: [&str; 6] = [
    "--trust",
    "../lasthand.trust.toml",
    "--bundle",
    "../evidence",
    "--agent",
    "coder-7@agents.example=ana@example.com",
];

#[test]
fn reviews_and_onboarding_cover_what_they_are_for() {
    // pass: everything of the demo's release; fail: one more commit that nobody reviewed, the review taken away
    let repository = demo_copy("report-demo");
    let good = report(&repository, &EVIDENCE);
    assert_eq!(good["coverage"]["nothing"]["paths"], 0, "{good:#}");
    assert!(good["coverage"]["review"]["paths"].as_u64() > Some(0), "{good:#}");
    assert_eq!(good["evidence"]["unplaced"], 0);

    git(&repository, &["config", "user.email", "x@example.com"]);
    edit(&repository, "planted.sh", "true\n", "planted");
    let planted = report(&repository, &EVIDENCE);
    assert_eq!(paths(&planted, "human"), ["planted.sh"]);
    assert_eq!(planted["coverage"]["nothing"]["paths"], 1);
    let said = blame(&repository, &["planted.sh", "--trust", "../lasthand.trust.toml", "--bundle", "../evidence"]);
    assert!(said.out.contains("no human answered for it"), "{}", said.out);

    for entry in fs::read_dir(repository.parent().unwrap().join("evidence")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("review-") {
            fs::remove_file(path).unwrap();
        }
    }
    let bare = report(&repository, &EVIDENCE);
    assert_eq!(bare["coverage"]["review"]["paths"], 0);
    assert!(bare["coverage"]["nothing"]["paths"].as_u64() > Some(1), "{bare:#}");
}

/// Twenty numbered lines, with one replaced.
fn numbered(replaced: &[(usize, &str)]) -> String {
    let text = |line: usize| replaced.iter().find(|(at, _)| *at == line).map_or("as it was", |(_, text)| text);
    (1..=20).map(|line| format!("{line} {}\n", text(line))).collect()
}

#[test]
fn a_squash_of_a_reviewed_branch_is_covered_also_where_the_text_was_merged() {
    // pass: the review of the branch answers for the squash on a base that moved in the same file; fail: one line more in the squash
    let repository = demo_copy("report-squash");
    let top = repository.parent().unwrap().to_owned();
    copy(&demo().join("keys"), &top.join("keys"));
    let plain = plain_surroundings(&top);
    let approve = |range: &str| {
        let words = ["review", "approve", range, "--key", "../keys/bo", "--evidence", "../evidence", "--yes"];
        let said = said(lasthand(&repository).args(words).env("LASTHAND_SURROUNDINGS", &plain));
        assert_eq!(said.code, 0, "{}", said.err);
    };
    edit(&repository, "notes.txt", &numbered(&[]), "notes");
    approve("HEAD~1..HEAD");
    git(&repository, &["checkout", "--quiet", "-b", "feature"]);
    edit(&repository, "notes.txt", &numbered(&[(18, "feature")]), "feature");
    git(&repository, &["checkout", "--quiet", "main"]);
    edit(&repository, "notes.txt", &numbered(&[(2, "main")]), "main");
    approve("HEAD~1..HEAD");
    approve("main..feature");
    git(&repository, &["merge", "--quiet", "--squash", "feature"]);
    commit(&repository, "squash");
    let squashed = report(&repository, &EVIDENCE);
    assert_eq!(squashed["coverage"]["nothing"]["paths"], 0, "{squashed:#}");
    let said = blame(&repository, &[&["notes.txt:18"], &EVIDENCE[..]].concat());
    assert!(said.out.contains("reviewed by ") && said.out.contains("18 feature"), "{}", said.out);

    let planted = numbered(&[(2, "main"), (18, "feature"), (10, "planted")]);
    fs::write(repository.join("notes.txt"), planted).unwrap();
    git(&repository, &["commit", "--quiet", "--all", "--amend", "-m", "squash"]);
    assert_eq!(paths(&report(&repository, &EVIDENCE), "human"), ["notes.txt"]);
}

#[test]
fn blame_names_the_last_hand_of_files_and_lines() {
    // pass: a file, a line, a range; fail: no such file, no such line, words for lines
    let repository = two_hands("blame");
    edit(&repository, "c.txt", "one\n2\n", "two\n\nAssisted-by: Claude");
    let said = blame(&repository, &["c.txt"]);
    assert!(said.out.contains("agent:claude-code (agent, level 2, git-trailer)"), "{}", said.out);
    let said = blame(&repository, &["c.txt:1-2", "-o", "json"]);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    let kinds = |at: usize| {
        let people = found["lines"][at]["people"].as_array().unwrap();
        people.iter().map(|person| person["kind"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((kinds(0), kinds(1)), (vec!["human"], vec!["human", "agent"]));
    assert_eq!(found["lines"][1]["text"], "2");
    assert_eq!(found["cover"]["by"], "nothing");
    for place in ["nothing.txt", "c.txt:3", "c.txt:0", "c.txt:x", "nothing.txt:1"] {
        let said = blame(&repository, &[place]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{place}: {}", said.err);
        assert!(said.err.contains("hint"), "{place}: {}", said.err);
    }
}

#[test]
fn a_shallow_clone_says_so() {
    // pass: read from the cut on; what was there before is nobody's
    let origin = two_hands("report-shallow");
    let top = origin.parent().unwrap();
    git(top, &["clone", "--quiet", "--depth", "2", &format!("file://{}", origin.display()), "clone"]);
    let found = report(&top.join("clone"), &[]);
    assert_eq!((found["start"]["kind"].as_str(), found["landings"].as_u64()), (Some("shallow"), Some(1)));
    assert_eq!(paths(&found, "before"), ["a.txt", "b.txt"]);
    let said = said(lasthand(&top.join("clone")).args(["source", "report", "--no-cache"]));
    assert!(said.out.contains("shallow clone"), "{}", said.out);
    // What was behind the cut is there now, and nothing that was kept hides it.
    git(&top.join("clone"), &["fetch", "--quiet", "--unshallow"]);
    assert_eq!(report(&top.join("clone"), &[])["landings"], 3);
}

#[test]
fn a_limit_holds_to_the_last_landing() {
    // fail: more paths than were asked for, in one batch
    let repository = two_hands("report-limit");
    let said = call(&repository, ["source", "report", "--no-cache", "--limit", "entries=2"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert_eq!(call(&repository, ["source", "report", "--no-cache", "--limit", "entries=3"]).code, 0);
}

#[test]
fn the_last_hand_is_whose_version_landed() {
    // pass: as git tells it; fail: a person who changed the file and took that back, on a branch that came in later
    let repository = repository("report-version");
    git(&repository, &["checkout", "--quiet", "-b", "x"]);
    edit(&repository, "a.txt", "mine\n", "try");
    edit(&repository, "a.txt", "one\n", "take it back");
    git(&repository, &["checkout", "--quiet", "-b", "y", "main"]);
    edit(&repository, "a.txt", "by an agent\n", "y\n\nCo-authored-by: Claude <noreply@anthropic.com>");
    git(&repository, &["merge", "--quiet", "--no-ff", "-m", "x into y", "x"]);
    git(&repository, &["checkout", "--quiet", "main"]);
    git(&repository, &["merge", "--quiet", "--no-ff", "-m", "y into main", "y"]);
    assert_eq!(paths(&report(&repository, &[]), "agent"), ["a.txt"]);
}

#[test]
fn names_in_a_history_cannot_move_the_cursor() {
    // fail: control characters in a path and an author's name reach no terminal
    let repository = repository("report-hostile");
    fs::write(repository.join("a\u{1b}[2Jb"), "x\n").unwrap();
    git(&repository, &["add", "--all"]);
    git(
        &repository,
        &["-c", "user.name=x", "commit", "--quiet", "-m", "x", "--author", "E\u{1b}[2Jve <e\u{1b}ve@example.com>"],
    );
    edit(&repository, "b.txt", "b\n", "b\n\nReviewed-by: \u{1b}[2J[bot] <e\u{1b}[2J[bot]@users.noreply.github.com>");
    git(&repository, &["update-index", "--add", "--cacheinfo", &format!("160000,{},s\u{1b}[2J", "ab".repeat(20))]);
    git(&repository, &["commit", "--quiet", "-m", "pin"]);
    let text = call(&repository, ["source", "report", "--no-cache", "--all"]);
    assert!(text.code == 0 && !text.out.contains('\u{1b}'), "{:?}", text.out);
}
