//! Public keys, and the ring of keys, groups and Sigstore roots that the trust file names.
//!
//! SPEC: RFC 5280 section 4.1 (SubjectPublicKeyInfo), RFC 8410 (Ed25519), RFC 5480 (P-256).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use lasthand_model::digest::{KeyId, Sha256};
use lasthand_model::glob;
use lasthand_model::wire::facts::{Signer, SignerMethod};
use thiserror::Error;

use crate::openpgp::Certificate;
use crate::sigstore::{Names, SigstoreRoot, TimestampAuthority};
use crate::spiffe::SpiffeBundle;
use crate::ssh::{self, AllowedSigners, SshDemand, SshError, SshSignature, SshSigned};
use crate::x509::X509Root;

// SECURITY: a key has exactly one accepted encoding (uncompressed point, no optional parameters, no bytes behind it),
// so that one key can never stand under two ids and count twice for a threshold.
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const P256_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const PEM_LABEL: &str = "PUBLIC KEY";

/// The algorithms that this version verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP256 => "ECDSA P-256",
        })
    }
}

/// Why bytes are not a public key that this version can use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM.
    #[error("not PEM: {reason}")]
    Pem {
        /// What is wrong with it.
        reason: String,
    },
    /// PEM of something else.
    #[error("PEM holds `{got}`, expected `PUBLIC KEY`")]
    Label {
        /// The label found.
        got: String,
    },
    /// A key of a type that is not read.
    #[error("key is of type {got}, expected Ed25519 or ECDSA P-256")]
    Algorithm {
        /// The type found, in words or as object identifier.
        got: String,
    },
    /// Right type, but not its one accepted encoding.
    #[error("key is not a plain SubjectPublicKeyInfo: {reason}")]
    Encoding {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The point is not on the curve.
    #[error("key is not a valid {algorithm} point")]
    Point {
        /// The algorithm it claims.
        algorithm: KeyAlgorithm,
    },
}

impl KeyError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Pem { .. } => vec!["a public key file begins with `-----BEGIN PUBLIC KEY-----`".to_owned()],
            Self::Label { got } if got.contains("PRIVATE") => {
                vec!["this is the private key: name the `.pub` file beside it, and keep this one secret".to_owned()]
            }
            Self::Label { .. } => vec!["convert it: `openssl pkey -in KEY -pubout -out KEY.pub`".to_owned()],
            Self::Algorithm { .. } | Self::Point { .. } => {
                vec!["make one: `lasthand key generate --out FILE`".to_owned()]
            }
            Self::Encoding { .. } => vec!["write it anew: `openssl pkey -pubin -in KEY.pub -pubout`".to_owned()],
        }
    }
}

