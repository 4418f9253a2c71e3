//! Artifacts of Maven Central with their Sigstore bundles, by the shipped example of a trust file.

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_testkit::need;
use serde_json::Value;

use crate::support::{call, files, folder, ids};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOW: &str =
    "https://github.com/sigstore/sigstore-java/.github/workflows/release-sigstore-java-from-tag.yaml";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/maven-central.trust.toml")
}

fn verify(artifact: &Path, bundle: &Path, trust: &Path) -> (i32, Value) {
    let words = ["verify", artifact.to_str().unwrap(), "--bundle", bundle.to_str().unwrap(), "--trust"];
    let more = [trust.to_str().unwrap(), "--policy", "standard", "--name", "sigstore-java", "-o", "json"];
    let said = call(artifact.parent().unwrap(), words.iter().chain(&more));
    let report = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no report: {}{}", said.out, said.err));
    (said.code, report)
}

/// Every artifact with its bundle.
fn pairs() -> Option<Vec<(PathBuf, PathBuf)>> {
    let folder = need::testdata()?.join("maven-central");
    let pair =
        |bundle: PathBuf| (PathBuf::from(bundle.to_str().unwrap().strip_suffix(".sigstore.json").unwrap()), bundle);
    let pairs: Vec<_> = files(&folder, ".sigstore.json").into_iter().map(pair).collect();
    assert!(pairs.len() >= 6);
    Some(pairs)
}

/// The shipped trust file with a change.
fn changed(name: &str, from: &str, to: &str) -> PathBuf {
    let folder = folder(name);
    let text = fs::read_to_string(example()).unwrap();
    assert!(text.contains(from));
    fs::write(folder.join("t.toml"), text.replace(from, to)).unwrap();
    let root = "public-good.trusted_root.json";
    fs::copy(example().with_file_name(root), folder.join(root)).unwrap();
    folder.join("t.toml")
}

#[test]
fn each_pair_verifies_and_is_refused_for_want_of_source_evidence() {
    // pass: signature, signer, kind and time; fail: nothing says from which source the file was made
    for (artifact, bundle) in pairs().unwrap_or_default() {
        let (code, report) = verify(&artifact, &bundle, &example());
        let name = artifact.display();
        assert_eq!((code, report["verdict"].as_str()), (1, Some("refused")), "{name}");
        let [item] = report["evidence"].as_array().unwrap().as_slice() else { panic!("{name}") };
        assert_eq!(item["status"], "verified", "{name}: {item}");
        assert_eq!(item["type"], "https://lasthand.dev/blob-signature");
        let signer = &item["signer"];
        assert_eq!((&signer["method"], &signer["issuer"]), (&"fulcio-ci".into(), &ISSUER.into()));
        assert_eq!((&signer["kind"], &signer["level"]), (&"automation".into(), &3.into()));
        let id = signer["id"].as_str().unwrap();
        assert!(id.starts_with(&format!("{WORKFLOW}@refs/tags/v")), "{id}");
        assert_eq!(item["time"]["source"], "log");
        assert!(item["time"]["value"].as_str().unwrap().starts_with("202"));
        assert_eq!(ids(&report, "frontier"), ["LH312"], "{name}");
        let message = report["frontier"][0]["finding"]["message"].as_str().unwrap();
        assert!(message.starts_with("no source evidence"), "{message}");
        assert_eq!(report["steps"][0]["kind"], "sign");
    }
}

#[test]
fn the_bundle_of_another_pair_is_rejected() {
    // fail: a good signature over other bytes; nothing else is given, so nothing is decided
    let pairs = pairs().unwrap_or_default();
    for ((artifact, _), (other, bundle)) in pairs.iter().zip(pairs.iter().cycle().skip(1)) {
        let (code, report) = verify(artifact, bundle, &example());
        assert_eq!((code, report["verdict"].as_str()), (3, Some("undecided")));
        let item = &report["evidence"][0];
        assert_eq!(item["status"], "rejected");
        let signed = lasthand_model::digest::Sha256::of(&fs::read(other).unwrap());
        assert_eq!(item["reason"], format!("signature is over sha256:{signed}, not over this artifact"));
        assert_eq!(ids(&report, "frontier"), ["LH001"]);
    }
}

