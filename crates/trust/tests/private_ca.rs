//! Certificates of private authorities: one thing wrong at a time, all the rest right. `openssl` agrees on the chain.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_V03, pre_authentication_encoding};
use lasthand_model::wire::facts::SignerMethod;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::need;
use lasthand_testkit::pki::{
    AltName, CERT_SIGN, CLIENT_AUTH, CODE_SIGNING, Holder, Profile, SERVER_AUTH, STAMPING, StampAuthority,
    name_constraints, purposes, unknown_extension,
};
use lasthand_testkit::sigstore::Key;
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::sigstore::TimestampAuthority;
use lasthand_trust::x509::X509Root;
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;
const YEAR: i64 = 365 * 86_400;
const LONG: (i64, i64) = (NOW - YEAR, NOW + YEAR);
const ANA: &str = "ana@acme.example";

struct Pki {
    top: Holder,
    between: Holder,
    stamps: StampAuthority,
}

impl Pki {
    fn new() -> Self {
        Self::of(&Profile::authority("top", LONG), &Profile::authority("between", LONG))
    }

    fn of(top: &Profile, between: &Profile) -> Self {
        let top = Holder::top(top);
        Self { between: top.issue(between), top, stamps: StampAuthority::new("stamps", LONG) }
    }

    fn ring(&self) -> KeyRing {
        self.ring_of("acme-pki", &self.top.pem())
    }

    fn ring_of(&self, name: &str, pem: &str) -> KeyRing {
        let mut ring = KeyRing::new();
        ring.add_x509(X509Root::parse(name, pem.as_bytes()).unwrap());
        ring.add_timestamp_authority(TimestampAuthority::from_pem(self.stamps.pem().as_bytes()).unwrap());
        ring
    }

    fn signed(&self, profile: &Profile, times: &[i64]) -> Value {
        self.signed_by(&self.between.issue(profile), times)
    }

    fn signed_by(&self, holder: &Holder, times: &[i64]) -> Value {
        let stamps = |signature: &[u8]| times.iter().map(|time| self.stamps.stamp(signature, *time)).collect();
        holder.bundle(&statement(), &[&self.between], &stamps)
    }
}

fn statement() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
        "subject": [{ "digest": { "sha256": Sha256::of(b"a").to_string() } }]
    })
}

fn email(text: &str) -> AltName {
    AltName::Email(text.to_owned())
}

fn dns(text: &str) -> AltName {
    AltName::Dns(text.to_owned())
}

fn good() -> Profile {
    Profile::signer(email(ANA), LONG)
}

/// The principal of the one signer.
fn judge(bundle: &Value, ring: &KeyRing) -> Result<String, TrustError> {
    match verify_signed(bundle.to_string().as_bytes(), ring, &Limits::DEFAULT)? {
        Signed::Statement(statement) => {
            let [signer] = statement.signers() else { unreachable!("one signer") };
            assert_eq!((signer.method, signer.presence), (SignerMethod::X509, false));
            assert!(signer.time.is_some());
            Ok(signer.principal.clone())
        }
        Signed::Blob(_) => Err(TrustError::NoStatement),
    }
}

fn refuse(bundle: &Value, ring: &KeyRing, says: &str) {
    let error = judge(bundle, ring).unwrap_err();
    let source = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
    assert!(format!("{error}: {source}").contains(says), "{error}: {source}, expected {says}");
}

