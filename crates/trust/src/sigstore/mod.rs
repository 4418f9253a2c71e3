//! Sigstore bundles with a certificate, verified offline by the roots of the trust file.
//!
//! The one place that knows the library. What it does for us: validity of the certificate at each proven time, the certificate's log
//! entry, inclusion proof, checkpoint and promise of the log entry, RFC 3161 timestamps, the signature, and that all of it is of
//! one signature. What is ours: limits before anything is looked at, the whole chain, the one name of the signer, what the signature is
//! over, and `checks`: all of it once more, for statements about git objects alone and for the reason of a refusal.
//! Nothing is skipped and there is no option to skip it.
//!
//! SPEC: Sigstore client specification; sigstore/protobuf-specs, sigstore_bundle.proto.

mod checks;
mod claims;
mod error;
mod form;
mod held;
mod identity;
mod root;
mod stamps;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::wire::bundle::VerificationMaterial;
use lasthand_model::wire::facts::{Signer, SignerMethod};
use serde_json::Value;
use sigstore_verify::types::{
    Artifact, ArtifactDigest as LibraryDigest, Bundle, DerPublicKey, HashAlgorithm, SignatureContent,
};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy};

pub use claims::{Claim, Claims, GitHubSubject};
pub use error::{Part, SigstoreError};
pub use root::{RootCounts, RootError, SigstoreRoot};
pub use stamps::TimestampAuthority;

use crate::content_digest::{ContentDigest, DigestAlgorithm};
use crate::keys::PublicKey;
use crate::verified::Clock;
use checks::{By, Signed};
use held::Held;
use root::Judges;

// LIMIT: each log entry and timestamp costs signature checks. GHSA-cq38-jh5f-37mq: endless data.
/// Most log entries, and most timestamps, of one bundle.
pub const MAX_PROOFS: usize = 32;
/// Most certificates of one chain.
pub const MAX_CERTIFICATES: usize = 8;
/// Most bytes of one checkpoint with its signatures.
pub const MAX_CHECKPOINT_BYTES: usize = 16 << 10;
/// Most lines of one checkpoint with its signatures.
pub const MAX_CHECKPOINT_LINES: usize = 32;

/// What a certificate's holder signed.
pub(crate) struct Certified {
    pub(crate) signer: Signer,
    pub(crate) clock: Clock,
    pub(crate) claims: Claims,
    pub(crate) content: Content,
}

/// By what the name in a certificate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Names {
    /// By rows, which say of what kind its holder is, and what he may state for whom.
    #[default]
    OfRows,
    /// By a caller who expects exactly this name, whoever that is, and concludes nothing else from it.
    Expected,
}

/// The exact content that a signature is over.
pub(crate) enum Content {
    /// The payload of an envelope.
    Payload(Vec<u8>),
    /// An artifact.
    Blob { digest: ContentDigest },
}

/// Whether there is any log entry or timestamp.
pub(crate) fn has_proofs(material: &VerificationMaterial) -> bool {
    let any = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    let stamps = material.timestamp_verification_data.as_ref().and_then(|data| data.get("rfc3161Timestamps"));
    any(material.tlog_entries.as_ref()) || any(stamps)
}

/// Refuses more proofs than are looked at, and what is in the place of a list of proofs and is none.
pub(crate) fn check_limits(material: &VerificationMaterial) -> Result<(), SigstoreError> {
    let counts = [
        ("log entries", list("tlogEntries", material.tlog_entries.as_ref())?, MAX_PROOFS),
        ("timestamps", list_in("rfc3161Timestamps", material.timestamp_verification_data.as_ref())?, MAX_PROOFS),
        ("certificates", list_in("certificates", material.x509_certificate_chain.as_ref())?, MAX_CERTIFICATES),
    ];
    let entries = material.tlog_entries.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // LIMIT: each line of signature is tried with each log whose hint it has.
    let checkpoints = entries.iter().filter_map(|entry| entry.pointer("/inclusionProof/checkpoint/envelope")?.as_str());
    let of_checkpoint = |text: &str| {
        [
            ("bytes in a checkpoint", text.len(), MAX_CHECKPOINT_BYTES),
            ("lines in a checkpoint", text.split('\n').count(), MAX_CHECKPOINT_LINES),
        ]
    };
    match counts.into_iter().chain(checkpoints.flat_map(of_checkpoint)).find(|(_, got, limit)| got > limit) {
        Some((what, got, limit)) => Err(SigstoreError::TooMany { what, got, limit }),
        None => Ok(()),
    }
}

