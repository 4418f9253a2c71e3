//! Every other bundle of the foreign test data, judged as its folder says; where we differ, why.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::json_lines;
use lasthand_testkit::need;
use lasthand_trust::evidence::{Signed, verify_signed};
use lasthand_trust::foreign::documents;
use lasthand_trust::keys::{KeyRing, PublicKey};
use lasthand_trust::sigstore::SigstoreRoot;

const FOLDERS: &[&str] = &[
    "sigstore-js-bundles",
    "sigstore-java-bundles",
    "sigstore-python-assets",
    "gh-attestation",
    "slsa-verifier",
    "slsa-verifier-gha-unit",
    "pep740",
    "maven-central",
];

/// Where our verdict is another one than the list's, and why.
const ARGUED: &[(&str, &str)] = &[
    ("gh-attestation/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl", NO_LOGS),
    ("slsa-verifier/npm/gha/gundam-visor-cli-v1-tag.tgz.json", NPM_KEY),
    ("slsa-verifier/npm/gha/provenance-npm-test-cli-v02-prega.tgz.json", NPM_KEY),
    ("slsa-verifier/npm/gha/provenance-npm-test-ossf.tgz.json", NPM_KEY),
    ("slsa-verifier/annotated-tag.intoto.jsonl", NO_PROOF),
    ("slsa-verifier/binary-linux-amd64-multi-subject-first.intoto.jsonl", NO_PROOF),
    ("slsa-verifier/binary-linux-amd64-multi-subject-second.intoto.jsonl", NO_PROOF),
    ("slsa-verifier-gha-unit/bazel-trusted-dsseEnvelope.build.slsa", NO_PROOF),
];

const NO_LOGS: &str = "the instance of GitHub logs neither certificates nor signatures; a root without logs is refused, so that an emptied root \
                       cannot take a check away";
const NPM_KEY: &str = "the provenance in it is verified; the second attestation is by a key of the registry, which is not in the test data";
const NO_PROOF: &str = "an envelope with a certificate beside its signature, without log entry or time: its verifier asks a log over the network";

/// Public good and staging, each by its own.
fn roots(testdata: &Path) -> Vec<KeyRing> {
    ["public-good", "staging"]
        .into_iter()
        .map(|name| {
            let bytes = fs::read(testdata.join("trusted-roots").join(name).join("trusted_root.json")).unwrap();
            let mut ring = KeyRing::new();
            ring.add_sigstore(SigstoreRoot::parse(&bytes, &Limits::DEFAULT).unwrap());
            ring
        })
        .collect()
}

fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said.push_str(&format!(": {error}"));
        source = error.source();
    }
    said
}

/// The key that lies beside a statement, for those that are not by a certificate.
fn key_beside(path: &Path) -> Option<KeyRing> {
    let key = fs::read(path.parent()?.join("vsa_signing_public_key.pem")).ok()?;
    let mut ring = KeyRing::new();
    ring.add_key(PublicKey::parse(&key).unwrap());
    Some(ring)
}

/// What each root says; the first that accepts, else the last that refuses.
fn judge(bytes: &[u8], roots: &[KeyRing]) -> Result<Signed, String> {
    let mut answer = Err("no root".to_owned());
    for ring in roots {
        answer = verify_signed(bytes, ring, &Limits::DEFAULT).map_err(|error| said(&error));
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// The pieces of evidence that a file holds.
fn evidence(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let whole = || documents(&bytes, &Limits::DEFAULT).ok();
    if let Some(all) = whole() {
        return all.into_iter().map(std::borrow::Cow::into_owned).collect();
    }
    json_lines(&bytes).map(|(_, line)| line.to_vec()).collect()
}

fn is_evidence(path: &str) -> bool {
    let endings = [".sigstore", ".sigstore.json", ".attestation", ".provenance", ".jsonl", ".slsa", ".tgz.json"];
    let named = path.contains("bundle") && path.ends_with(".json");
    endings.iter().any(|ending| path.ends_with(ending)) || named || path.ends_with("invalid-signature.json")
}

#[test]
fn every_bundle_is_judged_as_its_folder_says() {
    // pass: where all that a file holds is verified; fail: where anything in it is refused
    let Some(testdata) = need::testdata() else { return };
    let roots = roots(&testdata);
    let manifest = fs::read_to_string(testdata.join("MANIFEST.tsv")).unwrap();
    let argued: BTreeMap<&str, &str> = ARGUED.iter().copied().collect();
    let (mut wrong, mut judged, mut accepted) = (Vec::new(), 0, 0);
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (Some(path), Some(expect)) = (columns.first(), columns.get(7)) else { continue };
        let folder = path.split('/').next().unwrap_or_default();
        if !FOLDERS.contains(&folder) || !is_evidence(path) {
            continue;
        }
        let file = testdata.join(path);
        let keyed: Vec<KeyRing> = key_beside(&file).into_iter().collect();
        let roots = if keyed.is_empty() { &roots } else { &keyed };
        let answers: Vec<_> = evidence(&file).iter().map(|bytes| judge(bytes, roots)).collect();
        judged += 1;
        let accepts = !answers.is_empty() && answers.iter().all(Result::is_ok);
        accepted += usize::from(accepts);
        let as_listed = accepts == expect.starts_with("ACCEPT");
        if as_listed == argued.contains_key(path) {
            let said: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(|_| "accepted")).collect();
            wrong.push(format!("{path}: {said:?}, listed as {expect}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged >= 70 && accepted >= 30, "{judged} {accepted}");
}

#[test]
fn every_source_provenance_of_the_notes_is_verified() {
    // pass: 40 statements about git commits alone, by the second way; fail: each with one byte of the payload, or the entry, changed
    let Some(testdata) = need::testdata() else { return };
    let roots = roots(&testdata);
    let mut notes: Vec<PathBuf> = Vec::new();
    for folder in ["source-provenance-source-tool", "source-provenance-slsa-source-poc"] {
        notes.extend(
            fs::read_dir(testdata.join(folder)).unwrap().map(|entry| entry.unwrap().path().join("notes.jsonl")),
        );
    }
    notes.sort();
    let mut verified = 0;
    for path in &notes {
        for (number, line) in json_lines(&fs::read(path).unwrap()) {
            let answer = judge(line, &roots).map_err(|said| format!("{}:{number}: {said}", path.display())).unwrap();
            let Signed::Statement(statement) = answer else { unreachable!("a statement") };
            let subject = statement.value().subject.first().unwrap();
            let commit = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
            assert!(subject.digest["gitCommit"].starts_with(commit));
            assert!(statement.signers()[0].principal.starts_with("https://token.actions.githubusercontent.com#"));
            assert!(statement.signers()[0].time.is_some() && statement.claims().is_some());
            verified += 1;
            for member in ["\"payload\":\"", "\"sig\":\"", "\"canonicalizedBody\":\"", "\"signedEntryTimestamp\":\""] {
                let mut changed = line.to_vec();
                let text = std::str::from_utf8(line).unwrap();
                let at = text.replace("\": \"", "\":\"").find(member);
                assert!(at.is_some(), "{member}");
                let at = text.find(member).unwrap() + member.len() + 60;
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                assert!(judge(&changed, &roots).is_err(), "{}:{number}: {member}", path.display());
            }
        }
    }
    assert_eq!(verified, 40);
}