#[test]
fn a_signer_is_named_by_issuer_and_name() {
    // pass: e-mail address, URI, DNS name; each under the name that the trust file gives the authority
    let pki = Pki::new();
    for (name, principal) in [
        (email(ANA), "acme-pki#ana@acme.example"),
        (AltName::uri("https://ci.acme.example/release"), "acme-pki#https://ci.acme.example/release"),
        (dns("build7.acme.example"), "acme-pki#build7.acme.example"),
    ] {
        let bundle = pki.signed(&Profile { names: vec![name], ..good() }, &[NOW]);
        assert_eq!(judge(&bundle, &pki.ring()).unwrap(), principal);
        assert_ne!(judge(&bundle, &pki.ring_of("other", &pki.top.pem())).unwrap(), principal);
    }
    // fail: two names, none, a glob, a space, a SPIFFE id
    let named = |names: Vec<AltName>| pki.signed(&Profile { names, subject: "x".to_owned(), ..good() }, &[NOW]);
    judge(&named(vec![email(ANA)]), &pki.ring()).unwrap();
    refuse(&named(vec![email(ANA), email("bo@acme.example")]), &pki.ring(), "exactly one alternative name");
    refuse(&named(vec![email(ANA), dns("acme.example")]), &pki.ring(), "exactly one alternative name");
    refuse(&named(vec![]), &pki.ring(), "exactly one alternative name");
    refuse(&named(vec![dns("*.acme.example")]), &pki.ring(), "`*`");
    for name in
        [AltName::uri(ANA), dns(ANA), email("build7.acme.example"), email("https://a.example/b@c"), dns("a://b")]
    {
        refuse(&named(vec![name]), &pki.ring(), "has not the form of its kind");
    }
    refuse(&named(vec![AltName::uri("https://a.example/b c")]), &pki.ring(), "a space");
    refuse(&named(vec![AltName::uri("spiffe://acme.example/ci")]), &pki.ring(), "no root of type `spiffe`");
    refuse(&named(vec![AltName::uri("SPIFFE://acme.example/ci")]), &pki.ring(), "not a SPIFFE id");
}

#[test]
fn a_servers_certificate_signs_nothing() {
    // pass: code signing, also among others; fail: no purposes, a server's, a client's, stamping, no signatures, an authority's
    let pki = Pki::new();
    let with = |profile: Profile| pki.signed(&profile, &[NOW]);
    judge(&with(Profile { purposes: vec![CLIENT_AUTH, CODE_SIGNING], ..good() }), &pki.ring()).unwrap();
    for purposes in [vec![], vec![SERVER_AUTH], vec![CLIENT_AUTH], vec![STAMPING]] {
        refuse(&with(Profile { purposes, ..good() }), &pki.ring(), "does not list code signing");
    }
    refuse(&with(Profile { usage: Some((true, 0x20)), ..good() }), &pki.ring(), "not for digital signatures");
    refuse(&with(Profile { usage: None, ..good() }), &pki.ring(), "no key usage");
    refuse(&with(Profile { is_authority: true, ..good() }), &pki.ring(), "it is an authority's");
    // fail: the authority between is for servers alone
    let between = Profile { purposes: vec![SERVER_AUTH], ..Profile::authority("between", LONG) };
    let servers = Pki::of(&Profile::authority("top", LONG), &between);
    refuse(&servers.signed(&good(), &[NOW]), &servers.ring(), "none of its purposes");
    let between = Profile { purposes: vec![SERVER_AUTH, CODE_SIGNING], ..between };
    let both = Pki::of(&Profile::authority("top", LONG), &between);
    judge(&both.signed(&good(), &[NOW]), &both.ring()).unwrap();
}

#[test]
fn a_certificate_proves_at_trusted_times_alone() {
    // fail: no timestamp, one after the certificate, one good and one late; pass: inside
    let pki = Pki::new();
    let short = Profile { window: (NOW - 10, NOW + 10), ..good() };
    judge(&pki.signed(&short, &[NOW]), &pki.ring()).unwrap();
    refuse(&pki.signed(&short, &[]), &pki.ring(), "so the certificate proves nothing");
    refuse(&pki.signed(&short, &[NOW + 11]), &pki.ring(), "was not valid");
    refuse(&pki.signed(&short, &[NOW, NOW + 11]), &pki.ring(), "was not valid");
}

/// What `openssl verify` says of the chain.
fn openssl(folder: &std::path::Path, pki: &Pki, leaf: &Holder) -> bool {
    for (name, holder) in [("top", &pki.top), ("between", &pki.between), ("leaf", leaf)] {
        fs::write(folder.join(name), holder.pem()).unwrap();
    }
    let mut command = Command::new("openssl");
    command.args(["verify", "-purpose", "any", "-CAfile", "top", "-untrusted", "between"]);
    command.args(["-attime", &NOW.to_string(), "leaf"]).current_dir(folder).output().unwrap().status.success()
}

