//! What people and attackers give: a clear error, the right exit code, never a panic.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Release, Said, call, demo, folder, git, lasthand, repository, said};

fn verify(release: &Release, more: &[&str]) -> Said {
    let top = release.artifact.parent().unwrap();
    let words = ["verify", "release.tar.gz", "--bundle", "evidence"];
    call(top, words.iter().chain(more))
}

/// An error names the file and a next step, and is no panic.
fn check(said: &Said, code: i32, parts: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    assert!(said.err.starts_with("error: ") || said.err.contains("\nerror: "), "{}", said.err);
    for part in parts {
        assert!(said.err.contains(part), "{part} is missing: {}", said.err);
    }
    assert!(!said.err.contains("panicked") && !said.err.contains("bug in lasthand"), "{}", said.err);
}

#[test]
fn cve_2023_32076_no_trust_file_is_taken_from_a_commit_by_itself() {
    // fail: whoever commits beside the artifact would say whom to believe; pass: a trust file that is named, or that no commit brought
    let release = Release::copy(demo(), "committed-trust");
    let top = release.artifact.parent().unwrap();
    let words = ["verify", "release.tar.gz", "--bundle", "evidence", "--policy", "standard"];
    git(top, &["init", "--quiet"]);
    let untracked = call(top, words);
    assert_eq!(untracked.code, 0, "{}", untracked.err);
    git(top, &["add", "release.tar.gz"]);
    git(top, &["commit", "--quiet", "-m", "a release"]);
    assert_eq!(call(top, words).code, 0);
    git(top, &["add", "lasthand.trust.toml"]);
    git(top, &["commit", "--quiet", "-m", "whom to believe"]);
    check(&call(top, words), 2, &["whom do you believe?", "--trust lasthand.trust.toml"]);
    check(&call(top, ["diff", "release.tar.gz", "release.tar.gz"]), 2, &["whom do you believe?"]);
    assert_eq!(call(top, words.iter().chain(&["--trust", "lasthand.trust.toml"])).code, 0);
    assert_eq!(
        call(&release.evidence, ["verify", "../release.tar.gz", "--bundle", "."]).code,
        2,
        "no trust file there"
    );
}

#[test]
fn a_malformed_bundle_is_rejected_and_the_rest_is_weighed() {
    // pass: garbage beside good evidence changes nothing but the list of evidence
    let release = Release::copy(demo(), "bad-bundle");
    for (name, bytes) in [
        ("a.sigstore.json", b"{".as_slice()),
        ("b.sigstore.json", b"[]"),
        ("c.sigstore.json", b"{\"mediaType\": 1, \"mediaType\": 2}"),
        ("d.sigstore.json", b"\xff\xfe"),
    ] {
        fs::write(release.evidence.join(name), bytes).unwrap();
    }
    let (code, report) = release.verify();
    assert_eq!(code, 0);
    let rejected: Vec<&Value> =
        report["evidence"].as_array().unwrap().iter().filter(|item| item["status"] == "rejected").collect();
    assert_eq!(rejected.len(), 4, "{rejected:#?}");
    assert!(rejected.iter().all(|item| item["reason"].is_string()), "{rejected:#?}");
    // fail: garbage alone decides nothing
    let (code, _) = {
        for bundle in release.bundles().iter().filter(|path| path.file_name().unwrap().len() > 20) {
            fs::remove_file(bundle).unwrap();
        }
        release.verify()
    };
    assert_eq!(code, 3);
}

