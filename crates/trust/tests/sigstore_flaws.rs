//! What can be wrong with a bundle, one thing at a time, all the rest right: statements about artifacts (by the library) and about git
//! objects alone (by our own checks) are refused for the same reason.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{
    ENVELOPE_MEDIA_TYPE as ENVELOPE, SIMPLE_SIGNING_MEDIA_TYPE as SIMPLE_SIGNING, pre_authentication_encoding,
};
use lasthand_model::wire::facts::SignerMethod;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::sigstore::{Content, Entry, Flaw, Instance, Recipe, Signed as Made, Version};
use lasthand_testkit::ssh::SecurityKey;
use lasthand_trust::Clock;
use lasthand_trust::content_digest::{ContentDigest, DigestAlgorithm};
use lasthand_trust::cosign::verify_layer;
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::expected::{
    ExpectedArtifact, ExpectedError, ExpectedSigner, algorithm_to_compare, verify_expected,
};
use lasthand_trust::foreign::{bundle_of_python, documents};
use lasthand_trust::git_object::{GitObjectId, GitObjectKind};
use lasthand_trust::keys::{KeyRing, PublicKey};
use lasthand_trust::sigstore::{Claim, SigstoreRoot};
use lasthand_trust::ssh::AllowedSigners;
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;
const WORKFLOW: &str = "https://forge.example/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const COMMIT: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Ana <ana@example.com> 1 +0000\n\none\n";

const STATEMENT: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"gitCommit":"4b825dc642cb6eb9a060e54bf8d69288fbee4904"}}],"predicateType":"https://example.com/thing/v1","predicate":{}}"#;

fn instance() -> &'static Instance {
    static INSTANCE: OnceLock<Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| Instance::new(NOW))
}

fn root(flaw: Flaw) -> SigstoreRoot {
    SigstoreRoot::parse(instance().trusted_root_with(&flaw).to_string().as_bytes(), &Limits::DEFAULT).unwrap()
}

fn ring(flaw: Flaw) -> KeyRing {
    let mut ring = KeyRing::new();
    ring.add_sigstore(root(flaw));
    ring
}

fn statement(digest: Value) -> Content {
    Content::Statement(json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
        "subject": [{ "digest": digest }]
    }))
}

fn commit() -> GitObjectId {
    GitObjectId::of(GitObjectKind::Commit, COMMIT).unwrap()
}

/// About an artifact, and about a commit alone.
fn contents() -> [Content; 2] {
    let commit = commit().to_string().trim_start_matches("gitCommit:").to_owned();
    [statement(json!({ "sha256": Sha256::of(b"the artifact").to_string() })), statement(json!({ "gitCommit": commit }))]
}

fn variant(error: &dyn std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    let mut rest = text.as_str();
    for outer in ["Trust(", "Sigstore("] {
        rest = rest.strip_prefix(outer).unwrap_or(rest);
    }
    rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
}

fn judge(made: &Made, ring: &KeyRing) -> Result<Signed, String> {
    verify_signed(made.bundle.to_string().as_bytes(), ring, &Limits::DEFAULT).map_err(|error| variant(&error))
}

fn recipe(entry: Entry, stamped: bool) -> Recipe {
    let version = if entry == Entry::V2 { Version::V03 } else { Version::V02 };
    Recipe { version, entry, stamped, ..Recipe::workflow(WORKFLOW) }
}

/// Each content with and without the flaw: accepted without, refused for this reason with it.
fn check(entry: Entry, stamped: bool, flaw: Flaw, reason: &str) {
    for content in contents() {
        let recipe = recipe(entry, stamped);
        let good = judge(&instance().sign(&content, &recipe, Flaw::None), &ring(Flaw::None));
        assert!(good.is_ok(), "{entry:?}: {good:?}");
        let bad = judge(&instance().sign(&content, &recipe, flaw), &ring(flaw));
        assert_eq!(bad.unwrap_err(), reason, "{entry:?} {flaw:?} {content:?}");
    }
}

/// As [`check`], for every kind of log entry.
fn check_all(flaw: Flaw, reason: &str) {
    for entry in [Entry::V1, Entry::Intoto, Entry::V2] {
        check(entry, false, flaw, reason);
    }
}

#[test]
fn a_certificate_that_ran_out_proves_nothing() {
    // fail: signed after and before the certificate's time, by the log's clock and by a timestamp authority's
    check_all(Flaw::CertificateRanOut, "CertificateTime");
    check_all(Flaw::CertificateTooEarly, "CertificateTime");
    check(Entry::V1, false, Flaw::LatePromise, "CertificateTime");
    check(Entry::V2, false, Flaw::LateStamp, "CertificateTime");
}

#[test]
fn one_time_that_fits_does_not_make_up_for_one_that_does_not() {
    // fail: the log's time is inside the certificate's, the timestamp's is not
    check(Entry::V1, true, Flaw::LateStamp, "CertificateTime");
}

#[test]
fn without_a_proven_time_a_certificate_proves_nothing() {
    // fail: no promise and no timestamp; the finding says so
    check_all(Flaw::NoTime, "NoTime");
    check(Entry::V1, false, Flaw::NoPromise, "NoTime");
    let made = instance().sign(&contents()[1], &recipe(Entry::V2, false), Flaw::NoTime);
    let error = verify_signed(made.bundle.to_string().as_bytes(), &ring(Flaw::None), &Limits::DEFAULT).unwrap_err();
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert!(said.contains("so the certificate proves nothing"), "{said}");
    assert!(error.hints()[0].contains("timestamp authority"));
}

#[test]
fn a_time_that_has_not_come_is_refused() {
    // fail: certificate, certificate log and promise agree on a day in eight years
    check(Entry::V1, false, Flaw::FuturePromise, "FutureTime");
}

#[test]
fn a_certificate_is_one_of_an_authority_of_the_root() {
    // fail: an authority of the same name with another key; one that the root knows for an earlier time; one for other purposes
    check_all(Flaw::StrangeAuthority, "Chain");
    check_all(Flaw::AuthorityWindow, "AuthorityTime");
    check_all(Flaw::NoCodeSigning, "Chain");
}

