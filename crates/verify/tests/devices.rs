//! Security keys from signed bytes to verdicts: touch, PIN and count.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_lineage::Verdict;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use lasthand_model::wire::report::{EvidenceStatus, ReportEvidence};
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::ssh::{Odd, SecurityKey};
use lasthand_verify::{Verification, VerifyError};
use serde_json::{Value, json};
use support::{World, key, principal};

const REVIEW: &str = "review.sigstore.json";
const ANA: &str = "ana@example.com";

/// The accepted world, where Ana reviews by security key, and what the row asks of it.
fn world(row: &str, list: &str) -> World {
    let mut world = World::accepted();
    let id = key("ana").id();
    let pem = key("ana").public_pem().unwrap();
    let root = format!("[[root]]\ntype = \"key\"\npem = '''\n{pem}'''\n");
    assert!(world.trust.contains(&root));
    world.trust = world
        .trust
        .replace(&root, "[[root]]\ntype = \"ssh\"\nfile = \"evidence/allowed_signers\"\n")
        .replace(
            &format!("method = \"key\"\nid = \"{id}\"\nkind = \"human\"\ncustody = \"personal\"\n"),
            &format!("method = \"ssh-sk\"\nid = \"{ANA}\"\nkind = \"human\"\n{row}\n"),
        )
        .replace(&format!("\"key:{id}\""), &format!("\"{ANA}\""));
    world.evidence.insert("allowed_signers".to_owned(), list.as_bytes().to_vec());
    world
}

/// The review of the accepted world, as Ana states it under her SSH name.
fn statement(world: &World) -> Vec<u8> {
    let bundle: Value = serde_json::from_slice(world.evidence.get(REVIEW).unwrap()).unwrap();
    let payload = STANDARD.decode(bundle.pointer("/dsseEnvelope/payload").unwrap().as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    text.replace(&principal("ana"), ANA).replace("dsse-key", "ssh-sk").into_bytes()
}

fn envelope(payload: &[u8], armoured: &str) -> Vec<u8> {
    let signatures = json!([{ "keyid": "", "sig": STANDARD.encode(armoured) }]);
    let envelope =
        json!({ "payload": STANDARD.encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures });
    serde_json::to_vec(&envelope).unwrap()
}

/// Ana reviews with these flags and this count.
fn review(world: &mut World, device: &SecurityKey, flags: u8, counter: u32) {
    let payload = statement(world);
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    let signed = envelope(&payload, &device.sign("in-toto", &message, flags, counter));
    world.evidence.insert("review.json".to_owned(), signed);
    world.evidence.remove(REVIEW);
}

fn verify(row: &str, flags: u8, counter: u32) -> Verification {
    let device = SecurityKey::ed25519(7);
    let mut world = world(row, &format!("{ANA} {}\n", device.line()));
    review(&mut world, &device, flags, counter);
    world.verify()
}

fn said(verification: &Verification) -> (Verdict, Vec<&str>) {
    let ids = verification.report.findings.iter().map(|finding| finding.id.as_str());
    (verification.outcome.verdict, ids.filter(|id| ["LH111", "LH112"].contains(id)).collect())
}

fn item<'v>(verification: &'v Verification, ending: &str) -> &'v ReportEvidence {
    verification.report.evidence.iter().find(|item| item.source.ends_with(ending)).unwrap()
}

#[test]
fn a_touch_is_seen_and_its_absence_is_told() {
    // pass: touched, at level 4, so without the label that presence is unproven; fail: not touched, refused, and LH111 names key and statement
    let touched = verify("", 0x01, 1);
    assert_eq!(said(&touched), (Verdict::Accepted, vec![]));
    assert_eq!(touched.report.labels, ["inputs-not-bounded"]);
    for flags in [0x00, 0x04] {
        let untouched = verify("", flags, 1);
        assert_eq!(said(&untouched), (Verdict::Refused, vec!["LH111"]), "{flags}");
        let finding = untouched.report.findings.iter().find(|finding| finding.id == "LH111").unwrap();
        assert_eq!(finding.place.actor.as_deref(), Some(ANA));
        let review = item(&untouched, "review.json");
        assert_eq!(finding.place.evidence, review.digest.map(|digest| digest.to_string()));
        assert!(finding.message.contains("SHA256:"), "{}", finding.message);
    }
}

