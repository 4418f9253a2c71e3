//! How bytes are compressed, told by their magic.

pub(crate) mod gzip;
mod windows;
#[cfg(not(feature = "fast-inflate"))]
mod zstd;

use std::io::{self, BufRead, Read};

use lasthand_model::limits::Limits;

use crate::meter::Meter;
use crate::stream::fill;
use crate::tarball::{BLOCK, looks_like_tar};
use windows::Watched;

/// How the bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Gzip,
    Zstd,
}

impl Codec {
    /// SPEC: RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2 (a skippable frame may come first).
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Gives the bytes inside.
    pub(crate) fn decoder<'r>(
        self,
        whole: impl BufRead + Send + 'r,
        limits: &Limits,
        meter: &'r Meter<'r>,
    ) -> io::Result<Box<dyn Read + Send + 'r>> {
        Ok(match self {
            Self::None => Box::new(whole),
            Self::Gzip => Box::new(gzip::Members::new(whole)),
            Self::Zstd => Box::new(zstd_decoder(whole, limits, meter)?),
        })
    }
}

const XZ: &[u8] = b"\xfd7zXZ\0";

/// First bytes by which readers take a file for something else than a tar archive: compressed streams and other archives.
///
/// SPEC: RFC 1952; RFC 8878; xz-file-format 1.2.1; bzip2 (a block, or none); LZ4 frame format; lzip; lzop; `compress`; APPNOTE 4.3.7, 4.3.14,
/// 4.3.16, 8.5.3; 7-Zip; ar(5); RPM; xar.
const OTHER_FORMS: &[&[u8]] = &[
    XZ,
    b"LZIP\x01",
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"\x89LZO",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x07\x08",
    b"7z\xbc\xaf\x27\x1c",
    b"!<arch>\n",
    b"\xed\xab\xee\xdb",
    b"xar!\0",
];

/// True for the beginning of a form whose magic is also an honest name (`]`, `LRZI`, `MSCF`, `WARC/`), which NULs or a path follow.
///
/// SPEC: libarchive 3.8 `lzma_bidder_bid`, `lrzip_bidder_bid`, `_warc_rdver`, `cab_read_header`; liblzma `is_lzma_props`, `alone_decoder.c`.
fn has_weak_magic(head: &[u8]) -> bool {
    let says_more = |from: usize, to: usize| head.get(from..to).is_some_and(|rest| rest.iter().any(|byte| *byte != 0));
    match head {
        [b'W', b'A', b'R', b'C', b'/', major, b'.', minor, ..] => major.is_ascii_digit() && minor.is_ascii_digit(),
        // The major version is 0; behind it come the minor one and a size.
        [b'L', b'R', b'Z', b'I', 0, ..] => says_more(5, 22),
        // A cabinet of no bytes, no folders and no files is none.
        [b'M', b'S', b'C', b'F', 0, 0, 0, 0, ..] => says_more(8, 36),
        // An lzma stream of no bytes with no dictionary is empty to whoever reads it.
        [0x5d, 0, 0, ..] => says_more(3, 13),
        [properties, a, b, c, d, ..] => *properties <= 224 && is_dictionary(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => false,
    }
}

/// True for sizes of dictionaries that readers of bare lzma streams believe: powers of two and their halves more, and some mebibytes.
const fn is_dictionary(bytes: u32) -> bool {
    let low = 1 << (bytes.trailing_zeros() % u32::BITS);
    let is_power = bytes == low || bytes == low | low << 1;
    let is_mebibytes = bytes.is_multiple_of(1 << 20) && bytes <= 63 << 20;
    bytes >= 1 << 12 && (is_power || is_mebibytes || bytes == u32::MAX)
}

/// The form of a stream that engines unpack before they look for images in it.
///
/// SPEC: containers/image `pkg/compression`; moby `archive.DetectCompression`.
pub(crate) fn compressed_by(head: &[u8]) -> Option<&'static str> {
    let others = [(is_bzip2(head), "bzip2"), (head.starts_with(XZ), "xz")];
    Codec::of(head).name().or_else(|| others.into_iter().find_map(|(is_it, name)| is_it.then_some(name)))
}

fn is_bzip2(head: &[u8]) -> bool {
    head.starts_with(b"BZh") && matches!(head.get(4..8), Some(b"1AY&" | b"\x17rE8"))
}

/// True for a first block that is a tar header and at the same time the beginning of something else.
///
/// SECURITY: GNU tar believes the header, bsdtar and others the first bytes: one file, two contents.
pub(crate) fn has_two_forms(head: &[u8]) -> bool {
    let is_other = Codec::of(head) != Codec::None
        || is_bzip2(head)
        || has_weak_magic(head)
        || OTHER_FORMS.iter().any(|magic| head.starts_with(magic));
    // libarchive looks for uuencoded lines in what begins as text; writers of tar archives fill their fields with NULs.
    let is_text = head.len() == BLOCK && !head.contains(&0);
    (is_other || is_text) && looks_like_tar(head)
}

/// Gives the content of zstd frames; one with a large window waits until no other blob has one open.
#[cfg(not(feature = "fast-inflate"))]
pub(crate) fn zstd_decoder<'m, R: BufRead>(
    whole: R,
    limits: &Limits,
    meter: &'m Meter<'m>,
) -> io::Result<impl Read + use<'m, R>> {
    zstd::Frames::new(Watched::new(whole, meter), limits)
}

/// Gives the content of zstd frames; one with a large window waits until no other blob has one open.
#[cfg(feature = "fast-inflate")]
pub(crate) fn zstd_decoder<'m, R: BufRead>(
    whole: R,
    limits: &Limits,
    meter: &'m Meter<'m>,
) -> io::Result<impl Read + use<'m, R>> {
    let mut decoder = ::zstd::stream::read::Decoder::with_buffer(Watched::new(whole, meter))?;
    decoder.window_log_max(limits.zstd_window_bytes.checked_ilog2().unwrap_or_default())?;
    Ok(decoder)
}

/// Takes the first block, or less where the stream is shorter.
pub(crate) fn peek(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; BLOCK];
    let read = fill(reader, &mut head)?;
    head.truncate(read);
    Ok(head)
}
