//! The public conformance suite of Sigstore clients, through our own entry point: every case, each for its own reason, and each with its
//! flaw mended.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;
use lasthand_testkit::need;
use lasthand_testkit::sigstore::{Content, Entry, Flaw, Instance, Recipe, Version};
use lasthand_trust::content_digest::ContentDigest;
use lasthand_trust::evidence::{Signed, verify_signed};
use lasthand_trust::expected::{ExpectedArtifact, ExpectedSigner, verify_expected};
use lasthand_trust::keys::{KeyRing, PublicKey, key_principal};
use lasthand_trust::sigstore::SigstoreRoot;
use serde_json::{Value, json};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const NOW: i64 = 1_780_000_000;

fn root(bytes: &[u8]) -> Result<SigstoreRoot, String> {
    SigstoreRoot::parse(bytes, &Limits::DEFAULT).map_err(|error| format!("Root{}", variant(&error)))
}

fn ring(path: &Path) -> KeyRing {
    let mut ring = KeyRing::new();
    ring.add_sigstore(root(&fs::read(path).unwrap()).unwrap());
    ring
}

/// The name of the innermost variant: `Sigstore(Timestamp { .. })` is `Timestamp`.
fn variant(error: &dyn std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    let mut rest = text.as_str();
    for outer in ["Trust(", "Sigstore("] {
        rest = rest.strip_prefix(outer).unwrap_or(rest);
    }
    rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// What a caller knows who asks for one case.
struct Question {
    bundle: Vec<u8>,
    root: Vec<u8>,
    key: Option<Vec<u8>>,
    identity: String,
    issuer: String,
    artifact: Sha256,
}

impl Question {
    fn read(folder: &Path, testdata: &Path) -> Self {
        let own = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
        let text = |name: &str, other: &str| {
            own(name).map_or_else(|| other.to_owned(), |path| fs::read_to_string(path).unwrap().trim().to_owned())
        };
        let root = own("trusted_root.json").unwrap_or(testdata.join("trusted-roots/public-good/trusted_root.json"));
        let artifact = own("artifact").unwrap_or(testdata.join("sigstore-conformance/a.txt"));
        // The case is about a key that the caller does not have: he has another one.
        let strange =
            folder.ends_with("managed-key-no-key_fail").then(|| lasthand_testkit::sigstore::Key::generate().spki());
        Self {
            bundle: fs::read(folder.join("bundle.sigstore.json")).unwrap(),
            root: fs::read(root).unwrap(),
            key: own("key.pub").map(|path| fs::read(path).unwrap()).or(strange),
            identity: text("identity", IDENTITY),
            issuer: text("issuer", ISSUER),
            artifact: Sha256::of(&fs::read(artifact).unwrap()),
        }
    }

    fn ask(&self) -> Result<(), String> {
        let roots = [root(&self.root)?];
        let key = self.key.as_ref().map(|bytes| PublicKey::parse(bytes)).transpose();
        let key = key.map_err(|error| format!("Key{}", variant(&error)))?;
        let signer = match &key {
            Some(key) => ExpectedSigner::Key(key),
            None => ExpectedSigner::Certificate { identity: &self.identity, issuer: &self.issuer, claims: &[] },
        };
        let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(self.artifact)));
        let answer = verify_expected(&self.bundle, &roots, &signer, &artifact, &Limits::DEFAULT);
        answer.map(|_| ()).map_err(|error| variant(&error))
    }
}