/// How long a list is; 0 where there is none.
///
/// SECURITY: what is no list would count as no proofs here, and as some for another reader.
fn list(member: &str, value: Option<&Value>) -> Result<usize, SigstoreError> {
    match value {
        None | Some(Value::Null) => Ok(0),
        Some(Value::Array(items)) => Ok(items.len()),
        Some(_) => Err(SigstoreError::Malformed { reason: format!("`{member}` is not a list") }),
    }
}

fn list_in(member: &str, value: Option<&Value>) -> Result<usize, SigstoreError> {
    match value {
        None | Some(Value::Null) => Ok(0),
        Some(Value::Object(members)) => list(member, members.get(member)),
        Some(_) => Err(SigstoreError::Malformed { reason: format!("what should hold `{member}` is no object") }),
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
pub(crate) fn verify(json: &[u8], roots: &[SigstoreRoot], names: Names) -> Result<Certified, SigstoreError> {
    let bundle = parse(json)?;
    let claimed = claimed_digest(&bundle)?;
    // Whoever signed is asked for afterwards, against the rows; everything else is demanded here.
    let held = under_any_root(roots, |root| by_certificate(&bundle, &claimed, root))?;
    let leaf = bundle.signing_certificate().ok_or(SigstoreError::NoCertificate)?;
    let (signer, clock) = identity::signer(&held, leaf.as_bytes())?;
    let claims = Claims::read(leaf.as_bytes())?;
    // SECURITY: identity providers other than those of CI give out URIs, too, such as those of workloads: such a name is no workflow's.
    if names == Names::OfRows && signer.method == SignerMethod::FulcioCi && !claims.are_of_a_run() {
        let reason = "its name is a URI, and it says nothing of a run, so it is no workflow's";
        return Err(SigstoreError::Identity { reason });
    }
    // TRUST: the bytes that were verified, not another reading of them.
    let content = match (bundle.content, claimed) {
        (SignatureContent::DsseEnvelope(envelope), _) => Content::Payload(envelope.payload.as_bytes().to_vec()),
        (SignatureContent::MessageSignature(_), Claimed::Digest(digest)) => {
            if names == Names::OfRows && held.certificate.as_ref().is_none_or(identity::ran_for_another) {
                let reason = "its workflow is of another repository than the one it ran for, which a bare signature does not say";
                return Err(SigstoreError::Identity { reason });
            }
            Content::Blob { digest: content_digest(&digest)? }
        }
        _ => return Err(neither()),
    };
    Ok(Certified { signer, clock, claims, content })
}

/// A certificate's bundle by one root: by the library, or by our own checks where the library cannot look at it.
fn by_certificate(bundle: &Bundle, claimed: &Claimed, root: &SigstoreRoot) -> Result<Held, SigstoreError> {
    // SECURITY: nobody asked of such a root whether it has what certificates are verified by.
    if root.judges != Judges::All {
        return Err(SigstoreError::ForKeys);
    }
    let own = || checks::verify(bundle, claimed.signed(), By::Certificate, &root.root);
    let Claimed::Digest(digest) = claimed else { return own() };
    checks::each_once(bundle)?;
    let known = checks::without_strangers(bundle, &root.root)?;
    let policy = VerificationPolicy::any_identity();
    let result = root.verifier.verify(Artifact::from_digest(digest.clone()), &known, &policy);
    match result {
        Ok(result) => {
            let held = Held::of_certificate(&result)?;
            checks::verify_chain(bundle, &held.times, &root.root)?;
            checks::verify_log_windows(bundle, &held.times, &root.root)?;
            Ok(held)
        }
        // The verdict is the library's; our own checks only say why.
        Err(error) => Err(own().err().unwrap_or_else(|| SigstoreError::from(error))),
    }
}

/// A signature over an artifact by a key that the verifier has; not verified yet.
pub(crate) struct KeyedBlob {
    bundle: Bundle,
    claimed: Claimed,
    pub(crate) digest: ContentDigest,
    pub(crate) signature: Vec<u8>,
}

/// Reads a bundle with a key and a bare signature, both known to be there.
pub(crate) fn keyed_blob(json: &[u8]) -> Result<KeyedBlob, SigstoreError> {
    let bundle = parse(json)?;
    let claimed = claimed_digest(&bundle)?;
    let (SignatureContent::MessageSignature(message), Claimed::Digest(digest)) = (&bundle.content, &claimed) else {
        return Err(neither());
    };
    let signature = message.signature.as_bytes().to_vec();
    Ok(KeyedBlob { digest: content_digest(digest)?, bundle, claimed, signature })
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
        let key = DerPublicKey::new(key.spki().to_vec());
        under_any_root(roots, |root| by_key(&self.bundle, &self.claimed, &key, root)).map(|_| ())
    }
}

/// Refuses log entries and timestamps of a statement that do not hold for this key.
pub(crate) fn check_keyed_log(json: &[u8], key: &PublicKey, roots: &[SigstoreRoot]) -> Result<(), SigstoreError> {
    let bundle = parse(json)?;
    let (claimed, key) = (claimed_digest(&bundle)?, DerPublicKey::new(key.spki().to_vec()));
    under_any_root(roots, |root| by_key(&bundle, &claimed, &key, root)).map(|_| ())
}

fn by_key(bundle: &Bundle, claimed: &Claimed, key: &DerPublicKey, root: &SigstoreRoot) -> Result<Held, SigstoreError> {
    let own = || checks::verify(bundle, claimed.signed(), By::Key(key), &root.root);
    let Claimed::Digest(digest) = claimed else { return own() };
    checks::each_once(bundle)?;
    let known = checks::without_strangers(bundle, &root.root)?;
    let policy = PublicKeyVerificationPolicy::new(key.clone());
    match root.verifier.verify(Artifact::from_digest(digest.clone()), &known, &policy) {
        Ok(result) => {
            let held = Held::of(&result);
            checks::verify_log_windows(bundle, &held.times, &root.root)?;
            Ok(held)
        }
        Err(error) => Err(own().err().unwrap_or_else(|| SigstoreError::from(error))),
    }
}

fn parse(json: &[u8]) -> Result<Bundle, SigstoreError> {
    let malformed = |reason: String| SigstoreError::Malformed { reason };
    let text = std::str::from_utf8(json).map_err(|error| malformed(error.to_string()))?;
    // The verdict is the library's; the form only says why.
    Bundle::from_json(text).map_err(|error| form::flaw(text).unwrap_or_else(|| malformed(error.to_string())))
}

fn under_any_root(
    roots: &[SigstoreRoot],
    verify: impl Fn(&SigstoreRoot) -> Result<Held, SigstoreError>,
) -> Result<Held, SigstoreError> {
    let mut furthest: Option<SigstoreError> = None;
    for root in roots {
        match verify(root) {
            Ok(held) => return Ok(held),
            Err(error) => {
                if furthest.as_ref().is_none_or(|known| known.part() < error.part()) {
                    furthest = Some(error);
                }
            }
        }
    }
    Err(furthest.unwrap_or(SigstoreError::NoRoot))
}

/// What a signature claims to be over. Nobody signed the claim: the verification that follows proves or refutes it.
enum Claimed {
    /// A digest that the library can be asked by: of an artifact, or of a subject.
    Digest(LibraryDigest),
    /// A statement of which no subject has such a digest.
    Payload,
}

impl Claimed {
    fn signed(&self) -> Signed<'_> {
        match self {
            Self::Digest(digest) => Signed::Digest(digest.algorithm(), digest.as_bytes()),
            Self::Payload => Signed::Payload,
        }
    }
}

