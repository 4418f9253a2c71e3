//! Sigstore bundles with a certificate, verified offline by the roots of the trust file.
//!
//! The one place that knows the library. What it does for us: chain and validity at each proven time, the certificate's log
//! entry, inclusion proof, checkpoint and promise of the log entry, RFC 3161 timestamps, the signature, and that all of it is of
//! one signature. What is ours: limits before anything is looked at, the one name of the signer, and what the signature is over.
//! Nothing is skipped and there is no option to skip it.
//!
//! SPEC: Sigstore client specification; sigstore/protobuf-specs, sigstore_bundle.proto.

mod error;
mod identity;
mod root;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::bundle::VerificationMaterial;
use lasthand_model::wire::facts::Signer;
use serde_json::Value;
use sigstore_verify::types::{
    Artifact, ArtifactDigest as LibraryDigest, Bundle, DerPublicKey, HashAlgorithm, Sha256Hash, SignatureContent,
};
use sigstore_verify::{Policy, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult};

pub use error::{Part, SigstoreError};
pub use root::{RootCounts, RootError, SigstoreRoot};

use crate::keys::PublicKey;
use crate::verified::Clock;

// LIMIT: each log entry and timestamp costs signature checks. GHSA-cq38-jh5f-37mq: endless data.
/// Most log entries, and most timestamps, of one bundle.
pub const MAX_PROOFS: usize = 32;
/// Most certificates of one chain.
pub const MAX_CERTIFICATES: usize = 8;

/// What a certificate's holder signed.
pub(crate) struct Certified {
    pub(crate) signer: Signer,
    pub(crate) clock: Clock,
    pub(crate) content: Content,
}

/// The exact content that a signature is over.
pub(crate) enum Content {
    /// The payload of an envelope.
    Payload(Vec<u8>),
    /// An artifact, and the bytes of the signature.
    Blob { digest: ArtifactDigest },
}

/// Refuses more proofs than are looked at.
pub(crate) fn check_limits(material: &VerificationMaterial) -> Result<(), SigstoreError> {
    let length = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
    let inside = |value: &Option<Value>, member: &str| length(value.as_ref().and_then(|value| value.get(member)));
    let counts = [
        ("log entries", length(material.tlog_entries.as_ref()), MAX_PROOFS),
        ("timestamps", inside(&material.timestamp_verification_data, "rfc3161Timestamps"), MAX_PROOFS),
        ("certificates", inside(&material.x509_certificate_chain, "certificates"), MAX_CERTIFICATES),
    ];
    match counts.iter().find(|(_, got, limit)| got > limit) {
        Some((what, got, limit)) => Err(SigstoreError::TooMany { what, got: *got, limit: *limit }),
        None => Ok(()),
    }
}

/// Verifies a bundle with a certificate.
///
/// In: its JSON, already found to hold one certificate or chain, no key, and one envelope or one bare signature.
/// Out: who signed, when, and what. Cost: a few signature checks for each root, log entry and timestamp.
///
/// # Errors
/// [`SigstoreError`]; of several roots, that of the one under which most held.
///
/// # Proves / does not prove
/// Proves that the holder of an identity, as an authority of a root saw it, signed exactly this. Does not prove that he may.
pub(crate) fn verify(json: &[u8], roots: &[SigstoreRoot]) -> Result<Certified, SigstoreError> {
    let bundle = parse(json)?;
    let digest = claimed_digest(&bundle)?;
    // Whoever signed is asked for afterwards, against the rows; everything else is demanded here.
    let result = under_any_root(&bundle, &digest, &VerificationPolicy::any_identity(), roots)?;
    let leaf = bundle.signing_certificate().ok_or(SigstoreError::words(Part::Bundle, "it has no certificate"))?;
    let (signer, clock) = identity::signer(&result, leaf.as_bytes())?;
    // TRUST: the bytes that the library verified, not another reading of them.
    let content = match bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Content::Payload(envelope.payload.as_bytes().to_vec()),
        SignatureContent::MessageSignature(_) => {
            if identity::ran_for_another(&result) {
                let reason = "its workflow is of another repository than the one it ran for, which a bare signature does not say";
                return Err(SigstoreError::Identity { reason });
            }
            Content::Blob { digest: sha256(&digest)? }
        }
        _ => return Err(SigstoreError::words(Part::Bundle, "it holds neither envelope nor signature")),
    };
    Ok(Certified { signer, clock, content })
}

/// A signature over an artifact by a key that the verifier has; not verified yet.
pub(crate) struct KeyedBlob {
    bundle: Bundle,
    claimed: LibraryDigest,
    pub(crate) digest: ArtifactDigest,
    pub(crate) signature: Vec<u8>,
}

