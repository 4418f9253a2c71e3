//! Paths of any bytes as text, one text for each path.

use thiserror::Error;

/// A text that [`escape_path`] never writes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EscapeError {
    /// A backslash that opens neither `\\` nor `\xNN` with lower-case hex.
    #[error("backslash at byte {offset} opens no escape")]
    BadEscape {
        /// Offset of the backslash.
        offset: usize,
    },
    /// Bytes written as `\xNN` that are UTF-8 and so have another, shorter text.
    #[error("text is not the one escaped form of its path")]
    NotCanonical,
}

/// Writes the bytes of a path as text: UTF-8 as it stands, a backslash as `\\`, every other byte as `\xNN`.
///
/// Two paths never have the same text.
#[must_use]
pub fn escape_path(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str("\\x");
            text.push_str(&hex::encode([*byte]));
        }
    }
    text
}

/// Reads what [`escape_path`] wrote.
///
/// # Errors
/// [`EscapeError`] for any other text, so that one path has one text.
pub fn unescape_path(text: &str) -> Result<Vec<u8>, EscapeError> {
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        path.extend_from_slice(before.as_bytes());
        let (byte, length) = read_escape(escape).ok_or(EscapeError::BadEscape { offset: text.len() - escape.len() })?;
        path.push(byte);
        rest = escape.get(length..).unwrap_or_default();
    }
    path.extend_from_slice(rest.as_bytes());
    if escape_path(&path) == text { Ok(path) } else { Err(EscapeError::NotCanonical) }
}

/// The byte that the escape at the start of `text` stands for, and the escape's length.
fn read_escape(text: &str) -> Option<(u8, usize)> {
    if text.starts_with("\\\\") {
        return Some((b'\\', 2));
    }
    let digits = text.strip_prefix("\\x")?.get(..2)?;
    if !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok().map(|byte| (byte, 4))
}
