//! Keys and signature schemes of foreign formats: in-toto layouts, SSH, certificates.
//!
//! The keys of the trust file are [`PublicKey`](crate::keys::PublicKey); what is here verifies evidence of formats that bring more kinds.
//!
//! SPEC: RFC 5280 section 4.1 (SubjectPublicKeyInfo), RFC 8410 (Ed25519), RFC 5480 (ECDSA), RFC 8017 (RSA).

use std::fmt;

use aws_lc_rs::signature as algorithms;
use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};
use lasthand_model::digest::{KeyId, Sha256};
use thiserror::Error;
use x509_cert::der::asn1::{BitString, ObjectIdentifier, UintRef};
use x509_cert::der::{Any, Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
/// LIMIT: bits of an RSA modulus; smaller ones are broken, larger ones cost too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

type Spki = SubjectPublicKeyInfo<Any, BitString>;

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// RSA of 2048 to 8192 bits.
    Rsa,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "ECDSA P-256",
            Self::P384 => "ECDSA P-384",
            Self::P521 => "ECDSA P-521",
            Self::Rsa => "RSA",
        })
    }
}

/// How a signature is made; each belongs to one kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Ed25519.
    Ed25519,
    /// ECDSA P-256 with SHA-256; ASN.1.
    P256,
    /// ECDSA P-384 with SHA-384; ASN.1.
    P384,
    /// ECDSA P-521 with SHA-512; ASN.1.
    P521,
    /// ECDSA P-256 with SHA-256; `r || s`.
    P256Fixed,
    /// ECDSA P-384 with SHA-384; `r || s`.
    P384Fixed,
    /// ECDSA P-521 with SHA-512; `r || s`.
    P521Fixed,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
}

impl Scheme {
    /// The kind of key that it belongs to.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Ed25519 => KeyKind::Ed25519,
            Self::P256 | Self::P256Fixed => KeyKind::P256,
            Self::P384 | Self::P384Fixed => KeyKind::P384,
            Self::P521 | Self::P521Fixed => KeyKind::P521,
            Self::RsaPssSha256 | Self::RsaPssSha384 | Self::RsaPssSha512 => KeyKind::Rsa,
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 => KeyKind::Rsa,
        }
    }

    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &algorithms::ED25519,
            Self::P256 => &algorithms::ECDSA_P256_SHA256_ASN1,
            Self::P384 => &algorithms::ECDSA_P384_SHA384_ASN1,
            Self::P521 => &algorithms::ECDSA_P521_SHA512_ASN1,
            Self::P256Fixed => &algorithms::ECDSA_P256_SHA256_FIXED,
            Self::P384Fixed => &algorithms::ECDSA_P384_SHA384_FIXED,
            Self::P521Fixed => &algorithms::ECDSA_P521_SHA512_FIXED,
            Self::RsaPssSha256 => &algorithms::RSA_PSS_2048_8192_SHA256,
            Self::RsaPssSha384 => &algorithms::RSA_PSS_2048_8192_SHA384,
            Self::RsaPssSha512 => &algorithms::RSA_PSS_2048_8192_SHA512,
            Self::RsaPkcs1Sha384 => &algorithms::RSA_PKCS1_2048_8192_SHA384,
            Self::RsaPkcs1Sha256 => &algorithms::RSA_PKCS1_2048_8192_SHA256,
            Self::RsaPkcs1Sha512 => &algorithms::RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// Why bytes are not a key of a foreign format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ForeignKeyError {
    /// Not PEM of a public key.
    #[error("not PEM of a public key: {reason}")]
    Pem {
        /// What is wrong with it.
        reason: String,
    },
    /// Not one plain SubjectPublicKeyInfo.
    #[error("key is not a plain SubjectPublicKeyInfo: {reason}")]
    Encoding {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A kind that is not read.
    #[error("key is of kind {got}, expected Ed25519, ECDSA P-256, P-384 or P-521, or RSA")]
    Kind {
        /// Its object identifier.
        got: String,
    },
    /// An RSA key that is too small or too large.
    #[error("RSA key has {bits} bits, expected 2048 to 8192")]
    RsaBits {
        /// Bits of its modulus.
        bits: usize,
    },
    /// No point of its curve, or no RSA key.
    #[error("key is not a valid {kind} key")]
    Invalid {
        /// What it claims to be.
        kind: KeyKind,
    },
}

/// A public key of a foreign format. Its id is the SHA-256 of its SubjectPublicKeyInfo in DER, however it was written.
///
/// INVARIANT (one key, one id): each key has one encoding here, so that it counts once under whatever names it stands.
#[derive(Clone)]
pub struct ForeignKey {
    id: KeyId,
    kind: KeyKind,
    /// What the provider takes: raw bytes, a point, or RSAPublicKey in DER.
    bytes: Vec<u8>,
    spki: Vec<u8>,
    /// Parsed for [`ForeignKey::usual_scheme`], which most signatures use.
    parsed: ParsedPublicKey,
}

impl fmt::Debug for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKey({}, {})", self.kind, self.id)
    }
}

