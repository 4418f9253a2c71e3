//! `explained_by`, against a table made by hand from the demo's build.sh, package.sh and map.

use std::path::Path;

use serde_json::Value;

use crate::support::{Release, demo};

/// What one entry of the archive must say of itself.
struct Row {
    what: &'static str,
    path: &'static str,
    entry_type: &'static str,
    verdict: &'static str,
    rule: &'static str,
    source_path: Option<&'static str>,
    map: Option<(&'static str, &'static str)>,
    /// Kind of the step that made it.
    step: Option<&'static str>,
    reviewed: bool,
}

const CLEAN: Row = Row {
    what: "",
    path: "",
    entry_type: "file",
    verdict: "clean",
    rule: "path-map",
    source_path: None,
    map: None,
    step: Some("package"),
    reviewed: false,
};

const TABLE: [Row; 8] = [
    Row {
        what: "copied source, reviewed",
        path: "greet-1.0/README.md",
        source_path: Some("README.md"),
        map: Some(("README.md", "greet-1.0/README.md")),
        reviewed: true,
        ..CLEAN
    },
    Row {
        what: "copied source of the onboarding tree",
        path: "greet-1.0/share/greet/greetings.txt",
        source_path: Some("share/greetings.txt"),
        map: Some(("share/", "greet-1.0/share/greet/")),
        ..CLEAN
    },
    Row {
        what: "renamed by the path map",
        path: "greet-1.0/COPYING",
        source_path: Some("LICENSE"),
        map: Some(("LICENSE", "greet-1.0/COPYING")),
        ..CLEAN
    },
    Row {
        what: "compiled binary",
        path: "greet-1.0/bin/greet",
        rule: "product",
        source_path: Some("build/greet"),
        map: Some(("build/greet", "greet-1.0/bin/greet")),
        step: Some("build"),
        ..CLEAN
    },
    Row {
        what: "generated file",
        path: "greet-1.0/share/man/man1/greet.1.gz",
        rule: "product",
        source_path: Some("build/greet.1.gz"),
        map: Some(("build/greet.1.gz", "greet-1.0/share/man/man1/greet.1.gz")),
        step: Some("build"),
        ..CLEAN
    },
    Row {
        what: "hard link",
        path: "greet-1.0/bin/hello",
        entry_type: "hardlink",
        rule: "path-map-hardlink",
        source_path: Some("build/hello"),
        map: Some(("build/hello", "greet-1.0/bin/hello")),
        step: Some("build"),
        ..CLEAN
    },
    Row {
        what: "symbolic link",
        path: "greet-1.0/share/greet/default.txt",
        entry_type: "symlink",
        rule: "path-map-symlink",
        source_path: Some("share/default.txt"),
        map: Some(("share/", "greet-1.0/share/greet/")),
        ..CLEAN
    },
    Row { what: "directory", path: "greet-1.0/share/man", entry_type: "directory", rule: "parent-folder", ..CLEAN },
];

fn find<'a>(report: &'a Value, path: &str) -> &'a Value {
    let files = report["files"].as_array().unwrap();
    files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("{path} is not in {files:#?}"))
}

fn check(report: &Value, row: &Row) {
    let file = find(report, row.path);
    let explained = &file["explained_by"];
    let what = row.what;
    assert_eq!(file["type"], row.entry_type, "{what}");
    assert_eq!(file["verdict"], row.verdict, "{what}: {file:#}");
    assert_eq!(explained["rule"], row.rule, "{what}: {file:#}");
    assert_eq!(explained["source_path"].as_str(), row.source_path, "{what}");
    let map = explained.get("path_map").map(|rule| (rule["from"].as_str().unwrap(), rule["to"].as_str().unwrap()));
    assert_eq!(map, row.map, "{what}");
    let kind = explained["step"].as_str().map(|digest| {
        let steps = report["steps"].as_array().unwrap();
        steps.iter().find(|step| step["statement"] == digest).unwrap()["kind"].as_str().unwrap()
    });
    assert_eq!(kind, row.step, "{what}");
    let review = explained["review"].as_str();
    assert_eq!(review.is_some(), row.reviewed, "{what}: {file:#}");
    if let Some(review) = review {
        let proof = report["proof"].as_array().unwrap();
        assert!(proof.iter().any(|item| item["statement"] == review && item["role"] == "review"), "{what}");
    }
}

fn report_of(top: &Path, name: &str) -> Value {
    Release::copy(top, name).verify().1
}

#[test]
fn every_entry_says_where_it_comes_from() {
    // pass: each row of the table
    let report = report_of(demo(), "explained");
    TABLE.iter().for_each(|row| check(&report, row));
}

#[test]
fn a_file_that_nobody_reviewed_says_so() {
    // fail: slipped in by the builder; added by whoever repacked
    let slipped = report_of(&demo().join("attacks/slipped-file"), "explained-slipped");
    let row = Row {
        what: "unreviewed file",
        path: "greet-1.0/share/greet/update.sh",
        verdict: "unreviewed",
        rule: "undeclared-input",
        source_path: Some("share/update.sh"),
        map: Some(("share/", "greet-1.0/share/greet/")),
        ..CLEAN
    };
    check(&slipped, &row);
    let repacked = report_of(&demo().join("attacks/repacked"), "explained-repacked");
    assert_eq!(find(&repacked, "greet-1.0/bin/helper")["verdict"], "unreviewed");
    assert_eq!(find(&repacked, "greet-1.0/share/greet/greetings.txt")["verdict"], "unreviewed");
    // pass: what was not touched stays clean
    assert_eq!(find(&repacked, "greet-1.0/README.md")["verdict"], "clean");
}

#[test]
fn a_binary_built_after_an_agents_commit_is_a_violation() {
    // fail: what was compiled from it; pass: what was copied beside it
    let report = report_of(&demo().join("attacks/agent-commit"), "explained-agent");
    for path in ["greet-1.0/bin/greet", "greet-1.0/bin/hello"] {
        let file = find(&report, path);
        assert_eq!(file["verdict"], "violation", "{file:#}");
        assert_eq!(file["explained_by"]["evidence"].as_array().unwrap().len(), 4, "{file:#}");
    }
    assert_eq!(find(&report, "greet-1.0/README.md")["verdict"], "clean");
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "LH202").unwrap();
    assert_eq!(finding["where"]["actor"], "mailto:coder-7@agents.example");
}
