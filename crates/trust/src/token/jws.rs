//! Signed tokens in their compact form.
//!
//! SPEC: RFC 7515; RFC 8725 (best current practice).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::Value;

use super::error::TokenError;
use super::jwk::{Jwks, Usage};
use crate::scheme::Scheme;

// LIMIT: bytes of one token, and of a text that is shown.
const TOKEN_BYTES: usize = 32 << 10;
const SHOWN: usize = 120;

/// Algorithms of tokens. SPEC: JWT-SVID section 2.1; WIT-SVID has the same.
///
/// SECURITY: `none` and the ones of shared secrets are not among them: a public key taken for a secret would let anybody sign.
const ALGORITHMS: &[(&str, Scheme)] = &[
    ("ES256", Scheme::P256Fixed),
    ("ES384", Scheme::P384Fixed),
    ("ES512", Scheme::P521Fixed),
    ("RS256", Scheme::RsaPkcs1Sha256),
    ("RS384", Scheme::RsaPkcs1Sha384),
    ("RS512", Scheme::RsaPkcs1Sha512),
    ("PS256", Scheme::RsaPssSha256),
    ("PS384", Scheme::RsaPssSha384),
    ("PS512", Scheme::RsaPssSha512),
];
/// Members by which a header says where its key is, or how the token is to be read.
const REFUSED: &[&str] = &["crit", "b64", "jwk", "jku", "x5c", "x5u", "zip", "enc", "cty"];

/// A token, read and not verified.
pub(super) struct Jws<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Value,
    /// What it claims; nobody's word before [`Jws::verify`].
    pub(super) claims_unverified: Value,
}

impl<'t> Jws<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Form`], [`TokenError::Json`], [`TokenError::Header`].
    pub(super) fn parse(token: &'t str, limits: &Limits) -> Result<Self, TokenError> {
        let fault = |reason| TokenError::Form { reason };
        if token.len() > TOKEN_BYTES {
            return Err(fault("it is larger than 32 KiB"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(|| fault("it has not three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or_else(|| fault("it has not three parts"))?;
        // What has more parts fails here: `.` is no base64.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| fault("a part is not base64url"));
        let read = |part: &'static str, text: &str| {
            json::parse(&decode(text)?, limits).map_err(|source| TokenError::Json { part, source })
        };
        let (header, claims) = (read("header", header)?, read("payload", payload)?);
        if !header.is_object() || !claims.is_object() {
            return Err(fault("header and payload are not objects"));
        }
        if let Some(member) = REFUSED.iter().find(|member| header.get(**member).is_some()) {
            return Err(TokenError::Header { member });
        }
        Ok(Self { signed, signature: decode(signature)?, header, claims_unverified: claims })
    }

    /// Checks type, algorithm, key and signature. Out: the key's id.
    ///
    /// # Errors
    /// [`TokenError`].
    pub(super) fn verify(&self, keys: &Jwks, usage: Usage, types: &Types) -> Result<String, TokenError> {
        let text = |member: &str| self.header.get(member).and_then(Value::as_str);
        types.check(self.header.get("typ"))?;
        let got = text("alg").unwrap_or_default();
        let known = ALGORITHMS.iter().find(|(name, _)| *name == got);
        let (algorithm, scheme) = known.ok_or_else(|| TokenError::Algorithm { got: shorten(got) })?;
        let id = text("kid").filter(|id| !id.is_empty()).ok_or(TokenError::NoKeyId)?;
        let unknown = || TokenError::UnknownKey { id: shorten(id), usage: usage.as_str() };
        let jwk = keys.find(id, usage).ok_or_else(unknown)?;
        // SECURITY: the key says for which algorithm it is, not the token.
        let other = jwk.algorithm.as_ref().is_some_and(|own| own != algorithm);
        if other || jwk.key.kind() != scheme.kind() {
            return Err(TokenError::KeyKind { id: shorten(id), algorithm });
        }
        if !jwk.key.verify(*scheme, self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Signature { id: shorten(id) });
        }
        Ok(id.to_owned())
    }
}

/// What `typ` of a header may be.
pub(super) struct Types {
    pub(super) may_be_absent: bool,
    pub(super) names: &'static [&'static str],
    pub(super) expected: &'static str,
}

impl Types {
    fn check(&self, got: Option<&Value>) -> Result<(), TokenError> {
        let name = got.and_then(Value::as_str);
        if (got.is_none() && self.may_be_absent) || name.is_some_and(|name| self.names.contains(&name)) {
            return Ok(());
        }
        Err(TokenError::Type { got: shorten(name.unwrap_or_default()), expected: self.expected })
    }
}

/// The beginning of a text, for messages alone: it is equal for texts that are not.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(SHOWN).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
