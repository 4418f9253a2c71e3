//! The way from the signer's certificate to an authority of the root.
//!
//! The last certificate of an authority's chain is the anchor; those before it are checked like any other. The library takes each of
//! them for an anchor, and so never asks whether an intermediate was valid (CVE-2026-24122).

use rustls_pki_types::{CertificateDer, UnixTime};
use sigstore_verify::crypto::WEBPKI_VERIFICATION_ALGS;
use sigstore_verify::trust_root::{CertificateAuthority, TrustedRoot};
use sigstore_verify::types::{Bundle, VerificationMaterialContent};
use webpki::{EndEntityCert, Error, KeyUsage};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::super::error::SigstoreError;
use super::super::held::Time;

/// SPEC: RFC 5280 section 4.2.1.12, `id-kp-codeSigning`, as the content of its object identifier.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// Finds a chain that holds at every proven time, and gives the public key (SubjectPublicKeyInfo) of the certificate's issuer.
pub(in super::super) fn verify(bundle: &Bundle, times: &[Time], root: &TrustedRoot) -> Result<Vec<u8>, SigstoreError> {
    let (leaf, sent) = certificates(&bundle.verification_material.content)?;
    let leaf = CertificateDer::from(leaf);
    let leaf =
        EndEntityCert::try_from(&leaf).map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })?;
    let mut issuer = None;
    // SECURITY: all of them. One time that is dated back must not make up for one that is too late.
    for time in times {
        issuer = Some(at(&leaf, &sent, *time, root)?);
    }
    issuer.ok_or(SigstoreError::NoTime)
}

fn certificates(content: &VerificationMaterialContent) -> Result<(&[u8], Vec<CertificateDer<'_>>), SigstoreError> {
    match content {
        VerificationMaterialContent::Certificate(only) => Ok((only.raw_bytes.as_bytes(), Vec::new())),
        VerificationMaterialContent::X509CertificateChain { certificates } => {
            let (leaf, rest) = certificates.split_first().ok_or(SigstoreError::NoCertificate)?;
            let rest = rest.iter().map(|sent| CertificateDer::from(sent.raw_bytes.as_bytes())).collect();
            Ok((leaf.raw_bytes.as_bytes(), rest))
        }
        _ => Err(SigstoreError::NoCertificate),
    }
}

/// The issuer's key, by the first authority of the root under which the chain holds at this time.
fn at(
    leaf: &EndEntityCert<'_>,
    sent: &[CertificateDer<'_>],
    time: Time,
    root: &TrustedRoot,
) -> Result<Vec<u8>, SigstoreError> {
    let mut reason = SigstoreError::AuthorityTime;
    let known = root.certificate_authorities.iter();
    for authority in known.filter(|authority| authority.valid_for.is_none_or(|window| window.contains(time))) {
        match by_authority(leaf, sent, time, authority) {
            Ok(issuer) => return Ok(issuer),
            // That the time is wrong says more than that another authority is not the one.
            Err(found) if !matches!(reason, SigstoreError::CertificateTime { .. }) => reason = found,
            Err(_) => {}
        }
    }
    Err(reason)
}

fn by_authority(
    leaf: &EndEntityCert<'_>,
    sent: &[CertificateDer<'_>],
    time: Time,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>, SigstoreError> {
    let chain: Vec<CertificateDer<'_>> = authority
        .cert_chain
        .certificates
        .iter()
        .map(|known| CertificateDer::from(known.raw_bytes.as_bytes()))
        .collect();
    let (top, between) = chain.split_last().ok_or(SigstoreError::AuthorityTime)?;
    let anchor =
        webpki::anchor_from_trusted_cert(top).map_err(|error| SigstoreError::Chain { reason: error.to_string() })?;
    // An anchor's own validity is asked by nobody else.
    if !is_valid(top, time) {
        return Err(SigstoreError::CertificateTime { whose: "an authority's" });
    }
    let between: Vec<CertificateDer<'_>> = between.iter().chain(sent).cloned().collect();
    let seconds = u64::try_from(time.as_second()).map_err(|_| SigstoreError::AuthorityTime)?;
    let anchors = [anchor];
    let path = leaf.verify_for_usage(
        WEBPKI_VERIFICATION_ALGS,
        &anchors,
        &between,
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
        KeyUsage::required(CODE_SIGNING),
        None,
        None,
    );
    let path = path.map_err(|error| match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => SigstoreError::CertificateTime { whose: "a" },
        error => SigstoreError::Chain { reason: error.to_string() },
    })?;
    Ok(path.issuer_spki().as_ref().to_vec())
}

fn is_valid(der: &CertificateDer<'_>, time: Time) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else { return false };
    let validity = certificate.tbs_certificate.validity;
    let Ok(seconds) = u64::try_from(time.as_second()) else { return false };
    (validity.not_before.to_unix_duration().as_secs()..=validity.not_after.to_unix_duration().as_secs())
        .contains(&seconds)
}
