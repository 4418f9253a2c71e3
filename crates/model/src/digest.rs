//! Content ids: one newtype each, so that a file digest is never taken for a statement digest.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::Digest as _;
use thiserror::Error;

/// A text that is not a digest of the expected algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{got}` is not a digest: expected {expected}")]
pub struct DigestError {
    got: String,
    expected: &'static str,
}

/// SHA-256 of some bytes; 32 bytes, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Digests `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Digests everything that a reader gives.
    ///
    /// # Errors
    /// That of the reader.
    pub fn of_reader(reader: &mut dyn Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes 32 bytes that already are a SHA-256.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hex digits, as file names and reports use them.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

impl FromStr for Sha256 {
    type Err = DigestError;

    /// Reads 64 lower-case hex digits, with or without the prefix `sha256:`.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let error = || DigestError { got: text.chars().take(80).collect(), expected: "64 lower-case hex digits" };
        if digits.len() != 64 || digits.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| error())?;
        Ok(Self(bytes))
    }
}

/// Git object id of a tree or commit: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits.
///
/// Proves identity only as far as git's own hash does; see finding `sha1-join`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitId(String);

impl GitId {
    /// The id of an object in a repository of SHA-1.
    #[must_use]
    pub fn of_sha1(bytes: [u8; 20]) -> Self {
        Self(hex::encode(bytes))
    }

    /// The id of an object in a repository of SHA-256.
    #[must_use]
    pub fn of_sha256(digest: Sha256) -> Self {
        Self(digest.to_string())
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GitId {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let lower_hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if lower_hex && matches!(text.len(), 40 | 64) {
            return Ok(Self(text.to_owned()));
        }
        Err(DigestError { got: text.chars().take(80).collect(), expected: "40 or 64 lower-case hex digits" })
    }
}

macro_rules! sha256_newtype {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Sha256);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;
            fn from_str(text: &str) -> Result<Self, DigestError> {
                text.parse().map(Self)
            }
        }
    )*};
}

sha256_newtype! {
    /// SHA-256 of one file's bytes.
    FileDigest;
    /// SHA-256 of a whole artifact: archive, image manifest, index or single file, as it is shipped.
    ArtifactDigest;
    /// SHA-256 of a statement's exact signed payload bytes.
    StatementDigest;
    /// RFC 6962 root over the canonical records of an inventory.
    InventoryRoot;
    /// SHA-256 of a public key's SubjectPublicKeyInfo in DER: the key id.
    KeyId;
}
