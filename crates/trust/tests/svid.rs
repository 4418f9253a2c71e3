//! X.509-SVIDs: one thing wrong at a time, all the rest right. `openssl` agrees on chains and timestamps, which is all that it knows of them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::SignerMethod;
use lasthand_testkit::need;
use lasthand_testkit::pki::{
    AltName, CERT_SIGN, CODE_SIGNING, CRL_SIGN, DIGITAL_SIGNATURE, Holder, Profile, STAMPING, StampAuthority,
    fulcio_issuer, name_constraints, purposes, spiffe_bundle, unknown_extension,
};
use lasthand_testkit::sigstore::{Content, Flaw, Instance, Recipe, StamperName, Version};
use lasthand_trust::content_digest::ContentDigest;
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::expected::{ExpectedArtifact, ExpectedSigner, verify_expected};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::sigstore::{SigstoreRoot, TimestampAuthority};
use lasthand_trust::spiffe::SpiffeBundle;
use lasthand_trust::{Clock, Verified, combine};
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;
const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;
const DOMAIN: &str = "acme.example";
const TASK: &str = "spiffe://acme.example/agent/coder/task/7";

/// A trust domain with one authority below another, and a timestamp authority.
struct Domain {
    top: Holder,
    between: Holder,
    stamps: StampAuthority,
}

const LONG: (i64, i64) = (NOW - YEAR, NOW + YEAR);
/// As a workload's SVID is valid.
const SHORT: (i64, i64) = (NOW - 300, NOW + 300);

fn authority(subject: &str, id: &str) -> Profile {
    Profile { names: vec![AltName::uri(id)], ..Profile::authority(subject, LONG) }
}

impl Domain {
    fn new() -> Self {
        Self::of(&authority("top", "spiffe://acme.example"), &authority("between", "spiffe://acme.example"))
    }

    fn of(top: &Profile, between: &Profile) -> Self {
        let top = Holder::top(top);
        Self { between: top.issue(between), top, stamps: StampAuthority::new("stamps", LONG) }
    }

    fn ring(&self) -> KeyRing {
        let mut ring = KeyRing::new();
        ring.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&self.top])).unwrap());
        ring.add_timestamp_authority(TimestampAuthority::from_pem(self.stamps.pem().as_bytes()).unwrap());
        ring
    }

    /// Signed by a workload with this certificate, stamped at these times.
    fn signed(&self, profile: &Profile, times: &[i64]) -> Value {
        self.signed_by(&self.between.issue(profile), times)
    }

    fn signed_by(&self, holder: &Holder, times: &[i64]) -> Value {
        let stamps = |signature: &[u8]| times.iter().map(|time| self.stamps.stamp(signature, *time)).collect();
        holder.bundle(&statement("a"), &[&self.between], &stamps)
    }
}

fn bundle_of(domain: &str, bundle: &Value) -> Result<SpiffeBundle, lasthand_trust::x509::X509Error> {
    SpiffeBundle::parse(domain.parse().unwrap(), bundle.to_string().as_bytes(), &Limits::DEFAULT)
}

fn statement(content: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
        "subject": [{ "digest": { "sha256": Sha256::of(content.as_bytes()).to_string() } }]
    })
}

fn judge(bundle: &Value, ring: &KeyRing) -> Result<Verified<lasthand_model::wire::statement::Statement>, TrustError> {
    match verify_signed(bundle.to_string().as_bytes(), ring, &Limits::DEFAULT)? {
        Signed::Statement(statement) => Ok(statement),
        Signed::Blob(_) => Err(TrustError::NoStatement),
    }
}

fn text(error: &TrustError) -> String {
    let source = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
    format!("{error}: {source}")
}

/// Refused, and the reason says this.
fn refuse(bundle: &Value, ring: &KeyRing, says: &str) {
    let error = judge(bundle, ring).unwrap_err();
    assert!(text(&error).contains(says), "{}, expected {says}", text(&error));
    assert!(!error.hints().is_empty());
}

fn good() -> Profile {
    Profile::svid(TASK, SHORT)
}