#[test]
fn a_cut_archive_is_malformed() {
    // fail: half a release, and no archive at all behind the name of one
    let release = Release::copy(demo(), "bad-cut");
    let bytes = fs::read(&release.artifact).unwrap();
    fs::write(&release.artifact, &bytes[..bytes.len() / 2]).unwrap();
    let said = verify(&release, &[]);
    check(&said, 4, &["release.tar.gz"]);
    let (code, report) = release.verify();
    assert_eq!(code, 4);
    assert!(report.get("verdict").is_none());
    assert!(!report["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_missing_artifact_or_bundle_is_wrong_use() {
    // fail: each path that is not there, by name
    let release = Release::copy(demo(), "bad-missing");
    let top = release.artifact.parent().unwrap();
    check(&call(top, ["verify", "nothing.tar", "--bundle", "evidence"]), 2, &["nothing.tar"]);
    check(&call(top, ["verify", "release.tar.gz", "--bundle", "nowhere"]), 2, &["nowhere", "--bundle"]);
    check(&verify(&release, &["--trust", "no.toml"]), 2, &["no.toml", "lasthand init"]);
    check(&verify(&release, &["--policy", "lenient"]), 2, &["lenient", "standard"]);
    check(&verify(&release, &["--policy", "none.json"]), 2, &["none.json"]);
}

#[test]
fn a_wrong_trust_file_is_told_with_line_and_column() {
    // fail: a typo, a word nobody knows, no TOML at all
    let release = Release::copy(demo(), "bad-trust");
    let text = fs::read_to_string(&release.trust).unwrap();
    let line = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    let custody = line("custody = \"personal\"");
    for (from, to, place) in [
        ("custody = \"personal\"", "custdy = \"personal\"", format!("lasthand.trust.toml:{custody}:1: error:")),
        ("kind = \"human\"", "kind = \"humane\"", format!("lasthand.trust.toml:{}:8: error:", custody - 1)),
        ("[[product]]", "[[product", "lasthand.trust.toml:".to_owned()),
    ] {
        fs::write(&release.trust, text.replacen(from, to, 1)).unwrap();
        check(&verify(&release, &[]), 2, &[&place]);
        check(&call(release.artifact.parent().unwrap(), ["trust", "check"]), 2, &[&place]);
    }
}

#[test]
fn another_product_or_another_file_is_not_accepted() {
    // fail: a name that the trust file does not have; a file that nothing names
    let release = Release::copy(demo(), "bad-subject");
    assert_eq!(verify(&release, &["--name", "other"]).code, 1);
    fs::write(&release.artifact, "not an archive").unwrap();
    assert!(matches!(release.verify().0, 1 | 3));
}

#[test]
fn observe_and_strict_keep_the_exit_code_of_the_verdict() {
    // fail: a refusal is a refusal under `observe` too, where every label is allowed
    let attack = Release::copy(&demo().join("attacks/agent-commit"), "observe");
    let said = verify(&attack, &["--policy", "observe"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.starts_with("REFUSED"), "{}", said.out);
    // fail: strict asks more than the demo's people have
    let release = Release::copy(demo(), "strict");
    assert_ne!(verify(&release, &["--policy", "strict"]).code, 0);
}

#[test]
fn a_policy_of_ones_own_is_read_strictly() {
    // pass: the standard preset by hand; fail: an unknown member
    let release = Release::copy(demo(), "policy");
    let top = release.artifact.parent().unwrap();
    verify(&release, &["-o", "facts=facts.json"]);
    let facts: Value = serde_json::from_slice(&fs::read(top.join("facts.json")).unwrap()).unwrap();
    let mut preset = facts["preset"].clone();
    preset["name"] = "ours".into();
    fs::write(top.join("ours.json"), preset.to_string()).unwrap();
    assert_eq!(verify(&release, &["--policy", "ours.json"]).code, 0);
    preset["reviewer_level"] = 4.into();
    fs::write(top.join("ours.json"), preset.to_string()).unwrap();
    assert_eq!(verify(&release, &["--policy", "ours.json"]).code, 1);
    preset["lenient"] = true.into();
    fs::write(top.join("ours.json"), preset.to_string()).unwrap();
    check(&verify(&release, &["--policy", "ours.json"]), 2, &["ours.json", "lenient"]);
}

/// A repository whose own configuration names a command for everything.
fn hostile(name: &str) -> std::path::PathBuf {
    let repository = repository(name);
    fs::write(repository.join(".gitattributes"), "* filter=x diff=x merge=x\n").unwrap();
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    crate::support::commit(&repository, "two");
    let run = format!("touch {}", repository.join("../pwned").display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "diff.x.command",
        "diff.x.textconv",
        "diff.external",
        "merge.x.driver",
        "gpg.program",
        "credential.helper",
        "uploadpack.packObjectsHook",
    ] {
        git(&repository, &["config", key, &run]);
    }
    let hook = repository.join(".git/hooks/post-index-change");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{run}\n")).unwrap();
    let mut permissions = fs::metadata(&hook).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&hook, permissions).unwrap();
    let _ = fs::remove_file(repository.join("../pwned"));
    repository
}

#[test]
fn the_configuration_of_a_hostile_repository_runs_nothing() {
    // pass: every command that reads a repository works, and nothing of it was run
    let repository = hostile("hostile");
    let plain = crate::support::plain_surroundings(repository.parent().unwrap());
    let calls: [&[&str]; 4] = [
        &["source", "--key", "../key", "--evidence", "../evidence"],
        &["approve", "HEAD~1..HEAD", "--key", "../key", "--evidence", "../evidence", "--yes"],
        &["run", "--step", "s", "--kind", "build", "--key", "../key", "--evidence", "../evidence", "--", "true"],
        &["init"],
    ];
    for words in calls {
        let said = said(lasthand(&repository).args(words).env("LASTHAND_SURROUNDINGS", &plain));
        assert_eq!(said.code, 0, "{words:?}: {}", said.err);
        assert!(!repository.join("../pwned").exists(), "{words:?} ran a command of the repository");
    }
}

#[test]
fn what_is_no_repository_is_said() {
    // fail: an empty folder; a damaged repository
    let top = folder("bad-repository");
    assert_eq!(call(&top, ["key", "generate", "--out", "key"]).code, 0);
    check(&call(&top, ["source", "--key", "key", "--evidence", "e"]), 2, &["git repository", ".git"]);
    let broken = repository("bad-objects");
    fs::remove_dir_all(broken.join(".git/objects")).unwrap();
    fs::create_dir(broken.join(".git/objects")).unwrap();
    let said = call(&broken, ["source", "--key", "../key", "--evidence", "../evidence"]);
    check(&said, 2, &[]);
    // pass: a step can be recorded without a source tree, and says so
    let step = ["run", "--step", "s", "--kind", "build", "--key", "key", "--evidence", "e", "--", "true"];
    let said = call(&top, step);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("no git repository"), "{}", said.err);
}

#[test]
fn keys_are_never_overwritten_and_their_faults_are_named() {
    // fail: a key that is there; a public key as key; a scheme of later versions
    let repository = repository("bad-keys");
    let top = repository.parent().unwrap();
    check(&call(top, ["key", "generate", "--out", "key"]), 2, &["exists"]);
    let with = |key: &str| call(&repository, ["source", "--key", key, "--evidence", "../evidence"]);
    check(&with("../key.pub"), 2, &[".pub"]);
    check(&with("pkcs11:slot"), 2, &["pkcs11"]);
    check(&with("../nothing"), 2, &["nothing"]);
}

#[test]
fn attest_signs_only_what_a_verifier_would_read() {
    // pass: a list; fail: duplicate members, no digest, a predicate of another shape
    let repository = repository("attest");
    let top = repository.parent().unwrap();
    let list = r#"{"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "l", "digest": {"sha256": "0000000000000000000000000000000000000000000000000000000000000000"}}], "predicateType": "https://lasthand.dev/list/v0.1", "predicate": {"kind": "released", "scope": "app", "issuedAt": "2026-01-01T00:00:00Z", "freshUntil": "2027-01-01T00:00:00Z", "sequence": 1, "entries": []}}"#;
    let attest = |text: &str| {
        fs::write(top.join("s.json"), text).unwrap();
        call(top, ["attest", "--statement", "s.json", "--key", "key", "--evidence", "evidence"])
    };
    let said = attest(list);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("evidence/list-"), "{}", said.out);
    let count = || fs::read_dir(top.join("evidence")).unwrap().count();
    assert_eq!(count(), 1);
    for wrong in [
        list.replacen("\"sequence\": 1", "\"sequence\": 1, \"sequence\": 2", 1),
        list.replacen("\"sequence\": 1", "\"sequence\": \"one\"", 1),
        list.replacen("\"sha256\": \"00", "\"sha256\": \"zz", 1),
        list.replacen("in-toto.io/Statement", "example.com/Statement", 1),
        "{".to_owned(),
    ] {
        check(&attest(&wrong), 4, &["s.json"]);
        assert_eq!(count(), 1);
    }
}

