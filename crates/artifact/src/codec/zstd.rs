//! zstd frames, one after the other, decoded in Rust.
//!
//! SPEC: RFC 8878 section 3.1. Skippable frames are passed over; the stated size of a frame's content and its checksum are compared; a
//! dictionary is never given.

use std::io::{self, BufRead, Read};

use lasthand_model::limits::Limits;
use mzstd::decompressor::DecoderSessionOwned;
use mzstd::{DecodeError, DecodeLimits, DecodeOperation, DecoderConfig, DecoderStatus, Decompressor};

use crate::meter::LimitPassed;

/// Frames until the source ends.
pub(super) struct Frames<R> {
    // Dropped first: room for a large window is given back before the turn that the source keeps.
    session: DecoderSessionOwned,
    source: R,
    /// The source ended where a frame did.
    finished: bool,
    /// What went wrong after bytes that were given.
    failed: Option<io::Error>,
}

impl<R: BufRead> Frames<R> {
    /// # Errors
    /// When the decoder does not take the limit.
    pub(super) fn new(source: R, limits: &Limits) -> io::Result<Self> {
        // LIMIT: Limits::zstd_window_bytes. Windows are powers of two or a little more, so the next lower power counts.
        let log = limits.zstd_window_bytes.checked_ilog2().and_then(|log| u8::try_from(log).ok()).unwrap_or_default();
        let log = log.clamp(DecodeLimits::MIN_WINDOW_LOG, DecodeLimits::MAX_WINDOW_LOG);
        let limits = DecodeLimits::default().with_max_window_log(log).map_err(io::Error::other)?;
        let session = Decompressor::new(DecoderConfig::from(limits)).into_session();
        Ok(Self { source, session, finished: false, failed: None })
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while !self.finished {
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
            let input = self.source.fill_buf()?;
            let operation = if input.is_empty() { DecodeOperation::Finish } else { DecodeOperation::Process };
            let (consumed, produced) = match self.session.process(input, buffer, operation) {
                Ok(progress) => {
                    self.finished = progress.status == DecoderStatus::Finished;
                    (progress.consumed, progress.produced)
                }
                Err(failure) => {
                    self.failed = Some(fault(failure.error));
                    (failure.consumed, failure.produced)
                }
            };
            self.source.consume(consumed);
            if produced > 0 {
                return Ok(produced);
            }
        }
        Ok(0)
    }
}

fn fault(error: DecodeError) -> io::Error {
    match error {
        DecodeError::WindowLimitExceeded { limit, .. } => {
            io::Error::other(LimitPassed { what: "bytes of a zstd window", limit })
        }
        DecodeError::UnexpectedEndOfInput => io::Error::new(io::ErrorKind::UnexpectedEof, error),
        DecodeError::AllocationFailed => io::Error::new(io::ErrorKind::OutOfMemory, error),
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}
