//! What comes before the content of a member.

use std::io::{self, Read};

use flate2::Crc;

use super::input::Input;
use super::invalid;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 1 << 5 | 1 << 6 | 1 << 7;

/// LIMIT: bytes of a name or a comment, as many as an extra field can have.
const FIELD_BYTES: usize = 0xffff;

/// Reads a header to its end.
///
/// SPEC: RFC 1952 sections 2.3 and 2.3.1.
pub(super) fn pass(input: &mut Input<impl Read>) -> io::Result<()> {
    let mut header = Header { input, crc: Crc::new() };
    let [magic, other, method, flags, ..] = header.bytes::<10>()?;
    if [magic, other] != [0x1f, 0x8b] {
        return Err(invalid(super::NO_MEMBER));
    }
    if method != 8 {
        return Err(invalid("a gzip member is compressed by another method than deflate"));
    }
    if flags & RESERVED != 0 {
        return Err(invalid("a gzip member has reserved flags"));
    }
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes(header.bytes()?);
        for _ in 0..length {
            header.byte()?;
        }
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            header.text()?;
        }
    }
    if flags & HEADER_CRC != 0 {
        let expected = header.crc.sum() & 0xffff;
        if u32::from(u16::from_le_bytes(header.bytes()?)) != expected {
            return Err(invalid("the checksum of a gzip header differs from it"));
        }
    }
    Ok(())
}

struct Header<'i, R> {
    input: &'i mut Input<R>,
    crc: Crc,
}

impl<R: Read> Header<'_, R> {
    fn byte(&mut self) -> io::Result<u8> {
        let byte = self.input.byte()?;
        self.crc.update(&[byte]);
        Ok(byte)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// Passes over text and the NUL that ends it.
    fn text(&mut self) -> io::Result<()> {
        for _ in 0..=FIELD_BYTES {
            if self.byte()? == 0 {
                return Ok(());
            }
        }
        Err(invalid("a name or comment of a gzip member is longer than 65535 bytes"))
    }
}
