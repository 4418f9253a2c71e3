//! OpenPGP signatures over bytes, by certificates that the trust file names.
//!
//! Data flow: file of certificates -> [`Certificate::read_all`]; armour -> [`OpenPgpSignature::from_armor`] -> [`verify`] -> [`OpenPgpSigned`].
//!
//! The library `pgp` reads packets and checks each signature's arithmetic. What a signature needs beside that is decided here: which key may
//! sign, until when, whether it was taken back, by which hashes. Of versions, 4 alone is read.
//!
//! SPEC: RFC 9580, sections 5.2 (signatures), 5.2.3 (subpackets), 6.2 (armour), 10.1 (certificates).

mod armor;
mod certificate;
mod error;
mod key;
mod packets;
mod signature;
mod stated;

use std::collections::BTreeSet;

pub use certificate::Certificate;
pub use error::OpenPgpError;
pub use signature::OpenPgpSignature;

/// Who signed, and by which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPgpSigned {
    /// Fingerprint of the certificate: of its primary key, 40 lower-case hex digits.
    pub certificate: String,
    /// Fingerprint of the key that signed: the primary one, or one of its subkeys.
    pub key: String,
    /// When it was signed, as the signer says, in seconds since 1970-01-01T00:00:00Z. Nobody vouches for it.
    pub claimed: i64,
}

/// Verifies a signature over a message by certificates, for a moment in seconds since 1970-01-01T00:00:00Z.
///
/// In: the moment to decide for. It is not the time that the signature claims: whoever has an old key can write any time.
/// Out: the one certificate whose key signed. Cost: a signature check for each key that the signature may be of.
///
/// # Errors
/// [`OpenPgpError`]: no certificate has the key, the signature does not hold, or the key may not sign: not for signing, not bound to its
/// certificate both ways, expired or taken back by that moment, or certified by weak hashes alone.
///
/// # Proves / does not prove
/// Proves that the key signed exactly these bytes. Does not prove when, nor who holds the key.
pub fn verify<'c>(
    message: &[u8],
    signature: &OpenPgpSignature,
    certificates: impl IntoIterator<Item = &'c Certificate>,
    moment: i64,
) -> Result<OpenPgpSigned, OpenPgpError> {
    let (mut found, mut names, mut why) = (None, BTreeSet::new(), None);
    for certificate in certificates {
        match certificate.verify(message, signature, moment) {
            None => {}
            Some(Ok(signed)) => {
                names.insert(signed.certificate.clone());
                found = Some(signed);
            }
            Some(Err(error)) => why = Some(error),
        }
    }
    // SECURITY: a key of two certificates is nobody's.
    if names.len() > 1 {
        return Err(OpenPgpError::Signature { reason: "its key is of several certificates" });
    }
    found.ok_or_else(|| why.unwrap_or_else(|| OpenPgpError::Unknown { issuer: signature.issuer() }))
}
