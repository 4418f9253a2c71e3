//! The certificate's own log entry: the signed certificate timestamp that stands in it.
//!
//! SPEC: RFC 6962 section 3.2 and 3.3; section 3.1 for what of a certificate is signed.

use sigstore_verify::crypto::{SigningScheme, VerificationKey, sha256};
use sigstore_verify::trust_root::{CertificateTransparencyLog, TrustedRoot};
use sigstore_verify::types::{Bundle, SignatureBytes};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SignedCertificateTimestampList;
use x509_cert::ext::pkix::sct::{HashAlgorithm, SignatureAlgorithm, SignedCertificateTimestamp};

use super::super::error::SigstoreError;

const LIST: &str = "1.3.6.1.4.1.11129.2.4.2";

/// Checks that a log of the root promised to log the certificate, while the root knows the log.
///
/// In: the public key of the verified issuer, in DER.
pub(super) fn verify(bundle: &Bundle, issuer: &[u8], root: &TrustedRoot) -> Result<(), SigstoreError> {
    let leaf = bundle.signing_certificate().ok_or(SigstoreError::NoCertificate)?;
    let certificate = Certificate::from_der(leaf.as_bytes())
        .map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })?;
    let sct = only_one(&certificate)?;
    let scheme = scheme(&sct)?;
    let log = root.ctlogs.iter().find(|log| log.log_id.key_id.as_bytes() == sct.log_id.key_id);
    let log = log.ok_or_else(|| refuse("it names a log that the root does not know"))?;
    if !knows_at(log, sct.timestamp) {
        return Err(refuse("it is from outside the time for which the root knows the log"));
    }
    let message = signed_bytes(certificate, &sct, issuer)?;
    let key =
        VerificationKey::from_der(&log.public_key.raw_bytes, scheme).map_err(|error| refuse(&error.to_string()))?;
    let signature = SignatureBytes::new(sct.signature.signature.as_slice().to_vec());
    key.verify(message, &signature).map_err(|_| refuse("its signature does not hold"))
}

fn refuse(reason: &str) -> SigstoreError {
    SigstoreError::CertificateLog { reason: reason.to_owned() }
}

fn only_one(certificate: &Certificate) -> Result<SignedCertificateTimestamp, SigstoreError> {
    let list = certificate.tbs_certificate.get::<SignedCertificateTimestampList>();
    let Ok(Some((_, list))) = list else { return Err(refuse("there is no signed certificate timestamp in it")) };
    let scts = list.parse_timestamps().map_err(|_| refuse("its list of timestamps cannot be read"))?;
    match scts.as_slice() {
        [only] => only.parse_timestamp().map_err(|_| refuse("its timestamp cannot be read")),
        _ => Err(refuse("there is not exactly one timestamp in it")),
    }
}

fn scheme(sct: &SignedCertificateTimestamp) -> Result<SigningScheme, SigstoreError> {
    match (&sct.signature.algorithm.hash, &sct.signature.algorithm.signature) {
        (HashAlgorithm::Sha256, SignatureAlgorithm::Ecdsa) => Ok(SigningScheme::EcdsaP256Sha256),
        (HashAlgorithm::Sha384, SignatureAlgorithm::Ecdsa) => Ok(SigningScheme::EcdsaP384Sha384),
        (HashAlgorithm::Sha256, SignatureAlgorithm::Rsa) => Ok(SigningScheme::RsaPkcs1Sha256),
        (HashAlgorithm::Sha384, SignatureAlgorithm::Rsa) => Ok(SigningScheme::RsaPkcs1Sha384),
        (HashAlgorithm::Sha512, SignatureAlgorithm::Rsa) => Ok(SigningScheme::RsaPkcs1Sha512),
        _ => Err(refuse("its algorithm is not one that is known")),
    }
}

fn knows_at(log: &CertificateTransparencyLog, millis: u64) -> bool {
    let Ok(millis) = i64::try_from(millis) else { return false };
    jiff::Timestamp::from_millisecond(millis)
        .is_ok_and(|time| log.public_key.valid_for.is_none_or(|window| window.contains(time)))
}

/// `CertificateTimestamp`: the certificate as it was before the log answered, under its issuer's key.
fn signed_bytes(
    mut certificate: Certificate,
    sct: &SignedCertificateTimestamp,
    issuer: &[u8],
) -> Result<Vec<u8>, SigstoreError> {
    let before = &mut certificate.tbs_certificate;
    if let Some(extensions) = &mut before.extensions {
        extensions.retain(|extension| extension.extn_id.to_string() != LIST);
    }
    let before = before.to_der().map_err(|error| refuse(&error.to_string()))?;
    let extensions = sct.extensions.as_slice();
    let length = u32::try_from(before.len()).ok().filter(|length| *length < 1 << 24);
    let length = length.ok_or_else(|| refuse("it is too large"))?.to_be_bytes();
    let extra = u16::try_from(extensions.len()).map_err(|_| refuse("its extensions are too large"))?;
    // Version 1, of a certificate, at a time, of a certificate before its log entry.
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&sct.timestamp.to_be_bytes());
    bytes.extend_from_slice(&1u16.to_be_bytes());
    bytes.extend_from_slice(sha256(issuer).as_bytes());
    bytes.extend_from_slice(length.get(1..).unwrap_or_default());
    bytes.extend_from_slice(&before);
    bytes.extend_from_slice(&extra.to_be_bytes());
    bytes.extend_from_slice(extensions);
    Ok(bytes)
}