#[test]
fn a_workload_signs_at_a_trusted_time() {
    // pass: chain, single certificate under an authority that is in the bundle, other names beside the one URI, no purposes
    let domain = Domain::new();
    let ring = domain.ring();
    let verified = judge(&domain.signed(&good(), &[NOW, NOW + 5]), &ring).unwrap();
    let [signer] = verified.signers() else { unreachable!("one signer") };
    assert_eq!((signer.method, signer.principal.as_str()), (SignerMethod::X509Svid, TASK));
    assert_eq!((signer.time, verified.clock(), signer.presence), (Some(NOW), Some(Clock::Timestamp), false));
    assert!(verified.claims().is_none() && verified.keys().is_empty());
    for profile in [
        Profile { names: vec![AltName::Dns("host.acme.example".to_owned()), AltName::uri(TASK)], ..good() },
        Profile { purposes: vec![], ..good() },
        Profile { purposes: vec![CODE_SIGNING], ..good() },
        Profile { subject: "coder".to_owned(), ..good() },
        Profile { more: vec![unknown_extension(false)], ..good() },
    ] {
        judge(&domain.signed(&profile, &[NOW]), &ring).unwrap();
    }
    let mut direct = KeyRing::new();
    direct.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&domain.top, &domain.between])).unwrap());
    direct.add_timestamp_authority(TimestampAuthority::from_pem(domain.stamps.pem().as_bytes()).unwrap());
    let mut single = domain.signed(&good(), &[NOW]);
    let leaf = single["verificationMaterial"]["x509CertificateChain"]["certificates"][0].clone();
    single["verificationMaterial"]["certificate"] = leaf;
    single["verificationMaterial"].as_object_mut().unwrap().remove("x509CertificateChain");
    judge(&single, &direct).unwrap();
    // fail: the same without the authority between
    refuse(&single, &ring, "certificate is not one of an authority");
}

#[test]
fn without_a_trusted_time_a_certificate_proves_nothing() {
    // fail: no timestamp, one over other bytes, one of a stranger, one twice; pass: a stranger's beside a good one
    let domain = Domain::new();
    let ring = domain.ring();
    refuse(&domain.signed(&good(), &[]), &ring, "says when it was signed, so the certificate proves nothing");
    let holder = domain.between.issue(&good());
    let with = |stamps: &dyn Fn(&[u8]) -> Vec<Vec<u8>>| holder.bundle(&statement("a"), &[&domain.between], stamps);
    refuse(&with(&|_| vec![domain.stamps.stamp(b"other bytes", NOW)]), &ring, "timestamp does not hold");
    let stranger = StampAuthority::new("stamps", LONG);
    refuse(&with(&|signature| vec![stranger.stamp(signature, NOW)]), &ring, "timestamp does not hold");
    refuse(&with(&|_| vec![b"rubbish".to_vec()]), &ring, "timestamp does not hold");
    let twice = |signature: &[u8]| {
        let token = domain.stamps.stamp(signature, NOW);
        vec![token.clone(), token]
    };
    refuse(&with(&twice), &ring, "the same timestamp is there twice");
    let both = with(&|signature| vec![stranger.stamp(signature, NOW), domain.stamps.stamp(signature, NOW + 7)]);
    assert_eq!(judge(&both, &ring).unwrap().signers()[0].time, Some(NOW + 7));
    // fail: nobody is named who gives times
    let mut no_clock = KeyRing::new();
    no_clock.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&domain.top])).unwrap());
    refuse(&domain.signed(&good(), &[NOW]), &no_clock, "names no timestamp authority");
    // fail: more than are looked at
    let many: Vec<i64> = (0..33).map(|second| NOW + second).collect();
    refuse(&domain.signed(&good(), &many), &ring, "there are 33 timestamps, limit is 32");
}

#[test]
fn times_of_a_trusted_root_count_too() {
    // pass: the timestamp authority of a Sigstore instance; its certificate authority vouches for no workload
    let domain = Domain::new();
    let instance = Instance::new(NOW);
    let mut ring = KeyRing::new();
    ring.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&domain.top])).unwrap());
    let root = SigstoreRoot::parse(instance.trusted_root().to_string().as_bytes(), &Limits::DEFAULT).unwrap();
    ring.add_sigstore(root);
    let holder = domain.between.issue(&good());
    let bundle = holder.bundle(&statement("a"), &[&domain.between], &|signature| vec![instance.stamp(signature, NOW)]);
    assert_eq!(judge(&bundle, &ring).unwrap().signers()[0].principal, TASK);
    // fail: by an authority that nobody named
    refuse(&domain.signed(&good(), &[NOW]), &ring, "timestamp does not hold");
    // fail: the root has another certificate for the same key, which signs code, too
    let mut unfit = KeyRing::new();
    unfit.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&domain.top])).unwrap());
    let root = instance.trusted_root_with(&Flaw::UnfitStamper).to_string();
    unfit.add_sigstore(SigstoreRoot::parse(root.as_bytes(), &Limits::DEFAULT).unwrap());
    refuse(&bundle, &unfit, "timestamp does not hold");
}

