//! One header block of 512 bytes, taken apart as Go's `archive/tar` does.
//!
//! SPEC: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; Go 1.26 archive/tar `reader.go`, `strconv.go`.

use std::ops::Range;

use super::number;
use crate::note::NoteKind;

/// Owners and device numbers as systems hold them, in 32 bits; the last one means nobody.
const NUMBERS: Range<i64> = 0..0xffff_ffff;

/// The largest mode that a writer can mean: type and permission bits.
const MAX_MODE: i64 = 0o177_777;

/// Bytes of one block.
pub(crate) const BLOCK: usize = 512;

/// One block.
pub(crate) type Block = [u8; BLOCK];

/// A header before extension headers are applied.
pub(super) struct Header {
    pub(super) typeflag: u8,
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: i64,
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) owner_name: Vec<u8>,
    pub(super) group_name: Vec<u8>,
    pub(super) device: (i64, i64),
    /// A header of the old form with something else where others have the numbers of a device: Python takes it for no header.
    pub(super) odd_device: bool,
    /// The expanded size or the map of a sparse file, as GNU writes them, on another type.
    ///
    /// SECURITY: BSD tar goes by them whatever the type.
    pub(super) odd_sparse: bool,
    pub(super) format: Format,
    pub(super) signed_checksum: bool,
    pub(super) prefix_in_gnu: bool,
    pub(super) odd_magic: bool,
    /// Some number has digits behind a NUL.
    pub(super) leading_nul: bool,
    /// Some number has more behind the NUL that ends it.
    pub(super) nul_in_number: bool,
    /// [`odd_magic`](Self::odd_magic), and nothing in the block that readers would take differently for it.
    pub(super) odd_version: bool,
    /// Readers differ in whether, or how far, the bytes of the prefix belong to the name.
    pub(super) disputed_prefix: bool,
    /// The label of an archive, which GNU tar writes as its first header and extracts as nothing.
    pub(super) is_label: bool,
    /// The name ends in a slash.
    pub(super) is_named_folder: bool,
    /// The name fills its field: it may be the beginning of a longer one.
    pub(super) may_be_cut: bool,
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
    magic || <&Block>::try_from(head).is_ok_and(has_checksum)
}

/// True when two first blocks are one of zeros, which ends an archive, and a header: to some readers the archive goes on.
pub(crate) fn begins_with_its_end(head: &[u8]) -> bool {
    let Some((first, second)) = head.split_at_checked(BLOCK) else { return false };
    first.iter().all(|byte| *byte == 0) && <&Block>::try_from(second).is_ok_and(has_checksum)
}

/// True when a block that is not all zero has the checksum of a header.
pub(super) fn has_checksum(block: &Block) -> bool {
    block.iter().any(|byte| *byte != 0) && checksum(block).is_some()
}

