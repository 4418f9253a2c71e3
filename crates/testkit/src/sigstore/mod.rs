//! A Sigstore instance of our own: authority, certificate log, transparency logs of both versions, timestamp authority.
//!
//! Everything is signed for real, with keys made anew, so a verifier cannot tell it from a public instance; and everything that can be
//! wrong with a bundle can be made wrong where it is signed, with all the rest right ([`Flaw`]).

mod bundle;
pub(crate) mod der;
mod flaw;
mod log;
pub(crate) mod stamp;
pub(crate) mod x509;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub use bundle::{Content, Entry, Recipe, Signed, Version};
pub use flaw::Flaw;
pub use stamp::StamperName;
pub use x509::{Key, Window};

use log::log_id;
use x509::{Authority, CODE_SIGNING, Plan, TIME_STAMPING, extension, usages};

const YEAR: i64 = 365 * 86_400;
const STAMPER_SERIAL: u64 = 21;

/// An instance, and the moment around which everything in it happens.
pub struct Instance {
    now: i64,
    top: Authority,
    between: Authority,
    old_between: Authority,
    old_top: Authority,
    below_old_top: Authority,
    stranger: Authority,
    certificate_log: Key,
    log: Key,
    tiles: Key,
    witness: Key,
    stamp_top: Authority,
    stamper: Key,
    stamper_der: Vec<u8>,
    unfit_stamper_der: Vec<u8>,
    other: Key,
}

impl Instance {
    /// Makes one. `now` is when bundles are signed, in seconds since 1970.
    #[must_use]
    pub fn new(now: i64) -> Self {
        let window = (now - YEAR, now + 9 * YEAR);
        let top = Authority::new("virtual-root", window, None, &[]);
        let between = Authority::new("virtual-intermediate", window, Some(&top), &[CODE_SIGNING]);
        let old_between = Authority::new("old-intermediate", (now - YEAR, now - 1), Some(&top), &[CODE_SIGNING]);
        let old_top = Authority::new("old-root", (now - YEAR, now - 1), None, &[]);
        let below_old_top = Authority::new("below-old-root", window, Some(&old_top), &[CODE_SIGNING]);
        let stamp_top = Authority::new("virtual-stamps", window, None, &[]);
        let stamper = Key::generate();
        let stamping = (now - YEAR / 2, now + 9 * YEAR);
        let stamper_der = stamper_certificate(&stamper, &stamp_top, stamping, &[TIME_STAMPING]);
        let unfit_stamper_der = stamper_certificate(&stamper, &stamp_top, stamping, &[TIME_STAMPING, CODE_SIGNING]);
        Self {
            now,
            top,
            between,
            old_between,
            old_top,
            below_old_top,
            stranger: Authority::new("virtual-intermediate", window, None, &[CODE_SIGNING]),
            certificate_log: Key::generate(),
            log: Key::generate(),
            tiles: Key::generate(),
            witness: Key::generate(),
            stamp_top,
            stamper,
            stamper_der,
            unfit_stamper_der,
            other: Key::generate(),
        }
    }

    /// A timestamp of the instance's authority over these bytes.
    #[must_use]
    pub fn stamp(&self, bytes: &[u8], time: i64) -> Vec<u8> {
        let named = [StamperName::Sha256(&self.stamper_der)];
        stamp::response(&self.stamper(&self.stamper, &named), bytes, time, &[])
    }

    fn stamper<'a>(&self, key: &'a Key, named: &'a [StamperName<'a>]) -> stamp::Stamper<'a> {
        stamp::Stamper { issuer: self.stamp_top.name, serial: STAMPER_SERIAL, key, named, times: 1 }
    }

    /// The moment at which bundles are signed.
    #[must_use]
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// The `trusted_root.json` of the instance.
    #[must_use]
    pub fn trusted_root(&self) -> Value {
        self.trusted_root_with(&Flaw::None)
    }

    /// The same, where the flaw is one of the root.
    #[must_use]
    pub fn trusted_root_with(&self, flaw: &Flaw) -> Value {
        let window = |begin: i64, end: Option<i64>| {
            let mut window = json!({ "start": rfc3339(begin) });
            if let (Some(end), Some(members)) = (end, window.as_object_mut()) {
                members.insert("end".to_owned(), rfc3339(end).into());
            }
            window
        };
        let always = window(self.now - YEAR, None);
        let raw = |der: &[u8]| json!({ "rawBytes": STANDARD.encode(der) });
        let log = |key: &Key, valid: &Value, url: &str| {
            json!({
                "baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": { "keyId": STANDARD.encode(log_id(key)) },
                "publicKey": { "rawBytes": STANDARD.encode(key.spki()), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid }
            })
        };
        let stamps = match flaw {
            Flaw::StampOutsideWindow => window(self.now - YEAR, Some(self.now - 1)),
            _ => always.clone(),
        };
        let authority = match flaw {
            Flaw::AuthorityWindow => window(self.now - YEAR, Some(self.now - 1)),
            _ => always.clone(),
        };
        let logs = match flaw {
            Flaw::LogWindow => window(self.now - YEAR, Some(self.now - 1)),
            Flaw::LogKeyNotBegun => window(self.now + 90 * YEAR, None),
            Flaw::LogWithoutStart => json!({ "end": rfc3339(self.now + YEAR) }),
            _ => always.clone(),
        };
        let certificate_log = match flaw {
            Flaw::CertificateLogWindow => window(self.now - YEAR, Some(self.now - 1)),
            _ => always,
        };
        let chain = match flaw {
            Flaw::TopRanOut => vec![raw(&self.below_old_top.der), raw(&self.old_top.der)],
            _ => vec![raw(&self.between.der), raw(&self.old_between.der), raw(&self.top.der)],
        };
        let stamper = if *flaw == Flaw::UnfitStamper { &self.unfit_stamper_der } else { &self.stamper_der };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.log, &logs, "https://log.example"), log(&self.tiles, &logs, "https://tiles.example")],
            "certificateAuthorities": [{
                "subject": {}, "uri": "https://ca.example", "validFor": authority,
                "certChain": { "certificates": chain }
            }],
            "ctlogs": [log(&self.certificate_log, &certificate_log, "https://ct.example")],
            "timestampAuthorities": [{
                "subject": {}, "uri": "https://stamps.example", "validFor": stamps,
                "certChain": { "certificates": [raw(stamper), raw(&self.stamp_top.der)] }
            }]
        })
    }
}

fn stamper_certificate(key: &Key, top: &Authority, window: Window, purposes: &[&str]) -> Vec<u8> {
    let spki = key.spki();
    let extensions = vec![extension("2.5.29.15", true, &der::element(0x03, &[7, 0x80])), usages(true, purposes)];
    let plan =
        Plan { serial: STAMPER_SERIAL, issuer: top.name, subject: "virtual-stamper", window, spki: &spki, extensions };
    plan.signed_by(&top.key)
}

fn rfc3339(moment: i64) -> String {
    lasthand_model::timestamp::format(moment)
}