#[test]
fn validity_is_asked_at_every_trusted_time() {
    // pass: both ends; fail: a second before, a second after, one good time beside a late one, an authority that ran out
    let domain = Domain::new();
    let ring = domain.ring();
    for times in [vec![NOW - 300], vec![NOW + 300], vec![NOW - 300, NOW + 300]] {
        judge(&domain.signed(&good(), &times), &ring).unwrap();
    }
    for times in [vec![NOW - 301], vec![NOW + 301], vec![NOW, NOW + 301], vec![NOW - 301, NOW], vec![NOW + HOUR]] {
        refuse(&domain.signed(&good(), &times), &ring, "at a time at which a certificate was not valid");
    }
    let short = |profile: Profile| Profile { window: (NOW - HOUR, NOW - 1), ..profile };
    let (top, between) = (authority("top", "spiffe://acme.example"), authority("between", "spiffe://acme.example"));
    let old = Domain::of(&top, &short(between.clone()));
    refuse(&old.signed(&good(), &[NOW]), &old.ring(), "at a time at which a certificate was not valid");
    judge(&old.signed(&good(), &[NOW - 1]), &old.ring()).unwrap();
    let old = Domain::of(&short(top), &between);
    refuse(&old.signed(&good(), &[NOW]), &old.ring(), "at a time at which an authority's certificate was not valid");
    judge(&old.signed(&good(), &[NOW - 1]), &old.ring()).unwrap();
    // fail: the timestamp authority itself had run out
    let past = (NOW - YEAR, NOW - 1);
    for stamps in [StampAuthority::new("stamps", past), StampAuthority::under("stamps", past, LONG)] {
        let late = Domain { stamps, ..Domain::new() };
        refuse(&late.signed(&good(), &[NOW]), &late.ring(), "timestamp does not hold");
        judge(&late.signed(&good(), &[NOW - 1]), &late.ring()).unwrap();
    }
}

#[test]
fn a_workloads_certificate_has_one_uri_and_it_is_a_spiffe_id() {
    // fail: two URIs, an id that is none, a trust domain alone; the accepting twin is the good profile
    let domain = Domain::new();
    let ring = domain.ring();
    let named = |names: Vec<AltName>| domain.signed(&Profile { names, ..good() }, &[NOW]);
    judge(&named(vec![AltName::uri(TASK)]), &ring).unwrap();
    refuse(&named(vec![AltName::uri(TASK), AltName::uri("https://a.example/b")]), &ring, "exactly one URI");
    refuse(&named(vec![AltName::uri(TASK), AltName::uri(TASK)]), &ring, "exactly one URI");
    for (id, says) in [
        ("spiffe://acme.example", "no workload"),
        ("spiffe://acme.example/", "empty"),
        ("spiffe://acme.example/agent//7", "empty"),
        ("spiffe://acme.example/agent/../ci", "`..`"),
        ("spiffe://acme.example/agent%2f7", "another character"),
        ("spiffe://acme.example/agent?task=7", "another character"),
        ("SPIFFE://acme.example/agent", "does not begin"),
        ("spiffe://Acme.example/agent", "another character"),
        ("spiffe://acme.example:80/agent", "another character"),
        ("spiffe:///agent", "1 to 255"),
    ] {
        refuse(&named(vec![AltName::uri(id)]), &ring, says);
    }
}

#[test]
fn a_workloads_certificate_is_for_signatures_and_no_authoritys() {
    // fail: an authority's, no or other key usage, not critical, for certificates, for stamping, an unknown critical extension
    let domain = Domain::new();
    let ring = domain.ring();
    let check = |profile: Profile, says: &str| refuse(&domain.signed(&profile, &[NOW]), &ring, says);
    check(Profile { is_authority: true, ..good() }, "it is an authority's");
    check(Profile { usage: None, ..good() }, "no key usage");
    check(Profile { usage: Some((false, DIGITAL_SIGNATURE)), ..good() }, "not critical");
    check(Profile { usage: Some((true, 0x20)), ..good() }, "not for digital signatures");
    check(Profile { usage: Some((true, DIGITAL_SIGNATURE | CERT_SIGN)), ..good() }, "may sign certificates");
    check(Profile { usage: Some((true, DIGITAL_SIGNATURE | CRL_SIGN)), ..good() }, "may sign certificates");
    check(Profile { purposes: vec![STAMPING], ..good() }, "none of its purposes");
    check(Profile { more: vec![unknown_extension(true)], ..good() }, "cannot be read");
    check(Profile { more: vec![unknown_extension(false), unknown_extension(false)], ..good() }, "comes twice");
    judge(&domain.signed(&Profile { usage: Some((true, DIGITAL_SIGNATURE | 0x20)), ..good() }, &[NOW]), &ring).unwrap();
}