#[test]
fn cve_2026_24122_every_certificate_of_the_chain_is_valid_when_it_is_signed() {
    // fail: the intermediate had run out, or the top of the chain; the certificate itself had not
    check_all(Flaw::IntermediateRanOut, "CertificateTime");
    check_all(Flaw::TopRanOut, "CertificateTime");
}

#[test]
fn a_certificate_is_logged() {
    // fail: no entry, two, one of a log that nobody knows, one of another certificate, one from outside the log's time
    for flaw in [Flaw::NoSct, Flaw::TwoScts, Flaw::StrangeSct, Flaw::OtherSct, Flaw::CertificateLogWindow] {
        check_all(flaw, "CertificateLog");
    }
}

#[test]
fn a_certificate_names_one_signer() {
    // fail: two names, an extension twice, no issuer, two issuers, what is no text in the place of text
    for flaw in [Flaw::TwoNames, Flaw::TwiceExtended, Flaw::NoIssuer, Flaw::TwoIssuers, Flaw::ClaimNotText] {
        check(Entry::V1, false, flaw, "Identity");
    }
    // pass: one issuer, written in both ways
    let recipe =
        Recipe { claims: vec![(1, ISSUER.to_owned()), (5, "acme/app".to_owned())], ..recipe(Entry::V1, false) };
    assert!(judge(&instance().sign(&contents()[0], &recipe, Flaw::None), &ring(Flaw::None)).is_ok());
}

#[test]
fn a_timestamp_is_of_this_signature_by_an_authority_of_the_root() {
    // fail: over other bytes, by a stranger who brings his certificate, from outside the authority's time or its certificate's
    check(Entry::V2, false, Flaw::StampOfOther, "Timestamp");
    check(Entry::V2, false, Flaw::StrangeStamp, "Timestamp");
    check(Entry::V2, false, Flaw::StampBeforeCertificate, "Timestamp");
    check(Entry::V2, false, Flaw::StampOutsideWindow, "TimestampAuthorityTime");
}

#[test]
fn cve_2026_39984_the_certificates_of_a_timestamp_decide_nothing() {
    // fail: a stranger's timestamp with the authority's own certificate put before his
    check(Entry::V2, false, Flaw::StrangeStampBehindKnown, "Timestamp");
}

#[test]
fn a_timestamp_names_its_certificate_and_that_is_for_timestamps_alone() {
    // fail: another certificate of the same key, none, one that is for signing code, too; pass: under the same root, what does not rest on it
    check(Entry::V2, false, Flaw::StampOfOtherCertificate, "Timestamp");
    check(Entry::V2, false, Flaw::StampOfNoCertificate, "Timestamp");
    check(Entry::V2, false, Flaw::UnfitStamper, "Timestamp");
    for stamped in [false, true] {
        for content in contents() {
            let made = instance().sign(&content, &recipe(Entry::V1, stamped), Flaw::UnfitStamper);
            let Signed::Statement(statement) = judge(&made, &ring(Flaw::UnfitStamper)).unwrap() else {
                unreachable!("a statement")
            };
            assert_eq!(statement.clock(), Some(Clock::Log));
        }
    }
}

#[test]
fn a_strangers_timestamp_is_nobodys_word_beside_a_logs_time() {
    // pass: the log says when; what a stranger says besides neither helps nor harms
    for content in contents() {
        let made = instance().sign(&content, &recipe(Entry::V1, true), Flaw::StrangeStamp);
        let Signed::Statement(statement) = judge(&made, &ring(Flaw::None)).unwrap() else {
            unreachable!("a statement")
        };
        assert_eq!((statement.clock(), statement.signers()[0].time), (Some(Clock::Log), Some(NOW)));
    }
}

#[test]
fn ghsa_9vcr_p3rj_q5q6_a_proof_counts_once() {
    // fail: the same timestamp twice, the same log entry twice
    check(Entry::V2, false, Flaw::StampTwice, "Repeated");
    check_all(Flaw::EntryTwice, "Repeated");
}

#[test]
fn ghsa_wqqc_jjcq_vfxm_a_key_counts_in_its_time_alone() {
    // fail: a log's key whose time was over, or has not come
    check_all(Flaw::LogWindow, "UnknownLog");
    check(Entry::V2, true, Flaw::LogWindow, "UnknownLog");
    check(Entry::V1, false, Flaw::LogKeyNotBegun, "UnknownLog");
    check(Entry::V2, false, Flaw::LogKeyNotBegun, "CheckpointKey");
}

#[test]
fn the_key_of_a_log_is_its_key_at_every_proven_time_also_for_keyed_bundles() {
    // pass: stamped while the key was the log's; fail: the key was retired before, for a statement and for a bare signature
    let recipe = Recipe { keyed: true, ..recipe(Entry::V2, true) };
    for content in [contents()[0].clone(), contents()[1].clone(), Content::Blob(b"the artifact".to_vec())] {
        let made = instance().sign(&content, &recipe, Flaw::None);
        let judged = |flaw| {
            let mut ring = ring(flaw);
            ring.add_key(PublicKey::from_der(&made.key.spki()).unwrap());
            judge(&made, &ring).map(|_| ())
        };
        assert_eq!(judged(Flaw::None), Ok(()));
        assert_eq!(judged(Flaw::LogWindow).unwrap_err(), "UnknownLog");
    }
}

/// The root without these members.
fn root_without(members: &[&str]) -> Value {
    let mut root = instance().trusted_root();
    members.iter().for_each(|member| drop(root.as_object_mut().unwrap().remove(*member)));
    root
}

