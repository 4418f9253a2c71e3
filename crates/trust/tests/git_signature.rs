//! Signatures of commits and tags: `git`, `gpg` and `ssh-keygen` sign, damage is done, and `git verify-commit` and `git verify-tag` are asked, too.
//!
//! What is accepted here, git accepts. What git accepts and is refused here stands in the tests with `git: true`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

#[path = "support/signing.rs"]
mod signing;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::actor::ActorKind;
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::SignerMethod;
use lasthand_testkit::need;
use lasthand_testkit::ssh::SecurityKey;
use lasthand_trust::git_object::GitObjectKind;
use lasthand_trust::git_signature::{GitSignatureError, SignedObject, verify_commit, verify_tag};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::level::level;
use lasthand_trust::openpgp::{Certificate, OpenPgpError};
use lasthand_trust::ssh::{AllowedSigners, SshError};
use lasthand_trust::trust_file::TrustFile;
use pgp::composed::Deserializable as _;
use pgp::ser::Serialize as _;
use proptest::prelude::*;
use signing::{FEBRUARY, JANUARY, JUNE, MARCH, Place, commit, header, insert, seconds, tag};

const ANA: &str = "Ana <ana@example.com>";
const BO: &str = "Bo <bo@example.com>";
const EVE: &str = "Eve <eve@example.com>";

fn tools() -> bool {
    ["git", "gpg", "gpgconf", "ssh-keygen"].iter().all(|name| need::tool(name).is_some())
}

fn ring(certificates: &[u8], list: &str) -> KeyRing {
    let mut ring = KeyRing::new();
    if !certificates.is_empty() {
        for certificate in Certificate::read_all(certificates).unwrap() {
            ring.add_openpgp(certificate);
        }
    }
    if !list.is_empty() {
        ring.add_ssh(AllowedSigners::parse(list).unwrap(), "git");
    }
    ring
}

/// Who is asked, and by what.
struct Asked<'a> {
    place: &'a Place,
    certificates: Vec<u8>,
    list: String,
}

impl Asked<'_> {
    /// Asks us and git; `expected` is our answer and git's.
    fn check(
        &self,
        name: &str,
        kind: &str,
        object: &[u8],
        time: &str,
        expected: (bool, bool),
    ) -> Result<SignedObject, GitSignatureError> {
        let ring = ring(&self.certificates, &self.list);
        let verify = if kind == "tag" { verify_tag } else { verify_commit };
        let ours = verify(object, &ring, seconds(time));
        let git = self.place.git_says(kind, object, &self.certificates, &self.list, time);
        assert_eq!((ours.is_ok(), git), expected, "{name}: {ours:?}");
        assert!(git || ours.is_err(), "{name}: git refuses it");
        ours
    }

    fn commit(&self, name: &str, object: &[u8], expected: (bool, bool)) -> Result<SignedObject, GitSignatureError> {
        self.check(name, "commit", object, MARCH, expected)
    }
}

fn damaged(signature: &str) -> String {
    // A digit in the middle of the base64, by another one.
    let lines: Vec<&str> = signature.lines().collect();
    let middle = lines.iter().position(|line| line.is_empty() || line.starts_with("-----BEGIN SSH")).unwrap() + 2;
    let line = lines[middle];
    let other = if line.as_bytes()[20] == b'A' { 'B' } else { 'A' };
    signature.replacen(line, &format!("{}{other}{}", &line[..20], &line[21..]), 1)
}

