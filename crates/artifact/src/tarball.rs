//! A tar stream -> records, as Go's `archive/tar` reads it; what other readers take differently is noted.
//!
//! The states: header blocks until the end marker; extension headers (`x`, `L`, `K`) wait for the entry they describe; after the
//! marker only zeros until the stream ends. An error means that Go, too, stops there, or that a limit is passed.
//!
//! SPEC: docs/reader.md.

mod content;
mod entry;
mod header;
mod number;
mod opened;
mod pax;
mod sparse;

use std::io::{self, BufRead, BufReader};

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;

use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::meter::{Meter, wide};
use crate::note::NoteKind;
use crate::source::BlobSource;
use crate::stream::fill;
use content::Contents;
use header::{Block, Header};
use pax::{MAX_KEYS, PaxRecords};

pub(crate) use header::{BLOCK, begins_with_its_end, looks_like_tar};

/// LIMIT: bytes of one extension header, as in Go and libarchive.
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// What a record of a pax header costs beside its bytes, in bytes of [`Limits::extension_bytes`]: a place in a map, two texts in the heap.
const RECORD_BYTES: u64 = 96;

/// Records of one header that cost nothing beside their bytes: times, names, what libarchive keeps, and some attributes. A header has two
/// blocks at least, and they take as long to inflate.
const FREE_RECORDS: u64 = 16;

/// One entry as it lies in an archive, before its path is brought to one spelling: what Go's `archive/tar` gives its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawEntry<'a> {
    /// Path as written.
    pub path: &'a [u8],
    /// Type as written; NUL is `0`, or `5` where the path ends in a slash. A pax global header is `g`, with a path alone.
    pub typeflag: u8,
    /// Mode as written.
    pub mode: i64,
    /// Size as written; of a sparse file its expanded size.
    pub size: i64,
    /// Link target as written.
    pub link: &'a [u8],
    /// Digest of the content; `None` where the type has none, and where contents are passed over.
    pub sha256: Option<Sha256>,
    /// The beginning of the content, where it was to be kept.
    pub(crate) content: &'a [u8],
}

/// Told of every entry, complete, in archive order.
pub(crate) type Each<'e> = dyn FnMut(&RawEntry<'_>) + 'e;

/// Reads the whole stream and gives every entry to the collector.
///
/// `sort` turns an error of the stream below, at an offset, into ours.
pub(crate) fn read<'a>(
    inner: impl BufRead,
    name: &'a str,
    limits: &'a Limits,
    meter: &Meter<'_>,
    collector: &mut Collector<'a>,
    each: &mut Each<'_>,
    sort: &dyn Fn(u64, io::Error) -> ArtifactError,
) -> Result<(), ArtifactError> {
    let mut stream = TarStream {
        inner,
        offset: 0,
        name,
        limits,
        meter,
        collector,
        each,
        sort,
        contents: Contents::Digest,
        extensions: 0,
        cut: false,
    };
    stream.run()
}

/// Lists the entries of an archive that can be read by offset; contents are passed over, not read.
///
/// Out: the start of the content of each file, in archive order; the records, without digests, are the collector's.
pub(crate) fn index<'a>(
    blob: &'a dyn BlobSource,
    limits: &'a Limits,
    collector: &mut Collector<'a>,
) -> Result<Vec<u64>, ArtifactError> {
    let name = blob.name();
    let sort = |offset, source| ArtifactError::Io { name: name.to_owned(), offset, source };
    let open_at = |offset| Ok(BufReader::new(blob.open_at(offset)?));
    let mut stream = TarStream {
        inner: open_at(0).map_err(|error| sort(0, error))?,
        offset: 0,
        name,
        limits,
        meter: &Meter::new(limits, &|_| {}),
        collector,
        each: &mut |_| {},
        sort: &sort,
        contents: Contents::PassOver { starts: Vec::new(), open_at: &open_at },
        extensions: 0,
        cut: false,
    };
    stream.run()?;
    match stream.contents {
        Contents::PassOver { starts, .. } => Ok(starts),
        Contents::Digest => Ok(Vec::new()),
    }
}

struct TarStream<'c, 'a, R> {
    inner: R,
    offset: u64,
    name: &'a str,
    limits: &'a Limits,
    meter: &'c Meter<'c>,
    collector: &'c mut Collector<'a>,
    each: &'c mut Each<'c>,
    sort: &'c dyn Fn(u64, io::Error) -> ArtifactError,
    contents: Contents<'c, R>,
    /// Bytes of all extension headers so far, and what their records cost.
    extensions: u64,
    /// The stream ended inside the padding after a content.
    cut: bool,
}

