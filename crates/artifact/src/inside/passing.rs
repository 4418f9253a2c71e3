//! The content of one file while it passes: bounded, counted, digested.

use std::io::{self, BufRead, Read};

use thiserror::Error;

use crate::digester::Digester;
use crate::meter::wide;

/// The bytes of one file in a stream.
pub(crate) struct Passing<'r> {
    inner: &'r mut dyn BufRead,
    left: u64,
    read: u64,
    digester: Option<&'r mut Digester>,
    failed: Option<io::Error>,
}

/// The stream around the file failed; its own error is kept.
#[derive(Debug, Error)]
#[error("the stream around the archive cannot be read")]
struct OuterFailed;

impl<'r> Passing<'r> {
    /// The next `size` bytes, or what there is of them; `u64::MAX` for all.
    pub(crate) fn new(inner: &'r mut dyn BufRead, size: u64) -> Self {
        Self { inner, left: size, read: 0, digester: None, failed: None }
    }

    /// Has them digested.
    pub(crate) fn digested_by(self, digester: &'r mut Digester) -> Self {
        Self { digester: Some(digester), ..self }
    }

    /// Reads what is left. Out: bytes read of the file.
    ///
    /// # Errors
    /// Of the stream around it, from now or from before.
    pub(crate) fn finish(mut self) -> Result<u64, io::Error> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let available = self.fill_buf().map_or(0, <[u8]>::len);
            if available == 0 && self.failed.is_none() {
                break;
            }
            self.consume(available);
        }
        Ok(self.read)
    }
}

impl BufRead for Passing<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 || self.failed.is_some() {
            return if self.failed.is_some() { Err(io::Error::other(OuterFailed)) } else { Ok(&[]) };
        }
        loop {
            match self.inner.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    return Err(io::Error::other(OuterFailed));
                }
            }
        }
        // What was filled is still there: nothing is read again.
        let available = self.inner.fill_buf()?;
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(available.len());
        Ok(available.get(..length).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let amount = usize::try_from(self.left).unwrap_or(usize::MAX).min(amount);
        if amount == 0 {
            return;
        }
        if let Some(digester) = &mut self.digester
            && let Ok(available) = self.inner.fill_buf()
        {
            // Nothing is read here: the caller has seen these bytes.
            digester.update(available.get(..amount).unwrap_or(available));
        }
        self.inner.consume(amount);
        self.left -= wide(amount);
        self.read += wide(amount);
    }
}

impl Read for Passing<'_> {
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
