//! When it was signed, as somebody says whom the root names: timestamp authorities, and logs of version 1.

use std::borrow::Cow;

use sigstore_verify::crypto::VerificationKey;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::tsa::{Error, TsaAuthority, verify_timestamp_for_authority};
use sigstore_verify::types::{Bundle, KindVersion, SignatureBytes, TimeRange, TimestampToken, TransparencyLogEntry};

use super::super::error::SigstoreError;
use super::super::held::Time;
use super::stamper;

/// Every proven time, and the earliest of those that a log gave.
///
/// A timestamp that no authority of the root made is nobody's word, and passed over: whoever has the bundle could take it out, too. A
/// promise that does not hold is an error, since it is part of a log entry.
///
/// # Errors
/// Where no time is left, why the first timestamp does not count.
pub(super) fn proven(
    bundle: &Bundle,
    signature: &SignatureBytes,
    root: &TrustedRoot,
) -> Result<(Vec<Time>, Option<Time>), SigstoreError> {
    let material = &bundle.verification_material;
    let authorities = root.tsa_authorities();
    let (mut times, mut passed_over) = (Vec::new(), None);
    for stamp in &material.timestamp_verification_data.rfc3161_timestamps {
        match stamped(&stamp.signed_timestamp, signature, &authorities) {
            Ok(time) => times.push(time),
            Err(error) => passed_over = passed_over.or(Some(error)),
        }
    }
    let mut integrated: Option<Time> = None;
    for entry in &material.tlog_entries {
        let Some(time) = promised(entry, root)? else { continue };
        integrated = Some(integrated.map_or(time, |known| known.min(time)));
        times.push(time);
    }
    match passed_over.filter(|_| times.is_empty()) {
        Some(error) => Err(error),
        None => Ok((times, integrated)),
    }
}

/// The bundle without the timestamps that [`proven`] passes over; for the library, which refuses a bundle that has one.
pub(in super::super) fn without_strangers<'b>(
    bundle: &'b Bundle,
    root: &TrustedRoot,
) -> Result<Cow<'b, Bundle>, SigstoreError> {
    let stamps = &bundle.verification_material.timestamp_verification_data.rfc3161_timestamps;
    if stamps.is_empty() {
        return Ok(Cow::Borrowed(bundle));
    }
    let (signature, authorities) = (super::signature(bundle)?, root.tsa_authorities());
    let holds = |token: &TimestampToken| stamped(token, signature, &authorities).is_ok();
    if stamps.iter().all(|stamp| holds(&stamp.signed_timestamp)) {
        return Ok(Cow::Borrowed(bundle));
    }
    let mut rest = bundle.clone();
    rest.verification_material
        .timestamp_verification_data
        .rfc3161_timestamps
        .retain(|stamp| holds(&stamp.signed_timestamp));
    Ok(Cow::Owned(rest))
}

/// The time of one token, by the one authority that signed it.
pub(in super::super) fn stamped(
    token: &TimestampToken,
    signature: &SignatureBytes,
    authorities: &[TsaAuthority],
) -> Result<Time, SigstoreError> {
    let mut reason = SigstoreError::Timestamp { reason: "the root names no timestamp authority".to_owned() };
    for authority in authorities {
        match by_authority(token, signature, authority) {
            Ok(time) => return Ok(time),
            // That the time is wrong says more than that another authority is not the one.
            Err(_) if reason == SigstoreError::TimestampAuthorityTime => {}
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

fn by_authority(
    token: &TimestampToken,
    signature: &SignatureBytes,
    authority: &TsaAuthority,
) -> Result<Time, SigstoreError> {
    // SECURITY: CVE-2026-39984: the signer is looked for among the authority's certificates, never among those that the token brings.
    let time = verify_timestamp_for_authority(token, signature, authority).map_err(|error| match error {
        Error::TimestampOutsideValidity { .. } => SigstoreError::TimestampAuthorityTime,
        error => SigstoreError::Timestamp { reason: error.to_string() },
    })?;
    // A root with an authority that is unfit is still good for what rests on nothing of that authority.
    stamper::verify(token.as_bytes(), authority.leaf.as_bytes())
        .map_err(|reason| SigstoreError::Timestamp { reason })?;
    Ok(time)
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
