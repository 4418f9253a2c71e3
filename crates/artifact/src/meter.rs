//! What one blob has cost so far: bytes as shipped, bytes that came out, and the bounds on both.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lasthand_model::limits::Limits;
use thiserror::Error;

use crate::turn::{Turns, Windows};

/// What all blobs of one reading cost together.
#[derive(Debug, Default)]
pub(crate) struct Together {
    /// Bytes as shipped, of those read so far and of those that are being read.
    stored: AtomicU64,
    output: AtomicU64,
}

impl Together {
    /// Counts the bytes of further blobs as shipped, before they are read: what is allowed does not depend on who reads first.
    pub(crate) fn store(&self, bytes: u64) {
        self.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts what came out of a blob that was read another time. False when that is more than is allowed: who reads it again gets the error.
    pub(crate) fn output_again(&self, bytes: u64, limits: &Limits) -> bool {
        self.output(bytes, limits).is_ok() || {
            self.output.fetch_sub(bytes, Ordering::Relaxed);
            false
        }
    }

    fn output(&self, bytes: u64, limits: &Limits) -> io::Result<()> {
        let count = self.output.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        // SECURITY: so are many that stay below that one by one. LIMIT: one and three quarters of Limits::inflate_free_bytes.
        let free = limits.inflate_free_bytes;
        check_ratio(count, self.stored.load(Ordering::Relaxed), free.saturating_add(free / 4 * 3), limits)
    }
}

/// Counts of one blob, shared by the threads that read it.
pub(crate) struct Meter<'m> {
    shipped: AtomicU64,
    output: AtomicU64,
    limits: &'m Limits,
    /// Told of all bytes as shipped.
    progress: &'m (dyn Fn(u64) + Sync),
    /// Set when the result is no longer wanted.
    stop: Option<&'m AtomicBool>,
    /// Those of its decoders that are large.
    pub(crate) windows: Windows<'m>,
    /// Those of all blobs beside it; `None` for a blob that is read alone.
    together: Option<&'m Together>,
}

impl<'m> Meter<'m> {
    /// Starts at nothing; `progress` is called with the further bytes as shipped.
    pub(crate) const fn new(limits: &'m Limits, progress: &'m (dyn Fn(u64) + Sync)) -> Self {
        let (shipped, output, windows) = (AtomicU64::new(0), AtomicU64::new(0), Windows::among(None));
        Self { shipped, output, limits, progress, stop: None, windows, together: None }
    }

    /// For a blob that is read beside others: large windows are open for one of them at a time, and what comes out is bounded over all.
    pub(crate) fn beside(mut self, turns: &'m Turns, together: &'m Together) -> Self {
        self.windows = Windows::among(Some(turns));
        self.together = Some(together);
        self
    }

    /// Makes every further count an error once `stop` is set.
    pub(crate) const fn until(mut self, stop: &'m AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Bytes as shipped that were read so far.
    pub(crate) fn shipped(&self) -> u64 {
        self.shipped.load(Ordering::Relaxed)
    }

    /// Bytes that came out so far.
    pub(crate) fn came_out(&self) -> u64 {
        self.output.load(Ordering::Relaxed)
    }

    /// Counts bytes as shipped.
    pub(crate) fn ship(&self, bytes: usize) -> io::Result<()> {
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(io::Error::other(Stopped));
        }
        let bytes = wide(bytes);
        let count = self.shipped.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        (self.progress)(bytes);
        // LIMIT: Limits::archive_bytes.
        self.check("bytes of the artifact", count, self.limits.archive_bytes)
    }

    /// Counts bytes that came out: of a decoder, or of the holes of a sparse file.
    pub(crate) fn output(&self, bytes: u64) -> io::Result<()> {
        let count = self.output.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        // LIMIT: Limits::archive_bytes.
        self.check("uncompressed bytes", count, self.limits.archive_bytes)?;
        // SECURITY: a bomb is stopped by what it costs to ship. LIMIT: Limits::inflate_ratio, Limits::inflate_free_bytes.
        check_ratio(count, self.shipped(), self.limits.inflate_free_bytes, self.limits)?;
        self.together.map_or(Ok(()), |together| together.output(bytes, self.limits))
    }

    fn check(&self, what: &'static str, count: u64, limit: u64) -> io::Result<()> {
        if count <= limit { Ok(()) } else { Err(io::Error::other(LimitPassed { what, limit })) }
    }
}

fn check_ratio(count: u64, shipped: u64, free: u64, limits: &Limits) -> io::Result<()> {
    let (what, limit) = ("uncompressed bytes for one compressed byte", limits.inflate_ratio);
    let is_over = count > free && count > shipped.saturating_mul(limit);
    if is_over { Err(io::Error::other(LimitPassed { what, limit })) } else { Ok(()) }
}

/// Tells somebody of the sum of what all threads have read.
pub(crate) struct Progress<'p>(Mutex<(u64, &'p mut (dyn FnMut(u64) + Send))>);

impl<'p> Progress<'p> {
    pub(crate) const fn new(tell: &'p mut (dyn FnMut(u64) + Send)) -> Self {
        Self(Mutex::new((0, tell)))
    }

    /// Adds further bytes.
    pub(crate) fn add(&self, bytes: u64) {
        // Nobody panics while he holds it.
        if let Ok(mut told) = self.0.lock() {
            told.0 = told.0.saturating_add(bytes);
            let sum = told.0;
            (told.1)(sum);
        }
    }
}

/// A bound was passed inside a reader.
#[derive(Debug, Error)]
#[error("{what} over the limit of {limit}")]
pub(crate) struct LimitPassed {
    pub(crate) what: &'static str,
    pub(crate) limit: u64,
}

/// Somebody else failed first.
#[derive(Debug, Error)]
#[error("not read to its end, because another part could not be read")]
struct Stopped;

/// A length as the limits count it.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