#[test]
fn a_key_needs_the_log_alone() {
    // pass: a statement and a bare signature of a key under a root with logs alone; fail: a log entry that does not hold, or of another log, no
    // logs in the root, a certificate, also under a root that has all
    let read = |root: &Value| SigstoreRoot::for_keys(root.to_string().as_bytes(), &Limits::DEFAULT);
    let logs = root_without(&["certificateAuthorities", "ctlogs", "timestampAuthorities"]);
    let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"the artifact"))));
    let asked = |made: &Made, root: &SigstoreRoot, signer: &ExpectedSigner<'_>| {
        let bundle = made.bundle.to_string();
        let roots = std::slice::from_ref(root);
        verify_expected(bundle.as_bytes(), roots, signer, &artifact, &Limits::DEFAULT)
            .map(|_| ())
            .map_err(|e| variant(&e))
    };
    for content in [contents()[0].clone(), Content::Blob(b"the artifact".to_vec())] {
        for (flaw, expected) in [
            (Flaw::None, Ok(())),
            (Flaw::ProofHash, Err("InclusionProof")),
            (Flaw::StrangePromise, Err("InclusionPromise")),
            (Flaw::StrangeLog, Err("UnknownLog")),
            (Flaw::EntryOfOther, Err("EntryDigest")),
        ] {
            let made = instance().sign(&content, &Recipe { keyed: true, ..recipe(Entry::V1, false) }, flaw);
            let key = PublicKey::from_der(&made.key.spki()).unwrap();
            let answer = asked(&made, &read(&logs).unwrap(), &ExpectedSigner::Key(&key));
            assert_eq!(answer, expected.map_err(str::to_owned), "{flaw:?}");
        }
        let certified = instance().sign(&content, &recipe(Entry::V1, false), Flaw::None);
        let key = PublicKey::from_der(&certified.key.spki()).unwrap();
        for root in [&logs, &instance().trusted_root()] {
            for signer in [ExpectedSigner::Key(&key), EXPECTED] {
                assert_eq!(asked(&certified, &read(root).unwrap(), &signer).unwrap_err(), "ForKeys");
            }
        }
        assert_eq!(asked(&certified, &root(Flaw::None), &EXPECTED), Ok(()));
    }
}

#[test]
fn an_emptied_root_takes_no_check_away() {
    // pass: a root that has all, for keys also one with logs alone; fail: one that lacks a kind, left out or empty
    let all = ["certificateAuthorities", "tlogs", "ctlogs"];
    for (members, whole, keys) in [
        (&[][..], true, true),
        (&["certificateAuthorities"], false, true),
        (&["ctlogs"], false, true),
        (&["certificateAuthorities", "ctlogs"], false, true),
        (&["tlogs"], false, false),
        (&all, false, false),
    ] {
        let mut empty = instance().trusted_root();
        members.iter().for_each(|member| empty[*member] = json!([]));
        for root in [root_without(members), empty] {
            let root = root.to_string();
            assert_eq!(SigstoreRoot::parse(root.as_bytes(), &Limits::DEFAULT).is_ok(), whole, "{members:?}");
            assert_eq!(SigstoreRoot::for_keys(root.as_bytes(), &Limits::DEFAULT).is_ok(), keys, "{members:?}");
        }
    }
}

#[test]
fn cve_2023_47122_a_log_is_known_by_the_root_alone() {
    // fail: a log with a key of its own, whose proofs all fit
    check(Entry::V1, false, Flaw::StrangeLog, "UnknownLog");
    check(Entry::V2, false, Flaw::StrangeLog, "CheckpointKey");
}

#[test]
fn a_promise_is_the_logs_over_this_time() {
    // fail: over another time, by another key
    check(Entry::V1, false, Flaw::PromiseOfOtherTime, "InclusionPromise");
    check(Entry::Intoto, false, Flaw::StrangePromise, "InclusionPromise");
}

#[test]
fn a_signature_is_in_the_log() {
    // fail: no proof, another hash, no checkpoint, one of another tree, one that no log signed, one with a false signature
    check_all(Flaw::NoProof, "NoInclusionProof");
    check_all(Flaw::ProofHash, "InclusionProof");
    check_all(Flaw::NoCheckpoint, "NoCheckpoint");
    check(Entry::V1, false, Flaw::CheckpointOfOtherTree, "CheckpointRoot");
    check(Entry::V2, false, Flaw::CheckpointOfOtherTree, "InclusionProof");
    check_all(Flaw::StrangeCheckpoint, "CheckpointKey");
    check_all(Flaw::CheckpointSignature, "CheckpointSignature");
}

#[test]
fn a_checkpoint_has_its_form() {
    // fail: nobody signed it, or a line is missing
    for flaw in [Flaw::CheckpointUnsigned, Flaw::CheckpointOrigin, Flaw::CheckpointSize, Flaw::CheckpointRoot] {
        check_all(flaw, "CheckpointForm");
    }
    check_all(Flaw::NegativeIndex, "LogIndex");
}

#[test]
fn proofs_that_are_no_list_are_no_proofs_and_no_silence_either() {
    // pass: a keyed bundle with its proofs, and without any; fail: something else in their place
    let recipe = Recipe { keyed: true, ..recipe(Entry::V1, true) };
    let made = instance().sign(&contents()[0], &recipe, Flaw::None);
    let mut ring = ring(Flaw::None);
    ring.add_key(PublicKey::from_der(&made.key.spki()).unwrap());
    let with = |member: &str, value: Value| {
        let mut made = Made { bundle: made.bundle.clone(), key: lasthand_testkit::sigstore::Key::generate() };
        let material = made.bundle["verificationMaterial"].as_object_mut().unwrap();
        material.remove("tlogEntries");
        material.remove("timestampVerificationData");
        material.insert(member.to_owned(), value);
        judge(&made, &ring).map(|_| ())
    };
    assert_eq!(judge(&made, &ring).map(|_| ()), Ok(()));
    assert_eq!(with("tlogEntries", json!([])), Ok(()));
    assert_eq!(with("tlogEntries", json!(null)), Ok(()));
    assert_eq!(with("timestampVerificationData", json!({})), Ok(()));
    let entries = &made.bundle["verificationMaterial"]["tlogEntries"];
    for value in [json!({ "0": entries[0] }), json!("x"), json!(1), json!(false)] {
        assert_eq!(with("tlogEntries", value.clone()).unwrap_err(), "Malformed", "{value}");
        assert_eq!(with("timestampVerificationData", json!({ "rfc3161Timestamps": value })).unwrap_err(), "Malformed");
    }
    assert_eq!(with("timestampVerificationData", json!([])).unwrap_err(), "Malformed");
}