#[test]
fn name_constraints_are_honoured_or_the_chain_is_refused() {
    // pass: a DNS name inside, and outside of what is excluded; fail: outside, inside; any address or URI that a constraint is about, although
    // openssl could read it
    let place = tempfile::tempdir().unwrap();
    let has_openssl = need::tool("openssl").is_some();
    let build = dns("build7.acme.example");
    let uri = AltName::uri("https://ci.acme.example/release");
    for (at_top, permitted, subtree, name, ours, theirs) in [
        (false, true, dns("acme.example"), build.clone(), true, true),
        (false, true, dns("other.example"), build.clone(), false, false),
        (false, false, dns("acme.example"), build.clone(), false, false),
        (false, false, dns("other.example"), build.clone(), true, true),
        (true, true, dns("acme.example"), build.clone(), true, true),
        (true, true, dns("other.example"), build.clone(), false, false),
        (true, false, dns("acme.example"), build.clone(), false, false),
        (false, true, email("acme.example"), email(ANA), false, true),
        (false, true, email("other.example"), email(ANA), false, false),
        (false, false, email("acme.example"), email(ANA), false, false),
        (true, false, email("acme.example"), email(ANA), false, false),
        (false, true, AltName::uri("ci.acme.example"), uri.clone(), false, true),
        (false, true, AltName::uri("ci.other.example"), uri.clone(), false, false),
        (true, false, AltName::uri("ci.acme.example"), uri, false, false),
        // About other kinds of names.
        (false, true, dns("other.example"), email(ANA), true, true),
    ] {
        let constraint = vec![name_constraints(permitted, &subtree)];
        let (plain, bound) = (vec![], constraint);
        let (top, between) = if at_top { (bound, plain) } else { (plain, bound) };
        let pki = Pki::of(
            &Profile { more: top, ..Profile::authority("top", LONG) },
            &Profile { more: between, ..Profile::authority("between", LONG) },
        );
        let leaf = pki.between.issue(&Profile { names: vec![name.clone()], ..good() });
        let said = judge(&pki.signed_by(&leaf, &[NOW]), &pki.ring());
        assert_eq!(said.is_ok(), ours, "{at_top} {permitted} {subtree:?} {name:?}: {said:?}");
        if has_openssl {
            assert_eq!(openssl(place.path(), &pki, &leaf), theirs, "{at_top} {permitted} {subtree:?} {name:?}");
        }
    }
}

#[test]
fn a_root_of_another_kind_never_vouches() {
    // fail: an authority that nobody named; one between that may not sign certificates; too many of them
    let (pki, other) = (Pki::new(), Pki::new());
    refuse(&other.signed(&good(), &[NOW]), &pki.ring_of("acme-pki", &pki.top.pem()), "timestamp does not hold");
    let mut ring = pki.ring();
    ring.add_timestamp_authority(TimestampAuthority::from_pem(other.stamps.pem().as_bytes()).unwrap());
    refuse(&other.signed(&good(), &[NOW]), &ring, "not one of an authority");
    // Of two roots, the one that vouches gives the issuer.
    ring.add_x509(X509Root::parse("other", other.top.pem().as_bytes()).unwrap());
    assert_eq!(judge(&other.signed(&good(), &[NOW]), &ring).unwrap(), "other#ana@acme.example");
    assert_eq!(judge(&pki.signed(&good(), &[NOW]), &ring).unwrap(), "acme-pki#ana@acme.example");
    // Of two that could both name him, none does: which one would be up to the certificates that are sent along.
    let mut both = pki.ring();
    both.add_x509(X509Root::parse("below", pki.between.pem().as_bytes()).unwrap());
    refuse(&pki.signed(&good(), &[NOW]), &both, "two roots of type `x509` vouch for it, `acme-pki` and `below`");
    let weak = Profile { usage: Some((true, 0x02)), ..Profile::authority("between", LONG) };
    let weak = Pki::of(&Profile::authority("top", LONG), &weak);
    refuse(&weak.signed(&good(), &[NOW]), &weak.ring(), "may not sign certificates");
    let deep = Pki::of(
        &Profile { path_limit: Some(0), ..Profile::authority("top", LONG) },
        &Profile::authority("between", LONG),
    );
    refuse(&deep.signed(&good(), &[NOW]), &deep.ring(), "more authorities");
    let direct = deep.ring_of("acme-pki", &format!("{}{}", deep.top.pem(), deep.between.pem()));
    judge(&deep.signed(&good(), &[NOW]), &direct).unwrap();
}

