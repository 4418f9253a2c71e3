//! What can be wrong with a bundle, each where it is made.

/// One thing that is wrong, with everything else right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// Nothing.
    None,

    /// The root knows the authority for an earlier time only.
    AuthorityWindow,
    /// The root knows the certificate log for an earlier time only.
    CertificateLogWindow,
    /// The root knows the logs for an earlier time only.
    LogWindow,
    /// The root knows the logs for a time to come only.
    LogKeyNotBegun,
    /// The root gives the time of its logs an end and no start.
    LogWithoutStart,
    /// The root knows the timestamp authority for an earlier time only.
    StampOutsideWindow,
    /// The certificate of the timestamp authority is for signing code, too; the timestamp names it.
    UnfitStamper,

    /// The certificate had run out when it was signed.
    CertificateRanOut,
    /// The certificate was not valid yet when it was signed.
    CertificateTooEarly,
    /// An authority of the chain had run out when it was signed; the certificate had not.
    IntermediateRanOut,
    /// The top of the chain had run out when it was signed; nothing below it had.
    TopRanOut,
    /// An authority of the same name, of another instance.
    StrangeAuthority,
    /// A certificate for something else than signing code.
    NoCodeSigning,
    /// A certificate with two names.
    TwoNames,
    /// A certificate with an extension twice.
    TwiceExtended,
    /// A certificate without issuer.
    NoIssuer,
    /// A certificate with two issuers, as old and as new certificates write it.
    TwoIssuers,
    /// A certificate that says something of its run that is no text.
    ClaimNotText,
    /// No certificate timestamp.
    NoSct,
    /// Two of them.
    TwoScts,
    /// One of a log that nobody knows.
    StrangeSct,
    /// One of another certificate.
    OtherSct,

    /// A timestamp over other bytes.
    StampOfOther,
    /// A timestamp of an authority that nobody knows, whose certificate comes with it.
    StrangeStamp,
    /// A timestamp of a stranger, with the authority's own certificate put first beside it.
    StrangeStampBehindKnown,
    /// A timestamp from before its authority's certificate.
    StampBeforeCertificate,
    /// A timestamp that names another certificate of its authority, of the same key, issuer and number.
    StampOfOtherCertificate,
    /// A timestamp that names no certificate.
    StampOfNoCertificate,
    /// The same timestamp twice.
    StampTwice,
    /// A timestamp from when the certificate had run out, beside a log's time that fits.
    LateStamp,
    /// Nobody says when.
    NoTime,

    /// The promise is over another time.
    PromiseOfOtherTime,
    /// The promise is somebody else's.
    StrangePromise,
    /// The promise is of a time after the certificate.
    LatePromise,
    /// The promise is of a time that has not come, and so is the certificate.
    FuturePromise,
    /// A log that nobody knows.
    StrangeLog,
    /// A hash of the proof is another one.
    ProofHash,
    /// No proof.
    NoProof,
    /// No promise.
    NoPromise,
    /// No checkpoint.
    NoCheckpoint,
    /// A checkpoint of another tree, well signed.
    CheckpointOfOtherTree,
    /// A checkpoint that only a witness signed.
    StrangeCheckpoint,
    /// A checkpoint with a signature in the log's name that is not its.
    CheckpointSignature,
    /// A checkpoint that nobody signed.
    CheckpointUnsigned,
    /// A checkpoint without origin.
    CheckpointOrigin,
    /// A checkpoint without size.
    CheckpointSize,
    /// A checkpoint without root hash.
    CheckpointRoot,
    /// The place of the entry is below zero.
    NegativeIndex,
    /// The same entry twice.
    EntryTwice,

    /// The entry is of another content.
    EntryDigest,
    /// The entry is of another signature by the same certificate.
    EntrySignature,
    /// The entry is of another certificate over the same key.
    EntryKey,
    /// The entry is of another content, signature and certificate: a good one, of somebody else.
    EntryOfOther,
    /// The body of the entry is no JSON.
    EntryRubbish,
    /// The signature is over another content.
    OtherContent,
    /// The digest that the bundle names is another one.
    OtherDigest,
    /// A line break within the base64 of a timestamp.
    BrokenBase64,
    /// Something else than base64 as signature.
    BrokenSignature,
    /// A version that there is not.
    MediaType,
    /// A chain where one certificate is allowed.
    ChainInBundle,
    /// A chain of nothing.
    EmptyChain,
}

impl Flaw {
    /// Every one, but none.
    pub const ALL: &'static [Self] = &[
        Self::AuthorityWindow,
        Self::CertificateLogWindow,
        Self::LogWindow,
        Self::LogKeyNotBegun,
        Self::LogWithoutStart,
        Self::StampOutsideWindow,
        Self::UnfitStamper,
        Self::CertificateRanOut,
        Self::CertificateTooEarly,
        Self::IntermediateRanOut,
        Self::TopRanOut,
        Self::StrangeAuthority,
        Self::NoCodeSigning,
        Self::TwoNames,
        Self::TwiceExtended,
        Self::NoIssuer,
        Self::TwoIssuers,
        Self::ClaimNotText,
        Self::NoSct,
        Self::TwoScts,
        Self::StrangeSct,
        Self::OtherSct,
        Self::StampOfOther,
        Self::StrangeStamp,
        Self::StrangeStampBehindKnown,
        Self::StampBeforeCertificate,
        Self::StampOfOtherCertificate,
        Self::StampOfNoCertificate,
        Self::StampTwice,
        Self::LateStamp,
        Self::NoTime,
        Self::PromiseOfOtherTime,
        Self::StrangePromise,
        Self::LatePromise,
        Self::FuturePromise,
        Self::StrangeLog,
        Self::ProofHash,
        Self::NoProof,
        Self::NoPromise,
        Self::NoCheckpoint,
        Self::CheckpointOfOtherTree,
        Self::StrangeCheckpoint,
        Self::CheckpointSignature,
        Self::CheckpointUnsigned,
        Self::CheckpointOrigin,
        Self::CheckpointSize,
        Self::CheckpointRoot,
        Self::NegativeIndex,
        Self::EntryTwice,
        Self::EntryDigest,
        Self::EntrySignature,
        Self::EntryKey,
        Self::EntryOfOther,
        Self::EntryRubbish,
        Self::OtherContent,
        Self::OtherDigest,
        Self::BrokenBase64,
        Self::BrokenSignature,
        Self::MediaType,
        Self::ChainInBundle,
        Self::EmptyChain,
    ];
}
