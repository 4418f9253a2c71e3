//! Laws of the framing of gzip: members one after the other, and nothing else.

use std::io::Read as _;

use flate2::bufread::MultiGzDecoder;
use lasthand_artifact::{Kind, MemoryBlob};

use super::source::{Pieces, listing};

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
        assert_eq!(listing(&Pieces { blob: blob.clone(), step }, Some(Kind::TarGzip)), ours, "in pieces of {step}");
    }
    let plain = listing(&MemoryBlob::new("input", inside), Some(Kind::Tar));
    match (accepted, &ours.end) {
        (Err(_), end) => {
            assert!(end.is_err(), "a stream that the decoder refuses is read");
            // What was told before the error is told of the bytes before it.
            let told = ours.entries.len();
            assert_eq!(ours.entries[..], plain.entries[..told.min(plain.entries.len())]);
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
