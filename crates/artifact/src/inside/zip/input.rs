//! The bytes of a zip file: where we are, and what comes next.

use std::io::{self, BufRead, Read};

use super::{Step, Stop};
use crate::inside::Archive;
use crate::meter::wide;
use crate::stream::{fill, sort_error};

/// A stream that can be looked ahead in.
pub(super) struct Input<'z, 'o> {
    archive: &'z Archive<'o>,
    inner: &'z mut dyn BufRead,
    /// Bytes that were looked at and not taken.
    ahead: Vec<u8>,
    taken: usize,
    offset: u64,
}

impl<'z, 'o> Input<'z, 'o> {
    pub(super) fn new(archive: &'z Archive<'o>, inner: &'z mut dyn BufRead) -> Self {
        Self { archive, inner, ahead: Vec::new(), taken: 0, offset: 0 }
    }

    /// Bytes taken so far.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Shows the next bytes, fewer at the end.
    pub(super) fn peek(&mut self, bytes: usize) -> Step<&[u8]> {
        let have = self.ahead.len() - self.taken;
        if have < bytes {
            self.ahead.drain(..self.taken);
            self.taken = 0;
            let mut more = vec![0; bytes - have];
            let read = fill(&mut self.inner, &mut more).map_err(|error| stop(self.archive, self.offset, error))?;
            self.ahead.extend(more.get(..read).unwrap_or_default());
        }
        let ready = self.ahead.get(self.taken..).unwrap_or_default();
        Ok(ready.get(..bytes.min(ready.len())).unwrap_or_default())
    }

    /// The next four bytes, which stay; `None` where there are not so many.
    pub(super) fn signature(&mut self) -> Step<Option<[u8; 4]>> {
        Ok(<[u8; 4]>::try_from(self.peek(4)?).ok())
    }

    /// Reads as much as there is, up to the length of the buffer.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Step<usize> {
        fill(self, buffer).map_err(|error| stop(self.archive, self.offset, error))
    }

    /// Tells an error of the stream.
    pub(super) fn error(&self, error: io::Error) -> Stop {
        stop(self.archive, self.offset, error)
    }
}

fn stop(archive: &Archive<'_>, offset: u64, error: io::Error) -> Stop {
    Stop::Error(sort_error(archive.name, None, archive.meter.shipped(), offset, error))
}

impl BufRead for Input<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken < self.ahead.len() {
            return Ok(self.ahead.get(self.taken..).unwrap_or_default());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.offset = self.offset.saturating_add(wide(amount));
        let ahead = self.ahead.len() - self.taken;
        if ahead > 0 {
            self.taken += amount.min(ahead);
        } else {
            self.inner.consume(amount);
        }
    }
}

impl Read for Input<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), available.get(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}
