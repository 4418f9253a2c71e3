//! Bundles with certificates under attack: more than one of anything, too many of anything, changed, cut and mixed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::SignerMethod;
use lasthand_testkit::need;
use lasthand_trust::Clock;
use lasthand_trust::evidence::{Signed, TrustError, verify_evidence, verify_signed};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::sigstore::{MAX_PROOFS, SigstoreRoot};
use proptest::prelude::*;
use serde_json::{Value, json};

fn ring() -> &'static KeyRing {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    RING.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/public-good.trusted_root.json");
        let mut ring = KeyRing::new();
        ring.add_sigstore(SigstoreRoot::parse(&fs::read(path).unwrap(), &Limits::DEFAULT).unwrap());
        ring
    })
}

fn judge(bundle: &Value) -> Result<Signed, TrustError> {
    verify_signed(bundle.to_string().as_bytes(), ring(), &Limits::DEFAULT)
}

fn refuse(bundle: &Value, words: &str) {
    let error = judge(bundle).unwrap_err();
    let mut said = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        said.push_str(&format!(": {error}"));
        source = error.source();
    }
    assert!(said.contains(words), "{said}");
}

fn load(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A bare signature and a statement, both good.
fn good(testdata: &Path) -> (Value, Option<Value>) {
    let blob = load(&testdata.join("maven-central/sigstore-java-1.2.0.jar.sigstore.json"));
    let folder = testdata.join("gh-attestation");
    let mut statements: Vec<PathBuf> = fs::read_dir(testdata.join("sigstore-js-bundles"))
        .into_iter()
        .chain(fs::read_dir(folder))
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    statements.sort();
    let statement = statements.iter().find_map(|path| {
        let bundle: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        matches!(judge(&bundle), Ok(Signed::Statement(_))).then_some(bundle)
    });
    (blob, statement)
}

#[test]
fn a_bundle_holds_one_of_each() {
    // fail: two materials, two contents, none, two signatures, another payload type
    let Some(testdata) = need::testdata() else { return };
    let (blob, statement) = good(&testdata);
    let Signed::Blob(verified) = judge(&blob).unwrap() else { unreachable!("a bare signature") };
    assert_eq!((verified.signers()[0].method, verified.clock()), (SignerMethod::FulcioCi, Some(Clock::Log)));
    assert!(verified.signers()[0].time.is_some());
    let error = verify_evidence(blob.to_string().as_bytes(), ring(), &Limits::DEFAULT).unwrap_err();
    assert!(matches!(error, TrustError::NoStatement));
    let with = |bundle: &Value, pointer: &str, member: &str, value: Value| {
        let mut changed = bundle.clone();
        changed.pointer_mut(pointer).unwrap()[member] = value;
        changed
    };
    let material = "/verificationMaterial";
    refuse(&with(&blob, material, "publicKey", json!({ "hint": "" })), "more than one of `publicKey`, `certificate`");
    let chain = json!({ "certificates": [] });
    refuse(
        &with(&blob, material, "x509CertificateChain", chain.clone()),
        "more than one of `publicKey`, `certificate`",
    );
    let envelope = json!({ "payload": "", "payloadType": "t", "signatures": [{ "sig": "" }] });
    refuse(&with(&blob, "", "dsseEnvelope", envelope), "both `dsseEnvelope` and `messageSignature`");
    let mut bare = blob.clone();
    bare[material.trim_start_matches('/')].as_object_mut().unwrap().remove("certificate");
    refuse(&bare, "bundle has no `publicKey` or `certificate`");
    refuse(&with(&bare, material, "x509CertificateChain", chain), "certificate chain is empty");
    let mut empty = blob.clone();
    empty.as_object_mut().unwrap().remove("messageSignature");
    refuse(&empty, "bundle has no `dsseEnvelope` or `messageSignature`");
    let Some(statement) = statement else {
        let _ = need::feature("testdata", false, "no statement of the public-good instance is in it");
        return;
    };
    let signature = statement["dsseEnvelope"]["signatures"][0].clone();
    let two = json!([signature, signature]);
    refuse(&with(&statement, "/dsseEnvelope", "signatures", two), "expected exactly 1 in a bundle");
    refuse(&with(&statement, "/dsseEnvelope", "signatures", json!([])), "expected exactly 1 in a bundle");
    refuse(&with(&statement, "/dsseEnvelope", "payloadType", json!("text/plain")), "payload type is `text/plain`");
    // The payload of one, the proofs of another.
    let mut mixed = statement.clone();
    mixed["verificationMaterial"] = blob["verificationMaterial"].clone();
    assert!(judge(&mixed).is_err());
    let mut mixed = blob.clone();
    mixed["verificationMaterial"]["tlogEntries"] = statement["verificationMaterial"]["tlogEntries"].clone();
    assert!(judge(&mixed).is_err());
}

#[test]
fn ghsa_cq38_jh5f_37mq_counts_are_limited() {
    // fail: one log entry, timestamp or certificate more than is looked at; no log entry, no proof, no promise, no time
    let Some(testdata) = need::testdata() else { return };
    let (blob, _) = good(&testdata);
    let entry = blob["verificationMaterial"]["tlogEntries"][0].clone();
    let with = |member: &str, value: Value| {
        let mut changed = blob.clone();
        changed["verificationMaterial"][member] = value;
        changed
    };
    refuse(&with("tlogEntries", json!(vec![entry.clone(); MAX_PROOFS])), "the same log entry is there twice");
    refuse(&with("tlogEntries", json!(vec![entry.clone(); MAX_PROOFS + 1])), "there are 33 log entries, limit is 32");
    let stamps = json!({ "rfc3161Timestamps": vec![json!({ "signedTimestamp": "AAAA" }); MAX_PROOFS + 1] });
    refuse(&with("timestampVerificationData", stamps), "there are 33 timestamps, limit is 32");
    let stamp = json!({ "rfc3161Timestamps": [{ "signedTimestamp": "AAAA" }] });
    // Nobody's word: the log says when.
    assert_eq!(judge(&with("timestampVerificationData", stamp)).unwrap(), judge(&blob).unwrap());
    let mut chain = with("x509CertificateChain", json!({ "certificates": vec![json!({ "rawBytes": "AAAA" }); 9] }));
    chain["verificationMaterial"].as_object_mut().unwrap().remove("certificate");
    refuse(&chain, "there are 9 certificates, limit is 8");
    refuse(&with("tlogEntries", json!([])), "bundle has no log entry");
    refuse(&with("tlogEntries", json!(null)), "bundle is malformed");
    for member in ["inclusionProof", "inclusionPromise", "integratedTime"] {
        let mut less = entry.clone();
        less.as_object_mut().unwrap().remove(member);
        assert!(judge(&with("tlogEntries", json!([less]))).is_err(), "{member}");
    }
}

#[test]
fn the_digest_of_a_bare_signature_is_told_and_proven() {
    // pass: as it is; fail: left out, as sigstore-java and cosign refuse it, of another algorithm, another digest
    let Some(testdata) = need::testdata() else { return };
    let (blob, _) = good(&testdata);
    let mut changed = blob.clone();
    changed["messageSignature"].as_object_mut().unwrap().remove("messageDigest");
    refuse(&changed, "bundle does not say which digest its signature is over");
    let digest = |algorithm: &str, digest: Value| {
        let mut changed = blob.clone();
        changed["messageSignature"]["messageDigest"] = json!({ "algorithm": algorithm, "digest": digest });
        changed
    };
    let right = blob["messageSignature"]["messageDigest"]["digest"].clone();
    judge(&digest("SHA2_256", right.clone())).unwrap();
    refuse(&digest("SHA2_512", right), "bundle is malformed");
    refuse(&digest("SHA2_256", json!("AAAA")), "bundle is malformed");
    let long = "A".repeat(86) + "==";
    refuse(&digest("SHA2_512", json!(long)), "key cannot be used for this signature");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_bundles_never_panic_and_never_change_what_is_proven(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
    ) {
        // pass: one byte changed, or the rest cut off: refused, or exactly what was proven before
        let Some(testdata) = need::testdata() else { return Ok(()) };
        let path = testdata.join("maven-central/sigstore-java-1.2.0.jar.sigstore.json");
        let good = fs::read(path).unwrap();
        let before = verify_signed(&good, ring(), &Limits::DEFAULT).unwrap();
        let mut bytes = good.clone();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(after) = verify_signed(&bytes, ring(), &Limits::DEFAULT) {
            prop_assert_eq!(after, before);
        }
    }
}
