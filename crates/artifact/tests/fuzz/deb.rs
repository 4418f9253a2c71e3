//! Laws of Debian packages that are opened: alike in pieces, and no member is listed that the headers of ar do not hold.

use std::sync::atomic::{AtomicUsize, Ordering};

use lasthand_artifact::{ArtifactFacts, BlobSource, MemoryBlob, Opening, read_opening};
use lasthand_model::digest::{FileDigest, Sha256};

use super::LIMITS;
use super::source::{Pieces, said};

/// Packages that were listed and not refused.
pub(crate) static LISTED: AtomicUsize = AtomicUsize::new(0);

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Any bytes, as a file that is named as a package.
pub(crate) fn law(bytes: &[u8]) {
    let blob = MemoryBlob::new("input.deb", bytes.to_vec());
    let opened = |blob: &dyn BlobSource| {
        read_opening(blob, None, Opening::Open, &LIMITS, &mut |_| {}).map_err(|error| said(&error))
    };
    let whole = opened(&blob);
    for step in [3, 700] {
        // Where a damaged part is given up depends on how far was read ahead.
        let placeless = |facts: ArtifactFacts| {
            let notes: Vec<_> = facts.notes.iter().map(|note| (note.kind, note.path.clone())).collect();
            (facts.digest, facts.inventory, facts.inside, notes)
        };
        let pieces = opened(&Pieces { blob: blob.clone(), step });
        assert_eq!(pieces.map(placeless), whole.clone().map(placeless), "in pieces of {step}");
    }
    let Ok(facts) = whole else { return };
    let digest = FileDigest(Sha256::of(bytes));
    let Some(inside) = facts.inside.get(&digest).filter(|inside| inside.form == "deb") else { return };
    if facts.refusals().next().is_some() {
        return;
    }
    LISTED.fetch_add(1, Ordering::Relaxed);
    let theirs = plainly(bytes).expect("a package that is listed is one to a plain reader");
    let ours: Vec<_> = inside.members.iter().map(|member| (member.path.clone(), member.sha256)).collect();
    for (name, content) in &theirs {
        assert!(ours.contains(&(name.clone(), Some(FileDigest(Sha256::of(content))))), "{}", name.escape_ascii());
    }
    let own = ours.iter().filter(|(path, _)| !path.contains(&b'!')).count();
    assert_eq!(own, theirs.len(), "as many members as headers");
}

/// Members by the plainest reading of ar(5): name without blanks and slash, decimal size, one byte of padding.
fn plainly(bytes: &[u8]) -> Option<Vec<(Vec<u8>, &[u8])>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (header, after) = rest.split_at_checked(HEADER)?;
        let size: usize = std::str::from_utf8(&header[48..58]).ok()?.trim_end().parse().ok()?;
        let (content, after) = after.split_at_checked(size)?;
        let name = header[..16].trim_ascii_end();
        members.push((name.strip_suffix(b"/").unwrap_or(name).to_vec(), content));
        rest = after.get(size % 2..).unwrap_or_default();
    }
    Some(members)
}
