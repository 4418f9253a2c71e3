//! `verify-bundle` in the words of the client protocol of sigstore-conformance.

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::digest::Sha256;
use lasthand_testkit::need;
use lasthand_testkit::sigstore::{Content, Flaw, Instance, Recipe};
use serde_json::{Value, json};

use crate::support::{Said, call, folder, git, repository};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The words of the protocol, in its order.
fn words(case: &Path, artifact: &str) -> Vec<String> {
    let text = |name: &str, other: &str| {
        fs::read_to_string(case.join(name)).map_or_else(|_| other.to_owned(), |text| text.trim().to_owned())
    };
    let path = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let mut words = vec!["verify-bundle".to_owned(), "--bundle".to_owned(), path("bundle.sigstore.json")];
    if case.join("key.pub").exists() {
        words.extend(["--key".to_owned(), path("key.pub")]);
    } else {
        words.extend(["--certificate-identity".to_owned(), text("identity", IDENTITY)]);
        words.extend(["--certificate-oidc-issuer".to_owned(), text("issuer", ISSUER)]);
    }
    if case.join("trusted_root.json").exists() {
        words.extend(["--trusted-root".to_owned(), path("trusted_root.json")]);
    }
    words.push(artifact.to_owned());
    words
}

#[test]
fn every_case_of_the_suite_ends_as_it_says_by_path_and_by_digest() {
    // pass: exit code 0; fail: 1 or 4, never a crash, and words that say what to do
    let Some(testdata) = need::testdata() else { return };
    let suite = testdata.join("sigstore-conformance");
    let here = folder("verify-bundle-suite");
    let mut cases: Vec<PathBuf> = fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    for case in &cases {
        let own = case.join("artifact");
        let path = if own.exists() { own } else { suite.join("a.txt") };
        let digest = format!("sha256:{}", Sha256::of(&fs::read(&path).unwrap()));
        for artifact in [path.to_str().unwrap(), &digest] {
            let said = call(&here, words(case, artifact));
            let name = case.file_name().unwrap().to_str().unwrap();
            if name.ends_with("_fail") {
                assert!(said.code == 1 || said.code == 4, "{name}: {} {}{}", said.code, said.out, said.err);
                assert!(said.err.contains("hint: "), "{name}: {}", said.err);
            } else {
                assert_eq!(said.code, 0, "{name}: {}", said.err);
                assert!(said.out.contains("not asked for") || case.join("key.pub").exists(), "{}", said.out);
            }
        }
    }
    assert!(cases.len() >= 32);
}

/// An artifact with bundle and root of an instance of our own.
fn made(name: &str, content: &Content) -> PathBuf {
    let here = folder(name);
    let instance = Instance::new(1_780_000_000);
    let signed = instance.sign(content, &Recipe::workflow(IDENTITY), Flaw::None);
    fs::write(here.join("bundle.json"), signed.bundle.to_string()).unwrap();
    fs::write(here.join("root.json"), instance.trusted_root().to_string()).unwrap();
    fs::write(here.join("a.txt"), "the artifact").unwrap();
    here
}

fn ask(here: &Path, more: &[&str]) -> Said {
    let mut words = vec!["verify-bundle", "--bundle", "bundle.json", "--trusted-root", "root.json"];
    words.extend(more);
    call(here, words)
}

