//! `lasthand demo`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{call, demo, folder, lasthand, markers, said, under_an_agent};

const ATTACKS: [&str; 6] =
    ["agent-commit", "entrypoint", "repacked", "setuid-layer", "slipped-file", "unreviewed-base"];

/// Verifies what lies in a folder of the demo, as its own text says one can: the archive, or where there is none the image.
fn verify(top: &Path) -> (i32, Value) {
    let archive = top.join("release.tar.gz").exists();
    verify_artifact(top, if archive { "release.tar.gz" } else { "image" })
}

fn verify_artifact(top: &Path, artifact: &str) -> (i32, Value) {
    let [artifact, evidence, trust] = [artifact, "evidence", "lasthand.trust.toml"].map(|name| top.join(name));
    let said = said(
        lasthand(Path::new("/"))
            .arg("verify")
            .arg(artifact)
            .arg("--bundle")
            .arg(evidence)
            .arg("--trust")
            .arg(trust)
            .args(["-o", "json"]),
    );
    (said.code, serde_json::from_str(&said.out).unwrap())
}

fn has_finding(report: &Value, expected: &Value) -> bool {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|finding| finding["id"] == expected["finding"] && finding["where"]["path"] == expected["path"])
}

#[test]
fn one_release_is_accepted_and_six_attacks_are_refused() {
    // pass: the release, as an archive and as an image; fail: each attack, with the finding and path that its own file names
    let top = demo();
    let (code, report) = verify(top);
    assert_eq!((code, report["verdict"].as_str()), (0, Some("accepted")), "{report:#}");
    let (code, report) = verify_artifact(top, "image");
    assert_eq!((code, report["verdict"].as_str()), (0, Some("accepted")), "{report:#}");
    let mut names: Vec<String> = fs::read_dir(top.join("attacks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ATTACKS);
    for name in ATTACKS {
        let attack = top.join("attacks").join(name);
        let expected: Value = serde_json::from_slice(&fs::read(attack.join("expected.json")).unwrap()).unwrap();
        let (code, report) = verify(&attack);
        assert_eq!(i64::from(code), expected["exit"].as_i64().unwrap(), "{name}");
        assert_eq!(code, 1, "{name}");
        assert!(has_finding(&report, &expected), "{name}: {:#}", report["findings"]);
        for more in expected["more"].as_array().unwrap() {
            assert!(has_finding(&report, more), "{name}: {more}");
        }
    }
}

#[test]
fn attacks_have_the_findings_that_the_issue_asks_for() {
    // fail: each attack for its own reason
    let expected = |name: &str| -> Value {
        let file = demo().join("attacks").join(name).join("expected.json");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    };
    for (name, finding, path) in [
        ("agent-commit", "LH202", "src/main.c"),
        ("slipped-file", "LH306", "share/update.sh"),
        ("unreviewed-base", "LH202", "src/main.c"),
        ("repacked", "LH403", "greet-1.0/share/greet/greetings.txt"),
        ("setuid-layer", "LH404", "usr/bin/greet"),
        ("entrypoint", "LH403", "config:Entrypoint"),
    ] {
        let expected = expected(name);
        assert_eq!((expected["finding"].as_str(), expected["path"].as_str()), (Some(finding), Some(path)), "{name}");
    }
}

#[test]
fn every_signature_of_every_attack_is_valid() {
    // pass: nothing is refused for a signature; only what happened refuses
    for name in ATTACKS {
        let (_, report) = verify(&demo().join("attacks").join(name));
        for evidence in report["evidence"].as_array().unwrap() {
            assert_ne!(evidence["status"], "rejected", "{name}: {evidence:#}");
        }
    }
}

/// The table of verdicts of a quiet demo under some variables.
fn table(name: &str, variables: &[(String, String)]) -> String {
    let mut command = lasthand(&folder(name));
    command.args(["demo", "--quiet"]).envs(variables.iter().cloned());
    let said = said(&mut command);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    said.out
}

#[test]
fn verdicts_do_not_depend_on_who_runs_the_demo() {
    // pass: no marker; every marker of the table at once; an agent above it in the process tree
    let plain = table("demo-plain", &[]);
    assert_eq!(plain.lines().count(), 8, "{plain}");
    assert!(plain.lines().all(|line| line.ends_with("as expected")), "{plain}");
    assert_eq!(table("demo-all", &markers()), plain);
    let said = said(&mut under_an_agent(&folder("demo-ancestor"), "demo --quiet"));
    assert_eq!((said.code, said.out), (0, plain), "{}", said.err);
}

#[test]
fn the_demo_says_so_when_it_sees_an_agent() {
    // pass: every command is printed, and so is the agent
    let said = said(lasthand(&folder("demo-agent")).arg("demo").env("CLAUDECODE", "1"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("# An agent (claude-code) seems to run this demo."), "{}", said.out);
    for command in
        ["$ git commit", "$ lasthand review approve", "$ lasthand source", "$ lasthand run", "$ lasthand verify"]
    {
        assert!(said.out.contains(command), "{command}");
    }
}

#[test]
fn a_folder_that_is_not_empty_is_not_touched() {
    // fail: something is there
    let top = folder("demo-full");
    fs::write(top.join("mine"), "").unwrap();
    let said = call(&top, ["demo", "--keep", "."]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("not empty"), "{}", said.err);
    assert_eq!(fs::read_dir(&top).unwrap().count(), 1);
}

#[test]
fn missing_tools_are_named() {
    // fail: no tool at all on the path
    let said = said(lasthand(&folder("demo-tools")).arg("demo").env("PATH", "/nonexistent"));
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("git, cc, gzip, sh"), "{}", said.err);
}
