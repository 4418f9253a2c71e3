//! Security keys for tests: ordinary key pairs that sign what a device would sign, with flags and count as the test wants them.
//!
//! SPEC: OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f, written here anew, apart from the reader under test.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be made fails the test")]

use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

/// A security key; or, to be taken for one, a key in a file.
pub struct SecurityKey {
    pair: Pair,
    application: Option<&'static str>,
}

/// How a signature is put together, for those that no device would make.
#[derive(Debug, Clone, Copy)]
pub struct Odd<'a> {
    /// The kind that stands in the inner part.
    pub kind: &'a str,
    /// Whether what a device signs is signed, with [`tail`](Self::tail) as flags and count and this application; else what a key in a file signs.
    pub as_device: Option<&'a str>,
    /// What follows the signature proper.
    pub tail: &'a [u8],
    /// The reserved field, which is signed; empty in every signature that OpenSSH makes.
    pub reserved: &'a [u8],
}

impl fmt::Debug for SecurityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecurityKey({})", self.kind())
    }
}

impl SecurityKey {
    /// `sk-ssh-ed25519@openssh.com`, always the same for one seed.
    #[must_use]
    pub fn ed25519(seed: u8) -> Self {
        Self {
            pair: Pair::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()),
            application: Some("ssh:"),
        }
    }

    /// `ssh-ed25519`: a key in a file, always the same for one seed. Its signatures have no flags and no count.
    #[must_use]
    pub fn in_file(seed: u8) -> Self {
        Self { application: None, ..Self::ed25519(seed) }
    }

    /// A new `sk-ecdsa-sha2-nistp256@openssh.com`.
    #[must_use]
    pub fn p256() -> Self {
        Self {
            pair: Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            application: Some("ssh:"),
        }
    }

    fn kind(&self) -> &'static str {
        match self.pair {
            Pair::Ed25519(_) if self.application.is_none() => "ssh-ed25519",
            Pair::Ed25519(_) => "sk-ssh-ed25519@openssh.com",
            Pair::P256(_) => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        put(&mut blob, self.kind().as_bytes());
        match &self.pair {
            Pair::Ed25519(pair) => put(&mut blob, pair.public_key().as_ref()),
            Pair::P256(pair) => {
                put(&mut blob, b"nistp256");
                put(&mut blob, pair.public_key().as_ref());
            }
        }
        if let Some(application) = self.application {
            put(&mut blob, application.as_bytes());
        }
        blob
    }

    /// Kind and key, as lists and `.pub` files have them.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.kind(), STANDARD.encode(self.blob()))
    }

    /// An armoured signature over a message, with these flags and this count where the key is a device's.
    #[must_use]
    pub fn sign(&self, namespace: &str, message: &[u8], flags: u8, counter: u32) -> String {
        let mut tail = vec![flags];
        tail.extend_from_slice(&counter.to_be_bytes());
        let tail = if self.application.is_some() { &tail[..] } else { &[] };
        self.sign_odd(namespace, message, &Odd { kind: self.kind(), as_device: self.application, tail, reserved: b"" })
    }

    /// An armoured signature over a message, put together as the test wants it.
    #[must_use]
    pub fn sign_odd(&self, namespace: &str, message: &[u8], odd: &Odd<'_>) -> String {
        let mut signed = b"SSHSIG".to_vec();
        for part in [namespace.as_bytes(), odd.reserved, b"sha512", digest(&SHA512, message).as_ref()] {
            put(&mut signed, part);
        }
        if let Some(application) = odd.as_device {
            let inner = digest(&SHA256, &signed);
            signed = digest(&SHA256, application.as_bytes()).as_ref().to_vec();
            signed.extend_from_slice(odd.tail);
            signed.extend_from_slice(inner.as_ref());
        }
        let mut inner = Vec::new();
        put(&mut inner, odd.kind.as_bytes());
        match &self.pair {
            Pair::Ed25519(pair) => put(&mut inner, pair.sign(&signed).as_ref()),
            Pair::P256(pair) => {
                let both = pair.sign(&SystemRandom::new(), &signed).unwrap();
                let (r, s) = both.as_ref().split_at(32);
                let mut numbers = Vec::new();
                put(&mut numbers, &number(r));
                put(&mut numbers, &number(s));
                put(&mut inner, &numbers);
            }
        }
        inner.extend_from_slice(odd.tail);
        let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
        for part in [&self.blob()[..], namespace.as_bytes(), odd.reserved, b"sha512", &inner] {
            put(&mut blob, part);
        }
        armour(&blob)
    }
}

/// Puts the lines around a signature.
#[must_use]
pub fn armour(blob: &[u8]) -> String {
    let text = STANDARD.encode(blob);
    let lines: Vec<&str> = text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A number in its shortest form.
fn number(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let inner = bytes.get(start..).unwrap_or_default();
    if inner.first().is_some_and(|first| *first >= 0x80) { [&[0], inner].concat() } else { inner.to_vec() }
}
