//! RFC 3161 timestamps.

use super::der::{element, generalized_time, integer, octets, oid, sequence, set, tagged};
use super::log::sha256;
use super::x509::{ECDSA_SHA256, Key, name};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// Who stamps: the name of the issuer of his certificate, its serial number, his key.
pub(crate) struct Stamper<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) serial: u64,
    pub(crate) key: &'a Key,
}

/// A response with a token over these bytes, at a time.
///
/// SPEC: RFC 3161 section 2.4.2; RFC 5652 section 5.
pub(crate) fn response(stamper: &Stamper<'_>, bytes: &[u8], time: i64, bag: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = sequence(&[&oid(SHA256)]);
    let info = sequence(&[
        &integer(1),
        &oid("1.3.6.1.4.1.57264.2"),
        &sequence(&[&algorithm, &octets(&sha256(bytes))]),
        &integer(99),
        &generalized_time(time),
    ]);
    let kind = sequence(&[&oid("1.2.840.113549.1.9.3"), &set(&[&oid(TST_INFO)])]);
    let digest = sequence(&[&oid("1.2.840.113549.1.9.4"), &set(&[&octets(&sha256(&info))])]);
    let attributes = [kind, digest].concat();
    let signature = stamper.key.sign(&element(0x31, &attributes));
    let signer = sequence(&[
        &integer(1),
        &sequence(&[&name(stamper.issuer), &integer(stamper.serial)]),
        &algorithm,
        &tagged(0, &attributes),
        &sequence(&[&oid(ECDSA_SHA256)]),
        &octets(&signature),
    ]);
    let bag = if bag.is_empty() { Vec::new() } else { tagged(0, &bag.concat()) };
    let data = sequence(&[
        &integer(3),
        &set(&[&algorithm]),
        &sequence(&[&oid(TST_INFO), &tagged(0, &octets(&info))]),
        &bag,
        &set(&[&signer]),
    ]);
    let token = sequence(&[&oid(SIGNED_DATA), &tagged(0, &data)]);
    sequence(&[&sequence(&[&integer(0)]), &token])
}
