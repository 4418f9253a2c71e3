//! Layouts without `oci-layout`, and docker manifests that are too large to be read: no plain archives.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use image_kit::*;
use lasthand_artifact::image::{Form, ImageFault, ImageStore};
use lasthand_artifact::{MemoryBlob, local};
use lasthand_model::limits::Limits;

#[test]
fn a_layout_without_its_mark_is_refused() {
    // fail: `index.json` lists images that lie there, as folder and archive, whichever way it is written; pass: with the mark it is a layout;
    // an `index.json` of another kind, of no images, of images that are elsewhere, and blobs of something else
    let sample = two_layers(Packing::Plain);
    let mut layout = sample.layout();
    layout.remove("oci-layout").unwrap();
    let detect = |files: &Files| {
        let folder = folder(files);
        let of_folder = ImageStore::detect(&local::open(folder.path()).unwrap(), &Limits::DEFAULT);
        let of_archive = ImageStore::detect(&archive(files), &Limits::DEFAULT);
        [of_folder, of_archive]
    };
    let with_index = |text: &str| {
        let mut files = layout.clone();
        files.insert("index.json".to_owned(), text.as_bytes().to_vec());
        files
    };
    let index = String::from_utf8(layout["index.json"].clone()).unwrap();
    for text in [
        index.clone(),
        index.replace("manifests", "Manifests").replace("digest", "DIGEST"),
        index.replace("\"schemaVersion\":2", "\"a\":1"),
        index.replace("sha256:", "sha256\\u003a"),
    ] {
        for detected in detect(&with_index(&text)) {
            assert_eq!(fault(detected.unwrap_err()), ImageFault::NoLayoutMark, "{text}");
        }
    }
    // No JSON to this reader, and a list of images to some.
    let folded = index.replace("manifests", "manife\u{17f}ts");
    for text in [
        format!("{index} more"),
        format!("{} more", index.replace("manifests", "MANIFESTS")),
        format!("{folded} more"),
        format!("{} more", index.replace("manifests", "m\\u0061nifests")),
        index.replacen('{', "{\"a\":1e999,", 1),
        index.replacen('{', "{\"manifests\":[],", 1),
    ] {
        for detected in detect(&with_index(&text)) {
            let error = detected.unwrap_err();
            assert!(error.hints().iter().any(|hint| hint.contains("rename")));
            assert_eq!(fault(error), ImageFault::UnclearIndex, "{text}");
        }
    }
    let plain =
        ["{\"name\":\"site\"}", "[1]", "text", "{}", "{\"schemaVersion\":2,\"manifests\":[]}", "{ // comments\n}"];
    for text in plain {
        for detected in detect(&with_index(text)) {
            assert_eq!(detected.unwrap(), None, "{text}");
        }
    }
    let no_blobs = Files::from([("index.json".to_owned(), index.clone().into_bytes())]);
    let mut other_blobs = no_blobs.clone();
    other_blobs.insert("blobs/sha256/readme".to_owned(), b"text".to_vec());
    let fonts = Files::from([
        ("index.json".to_owned(), b"{ // manifests\n}".to_vec()),
        ("blobs/fonts/0123456789abcdef0123456789abcdef".to_owned(), b"text".to_vec()),
    ]);
    for files in [&no_blobs, &other_blobs, &fonts] {
        for detected in detect(files) {
            assert_eq!(detected.unwrap(), None);
        }
    }
    let mut below: Files = layout.iter().map(|(path, bytes)| (format!("images/{path}"), bytes.clone())).collect();
    below.insert("index.json".to_owned(), b"{}".to_vec());
    assert!(detect(&below).into_iter().all(|detected| detected.unwrap().is_none()));
    // Named as what it is, it lacks the mark all the same.
    assert!(matches!(
        fault(read_blob(&archive(&layout), Some(Form::OciArchive)).unwrap_err()),
        ImageFault::NoImage { .. }
    ));
    // What is too large to be read is one to readers without a limit.
    let large = format!("{{\"a\":\"{}\",{}", "a".repeat(5 << 20), index.strip_prefix('{').unwrap());
    for detected in detect(&with_index(&large)) {
        assert!(matches!(fault(detected.unwrap_err()), ImageFault::OverLimit { .. }));
    }
    let alone = Files::from([("index.json".to_owned(), large.into_bytes())]);
    assert!(detect(&alone).into_iter().all(|detected| detected.unwrap().is_none()));
}

#[test]
fn a_layout_without_its_mark_is_no_plain_archive_by_a_trick() {
    // fail: `index.json` twice, as a link to another member, below an absolute path, beside a member that cannot be indexed
    let text = |content: &Vec<u8>| String::from_utf8(content.clone()).unwrap();
    let mut files = two_layers(Packing::Plain).layout();
    files.remove("oci-layout").unwrap();
    let index = files.remove("index.json").unwrap();
    let others: Vec<(String, String)> = files.iter().map(|(path, content)| (path.clone(), text(content))).collect();
    let detect = |more: Vec<Entry>| {
        let mut entries: Vec<Entry> = others.iter().map(|(path, content)| file(path, content)).collect();
        entries.extend(more);
        ImageStore::detect(&MemoryBlob::new("a", tar(&entries)), &Limits::DEFAULT)
    };
    let index = text(&index);
    for more in [
        vec![file("index.json", &index), file("index.json", "{}")],
        vec![file("real.json", &index), link("index.json", "real.json")],
        vec![file("real.json", &index), link("index.json", "/real.json")],
        vec![file("real.json", &index), hard("index.json", "real.json")],
        vec![file("/index.json", &index)],
        vec![sparse("sparse", "content"), file("index.json", &index)],
    ] {
        assert!(detect(more).is_err());
    }
    assert_eq!(detect(vec![file("other.json", &index)]).unwrap(), None);
}

