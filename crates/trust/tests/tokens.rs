//! Tokens: what they say and never prove, and the keys that they bind. One thing wrong at a time, all the rest right.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::error::Error as _;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_V03, pre_authentication_encoding};
use lasthand_model::wire::facts::SignerMethod;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::pki::{Holder, Profile, StampAuthority, spiffe_bundle};
use lasthand_testkit::sigstore::Key;
use lasthand_testkit::tokens::{TokenKey, bound, compact};
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::sigstore::TimestampAuthority;
use lasthand_trust::spiffe::SpiffeBundle;
use lasthand_trust::token::bearer::{verify_jwt_svid, verify_oidc};
use lasthand_trust::token::{Jwks, TokenError, TokenFacts};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;
const TASK: &str = "spiffe://acme.example/agent/coder/task/7";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn set(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

fn bundle_of(keys: &[Value]) -> SpiffeBundle {
    let bytes = set(keys).to_string();
    SpiffeBundle::parse("acme.example".parse().unwrap(), bytes.as_bytes(), &Limits::DEFAULT).unwrap()
}

fn with(value: &Value, member: &str, new: Value) -> Value {
    let mut changed = value.clone();
    changed[member] = new;
    changed
}

fn without(value: &Value, member: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().unwrap().remove(member);
    changed
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
}

fn claims() -> Value {
    json!({ "sub": TASK, "aud": ["store"], "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 10, "iss": ISSUER })
}

/// A trust domain that signs tokens, and the same as a provider.
struct Issuer {
    key: TokenKey,
    bundle: SpiffeBundle,
    keys: Jwks,
}

impl Issuer {
    fn new() -> Self {
        let key = TokenKey::generate();
        let keys = Jwks::parse(set(&[key.jwk("one", "sig")]).to_string().as_bytes(), &Limits::DEFAULT).unwrap();
        Self { bundle: bundle_of(&[key.jwk("one", "jwt-svid"), key.jwk("two", "wit-svid")]), key, keys }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        self.key.token(&header.to_string(), &claims.to_string())
    }

    fn svid(&self, token: &str) -> Result<TokenFacts, TokenError> {
        verify_jwt_svid(token, &self.bundle, "store", NOW, &Limits::DEFAULT)
    }

    fn oidc(&self, token: &str) -> Result<TokenFacts, TokenError> {
        verify_oidc(token, &self.keys, ISSUER, "store", NOW, &Limits::DEFAULT)
    }

    /// Refused as JWT-SVID and as a provider's token, for this reason; and no text of it holds the token.
    fn refuse(&self, token: &str, says: &str) {
        for error in [self.svid(token).unwrap_err(), self.oidc(token).unwrap_err()] {
            let text = format!("{error}: {:?} {error:?}", error.source());
            assert!(text.contains(says), "{text}, expected {says}");
            for part in token.split('.').filter(|part| part.len() > 8) {
                assert!(!text.contains(part), "{text}");
            }
        }
    }
}

#[test]
fn a_token_says_something_and_its_text_is_not_kept() {
    // pass: selected claims and the digest; without type; one audience as text; somebody who acts for the subject
    let issuer = Issuer::new();
    let token = issuer.token(&header(), &claims());
    let facts = issuer.svid(&token).unwrap();
    assert_eq!(facts.digest, Sha256::of(token.as_bytes()));
    assert_eq!((facts.subject.as_str(), facts.key_id.as_str()), (TASK, "one"));
    assert_eq!((facts.audience.as_slice(), facts.expires), (["store".to_owned()].as_slice(), NOW + 10));
    assert_eq!((facts.issuer.as_deref(), facts.actor.as_ref()), (Some(ISSUER), None));
    assert_eq!(TokenFacts::LEVEL, 2);
    assert!(token.split('.').all(|part| !format!("{facts:?}").contains(part)));
    assert_eq!(issuer.oidc(&token).unwrap(), facts);
    for (header, claims) in [
        (without(&header(), "typ"), claims()),
        (header(), with(&claims(), "aud", json!("store"))),
        (header(), with(&claims(), "aud", json!(["other", "store"]))),
        (header(), without(&without(&claims(), "nbf"), "iat")),
        (header(), with(&claims(), "nbf", json!(NOW))),
        (with(&header(), "x5t", json!("ignored")), claims()),
    ] {
        let token = issuer.token(&header, &claims);
        issuer.svid(&token).unwrap();
        issuer.oidc(&token).unwrap();
    }
    let act = json!({ "sub": "agent:outer", "act": { "sub": "agent:inner" } });
    let facts = issuer.svid(&issuer.token(&header(), &with(&claims(), "act", act))).unwrap();
    assert_eq!(facts.actor.as_deref(), Some("agent:outer"));
}

#[test]
fn algorithms_are_those_of_the_key() {
    // fail: `none`, with and without signature; a shared secret made of the public key; RSA and another curve by a P-256 key; an unknown one
    let issuer = Issuer::new();
    let named = |algorithm: &str| with(&header(), "alg", json!(algorithm)).to_string();
    let claims = claims().to_string();
    for algorithm in ["none", "None", "NONE", ""] {
        issuer.refuse(&compact(&named(algorithm), &claims, &|_| vec![]), "algorithm is");
        issuer.refuse(&issuer.key.token(&named(algorithm), &claims), "algorithm is");
    }
    for secret in [issuer.key.public_bytes().to_vec(), issuer.key.jwk("one", "sig").to_string().into_bytes()] {
        let sign = |message: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message).as_ref().to_vec();
        issuer.refuse(&compact(&named("HS256"), &claims, &sign), "algorithm is");
        issuer.refuse(&compact(&named("ES256"), &claims, &sign), "signature does not hold");
    }
    for algorithm in ["RS256", "PS256", "ES384", "ES512"] {
        issuer.refuse(&issuer.key.token(&named(algorithm), &claims), "does not go with algorithm");
    }
    for algorithm in ["es256", "EdDSA", "ES256K", "HS512"] {
        issuer.refuse(&issuer.key.token(&named(algorithm), &claims), "algorithm is");
    }
    issuer.refuse(&issuer.key.token(&without(&header(), "alg").to_string(), &claims), "algorithm is");
    // fail: the key says that it is for another algorithm
    let other = with(&issuer.key.jwk("one", "jwt-svid"), "alg", json!("ES384"));
    let token = issuer.key.token(&named("ES256"), &claims);
    assert!(verify_jwt_svid(&token, &bundle_of(&[other]), "store", NOW, &Limits::DEFAULT).is_err());
    let own = with(&issuer.key.jwk("one", "jwt-svid"), "alg", json!("ES256"));
    verify_jwt_svid(&token, &bundle_of(&[own]), "store", NOW, &Limits::DEFAULT).unwrap();
}

#[test]
fn the_header_names_a_kept_key_and_nothing_else() {
    // fail: no key id, an unknown one, one of another use; members that bring a key or change the meaning; other types
    let issuer = Issuer::new();
    let refuse = |header: &Value, says: &str| issuer.refuse(&issuer.token(header, &claims()), says);
    refuse(&without(&header(), "kid"), "no key id");
    refuse(&with(&header(), "kid", json!("")), "no key id");
    refuse(&with(&header(), "kid", json!(1)), "no key id");
    refuse(&with(&header(), "kid", json!("three")), "no key `three`");
    refuse(&with(&header(), "kid", json!("two")), "no key `two`");
    for member in ["crit", "b64", "jwk", "jku", "x5c", "x5u", "zip", "enc", "cty"] {
        refuse(&with(&header(), member, json!([])), "which is not allowed");
    }
    for name in ["wit+jwt", "at+jwt", "jwt", ""] {
        refuse(&with(&header(), "typ", json!(name)), "type is");
    }
    refuse(&with(&header(), "typ", json!(7)), "type is");
    let jose = issuer.token(&with(&header(), "typ", json!("JOSE")), &claims());
    issuer.svid(&jose).unwrap();
    assert!(issuer.oidc(&jose).is_err());
}

#[test]
fn claims_are_checked_one_by_one() {
    // fail: ended, not begun, issued later, no end, fractions, no subject, no audience or another; each at its border
    let issuer = Issuer::new();
    let refuse = |claims: &Value, says: &str| issuer.refuse(&issuer.token(&header(), claims), says);
    refuse(&with(&claims(), "exp", json!(NOW)), "token ended");
    refuse(&with(&claims(), "nbf", json!(NOW + 1)), "token begins");
    refuse(&with(&claims(), "iat", json!(NOW + 1)), "token begins");
    refuse(&without(&claims(), "exp"), "`exp` is not there");
    for value in [json!(NOW as f64 + 10.5), json!("1780000010"), json!(-1), json!(null), json!(u64::MAX)] {
        refuse(&with(&claims(), "exp", value), "`exp` is not a number");
    }
    refuse(&without(&claims(), "sub"), "`sub` is not there");
    refuse(&with(&claims(), "sub", json!("")), "`sub` is not a text");
    refuse(&without(&claims(), "aud"), "token is not for `store`");
    refuse(&with(&claims(), "aud", json!("stores")), "token is not for `store`");
    refuse(&with(&claims(), "aud", json!([])), "`aud` is not");
    refuse(&with(&claims(), "aud", json!(["store", 1])), "`aud` is not");
    refuse(&with(&claims(), "act", json!({})), "`act` names nobody");
    for (sub, says) in [
        ("spiffe://other.example/a", "another trust domain"),
        ("spiffe://acme.example", "trust domain itself"),
        ("spiffe://acme.example/a%2fb", "another character"),
        ("repo:acme/app:ref:refs/heads/main", "does not begin"),
    ] {
        let token = issuer.token(&header(), &with(&claims(), "sub", json!(sub)));
        let error = issuer.svid(&token).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        issuer.oidc(&token).unwrap();
    }
    for claims in [
        with(&claims(), "iss", json!("https://other.example")),
        with(&claims(), "iss", json!(format!("{ISSUER}/more"))),
        without(&claims(), "iss"),
    ] {
        let token = issuer.token(&header(), &claims);
        assert!(matches!(issuer.oidc(&token), Err(TokenError::Issuer { .. })));
        issuer.svid(&token).unwrap();
    }
}

#[test]
fn a_long_issuer_is_compared_to_its_end() {
    // pass: an issuer of 130 and of 2048 characters, exactly; fail: the expected 120 and any suffix, a control character that is shown as another;
    // and the same of subject, actor, audience and key id, which are handed out whole
    let issuer = Issuer::new();
    let long = |count: usize| format!("{ISSUER}/{}", "i".repeat(count - ISSUER.len() - 1));
    let oidc = |iss: &str, expected: &str| {
        let token = issuer.token(&header(), &with(&claims(), "iss", json!(iss)));
        verify_oidc(&token, &issuer.keys, expected, "store", NOW, &Limits::DEFAULT)
    };
    for count in [119, 120, 121, 130, 2048] {
        let facts = oidc(&long(count), &long(count)).unwrap();
        assert_eq!(facts.issuer, Some(long(count)));
    }
    for (iss, expected) in [
        (format!("{}.evil.example", long(120)), long(120)),
        (format!("{}i", long(120)), long(120)),
        (long(130), long(131)),
        (format!("{ISSUER}\n"), format!("{ISSUER}\u{fffd}")),
    ] {
        assert!(matches!(oidc(&iss, &expected), Err(TokenError::Issuer { .. })), "{iss}");
    }
    let (name, id) = (format!("{TASK}/{}", "x".repeat(200)), "k".repeat(200));
    let more = with(&with(&claims(), "sub", json!(name)), "act", json!({ "sub": name }));
    let more = with(&more, "aud", json!([name]));
    let keys = Jwks::parse(set(&[issuer.key.jwk(&id, "sig")]).to_string().as_bytes(), &Limits::DEFAULT).unwrap();
    let token = issuer.token(&with(&header(), "kid", json!(id)), &more);
    let facts = verify_oidc(&token, &keys, ISSUER, &name, NOW, &Limits::DEFAULT).unwrap();
    assert_eq!((&facts.subject, facts.actor.as_ref(), &facts.key_id), (&name, Some(&name), &id));
    let other = verify_oidc(&token, &keys, ISSUER, &name[..120], NOW, &Limits::DEFAULT);
    assert!(matches!(other, Err(TokenError::Audience { .. })));
    let shorter = with(&header(), "kid", json!(&id[..120]));
    let unknown = verify_oidc(&issuer.token(&shorter, &more), &keys, ISSUER, &name, NOW, &Limits::DEFAULT);
    assert!(matches!(unknown, Err(TokenError::UnknownKey { .. })));
}

#[test]
fn a_member_that_comes_twice_is_no_member() {
    // fail: algorithm, key id, subject or end twice, whichever a lenient reader would take; padding, parts, other alphabets
    let issuer = Issuer::new();
    let (header, claims) = (header().to_string(), claims().to_string());
    for (member, value) in [("alg", "\"ES256\""), ("kid", "\"one\"")] {
        let twice = header.replacen('{', &format!("{{\"{member}\":{value},"), 1);
        issuer.refuse(&issuer.key.token(&twice, &claims), "DuplicateKey");
    }
    for (member, value) in [("sub", "\"x\"".to_owned()), ("exp", (NOW + 99).to_string())] {
        let twice = claims.replacen('{', &format!("{{\"{member}\":{value},"), 1);
        issuer.refuse(&issuer.key.token(&header, &twice), "DuplicateKey");
    }
    let good = issuer.key.token(&header, &claims);
    issuer.svid(&good).unwrap();
    for token in [
        String::new(),
        good.replacen('.', "", 1),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}="),
        format!("{good}.x"),
        good.replacen('.', ".=", 1),
        good.rsplit_once('.').unwrap().0.to_owned() + ".",
        issuer.key.token("[]", &claims),
        issuer.key.token(&header, "[]"),
        issuer.key.token("rubbish", &claims),
        "A".repeat(40_000),
    ] {
        assert!(issuer.svid(&token).is_err(), "{token}");
        assert!(issuer.oidc(&token).is_err(), "{token}");
    }
}

#[test]
fn sets_of_keys_are_read_strictly() {
    // pass: keys without id, of secrets and of unknown kinds are passed over; fail: two of one id, private ones, points off the curve
    let key = TokenKey::generate();
    let good = key.jwk("one", "sig");
    let parse = |keys: &[Value]| Jwks::parse(set(keys).to_string().as_bytes(), &Limits::DEFAULT);
    let secret = json!({ "kty": "oct", "kid": "s", "k": "AAAA" });
    let passed =
        [good.clone(), without(&key.jwk("two", "sig"), "kid"), secret, json!({ "kty": "EC", "crv": "X", "kid": "x" })];
    assert_eq!(parse(&passed).unwrap().count(), 1);
    for keys in [
        vec![good.clone(), good.clone()],
        vec![good.clone(), TokenKey::generate().jwk("one", "sig")],
        vec![with(&good, "d", json!("AAAA"))],
        vec![with(&good, "x", good["y"].clone())],
        vec![with(&good, "x", json!("AAAA"))],
        vec![with(&good, "x", json!("!"))],
        vec![without(&good, "y")],
        vec![good.clone(); 65],
    ] {
        assert!(parse(&keys).is_err(), "{keys:?}");
    }
    assert!(Jwks::parse(b"{}", &Limits::DEFAULT).is_err());
    assert!(Jwks::parse(b"{\"keys\":[],\"keys\":[]}", &Limits::DEFAULT).is_err());
}

/// A trust domain that binds keys, a clock, and a ring that knows both.
struct Domain {
    issuer: TokenKey,
    stamps: StampAuthority,
    signer: Key,
}

impl Domain {
    fn new() -> Self {
        let window = (NOW - 1000, NOW + 1000);
        Self { issuer: TokenKey::generate(), stamps: StampAuthority::new("stamps", window), signer: Key::generate() }
    }

    fn ring(&self, usage: &str) -> KeyRing {
        let mut ring = KeyRing::new();
        ring.add_spiffe(bundle_of(&[self.issuer.jwk("one", usage)]));
        ring.add_timestamp_authority(TimestampAuthority::from_pem(self.stamps.pem().as_bytes()).unwrap());
        ring
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "kid": "one", "typ": "wit+jwt" })
    }

    fn claims(&self) -> Value {
        json!({ "sub": TASK, "iat": NOW - 60, "exp": NOW + 60, "jti": "x", "cnf": { "jwk": bound(&self.signer) } })
    }

    /// A statement signed by the key, beside this token, stamped at these times.
    fn signed_with(&self, token: &str, times: &[i64]) -> Value {
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
            "subject": [{ "digest": { "sha256": Sha256::of(b"a").to_string() } }]
        })
        .to_string();
        let signature = self.signer.sign(&pre_authentication_encoding(PAYLOAD_TYPE, payload.as_bytes()));
        let stamp = |time: &i64| json!({ "signedTimestamp": STANDARD.encode(self.stamps.stamp(&signature, *time)) });
        let stamps: Vec<Value> = times.iter().map(stamp).collect();
        json!({
            "mediaType": BUNDLE_V03,
            "verificationMaterial": { "witSvid": token, "timestampVerificationData": { "rfc3161Timestamps": stamps } },
            "dsseEnvelope": {
                "payload": STANDARD.encode(payload), "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "sig": STANDARD.encode(signature) }]
            }
        })
    }

    fn signed(&self, header: &Value, claims: &Value, times: &[i64]) -> Value {
        self.signed_with(&self.issuer.token(&header.to_string(), &claims.to_string()), times)
    }
}

