//! Digests by which signatures and statements name a content.

use std::collections::BTreeMap;
use std::fmt;

use lasthand_model::digest::{ArtifactDigest, Sha256};

/// The algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// All, the one that everything else here knows first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The word of digest sets.
    ///
    /// SPEC: in-toto attestation framework, digest_set.md.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// The digest of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentDigest {
    /// SHA-256.
    Sha256(ArtifactDigest),
    /// SHA-384.
    Sha384([u8; 48]),
    /// SHA-512.
    Sha512([u8; 64]),
}

impl ContentDigest {
    /// The digest that these bytes are; absent for another number of bytes than the algorithm has.
    #[must_use]
    pub fn of_bytes(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Self> {
        Some(match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256(ArtifactDigest(Sha256::from_bytes(bytes.try_into().ok()?))),
            DigestAlgorithm::Sha384 => Self::Sha384(bytes.try_into().ok()?),
            DigestAlgorithm::Sha512 => Self::Sha512(bytes.try_into().ok()?),
        })
    }

    /// Reads `sha256:`, `sha384:` or `sha512:` and hex digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, digits) = text.split_once(':')?;
        let algorithm = DigestAlgorithm::ALL.into_iter().find(|algorithm| algorithm.word() == word)?;
        Self::of_bytes(algorithm, &hex::decode(digits).ok()?)
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Sha256(_) => DigestAlgorithm::Sha256,
            Self::Sha384(_) => DigestAlgorithm::Sha384,
            Self::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    /// The SHA-256, if it is one.
    #[must_use]
    pub const fn sha256(&self) -> Option<ArtifactDigest> {
        match self {
            Self::Sha256(digest) => Some(*digest),
            Self::Sha384(_) | Self::Sha512(_) => None,
        }
    }

    /// Whether a digest set has exactly this digest, in small hex digits.
    #[must_use]
    pub fn is_in(&self, digests: &BTreeMap<String, String>) -> bool {
        digests.get(self.algorithm().word()).is_some_and(|known| *known == self.digits())
    }

    fn digits(&self) -> String {
        match self {
            Self::Sha256(digest) => digest.0.to_string(),
            Self::Sha384(bytes) => hex::encode(bytes),
            Self::Sha512(bytes) => hex::encode(bytes),
        }
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm().word(), self.digits())
    }
}
