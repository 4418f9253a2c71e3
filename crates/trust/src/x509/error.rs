//! Why a certificate of a SPIFFE trust domain, or of a private authority, proves nothing.

use thiserror::Error;

/// Why a certificate that is none of Sigstore's proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what its fields are")]
pub enum X509Error {
    /// A root of the trust file that is none.
    #[error("{what} cannot be used: {reason}")]
    Root { what: &'static str, reason: String },
    /// Nobody in the trust file vouches for this trust domain.
    #[error("there is no root of type `spiffe` for the trust domain `{domain}`")]
    NoTrustDomain { domain: String },
    /// More of something than is looked at.
    #[error("there are {got} {what}, limit is {limit}")]
    TooMany { what: &'static str, got: usize, limit: usize },
    /// The same proof twice, as if it were two.
    #[error("the same timestamp is there twice")]
    Repeated,
    /// A member of the bundle that is not what it should be.
    #[error("`{member}` is malformed: {reason}")]
    Malformed { member: &'static str, reason: &'static str },
    /// A signature over an artifact alone.
    #[error(
        "signature is over an artifact alone; certificates that are none of Sigstore's are read for statements alone"
    )]
    NoStatement,
    /// A certificate that cannot be read.
    #[error("{whose} certificate cannot be read: {reason}")]
    Form { whose: &'static str, reason: String },
    /// The certificate names nobody, or several.
    #[error("certificate does not name one signer: {reason}")]
    Name { reason: &'static str },
    /// A name that is no SPIFFE id, or not one for this place.
    #[error("`{got}` is not a SPIFFE id of {whose} certificate: {reason}")]
    SpiffeId { got: String, whose: &'static str, reason: &'static str },
    /// A certificate that is for something else.
    #[error("{whose} certificate is not for this use: {reason}")]
    Usage { whose: &'static str, reason: &'static str },
    /// No way from the certificate to an authority.
    #[error("certificate is not one of an authority of the trust file: {reason}")]
    Chain { reason: String },
    /// Signed when a certificate was not valid.
    #[error("signed at a time at which {whose} certificate was not valid")]
    Validity { whose: &'static str },
    /// Nobody says when it was signed.
    #[error("no timestamp authority of the trust file says when it was signed, so the certificate proves nothing")]
    NoTime,
    /// A timestamp that is not of this signature or of no authority.
    #[error("timestamp does not hold, and there is no other, so the certificate proves nothing: {reason}")]
    Timestamp { reason: String },
    /// A key that cannot sign so.
    #[error("key cannot be used for this signature: {reason}")]
    Key { reason: String },
    /// The signature.
    #[error("signature does not hold for this content and key")]
    Signature,
}

impl X509Error {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Root { .. } => "name the file that the authority publishes",
            Self::NoTrustDomain { .. } => {
                "if you believe the trust domain, add `[[root]]` with `type = \"spiffe\"`, its `trust_domain` and the `file` of its bundle"
            }
            Self::TooMany { .. } => {
                "nobody needs so many proofs of one signature: get the bundle anew from its publisher"
            }
            Self::Repeated => "keep one of them; a proof counts once, however often it is there",
            Self::Malformed { .. } | Self::Form { .. } => {
                "the file was damaged or written by a tool with a bug: get it anew from its publisher"
            }
            Self::NoStatement => "sign a statement whose subject is the artifact",
            Self::Name { .. } | Self::SpiffeId { .. } => {
                "only a certificate with exactly one name can be compared with a row"
            }
            Self::Usage { .. } => {
                "let the authority give out a certificate for this use, as docs/trust-file.md describes it"
            }
            Self::Chain { .. } => {
                "send the certificates between the signer's and the root's along; is the root of the trust file the authority's, and up to date?"
            }
            Self::Validity { .. } => "what was signed after its certificate ran out must be signed anew",
            Self::NoTime => {
                "sign with an RFC 3161 timestamp over the signature, and name its authority as `[[root]]` of type `tsa` or in a trusted_root.json"
            }
            Self::Timestamp { .. } => {
                "the timestamp must be over this signature, by an authority that a `[[root]]` of type `tsa` or a trusted_root.json names"
            }
            Self::Key { .. } => "Ed25519, ECDSA P-256 and P-384, and RSA keys can be verified",
            Self::Signature => "content or signature was changed after signing: do not use it, and ask the publisher",
        };
        vec![hint.to_owned()]
    }
}