fn judge(bundle: &Value, ring: &KeyRing) -> Result<Signed, TrustError> {
    verify_signed(bundle.to_string().as_bytes(), ring, &Limits::DEFAULT)
}

fn refuse(bundle: &Value, ring: &KeyRing, says: &str) {
    let error = judge(bundle, ring).unwrap_err();
    let source = error.source().map_or_else(String::new, ToString::to_string);
    assert!(format!("{error}: {source}").contains(says), "{error}: {source}, expected {says}");
    assert!(!format!("{error:?}").contains(bundle["verificationMaterial"]["witSvid"].as_str().unwrap_or("none")));
}

#[test]
fn a_bound_key_signs_at_a_trusted_time() {
    // pass: within the token's time; fail: no time, one after its end, one before its begin, a good and a late one
    let domain = Domain::new();
    let ring = domain.ring("wit-svid");
    let signed = |times: &[i64]| domain.signed(&Domain::header(), &domain.claims(), times);
    let Signed::Statement(statement) = judge(&signed(&[NOW, NOW + 7]), &ring).unwrap() else {
        unreachable!("a statement")
    };
    let [signer] = statement.signers() else { unreachable!("one signer") };
    assert_eq!((signer.method, signer.principal.as_str(), signer.time), (SignerMethod::WitSvid, TASK, Some(NOW)));
    judge(&signed(&[NOW + 59]), &ring).unwrap();
    refuse(&signed(&[]), &ring, "proves nothing");
    refuse(&signed(&[NOW + 60]), &ring, "token ended");
    refuse(&signed(&[NOW - 61]), &ring, "token begins");
    refuse(&signed(&[NOW, NOW + 60]), &ring, "token ended");
}

