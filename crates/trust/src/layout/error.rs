//! Why bytes are not a signed layout or link.

use lasthand_model::json::JsonError;
use thiserror::Error;

use super::certificate::CertificateError;
use crate::dsse::MAX_SIGNATURES;

/// Why a document is not a signed layout or link.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Not strict JSON, or not of the shape of a layout or link.
    #[error("document is not readable")]
    Json(#[source] JsonError),
    /// Neither `signed` with `signatures`, nor an envelope.
    #[error("document is neither a signed layout or link nor an envelope of one")]
    NotSigned,
    /// A member that has no place there.
    #[error("{place} has the member `{name}`, which has no place there")]
    Member {
        /// Where.
        place: &'static str,
        /// Its name, cut after 80 characters.
        name: String,
    },
    /// A member is not there, or of another shape.
    #[error("{place} has no `{name}`, or it has not the expected shape")]
    Missing {
        /// Where.
        place: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// Too many signatures.
    #[error("there are {got} signatures, expected at most {MAX_SIGNATURES}")]
    Signatures {
        /// How many there are.
        got: usize,
    },
    /// Two signatures under one key id: readers take one or the other.
    #[error("two signatures have the key id `{keyid}`")]
    SignedTwice {
        /// The key id, cut after 80 characters.
        keyid: String,
    },
    /// An envelope of something else.
    #[error("payload type is `{got}`, expected `application/vnd.in-toto+json`")]
    PayloadType {
        /// The type found, cut after 80 characters.
        got: String,
    },
    /// The payload is not base64.
    #[error("payload is not base64")]
    PayloadEncoding,
    /// A number that readers write differently.
    #[error("a number is not a whole one between -(2^53 - 1) and 2^53 - 1, so what was signed cannot be written anew")]
    Number,
    /// Neither layout nor link.
    #[error("`_type` is `{got}`, expected `{expected}`")]
    Type {
        /// The type found, cut after 80 characters.
        got: String,
        /// What it may be.
        expected: &'static str,
    },
    /// `expires` is no moment.
    #[error("`expires` is `{got}`, expected a moment such as `2027-01-31T00:00:00Z`")]
    Expires {
        /// The text, cut after 80 characters.
        got: String,
    },
    /// No signature of this name brings a certificate.
    #[error("no key that may do the step has an id that begins so, and there is no certificate")]
    NoCertificate,
    /// A certificate that makes nobody a functionary.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Not signed by a key that must have signed.
    #[error("no signature holds under the key {key}")]
    NotSignedBy {
        /// SHA-256 of its SubjectPublicKeyInfo.
        key: String,
    },
    /// Signed by a key that must have signed, under an id that is none of this key.
    #[error(
        "a signature holds under the key {key}, but its key id `{keyid}` is none that implementations give this key"
    )]
    OtherKeyId {
        /// SHA-256 of its SubjectPublicKeyInfo.
        key: String,
        /// The key id, cut after 80 characters.
        keyid: String,
    },
}

impl LayoutError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Member { .. } | Self::Missing { .. } => {
                vec!["implementations of in-toto disagree on such documents: write it anew and sign it".to_owned()]
            }
            Self::OtherKeyId { .. } => {
                vec!["other implementations do not find this signature: sign anew, or correct the `keyid`, which is not signed".to_owned()]
            }
            Self::NotSignedBy { .. } => {
                vec![
                    "give the key of whoever owns the layout with `--key`; the layout itself proves nothing".to_owned(),
                ]
            }
            _ => vec![],
        }
    }
}
