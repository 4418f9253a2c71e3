//! The byte stream under every reader: hashed, counted, bounded.

use std::io::{self, Read};

use lasthand_model::digest::Sha256;
use sha2::Digest as _;
use thiserror::Error;

use crate::error::ArtifactError;
use crate::meter::{LimitPassed, Meter};

/// Size of every copy buffer, in bytes: fits the second cache of a core beside the decoder's window.
pub(crate) const BUFFER_BYTES: usize = 128 << 10;

/// The bytes as shipped, digested while they pass.
pub(crate) struct ShippedBytes<'a> {
    inner: Box<dyn Read + Send + 'a>,
    hasher: sha2::Sha256,
    meter: &'a Meter<'a>,
}

impl<'a> ShippedBytes<'a> {
    pub(crate) fn new(inner: Box<dyn Read + Send + 'a>, meter: &'a Meter<'a>) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), meter }
    }

    /// The digest of everything read.
    pub(crate) fn digest(self) -> Sha256 {
        Sha256::from_bytes(self.hasher.finalize().into())
    }
}

impl Read for ShippedBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            other => other.map_err(|source| io::Error::new(source.kind(), SourceFailed(source)))?,
        };
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.meter.ship(read)?;
        Ok(read)
    }
}

/// Reads until the buffer is full or the stream ends; gives the number of bytes.
pub(crate) fn fill(reader: &mut (impl Read + ?Sized), mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while !buffer.is_empty() {
        match reader.read(buffer) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                buffer = buffer.get_mut(read..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads to the end and drops the bytes.
pub(crate) fn drain(reader: &mut (impl Read + ?Sized)) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    while fill(reader, &mut buffer)? != 0 {}
    Ok(())
}

/// Sorts an error of a stream: a limit, the source, or else the decoder (`codec`; the source where there is none).
pub(crate) fn sort_error(
    name: &str,
    codec: Option<&'static str>,
    shipped: u64,
    offset: u64,
    error: io::Error,
) -> ArtifactError {
    let name = name.to_owned();
    let inner = error.get_ref();
    if let Some(LimitPassed { what, limit }) = inner.and_then(|inner| inner.downcast_ref()) {
        return ArtifactError::OverLimit { name, what, limit: *limit, offset };
    }
    let from_source = inner.is_some_and(|inner| inner.is::<SourceFailed>());
    match codec {
        Some(kind) if !from_source => ArtifactError::Compression { name, kind, offset: shipped, source: error },
        _ => ArtifactError::Io { name, offset: shipped, source: error },
    }
}

/// The source itself failed, not a decoder above it.
#[derive(Debug, Error)]
#[error(transparent)]
struct SourceFailed(io::Error);
