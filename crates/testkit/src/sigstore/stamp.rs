//! RFC 3161 timestamps.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA384, digest};

use super::der::{element, generalized_time, integer, octets, oid, sequence, set, tagged};
use super::log::sha256;
use super::x509::{ECDSA_SHA256, Key, name};

const SHA256_ID: &str = "2.16.840.1.101.3.4.2.1";
const SHA384_ID: &str = "2.16.840.1.101.3.4.2.2";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// An attribute of a token that names the certificate which stamped.
#[derive(Debug, Clone, Copy)]
pub enum StamperName<'a> {
    /// `signingCertificateV2` of this certificate by SHA-256, which goes without saying.
    Sha256(&'a [u8]),
    /// `signingCertificateV2` of this certificate by SHA-384.
    Sha384(&'a [u8]),
    /// `signingCertificate` of this certificate, which is by SHA-1.
    Sha1(&'a [u8]),
    /// `signingCertificateV2` of these certificates, as [`StamperName::Sha256`] each; that of the signer belongs first.
    List(&'a [&'a [u8]]),
}

impl StamperName<'_> {
    /// SPEC: RFC 2634 section 5.4; RFC 5035 section 3.
    fn attribute(self) -> Vec<u8> {
        let hash = |algorithm, bytes: &[u8]| octets(digest(algorithm, bytes).as_ref());
        let (id, certificates) = match self {
            Self::Sha256(der) => (SIGNING_CERTIFICATE_V2, sequence(&[&octets(&sha256(der))])),
            Self::Sha384(der) => {
                (SIGNING_CERTIFICATE_V2, sequence(&[&sequence(&[&oid(SHA384_ID)]), &hash(&SHA384, der)]))
            }
            Self::Sha1(der) => (SIGNING_CERTIFICATE, sequence(&[&hash(&SHA1_FOR_LEGACY_USE_ONLY, der)])),
            Self::List(all) => {
                (SIGNING_CERTIFICATE_V2, all.iter().flat_map(|der| sequence(&[&octets(&sha256(der))])).collect())
            }
        };
        sequence(&[&oid(id), &set(&[&sequence(&[&sequence(&[&certificates])])])])
    }
}

/// Who stamps: the name of the issuer of his certificate, its serial number, his key, and how his tokens name the certificate.
pub(crate) struct Stamper<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) serial: u64,
    pub(crate) key: &'a Key,
    pub(crate) named: &'a [StamperName<'a>],
    /// How often he signs one token.
    pub(crate) times: usize,
}

/// A response with a token over these bytes, at a time.
///
/// SPEC: RFC 3161 section 2.4.2; RFC 5652 section 5; RFC 5816.
pub(crate) fn response(stamper: &Stamper<'_>, bytes: &[u8], time: i64, bag: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = sequence(&[&oid(SHA256_ID)]);
    let info = sequence(&[
        &integer(1),
        &oid("1.3.6.1.4.1.57264.2"),
        &sequence(&[&algorithm, &octets(&sha256(bytes))]),
        &integer(99),
        &generalized_time(time),
    ]);
    let mut signers: Vec<Vec<u8>> = (0..stamper.times).map(|_| signer(stamper, &info)).collect();
    signers.sort();
    let bag = if bag.is_empty() { Vec::new() } else { tagged(0, &bag.concat()) };
    let data = sequence(&[
        &integer(3),
        &set(&[&algorithm]),
        &sequence(&[&oid(TST_INFO), &tagged(0, &octets(&info))]),
        &bag,
        &set(&[&signers.concat()]),
    ]);
    let token = sequence(&[&oid(SIGNED_DATA), &tagged(0, &data)]);
    sequence(&[&sequence(&[&integer(0)]), &token])
}

/// What the stamper signs of this content, as one entry of `signerInfos`.
fn signer(stamper: &Stamper<'_>, info: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[&oid(SHA256_ID)]);
    let kind = sequence(&[&oid("1.2.840.113549.1.9.3"), &set(&[&oid(TST_INFO)])]);
    let imprint = sequence(&[&oid("1.2.840.113549.1.9.4"), &set(&[&octets(&sha256(info))])]);
    let mut attributes = vec![kind, imprint];
    attributes.extend(stamper.named.iter().map(|name| name.attribute()));
    // SPEC: X.690 section 11.6: the parts of a set are in the order of their bytes.
    attributes.sort();
    let attributes = attributes.concat();
    let signature = stamper.key.sign(&element(0x31, &attributes));
    sequence(&[
        &integer(1),
        &sequence(&[&name(stamper.issuer), &integer(stamper.serial)]),
        &algorithm,
        &tagged(0, &attributes),
        &sequence(&[&oid(ECDSA_SHA256)]),
        &octets(&signature),
    ])
}
