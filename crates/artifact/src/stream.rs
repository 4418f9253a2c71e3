//! The byte stream under every reader: hashed, counted, bounded.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use sha2::Digest as _;
use thiserror::Error;

use crate::error::ArtifactError;

/// Size of every copy buffer, in bytes.
pub(crate) const BUFFER_BYTES: usize = 64 << 10;

/// Uncompressed bytes that are free of the ratio bound.
const RATIO_FREE_BYTES: u64 = 64 << 20;

/// The bytes as shipped, digested while they pass.
pub(crate) struct ShippedBytes<'a> {
    inner: Box<dyn Read + Send + 'a>,
    hasher: sha2::Sha256,
    count: Rc<Cell<u64>>,
    limit: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a> ShippedBytes<'a> {
    pub(crate) fn new(inner: Box<dyn Read + Send + 'a>, limits: &Limits, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), count: Rc::default(), limit: limits.archive_bytes, progress }
    }

    /// The running number of bytes read.
    pub(crate) fn count(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.count)
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
        let count = self.count.get().saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        self.count.set(count);
        // LIMIT: Limits::archive_bytes.
        if count > self.limit {
            return Err(io::Error::other(LimitPassed { what: "bytes of the artifact", limit: self.limit }));
        }
        (self.progress)(count);
        Ok(read)
    }
}

/// Inflated bytes, bounded in number and in ratio to what was shipped.
pub(crate) struct Bounded<R> {
    inner: R,
    count: u64,
    shipped: Rc<Cell<u64>>,
    limits: Limits,
}

impl<R: Read> Bounded<R> {
    pub(crate) fn new(inner: R, shipped: Rc<Cell<u64>>, limits: &Limits) -> Self {
        Self { inner, count: 0, shipped, limits: *limits }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count = self.count.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        // LIMIT: Limits::archive_bytes.
        if self.count > self.limits.archive_bytes {
            let passed = LimitPassed { what: "uncompressed bytes", limit: self.limits.archive_bytes };
            return Err(io::Error::other(passed));
        }
        // SECURITY: a decompression bomb is stopped by what it costs to ship. LIMIT: Limits::inflate_ratio.
        let allowed = self.shipped.get().saturating_mul(self.limits.inflate_ratio).max(RATIO_FREE_BYTES);
        if self.count > allowed {
            let passed =
                LimitPassed { what: "uncompressed bytes for one compressed byte", limit: self.limits.inflate_ratio };
            return Err(io::Error::other(passed));
        }
        Ok(read)
    }
}

/// Reads until the buffer is full or the stream ends; gives the number of bytes.
pub(crate) fn fill(reader: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
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
pub(crate) fn drain(reader: &mut impl Read) -> io::Result<()> {
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

/// A bound was passed inside a reader.
#[derive(Debug, Error)]
#[error("{what} over the limit of {limit}")]
struct LimitPassed {
    what: &'static str,
    limit: u64,
}
