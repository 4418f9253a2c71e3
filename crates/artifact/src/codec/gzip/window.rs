//! What came out of a member last: what is still to be given, and what the decoder copies from.

use crate::stream::BUFFER_BYTES;

/// How far back a match can lie, in bytes.
///
/// SPEC: RFC 1951 section 2.
const REACH_BYTES: usize = 32 << 10;

/// Bytes of one member; those before `end` came out, those before `start` are given.
pub(super) struct Window {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; REACH_BYTES + BUFFER_BYTES], start: 0, end: 0 }
    }

    /// Before a member: none of its matches can lie in an earlier one.
    pub(super) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// All bytes, and the position from which on they are free: at least one is, when all that came out was given.
    pub(super) fn room(&mut self) -> (&mut [u8], usize) {
        if self.end == self.bytes.len() {
            self.bytes.copy_within(self.end - REACH_BYTES.., 0);
            (self.start, self.end) = (REACH_BYTES, REACH_BYTES);
        }
        (&mut self.bytes, self.end)
    }

    /// So many bytes came out; gives them.
    pub(super) fn made(&mut self, count: usize) -> &[u8] {
        let from = self.end;
        self.end = (from + count).min(self.bytes.len());
        self.bytes.get(from..self.end).unwrap_or_default()
    }

    /// Moves what was not given yet to the buffer; gives how many bytes.
    pub(super) fn give(&mut self, buffer: &mut [u8]) -> usize {
        let ready = self.bytes.get(self.start..self.end).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.start += count;
        count
    }
}