#[test]
fn proofs_beside_a_signature_of_ssh_are_not_passed_over() {
    // pass: a bundle of an SSH signature without proofs, or without a root to tell by; fail: with somebody's proofs
    let message = pre_authentication_encoding(PAYLOAD_TYPE, STATEMENT);
    let key = SecurityKey::ed25519(7);
    let sig = STANDARD.encode(key.sign("in-toto", &message, 1, 1));
    let made = instance().sign(&contents()[0], &recipe(Entry::V1, true), Flaw::None);
    let allowed = AllowedSigners::parse(&format!("ana {}\n", key.line())).unwrap();
    let bundle = |more: &[&str]| {
        let mut material = json!({ "publicKey": { "hint": "ana" } });
        for member in more {
            material[*member] = made.bundle["verificationMaterial"][*member].clone();
        }
        let envelope = json!({ "payload": STANDARD.encode(STATEMENT), "payloadType": PAYLOAD_TYPE, "signatures": [{ "sig": sig }] });
        Made {
            bundle: json!({ "mediaType": made.bundle["mediaType"], "verificationMaterial": material, "dsseEnvelope": envelope }),
            key: lasthand_testkit::sigstore::Key::generate(),
        }
    };
    let judged = |more: &[&str], mut ring: KeyRing| {
        ring.add_ssh(allowed.clone(), "in-toto");
        judge(&bundle(more), &ring).map(|_| ())
    };
    assert_eq!(judged(&[], ring(Flaw::None)), Ok(()));
    assert_eq!(judged(&["tlogEntries"], KeyRing::new()), Ok(()));
    for more in [&["tlogEntries"][..], &["timestampVerificationData"], &["tlogEntries", "timestampVerificationData"]] {
        assert_eq!(judged(more, ring(Flaw::None)).unwrap_err(), "UncheckedLog", "{more:?}");
    }
}

#[test]
fn a_checkpoint_is_bounded_before_it_is_read() {
    // pass: as many lines and bytes as are looked at; fail: one more of either, for certificates and for keys
    let envelope = "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope";
    let with = |keyed: bool, change: &dyn Fn(&str) -> String| {
        let recipe = Recipe { keyed, ..recipe(Entry::V1, false) };
        let mut made = instance().sign(&contents()[0], &recipe, Flaw::None);
        let note = made.bundle.pointer_mut(envelope).unwrap();
        *note = json!(change(note.as_str().unwrap()));
        let mut ring = ring(Flaw::None);
        ring.add_key(PublicKey::from_der(&made.key.spki()).unwrap());
        judge(&made, &ring).map(|_| ())
    };
    let witness = |note: &str| format!("{}\n", note.lines().find(|line| line.starts_with('\u{2014}')).unwrap());
    // The last line ends, so that one more is there, and empty.
    let lines =
        |wanted: usize| move |note: &str| format!("{note}{}", witness(note).repeat(wanted - note.split('\n').count()));
    let bytes = |wanted: usize| {
        move |note: &str| {
            let (start, end) = ("\u{2014} w ", "AAAAAAAA\n");
            let middle = "A".repeat((wanted - note.len() - start.len() - end.len()) / 4 * 4);
            let note = format!("{note}{start}{middle}{end}");
            format!("{note}{}", " ".repeat(wanted - note.len()))
        }
    };
    for keyed in [false, true] {
        assert_eq!(with(keyed, &lines(32)), Ok(()));
        assert_eq!(with(keyed, &lines(33)).unwrap_err(), "TooMany");
        assert_eq!(with(keyed, &bytes(16 << 10)), Ok(()));
        assert_eq!(with(keyed, &bytes((16 << 10) + 1)).unwrap_err(), "TooMany");
        assert_eq!(with(keyed, &|_| "\n".repeat(100_000)).unwrap_err(), "TooMany");
    }
}

#[test]
fn cve_2022_36056_and_cve_2022_23649_the_entry_is_of_this_signature() {
    // fail: of other content, of another signature of the same content, of another certificate for the same key
    check_all(Flaw::EntryDigest, "EntryDigest");
    check_all(Flaw::EntrySignature, "EntrySignature");
    check_all(Flaw::EntryKey, "EntryKey");
}

#[test]
fn cve_2026_22703_any_good_entry_of_somebody_else_is_refused() {
    // fail: a whole entry that holds, of another content, signature and certificate
    check_all(Flaw::EntryOfOther, "EntryDigest");
}

#[test]
fn cve_2024_51746_every_entry_is_of_this_signature() {
    // fail: the right entry, and a second one of another signature, in either order
    for content in contents() {
        let mut made = instance().sign(&content, &recipe(Entry::V1, false), Flaw::None);
        let other = instance().sign(&content, &recipe(Entry::Intoto, false), Flaw::None);
        let pointer = "/verificationMaterial/tlogEntries/0";
        let mut second = other.bundle.pointer(pointer).unwrap().clone();
        // At another place, so that it is no repetition; the promise is over the place, so there is none.
        second["logIndex"] = json!("5");
        second.as_object_mut().unwrap().remove("inclusionPromise");
        second.as_object_mut().unwrap().remove("integratedTime");
        let first = made.bundle.pointer(pointer).unwrap().clone();
        for entries in [json!([first, second]), json!([second, first])] {
            made.bundle["verificationMaterial"]["tlogEntries"] = entries;
            let said = judge(&made, &ring(Flaw::None)).unwrap_err();
            assert!(said.starts_with("Entry"), "{said}");
        }
    }
}

#[test]
fn cve_2023_33199_a_malformed_entry_is_an_error_and_no_panic() {
    // fail: a body that is no JSON, for each kind
    check_all(Flaw::EntryRubbish, "EntryForm");
}

#[test]
fn a_signature_is_over_this_content() {
    // fail: over another content, with everything else right
    check_all(Flaw::OtherContent, "Signature");
}

