//! SSH public keys, and which scheme each signs by.
//!
//! SPEC: RFC 4253 section 6.6 (RSA), RFC 5656 (ECDSA), RFC 8709 (Ed25519), OpenSSH PROTOCOL.u2f (security keys).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lasthand_model::digest::Sha256;

use super::error::SshError;
use super::wire::Parts;
use crate::scheme::{ForeignKey, KeyKind};

pub(super) const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com";
pub(super) const SK_P256: &str = "sk-ecdsa-sha2-nistp256@openssh.com";
/// LIMIT: bytes of one key.
const KEY_BYTES: usize = 8 << 10;

/// An SSH public key.
#[derive(Clone)]
pub struct SshKey {
    blob: Vec<u8>,
    key: ForeignKey,
    /// What a security key signs for, such as `ssh:`; absent for a key without a device.
    application: Option<Vec<u8>>,
}

impl fmt::Debug for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshKey({})", self.fingerprint())
    }
}

impl PartialEq for SshKey {
    fn eq(&self, other: &Self) -> bool {
        self.blob == other.blob
    }
}

impl Eq for SshKey {}

impl SshKey {
    /// Reads a key as it goes over the wire.
    ///
    /// # Errors
    /// [`SshError::Key`] for a kind that is not read, and for anything but its one form.
    pub fn from_wire(blob: &[u8]) -> Result<Self, SshError> {
        let fault = |reason| SshError::Key { reason };
        if blob.len() > KEY_BYTES {
            return Err(fault("it is too large"));
        }
        let cut = || fault("it is cut short");
        let mut parts = Parts::new(blob);
        let kind = parts.text().ok_or_else(cut)?;
        let mut application = None;
        let key = match kind {
            "ssh-ed25519" => ForeignKey::from_ed25519(parts.string().ok_or_else(cut)?),
            SK_ED25519 => {
                let key = ForeignKey::from_ed25519(parts.string().ok_or_else(cut)?);
                application = Some(parts.string().ok_or_else(cut)?.to_vec());
                key
            }
            "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" | SK_P256 => {
                let curve = match kind {
                    "ecdsa-sha2-nistp384" => ("nistp384", KeyKind::P384),
                    "ecdsa-sha2-nistp521" => ("nistp521", KeyKind::P521),
                    _ => ("nistp256", KeyKind::P256),
                };
                if parts.text() != Some(curve.0) {
                    return Err(fault("it names another curve than its kind"));
                }
                let key = ForeignKey::from_point(curve.1, parts.string().ok_or_else(cut)?);
                if kind == SK_P256 {
                    application = Some(parts.string().ok_or_else(cut)?.to_vec());
                }
                key
            }
            "ssh-rsa" => {
                let exponent = parts.unsigned().ok_or_else(|| fault("a number is not in its shortest form"))?;
                let modulus = parts.unsigned().ok_or_else(|| fault("a number is not in its shortest form"))?;
                ForeignKey::from_rsa(modulus, exponent)
            }
            _ => return Err(fault("its kind is not read: Ed25519, ECDSA, RSA, and security keys are")),
        };
        if !parts.is_empty() {
            return Err(fault("something follows it"));
        }
        Ok(Self { blob: blob.to_vec(), key: key.map_err(SshError::Foreign)?, application })
    }

    /// The fingerprint as OpenSSH shows it: `SHA256:` and base64 without padding.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::of(&self.blob).as_bytes()))
    }

    /// Whether a device holds it, so that signatures say whether somebody touched it.
    #[must_use]
    pub const fn is_security_key(&self) -> bool {
        self.application.is_some()
    }

    /// The key itself.
    #[must_use]
    pub const fn key(&self) -> &ForeignKey {
        &self.key
    }

    pub(super) fn application(&self) -> Option<&[u8]> {
        self.application.as_deref()
    }
}
