//! A detached signature over data.

use std::fmt;

use pgp::packet::{Packet, Signature, SignatureType};
use pgp::types::{KeyDetails, VerifyingKey};

use super::error::OpenPgpError;
use super::stated::{Stated, is_strong};
use super::{armor, packets};

/// LIMIT: bytes of one armoured signature; those of RSA with 8192 bits have some 2,000.
const SIGNATURE_BYTES: usize = 16 << 10;

/// A signature, read and not verified.
#[derive(Clone)]
pub struct OpenPgpSignature {
    packet: Signature,
    pub(super) stated: Stated,
}

impl fmt::Debug for OpenPgpSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenPgpSignature(of {})", self.issuer())
    }
}

impl OpenPgpSignature {
    /// Reads one armoured signature over a binary document.
    ///
    /// # Errors
    /// [`OpenPgpError::Signature`] for anything but one signature packet of version 4, such as a signed message, two signatures, or one over
    /// text; [`OpenPgpError::Hash`].
    pub fn from_armor(text: &str) -> Result<Self, OpenPgpError> {
        let fault = |reason| OpenPgpError::Signature { reason };
        if text.len() > SIGNATURE_BYTES {
            return Err(fault("it is too large"));
        }
        let bytes = armor::strip(text, "SIGNATURE").ok_or_else(|| fault("it is not one block of armour"))?;
        let mut packets = packets::read(&bytes, 2).ok_or_else(|| fault("its packets cannot be read"))?;
        // SECURITY: with literal data inside, the signature would be over that, and not over what is asked; of two signatures, one reader takes
        // the first and another one the last.
        let packet = match (packets.pop(), packets.is_empty()) {
            (Some(Packet::Signature(packet)), true) => packet,
            _ => return Err(fault("it is not one signature alone")),
        };
        let stated = Stated::read(&packet).map_err(fault)?;
        // SECURITY: a signature over text holds for other bytes, too: line ends are not signed.
        if packet.typ() != Some(SignatureType::Binary) {
            return Err(fault("it is not over a binary document"));
        }
        let hash = packet.hash_alg().ok_or_else(|| fault("it has no hash"))?;
        if !is_strong(hash) {
            return Err(OpenPgpError::Hash { got: hash.to_string() });
        }
        Ok(Self { packet, stated })
    }

    /// The fingerprint or key id that it names, as a hint.
    #[must_use]
    pub fn issuer(&self) -> String {
        let fingerprint = self.packet.issuer_fingerprint().first().map(|found| hex::encode(found.as_bytes()));
        let id = || self.packet.issuer_key_id().first().map(|id| hex::encode(id.as_ref()));
        fingerprint.or_else(id).unwrap_or_else(|| "(none is named)".to_owned())
    }

    /// Whether it may be of this key, by what it names. One that names no key is of none.
    pub(super) fn names(&self, key: &impl KeyDetails) -> bool {
        self.packet.issuer_fingerprint().iter().any(|found| **found == key.fingerprint())
            || self.packet.issuer_key_id().iter().any(|id| **id == key.legacy_key_id())
    }

    /// Whether it holds over a message under a key of its algorithm.
    pub(super) fn holds(&self, key: &impl VerifyingKey, message: &[u8]) -> bool {
        let of_algorithm = self.packet.config().is_some_and(|config| config.pub_alg == key.algorithm());
        of_algorithm && self.packet.verify(key, message).is_ok()
    }
}
