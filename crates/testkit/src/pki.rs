//! Certificates of private authorities and of SPIFFE trust domains, signed for real, each as the test wants it: right in everything, or
//! wrong in one thing.
//!
//! SPEC: RFC 5280; SPIFFE X509-SVID; RFC 3161.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lasthand_model::wire::bundle::{BUNDLE_V03, pre_authentication_encoding};
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use serde_json::{Value, json};

use crate::sigstore::der::{element, sequence};
use crate::sigstore::stamp::{Stamper, response};
use crate::sigstore::x509::{Plan, TIME_STAMPING, extension, pem, usages};
use crate::sigstore::{Key, StamperName, Window};

/// Bits of key usage, as the first byte of the extension has them.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
/// As [`DIGITAL_SIGNATURE`].
pub const CERT_SIGN: u8 = 0x04;
/// As [`DIGITAL_SIGNATURE`].
pub const CRL_SIGN: u8 = 0x02;
/// A purpose.
pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// A purpose.
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// A purpose.
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// A purpose.
pub const STAMPING: &str = TIME_STAMPING;

/// An alternative name.
#[derive(Debug, Clone)]
pub enum AltName {
    /// A URI.
    Uri(String),
    /// An e-mail address.
    Email(String),
    /// A DNS name.
    Dns(String),
}

impl AltName {
    /// The URI of this text.
    #[must_use]
    pub fn uri(text: &str) -> Self {
        Self::Uri(text.to_owned())
    }

    fn der(&self) -> Vec<u8> {
        match self {
            Self::Uri(text) => element(0x86, text.as_bytes()),
            Self::Email(text) => element(0x81, text.as_bytes()),
            Self::Dns(text) => element(0x82, text.as_bytes()),
        }
    }
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Common name of its holder; may be empty.
    pub subject: String,
    /// Alternative names.
    pub names: Vec<AltName>,
    /// Whether it is an authority's.
    pub is_authority: bool,
    /// How many authorities may stand below it; written for authorities only.
    pub path_limit: Option<u8>,
    /// Key usage, and whether it is critical; absent for none.
    pub usage: Option<(bool, u8)>,
    /// Purposes; empty for no such extension.
    pub purposes: Vec<&'static str>,
    /// From when to when it is valid.
    pub window: Window,
    /// More extensions, in DER.
    pub more: Vec<Vec<u8>>,
}

impl Profile {
    /// An authority.
    #[must_use]
    pub fn authority(subject: &str, window: Window) -> Self {
        Self {
            subject: subject.to_owned(),
            names: Vec::new(),
            is_authority: true,
            path_limit: None,
            usage: Some((true, CERT_SIGN | CRL_SIGN)),
            purposes: Vec::new(),
            window,
            more: Vec::new(),
        }
    }

    /// A workload's X.509-SVID.
    #[must_use]
    pub fn svid(id: &str, window: Window) -> Self {
        Self {
            subject: String::new(),
            names: vec![AltName::uri(id)],
            is_authority: false,
            path_limit: None,
            usage: Some((true, DIGITAL_SIGNATURE)),
            purposes: vec![SERVER_AUTH, CLIENT_AUTH],
            window,
            more: Vec::new(),
        }
    }

    /// A certificate of a timestamp authority.
    #[must_use]
    pub fn stamper(window: Window) -> Self {
        let svid = Self::svid("", window);
        Self { subject: "stamper".to_owned(), names: Vec::new(), purposes: vec![STAMPING], ..svid }
    }

