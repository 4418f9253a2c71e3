//! The certificate that stamps: fit for it, and the one that the timestamp names.
//!
//! The library takes any key usage, any purpose beside stamping, and whichever certificate of the key's holder the root has.

use sigstore_verify::crypto::{sha256, sha384, sha512};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{AnyRef, Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

use crate::x509::Read;

/// `signingCertificate`, by SHA-1. SPEC: RFC 2634 section 5.4.
const BY_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// `signingCertificateV2`, by a digest that it names. SPEC: RFC 5035 section 3; RFC 5816.
const BY_ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// `signedAttrs` of a signer.
const SIGNED_ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber::N0 };

const UNREADABLE: &str = "the names of certificates in it cannot be read";

/// Asks both of a certificate, in DER, whose signature of the token was verified.
///
/// # Errors
/// Why its timestamp does not count, in words.
pub(super) fn verify(token: &[u8], certificate: &[u8]) -> Result<(), String> {
    let read = Read::parse(certificate, "a timestamp authority's").map_err(|error| error.to_string())?;
    read.check_stamper().map_err(|error| error.to_string())?;
    is_named(token, certificate).map_err(ToOwned::to_owned)
}

/// SPEC: RFC 3161 section 2.4.2: the token names the certificate of its authority.
///
/// SECURITY: the signature shows the key alone. Of two certificates of one key, the one that was withdrawn must not stand for the other.
fn is_named(token: &[u8], certificate: &[u8]) -> Result<(), &'static str> {
    let attributes = signed_attributes(token).ok_or("it is not by exactly one signer, or cannot be read")?;
    let mut has_name = false;
    for id in [BY_SHA1, BY_ANY] {
        let mut named = attributes.iter().filter(|(known, _)| *known == id);
        match (named.next(), named.next()) {
            (None, _) => {}
            (Some((_, values)), None) => {
                has_name = true;
                if !is_first(values, id, certificate).ok_or(UNREADABLE)? {
                    return Err("it names another certificate than that of the authority");
                }
            }
            // SPEC: RFC 5652 section 5.3: an attribute comes once.
            (Some(_), Some(_)) => return Err("it names its certificate twice in one way"),
        }
    }
    if has_name { Ok(()) } else { Err("it does not name the certificate that stamped") }
}

/// Whether the first certificate of the one value is this one. Those that come after it are not the signer's. None for what cannot be read.
fn is_first(values: &AnyRef<'_>, id: ObjectIdentifier, certificate: &[u8]) -> Option<bool> {
    let values = parts(values, Tag::Set)?;
    let [value] = values.as_slice() else { return None };
    let value = parts(value, Tag::Sequence)?;
    let names = parts(value.first()?, Tag::Sequence)?;
    let name = parts(names.first()?, Tag::Sequence)?;
    let (hash, algorithm) = match name.as_slice() {
        [algorithm, hash, ..] if id == BY_ANY && algorithm.tag() == Tag::Sequence => {
            (hash, parts(algorithm, Tag::Sequence)?.first()?.decode_as().ok()?)
        }
        [hash, ..] => (hash, if id == BY_ANY { SHA256 } else { BY_SHA1 }),
        [] => return None,
    };
    let expected = match algorithm {
        BY_SHA1 => sha1(certificate)?,
        SHA256 => sha256(certificate).as_bytes().to_vec(),
        SHA384 => sha384(certificate).as_bytes().to_vec(),
        SHA512 => sha512(certificate).as_bytes().to_vec(),
        _ => return None,
    };
    (hash.tag() == Tag::OctetString).then(|| hash.value() == expected)
}

/// None for a certificate that was made to collide.
fn sha1(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut hasher = sha1dc::Hasher::new();
    hasher.update(bytes);
    let digest: [u8; 20] = hasher.finalize().ok()?.into();
    Some(digest.to_vec())
}

/// What the one signer of a token signed beside its content, by its name. None for what cannot be read, and for several signers.
///
/// SPEC: RFC 3161 section 2.4.2; RFC 5652 sections 5.1 and 5.3.
fn signed_attributes(token: &[u8]) -> Option<Vec<(ObjectIdentifier, AnyRef<'_>)>> {
    let outer = parts(&AnyRef::from_der(token).ok()?, Tag::Sequence)?;
    // A response is a status with a token; a token alone begins with its type.
    let content = match outer.as_slice() {
        [status, token] if status.tag() == Tag::Sequence => parts(token, Tag::Sequence)?,
        _ => outer,
    };
    let [_, wrapped] = content.as_slice() else { return None };
    let wrapped = list(wrapped.value())?;
    let [signed] = wrapped.as_slice() else { return None };
    let signers = parts(parts(signed, Tag::Sequence)?.last()?, Tag::Set)?;
    // SECURITY: which of several signers is meant, each reader would decide for himself.
    let [signer] = signers.as_slice() else { return None };
    let signer = parts(signer, Tag::Sequence)?;
    // Behind version, name of the signer and digest algorithm.
    parts(signer.get(3)?, SIGNED_ATTRIBUTES)?.into_iter().map(attribute).collect()
}

fn attribute(attribute: AnyRef<'_>) -> Option<(ObjectIdentifier, AnyRef<'_>)> {
    match parts(&attribute, Tag::Sequence)?.as_slice() {
        [id, values] => Some((id.decode_as().ok()?, *values)),
        _ => None,
    }
}

/// The elements inside of one with this tag.
fn parts<'d>(outer: &AnyRef<'d>, tag: Tag) -> Option<Vec<AnyRef<'d>>> {
    if outer.tag() == tag { list(outer.value()) } else { None }
}

/// LIMIT: as long as the bytes, which were bounded with the bundle.
fn list(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let (mut reader, mut all) = (SliceReader::new(bytes).ok()?, Vec::new());
    while !reader.is_finished() {
        all.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(all)
}
