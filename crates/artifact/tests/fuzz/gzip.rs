//! Laws of the framing of gzip: members one after the other, and nothing else.

use std::io::Read as _;

use flate2::bufread::MultiGzDecoder;
use lasthand_artifact::{Kind, MemoryBlob};

use super::source::{Pieces, alike, listing};

/// LIMIT: bytes that come out; what gives more is not asked.
const MOST: u64 = 16 << 20;

/// Any bytes, read as gzip with a tar stream inside.
pub(crate) fn law(bytes: &[u8]) {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let mut inside = Vec::new();
    let accepted = MultiGzDecoder::new(bytes).take(MOST).read_to_end(&mut inside);
    if inside.len() as u64 == MOST {
        return;
    }
    let blob = MemoryBlob::new("input", bytes.to_vec());
    let ours = listing(&blob, Some(Kind::TarGzip));
    for step in [7, 600] {
        let pieces = Pieces { blob: blob.clone(), step };
        alike(&listing(&pieces, Some(Kind::TarGzip)), &ours, &format!("in pieces of {step}"));
    }
    // What is compressed again is no tar stream to a reader that looks for one.
    if [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd"].iter().any(|magic| inside.starts_with(magic)) {
        assert!(ours.end.is_err(), "a stream inside a stream is read as tar");
        return;
    }
    let plain = listing(&MemoryBlob::new("input", inside), Some(Kind::Tar));
    match (accepted, &ours.end) {
        (Err(_), end) => {
            assert!(end.is_err(), "a stream that the decoder refuses is read");
            // What was told before the error is told of the bytes before it.
            let both = ours.entries.len().min(plain.entries.len());
            assert_eq!(ours.entries[..both], plain.entries[..both]);
        }
        (Ok(_), Ok(facts)) => {
            let inner = plain.end.unwrap();
            assert_eq!(ours.entries, plain.entries);
            assert_eq!((&facts.inventory, &facts.notes), (&inner.inventory, &inner.notes));
            super::tar::facts_hold(facts, bytes);
        }
        (Ok(_), Err(error)) => {
            assert_eq!(Err(error), plain.end.as_ref(), "a stream that the decoder accepts is refused");
            assert_eq!(ours.entries, plain.entries);
        }
    }
}