#[test]
fn a_token_binds_exactly_its_key() {
    // fail: an audience, no key, one without algorithm or with another, another key, another type, keys of other uses, another domain
    let domain = Domain::new();
    let ring = domain.ring("wit-svid");
    let (header, claims) = (Domain::header(), domain.claims());
    let refused = |claims: &Value, says: &str| refuse(&domain.signed(&header, claims, &[NOW]), &ring, says);
    judge(&domain.signed(&header, &claims, &[NOW]), &ring).unwrap();
    refused(&with(&claims, "aud", json!("store")), "`aud` is there");
    refused(&with(&claims, "aud", json!([])), "`aud` is there");
    refused(&without(&claims, "cnf"), "`cnf` is not there");
    refused(&with(&claims, "cnf", json!({ "jkt": "x" })), "has no `jwk`");
    let jwk = bound(&domain.signer);
    let bind = |jwk: Value| with(&claims, "cnf", json!({ "jwk": jwk }));
    refused(&bind(without(&jwk, "alg")), "without `alg`");
    for algorithm in ["ES384", "none", "HS256", "RS256"] {
        refused(&bind(with(&jwk, "alg", json!(algorithm))), "not its own");
    }
    refused(&bind(json!({ "kty": "oct", "k": "AAAA", "alg": "HS256" })), "signs nothing");
    refused(&bind(bound(&Key::generate())), "signature does not hold");
    refused(&without(&claims, "exp"), "`exp` is not there");
    // Else it would vouch for what the key signed years before.
    refused(&without(&claims, "iat"), "it has no beginning");
    judge(&domain.signed(&header, &with(&without(&claims, "iat"), "nbf", json!(NOW - 60)), &[NOW]), &ring).unwrap();
    refused(&without(&claims, "sub"), "`sub` is not there");
    refused(&with(&claims, "sub", json!("spiffe://other.example/a")), "no root of type `spiffe`");
    refused(&with(&claims, "sub", json!("spiffe://acme.example")), "trust domain itself");
    for name in ["JWT", "", "WIT+JWT"] {
        refuse(&domain.signed(&with(&header, "typ", json!(name)), &claims, &[NOW]), &ring, "type is");
    }
    refuse(&domain.signed(&without(&header, "typ"), &claims, &[NOW]), &ring, "type is");
    refuse(&domain.signed(&without(&header, "kid"), &claims, &[NOW]), &ring, "no key id");
    refuse(&domain.signed(&header, &claims, &[NOW]), &domain.ring("jwt-svid"), "no key `one` of use `wit-svid`");
    let forged = TokenKey::generate().token(&header.to_string(), &claims.to_string());
    refuse(&domain.signed_with(&forged, &[NOW]), &ring, "signature does not hold under key `one`");
}

