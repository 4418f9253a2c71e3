//! Why an SSH signature proves nothing.

use thiserror::Error;

use crate::scheme::ForeignKeyError;

/// Why an SSH signature proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SshError {
    /// Not a signature of the form that `ssh-keygen -Y sign` writes.
    #[error("not an SSH signature: {reason}")]
    Signature {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a key.
    #[error("not an SSH key: {reason}")]
    Key {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a key of its kind.
    #[error("not an SSH key: {0}")]
    Foreign(ForeignKeyError),
    /// Made for another use.
    #[error("signature is for the namespace `{got}`, expected `{expected}`")]
    Namespace {
        /// The namespace it is for, cut after 80 characters.
        got: String,
        /// The namespace asked for.
        expected: String,
    },
    /// Another hash than SHA-256 and SHA-512.
    #[error("hash algorithm `{got}` is not read, expected sha256 or sha512")]
    Hash {
        /// The algorithm, cut after 80 characters.
        got: String,
    },
    /// The signature does not hold under the key that it names.
    #[error("signature does not hold under the key {fingerprint} that it names")]
    NotHeld {
        /// Fingerprint of the key.
        fingerprint: String,
    },
    /// Nobody in the list has this key for this use at this moment.
    #[error("key {fingerprint} is nobody's in the list of allowed signers{reason}")]
    NotAllowed {
        /// Fingerprint of the key.
        fingerprint: String,
        /// Why a line with this key does not count; empty when there is none.
        reason: String,
    },
    /// Verification of the user was asked, and the device does not say that it did.
    #[error("the device does not say that it verified its user")]
    NotVerified,
    /// A line of a list of allowed signers.
    #[error("allowed signers, line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl SshError {
    /// Whether a list names the key, and the signature does not count for another reason: worth telling, where a stranger's is not.
    pub(crate) fn is_of_a_known_key(&self) -> bool {
        match self {
            Self::NotHeld { .. } | Self::NotVerified => true,
            Self::NotAllowed { reason, .. } => !reason.is_empty(),
            _ => false,
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NotHeld { .. } => {
                one("content or signature was changed after signing: do not use it, and ask whoever signed")
            }
            Self::NotVerified => {
                one("sign anew with a key that was made with `-O verify-required`: its device asks for a PIN or finger")
            }
            Self::NotAllowed { .. } => one("look at the line of this key in the list of allowed signers"),
            _ => vec![],
        }
    }
}
