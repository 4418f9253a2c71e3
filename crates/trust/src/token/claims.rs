//! What a token claims, read one by one.
//!
//! SPEC: RFC 7519 section 4.1; RFC 8693 section 4.1 (`act`).

use lasthand_model::digest::Sha256;
use serde_json::Value;

use super::error::TokenError;

// LIMIT: audiences of one token.
const AUDIENCES: usize = 32;

/// What a token says, and which token it was: its digest and selected claims, never the token.
///
/// # Proves / does not prove
/// Proves that an issuer said this of somebody. A token is shown by whoever holds it, so it never proves who made a statement: level 2 at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// SHA-256 of the token as it was given.
    pub digest: Sha256,
    /// Id of the key that signed it.
    pub key_id: String,
    /// `iss`, where it is there.
    pub issuer: Option<String>,
    /// `sub`: whom it is about.
    pub subject: String,
    /// Outermost `act.sub`: who acts for the subject, where somebody does.
    pub actor: Option<String>,
    /// `aud`.
    pub audience: Vec<String>,
    /// `iat`, in seconds since 1970.
    pub issued: Option<i64>,
    /// `exp`, in seconds since 1970.
    pub expires: i64,
}

impl TokenFacts {
    /// The level that a token gives its subject before any row lowers it.
    pub const LEVEL: u8 = 2;
}

/// Claims of a token.
pub(super) struct Claims<'c>(pub(super) &'c Value);

impl Claims<'_> {
    /// A claim that is there or not, and a text of at most some length.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, TokenError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= 2048 => Ok(Some(text.clone())),
            Some(_) => Err(TokenError::Claim { name, reason: "is not a text of 1 to 2048 bytes" }),
        }
    }

    /// A claim that must be there.
    pub(super) fn need(&self, name: &'static str) -> Result<String, TokenError> {
        self.text(name)?.ok_or(TokenError::Claim { name, reason: "is not there" })
    }

    /// A moment, in whole seconds; fractions are not read, so that all readers take the same one.
    pub(super) fn moment(&self, name: &'static str) -> Result<Option<i64>, TokenError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => {
                let moment = value.as_i64().filter(|moment| *moment >= 0);
                moment
                    .map(Some)
                    .ok_or(TokenError::Claim { name, reason: "is not a number of whole seconds since 1970" })
            }
        }
    }

    /// Checks that the token holds at a moment. Out: its end. No leeway: whoever asks gives the moment.
    ///
    /// SPEC: RFC 7519 sections 4.1.4 and 4.1.5: before `exp`, not before `nbf`.
    pub(super) fn check_time(&self, moment: i64) -> Result<i64, TokenError> {
        let ended = self.moment("exp")?.ok_or(TokenError::Claim { name: "exp", reason: "is not there" })?;
        if moment >= ended {
            return Err(TokenError::Expired { ended, moment });
        }
        for begins in [self.moment("nbf")?, self.moment("iat")?].into_iter().flatten() {
            if moment < begins {
                return Err(TokenError::NotYet { begins, moment });
            }
        }
        Ok(ended)
    }

    /// `aud`: a text or a list of texts; empty when it is not there.
    pub(super) fn audience(&self) -> Result<Vec<String>, TokenError> {
        let fault = TokenError::Claim { name: "aud", reason: "is not a text or a list of 1 to 32 texts" };
        let items = match self.0.get("aud") {
            None => return Ok(Vec::new()),
            Some(Value::String(one)) if !one.is_empty() => return Ok(vec![one.clone()]),
            Some(Value::Array(items)) if (1..=AUDIENCES).contains(&items.len()) => items,
            Some(_) => return Err(fault),
        };
        let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.filter(|texts| texts.iter().all(|text| !text.is_empty())).ok_or(fault)
    }

    /// Outermost `act.sub`.
    pub(super) fn actor(&self) -> Result<Option<String>, TokenError> {
        let Some(act) = self.0.get("act") else { return Ok(None) };
        let text = act.get("sub").and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= 2048);
        text.map(|text| Some(text.to_owned())).ok_or(TokenError::Claim { name: "act", reason: "names nobody" })
    }

    /// All of it.
    pub(super) fn facts(&self, token: &str, key_id: String, moment: i64) -> Result<TokenFacts, TokenError> {
        Ok(TokenFacts {
            digest: Sha256::of(token.as_bytes()),
            key_id,
            // SECURITY: exact, since it is compared: a shortened issuer would be that of every longer one.
            issuer: self.text("iss")?,
            subject: self.need("sub")?,
            actor: self.actor()?,
            audience: self.audience()?,
            issued: self.moment("iat")?,
            expires: self.check_time(moment)?,
        })
    }
}
