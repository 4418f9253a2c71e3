//! The public conformance suite of Sigstore clients, and real bundles, through our own entry point.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use lasthand_testkit::need;
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::keys::{KeyRing, PublicKey, key_principal};
use lasthand_trust::sigstore::{SigstoreError, SigstoreRoot};
use serde_json::{Value, json};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn ring(root: &Path) -> Result<KeyRing, String> {
    let mut ring = KeyRing::new();
    let root = SigstoreRoot::parse(&fs::read(root).unwrap(), &Limits::DEFAULT);
    ring.add_sigstore(root.map_err(|error| format!("root: {error}"))?);
    Ok(ring)
}

fn case(folder: &Path, testdata: &Path) -> Result<(), String> {
    let own = folder.join("trusted_root.json");
    let mut ring =
        ring(&if own.exists() { own } else { testdata.join("trusted-roots/public-good/trusted_root.json") })?;
    let key = fs::read(folder.join("key.pub")).ok().map(|bytes| PublicKey::parse(&bytes).unwrap());
    if let Some(key) = &key {
        ring.add_key(key.clone());
    }
    let text = |name: &str, other: &str| {
        fs::read_to_string(folder.join(name)).map_or_else(|_| other.to_owned(), |text| text.trim().to_owned())
    };
    let own = folder.join("artifact");
    let artifact = if own.exists() { own } else { testdata.join("sigstore-conformance/a.txt") };
    let artifact = Sha256::of(&fs::read(artifact).unwrap());
    let bundle = fs::read(folder.join("bundle.sigstore.json")).unwrap();
    let signed = verify_signed(&bundle, &ring, &Limits::DEFAULT).map_err(|error| reason(&error))?;
    let (signers, is_artifact) = match &signed {
        Signed::Blob(blob) => (blob.signers(), blob.value().artifact.0 == artifact),
        Signed::Statement(statement) => {
            let names = |digest: &String| *digest == artifact.to_string();
            (statement.signers(), statement.value().subject.iter().any(|s| s.digest.get("sha256").is_some_and(names)))
        }
    };
    if !is_artifact {
        return Err("OtherArtifact".to_owned());
    }
    let issued = || format!("{}#{}", text("issuer", ISSUER), text("identity", IDENTITY));
    let expected = key.map_or_else(issued, |key| key_principal(key.id()));
    if signers[0].principal != expected {
        return Err(format!("OtherSigner {}", signers[0].principal));
    }
    Ok(())
}

fn reason(error: &TrustError) -> String {
    let source = std::error::Error::source(error).map(|source| source.to_string());
    match error {
        TrustError::Sigstore(SigstoreError::Rejected { part, source }) => format!("{part:?}: {source}"),
        error => format!("{error}: {source:?}"),
    }
}

