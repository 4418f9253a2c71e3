//! The proof token: a value whose signatures held.

use std::collections::BTreeSet;

use lasthand_model::digest::{KeyId, Sha256, StatementDigest};
use lasthand_model::wire::facts::{Signer, SignerMethod};

use crate::content_digest::ContentDigest;
use crate::keys::{KeyRing, key_principal};
use crate::sigstore::Claims;
use crate::ssh::SshNotice;

/// A signature over an artifact's digest alone: it says who signed which bytes, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobSignature {
    /// Digest of the artifact.
    pub artifact: ContentDigest,
}

impl BlobSignature {
    /// The digest under which a list can take it back: SHA-256 of `lasthand blob-signature v1`, NUL, the artifact's digest in hex (before it
    /// `sha384:` or `sha512:`, where it is one), NUL, the signer's principal.
    ///
    /// SECURITY: not of the signature's bytes. ECDSA signatures have several encodings, and anybody can write another one.
    #[must_use]
    pub fn digest_of(&self, principal: &str) -> StatementDigest {
        let artifact = match self.artifact {
            ContentDigest::Sha256(digest) => digest.0.to_string(),
            other => other.to_string(),
        };
        StatementDigest(Sha256::of(format!("lasthand blob-signature v1\0{artifact}\0{principal}").as_bytes()))
    }
}

/// Whose clock says when something was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// A transparency log's.
    Log,
    /// A timestamp authority's (RFC 3161).
    Timestamp,
}

impl Clock {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Timestamp => "timestamp",
        }
    }
}

/// A value read from signed bytes, together with who signed them.
///
/// INVARIANT (verified): made only by `Verified::assertion`, `Verified::certified`, `Verified::by_keys` and `Verified::also_by`, which are called only after a
/// signature over the exact bytes held under a key of the ring, under a certificate by a root of the ring, or under a key that the caller
/// named. There is no way to change what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    digest: StatementDigest,
    keys: BTreeSet<KeyId>,
    certified: BTreeSet<Signer>,
    signers: Vec<Signer>,
    clock: Option<Clock>,
    claims: Option<Claims>,
    notices: BTreeSet<SshNotice>,
}

impl<T> Verified<T> {
    /// States that `keys` signed the bytes with this digest, and that `value` was read from these bytes.
    // TRUST: here untrusted becomes trusted.
    pub(crate) fn assertion(value: T, digest: StatementDigest, keys: BTreeSet<KeyId>, ring: &KeyRing) -> Self {
        let signers = ring.signers(&keys);
        Self {
            value,
            digest,
            keys,
            certified: BTreeSet::new(),
            signers,
            clock: None,
            claims: None,
            notices: BTreeSet::new(),
        }
    }

    /// States that the holder of a certificate signed the bytes with this digest, and that `value` was read from these bytes.
    ///
    /// `claims` are those of Fulcio's certificates; others have none.
    // TRUST: here untrusted becomes trusted.
    pub(crate) fn certified(
        value: T,
        digest: StatementDigest,
        signer: Signer,
        clock: Clock,
        claims: Option<Claims>,
    ) -> Self {
        let signers = vec![signer.clone()];
        let certified = [signer].into();
        let notices = BTreeSet::new();
        Self { value, digest, keys: BTreeSet::new(), certified, signers, clock: Some(clock), claims, notices }
    }

    /// The same proof, of a value that was read from the signed bytes by another reading.
    // TRUST: only for what these very bytes say.
    pub(crate) fn about<U>(self, value: U, digest: StatementDigest) -> Verified<U> {
        let Self { keys, certified, signers, clock, claims, notices, .. } = self;
        Verified { value, digest, keys, certified, signers, clock, claims, notices }
    }

    /// States that `keys`, which the caller or a verified layout named, signed the bytes with this digest.
    // TRUST: here untrusted becomes trusted.
    pub(crate) fn by_keys(value: T, digest: StatementDigest, keys: BTreeSet<KeyId>) -> Self {
        let signer = |id: &KeyId| Signer {
            method: SignerMethod::Key,
            principal: key_principal(*id),
            presence: false,
            time: None,
        };
        let signers = keys.iter().map(signer).collect();
        Self {
            value,
            digest,
            keys,
            certified: BTreeSet::new(),
            signers,
            clock: None,
            claims: None,
            notices: BTreeSet::new(),
        }
    }

    /// Adds holders of keys of a list of allowed signers, whose signatures over the same bytes held, and what is noticed of their devices.
    // TRUST: here untrusted becomes trusted.
    pub(crate) fn also_by(mut self, signers: BTreeSet<Signer>, notices: BTreeSet<SshNotice>) -> Self {
        self.notices.extend(notices);
        self.certified.extend(signers.iter().cloned());
        self.signers.extend(signers);
        self
    }

    /// The keys that signed, by id.
    pub const fn keys(&self) -> &BTreeSet<KeyId> {
        &self.keys
    }

    /// What was signed.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Gives up the proof and takes what was signed.
    pub fn into_value(self) -> T {
        self.value
    }

    /// SHA-256 of the exact signed payload bytes; of a signature over an artifact, [`BlobSignature::digest_of`].
    pub const fn digest(&self) -> StatementDigest {
        self.digest
    }

    /// Who signed: each key once, by id, then each group whose threshold is met, by name, then each holder of a certificate.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Whose clock gave the signing time of the certificate; none for keys alone.
    pub const fn clock(&self) -> Option<Clock> {
        self.clock
    }

    /// What is noticed of the devices that signed; it lowered the level already, and refuses nothing by itself.
    pub const fn notices(&self) -> &BTreeSet<SshNotice> {
        &self.notices
    }

    /// What the certificate says of its run; none for keys alone, and for certificates that are none of Sigstore's.
    pub const fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
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
            first.certified.extend(verified.certified);
            first.signers = ring.signers(&first.keys);
            first.signers.extend(first.certified.iter().cloned());
            first.notices.extend(verified.notices);
            first.clock = first.clock.or(verified.clock);
            first.claims = first.claims.take().or(verified.claims);
        } else {
            places.insert(verified.digest, combined.len());
            combined.push(verified);
        }
    }
    combined
}
