//! What a payload must be before anybody believes it: one in-toto statement about named content.

use lasthand_model::digest::Sha256;
use lasthand_model::json::{self, JsonError};
use lasthand_model::limits::Limits;
use lasthand_model::wire::statement::{ResourceDescriptor, STATEMENT_V01, STATEMENT_V1, Statement};
use thiserror::Error;

/// Why payload bytes are not a statement.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not strict JSON of a statement's shape.
    #[error("payload is not a statement")]
    Json(#[source] JsonError),
    /// Another `_type`.
    #[error("`_type` is `{got}`, expected `{STATEMENT_V1}` or `{STATEMENT_V01}`")]
    Type {
        /// The type found.
        got: String,
    },
    /// No predicate type.
    #[error("`predicateType` is empty")]
    PredicateType,
    /// No subject.
    #[error("statement has no subject")]
    NoSubject,
    /// A subject without digest, or with one that is none.
    #[error("subject {index} has no digest that can be compared")]
    SubjectDigest {
        /// Place of the subject, from 0.
        index: usize,
    },
    /// A subject whose name could mean another path.
    #[error("name `{name}` of subject {index} is not a plain relative name: {reason}")]
    SubjectName {
        /// Place of the subject, from 0.
        index: usize,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Reads the exact payload bytes as a statement and checks what every statement must have.
///
/// # Errors
/// [`StatementError`].
pub(crate) fn read(payload: &[u8], limits: &Limits) -> Result<Statement, StatementError> {
    let statement: Statement = json::parse_as(payload, limits).map_err(StatementError::Json)?;
    if statement.statement_type != STATEMENT_V1 && statement.statement_type != STATEMENT_V01 {
        return Err(StatementError::Type { got: shorten(&statement.statement_type) });
    }
    if statement.predicate_type.is_empty() {
        return Err(StatementError::PredicateType);
    }
    if statement.subject.is_empty() {
        return Err(StatementError::NoSubject);
    }
    for (index, subject) in statement.subject.iter().enumerate() {
        if !has_digest(subject) {
            return Err(StatementError::SubjectDigest { index });
        }
        if let Some((name, reason)) = subject.name.as_deref().and_then(|name| Some((name, bad_name(name)?))) {
            return Err(StatementError::SubjectName { index, name: shorten(name), reason });
        }
    }
    Ok(statement)
}

fn has_digest(subject: &ResourceDescriptor) -> bool {
    !subject.digest.is_empty()
        && subject.digest.iter().all(|(algorithm, value)| match algorithm.as_str() {
            "sha256" => value.parse::<Sha256>().is_ok() && value.len() == 64,
            _ => !value.is_empty(),
        })
}

/// Says why a name could be taken for another one; absent when it is plain.
///
/// SECURITY: CVE-2021-41087: `dir/../foo` passes a rule about `foo`. Addresses (`scheme://`) may hold empty segments.
/// One leading `./`, as `sha256sum` writes it, and one final `/` are plain.
fn bad_name(name: &str) -> Option<&'static str> {
    if name.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    if name.split(['/', '\\']).any(|segment| segment == "..") {
        return Some("it holds a `..` segment");
    }
    let drive = name.get(1..3).is_some_and(|text| matches!(text, ":\\" | ":/"))
        && name.starts_with(|first: char| first.is_ascii_alphabetic());
    if name.starts_with(['/', '\\']) || drive {
        return Some("it is absolute");
    }
    if name.contains("://") {
        return None;
    }
    let inner = name.strip_prefix("./").unwrap_or(name);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let folded = inner.contains('/') && inner.split('/').any(|segment| segment.is_empty() || segment == ".");
    folded.then_some("it is not in its shortest form")
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, plain: bool) {
        assert_eq!(bad_name(name).is_none(), plain, "{name}: {:?}", bad_name(name));
    }

    #[test]
    fn cve_2021_41087_names_are_plain_or_refused() {
        // pass: files, addresses, packages
        for name in
            ["foo", "./foo", "dist/app.tar", "dir/", "pkg:docker/acme/app@1?x=y", "git+https://h/x//y", "..foo", ""]
        {
            check(name, true);
        }
        // fail: everything that walks
        for name in [
            "dir/../foo",
            "../foo",
            "dir/..",
            "..",
            "/etc/passwd",
            "dir\\..\\foo",
            "C:\\x",
            "c:/x",
            "\\\\host\\x",
            "a//b",
            "a/./b",
            "a\0b",
            "a\nb",
            "https://h/a/../b",
        ] {
            check(name, false);
        }
    }
}