#[test]
fn cve_2026_39395_a_good_signature_over_no_statement_is_refused() {
    // fail: a payload of another type, a payload that is no statement, each signed and logged well
    let payload = |text: &str, kind: &str| Content::Payload(text.as_bytes().to_vec(), kind.to_owned());
    let type_of_statements = "application/vnd.in-toto+json";
    for (content, reason) in [
        (payload("{}", "text/plain"), "PayloadType"),
        (payload("{\"a\":1}", type_of_statements), "Statement"),
        (payload("no json", type_of_statements), "Statement"),
        (payload("{\"subject\":[{\"digest\":{\"gitCommit\":\"\"}}]}", type_of_statements), "Statement"),
    ] {
        let made = instance().sign(&content, &recipe(Entry::V1, false), Flaw::None);
        assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), reason, "{content:?}");
    }
}

#[test]
fn ghsa_72c7_4g63_hpw5_what_is_absent_proves_nothing() {
    // fail: an empty signature, no certificate, no entries, no material at all
    for content in contents() {
        let good = instance().sign(&content, &recipe(Entry::V1, false), Flaw::None);
        let without = |change: fn(&mut Value)| {
            let mut made = Made { bundle: good.bundle.clone(), key: lasthand_testkit::sigstore::Key::generate() };
            change(&mut made.bundle);
            judge(&made, &ring(Flaw::None)).unwrap_err()
        };
        let empty = without(|bundle| bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(""));
        assert_eq!(empty, "Signature");
        let entries = without(|bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([]));
        assert_eq!(entries, "NoEvidence");
        let material = without(|bundle| bundle["verificationMaterial"] = json!({}));
        assert_eq!(material, "Missing");
        let chain = without(|bundle| {
            bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = json!([]);
        });
        assert_eq!(chain, "NoCertificate");
    }
}

#[test]
fn cve_2025_66564_a_monstrous_timestamp_is_refused() {
    // fail: an object identifier of a megabyte, nested far too deep, or cut short
    let oid = [&[0x30, 0x83, 0x10, 0, 5, 0x06, 0x83, 0x10, 0, 0][..], &vec![0x81; 1 << 20]].concat();
    let deep = [0x30, 0x80].repeat(100_000);
    for token in [oid, deep, vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        let mut made = instance().sign(&contents()[1], &recipe(Entry::V2, false), Flaw::None);
        let token = STANDARD.encode(token);
        made.bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0]["signedTimestamp"] =
            json!(token);
        assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), "Timestamp");
    }
}

fn ask(made: &Made, signer: &ExpectedSigner<'_>, artifact: &ExpectedArtifact) -> Result<Signed, ExpectedError> {
    verify_expected(made.bundle.to_string().as_bytes(), &[root(Flaw::None)], signer, artifact, &Limits::DEFAULT)
}

const EXPECTED: ExpectedSigner<'_> = ExpectedSigner::Certificate { identity: WORKFLOW, issuer: ISSUER, claims: &[] };

#[test]
fn the_expected_signer_is_the_one_who_signed() {
    // pass: name and issuer; fail: another name, another issuer, a part of them, nobody in particular
    let made = instance().sign(&contents()[0], &recipe(Entry::V1, false), Flaw::None);
    let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"the artifact"))));
    ask(&made, &EXPECTED, &artifact).unwrap();
    let by = |identity, issuer| ExpectedSigner::Certificate { identity, issuer, claims: &[] };
    let longer = format!("{WORKFLOW}2");
    for signer in
        [by(&longer, ISSUER), by(&WORKFLOW[1..], ISSUER), by(WORKFLOW, "https://accounts.example"), by("*", "*")]
    {
        assert!(matches!(ask(&made, &signer, &artifact), Err(ExpectedError::OtherSigner { .. })), "{signer:?}");
    }
    for signer in [by("", ISSUER), by(WORKFLOW, ""), by("", "")] {
        assert!(matches!(ask(&made, &signer, &artifact), Err(ExpectedError::Empty { .. })), "{signer:?}");
    }
}

#[test]
fn a_key_and_a_certificate_are_not_taken_for_each_other() {
    // pass: a key's bundle under its key; fail: under a certificate's name, a certificate's bundle under its own key, a changed entry
    let recipe = Recipe { keyed: true, ..recipe(Entry::V1, false) };
    let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"the artifact"))));
    for content in [contents()[0].clone(), Content::Blob(b"the artifact".to_vec())] {
        let made = instance().sign(&content, &recipe, Flaw::None);
        let key = PublicKey::from_der(&made.key.spki()).unwrap();
        ask(&made, &ExpectedSigner::Key(&key), &artifact).unwrap();
        let error = ask(&made, &EXPECTED, &artifact).unwrap_err();
        assert_eq!(variant(&error), "NoKnownSignature");
        for (flaw, reason) in [
            (Flaw::EntryKey, "EntryKey"),
            (Flaw::EntryOfOther, "EntryDigest"),
            (Flaw::StrangePromise, "InclusionPromise"),
            (Flaw::ProofHash, "InclusionProof"),
        ] {
            let made = instance().sign(&content, &recipe, flaw);
            let key = PublicKey::from_der(&made.key.spki()).unwrap();
            assert_eq!(variant(&ask(&made, &ExpectedSigner::Key(&key), &artifact).unwrap_err()), reason);
        }
    }
    let certified = instance().sign(&contents()[0], &Recipe { keyed: false, ..recipe }, Flaw::None);
    let key = PublicKey::from_der(&certified.key.spki()).unwrap();
    let error = ask(&certified, &ExpectedSigner::Key(&key), &artifact).unwrap_err();
    assert!(matches!(error, ExpectedError::OtherSigner { .. }));
}

