//! Moments in whole seconds since 1970-01-01T00:00:00Z.

use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A text that is not an RFC 3339 date and time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{got}` is not an RFC 3339 date and time such as `2026-11-23T00:00:00Z`")]
pub struct TimestampError {
    got: String,
}

/// Reads RFC 3339 text as seconds since the epoch.
///
/// # Errors
/// [`TimestampError`] when the text is anything else.
pub fn parse(text: &str) -> Result<i64, TimestampError> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(OffsetDateTime::unix_timestamp)
        .map_err(|_| TimestampError { got: text.chars().take(80).collect() })
}

/// Writes seconds since the epoch as RFC 3339 text in UTC; a moment outside the calendar as plain seconds.
#[must_use]
pub fn format(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| seconds.to_string())
}
