//! The content of one entry: inflated, digested and checked as it passes.

use std::io::BufRead as _;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use lasthand_model::digest::{FileDigest, Sha256};
use sha2::Digest as _;

use super::{Step, Stop, Zip, shown};
use crate::inside::unpack::Tally;
use crate::meter::wide;
use crate::note::NoteKind;

/// Bytes inflated at a time.
const BUFFER: usize = 32 << 10;

/// What a content turned out to be.
pub(super) struct Content {
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) crc: u32,
    pub(super) digest: FileDigest,
}

impl Content {
    pub(super) fn empty() -> Self {
        Self { packed: 0, size: 0, crc: 0, digest: FileDigest(Sha256::of(b"")) }
    }
}

/// Digest and checksum of what comes out.
struct Sums {
    hasher: sha2::Sha256,
    crc: Crc,
    size: u64,
}

impl Sums {
    fn new() -> Self {
        Self { hasher: sha2::Sha256::new(), crc: Crc::new(), size: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.crc.update(bytes);
        self.size = self.size.saturating_add(wide(bytes.len()));
    }

    fn finish(self, packed: u64) -> Content {
        let digest = FileDigest(Sha256::from_bytes(self.hasher.finalize().into()));
        Content { packed, size: self.size, crc: self.crc.sum(), digest }
    }
}

impl Zip<'_, '_> {
    /// Reads a stored content of so many bytes.
    pub(super) fn stored(&mut self, size: u64) -> Step<Content> {
        let mut sums = Sums::new();
        while sums.size < size {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) => return Err(self.input.error(error)),
            };
            let length = usize::try_from(size - sums.size).unwrap_or(usize::MAX).min(available.len());
            if length == 0 {
                return Err(self.cut());
            }
            sums.add(available.get(..length).unwrap_or_default());
            self.input.consume(length);
        }
        Ok(sums.finish(size))
    }

    /// Reads a deflated content to the end of its stream, which must be that of `packed` bytes where they are stated.
    pub(super) fn inflated(&mut self, packed: Option<u64>, name: &[u8]) -> Step<Content> {
        let tally = Tally::of(self.archive);
        let mut inflater = Decompress::new(false);
        let mut buffer = vec![0; BUFFER];
        let mut sums = Sums::new();
        loop {
            let read = inflater.total_in();
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) => return Err(self.input.error(error)),
            };
            let left = packed.map_or(u64::MAX, |packed| packed.saturating_sub(read));
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(available.len());
            let given = available.get(..length).unwrap_or_default();
            let before = inflater.total_out();
            let status = inflater.decompress(given, &mut buffer, FlushDecompress::None);
            let taken = usize::try_from(inflater.total_in() - read).unwrap_or_default();
            let came = usize::try_from(inflater.total_out() - before).unwrap_or_default();
            let is_at_end = length == 0;
            self.input.consume(taken);
            tally.add(came).map_err(|error| self.input.error(error))?;
            sums.add(buffer.get(..came).unwrap_or_default());
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(_) if taken > 0 || came > 0 => {}
                // Nothing goes in and nothing comes out: it wants more than there is.
                Ok(_) if is_at_end && packed.is_none_or(|packed| inflater.total_in() < packed) => {
                    return Err(self.cut());
                }
                Ok(_) => return Err(Stop::Odd(NoteKind::ZipSizes, shown(name))),
                Err(_) => return Err(Stop::Odd(NoteKind::InsideDamaged, shown(name))),
            }
        }
        let found = inflater.total_in();
        // SECURITY: bytes between the end of the stream and the end of the entry are data to some readers.
        if packed.is_some_and(|packed| packed != found) {
            return Err(Stop::Odd(NoteKind::ZipSizes, shown(name)));
        }
        Ok(sums.finish(found))
    }
}