#[test]
fn authorities_of_one_name_are_told_apart_by_their_keys() {
    // pass: the one that signed, before and behind one or two others, and three below each other, all of one name with the root; fail: four, one
    // twice, the one that signed left out, one of the name that nobody vouches for
    let pki = Pki::new();
    let stamps = |signature: &[u8]| vec![pki.stamps.stamp(signature, NOW)];
    let between = || pki.top.issue(&Profile::authority("between", LONG));
    let (second, third, fourth) = (between(), between(), between());
    let leaf = pki.between.issue(&good());
    let sent = |chain: &[&Holder]| leaf.bundle(&statement(), chain, &stamps);
    for chain in [
        vec![&pki.between],
        vec![&pki.between, &second],
        vec![&second, &pki.between],
        vec![&second, &third, &pki.between],
    ] {
        assert_eq!(judge(&sent(&chain), &pki.ring()).unwrap(), format!("acme-pki#{ANA}"));
    }
    let all = [&pki.between, &second, &third, &fourth];
    refuse(&sent(&all), &pki.ring(), "more than three certificates of one name");
    refuse(&sent(&[&pki.between, &pki.between]), &pki.ring(), "one certificate was sent twice");
    refuse(&sent(&[&second, &third]), &pki.ring(), "not one of an authority");
    let foreign = Holder::top(&Profile::authority("between", LONG));
    let theirs = foreign.issue(&good());
    refuse(&theirs.bundle(&statement(), &[&foreign, &pki.between], &stamps), &pki.ring(), "not one of an authority");
    // As SPIRE names them: every authority alike.
    let alike = || Profile::authority("spire", LONG);
    let top = Holder::top(&alike());
    let first = top.issue(&alike());
    let below = first.issue(&alike());
    let lowest = below.issue(&alike());
    let leaf = lowest.issue(&good());
    for chain in [[&first, &below, &lowest], [&lowest, &below, &first], [&below, &lowest, &first]] {
        judge(&leaf.bundle(&statement(), &chain, &stamps), &pki.ring_of("acme-pki", &top.pem())).unwrap();
        refuse(
            &leaf.bundle(&statement(), &chain[1..], &stamps),
            &pki.ring_of("acme-pki", &top.pem()),
            "not one of an authority",
        );
    }
}

#[test]
fn keys_on_p521_sign_and_vouch() {
    // pass: as root, between and at the end; fail: another key's signature
    let top = Holder::with_key(&Profile::authority("top", LONG), Key::p521(), None);
    let between = Holder::with_key(&Profile::authority("between", LONG), Key::p521(), Some(&top));
    let pki = Pki { stamps: StampAuthority::new("stamps", LONG), top, between };
    let leaf = Holder::with_key(&good(), Key::p521(), Some(&pki.between));
    assert_eq!(judge(&pki.signed_by(&leaf, &[NOW]), &pki.ring()).unwrap(), format!("acme-pki#{ANA}"));
    assert_eq!(judge(&pki.signed(&good(), &[NOW]), &pki.ring()).unwrap(), format!("acme-pki#{ANA}"));
    let other = Holder::with_key(&good(), Key::p521(), Some(&pki.between));
    let mut swapped = pki.signed_by(&leaf, &[NOW]);
    swapped["verificationMaterial"]["x509CertificateChain"]["certificates"][0]["rawBytes"] =
        json!(STANDARD.encode(&other.der));
    refuse(&swapped, &pki.ring(), "signature does not hold");
    let foreign = Holder::with_key(&Profile::authority("top", LONG), Key::p521(), None);
    refuse(&pki.signed_by(&leaf, &[NOW]), &pki.ring_of("acme-pki", &foreign.pem()), "not one of an authority");
}

