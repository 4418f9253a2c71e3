//! The windows that zstd frames ask for, known before a decoder makes room for them.
//!
//! SPEC: RFC 8878 section 3.1. The frames are followed by their block headers alone, whatever the decoder is. What is followed no further is
//! refused by every decoder; until it is, it counts as a large window.

use std::io::{self, BufRead, Read};

use crate::meter::Meter;
use crate::turn::Turn;

/// Bytes of a window up to which streams are decoded side by side.
const LARGE: u64 = 8 << 20;

/// Compressed bytes on their way to a decoder.
pub(crate) struct Watched<'m, R> {
    source: R,
    /// How many of the bytes that the source has ready were looked at.
    seen: usize,
    frames: Frames,
    meter: &'m Meter<'m>,
    /// Kept until the stream ends: so are the buffers of the decoder.
    turn: Option<Turn<'m>>,
}

impl<'m, R> Watched<'m, R> {
    pub(crate) fn new(source: R, meter: &'m Meter<'m>) -> Self {
        Self { source, seen: 0, frames: Frames::default(), meter, turn: None }
    }
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ready = self.source.fill_buf()?;
        let is_large = self.frames.follow(ready.get(self.seen..).unwrap_or_default());
        self.seen = ready.len();
        if is_large && self.turn.is_none() {
            self.turn = Some(self.meter.windows.take_turn());
        }
        Ok(ready)
    }

    fn consume(&mut self, amount: usize) {
        self.seen = self.seen.saturating_sub(amount);
        self.source.consume(amount);
    }
}

impl<R: BufRead> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// What comes next in a stream of frames.
#[derive(Debug, Clone, Copy, Default)]
enum Next {
    /// Four bytes that begin a frame, or none.
    #[default]
    Magic,
    /// The length of a skippable frame.
    Length,
    /// The header of a frame, from its descriptor on.
    Header,
    /// The three bytes before a block.
    Block,
    /// Nobody knows.
    Unknown,
}

/// Where in a stream of frames one is.
#[derive(Debug, Default)]
struct Frames {
    next: Next,
    /// Bytes of what comes next.
    held: Vec<u8>,
    /// Bytes before it.
    skip: u64,
    has_checksum: bool,
}

impl Frames {
    /// Follows further bytes; true when they have the header of a frame with a large window, or are no frames.
    fn follow(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_large = false;
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= crate::meter::wide(skipped);
            bytes = bytes.get(skipped..).unwrap_or_default();
            if matches!(self.next, Next::Unknown) {
                return true;
            }
            let Some((byte, rest)) = bytes.split_first() else { break };
            bytes = rest;
            self.held.push(*byte);
            if let Some(next) = self.step(&mut is_large) {
                self.next = next;
                self.held.clear();
            }
        }
        is_large
    }

    /// Takes what came as a whole and says what follows; `None` when more of it must come.
    fn step(&mut self, is_large: &mut bool) -> Option<Next> {
        match (self.next, self.held.as_slice()) {
            (Next::Magic, [0x28, 0xb5, 0x2f, 0xfd]) => Some(Next::Header),
            (Next::Magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18]) => Some(Next::Length),
            (Next::Magic, [_, _, _, _]) => Some(Next::Unknown),
            (Next::Length, [a, b, c, d]) => {
                self.skip = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
                Some(Next::Magic)
            }
            (Next::Header, header) => {
                let window = window(header)?;
                self.has_checksum = header.first().is_some_and(|descriptor| descriptor & 4 != 0);
                *is_large |= window > LARGE;
                Some(Next::Block)
            }
            (Next::Block, [a, b, c]) => Some(self.block(u32::from_le_bytes([*a, *b, *c, 0]))),
            _ => None,
        }
    }

    /// SPEC: RFC 8878 section 3.1.1.2: whether it is the last one, its type, its size.
    fn block(&mut self, header: u32) -> Next {
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, u64::from(header >> 3));
        self.skip = match kind {
            0 | 2 => size,
            // One byte, many times.
            1 => 1,
            _ => return Next::Unknown,
        };
        if !is_last {
            return Next::Block;
        }
        self.skip += if self.has_checksum { 4 } else { 0 };
        Next::Magic
    }
}

