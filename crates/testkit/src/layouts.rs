//! in-toto layouts and links for tests: keys of every kind that layouts list, and documents signed bare or in an envelope.
//!
//! Canonical JSON is written here anew, apart from the reader under test.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be made fails the test")]

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use serde_json::{Value, json};

/// Payload type of links and layouts.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Somebody with a key.
pub struct Functionary {
    pair: Pair,
    keytype: &'static str,
    scheme: &'static str,
    public: String,
    spki: Vec<u8>,
    keyid: String,
}

impl fmt::Debug for Functionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Functionary({}, {})", self.scheme, self.keyid)
    }
}

impl Functionary {
    /// Ed25519, always the same for one seed.
    #[must_use]
    pub fn ed25519(seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = hex::encode(pair.public_key().as_ref());
        let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let spki = [&head[..], pair.public_key().as_ref()].concat();
        Self::make(Pair::Ed25519(pair), "ed25519", "ed25519", public, spki)
    }

    /// A new ECDSA key on P-256.
    #[must_use]
    pub fn p256() -> Self {
        Self::ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, "ecdsa-sha2-nistp256")
    }

    /// A new ECDSA key on P-384.
    #[must_use]
    pub fn p384() -> Self {
        Self::ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING, "ecdsa-sha2-nistp384")
    }

    /// A new ECDSA key on P-521.
    #[must_use]
    pub fn p521() -> Self {
        Self::ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING, "ecdsa-sha2-nistp521")
    }

    /// A new RSA key of 2048 bits, signing by PSS.
    #[must_use]
    pub fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let spki = spki.as_ref().to_vec();
        let public = pem(&spki);
        Self::make(Pair::Rsa(pair), "rsa", "rsassa-pss-sha256", public, spki)
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, scheme: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let spki = spki.as_ref().to_vec();
        let public = pem(&spki);
        Self::make(Pair::Ecdsa(pair), "ecdsa", scheme, public, spki)
    }

    fn make(pair: Pair, keytype: &'static str, scheme: &'static str, public: String, spki: Vec<u8>) -> Self {
        let mut made = Self { pair, keytype, scheme, public, spki, keyid: String::new() };
        made.keyid = made.keyid_of_python();
        made
    }

    /// The same key under another id.
    #[must_use]
    pub fn called(mut self, keyid: &str) -> Self {
        keyid.clone_into(&mut self.keyid);
        self
    }

    /// Its id.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The first eight digits of its id, as the names of its links have them.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.keyid.get(..8).unwrap()
    }

    /// The id that Python's implementation gives the key when it reads it from PEM.
    #[must_use]
    pub fn keyid_of_python(&self) -> String {
        let key = json!({"keytype": self.keytype, "scheme": self.scheme, "keyval": {"public": self.public}});
        Sha256::of(&canonical(&key)).to_string()
    }

    /// The id that Go's implementation gives the key when it reads it from PEM.
    #[must_use]
    pub fn keyid_of_go(&self) -> String {
        let public = self.public.trim();
        let key = json!({
            "keytype": self.keytype, "scheme": self.scheme, "keyval": {"public": public},
            "keyid_hash_algorithms": ["sha256", "sha512"],
        });
        Sha256::of(&canonical(&key)).to_string()
    }

    /// Ids that older releases gave the key: of Python with its list of hashes, with the scheme as the type of ECDSA, and of Go, whose defaults have one
    /// scheme for every curve.
    #[must_use]
    pub fn keyids_of_older_releases(&self) -> Vec<String> {
        let of = |keytype: &str, scheme: &str, public: &str| {
            let hashes = ["sha256", "sha512"];
            let key = json!({
                "keytype": keytype, "scheme": scheme, "keyval": {"public": public}, "keyid_hash_algorithms": hashes,
            });
            Sha256::of(&canonical(&key)).to_string()
        };
        let (trimmed, p256) = (self.public.trim(), "ecdsa-sha2-nistp256");
        let mut ids = vec![of(self.keytype, self.scheme, &self.public)];
        if self.keytype == "ecdsa" {
            ids.extend([of(self.scheme, self.scheme, &self.public), of(self.scheme, self.scheme, trimmed)]);
            ids.extend([of("ecdsa", p256, trimmed), of("ecdsa", p256, &self.public)]);
        }
        ids
    }

    /// The key as a layout lists it.
    #[must_use]
    pub fn listed(&self) -> Value {
        json!({
            "keyid": self.keyid, "keyid_hash_algorithms": ["sha256", "sha512"], "keytype": self.keytype,
            "keyval": {"public": self.public}, "scheme": self.scheme,
        })
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The public key in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem(&self.spki)
    }

    /// Signs bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// Signs bare, over the canonical form.