    /// A certificate for signing code.
    #[must_use]
    pub fn signer(name: AltName, window: Window) -> Self {
        Self { names: vec![name], purposes: vec![CODE_SIGNING], ..Self::svid("", window) }
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let mut extensions = Vec::new();
        if self.is_authority {
            let limit = self.path_limit.map_or_else(Vec::new, |limit| element(0x02, &[limit]));
            extensions.push(extension("2.5.29.19", true, &sequence(&[&element(0x01, &[0xff]), &limit])));
        }
        if let Some((critical, bits)) = self.usage {
            let unused = bits.trailing_zeros().min(7) as u8;
            extensions.push(extension("2.5.29.15", critical, &element(0x03, &[unused, bits])));
        }
        if !self.names.is_empty() {
            let names: Vec<u8> = self.names.iter().flat_map(AltName::der).collect();
            // SPEC: RFC 5280 section 4.2.1.6: critical where there is no subject.
            extensions.push(extension("2.5.29.17", self.subject.is_empty(), &element(0x30, &names)));
        }
        if !self.purposes.is_empty() {
            extensions.push(usages(self.purposes == [STAMPING], &self.purposes));
        }
        extensions.extend(self.more.iter().cloned());
        extensions
    }
}

/// An extension of purposes, critical or not.
#[must_use]
pub fn purposes(critical: bool, purposes: &[&str]) -> Vec<u8> {
    usages(critical, purposes)
}

/// An extension of name constraints with one subtree, which is permitted or excluded.
#[must_use]
pub fn name_constraints(permitted: bool, subtree: &AltName) -> Vec<u8> {
    let list = element(if permitted { 0xa0 } else { 0xa1 }, &sequence(&[&subtree.der()]));
    extension("2.5.29.30", true, &sequence(&[&list]))
}

/// An extension that nobody knows.
#[must_use]
pub fn unknown_extension(critical: bool) -> Vec<u8> {
    extension("1.3.6.1.4.1.99999.1", critical, &element(0x05, &[]))
}

/// The member of Fulcio's certificates that names the issuer of the identity.
#[must_use]
pub fn fulcio_issuer(issuer: &str) -> Vec<u8> {
    extension("1.3.6.1.4.1.57264.1.8", false, &element(0x0c, issuer.as_bytes()))
}

/// A key with its certificate.
pub struct Holder {
    subject: String,
    serial: u64,
    issuer: String,
    /// The key.
    pub key: Key,
    /// The certificate, in DER.
    pub der: Vec<u8>,
}

impl Holder {
    /// One that signs its own certificate.
    #[must_use]
    pub fn top(profile: &Profile) -> Self {
        Self::with_key(profile, Key::generate(), None)
    }

    /// One whose certificate this one signs.
    #[must_use]
    pub fn issue(&self, profile: &Profile) -> Self {
        Self::with_key(profile, Key::generate(), Some(self))
    }

    /// One with this key, whose certificate is signed by an issuer, or by himself.
    #[must_use]
    pub fn with_key(profile: &Profile, key: Key, issuer: Option<&Self>) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(1000);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let by = issuer.map_or(profile.subject.as_str(), |issuer| &issuer.subject).to_owned();
        let (spki, extensions) = (key.spki(), profile.extensions());
        let plan =
            Plan { serial, issuer: &by, subject: &profile.subject, window: profile.window, spki: &spki, extensions };
        let der = plan.signed_by(issuer.map_or(&key, |issuer| &issuer.key));
        Self { subject: profile.subject.clone(), serial, issuer: by, key, der }
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// A statement in a bundle, signed by this holder.
    ///
    /// `chain` comes after its own certificate; `stamps` makes timestamps over the signature.
    #[must_use]
    pub fn bundle(&self, statement: &Value, chain: &[&Self], stamps: &dyn Fn(&[u8]) -> Vec<Vec<u8>>) -> Value {
        let payload = statement.to_string();
        let signature = self.key.sign(&pre_authentication_encoding(PAYLOAD_TYPE, payload.as_bytes()));
        let raw = |der: &[u8]| json!({ "rawBytes": STANDARD.encode(der) });
        let certificates: Vec<Value> =
            [self].into_iter().chain(chain.iter().copied()).map(|holder| raw(&holder.der)).collect();
        let stamps: Vec<Value> =
            stamps(&signature).iter().map(|token| json!({ "signedTimestamp": STANDARD.encode(token) })).collect();
        json!({
            "mediaType": BUNDLE_V03,
            "verificationMaterial": {
                "x509CertificateChain": { "certificates": certificates },
                "timestampVerificationData": { "rfc3161Timestamps": stamps }
            },
            "dsseEnvelope": {
                "payload": STANDARD.encode(payload), "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "sig": STANDARD.encode(signature) }]
            }
        })
    }