#[test]
fn a_layout_without_its_mark_is_found_behind_links() {
    // fail: `blobs`, or a folder in it, is a link to where the blobs are, also beside an index that is a link or has bytes behind its end, in an
    // archive that cannot be indexed too; pass: a link that is no place of blobs, and an index of something else
    let mut layout = two_layers(Packing::Plain).layout();
    layout.remove("oci-layout").unwrap();
    let index = String::from_utf8(layout.remove("index.json").unwrap()).unwrap();
    let moved = |to: &str| -> Vec<Entry> {
        let moved = layout.iter().map(|(path, bytes)| (path.replace("blobs/sha256", to), bytes.clone()));
        entries(&moved.collect())
    };
    let longer = format!("{index} more");
    let indexes = || {
        [
            vec![file("index.json", &index)],
            vec![file("index.json", &longer)],
            vec![file("i.json", &index), link("index.json", "i.json")],
            vec![file("i.json", &longer), link("index.json", "i.json")],
            vec![file("i.json", &index), link("index.json", "/i.json")],
            vec![file("index.json", &index), sparse("sparse", "content")],
        ]
    };
    let detect = |entries: Vec<Entry>| ImageStore::detect(&MemoryBlob::new("a", tar(&entries)), &Limits::DEFAULT);
    for (to, from, target) in [("b/sha256", "blobs", "b"), ("b", "blobs/sha256", "../b"), ("b", "blobs/sha512", "../b")]
    {
        for (number, index) in indexes().into_iter().enumerate() {
            let with_link = moved(to).into_iter().chain([link(from, target)]).chain(index);
            // Of sha256 a plain index lists nothing behind the other link.
            let is_elsewhere = from == "blobs/sha512" && (number == 0 || number == 2);
            assert_eq!(detect(with_link.collect()).is_err(), !is_elsewhere, "{from} {number}");
        }
        let other = moved(to).into_iter().chain([link(from, target), file("index.json", "{ // comments\n}")]);
        assert_eq!(detect(other.collect()).unwrap(), None);
    }
    for index in indexes().into_iter().take(5) {
        let with_link = moved("b").into_iter().chain([link("blobs/a/b", "../../b")]).chain(index);
        assert_eq!(detect(with_link.collect()).unwrap(), None);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_its_mark_is_found_behind_links() {
    // fail: `blobs`, or a folder in it, is a link, and the index is plain, has bytes behind its end, or is a link itself
    use std::os::unix::fs::symlink;
    let mut files = two_layers(Packing::Plain).layout();
    files.remove("oci-layout").unwrap();
    for (from, to, target) in [("blobs", "b", "b"), ("blobs/sha256", "b", "../b")] {
        for way in 0..3 {
            let folder = folder(&files);
            let at = |path: &str| folder.path().join(path);
            std::fs::rename(at(from), at(to)).unwrap();
            symlink(target, at(from)).unwrap();
            match way {
                0 => {}
                1 => {
                    let longer = [files["index.json"].as_slice(), b" more"].concat();
                    std::fs::write(at("index.json"), longer).unwrap();
                }
                _ => {
                    std::fs::rename(at("index.json"), at("i.json")).unwrap();
                    symlink("i.json", at("index.json")).unwrap();
                }
            }
            let found = ImageStore::detect(&local::open(folder.path()).unwrap(), &Limits::DEFAULT);
            let found = fault(found.unwrap_err());
            assert!(matches!(found, ImageFault::NoLayoutMark | ImageFault::UnclearIndex), "{from} {way}: {found:?}");
        }
    }
}

#[test]
fn a_manifest_that_is_too_large_to_be_read_is_refused() {
    // fail: a list of more than 4 MiB, whatever stands before what engines look for; pass: other documents of that size, and a limit above it
    let docker = two_layers(Packing::Plain).docker();
    let detect = |text: &str, limits: &Limits| {
        let mut files = docker.clone();
        files.insert("manifest.json".to_owned(), text.as_bytes().to_vec());
        ImageStore::detect(&archive(&files), limits)
    };
    let manifest = String::from_utf8(docker["manifest.json"].clone()).unwrap();
    let filler = "a".repeat(5 << 20);
    let padded = manifest.replacen('{', &format!("{{\"X\":\"{filler}\","), 1);
    let blanks = format!("{}{manifest}", " ".repeat(5 << 20));
    for text in [&padded, &blanks, &format!(" \n{}", padded.replace("Config", "\\u0043onfig"))] {
        let error = detect(text, &Limits::DEFAULT).unwrap_err();
        assert!(error.hints().iter().any(|hint| hint.contains("--limit")));
        let over = matches!(fault(error), ImageFault::OverLimit { limit: 4_194_304, what: "bytes", document } if document == "manifest.json");
        assert!(over);
    }
    let raised = Limits { manifest_bytes: 8 << 20, ..Limits::DEFAULT };
    assert_eq!(detect(&padded, &raised).unwrap(), Some(Form::DockerArchive));
    assert_eq!(detect(&format!("[\"{filler}\"]"), &raised).unwrap(), None);
    for text in [format!("{{\"name\":\"{filler}\"}}"), format!("\"{filler}\""), filler.clone()] {
        assert_eq!(detect(&text, &Limits::DEFAULT).unwrap(), None);
    }
}