/// Extension headers that wait for their entry.
#[derive(Default)]
struct Pending {
    pax: Option<PaxRecords>,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// Offset of the first of them.
    start: Option<u64>,
    notes: Vec<NoteKind>,
}

impl<R: BufRead> TarStream<'_, '_, R> {
    fn run(&mut self) -> Result<(), ArtifactError> {
        let mut pending = Pending::default();
        loop {
            let offset = self.offset;
            let mut block: Block = [0; BLOCK];
            if self.cut || !self.take_block(&mut block)? {
                let kind = if self.cut { NoteKind::CutPadding } else { NoteKind::MissingEndMarker };
                self.collector.note(kind, b"", offset);
                self.lose(&pending);
                return Ok(());
            }
            if is_zero(&block) {
                self.lose(&pending);
                return self.end(offset);
            }
            let header = Header::parse(&block).map_err(|reason| self.malformed(offset, reason))?;
            match header.typeflag {
                b'x' | b'L' | b'K' => self.extension(&header, offset, &mut pending)?,
                b'g' => {
                    self.lose(&std::mem::take(&mut pending));
                    self.global(&header, offset)?;
                }
                _ => {
                    let start = pending.start.unwrap_or(offset);
                    self.entry(header, &block, std::mem::take(&mut pending), start)?;
                }
            }
        }
    }

    /// Notes extension headers that no entry follows: Go forgets them.
    fn lose(&mut self, pending: &Pending) {
        if let Some(start) = pending.start {
            self.collector.note(NoteKind::LostExtension, b"", start);
        }
    }

    /// Takes one `x`, `L` or `K` header.
    ///
    /// SECURITY: its own size comes from its own header alone, never from a pax header before it (GHSA-3cv2-h65g-fgmm).
    fn extension(&mut self, header: &Header, offset: u64, pending: &mut Pending) -> Result<(), ArtifactError> {
        let (content, is_padded) = self.extension_content(header, offset)?;
        pending.notes.extend(header.notes());
        pending.notes.extend(header.has_odd_number().then_some(NoteKind::OddNumber));
        pending.start.get_or_insert(offset);
        let repeated = match header.typeflag {
            b'x' => {
                let records = PaxRecords::parse(&content).map_err(|reason| self.malformed(offset, reason))?;
                self.count_records(&records, offset)?;
                pending.pax.replace(records).is_some()
            }
            typeflag => {
                let text = header::text(&content);
                let rest = content.get(text.len()..).unwrap_or_default();
                // SECURITY: GNU tar and Python read on to a NUL, also behind the end.
                if text.is_empty() || rest.iter().any(|byte| *byte != 0) || !is_padded {
                    pending.notes.push(NoteKind::OddLongName);
                }
                let waiting = if typeflag == b'L' { &mut pending.long_path } else { &mut pending.long_link };
                waiting.replace(text.to_vec()).is_some()
            }
        };
        if repeated {
            pending.notes.push(NoteKind::RepeatedExtension);
        }
        Ok(())
    }

    fn global(&mut self, header: &Header, offset: u64) -> Result<(), ArtifactError> {
        let (content, _) = self.extension_content(header, offset)?;
        let records = PaxRecords::parse(&content).map_err(|reason| self.malformed(offset, reason))?;
        self.count_records(&records, offset)?;
        let path = records.value(b"path").unwrap_or(&header.path);
        (self.each)(&RawEntry { path, typeflag: b'g', mode: 0, size: 0, link: b"", sha256: None, content: b"" });
        let kind = match () {
            () if records.is_comment_only() => NoteKind::GlobalComment,
            () if records.is_metadata_only() => NoteKind::GlobalMetadata,
            () => NoteKind::GlobalHeader,
        };
        self.collector.note(kind, b"", offset);
        for kind in header.notes().chain(header.has_odd_number().then_some(NoteKind::OddNumber)) {
            self.collector.note(kind, b"", offset);
        }
        Ok(())
    }

    /// The content of an extension header, and whether nothing but zeros lies between its end and the next block.
    fn extension_content(&mut self, header: &Header, offset: u64) -> Result<(Vec<u8>, bool), ArtifactError> {
        let size = self.stored_size(header, offset)?;
        if size > MAX_EXTENSION_BYTES {
            return Err(self.over("bytes of an extension header", MAX_EXTENSION_BYTES, offset));
        }
        self.count_extension(size, offset)?;
        let mut content = vec![0; usize::try_from(size).unwrap_or_default()];
        self.take_exact(&mut content)?;
        let is_padded = self.skip_padding(size)?;
        Ok((content, is_padded))
    }