/// A public key that can verify; its id is the SHA-256 of its SubjectPublicKeyInfo in DER.
#[derive(Clone)]
pub struct PublicKey {
    id: KeyId,
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
    point: Vec<u8>,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in PEM (one block, nothing behind it) or DER.
    ///
    /// # Errors
    /// [`KeyError`] for anything but Ed25519 or P-256 in its one plain encoding.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.first() == Some(&0x30) { Self::from_der(bytes) } else { Self::from_pem(bytes) }
    }

    /// Reads PEM with the label `PUBLIC KEY`.
    ///
    /// # Errors
    /// As [`PublicKey::parse`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let text = pem.trim_ascii();
        let label = pem_rfc7468::decode_label(text).map_err(|source| KeyError::Pem { reason: source.to_string() })?;
        if label != PEM_LABEL {
            return Err(KeyError::Label { got: label.chars().take(40).collect() });
        }
        let (_, der) = pem_rfc7468::decode_vec(text).map_err(|source| KeyError::Pem { reason: source.to_string() })?;
        Self::from_der(&der)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// As [`PublicKey::parse`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, point) = if let Some(point) = der.strip_prefix(&ED25519_HEAD) {
            (KeyAlgorithm::Ed25519, point.to_vec())
        } else if let Some(coordinates) = der.strip_prefix(&P256_HEAD) {
            (KeyAlgorithm::EcdsaP256, [&[4u8], coordinates].concat())
        } else {
            return Err(unknown_key(der));
        };
        let expected = if algorithm == KeyAlgorithm::Ed25519 { 32 } else { 65 };
        if point.len() != expected {
            let reason = if point.len() > expected { "bytes behind the key" } else { "the key is cut short" };
            return Err(KeyError::Encoding { reason });
        }
        let key = Self { id: KeyId(Sha256::of(der)), algorithm, spki: der.to_vec(), point };
        let checked = match algorithm {
            KeyAlgorithm::Ed25519 => ParsedPublicKey::new(&ED25519, &key.point),
            KeyAlgorithm::EcdsaP256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.point),
        };
        checked.map_err(|_| KeyError::Point { algorithm })?;
        Ok(key)
    }

    /// The key id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Tells whether `signature` over `message` is this key's.
    ///
    /// In: Ed25519: 64 bytes; P-256: ASN.1 DER, or 64 bytes `r || s`. An empty signature never holds.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let holds = |algorithm: &'static dyn aws_lc_rs::signature::VerificationAlgorithm| {
            ParsedPublicKey::new(algorithm, &self.point).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
        };
        match self.algorithm {
            KeyAlgorithm::Ed25519 => signature.len() == 64 && holds(&ED25519),
            KeyAlgorithm::EcdsaP256 => {
                (signature.len() == 64 && holds(&ECDSA_P256_SHA256_FIXED)) || holds(&ECDSA_P256_SHA256_ASN1)
            }
        }
    }
}

impl PublicKey {
    /// Tells whether `signature` over the message with this SHA-256 is this key's.
    ///
    /// In: as [`PublicKey::verify`]. Never holds for Ed25519, which needs the message itself.
    #[must_use]
    pub fn verify_digest(&self, digest: Sha256, signature: &[u8]) -> bool {
        let Ok(digest) = Digest::import_less_safe(digest.as_bytes(), &SHA256) else { return false };
        let holds = |algorithm: &'static dyn aws_lc_rs::signature::VerificationAlgorithm| {
            let key = ParsedPublicKey::new(algorithm, &self.point);
            key.is_ok_and(|key| key.verify_digest_sig(&digest, signature).is_ok())
        };
        self.algorithm == KeyAlgorithm::EcdsaP256
            && ((signature.len() == 64 && holds(&ECDSA_P256_SHA256_FIXED)) || holds(&ECDSA_P256_SHA256_ASN1))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.id)
    }
}

/// The principal of a single key: `key:<64 hex>`.
#[must_use]
pub fn key_principal(id: KeyId) -> String {
    format!("key:{id}")
}

/// Keys of which so many must sign that the group has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its keys.
    pub keys: BTreeSet<KeyId>,
    /// How many distinct keys must sign.
    pub threshold: NonZeroU32,
}

/// What signatures are verified by: the keys, groups and roots that the verifier knows.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<KeyId, PublicKey>,
    groups: BTreeMap<String, Group>,
    sigstore: Vec<SigstoreRoot>,
    ssh: Vec<SshRoot>,
    devices: Vec<DeviceDemand>,
    /// The moment that a question is asked for.
    moment: Option<i64>,
    spiffe: Vec<SpiffeBundle>,
    x509: Vec<X509Root>,
    stampers: Vec<TimestampAuthority>,
    openpgp: Vec<Certificate>,
    names: Names,
}

/// A list of allowed signers, and the use that signatures must be for.
#[derive(Debug, Clone)]
pub(crate) struct SshRoot {
    pub(crate) allowed: Arc<AllowedSigners>,
    pub(crate) namespace: String,
}

/// What is asked of a principal's devices, beside that their signatures hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDemand {
    /// Whose, glob.
    pub principal: String,
    /// The device must have verified its user, by PIN or finger.
    pub user_verification: bool,
    /// Every signature must be counted above this.
    pub last_counter: Option<u32>,
}

impl KeyRing {
    /// An empty ring: nothing verifies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key; adding it twice changes nothing. Tells whether it was new.
    pub fn add_key(&mut self, key: PublicKey) -> bool {
        self.keys.insert(key.id(), key).is_none()
    }