    /// The certificate as a key of a SPIFFE bundle.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let spki = self.key.spki();
        let point = spki.get(spki.len().saturating_sub(64)..).unwrap_or_default();
        let (x, y) = point.split_at_checked(32).unwrap_or_default();
        json!({
            "kty": "EC", "use": "x509-svid", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            "x5c": [STANDARD.encode(&self.der)]
        })
    }
}

/// The bundle of a trust domain with these authorities.
#[must_use]
pub fn spiffe_bundle(authorities: &[&Holder]) -> Value {
    let keys: Vec<Value> = authorities.iter().map(|authority| authority.jwk()).collect();
    json!({ "keys": keys, "spiffe_sequence": 1, "spiffe_refresh_hint": 300 })
}

/// A timestamp authority.
pub struct StampAuthority {
    top: Holder,
    /// Who stamps.
    pub stamper: Holder,
}

impl StampAuthority {
    /// One whose certificates are valid so long.
    #[must_use]
    pub fn new(subject: &str, window: Window) -> Self {
        Self::under(subject, window, window)
    }

    /// One whose last certificate is valid for another time than the one that stamps.
    #[must_use]
    pub fn under(subject: &str, top: Window, window: Window) -> Self {
        let top = Holder::top(&Profile::authority(subject, top));
        let stamper = top.issue(&Profile::stamper(window));
        Self { top, stamper }
    }

    /// Another certificate of this profile for the key that stamps: of the same issuer and number, in DER.
    #[must_use]
    pub fn another(&self, profile: &Profile) -> Vec<u8> {
        let spki = self.stamper.key.spki();
        let plan = Plan {
            serial: self.stamper.serial,
            issuer: &self.stamper.issuer,
            subject: &profile.subject,
            window: profile.window,
            spki: &spki,
            extensions: profile.extensions(),
        };
        plan.signed_by(&self.top.key)
    }

    /// Its chain in PEM, with this certificate in the place of the one that stamps.
    #[must_use]
    pub fn pem_with(&self, stamper: &[u8]) -> String {
        format!("{}{}", pem("CERTIFICATE", stamper), self.top.pem())
    }

    /// Its chain in PEM, as a root of the trust file names it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.pem_with(&self.stamper.der)
    }

    /// The last certificate of its chain in PEM.
    #[must_use]
    pub fn top_pem(&self) -> String {
        self.top.pem()
    }

    /// A timestamp over these bytes.
    #[must_use]
    pub fn stamp(&self, bytes: &[u8], time: i64) -> Vec<u8> {
        self.stamp_naming(bytes, time, &[StamperName::Sha256(&self.stamper.der)])
    }

    /// The same, with these attributes that name a certificate.
    #[must_use]
    pub fn stamp_naming(&self, bytes: &[u8], time: i64, named: &[StamperName<'_>]) -> Vec<u8> {
        response(&self.named(named, 1), bytes, time, &[])
    }

    /// A timestamp that the authority signed twice.
    #[must_use]
    pub fn stamp_signed_twice(&self, bytes: &[u8], time: i64) -> Vec<u8> {
        response(&self.named(&[StamperName::Sha256(&self.stamper.der)], 2), bytes, time, &[])
    }

    fn named<'a>(&'a self, named: &'a [StamperName<'a>], times: usize) -> Stamper<'a> {
        let Holder { issuer, serial, key, .. } = &self.stamper;
        Stamper { issuer, serial: *serial, key, named, times }
    }
}