/// Why each rejected case is rejected: the part that does not hold, and words of the reason.
const REJECTED: &[(&str, &str)] = &[
    ("bundle-from-wrong-instance_fail", "Log: invalid inclusion promise: No log key"),
    ("bundle-unknown-version_fail", "media type"),
    ("dsse-mismatch-envelope_fail", "Log: log entry does not match the bundle"),
    ("inclusion-proof-corrupted-hash_fail", "Log: invalid inclusion proof"),
    ("incorrect-public-key_fail", "Log: invalid inclusion promise"),
    ("intoto-expired-certificate_fail", "Time: certificate chain is invalid"),
    ("intoto-set-outside-signing-cert-validity_fail", "Time: certificate chain is invalid"),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", "Time: certificate chain is invalid"),
    ("invalid-checkpoint-signature_fail", "Log: invalid checkpoint"),
    ("invalid-inclusion-proof_fail", "Log: Bundle error: inclusion proof has no checkpoint"),
    ("managed-key-no-key_fail", "none of 1 signatures holds under any of 0 known keys"),
    ("message-digest-mismatch_fail", "Signature: invalid signature"),
    ("rekor2-checkpoint-missing-origin_fail", "Bundle: JSON error: Invalid checkpoint format"),
    ("rekor2-checkpoint-missing-root-hash_fail", "Bundle: JSON error: Invalid checkpoint format"),
    ("rekor2-checkpoint-no-matching-signature_fail", "Log: invalid checkpoint"),
    ("rekor2-dsse-invalid-sig_fail", "Signature: invalid signature"),
    ("rekor2-dsse-mismatch-envelope_fail", "Digest: artifact mismatch"),
    ("rekor2-timestamp-outside-trust-root-tsa-validity_fail", "Time: RFC 3161 timestamp"),
    ("rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "Time: invalid RFC 3161 timestamp"),
    ("rekor2-timestamp-with-incorrect-time_fail", "Bundle: JSON error: Invalid encoding: invalid base64"),
    (
        "trust-root-tlog-missing-validity-start_fail",
        "root: not a trusted root: failed to parse JSON: missing field `start`",
    ),
    ("wrong-hashedrekord-artifact_fail", "Digest: artifact mismatch"),
    ("wrong-hashedrekord-cert-and-sig_fail", "Log: log entry does not match the bundle: certificate"),
    ("wrong-material_fail", "OtherArtifact"),
];

#[test]
fn every_case_is_judged_as_the_suite_says() {
    // pass: what the suite accepts; fail: what it rejects, each for its own reason
    let Some(testdata) = need::testdata() else { return };
    let mut folders: Vec<_> =
        fs::read_dir(testdata.join("sigstore-conformance")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 32);
    let (mut wrong, mut rejected) = (Vec::new(), 0);
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let said = case(&folder, &testdata);
        let reason = REJECTED.iter().find(|(case, _)| *case == name).map_or("", |(_, reason)| reason);
        rejected += usize::from(said.is_err());
        let right = match &said {
            Ok(()) => !name.ends_with("_fail"),
            Err(said) => name.ends_with("_fail") && said.starts_with(reason),
        };
        if !right {
            wrong.push(format!("{name}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rejected >= 22);
}

#[test]
fn a_wrong_time_is_refused_as_such_when_its_encoding_is_mended() {
    // fail: the suite's bundle breaks a line inside base64; without the break, its time is outside the certificate's validity
    let Some(testdata) = need::testdata() else { return };
    let folder = testdata.join("sigstore-conformance/rekor2-timestamp-with-incorrect-time_fail");
    let ring = ring(&folder.join("trusted_root.json")).unwrap();
    let mut bundle: Value = serde_json::from_slice(&fs::read(folder.join("bundle.sigstore.json")).unwrap()).unwrap();
    let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
    let token = &mut data["rfc3161Timestamps"][0]["signedTimestamp"];
    *token = json!(token.as_str().unwrap().replace('\n', ""));
    let said = reason(&verify_signed(bundle.to_string().as_bytes(), &ring, &Limits::DEFAULT).unwrap_err());
    assert!(said.starts_with("Time: certificate chain is invalid"), "{said}");
}

#[test]
fn a_managed_key_signs_an_artifact_and_its_log_entry_must_hold() {
    // pass: the suite's bundle under the key that its log entry names; fail: another key, a changed digest, a changed log entry
    let Some(testdata) = need::testdata() else { return };
    let folder = testdata.join("sigstore-conformance/managed-key-no-key_fail");
    let mut bundle: Value = serde_json::from_slice(&fs::read(folder.join("bundle.sigstore.json")).unwrap()).unwrap();
    let body = bundle["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"].as_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&STANDARD.decode(body).unwrap()).unwrap();
    let key = body["spec"]["signature"]["publicKey"]["content"].as_str().unwrap();
    let key = PublicKey::parse(&STANDARD.decode(key).unwrap()).unwrap();
    let mut ring = ring(&testdata.join("trusted-roots/public-good/trusted_root.json")).unwrap();
    let judge = |bundle: &Value, ring: &KeyRing| {
        verify_signed(bundle.to_string().as_bytes(), ring, &Limits::DEFAULT).map_err(|error| reason(&error))
    };
    assert!(judge(&bundle, &ring).unwrap_err().contains("none of 1 signatures holds under any of 0 known keys"));
    ring.add_key(key.clone());
    let Signed::Blob(blob) = judge(&bundle, &ring).unwrap() else { unreachable!("a blob") };
    assert_eq!(blob.signers()[0].principal, key_principal(key.id()));
    assert_eq!(blob.value().artifact.0, Sha256::of(&fs::read(testdata.join("sigstore-conformance/a.txt")).unwrap()));
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = json!("1766077480");
    assert!(judge(&bundle, &ring).unwrap_err().starts_with("Log: invalid inclusion promise"));
    bundle["messageSignature"]["messageDigest"]["digest"] = json!(STANDARD.encode([7; 32]));
    assert!(judge(&bundle, &ring).unwrap_err().contains("none of 1 signatures holds under any of 1 known keys"));
}
