//! Why a token says nothing.

use lasthand_model::json::JsonError;
use thiserror::Error;

/// Why a token says nothing. No text holds any part of the token but names of members, its key id and its subject.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what its fields are")]
pub enum TokenError {
    /// Not three parts of base64.
    #[error("not a signed token in its compact form: {reason}")]
    Form { reason: &'static str },
    /// A part that is not strict JSON; a member that comes twice among it.
    #[error("{part} of the token cannot be read")]
    Json { part: &'static str, source: JsonError },
    /// Signed by something that is no signature, or not one of this kind of token.
    #[error("algorithm is `{got}`, expected one of RS, PS and ES with 256, 384 and 512")]
    Algorithm { got: String },
    /// Another kind of token.
    #[error("type is `{got}`, expected {expected}")]
    Type { got: String, expected: &'static str },
    /// A member of the header that changes what the token means, or where its key comes from.
    #[error("header has `{member}`, which is not allowed")]
    Header { member: &'static str },
    /// Nobody says which key signed.
    #[error("header has no key id")]
    NoKeyId,
    /// No key of this id among those that are kept.
    #[error("no key `{id}` of use `{usage}` is kept")]
    UnknownKey { id: String, usage: &'static str },
    /// A key of another kind than the algorithm.
    #[error("key `{id}` does not go with algorithm `{algorithm}`")]
    KeyKind { id: String, algorithm: &'static str },
    /// The signature.
    #[error("signature does not hold under key `{id}`")]
    Signature { id: String },
    /// A claim that is not there, or of another form.
    #[error("claim `{name}` {reason}")]
    Claim { name: &'static str, reason: &'static str },
    /// Its time is over at the moment asked for.
    #[error("token ended at {ended}, asked for {moment} (seconds since 1970)")]
    Expired { ended: i64, moment: i64 },
    /// Its time has not begun at the moment asked for.
    #[error("token begins at {begins}, asked for {moment} (seconds since 1970)")]
    NotYet { begins: i64, moment: i64 },
    /// Issued by somebody else.
    #[error("issuer is another one than `{expected}`")]
    Issuer { expected: String },
    /// For somebody else.
    #[error("token is not for `{expected}`")]
    Audience { expected: String },
    /// A subject that is no SPIFFE id of this place.
    #[error("`{got}` is not the SPIFFE id of a workload of this trust domain: {reason}")]
    SpiffeId { got: String, reason: &'static str },
    /// A key that is none.
    #[error("key `{id}` cannot be used: {reason}")]
    Key { id: String, reason: String },
    /// Keys that are none.
    #[error("set of keys cannot be used: {reason}")]
    Keys { reason: String },
}
