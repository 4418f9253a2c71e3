//! WIT-SVIDs: tokens that bind a key to a workload.
//!
//! SPEC: SPIFFE WIT-SVID (incubating, 2026-07-01); RFC 7800 section 3.2 (`cnf.jwk`).

use lasthand_model::limits::Limits;
use serde_json::Value;

use super::bearer::workload;
use super::claims::Claims;
use super::error::TokenError;
use super::jwk::{Usage, public_key};
use super::jws::{Jws, Types, shorten};
use crate::scheme::{ForeignKey, KeyKind};
use crate::spiffe::{SpiffeBundle, SpiffeId};

const WIT: Types = Types { may_be_absent: false, names: &["wit+jwt"], expected: "`wit+jwt`" };

/// A key that a trust domain bound to a workload, for a while.
#[derive(Debug, Clone)]
pub(crate) struct BoundKey {
    pub(crate) id: SpiffeId,
    pub(crate) key: ForeignKey,
}

/// The trust domain that a token claims to be of; nobody's word yet, it only says which bundle is asked.
pub(crate) fn domain_unverified(token: &str, limits: &Limits) -> Result<SpiffeId, TokenError> {
    let jws = Jws::parse(token, limits)?;
    let subject = Claims(&jws.claims_unverified).need("sub")?;
    subject.parse().map_err(|reason| TokenError::SpiffeId { got: shorten(&subject), reason })
}

/// Verifies a WIT-SVID by the bundle of its trust domain, at every one of these moments.
///
/// # Errors
/// [`TokenError`].
pub(crate) fn verify(
    token: &str,
    bundle: &SpiffeBundle,
    moments: &[i64],
    limits: &Limits,
) -> Result<BoundKey, TokenError> {
    let jws = Jws::parse(token, limits)?;
    jws.verify(bundle.token_keys(), Usage::WitSvid, &WIT)?;
    let claims = Claims(&jws.claims_unverified);
    let id = workload(&claims.need("sub")?, bundle)?;
    // SPEC: WIT-SVID: `aud` must not be there. SECURITY: a token for one audience is a bearer token, and this is none.
    if jws.claims_unverified.get("aud").is_some() {
        return Err(TokenError::Claim { name: "aud", reason: "is there, which a WIT-SVID may not have" });
    }
    // SECURITY: without a beginning it would vouch for what its key signed long before.
    if claims.moment("iat")?.is_none() && claims.moment("nbf")?.is_none() {
        return Err(TokenError::Claim { name: "iat", reason: "is not there, and no `nbf`: it has no beginning" });
    }
    // SECURITY: at all of them, as for certificates.
    for moment in moments {
        claims.check_time(*moment)?;
    }
    Ok(BoundKey { id, key: bound_key(&jws.claims_unverified)? })
}

fn bound_key(claims: &Value) -> Result<ForeignKey, TokenError> {
    let fault = |reason| TokenError::Claim { name: "cnf", reason };
    let cnf = claims.get("cnf").ok_or_else(|| fault("is not there"))?;
    let jwk = cnf.get("jwk").ok_or_else(|| fault("has no `jwk`"))?;
    let algorithm = jwk.get("alg").and_then(Value::as_str).ok_or_else(|| fault("has a key without `alg`"))?;
    let key = public_key(jwk, "cnf")?.ok_or_else(|| fault("has a key that signs nothing"))?;
    // SECURITY: a key is used as it says, not as whoever brings a signature likes.
    let fits = match key.kind() {
        KeyKind::P256 => algorithm == "ES256",
        KeyKind::P384 => algorithm == "ES384",
        KeyKind::Ed25519 => matches!(algorithm, "EdDSA" | "Ed25519"),
        KeyKind::Rsa => algorithm == "RS256",
        KeyKind::P521 => false,
    };
    if fits { Ok(key) } else { Err(fault("has a key whose `alg` is not read, or not its own")) }
}