/// The window of the header of a frame, from its descriptor on; `None` when more of the header must come.
///
/// SPEC: RFC 8878 section 3.1.1.1. A frame of a single segment has no window: its content is the window.
fn window(header: &[u8]) -> Option<u64> {
    let (descriptor, fields) = header.split_first()?;
    let is_single = descriptor & 0x20 != 0;
    let (described, fields) =
        if is_single { (None, fields) } else { fields.split_first().map(|(a, b)| (Some(*a), b))? };
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or_default();
    let content = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let content = fields.get(dictionary..dictionary + content)?;
    match described {
        Some(described) => {
            let base = 1_u64 << (10 + u32::from(described >> 3));
            Some(base + base / 8 * u64::from(described & 7))
        }
        None => {
            let size = content.iter().rev().fold(0, |size, byte| size << 8 | u64::from(*byte));
            Some(if content.len() == 2 { size + 256 } else { size })
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]

    use std::io::Write as _;

    use super::*;

    /// True when following the bytes, so many at a time, finds a large window.
    fn finds(bytes: &[u8], step: usize) -> bool {
        let mut frames = Frames::default();
        let mut found = false;
        for bytes in bytes.chunks(step) {
            found |= frames.follow(bytes);
        }
        found
    }

    fn check(bytes: &[u8], expected: bool) {
        for step in [1, 2, 7, 1 << 20] {
            assert_eq!(finds(bytes, step), expected, "{} at a time of {}", step, bytes.len());
        }
    }

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    fn frame(content: &[u8], log: u32, checksum: bool) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log).unwrap();
        encoder.include_checksum(checksum).unwrap();
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_window_of_every_frame_is_known() {
        // pass: up to 8 MiB is no large one; one of 16 MiB is, first or last, behind frames with and without checksum and passed-over ones
        let (noisy, even) = (noise(300_000), vec![7; 400_000]);
        let small = [frame(&noisy, 23, true), frame(&even, 20, false), frame(b"", 23, true)].concat();
        let skipped = [&b"\x5a\x2a\x4d\x18\x05\0\0\0\x28\xb5\x2f\xfd\xf8"[..], &small].concat();
        let large = frame(&noisy, 24, true);
        for few in [&small, &skipped] {
            check(few, false);
            check(&[few.as_slice(), &large].concat(), true);
            check(&[large.as_slice(), few].concat(), true);
        }
        check(&zstd::bulk::compress(&noisy, 1).unwrap(), false);
    }

    #[test]
    fn a_frame_of_one_segment_is_as_large_as_its_content() {
        // pass: 8 MiB in each width that has room for it, and one byte more; small ones of one and two bytes
        let head = |descriptor: u8, size: &[u8]| [&b"\x28\xb5\x2f\xfd"[..], &[descriptor], size].concat();
        check(&head(0xa0, &(8_u32 << 20).to_le_bytes()), false);
        check(&head(0xa0, &((8_u32 << 20) + 1).to_le_bytes()), true);
        check(&head(0xe0, &(8_u64 << 20).to_le_bytes()), false);
        check(&head(0xe0, &u64::MAX.to_le_bytes()), true);
        check(&head(0x60, &u16::MAX.to_le_bytes()), false);
        check(&head(0x20, &[255]), false);
        // With the number of a dictionary before the size, and with one behind a window of 9 MiB.
        check(&head(0xa3, &[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]), false);
        check(&head(0x03, &[13 << 3 | 1, 0, 0, 0, 0]), true);
        check(&head(0x03, &[13 << 3, 0xff, 0xff, 0xff, 0xff]), false);
    }

    #[test]
    fn what_cannot_be_followed_counts_as_large() {
        // fail: bytes that begin no frame, behind one; a block of no known type
        check(&[frame(b"a", 20, false), b"text, and more of it".to_vec()].concat(), true);
        check(b"\x28\xb5\x2f\xfd\x00\x00\x07\x00\x00more", true);
    }
}
