//! Keys and certificates of the instance.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::der::{bits, element, integer, octets, oid, sequence, set, tagged, utc_time, utf8};

pub(crate) const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
pub(crate) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(crate) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// A key that signs, P-256 or P-521.
pub struct Key {
    pair: EcdsaKeyPair,
    /// How it signs.
    algorithm: &'static str,
}

impl Key {
    /// A new one on P-256.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test support")]
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key is made");
        Self { pair, algorithm: ECDSA_SHA256 }
    }

    /// A new one on P-521.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test support")]
    pub fn p521() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).expect("a key is made");
        Self { pair, algorithm: ECDSA_SHA512 }
    }

    /// Signs a message; ASN.1.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test support")]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).expect("a key signs").as_ref().to_vec()
    }

    /// The private key in PEM, for other programs.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test support")]
    pub fn private_pem(&self) -> String {
        pem("PRIVATE KEY", self.pair.to_pkcs8v1().expect("a key is written").as_ref())
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test support")]
    pub fn spki(&self) -> Vec<u8> {
        self.pair.public_key().as_der().expect("a key has a public one").as_ref().to_vec()
    }
}

/// PEM with one label.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// From when to when something is valid.
pub type Window = (i64, i64);

/// What a certificate says.
pub(crate) struct Plan<'a> {
    pub(crate) serial: u64,
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) window: Window,
    pub(crate) spki: &'a [u8],
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Plan<'_> {
    /// `TBSCertificate`.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        self.to_be_signed_by(ECDSA_SHA256)
    }

    fn to_be_signed_by(&self, algorithm: &str) -> Vec<u8> {
        sequence(&[
            &tagged(0, &integer(2)),
            &integer(self.serial),
            &sequence(&[&oid(algorithm)]),
            &name(self.issuer),
            &sequence(&[&utc_time(self.window.0), &utc_time(self.window.1)]),
            &name(self.subject),
            self.spki,
            &tagged(3, &element(0x30, &self.extensions.concat())),
        ])
    }

    /// The certificate, signed by its issuer.
    pub(crate) fn signed_by(&self, issuer: &Key) -> Vec<u8> {
        let body = self.to_be_signed_by(issuer.algorithm);
        let signature = issuer.sign(&body);
        sequence(&[&body, &sequence(&[&oid(issuer.algorithm)]), &bits(&signature)])
    }
}

/// A name of one common name; empty for no text.
pub(crate) fn name(common: &str) -> Vec<u8> {
    if common.is_empty() {
        return sequence(&[]);
    }
    sequence(&[&set(&[&sequence(&[&oid("2.5.4.3"), &utf8(common)])])])
}

/// One extension.
pub(crate) fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { element(0x01, &[0xff]) } else { Vec::new() };
    sequence(&[&oid(id), &critical, &octets(value)])
}

/// `extKeyUsage` of one purpose.
pub(crate) fn usage(id: &str) -> Vec<u8> {
    usages(true, &[id])
}

/// `extKeyUsage`.
pub(crate) fn usages(critical: bool, ids: &[&str]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| oid(id)).collect();
    extension("2.5.29.37", critical, &element(0x30, &ids))
}

/// `basicConstraints` and `keyUsage` of an authority.
pub(crate) fn authority() -> Vec<Vec<u8>> {
    let ca = sequence(&[&element(0x01, &[0xff])]);
    vec![extension("2.5.29.19", true, &ca), extension("2.5.29.15", true, &element(0x03, &[1, 0x06]))]
}

/// An authority with its certificate.
pub(crate) struct Authority {
    pub(crate) name: &'static str,
    pub(crate) key: Key,
    pub(crate) der: Vec<u8>,
}

impl Authority {
    /// One that signs itself, or that another one signs.
    pub(crate) fn new(name: &'static str, window: Window, issuer: Option<&Self>, usages: &[&str]) -> Self {
        let key = Key::generate();
        let mut extensions = authority();
        extensions.extend(usages.iter().map(|id| usage(id)));
        let spki = key.spki();
        let issuer_name = issuer.map_or(name, |issuer| issuer.name);
        let plan = Plan { serial: 7, issuer: issuer_name, subject: name, window, spki: &spki, extensions };
        let der = plan.signed_by(issuer.map_or(&key, |issuer| &issuer.key));
        Self { name, key, der }
    }
}