/// Worlds whose chain is wrong in one thing, and whether `openssl verify` takes the chain.
fn chains() -> Vec<(&'static str, Domain, bool)> {
    let (top, between) = (authority("top", "spiffe://acme.example"), authority("between", "spiffe://acme.example"));
    let dns = AltName::Dns("acme.example".to_owned());
    vec![
        ("", Domain::of(&top, &between), true),
        ("", Domain::of(&Profile { path_limit: Some(1), ..top.clone() }, &between), true),
        ("", Domain::of(&top, &Profile { path_limit: Some(0), ..between.clone() }), true),
        ("", Domain::of(&top, &Profile { names: vec![], ..between.clone() }), true),
        ("", Domain::of(&top, &Profile { more: vec![name_constraints(true, &dns)], ..between.clone() }), true),
        ("more authorities", Domain::of(&Profile { path_limit: Some(0), ..top.clone() }, &between), false),
        ("not one of an authority", Domain::of(&top, &Profile { is_authority: false, ..between.clone() }), false),
        (
            "may not sign certificates",
            Domain::of(&top, &Profile { usage: Some((true, CRL_SIGN)), ..between.clone() }),
            false,
        ),
        (
            "not one of an authority",
            Domain::of(
                &top,
                &Profile { more: vec![name_constraints(false, &AltName::uri(".example"))], ..between.clone() },
            ),
            false,
        ),
        ("none of its purposes", Domain::of(&top, &Profile { purposes: vec![STAMPING], ..between.clone() }), true),
        ("it has a path", Domain::of(&top, &authority("between", "spiffe://acme.example/ca")), true),
        ("another trust domain", Domain::of(&top, &authority("between", "spiffe://other.example")), true),
        ("may not sign certificates", Domain::of(&top, &Profile { usage: None, ..between }), true),
    ]
}

/// What `openssl verify` says of the chain alone.
fn openssl_verify(folder: &Path, top: &Holder, between: &Holder, leaf: &Holder, time: i64) -> bool {
    for (name, holder) in [("top", top), ("between", between), ("leaf", leaf)] {
        fs::write(folder.join(name), holder.pem()).unwrap();
    }
    let mut command = Command::new("openssl");
    command.args(["verify", "-purpose", "any", "-CAfile", "top", "-untrusted", "between"]);
    command.args(["-attime", &time.to_string(), "leaf"]).current_dir(folder);
    command.output().unwrap().status.success()
}

#[test]
fn every_authority_of_a_chain_is_one_of_the_trust_domain() {
    // pass: no flaw, path lengths that fit, a constraint that does not touch; fail: one thing each; openssl agrees, but on what it does not ask
    let place = tempfile::tempdir().unwrap();
    let has_openssl = need::tool("openssl").is_some();
    for (says, domain, openssl) in chains() {
        let leaf = domain.between.issue(&good());
        let bundle = domain.signed_by(&leaf, &[NOW]);
        if says.is_empty() {
            judge(&bundle, &domain.ring()).unwrap();
        } else {
            refuse(&bundle, &domain.ring(), says);
        }
        if has_openssl {
            let said = openssl_verify(place.path(), &domain.top, &domain.between, &leaf, NOW);
            assert_eq!(said, openssl, "{says}");
            // What both know, both say.
            assert!(said || !says.is_empty(), "{says}");
        }
    }
}

#[test]
fn openssl_agrees_on_signatures_and_times_of_a_chain() {
    // pass and fail: inside and outside of each window, an authority of the same name with another key
    let place = tempfile::tempdir().unwrap();
    if need::tool("openssl").is_none() {
        return;
    }
    let (domain, other) = (Domain::new(), Domain::new());
    let leaf = domain.between.issue(&good());
    // At the last second itself openssl says that it is over, RFC 5280 that it is not.
    for time in [NOW, NOW - 300, NOW + 299, NOW - 301, NOW + 301, NOW + 2 * YEAR, NOW - 2 * YEAR] {
        let ours = judge(&domain.signed_by(&leaf, &[time]), &domain.ring()).is_ok();
        assert_eq!(ours, openssl_verify(place.path(), &domain.top, &domain.between, &leaf, time), "{time}");
    }
    let by_other = judge(&domain.signed_by(&leaf, &[NOW]), &{
        let mut ring = KeyRing::new();
        ring.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&other.top])).unwrap());
        ring.add_timestamp_authority(TimestampAuthority::from_pem(domain.stamps.pem().as_bytes()).unwrap());
        ring
    });
    assert!(by_other.is_err());
    assert!(!openssl_verify(place.path(), &other.top, &domain.between, &leaf, NOW));
}

