//! That the signature was logged: inclusion proof, and the checkpoint that it leads to.

use sigstore_merkle::{hash_leaf, verify_inclusion_proof};
use sigstore_verify::crypto::VerificationKey;
use sigstore_verify::trust_root::{TransparencyLog, TrustedRoot};
use sigstore_verify::types::{Bundle, Checkpoint, InclusionProof, KindVersion, TransparencyLogEntry};

use super::super::error::SigstoreError;
use super::super::held::Time;
use super::times::is_future;

/// Checks every log entry, by keys that were the log's at every proven time. The promise of an entry was checked when its time was taken.
pub(super) fn verify(bundle: &Bundle, times: &[Time], root: &TrustedRoot) -> Result<(), SigstoreError> {
    for entry in &bundle.verification_material.tlog_entries {
        match (&entry.inclusion_proof, &entry.inclusion_promise) {
            (Some(proof), _) => verify_proof(entry, proof, times, root)?,
            // A bundle v0.1 may have a promise alone; the shape was checked before.
            (None, Some(_)) => {}
            (None, None) => return Err(SigstoreError::NoInclusionProof),
        }
    }
    Ok(())
}

/// SPEC: RFC 6962 section 2.1.1 and 2.1.3; C2SP tlog-checkpoint.
fn verify_proof(
    entry: &TransparencyLogEntry,
    proof: &InclusionProof,
    times: &[Time],
    root: &TrustedRoot,
) -> Result<(), SigstoreError> {
    let checkpoint = proof.checkpoint.checkpoint().ok_or(SigstoreError::NoCheckpoint)?;
    let (index, size, tree) = if entry.kind_version == KindVersion::HashedRekordV002 {
        // The proof's own place, size and root are said by nobody: the checkpoint's count.
        (entry.log_index.get(), checkpoint.tree_size(), checkpoint.root_hash())
    } else {
        if *checkpoint.root_hash() != proof.root_hash || checkpoint.tree_size() != proof.tree_size {
            return Err(SigstoreError::CheckpointRoot);
        }
        (proof.log_index.get(), proof.tree_size, &proof.root_hash)
    };
    let leaf = hash_leaf(entry.canonicalized_body.as_bytes());
    verify_inclusion_proof(&leaf, index, size, &proof.hashes, tree).map_err(|_| SigstoreError::InclusionProof)?;
    verify_checkpoint(entry, checkpoint, times, root)
}

/// Asks once more whose key signed each checkpoint, for bundles that the library verified: it asks whether the time of a log's key has begun,
/// and never whether it was over (GHSA-wqqc-jjcq-vfxm is of the promise alone).
pub(in super::super) fn verify_windows(
    bundle: &Bundle,
    times: &[Time],
    root: &TrustedRoot,
) -> Result<(), SigstoreError> {
    for entry in &bundle.verification_material.tlog_entries {
        if let Some(proof) = &entry.inclusion_proof {
            let checkpoint = proof.checkpoint.checkpoint().ok_or(SigstoreError::NoCheckpoint)?;
            verify_checkpoint(entry, checkpoint, times, root)?;
        }
    }
    Ok(())
}

/// SECURITY: the key comes from the root alone (CVE-2023-47122). A hint has four bytes and may fit several keys, and several may
/// sign a checkpoint: one that holds is enough, whoever else stands there. It must be the log that the entry names: nobody signs that name, and by
/// it entries are told apart (GHSA-9vcr-p3rj-q5q6).
fn verify_checkpoint(
    entry: &TransparencyLogEntry,
    checkpoint: &Checkpoint,
    times: &[Time],
    root: &TrustedRoot,
) -> Result<(), SigstoreError> {
    let named = root.tlogs.iter().filter(|log| log.log_id.key_id.as_bytes() == entry.log_id.key_id.as_bytes());
    let keys: Vec<_> = named.filter_map(known_key).collect();
    let mut reason = SigstoreError::CheckpointKey;
    // LIMIT: lines of a checkpoint were counted before it was read.
    for signature in checkpoint.signatures() {
        for (hint, key, log) in &keys {
            if *hint != signature.key_id.as_slice() {
                continue;
            }
            if key.verify(checkpoint.signed_data(), &signature.signature).is_err() {
                reason = SigstoreError::CheckpointSignature;
            } else if was_valid(log, times) {
                return Ok(());
            } else {
                reason = SigstoreError::UnknownLog { log: hex::encode(log.log_id.key_id.as_bytes()) };
            }
        }
    }
    Err(reason)
}

/// SECURITY: a key that was retired, or got out, after its time signs whatever tree its holder wants. Every proven time must be inside: one that
/// is dated back must not make up for one that is too late. Where no time is proven, nothing is concluded from the log.
fn was_valid(log: &TransparencyLog, times: &[Time]) -> bool {
    log.public_key.valid_for.is_none_or(|window| times.iter().all(|time| window.contains(*time)))
}

/// Hint and key of a log whose time has begun; none for a key that cannot be used.
fn known_key(log: &TransparencyLog) -> Option<(&[u8], VerificationKey, &TransparencyLog)> {
    let begun = log.public_key.valid_for.is_none_or(|window| !is_future(window.start));
    let hint = log.log_id.key_id.as_bytes().get(..4).filter(|_| begun)?;
    Some((hint, VerificationKey::from_spki(&log.public_key.raw_bytes).ok()?, log))
}
