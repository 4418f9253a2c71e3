//! How bytes are compressed, told by their magic.

#[cfg(not(feature = "fast-inflate"))]
mod zstd;

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use lasthand_model::limits::Limits;

use crate::stream::fill;
use crate::tarball::BLOCK;

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

/// Gives the content of zstd frames.
#[cfg(not(feature = "fast-inflate"))]
#[expect(clippy::unnecessary_wraps, reason = "the other decoder can fail here")]
pub(crate) fn zstd_decoder<R: BufRead>(whole: R, limits: &Limits) -> io::Result<impl Read + use<R>> {
    Ok(zstd::Frames::new(whole, limits))
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
