//! Reading much needs little memory. Alone in its file, because it measures its own process.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{self, Read};

use flate2::Compression;
use flate2::read::GzEncoder;
use lasthand_artifact::{BlobSource, Kind, Source, read};
use lasthand_model::limits::Limits;

const FILE_BYTES: u64 = 1 << 30;

/// An archive of one large file, compressed while it is read.
struct LargeArchive;

impl BlobSource for LargeArchive {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut header = tar::Header::new_ustar();
        header.set_path("large").unwrap();
        header.set_size(FILE_BYTES);
        header.set_mode(0o644);
        header.set_cksum();
        let tar = io::Cursor::new(header.as_bytes().to_vec()).chain(io::repeat(0).take(FILE_BYTES + 1024));
        Ok(Box::new(GzEncoder::new(tar, Compression::fast())))
    }

    fn name(&self) -> &'static str {
        "large.tar.gz"
    }

    fn len(&self) -> Option<u64> {
        None
    }
}

/// The largest resident size of this process so far, in KiB.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[test]
fn a_gibibyte_is_read_in_a_few_mebibytes() {
    // pass: the peak grows by less than 16 MiB over a file of 1 GiB
    let before = peak_kib();
    if !lasthand_testkit::need::feature("/proc/self/status", before.is_some(), "the peak of memory is read there") {
        return;
    }
    let before = before.unwrap();
    let facts = read(Source::Blob(&LargeArchive), Some(Kind::TarGzip), &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!(facts.inventory.find(b"large").map(|record| record.size), Some(FILE_BYTES));
    let grown = peak_kib().unwrap() - before;
    assert!(grown < 16 << 10, "grew by {grown} KiB");
}