#[test]
fn roots_in_pem_are_read_strictly() {
    // pass: one, several; fail: none, something else, a name that could be another principal, no authority; a clock without authority
    let pki = Pki::new();
    let (top, leaf) = (pki.top.pem(), pki.between.issue(&good()).pem());
    let authority = || Profile::authority("top", LONG);
    let fit = Profile { purposes: vec![SERVER_AUTH, CODE_SIGNING], ..authority() };
    X509Root::parse("a", Holder::top(&fit).pem().as_bytes()).unwrap();
    assert_eq!(X509Root::parse("a", format!("# note\n{top}\n{}", pki.between.pem()).as_bytes()).unwrap().count(), 2);
    for (name, pem, says) in [
        ("", top.clone(), "its name is not"),
        ("a#b", top.clone(), "its name is not"),
        ("key:a", top.clone(), "its name is not"),
        ("https://a.example", top.clone(), "its name is not"),
        (&"a".repeat(65), top.clone(), "its name is not"),
        ("a", String::new(), "no certificate"),
        ("a", "text".to_owned(), "not PEM"),
        ("a", format!("{top}trailing"), "not PEM"),
        ("a", pki.top.key.private_pem(), "not PEM"),
        ("a", top.repeat(65), "more than 64"),
        ("a", Holder::top(&Profile { purposes: vec![SERVER_AUTH], ..authority() }).pem(), "leave out code signing"),
        ("a", Holder::top(&Profile { more: vec![unknown_extension(false); 65], ..authority() }).pem(), "64 extensions"),
        ("a", leaf.clone(), "it is not an authority's"),
    ] {
        let error = X509Root::parse(name, pem.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}, expected {says}");
    }
    let weak = Holder::top(&Profile { usage: Some((true, 0x80)), ..Profile::authority("top", LONG) });
    assert!(X509Root::parse("a", weak.pem().as_bytes()).is_err());
    let strong = Holder::top(&Profile { usage: Some((true, CERT_SIGN)), ..Profile::authority("top", LONG) });
    assert!(X509Root::parse("a", strong.pem().as_bytes()).is_ok());
    let stamper = pki.stamps.stamper.pem();
    for pem in
        [stamper.clone(), format!("{top}{stamper}"), format!("{leaf}{top}"), format!("{stamper}{leaf}"), String::new()]
    {
        assert!(TimestampAuthority::from_pem(pem.as_bytes()).is_err(), "{pem}");
    }
    assert!(TimestampAuthority::from_pem(pki.stamps.pem().as_bytes()).is_ok());
}

#[test]
fn who_stamps_does_nothing_else() {
    // pass: as it is, for signatures and what cannot be denied, without key usage; fail: purposes that are not critical, two, none, another, any;
    // a key that enciphers, vouches, is for nothing
    let stamps = StampAuthority::new("stamps", LONG);
    let reads = |profile: &Profile| {
        TimestampAuthority::from_pem(stamps.pem_with(&stamps.another(profile)).as_bytes()).map(|_| ())
    };
    let fit = || Profile::stamper(LONG);
    for usage in [None, Some((true, 0x80)), Some((true, 0x40)), Some((true, 0xc0)), Some((false, 0x80))] {
        reads(&Profile { usage, ..fit() }).unwrap();
    }
    let of = |critical: bool, ids: &[&str]| Profile { purposes: vec![], more: vec![purposes(critical, ids)], ..fit() };
    reads(&of(true, &[STAMPING])).unwrap();
    let any = "2.5.29.37.0";
    for (profile, says) in [
        (of(false, &[STAMPING]), "not critical"),
        (of(true, &[STAMPING, CODE_SIGNING]), "not the one thing"),
        (of(true, &[STAMPING, STAMPING]), "not the one thing"),
        (of(true, &[CODE_SIGNING]), "not the one thing"),
        (of(true, &[any]), "not the one thing"),
        (of(true, &[STAMPING, any]), "not the one thing"),
        (Profile { purposes: vec![], ..fit() }, "does not say that it is for timestamps"),
        (Profile { usage: Some((true, 0x20)), ..fit() }, "not for signatures alone"),
        (Profile { usage: Some((true, 0x80 | 0x20)), ..fit() }, "not for signatures alone"),
        (Profile { usage: Some((true, 0x80 | CERT_SIGN)), ..fit() }, "not for signatures alone"),
        (Profile { usage: Some((true, 0)), ..fit() }, "not for signatures alone"),
    ] {
        let error = reads(&profile).unwrap_err();
        assert!(error.to_string().contains(says), "{error}, expected {says}");
        assert!(!error.hints().is_empty());
    }
}

