//! The floor of `cargo xtask bench image`: inflates and digests the layers of an image, and does nothing else.
//!
//! In: layers as stored (tar, gzip, zstd), each a file. Out: one line of JSON with what was counted, and a digest of all digests.
//! Digests: each layer as stored, each layer inflated, the content of every regular file. Nothing is checked, kept or written.
//! The decoders, the digest and the buffers are those of `lasthand-artifact`, so the distance to this program is lasthand's own work.
//!
//! `image-floor [--threads N] [--apart] LAYER...`: N layers at a time, the largest first; `--apart` inflates a layer on one thread
//! and digests what is inside on another.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result, anyhow};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

const BUFFER_BYTES: usize = 64 << 10;
/// Buffers that may wait between the two threads of `--apart`.
const WAITING: usize = 16;

fn main() -> Result<()> {
    let (mut threads, mut place, mut layers) = (1, Place::Together, Vec::new());
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--threads") => {
                let number = words.next().context("--threads needs a number")?;
                threads = number.to_string_lossy().parse().context("--threads needs a number")?;
            }
            Some("--apart") => place = Place::Apart,
            _ => layers.push(PathBuf::from(word)),
        }
    }
    let total = all(layers, threads, place)?;
    println!(
        "{{\"layers\":{},\"stored_bytes\":{},\"raw_bytes\":{},\"files\":{},\"file_bytes\":{},\"digest\":\"{:02x?}\"}}",
        total.layers, total.stored_bytes, total.raw_bytes, total.files, total.file_bytes, total.digest
    );
    Ok(())
}

/// On which thread what is inside is digested.
#[derive(Clone, Copy)]
enum Place {
    Together,
    Apart,
}

/// What was read. Digests are added byte by byte, so that the order of layers does not matter and none can be left out.
#[derive(Default, Clone, Copy)]
struct Total {
    layers: u64,
    stored_bytes: u64,
    raw_bytes: u64,
    files: u64,
    file_bytes: u64,
    digest: [u8; 32],
}

impl Total {
    fn digest(&mut self, digest: Sha256) {
        for (sum, byte) in self.digest.iter_mut().zip(digest.finalize()) {
            *sum = sum.wrapping_add(byte);
        }
    }

    fn add(&mut self, other: &Self) {
        self.layers += other.layers;
        self.stored_bytes += other.stored_bytes;
        self.raw_bytes += other.raw_bytes;
        self.files += other.files;
        self.file_bytes += other.file_bytes;
        for (sum, byte) in self.digest.iter_mut().zip(other.digest) {
            *sum = sum.wrapping_add(byte);
        }
    }
}

fn all(layers: Vec<PathBuf>, threads: usize, place: Place) -> Result<Total> {
    let mut sized = Vec::new();
    for path in layers {
        let size = path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
        sized.push((size, path));
    }
    sized.sort();
    let (open, total) = (Mutex::new(sized), Mutex::new(Total::default()));
    let broken = |_| anyhow!("another thread failed");
    let work = || -> Result<()> {
        loop {
            let next = open.lock().map_err(|_| anyhow!("another thread failed"))?.pop();
            let Some((_, path)) = next else { return Ok(()) };
            let layer = layer(&path, place).with_context(|| format!("cannot read {}", path.display()))?;
            total.lock().map_err(|_| anyhow!("another thread failed"))?.add(&layer);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work()?;
        workers.into_iter().try_for_each(|worker| worker.join().map_err(broken)?)
    })?;
    let total = *total.lock().map_err(|_| anyhow!("another thread failed"))?;
    Ok(total)
}

fn layer(path: &Path, place: Place) -> Result<Total> {
    let mut stored = Digested::new(File::open(path)?);
    let mut total = match place {
        Place::Together => inside(inflate(&mut stored)?)?,
        Place::Apart => apart(&mut stored)?,
    };
    io::copy(&mut stored, &mut io::sink())?;
    total.layers = 1;
    total.stored_bytes = stored.count;
    total.digest(stored.hasher);
    Ok(total)
}

/// Told by the magic, as lasthand tells it.
fn inflate<'r>(stored: &'r mut Digested<File>) -> Result<Box<dyn Read + 'r>> {
    let mut head = vec![0; 4];
    stored.read_exact(&mut head)?;
    let (gzip, zstd) = (head.starts_with(&[0x1f, 0x8b]), head == [0x28, 0xb5, 0x2f, 0xfd]);
    let whole = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(head).chain(stored));
    Ok(match () {
        () if gzip => Box::new(MultiGzDecoder::new(whole)),
        () if zstd => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        () => Box::new(whole),
    })
}

/// Digests what is inside, and the content of every regular file.
fn inside(inflated: impl Read) -> Result<Total> {
    let mut total = Total::default();
    let raw = Rc::new(RefCell::new(Digested::new(inflated)));
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut archive = tar::Archive::new(BufReader::with_capacity(BUFFER_BYTES, Shared(Rc::clone(&raw))));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut hasher = Sha256::new();
        loop {
            let read = entry.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            total.file_bytes += read as u64;
        }
        total.files += 1;
        total.digest(hasher);
    }
    drop(archive);
    let mut raw = Rc::into_inner(raw).context("the archive is still open")?.into_inner();
    while raw.read(&mut buffer)? != 0 {}
    total.raw_bytes = raw.count;
    total.digest(raw.hasher);
    Ok(total)
}

/// Inflates here, and digests what is inside on another thread.
fn apart(stored: &mut Digested<File>) -> Result<Total> {
    let (full, filled) = sync_channel(WAITING);
    let (empty, emptied) = sync_channel(WAITING + 2);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| inside(Received { filled, empty, now: Vec::new(), at: 0 }));
        let mut inflated = inflate(stored)?;
        loop {
            let mut buffer: Vec<u8> = emptied.try_recv().unwrap_or_default();
            buffer.resize(BUFFER_BYTES, 0);
            let mut filled = 0;
            while filled < BUFFER_BYTES {
                match inflated.read(&mut buffer[filled..])? {
                    0 => break,
                    read => filled += read,
                }
            }
            buffer.truncate(filled);
            if filled == 0 || full.send(buffer).is_err() {
                break;
            }
        }
        drop(full);
        reader.join().map_err(|_| anyhow!("another thread failed"))?
    })
}

/// Bytes that another thread inflates.
struct Received {
    filled: Receiver<Vec<u8>>,
    empty: SyncSender<Vec<u8>>,
    now: Vec<u8>,
    at: usize,
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.now.len() {
            let next = self.filled.recv().unwrap_or_default();
            let used = std::mem::replace(&mut self.now, next);
            // A full or closed channel only costs a new buffer.
            drop(self.empty.try_send(used));
            self.at = 0;
        }
        let read = buffer.len().min(self.now.len() - self.at);
        buffer[..read].copy_from_slice(&self.now[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

/// Bytes that are digested and counted while they pass.
struct Digested<R> {
    inner: R,
    hasher: Sha256,
    count: u64,
}

impl<R> Digested<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), count: 0 }
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.count += read as u64;
        Ok(read)
    }
}

/// The stream below an archive, which is read on when the archive has ended.
struct Shared<R>(Rc<RefCell<R>>);

impl<R: Read> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}