#[test]
fn openssl_agrees_on_timestamps() {
    // pass: a token that openssl made holds here and there; fail: over other bytes, by another authority, here and there
    let place = tempfile::tempdir().unwrap();
    if need::tool("openssl").is_none() {
        return;
    }
    let folder = place.path();
    let run = |words: &[&str]| Command::new("openssl").args(words).current_dir(folder).output().unwrap();
    // openssl stamps with the clock of the machine.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let window = (now - HOUR, now + HOUR);
    let (top, between) = (authority("top", "spiffe://acme.example"), authority("between", "spiffe://acme.example"));
    let wide = |profile: Profile| Profile { window, ..profile };
    let mut domain = Domain::of(&wide(top), &wide(between));
    domain.stamps = StampAuthority::new("stamps", window);
    let holder = domain.between.issue(&Profile::svid(TASK, window));
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("stamper.pem", &domain.stamps.stamper.pem());
    write("stamper.key", &domain.stamps.stamper.key.private_pem());
    write("top.pem", &domain.stamps.top_pem());
    write("other.pem", &StampAuthority::new("stamps", window).top_pem());
    write("serial", "01\n");
    write(
        "tsa.cnf",
        "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n\
         digests = sha256, sha384\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n",
    );
    let stamp = |signature: &[u8]| {
        fs::write(folder.join("signature"), signature).unwrap();
        assert!(run(&["ts", "-query", "-data", "signature", "-sha256", "-cert", "-out", "query"]).status.success());
        let made = run(&[
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-queryfile",
            "query",
            "-signer",
            "stamper.pem",
            "-inkey",
            "stamper.key",
            "-out",
            "reply",
        ]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        vec![fs::read(folder.join("reply")).unwrap()]
    };
    let bundle = holder.bundle(&statement("a"), &[&domain.between], &stamp);
    let says = |data: &str, top: &str| {
        run(&["ts", "-verify", "-in", "reply", "-data", data, "-CAfile", top, "-untrusted", "stamper.pem"])
            .status
            .success()
    };
    judge(&bundle, &domain.ring()).unwrap();
    assert!(says("signature", "top.pem"));
    fs::write(folder.join("changed"), b"changed").unwrap();
    assert!(!says("changed", "top.pem") && !says("signature", "other.pem"));
    let token = fs::read(folder.join("reply")).unwrap();
    let moved = holder.bundle(&statement("b"), &[&domain.between], &|_| vec![token.clone()]);
    refuse(&moved, &domain.ring(), "timestamp does not hold");
    domain.stamps = StampAuthority::new("stamps", window);
    refuse(&bundle, &domain.ring(), "timestamp does not hold");
}

#[test]
fn openssl_agrees_on_who_may_stamp() {
    // pass: the certificate that the token names, fit; fail: another one of the same key, issuer and number; purposes that are not critical, or two;
    // a key that enciphers, or that signs certificates, too; no name: here and there
    let place = tempfile::tempdir().unwrap();
    if need::tool("openssl").is_none() {
        return;
    }
    let folder = place.path();
    // openssl asks for the moment at which it runs.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let window = (now - HOUR, now + HOUR);
    let (top, between) = (authority("top", "spiffe://acme.example"), authority("between", "spiffe://acme.example"));
    let wide = |profile: Profile| Profile { window, ..profile };
    let mut domain = Domain::of(&wide(top), &wide(between));
    domain.stamps = StampAuthority::new("stamps", window);
    let holder = domain.between.issue(&Profile::svid(TASK, window));
    let fit = || Profile::stamper(window);
    let of = |critical: bool, ids: &[&str]| Profile { purposes: vec![], more: vec![purposes(critical, ids)], ..fit() };
    // The certificate that both are given, and whether the token names that one.
    for (profile, is_named, agreed) in [
        (fit(), Some(true), true),
        (Profile { usage: None, ..fit() }, Some(true), true),
        (Profile { usage: Some((true, 0xc0)), ..fit() }, Some(true), true),
        (fit(), Some(false), false),
        (fit(), None, false),
        (of(false, &[STAMPING]), Some(true), false),
        (of(true, &[STAMPING, CODE_SIGNING]), Some(true), false),
        (Profile { usage: Some((true, 0x20)), ..fit() }, Some(true), false),
        (Profile { usage: Some((true, DIGITAL_SIGNATURE | CERT_SIGN)), ..fit() }, Some(true), false),
    ] {
        let said = format!("{profile:?}, named: {is_named:?}");
        let stamper = domain.stamps.another(&profile);
        let named = if is_named == Some(true) { &stamper } else { &domain.stamps.stamper.der };
        let named: Vec<StamperName<'_>> = is_named.iter().map(|_| StamperName::Sha256(named)).collect();
        let bundle = holder.bundle(&statement("a"), &[&domain.between], &|signature| {
            let token = domain.stamps.stamp_naming(signature, now, &named);
            fs::write(folder.join("signature"), signature).unwrap();
            fs::write(folder.join("reply"), &token).unwrap();
            vec![token]
        });
        let chain = domain.stamps.pem_with(&stamper);
        fs::write(folder.join("top.pem"), domain.stamps.top_pem()).unwrap();
        fs::write(folder.join("stamper.pem"), chain.strip_suffix(&domain.stamps.top_pem()).unwrap()).unwrap();
        let mut command = Command::new("openssl");
        command.args(["ts", "-verify", "-in", "reply", "-data", "signature", "-CAfile", "top.pem"]);
        let theirs = command.args(["-untrusted", "stamper.pem"]).current_dir(folder).output().unwrap();
        assert_eq!(theirs.status.success(), agreed, "{said}: {}", String::from_utf8_lossy(&theirs.stderr));
        let mut ring = KeyRing::new();
        ring.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&domain.top])).unwrap());
        let ours = TimestampAuthority::from_pem(chain.as_bytes()).is_ok_and(|authority| {
            ring.add_timestamp_authority(authority);
            judge(&bundle, &ring).is_ok()
        });
        assert_eq!(ours, agreed, "{said}");
    }
}

