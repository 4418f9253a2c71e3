//! Every check of a bundle once more, by our own hand over the crates of Sigstore.
//!
//! What it is for: statements that are only about git objects, which the library refuses to look at; and the reason of a refusal, of which
//! the library gives the words alone. Both ways give the same verdict on all bundles that both can judge: `same_verdicts` holds that.
//!
//! SPEC: Sigstore client specification, section 4 "Verification"; sigstore/protobuf-specs, sigstore_bundle.proto.

mod chain;
mod entry;
mod log;
mod scts;
mod stamper;
mod times;

use sigstore_verify::bundle::{ValidationOptions, validate_bundle_with_options};
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, VerificationKey, parse_certificate_info};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, DerPublicKey, HashAlgorithm, SignatureBytes, SignatureContent};

use super::error::SigstoreError;
use super::held::Held;

pub(super) use chain::verify as verify_chain;
pub(super) use log::verify_windows as verify_log_windows;
pub(super) use times::{stamped, without_strangers};

/// What is signed, besides what stands in the bundle.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signed<'a> {
    /// The payload of the bundle's envelope.
    Payload,
    /// An artifact with this digest.
    Digest(HashAlgorithm, &'a [u8]),
}

/// Who is asked to have signed.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// The holder of the bundle's certificate.
    Certificate,
    /// The holder of this key; then there is no chain, and time is not needed.
    Key(&'a DerPublicKey),
}

/// Checks a whole bundle by one root.
///
/// Out: who signed, and every proven time; at least one for a certificate. Cost: as for the library.
///
/// # Errors
/// The first check that does not hold, in the order of [`Part`](super::Part).
pub(super) fn verify(
    bundle: &Bundle,
    signed: Signed<'_>,
    by: By<'_>,
    root: &TrustedRoot,
) -> Result<Held, SigstoreError> {
    let certificate = match by {
        By::Certificate => Some(certificate(bundle)?),
        By::Key(_) => None,
    };
    if bundle.verification_material.tlog_entries.is_empty() {
        return Err(SigstoreError::NoEvidence);
    }
    validate_bundle_with_options(bundle, &ValidationOptions::new())?;
    each_once(bundle)?;
    let signature = signature(bundle)?;
    let (times, integrated) = times::proven(bundle, signature, root)?;
    if certificate.is_some() {
        if times.is_empty() {
            return Err(SigstoreError::NoTime);
        }
        let issuer = chain::verify(bundle, &times, root)?;
        scts::verify(bundle, &issuer, root)?;
    }
    log::verify(bundle, &times, root)?;
    let key = match (by, &certificate) {
        (By::Key(key), _) => key,
        (By::Certificate, Some(certificate)) => &certificate.public_key,
        (By::Certificate, None) => return Err(SigstoreError::NoCertificate),
    };
    verify_signature(bundle, signed, signature, key)?;
    entry::verify(bundle, signed, key)?;
    Ok(Held { certificate, times, integrated })
}

/// SECURITY: GHSA-9vcr-p3rj-q5q6: one proof that is there twice is one proof. Nobody needs it twice, so it is refused.
pub(super) fn each_once(bundle: &Bundle) -> Result<(), SigstoreError> {
    let material = &bundle.verification_material;
    let twice = |count: usize, same: &dyn Fn(usize, usize) -> bool| {
        (0..count).any(|first| (first + 1..count).any(|second| same(first, second)))
    };
    let stamps = &material.timestamp_verification_data.rfc3161_timestamps;
    if twice(stamps.len(), &|a, b| {
        stamps.get(a).map(|s| &s.signed_timestamp) == stamps.get(b).map(|s| &s.signed_timestamp)
    }) {
        return Err(SigstoreError::Repeated { what: "timestamp" });
    }
    let entries = &material.tlog_entries;
    // An entry is known by its place in a log, whatever else stands beside it.
    let place = |at: usize| entries.get(at).map(|entry| (&entry.log_id.key_id, entry.log_index));
    if twice(entries.len(), &|a, b| place(a) == place(b)) {
        return Err(SigstoreError::Repeated { what: "log entry" });
    }
    Ok(())
}

fn certificate(bundle: &Bundle) -> Result<sigstore_verify::crypto::CertificateInfo, SigstoreError> {
    let leaf = bundle.signing_certificate().ok_or(SigstoreError::NoCertificate)?;
    parse_certificate_info(leaf).map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })
}

fn signature(bundle: &Bundle) -> Result<&SignatureBytes, SigstoreError> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Ok(&envelope.signature.sig),
        SignatureContent::MessageSignature(message) => Ok(&message.signature),
        _ => Err(SigstoreError::Malformed { reason: "it holds neither envelope nor signature".to_owned() }),
    }
}

fn verify_signature(
    bundle: &Bundle,
    signed: Signed<'_>,
    signature: &SignatureBytes,
    key: &DerPublicKey,
) -> Result<(), SigstoreError> {
    let unusable = |error: sigstore_verify::crypto::Error| SigstoreError::Key { reason: error.to_string() };
    let algorithm = KeyAlgorithm::from_spki(key).map_err(unusable)?;
    let verifying = |scheme: SigningScheme| VerificationKey::from_spki_with_scheme(key, scheme).map_err(unusable);
    let held = match (&bundle.content, signed) {
        (SignatureContent::DsseEnvelope(envelope), _) => {
            verifying(algorithm.default_signing_scheme())?.verify(envelope.pae(), signature)
        }
        (SignatureContent::MessageSignature(_), Signed::Digest(hash, digest)) => {
            let scheme = algorithm.resolve_signing_scheme(hash).map_err(unusable)?;
            verifying(scheme)?.verify_prehashed(digest, signature)
        }
        _ => return Err(SigstoreError::NoDigest { what: "bundle does not say which digest its signature is over" }),
    };
    held.map_err(|_| SigstoreError::Signature)
}
