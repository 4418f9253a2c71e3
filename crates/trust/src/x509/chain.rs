//! The way from a signer's certificate to an authority of the trust file, at one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext, anchor_from_trusted_cert, aws_lc_rs,
};
use x509_cert::der::asn1::ObjectIdentifier;

use super::certificate::Read;
use super::error::X509Error;

/// How certificates may be signed. SHA-1, RSA below 2048 bits, and curves below P-256 are not among them.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    aws_lc_rs::ECDSA_P256_SHA256,
    aws_lc_rs::ECDSA_P256_SHA384,
    aws_lc_rs::ECDSA_P384_SHA256,
    aws_lc_rs::ECDSA_P384_SHA384,
    aws_lc_rs::ECDSA_P521_SHA256,
    aws_lc_rs::ECDSA_P521_SHA384,
    aws_lc_rs::ECDSA_P521_SHA512,
    aws_lc_rs::ED25519,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA384,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA512,
    aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// What is asked of a path beside that it holds.
pub(crate) struct Demand<'d> {
    /// Purposes of which a certificate that lists purposes must list one.
    pub(crate) purposes: &'d [ObjectIdentifier],
    /// What every authority on the way must be, the last one included.
    pub(crate) authority: &'d dyn Fn(&Read) -> Result<(), X509Error>,
}

impl ExtendedKeyUsageValidator for Demand<'_> {
    fn validate(&self, ids: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut lists_any = false;
        for id in ids {
            lists_any = true;
            let id = id?;
            if self.purposes.iter().any(|purpose| id == KeyPurposeId::new(purpose.as_bytes())) {
                return Ok(());
            }
        }
        let fault = RequiredEkuNotFoundContext { required: KeyUsage::client_auth(), present: Vec::new() };
        if lists_any { Err(Error::RequiredEkuNotFoundContext(fault)) } else { Ok(()) }
    }
}

/// Finds a path that holds at this moment: signatures, validity, authority bits, path lengths, name constraints, purposes.
///
/// In: the signer's certificate, those that came with it in any order, and the authorities. Cost: bounded by the library, times the number
/// of authorities.
///
/// Constraints of DNS names are honoured. A path with constraints of another kind that meets such a name is refused, since nobody here can read them.
///
/// # Errors
/// [`X509Error`]: why the path to the authority that came nearest does not hold.
pub(crate) fn verify(
    leaf: &Read,
    sent: &[Vec<u8>],
    authorities: &[Read],
    moment: i64,
    demand: &Demand<'_>,
) -> Result<(), X509Error> {
    let der = leaf.der();
    let end = EndEntityCert::try_from(&der)
        .map_err(|error| X509Error::Form { whose: "the signer's", reason: error.to_string() })?;
    let between: Vec<CertificateDer<'_>> = sent.iter().map(|sent| CertificateDer::from(sent.as_slice())).collect();
    check_names(sent)?;
    let mut reason = X509Error::Chain { reason: "there is no authority".to_owned() };
    for authority in authorities {
        match by_authority(&end, &between, authority, moment, demand) {
            Ok(()) => return Ok(()),
            // That another authority is not the one says least.
            Err(found) if matches!(reason, X509Error::Chain { .. }) => reason = found,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// LIMIT: authorities of one name that may be sent. Each could stand for the other, so every order of them is tried, at every moment and for
/// every authority of the trust file; with three that are 16. Keys that are exchanged, and authorities of SPIRE below each other, have one name.
const OF_ONE_NAME: usize = 3;

/// Refuses certificates of one name beyond the limit, and one that is sent twice.
fn check_names(sent: &[Vec<u8>]) -> Result<(), X509Error> {
    let fault = |reason: &str| X509Error::Form { whose: "an authority's", reason: reason.to_owned() };
    let mut known: BTreeMap<Vec<u8>, Vec<&[u8]>> = BTreeMap::new();
    for der in sent {
        let named = known.entry(Read::parse(der, "an authority's")?.subject().to_vec()).or_default();
        if named.contains(&der.as_slice()) {
            return Err(fault("one certificate was sent twice"));
        }
        named.push(der);
        if named.len() > OF_ONE_NAME {
            return Err(fault("more than three certificates of one name were sent"));
        }
    }
    Ok(())
}

fn by_authority(
    end: &EndEntityCert<'_>,
    between: &[CertificateDer<'_>],
    authority: &Read,
    moment: i64,
    demand: &Demand<'_>,
) -> Result<(), X509Error> {
    let chain = |error: Error| match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => X509Error::Validity { whose: "a" },
        Error::RequiredEkuNotFoundContext(_) => {
            X509Error::Usage { whose: "a", reason: "none of its purposes is the one asked for" }
        }
        error => X509Error::Chain { reason: error.to_string() },
    };
    let seconds = u64::try_from(moment).map_err(|_| X509Error::Validity { whose: "a" })?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let der = authority.der();
    let anchors = [anchor_from_trusted_cert(&der).map_err(chain)?];
    let path = end.verify_for_usage(ALGORITHMS, &anchors, between, time, demand, None, None).map_err(chain)?;
    // The library takes an anchor as it is: neither its validity nor its use nor its path length is asked by anybody else.
    if !authority.is_valid(moment) {
        return Err(X509Error::Validity { whose: "an authority's" });
    }
    (demand.authority)(authority)?;
    let mut count = 0;
    for between in path.intermediate_certificates() {
        (demand.authority)(&Read::parse(&between.der(), "an authority's")?)?;
        count += 1;
    }
    if authority.path_limit().is_some_and(|limit| count > usize::from(limit)) {
        let reason = "there are more authorities between them than the last one allows".to_owned();
        return Err(X509Error::Chain { reason });
    }
    Ok(())
}
