//! SSH signatures over files, as `ssh-keygen -Y sign` makes them.
//!
//! SPEC: OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Any, Encode as _, Tag};

use super::error::SshError;
use super::key::{SK_ED25519, SK_P256, SshKey};
use super::wire::{Parts, put};
use crate::scheme::Scheme;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8; 6] = b"SSHSIG";
/// LIMIT: bytes of one signature; the largest RSA key makes some 3,000.
const SIGNATURE_BYTES: usize = 16 << 10;
const OTHER_KIND: &str = "its kind is not that of its key";
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;

/// What a security key says of the moment of signing. It signed all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Somebody touched the device.
    pub present: bool,
    /// The device verified who, by PIN or finger.
    pub verified: bool,
    /// How often the device signed, as it counts. Some devices do not count, and always say 0.
    pub counter: u32,
}

/// A signature, read and not verified.
#[derive(Debug, Clone)]
pub struct SshSignature {
    key: SshKey,
    namespace: String,
    hash: &'static aws_lc_rs::digest::Algorithm,
    hash_name: &'static str,
    scheme: Scheme,
    bytes: Vec<u8>,
    device: Option<Device>,
}

/// What a device says behind its signature; nothing of it is believed before [`SshSignature::verify`].
#[derive(Debug, Clone, Copy)]
struct Device {
    flags: u8,
    counter: u32,
}

impl SshSignature {
    /// Reads an armoured signature.
    ///
    /// # Errors
    /// [`SshError`] for anything but the form that OpenSSH writes.
    pub fn from_armor(text: &str) -> Result<Self, SshError> {
        let fault = |reason| SshError::Signature { reason };
        if text.len() > SIGNATURE_BYTES {
            return Err(fault("it is too large"));
        }
        let inner = text.trim().strip_prefix(BEGIN).and_then(|text| text.strip_suffix(END));
        let inner = inner.ok_or_else(|| fault("it has not the lines around it"))?;
        let joined: String = inner.split_ascii_whitespace().collect();
        let blob = STANDARD.decode(joined).map_err(|_| fault("it is not base64"))?;
        Self::from_blob(&blob)
    }

    /// Reads a signature without armour.
    ///
    /// # Errors
    /// As [`SshSignature::from_armor`].
    pub fn from_blob(blob: &[u8]) -> Result<Self, SshError> {
        let cut = || SshError::Signature { reason: "it is cut short" };
        let fault = |reason| SshError::Signature { reason };
        let mut parts = Parts::new(blob);
        if parts.take(MAGIC.len()) != Some(MAGIC) {
            return Err(fault("it does not begin with SSHSIG"));
        }
        if parts.number() != Some(1) {
            return Err(fault("its version is not 1"));
        }
        let key = SshKey::from_wire(parts.string().ok_or_else(cut)?)?;
        let namespace = parts.text().ok_or_else(cut)?.to_owned();
        // SECURITY: `ssh-keygen` verifies as if nothing stood here, whatever does: what is signed with something here holds by the page and not by it,
        // and what is added to a good signature later holds by it and not by the page.
        // OFF-SPEC: PROTOCOL.sshsig says to ignore it.
        if !parts.string().ok_or_else(cut)?.is_empty() {
            return Err(fault("its reserved field is not empty"));
        }
        let hash = parts.text().ok_or_else(cut)?;
        let inner = parts.string().ok_or_else(cut)?;
        if !parts.is_empty() {
            return Err(fault("something follows it"));
        }
        // SPEC: PROTOCOL.sshsig: an empty namespace is not allowed.
        if namespace.is_empty() {
            return Err(fault("its namespace is empty"));
        }
        let (hash, hash_name) = match hash {
            "sha256" => (&SHA256, "sha256"),
            "sha512" => (&SHA512, "sha512"),
            other => return Err(SshError::Hash { got: other.chars().take(80).collect() }),
        };
        let Inner { scheme, bytes, device } = inner_signature(inner, &key)?;
        Ok(Self { key, namespace, hash, hash_name, scheme, bytes, device })
    }

    /// The key that it names; the signature holds under no other.
    #[must_use]
    pub const fn key(&self) -> &SshKey {
        &self.key
    }

    /// The use that it is for.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether it is for this use, by what it says; that it holds is shown by [`SshSignature::verify`], which asks again.
    pub(super) fn check_namespace(&self, namespace: &str) -> Result<(), SshError> {
        if self.namespace == namespace {
            return Ok(());
        }
        let got = self.namespace.chars().take(80).collect();
        Err(SshError::Namespace { got, expected: namespace.to_owned() })
    }

