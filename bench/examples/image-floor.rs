//! The floor of `cargo xtask bench image`: inflates and digests the layers of an image, and does nothing else.
//!
//! In: layers as stored (tar, gzip, zstd), each a file. Out: one line of JSON with what was counted, and a digest of all digests.
//! Digests: each layer as stored, each layer inflated, the content of every regular file. Nothing is checked, kept or written.
//! The decoders, the digest and the buffers are those of `lasthand-artifact`, so the distance to this program is lasthand's own work.
//!
//! `image-floor [--threads N] [--apart] LAYER...`: N layers at a time, the largest first; `--apart` inflates a layer on one thread
//! and digests what is inside on another.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, anyhow};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

/// A multiple of [`BLOCK`], so that no header lies in two buffers.
const BUFFER_BYTES: usize = 64 << 10;
/// SPEC: POSIX pax, "ustar Interchange Format".
const BLOCK: usize = 512;
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
    let mut stored = Stored { inner: File::open(path)?, hasher: Sha256::new(), count: 0 };
    let mut total = match place {
        Place::Together => together(&mut stored)?,
        Place::Apart => apart(&mut stored)?,
    };
    io::copy(&mut stored, &mut io::sink())?;
    total.layers = 1;
    total.stored_bytes = stored.count;
    total.digest(stored.hasher);
    Ok(total)
}

/// Told by the magic, as lasthand tells it.
fn inflate<'r>(stored: &'r mut Stored) -> Result<Box<dyn Read + 'r>> {
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

/// Inflates and digests on this thread.
fn together(stored: &mut Stored) -> Result<Total> {
    let (mut inflated, mut inside) = (inflate(stored)?, Inside::default());
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let filled = fill(&mut inflated, &mut buffer)?;
        inside.take(&buffer[..filled]);
        if filled < BUFFER_BYTES {
            return Ok(inside.finish());
        }
    }
}

/// Inflates here, and digests what is inside on another thread.
fn apart(stored: &mut Stored) -> Result<Total> {
    let (full, filled) = sync_channel::<Vec<u8>>(WAITING);
    let (empty, emptied) = sync_channel(WAITING + 2);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut inside = Inside::default();
            for buffer in filled {
                inside.take(&buffer);
                // A channel that is full or closed only costs a new buffer.
                drop(empty.try_send(buffer));
            }
            inside.finish()
        });
        let mut inflated = inflate(stored)?;
        loop {
            let mut buffer = emptied.try_recv().unwrap_or_default();
            buffer.resize(BUFFER_BYTES, 0);
            let length = fill(&mut inflated, &mut buffer)?;
            buffer.truncate(length);
            if full.send(buffer).is_err() || length < BUFFER_BYTES {
                break;
            }
        }
        drop(full);
        reader.join().map_err(|_| anyhow!("another thread failed"))
    })
}

/// Reads until the buffer is full or the stream ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// An archive as it passes: digested whole, and each regular file, where the bytes lie.
#[derive(Default)]
struct Inside {
    total: Total,
    raw: Sha256,
    /// The regular file at hand.
    file: Option<Sha256>,
    /// Bytes of its content still to come, and those with the padding behind it.
    content: u64,
    padded: u64,
}

impl Inside {
    /// Takes whole blocks.
    fn take(&mut self, mut bytes: &[u8]) {
        self.raw.update(bytes);
        self.total.raw_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let length = if self.padded == 0 { self.header(bytes) } else { self.content(bytes) };
            bytes = &bytes[length..];
            if self.content == 0
                && let Some(file) = self.file.take()
            {
                self.total.files += 1;
                self.total.digest(file);
            }
        }
    }

    /// Takes the content of the entry at hand; gives how many bytes.
    fn content(&mut self, bytes: &[u8]) -> usize {
        let within = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (content, padded) = (within(self.content), within(self.padded));
        if let Some(file) = &mut self.file {
            file.update(&bytes[..content]);
            self.total.file_bytes += content as u64;
        }
        self.content -= content as u64;
        self.padded -= padded as u64;
        padded
    }

    /// Takes a header; gives its length. Sizes that stand elsewhere, of files above 8 GiB, are not looked for.
    fn header(&mut self, bytes: &[u8]) -> usize {
        let header = &bytes[..bytes.len().min(BLOCK)];
        let digits = header.get(124..136).unwrap_or_default().iter().filter(|byte| (b'0'..=b'7').contains(*byte));
        self.content = digits.fold(0, |size, digit| size * 8 + u64::from(digit - b'0'));
        self.padded = self.content.next_multiple_of(BLOCK as u64);
        let named = header.first().is_some_and(|byte| *byte != 0);
        self.file = (named && matches!(header.get(156), Some(b'0' | 0))).then(Sha256::new);
        header.len()
    }

    fn finish(mut self) -> Total {
        self.total.digest(self.raw);
        self.total
    }
}

/// Bytes as stored, digested and counted while they pass.
struct Stored {
    inner: File,
    hasher: Sha256,
    count: u64,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.count += read as u64;
        Ok(read)
    }
}
