//! What held of a bundle, whichever way it was verified.

use sigstore_verify::VerificationResult;
use sigstore_verify::crypto::CertificateInfo;

use super::error::{Part, SigstoreError};

/// A time as Sigstore's crates tell it.
pub(super) type Time = jiff::Timestamp;

/// What held.
#[derive(Debug)]
pub(super) struct Held {
    /// The signer's certificate; none for a key.
    pub(super) certificate: Option<CertificateInfo>,
    /// Every proven time of signing.
    pub(super) times: Vec<Time>,
    /// That of them which a log gave.
    pub(super) integrated: Option<Time>,
}

impl Held {
    /// Takes what the library says about a certificate's bundle.
    ///
    /// # Errors
    /// [`SigstoreError::Refused`] when something was not looked at.
    pub(super) fn of_certificate(result: &VerificationResult) -> Result<Self, SigstoreError> {
        // SECURITY: the policy asked for all of it; a later version of the library must not make this weaker unseen.
        let held = [
            (result.certificate_verified(), Part::Chain),
            (result.sct_verified(), Part::CertificateLog),
            (result.tlog_verified(), Part::Log),
        ];
        match held.iter().find(|(held, _)| !held) {
            Some((_, part)) => Err(SigstoreError::Refused { part: *part, reason: format!("{part} was not looked at") }),
            None => Ok(Self::of(result)),
        }
    }

    /// Takes what the library says about a key's bundle.
    pub(super) fn of(result: &VerificationResult) -> Self {
        Self {
            certificate: result.certificate().cloned(),
            times: result.verified_timestamps().to_vec(),
            integrated: result.integrated_time(),
        }
    }
}