#[test]
fn keys_of_each_kind_sign() {
    // pass: RSA, P-384, P-521, Ed25519; fail: RSA of 1024 bits, which no chain may rest on; keys and signatures are openssl's
    if need::tool("openssl").is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let run = |words: &[&str]| {
        let output = Command::new("openssl").args(words).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let stamps = StampAuthority::new("stamps", LONG);
    let payload = statement().to_string();
    fs::write(folder.join("message"), pre_authentication_encoding(PAYLOAD_TYPE, payload.as_bytes())).unwrap();
    fs::write(
        folder.join("leaf.ext"),
        "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=email:ana@acme.example\n",
    )
    .unwrap();
    run(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "top.key"]);
    run(&[
        "req",
        "-x509",
        "-key",
        "top.key",
        "-subj",
        "/CN=top",
        "-days",
        "3000",
        "-out",
        "top.pem",
        "-addext",
        "keyUsage=critical,keyCertSign",
    ]);
    for (kind, how, ok) in [
        ("rsa", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..], true),
        ("p384", &["ecparam", "-name", "secp384r1", "-genkey", "-noout"][..], true),
        ("ed25519", &["genpkey", "-algorithm", "ED25519"][..], true),
        ("p521", &["ecparam", "-name", "secp521r1", "-genkey", "-noout"][..], true),
        ("rsa1024", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..], false),
    ] {
        run(&[how, &["-out", "leaf.key"]].concat());
        run(&["req", "-new", "-key", "leaf.key", "-subj", "/CN=ana", "-out", "leaf.csr"]);
        run(&[
            "x509",
            "-req",
            "-in",
            "leaf.csr",
            "-CA",
            "top.pem",
            "-CAkey",
            "top.key",
            "-CAcreateserial",
            "-days",
            "3000",
            "-extfile",
            "leaf.ext",
            "-out",
            "leaf.pem",
        ]);
        run(&["x509", "-in", "leaf.pem", "-outform", "DER", "-out", "leaf.der"]);
        if kind == "ed25519" {
            run(&["pkeyutl", "-sign", "-rawin", "-inkey", "leaf.key", "-in", "message", "-out", "signature"]);
        } else {
            let hash = match kind {
                "p384" => "-sha384",
                "p521" => "-sha512",
                _ => "-sha256",
            };
            run(&["dgst", hash, "-sign", "leaf.key", "-out", "signature", "message"]);
        }
        let signature = fs::read(folder.join("signature")).unwrap();
        // openssl dates certificates by the clock of the machine.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 + 60;
        let bundle = json!({
            "mediaType": BUNDLE_V03,
            "verificationMaterial": {
                "certificate": { "rawBytes": STANDARD.encode(fs::read(folder.join("leaf.der")).unwrap()) },
                "timestampVerificationData": { "rfc3161Timestamps": [{ "signedTimestamp": STANDARD.encode(stamps.stamp(&signature, now)) }] }
            },
            "dsseEnvelope": {
                "payload": STANDARD.encode(&payload), "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "sig": STANDARD.encode(&signature) }]
            }
        });
        let mut ring = KeyRing::new();
        ring.add_x509(X509Root::parse("acme-pki", &fs::read(folder.join("top.pem")).unwrap()).unwrap());
        ring.add_timestamp_authority(TimestampAuthority::from_pem(stamps.pem().as_bytes()).unwrap());
        if ok {
            assert_eq!(judge(&bundle, &ring).unwrap(), "acme-pki#ana@acme.example", "{kind}");
        } else {
            refuse(&bundle, &ring, "key cannot be used for this signature");
        }
    }
}
