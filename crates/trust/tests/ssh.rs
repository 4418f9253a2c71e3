//! SSH signatures: `ssh-keygen` agrees on whether they hold; whether somebody was there is ours to read.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed test may stop")]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use lasthand_model::digest::{KeyId, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use lasthand_model::wire::facts::{Signer, SignerMethod};
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::need;
use lasthand_testkit::ssh::{Odd, SecurityKey, armour};
use lasthand_trust::evidence::{TrustError, verify_envelope};
use lasthand_trust::explain::explain;
use lasthand_trust::keys::KeyRing;
use lasthand_trust::ssh::{AllowedSigners, Presence, SshDemand, SshError, SshFinding, SshSignature, SshSigned, verify};
use lasthand_trust::trust_file::{Severity, TrustFile, TrustFileError};
use proptest::prelude::*;

const NAMESPACE: &str = "in-toto";
const MESSAGE: &[u8] = b"what is signed\n";
const NOW: &str = "2026-11-23T00:00:00Z";

fn demand(now: &str) -> SshDemand<'static> {
    let moment = Some(timestamp::parse(now).unwrap());
    SshDemand { namespace: NAMESPACE, moment, user_verification: false, last_counter: None }
}

fn ask(armoured: &str, list: &str, demand: &SshDemand<'_>) -> Result<SshSigned, SshError> {
    let signature = SshSignature::from_armor(armoured)?;
    verify(MESSAGE, &signature, &AllowedSigners::parse(list)?, demand)
}

/// What `ssh-keygen -Y verify` says.
fn keygen(folder: &Path, armoured: &str, list: &str, namespace: &str, time: &str) -> bool {
    fs::write(folder.join("list"), list).unwrap();
    fs::write(folder.join("sig"), armoured).unwrap();
    fs::write(folder.join("message"), MESSAGE).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-f", "list", "-I", "ana@example.com", "-n", namespace, "-s", "sig"]);
    command.arg(format!("-Overify-time={time}")).current_dir(folder).stdin(File::open(folder.join("message")).unwrap());
    command.env("TZ", "UTC").output().unwrap().status.success()
}

#[test]
fn keys_in_files_sign_as_ssh_keygen_says() {
    // pass: each kind, by both hashes; fail: another message, another use, another key's owner, too early, too late; ssh-keygen agrees
    if need::tool("ssh-keygen").is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    fs::write(folder.join("message"), MESSAGE).unwrap();
    for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048")] {
        let name = format!("{kind}-{bits}");
        let run = |words: &[&str]| {
            let output = Command::new("ssh-keygen").args(words).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run(&["-q", "-t", kind, "-b", bits, "-N", "", "-C", "", "-f", &name]);
        for hash in ["sha256", "sha512"] {
            let _ = fs::remove_file(folder.join("message.sig"));
            run(&["-q", "-Y", "sign", "-f", &name, "-n", NAMESPACE, &format!("-Ohashalg={hash}"), "message"]);
            let armoured = fs::read_to_string(folder.join("message.sig")).unwrap();
            let key = fs::read_to_string(folder.join(format!("{name}.pub"))).unwrap();
            for (options, now, expected) in [
                ("", NOW, true),
                ("namespaces=\"git,in-toto\" ", NOW, true),
                ("namespaces=\"git\" ", NOW, false),
                ("valid-after=\"20260101Z\",valid-before=\"20270101Z\" ", NOW, true),
                ("valid-after=\"20270101Z\" ", NOW, false),
                ("valid-before=\"20260101Z\" ", NOW, false),
                ("valid-before=\"20261123000000Z\" ", NOW, true),
                ("valid-before=\"20261122235959Z\" ", NOW, false),
            ] {
                let list = format!("# people\nana@example.com {options}{key}");
                let said = ask(&armoured, &list, &demand(now));
                assert_eq!(said.is_ok(), expected, "{name} {hash} {options}: {said:?}");
                let time = now.replace(['-', 'T', ':'], "");
                assert_eq!(keygen(folder, &armoured, &list, NAMESPACE, &time), expected, "{name} {hash} {options}");
                if let Ok(signed) = said {
                    assert_eq!(
                        (signed.principal.as_str(), signed.presence, signed.level()),
                        ("ana@example.com", None, 2)
                    );
                }
            }
            let list = format!("ana@example.com {key}");
            let signature = SshSignature::from_armor(&armoured).unwrap();
            let allowed = AllowedSigners::parse(&list).unwrap();
            assert!(matches!(verify(b"other", &signature, &allowed, &demand(NOW)), Err(SshError::NotHeld { .. })));
            let other = SshDemand { namespace: "file", ..demand(NOW) };
            assert!(matches!(verify(MESSAGE, &signature, &allowed, &other), Err(SshError::Namespace { .. })));
            let nobody = AllowedSigners::parse(&format!("ana@example.com {}", SecurityKey::ed25519(1).line())).unwrap();
            assert!(matches!(verify(MESSAGE, &signature, &nobody, &demand(NOW)), Err(SshError::NotAllowed { .. })));
        }
    }
}