#[test]
fn what_git_signs_by_openpgp_holds() {
    // pass: commits and tags that git itself signed, in repositories of both hashes; the id is git's; level 2
    if !tools() {
        return;
    }
    for format in ["sha1", "sha256"] {
        let place = Place::new(format);
        let key = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
        let gpg = format!(
            "#!/bin/sh\nexec gpg --homedir '{}' --faked-system-time '{FEBRUARY}!' \"$@\"\n",
            place.path("gnupg").display()
        );
        std::fs::write(place.path("signer.sh"), gpg).unwrap();
        std::fs::set_permissions(place.path("signer.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = format!("gpg.program={}", place.path("signer.sh").display());
        let tree = place.git(&["-C", "repo", "mktree"], b"");
        let signing = ["-C", "repo", "-c", &program];
        let key_word = format!("-S{key}");
        let id = place.git(&[&signing[..], &["commit-tree", &key_word, "-m", "first", &tree]].concat(), b"");
        place.git(&[&signing[..], &["tag", "-u", &key, "-m", "a tag", "v1", &id]].concat(), b"");
        let tag_id = place.git(&["-C", "repo", "rev-parse", "refs/tags/v1"], b"");
        let asked = Asked { place: &place, certificates: place.export(ANA), list: String::new() };
        let signed =
            asked.commit(format, &place.git_bytes(&["-C", "repo", "cat-file", "commit", &id]), (true, true)).unwrap();
        assert_eq!(
            (signed.id().as_str(), signed.kind(), signed.method()),
            (id.as_str(), GitObjectKind::Commit, SignerMethod::Openpgp)
        );
        assert_eq!((signed.principal(), signed.level()), (format!("openpgp:{}", key.to_lowercase()).as_str(), 2));
        assert_eq!(signed.key(), key.to_lowercase());
        let object = place.git_bytes(&["-C", "repo", "cat-file", "tag", "v1"]);
        let signed = asked.check(format, "tag", &object, MARCH, (true, true)).unwrap();
        assert_eq!((signed.id().as_str(), signed.kind()), (tag_id.as_str(), GitObjectKind::Tag));
        let says = signed.tag().unwrap();
        assert_eq!(
            (says.name.as_str(), says.target.as_str(), says.target_kind.as_str()),
            ("v1", id.as_str(), "commit")
        );
    }
}

#[test]
fn damage_is_seen_as_git_sees_it() {
    // pass: the whole commit; fail: each kind of damage; where git looks away, we do not
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    let bo = place.make_key(JANUARY, BO, "rsa2048", "sign,cert", "never");
    let asked = Asked { place: &place, certificates: place.export(ANA), list: String::new() };
    let payload = commit("a change\n");
    let signature = place.sign(FEBRUARY, &ana, &[], &payload);
    let with = |signature: &str| insert(&payload, "", &header("gpgsig", signature));
    let good = with(&signature);
    asked.commit("good", &good, (true, true)).unwrap();

    let text = String::from_utf8(good.clone()).unwrap();
    for (from, to) in [
        ("a change", "a Change"),
        ("author Ana", "author Eve"),
        ("4b825dc6", "4b825dc7"),
        ("a change\n", "a change\n\n"),
    ] {
        let error = asked.commit(to, text.replacen(from, to, 1).as_bytes(), (false, false)).unwrap_err();
        assert!(matches!(error, GitSignatureError::OpenPgp(OpenPgpError::NotHeld { .. })), "{error:?}");
    }
    asked.commit("signature", &with(&damaged(&signature)), (false, false)).unwrap_err();
    let by_bo = place.sign(FEBRUARY, &bo, &[], &payload);
    let error = asked.commit("other key", &with(&by_bo), (false, false)).unwrap_err();
    assert!(
        matches!(error, GitSignatureError::OpenPgp(OpenPgpError::Unknown { ref issuer }) if *issuer == bo.to_lowercase()),
        "{error:?}"
    );
    asked.commit("none", &payload, (false, false)).unwrap_err();

    // Two signatures: two headers, two blocks in one, and two packets in one block.
    let both = Asked { certificates: [place.export(ANA), place.export(BO)].concat(), list: String::new(), ..asked };
    both.commit("bo alone", &with(&by_bo), (true, true)).unwrap();
    let twice = insert(&good, "", &header("gpgsig", &by_bo));
    let error = both.commit("two headers", &twice, (false, false)).unwrap_err();
    assert_eq!(error, GitSignatureError::Several);
    let error = both.commit("two blocks", &with(&format!("{signature}{by_bo}")), (false, false)).unwrap_err();
    assert_eq!(error, GitSignatureError::Several);
    let bo_key = format!("{bo}!");
    let packets = place.sign(FEBRUARY, &ana, &["--local-user", &bo_key], &payload);
    let error = both.commit("two packets", &with(&packets), (false, false)).unwrap_err();
    assert!(matches!(error, GitSignatureError::OpenPgp(OpenPgpError::Signature { .. })), "{error:?}");

    // What git leaves out of what is signed.
    let more = header("gpgsig-sha256", "whatever\nsomebody writes");
    assert_eq!(
        both.commit("unsigned lines", &insert(&good, "", &more), (false, true)).unwrap_err(),
        GitSignatureError::Several
    );
    let named = String::from_utf8(good.clone()).unwrap().replacen("gpgsig ", "gpgsig-sha256 ", 1);
    both.commit("other hash", named.as_bytes(), (false, false)).unwrap_err();
    let moved = insert(&payload, "author", &header("gpgsig", &signature));
    both.commit("moved header", &moved, (false, true)).unwrap_err();
    both.commit("text behind", &with(&format!("{signature}text behind\n")), (false, true)).unwrap_err();
    both.commit("text before", &with(&format!("text before\n{signature}")), (false, false)).unwrap_err();
    let nul = [&good[..], b"\0behind"].concat();
    both.commit("nul", &nul, (false, false)).unwrap_err();

    // Of another form: over text, with the data inside, by SHA-1, over before it is asked.
    both.commit("over text", &with(&place.sign(FEBRUARY, &ana, &["--textmode"], &payload)), (false, true)).unwrap_err();
    let inside = place.gpg(FEBRUARY, &["--armor", "--local-user", &ana, "--sign"], &payload);
    let error = both.commit("message", &with(std::str::from_utf8(&inside).unwrap()), (false, false)).unwrap_err();
    assert_eq!(error, GitSignatureError::Kind);
    let weak = place.sign(FEBRUARY, &bo, &["--digest-algo", "SHA1"], &payload);
    let error = both.commit("sha1", &with(&weak), (false, true)).unwrap_err();
    assert_eq!(error, GitSignatureError::OpenPgp(OpenPgpError::Hash { got: "SHA1".to_owned() }));
    let short = with(&place.sign(FEBRUARY, &ana, &["--default-sig-expire", "2026-02-15"], &payload));
    let error = both.commit("over", &short, (false, false)).unwrap_err();
    assert!(matches!(error, GitSignatureError::OpenPgp(OpenPgpError::Time { .. })), "{error:?}");
    let late = with(&place.sign(JUNE, &ana, &[], &payload));
    both.commit("from the future", &late, (false, true)).unwrap_err();
    both.check("in time", "commit", &late, JUNE, (true, true)).unwrap();
}

/// A certificate in one state, and what it means for a signature of February.
fn state(
    place: &Place,
    name: &str,
    signer: &str,
    certificates: Vec<u8>,
    time: &str,
    expected: (bool, bool),
) -> Option<GitSignatureError> {
    let payload = commit(name);
    let signature = place.sign(FEBRUARY, signer, &[], &payload);
    let object = insert(&payload, "", &header("gpgsig", &signature));
    let asked = Asked { place, certificates, list: String::new() };
    asked.check(name, "commit", &object, time, expected).err()
}

fn key_reason(error: Option<GitSignatureError>) -> &'static str {
    match error {
        Some(GitSignatureError::OpenPgp(OpenPgpError::Key { reason, .. })) => reason,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn every_kind_of_key_that_is_read() {
    // pass: primary keys and subkeys of each algorithm; fail: RSA of 1024 bits, DSA, a curve that is not read
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    for algorithm in ["ed25519", "nistp256", "nistp384", "nistp521", "rsa2048"] {
        let name = format!("{algorithm} <{algorithm}@example.com>");
        let primary = place.make_key(JANUARY, &name, algorithm, "sign,cert", "never");
        assert_eq!(state(&place, algorithm, &primary, place.export(&name), MARCH, (true, true)), None);
        let subkey = if algorithm.starts_with("nist") { format!("{algorithm}/ecdsa") } else { algorithm.to_owned() };
        place.gpg(JANUARY, &["--quick-add-key", &primary, &subkey, "sign", "never"], b"");
        place.gpg(
            JANUARY,
            &["--quick-add-key", &primary, if algorithm == "rsa2048" { "rsa2048" } else { "cv25519" }, "encr", "never"],
            b"",
        );
        let subkey = place.fingerprints(&name)[1].clone();
        assert_eq!(state(&place, algorithm, &subkey, place.export(&name), MARCH, (true, true)), None);
    }
    for algorithm in ["rsa1024", "dsa2048", "secp256k1", "brainpoolP256r1"] {
        let name = format!("{algorithm} <{algorithm}@example.com>");
        place.make_key(JANUARY, &name, algorithm, "sign,cert", "never");
        let error = Certificate::read_all(&place.export(&name)).unwrap_err();
        assert!(matches!(error, OpenPgpError::Certificate { .. }), "{algorithm}: {error:?}");
    }
}

#[test]
fn a_key_that_is_expired_signs_nothing() {
    // pass: before its end, and after its owner moved the end; fail: after its end, also with a time of signing before it; a subkey likewise
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "2026-02-15");
    let old = place.export(ANA);
    assert_eq!(state(&place, "in time", &ana, old.clone(), FEBRUARY, (true, true)), None);
    let reason = key_reason(state(&place, "expired", &ana, old.clone(), MARCH, (false, false)));
    assert_eq!(reason, "its certificate is expired, or not yet valid");
    place.gpg(FEBRUARY, &["--quick-set-expire", &ana, "2027-01-01"], b"");
    assert_eq!(state(&place, "extended", &ana, place.export(ANA), MARCH, (true, true)), None);
    // The old certificate does not know.
    key_reason(state(&place, "stale", &ana, old, MARCH, (false, false)));

    let bo = place.make_key(JANUARY, BO, "ed25519", "cert", "never");
    place.gpg(JANUARY, &["--quick-add-key", &bo, "ed25519", "sign", "2026-02-15"], b"");
    let subkey = place.fingerprints(BO)[1].clone();
    assert_eq!(state(&place, "subkey in time", &subkey, place.export(BO), FEBRUARY, (true, true)), None);
    let reason = key_reason(state(&place, "subkey expired", &subkey, place.export(BO), MARCH, (false, false)));
    assert_eq!(reason, "it is expired, or not yet valid");
    // A certificate that ends takes its subkeys with it.
    place.gpg(JANUARY, &["--quick-add-key", &bo, "ed25519", "sign", "never"], b"");
    let subkey = place.fingerprints(BO)[2].clone();
    assert_eq!(state(&place, "second subkey", &subkey, place.export(BO), MARCH, (true, true)), None);
    place.gpg(FEBRUARY, &["--quick-set-expire", &bo, "2026-02-20"], b"");
    key_reason(state(&place, "certificate expired", &subkey, place.export(BO), MARCH, (false, false)));
}

#[test]
fn a_key_that_was_revoked_signs_nothing() {
    // pass: its twin; fail: revoked without reason, for any time; a subkey that was retired, from then on
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    let whole = place.export(ANA);
    assert_eq!(state(&place, "twin", &ana, whole, MARCH, (true, true)), None);
    let object = commit("before");
    let before = place.sign(FEBRUARY, &ana, &[], &object);
    let revocation = std::fs::read_to_string(place.path(&format!("gnupg/openpgp-revocs.d/{ana}.rev"))).unwrap();
    place.gpg(MARCH, &["--import"], revocation.replace(":-----BEGIN", "-----BEGIN").as_bytes());
    let asked = Asked { place: &place, certificates: place.export(ANA), list: String::new() };
    let signed = insert(&object, "", &header("gpgsig", &before));
    for time in [FEBRUARY, MARCH, JUNE] {
        let reason = key_reason(asked.check("revoked", "commit", &signed, time, (false, false)).err());
        assert_eq!(reason, "its certificate is revoked");
    }

    // A key that was stolen signed nothing, however long before that was noticed.
    let eve = place.make_key(JANUARY, EVE, "ed25519", "sign,cert", "never");
    let signed = insert(&object, "", &header("gpgsig", &place.sign(FEBRUARY, &eve, &[], &object)));
    let stolen = ["--no-batch", "--command-fd", "0", "--no-tty", "--output", "stolen.rev", "--gen-revoke", &eve];
    place.gpg(MARCH, &stolen, b"y\n1\n\ny\n");
    place.gpg(MARCH, &["--import", "stolen.rev"], b"");
    let asked = Asked { place: &place, certificates: place.export(EVE), list: String::new() };
    for time in [FEBRUARY, JUNE] {
        let reason = key_reason(asked.check("stolen", "commit", &signed, time, (false, false)).err());
        assert_eq!(reason, "its certificate is revoked");
    }

    let bo = place.make_key(JANUARY, BO, "ed25519", "cert", "never");
    place.gpg(JANUARY, &["--quick-add-key", &bo, "ed25519", "sign", "never"], b"");
    let subkey = place.fingerprints(BO)[1].clone();
    let object = commit("by a subkey");
    let signed = insert(&object, "", &header("gpgsig", &place.sign(FEBRUARY, &subkey, &[], &object)));
    let answers = b"key 1\nrevkey\ny\n3\n\ny\nsave\n";
    place.gpg(MARCH, &["--no-batch", "--command-fd", "0", "--no-tty", "--edit-key", &bo], answers);
    let asked = Asked { place: &place, certificates: place.export(BO), list: String::new() };
    for time in [MARCH, JUNE] {
        let reason = key_reason(asked.check("retired", "commit", &signed, time, (false, false)).err());
        assert_eq!(reason, "it is revoked");
    }
    // A revocation that stands in another place is not one that is not there.
    let mut moved = pgp::composed::SignedPublicKey::from_bytes(&asked.certificates[..]).unwrap();
    let signatures = &mut moved.public_subkeys[0].signatures;
    let at = signatures.iter().position(|found| found.typ() == Some(pgp::packet::SignatureType::SubkeyRevocation));
    let revocation = signatures.remove(at.unwrap());
    moved.details.users[0].signatures.push(revocation);
    let error = Certificate::read_all(&moved.to_bytes().unwrap()).unwrap_err();
    assert!(matches!(error, OpenPgpError::Certificate { .. }), "{error:?}");
    // A copy without the revocation does not stand in for the key that was taken back, nor one of a name.
    let twice = |change: fn(&mut pgp::composed::SignedPublicKey)| {
        let mut parsed = pgp::composed::SignedPublicKey::from_bytes(&asked.certificates[..]).unwrap();
        change(&mut parsed);
        Certificate::read_all(&parsed.to_bytes().unwrap()).map(drop)
    };
    assert_eq!(twice(|_| {}), Ok(()));
    let said = |error: Result<(), OpenPgpError>| error.unwrap_err().to_string();
    let subkeys = said(twice(|parsed| {
        let mut copy = parsed.public_subkeys[0].clone();
        copy.signatures.retain(|found| found.typ() == Some(pgp::packet::SignatureType::SubkeyBinding));
        parsed.public_subkeys.push(copy);
    }));
    assert!(subkeys.contains("a subkey twice"), "{subkeys}");
    let names = said(twice(|parsed| parsed.details.users.push(parsed.details.users[0].clone())));
    assert!(names.contains("a name twice"), "{names}");
    // Retired is not stolen: for a moment before, it still stood. GnuPG knows no moment.
    let ring = ring(&asked.certificates, "");
    assert!(verify_commit(&signed, &ring, seconds(FEBRUARY)).is_ok());
}

#[test]
fn a_key_that_is_not_for_signing_signs_nothing() {
    // pass: its twin before; fail: its owner took signing from it, which the signature cannot know
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    let object = commit("before");
    let signed = insert(&object, "", &header("gpgsig", &place.sign(FEBRUARY, &ana, &[], &object)));
    let asked = |certificates| Asked { place: &place, certificates, list: String::new() };
    asked(place.export(ANA)).commit("twin", &signed, (true, true)).unwrap();
    let answers = b"change-usage\ns\nq\nsave\n";
    place.gpg(FEBRUARY, &["--no-batch", "--command-fd", "0", "--no-tty", "--edit-key", &ana], answers);
    let error = asked(place.export(ANA)).commit("not for signing", &signed, (false, false)).err();
    assert_eq!(key_reason(error), "it is not for signing");
}

/// The certificate again, each signature packet changed by `change`.
fn rewritten(certificate: &[u8], change: impl Fn(&mut pgp::packet::Signature) -> bool) -> Vec<u8> {
    let mut parsed = pgp::composed::SignedPublicKey::from_bytes(certificate).unwrap();
    for subkey in &mut parsed.public_subkeys {
        subkey.signatures.retain_mut(|signature| change(signature));
    }
    for user in &mut parsed.details.users {
        user.signatures.retain_mut(|signature| change(signature));
    }
    parsed.to_bytes().unwrap()
}

#[test]
fn a_statement_of_the_owner_that_cannot_be_checked_is_not_passed_over() {
    // pass: the certificate as it is, and a stranger's word about it; fail: its newest statement damaged, or said to be by SHA-1: an older one
    // would stand in its place
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    place.gpg(FEBRUARY, &["--quick-set-expire", &ana, "2026-02-20"], b"");
    let certificate = place.export(ANA);
    Certificate::read_all(&certificate).unwrap();
    let february = seconds(FEBRUARY);
    let newest =
        |found: &pgp::packet::Signature| found.created().is_some_and(|time| i64::from(time.as_secs()) >= february);
    for change in [0_usize, 1] {
        let changed = replaced(&certificate, &newest, |bytes| {
            // SPEC: RFC 9580 section 5.2.3: version, type, key algorithm, hash algorithm; the last bytes are the signature's.
            if change == 0 { bytes[3] = 2 } else { *bytes.last_mut().unwrap() ^= 1 }
        });
        let error = Certificate::read_all(&changed).unwrap_err().to_string();
        assert!(error.contains("cannot be checked"), "{change}: {error}");
    }
}

/// The certificate again, the bytes of the signature packets that are `wanted` changed.
fn replaced(
    certificate: &[u8],
    wanted: &dyn Fn(&pgp::packet::Signature) -> bool,
    change: impl Fn(&mut Vec<u8>),
) -> Vec<u8> {
    let parsed = pgp::composed::SignedPublicKey::from_bytes(certificate).unwrap();
    let mut out = certificate.to_vec();
    let mut count = 0;
    for signature in parsed.details.users.iter().flat_map(|user| &user.signatures).filter(|found| wanted(found)) {
        let body = signature.to_bytes().unwrap();
        let at = out.windows(body.len()).position(|window| window == body).unwrap();
        let mut changed = body.clone();
        change(&mut changed);
        out[at..at + body.len()].copy_from_slice(&changed);
        count += 1;
    }
    assert!(count > 0, "no such statement");
    out
}

#[test]
fn a_subkey_must_say_itself_whose_it_is() {
    // pass: with the back signature; fail: without it, as in a certificate that took in a stranger's subkey; without any binding
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    place.gpg(JANUARY, &["--quick-add-key", &ana, "ed25519", "sign", "never"], b"");
    let subkey = place.fingerprints(ANA)[1].clone();
    let whole = place.export(ANA);
    assert_eq!(state(&place, "whole", &subkey, whole.clone(), MARCH, (true, true)), None);
    assert_eq!(state(&place, "same", &subkey, rewritten(&whole, |_| true), MARCH, (true, true)), None);
    let without = rewritten(&whole, |signature| {
        let found = signature
            .config()
            .unwrap()
            .unhashed_subpackets()
            .position(|subpacket| matches!(subpacket.data, pgp::packet::SubpacketData::EmbeddedSignature(_)));
        if let Some(place) = found {
            signature.unhashed_subpacket_remove(place).unwrap();
        }
        true
    });
    assert_ne!(without, whole);
    let reason = key_reason(state(&place, "no back signature", &subkey, without, MARCH, (false, false)));
    assert_eq!(reason, "it does not itself say that it belongs to its certificate");
    let unbound = rewritten(&whole, |signature| signature.typ() != Some(pgp::packet::SignatureType::SubkeyBinding));
    let reason = key_reason(state(&place, "no binding", &subkey, unbound, MARCH, (false, false)));
    assert_eq!(reason, "its certificate does not vouch for it");
    // fail: a certificate without a name of its own, one with a private key, one that is cut, two of one key
    let nameless = rewritten(&whole, |signature| !signature.is_certification());
    for bytes in
        [&nameless[..], &place.gpg(JANUARY, &["--export-secret-keys", ANA], b""), &whole[..whole.len() - 1], b"", b"x"]
    {
        assert!(Certificate::read_all(bytes).is_err());
    }
    let armoured = place.gpg(JANUARY, &["--armor", "--export", ANA], b"");
    assert_eq!(Certificate::read_all(&armoured).unwrap()[0].fingerprint(), ana.to_lowercase());
}

#[test]
fn keys_of_ssh_sign_for_git_alone() {
    // pass: a list's key for git; fail: another use, another key, too late, of two people, no list for git
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let key = place.make_ssh_key("ana", "ed25519");
    let other = place.make_ssh_key("bo", "ecdsa");
    let payload = commit("a change\n");
    let with = |signature: &str| insert(&payload, "", &header("gpgsig", signature));
    let signature = place.sign_ssh("ana", "git", &payload);
    let good = with(&signature);
    let asked = |list: String| Asked { place: &place, certificates: vec![], list };
    let ana = asked(format!("ana@example.com {key}\n"));
    let signed = ana.commit("good", &good, (true, true)).unwrap();
    assert_eq!((signed.principal(), signed.method(), signed.level()), ("ana@example.com", SignerMethod::Ssh, 2));
    let error = ana.commit("namespace", &with(&place.sign_ssh("ana", "file", &payload)), (false, false)).unwrap_err();
    assert!(matches!(error, GitSignatureError::Ssh(SshError::Namespace { .. })), "{error:?}");
    let error = ana.commit("other key", &with(&place.sign_ssh("bo", "git", &payload)), (false, false)).unwrap_err();
    assert!(matches!(error, GitSignatureError::Ssh(SshError::NotAllowed { .. })), "{error:?}");
    ana.commit(
        "payload",
        String::from_utf8(good.clone()).unwrap().replace("a change", "a chance").as_bytes(),
        (false, false),
    )
    .unwrap_err();
    ana.commit("signature", &with(&damaged(&signature)), (false, false)).unwrap_err();
    for odd in
        [signature.replacen("\n", " \n", 1), signature.replacen("\n", "\n\n", 2), signature.replacen("\nU", "\n U", 1)]
    {
        let error = verify_commit(&with(&odd), &ring(&[], &ana.list), seconds(MARCH)).unwrap_err();
        assert!(matches!(error, GitSignatureError::Form { .. }), "{error:?}");
    }
    ana.commit("two", &with(&format!("{signature}{signature}")), (false, true)).unwrap_err();
    asked(format!("bo@example.com {other}\n")).commit("nobody's", &good, (false, false)).unwrap_err();
    asked(format!("ana@example.com namespaces=\"file\" {key}\n"))
        .commit("list's use", &good, (false, false))
        .unwrap_err();
    // git asks for the time that the commit claims, February; we for the moment of the question, March.
    asked(format!("ana@example.com valid-before=\"20260115Z\" {key}\n"))
        .commit("expired", &good, (false, false))
        .unwrap_err();
    let until = asked(format!("ana@example.com valid-before=\"20260215Z\" {key}\n"));
    until.check("in time", "commit", &good, FEBRUARY, (true, true)).unwrap();
    until.commit("backdated", &good, (false, true)).unwrap_err();

    let tagged = tag("a tag\n");
    let object = [&tagged[..], place.sign_ssh("ana", "git", &tagged).as_bytes()].concat();
    ana.check("tag", "tag", &object, MARCH, (true, true)).unwrap();
    // fail: a list for another use, no list, lists that give the key to two people
    let elsewhere = |namespaces: &[(&str, &str)]| {
        let mut ring = KeyRing::new();
        for (name, namespace) in namespaces {
            ring.add_ssh(AllowedSigners::parse(&format!("{name} {key}\n")).unwrap(), namespace);
        }
        verify_commit(&good, &ring, seconds(MARCH))
    };
    assert_eq!(elsewhere(&[("ana@example.com", "in-toto")]).unwrap_err(), GitSignatureError::NoList);
    assert_eq!(elsewhere(&[]).unwrap_err(), GitSignatureError::NoList);
    assert!(elsewhere(&[("ana@example.com", "git"), ("ana@example.com", "git")]).is_ok());
    let error = elsewhere(&[("ana@example.com", "git"), ("bo@example.com", "git")]).unwrap_err();
    assert!(matches!(error, GitSignatureError::TwoPrincipals { .. }), "{error:?}");
}

#[test]
fn a_security_key_that_nobody_touched_signs_at_level_2() {
    // pass: touched gives 4; fail: the bit is 0, and git says that the signature is good all the same
    let payload = commit("by a device\n");
    let key = SecurityKey::ed25519(7);
    let list = format!("ana@example.com {}\n", key.line());
    for (flags, expected) in [(0x01, 4), (0x05, 4), (0x00, 2), (0x04, 2)] {
        let object = insert(&payload, "", &header("gpgsig", &key.sign("git", &payload, flags, 5)));
        let signed = verify_commit(&object, &ring(&[], &list), seconds(MARCH)).unwrap();
        assert_eq!((signed.level(), signed.signer().presence), (expected, expected == 4), "{flags}");
        assert_eq!(signed.findings().is_empty(), expected == 4);
        if tools() {
            assert!(Place::new("sha1").git_says("commit", &object, b"", &list, MARCH), "{flags}");
        }
    }
}

#[test]
fn a_tag_is_signed_at_its_end_alone() {
    // pass: at the end; fail: text behind it, two of them, in the middle, a header that git leaves out, headers out of order
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    let asked = Asked { place: &place, certificates: place.export(ANA), list: String::new() };
    let payload = tag("a tag\n");
    let signature = place.sign(FEBRUARY, &ana, &[], &payload);
    let ask = |name: &str, object: &[u8], expected| asked.check(name, "tag", object, MARCH, expected);
    let good = [&payload[..], signature.as_bytes()].concat();
    ask("good", &good, (true, true)).unwrap();
    assert_eq!(ask("unsigned", &payload, (false, false)).unwrap_err(), GitSignatureError::Unsigned);
    ask("in the middle", &[&good[..], b"nobody signed this\n"].concat(), (false, true)).unwrap_err();
    let twice = [&good[..], signature.as_bytes()].concat();
    assert_eq!(ask("two", &twice, (false, false)).unwrap_err(), GitSignatureError::Several);
    let again = [&good[..], place.sign(FEBRUARY, &ana, &[], &good).as_bytes()].concat();
    assert_eq!(ask("signed again", &again, (false, true)).unwrap_err(), GitSignatureError::Several);
    let hidden = insert(&good, "", &header("gpgsig", "nobody signed this"));
    ask("left out", &hidden, (false, true)).unwrap_err();
    let headed = insert(&payload, "", &header("gpgsig", "somebody signed this"));
    let signed = [&headed[..], place.sign(FEBRUARY, &ana, &[], &headed).as_bytes()].concat();
    ask("signed with it", &signed, (false, false)).unwrap_err();
    let renamed = String::from_utf8(good.clone()).unwrap().replace("tag v1", "tag v2");
    ask("renamed", renamed.as_bytes(), (false, false)).unwrap_err();
    let not_a_commit = verify_commit(&good, &ring(&asked.certificates, ""), seconds(MARCH)).unwrap_err();
    assert!(matches!(not_a_commit, GitSignatureError::Form { .. }), "{not_a_commit:?}");
}

#[test]
fn cve_2023_47122_a_key_beside_the_signature_is_no_root() {
    // fail: an SSH signature brings its key along, and a certificate can be made by anybody: neither is believed for being there
    let payload = commit("mine\n");
    let stranger = SecurityKey::ed25519(9);
    let object = insert(&payload, "", &header("gpgsig", &stranger.sign("git", &payload, 1, 1)));
    let list = format!("ana@example.com {}\n", SecurityKey::ed25519(7).line());
    let error = verify_commit(&object, &ring(&[], &list), seconds(MARCH)).unwrap_err();
    assert!(matches!(error, GitSignatureError::Ssh(SshError::NotAllowed { .. })), "{error:?}");
}

#[test]
fn cve_2024_51746_a_signature_is_of_its_own_payload() {
    // fail: the good signature of another commit of the same person, moved over
    let (one, other) = (commit("one\n"), commit("other\n"));
    let key = SecurityKey::ed25519(7);
    let list = format!("ana@example.com {}\n", key.line());
    let moved = insert(&other, "", &header("gpgsig", &key.sign("git", &one, 1, 1)));
    let error = verify_commit(&moved, &ring(&[], &list), seconds(MARCH)).unwrap_err();
    assert!(matches!(error, GitSignatureError::Ssh(SshError::NotHeld { .. })), "{error:?}");
}

#[test]
fn ghsa_72c7_4g63_hpw5_an_empty_signature_is_none() {
    // fail: a header with nothing in it, an armour with nothing in it
    let payload = commit("x\n");
    let list = format!("ana@example.com {}\n", SecurityKey::ed25519(7).line());
    for empty in [
        "",
        " ",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----",
    ] {
        let object = insert(&payload, "", &format!("gpgsig {}\n", empty.replace('\n', "\n ")));
        assert!(verify_commit(&object, &ring(&[], &list), seconds(MARCH)).is_err(), "{empty}");
    }
}

#[test]
fn gitsign_signatures_of_x509_are_not_taken_for_others() {
    // fail: a signature of the kind that gitsign writes is told as one that is not read
    let payload = commit("x\n");
    let object =
        insert(&payload, "", &header("gpgsig", "-----BEGIN SIGNED MESSAGE-----\nYWJj\n-----END SIGNED MESSAGE-----"));
    assert_eq!(verify_commit(&object, &KeyRing::new(), 0).unwrap_err(), GitSignatureError::Kind);
}

#[test]
fn rows_of_the_trust_file_decide_the_level() {
    // pass: 2, and 3 with custody; fail: no sha256, another one, no root for a row, another fingerprint, a file that is none
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "2026-02-15").to_lowercase();
    let certificate = place.export(ANA);
    let digest = lasthand_model::digest::Sha256::of(&certificate).to_string();
    let parse =
        |text: &str, now: &str| TrustFile::parse(text, &|_| Ok(certificate.clone()), seconds(now), &Limits::DEFAULT);
    let text = format!(
        "[[root]]\ntype = \"openpgp\"\nfile = \"ana.pgp\"\nsha256 = \"{digest}\"\n\n[[identity]]\nmethod = \"openpgp\"\nid = \"{ana}\"\nkind = \"human\"\ncustody = \"personal\"\n"
    );
    let file = parse(&text, FEBRUARY).unwrap();
    assert_eq!(file.warnings, []);
    let payload = commit("x\n");
    let signed = insert(&payload, "", &header("gpgsig", &place.sign(FEBRUARY, &ana, &[], &payload)));
    let signed = verify_commit(&signed, &file.ring, seconds(FEBRUARY)).unwrap();
    let row = &file.facts.identities[0];
    assert_eq!((row.principal.as_str(), row.kind), (signed.principal(), ActorKind::Human));
    assert_eq!(level(row, signed.signer()), 3);
    let plain = parse(&text.replace("custody = \"personal\"\n", ""), FEBRUARY).unwrap();
    assert_eq!(level(&plain.facts.identities[0], signed.signer()), 2);
    let lines: Vec<String> = lasthand_trust::explain::explain(&file).into_iter().map(|line| line.text).collect();
    assert!(lines[0].contains("can verify commits and tags") && lines[0].contains(ANA), "{lines:?}");
    assert!(lines[1].ends_with("its signatures of commits and tags are read, and none over statements"), "{lines:?}");
    let late = parse(&text, MARCH).unwrap();
    assert!(late.warnings.iter().any(|warning| warning.to_string().contains("expired")), "{:?}", late.warnings);

    let told = |text: &str| {
        let error = parse(text, FEBRUARY).unwrap_err();
        error.diagnostics().iter().map(ToString::to_string).collect::<String>()
    };
    assert!(told(&text.replace(&format!("sha256 = \"{digest}\"\n"), "")).contains("has no `sha256`"));
    assert!(told(&text.replace(&digest, &"0".repeat(64))).contains("the row says"));
    assert!(told(&text.replace(&ana, &"0".repeat(40))).contains("no [[root]] holds the certificate"));
    assert!(told(&text.replace(&ana, &ana.to_uppercase())).contains("40 lower-case hex digits"));
    let key = format!(
        "[[root]]\ntype = \"openpgp\"\nfile = \"x\"\nsha256 = \"{}\"\n",
        lasthand_model::digest::Sha256::of(b"x")
    );
    let error = TrustFile::parse(&key, &|_| Ok(b"x".to_vec()), 0, &Limits::DEFAULT).unwrap_err();
    assert!(error.diagnostics()[0].to_string().contains("file of certificates cannot be used"), "{error}");
}

#[test]
fn no_byte_of_a_signature_or_certificate_is_a_panic() {
    // fail: each byte of the packets exchanged, and the packets cut at each place; what is signed stays what it is, or nothing holds
    if !tools() {
        return;
    }
    let place = Place::new("sha1");
    let ana = place.make_key(JANUARY, ANA, "ed25519", "sign,cert", "never");
    place.gpg(JANUARY, &["--quick-add-key", &ana, "ed25519", "sign", "never"], b"");
    let subkey = place.fingerprints(ANA)[1].clone();
    let payload = commit("x\n");
    let armoured = place.sign(FEBRUARY, &subkey, &[], &payload);
    let packets = bytes_of(&armoured);
    let whole = place.export(ANA);
    let other = commit("y\n");
    let ask = |packets: &[u8], certificates: &[u8]| {
        let text =
            format!("-----BEGIN PGP SIGNATURE-----\n\n{}\n-----END PGP SIGNATURE-----\n", STANDARD.encode(packets));
        let mut ring = KeyRing::new();
        for certificate in Certificate::read_all(certificates).into_iter().flatten() {
            ring.add_openpgp(certificate);
        }
        let asked = |payload: &[u8]| {
            verify_commit(&insert(payload, "", &header("gpgsig", &text)), &ring, seconds(MARCH)).is_ok()
        };
        assert!(!asked(&other));
        asked(&payload)
    };
    assert!(ask(&packets, &whole));
    for at in 0..packets.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut changed = packets.clone();
            changed[at] ^= byte;
            ask(&changed, &whole);
        }
        assert!(!ask(&packets[..at], &whole), "cut at {at}");
    }
    for at in 0..whole.len() {
        for byte in [1, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= byte;
            ask(&packets, &changed);
        }
        ask(&packets, &whole[..at]);
    }
}

/// The bytes inside an armour.
fn bytes_of(armoured: &str) -> Vec<u8> {
    let (_, rest) = armoured.split_once("\n\n").unwrap();
    let body: String = rest.lines().take_while(|line| !line.starts_with(['=', '-'])).collect();
    STANDARD.decode(body).unwrap()
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic_and_none_are_accepted(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        tail in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        // fail: a commit with any byte exchanged behind its signature's first line, and bytes behind it
        let payload = commit("x\n");
        let key = SecurityKey::ed25519(7);
        let list = format!("ana@example.com {}\n", key.line());
        let good = insert(&payload, "", &header("gpgsig", &key.sign("git", &payload, 1, 1)));
        let mut bytes = good.clone();
        let at = place.index(bytes.len());
        bytes[at] = byte;
        bytes.extend(tail);
        let accepted = verify_commit(&bytes, &ring(&[], &list), seconds(MARCH)).is_ok();
        prop_assert!(bytes == good || !accepted);
    }
}
