//! SPIFFE bundles: the authorities of one trust domain.
//!
//! SPEC: SPIFFE Trust Domain and Bundle, section 4; X509-SVID, section 6.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::Value;

use super::holder::check_authority;
use super::id::TrustDomain;
use crate::token::Jwks;
use crate::x509::{Read, X509Error};

// LIMIT: keys of one bundle.
const MOST: usize = 64;

/// The authorities of one trust domain.
#[derive(Debug, Clone)]
pub struct SpiffeBundle {
    domain: TrustDomain,
    digest: Sha256,
    pub(super) authorities: Vec<Read>,
    token_keys: Jwks,
}

impl SpiffeBundle {
    /// Reads the bundle of a trust domain: a set of JSON web keys, those of use `x509-svid` with one certificate each, and those of tokens.
    ///
    /// The file does not say whose it is: the trust file does. Keys of other uses are passed over, as the standard says.
    ///
    /// # Errors
    /// [`X509Error`], also for a bundle without any key, and for a certificate that is not an authority's of this trust domain.
    pub fn parse(domain: TrustDomain, bytes: &[u8], limits: &Limits) -> Result<Self, X509Error> {
        let fault = |reason: String| X509Error::Root { what: "SPIFFE bundle", reason };
        let document = json::parse(bytes, limits).map_err(|error| fault(format!("not strict JSON: {error}")))?;
        let keys =
            document.get("keys").and_then(Value::as_array).ok_or_else(|| fault("it has no `keys`".to_owned()))?;
        if keys.len() > MOST {
            return Err(fault(format!("it has {} keys, limit is {MOST}", keys.len())));
        }
        let is_ours = |key: &&Value| key.get("use").and_then(Value::as_str) == Some("x509-svid");
        let mut authorities = Vec::new();
        for key in keys.iter().filter(is_ours) {
            // SPEC: X509-SVID section 6.1: exactly one certificate, and no chain.
            let only = match key.get("x5c").and_then(Value::as_array).map(Vec::as_slice) {
                Some([only]) => only.as_str().and_then(|text| STANDARD.decode(text).ok()),
                _ => return Err(fault("a key has not exactly one certificate in `x5c`".to_owned())),
            };
            let der = only.ok_or_else(|| fault("a certificate is not base64 in its standard form".to_owned()))?;
            let authority = Read::parse(&der, "an authority's")?;
            check_authority(&authority, &domain)?;
            authorities.push(authority);
        }
        let is_tokens = |usage: &str| matches!(usage, "jwt-svid" | "wit-svid");
        let token_keys = Jwks::of(&document, is_tokens).map_err(|error| fault(error.to_string()))?;
        if authorities.is_empty() && token_keys.count() == 0 {
            let reason = "it has no key of use `x509-svid`, `jwt-svid` or `wit-svid`, so nothing can be verified by it";
            return Err(fault(reason.to_owned()));
        }
        Ok(Self { domain, digest: Sha256::of(bytes), authorities, token_keys })
    }

    /// Whose it is.
    #[must_use]
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// SHA-256 of the file.
    #[must_use]
    pub const fn digest(&self) -> Sha256 {
        self.digest
    }

    /// The keys of its tokens.
    pub(crate) const fn token_keys(&self) -> &Jwks {
        &self.token_keys
    }

    /// How many authorities it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.authorities.len()
    }
}