    /// Adds a group, whose principal is `group:<name>`. Tells whether the name was new; a known name is left as it was.
    pub fn add_group(&mut self, name: &str, group: Group) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        self.groups.insert(name.to_owned(), group);
        true
    }

    /// Adds the authorities and logs of one Sigstore instance; adding a file twice changes nothing. Tells whether it was new.
    pub fn add_sigstore(&mut self, root: SigstoreRoot) -> bool {
        let new = self.sigstore.iter().all(|known| known.digest() != root.digest());
        if new {
            self.sigstore.push(root);
        }
        new
    }

    /// Every Sigstore root, in the order in which they were added.
    #[must_use]
    pub fn sigstore(&self) -> &[SigstoreRoot] {
        &self.sigstore
    }

    /// The same ring for a caller who expects one exact name, and asks nothing else of it.
    pub(crate) const fn expecting(mut self) -> Self {
        self.names = Names::Expected;
        self
    }

    pub(crate) const fn names(&self) -> Names {
        self.names
    }

    /// Adds a list of allowed signers for one use. Lines that are bounded in time count for a ring that has a moment ([`KeyRing::at`]).
    pub fn add_ssh(&mut self, allowed: AllowedSigners, namespace: &str) {
        self.ssh.push(SshRoot { allowed: Arc::new(allowed), namespace: namespace.to_owned() });
    }

    /// Asks more of the devices of some principals. Of several demands that match a principal, each must be met.
    pub fn add_device_demand(&mut self, demand: DeviceDemand) {
        self.devices.push(demand);
    }

    /// What all demands together ask of this principal's devices: verification of the user, and the count that theirs must be above.
    pub(crate) fn device_demand(&self, principal: &str) -> (bool, Option<u32>) {
        let mut asked = (false, None);
        for demand in self.devices.iter().filter(|demand| glob::matches(&demand.principal, principal)) {
            asked = (asked.0 || demand.user_verification, asked.1.max(demand.last_counter));
        }
        asked
    }

    /// The same ring for one question: what is bounded in time is asked for this moment, seconds since 1970-01-01T00:00:00Z. A ring without a
    /// moment takes nothing that is bounded.
    #[must_use]
    pub fn at(&self, moment: i64) -> Self {
        Self { moment: Some(moment), ..self.clone() }
    }

    /// Verifies an SSH signature by one list, under what the rows of the key's principal ask of devices.
    ///
    /// # Errors
    /// As [`ssh::verify`].
    pub(crate) fn ssh_by_list(
        &self,
        message: &[u8],
        read: &SshSignature,
        root: &SshRoot,
    ) -> Result<SshSigned, SshError> {
        let (namespace, moment) = (root.namespace.as_str(), self.moment);
        // A key in a file meets no row for devices, and is not measured by one.
        let (user_verification, last_counter) = match root.allowed.principal(read.key(), namespace, moment) {
            Ok(name) if read.key().is_security_key() => self.device_demand(name),
            _ => (false, None),
        };
        ssh::verify(message, read, &root.allowed, &SshDemand { namespace, moment, user_verification, last_counter })
    }

    /// Every list of allowed signers, in the order in which they were added.
    pub(crate) fn ssh(&self) -> &[SshRoot] {
        &self.ssh
    }

    /// Adds the bundle of a trust domain. Tells whether the domain was new; a known one is left as it was.
    pub fn add_spiffe(&mut self, bundle: SpiffeBundle) -> bool {
        let new = self.spiffe.iter().all(|known| known.domain() != bundle.domain());
        if new {
            self.spiffe.push(bundle);
        }
        new
    }

    /// Adds an OpenPGP certificate, by which commits and tags are verified; one of a known fingerprint is left as it was.
    pub fn add_openpgp(&mut self, certificate: Certificate) -> bool {
        let new = self.openpgp.iter().all(|known| known.fingerprint() != certificate.fingerprint());
        if new {
            self.openpgp.push(certificate);
        }
        new
    }

    /// Every bundle of a trust domain, in the order in which they were added.
    pub(crate) fn spiffe(&self) -> &[SpiffeBundle] {
        &self.spiffe
    }

    /// Adds the authorities of a private PKI. Tells whether the name was new; a known one is left as it was.
    pub fn add_x509(&mut self, root: X509Root) -> bool {
        let new = self.x509.iter().all(|known| known.name() != root.name());
        if new {
            self.x509.push(root);
        }
        new
    }

    /// Every private PKI, in the order in which they were added.
    pub(crate) fn x509(&self) -> &[X509Root] {
        &self.x509
    }

    /// Adds a timestamp authority; those of Sigstore roots count without.
    pub fn add_timestamp_authority(&mut self, authority: TimestampAuthority) {
        self.stampers.push(authority);
    }

    /// Every timestamp authority that was added.
    pub(crate) fn stampers(&self) -> &[TimestampAuthority] {
        &self.stampers
    }

    /// Every OpenPGP certificate, in the order in which they were added.
    #[must_use]
    pub fn openpgp(&self) -> &[Certificate] {
        &self.openpgp
    }

    /// Finds a key.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&PublicKey> {
        self.keys.get(&id)
    }

    /// Every key, by id.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.values()
    }

    /// Every group, by name.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(name, group)| (name.as_str(), group))
    }

    /// The signers that these distinct keys make: each key, then each group whose threshold they meet.
    pub(crate) fn signers(&self, keys: &BTreeSet<KeyId>) -> Vec<Signer> {
        let signer = |principal| Signer { method: SignerMethod::Key, principal, presence: false, time: None };
        let met = self.groups.iter().filter(|(_, group)| {
            u32::try_from(group.keys.intersection(keys).count()).is_ok_and(|count| count >= group.threshold.get())
        });
        keys.iter()
            .map(|id| signer(key_principal(*id)))
            .chain(met.map(|(name, _)| signer(format!("group:{name}"))))
            .collect()
    }
}

