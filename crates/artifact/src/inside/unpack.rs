//! Compressed bytes inside an artifact: unpacked, counted, bounded.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::Ordering;

use lasthand_model::limits::Limits;
use lzma_rust2::XzReader;

use super::{Archive, Counts};
use crate::codec::{Codec, gzip, zstd_decoder};
use crate::meter::{LimitPassed, Meter, wide};
use crate::turn::Turn;

/// Size of the buffer behind a decoder, in bytes.
const BUFFER: usize = 64 << 10;

/// How an archive inside is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
    Xz,
}

impl Packing {
    /// SPEC: The .xz File Format 2.1.1.1; others as [`Codec::of`].
    pub(super) fn of(head: &[u8]) -> Self {
        match Codec::of(head) {
            Codec::Gzip => Self::Gzip,
            Codec::Zstd => Self::Zstd,
            Codec::None if head.starts_with(b"\xfd7zXZ\0") => Self::Xz,
            Codec::None => Self::Plain,
        }
    }

    /// The name of the codec, for messages.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Xz => Some("xz"),
        }
    }

    /// The form of a tar archive that is packed so.
    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::Plain => "tar",
            Self::Gzip => "tar.gz",
            Self::Zstd => "tar.zst",
            Self::Xz => "tar.xz",
        }
    }
}

/// Gives the bytes inside, counted as they come out.
pub(super) fn unpack<'u>(
    packing: Packing,
    content: &'u mut dyn BufRead,
    archive: &Archive<'u>,
) -> io::Result<Box<dyn BufRead + 'u>> {
    let window = archive.limits.zstd_window_bytes;
    let decoder: Box<dyn Read + 'u> = match packing {
        Packing::Plain => return Ok(Box::new(content)),
        Packing::Gzip => Box::new(gzip::Members::new(content)),
        Packing::Zstd => Box::new(zstd_decoder(content, archive.limits, archive.meter)?),
        // LIMIT: Limits::zstd_window_bytes, as the dictionary of xz; the library adds a little for itself.
        Packing::Xz => {
            let kib = u32::try_from(window >> 10).unwrap_or(u32::MAX - 1).saturating_add(1 << 10);
            let reader = XzReader::new_mem_limit(content, true, kib);
            // Each block has a dictionary of its own: it counts as a large one before it is known.
            Box::new(InTurn { reader, _turn: archive.meter.windows.take_turn() })
        }
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER, Counted { decoder, tally: Tally::of(archive) })))
}

/// A decoder while no other blob has a large window open.
struct InTurn<'u, R> {
    // Dropped first, with its dictionary.
    reader: R,
    _turn: Turn<'u>,
}

impl<R: Read> Read for InTurn<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Counts bytes that come out of archives inside.
#[derive(Clone, Copy)]
pub(super) struct Tally<'t> {
    meter: &'t Meter<'t>,
    counts: &'t Counts,
    limits: &'t Limits,
}

impl<'t> Tally<'t> {
    pub(super) const fn of(archive: &Archive<'t>) -> Self {
        Self { meter: archive.meter, counts: archive.counts, limits: archive.limits }
    }

    /// Counts further bytes.
    pub(super) fn add(self, bytes: usize) -> io::Result<()> {
        let bytes = wide(bytes);
        let sum = self.counts.nested.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        // LIMIT: Limits::nested_bytes, over the whole artifact.
        let limit = self.limits.nested_bytes;
        if sum > limit {
            return Err(io::Error::other(LimitPassed { what: "bytes that come out of archives inside", limit }));
        }
        // SECURITY: what comes out here costs what comes out elsewhere: one bound on both together.
        self.meter.output(bytes)
    }
}

struct Counted<'u> {
    decoder: Box<dyn Read + 'u>,
    tally: Tally<'u>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.tally.add(read)?;
        Ok(read)
    }
}
