//! Tokens, verified offline by keys that were kept.
//!
//! A bearer token (a JWT-SVID, a token of an OpenID provider) is shown by whoever holds it, and anybody who saw it can show it again. So it
//! never proves a statement: [`bearer`] gives facts, and nothing in this crate makes a [`Verified`](crate::Verified) of them. A WIT-SVID binds
//! a key to a workload; the key signs the statement, and at a trusted time that proves as much as an X.509-SVID does ([`wit`]).
//!
//! What comes out is the digest of a token and selected claims, never the token.
//!
//! SPEC: RFC 7519; RFC 8725; SPIFFE JWT-SVID and WIT-SVID.

pub mod bearer;
mod claims;
mod error;
mod jwk;
mod jws;
pub mod wit;

pub use claims::TokenFacts;
pub use error::TokenError;
pub use jwk::Jwks;