/// Says in words what kind of key this is, for the message only.
fn unknown_key(der: &[u8]) -> KeyError {
    let algorithm = element(der, 0x30).and_then(|(spki, _)| element(spki, 0x30)).map(|(algorithm, _)| algorithm);
    let Some((oid, parameters)) = algorithm.and_then(|algorithm| element(algorithm, 0x06)) else {
        return KeyError::Encoding { reason: "not DER of a SubjectPublicKeyInfo" };
    };
    let curve = element(parameters, 0x06).map(|(curve, _)| curve);
    let got = match (hex::encode(oid).as_str(), curve.map(hex::encode).as_deref()) {
        ("2b6570", _) => return KeyError::Encoding { reason: "an Ed25519 key has no parameters and 32 bytes" },
        ("2a8648ce3d0201", Some("2a8648ce3d030107")) => {
            return KeyError::Encoding { reason: "a P-256 key is an uncompressed point of 65 bytes" };
        }
        ("2a864886f70d010101", _) => "RSA".to_owned(),
        ("2a864886f70d01010a", _) => "RSA-PSS".to_owned(),
        ("2b6571", _) => "Ed448".to_owned(),
        ("2b656e" | "2b656f", _) => "X25519 or X448 (no signatures)".to_owned(),
        ("2a8648ce380401", _) => "DSA".to_owned(),
        ("2a8648ce3d0201", Some("2b81040021")) => "ECDSA P-224".to_owned(),
        ("2a8648ce3d0201", Some("2b81040022")) => "ECDSA P-384".to_owned(),
        ("2a8648ce3d0201", Some("2b81040023")) => "ECDSA P-521".to_owned(),
        ("2a8648ce3d0201", Some("2b8104000a")) => "ECDSA secp256k1".to_owned(),
        ("2a8648ce3d0201", _) => "ECDSA on an unknown curve".to_owned(),
        (oid, _) => format!("unknown (object identifier, hex {})", oid.chars().take(40).collect::<String>()),
    };
    KeyError::Algorithm { got }
}

/// Takes one DER element with this tag: its content and what follows.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(byte, rest)| (usize::from(*byte), rest))?,
        0x82 => rest
            .split_at_checked(2)
            .map(|(bytes, rest)| (bytes.iter().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length)
}
