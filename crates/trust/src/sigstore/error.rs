//! Why a certificate's signature is not believed: one variant for each thing that can be wrong.

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
    /// The time of signing.
    Time,
    /// The certificate and its way to an authority of the root.
    Chain,
    /// The certificate's own log entry (signed certificate timestamp).
    CertificateLog,
    /// The entry in the transparency log.
    Log,
    /// The signature itself.
    Signature,
    /// That the log entry is of this signature.
    Entry,
    /// The name of the signer.
    Signer,
}

impl Part {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Bundle => "bundle",
            Self::Time => "time",
            Self::Chain => "certificate",
            Self::CertificateLog => "certificate log",
            Self::Log => "transparency log",
            Self::Signature => "signature",
            Self::Entry => "log entry",
            Self::Signer => "signer",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why nothing in a bundle with a certificate may be believed.
///
/// Where a reason is given in words, they are those of the library that found it; what is wrong is told by the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what its fields are")]
pub enum SigstoreError {
    /// The trust file has no root of type `sigstore`.
    #[error("there is no root of type `sigstore` to verify a certificate by")]
    NoRoot,
    /// A root by which no certificate is verified.
    #[error("bundle is signed by the holder of a certificate, and root is read for keys alone")]
    ForKeys,
    /// More of something than is looked at.
    #[error("there are {got} {what}, limit is {limit}")]
    TooMany { what: &'static str, got: usize, limit: usize },
    /// The same proof twice, as if it were two.
    #[error("the same {what} is there twice")]
    Repeated { what: &'static str },
    /// The bundle is not one.
    #[error("bundle is malformed: {reason}")]
    Malformed { reason: String },
    /// A member that should be base64.
    #[error("`{member}` is not base64 in its standard form")]
    Encoding { member: &'static str },
    /// A checkpoint that is none.
    #[error("checkpoint is malformed: {reason}")]
    CheckpointForm { reason: String },
    /// A position that is no number, or outside the tree.
    #[error("position of the log entry is not one of its tree")]
    LogIndex,
    /// A chain without certificates.
    #[error("certificate chain is empty")]
    NoCertificate,
    /// A chain where the version of the bundle allows one certificate.
    #[error("bundle of this version may hold one certificate, it holds a chain")]
    ChainInBundle,
    /// No log entry.
    #[error("bundle has no log entry")]
    NoEvidence,
    /// No proof that the signature was logged.
    #[error("log entry has no inclusion proof")]
    NoInclusionProof,
    /// A bundle v0.1 without promise.
    #[error("log entry has no inclusion promise")]
    NoInclusionPromise,
    /// A proof that leads to no signed root.
    #[error("inclusion proof has no checkpoint")]
    NoCheckpoint,
    /// Nobody says when it was signed.
    #[error("no log and no timestamp authority says when it was signed, so the certificate proves nothing")]
    NoTime,
    /// A timestamp that is not of this signature or of no authority of the root.
    #[error("timestamp does not hold: {reason}")]
    Timestamp { reason: String },
    /// A timestamp from outside the time of its authority.
    #[error("timestamp is from outside the time for which the root knows its authority")]
    TimestampAuthorityTime,
    /// A time that has not come.
    #[error("log dates the signature in the future")]
    FutureTime,
    /// A certificate that cannot be read.
    #[error("certificate cannot be read: {reason}")]
    CertificateForm { reason: String },
    /// No way from the certificate to an authority.
    #[error("certificate is not one of an authority of the root: {reason}")]
    Chain { reason: String },
    /// The root knows no authority for this time.
    #[error("root knows no certificate authority for the time of signing")]
    AuthorityTime,
    /// Signed when a certificate of the chain was not valid.
    #[error("signed at a time at which {whose} certificate was not valid")]
    CertificateTime { whose: &'static str },
    /// The certificate's own log entry.
    #[error("certificate is not shown to be in a certificate log of the root: {reason}")]
    CertificateLog { reason: String },
    /// A log that the root does not know, or not for this time.
    #[error("root knows no transparency log `{log}` for the time of the entry")]
    UnknownLog { log: String },
    /// The promise does not hold.
    #[error("inclusion promise does not hold for this entry and time")]
    InclusionPromise,
    /// The proof does not hold.
    #[error("inclusion proof does not lead to the root of its tree")]
    InclusionProof,
    /// Checkpoint and proof are of two trees.
    #[error("checkpoint is of another tree than the inclusion proof")]
    CheckpointRoot,
    /// Nobody known signed the checkpoint.
    #[error("no signature of the checkpoint names a log of the root")]
    CheckpointKey,
    /// A signature of the checkpoint that is not its log's.
    #[error("signature of the checkpoint is not that of the log it names")]
    CheckpointSignature,
    /// The signature.
    #[error("signature does not hold for this content and key")]
    Signature,
    /// A key that cannot sign so.
    #[error("key cannot be used for this signature: {reason}")]
    Key { reason: String },
    /// A log entry that cannot be read.
    #[error("log entry cannot be read: {reason}")]
    EntryForm { reason: String },
    /// A log entry of a kind that does not say what is needed.
    #[error("log entry of kind `{kind}` does not go with {content}")]
    EntryKind { kind: String, content: &'static str },
    /// The log entry is of another content.
    #[error("log entry is of another content")]
    EntryDigest,
    /// The log entry is of another signature.
    #[error("log entry is of another signature")]
    EntrySignature,
    /// The log entry is of another key.
    #[error("log entry is of another certificate or key")]
    EntryKey,
    /// Proofs of a signature by a key that no entry has.
    #[error("log entries or timestamps cannot be compared with the key of this signature")]
    UncheckedLog,
    /// The certificate holds, but does not say in one way who signed.
    #[error("certificate does not name one signer: {reason}")]
    Identity { reason: &'static str },
    /// Nothing in it can be compared with an artifact.
    #[error("{what}")]
    NoDigest { what: &'static str },
    /// The library refuses what our own checks have nothing against.
    #[error("bundle is refused: {reason}")]
    Refused { part: Part, reason: String },
}

impl SigstoreError {
    /// The part that does not hold.
    #[must_use]
    pub const fn part(&self) -> Part {
        match self {
            Self::NoRoot | Self::ForKeys => Part::Root,
            Self::TooMany { .. }
            | Self::Repeated { .. }
            | Self::Malformed { .. }
            | Self::Encoding { .. }
            | Self::CheckpointForm { .. }
            | Self::LogIndex
            | Self::NoCertificate
            | Self::ChainInBundle
            | Self::NoEvidence
            | Self::NoInclusionProof
            | Self::NoInclusionPromise
            | Self::NoCheckpoint
            | Self::NoDigest { .. } => Part::Bundle,
            Self::NoTime | Self::Timestamp { .. } | Self::TimestampAuthorityTime | Self::FutureTime => Part::Time,
            Self::CertificateForm { .. } | Self::Chain { .. } | Self::AuthorityTime | Self::CertificateTime { .. } => {
                Part::Chain
            }
            Self::CertificateLog { .. } => Part::CertificateLog,
            Self::UnknownLog { .. }
            | Self::InclusionPromise
            | Self::InclusionProof
            | Self::CheckpointRoot
            | Self::CheckpointKey
            | Self::CheckpointSignature => Part::Log,
            Self::Signature | Self::Key { .. } => Part::Signature,
            Self::EntryForm { .. }
            | Self::EntryKind { .. }
            | Self::EntryDigest
            | Self::EntrySignature
            | Self::EntryKey
            | Self::UncheckedLog => Part::Entry,
            Self::Identity { .. } => Part::Signer,
            Self::Refused { part, .. } => *part,
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![self.hint().to_owned()]
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::NoRoot => {
                "add `[[root]]` with `type = \"sigstore\"` and the `file` of a trusted_root.json, and an `[[identity]]` row for the signer"
            }
            Self::ForKeys => {
                "get the bundle that the key signed; or, if this signer is the one, expect a certificate's identity and issuer instead of a key"
            }
            Self::TooMany { .. } => {
                "nobody needs so many proofs of one signature: get the bundle anew from its publisher"
            }
            Self::Repeated { .. } => "keep one of them; a proof counts once, however often it is there",
            Self::Malformed { .. } | Self::Encoding { .. } | Self::LogIndex | Self::CheckpointForm { .. } => {
                "the file was damaged or written by a tool with a bug: get it anew from its publisher"
            }
            Self::NoCertificate | Self::ChainInBundle | Self::CertificateForm { .. } => {
                "bundles v0.3 hold the signer's certificate alone, older ones a chain that begins with it: make the bundle anew"
            }
            Self::NoEvidence | Self::NoInclusionProof | Self::NoInclusionPromise | Self::NoCheckpoint => {
                "sign with a transparency log, or get the proof from the log and make the bundle anew"
            }
            Self::NoTime => {
                "sign with a timestamp authority, or with a log that promises a time; entries of logs of version 2 need a timestamp"
            }
            Self::Timestamp { .. } | Self::TimestampAuthorityTime => {
                "the timestamp must be over this signature, by an authority that the root names for that time: is the root of the same instance, and up to date?"
            }
            Self::FutureTime => "compare the clock of this machine; else the log's time cannot be believed",
            Self::Chain { .. } | Self::AuthorityTime | Self::CertificateLog { .. } => {
                "the bundle may be of another Sigstore instance: a `[[root]]` for it must be in the trust file"
            }
            Self::CertificateTime { .. } => "what was signed after its certificate ran out must be signed anew",
            Self::UnknownLog { .. } | Self::CheckpointKey => {
                "the root may be older than the log, or of another instance: get a new one from its publisher"
            }
            Self::InclusionPromise | Self::InclusionProof | Self::CheckpointRoot | Self::CheckpointSignature => {
                "the entry was changed, or never logged: do not use it, and ask the publisher"
            }
            Self::Signature => "content or signature was changed after signing: do not use it, and ask the publisher",
            Self::Key { .. } => "ECDSA P-256 and P-384, RSA, and for statements Ed25519, can be verified",
            Self::EntryForm { .. } | Self::EntryKind { .. } => {
                "the log holds this entry for something else: make the bundle anew with the entry of this signature"
            }
            Self::EntryDigest | Self::EntrySignature | Self::EntryKey => {
                "the proofs are those of something else that was signed: do not use it, and ask the publisher"
            }
            Self::UncheckedLog => {
                "give the envelope without the log's proofs: signatures of SSH are verified by a list of allowed signers alone"
            }
            Self::Identity { .. } => "only a certificate with exactly one name can be compared with a row",
            Self::NoDigest { .. } => "sign the SHA-256 of the artifact, or a statement whose subject has one",
            Self::Refused { .. } => "get the bundle anew from its publisher",
        }
    }
}

/// The library's own verdict, where our checks give no reason.
impl From<LibraryError> for SigstoreError {
    fn from(error: LibraryError) -> Self {
        let reason = error.to_string();
        match error {
            LibraryError::Bundle(error) => error.into(),
            LibraryError::SignatureInvalid(_) => Self::Signature,
            LibraryError::Certificate(CertificateError::Malformed(reason)) => Self::CertificateForm { reason },
            LibraryError::Certificate(CertificateError::Sct(reason)) => Self::CertificateLog { reason },
            LibraryError::Certificate(CertificateError::NoValidAuthority { .. }) => Self::AuthorityTime,
            LibraryError::Certificate(_) => Self::Refused { part: Part::Chain, reason },
            LibraryError::Timestamp(_) => Self::Refused { part: Part::Time, reason },
            LibraryError::TransparencyLog(TransparencyLogError::IntegratedTime(_)) => {
                Self::Refused { part: Part::Time, reason }
            }
            LibraryError::TransparencyLog(_) => Self::Refused { part: Part::Log, reason },
            LibraryError::ArtifactMismatch(_) => Self::EntryDigest,
            LibraryError::InvalidTrustRoot(_) | LibraryError::TrustRoot(_) | LibraryError::TrustedCertificate(_) => {
                Self::Refused { part: Part::Root, reason }
            }
            _ => Self::Refused { part: Part::Bundle, reason },
        }
    }
}

impl From<BundleError> for SigstoreError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::MissingInclusionPromise(_) => Self::NoInclusionPromise,
            BundleError::MissingInclusionProof(_) => Self::NoInclusionProof,
            BundleError::MissingCheckpoint => Self::NoCheckpoint,
            BundleError::LogIndexOutOfRange { .. } => Self::LogIndex,
            BundleError::CheckpointRootMismatch => Self::CheckpointRoot,
            BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp => Self::NoEvidence,
            BundleError::CertificateChainNotAllowed(_) => Self::ChainInBundle,
            error => Self::Malformed { reason: error.to_string() },
        }
    }
}
