//! Layouts without `oci-layout`, and docker manifests that are too large to be read: no plain archives.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::io::Read;

use image_kit::*;
use lasthand_artifact::image::{Form, ImageFault, ImageStore};
use lasthand_artifact::{BlobSource, MemoryBlob, NoteKind, Opening, local, read_opening};
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::json;

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

#[test]
fn a_folder_that_skopeo_wrote_is_no_folder_of_files() {
    // fail: an image, an index, one of the old form, in other letters, no strict JSON, too large; blobs as skopeo names them; as link;
    // pass: a `manifest.json` of something else, blobs that are not there, the same below the top
    let hex = Sha256::of(b"config").to_string();
    let detect = |files: &Files| ImageStore::detect(&local::open(folder(files).path()).unwrap(), &Limits::DEFAULT);
    let with = |manifest: &str, blob: &str| {
        let blob = (blob.to_owned(), b"config".to_vec());
        Files::from([("manifest.json".to_owned(), manifest.as_bytes().to_vec()), blob])
    };
    let image = json!({"schemaVersion": 2, "config": {"digest": format!("sha256:{hex}")}, "layers": []}).to_string();
    let layer = json!({"schemaVersion": 2, "layers": [{"digest": format!("sha256:{hex}")}]}).to_string();
    let index = json!({"schemaVersion": 2, "manifests": [{"digest": format!("sha256:{hex}")}]}).to_string();
    let old = json!({"schemaVersion": 1, "fsLayers": [{"blobSum": format!("sha256:{hex}")}]}).to_string();
    let large = format!("{{\"a\":\"{}\",{}", "a".repeat(5 << 20), image.strip_prefix('{').unwrap());
    for manifest in [&image, &layer, &index, &old, &image.replace("config", "CONFIG")] {
        let error = detect(&with(manifest, &hex)).unwrap_err();
        assert!(error.hints().iter().any(|hint| hint.contains("skopeo copy")));
        assert_eq!(fault(error), ImageFault::DirTransport);
    }
    for manifest in [&format!("{image} more"), &large] {
        assert_eq!(fault(detect(&with(manifest, &hex)).unwrap_err()), ImageFault::UnclearManifest);
        assert_eq!(detect(&with(manifest, "app")).unwrap(), None);
    }
    assert_eq!(detect(&with("{\"layers\":[{\"digest\":\"sha256:app\"}]}", "app")).unwrap(), None);
    let listed = format!("{hex}.manifest.json");
    assert_eq!(fault(detect(&with(&index, &listed)).unwrap_err()), ImageFault::DirTransport);
    let below = format!("blobs/{hex}");
    for (manifest, blob) in
        [("{\"name\":\"app\"}", &hex), ("[]", &hex), ("text", &hex), (&image, &below), (&image, &"a".repeat(64))]
    {
        assert_eq!(detect(&with(manifest, blob)).unwrap(), None, "{manifest} {blob}");
    }
    // What such a folder says beside a layout is another image than that one.
    let mut layout = two_layers(Packing::Plain).layout();
    assert_eq!(detect(&layout).unwrap(), Some(Form::OciLayout));
    layout.extend(with(&image, &hex));
    assert_eq!(fault(detect(&layout).unwrap_err()), ImageFault::DirTransport);
}

