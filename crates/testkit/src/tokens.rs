//! Tokens, signed for real, each as the test wants it.
//!
//! SPEC: RFC 7515, RFC 7517.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support: what cannot be made fails the test")]

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::sigstore::Key;

/// A P-256 key that signs tokens.
pub struct TokenKey(EcdsaKeyPair);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

impl TokenKey {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// The public key as a member of a set.
    #[must_use]
    pub fn jwk(&self, id: &str, usage: &str) -> Value {
        let mut jwk = point(self.0.public_key().as_ref());
        jwk.as_object_mut().unwrap().extend([("kid".to_owned(), id.into()), ("use".to_owned(), usage.into())]);
        jwk
    }

    /// The bytes of the public key, as an attacker would take them for a shared secret.
    #[must_use]
    pub fn public_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// A token of these texts.
    #[must_use]
    pub fn token(&self, header: &str, claims: &str) -> String {
        compact(header, claims, &|message| self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }
}

/// A token of these texts, signed by anything.
#[must_use]
pub fn compact(header: &str, claims: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The public part of a signer's key, as `cnf.jwk` has it.
#[must_use]
pub fn bound(key: &Key) -> Value {
    let spki = key.spki();
    let mut jwk = point(&spki[spki.len() - 65..]);
    jwk.as_object_mut().unwrap().insert("alg".to_owned(), "ES256".into());
    jwk
}

fn point(bytes: &[u8]) -> Value {
    let (x, y) = bytes[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
}