#[test]
fn a_timestamp_names_the_certificate_that_made_it() {
    // pass: by SHA-256, which goes without saying, by SHA-384, by SHA-1, in both ways; fail: in no way, in one way right and in one wrong, in one
    // way twice, by a list of nobody
    use StamperName::{List, Sha1, Sha256, Sha384};
    let domain = Domain::new();
    let holder = domain.between.issue(&good());
    let (own, other) = (&domain.stamps.stamper.der, &domain.stamps.another(&Profile::stamper(LONG)));
    let stamped = |named: &[StamperName<'_>]| {
        holder.bundle(&statement("a"), &[&domain.between], &|signature| {
            vec![domain.stamps.stamp_naming(signature, NOW, named)]
        })
    };
    for named in
        [&[Sha256(own)][..], &[Sha384(own)], &[Sha1(own)], &[Sha1(own), Sha256(own)], &[Sha1(own), Sha384(own)]]
    {
        judge(&stamped(named), &domain.ring()).unwrap();
    }
    for (named, says) in [
        (&[][..], "does not name the certificate"),
        (&[Sha256(other)], "names another certificate"),
        (&[Sha384(other)], "names another certificate"),
        (&[Sha1(other)], "names another certificate"),
        (&[Sha1(own), Sha256(other)], "names another certificate"),
        (&[Sha1(other), Sha256(own)], "names another certificate"),
        (&[Sha256(own), Sha256(other)], "twice in one way"),
        (&[Sha256(own), Sha384(own)], "twice in one way"),
        (&[List(&[])], "cannot be read"),
        (&[List(&[other, own])], "names another certificate"),
    ] {
        refuse(&stamped(named), &domain.ring(), says);
    }
    // pass: certificates of others behind the signer's; fail: signed twice, where each reader would ask another signer
    judge(&stamped(&[List(&[own, other])]), &domain.ring()).unwrap();
    let twice = holder.bundle(&statement("a"), &[&domain.between], &|signature| {
        vec![domain.stamps.stamp_signed_twice(signature, NOW)]
    });
    refuse(&twice, &domain.ring(), "not by exactly one signer");
}

#[test]
fn a_bundle_of_one_domain_vouches_for_no_other() {
    // fail: no bundle for the domain; the authority of one domain writes a name of the other; pass: each by its own
    let (acme, other) =
        (Domain::new(), Domain::of(&Profile::authority("top", LONG), &Profile::authority("between", LONG)));
    let mut ring = acme.ring();
    let foreign = Profile::svid("spiffe://other.example/ci", SHORT);
    refuse(&other.signed(&foreign, &[NOW]), &ring, "no root of type `spiffe` for the trust domain `other.example`");
    ring.add_spiffe(bundle_of("other.example", &spiffe_bundle(&[&other.top])).unwrap());
    ring.add_timestamp_authority(TimestampAuthority::from_pem(other.stamps.pem().as_bytes()).unwrap());
    assert_eq!(
        judge(&other.signed(&foreign, &[NOW]), &ring).unwrap().signers()[0].principal,
        "spiffe://other.example/ci"
    );
    refuse(&other.signed(&good(), &[NOW]), &ring, "certificate is not one of an authority");
    refuse(&acme.signed(&foreign, &[NOW]), &ring, "certificate is not one of an authority");
    // A second bundle for a domain never replaces the first.
    assert!(!ring.add_spiffe(bundle_of(DOMAIN, &spiffe_bundle(&[&other.top])).unwrap()));
    refuse(&other.signed(&good(), &[NOW]), &ring, "certificate is not one of an authority");
}

