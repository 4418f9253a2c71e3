//! Entries that others hide, and how many of them a reading lets in: its memory is that of the files that live.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

#[path = "image_kit/mod.rs"]
mod kit;

use kit::{Entry, Files, Image, archive, file, hard, link, many_of, mode, pax};
use lasthand_artifact::ArtifactError;
use lasthand_artifact::image::ImageStore;
use lasthand_model::limits::Limits;

/// Row and offset of an entry; what a live one takes beside them; what it may take.
const ENTRY: u64 = 48 + 6;
const PLACE: u64 = 36;
const LIVE: u64 = 192;
/// What owner, mode and type take that entries of a layer have alike.
const ALIKE: u64 = 72;

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
        Err(ArtifactError::Hidden { bytes, limit: 0, .. }) => bytes,
        Err(other) => panic!("{other:?}"),
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
    let under =
        |upper: Entry, live: u64, own: u64| (vec![many("d", "1"), vec![upper]], 101, 100 * 7 + own, live, 100, 2);
    let marks: Vec<_> = (0..100).map(|number| file(&format!("d/.wh.{number:05}"), "")).collect();
    let links: Vec<_> = (0..100).map(|number| hard(&format!("e/{number:05}"), "d/00000")).collect();
    // Layers, entries, bytes of their paths and links, live files, most places at a time, different owners, modes and types.
    for (layers, entries, text, live, most, alike) in [
        under(file(".wh.d", ""), 0, 5),
        under(file("d/.wh..wh..opq", ""), 0, 14),
        under(file("d", "1"), 1, 1),
        under(link("d", "e"), 1, 2),
        // With the folder that the upper layer writes in.
        (vec![many("d", "1"), marks], 200, 100 * 7 + 100 * 11, 0, 101, 2),
        (vec![many("d", "1"), many("d", "2"), many("d", "3")], 300, 300 * 7, 100, 101, 3),
        // The files, links with their targets, and records of links under their own names, which have no offset here but count one.
        (vec![many("d", "1"), links], 300, 200 * 7 + 100 * 14, 200, 201, 3),
        (vec![many("d", "1"), many("e", "1")], 200, 200 * 7, 200, 201, 2),
    ] {
        let expected = (ENTRY * entries + text + PLACE * most + ALIKE * alike).saturating_sub(LIVE * live);
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
fn what_modes_paths_behind_links_and_notes_take_counts() {
    // fail: files of as many modes as there are files; files behind a link, which are written under another name; files with a note
    let owned: Vec<_> = (0..100).map(|number| mode(&format!("d/{number:05}"), "1", number)).collect();
    let none: Vec<Entry> = vec![file(".wh.d", "")];
    let plain = hidden(&Image::new(&[&many("d", "1"), &none]).layout());
    assert_eq!(hidden(&Image::new(&[&owned, &none]).layout()), plain + 99 * ALIKE);
    let set_id: Vec<_> = (0..100).map(|number| mode(&format!("d/{number:05}"), "1", 0o4755)).collect();
    assert_eq!(hidden(&Image::new(&[&set_id, &none]).layout()), plain + 100 * (160 + 2 * 7));
    let behind: Vec<_> = std::iter::once(link("l", "d")).chain(many("l", "1")).collect();
    let attributes = (0..100)
        .flat_map(|number| [pax("SCHILY.xattr.user.k", &number.to_string()), file(&format!("d/{number:05}"), "1")]);
    let attributes: Vec<_> = attributes.collect();
    assert_eq!(hidden(&Image::new(&[&attributes, &none]).layout()), plain + 99 * ALIKE + 100 * (48 + 16));
    let of_behind = hidden(&Image::new(&[&behind, &none, &[file(".wh.l", "")]]).layout());
    assert!(of_behind > plain + 100 * (64 + 7), "{of_behind} {plain}");
}

#[test]
fn layers_that_images_of_an_index_share_count_once() {
    // pass: each image has the same layers, and one of them alone another's hidden files live; fail: what they hide, told in any order
    let layers = [many("d", "1"), vec![file(".wh.d", "")]];
    let (hides, shows) = (Image::new(&[&layers[0], &layers[1]]), Image::new(&[&layers[0]]));
    assert_eq!(hidden(&many_of(&hides, 3)), hidden(&hides.layout()));
    let index = |images: [&Image; 2]| {
        let mut files = Files::new();
        let members: Vec<_> = images
            .iter()
            .zip(["amd64", "arm64"])
            .map(|(image, architecture)| {
                let manifest = image.blobs(&mut files);
                let platform = serde_json::json!({"os": "linux", "architecture": architecture});
                kit::with(kit::put_json(&mut files, &manifest, kit::MANIFEST), "platform", platform)
            })
            .collect();
        let index =
            kit::put_json(&mut files, &serde_json::json!({"schemaVersion": 2, "manifests": members}), kit::INDEX);
        kit::root(files, &[index])
    };
    assert_eq!([hidden(&index([&hides, &shows])), hidden(&index([&shows, &hides]))], [0, 0]);
}
