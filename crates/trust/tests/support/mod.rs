//! Keys that sign, for the tests of the verifier.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::KeyId;
use lasthand_trust::dsse::pre_authentication_encoding;
use lasthand_trust::keys::{KeyRing, PublicKey};
use serde_json::{Value, json};

pub(crate) const TYPE: &str = "application/vnd.in-toto+json";

/// A key of either algorithm.
pub(crate) enum Key {
    Ed25519(Ed25519KeyPair),
    P256(Vec<u8>),
}

impl Key {
    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn p256() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self::P256(key.to_pkcs8v1().unwrap().as_ref().to_vec())
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::P256(pkcs8) => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
                key.public_key().as_der().unwrap().as_ref().to_vec()
            }
        }
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_der(&self.spki()).unwrap()
    }

    pub(crate) fn id(&self) -> KeyId {
        self.public().id()
    }

    /// ASN.1 for P-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Self::P256(pkcs8) => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
                key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            }
        }
    }

    /// `r || s` for P-256.
    pub(crate) fn sign_fixed(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(_) => self.sign(message),
            Self::P256(pkcs8) => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
                key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            }
        }
    }
}

/// A ring of these keys.
pub(crate) fn ring(keys: &[&Key]) -> KeyRing {
    let mut ring = KeyRing::new();
    for key in keys {
        ring.add_key(key.public());
    }
    ring
}

/// A good statement.
pub(crate) fn statement() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "app.tar", "digest": { "sha256": "a".repeat(64) } }],
        "predicateType": "https://example.com/thing/v1",
        "predicate": { "ok": true }
    })
}

/// An envelope over `payload` with one signature by each key.
pub(crate) fn envelope_of(payload: &[u8], payload_type: &str, keys: &[&Key]) -> Value {
    let message = pre_authentication_encoding(payload_type, payload);
    let signatures: Vec<Value> = keys.iter().map(|key| json!({ "sig": STANDARD.encode(key.sign(&message)) })).collect();
    json!({ "payload": STANDARD.encode(payload), "payloadType": payload_type, "signatures": signatures })
}

/// An envelope over a statement.
pub(crate) fn envelope(statement: &Value, keys: &[&Key]) -> Value {
    envelope_of(statement.to_string().as_bytes(), TYPE, keys)
}

/// A v0.3 bundle around an envelope.
pub(crate) fn bundle(envelope: &Value) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "publicKey": { "hint": "anything" } },
        "dsseEnvelope": envelope
    })
}