#[test]
fn sigstore_vouches_for_no_workload_and_a_trust_domain_for_no_workflow() {
    // fail: an SVID under a Sigstore root alone; a certificate with Fulcio's member under the bundle; a Fulcio certificate with a SPIFFE name under
    // a bundle of the domain; pass: the last one by its Sigstore root, as Fulcio's
    let domain = Domain::new();
    let instance = Instance::new(NOW);
    let mut sigstore = KeyRing::new();
    let root = || SigstoreRoot::parse(instance.trusted_root().to_string().as_bytes(), &Limits::DEFAULT).unwrap();
    sigstore.add_sigstore(root());
    refuse(&domain.signed(&good(), &[NOW]), &sigstore, "no root of type `spiffe`");
    let claims = Profile { more: vec![fulcio_issuer("https://token.actions.githubusercontent.com")], ..good() };
    refuse(&domain.signed(&claims, &[NOW]), &domain.ring(), "no root of type `sigstore`");
    let mut both = domain.ring();
    both.add_sigstore(root());
    assert!(matches!(judge(&domain.signed(&claims, &[NOW]), &both), Err(TrustError::Sigstore(_))));
    let recipe = Recipe { version: Version::V03, stamped: true, ..Recipe::workflow(TASK) };
    let made = instance.sign(&Content::Statement(statement("a")), &recipe, Flaw::None).bundle;
    refuse(&made, &domain.ring(), "no root of type `sigstore`");
    assert_eq!(judge(&made, &both).unwrap().signers()[0].method, SignerMethod::FulcioCi);
    // fail: a certificate of Fulcio's authority without its members is asked of the bundle, and is none of it
    let made = instance.sign(&Content::Statement(statement("a")), &recipe, Flaw::NoIssuer).bundle;
    assert!(judge(&made, &both).is_err());
}