#[test]
fn a_signer_without_a_row_is_named_and_of_no_use() {
    // fail: another tag, another issuer, no row at all
    let Some(pairs) = pairs() else { return };
    let (artifact, bundle) = &pairs[0];
    for (name, from, to) in [
        ("sigstore-tag", "refs/tags/v*", "refs/tags/v9*"),
        ("sigstore-issuer", ISSUER, "https://accounts.example"),
        ("sigstore-workflow", "sigstore-java/.github", "sigstore-java2/.github"),
    ] {
        let (code, report) = verify(artifact, bundle, &changed(name, from, to));
        assert_eq!((code, report["verdict"].as_str()), (3, Some("undecided")), "{name}");
        let item = &report["evidence"][0];
        assert_eq!(item["status"], "unused", "{name}");
        let reason = item["reason"].as_str().unwrap();
        for part in ["no row of the trust file names its signer", ISSUER, WORKFLOW, "add `[[identity]]`", "`fulcio-ci`"]
        {
            assert!(reason.contains(part), "{name}: {reason}");
        }
    }
}

#[test]
fn without_a_root_nothing_is_believed_and_both_commands_say_so() {
    // fail: the row is there, the root is not; a root that is not the one that the row names
    let Some(pairs) = pairs() else { return };
    let (artifact, bundle) = &pairs[0];
    let trust = changed("sigstore-no-root", "[[root]]", "# [[root]]");
    let text = fs::read_to_string(&trust).unwrap();
    let lines = text.lines().filter(|line| !["type =", "file =", "sha256 ="].iter().any(|key| line.starts_with(key)));
    fs::write(&trust, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let (code, report) = verify(artifact, bundle, &trust);
    assert_eq!((code, &report["evidence"][0]["status"]), (3, &"unused".into()));
    assert!(report["evidence"][0]["reason"].as_str().unwrap().contains("there is no root of type `sigstore`"));
    let said = call(trust.parent().unwrap(), ["trust", "check", "t.toml"]);
    assert!(said.out.contains("there is no [[root]] of type `sigstore`"), "{}{}", said.out, said.err);
    let trust = changed("sigstore-other-root", "sha256 = \"6", "sha256 = \"7");
    let (code, report) = verify(artifact, bundle, &trust);
    assert_eq!(code, 2);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("t.toml:12:10: error: file has sha256"));
}

#[test]
fn any_changed_member_of_a_bundle_is_refused() {
    // fail: each text and number of the bundle with one character changed, but for those that nobody signs and nobody uses
    let Some(pairs) = pairs() else { return };
    let (artifact, bundle) = &pairs[0];
    let good: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    let material = "/verificationMaterial/tlogEntries/0";
    let folder = folder("sigstore-changed");
    for pointer in [
        "/messageSignature/signature".to_owned(),
        "/messageSignature/messageDigest/digest".to_owned(),
        "/verificationMaterial/certificate/rawBytes".to_owned(),
        format!("{material}/canonicalizedBody"),
        format!("{material}/inclusionPromise/signedEntryTimestamp"),
        format!("{material}/inclusionProof/rootHash"),
        format!("{material}/inclusionProof/hashes/0"),
        format!("{material}/inclusionProof/checkpoint/envelope"),
        format!("{material}/integratedTime"),
        format!("{material}/logId/keyId"),
    ] {
        let mut bad = good.clone();
        let text = bad.pointer_mut(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        let mut bytes = text.as_str().unwrap().as_bytes().to_vec();
        // Early: behind the signed part of a checkpoint stands a name that nobody signs.
        let at = bytes.len() / 4;
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        *text = String::from_utf8(bytes).unwrap().into();
        let path = folder.join("changed.sigstore.json");
        fs::write(&path, bad.to_string()).unwrap();
        let (code, report) = verify(artifact, &path, &example());
        assert_eq!((code, &report["evidence"][0]["status"]), (3, &"rejected".into()), "{pointer}");
        assert!(
            report["evidence"][0]["reason"].as_str().unwrap().starts_with("certificate's signature is not believed: ")
        );
    }
}
