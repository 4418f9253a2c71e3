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
    /// Every list of allowed signers is for commits and tags.
    #[error("no list of allowed signers is for statements, only for commits and tags")]
    NoList,
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
    /// Whether it only says that no list names the key: the signature may well hold, and is of no use.
    #[must_use]
    pub const fn is_of_a_stranger(&self) -> bool {
        match self {
            Self::NotAllowed { reason, .. } => reason.is_empty(),
            Self::NoList => true,
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
            Self::NotAllowed { reason, .. } if reason.is_empty() => one(
                "if you know whose key it is, add its line to the list of allowed signers; the trust file names the list in a `[[root]]` of type `ssh`",
            ),
            Self::NotAllowed { .. } => one("look at the line of this key in the list of allowed signers"),
            Self::Namespace { expected, .. } => {
                vec![format!("sign anew for this use: `ssh-keygen -Y sign -n {expected} -f KEY FILE`")]
            }
            Self::Signature { .. } | Self::Hash { .. } => one("sign anew with `ssh-keygen -Y sign`"),
            Self::NoList => one("add a `[[root]]` of type `ssh` without `namespace = \"git\"` to the trust file"),
            _ => vec![],
        }
    }
}