#[test]
fn a_key_needs_a_root_with_logs_alone() {
    // pass: a root with logs and nothing else, for a key; fail: another artifact, a log that it does not know, a certificate by it; malformed: without
    // logs, or for a certificate
    let here = made("verify-bundle-logs", &Content::Blob(b"the artifact".to_vec()));
    fs::copy(here.join("bundle.json"), here.join("certified.json")).unwrap();
    let instance = Instance::new(1_780_000_000);
    let recipe = Recipe { keyed: true, ..Recipe::workflow(IDENTITY) };
    let signed = instance.sign(&Content::Blob(b"the artifact".to_vec()), &recipe, Flaw::None);
    fs::write(here.join("key.pub"), signed.key.spki()).unwrap();
    fs::write(here.join("bundle.json"), signed.bundle.to_string()).unwrap();
    fs::write(here.join("b.txt"), "another artifact").unwrap();
    let root = |name: &str, instance: &Instance, without: &[&str]| {
        let mut root = instance.trusted_root();
        without.iter().for_each(|member| drop(root.as_object_mut().unwrap().remove(*member)));
        fs::write(here.join(name), root.to_string()).unwrap();
    };
    let but_logs = ["certificateAuthorities", "ctlogs", "timestampAuthorities"];
    let by_key = ["--key", "key.pub", "a.txt"];
    root("root.json", &instance, &but_logs);
    let said = ask(&here, &by_key);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(ask(&here, &["--key", "key.pub", "b.txt"]).code, 1);
    let by_certificate = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER, "a.txt"];
    let said = ask(&here, &by_certificate);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("it has no certificate authority"), "{}", said.err);
    root("root.json", &instance, &["tlogs"]);
    assert_eq!(ask(&here, &by_key).code, 4);
    root("root.json", &Instance::new(1_780_000_000), &but_logs);
    let said = ask(&here, &by_key);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("knows no transparency log"), "{}", said.err);
    fs::copy(here.join("certified.json"), here.join("bundle.json")).unwrap();
    let said = ask(&here, &by_key);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("read for keys alone") && said.err.contains("hint: "), "{}", said.err);
}

#[test]
fn nobody_in_particular_is_no_signer() {
    // fail: a certificate without identity or issuer, an empty one, an unknown member, a key and a certificate at once
    let here = made("verify-bundle-nobody", &Content::Blob(b"the artifact".to_vec()));
    let (identity, issuer) = (["--certificate-identity", IDENTITY], ["--certificate-oidc-issuer", ISSUER]);
    let good = [&identity[..], &issuer, &["a.txt"]].concat();
    assert_eq!(ask(&here, &good).code, 0);
    for wrong in [
        vec!["a.txt"],
        [&identity[..], &["a.txt"]].concat(),
        [&issuer[..], &["a.txt"]].concat(),
        [&["--certificate-identity", ""][..], &issuer, &["a.txt"]].concat(),
        [&identity[..], &["--certificate-oidc-issuer", "", "a.txt"]].concat(),
        [&good[..], &["--key", "root.json"]].concat(),
        [&good[..], &["--certificate-claim", "actor=ana"]].concat(),
        [&good[..], &["--certificate-claim", "build-trigger="]].concat(),
    ] {
        let said = ask(&here, &wrong);
        assert_eq!(said.code, 2, "{wrong:?}: {}{}", said.out, said.err);
        assert!(said.out.is_empty());
    }
}

#[test]
fn what_was_not_asked_for_is_printed() {
    // pass: members of the certificate that no word constrains are listed, in text and JSON
    let here = made("verify-bundle-open", &Content::Blob(b"the artifact".to_vec()));
    let good = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER, "a.txt"];
    let said = ask(&here, &good);
    assert!(said.out.contains("not asked for: runner-environment, source-repository-uri"), "{}", said.out);
    let claim = ["--certificate-claim", "runner-environment=github-hosted", "-o", "json"];
    let said = ask(&here, &[&good[..], &claim].concat());
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["not_constrained"], json!(["source-repository-uri"]));
    assert_eq!(document["signer"]["principal"], format!("{ISSUER}#{IDENTITY}"));
    assert_eq!(document["time"]["source"], "log");
    let said =
        ask(&here, &[&good[..], &["--certificate-claim", "runner-environment=self-hosted", "-o", "json"]].concat());
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &document["verdict"]), (1, &"refused".into()));
    assert!(document["reason"].as_str().unwrap().contains("runner-environment"), "{document}");
}

