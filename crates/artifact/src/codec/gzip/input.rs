//! The compressed bytes, offered so that the end of a member is always known to the byte.
//!
//! The decoder takes up to seven bytes behind a member's content, and where an offer ends among them, nobody can tell how many it took. An
//! offer therefore ends only where no member can begin behind a trailer that it would cut, or where the source ends.

use std::io::{self, Read};
use std::ops::Range;

use super::cut;
use crate::stream::BUFFER_BYTES;

/// The first bytes of every member.
const MAGIC: &[u8] = &[0x1f, 0x8b, 8];

/// Where a member begins whose forerunner's content ends among the last bytes of an offer: so many bytes behind the offer, with its magic.
const BEHIND: Range<usize> = 1..4 + MAGIC.len();

/// LIMIT: places where an offer may end that are looked at.
const PLACES: usize = 64;

/// Bytes that lie ready before a further offer is made, where the source has them.
const READY: usize = 256;

/// Bytes of a source.
pub(super) struct Input<R> {
    source: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The source has no more.
    ended: bool,
    /// What went wrong behind the bytes that are ready.
    failed: Option<io::Error>,
}

/// Bytes for the decoder.
pub(super) struct Offer<'i> {
    pub(super) bytes: &'i [u8],
    /// The source ends with them.
    pub(super) is_last: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, bytes: vec![0; BUFFER_BYTES], start: 0, end: 0, ended: false, failed: None }
    }

    /// Makes sure that many bytes are ready, where the source has them; keeps some that were taken.
    fn ready(&mut self, wanted: usize, kept: usize) -> io::Result<()> {
        if self.ended || self.end - self.start >= wanted {
            return Ok(());
        }
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        let from = self.start.saturating_sub(kept);
        self.bytes.copy_within(from..self.end, 0);
        (self.start, self.end) = (self.start - from, self.end - from);
        while let Some(room) = self.bytes.get_mut(self.end..).filter(|room| !room.is_empty()) {
            match self.source.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        // What came before an error is decoded before the error.
        if self.end - self.start < wanted { self.failed.take().map_or(Ok(()), Err) } else { Ok(()) }
    }

    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        self.ready(1, 0)?;
        Ok(self.start == self.end)
    }

    /// The bytes to decode next; so many that were taken can still be given back.
    ///
    /// # Errors
    /// When the source fails.
    pub(super) fn offer(&mut self, kept: usize) -> io::Result<Offer<'_>> {
        self.ready(READY, kept)?;
        let ready = self.bytes.get(self.start..self.end).unwrap_or_default();
        if self.ended {
            return Ok(Offer { bytes: ready, is_last: true });
        }
        let last = ready.len().saturating_sub(BEHIND.end);
        let first = last.saturating_sub(PLACES).max(1);
        let is_sure = |end: &usize| !may_begin(ready, end + BEHIND.start..end + BEHIND.end);
        // Where no place is sure, any will do: what ends right there is refused, unlike what goes on.
        let end = (first..=last).rev().find(is_sure).unwrap_or(last);
        Ok(Offer { bytes: ready.get(..end).unwrap_or_default(), is_last: false })
    }

    /// Passes over bytes of an offer.
    pub(super) fn take(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Takes bytes back that were passed over; no more than were kept.
    pub(super) const fn give_back(&mut self, count: usize) {
        self.start = self.start.saturating_sub(count);
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.ready(1, 0)?;
        let byte = self.bytes.get(self.start..self.end).and_then(|ready| ready.first()).ok_or_else(cut)?;
        self.start += 1;
        Ok(*byte)
    }

    /// SPEC: RFC 1952 section 2.3.1: numbers are little-endian.
    pub(super) fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(u32::from_le_bytes(bytes))
    }
}

/// True where the first bytes of a member lie in a part of the bytes.
fn may_begin(bytes: &[u8], part: Range<usize>) -> bool {
    bytes.get(part).unwrap_or_default().windows(MAGIC.len()).any(|at| at == MAGIC)
}
