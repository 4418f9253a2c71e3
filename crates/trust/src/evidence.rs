//! Evidence files: DSSE envelopes and Sigstore bundles, verified by the keys and roots of the ring, or only looked at.
//!
//! TRUST: the only way from foreign bytes to a [`Verified`] value.

use std::collections::BTreeSet;

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::json::{self, JsonError};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_MEDIA_TYPES, Bundle, Envelope, EvidenceFile, VerificationMaterial};
use lasthand_model::wire::facts::{Signer, SignerMethod};
use lasthand_model::wire::statement::{PAYLOAD_TYPE, ResourceDescriptor, Statement};
use thiserror::Error;

use crate::content_digest::DigestAlgorithm;
use crate::dsse::{MAX_SIGNATURES, decode_base64, signing_keys, ssh_signers};
use crate::foreign;
use crate::keys::{KeyRing, PublicKey};
use crate::sigstore::{self, Certified, Content, SigstoreError};
use crate::ssh::SshError;
use crate::statement::{self, StatementError};
use crate::token::{TokenError, wit};
use crate::verified::{BlobSignature, Clock, Verified};
use crate::x509::{self, Realm, X509Error};

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
    /// An attestation of the Python package index that is not one of version 1.
    #[error("not a Python attestation of version 1: {reason}")]
    Python {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A layer of an image that is not one of cosign's.
    #[error("not a layer of cosign: {reason}")]
    Cosign {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A list of evidence within one document that is longer than is looked at.
    #[error("document holds {got} attestations, limit is {limit}")]
    TooMany {
        /// How many there are.
        got: usize,
        /// How many may be.
        limit: usize,
    },
    /// A list of evidence within one document that cannot be taken apart.
    #[error("list of attestations cannot be used: {reason}")]
    List {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A bundle of a version that is not read.
    #[error("media type `{got}` is not one of a Sigstore bundle v0.1 to v0.3")]
    MediaType {
        /// The media type found.
        got: String,
    },
    /// The bundle lacks a part.
    #[error("bundle has no `{member}`")]
    Missing {
        /// The member that is not there.
        member: &'static str,
    },
    /// The bundle holds two things of which there may be one.
    #[error("bundle has {what}")]
    Both {
        /// What it has, in words.
        what: &'static str,
    },
    /// A certificate is there, and something about it does not hold.
    #[error("certificate's signature is not believed")]
    Sigstore(#[from] SigstoreError),
    /// A signature of SSH by a key of a list, which does not count.
    #[error("SSH signature does not count")]
    Ssh(#[source] SshError),
    /// A certificate of a SPIFFE trust domain or of a private authority is there, and something about it does not hold.
    #[error("certificate's signature is not believed")]
    X509(#[from] X509Error),
    /// A WIT-SVID is there, and something about it does not hold.
    #[error("token that binds the signer's key is not believed")]
    Token(#[from] TokenError),
    /// A statement was expected.
    #[error("signature is over an artifact alone, there is no statement")]
    NoStatement,
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
            Self::Sigstore(source) => source.hints(),
            Self::Ssh(source) => source.hints(),
            Self::X509(source) => source.hints(),
            Self::Token(_) => vec![
                "sign anew with a WIT-SVID that holds; is the bundle of the trust domain in the trust file up to date?"
                    .to_owned(),
            ],
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

/// What a document holds that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// A statement.
    Statement(Verified<Statement>),
    /// A signature over an artifact's digest, without any statement.
    Blob(Verified<BlobSignature>),
}

/// Verifies one evidence document, envelope or bundle, told apart by its members.
///
/// In: the bytes of one JSON document (one line of a JSON-lines file). Out: what is signed, with the distinct keys that signed it, or the
/// holder of the certificate. Cost: a few signature checks for each signature, key, root, log entry and timestamp, all of them limited.
///
/// # Errors
/// [`TrustError`]: nothing in the document may be believed.
///
/// # Proves / does not prove
/// Proves that a known key, or an identity that a root vouches for, signed exactly these bytes. Does not prove that the
/// signer may say it: see `lineage`.
pub fn verify_signed(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Signed, TrustError> {
    match detect(bytes, limits)? {
        EvidenceFile::Bundle => signed_bundle(bytes, ring, limits),
        EvidenceFile::Envelope => verify_envelope(bytes, ring, limits).map(Signed::Statement),
        EvidenceFile::PythonAttestation => signed_bundle(&foreign::bundle_of_python(bytes, limits)?, ring, limits),
    }
}

/// Verifies one evidence document that should hold a statement; as [`verify_signed`] otherwise.
///
/// # Errors
/// [`TrustError`]; a signature over an artifact alone is [`TrustError::NoStatement`], also when it holds.
pub fn verify_evidence(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    statement_of(verify_signed(bytes, ring, limits)?)
}

/// Verifies a DSSE envelope.
///
/// At least one signature must hold under a key of `ring`; signatures of strangers are passed over.
///
/// # Errors
/// [`TrustError`].
pub fn verify_envelope(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    let envelope: Envelope = json::parse_as(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?;
    verify(&envelope, ring, limits)
}

/// Verifies a Sigstore bundle over a statement, signed by a key (`publicKey`) or by the holder of a certificate.
///
/// A key's hint decides nothing. Where a bundle under a key has log entries or timestamps and a Sigstore root is known, they must hold, and
/// nothing more is concluded from them; of a bundle with a certificate, everything must hold by one root of its realm (see [`x509`]), and so
/// of one with a WIT-SVID (see [`wit`]).
///
/// # Errors
/// [`TrustError`]; [`TrustError::NoStatement`] for a signature over an artifact alone.
pub fn verify_bundle(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Verified<Statement>, TrustError> {
    statement_of(signed_bundle(bytes, ring, limits)?)
}

fn statement_of(signed: Signed) -> Result<Verified<Statement>, TrustError> {
    match signed {
        Signed::Statement(statement) => Ok(statement),
        Signed::Blob(_) => Err(TrustError::NoStatement),
    }
}

fn signed_bundle(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Signed, TrustError> {
    let bundle: Bundle = json::parse_as(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?;
    if !BUNDLE_MEDIA_TYPES.contains(&bundle.media_type.as_str()) {
        return Err(TrustError::MediaType { got: shorten(&bundle.media_type) });
    }
    let material = bundle.verification_material.ok_or(TrustError::Missing { member: "verificationMaterial" })?;
    // SECURITY: of two, one reader verifies the first and another shows the second.
    let certificate = match (&material.certificate, &material.x509_certificate_chain, &material.public_key) {
        (None, None, None) if material.wit_svid.is_some() => {
            return by_wit(bundle.dsse_envelope, bundle.message_signature.is_some(), &material, ring, limits);
        }
        _ if material.wit_svid.is_some() => {
            return Err(TrustError::Both { what: "a `witSvid` and another key or certificate" });
        }
        (None, None, None) => return Err(TrustError::Missing { member: "publicKey` or `certificate" }),
        (Some(_), None, None) | (None, Some(_), None) => true,
        (None, None, Some(_)) => false,
        _ => {
            return Err(TrustError::Both {
                what: "more than one of `publicKey`, `certificate` and `x509CertificateChain`",
            });
        }
    };
    let envelope = match (bundle.dsse_envelope, bundle.message_signature) {
        (Some(_), Some(_)) => return Err(TrustError::Both { what: "both `dsseEnvelope` and `messageSignature`" }),
        (None, None) => return Err(TrustError::Missing { member: "dsseEnvelope` or `messageSignature" }),
        (None, Some(_)) if !certificate => return keyed_blob(bytes, &material, ring),
        (envelope, _) => envelope,
    };
    // SPEC: sigstore_bundle.proto: "DSSE envelopes in a bundle MUST have exactly one signature".
    if let Some(got) = envelope.as_ref().map(|envelope| envelope.signatures.len()).filter(|got| *got != 1) {
        return Err(TrustError::Signatures { got, expected: "exactly 1 in a bundle" });
    }
    match envelope {
        Some(envelope) if !certificate => {
            let statement = verify(&envelope, ring, limits)?;
            check_keyed_log(bytes, &material, &statement, ring)?;
            Ok(Signed::Statement(statement))
        }
        envelope => {
            if let Some(envelope) = envelope.as_ref().filter(|envelope| envelope.payload_type != PAYLOAD_TYPE) {
                return Err(TrustError::PayloadType { got: shorten(&envelope.payload_type) });
            }
            sigstore::check_limits(&material)?;
            match x509::realm(&material, ring) {
                Realm::Sigstore => certified(bytes, ring, limits),
                realm => {
                    let envelope = envelope.ok_or(X509Error::NoStatement)?;
                    by_x509(&envelope, &material, realm, ring, limits)
                }
            }
        }
    }
}

/// A signature over an artifact by a key of the ring.
///
/// Where a Sigstore root is known and the bundle has log entries, they must hold, too. Nothing more is concluded from them.
fn keyed_blob(bytes: &[u8], material: &VerificationMaterial, ring: &KeyRing) -> Result<Signed, TrustError> {
    sigstore::check_limits(material)?;
    let blob = sigstore::keyed_blob(bytes)?;
    let sha256 = blob.digest.sha256();
    let holds = |key: &&PublicKey| sha256.is_some_and(|digest| key.verify_digest(digest.0, &blob.signature));
    let Some(key) = ring.keys().find(holds) else {
        let hint = material.public_key.as_ref().map(|key| shorten(&key.hint)).filter(|hint| !hint.is_empty());
        let named = hint.into_iter().collect();
        return Err(TrustError::NoKnownSignature { signatures: 1, keys: ring.keys().count(), named });
    };
    blob.check_log(key, ring.sigstore())?;
    let value = BlobSignature { artifact: blob.digest };
    let digest = value.digest_of(&format!("key:{}", key.id()));
    Ok(Signed::Blob(Verified::assertion(value, digest, [key.id()].into(), ring)))
}

/// Refuses log entries and timestamps that do not hold for the key of a statement, where there are any and a root to tell by.
fn check_keyed_log(
    bytes: &[u8],
    material: &VerificationMaterial,
    statement: &Verified<Statement>,
    ring: &KeyRing,
) -> Result<(), TrustError> {
    sigstore::check_limits(material)?;
    if ring.sigstore().is_empty() || !sigstore::has_proofs(material) {
        return Ok(());
    }
    // SECURITY: a key of SSH is in no entry that is read here, so nothing says whether the proofs are this signature's. They are not passed over.
    if statement.keys().is_empty() {
        return Err(SigstoreError::UncheckedLog.into());
    }
    for key in statement.keys().iter().filter_map(|id| ring.key(*id)) {
        sigstore::check_keyed_log(bytes, key, ring.sigstore())?;
    }
    Ok(())
}

/// A statement that is signed by the holder of a certificate that is none of Sigstore's.
fn by_x509(
    envelope: &Envelope,
    material: &VerificationMaterial,
    realm: Realm,
    ring: &KeyRing,
    limits: &Limits,
) -> Result<Signed, TrustError> {
    let (signer, payload) = x509::verify(envelope, material, realm, ring)?;
    let statement = statement::read(&payload, limits).map_err(TrustError::Statement)?;
    let digest = StatementDigest(Sha256::of(&payload));
    Ok(Signed::Statement(Verified::certified(statement, digest, signer, Clock::Timestamp, None)))
}

/// A statement that is signed by the key that a WIT-SVID binds to a workload.
fn by_wit(
    envelope: Option<Envelope>,
    is_bare: bool,
    material: &VerificationMaterial,
    ring: &KeyRing,
    limits: &Limits,
) -> Result<Signed, TrustError> {
    let envelope = match envelope {
        Some(_) if is_bare => return Err(TrustError::Both { what: "both `dsseEnvelope` and `messageSignature`" }),
        Some(envelope) => envelope,
        None => return Err(X509Error::NoStatement.into()),
    };
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(TrustError::PayloadType { got: shorten(&envelope.payload_type) });
    }
    let token = material.wit_svid.as_deref().unwrap_or_default();
    let claimed = wit::domain_unverified(token, limits)?;
    let bundle = ring.spiffe().iter().find(|bundle| bundle.domain() == claimed.domain());
    let bundle = bundle.ok_or_else(|| X509Error::NoTrustDomain { domain: claimed.domain().to_string() })?;
    let bound = wit::verify(token, bundle, &[], limits)?;
    let (payload, signature) = x509::signed(&envelope, &bound.key)?;
    let times = x509::times(&x509::stamps(material)?, &signature, ring)?;
    // SECURITY: only now the time is known for which the token must hold.
    let principal = wit::verify(token, bundle, &times, limits)?.id.to_string();
    let time = times.iter().min().copied();
    let signer = Signer { method: SignerMethod::WitSvid, principal, presence: false, time };
    let statement = statement::read(&payload, limits).map_err(TrustError::Statement)?;
    let digest = StatementDigest(Sha256::of(&payload));
    Ok(Signed::Statement(Verified::certified(statement, digest, signer, Clock::Timestamp, None)))
}

/// A bundle that is signed by the holder of one of Sigstore's certificates.
fn certified(bytes: &[u8], ring: &KeyRing, limits: &Limits) -> Result<Signed, TrustError> {
    let Certified { signer, clock, claims, content } = sigstore::verify(bytes, ring.sigstore(), ring.names())?;
    match content {
        Content::Payload(payload) => {
            let statement = statement::read(&payload, limits).map_err(TrustError::Statement)?;
            let digest = StatementDigest(Sha256::of(&payload));
            Ok(Signed::Statement(Verified::certified(statement, digest, signer, clock, Some(claims))))
        }
        Content::Blob { digest } => {
            let blob = BlobSignature { artifact: digest };
            let digest = blob.digest_of(&signer.principal);
            Ok(Signed::Blob(Verified::certified(blob, digest, signer, clock, Some(claims))))
        }
    }
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
    let by_ssh = ssh_signers(envelope, &payload, ring);
    if let (true, true, Some(refused)) = (keys.is_empty(), by_ssh.signers.is_empty(), by_ssh.refused) {
        return Err(TrustError::Ssh(refused));
    }
    if keys.is_empty() && by_ssh.signers.is_empty() {
        let named = envelope.signatures.iter().filter_map(|signature| signature.keyid.as_deref().map(shorten));
        let named = named.filter(|id| !id.is_empty()).collect();
        return Err(TrustError::NoKnownSignature { signatures: got, keys: ring.keys().count(), named });
    }
    // SECURITY: CVE-2026-39395: a good signature over something that is no statement proves nothing.
    let statement = statement::read(&payload, limits).map_err(TrustError::Statement)?;
    Ok(Verified::assertion(statement, StatementDigest(Sha256::of(&payload)), keys, ring)
        .also_by(by_ssh.signers, by_ssh.notices))
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
        EvidenceFile::Envelope => json::parse_as(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?,
        kind => {
            let bytes = match kind {
                EvidenceFile::PythonAttestation => foreign::bundle_of_python(bytes, limits)?,
                _ => bytes.to_vec(),
            };
            let bundle: Bundle = json::parse_as(&bytes, &json::of_words(&bytes, limits)).map_err(TrustError::Json)?;
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

/// The algorithms of the digests by which evidence names contents. Nothing is verified.
pub(crate) fn algorithms_unverified(bytes: &[u8], limits: &Limits) -> BTreeSet<DigestAlgorithm> {
    if let Ok(claimed) = peek_unverified(bytes, limits) {
        let names = claimed.subjects_unverified.iter().flat_map(|subject| subject.digest.keys());
        return names.filter_map(|name| DigestAlgorithm::ALL.into_iter().find(|known| known.word() == name)).collect();
    }
    let document = json::parse(bytes, &json::of_words(bytes, limits)).unwrap_or_default();
    let name = document.pointer("/messageSignature/messageDigest/algorithm").and_then(serde_json::Value::as_str);
    // SPEC: sigstore_common.proto, `HashAlgorithm`.
    match name {
        Some("SHA2_256") => [DigestAlgorithm::Sha256].into(),
        Some("SHA2_384") => [DigestAlgorithm::Sha384].into(),
        Some("SHA2_512") => [DigestAlgorithm::Sha512].into(),
        _ => BTreeSet::new(),
    }
}

fn detect(bytes: &[u8], limits: &Limits) -> Result<EvidenceFile, TrustError> {
    let document = json::parse(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?;
    EvidenceFile::detect(&document).ok_or(TrustError::NotEvidence)
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}