#[must_use]
pub fn bare(signed: &Value, by: &[&Functionary]) -> Value {
    let message = canonical(signed);
    let signature = |signer: &&Functionary| json!({"keyid": signer.keyid(), "sig": hex::encode(signer.sign(&message))});
    json!({"signatures": by.iter().map(signature).collect::<Vec<_>>(), "signed": signed})
}

/// Signs in a DSSE envelope.
#[must_use]
pub fn envelope(signed: &Value, by: &[&Functionary]) -> Value {
    let payload = serde_json::to_vec(signed).unwrap();
    let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
    let signature =
        |signer: &&Functionary| json!({"keyid": signer.keyid(), "sig": STANDARD.encode(signer.sign(&message))});
    let signatures: Vec<Value> = by.iter().map(signature).collect();
    json!({"payload": STANDARD.encode(&payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures})
}

/// A layout of these steps, which ends in 2030 and lists these keys.
#[must_use]
pub fn layout(steps: &[Value], functionaries: &[&Functionary]) -> Value {
    let keys: BTreeMap<&str, Value> = functionaries.iter().map(|one| (one.keyid(), one.listed())).collect();
    json!({
        "_type": "layout", "expires": "2030-01-01T00:00:00Z", "inspect": [], "keys": keys, "readme": "", "steps": steps,
    })
}

/// A step with rules as people write them, words parted by blanks.
#[must_use]
pub fn step(name: &str, by: &[&Functionary], threshold: i64, materials: &[&str], products: &[&str]) -> Value {
    let keyids: Vec<&str> = by.iter().map(|one| one.keyid()).collect();
    json!({
        "_type": "step", "name": name, "pubkeys": keyids, "threshold": threshold, "expected_command": [],
        "expected_materials": rules(materials), "expected_products": rules(products),
    })
}

/// Rules as people write them, as a layout has them.
#[must_use]
pub fn rules(rules: &[&str]) -> Value {
    rules.iter().map(|rule| rule.split(' ').collect::<Vec<_>>()).collect::<Vec<_>>().into()
}

/// A link with artifacts written `path=content`.
#[must_use]
pub fn link(name: &str, materials: &[&str], products: &[&str]) -> Value {
    json!({
        "_type": "link", "name": name, "materials": artifacts(materials), "products": artifacts(products),
        "byproducts": {}, "command": [], "environment": {},
    })
}

fn artifacts(listed: &[&str]) -> Value {
    let one = |text: &&str| {
        let (path, content) = text.split_once('=').unwrap_or((text, ""));
        (path.to_owned(), json!({"sha256": Sha256::of(content.as_bytes()).to_string()}))
    };
    Value::Object(listed.iter().map(one).collect())
}

fn pem(spki: &[u8]) -> String {
    let text = STANDARD.encode(spki);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// SPEC: OLPC "Canonical JSON".
fn canonical(value: &Value) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let text = match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| String::from_utf8(canonical(item)).unwrap()).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let member = |(name, value): (&String, &Value)| {
                format!("{}:{}", quoted(name), String::from_utf8(canonical(value)).unwrap())
            };
            format!("{{{}}}", sorted.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    };
    text.into_bytes()
}