    /// Verifies the signature over a message for one use. Out: what the device says, of a security key.
    ///
    /// # Errors
    /// [`SshError::Namespace`] for another use, [`SshError::NotHeld`]; [`SshError::Signature`] when a key without a device has flags, or a key of a
    /// device has none.
    ///
    /// # Proves / does not prove
    /// Proves that the key signed this message for this use. Whose key it is says a list of allowed signers alone; that somebody touched the
    /// device says [`Presence::present`] alone.
    pub fn verify(&self, namespace: &str, message: &[u8]) -> Result<Option<Presence>, SshError> {
        self.check_namespace(namespace)?;
        let mut signed = MAGIC.to_vec();
        put(&mut signed, self.namespace.as_bytes());
        put(&mut signed, b"");
        put(&mut signed, self.hash_name.as_bytes());
        put(&mut signed, digest(self.hash, message).as_ref());
        // SECURITY: what a device says counts only where the key is a device's, since then it is part of what is signed. A key in a file never
        // has a presence, and a key of a device never lacks one, whatever was read before.
        let (signed, presence) = match (self.key.application(), self.device) {
            (None, None) => (signed, None),
            (Some(application), Some(device)) => (by_device(application, device, &signed), Some(device.presence())),
            _ => return Err(SshError::Signature { reason: OTHER_KIND }),
        };
        if self.key.key().verify(self.scheme, &signed, &self.bytes) {
            return Ok(presence);
        }
        Err(SshError::NotHeld { fingerprint: self.key.fingerprint() })
    }
}

impl Device {
    const fn presence(self) -> Presence {
        Presence { present: self.flags & PRESENT != 0, verified: self.flags & VERIFIED != 0, counter: self.counter }
    }
}

/// What a device signs.
///
/// SPEC: PROTOCOL.u2f: digest of the application, flags, count, digest of what a key in a file would sign.
fn by_device(application: &[u8], device: Device, signed: &[u8]) -> Vec<u8> {
    let mut by_device = Sha256::of(application).as_bytes().to_vec();
    by_device.push(device.flags);
    by_device.extend_from_slice(&device.counter.to_be_bytes());
    by_device.extend_from_slice(Sha256::of(signed).as_bytes());
    by_device
}

struct Inner {
    scheme: Scheme,
    bytes: Vec<u8>,
    device: Option<Device>,
}

/// Reads the signature proper. Its kind must be one of the key's.
fn inner_signature(blob: &[u8], key: &SshKey) -> Result<Inner, SshError> {
    let cut = || SshError::Signature { reason: "it is cut short" };
    let fault = |reason| SshError::Signature { reason };
    let mut parts = Parts::new(blob);
    let kind = parts.text().ok_or_else(cut)?;
    let signature = parts.string().ok_or_else(cut)?;
    let by_device = matches!(kind, SK_ED25519 | SK_P256);
    // SECURITY: a signature without flags under a key of a device would be one that nobody need have touched.
    if by_device != key.is_security_key() {
        return Err(fault(OTHER_KIND));
    }
    let (scheme, bytes) = match kind {
        "ssh-ed25519" | SK_ED25519 => (Scheme::Ed25519, signature.to_vec()),
        "ecdsa-sha2-nistp256" | SK_P256 => (Scheme::P256, numbers(signature)?),
        "ecdsa-sha2-nistp384" => (Scheme::P384, numbers(signature)?),
        "ecdsa-sha2-nistp521" => (Scheme::P521, numbers(signature)?),
        "rsa-sha2-256" => (Scheme::RsaPkcs1Sha256, signature.to_vec()),
        "rsa-sha2-512" => (Scheme::RsaPkcs1Sha512, signature.to_vec()),
        "ssh-rsa" => return Err(fault("it is of RSA with SHA-1, which can be forged")),
        _ => return Err(fault("its kind is not read")),
    };
    if scheme.kind() != key.key().kind() {
        return Err(fault(OTHER_KIND));
    }
    let device = if by_device {
        Some(Device { flags: parts.byte().ok_or_else(cut)?, counter: parts.number().ok_or_else(cut)? })
    } else {
        None
    };
    if !parts.is_empty() {
        return Err(fault("something follows its inner part"));
    }
    Ok(Inner { scheme, bytes, device })
}

/// `r` and `s` of ECDSA, from SSH's form to that of ASN.1.
fn numbers(signature: &[u8]) -> Result<Vec<u8>, SshError> {
    let fault = || SshError::Signature { reason: "its numbers cannot be read" };
    let mut parts = Parts::new(signature);
    let (r, s) = (parts.unsigned().ok_or_else(fault)?, parts.unsigned().ok_or_else(fault)?);
    if !parts.is_empty() {
        return Err(fault());
    }
    let mut both = Vec::new();
    let encoded = UintRef::new(r)
        .and_then(|r| r.encode_to_vec(&mut both))
        .and_then(|_| UintRef::new(s)?.encode_to_vec(&mut both));
    encoded.and_then(|_| Any::new(Tag::Sequence, both)).and_then(|any| any.to_der()).map_err(|_| fault())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;
    use lasthand_testkit::ssh::SecurityKey;

    #[test]
    fn what_a_device_says_is_asked_of_a_device_alone() {
        // fail: however it was read, flags beside a key in a file, and a key of a device without flags
        let message = b"what is signed";
        let check = |armoured: &str, device: Option<Device>| {
            let read = SshSignature::from_armor(armoured).unwrap();
            assert!(read.verify("file", message).is_ok());
            let changed = SshSignature { device, ..read };
            assert_eq!(changed.verify("file", message), Err(SshError::Signature { reason: OTHER_KIND }));
        };
        let touched = Some(Device { flags: PRESENT | VERIFIED, counter: 1 });
        check(&SecurityKey::in_file(7).sign("file", message, 0, 0), touched);
        check(&SecurityKey::ed25519(7).sign("file", message, PRESENT, 1), None);
    }
}