#[test]
fn a_signature_is_of_this_content_and_key() {
    // fail: another payload, another signature, another type, two signatures, a signature over an artifact alone
    let domain = Domain::new();
    let ring = domain.ring();
    let bundle = domain.signed(&good(), &[NOW]);
    let with = |pointer: &str, value: Value| {
        let mut changed = bundle.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let payload = STANDARD.encode(statement("b").to_string());
    refuse(&with("/dsseEnvelope/payload", json!(payload)), &ring, "signature does not hold");
    refuse(&with("/dsseEnvelope/signatures/0/sig", json!(STANDARD.encode(b"none"))), &ring, "signature does not hold");
    refuse(&with("/dsseEnvelope/signatures/0/sig", json!("")), &ring, "signature does not hold");
    let other = domain.between.issue(&good());
    let leaf = json!({ "rawBytes": STANDARD.encode(&other.der) });
    refuse(&with("/verificationMaterial/x509CertificateChain/certificates/0", leaf), &ring, "signature does not hold");
    assert!(matches!(
        judge(&with("/dsseEnvelope/payloadType", json!("text/plain")), &ring),
        Err(TrustError::PayloadType { .. })
    ));
    let one = bundle["dsseEnvelope"]["signatures"][0].clone();
    assert!(matches!(
        judge(&with("/dsseEnvelope/signatures", json!([one, one])), &ring),
        Err(TrustError::Signatures { .. })
    ));
    let mut bare = bundle.clone();
    bare["messageSignature"] = json!({ "messageDigest": { "algorithm": "SHA2_256", "digest": "" }, "signature": "" });
    bare.as_object_mut().unwrap().remove("dsseEnvelope");
    refuse(&bare, &ring, "signature is over an artifact alone");
    judge(&bundle, &ring).unwrap();
}

#[test]
fn who_expects_a_sigstore_signer_never_gets_a_workload() {
    // fail: the expected issuer and identity cannot name an SVID, since there are only Sigstore roots to ask
    let domain = Domain::new();
    let signer = ExpectedSigner::Certificate { identity: TASK, issuer: DOMAIN, claims: &[] };
    let artifact = ExpectedArtifact::Content(ContentDigest::Sha256(ArtifactDigest(Sha256::of(b"a"))));
    let bundle = domain.signed(&good(), &[NOW]).to_string();
    assert!(verify_expected(bundle.as_bytes(), &[], &signer, &artifact, &Limits::DEFAULT).is_err());
}

#[test]
fn two_agents_with_two_task_svids_are_two_signers() {
    // pass: each statement has its own; one payload by both has two
    let domain = Domain::new();
    let ring = domain.ring();
    let planner = "spiffe://acme.example/agent/planner/task/3";
    let by = |id: &str| judge(&domain.signed(&Profile::svid(id, SHORT), &[NOW]), &ring).unwrap();
    assert_ne!(by(TASK).signers(), by(planner).signers());
    let both = combine(vec![by(TASK), by(planner)], &ring);
    let [one] = both.as_slice() else { unreachable!("one payload") };
    let names: Vec<&str> = one.signers().iter().map(|signer| signer.principal.as_str()).collect();
    assert_eq!(names, [TASK, planner]);
}

#[test]
fn a_bundle_of_a_trust_domain_is_read_strictly() {
    // pass: keys of other uses are passed over; fail: one thing each
    let domain = Domain::new();
    let good = spiffe_bundle(&[&domain.top]);
    let mut more = good.clone();
    more["keys"].as_array_mut().unwrap().push(json!({ "kty": "EC", "use": "other", "kid": "k" }));
    more["keys"].as_array_mut().unwrap().push(json!({ "kty": "EC", "x5c": ["rubbish"] }));
    assert_eq!(bundle_of(DOMAIN, &more).unwrap().count(), 1);
    let with = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let x5c = good["keys"][0]["x5c"][0].clone();
    let svid = json!([STANDARD.encode(&domain.between.issue(&self::good()).der)]);
    let foreign = Holder::top(&authority("top", "spiffe://other.example"));
    let with_path = Holder::top(&authority("top", "spiffe://acme.example/ca"));
    let weak = Holder::top(&Profile { usage: Some((true, DIGITAL_SIGNATURE)), ..Profile::authority("top", LONG) });
    for (bundle, says) in [
        (json!([]), "no `keys`"),
        (json!({ "keys": [] }), "no key of use"),
        (json!({ "keys": vec![good["keys"][0].clone(); 65] }), "65 keys"),
        (with("/keys/0/use", json!("jwt-svid")), "no key of use"),
        (with("/keys/0/x5c", json!([])), "exactly one certificate"),
        (with("/keys/0/x5c", json!([x5c, x5c])), "exactly one certificate"),
        (with("/keys/0/x5c", json!(["!"])), "not base64"),
        (with("/keys/0/x5c", json!(["AAAA"])), "cannot be read"),
        (with("/keys/0/x5c", svid), "it is not an authority's"),
        (spiffe_bundle(&[&foreign]), "another trust domain"),
        (spiffe_bundle(&[&with_path]), "it has a path"),
        (spiffe_bundle(&[&weak]), "may not sign certificates"),
    ] {
        let error = bundle_of(DOMAIN, &bundle).unwrap_err().to_string();
        assert!(error.contains(says), "{error}, expected {says}");
    }
    let doubled = good.to_string().replacen("\"use\":", "\"use\":\"jwt-svid\",\"use\":", 1);
    assert!(SpiffeBundle::parse(DOMAIN.parse().unwrap(), doubled.as_bytes(), &Limits::DEFAULT).is_err());
}

#[test]
fn what_came_damaged_is_refused() {
    // fail: certificates and timestamps that are no base64, no list, too many; every byte of the certificate flipped
    let domain = Domain::new();
    let ring = domain.ring();
    let bundle = domain.signed(&good(), &[NOW]);
    let with = |pointer: &str, value: Value| {
        let mut changed = bundle.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let (chain, stamps) =
        ("/verificationMaterial/x509CertificateChain", "/verificationMaterial/timestampVerificationData");
    for value in [json!("!"), json!(""), json!(7), json!(null)] {
        let at = format!("{stamps}/rfc3161Timestamps/0/signedTimestamp");
        assert!(judge(&with(&at, value.clone()), &ring).is_err());
        assert!(judge(&with(&format!("{chain}/certificates/1/rawBytes"), value.clone()), &ring).is_err());
        assert!(judge(&with(&format!("{chain}/certificates/0/rawBytes"), value), &ring).is_err());
    }
    assert!(judge(&with(&format!("{chain}/certificates"), json!("x")), &ring).is_err());
    assert!(judge(&with(&format!("{stamps}/rfc3161Timestamps"), json!("x")), &ring).is_err());
    let leaf = bundle.pointer(&format!("{chain}/certificates/0")).unwrap().clone();
    assert!(judge(&with(&format!("{chain}/certificates"), json!(vec![leaf.clone(); 9])), &ring).is_err());
    let der = STANDARD.decode(leaf["rawBytes"].as_str().unwrap()).unwrap();
    for at in 0..der.len() {
        let mut flipped = der.clone();
        flipped[at] ^= 1;
        let changed = with(&format!("{chain}/certificates/0/rawBytes"), json!(STANDARD.encode(flipped)));
        assert!(judge(&changed, &ring).is_err(), "byte {at}");
    }
}
