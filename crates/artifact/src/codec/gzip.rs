//! gzip members, one after the other, and nothing else, inflated in Rust.
//!
//! SPEC: RFC 1952 section 2.3; RFC 1951. Reserved flags, wrong checksums (of the header too) and wrong lengths are refused, and so is whatever
//! is not a member behind the last one.

mod header;
mod input;
mod window;

use std::io::{self, Read};

use fdeflate::{DecompressionError, Decompressor};
use flate2::Crc;

use self::input::Input;
use self::window::Window;

/// The decoder reads zlib streams: what it is given before each member (deflate, a window of 32 KiB, no dictionary).
///
/// SPEC: RFC 1950 section 2.2. The checksum behind such a stream is not looked at; a member has its own.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// Checksum and length behind a member, in bytes.
const TRAILER_BYTES: usize = 8;

const NO_MEMBER: &str = "what follows in the gzip stream is no member";

/// Members until the source ends.
pub(super) struct Members<R> {
    input: Input<R>,
    window: Window,
    state: State,
}

enum State {
    /// At a header, or the end; true where a member came before.
    Between(bool),
    Inside(Box<Member>),
    Ended,
    /// Refused, after what came out before.
    Failed(io::Error),
}

struct Member {
    decoder: Decompressor,
    crc: Crc,
}

impl<R: Read> Members<R> {
    pub(super) fn new(source: R) -> Self {
        Self { input: Input::new(source), window: Window::new(), state: State::Between(false) }
    }

    /// One step on from a state that is not the last one; whatever came out is in the window.
    fn step(&mut self, state: State) -> io::Result<State> {
        Ok(match state {
            State::Between(true) if self.input.is_at_end()? => State::Ended,
            State::Between(_) => {
                header::pass(&mut self.input)?;
                self.window.clear();
                State::Inside(Box::new(Member::new()?))
            }
            State::Inside(mut member) => match member.inflate(&mut self.input, &mut self.window)? {
                true => State::Between(true),
                false => State::Inside(member),
            },
            last => last,
        })
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let given = self.window.give(buffer);
            if given > 0 || buffer.is_empty() {
                return Ok(given);
            }
            let refused = State::Failed(invalid("the gzip stream was refused before"));
            match std::mem::replace(&mut self.state, refused) {
                State::Failed(error) => return Err(error),
                State::Ended => {
                    self.state = State::Ended;
                    return Ok(0);
                }
                state => self.state = self.step(state).unwrap_or_else(State::Failed),
            }
        }
    }
}

impl Member {
    fn new() -> io::Result<Self> {
        let mut decoder = Decompressor::new();
        decoder.ignore_adler32();
        decoder.read(&ZLIB_HEADER, &mut [], 0, false).map_err(damaged)?;
        Ok(Self { decoder, crc: Crc::new() })
    }

    /// Inflates some more; true when the member ended as it should.
    fn inflate(&mut self, input: &mut Input<impl Read>, window: &mut Window) -> io::Result<bool> {
        let offer = input.offer(TRAILER_BYTES)?;
        let (output, position) = window.room();
        let (used, made) = self.decoder.read(offer.bytes, output, position, false).map_err(damaged)?;
        let (offered, is_last) = (offer.bytes.len(), offer.is_last);
        let has_room = position + made < output.len();
        self.crc.update(window.made(made));
        input.take(used);
        if !self.decoder.is_done() {
            return if is_last && used == offered && has_room { Err(cut()) } else { Ok(false) };
        }
        if used == offered {
            // Between four and seven bytes of the offer follow the member's content, and nobody says how many. No member can follow them:
            // the offer would not end there.
            return Err(if is_last { cut() } else { invalid(NO_MEMBER) });
        }
        // The decoder fills its 56 bits before it looks for the four bytes of a zlib checksum: seven whole bytes too many are taken.
        input.give_back(TRAILER_BYTES - 1);
        let [crc, length] = [input.number()?, input.number()?];
        if crc != self.crc.sum() {
            return Err(invalid("the checksum of a gzip member differs from its content"));
        }
        if length != self.crc.amount() {
            return Err(invalid("the length of a gzip member differs from its content"));
        }
        Ok(true)
    }
}

