//! DSSE: what was signed, and which of our keys signed it.
//!
//! SPEC: DSSE v1.0.2, protocol.md.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lasthand_model::digest::KeyId;
pub use lasthand_model::wire::bundle::pre_authentication_encoding;
use lasthand_model::wire::bundle::{Envelope, EnvelopeSignature};
use lasthand_model::wire::facts::Signer;

use crate::keys::{KeyRing, PublicKey};
use crate::ssh::{self, SshDemand, SshSignature};

// LIMIT: signatures times keys is the work of one envelope.
/// Most signatures that are tried in one envelope.
pub const MAX_SIGNATURES: usize = 64;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Decodes base64 in the standard or the URL-safe alphabet (never mixed), padded or not; absent when it is neither.
///
/// SPEC: DSSE v1.0.2 envelope.md: "Base64() ... MUST accept both".
#[must_use]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Finds the distinct keys of `ring` that signed this envelope's payload.
///
/// In: the envelope and its decoded payload. Out: key ids; empty when no signature holds under any known key.
/// Signatures that do not hold are passed over, as DSSE says: anybody may add one.
/// Cost: at most [`MAX_SIGNATURES`] times the number of keys; the key named by `keyid` is tried first.
#[must_use]
pub(crate) fn signing_keys(envelope: &Envelope, payload: &[u8], ring: &KeyRing) -> BTreeSet<KeyId> {
    let message = pre_authentication_encoding(&envelope.payload_type, payload);
    envelope
        .signatures
        .iter()
        .take(MAX_SIGNATURES)
        .filter_map(|signature| signing_key(signature, &message, ring))
        .collect()
}

/// Finds the principals of lists of allowed signers who signed this envelope's payload by SSH, armoured in `sig` as gittuf has it, or bare.
///
/// Out: one signer for each, of method `ssh`, or `ssh-sk` with presence when the device says that somebody touched it.
/// Cost: at most [`MAX_SIGNATURES`] times the number of lists.
#[must_use]
pub(crate) fn ssh_signers(envelope: &Envelope, payload: &[u8], ring: &KeyRing) -> BTreeSet<Signer> {
    let mut signers = BTreeSet::new();
    if ring.ssh().is_empty() {
        return signers;
    }
    let message = pre_authentication_encoding(&envelope.payload_type, payload);
    for signature in envelope.signatures.iter().take(MAX_SIGNATURES) {
        let Some(bytes) = decode_base64(&signature.sig) else { continue };
        let read = match std::str::from_utf8(&bytes) {
            Ok(text) if text.trim_start().starts_with("-----BEGIN") => SshSignature::from_armor(text),
            _ => SshSignature::from_blob(&bytes),
        };
        let Ok(read) = read else { continue };
        for root in ring.ssh() {
            let (namespace, moment) = (root.namespace.as_str(), ring.moment());
            let demand = SshDemand { namespace, moment, user_verification: false, last_counter: None };
            if let Ok(signed) = ssh::verify(&message, &read, &root.allowed, &demand) {
                // SECURITY: the signature of a device that nobody touched is one of a key in a file.
                let presence = signed.level() == 4;
                let method = signed.method();
                signers.insert(Signer { method, principal: signed.principal, presence, time: None });
            }
        }
    }
    signers
}

fn signing_key(signature: &EnvelopeSignature, message: &[u8], ring: &KeyRing) -> Option<KeyId> {
    // SECURITY: GHSA-72c7-4g63-hpw5: an absent signature is no signature.
    let bytes = decode_base64(&signature.sig).filter(|bytes| !bytes.is_empty())?;
    // SECURITY: `keyid` is written by whoever made the envelope. It orders the attempts and decides nothing.
    let hinted = signature.keyid.as_deref().and_then(|id| id.parse().ok()).and_then(|id| ring.key(id));
    hinted.into_iter().chain(ring.keys()).find(|key| key.verify(message, &bytes)).map(PublicKey::id)
}