fn neither() -> SigstoreError {
    SigstoreError::Malformed { reason: "it holds neither envelope nor signature".to_owned() }
}

fn claimed_digest(bundle: &Bundle) -> Result<Claimed, SigstoreError> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => {
            Ok(subject(envelope.payload.as_bytes()).map_or(Claimed::Payload, Claimed::Digest))
        }
        SignatureContent::MessageSignature(message) => {
            let claimed = match &message.message_digest {
                Some(claimed) => LibraryDigest::new(claimed.algorithm, claimed.digest.clone())
                    .map_err(|error| SigstoreError::Malformed { reason: error.to_string() })?,
                // The log may say it, but not every reader looks there.
                None => {
                    return Err(SigstoreError::NoDigest {
                        what: "bundle does not say which digest its signature is over",
                    });
                }
            };
            content_digest(&claimed)?;
            Ok(Claimed::Digest(claimed))
        }
        _ => Err(neither()),
    }
}

/// Decodes base64 of the standard alphabet, padded.
fn standard_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn content_digest(digest: &LibraryDigest) -> Result<ContentDigest, SigstoreError> {
    let other =
        SigstoreError::NoDigest { what: "signature is over another digest than a sha256, sha384 or sha512 of a file" };
    let algorithm = match digest.algorithm() {
        HashAlgorithm::Sha2256 => DigestAlgorithm::Sha256,
        HashAlgorithm::Sha2384 => DigestAlgorithm::Sha384,
        HashAlgorithm::Sha2512 => DigestAlgorithm::Sha512,
        _ => return Err(other),
    };
    ContentDigest::of_bytes(algorithm, digest.as_bytes()).ok_or(other)
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

#[cfg(test)]
mod same_verdicts;