#[test]
fn the_expected_artifact_is_the_one_that_was_signed() {
    // pass: the artifact, the commit whose bytes were hashed; fail: others, the same bytes as another kind
    let [of_artifact, of_commit] =
        contents().map(|content| instance().sign(&content, &recipe(Entry::V1, false), Flaw::None));
    let sha256 = |bytes: &[u8]| ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(bytes))));
    let git = |kind, bytes: &[u8]| ExpectedArtifact::Git(GitObjectId::of(kind, bytes).unwrap());
    ask(&of_artifact, &EXPECTED, &sha256(b"the artifact")).unwrap();
    ask(&of_commit, &EXPECTED, &git(GitObjectKind::Commit, COMMIT)).unwrap();
    let changed = COMMIT.to_ascii_lowercase();
    for (made, artifact) in [
        (&of_artifact, sha256(b"another")),
        (&of_artifact, git(GitObjectKind::Commit, COMMIT)),
        (&of_commit, sha256(COMMIT)),
        (&of_commit, git(GitObjectKind::Tag, COMMIT)),
        (&of_commit, git(GitObjectKind::Commit, &changed)),
    ] {
        assert!(matches!(ask(made, &EXPECTED, &artifact), Err(ExpectedError::OtherArtifact { .. })), "{artifact:?}");
    }
}

#[test]
fn every_member_of_a_certificate_is_shown_and_can_be_demanded() {
    // pass: 9 to 24 as they were given, both forms of a subject; fail: another value, a member that is not there, numbers that differ
    let mut recipe = recipe(Entry::V1, false);
    recipe.claims = (9..=24).map(|number| (number, format!("value {number}"))).collect();
    recipe.claims[15 - 9] = (15, "34".to_owned());
    recipe.claims[17 - 9] = (17, "12".to_owned());
    recipe.claims[24 - 9] = (24, "repo:acme@12/app@34:ref:refs/heads/main".to_owned());
    let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"the artifact"))));
    let made = instance().sign(&contents()[0], &recipe, Flaw::None);
    let Signed::Statement(statement) = judge(&made, &ring(Flaw::None)).unwrap() else { unreachable!("a statement") };
    let shown: Vec<(u8, String)> =
        statement.claims().unwrap().iter().map(|(claim, text)| (claim.number(), text.to_owned())).collect();
    assert_eq!(shown[0], (8, ISSUER.to_owned()));
    assert_eq!(shown[1..], recipe.claims);
    assert_eq!(statement.signers()[0].method, SignerMethod::FulcioCi);
    let demand = |name: &str, value: &str| {
        let claims = [(Claim::named(name).unwrap(), value.to_owned())];
        let signer = ExpectedSigner::Certificate { identity: WORKFLOW, issuer: ISSUER, claims: &claims };
        ask(&made, &signer, &artifact).map(|_| ()).map_err(|error| variant(&error))
    };
    demand("source-repository-ref", "value 14").unwrap();
    demand("token-subject", "repo:acme/app:ref:refs/heads/main").unwrap();
    demand("token-subject", "repo:acme@12/app@34:ref:refs/heads/main").unwrap();
    for (name, value) in [
        ("source-repository-ref", "value 1"),
        ("workflow-name", "release"),
        ("token-subject", "repo:acme@13/app@34:ref:refs/heads/main"),
        ("token-subject", "repo:eve/app:ref:refs/heads/main"),
    ] {
        assert_eq!(demand(name, value).unwrap_err(), "OtherClaim", "{name}");
    }
    recipe.claims[24 - 9] = (24, "repo:acme@12/app@35:ref:refs/heads/main".to_owned());
    let made = instance().sign(&contents()[0], &recipe, Flaw::None);
    assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), "Identity");
}

#[test]
fn a_bare_signature_is_of_a_workflow_of_its_own_repository() {
    // pass: the workflow's own repository; fail: another one, or none that is told
    let content = Content::Blob(b"the artifact".to_vec());
    let of = |claims: Vec<(u8, String)>| {
        let made = instance().sign(&content, &Recipe { claims, ..recipe(Entry::V1, false) }, Flaw::None);
        judge(&made, &ring(Flaw::None)).map(|_| ())
    };
    of(vec![(12, "https://forge.example/acme/app".to_owned())]).unwrap();
    assert_eq!(of(vec![(12, "https://forge.example/eve/app".to_owned())]).unwrap_err(), "Identity");
    assert_eq!(of(vec![]).unwrap_err(), "Identity");
}

#[test]
fn a_uri_is_a_workflows_name_when_the_certificate_is_of_a_run() {
    // pass: one member about the run; fail: none, or only the token's subject, for statements and for bare signatures; an e-mail address needs none
    for content in contents() {
        let of = |identity: &str, claims: Vec<(u8, String)>| {
            let recipe = Recipe { claims, identity: identity.to_owned(), ..recipe(Entry::V1, false) };
            judge(&instance().sign(&content, &recipe, Flaw::None), &ring(Flaw::None)).map(|_| ())
        };
        for number in (2..=6).chain(9..=23) {
            assert_eq!(of(WORKFLOW, vec![(number, "said".to_owned())]), Ok(()), "{number}");
        }
        assert_eq!(of(WORKFLOW, vec![]).unwrap_err(), "Identity");
        assert_eq!(of("spiffe://acme/builder", vec![]).unwrap_err(), "Identity");
        assert_eq!(of(WORKFLOW, vec![(24, "system:serviceaccount:a:b".to_owned())]).unwrap_err(), "Identity");
        assert_eq!(of("ana@example.com", vec![]), Ok(()));
        // pass: a caller who expects exactly this name concludes nothing from it
        let made = instance().sign(&content, &Recipe { claims: vec![], ..recipe(Entry::V1, false) }, Flaw::None);
        let artifact = match &content {
            Content::Statement(text) if text.to_string().contains("gitCommit") => ExpectedArtifact::Git(commit()),
            _ => ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"the artifact")))),
        };
        ask(&made, &EXPECTED, &artifact).unwrap();
    }
}

