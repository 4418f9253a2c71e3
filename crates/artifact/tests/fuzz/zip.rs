//! Laws of zip files that are opened: what is listed without a note that refuses is what another reader gets.

use std::io::{Cursor, Read as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use lasthand_artifact::{ArtifactError, ArtifactFacts, BlobSource, MemoryBlob, Opening, read_opening};
use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::limits::Limits;

use super::LIMITS;
use super::source::{Pieces, said};

/// Files that were listed and not refused: what the comparison with the other reader stands on.
pub(crate) static LISTED: AtomicUsize = AtomicUsize::new(0);

fn opened(blob: &dyn BlobSource, limits: &Limits) -> Result<ArtifactFacts, ArtifactError> {
    read_opening(blob, None, Opening::Open, limits, &mut |_| {})
}

/// Any bytes, as a file that is named as a zip.
pub(crate) fn law(bytes: &[u8]) {
    let blob = MemoryBlob::new("input.zip", bytes.to_vec());
    let whole = opened(&blob, &LIMITS).map_err(|error| said(&error));
    for step in [3, 700] {
        let pieces = opened(&Pieces { blob: blob.clone(), step }, &LIMITS).map_err(|error| said(&error));
        assert_eq!(pieces, whole, "in pieces of {step}");
    }
    let Ok(facts) = whole else { return };
    let closed = read_opening(&blob, None, Opening::Closed, &LIMITS, &mut |_| {}).unwrap();
    assert_eq!((&closed.inventory, closed.digest), (&facts.inventory, facts.digest), "opening changes the inventory");
    let digest = FileDigest(Sha256::of(bytes));
    let Some(inside) = facts.inside.get(&digest).filter(|inside| inside.form == "zip") else { return };
    assert!(inside.members.windows(2).all(|pair| pair[0].path < pair[1].path), "sorted, each path once");
    if facts.refusals().next().is_some() {
        return;
    }
    LISTED.fetch_add(1, Ordering::Relaxed);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a file that is read here, and nowhere else");
    let mut theirs = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let path = entry.name_raw().strip_suffix(b"/").unwrap_or(entry.name_raw()).to_vec();
        let path = path.strip_prefix(b"./").unwrap_or(&path).to_vec();
        let is_folder = entry.name_raw().ends_with(b"/");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("a content that is read here, and nowhere else");
        theirs.push((path, (!is_folder).then(|| FileDigest(Sha256::of(&content)))));
    }
    theirs.sort();
    theirs.dedup();
    let ours: Vec<_> = inside.members.iter().map(|member| (member.path.clone(), member.sha256)).collect();
    assert_eq!(ours, theirs);
}