#[test]
fn attached_evidence_is_found_without_a_flag() {
    // pass: verify reads the folder beside the artifact; fail: a folder without evidence
    let release = Release::copy(demo(), "attach");
    let top = release.artifact.parent().unwrap();
    assert_eq!(call(top, ["verify", "release.tar.gz"]).code, 3);
    let said = call(top, ["attach", "release.tar.gz", "--bundle", "evidence"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(call(top, ["verify", "release.tar.gz"]).code, 0);
    fs::write(top.join("x.txt"), "").unwrap();
    check(&call(top, ["attach", "release.tar.gz", "--bundle", "x.txt"]), 2, &["x.txt"]);
}

#[test]
fn a_wrong_surroundings_file_stops_what_records_and_nothing_else() {
    // fail: recording; pass: verifying, which does not look at it
    let release = Release::copy(demo(), "bad-surroundings");
    let top = release.artifact.parent().unwrap();
    fs::write(top.join("s.json"), "{\"mark\": []}").unwrap();
    let with = |words: &[&str]| said(lasthand(top).args(words).env("LASTHAND_SURROUNDINGS", Path::new("s.json")));
    check(
        &with(&["run", "--step", "s", "--kind", "build", "--key", "k", "--evidence", "e", "--", "true"]),
        2,
        &["s.json", "mark"],
    );
    assert_eq!(with(&["verify", "release.tar.gz", "--bundle", "evidence"]).code, 0);
}