#[test]
fn a_subject_is_known_by_any_of_its_digests() {
    // pass: sha384 or sha512 alone, as npm's provenance has it; fail: another file, another algorithm, a digest that is cut
    let digest = "ab".repeat(64);
    let made = instance().sign(&statement(json!({ "sha512": digest })), &recipe(Entry::V1, false), Flaw::None);
    let bytes = made.bundle.to_string();
    assert_eq!(algorithm_to_compare(bytes.as_bytes(), &Limits::DEFAULT), DigestAlgorithm::Sha512);
    let asked = |text: &str| ask(&made, &EXPECTED, &ExpectedArtifact::Content(ContentDigest::parse(text).unwrap()));
    asked(&format!("sha512:{digest}")).unwrap();
    asked(&format!("sha512:{}", digest.to_uppercase())).unwrap();
    for other in [
        format!("sha512:{}", "cd".repeat(64)),
        format!("sha384:{}", "ab".repeat(48)),
        format!("sha256:{}", "ab".repeat(32)),
    ] {
        assert!(matches!(asked(&other), Err(ExpectedError::OtherArtifact { .. })), "{other}");
    }
    assert_eq!(ContentDigest::parse(&format!("sha512:{}", "ab".repeat(32))), None);
    // The library asks for none of these.
    let digest = "ab".repeat(48);
    let made = instance().sign(&statement(json!({ "sha384": digest })), &recipe(Entry::V1, false), Flaw::None);
    judge(&made, &ring(Flaw::None)).unwrap();
    let asked = |text: &str| ask(&made, &EXPECTED, &ExpectedArtifact::Content(ContentDigest::parse(text).unwrap()));
    asked(&format!("sha384:{digest}")).unwrap();
    assert!(asked(&format!("sha384:{}", "cd".repeat(48))).is_err());
}

#[test]
fn a_bare_signature_says_which_digest_it_is_over() {
    // fail: without it, although the log knows it
    let mut made = instance().sign(&Content::Blob(b"the artifact".to_vec()), &recipe(Entry::V1, false), Flaw::None);
    made.bundle["messageSignature"].as_object_mut().unwrap().remove("messageDigest");
    assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), "NoDigest");
}

#[test]
fn an_entry_is_of_the_log_that_it_names() {
    // fail: another name beside a good checkpoint, and one entry under two names; pass: as it was signed
    let mut made = instance().sign(&contents()[0], &recipe(Entry::V2, true), Flaw::None);
    judge(&made, &ring(Flaw::None)).unwrap();
    let entries = &mut made.bundle["verificationMaterial"]["tlogEntries"];
    let mut other = entries[0].clone();
    other["logId"]["keyId"] = STANDARD.encode([7; 32]).into();
    entries.as_array_mut().unwrap().push(other.clone());
    assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), "CheckpointKey");
    made.bundle["verificationMaterial"]["tlogEntries"] = json!([other]);
    assert_eq!(judge(&made, &ring(Flaw::None)).unwrap_err(), "CheckpointKey");
}

#[test]
fn a_trusted_root_is_of_a_version_that_is_read() {
    // pass: each form of the media type; fail: another version, another type, none
    let mut document = instance().trusted_root_with(&Flaw::None);
    let mut parse = |media_type: &str| {
        document["mediaType"] = media_type.into();
        SigstoreRoot::parse(document.to_string().as_bytes(), &Limits::DEFAULT).is_ok()
    };
    for good in ["+json;version=0.1", ".v0.1+json", ".v0.2+json"] {
        assert!(parse(&format!("application/vnd.dev.sigstore.trustedroot{good}")), "{good}");
    }
    for bad in ["application/vnd.dev.sigstore.trustedroot+json;version=9.9", "bad-media-type", ""] {
        assert!(!parse(bad), "{bad}");
    }
}

/// The same bundle in the clothes of the Python package index.
fn python(bundle: &Value) -> Value {
    json!({
        "version": 1,
        "verification_material": {
            "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
            "transparency_entries": bundle["verificationMaterial"]["tlogEntries"]
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"], "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"]
        }
    })
}

