//! Why a certificate's signature is not believed, sorted by the part that does not hold.

use std::error::Error as StdError;
use std::fmt;

use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::{CertificateError, Error as LibraryError, TransparencyLogError};
use thiserror::Error;

/// The part of a bundle, or of what it is verified by, that does not hold; in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The trusted root.
    Root,
    /// The shape of the bundle.
    Bundle,
    /// The certificate and its way to an authority of the root.
    Chain,
    /// The certificate's own log entry (signed certificate timestamp).
    CertificateLog,
    /// The time of signing.
    Time,
    /// The entry in the transparency log.
    Log,
    /// The digest that the signature should be over.
    Digest,
    /// The signature itself.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "sigstore root cannot be used",
            Self::Bundle => "bundle is malformed",
            Self::Chain => "certificate is not one of a known authority",
            Self::CertificateLog => "certificate is not shown to be logged",
            Self::Time => "time of signing is not proven, or is outside the certificate's validity",
            Self::Log => "entry of the transparency log does not hold",
            Self::Digest => "signature is over another digest than the bundle says",
            Self::Signature => "signature does not hold",
        })
    }
}

/// Why nothing in a bundle with a certificate may be believed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SigstoreError {
    /// The trust file has no root of type `sigstore`.
    #[error("there is no root of type `sigstore` to verify a certificate by")]
    NoRoot,
    /// Something does not hold under any root.
    #[error("{part}")]
    Rejected {
        /// What does not hold.
        part: Part,
        /// In which way.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// More of something than is looked at.
    #[error("there are {got} {what}, limit is {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many may be.
        limit: usize,
    },
    /// The certificate holds, but does not say in one way who signed.
    #[error("certificate does not name one signer: {reason}")]
    Identity {
        /// What is wrong with the name.
        reason: &'static str,
    },
    /// Nothing in it can be compared with an artifact.
    #[error("{what}")]
    NoDigest {
        /// What lacks a digest, and which.
        what: &'static str,
    },
}

impl SigstoreError {
    /// The part that does not hold; none when it is about the signer's name or our own limits.
    #[must_use]
    pub const fn part(&self) -> Option<Part> {
        match self {
            Self::Rejected { part, .. } => Some(*part),
            Self::NoRoot => Some(Part::Root),
            Self::NoDigest { .. } => Some(Part::Digest),
            Self::TooMany { .. } => Some(Part::Bundle),
            Self::Identity { .. } => None,
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoRoot => one(
                "add `[[root]]` with `type = \"sigstore\"` and the `file` of a trusted_root.json, and an `[[identity]]` row for the signer",
            ),
            Self::Rejected { part: Part::Chain | Part::CertificateLog, .. } => {
                one("the bundle may be of another Sigstore instance: a `[[root]]` for it must be in the trust file")
            }
            Self::Rejected { part: Part::Log, source } if source.to_string().contains("unknown transparency log") => {
                one("the trusted root may be older than the log: fetch a new one from its publisher")
            }
            _ => vec![],
        }
    }

    pub(super) fn rejected(part: Part, source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Rejected { part, source: Box::new(source) }
    }

    pub(super) fn words(part: Part, reason: &'static str) -> Self {
        Self::Rejected { part, source: reason.into() }
    }
}

impl From<LibraryError> for SigstoreError {
    fn from(error: LibraryError) -> Self {
        // The text of the library holds that of its own sources: as a chain, it would be said twice.
        Self::Rejected { part: part_of(&error), source: error.to_string().into() }
    }
}

fn part_of(error: &LibraryError) -> Part {
    match error {
        // The library tells a time outside the validity of a certificate of the chain in words only.
        LibraryError::Certificate(CertificateError::ChainInvalid(text))
            if ["CertExpired", "CertNotValidYet"].iter().any(|word| text.contains(word)) =>
        {
            Part::Time
        }
        LibraryError::SignatureInvalid(_) => Part::Signature,
        LibraryError::ArtifactMismatch(_) | LibraryError::UnsupportedArtifact(_) => Part::Digest,
        LibraryError::Certificate(CertificateError::Sct(_)) => Part::CertificateLog,
        LibraryError::Certificate(CertificateError::NotYetValid { .. } | CertificateError::Expired { .. })
        | LibraryError::TransparencyLog(TransparencyLogError::IntegratedTime(_))
        | LibraryError::Timestamp(_)
        | LibraryError::Bundle(BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp) => Part::Time,
        LibraryError::Certificate(_) => Part::Chain,
        LibraryError::TransparencyLog(_)
        | LibraryError::Bundle(
            BundleError::MissingInclusionPromise(_)
            | BundleError::MissingInclusionProof(_)
            | BundleError::MissingCheckpoint
            | BundleError::LogIndexOutOfRange { .. }
            | BundleError::CheckpointRootMismatch,
        ) => Part::Log,
        LibraryError::InvalidTrustRoot(_) | LibraryError::TrustRoot(_) | LibraryError::TrustedCertificate(_) => {
            Part::Root
        }
        _ => Part::Bundle,
    }
}
