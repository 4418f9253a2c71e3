//! Archives that cost little to ship and much to read: stopped by a limit that names itself, and what only looks like one is read.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use lasthand_artifact::{ArtifactError, BlobSource, Kind, MemoryBlob, NoteKind, read};
use lasthand_model::limits::Limits;

const MIB: u64 = 1 << 20;

/// One header of a regular file.
fn header(path: &str, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path).unwrap();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// An archive of one file of zeros, packed.
fn zeros<W: io::Write>(mib: u64, mut pack: W) -> W {
    pack.write_all(&header("zeros", mib * MIB)).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..mib {
        pack.write_all(&zeros).unwrap();
    }
    pack.write_all(&[0; 1024]).unwrap();
    pack
}

fn gzip(mib: u64) -> Vec<u8> {
    zeros(mib, GzEncoder::new(Vec::new(), Compression::default())).finish().unwrap()
}

fn zstd(mib: u64) -> Vec<u8> {
    zeros(mib, zstd::Encoder::new(Vec::new(), 1).unwrap()).finish().unwrap()
}

/// A sparse file of the pax form 1.0 with nothing but a hole.
fn hole(bytes: u64) -> Vec<u8> {
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while length != rest.len() + length.to_string().len() {
            length = rest.len() + length.to_string().len();
        }
        format!("{length}{rest}")
    };
    let records = [
        record("GNU.sparse.major", "1"),
        record("GNU.sparse.minor", "0"),
        record("GNU.sparse.name", "hole"),
        record("GNU.sparse.realsize", &bytes.to_string()),
    ]
    .concat();
    let mut extension = tar::Header::new_ustar();
    extension.set_path("pax").unwrap();
    extension.set_entry_type(tar::EntryType::XHeader);
    extension.set_size(records.len() as u64);
    extension.set_cksum();
    let mut archive = extension.as_bytes().to_vec();
    archive.extend(records.as_bytes());
    archive.resize(archive.len().next_multiple_of(512), 0);
    archive.extend(header("GNUSparseFile.0/hole", 512));
    archive.extend(b"0\n");
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

fn outcome(bytes: Vec<u8>) -> Result<u64, ArtifactError> {
    let facts = read(&MemoryBlob::new("test", bytes), None, &Limits::DEFAULT, &mut |_| {})?;
    Ok(facts.inventory.records().map(|record| record.size).sum())
}

fn check_stopped(bytes: Vec<u8>, limited: &str) {
    let found = outcome(bytes);
    assert!(matches!(&found, Err(ArtifactError::OverLimit { what, .. }) if *what == limited), "{found:?}");
}

#[test]
fn a_bomb_is_stopped_by_its_ratio_once_a_gibibyte_came_out() {
    // fail: gzip, zstd, and the hole of a sparse file; pass: 768 MiB of zeros, a hole of 100 MiB
    let ratio = "uncompressed bytes for one compressed byte";
    check_stopped(gzip(1100), ratio);
    check_stopped(zstd(1100), ratio);
    check_stopped(hole(60_000 * MIB), ratio);
    assert_eq!(outcome(gzip(768)).unwrap(), 768 * MIB);
    assert_eq!(outcome(zstd(768)).unwrap(), 768 * MIB);
    assert_eq!(outcome(hole(100 * MIB)).unwrap(), 100 * MIB);
}