fn damaged(error: DecompressionError) -> io::Error {
    invalid(&format!("the deflate stream is damaged: {error:?}"))
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip stream ends inside a member")
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write as _};

    use flate2::Compression;
    use flate2::bufread::MultiGzDecoder;
    use flate2::write::GzEncoder;

    use super::Members;
    use crate::stream::BUFFER_BYTES;

    /// Gives a few bytes at a time.
    struct Pieces<'b>(&'b [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let step = self.1.min(buffer.len());
            self.0.read(&mut buffer[..step])
        }
    }

    fn member(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Content that no two places of look alike, and that hardly gets smaller.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    /// What comes out, up to an error, and the error.
    fn all(mut reader: impl Read) -> (Vec<u8>, Option<std::io::Error>) {
        let mut content = Vec::new();
        let error = reader.read_to_end(&mut content).err();
        (content, error)
    }

    /// Read as zlib-rs reads it, in pieces and in one: the same bytes, or refused.
    fn alike(bytes: &[u8], about: &str) -> bool {
        let (expected, refused) = all(MultiGzDecoder::new(bytes));
        for step in [3, 1000, usize::MAX] {
            let (content, error) = all(Members::new(Pieces(bytes, step)));
            assert_eq!(error.is_some(), refused.is_some(), "{about}, by {step}: {error:?}, {refused:?}");
            if error.is_none() {
                assert!(content == expected, "{about}, by {step}: {} of {} bytes", content.len(), expected.len());
            }
        }
        refused.is_none()
    }

    #[test]
    fn members_that_end_near_the_end_of_a_buffer_are_told_to_the_byte() {
        let content = noise(BUFFER_BYTES);
        let small = member(b"the next one", 6);
        let overhead = member(&content, 1).len() - content.len();
        for level in [0, 1, 6] {
            for before in 0..40 {
                let first = member(&content[..BUFFER_BYTES - overhead - before + 12], level);
                let about = format!("level {level}, {before} before");
                assert!(alike(&[&first[..], &small, &first].concat(), &about));
                // pass: several members; fail: bytes that are none
                for trailing in [&b"\0"[..], b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0", &[0; 20]] {
                    assert!(!alike(&[&first[..], trailing].concat(), &about));
                }
                for cut in 1..12 {
                    assert!(!alike(&first[..first.len() - cut], &format!("{about}, cut by {cut}")));
                }
                let mut wrong = first.clone();
                let at = wrong.len() - 1 - before % 8;
                wrong[at] ^= 1;
                assert!(!alike(&[&wrong[..], &small].concat(), &format!("{about}, wrong trailer")));
            }
        }
    }

    #[test]
    fn many_small_members_are_read() {
        let content = noise(4096);
        let members = (0..400).map(|length| member(&content[..length * 7 % 4096], 6));
        assert!(alike(&members.collect::<Vec<_>>().concat(), "400 members"));
    }

    #[test]
    fn content_full_of_magics_is_read() {
        // Stored, so that the magics lie in the stream as they are; and closer together than an offer can end between.
        for magic in [&b"\x1f\x8b\x08\0"[..], b"\x1f\x8b\x08\x08", b"\x1f\x8b\x08\0\0\0\0"] {
            let content: Vec<u8> = magic.iter().copied().cycle().take(40 + magic.len()).collect();
            assert!(alike(&member(&content, 0), "a few magics"));
        }
    }

    #[test]
    fn no_match_reaches_into_an_earlier_member() {
        // A fixed block: a match of length 3 and distance 1, then the end of the block.
        let mut second = member(b"", 6);
        second.splice(10..12, [0b0000_0011, 0b0000_0010, 0]);
        assert!(!alike(&[member(b"aaa", 6), second].concat(), "a match across members"));
    }

    #[test]
    fn every_damaged_bit_is_refused_as_zlib_refuses_it() {
        let mut content = noise(300);
        content.extend(b"words, words and words again".repeat(20));
        let whole = member(&content, 6);
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            alike(&damaged, &format!("bit {bit}"));
        }
    }
}
