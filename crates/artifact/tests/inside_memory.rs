//! Opening much needs little memory. Alone in its file, because it measures its own process.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{self, Cursor, Read};

use lasthand_artifact::{BlobSource, Opening, Source, read_opening};
use lasthand_model::limits::Limits;
use lasthand_testkit::zips::{Entry, Zip};

/// Bytes of one stored member.
const STORED: u64 = 256 << 20;

/// A tar of one zip, whose content is made while it is read.
struct LargeZip {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl LargeZip {
    fn new(inner: u64) -> Self {
        let mut entry = Entry::stored("large", b"");
        let size = u32::try_from(inner).unwrap();
        let crc = crc_of_zeros(inner);
        entry.both(|header| (header.size, header.packed, header.crc) = (size, size, crc));
        let zip = Zip::of(vec![entry]).bytes();
        // Between the local header and the central directory lies the content.
        let (local, rest) = zip.split_at(30 + 5);
        let mut rest = rest.to_vec();
        // The place of the central directory moves behind the content.
        let at = rest.len() - 6;
        let moved = u32::try_from(local.len() as u64 + inner).unwrap();
        rest.splice(at..at + 4, moved.to_le_bytes());
        let mut header = tar::Header::new_ustar();
        let whole = zip.len() as u64 + inner;
        header.set_path("lib/large.jar").unwrap();
        header.set_size(whole);
        header.set_mode(0o644);
        header.set_cksum();
        let head = [header.as_bytes().as_slice(), local].concat();
        let padding = usize::try_from(whole.next_multiple_of(512) - whole).unwrap();
        let tail = [rest.as_slice(), &vec![0; padding + 1024]].concat();
        Self { head, tail }
    }
}

fn crc_of_zeros(bytes: u64) -> u32 {
    let (mut crc, chunk) = (flate2::Crc::new(), vec![0; 1 << 20]);
    (0..bytes >> 20).for_each(|_| crc.update(&chunk));
    crc.sum()
}

impl BlobSource for LargeZip {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let content = io::repeat(0).take(STORED);
        Ok(Box::new(Cursor::new(&self.head).chain(content).chain(Cursor::new(&self.tail))))
    }

    fn name(&self) -> &'static str {
        "large.tar"
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
fn large_members_are_read_in_a_few_mebibytes() {
    // pass: the peak grows by less than 16 MiB over a stored member of 256 MiB
    let before = peak_kib();
    if !lasthand_testkit::need::feature("/proc/self/status", before.is_some(), "the peak of memory is read there") {
        return;
    }
    let archive = LargeZip::new(STORED);
    let before = peak_kib().unwrap();
    let facts = read_opening(Source::Blob(&archive), None, Opening::Open, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert_eq!(facts.refusals().count(), 0, "{:?}", facts.notes);
    let inside = facts.inside.values().next().unwrap();
    assert_eq!(inside.find(b"large").unwrap().size, STORED);
    let grown = peak_kib().unwrap() - before;
    assert!(grown < 16 << 10, "grew by {grown} KiB");
}
