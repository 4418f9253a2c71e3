//! Bearer tokens: what an issuer said of whoever shows them.

use lasthand_model::limits::Limits;

use super::claims::{Claims, TokenFacts};
use super::error::TokenError;
use super::jwk::{Jwks, Usage};
use super::jws::{Jws, Types, shorten};
use crate::spiffe::{SpiffeBundle, SpiffeId};

/// SPEC: JWT-SVID section 2.3: `typ` is absent, `JWT` or `JOSE`.
const JWT_SVID: Types = Types { may_be_absent: true, names: &["JWT", "JOSE"], expected: "`JWT`, `JOSE` or none" };
const JWT: Types = Types { may_be_absent: true, names: &["JWT"], expected: "`JWT` or none" };

/// Verifies a JWT-SVID by the bundle of its trust domain.
///
/// In: the token, the bundle, for whom it must be, and the moment asked for, in seconds since 1970. Out: what it says.
///
/// # Errors
/// [`TokenError`].
///
/// # Proves / does not prove
/// Proves that the trust domain gave this token to a workload with this id. Whoever saw the token can show it: it proves no statement.
pub fn verify_jwt_svid(
    token: &str,
    bundle: &SpiffeBundle,
    audience: &str,
    moment: i64,
    limits: &Limits,
) -> Result<TokenFacts, TokenError> {
    let jws = Jws::parse(token, limits)?;
    let key_id = jws.verify(bundle.token_keys(), Usage::JwtSvid, &JWT_SVID)?;
    let facts = Claims(&jws.claims_unverified).facts(token, key_id, moment)?;
    workload(&facts.subject, bundle)?;
    check_audience(&facts, audience)?;
    Ok(facts)
}

/// Verifies a token of an OpenID provider by its kept keys, as [`verify_jwt_svid`] otherwise.
///
/// # Errors
/// [`TokenError`].
pub fn verify_oidc(
    token: &str,
    keys: &Jwks,
    issuer: &str,
    audience: &str,
    moment: i64,
    limits: &Limits,
) -> Result<TokenFacts, TokenError> {
    let jws = Jws::parse(token, limits)?;
    let key_id = jws.verify(keys, Usage::Signing, &JWT)?;
    let facts = Claims(&jws.claims_unverified).facts(token, key_id, moment)?;
    // SECURITY: keys are an issuer's. Another one's name in the token is a claim.
    if facts.issuer.as_deref() != Some(issuer) {
        return Err(TokenError::Issuer { expected: shorten(issuer) });
    }
    check_audience(&facts, audience)?;
    Ok(facts)
}

fn check_audience(facts: &TokenFacts, audience: &str) -> Result<(), TokenError> {
    if facts.audience.iter().any(|known| known == audience) {
        return Ok(());
    }
    Err(TokenError::Audience { expected: shorten(audience) })
}

/// The id of a workload of the bundle's trust domain.
pub(super) fn workload(subject: &str, bundle: &SpiffeBundle) -> Result<SpiffeId, TokenError> {
    let fault = |reason| TokenError::SpiffeId { got: shorten(subject), reason };
    let id: SpiffeId = subject.parse().map_err(fault)?;
    if !id.has_path() {
        return Err(fault("it names the trust domain itself"));
    }
    if id.domain() != bundle.domain() {
        return Err(fault("it is of another trust domain"));
    }
    Ok(id)
}
