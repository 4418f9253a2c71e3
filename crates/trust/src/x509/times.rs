//! When it was signed, as the timestamp authorities of the trust file say.

use super::certificate::Read;
use super::error::X509Error;
use crate::sigstore::TimestampAuthority;

/// Every proven time of a signature, in seconds since 1970; at least one.
///
/// In: the tokens of a bundle, each once, and the bytes of the signature. A timestamp that no authority made is nobody's word, and passed
/// over: whoever has the bundle could take it out, too.
///
/// # Errors
/// [`X509Error::NoTime`] without any token, [`X509Error::Timestamp`] where none holds, [`X509Error::Repeated`].
pub(crate) fn proven(
    tokens: &[Vec<u8>],
    signature: &[u8],
    authorities: &[TimestampAuthority],
) -> Result<Vec<i64>, X509Error> {
    // SECURITY: GHSA-9vcr-p3rj-q5q6: one proof that is there twice is one proof.
    if tokens.iter().enumerate().any(|(at, token)| tokens.iter().skip(at + 1).any(|other| other == token)) {
        return Err(X509Error::Repeated);
    }
    let (mut times, mut passed_over) = (Vec::new(), None);
    for token in tokens {
        match one(token, signature, authorities) {
            Ok(time) => times.push(time),
            Err(reason) => passed_over = passed_over.or(Some(X509Error::Timestamp { reason })),
        }
    }
    if times.is_empty() { Err(passed_over.unwrap_or(X509Error::NoTime)) } else { Ok(times) }
}

fn one(token: &[u8], signature: &[u8], authorities: &[TimestampAuthority]) -> Result<i64, String> {
    let mut reason = "the trust file names no timestamp authority".to_owned();
    for authority in authorities {
        match authority.time(token, signature) {
            Ok(time) if valid_at(authority.top(), time) => return Ok(time),
            Ok(_) => "the authority's last certificate was not valid then".clone_into(&mut reason),
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

fn valid_at(der: &[u8], time: i64) -> bool {
    Read::parse(der, "a timestamp authority's").is_ok_and(|top| top.is_valid(time))
}