#[test]
fn a_security_key_that_nobody_touched_is_a_key_in_a_file() {
    // pass: touched gives level 4; fail: the bit is 0, and ssh-keygen says Good all the same: level 2 and a finding
    let place = tempfile::tempdir().unwrap();
    for key in [SecurityKey::ed25519(7), SecurityKey::p256()] {
        let list = format!("ana@example.com {}\n", key.line());
        let signed = |flags, counter| ask(&key.sign(NAMESPACE, MESSAGE, flags, counter), &list, &demand(NOW)).unwrap();
        let touched = signed(0x01, 5);
        assert_eq!(touched.presence, Some(Presence { present: true, verified: false, counter: 5 }));
        assert_eq!((touched.level(), touched.findings), (4, vec![]));
        for flags in [0x00, 0x04, 0xfe] {
            let untouched = signed(flags, 5);
            assert_eq!((untouched.level(), untouched.findings), (2, vec![SshFinding::PresenceUnproven]), "{flags}");
        }
        if need::tool("ssh-keygen").is_some() {
            for flags in [0x00, 0x01, 0x05] {
                let armoured = key.sign(NAMESPACE, MESSAGE, flags, 5);
                assert!(keygen(place.path(), &armoured, &list, NAMESPACE, "20261123000000Z"), "{key:?} {flags}");
            }
            let changed = key.sign(NAMESPACE, b"other", 0x01, 5);
            assert!(!keygen(place.path(), &changed, &list, NAMESPACE, "20261123000000Z"));
            assert!(ask(&changed, &list, &demand(NOW)).is_err());
        }
    }
}

#[test]
fn a_key_in_a_file_never_says_that_somebody_was_there() {
    // pass: its plain signature, at level 2; fail: the same key dressed as a device, with made-up flags, over either content; and a device's key
    // dressed as one in a file, which would hide that nobody touched it
    let touched = [0x05, 0, 0, 0, 1];
    let (file, device) = (SecurityKey::in_file(7), SecurityKey::ed25519(7));
    let list = |key: &SecurityKey| format!("ana@example.com {}\n", key.line());
    let plain = ask(&file.sign(NAMESPACE, MESSAGE, 0, 0), &list(&file), &demand(NOW)).unwrap();
    assert_eq!((plain.presence, plain.level()), (None, 2));
    let sk = "sk-ssh-ed25519@openssh.com";
    for (key, kind, as_device, tail) in [
        (&file, sk, None, &touched[..]),
        (&file, sk, Some(""), &touched),
        (&file, sk, Some("ssh:"), &touched),
        (&file, sk, None, &[]),
        (&file, "ssh-ed25519", None, &touched),
        (&file, "ssh-ed25519", Some("ssh:"), &touched),
        (&device, "ssh-ed25519", None, &[]),
        (&device, "ssh-ed25519", Some("ssh:"), &[]),
        (&device, "ssh-ed25519", Some("ssh:"), &touched),
        (&device, sk, Some("ssh:"), &[]),
        (&device, sk, None, &touched),
        (&device, sk, Some("ssh:other"), &touched),
        (&device, "sk-ecdsa-sha2-nistp256@openssh.com", Some("ssh:"), &touched),
    ] {
        let odd = Odd { kind, as_device, tail, reserved: b"" };
        let said = ask(&key.sign_odd(NAMESPACE, MESSAGE, &odd), &list(key), &demand(NOW));
        assert!(
            matches!(said, Err(SshError::Signature { .. } | SshError::NotHeld { .. })),
            "{key:?} {odd:?}: {said:?}"
        );
    }
    let odd = Odd { kind: sk, as_device: Some("ssh:"), tail: &touched, reserved: b"" };
    assert_eq!(ask(&device.sign_odd(NAMESPACE, MESSAGE, &odd), &list(&device), &demand(NOW)).unwrap().level(), 4);
}