#[test]
fn a_stream_in_a_stream_is_inflated_once() {
    // pass: what is inside is a file, and its inside is nobody's
    let mut outer = GzEncoder::new(Vec::new(), Compression::default());
    outer.write_all(&gzip(1100)).unwrap();
    let bytes = outer.finish().unwrap();
    let facts = read(&MemoryBlob::new("test", bytes), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!(facts.kind, Kind::File);
}

#[test]
fn an_extension_header_of_a_million_records_is_stopped() {
    // fail: before a record is read
    let size = 10_000_000;
    let mut extension = tar::Header::new_ustar();
    extension.set_path("pax").unwrap();
    extension.set_entry_type(tar::EntryType::XHeader);
    extension.set_size(size);
    extension.set_cksum();
    let mut archive = extension.as_bytes().to_vec();
    archive.extend(b"10 aaaa=b\n".repeat(1_000_000));
    check_stopped(archive, "bytes of an extension header");
}

#[test]
fn extension_headers_of_sixteen_records_cost_what_their_bytes_cost() {
    // pass: 100,000 headers, packed into nothing, one after the other before one file
    let records: String = (0..16).map(|number| format!("10 aaa{}=b\n", char::from(b'a' + number))).collect();
    let mut extension = tar::Header::new_ustar();
    extension.set_path("pax").unwrap();
    extension.set_entry_type(tar::EntryType::XHeader);
    extension.set_size(records.len() as u64);
    extension.set_cksum();
    let mut block = [extension.as_bytes(), records.as_bytes()].concat();
    block.resize(1024, 0);
    let mut pack = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..100_000 {
        pack.write_all(&block).unwrap();
    }
    pack.write_all(&header("file", 0)).unwrap();
    pack.write_all(&[0; 1024]).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(outcome(pack.finish().unwrap()).unwrap(), 0);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn links_to_a_file_of_many_attributes_cost_what_their_own_headers_cost() {
    // pass: 20,000 hard links with a capability each, to a file with 4,000 attributes, one of them of 256 KiB
    let extension = |records: &str| {
        let mut extension = tar::Header::new_ustar();
        extension.set_path("pax").unwrap();
        extension.set_entry_type(tar::EntryType::XHeader);
        extension.set_size(records.len() as u64);
        extension.set_cksum();
        let mut bytes = [extension.as_bytes(), records.as_bytes()].concat();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    };
    let record = |key: &str, value: &str| {
        let rest = format!(" SCHILY.xattr.{key}={value}\n");
        let length = (1..).find(|length: &usize| length.to_string().len() + rest.len() == *length).unwrap();
        format!("{length}{rest}")
    };
    let mut records: String = (0..4_000).map(|number| record(&format!("{number:05}"), "v")).collect();
    records.push_str(&record("security.capability", &"c".repeat(1 << 18)));
    let mut archive = [extension(&records), header("target", 0)].concat();
    let own = extension(&record("security.capability", "c"));
    for number in 0..20_000 {
        let mut link = tar::Header::new_ustar();
        link.set_path(format!("link{number}")).unwrap();
        link.set_entry_type(tar::EntryType::Link);
        link.set_link_name("target").unwrap();
        link.set_size(0);
        link.set_mode(0o644);
        link.set_cksum();
        archive.extend_from_slice(&own);
        archive.extend_from_slice(link.as_bytes());
    }
    archive.resize(archive.len() + 1024, 0);
    let facts = read(&MemoryBlob::new("links.tar", archive), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!(facts.notes.iter().filter(|note| note.kind == NoteKind::HardlinkRaises).count(), 10_000);
}

/// An archive of empty files that never ends.
struct Endless;

struct Headers {
    next: u64,
    block: Vec<u8>,
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() {
            self.block = header(&self.next.to_string(), 0);
            self.next += 1;
        }
        let length = self.block.len().min(buffer.len());
        buffer.iter_mut().zip(self.block.drain(..length)).for_each(|(to, from)| *to = from);
        Ok(length)
    }
}

impl BlobSource for Endless {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Headers { next: 0, block: Vec::new() }))
    }

    fn name(&self) -> &'static str {
        "endless"
    }

    fn len(&self) -> Option<u64> {
        None
    }
}

#[test]
fn entries_are_counted() {
    // fail: one more than the limit
    let limits = Limits { entries: 20_000, ..Limits::DEFAULT };
    let found = read(&Endless as &dyn BlobSource, None, &limits, &mut |_| {});
    assert!(matches!(&found, Err(ArtifactError::OverLimit { what: "entries", limit: 20_000, .. })), "{found:?}");
}

#[test]
fn deep_paths_cost_what_their_bytes_cost() {
    // pass: 20,000 files, each in a folder of its own below 1,900 others, whose ancestors nobody asks for one by one
    let mut archive = Vec::new();
    for file in 0..20_000 {
        let path = format!("{}{file}/f\0", "a/".repeat(1_900));
        let mut long = tar::Header::new_gnu();
        long.set_path("long").unwrap();
        long.set_entry_type(tar::EntryType::GNULongName);
        long.set_size(path.len() as u64);
        long.set_cksum();
        archive.extend(long.as_bytes());
        archive.extend(path.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
        archive.extend(header("f", 0));
    }
    archive.resize(archive.len() + 1024, 0);
    let start = std::time::Instant::now();
    let facts = read(&MemoryBlob::new("test", archive), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!(facts.inventory.len(), 20_000);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

/// An archive of so many files of a mebibyte that no packer makes smaller, each another one.
struct Large {
    files: u64,
}

struct Content {
    rest: u64,
    block: io::Cursor<Vec<u8>>,
    noise: Vec<u8>,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.position() == self.block.get_ref().len() as u64 {
            let Some(rest) = self.rest.checked_sub(1) else { return Ok(0) };
            self.rest = rest;
            let block = self.block.get_mut();
            block.clear();
            block.extend(header(&format!("file-{rest}"), MIB));
            block.extend(rest.to_le_bytes());
            block.extend_from_slice(self.noise.get(8..).unwrap());
            if rest == 0 {
                block.extend([0; 1024]);
            }
            self.block.set_position(0);
        }
        self.block.read(buffer)
    }
}

impl BlobSource for Large {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        // xorshift64: Marsaglia 2003.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let words = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        let noise: Vec<u8> = words.take(1 << 17).flatten().collect();
        let content = Content { rest: self.files, block: io::Cursor::new(Vec::new()), noise };
        Ok(Box::new(flate2::read::GzEncoder::new(content, Compression::none())))
    }

    fn name(&self) -> &'static str {
        "large"
    }

    fn len(&self) -> Option<u64> {
        None
    }
}

#[test]
fn six_gibibytes_of_real_files_are_read() {
    // pass: no bound is on bytes alone
    let facts = read(&Large { files: 6 * 1024 } as &dyn BlobSource, None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    let sizes = facts.inventory.records().map(|record| record.size);
    assert_eq!((facts.kind, facts.inventory.len(), sizes.sum::<u64>()), (Kind::TarGzip, 6 * 1024, 6 * 1024 * MIB));
}
