//! Key pairs in memory, and what they sign.
//!
//! SPEC: DSSE v1.0.2; RFC 5958 (PKCS#8); RFC 8410 (Ed25519); RFC 5480 (P-256).

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{KeyId, Sha256};
use lasthand_model::wire::bundle::{
    BUNDLE_V03, Bundle, Envelope, EnvelopeSignature, PublicKeyHint, VerificationMaterial, pre_authentication_encoding,
};
use serde_json::Map;
use thiserror::Error;

/// The algorithms that keys are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
}

/// Why a key could not be made, read or used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The library refused to make a key.
    #[error("cannot make a key of this algorithm")]
    Generate,
    /// Not PEM.
    #[error("private key is not PEM: {reason}")]
    Pem {
        /// What is wrong with it; never its bytes.
        reason: String,
    },
    /// PEM of something else.
    #[error("PEM holds `{got}`, expected `PRIVATE KEY`")]
    Label {
        /// The label found.
        got: String,
    },
    /// PKCS#8, but no key that this version can use.
    #[error("private key is not PKCS#8 of Ed25519 or ECDSA P-256")]
    Unusable,
    /// The library refused to sign or to write the key.
    #[error("key cannot be used")]
    Refused,
}

impl SignError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Label { got } if got == "ENCRYPTED PRIVATE KEY" => {
                vec!["keys with a passphrase are not read by this version".to_owned()]
            }
            Self::Label { got } if got == "PUBLIC KEY" => vec!["this is the public key: leave `.pub` away".to_owned()],
            Self::Label { .. } => {
                vec!["convert it: `openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW`".to_owned()]
            }
            Self::Pem { .. } | Self::Unusable => vec!["make one: `lasthand key generate --out FILE`".to_owned()],
            _ => vec![],
        }
    }
}

/// A private key with its public key. `Debug` shows the key id only; the library wipes the key when it is dropped.
pub struct KeyPair {
    inner: Inner,
    spki: Vec<u8>,
}

enum Inner {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair),
}

impl KeyPair {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SignError::Generate`] when the library has no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, SignError> {
        let inner = match algorithm {
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate().map(Inner::Ed25519),
            KeyAlgorithm::EcdsaP256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Inner::EcdsaP256),
        };
        Self::new(inner.map_err(|_| SignError::Generate)?)
    }

    /// Reads PKCS#8 PEM, version 1 (as openssl writes it) or 2.
    ///
    /// # Errors
    /// [`SignError`] for anything else; no error holds bytes of the key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SignError> {
        let text = pem.trim_ascii();
        let error = |source: pem_rfc7468::Error| SignError::Pem { reason: source.to_string() };
        let label = pem_rfc7468::decode_label(text).map_err(error)?;
        if label != "PRIVATE KEY" {
            return Err(SignError::Label { got: label.chars().take(40).collect() });
        }
        let (_, mut der) = pem_rfc7468::decode_vec(text).map_err(error)?;
        let inner = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map(Inner::Ed25519)
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).map(Inner::EcdsaP256));
        der.fill(0);
        Self::new(inner.map_err(|_| SignError::Unusable)?)
    }

    fn new(inner: Inner) -> Result<Self, SignError> {
        let spki = match &inner {
            Inner::Ed25519(key) => key.public_key().as_der(),
            Inner::EcdsaP256(key) => key.public_key().as_der(),
        };
        let spki = spki.map_err(|_| SignError::Refused)?.as_ref().to_vec();
        Ok(Self { inner, spki })
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        match self.inner {
            Inner::Ed25519(_) => KeyAlgorithm::Ed25519,
            Inner::EcdsaP256(_) => KeyAlgorithm::EcdsaP256,
        }
    }

    /// SHA-256 of the public key's SubjectPublicKeyInfo.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Sha256::of(&self.spki))
    }

    /// SubjectPublicKeyInfo of the public key in PEM.
    ///
    /// # Errors
    /// [`SignError::Refused`] when it cannot be written.
    pub fn public_pem(&self) -> Result<String, SignError> {
        pem_rfc7468::encode_string("PUBLIC KEY", pem_rfc7468::LineEnding::LF, &self.spki)
            .map_err(|_| SignError::Refused)
    }

    /// The private key as PKCS#8 PEM version 1, which every tool reads. Secret: the caller wipes it after use.
    pub(crate) fn private_pem(&self) -> Result<Vec<u8>, SignError> {
        let document = match &self.inner {
            Inner::Ed25519(key) => key.to_pkcs8v1(),
            Inner::EcdsaP256(key) => key.to_pkcs8v1(),
        };
        let document = document.map_err(|_| SignError::Refused)?;
        pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, document.as_ref())
            .map(String::into_bytes)
            .map_err(|_| SignError::Refused)
    }

    /// Signs a payload: one envelope with one signature and the key id as hint.
    ///
    /// # Errors
    /// [`SignError::Refused`] when the library refuses.
    pub fn sign(&self, payload_type: &str, payload: &[u8]) -> Result<Envelope, SignError> {
        let message = pre_authentication_encoding(payload_type, payload);
        let signature = match &self.inner {
            Inner::Ed25519(key) => key.try_sign(&message),
            Inner::EcdsaP256(key) => key.sign(&SystemRandom::new(), &message),
        };
        let signature = signature.map_err(|_| SignError::Refused)?;
        Ok(Envelope {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![EnvelopeSignature {
                keyid: Some(self.id().to_string()),
                sig: STANDARD.encode(signature.as_ref()),
                extra: Map::new(),
            }],
            extra: Map::new(),
        })
    }

    /// Signs a payload and wraps it as Sigstore bundle v0.3 with the key id as hint.
    ///
    /// # Errors
    /// As [`KeyPair::sign`].
    pub fn sign_bundle(&self, payload_type: &str, payload: &[u8]) -> Result<Bundle, SignError> {
        let hint = PublicKeyHint { hint: self.id().to_string(), extra: Map::new() };
        Ok(Bundle {
            media_type: BUNDLE_V03.to_owned(),
            verification_material: Some(VerificationMaterial {
                public_key: Some(hint),
                ..VerificationMaterial::default()
            }),
            dsse_envelope: Some(self.sign(payload_type, payload)?),
            message_signature: None,
            extra: Map::new(),
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({:?}, {}, private part redacted)", self.algorithm(), self.id())
    }
}