impl Header {
    /// Parses one block that is not all zero.
    ///
    /// Errors: the rule that is broken, where Go refuses too.
    pub(super) fn parse(block: &Block) -> Result<Self, &'static str> {
        let signed_checksum = checksum(block).ok_or("the header checksum does not match")?;
        let format = format(block);
        let is_odd = field(block, 257, 5) == b"ustar" && !matches!(field(block, 257, 8), b"ustar\x0000" | b"ustar  \0");
        let is_plain = is_plain(block, format);
        let mut header = Self {
            typeflag: block.get(156).copied().unwrap_or_default(),
            path: text(field(block, 0, 100)).to_vec(),
            link: text(field(block, 157, 100)).to_vec(),
            size: number_of(field(block, 124, 12), "the size is not a number")?,
            mode: number_of(field(block, 100, 8), "the mode is not a number")?,
            uid: number_of(field(block, 108, 8), "the owner is not a number")?,
            gid: number_of(field(block, 116, 8), "the group is not a number")?,
            owner_name: Vec::new(),
            group_name: Vec::new(),
            device: (0, 0),
            odd_device: format == Format::V7
                && [field(block, 329, 8), field(block, 337, 8)]
                    .into_iter()
                    .any(|number| number::field(number).is_none()),
            odd_sparse: has_odd_sparse(block, format),
            format,
            signed_checksum,
            prefix_in_gnu: false,
            odd_magic: is_odd && !is_plain,
            odd_version: is_odd && is_plain,
            leading_nul: numbers(block, format).any(number::has_leading_nul),
            nul_in_number: numbers(block, format).any(number::has_rest_behind_nul),
            disputed_prefix: has_disputed_prefix(block, format),
            is_label: false,
            is_named_folder: false,
            may_be_cut: !field(block, 0, 100).contains(&0),
        };
        number_of(field(block, 136, 12), "the time is not a number")?;
        if format != Format::V7 {
            header.owner_name = text(field(block, 265, 32)).to_vec();
            header.group_name = text(field(block, 297, 32)).to_vec();
            let no_number = "a device number is not a number";
            header.device = (number_of(field(block, 329, 8), no_number)?, number_of(field(block, 337, 8), no_number)?);
        }
        header.apply_prefix(block)?;
        header.is_named_folder = header.path.ends_with(b"/");
        Ok(header)
    }

    /// What is odd about the block itself.
    ///
    /// SECURITY: said of extension headers, too: where their size is another, other entries follow.
    pub(super) fn notes(&self) -> impl Iterator<Item = NoteKind> + use<> {
        let notes = [
            (self.signed_checksum, NoteKind::SignedChecksum),
            (self.leading_nul, NoteKind::LeadingNul),
            (self.nul_in_number, NoteKind::NulInNumber),
            (self.odd_device, NoteKind::OldDevice),
        ];
        notes.into_iter().filter_map(|(odd, kind)| odd.then_some(kind))
    }

    /// True for a mode, owner or device that systems do not hold.
    ///
    /// SECURITY: of an extension header, too: Python 3.11 ends there without a word, and what follows is not seen.
    pub(super) fn has_odd_number(&self) -> bool {
        let numbers = [self.uid, self.gid, self.device.0, self.device.1];
        !(0..=MAX_MODE).contains(&self.mode) || numbers.iter().any(|number| !NUMBERS.contains(number))
    }

    /// True for the types that have no content, whatever their size says.
    pub(super) const fn is_header_only(&self) -> bool {
        matches!(self.typeflag, b'1'..=b'6')
    }

    fn apply_prefix(&mut self, block: &Block) -> Result<(), &'static str> {
        let prefix = match self.format {
            Format::V7 => return Ok(()),
            Format::Ustar => text(field(block, 345, 155)),
            Format::Star => {
                let times = [field(block, 476, 12), field(block, 488, 12)];
                if times.into_iter().any(|time| number::field(time).is_none()) {
                    return Err("a time is not a number");
                }
                text(field(block, 345, 131))
            }
            // Writers of Go before 1.8 left the ustar prefix in the time fields; readers of Go take it back. Issues golang 12594, 21005.
            Format::Gnu => {
                let times = [field(block, 345, 12), field(block, 357, 12)];
                if !times.into_iter().any(|time| time.first() != Some(&0) && number::field(time).is_none()) {
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

pub(super) fn format(block: &Block) -> Format {
    match (field(block, 257, 6), field(block, 263, 2), field(block, 508, 4)) {
        (b"ustar\0", _, b"tar\0") => Format::Star,
        (b"ustar\0", ..) => Format::Ustar,
        (b"ustar ", b" \0", _) => Format::Gnu,
        _ => Format::V7,
    }
}

/// The fields of a header that hold numbers.
fn numbers(block: &Block, format: Format) -> impl Iterator<Item = &[u8]> {
    const NUMBERS: [(usize, usize); 8] =
        [(100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (148, 8), (329, 8), (337, 8)];
    let read = if format == Format::V7 { NUMBERS.len() - 2 } else { NUMBERS.len() };
    NUMBERS.iter().take(read).map(|(at, length)| field(block, *at, *length))
}

/// True for a file, folder or link without a prefix, whose owners' names are read, or not there: with a version that is not known readers
/// differ in which of these they take.
fn is_plain(block: &Block, format: Format) -> bool {
    let is_zero = |at, length| field(block, at, length).iter().all(|byte| *byte == 0);
    let has_plain_type = matches!(block.get(156), Some(0 | b'0' | b'1' | b'2' | b'5'));
    has_plain_type && is_zero(345, 155) && (format == Format::Ustar || is_zero(265, 64))
}

/// True for an entry of another type that has what a sparse file has. Some old writers left star's times there.
fn has_odd_sparse(block: &Block, format: Format) -> bool {
    let is_set = |at, length| field(block, at, length).iter().any(|byte| *byte != 0);
    let has_times = is_set(476, 7);
    format == Format::Gnu && block.get(156) != Some(&b'S') && (is_set(386, 90) || (!has_times && is_set(476, 19)))
}

/// True where bytes lie at the prefix that not every reader takes as one: behind the name of star's prefix, in the times of GNU, in a
/// header of the old form.
fn has_disputed_prefix(block: &Block, format: Format) -> bool {
    match format {
        Format::Ustar => false,
        Format::Star => text(field(block, 345, 155)) != text(field(block, 345, 131)),
        // Readers that take it into the name do not with the types that GNU alone has.
        Format::Gnu => block.get(345) != Some(&0) && !matches!(block.get(156), Some(b'K' | b'L' | b'S')),
        Format::V7 => block.get(345) != Some(&0),
    }
}

/// Compares the checksum: `None` when it does not hold, `Some(true)` when it only holds over signed bytes.
fn checksum(block: &Block) -> Option<bool> {
    let stated = number::octal(field(block, 148, 8))?;
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

pub(super) fn field(block: &Block, at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

/// The bytes before the first NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn number_of(bytes: &[u8], reason: &'static str) -> Result<i64, &'static str> {
    number::field(bytes).ok_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_text_is_no_tar() {
        // fail: neither magic nor checksum
        assert!(!looks_like_tar(&[b'x'; BLOCK]));
        assert!(!looks_like_tar(&[0; BLOCK]));
        assert!(!looks_like_tar(b"short"));
    }
}
