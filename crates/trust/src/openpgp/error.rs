//! Why an OpenPGP signature proves nothing.

use thiserror::Error;

/// Why an OpenPGP signature proves nothing, or a certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenPgpError {
    /// Not one signature of the form that is read.
    #[error("not an OpenPGP signature: {reason}")]
    Signature {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A hash that collisions are known of, or that is not read.
    #[error("hash algorithm `{got}` is refused, expected SHA256, SHA384 or SHA512")]
    Hash {
        /// The algorithm.
        got: String,
    },
    /// Not a file of certificates.
    #[error("not a file of OpenPGP certificates: {reason}")]
    Certificates {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A certificate that cannot be used.
    #[error("OpenPGP certificate {fingerprint} cannot be used: {reason}")]
    Certificate {
        /// Fingerprint of its primary key.
        fingerprint: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No certificate has the key that the signature names.
    #[error("no certificate of the trust file has the key {issuer}")]
    Unknown {
        /// Fingerprint or key id that the signature names; a hint, not proven.
        issuer: String,
    },
    /// The signature does not hold under the key that it names.
    #[error("signature does not hold under the key {key} that it names")]
    NotHeld {
        /// Fingerprint of the key.
        key: String,
    },
    /// The signature holds, and its key may not make it.
    #[error("key {key} may not sign: {reason}")]
    Key {
        /// Fingerprint of the key.
        key: String,
        /// Why not.
        reason: &'static str,
    },
    /// The signature holds, and says itself that it does not count.
    #[error("signature of key {key} does not count: {reason}")]
    Time {
        /// Fingerprint of the key.
        key: String,
        /// Why not.
        reason: &'static str,
    },
}