#[test]
fn a_strangers_signature_costs_no_check() {
    // fail: another use is told first, then that the key is nobody's, and only of somebody's key that its signature does not hold
    let (key, stranger) = (SecurityKey::ed25519(7), SecurityKey::ed25519(8));
    let list = format!("ana@example.com namespaces=\"{NAMESPACE},file\" {}\n", key.line());
    let said = |armoured: &str| ask(armoured, &list, &demand(NOW));
    let of_other = |key: &SecurityKey| key.sign(NAMESPACE, b"other", 1, 1);
    assert!(matches!(said(&of_other(&stranger)), Err(SshError::NotAllowed { .. })));
    assert!(matches!(said(&of_other(&key)), Err(SshError::NotHeld { .. })));
    assert!(matches!(said(&stranger.sign("file", MESSAGE, 1, 1)), Err(SshError::Namespace { .. })));
    assert!(matches!(said(&key.sign("file", b"other", 1, 1)), Err(SshError::Namespace { .. })));
}

#[test]
fn flags_and_count_are_signed() {
    // fail: the last five bytes of a signature changed, to claim a touch or another count
    let key = SecurityKey::ed25519(7);
    let list = format!("ana@example.com {}\n", key.line());
    let armoured = key.sign(NAMESPACE, MESSAGE, 0x00, 5);
    let blob = blob_of(&armoured);
    for back in 1..=5 {
        let mut changed = blob.clone();
        let at = changed.len() - back;
        changed[at] ^= 0x01;
        let said = ask(&armour(&changed), &list, &demand(NOW));
        assert!(matches!(said, Err(SshError::NotHeld { .. })), "{back}: {said:?}");
    }
}

#[test]
fn verification_of_the_user_is_asked_for_and_absent() {
    // pass: touched and verified; verified and not touched, as a key that nobody touched; fail: touched alone, neither, a key without device
    for key in [SecurityKey::ed25519(7), SecurityKey::p256()] {
        let list = format!("ana@example.com {}\n", key.line());
        let strict = SshDemand { user_verification: true, ..demand(NOW) };
        let said = |flags| ask(&key.sign(NAMESPACE, MESSAGE, flags, 1), &list, &strict);
        let both = said(0x05).unwrap();
        assert_eq!((both.level(), both.findings), (4, vec![]));
        let untouched = said(0x04).unwrap();
        assert_eq!((untouched.level(), untouched.findings), (2, vec![SshFinding::PresenceUnproven]));
        for flags in [0x00, 0x01, 0xfb] {
            assert_eq!(said(flags), Err(SshError::NotVerified), "{flags}");
        }
    }
    let file = SecurityKey::in_file(7);
    let strict = SshDemand { user_verification: true, ..demand(NOW) };
    let said = ask(&file.sign(NAMESPACE, MESSAGE, 0, 0), &format!("ana@example.com {}\n", file.line()), &strict);
    assert_eq!(said, Err(SshError::NotVerified));
}

#[test]
fn a_reserved_field_is_empty() {
    // fail: something in it, signed (ssh-keygen says bad) and put there afterwards (ssh-keygen says good)
    let place = tempfile::tempdir().unwrap();
    for (key, kind, tail) in [
        (SecurityKey::in_file(7), "ssh-ed25519", &[][..]),
        (SecurityKey::ed25519(7), "sk-ssh-ed25519@openssh.com", &[0x05, 0, 0, 0, 1]),
    ] {
        let list = format!("ana@example.com {}\n", key.line());
        let as_device = (!tail.is_empty()).then_some("ssh:");
        let with = |reserved| key.sign_odd(NAMESPACE, MESSAGE, &Odd { kind, as_device, tail, reserved });
        assert!(ask(&with(b""), &list, &demand(NOW)).is_ok());
        let mut later = blob_of(&with(b""));
        let at =
            later.windows(NAMESPACE.len()).position(|part| part == NAMESPACE.as_bytes()).unwrap() + NAMESPACE.len();
        later.splice(at..at + 4, *b"\0\0\0\x04junk");
        for (armoured, by_keygen) in [(with(b"x"), false), (armour(&later), true)] {
            let said = ask(&armoured, &list, &demand(NOW));
            assert_eq!(said, Err(SshError::Signature { reason: "its reserved field is not empty" }));
            if need::tool("ssh-keygen").is_some() {
                assert_eq!(keygen(place.path(), &armoured, &list, NAMESPACE, "20261123000000Z"), by_keygen);
            }
        }
    }
}

