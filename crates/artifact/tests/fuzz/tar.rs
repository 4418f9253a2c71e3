//! Laws of tar streams.

use lasthand_artifact::image::ImageStore;
use lasthand_artifact::{ArtifactFacts, Kind, MemoryBlob, Source, read};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;

use super::LIMITS;
use super::source::{Pieces, alike, listing, said, same_end};

/// Any bytes, read as a plain tar archive.
pub(crate) fn law(bytes: &[u8]) {
    let blob = MemoryBlob::new("input", bytes.to_vec());
    for kind in [Some(Kind::Tar), None] {
        let whole = listing(&blob, kind);
        let read = read(&blob, kind, &LIMITS, &mut |_| {}).map_err(|error| said(&error));
        same_end(&read, &whole.end, "`read` and `list`");
        for step in [1, 511, 1_500] {
            let pieces = Pieces { blob: blob.clone(), step };
            // A byte at a time is slow.
            if step > 1 || bytes.len() < 8_000 {
                alike(&listing(&pieces, kind), &whole, &format!("in pieces of {step}"));
            }
        }
        if let Ok(facts) = &whole.end {
            facts_hold(facts, bytes);
        }
    }
    // Passing over contents needs the same headers.
    let indexed = ImageStore::detect(&blob, &LIMITS).map_err(|error| said(&error));
    let pieces = Pieces { blob: blob.clone(), step: 700 };
    let again = ImageStore::detect(Source::Blob(&pieces), &LIMITS).map_err(|error| said(&error));
    assert_eq!(indexed, again, "an index of it");
}

/// What an inventory says must be there, once, in order, and not weigh more than the bytes it came from.
pub(crate) fn facts_hold(facts: &ArtifactFacts, bytes: &[u8]) {
    assert_eq!(facts.size, u64::try_from(bytes.len()).unwrap());
    assert_eq!(facts.digest.0, Sha256::of(bytes));
    let records = facts.inventory.records();
    assert!(records.clone().is_sorted_by(|a, b| a.path < b.path), "sorted, each path once");
    let mut weight = 0;
    for record in records.clone() {
        let segments = record.path.split(|byte| *byte == b'/');
        let outside = segments.clone().any(|segment| matches!(segment, b"" | b".." | b"."));
        assert!(!outside || record.path == b".", "`{}` is no plain path", record.path.escape_ascii());
        assert_eq!(record.sha256.is_some(), record.entry_type == EntryType::File);
        assert!(record.mode <= 0o7777);
        weight += record.path.len() + record.link_target.len();
        weight += record.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    }
    if facts.kind == Kind::Tar {
        assert!(records.len() <= bytes.len() / 512);
        assert!(weight <= 3 * bytes.len(), "{weight} bytes of {} are kept", bytes.len());
    }
}