impl ForeignKey {
    /// Reads PEM with the label `PUBLIC KEY`.
    ///
    /// # Errors
    /// [`ForeignKeyError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, ForeignKeyError> {
        let fault = |reason: String| ForeignKeyError::Pem { reason };
        let (label, der) = pem_rfc7468::decode_vec(pem.trim_ascii()).map_err(|error| fault(error.to_string()))?;
        if label != "PUBLIC KEY" {
            return Err(fault(format!("it holds `{}`", label.chars().take(40).collect::<String>())));
        }
        Self::from_spki(&der)
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`ForeignKeyError`].
    pub fn from_spki(der: &[u8]) -> Result<Self, ForeignKeyError> {
        let fault = |reason| ForeignKeyError::Encoding { reason };
        let spki = Spki::from_der(der).map_err(|_| fault("not DER of one"))?;
        let bytes = spki.subject_public_key.as_bytes().ok_or_else(|| fault("its bits are no bytes"))?;
        match spki.algorithm.oid {
            ED25519 => Self::from_ed25519(bytes),
            ECDSA => {
                let curve =
                    spki.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
                let kind = match curve {
                    Some(P256) => KeyKind::P256,
                    Some(P384) => KeyKind::P384,
                    Some(P521) => KeyKind::P521,
                    Some(other) => return Err(ForeignKeyError::Kind { got: format!("ECDSA on the curve {other}") }),
                    None => return Err(fault("it names no curve")),
                };
                Self::from_point(kind, bytes)
            }
            RSA => {
                let numbers = SliceReader::new(bytes).and_then(|mut reader| {
                    let numbers = reader.sequence(|inner| {
                        let modulus = UintRef::decode(inner)?.as_bytes().to_vec();
                        Ok((modulus, UintRef::decode(inner)?.as_bytes().to_vec()))
                    })?;
                    reader.finish(numbers)
                });
                let (modulus, exponent) = numbers.map_err(|_| fault("not DER of an RSA key"))?;
                Self::from_rsa(&modulus, &exponent)
            }
            other => Err(ForeignKeyError::Kind { got: other.to_string() }),
        }
    }

    /// Takes the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`ForeignKeyError`] when they are none.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, ForeignKeyError> {
        if bytes.len() != 32 {
            return Err(ForeignKeyError::Encoding { reason: "an Ed25519 key has 32 bytes" });
        }
        Self::make(KeyKind::Ed25519, bytes.to_vec(), AlgorithmIdentifier { oid: ED25519, parameters: None })
    }

    /// Takes an uncompressed point.
    ///
    /// # Errors
    /// [`ForeignKeyError`] when it is none of the curve.
    pub fn from_point(kind: KeyKind, point: &[u8]) -> Result<Self, ForeignKeyError> {
        let (curve, length) = match kind {
            KeyKind::P256 => (P256, 65),
            KeyKind::P384 => (P384, 97),
            KeyKind::P521 => (P521, 133),
            KeyKind::Ed25519 | KeyKind::Rsa => return Err(ForeignKeyError::Invalid { kind }),
        };
        // SECURITY: a compressed point would be the same key under another id.
        if point.first() != Some(&4) || point.len() != length {
            return Err(ForeignKeyError::Encoding { reason: "it is not an uncompressed point of its curve" });
        }
        let algorithm = AlgorithmIdentifier { oid: ECDSA, parameters: Some(Any::from(curve)) };
        Self::make(kind, point.to_vec(), algorithm)
    }

    /// Takes modulus and exponent, big-endian; leading zeros say nothing.
    ///
    /// # Errors
    /// [`ForeignKeyError`] when they make no key.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, ForeignKeyError> {
        let invalid = ForeignKeyError::Invalid { kind: KeyKind::Rsa };
        let (Ok(modulus), Ok(exponent)) = (UintRef::new(modulus), UintRef::new(exponent)) else { return Err(invalid) };
        let first = modulus.as_bytes().first().map_or(8, |byte| byte.leading_zeros() as usize);
        let bits = (modulus.as_bytes().len() * 8).saturating_sub(first);
        if !RSA_BITS.contains(&bits) {
            return Err(ForeignKeyError::RsaBits { bits });
        }
        let mut both = Vec::new();
        let encoded = modulus.encode_to_vec(&mut both).and_then(|_| exponent.encode_to_vec(&mut both));
        let sequence = encoded.and_then(|_| Any::new(x509_cert::der::Tag::Sequence, both)).and_then(|any| any.to_der());
        let Ok(der) = sequence else { return Err(invalid) };
        Self::make(KeyKind::Rsa, der, AlgorithmIdentifier { oid: RSA, parameters: Some(Any::null()) })
    }

    fn make(kind: KeyKind, bytes: Vec<u8>, algorithm: AlgorithmIdentifier<Any>) -> Result<Self, ForeignKeyError> {
        let invalid = || ForeignKeyError::Invalid { kind };
        let subject_public_key = BitString::from_bytes(&bytes).map_err(|_| invalid())?;
        let spki = Spki { algorithm, subject_public_key }.to_der().map_err(|_| invalid())?;
        let parsed = ParsedPublicKey::new(usual_scheme(kind).algorithm(), &bytes).map_err(|_| invalid())?;
        Ok(Self { id: KeyId(Sha256::of(&spki)), kind, bytes, spki, parsed })
    }

    /// The key id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// What the provider takes: raw bytes, a point, or RSAPublicKey in DER.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its SubjectPublicKeyInfo in DER.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Tells whether `signature` over `message` is this key's by this scheme. A scheme of another kind never holds.
    #[must_use]
    pub fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        if scheme.kind() != self.kind || signature.is_empty() {
            return false;
        }
        if scheme == usual_scheme(self.kind) {
            return self.parsed.verify_sig(message, signature).is_ok();
        }
        ParsedPublicKey::new(scheme.algorithm(), &self.bytes)
            .is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

const fn usual_scheme(kind: KeyKind) -> Scheme {
    match kind {
        KeyKind::Ed25519 => Scheme::Ed25519,
        KeyKind::P256 => Scheme::P256,
        KeyKind::P384 => Scheme::P384,
        KeyKind::P521 => Scheme::P521,
        KeyKind::Rsa => Scheme::RsaPssSha256,
    }
}
