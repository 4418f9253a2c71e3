//! Why the signature of a git object proves nothing.

use thiserror::Error;

use crate::git_object::GitObjectError;
use crate::openpgp::OpenPgpError;
use crate::ssh::SshError;

/// Why the signature of a commit or tag proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GitSignatureError {
    /// There is none.
    #[error("object is not signed")]
    Unsigned,
    /// An object that readers of git take differently, or a signature in an odd place.
    #[error("object is not in the form that git writes: {reason}")]
    Form {
        /// What is odd.
        reason: &'static str,
    },
    /// More than one signature.
    #[error("object has more than one signature")]
    Several,
    /// A signature of a kind that is not read, such as of X.509.
    #[error("signature is neither of SSH nor of OpenPGP")]
    Kind,
    /// Over the limit.
    #[error("object has {got} bytes, limit is {limit}")]
    TooLarge {
        /// Its bytes.
        got: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// The object has no id.
    #[error("object has no id")]
    Object(#[from] GitObjectError),
    /// A signature of SSH, and no list of allowed signers that says whose its keys are.
    #[error("there is no list of allowed signers for the namespace `git`")]
    NoList,
    /// A key that lists give to different people.
    #[error("its key is of `{one}` and of `{other}`")]
    TwoPrincipals {
        /// One of them.
        one: String,
        /// The other one.
        other: String,
    },
    /// A signature of SSH that proves nothing.
    #[error("SSH signature is not believed")]
    Ssh(#[from] SshError),
    /// A signature of OpenPGP that proves nothing.
    #[error("OpenPGP signature is not believed")]
    OpenPgp(#[from] OpenPgpError),
}

impl GitSignatureError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoList => one("add a `[[root]]` with `type = \"ssh\"`, `namespace = \"git\"` and the list's `file`"),
            Self::OpenPgp(OpenPgpError::Unknown { .. }) => {
                one("if you know the key, add its certificate as a `[[root]]` with `type = \"openpgp\"`")
            }
            _ => vec![],
        }
    }
}
