//! The proof token: a value whose signatures held.

use std::collections::BTreeSet;

use lasthand_model::digest::{KeyId, StatementDigest};
use lasthand_model::wire::facts::Signer;

use crate::keys::KeyRing;

/// A value read from signed bytes, together with who signed them.
///
/// INVARIANT (verified): made only by `Verified::assertion`, which is called only after a signature over the exact bytes
/// held under a key of the ring. There is no way to change what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    digest: StatementDigest,
    keys: BTreeSet<KeyId>,
    signers: Vec<Signer>,
}

impl<T> Verified<T> {
    /// States that `keys` signed the bytes with this digest, and that `value` was read from these bytes.
    // TRUST: here untrusted becomes trusted.
    pub(crate) fn assertion(value: T, digest: StatementDigest, keys: BTreeSet<KeyId>, ring: &KeyRing) -> Self {
        let signers = ring.signers(&keys);
        Self { value, digest, keys, signers }
    }

    /// What was signed.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Gives up the proof and takes what was signed.
    pub fn into_value(self) -> T {
        self.value
    }

    /// SHA-256 of the exact signed payload bytes.
    pub const fn digest(&self) -> StatementDigest {
        self.digest
    }

    /// Who signed: each key once, by id, then each group whose threshold is met, by name.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }
}

/// Merges what is signed apart: k envelopes over one payload become one value with all its signers.
///
/// In: verified values, in any order. Out: one for each payload digest, in order of first appearance. Groups are counted anew
/// over the distinct keys of all envelopes of a payload.
#[must_use]
pub fn combine<T>(values: Vec<Verified<T>>, ring: &KeyRing) -> Vec<Verified<T>> {
    let mut places: std::collections::BTreeMap<StatementDigest, usize> = std::collections::BTreeMap::new();
    let mut combined: Vec<Verified<T>> = Vec::new();
    for verified in values {
        let known = places.get(&verified.digest).and_then(|place| combined.get_mut(*place));
        if let Some(first) = known {
            first.keys.extend(verified.keys);
            first.signers = ring.signers(&first.keys);
        } else {
            places.insert(verified.digest, combined.len());
            combined.push(verified);
        }
    }
    combined
}
