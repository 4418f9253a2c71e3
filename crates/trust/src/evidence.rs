//! Evidence files: DSSE envelopes and Sigstore bundles, verified by the keys of the ring, or only looked at.
//!
//! TRUST: the only way from foreign bytes to a [`Verified<Statement>`].

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::json::{self, JsonError};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_MEDIA_TYPES, Bundle, Envelope, EvidenceFile};
use lasthand_model::wire::statement::{PAYLOAD_TYPE, ResourceDescriptor, Statement};
use thiserror::Error;

use crate::dsse::{MAX_SIGNATURES, decode_base64, signing_keys};
use crate::keys::KeyRing;
use crate::statement::{self, StatementError};
use crate::verified::Verified;

/// Why evidence is not verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not strict JSON of the shape of an envelope or bundle.
    #[error("evidence is not readable")]
    Json(#[source] JsonError),
    /// JSON, but neither envelope nor bundle.
    #[error("document is neither a DSSE envelope nor a Sigstore bundle")]
    NotEvidence,
    /// A bundle of a version that is not read.
    #[error("media type `{got}` is not one of a Sigstore bundle v0.1 to v0.3")]
    MediaType {
        /// The media type found.
        got: String,
    },
    /// The bundle holds something that this version does not read.
    #[error("{what} are not read by this version")]
    NotSupportedYet {
        /// What it holds, in words, plural.
        what: &'static str,
    },
    /// The bundle lacks a part.
    #[error("bundle has no `{member}`")]
    Missing {
        /// The member that is not there.
        member: &'static str,
    },
    /// Another number of signatures than allowed.
    #[error("there are {got} signatures, expected {expected}")]
    Signatures {
        /// How many there are.
        got: usize,
        /// How many may be.
        expected: &'static str,
    },
    /// The payload is not base64.
    #[error("payload is not base64")]
    PayloadEncoding,
    /// The payload is something else than a statement.
    #[error("payload type is `{got}`, expected `{PAYLOAD_TYPE}`")]
    PayloadType {
        /// The type found.
        got: String,
    },
    /// No signature holds under any known key.
    #[error("none of {signatures} signatures holds under any of {keys} known keys")]
    NoKnownSignature {
        /// Signatures tried.
        signatures: usize,
        /// Keys tried.
        keys: usize,
        /// Key ids that the evidence names; hints, not proven.
        named: Vec<String>,
    },
    /// Signed, but not a statement.
    #[error("signature holds, but the payload cannot be used")]
    Statement(#[source] StatementError),
}

impl TrustError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NotEvidence => {
                vec!["a JSON-lines file is read line by line when its name ends in `.jsonl`".to_owned()]
            }
            Self::NotSupportedYet { .. } => {
                vec!["sign with a key: `lasthand key generate`; certificates come with the next release".to_owned()]
            }
            Self::NoKnownSignature { named, .. } if !named.is_empty() => vec![format!(
                "the evidence names key {}: if you know it, add it to the trust file as `[[root]]` and `[[identity]]`",
                named.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
            )],
            Self::NoKnownSignature { .. } => {
                vec!["add the signer's public key to the trust file as `[[root]]` and `[[identity]]`".to_owned()]
            }
            _ => vec![],
        }
    }
}

/// Verifies one evidence document, envelope or bundle, told apart by its members.
///
/// In: the bytes of one JSON document (one line of a JSON-lines file). Out: the statement, with the distinct keys that signed it.
///
/// # Errors
/// [`TrustError`]: nothing in the document may be believed.
///
/// # Proves / does not prove
/// Proves that a known key signed exactly these payload bytes. Does not prove that the key's owner may say it: see `lineage`.
pub fn verify_evidence(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    match detect(bytes, limits)? {
        EvidenceFile::Bundle => verify_bundle(bytes, ring, limits),
        EvidenceFile::Envelope => verify_envelope(bytes, ring, limits),
    }
}

/// Verifies a DSSE envelope.
///
/// At least one signature must hold under a key of `ring`; signatures of strangers are passed over.
///
/// # Errors
/// [`TrustError`].
pub fn verify_envelope(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    let envelope: Envelope = json::parse_as(bytes, limits).map_err(TrustError::Json)?;
    verify(&envelope, ring, limits)
}