#[test]
fn a_count_that_does_not_rise_is_a_finding() {
    // pass: above the last; fail: the same, below, and a device that never counts
    let key = SecurityKey::p256();
    let list = format!("ana@example.com {}\n", key.line());
    let seen = |counter, last| {
        let demand = SshDemand { last_counter: last, ..demand(NOW) };
        let signed = ask(&key.sign(NAMESPACE, MESSAGE, 0x01, counter), &list, &demand).unwrap();
        (signed.level(), signed.findings)
    };
    assert_eq!(seen(6, None), (4, vec![]));
    assert_eq!(seen(6, Some(5)), (4, vec![]));
    for (got, last) in [(5, 5), (4, 5), (0, 0), (0, u32::MAX)] {
        assert_eq!(seen(got, Some(last)), (2, vec![SshFinding::CounterNotAbove { last, got }]));
    }
}

#[test]
fn lists_that_readers_take_differently_are_refused() {
    // fail: patterns, authorities, moments of the reader's time zone, unknown options, one key of two people
    let (key, other) = (SecurityKey::ed25519(1).line(), SecurityKey::ed25519(2).line());
    assert_eq!(
        AllowedSigners::parse(&format!("\n# note\nana {key}\nbo {other} comment here\n")).unwrap().principals(),
        ["ana", "bo"]
    );
    for line in [
        format!("*@example.com {key}"),
        format!("!ana {key}"),
        format!("ana,bo {key}"),
        format!("ana cert-authority {key}"),
        format!("ana valid-after=\"20260101\" {key}"),
        format!("ana valid-after=\"2026Z\" {key}"),
        format!("ana valid-after=\"20261301Z\" {key}"),
        format!("ana valid-after=\"20270101Z\",valid-before=\"20260101Z\" {key}"),
        format!("ana namespaces=\"*\" {key}"),
        format!("ana namespaces=\"\" {key}"),
        format!("ana no-touch {key}"),
        format!("ana \"{key}"),
        format!("ana {}", key.replace("sk-ssh-ed25519@openssh.com", "ssh-ed25519")),
        format!("ana {}x", key),
        "ana".to_owned(),
        "ana ssh-ed25519".to_owned(),
        "ana ssh-dss AAAAB3NzaC1kc3MAAAAA".to_owned(),
        format!("ana {key}\nbo {key}"),
    ] {
        assert!(matches!(AllowedSigners::parse(&line), Err(SshError::Line { .. })), "{line}");
    }
    assert!(AllowedSigners::parse(&"#\n".repeat(20_000)).is_err());
}

#[test]
fn what_is_no_signature_is_an_error() {
    // fail: other armour, versions, kinds, bytes behind
    let key = SecurityKey::ed25519(7);
    let good = key.sign(NAMESPACE, MESSAGE, 0x01, 5);
    let blob = blob_of(&good);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut blob = blob.clone();
        change(&mut blob);
        armour(&blob)
    };
    for text in [
        String::new(),
        good.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        good.replace("-----END SSH SIGNATURE-----", ""),
        "A".repeat(100_000),
        changed(&|blob| blob[0] = b'X'),
        changed(&|blob| blob[9] = 2),
        changed(&|blob| blob.push(0)),
        changed(&|blob| blob.truncate(40)),
        changed(&|blob| blob[10] = 0xff),
    ] {
        assert!(SshSignature::from_armor(&text).is_err(), "{text}");
    }
    assert!(SshSignature::from_armor(&key.sign("", MESSAGE, 1, 1)).is_err());
}

/// A trust file that names a list of allowed signers.
fn trust_file(list: &str, more: &str) -> Result<TrustFile, lasthand_trust::trust_file::TrustFileError> {
    let text = format!("[[root]]\ntype = \"ssh\"\nfile = \"allowed_signers\"\n{more}");
    let list = list.as_bytes().to_vec();
    TrustFile::parse(&text, &|_| Ok(list.clone()), timestamp::parse(NOW).unwrap(), &Limits::DEFAULT)
}

