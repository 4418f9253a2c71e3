//! Help, manual, completions, and the manners of printing.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Release, call, demo, folder, lasthand, said};

const COMMANDS: [&[&str]; 20] = [
    &["demo"],
    &["verify"],
    &["verify-bundle"],
    &["verify-layout"],
    &["inspect"],
    &["why"],
    &["diff"],
    &["trust", "check"],
    &["key", "generate"],
    &["init"],
    &["source"],
    &["source", "report"],
    &["blame"],
    &["review", "approve"],
    &["approve"],
    &["run"],
    &["attest"],
    &["attach"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_has_help_with_examples() {
    // pass: on standard output, exit 0
    let top = folder("help");
    for command in COMMANDS {
        let said = call(&top, command.iter().chain(&["--help"]));
        assert_eq!(said.code, 0, "{command:?}: {}", said.err);
        assert!(said.out.contains("Examples:") && said.out.contains("lasthand "), "{command:?}: {}", said.out);
        assert_eq!(said.err, "", "{command:?}");
    }
    let said = call(&top, ["--help"]);
    for command in COMMANDS {
        assert!(said.out.contains(&format!("  {} ", command[0])), "{command:?}: {}", said.out);
    }
    assert!(said.out.contains("Exit codes:"), "{}", said.out);
}

#[test]
fn manual_pages_and_completions_are_printed() {
    // pass: each page and each shell; fail: a command that is none
    let top = folder("man");
    let said = call(&top, ["man"]);
    assert!(said.out.contains(".TH lasthand 1"), "{}", said.out);
    for command in COMMANDS {
        let page = call(&top, ["man", command[0]]);
        assert!(page.code == 0 && page.out.contains(".SH NAME"), "{command:?}: {}", page.err);
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = call(&top, ["completions", shell]);
        assert!(said.code == 0 && said.out.contains("verify"), "{shell}");
    }
    assert_eq!(call(&top, ["man", "nothing"]).code, 2);
}

#[test]
fn wrong_use_is_exit_2() {
    // fail: no command, an unknown one, an unknown flag; on standard error
    let top = folder("usage");
    for words in
        [&[] as &[&str], &["verfy"], &["verify"], &["verify", "x", "--trst", "y"], &["verify", "x", "-o", "yaml"]]
    {
        let said = call(&top, words);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{words:?}: {}", said.err);
        assert!(!said.err.is_empty());
    }
}

#[test]
fn a_reader_that_goes_away_changes_neither_words_nor_code() {
    // pass: standard output closed after a few bytes; the verdict's exit code stays
    let release = Release::copy(demo(), "pipe");
    let mut child = lasthand(release.artifact.parent().unwrap())
        .args(["verify", "release.tar.gz", "--bundle", "evidence", "-o", "facts", "-o", "json", "-o", "text"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut few = [0; 16];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut few).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn data_goes_to_standard_output_and_files_appear_whole() {
    // pass: text, json and facts at once; no colour anywhere but on a terminal
    let release = Release::copy(demo(), "sinks");
    let top = release.artifact.parent().unwrap();
    let words =
        ["verify", "release.tar.gz", "--bundle", "evidence", "-o", "json=r.json", "-o", "facts=f.json", "-o", "text"];
    let said = call(top, words);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("ACCEPTED"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    for (file, member) in [("r.json", "report_version"), ("f.json", "facts_version")] {
        let document: serde_json::Value = serde_json::from_slice(&std::fs::read(top.join(file)).unwrap()).unwrap();
        assert_eq!(document[member], 1, "{file}");
    }
    let left: Vec<_> = std::fs::read_dir(top).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn inspect_and_why_tell_the_story_of_a_refused_release_too() {
    // pass: exit 0, whatever the verdict would be; fail: a path that is not there, with the nearest
    let attack = Release::copy(&demo().join("attacks/agent-commit"), "inspect");
    let top = attack.artifact.parent().unwrap();
    let said = call(top, ["inspect", "release.tar.gz", "--bundle", "evidence"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for part in ["landing", "review", "build of greet", "package of greet", "coder-7", "greet-1.0/bin/greet"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let json = call(top, ["inspect", "release.tar.gz", "--bundle", "evidence", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(report.get("verdict").is_none());
    let why = call(top, ["why", "release.tar.gz", "greet-1.0/bin/greet", "--bundle", "evidence"]);
    assert_eq!(why.code, 0, "{}", why.err);
    // The compiled file leads to the landing behind its build, to who did it, and to what is missing.
    for part in ["violation", "landing", "coder-7@agents.example (agent", "LH202", "`src/main.c`"] {
        assert!(why.out.contains(part), "{part}: {}", why.out);
    }
    let lost = call(top, ["why", "release.tar.gz", "greet-1.0/bin/gret", "--bundle", "evidence"]);
    assert_eq!(lost.code, 2);
    assert!(lost.err.contains("did you mean `greet-1.0/bin/greet`"), "{}", lost.err);
}

#[test]
fn a_common_refusal_fits_one_screen() {
    // pass: every attack of the demo in 25 lines or fewer
    for name in ["agent-commit", "slipped-file", "unreviewed-base", "repacked"] {
        let attack = Release::copy(&demo().join("attacks").join(name), "screen");
        let said = said(
            lasthand(attack.artifact.parent().unwrap())
                .args(["verify", "release.tar.gz", "--bundle", "evidence"])
                .env("COLUMNS", "100"),
        );
        assert!(said.out.starts_with("REFUSED") && said.out.lines().count() <= 25, "{name}: {}", said.out);
    }
}
