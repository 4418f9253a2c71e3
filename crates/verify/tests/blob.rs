//! Signatures over an artifact alone: what they prove about an accepted release, and what they do not.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod support;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_lineage::Verdict;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::bundle::BUNDLE_V03;
use lasthand_model::wire::report::EvidenceStatus;
use lasthand_verify::Verification;
use serde_json::json;
use support::World;

const BUNDLE: &str = "signature.sigstore.json";

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn spki(&self) -> Vec<u8> {
        self.0.public_key().as_der().unwrap().as_ref().to_vec()
    }

    fn bundle(&self, signed: &[u8], claimed: &[u8]) -> Vec<u8> {
        let signature = self.0.sign(&SystemRandom::new(), signed).unwrap();
        let digest = STANDARD.encode(Sha256::of(claimed).as_bytes());
        let bundle = json!({
            "mediaType": BUNDLE_V03, "verificationMaterial": { "publicKey": { "hint": "h" } },
            "messageSignature": {
                "messageDigest": { "algorithm": "SHA2_256", "digest": digest },
                "signature": STANDARD.encode(signature.as_ref()),
            },
        });
        serde_json::to_vec(&bundle).unwrap()
    }

    /// A world whose product must be signed, and a row for this signer.
    fn world(&self, row: &str) -> World {
        let mut world = World::accepted();
        let pem = STANDARD.encode(self.spki());
        let id = Sha256::of(&self.spki());
        let (label, place) = ("PUBLIC KEY", "name = \"app\"\n");
        world.trust = world.trust.replace(place, &format!("{place}required = [{{ action = \"sign\" }}]\n"));
        assert!(world.trust.contains("required"));
        world.trust.push_str(&format!(
            "\n[[root]]\ntype = \"key\"\npem = \"\"\"\n-----BEGIN {label}-----\n{}\n{}\n-----END {label}-----\n\"\"\"\n\n\
             [[identity]]\nmethod = \"key\"\nid = \"{id}\"\n{row}\n",
            pem.get(..64).unwrap(),
            pem.get(64..).unwrap()
        ));
        world
    }
}

const ROW: &str = "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"sign\"]\nproducts = [\"app\"]";

fn reason(verification: &Verification) -> (EvidenceStatus, String) {
    let item = verification.report.evidence.iter().find(|item| item.source.ends_with(BUNDLE)).unwrap();
    (item.status, item.reason.clone().unwrap_or_default())
}

#[test]
fn a_signature_over_the_release_meets_a_required_act() {
    // pass: signed by the row's signer; fail: no signature
    let signer = Signer::new();
    let mut world = signer.world(ROW);
    let missing = world.verify();
    assert_eq!(missing.outcome.verdict, Verdict::Refused);
    let bundle = signer.bundle(&world.artifact, &world.artifact);
    world.evidence.insert(BUNDLE.to_owned(), bundle.clone());
    // The same file twice is one act.
    world.evidence.insert("again.sigstore.json".to_owned(), bundle);
    let verification = world.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Accepted, "{:?}", verification.outcome.frontier);
    assert_eq!(reason(&verification).0, EvidenceStatus::Verified);
    assert_eq!(verification.report.steps.iter().filter(|step| step.kind == "sign").count(), 1);
}

#[test]
fn another_form_of_a_signature_is_the_same_act() {
    // pass: ECDSA signs differently each time; a list that takes one back must take the other back, so both have one digest
    let signer = Signer::new();
    let mut world = signer.world(ROW);
    for name in [BUNDLE, "other.sigstore.json"] {
        let bundle = signer.bundle(&world.artifact, &world.artifact);
        world.evidence.insert(name.to_owned(), bundle);
    }
    let verification = world.verify();
    let of_bundle = |name: &str| {
        let items = verification.report.evidence.iter();
        items.filter(|item| item.source.ends_with(name)).find_map(|item| item.digest)
    };
    assert!(of_bundle(BUNDLE).is_some());
    assert_eq!(of_bundle(BUNDLE), of_bundle("other.sigstore.json"));
    assert_eq!(verification.report.steps.iter().filter(|step| step.kind == "sign").count(), 1);
}

#[test]
fn a_signature_that_proves_nothing_meets_no_required_act() {
    // fail: a row without `sign`, another product, an agent, another artifact, a lie about the digest, a stranger
    let signer = Signer::new();
    for row in [
        ROW.replace("\"sign\"", "\"publish\""),
        "kind = \"agent\"".to_owned(),
        ROW.replace("custody = \"isolated\"\n", ""),
    ] {
        let mut world = signer.world(&row);
        let bundle = signer.bundle(&world.artifact, &world.artifact);
        world.evidence.insert(BUNDLE.to_owned(), bundle);
        assert_eq!(world.verify().outcome.verdict, Verdict::Refused, "{row}");
    }
    let mut world = signer.world(ROW);
    let artifact = world.artifact.clone();
    for (bundle, status, words) in [
        (signer.bundle(b"other", b"other"), EvidenceStatus::Rejected, "signature is over sha256:"),
        (signer.bundle(b"other", &artifact), EvidenceStatus::Unused, "none of 1 signatures holds"),
        (signer.bundle(&artifact, b"other"), EvidenceStatus::Unused, "none of 1 signatures holds"),
        (Signer::new().bundle(&artifact, &artifact), EvidenceStatus::Unused, "none of 1 signatures holds"),
    ] {
        world.evidence.insert(BUNDLE.to_owned(), bundle);
        let verification = world.verify();
        assert_eq!(verification.outcome.verdict, Verdict::Refused);
        let (got, reason) = reason(&verification);
        assert!(got == status && reason.starts_with(words), "{got:?} {reason}");
    }
}
