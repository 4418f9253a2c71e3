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

use crate::git_signature;
use crate::keys::{KeyRing, PublicKey};
use crate::ssh::{SshError, SshNotice, SshSignature};

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

/// Whose SSH signatures are there.
#[derive(Debug, Default)]
pub(crate) struct BySsh {
    /// One for each principal and method.
    pub(crate) signers: BTreeSet<Signer>,
    /// What is noticed of their devices.
    pub(crate) notices: BTreeSet<SshNotice>,
    /// Why a signature does not count, of all the reasons the one that says most. It is told where nobody signed, and decides nothing.
    pub(crate) refused: Option<SshError>,
}

/// How much a reason says to the reader, most last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A stranger's signature, for another use than that of the list.
    OtherUse,
    /// The key stands in no list.
    Stranger,
    /// It is not read as a signature.
    Form,
    /// The key stands in the list.
    Listed,
}

/// Finds the principals of lists of allowed signers who signed this envelope's payload by SSH, armoured in `sig`, or bare. Lists for commits and tags are not asked.
///
/// Out: one signer for each, of method `ssh`, or `ssh-sk` with presence when the device says that somebody touched it and counts as asked.
/// Cost: at most [`MAX_SIGNATURES`] times the number of lists.
#[must_use]
pub(crate) fn ssh_signers(envelope: &Envelope, payload: &[u8], ring: &KeyRing) -> BySsh {
    let mut found = BySsh::default();
    if ring.ssh().is_empty() {
        return found;
    }
    let message = pre_authentication_encoding(&envelope.payload_type, payload);
    let mut why: Option<(Weight, SshError)> = None;
    let mut tell = |weight: Weight, error: SshError| {
        if why.as_ref().is_none_or(|(known, _)| *known < weight) {
            why = Some((weight, error));
        }
    };
    let mut others = 0;
    for signature in envelope.signatures.iter().take(MAX_SIGNATURES) {
        let read = match ssh_signature(signature) {
            Some(Ok(read)) => read,
            Some(Err(error)) => {
                tell(Weight::Form, error);
                continue;
            }
            None => {
                others += 1;
                continue;
            }
        };
        // SECURITY: a key that was named for commits and tags says nothing else.
        let mut lists = ring.ssh().iter().filter(|root| root.namespace != git_signature::NAMESPACE).peekable();
        if lists.peek().is_none() {
            tell(Weight::Stranger, SshError::NoList);
        }
        for root in lists {
            match ring.ssh_by_list(&message, &read, root) {
                Ok(signed) => {
                    found.notices.extend(signed.notices());
                    let method = signed.method();
                    // SECURITY: the signature of a device that nobody touched is one of a key in a file.
                    let presence = signed.level() == 4;
                    found.signers.insert(Signer { method, principal: signed.principal, presence, time: None });
                }
                Err(error) if root.allowed.holds(read.key()) => tell(Weight::Listed, error),
                Err(error @ SshError::Namespace { .. }) => tell(Weight::OtherUse, error),
                Err(error) => tell(Weight::Stranger, error),
            }
        }
    }
    // Beside signatures of other kinds, a stranger's says nothing of why none of them holds.
    found.refused = why.filter(|(weight, _)| *weight == Weight::Listed || others == 0).map(|(_, error)| error);
    found
}

/// Reads what claims to be a signature of SSH; absent for anything else.
fn ssh_signature(signature: &EnvelopeSignature) -> Option<Result<SshSignature, SshError>> {
    let bytes = decode_base64(&signature.sig)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.trim_start().starts_with("-----BEGIN SSH SIGNATURE") => Some(SshSignature::from_armor(text)),
        _ => bytes.starts_with(b"SSHSIG").then(|| SshSignature::from_blob(&bytes)),
    }
}

fn signing_key(signature: &EnvelopeSignature, message: &[u8], ring: &KeyRing) -> Option<KeyId> {
    // SECURITY: GHSA-72c7-4g63-hpw5: an absent signature is no signature.
    let bytes = decode_base64(&signature.sig).filter(|bytes| !bytes.is_empty())?;
    // SECURITY: `keyid` is written by whoever made the envelope. It orders the attempts and decides nothing.
    let hinted = signature.keyid.as_deref().and_then(|id| id.parse().ok()).and_then(|id| ring.key(id));
    hinted.into_iter().chain(ring.keys()).find(|key| key.verify(message, &bytes)).map(PublicKey::id)
}