#[test]
fn an_archive_of_images_that_is_compressed_is_no_archive_of_files() {
    // fail: docker archives and layouts, in gzip and zstd, opened or not, with a manifest that is a link, in another case, no strict JSON, too
    // large, below another spelling of its name; the same from a pipe; pass: documents of something else, and of nothing that is there
    let sample = two_layers(Packing::Plain);
    let is_told = |tar: &[u8]| {
        let ways = [Packing::Gzip, Packing::Zstd].into_iter().flat_map(|packing| {
            [Opening::Closed, Opening::Open].map(|opening| (MemoryBlob::new("x", packing.pack(tar)), opening))
        });
        let told = |blob: &dyn BlobSource, opening| {
            let facts = read_opening(blob, None, opening, &Limits::DEFAULT, &mut |_| {}).unwrap();
            facts.refusals().any(|note| note.kind == NoteKind::PackedImages)
        };
        let mut all: Vec<bool> = ways.map(|(blob, opening)| told(&blob, opening)).collect();
        all.push(told(&Pipe(MemoryBlob::new("x", tar.to_vec())), Opening::Closed));
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
        // What can be read by offset is looked at before.
        assert!(!told(&MemoryBlob::new("x", tar.to_vec()), Opening::Closed));
        all[0]
    };
    let refused = |files: &Files| is_told(&bytes_of(&archive(files)));
    for files in [sample.docker(), sample.layout()] {
        assert!(refused(&files));
    }
    let manifest = String::from_utf8(sample.docker()["manifest.json"].clone()).unwrap();
    let with = |name: &str, text: &str| Files::from([(name.to_owned(), text.as_bytes().to_vec())]);
    let large = format!("[{{\"a\":\"{}\"}},{}", "a".repeat(5 << 20), manifest.strip_prefix('[').unwrap());
    for text in [&manifest, &manifest.replace("Layers", "LAYERS"), &format!("{manifest} more"), &large] {
        assert!(refused(&with("manifest.json", text)));
    }
    assert!(refused(&with("./x/../manifest.json", &manifest)));
    assert!(!refused(&with("package/manifest.json", &manifest)));
    let object = format!("{{\"a\":\"{}\"}}", "a".repeat(5 << 20));
    for text in ["{\"name\":\"app\"}", "[]", "[{\"name\":\"app\"}]", "text", "", &object] {
        assert!(!refused(&with("manifest.json", text)), "{text}");
    }
    let mut site = sample.layout();
    site.insert("index.json".to_owned(), b"{\"name\":\"site\"}".to_vec());
    assert!(!refused(&site));
    assert!(!refused(&with("index.json", "{\"manifests\":[{}]}")));
    let names = |entries: &[Entry]| is_told(&tar(entries));
    for link in [link("manifest.json", "a.json"), hard("manifest.json", "a.json")] {
        assert!(names(&[file("a.json", &format!("\n {manifest}")), link]));
    }
    for link in [link("manifest.json", "dist/a.json"), hard("manifest.json", "dist/a.json")] {
        let other = file("b.json", "[1, 2]");
        assert!(!names(&[file("dist/a.json", "{\"name\":\"extension\"}"), other, link]));
    }
    let blob = format!("blobs/sha256/{}", Sha256::of(b""));
    let index = |text: &str, path: &str| names(&[file("index.json", text), file(path, "")]);
    assert!(index("{\"manifests\":[{\"digest\":\"a\"}]}", &blob));
    assert!(index("{\"m\\u0061nifests\":1, // comment", &blob));
    assert!(!index("{\"title\":\"Caf\\u00e9, all manifests of the fleet\"}", &blob));
    assert!(!index("{\"manifests\":[{\"digest\":\"a\"}]}", "blobs/cat.png"));
    assert!(!index("{\"manifests\":[{\"digest\":\"a\"}]}", "blobs"));
    assert!(names(&[file("manifest.json", "[]"), file("manifest.json", &manifest)]));
    assert!(!names(&[dir("manifest.json"), file("manifest.json/a", &manifest)]));
    let many: Vec<Entry> = (0..100).map(|_| file("manifest.json", "{}")).collect();
    assert!(!names(&many));
    // A link leads to any member, an `index.json` among them; lists of other things are none of images.
    assert!(names(&[file("index.json", &manifest), link("manifest.json", "index.json")]));
    assert!(names(&[file("index.json", &manifest), hard("manifest.json", "index.json")]));
    let blanks = " ".repeat(5 << 20);
    assert!(names(&[file("a.json", &format!("{blanks}{manifest}")), link("manifest.json", "a.json")]));
    assert!(names(&[file("a.json", &format!("[{blanks}{}", &manifest[1..])), link("manifest.json", "a.json")]));
    assert!(!names(&[file("a.json", &blanks[..1_000]), link("manifest.json", "a.json")]));
    let others = [file("Cargo.toml", "[package]"), file("a.service", "[Unit]"), file("README", "[![ci](a)](b)")];
    let honest = [file("a.json", "{}"), file("b.json", "[{\"x\":1}]"), link("manifest.json", "a.json")];
    assert!(!names(&others.into_iter().chain(honest).collect::<Vec<_>>()));
    let numbers = format!("[{}1]", "1,".repeat(1_200_000));
    assert!(!names(&[file("manifest.json", &numbers)]));
}

/// Can be read from its start alone.
struct Pipe(MemoryBlob);

impl BlobSource for Pipe {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        self.0.open()
    }

    fn name(&self) -> &'static str {
        "x"
    }

    fn len(&self) -> Option<u64> {
        None
    }
}

fn bytes_of(blob: &MemoryBlob) -> Vec<u8> {
    let mut bytes = Vec::new();
    blob.open().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}
