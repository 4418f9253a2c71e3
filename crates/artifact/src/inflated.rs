//! Uncompressed bytes: buffered, counted, digested when asked to, and decoded on a thread of their own where that pays.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use lasthand_model::digest::Sha256;
use sha2::Digest as _;

use crate::meter::{Meter, wide};
use crate::stream::BUFFER_BYTES;

/// Buffers between the two threads.
const BUFFERS: usize = 4;

/// Blobs up to this many bytes are decoded where they are read.
const SMALL_BYTES: u64 = 1 << 20;

/// True for a blob of so many bytes as shipped whose decoding is worth a thread.
pub(crate) fn worth_a_thread(shipped: u64) -> bool {
    shipped > SMALL_BYTES && thread::available_parallelism().is_ok_and(|cores| cores.get() > 1)
}

/// Hands what a decoder gives to `work`; `apart` decodes on a thread of its own.
///
/// Cost: one buffer, or [`BUFFERS`] and two more of [`BUFFER_BYTES`].
pub(crate) fn with<'r, T>(
    decoder: Box<dyn Read + Send + 'r>,
    meter: &Meter<'_>,
    apart: bool,
    work: impl FnOnce(Inflated<'_>) -> T,
) -> T {
    if !apart {
        return work(Inflated::new(Origin::Here(decoder, meter), vec![0; BUFFER_BYTES]));
    }
    thread::scope(|scope| {
        let (full, filled) = sync_channel(BUFFERS);
        let (empty, emptied) = channel();
        for _ in 0..=BUFFERS {
            // The receiver is there.
            let _ = empty.send(vec![0; BUFFER_BYTES]);
        }
        scope.spawn(move || decode(decoder, meter, &emptied, &full));
        work(Inflated::new(Origin::Apart(filled, empty), Vec::new()))
    })
}

/// What one thread hands the other: a buffer and how much of it is filled.
type Filled = io::Result<(Vec<u8>, usize)>;

/// Fills buffers until the end, an error, or until nobody wants more.
fn decode(
    mut decoder: Box<dyn Read + Send + '_>,
    meter: &Meter<'_>,
    emptied: &Receiver<Vec<u8>>,
    full: &SyncSender<Filled>,
) {
    while let Ok(mut buffer) = emptied.recv() {
        let mut filled = 0;
        let mut failed = None;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read_counted(&mut decoder, rest, meter) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let is_last = filled < buffer.len();
        // What came before an error is seen before the error.
        let sent = filled == 0 || full.send(Ok((buffer, filled))).is_ok();
        if let Some(error) = failed {
            let _ = full.send(Err(error));
            return;
        }
        if !sent || is_last {
            return;
        }
    }
}

fn read_counted(decoder: &mut dyn Read, buffer: &mut [u8], meter: &Meter<'_>) -> io::Result<usize> {
    loop {
        match decoder.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => {
                let read = other?;
                meter.output(wide(read))?;
                return Ok(read);
            }
        }
    }
}

/// Where the bytes come from.
enum Origin<'r> {
    Here(Box<dyn Read + Send + 'r>, &'r Meter<'r>),
    Apart(Receiver<Filled>, Sender<Vec<u8>>),
}

/// Uncompressed bytes of one blob.
pub(crate) struct Inflated<'r> {
    origin: Origin<'r>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    hasher: Option<sha2::Sha256>,
}

impl<'r> Inflated<'r> {
    const fn new(origin: Origin<'r>, buffer: Vec<u8>) -> Self {
        Self { origin, buffer, start: 0, end: 0, hasher: None }
    }

    /// Digests everything that comes out.
    pub(crate) fn hashed(mut self) -> Self {
        self.hasher = Some(sha2::Sha256::new());
        self
    }

    /// Shows the first bytes, fewer where there are no more. Only before anything is read.
    pub(crate) fn look(&mut self, bytes: usize) -> io::Result<&[u8]> {
        self.fill_buf()?;
        if let Origin::Here(decoder, meter) = &mut self.origin {
            while self.end - self.start < bytes {
                let Some(rest) = self.buffer.get_mut(self.end..).filter(|rest| !rest.is_empty()) else { break };
                let read = read_counted(decoder, rest, meter)?;
                if read == 0 {
                    break;
                }
                let new = self.buffer.get(self.end..self.end + read).unwrap_or_default();
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(new);
                }
                self.end += read;
            }
        }
        let ready = self.buffer.get(self.start..self.end).unwrap_or_default();
        Ok(ready.get(..bytes.min(ready.len())).unwrap_or_default())
    }

    /// Reads to the end and gives the digest of everything that came out; `None` when it was not asked for.
    pub(crate) fn finish(mut self) -> io::Result<Option<Sha256>> {
        loop {
            let available = self.fill_buf()?.len();
            if available == 0 {
                break;
            }
            self.consume(available);
        }
        Ok(self.hasher.map(|hasher| Sha256::from_bytes(hasher.finalize().into())))
    }

    fn refill(&mut self) -> io::Result<usize> {
        match &mut self.origin {
            Origin::Here(decoder, meter) => read_counted(decoder, &mut self.buffer, meter),
            Origin::Apart(filled, empty) => match filled.recv() {
                Ok(Ok((buffer, length))) => {
                    let used = std::mem::replace(&mut self.buffer, buffer);
                    if !used.is_empty() {
                        // The other thread may have ended.
                        let _ = empty.send(used);
                    }
                    Ok(length)
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Ok(0),
            },
        }
    }
}

impl BufRead for Inflated<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.end = self.refill()?;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(self.buffer.get(..self.end).unwrap_or_default());
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }
}

impl Read for Inflated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let read = available.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..read), available.get(..read)) {
            to.copy_from_slice(from);
        }
        self.consume(read);
        Ok(read)
    }
}
