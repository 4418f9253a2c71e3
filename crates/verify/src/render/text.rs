//! The verdict for people.

use super::Style;
use crate::verifier::Verification;

/// Renders a verdict.
#[must_use]
pub fn text(verification: &Verification, _style: Style) -> String {
    format!("{}\n", verification.outcome.verdict.as_str())
}
