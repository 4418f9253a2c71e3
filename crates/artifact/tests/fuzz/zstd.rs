//! Laws of zstd: frames one after the other, and nothing else; what both read is the same.

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use lasthand_artifact::{Kind, MemoryBlob, NoteKind};

use super::source::{Pieces, alike, listing};

/// LIMIT: bytes that come out; what gives more is not asked.
const MOST: u64 = 16 << 20;

/// Streams that were read to their end: what the comparison with libzstd stands on.
pub(crate) static READ: AtomicUsize = AtomicUsize::new(0);

/// Any bytes, read as zstd with a tar stream inside.
pub(crate) fn law(bytes: &[u8]) {
    let is_frame = bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let is_skippable = bytes.len() >= 4 && bytes[0] & 0xf0 == 0x50 && bytes[1..4] == [0x2a, 0x4d, 0x18];
    if !is_frame && !is_skippable {
        return;
    }
    let mut inside = Vec::new();
    let accepted =
        zstd::stream::read::Decoder::new(bytes).and_then(|decoder| decoder.take(MOST).read_to_end(&mut inside));
    if inside.len() as u64 == MOST {
        return;
    }
    let blob = MemoryBlob::new("input", bytes.to_vec());
    let ours = listing(&blob, Some(Kind::TarZstd));
    for step in [7, 600] {
        let pieces = Pieces { blob: blob.clone(), step };
        alike(&listing(&pieces, Some(Kind::TarZstd)), &ours, &format!("in pieces of {step}"));
    }
    let Ok(facts) = &ours.end else { return };
    // libzstd also reads some damaged frames; what it refuses is never read.
    accepted.expect("what is read is read by libzstd too");
    let plain = listing(&MemoryBlob::new("input", inside), Some(Kind::Tar));
    assert_eq!(ours.entries, plain.entries);
    let inner = plain.end.expect("what is read packed is read plain");
    // That a frame which is passed over could be read as a tar archive is said of the packed stream alone.
    let notes = facts.notes.iter().filter(|note| note.kind != NoteKind::TwoForms);
    assert_eq!(facts.inventory, inner.inventory);
    assert!(notes.eq(&inner.notes), "{:?}\n{:?}", facts.notes, inner.notes);
    READ.fetch_add(1, Ordering::Relaxed);
}