/// Verifies a Sigstore bundle that is signed by a key: `publicKey` and `dsseEnvelope` with exactly one signature.
///
/// The key's hint decides nothing. Log entries and timestamps are not read, and nothing is concluded from them.
///
/// # Errors
/// [`TrustError`]; a bundle with a certificate is [`TrustError::NotSupportedYet`], whatever else it holds.
pub fn verify_bundle(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    let bundle: Bundle = json::parse_as(bytes, limits).map_err(TrustError::Json)?;
    if !BUNDLE_MEDIA_TYPES.contains(&bundle.media_type.as_str()) {
        return Err(TrustError::MediaType { got: shorten(&bundle.media_type) });
    }
    let material = bundle.verification_material.ok_or(TrustError::Missing { member: "verificationMaterial" })?;
    if material.certificate.is_some() || material.x509_certificate_chain.is_some() {
        return Err(TrustError::NotSupportedYet { what: "Fulcio certificates" });
    }
    if material.public_key.is_none() {
        return Err(TrustError::Missing { member: "publicKey" });
    }
    if bundle.message_signature.is_some() {
        return Err(TrustError::NotSupportedYet { what: "signatures over a bare artifact" });
    }
    let envelope = bundle.dsse_envelope.ok_or(TrustError::Missing { member: "dsseEnvelope" })?;
    // SPEC: sigstore_bundle.proto: "DSSE envelopes in a bundle MUST have exactly one signature".
    if envelope.signatures.len() != 1 {
        return Err(TrustError::Signatures { got: envelope.signatures.len(), expected: "exactly 1 in a bundle" });
    }
    verify(&envelope, ring, limits)
}

fn verify(envelope: &Envelope, ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(TrustError::PayloadType { got: shorten(&envelope.payload_type) });
    }
    let got = envelope.signatures.len();
    if got == 0 || got > MAX_SIGNATURES {
        return Err(TrustError::Signatures { got, expected: "1 to 64" });
    }
    let payload = decode_base64(&envelope.payload).ok_or(TrustError::PayloadEncoding)?;
    let keys = signing_keys(envelope, &payload, ring);
    if keys.is_empty() {
        let named = envelope.signatures.iter().filter_map(|signature| signature.keyid.as_deref().map(shorten));
        let named = named.filter(|id| !id.is_empty()).collect();
        return Err(TrustError::NoKnownSignature { signatures: got, keys: ring.keys().count(), named });
    }
    // SECURITY: CVE-2026-39395: a good signature over something that is no statement proves nothing.
    let statement = statement::read(&payload, limits).map_err(TrustError::Statement)?;
    Ok(Verified::assertion(statement, StatementDigest(Sha256::of(&payload)), keys, ring))
}

/// What unverified evidence claims to be about; for reports and for finding files, never for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// SHA-256 of the payload.
    pub digest: StatementDigest,
    /// What it claims to be.
    pub predicate_type_unverified: String,
    /// What it claims to be about.
    pub subjects_unverified: Vec<ResourceDescriptor>,
    /// Key ids it names.
    pub key_ids_unverified: Vec<String>,
}

/// Looks at evidence without checking any signature. Reads what certificates signed, too.
///
/// # Errors
/// [`TrustError`] when there is nothing that could be looked at.
pub fn peek_unverified(bytes: &[u8], limits: &Limits) -> Result<Unverified, TrustError> {
    let envelope: Envelope = match detect(bytes, limits)? {
        EvidenceFile::Envelope => json::parse_as(bytes, limits).map_err(TrustError::Json)?,
        EvidenceFile::Bundle => {
            let bundle: Bundle = json::parse_as(bytes, limits).map_err(TrustError::Json)?;
            bundle.dsse_envelope.ok_or(TrustError::Missing { member: "dsseEnvelope" })?
        }
    };
    let payload = decode_base64(&envelope.payload).ok_or(TrustError::PayloadEncoding)?;
    let statement: Statement =
        json::parse_as(&payload, limits).map_err(|source| TrustError::Statement(StatementError::Json(source)))?;
    Ok(Unverified {
        digest: StatementDigest(Sha256::of(&payload)),
        predicate_type_unverified: statement.predicate_type,
        subjects_unverified: statement.subject,
        key_ids_unverified: envelope.signatures.into_iter().filter_map(|signature| signature.keyid).collect(),
    })
}

fn detect(bytes: &[u8], limits: &Limits) -> Result<EvidenceFile, TrustError> {
    let document = json::parse(bytes, limits).map_err(TrustError::Json)?;
    EvidenceFile::detect(&document).ok_or(TrustError::NotEvidence)
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}