#[test]
fn the_statement_must_be_of_the_type_that_is_asked_for() {
    // pass: the type it has; fail: another one, one that it begins with, any for a bare signature; wrong use: none at all
    let kind = "https://example.com/a-test/v1";
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "a.txt", "digest": { "sha256": Sha256::of(b"the artifact").to_string() } }],
        "predicateType": kind,
        "predicate": {}
    });
    let here = made("verify-bundle-type", &Content::Statement(statement));
    let bare = made("verify-bundle-type-of-none", &Content::Blob(b"the artifact".to_vec()));
    let good = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER, "a.txt", "-o", "json"];
    let asked = |here: &Path, kind: &str| ask(here, &[&good[..], &["--predicate-type", kind]].concat());
    let said = asked(&here, kind);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &document["predicate_type"]), (0, &kind.into()), "{}", said.err);
    for (here, kind) in [(&here, "https://example.com/a-test/v2"), (&here, "https://example.com/a-test"), (&bare, kind)]
    {
        let said = asked(here, kind);
        let document: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((said.code, &document["verdict"]), (1, &"refused".into()));
        assert!(said.err.contains(&format!("expected `{kind}`")) || said.err.contains("no statement"), "{}", said.err);
    }
    assert_eq!(asked(&here, "").code, 2);
}

#[test]
fn cve_2023_32076_nothing_is_read_that_was_not_named() {
    // fail: a trusted root in the folder where the command runs is no trusted root
    let here = made("verify-bundle-ambient", &Content::Blob(b"the artifact".to_vec()));
    fs::copy(here.join("root.json"), here.join("trusted_root.json")).unwrap();
    let words = [
        "verify-bundle",
        "--bundle",
        "bundle.json",
        "--certificate-identity",
        IDENTITY,
        "--certificate-oidc-issuer",
        ISSUER,
        "a.txt",
    ];
    let said = call(&here, words);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("root knows no transparency log"), "{}", said.err);
}

#[test]
fn a_commit_is_verified_by_its_bytes() {
    // pass: the bytes of the commit that the statement names; fail: of another one, and the id alone
    let repository = repository("verify-bundle-git");
    let id = |name: &str| {
        let head = fs::read_to_string(repository.join(name)).unwrap();
        head.trim().to_owned()
    };
    let commit = id(".git/refs/heads/main");
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
        "subject": [{ "digest": { "gitCommit": commit } }]
    });
    let here = made("verify-bundle-commit", &Content::Statement(statement));
    let cat = |name: &str| {
        let output =
            std::process::Command::new("git").arg("-C").arg(&repository).args(["cat-file", "commit", "HEAD"]).output();
        fs::write(here.join(name), output.unwrap().stdout).unwrap();
    };
    cat("first");
    git(&repository, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    cat("second");
    let by = |more: &[&str]| {
        let said = ask(
            &here,
            &[&["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER][..], more].concat(),
        );
        (said.code, said.err)
    };
    assert_eq!(by(&["--git-object", "commit", "first"]).0, 0);
    let (code, said) = by(&["--git-object", "commit", "second"]);
    assert_eq!(code, 1);
    assert!(said.contains(&format!("signature is over gitCommit:{commit}, not over gitCommit:")), "{said}");
    assert_eq!(by(&["--git-object", "tag", "first"]).0, 1);
    assert_eq!(by(&["first"]).0, 1);
}

#[test]
fn bad_files_are_told_with_their_reason() {
    // fail: exit code 4 for a damaged bundle, root or key, 2 for a file that is not there
    let here = made("verify-bundle-bad", &Content::Blob(b"the artifact".to_vec()));
    let good = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER];
    let text = fs::read_to_string(here.join("bundle.json")).unwrap();
    fs::write(here.join("bundle.json"), &text[..text.len() / 2]).unwrap();
    let said = ask(&here, &[&good[..], &["a.txt"]].concat());
    assert_eq!(said.code, 4);
    assert!(said.err.contains("`bundle.json`") && said.err.contains("not readable"), "{}", said.err);
    fs::write(here.join("bundle.json"), &text).unwrap();
    assert_eq!(ask(&here, &[&good[..], &["missing.txt"]].concat()).code, 2);
    assert_eq!(ask(&here, &["--key", "a.txt", "a.txt"]).code, 4);
    fs::write(here.join("root.json"), "{}").unwrap();
    assert_eq!(ask(&here, &[&good[..], &["a.txt"]].concat()).code, 4);
}
