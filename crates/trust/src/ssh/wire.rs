//! What SSH puts on the wire: strings with their length before them.
//!
//! SPEC: RFC 4251 section 5.

/// Takes parts from the front of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A number of 32 bits.
    pub(super) fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A string of bytes. A length beyond the end is none, so nothing is ever set aside for it.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// A string of text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A number that is not negative, in its one shortest form, big-endian.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        match bytes {
            [] => Some(bytes),
            [0, second, ..] if *second >= 0x80 => bytes.get(1..),
            [first, ..] if (1..0x80).contains(first) => Some(bytes),
            _ => None,
        }
    }

    /// Whether nothing is left.
    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

/// Writes a string with its length before it.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    // What is written here was read before, so its length fits.
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}