/// Why each rejected case is rejected, and what makes a bundle of our own instance be rejected for the same reason.
///
/// The cases of the public suite that are not in the test data stand here, too.
const REJECTED: &[(&str, &str, Twin)] = &[
    ("bundle-empty-certificate-chain_fail", "NoCertificate", Twin::Flaw(Flaw::EmptyChain)),
    ("bundle-from-wrong-instance_fail", "UnknownLog", Twin::Flaw(Flaw::StrangeLog)),
    ("bundle-invalid-base64-signature_fail", "Encoding", Twin::Flaw(Flaw::BrokenSignature)),
    ("bundle-malformed-json_fail", "Json", Twin::Changed(|bundle| bundle.truncate(bundle.len() / 2))),
    ("bundle-negative-log-index_fail", "LogIndex", Twin::Flaw(Flaw::NegativeIndex)),
    ("bundle-unknown-version_fail", "MediaType", Twin::Flaw(Flaw::MediaType)),
    // Its chain brings a root along, of another instance. What a chain brings is never an anchor, so that alone does no harm; it also
    // lacks a checkpoint.
    ("bundle-with-root-cert_fail", "NoCheckpoint", Twin::Flaw(Flaw::NoCheckpoint)),
    ("checkpoint-bad-keyhint_fail", "CheckpointKey", Twin::Flaw(Flaw::StrangeCheckpoint)),
    ("checkpoint-wrong-roothash_fail", "CheckpointRoot", Twin::Flaw(Flaw::CheckpointOfOtherTree)),
    ("dsse-invalid-sig_fail", "Signature", Twin::Flaw(Flaw::OtherContent)),
    ("dsse-mismatch-envelope_fail", "EntryDigest", Twin::Flaw(Flaw::EntryDigest)),
    ("dsse-mismatch-sig_fail", "EntrySignature", Twin::Flaw(Flaw::EntrySignature)),
    ("inclusion-proof-corrupted-hash_fail", "InclusionProof", Twin::Flaw(Flaw::ProofHash)),
    ("incorrect-public-key_fail", "InclusionPromise", Twin::Flaw(Flaw::StrangePromise)),
    ("integrated-time-in-future_fail", "CertificateTime", Twin::Flaw(Flaw::LatePromise)),
    ("intoto-expired-certificate_fail", "CertificateTime", Twin::Flaw(Flaw::CertificateRanOut)),
    ("intoto-log-entry-mismatch_fail", "EntrySignature", Twin::Flaw(Flaw::EntrySignature)),
    ("intoto-missing-inclusion-proof_fail", "NoInclusionProof", Twin::Flaw(Flaw::NoProof)),
    ("intoto-set-outside-signing-cert-validity_fail", "CertificateTime", Twin::Flaw(Flaw::LatePromise)),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", "CertificateTime", Twin::Flaw(Flaw::LateStamp)),
    ("invalid-checkpoint-signature_fail", "CheckpointSignature", Twin::Flaw(Flaw::CheckpointSignature)),
    ("invalid-ct-key_fail", "CertificateLog", Twin::Flaw(Flaw::StrangeSct)),
    ("invalid-inclusion-proof_fail", "NoCheckpoint", Twin::Flaw(Flaw::NoCheckpoint)),
    ("managed-key-no-key_fail", "NoKnownSignature", Twin::OtherKey),
    ("managed-key-wrong-key_fail", "KeyPem", Twin::BrokenKey),
    ("message-digest-mismatch_fail", "Signature", Twin::Flaw(Flaw::OtherDigest)),
    ("rekor2-checkpoint-missing-log-signature_fail", "CheckpointForm", Twin::Flaw(Flaw::CheckpointUnsigned)),
    ("rekor2-checkpoint-missing-origin_fail", "CheckpointForm", Twin::Flaw(Flaw::CheckpointOrigin)),
    ("rekor2-checkpoint-missing-root-hash_fail", "CheckpointForm", Twin::Flaw(Flaw::CheckpointRoot)),
    ("rekor2-checkpoint-missing-size_fail", "CheckpointForm", Twin::Flaw(Flaw::CheckpointSize)),
    ("rekor2-checkpoint-no-matching-signature_fail", "CheckpointSignature", Twin::Flaw(Flaw::CheckpointSignature)),
    ("rekor2-dsse-invalid-sig_fail", "Signature", Twin::Flaw(Flaw::OtherContent)),
    ("rekor2-dsse-mismatch-envelope_fail", "EntryDigest", Twin::Flaw(Flaw::EntryDigest)),
    ("rekor2-dsse-mismatch-sig_fail", "EntrySignature", Twin::Flaw(Flaw::EntrySignature)),
    ("rekor2-no-inclusion-proof_fail", "NoInclusionProof", Twin::Flaw(Flaw::NoProof)),
    ("rekor2-no-timestamp_fail", "NoTime", Twin::Flaw(Flaw::NoTime)),
    (
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        "TimestampAuthorityTime",
        Twin::Root(Flaw::StampOutsideWindow),
    ),
    ("rekor2-timestamp-outside-tsa-cert-validity_fail", "Timestamp", Twin::Flaw(Flaw::StampBeforeCertificate)),
    ("rekor2-timestamp-payload-mismatch_fail", "Timestamp", Twin::Flaw(Flaw::StampOfOther)),
    ("rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "Timestamp", Twin::Flaw(Flaw::StrangeStamp)),
    ("rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "Timestamp", Twin::Flaw(Flaw::StrangeStamp)),
    ("rekor2-timestamp-with-incorrect-time_fail", "Encoding", Twin::Flaw(Flaw::BrokenBase64)),
    ("set-invalid-signature_fail", "InclusionPromise", Twin::Flaw(Flaw::StrangePromise)),
    ("signature-mismatch_fail", "Signature", Twin::Flaw(Flaw::OtherContent)),
    ("trust-root-tlog-missing-validity-start_fail", "RootShape", Twin::Root(Flaw::LogWithoutStart)),
    ("wrong-hashedrekord-artifact_fail", "EntryDigest", Twin::Flaw(Flaw::EntryDigest)),
    ("wrong-hashedrekord-cert-and-sig_fail", "EntrySignature", Twin::Flaw(Flaw::EntrySignature)),
    ("wrong-hashedrekord-entry_fail", "EntryDigest", Twin::Flaw(Flaw::EntryOfOther)),
    ("wrong-material_fail", "OtherArtifact", Twin::OtherArtifact),
];

/// How a bundle of our own instance gets the flaw of a case.
#[derive(Clone, Copy)]
enum Twin {
    /// Where it is made.
    Flaw(Flaw),
    /// In the root.
    Root(Flaw),
    /// In its bytes.
    Changed(fn(&mut Vec<u8>)),
    /// The caller has another key.
    OtherKey,
    /// The caller's key is none.
    BrokenKey,
    /// The caller asks for another artifact.
    OtherArtifact,
}

fn cases(testdata: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(testdata.join("sigstore-conformance")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 32);
    folders
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn every_case_is_judged_as_the_suite_says() {
    // pass: what the suite accepts; fail: what it rejects, each for the reason of the table
    let Some(testdata) = need::testdata() else { return };
    let (mut wrong, mut rejected) = (Vec::new(), 0);
    for folder in cases(&testdata) {
        let name = name_of(&folder);
        let said = Question::read(&folder, &testdata).ask();
        let reason = REJECTED.iter().find(|(case, ..)| *case == name).map(|(_, reason, _)| *reason);
        rejected += usize::from(said.is_err());
        let right = match &said {
            Ok(()) => !name.ends_with("_fail"),
            // A case that is newer than the table is judged by its name alone.
            Err(said) => name.ends_with("_fail") && reason.is_none_or(|reason| reason == said),
        };
        if !right {
            wrong.push(format!("{name}: {said:?}, expected {reason:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rejected >= 22);
}

#[test]
fn no_reason_serves_for_more_than_six_cases() {
    // fail: a reader that answers everything with one error would pass the suite
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, reason, _) in REJECTED {
        *counts.entry(reason).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count <= 6), "{counts:?}");
    assert_eq!(REJECTED.len(), 49);
}

/// A bundle of our own of the same version, content, entry and proofs as that of a case.
fn recipe_of(case: &Value) -> (Recipe, Content) {
    let mut recipe = Recipe::workflow(IDENTITY);
    let media_type = case["mediaType"].as_str().unwrap_or_default();
    recipe.version = match media_type.rsplit_once("version=").map(|(_, version)| version) {
        Some("0.1") => Version::V01,
        Some("0.2") => Version::V02,
        _ => Version::V03,
    };
    let material = &case["verificationMaterial"];
    recipe.keyed = material.get("publicKey").is_some();
    recipe.stamped = material.pointer("/timestampVerificationData/rfc3161Timestamps/0").is_some();
    let kind = &material["tlogEntries"][0]["kindVersion"];
    let is_blob = case.get("messageSignature").is_some();
    recipe.entry = match (kind["kind"].as_str(), kind["version"].as_str(), is_blob) {
        (Some("intoto"), _, false) => Entry::Intoto,
        (_, Some("0.0.2"), _) => Entry::V2,
        _ => Entry::V1,
    };
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
        "subject": [{ "name": "a.txt", "digest": { "sha256": Sha256::of(b"the artifact").to_string() } }]
    });
    let content = if is_blob { Content::Blob(b"the artifact".to_vec()) } else { Content::Statement(statement) };
    (recipe, content)
}

#[test]
fn the_same_case_is_accepted_when_its_flaw_is_mended() {
    // pass: a bundle of the same shape without the flaw; fail: with the flaw, for the reason for which the case is rejected
    let Some(testdata) = need::testdata() else { return };
    let instance = Instance::new(NOW);
    let (mut wrong, mut twins) = (Vec::new(), 0);
    for folder in cases(&testdata) {
        let name = name_of(&folder);
        let Some((_, reason, twin)) = REJECTED.iter().find(|(case, ..)| *case == name) else { continue };
        let case: Value =
            serde_json::from_slice(&fs::read(folder.join("bundle.sigstore.json")).unwrap()).unwrap_or_default();
        let (recipe, content) = recipe_of(&case);
        let ask = |twin: Option<Twin>| {
            let (flaw, of_root) = match twin {
                Some(Twin::Flaw(flaw)) => (flaw, Flaw::None),
                Some(Twin::Root(flaw)) => (Flaw::None, flaw),
                _ => (Flaw::None, Flaw::None),
            };
            let signed = instance.sign(&content, &recipe, flaw);
            let mut bundle = signed.bundle.to_string().into_bytes();
            if let Some(Twin::Changed(change)) = twin {
                change(&mut bundle);
            }
            let other = lasthand_testkit::sigstore::Key::generate();
            let key = match twin {
                Some(Twin::OtherKey) => other.spki(),
                Some(Twin::BrokenKey) => b"-----BEGIN PUBLIC KEY-----\nMF%%\n-----END PUBLIC KEY-----\n".to_vec(),
                _ => signed.key.spki(),
            };
            let artifact: &[u8] = if matches!(twin, Some(Twin::OtherArtifact)) { b"another" } else { b"the artifact" };
            let question = Question {
                bundle,
                root: instance.trusted_root_with(&of_root).to_string().into_bytes(),
                key: recipe.keyed.then_some(key),
                identity: IDENTITY.to_owned(),
                issuer: ISSUER.to_owned(),
                artifact: Sha256::of(artifact),
            };
            question.ask()
        };
        let (mended, flawed) = (ask(None), ask(Some(*twin)));
        if mended.is_err() || flawed.as_ref().err().map(String::as_str) != Some(reason) {
            wrong.push(format!("{name}: mended {mended:?}, with the flaw {flawed:?}, expected {reason}"));
        }
        twins += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(twins >= 22);
}

#[test]
fn a_wrong_time_is_refused_as_such_when_its_encoding_is_mended() {
    // fail: the suite's bundle breaks a line inside base64; without the break, its time is outside the certificate's validity
    let Some(testdata) = need::testdata() else { return };
    let folder = testdata.join("sigstore-conformance/rekor2-timestamp-with-incorrect-time_fail");
    let ring = ring(&folder.join("trusted_root.json"));
    let mut bundle: Value = serde_json::from_slice(&fs::read(folder.join("bundle.sigstore.json")).unwrap()).unwrap();
    let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
    let token = &mut data["rfc3161Timestamps"][0]["signedTimestamp"];
    *token = json!(token.as_str().unwrap().replace('\n', ""));
    let said = variant(&verify_signed(bundle.to_string().as_bytes(), &ring, &Limits::DEFAULT).unwrap_err());
    assert_eq!(said, "CertificateTime");
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
    let mut ring = ring(&testdata.join("trusted-roots/public-good/trusted_root.json"));
    let judge = |bundle: &Value, ring: &KeyRing| {
        verify_signed(bundle.to_string().as_bytes(), ring, &Limits::DEFAULT).map_err(|error| variant(&error))
    };
    assert_eq!(judge(&bundle, &ring).unwrap_err(), "NoKnownSignature");
    ring.add_key(key.clone());
    let Signed::Blob(blob) = judge(&bundle, &ring).unwrap() else { unreachable!("a blob") };
    assert_eq!(blob.signers()[0].principal, key_principal(key.id()));
    assert_eq!(
        blob.value().artifact.sha256().unwrap().0,
        Sha256::of(&fs::read(testdata.join("sigstore-conformance/a.txt")).unwrap())
    );
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = json!("1766077480");
    assert_eq!(judge(&bundle, &ring).unwrap_err(), "InclusionPromise");
    bundle["messageSignature"]["messageDigest"]["digest"] = json!(STANDARD.encode([7; 32]));
    assert_eq!(judge(&bundle, &ring).unwrap_err(), "NoKnownSignature");
}