/// A statement in an envelope with these signatures.
fn envelope(payload: &[u8], signatures: &[Vec<u8>]) -> Vec<u8> {
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let signatures: Vec<_> =
        signatures.iter().map(|sig| serde_json::json!({"keyid": "x", "sig": encode(sig)})).collect();
    let envelope =
        serde_json::json!({"payload": encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures});
    serde_json::to_vec(&envelope).unwrap()
}

const STATEMENT: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}],"predicateType":"t","predicate":{}}"#;

#[test]
fn an_envelope_signed_by_ssh_is_of_the_principal_of_its_key() {
    // pass: armoured and bare, with presence as the device says; fail: another use, another list, other bytes, no list
    let key = SecurityKey::ed25519(7);
    let file = trust_file(&format!("ana@example.com {}\n", key.line()), "").unwrap();
    let message = pre_authentication_encoding(PAYLOAD_TYPE, STATEMENT);
    for (flags, presence) in [(0x01, true), (0x00, false)] {
        let armoured = key.sign(NAMESPACE, &message, flags, 1);
        for sig in [armoured.clone().into_bytes(), blob_of(&armoured)] {
            let verified = verify_envelope(&envelope(STATEMENT, &[sig]), &file.ring, &Limits::DEFAULT).unwrap();
            let principal = "ana@example.com".to_owned();
            assert_eq!(verified.signers(), [Signer { method: SignerMethod::SshSk, principal, presence, time: None }]);
        }
    }
    // A key in a file is another method, so a row for devices never believes it.
    let in_file = SecurityKey::in_file(9);
    let list = trust_file(&format!("ana@example.com {}\n", in_file.line()), "").unwrap();
    let sig = in_file.sign(NAMESPACE, &message, 0, 0).into_bytes();
    let verified = verify_envelope(&envelope(STATEMENT, &[sig]), &list.ring, &Limits::DEFAULT).unwrap();
    let principal = "ana@example.com".to_owned();
    assert_eq!(verified.signers(), [Signer { method: SignerMethod::Ssh, principal, presence: false, time: None }]);
    let good = key.sign(NAMESPACE, &message, 1, 1).into_bytes();
    let of_git = key.sign("git", &message, 1, 1).into_bytes();
    let of_payload = key.sign(NAMESPACE, STATEMENT, 1, 1).into_bytes();
    let stranger = SecurityKey::ed25519(8).sign(NAMESPACE, &message, 1, 1).into_bytes();
    for sig in [of_git.clone(), of_payload, stranger, b"-----BEGIN".to_vec(), Vec::new()] {
        assert!(verify_envelope(&envelope(STATEMENT, &[sig]), &file.ring, &Limits::DEFAULT).is_err());
    }
    let changed = String::from_utf8(STATEMENT.to_vec()).unwrap().replace("\"a\"", "\"b\"");
    assert!(
        verify_envelope(&envelope(changed.as_bytes(), std::slice::from_ref(&good)), &file.ring, &Limits::DEFAULT)
            .is_err()
    );
    assert!(verify_envelope(&envelope(STATEMENT, &[good]), &KeyRing::new(), &Limits::DEFAULT).is_err());
    // A list for commits and tags says nothing of statements, whatever they are signed for; another use is the one that the row names.
    let git = trust_file(&format!("ana@example.com {}\n", key.line()), "namespace = \"git\"\n").unwrap();
    for sig in [of_git, key.sign(NAMESPACE, &message, 1, 1).into_bytes()] {
        assert!(verify_envelope(&envelope(STATEMENT, &[sig]), &git.ring, &Limits::DEFAULT).is_err());
    }
    let release = trust_file(&format!("ana@example.com {}\n", key.line()), "namespace = \"release\"\n").unwrap();
    let of_release = key.sign("release", &message, 1, 1).into_bytes();
    assert!(verify_envelope(&envelope(STATEMENT, &[of_release]), &release.ring, &Limits::DEFAULT).is_ok());
}

