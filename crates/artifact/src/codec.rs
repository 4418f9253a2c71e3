//! How bytes are compressed, told by their magic.

#[cfg(not(feature = "fast-inflate"))]
mod zstd;

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use lasthand_model::limits::Limits;

use crate::stream::fill;
use crate::tarball::{BLOCK, looks_like_tar};

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
    ) -> io::Result<Box<dyn Read + Send + 'r>> {
        Ok(match self {
            Self::None => Box::new(whole),
            Self::Gzip => Box::new(MultiGzDecoder::new(whole)),
            Self::Zstd => Box::new(zstd_decoder(whole, limits)?),
        })
    }
}

/// First bytes by which readers take a file for something else than a tar archive: compressed streams and other archives.
///
/// SPEC: RFC 1952; RFC 8878; xz-file-format 1.2.1; bzip2 (a block, or none); LZ4 frame format; lzip; lzma; lrzip; lzop; WARC; `compress`; APPNOTE 4.3.7, 4.3.14,
/// 4.3.16, 8.5.3; 7-Zip; ar(5); RPM; cabinet; xar.
const OTHER_FORMS: &[&[u8]] = &[
    b"\xfd7zXZ\0",
    b"LZIP\x01",
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"\x5d\0\0",
    b"LRZI",
    b"\x89LZO",
    b"WARC/",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x07\x08",
    b"7z\xbc\xaf\x27\x1c",
    b"!<arch>\n",
    b"\xed\xab\xee\xdb",
    b"MSCF\0\0\0\0",
    b"xar!\0",
];

/// True for a first block that is a tar header and at the same time the beginning of something else.
///
/// SECURITY: GNU tar believes the header, bsdtar and others the first bytes: one file, two contents.
pub(crate) fn has_two_forms(head: &[u8]) -> bool {
    let is_bzip2 = head.starts_with(b"BZh") && matches!(head.get(4..8), Some(b"1AY&" | b"\x17rE8"));
    let is_other =
        Codec::of(head) != Codec::None || is_bzip2 || OTHER_FORMS.iter().any(|magic| head.starts_with(magic));
    // libarchive looks for uuencoded lines in what begins as text; writers of tar archives fill their fields with NULs.
    let is_text = head.len() == BLOCK && !head.contains(&0);
    (is_other || is_text) && looks_like_tar(head)
}

/// Gives the content of zstd frames.
#[cfg(not(feature = "fast-inflate"))]
pub(crate) fn zstd_decoder<R: BufRead>(whole: R, limits: &Limits) -> io::Result<impl Read + use<R>> {
    zstd::Frames::new(whole, limits)
}

/// Gives the content of zstd frames.
#[cfg(feature = "fast-inflate")]
pub(crate) fn zstd_decoder<R: BufRead>(whole: R, limits: &Limits) -> io::Result<impl Read + use<R>> {
    let mut decoder = ::zstd::stream::read::Decoder::with_buffer(whole)?;
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