/// Reads a bundle with a key and a bare signature, both known to be there.
pub(crate) fn keyed_blob(json: &[u8]) -> Result<KeyedBlob, SigstoreError> {
    let bundle = parse(json)?;
    let claimed = claimed_digest(&bundle)?;
    let SignatureContent::MessageSignature(message) = &bundle.content else {
        return Err(SigstoreError::words(Part::Bundle, "it holds no bare signature"));
    };
    let signature = message.signature.as_bytes().to_vec();
    Ok(KeyedBlob { digest: sha256(&claimed)?, bundle, claimed, signature })
}

impl KeyedBlob {
    /// Refuses log entries and timestamps that do not hold for this key, where there is a root to tell by.
    pub(crate) fn check_log(&self, key: &PublicKey, roots: &[SigstoreRoot]) -> Result<(), SigstoreError> {
        let material = &self.bundle.verification_material;
        let bare =
            material.tlog_entries.is_empty() && material.timestamp_verification_data.rfc3161_timestamps.is_empty();
        if bare || roots.is_empty() {
            return Ok(());
        }
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.spki().to_vec()));
        under_any_root(&self.bundle, &self.claimed, &policy, roots).map(|_| ())
    }
}

fn parse(json: &[u8]) -> Result<Bundle, SigstoreError> {
    let text = std::str::from_utf8(json).map_err(|error| SigstoreError::rejected(Part::Bundle, error))?;
    Bundle::from_json(text).map_err(|error| SigstoreError::rejected(Part::Bundle, error))
}

fn under_any_root(
    bundle: &Bundle,
    digest: &LibraryDigest,
    policy: &dyn Policy,
    roots: &[SigstoreRoot],
) -> Result<VerificationResult, SigstoreError> {
    let mut furthest: Option<SigstoreError> = None;
    for root in roots {
        match root.verifier.verify(Artifact::from_digest(digest.clone()), bundle, policy) {
            Ok(result) => return Ok(result),
            Err(error) => {
                let error = SigstoreError::from(error);
                if furthest.as_ref().is_none_or(|known| known.part() < error.part()) {
                    furthest = Some(error);
                }
            }
        }
    }
    Err(furthest.unwrap_or(SigstoreError::NoRoot))
}

/// The digest that the signature claims to be over. Nobody signed the claim: the verification that follows proves or refutes it.
fn claimed_digest(bundle: &Bundle) -> Result<LibraryDigest, SigstoreError> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => {
            subject(envelope.payload.as_bytes()).ok_or(SigstoreError::NoDigest {
                what: "statement has no subject with a sha256 or sha512, by which alone a certificate's statement is verified",
            })
        }
        SignatureContent::MessageSignature(message) => {
            let claimed = match &message.message_digest {
                Some(claimed) => LibraryDigest::new(claimed.algorithm, claimed.digest.clone())
                    .map_err(|error| SigstoreError::rejected(Part::Bundle, error))?,
                None => logged_digest(bundle)
                    .ok_or(SigstoreError::NoDigest { what: "bundle does not say which digest its signature is over" })?,
            };
            sha256(&claimed)?;
            Ok(claimed)
        }
        _ => Err(SigstoreError::words(Part::Bundle, "it holds neither envelope nor signature")),
    }
}

fn sha256(digest: &LibraryDigest) -> Result<ArtifactDigest, SigstoreError> {
    let other = SigstoreError::NoDigest {
        what: "signature is over another digest than a sha256, so no artifact can be compared",
    };
    let bytes = (digest.algorithm() == HashAlgorithm::Sha2256).then(|| digest.as_bytes().try_into().ok()).flatten();
    bytes.map(|bytes| ArtifactDigest(Sha256::from_bytes(bytes))).ok_or(other)
}

/// The first digest of a subject that can be verified by.
fn subject(payload: &[u8]) -> Option<LibraryDigest> {
    let statement: Value = serde_json::from_slice(payload).ok()?;
    let subjects = statement.get("subject")?.as_array()?;
    let named = |name: &str, algorithm| {
        subjects.iter().find_map(|subject| {
            let bytes = hex::decode(subject.get("digest")?.get(name)?.as_str()?).ok()?;
            LibraryDigest::new(algorithm, bytes.as_slice()).ok()
        })
    };
    named("sha256", HashAlgorithm::Sha2256).or_else(|| named("sha512", HashAlgorithm::Sha2512))
}

/// The digest that the log entry of a bare signature names, for bundles that leave out their own.
fn logged_digest(bundle: &Bundle) -> Option<LibraryDigest> {
    let entry = bundle.verification_material.tlog_entries.first()?;
    let body: Value = serde_json::from_slice(entry.canonicalized_body.as_bytes()).ok()?;
    let spec = body.get("spec")?;
    let bytes = match spec.get("data") {
        Some(data) => hex::decode(data.get("hash")?.get("value")?.as_str()?).ok()?,
        None => STANDARD.decode(spec.get("hashedRekordV002")?.get("data")?.get("digest")?.as_str()?).ok()?,
    };
    Some(LibraryDigest::sha256(Sha256Hash::try_from(bytes.as_slice()).ok()?))
}