#[test]
fn a_python_attestation_is_the_bundle_that_it_holds() {
    // pass: alone and in a list; fail: each flaw of a bundle, another version, a member that nobody knows
    let recipe = Recipe::workflow(WORKFLOW);
    let made = instance().sign(&contents()[0], &recipe, Flaw::None);
    let attestation = python(&made.bundle);
    let verify = |document: &Value| {
        verify_signed(document.to_string().as_bytes(), &ring(Flaw::None), &Limits::DEFAULT)
            .map_err(|error| variant(&error))
    };
    assert_eq!(verify(&attestation).unwrap(), judge(&made, &ring(Flaw::None)).unwrap());
    let list = json!({ "version": 1, "attestation_bundles": [{ "publisher": { "kind": "GitHub" }, "attestations": [attestation, attestation] }] });
    let listed = list.to_string();
    let listed = documents(listed.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(listed.len(), 2);
    for one in &listed {
        verify_signed(one, &ring(Flaw::None), &Limits::DEFAULT).unwrap();
    }
    let bad = python(&instance().sign(&contents()[0], &recipe, Flaw::EntrySignature).bundle);
    assert_eq!(verify(&bad).unwrap_err(), "EntrySignature");
    for change in [
        (|document: &mut Value| document["version"] = json!(2)) as fn(&mut Value),
        |document| document["verification_material"]["certificate"] = json!(null),
        |document| document["verification_material"]["rfc3161_timestamps"] = json!([]),
        |document| document["envelope"]["signature"] = json!(7),
    ] {
        let mut changed = attestation.clone();
        change(&mut changed);
        assert_eq!(verify(&changed).unwrap_err(), "Python", "{changed}");
    }
    assert!(bundle_of_python(b"[", &Limits::DEFAULT).is_err());
    let many = json!({ "attestation_bundles": [{ "attestations": vec![json!({}); 257] }] }).to_string();
    assert!(matches!(documents(many.as_bytes(), &Limits::DEFAULT), Err(TrustError::TooMany { got: 257, .. })));
}

/// The layer that cosign would have written: payload and annotations.
fn cosign_layer(made: &Made) -> BTreeMap<String, String> {
    let at = |pointer: &str| made.bundle.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let entry = "/verificationMaterial/tlogEntries/0";
    let id = STANDARD.decode(at(&format!("{entry}/logId/keyId"))).unwrap();
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let number = |name: &str| at(&format!("{entry}/{name}")).parse::<i64>().unwrap();
    let log = json!({
        "SignedEntryTimestamp": at(&format!("{entry}/inclusionPromise/signedEntryTimestamp")),
        "Payload": {
            "body": at(&format!("{entry}/canonicalizedBody")), "integratedTime": number("integratedTime"),
            "logIndex": number("logIndex"), "logID": id
        }
    });
    let der = at("/verificationMaterial/x509CertificateChain/certificates/0/rawBytes");
    let lines: Vec<String> = der.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    let signature = made.bundle.pointer("/messageSignature/signature").and_then(Value::as_str).unwrap_or_default();
    [
        ("dev.cosignproject.cosign/signature", signature.to_owned()),
        ("dev.sigstore.cosign/certificate", pem),
        ("dev.sigstore.cosign/bundle", log.to_string()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

#[test]
fn a_layer_of_cosign_is_the_bundle_that_it_holds() {
    // pass: a signature is about the manifest that its payload names, an attestation is its statement
    let digest = "b".repeat(64);
    let payload = json!({ "critical": {
        "identity": { "docker-reference": "registry.example/app" },
        "image": { "docker-manifest-digest": format!("sha256:{digest}") }, "type": "cosign container image signature"
    }, "optional": null });
    let (payload, recipe) = (payload.to_string(), Recipe { version: Version::V01, ..recipe(Entry::V1, false) });
    let sign = |payload: &str, flaw| instance().sign(&Content::Blob(payload.as_bytes().to_vec()), &recipe, flaw);
    let verify = |kind: &str, payload: &str, annotations: &BTreeMap<String, String>| {
        verify_layer(kind, payload.as_bytes(), annotations, &ring(Flaw::None), &Limits::DEFAULT)
            .map_err(|error| variant(&error))
    };
    let annotations = cosign_layer(&sign(&payload, Flaw::None));
    let Signed::Blob(blob) = verify(SIMPLE_SIGNING, &payload, &annotations).unwrap() else {
        unreachable!("a signature")
    };
    assert_eq!((blob.value().artifact.to_string(), blob.clock()), (format!("sha256:{digest}"), Some(Clock::Log)));
    assert!(blob.signers()[0].principal.ends_with(WORKFLOW));
    let made = instance().sign(&contents()[0], &recipe, Flaw::None);
    let envelope = made.bundle["dsseEnvelope"].to_string();
    let statement = verify(ENVELOPE, &envelope, &cosign_layer(&made)).unwrap();
    assert!(matches!(statement, Signed::Statement(_)));
    // fail: another payload, another image, no image, flaws of the bundle, annotations that are missing or not text
    let other = payload.replace(&digest, &"c".repeat(64));
    assert_eq!(verify(SIMPLE_SIGNING, &other, &annotations).unwrap_err(), "Signature");
    let signed = cosign_layer(&sign("{\"critical\":{}}", Flaw::None));
    assert_eq!(verify(SIMPLE_SIGNING, "{\"critical\":{}}", &signed).unwrap_err(), "Cosign");
    assert_eq!(verify(ENVELOPE, &payload, &annotations).unwrap_err(), "Json");
    assert_eq!(verify("text/plain", &payload, &annotations).unwrap_err(), "Cosign");
    for (flaw, reason) in [
        (Flaw::EntryOfOther, "EntryDigest"),
        (Flaw::StrangePromise, "InclusionPromise"),
        (Flaw::NoSct, "CertificateLog"),
    ] {
        assert_eq!(verify(SIMPLE_SIGNING, &payload, &cosign_layer(&sign(&payload, flaw))).unwrap_err(), reason);
    }
    for (name, text) in [
        ("dev.cosignproject.cosign/signature", ""),
        ("dev.sigstore.cosign/certificate", "rubbish"),
        ("dev.sigstore.cosign/bundle", "{\"Payload\":{\"body\":{}}}"),
        ("dev.sigstore.cosign/bundle", ""),
    ] {
        let mut changed = annotations.clone();
        changed.insert(name.to_owned(), text.to_owned());
        assert!(verify(SIMPLE_SIGNING, &payload, &changed).is_err(), "{name}");
    }
}

#[test]
fn every_flaw_is_refused_in_every_shape() {
    // fail: whatever its reason, a bundle with a flaw is accepted in no version, with no kind of entry; pass: the flaw does not touch it
    let unharmed = |entry: Entry, stamped: bool, flaw: Flaw| {
        let has_stamp = stamped || entry == Entry::V2;
        let has_promise = entry != Entry::V2;
        match flaw {
            Flaw::PromiseOfOtherTime | Flaw::StrangePromise | Flaw::LatePromise => !has_promise,
            Flaw::OtherDigest => true,
            Flaw::NoPromise => has_stamp,
            Flaw::StampOfOther
            | Flaw::StrangeStamp
            | Flaw::StrangeStampBehindKnown
            | Flaw::StampBeforeCertificate
            | Flaw::StampOfOtherCertificate
            | Flaw::StampOfNoCertificate
            | Flaw::UnfitStamper
            | Flaw::StampOutsideWindow => !has_stamp || has_promise,
            Flaw::StampTwice | Flaw::LateStamp | Flaw::BrokenBase64 => !has_stamp,
            _ => false,
        }
    };
    for entry in [Entry::V1, Entry::Intoto, Entry::V2] {
        for stamped in [false, true] {
            for flaw in Flaw::ALL {
                let json = instance().trusted_root_with(flaw).to_string();
                let Ok(root) = SigstoreRoot::parse(json.as_bytes(), &Limits::DEFAULT) else { continue };
                let mut ring = KeyRing::new();
                ring.add_sigstore(root);
                for content in contents() {
                    let recipe = Recipe { entry, stamped, ..Recipe::workflow(WORKFLOW) };
                    let answer = judge(&instance().sign(&content, &recipe, *flaw), &ring);
                    let fine = answer.is_err() || unharmed(entry, stamped, *flaw);
                    assert!(fine, "{entry:?} {stamped} {flaw:?}");
                }
            }
        }
    }
}