#[test]
fn a_touch_cannot_be_made_up() {
    // fail: flags changed behind the signature, a key in a file dressed as a device, a touch over another statement beside it
    let device = SecurityKey::ed25519(7);
    let line = format!("{ANA} {}\n", device.line());
    let mut changed = world("", &line);
    let payload = statement(&changed);
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    let armoured = device.sign("in-toto", &message, 0x00, 1);
    let inner: String = armoured.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut blob = STANDARD.decode(inner).unwrap();
    let at = blob.len() - 5;
    *blob.get_mut(at).unwrap() = 0x01;
    changed.evidence.remove(REVIEW);
    changed.evidence.insert("review.json".to_owned(), envelope(&payload, &lasthand_testkit::ssh::armour(&blob)));
    let verification = changed.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Refused);
    let rejected = item(&verification, "review.json");
    assert_eq!(rejected.status, EvidenceStatus::Rejected);
    assert!(rejected.reason.as_ref().unwrap().contains("does not hold"), "{rejected:?}");

    let file = SecurityKey::in_file(7);
    for (line, kind, tail) in [
        (format!("{ANA} {}\n", file.line()), "sk-ssh-ed25519@openssh.com", &[0x01, 0, 0, 0, 1][..]),
        (format!("{ANA} {}\n", file.line()), "ssh-ed25519", &[]),
    ] {
        let mut dressed = world("", &line);
        let odd = Odd { kind, as_device: None, tail, reserved: b"" };
        let signed = envelope(&payload, &file.sign_odd("in-toto", &message, &odd));
        dressed.evidence.remove(REVIEW);
        dressed.evidence.insert("review.json".to_owned(), signed);
        assert_eq!(dressed.verify().outcome.verdict, Verdict::Refused, "{kind}");
    }

    let mut beside = world("", &line);
    review(&mut beside, &device, 0x00, 1);
    let other = String::from_utf8(payload).unwrap().replace("\"**\"", "\"docs/**\"").into_bytes();
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &other);
    let signed = envelope(&other, &device.sign("in-toto", &message, 0x01, 2));
    beside.evidence.insert("other.json".to_owned(), signed);
    assert_eq!(said(&beside.verify()), (Verdict::Refused, vec!["LH111"]));
}

#[test]
fn a_touch_over_the_same_statement_counts_beside_a_signature_without() {
    // pass: two envelopes over one payload; what is noticed of the first is told all the same
    let device = SecurityKey::ed25519(7);
    let mut world = world("", &format!("{ANA} {}\n", device.line()));
    let payload = statement(&world);
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    review(&mut world, &device, 0x00, 1);
    world.evidence.insert("again.json".to_owned(), envelope(&payload, &device.sign("in-toto", &message, 0x01, 2)));
    assert_eq!(said(&world.verify()), (Verdict::Accepted, vec!["LH111"]));
}

#[test]
fn a_row_that_asks_for_a_pin_takes_nothing_less() {
    // pass: touched and verified; fail: touched alone, and the evidence says why; verified alone, as a key that nobody touched
    let asked = "user_verification = true";
    assert_eq!(said(&verify(asked, 0x05, 1)), (Verdict::Accepted, vec![]));
    assert_eq!(said(&verify(asked, 0x04, 1)), (Verdict::Refused, vec!["LH111"]));
    for flags in [0x00, 0x01] {
        let refused = verify(asked, flags, 1);
        assert_eq!(refused.outcome.verdict, Verdict::Refused, "{flags}");
        let review = item(&refused, "review.json");
        assert_eq!(review.status, EvidenceStatus::Rejected);
        assert!(review.reason.as_ref().unwrap().contains("does not say that it verified its user"), "{review:?}");
    }
    assert_eq!(said(&verify("user_verification = false", 0x01, 1)), (Verdict::Accepted, vec![]));
}

#[test]
fn a_count_must_be_above_the_last() {
    // pass: above it; fail: the same, below it, and a device that never counts: LH112; a count that nobody asks for is no finding
    let asked = "last_counter = 5";
    assert_eq!(said(&verify(asked, 0x01, 6)), (Verdict::Accepted, vec![]));
    for counter in [5, 4, 0] {
        let refused = verify(asked, 0x01, counter);
        assert_eq!(said(&refused), (Verdict::Refused, vec!["LH112"]), "{counter}");
        let finding = refused.report.findings.iter().find(|finding| finding.id == "LH112").unwrap();
        assert!(finding.message.contains(&format!("counts {counter}, not above 5")), "{}", finding.message);
    }
    assert_eq!(said(&verify("", 0x01, 0)), (Verdict::Accepted, vec![]));
    assert_eq!(said(&verify(asked, 0x00, 5)), (Verdict::Refused, vec!["LH111", "LH112"]));
}

#[test]
fn what_a_row_asks_of_devices_must_make_sense() {
    // fail: of another method, a count that is none, a count of two devices or of none; each with its line
    let device = SecurityKey::ed25519(7);
    let line = format!("{ANA} {}\n", device.line());
    let said = |row: &str, list: &str| match world(row, list).write() {
        Err(VerifyError::Trust { source, .. }) => {
            source.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:?}"),
    };
    for row in ["last_counter = -1", "last_counter = 4294967296"] {
        assert!(said(row, &line).contains("is not a value for `last_counter`, expected 0 to 4294967295"), "{row}");
    }
    assert!(said("last_counter = \"5\"", &line).contains("expected a whole number"));
    assert!(said("user_verification = 1", &line).contains("expected true or false"));
    let two = format!("{line}{ANA} {}\n", SecurityKey::ed25519(8).line());
    assert!(said("last_counter = 5", &two).contains("have 2 for `ana@example.com`"));
    let in_file = format!("{ANA} {}\n", SecurityKey::in_file(7).line());
    assert!(said("last_counter = 5", &in_file).contains("have 0 for `ana@example.com`"));
    let mut of_key = World::accepted();
    of_key.trust =
        of_key.trust.replacen("custody = \"isolated\"", "custody = \"isolated\"\nuser_verification = true", 1);
    let error = of_key.write().unwrap_err();
    let VerifyError::Trust { source, .. } = error else { unreachable!("{error}") };
    assert!(
        source
            .diagnostics()
            .iter()
            .any(|found| { found.to_string().contains("`user_verification` does not go with `method = \"key\"`") })
    );
}