#[test]
fn why_a_signature_by_ssh_does_not_count_is_told() {
    // fail: another use, version and form, a stranger, a list for commits alone; of several reasons that of a listed key; and beside a signature
    // of another kind a stranger's says nothing
    let key = SecurityKey::ed25519(7);
    let list = format!("ana@example.com {}\n", key.line());
    let file = trust_file(&list, "").unwrap();
    let message = pre_authentication_encoding(PAYLOAD_TYPE, STATEMENT);
    let said = |ring: &KeyRing, signatures: &[&str]| {
        let signatures: Vec<Vec<u8>> = signatures.iter().map(|text| text.as_bytes().to_vec()).collect();
        verify_envelope(&envelope(STATEMENT, &signatures), ring, &Limits::DEFAULT).unwrap_err()
    };
    let why = |ring: &KeyRing, signatures: &[&str]| match said(ring, signatures) {
        TrustError::Ssh(error) => (error.to_string(), error.hints().len(), error.is_of_a_stranger()),
        other => panic!("{other:?}"),
    };
    let blob = blob_of(&key.sign(NAMESPACE, &message, 1, 1));
    let changed = |at: usize, byte: u8| {
        let mut blob = blob.clone();
        blob[at] = byte;
        armour(&blob)
    };
    let of_git = key.sign("git", &message, 1, 1);
    let (fingerprint, other) =
        (SshSignature::from_armor(&of_git).unwrap().key().fingerprint(), SecurityKey::ed25519(8));
    let stranger = other.sign(NAMESPACE, &message, 1, 1);
    let theirs = SshSignature::from_armor(&stranger).unwrap().key().fingerprint();
    let stranger_says = format!("key {theirs} is nobody's in the list of allowed signers");
    let use_says = "signature is for the namespace `git`, expected `in-toto`";
    let version_says = "not an SSH signature: its version is not 1";
    let of_other = key.sign(NAMESPACE, b"other", 1, 1);
    let held_says = format!("signature does not hold under the key {fingerprint} that it names");
    for (signatures, says, is_of_a_stranger) in [
        (vec![of_git.as_str()], use_says, false),
        (vec![&changed(9, 2)], version_says, false),
        (vec![&armour(&[&blob[..], b"x"].concat())], "not an SSH signature: something follows it", false),
        (vec![&stranger], &stranger_says, true),
        (vec![&other.sign("git", &message, 1, 1)], use_says, false),
        (vec![&changed(9, 2), &stranger, &of_git], use_says, false),
        (vec![&stranger, &of_other], &held_says, false),
        (vec![&stranger, &changed(9, 2)], version_says, false),
    ] {
        assert_eq!(why(&file.ring, &signatures), (says.to_owned(), 1, is_of_a_stranger));
    }
    assert!(matches!(said(&file.ring, &[&stranger, "x"]), TrustError::NoKnownSignature { .. }));
    assert_eq!(why(&file.ring, &[&of_git, "x"]).0, use_says);
    let git = trust_file(&list, "namespace = \"git\"\n").unwrap();
    let (text, hints, is_of_a_stranger) = why(&git.ring, &[&of_git]);
    assert!(text.contains("only for commits and tags") && hints == 1 && is_of_a_stranger, "{text}");
    // No reason takes a good signature back.
    let good = key.sign(NAMESPACE, &message, 1, 1).into_bytes();
    for bad in [stranger, of_git, changed(9, 2), of_other] {
        let both = envelope(STATEMENT, &[bad.into_bytes(), good.clone()]);
        assert!(verify_envelope(&both, &file.ring, &Limits::DEFAULT).is_ok());
    }
}

#[test]
fn validity_is_asked_for_the_moment_of_the_question() {
    // pass: one file, read once, for a moment inside; fail: before, after, and for no moment at all
    let key = SecurityKey::ed25519(7);
    let list = |options: &str| format!("ana@example.com {options}{}\n", key.line());
    let message = pre_authentication_encoding(PAYLOAD_TYPE, STATEMENT);
    let document = envelope(STATEMENT, &[key.sign(NAMESPACE, &message, 1, 1).into_bytes()]);
    let file = trust_file(&list("valid-after=\"20260101Z\",valid-before=\"20260201Z\" "), "").unwrap();
    let asked = |now: &str| {
        let ring = file.ring.at(timestamp::parse(now).unwrap());
        verify_envelope(&document, &ring, &Limits::DEFAULT).is_ok()
    };
    // The file was read at a moment outside.
    assert!(asked("2026-01-15T00:00:00Z"));
    assert!(!asked("2025-12-31T23:59:59Z"));
    assert!(!asked("2026-02-01T00:00:01Z"));
    assert!(!asked(NOW));
    assert!(verify_envelope(&document, &file.ring, &Limits::DEFAULT).is_err());
    for bound in ["valid-after=\"20200101Z\" ", "valid-before=\"20300101Z\" "] {
        let file = trust_file(&list(bound), "").unwrap();
        assert!(verify_envelope(&document, &file.ring, &Limits::DEFAULT).is_err(), "{bound}");
        assert!(verify_envelope(&document, &file.ring.at(timestamp::parse(NOW).unwrap()), &Limits::DEFAULT).is_ok());
    }
    let unbounded = trust_file(&list(""), "").unwrap();
    assert!(verify_envelope(&document, &unbounded.ring, &Limits::DEFAULT).is_ok());
}

