//! What a signature says of itself, in the part that it signed.

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, RevocationCode, Signature, SignatureVersion, SubpacketData};

/// What the hashed subpackets say, each at most once.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub(super) created: i64,
    /// Seconds after which it no longer counts.
    expires: Option<i64>,
    /// Seconds after its own creation at which the key expires that it is about.
    key_expires: Option<i64>,
    /// Whether the key that it is about may sign data; absent when it does not say.
    pub(super) may_sign: Option<bool>,
    /// A revocation whose reason lets earlier signatures stand.
    pub(super) soft: bool,
    /// Whether it was made with a hash that no collisions are known of.
    pub(super) strong: bool,
}

impl Stated {
    /// Reads the signed part of a signature of version 4.
    ///
    /// # Errors
    /// What is wrong: another version, no time, something said twice, or something critical that is not understood.
    pub(super) fn read(signature: &Signature) -> Result<Self, &'static str> {
        // SECURITY: signatures of version 3 have no signed part of this kind: their times and keys are not all signed.
        let config = signature.config().filter(|_| signature.version() == SignatureVersion::V4);
        let config = config.ok_or("a signature is not of version 4")?;
        let (mut created, mut expires, mut key_expires) = (None, None, None);
        let (mut flags, mut reason): (Option<KeyFlags>, Option<RevocationCode>) = (None, None);
        for subpacket in config.hashed_subpackets() {
            // SECURITY: of two, readers take the first or the last.
            match &subpacket.data {
                SubpacketData::SignatureCreationTime(time) => once(&mut created, i64::from(time.as_secs()))?,
                SubpacketData::SignatureExpirationTime(time) => once(&mut expires, i64::from(time.as_secs()))?,
                SubpacketData::KeyExpirationTime(time) => once(&mut key_expires, i64::from(time.as_secs()))?,
                SubpacketData::KeyFlags(found) => once(&mut flags, found.clone())?,
                SubpacketData::RevocationReason(code, _) => once(&mut reason, *code)?,
                // SPEC: RFC 9580 section 5.2.3.7: a critical subpacket that is not understood makes the signature an error.
                SubpacketData::Notation(_) | SubpacketData::Other(..) | SubpacketData::Experimental(..)
                    if subpacket.is_critical =>
                {
                    return Err("something critical in a signature is not understood");
                }
                _ => {}
            }
        }
        Ok(Self {
            created: created.ok_or("a signature does not say when it was made")?,
            expires: expires.filter(|seconds| *seconds > 0),
            key_expires: key_expires.filter(|seconds| *seconds > 0),
            may_sign: flags.map(|flags| flags.sign()),
            soft: matches!(
                reason,
                Some(RevocationCode::KeySuperseded | RevocationCode::KeyRetired | RevocationCode::CertUserIdInvalid)
            ),
            // SECURITY: collisions of MD5 and SHA-1 can be bought.
            strong: is_strong(config.hash_alg),
        })
    }

    /// Whether it counts at this moment: made by then, and not over.
    pub(super) fn counts_at(&self, moment: i64) -> bool {
        self.created <= moment && self.expires.is_none_or(|seconds| moment < self.created + seconds)
    }

    /// When the key expires that it is about, which was made at `made`.
    pub(super) fn key_end(&self, made: i64) -> Option<i64> {
        self.key_expires.map(|seconds| made + seconds)
    }
}

pub(super) const fn is_strong(hash: HashAlgorithm) -> bool {
    matches!(hash, HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512)
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err("a signature says something twice"),
    }
}
