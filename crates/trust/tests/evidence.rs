//! Envelopes and bundles: what verifies, and everything that must not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod support;

use std::num::NonZeroU32;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::json_lines;
use lasthand_model::wire::statement::Statement;
use lasthand_testkit::need;
use lasthand_trust::dsse::pre_authentication_encoding;
use lasthand_trust::evidence::{TrustError, peek_unverified, verify_bundle, verify_envelope, verify_evidence};
use lasthand_trust::keys::{Group, KeyAlgorithm, KeyError, KeyRing, PublicKey};
use lasthand_trust::sigstore::SigstoreError;
use lasthand_trust::statement::StatementError;
use lasthand_trust::{Verified, combine};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Key, TYPE, bundle, envelope, envelope_of, ring, statement};

fn verify(document: &Value, ring: &KeyRing) -> Result<Verified<Statement>, TrustError> {
    verify_evidence(document.to_string().as_bytes(), ring, &Limits::DEFAULT)
}

fn refuse(document: &Value, ring: &KeyRing, message: &str) {
    let error = verify(document, ring).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{error}: {source}").contains(message), "{error}: {source}");
}

fn principals(verified: &Verified<Statement>) -> Vec<&str> {
    verified.signers().iter().map(|signer| signer.principal.as_str()).collect()
}