    fn count_records(&mut self, records: &PaxRecords, offset: u64) -> Result<(), ArtifactError> {
        if records.has_too_many_keys() {
            return Err(self.over("keys of a pax header", wide(MAX_KEYS), offset));
        }
        self.count_extension(RECORD_BYTES.saturating_mul(records.count.saturating_sub(FREE_RECORDS)), offset)
    }

    fn count_extension(&mut self, bytes: u64, offset: u64) -> Result<(), ArtifactError> {
        self.extensions = self.extensions.saturating_add(bytes);
        // LIMIT: Limits::extension_bytes. A record of a few bytes costs as much as an entry, and thousands of them pack into nothing.
        let limit = self.limits.extension_bytes.saturating_add(offset / 4);
        if self.extensions > limit {
            return Err(self.over("bytes of all extension headers", limit, offset));
        }
        Ok(())
    }

    /// The number of stored bytes that a header says.
    fn stored_size(&self, header: &Header, offset: u64) -> Result<u64, ArtifactError> {
        u64::try_from(header.size).map_err(|_| self.malformed(offset, "the size is negative"))
    }

    /// Reads what follows the first block of the end marker: one more zero block, then zeros only.
    ///
    /// SECURITY: readers that look past the marker (`tar -i`) see entries that no inventory lists.
    fn end(&mut self, marker: u64) -> Result<(), ArtifactError> {
        let mut block: Block = [0; BLOCK];
        if !self.take_block(&mut block)? {
            self.collector.note(NoteKind::ShortEndMarker, b"", marker);
            return Ok(());
        }
        if !is_zero(&block) {
            return Err(self.malformed(marker, "the end marker has one zero block, and more follows"));
        }
        // The blocks behind the marker: where the last of them begins, and where the first that is not all zero does.
        let first = self.offset;
        let mut odd = None;
        loop {
            let rest = self.inner.fill_buf().map_err(|error| (self.sort)(self.offset, error))?;
            let length = rest.len();
            if length == 0 {
                break;
            }
            if odd.is_none() && !is_zero(rest) {
                odd = rest.iter().position(|byte| *byte != 0).map(|at| self.offset.saturating_add(wide(at)));
            }
            self.inner.consume(length);
            self.offset = self.offset.saturating_add(wide(length));
        }
        if let Some(odd) = odd {
            let block = odd - (odd - first) % wide(BLOCK);
            // In less than a block there is no entry.
            let is_cut = self.offset - block < wide(BLOCK);
            let kind = if is_cut { NoteKind::TrailingBytes } else { NoteKind::AfterEndMarker };
            self.collector.note(kind, b"", marker);
        }
        Ok(())
    }

    /// Reads one block; false at the end of the stream.
    fn take_block(&mut self, block: &mut Block) -> Result<bool, ArtifactError> {
        match self.take(block)? {
            BLOCK => Ok(true),
            0 => Ok(false),
            _ => Err(self.truncated("a whole block of 512 bytes")),
        }
    }

    fn take_exact(&mut self, buffer: &mut [u8]) -> Result<(), ArtifactError> {
        if self.take(buffer)? == buffer.len() { Ok(()) } else { Err(self.truncated("the rest of an entry")) }
    }

    /// Reads as much as there is, up to the length of the buffer.
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, ArtifactError> {
        let read = fill(&mut self.inner, buffer).map_err(|error| (self.sort)(self.offset, error))?;
        self.offset = self.offset.saturating_add(wide(read));
        Ok(read)
    }

    /// Reads the padding after a content. Go takes the end of the stream in it as the end of the archive.
    ///
    /// Out: whether it is all zero.
    fn skip_padding(&mut self, size: u64) -> Result<bool, ArtifactError> {
        let mut padding: Block = [0; BLOCK];
        let length = usize::try_from(size.wrapping_neg() % wide(BLOCK)).unwrap_or_default();
        self.cut = self.take(padding.get_mut(..length).unwrap_or_default())? != length;
        Ok(is_zero(&padding))
    }

    fn malformed(&self, offset: u64, reason: &'static str) -> ArtifactError {
        ArtifactError::Malformed { name: self.name.to_owned(), offset, reason }
    }

    fn truncated(&self, expected: &'static str) -> ArtifactError {
        ArtifactError::Truncated { name: self.name.to_owned(), offset: self.offset, expected }
    }

    fn over(&self, what: &'static str, limit: u64, offset: u64) -> ArtifactError {
        ArtifactError::OverLimit { name: self.name.to_owned(), what, limit, offset }
    }

    fn unsupported(&self, what: &'static str, offset: u64) -> ArtifactError {
        ArtifactError::Unsupported { name: self.name.to_owned(), what, offset }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: Block = [0; BLOCK];
    bytes.chunks(BLOCK).all(|chunk| ZEROS.get(..chunk.len()) == Some(chunk))
}
