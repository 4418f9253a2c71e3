//! When it was signed, as somebody says whom the root names: timestamp authorities, and logs of version 1.

use sigstore_verify::crypto::VerificationKey;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::tsa::{Error, TsaAuthority, verify_timestamp_for_authority};
use sigstore_verify::types::{
    Bundle, KindVersion, SignatureBytes, TimeRange, TimestampToken, TransparencyLogEntry,
};

use super::super::error::SigstoreError;
use super::super::held::Time;

/// Every proven time, and the earliest of those that a log gave. A source of time that does not hold is an error, not one less.
pub(super) fn proven(
    bundle: &Bundle,
    signature: &SignatureBytes,
    root: &TrustedRoot,
) -> Result<(Vec<Time>, Option<Time>), SigstoreError> {
    let material = &bundle.verification_material;
    let authorities = root.tsa_authorities();
    let mut times = Vec::new();
    for stamp in &material.timestamp_verification_data.rfc3161_timestamps {
        times.push(stamped(&stamp.signed_timestamp, signature, &authorities)?);
    }
    let mut integrated: Option<Time> = None;
    for entry in &material.tlog_entries {
        let Some(time) = promised(entry, root)? else { continue };
        integrated = Some(integrated.map_or(time, |known| known.min(time)));
        times.push(time);
    }
    Ok((times, integrated))
}

/// The time of one token, by the one authority that signed it.
fn stamped(
    token: &TimestampToken,
    signature: &SignatureBytes,
    authorities: &[TsaAuthority],
) -> Result<Time, SigstoreError> {
    let mut reason = SigstoreError::Timestamp { reason: "the root names no timestamp authority".to_owned() };
    for authority in authorities {
        // SECURITY: CVE-2026-39984: the signer is looked for among the authority's certificates, never among those that the token brings.
        match verify_timestamp_for_authority(token, signature, authority) {
            Ok(time) => return Ok(time),
            Err(Error::TimestampOutsideValidity { .. }) => reason = SigstoreError::TimestampAuthorityTime,
            Err(_) if reason == SigstoreError::TimestampAuthorityTime => {}
            Err(error) => reason = SigstoreError::Timestamp { reason: error.to_string() },
        }
    }
    Err(reason)
}

/// The time that a log of version 1 promised; none where there is no promise, since nobody signs the time otherwise.
fn promised(entry: &TransparencyLogEntry, root: &TrustedRoot) -> Result<Option<Time>, SigstoreError> {
    if entry.inclusion_promise.is_none() {
        return Ok(None);
    }
    verify_promise(entry, root)?;
    if entry.kind_version == KindVersion::HashedRekordV002 {
        return Ok(None);
    }
    match entry.integrated_time {
        Some(time) if is_future(time) => Err(SigstoreError::FutureTime),
        time => Ok(time),
    }
}

/// Whether this moment is still to come; the clock is the library's (see the crate's invariants).
pub(super) fn is_future(time: Time) -> bool {
    !TimeRange::new(time, None).is_valid()
}

/// Checks the signature of the log over entry, place and time.
///
/// SPEC: sigstore/rekor, "signed entry timestamp": canonical JSON of `body`, `integratedTime`, `logID`, `logIndex`.
fn verify_promise(entry: &TransparencyLogEntry, root: &TrustedRoot) -> Result<(), SigstoreError> {
    let Some(promise) = &entry.inclusion_promise else { return Err(SigstoreError::NoInclusionPromise) };
    let id = entry.log_id.key_id.as_bytes();
    let known = root.tlogs.iter().find(|log| log.log_id.key_id.as_bytes() == id);
    let known = known.filter(|log| match (log.public_key.valid_for, entry.integrated_time) {
        (None, _) => true,
        (Some(window), Some(time)) => window.contains(time),
        (Some(window), None) => !is_future(window.start),
    });
    let unknown = || SigstoreError::UnknownLog { log: hex::encode(id) };
    let log = known.ok_or_else(unknown)?;
    let key = VerificationKey::from_spki(&log.public_key.raw_bytes).map_err(|_| unknown())?;
    // The texts are base64 and hex, so nothing in them needs an escape.
    let message = format!(
        r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
        entry.canonicalized_body.to_base64(),
        entry.integrated_time.map_or(0, |time| time.as_second()),
        hex::encode(id),
        entry.log_index.get(),
    );
    let signature = SignatureBytes::new(promise.signed_entry_timestamp.as_bytes().to_vec());
    key.verify(message, &signature).map_err(|_| SigstoreError::InclusionPromise)
}