#[test]
fn what_a_bound_key_signs_is_one_statement() {
    // fail: another payload type, another payload, two signatures, a payload that is no statement; pass: none of it
    let domain = Domain::new();
    let ring = domain.ring("wit-svid");
    let good = domain.signed(&Domain::header(), &domain.claims(), &[NOW]);
    judge(&good, &ring).unwrap();
    let signed = |payload_type: &str, payload: &str| {
        let signature = domain.signer.sign(&pre_authentication_encoding(payload_type, payload.as_bytes()));
        let mut changed = good.clone();
        changed["dsseEnvelope"] = json!({
            "payload": STANDARD.encode(payload), "payloadType": payload_type,
            "signatures": [{ "sig": STANDARD.encode(&signature) }]
        });
        let stamp = STANDARD.encode(domain.stamps.stamp(&signature, NOW));
        changed["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0]["signedTimestamp"] =
            json!(stamp);
        changed
    };
    let payload = STANDARD.decode(good["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    judge(&signed(PAYLOAD_TYPE, &payload), &ring).unwrap();
    refuse(&signed("text/plain", &payload), &ring, "payload type is `text/plain`");
    refuse(&signed(PAYLOAD_TYPE, "{}"), &ring, "payload cannot be used");
    let mut moved = good.clone();
    moved["dsseEnvelope"]["payload"] = json!(STANDARD.encode(payload.replace("thing", "other")));
    refuse(&moved, &ring, "signature does not hold");
    let mut twice = good.clone();
    let one = good["dsseEnvelope"]["signatures"][0].clone();
    twice["dsseEnvelope"]["signatures"] = json!([one, one]);
    refuse(&twice, &ring, "there is not exactly one");
}

#[test]
fn a_bearer_token_never_proves_a_statement() {
    // fail: a JWT-SVID in the place of a WIT-SVID, also with a bound key; a bundle that has both a token and another key
    let domain = Domain::new();
    let mut ring = KeyRing::new();
    ring.add_spiffe(bundle_of(&[domain.issuer.jwk("one", "jwt-svid"), domain.issuer.jwk("two", "wit-svid")]));
    ring.add_timestamp_authority(TimestampAuthority::from_pem(domain.stamps.pem().as_bytes()).unwrap());
    let bearer = with(&domain.claims(), "aud", json!(["store"]));
    refuse(&domain.signed(&header(), &bearer, &[NOW]), &ring, "type is `JWT`");
    refuse(&domain.signed(&Domain::header(), &bearer, &[NOW]), &ring, "no key `one` of use `wit-svid`");
    let good = domain.signed(&with(&Domain::header(), "kid", json!("two")), &domain.claims(), &[NOW]);
    judge(&good, &ring).unwrap();
    for (member, value) in [("publicKey", json!({ "hint": "" })), ("certificate", json!({ "rawBytes": "AAAA" }))] {
        let mut both = good.clone();
        both["verificationMaterial"][member] = value;
        refuse(&both, &ring, "a `witSvid` and another key or certificate");
    }
    let mut bare = good.clone();
    bare.as_object_mut().unwrap().remove("dsseEnvelope");
    bare["messageSignature"] = json!({ "signature": "" });
    refuse(&bare, &ring, "signature is over an artifact alone");
    // fail: an X.509-SVID's chain says nothing where a token is asked for
    let top = Holder::top(&Profile::authority("top", (NOW - 10, NOW + 10)));
    let mut other = KeyRing::new();
    let bundle = spiffe_bundle(&[&top]).to_string();
    other
        .add_spiffe(SpiffeBundle::parse("acme.example".parse().unwrap(), bundle.as_bytes(), &Limits::DEFAULT).unwrap());
    refuse(&good, &other, "no key `two`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn changed_tokens_never_panic_and_never_hold(at in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
        // pass: the token itself; fail: any character changed
        let issuer = Issuer::new();
        let good = issuer.token(&header(), &claims());
        let mut bytes = good.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(issuer.svid(&changed).is_ok(), changed == good);
    }
}