#[test]
fn envelopes_and_bundles_of_both_algorithms_verify() {
    // pass: ed25519 and P-256, ASN.1 and raw, standard and URL-safe, padded and not
    for key in [Key::ed25519(), Key::p256()] {
        let ring = ring(&[&key]);
        let document = envelope(&statement(), &[&key]);
        let verified = verify(&document, &ring).unwrap();
        assert_eq!(principals(&verified), [format!("key:{}", key.id())]);
        assert_eq!(verified.value().predicate_type, "https://example.com/thing/v1");
        assert_eq!(verified.digest().0, lasthand_model::digest::Sha256::of(statement().to_string().as_bytes()));
        verify(&bundle(&document), &ring).unwrap();
        verify_bundle(bundle(&document).to_string().as_bytes(), &ring, &Limits::DEFAULT).unwrap();

        let payload = statement().to_string();
        let message = pre_authentication_encoding(TYPE, payload.as_bytes());
        let raw = json!({
            "payload": URL_SAFE_NO_PAD.encode(&payload), "payloadType": TYPE,
            "signatures": [{ "keyid": "a lie", "sig": URL_SAFE_NO_PAD.encode(key.sign_fixed(&message)) }]
        });
        verify(&raw, &ring).unwrap();
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    // fail: one changed bit anywhere in signature or payload
    for key in [Key::ed25519(), Key::p256()] {
        let ring = ring(&[&key]);
        let payload = statement().to_string().into_bytes();
        let signature = key.sign(&pre_authentication_encoding(TYPE, &payload));
        let document = |payload: &[u8], signature: &[u8]| {
            json!({ "payload": STANDARD.encode(payload), "payloadType": TYPE,
                "signatures": [{ "sig": STANDARD.encode(signature) }] })
        };
        verify(&document(&payload, &signature), &ring).unwrap();
        for place in 0..signature.len() {
            let mut changed = signature.clone();
            changed[place] ^= 1;
            refuse(&document(&payload, &changed), &ring, "none of 1 signatures");
        }
        for place in 0..payload.len() {
            let mut changed = payload.clone();
            changed[place] ^= 1;
            refuse(&document(&changed, &signature), &ring, "none of 1 signatures");
        }
        refuse(&document(&payload, &signature[..signature.len() - 1]), &ring, "none of 1 signatures");
        refuse(&document(&payload, &[signature.as_slice(), &[0]].concat()), &ring, "none of 1 signatures");
    }
}

#[test]
fn key_id_decides_nothing() {
    // pass: a lying hint; fail: the right hint under a key that did not sign
    let (known, stranger) = (Key::ed25519(), Key::ed25519());
    let mut document = envelope(&statement(), &[&known]);
    document["signatures"][0]["keyid"] = json!(stranger.id().to_string());
    verify(&document, &ring(&[&known, &stranger])).unwrap();
    let mut forged = envelope(&statement(), &[&stranger]);
    forged["signatures"][0]["keyid"] = json!(known.id().to_string());
    refuse(&forged, &ring(&[&known]), "none of 1 signatures");
    assert!(verify(&forged, &ring(&[&known])).unwrap_err().hints()[0].contains(&known.id().to_string()));
    refuse(&forged, &KeyRing::new(), "under any of 0 known keys");
}

#[test]
fn ghsa_9vcr_p3rj_q5q6_one_key_counts_once() {
    // fail: two signatures by one key, the same key listed twice, the same envelope twice; pass: two keys, together or apart
    let (a, b) = (Key::ed25519(), Key::p256());
    let mut ring = ring(&[&a, &a, &b]);
    let group = Group { keys: [a.id(), b.id()].into(), threshold: NonZeroU32::new(2).unwrap() };
    assert!(ring.add_group("release", group.clone()));
    assert!(!ring.add_group("release", group));
    let has_group = |verified: &Verified<Statement>| principals(verified).contains(&"group:release");

    let twice = verify(&envelope(&statement(), &[&a, &a]), &ring).unwrap();
    assert_eq!(twice.signers().len(), 1);
    assert!(!has_group(&twice));
    assert!(has_group(&verify(&envelope(&statement(), &[&a, &b]), &ring).unwrap()));

    let apart = |key: &Key| verify(&envelope(&statement(), &[key]), &ring).unwrap();
    let same = combine(vec![apart(&a), apart(&a)], &ring);
    assert_eq!(same.len(), 1);
    assert!(!has_group(&same[0]));
    let both = combine(vec![apart(&a), apart(&b)], &ring);
    assert_eq!(both.len(), 1);
    assert!(has_group(&both[0]));
    let mut other = statement();
    other["predicate"] = json!(null);
    let other = verify(&envelope(&other, &[&b]), &ring).unwrap();
    let different = combine(vec![apart(&a), other], &ring);
    assert_eq!(different.len(), 2);
    assert!(!different.iter().any(has_group));
}

#[test]
fn cve_2026_39395_signed_non_statements_are_refused() {
    // fail: a good signature over something else
    let key = Key::ed25519();
    let ring = ring(&[&key]);
    let check = |payload: &str, message| refuse(&envelope_of(payload.as_bytes(), TYPE, &[&key]), &ring, message);
    check("", "payload is not a statement");
    check("not json", "payload is not a statement");
    check("[]", "payload is not a statement");
    check("{}", "payload is not a statement");
    check(r#"{"_type":"link","name":"x"}"#, "payload is not a statement");
    let with = |member: &str, value: Value| {
        let mut changed = statement();
        changed[member] = value;
        changed.to_string()
    };
    check(&with("_type", json!("https://in-toto.io/Statement/v2")), "`_type` is `https://in-toto.io/Statement/v2`");
    check(&with("predicateType", json!("")), "`predicateType` is empty");
    check(&with("subject", json!([])), "no subject");
    check(&with("subject", json!([{ "name": "x" }])), "subject 0 has no digest");
    check(&with("subject", json!([{ "name": "x", "digest": { "sha256": "" } }])), "subject 0 has no digest");
    check(
        &with("subject", json!([{ "name": "x", "digest": { "sha256": "A".repeat(64) } }])),
        "subject 0 has no digest",
    );
    let doubled = statement().to_string().replace("\"_type\"", "\"_type\":\"link\",\"_type\"");
    check(&doubled, "payload is not a statement");
}

#[test]
fn cve_2022_35929_another_payload_type_is_refused() {
    // fail: the type is signed, so it can be neither another one nor changed afterwards
    let key = Key::ed25519();
    let payload = statement().to_string();
    let other = envelope_of(payload.as_bytes(), "application/json", &[&key]);
    refuse(&other, &ring(&[&key]), "payload type is `application/json`");
    let mut relabelled = other;
    relabelled["payloadType"] = json!(TYPE);
    refuse(&relabelled, &ring(&[&key]), "none of 1 signatures");
}

#[test]
fn ghsa_72c7_4g63_hpw5_absent_signatures_are_refused() {
    // fail: no signature, an empty one, too many
    let key = Key::ed25519();
    let ring = ring(&[&key]);
    let mut document = envelope(&statement(), &[&key]);
    document["signatures"] = json!([]);
    refuse(&document, &ring, "there are 0 signatures");
    for empty in ["", "=", "AA==", "?"] {
        document["signatures"] = json!([{ "sig": empty }]);
        refuse(&document, &ring, "none of 1 signatures");
    }
    document["signatures"] = Value::Array(vec![json!({ "sig": "" }); 65]);
    refuse(&document, &ring, "there are 65 signatures");
    document["signatures"] = json!([{}]);
    refuse(&document, &ring, "not readable");
}

#[test]
fn cve_2021_41087_walking_subject_names_are_refused() {
    // fail: a name that folds into another one
    let key = Key::ed25519();
    for name in ["dir/../foo", "/foo", "../foo", "a//b"] {
        let mut changed = statement();
        changed["subject"][0]["name"] = json!(name);
        let error = verify(&envelope(&changed, &[&key]), &ring(&[&key])).unwrap_err();
        assert!(matches!(error, TrustError::Statement(StatementError::SubjectName { .. })), "{error:?}");
    }
}

#[test]
fn bundles_need_one_signer_and_one_signature() {
    // fail: a certificate without root, two signers, no material, two signatures, two contents, unknown version
    let key = Key::ed25519();
    let ring = ring(&[&key]);
    let good = bundle(&envelope(&statement(), &[&key]));
    let with = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    for material in [json!({ "certificate": { "rawBytes": "" } }), json!({ "x509CertificateChain": {} })] {
        refuse(&with("/verificationMaterial", material), &ring, "certificate's signature is not believed");
    }
    for material in [
        json!({ "publicKey": { "hint": "" }, "certificate": { "rawBytes": "" } }),
        json!({ "publicKey": { "hint": "" }, "x509CertificateChain": { "certificates": [] } }),
        json!({ "certificate": { "rawBytes": "" }, "x509CertificateChain": { "certificates": [] } }),
    ] {
        refuse(
            &with("/verificationMaterial", material),
            &ring,
            "bundle has more than one of `publicKey`, `certificate`",
        );
    }
    refuse(&with("/verificationMaterial", json!({})), &ring, "bundle has no `publicKey`");
    refuse(&with("/verificationMaterial", json!(null)), &ring, "bundle has no `verificationMaterial`");
    refuse(&with("/dsseEnvelope", envelope(&statement(), &[&key, &key])), &ring, "expected exactly 1 in a bundle");
    refuse(&with("/dsseEnvelope", json!(null)), &ring, "bundle has no `dsseEnvelope`");
    refuse(&with("/mediaType", json!("application/vnd.dev.sigstore.bundle.v0.9+json")), &ring, "media type");
    let mut bare = good.clone();
    bare["messageSignature"] = json!({});
    refuse(&bare, &ring, "bundle has both `dsseEnvelope` and `messageSignature`");
    bare.as_object_mut().unwrap().remove("dsseEnvelope");
    refuse(&bare, &ring, "bundle is malformed");
    for version in ["0.1", "0.2", "0.3"] {
        let old = format!("application/vnd.dev.sigstore.bundle+json;version={version}");
        verify(&with("/mediaType", json!(old)), &ring).unwrap();
    }
    refuse(&json!({ "signed": {}, "signatures": [] }), &ring, "neither a DSSE envelope nor a Sigstore bundle");
}

#[test]
fn peeking_shows_and_proves_nothing() {
    // pass: the claim of a stranger can be shown
    let stranger = Key::ed25519();
    let document = bundle(&envelope(&statement(), &[&stranger])).to_string();
    let seen = peek_unverified(document.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(seen.predicate_type_unverified, "https://example.com/thing/v1");
    assert_eq!(seen.subjects_unverified.len(), 1);
}

#[test]
fn keys_have_one_encoding() {
    // fail: bytes behind, compressed point, point off the curve, parameters; pass: PEM and DER give one id
    for key in [Key::ed25519(), Key::p256()] {
        let der = key.spki();
        let pem = pem_rfc7468::encode_string("PUBLIC KEY", pem_rfc7468::LineEnding::LF, &der).unwrap();
        assert_eq!(PublicKey::parse(pem.as_bytes()).unwrap().id(), key.id());
        assert_eq!(PublicKey::parse(&der).unwrap().id(), key.id());
        let behind = [der.as_slice(), &[0]].concat();
        assert!(matches!(PublicKey::parse(&behind), Err(KeyError::Encoding { .. })));
        assert!(PublicKey::parse(&der[..der.len() - 1]).is_err());
        let private = pem.replace("PUBLIC", "PRIVATE");
        let error = PublicKey::parse(private.as_bytes()).unwrap_err();
        assert!(error.hints()[0].contains("private key"), "{error}");
    }
    let mut off_curve = Key::p256().spki();
    off_curve[40] ^= 1;
    assert_eq!(PublicKey::parse(&off_curve).unwrap_err(), KeyError::Point { algorithm: KeyAlgorithm::EcdsaP256 });
    let point = Key::p256().spki();
    let mut compressed = hex::decode("3039301306072a8648ce3d020106082a8648ce3d030107032200").unwrap();
    compressed.push(2 + (point[90] & 1));
    compressed.extend_from_slice(&point[27..59]);
    assert!(matches!(PublicKey::parse(&compressed), Err(KeyError::Encoding { .. })));
}

#[test]
fn foreign_keys_are_read_or_named() {
    // pass: keys of in-toto-golang; fail: types that are not read, each named
    let Some(folder) = need::testdata() else { return };
    let folder = folder.join("in-toto-golang");
    let Ok(carol) = std::fs::read(folder.join("carol.pub")) else {
        let _ = need::feature("testdata", false, "this folder is not in it");
        return;
    };
    assert_eq!(PublicKey::parse(&carol).unwrap().algorithm(), KeyAlgorithm::Ed25519);
    for (name, expected) in
        [("alice", "RSA"), ("erin", "secp256k1"), ("frank", "P-521"), ("grace", "P-384"), ("heidi", "P-224")]
    {
        let error = PublicKey::parse(&std::fs::read(folder.join(format!("{name}.pub"))).unwrap()).unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
    // RSA signatures, and classic links, which are no statements: never accepted.
    let ring = KeyRing::new();
    let link = std::fs::read(folder.join("clone-dsse.776a00e2.link")).unwrap();
    assert!(matches!(verify_envelope(&link, &ring, &Limits::DEFAULT), Err(TrustError::NoKnownSignature { .. })));
}

#[test]
fn foreign_vsa_signed_by_p256_verifies() {
    // pass: a verification summary that somebody else's tools signed; fail: the same without its key
    let Some(folder) = need::testdata() else { return };
    let folder = folder.join("slsa-verifier/vsa/gce/v1");
    let (Ok(pem), Ok(lines)) = (
        std::fs::read(folder.join("vsa_signing_public_key.pem")),
        std::fs::read(folder.join("gke-gce-pre.bcid-vsa.jsonl")),
    ) else {
        let _ = need::feature("testdata", false, "this folder is not in it");
        return;
    };
    let mut ring = KeyRing::new();
    ring.add_key(PublicKey::parse(&pem).unwrap());
    for (_, line) in json_lines(&lines) {
        let verified = verify_evidence(line, &ring, &Limits::DEFAULT).unwrap();
        assert_eq!(verified.value().predicate_type, "https://slsa.dev/verification_summary/v1");
        assert!(verify_evidence(line, &KeyRing::new(), &Limits::DEFAULT).is_err());
    }
}

#[test]
fn foreign_certificate_bundles_need_a_root() {
    // fail: bundles that carry Fulcio certificates, where no root is known
    let Some(folder) = need::testdata() else { return };
    let folder = folder.join("sigstore-js-bundles");
    for name in ["bundleV01-dsse-with-proof.sigstore", "bundleV03-dsse.sigstore"] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            let _ = need::feature("testdata", false, "this folder is not in it");
            return;
        };
        let error = verify_evidence(&bytes, &KeyRing::new(), &Limits::DEFAULT).unwrap_err();
        assert!(matches!(error, TrustError::Sigstore(SigstoreError::NoRoot)), "{error:?}");
        assert!(error.hints()[0].contains("type = \"sigstore\""), "{error:?}");
        assert!(!peek_unverified(&bytes, &Limits::DEFAULT).unwrap().subjects_unverified.is_empty());
    }
}

#[test]
fn envelopes_that_openssl_signed_verify() {
    // pass: committed envelopes, keys and signatures by openssl
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/dsse");
    for name in ["openssl-ed25519", "openssl-p256"] {
        let mut ring = KeyRing::new();
        let key = PublicKey::parse(&std::fs::read(folder.join(format!("{name}.pub"))).unwrap()).unwrap();
        let id = key.id();
        ring.add_key(key);
        let bytes = std::fs::read(folder.join(format!("{name}.dsse.json"))).unwrap();
        let verified = verify_evidence(&bytes, &ring, &Limits::DEFAULT).unwrap();
        assert_eq!(principals(&verified), [format!("key:{id}")]);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        // pass: every input is answered, none accepted
        let ring = KeyRing::new();
        prop_assert!(verify_evidence(&bytes, &ring, &Limits::DEFAULT).is_err());
        prop_assert!(verify_envelope(&bytes, &ring, &Limits::DEFAULT).is_err());
        prop_assert!(verify_bundle(&bytes, &ring, &Limits::DEFAULT).is_err());
        let _ = peek_unverified(&bytes, &Limits::DEFAULT);
        let _ = PublicKey::parse(&bytes);
        let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65], bytes.as_slice()].concat();
        let _ = PublicKey::parse(&der);
    }

    #[test]
    fn arbitrary_members_never_panic(payload in ".{0,40}", sig in ".{0,40}", name in ".{0,40}", media in ".{0,40}") {
        // pass: right shapes with arbitrary texts
        let key = Key::ed25519();
        let envelope = json!({ "payload": payload, "payloadType": TYPE, "signatures": [{ "sig": sig, "keyid": name }] });
        prop_assert!(verify(&envelope, &ring(&[&key])).is_err());
        let bundle = json!({ "mediaType": media, "dsseEnvelope": envelope });
        prop_assert!(verify(&bundle, &ring(&[&key])).is_err());
        let mut changed = statement();
        changed["subject"][0]["name"] = json!(name);
        let _ = verify(&support::envelope(&changed, &[&key]), &ring(&[&key]));
    }
}
