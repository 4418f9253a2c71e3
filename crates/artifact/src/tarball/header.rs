//! One header block of 512 bytes, taken apart as Go's `archive/tar` does.
//!
//! SPEC: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; Go 1.26 archive/tar `reader.go`, `strconv.go`.

/// Bytes of one block.
pub(crate) const BLOCK: usize = 512;

/// One block.
pub(crate) type Block = [u8; BLOCK];

/// A header before extension headers are applied.
pub(super) struct Header {
    pub(super) typeflag: u8,
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) owner_name: Vec<u8>,
    pub(super) group_name: Vec<u8>,
    pub(super) device: (u64, u64),
    pub(super) format: Format,
    pub(super) signed_checksum: bool,
    pub(super) prefix_in_gnu: bool,
    pub(super) odd_magic: bool,
}

/// Which fields a header has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// True when a first block can only be a tar header, or says that it is one.
pub(crate) fn looks_like_tar(head: &[u8]) -> bool {
    let magic = head.get(257..262) == Some(b"ustar");
    magic
        || <&Block>::try_from(head).is_ok_and(|block| block.iter().any(|byte| *byte != 0) && checksum(block).is_some())
}

impl Header {
    /// Parses one block that is not all zero.
    ///
    /// Errors: the rule that is broken. Stricter than Go: no number but a time may be negative.
    pub(super) fn parse(block: &Block) -> Result<Self, &'static str> {
        let signed_checksum = checksum(block).ok_or("the header checksum does not match")?;
        let format = format(block);
        let mode = natural(field(block, 100, 8), "the mode is not a number", "the mode is negative")?;
        let mut header = Self {
            typeflag: block.get(156).copied().unwrap_or_default(),
            path: text(field(block, 0, 100)).to_vec(),
            link: text(field(block, 157, 100)).to_vec(),
            size: natural(field(block, 124, 12), "the size is not a number", "the size is negative")?,
            mode: u32::try_from(mode & 0o7777).unwrap_or_default(),
            uid: natural(field(block, 108, 8), "the owner is not a number", "the owner is negative")?,
            gid: natural(field(block, 116, 8), "the group is not a number", "the group is negative")?,
            owner_name: Vec::new(),
            group_name: Vec::new(),
            device: (0, 0),
            format,
            signed_checksum,
            prefix_in_gnu: false,
            odd_magic: field(block, 257, 5) == b"ustar"
                && !matches!(field(block, 257, 8), b"ustar\x0000" | b"ustar  \0"),
        };
        number(field(block, 136, 12)).ok_or("the time is not a number")?;
        if format != Format::V7 {
            header.owner_name = text(field(block, 265, 32)).to_vec();
            header.group_name = text(field(block, 297, 32)).to_vec();
            let (no_number, negative) = ("a device number is not a number", "a device number is negative");
            header.device = (
                natural(field(block, 329, 8), no_number, negative)?,
                natural(field(block, 337, 8), no_number, negative)?,
            );
        }
        header.apply_prefix(block)?;
        Ok(header)
    }

    fn apply_prefix(&mut self, block: &Block) -> Result<(), &'static str> {
        let prefix = match self.format {
            Format::V7 => return Ok(()),
            Format::Ustar => text(field(block, 345, 155)),
            Format::Star => {
                let times = [field(block, 476, 12), field(block, 488, 12)];
                if times.into_iter().any(|time| number(time).is_none()) {
                    return Err("a time is not a number");
                }
                text(field(block, 345, 131))
            }
            // Writers of Go before 1.8 left the ustar prefix in the time fields; readers of Go take it back. Issues golang 12594, 21005.
            Format::Gnu => {
                let times = [field(block, 345, 12), field(block, 357, 12)];
                if !times.into_iter().any(|time| time.first() != Some(&0) && number(time).is_none()) {
                    return Ok(());
                }
                self.prefix_in_gnu = true;
                let prefix = text(field(block, 345, 155));
                if prefix.is_ascii() { prefix } else { &[] }
            }
        };
        if !prefix.is_empty() {
            self.path = [prefix, b"/", &self.path].concat();
        }
        Ok(())
    }
}

fn format(block: &Block) -> Format {
    match (field(block, 257, 6), field(block, 263, 2), field(block, 508, 4)) {
        (b"ustar\0", _, b"tar\0") => Format::Star,
        (b"ustar\0", ..) => Format::Ustar,
        (b"ustar ", b" \0", _) => Format::Gnu,
        _ => Format::V7,
    }
}

/// Compares the checksum: `None` when it does not hold, `Some(true)` when it only holds over signed bytes.
fn checksum(block: &Block) -> Option<bool> {
    let stated = octal(field(block, 148, 8))?;
    let (mut unsigned, mut signed) = (0i64, 0i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    if stated == unsigned {
        return Some(false);
    }
    (stated == signed).then_some(true)
}

fn field(block: &Block, at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

/// The bytes before the first NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn natural(bytes: &[u8], no_number: &'static str, negative: &'static str) -> Result<u64, &'static str> {
    u64::try_from(number(bytes).ok_or(no_number)?).map_err(|_| negative)
}

/// Reads a number: octal digits, or base-256 in two's complement when the first bit is set.
fn number(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return octal(bytes);
    }
    let inverted = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        let mut byte = byte ^ inverted;
        if at == 0 {
            byte &= 0x7f;
        }
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).ok()?;
    Some(if inverted == 0 { value } else { !value })
}

/// Reads octal digits between blanks and NULs; nothing but these is 0.
fn octal(bytes: &[u8]) -> Option<i64> {
    let is_pad = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = bytes.iter().position(|byte| !is_pad(byte)) else { return Some(0) };
    let end = bytes.iter().rposition(|byte| !is_pad(byte))?;
    let digits = text(bytes.get(start..=end)?);
    if !digits.iter().all(|byte| matches!(byte, b'0'..=b'7')) {
        return None;
    }
    i64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        // pass: cases of Go's strconv_test.go; fail: overflow, other digits
        for (bytes, expected) in [
            (&b"0000000\0"[..], Some(0)),
            (b" \x0000000644 \0", Some(0o644)),
            (b"  644 \0 ", Some(0o644)),
            (b"644\x00junk", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"0000089\0", None),
            (b"+644", None),
            (b"\x80", Some(0)),
            (b"\x80\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff", Some(-1)),
            (b"\xbf\xff", Some(0x3fff)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\x80\0\0\0\0\0\0\0", None),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX)),
        ] {
            assert_eq!(number(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_block_of_text_is_no_tar() {
        // fail: neither magic nor checksum
        assert!(!looks_like_tar(&[b'x'; BLOCK]));
        assert!(!looks_like_tar(&[0; BLOCK]));
        assert!(!looks_like_tar(b"short"));
    }
}