#[test]
fn one_key_is_one_principal_wherever_it_is_named() {
    // pass: one name in two lists, a root key of the same kind and person; fail: two names over two lists, in a file and in a device, another kind,
    // another person; each with line and column
    let (file_key, device) = (SecurityKey::in_file(7), SecurityKey::ed25519(7));
    let pem = {
        let der = [
            &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..],
            &blob_of_line(&file_key.line())[19..],
        ]
        .concat();
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        (format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"), KeyId(Sha256::of(&der)))
    };
    let parse = |first: &str, second: &str, more: &str| {
        let (first, second) = (first.to_owned(), second.to_owned());
        let lists =
            "[[root]]\ntype = \"ssh\"\nfile = \"one\"\n[[root]]\ntype = \"ssh\"\nnamespace = \"git\"\nfile = \"two\"\n";
        let files = move |name: &str| Ok(if name == "one" { &first } else { &second }.clone().into_bytes());
        TrustFile::parse(&format!("{lists}{more}"), &files, 0, &Limits::DEFAULT)
    };
    let said = |result: Result<TrustFile, TrustFileError>| {
        let error = result.unwrap_err();
        let errors = error.diagnostics().iter().filter(|found| found.problem.severity() == Severity::Error);
        errors.map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let line = |who: &str, key: &SecurityKey| format!("{who} {}\n", key.line());
    parse(&line("ana", &file_key), &line("ana", &device), "").unwrap();
    let two = said(parse(&line("ana", &file_key), &line("bo", &file_key), ""));
    assert!(
        two.starts_with("7:8: error: key `SHA256:") && two.ends_with("of `bo` here and of `ana` in the list of line 1")
    );
    assert!(said(parse(&line("ana", &file_key), &line("bo", &device), "")).contains("of `bo` here and of `ana`"));
    assert!(parse(&format!("{}{}", line("ana", &file_key), line("bo", &device)), "", "").is_err());
    // Also as a root of type `key`, whoever it is of: who revokes one of the names would leave the other.
    let (pem, id) = pem;
    let rows = format!(
        "[[root]]\ntype = \"key\"\npem = '''{pem}'''\n[[identity]]\nmethod = \"key\"\nid = \"{id}\"\nkind = \"human\"\n\
         may = [\"review\"]\nwhere = [\"h/a\"]\n[[identity]]\nmethod = \"ssh-sk\"\nid = \"a*\"\nkind = \"human\"\n\
         may = [\"review\"]\nwhere = [\"h/a\"]\n[[person]]\nname = \"Ana\"\naccounts = [\"ana\", \"key:{id}\"]\n"
    );
    parse(&line("ana", &SecurityKey::in_file(8)), "", &rows).unwrap();
    for key in [&file_key, &device] {
        let twice = said(parse(&line("ana", key), "", &rows));
        assert!(
            twice.starts_with("3:8: error: key `SHA256:") && twice.contains("of `ana` is the [[root]] key"),
            "{twice}"
        );
    }
}

#[test]
fn a_row_is_explained_by_the_names_that_it_matches() {
    // pass: exact and by glob, where nothing is said against it; fail: no list names it, another run of characters, no list at all
    let line = format!("ana@example.com {}\n", SecurityKey::ed25519(7).line());
    let row = |id: &str| {
        format!(
            "[[identity]]\nmethod = \"ssh-sk\"\nid = \"{id}\"\nkind = \"human\"\nmay = [\"review\"]\nwhere = [\"h/a\"]\n"
        )
    };
    let said = |file: &TrustFile| explain(file).pop().unwrap().text;
    let nothing = "the row only says what the principal is";
    // A row for keys in files is none for devices, and the other way round.
    let text =
        said(&trust_file(&line, &row("ana@example.com").replace("ssh-sk", "ssh").replace("review", "edit")).unwrap());
    assert!(text.ends_with(nothing) && text.contains("level 2"), "{text}");
    let in_file = format!("ana@example.com {}\n", SecurityKey::in_file(7).line());
    let text =
        said(&trust_file(&in_file, &row("*@example.com").replace("ssh-sk", "ssh").replace("review", "edit")).unwrap());
    assert!(!text.ends_with(nothing) && text.contains("level 2 (ssh)"), "{text}");
    for (id, named) in [("ana@example.com", true), ("*@example.com", true), ("**", true), ("*@example.org", false)] {
        let text = said(&trust_file(&line, &row(id)).unwrap());
        assert_eq!(text.ends_with(nothing), !named, "{text}");
        assert!(text.contains("level 4 with presence, else 2"), "{text}");
    }
    let git = said(&trust_file(&line, &format!("namespace = \"git\"\n{}", row("ana@example.com"))).unwrap());
    assert!(git.ends_with("its signatures of commits and tags are read, and none over statements"), "{git}");
    let alone = TrustFile::parse(&row("*@example.com"), &|_| Err("no".to_owned()), 0, &Limits::DEFAULT).unwrap();
    let text = said(&alone);
    assert!(text.contains("without a list of allowed signers nothing it signs verifies") && !text.contains("not read"));
}

#[test]
fn a_row_of_a_list_that_cannot_be_used_is_an_error() {
    // fail: a pattern in the list, a namespace of another root, a digest of another file; each with its line
    let line = format!("ana {}\n", SecurityKey::ed25519(7).line());
    assert!(trust_file(&line, "").is_ok());
    assert_eq!(trust_file(&line, "").unwrap().ssh_roots[0].principals, ["ana"]);
    for (list, more) in [
        ("* ssh-ed25519 AAAA\n", ""),
        (line.as_str(), "pem = \"x\"\n"),
        (&line, &format!("sha256 = \"{}\"\n", "0".repeat(64))),
    ] {
        assert!(trust_file(list, more).is_err(), "{list} {more}");
    }
    let text = "[[root]]\ntype = \"key\"\nfile = \"k\"\nnamespace = \"git\"\n";
    assert!(TrustFile::parse(text, &|_| Err("no".to_owned()), 0, &Limits::DEFAULT).is_err());
}

#[test]
fn the_signatures_of_gittuf_hold_over_the_encoding_of_the_envelope() {
    // pass: every SSH signature of the public pull request attestations, by the key that it brings; fail: for another use
    let Some(folder) = need::testdata() else { return };
    let mut count = 0;
    for case in fs::read_dir(folder.join("gittuf-pr")).unwrap() {
        let Ok(bytes) = fs::read(case.unwrap().path().join("pull-request.dsse.json")) else { continue };
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let decode = |value: &serde_json::Value| lasthand_trust::dsse::decode_base64(value.as_str().unwrap()).unwrap();
        let message =
            pre_authentication_encoding(document["payloadType"].as_str().unwrap(), &decode(&document["payload"]));
        for signature in document["signatures"].as_array().unwrap() {
            let Ok(text) = String::from_utf8(decode(&signature["sig"])) else { continue };
            let Ok(read) = SshSignature::from_armor(&text) else { continue };
            assert_eq!(read.verify("git", &message), Ok(None));
            assert!(read.verify("in-toto", &message).is_err());
            assert_eq!(signature["keyid"].as_str().unwrap(), read.key().fingerprint());
            count += 1;
        }
    }
    assert!(count > 0);
}

/// The key of a line, as it goes over the wire.
fn blob_of_line(line: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap()
}

fn blob_of(armoured: &str) -> Vec<u8> {
    let inner: String = armoured.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(inner).unwrap()
}

proptest! {
    #[test]
    fn no_change_of_any_byte_is_believed(at in 0_usize..300, flip in 1_u8..=255) {
        // fail: a signature with one byte changed; it is an error, never somebody's
        let key = SecurityKey::ed25519(7);
        let list = format!("ana@example.com {}\n", key.line());
        let mut blob = blob_of(&key.sign(NAMESPACE, MESSAGE, 0x01, 5));
        let place = at % blob.len();
        blob[place] ^= flip;
        prop_assert!(ask(&armour(&blob), &list, &demand(NOW)).is_err());
    }

    #[test]
    fn any_bytes_end_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        // fail: random bytes are no signature, random text no list or one without this key
        prop_assert!(SshSignature::from_blob(&bytes).is_err());
        let _ = SshSignature::from_armor(&text);
        let _ = AllowedSigners::parse(&text);
    }
}
