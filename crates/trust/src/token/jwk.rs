//! Sets of JSON web keys that were kept, as their owner published them.
//!
//! SPEC: RFC 7517; RFC 7518 section 6; RFC 8037.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::Value;

use super::error::TokenError;
use super::jws::shorten;
use crate::scheme::{ForeignKey, KeyKind};

// LIMIT: keys of one set.
const MOST: usize = 64;

/// One key of a set.
#[derive(Debug, Clone)]
pub(crate) struct Jwk {
    pub(super) id: String,
    pub(super) usage: Option<String>,
    pub(super) algorithm: Option<String>,
    pub(super) key: ForeignKey,
}

/// Keys that tokens are verified by.
#[derive(Debug, Clone, Default)]
pub struct Jwks(Vec<Jwk>);

impl Jwks {
    /// Reads a set of keys. Keys without an id, and of kinds that sign no token, are passed over, as RFC 7517 section 5 says.
    ///
    /// # Errors
    /// [`TokenError::Keys`] for what is no set, or two keys of one id and use; [`TokenError::Key`] for a key that is none.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, TokenError> {
        let document = json::parse(bytes, limits).map_err(|source| TokenError::Json { part: "set of keys", source })?;
        Self::of(&document, |_| true)
    }

    /// The keys of a document whose use is wanted.
    pub(crate) fn of(document: &Value, wanted: impl Fn(&str) -> bool) -> Result<Self, TokenError> {
        let fault = |reason: &str| TokenError::Keys { reason: reason.to_owned() };
        let all = document.get("keys").and_then(Value::as_array).ok_or_else(|| fault("it has no `keys`"))?;
        if all.len() > MOST {
            return Err(fault("it has more than 64 keys"));
        }
        let mut keys: Vec<Jwk> = Vec::new();
        for key in all {
            let text = |member: &str| key.get(member).and_then(Value::as_str).map(str::to_owned);
            let usage = text("use");
            let Some(id) = text("kid").filter(|id| !id.is_empty()) else { continue };
            if !wanted(usage.as_deref().unwrap_or_default()) {
                continue;
            }
            let Some(parsed) = public_key(key, &id)? else { continue };
            // SECURITY: of two keys of one id, each reader takes another one.
            if keys.iter().any(|known| known.id == id && known.usage == usage) {
                return Err(fault("two keys have the same id"));
            }
            keys.push(Jwk { id, usage, algorithm: text("alg"), key: parsed });
        }
        Ok(Self(keys))
    }

    /// How many keys there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The key of this id, for one of these uses.
    pub(super) fn find(&self, id: &str, usage: Usage) -> Option<&Jwk> {
        self.0.iter().find(|key| key.id == id && usage.is(key.usage.as_deref()))
    }
}

/// What a key is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// JWT-SVIDs.
    JwtSvid,
    /// WIT-SVIDs.
    WitSvid,
    /// Tokens of an OpenID provider.
    Signing,
}

impl Usage {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::JwtSvid => "jwt-svid",
            Self::WitSvid => "wit-svid",
            Self::Signing => "sig",
        }
    }

    /// Providers may leave out the use; SPIFFE bundles may not.
    fn is(self, got: Option<&str>) -> bool {
        got == Some(self.as_str()) || (self == Self::Signing && got.is_none())
    }
}

/// Reads one key; absent for kinds that sign no token (`oct` among them).
pub(super) fn public_key(jwk: &Value, id: &str) -> Result<Option<ForeignKey>, TokenError> {
    let fault = |reason: String| TokenError::Key { id: shorten(id), reason };
    let number = |member: &str| {
        let text = jwk.get(member).and_then(Value::as_str);
        let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.ok_or_else(|| fault(format!("`{member}` is not base64url")))
    };
    // SECURITY: whoever publishes the private part has published the key.
    if jwk.get("d").is_some() {
        return Err(fault("it holds the private key".to_owned()));
    }
    let text = |member: &str| jwk.get(member).and_then(Value::as_str);
    let key = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => ForeignKey::from_rsa(&number("n")?, &number("e")?),
        (Some("OKP"), Some("Ed25519")) => ForeignKey::from_ed25519(&number("x")?),
        (Some("EC"), Some(curve @ ("P-256" | "P-384" | "P-521"))) => {
            let (kind, bytes) = match curve {
                "P-256" => (KeyKind::P256, 32),
                "P-384" => (KeyKind::P384, 48),
                _ => (KeyKind::P521, 66),
            };
            let (x, y) = (number("x")?, number("y")?);
            // SPEC: RFC 7518 section 6.2.1.2: the full length of a coordinate.
            if x.len() != bytes || y.len() != bytes {
                return Err(fault("a coordinate has not the length of its curve".to_owned()));
            }
            ForeignKey::from_point(kind, &[&[4], x.as_slice(), &y].concat())
        }
        _ => return Ok(None),
    };
    key.map(Some).map_err(|error| fault(error.to_string()))
}
