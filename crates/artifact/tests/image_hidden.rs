//! Entries that others hide, and how many of them a reading lets in: its memory is that of the files that live.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

#[path = "image_kit/mod.rs"]
mod kit;

use kit::{Entry, Files, Image, archive, fault, file, hard, link, many_of};
use lasthand_artifact::ArtifactError;
use lasthand_artifact::image::{ImageFault, ImageStore};
use lasthand_model::limits::Limits;

/// Row and offset of an entry; what a live one takes beside them; what it may take.
const ENTRY: u64 = 48 + 6;
const PLACE: u64 = 28;
const LIVE: u64 = 192;

fn read_under(files: &Files, hidden_bytes: u64) -> Result<(), ArtifactError> {
    let limits = Limits { hidden_bytes, ..Limits::DEFAULT };
    let blob = archive(files);
    let store = ImageStore::open(&blob, None, &limits)?;
    store.read(&store.choices()[0], None, &limits, &mut |_| {}).map(drop)
}

/// What is said to be hidden of an image that may hide nothing.
fn hidden(files: &Files) -> u64 {
    match read_under(files, 0) {
        Ok(()) => 0,
        Err(error) => match fault(error) {
            ImageFault::Hidden { bytes, limit: 0 } => bytes,
            other => panic!("{other:?}"),
        },
    }
}

/// A hundred files with paths of seven bytes.
fn many(folder: &str, content: &str) -> Vec<Entry> {
    (0..100).map(|number| file(&format!("{folder}/{number:05}"), content)).collect()
}

#[test]
fn what_layers_hide_is_bounded_by_what_lives() {
    // fail: files under a whiteout, an opaque folder, a file, other files, each its own whiteout; links that are copied;
    // pass: files that live, and as many bytes as are allowed
    let under = |upper: Entry, live: u64, own: u64| (vec![many("d", "1"), vec![upper]], 101, 100 * 7 + own, live);
    let marks: Vec<_> = (0..100).map(|number| file(&format!("d/.wh.{number:05}"), "")).collect();
    let links: Vec<_> = (0..100).map(|number| hard(&format!("e/{number:05}"), "d/00000")).collect();
    for (layers, entries, text, live) in [
        under(file(".wh.d", ""), 0, 5),
        under(file("d/.wh..wh..opq", ""), 0, 14),
        under(file("d", "1"), 1, 1),
        under(link("d", "e"), 1, 2),
        (vec![many("d", "1"), marks], 200, 100 * 7 + 100 * 11, 0),
        (vec![many("d", "1"), many("d", "2"), many("d", "3")], 300, 300 * 7, 100),
        // The files, links with their targets, and records of links under their own names, which have no offset here but count one.
        (vec![many("d", "1"), links], 300, 200 * 7 + 100 * 14, 200),
        (vec![many("d", "1"), many("e", "1")], 200, 200 * 7, 200),
    ] {
        let expected = (ENTRY * entries + text + PLACE * live).saturating_sub(LIVE * live);
        let layers: Vec<_> = layers.iter().map(Vec::as_slice).collect();
        let files = Image::new(&layers).layout();
        assert_eq!(hidden(&files), expected);
        read_under(&files, expected).unwrap();
        if let Some(less) = expected.checked_sub(1) {
            let refused = read_under(&files, less).unwrap_err();
            assert!(refused.to_string().contains("image"), "{refused}");
            assert!(refused.hints().iter().any(|hint| hint.contains("--limit hidden-bytes=")), "{:?}", refused.hints());
        }
    }
}

#[test]
fn layers_that_images_of_an_index_share_count_once() {
    // pass: each image has the same layers, and its own files that live; fail: what they hide
    let layers = [many("d", "1"), vec![file(".wh.d", "")]];
    let image = Image::new(&[&layers[0], &layers[1]]);
    assert_eq!(hidden(&many_of(&image, 3)), hidden(&image.layout()));
}
