//! Images whose parts do not belong together, or that two readers would take differently.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::io::Read as _;

use image_kit::*;
use lasthand_artifact::image::{Form, ImageArtifact, ImageFault, ImageStore};
use lasthand_artifact::{ArtifactError, BlobSource as _, MemoryBlob, NoteKind, PathFault, local};
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::{Value, json};

fn sample() -> Image {
    Image { config: json!({}), layers: vec![(tar(&[file("a", "a")]), Packing::Gzip)] }
}

/// A layout of one image whose manifest was changed before it was stored.
fn changed(change: impl FnOnce(&mut Value, &mut Files)) -> Files {
    let mut files = Files::new();
    let mut manifest = sample().blobs(&mut files);
    change(&mut manifest, &mut files);
    let descriptor = put_json(&mut files, &manifest, MANIFEST);
    root(files, &[descriptor])
}

fn check(files: &Files, fits: fn(&ImageFault) -> bool) {
    for found in [read_files(files), read_folder(files)] {
        let found = fault(found.unwrap_err());
        assert!(fits(&found), "{found:?}");
    }
}

fn layer_name(manifest: &Value) -> String {
    manifest["layers"][0]["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/")
}

#[test]
fn a_blob_that_is_not_what_its_descriptor_says_is_named() {
    // fail: missing, longer, changed; layer, config, manifest
    check(&changed(|m, files| drop(files.remove(&layer_name(m)))), |f| matches!(f, ImageFault::Missing { .. }));
    check(&changed(|m, files| files.get_mut(&layer_name(m)).unwrap().push(0)), |f| {
        matches!(f, ImageFault::SizeDiffers { .. })
    });
    // Damage in the middle: called what it is, not what the decoder made of it.
    check(&changed(|m, files| files.get_mut(&layer_name(m)).unwrap()[20] ^= 1), |f| {
        matches!(f, ImageFault::DigestDiffers { .. })
    });
    check(&changed(|m, _| m["layers"][0]["size"] = json!(1)), |f| matches!(f, ImageFault::SizeDiffers { .. }));
    check(&changed(|m, _| m["config"]["size"] = json!(1)), |f| matches!(f, ImageFault::SizeDiffers { .. }));
    let config = |m: &Value| m["config"]["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/");
    check(&changed(|m, files| drop(files.remove(&config(m)))), |f| matches!(f, ImageFault::Missing { .. }));
    check(&changed(|m, files| files.get_mut(&config(m)).unwrap()[0] = b' '), |f| {
        matches!(f, ImageFault::DigestDiffers { .. })
    });
    let mut files = sample().layout();
    let mut index: Value = serde_json::from_slice(&files["index.json"]).unwrap();
    index["manifests"][0]["size"] = json!(5);
    files.insert("index.json".to_owned(), serde_json::to_vec(&index).unwrap());
    check(&files, |f| matches!(f, ImageFault::SizeDiffers { expected: 5, .. }));
    let mut files = sample().layout();
    let name = index["manifests"][0]["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/");
    files.get_mut(&name).unwrap()[0] = b'[';
    check(&files, |f| matches!(f, ImageFault::DigestDiffers { .. }));
}

#[test]
fn a_layer_that_inflates_to_something_else_is_refused() {
    // fail: the manifest's digest is right, the config's diff id is not
    let other = tar(&[file("a", "b")]);
    let files = changed(|m, files| m["layers"][0] = put(files, &gzip(&other), &format!("{LAYER}+gzip")));
    let found = fault(read_files(&files).unwrap_err());
    let expected = Sha256::of(&sample().layers[0].0);
    assert!(
        matches!(&found, ImageFault::DiffIdDiffers { layer: 0, expected: e, got, .. } if *e == expected && *got == Sha256::of(&other)),
        "{found:?}"
    );
    // Zeros behind the end marker are no entries, but other bytes.
    let mut longer = sample().layers[0].0.clone();
    longer.resize(longer.len() + 512, 0);
    let files = changed(|m, files| m["layers"][0] = put(files, &longer, LAYER));
    check(&files, |f| matches!(f, ImageFault::DiffIdDiffers { .. }));
}

#[test]
fn bytes_behind_a_layer_are_refused() {
    // fail: behind the gzip stream, behind the archive's end
    let tail = [gzip(&sample().layers[0].0), b"tail".to_vec()].concat();
    let files = changed(|m, files| m["layers"][0] = put(files, &tail, &format!("{LAYER}+gzip")));
    assert!(matches!(read_files(&files), Err(ArtifactError::Compression { .. })));
    let mut image = sample();
    image.layers[0] = ([sample().layers[0].0.clone(), tar(&[file("b", "b")])].concat(), Packing::Zstd);
    let facts = self::image(read_files(&image.layout()).unwrap());
    assert_eq!(
        facts.refusals().map(|(layer, note)| (*layer, note.kind)).collect::<Vec<_>>(),
        [(Some(0), NoteKind::AfterEndMarker)]
    );
    image.layers[0].0 = sample().layers[0].0[..300].to_vec();
    assert!(matches!(read_files(&image.layout()), Err(ArtifactError::Truncated { .. })));
    image.layers[0].0 = b"not a tar".to_vec();
    assert!(read_files(&image.layout()).is_err());
}

#[test]
fn layers_and_diff_ids_are_as_many() {
    // fail: one more, one less
    let fits = |f: &ImageFault| matches!(f, ImageFault::LayerCount { diff_ids: 1, .. });
    check(&changed(|m, _| m["layers"] = json!([])), fits);
    check(&changed(|m, _| m["layers"] = json!([m["layers"][0], m["layers"][0]])), fits);
}

#[test]
fn a_document_of_two_kinds_is_refused() {
    // fail: CVE-2021-41190, in manifest and index; a media type that says the other kind
    check(&changed(|m, _| m["manifests"] = json!([])), |f| matches!(f, ImageFault::BothKinds { .. }));
    check(&changed(|m, _| m["mediaType"] = json!(INDEX)), |f| matches!(f, ImageFault::MediaTypeDiffers { .. }));
    check(&changed(|m, _| m["mediaType"] = json!("x/y")), |f| matches!(f, ImageFault::MediaTypeDiffers { .. }));
    let mut files = Files::new();
    let manifest = sample().blobs(&mut files);
    let as_index = put_json(&mut files, &manifest, INDEX);
    check(&root(files.clone(), &[as_index]), |f| matches!(f, ImageFault::MediaTypeDiffers { .. }));
    let inner = put_json(&mut files, &manifest, MANIFEST);
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [inner], "layers": []}), INDEX);
    check(&root(files.clone(), &[index]), |f| matches!(f, ImageFault::BothKinds { .. }));
    let both = json!({"schemaVersion": 2, "manifests": [inner], "config": {}});
    let mut files = root(files, &[]);
    files.insert("index.json".to_owned(), serde_json::to_vec(&both).unwrap());
    check(&files, |f| matches!(f, ImageFault::BothKinds { .. }));
}

#[test]
fn docker_and_oci_types_of_one_kind_may_meet() {
    // pass: as containerd takes them
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    assert!(read_files(&changed(|m, _| m["mediaType"] = json!(docker))).is_ok());
    assert!(read_files(&changed(|m, _| drop(m.as_object_mut().unwrap().remove("mediaType")))).is_ok());
}

#[test]
fn members_in_another_case_are_refused() {
    // fail: Go reads `Layers` for `layers`, also with a long s
    for name in ["Layers", "LAYERS", "layer\u{17f}", "Config", "mediatype", "Manifests"] {
        check(&changed(|m, _| m[name] = json!(null)), |f| matches!(f, ImageFault::CaseVariant { .. }));
    }
    check(&changed(|m, _| m["layers"][0]["Digest"] = json!("x")), |f| matches!(f, ImageFault::CaseVariant { .. }));
}

#[test]
fn a_key_twice_is_refused_in_every_document() {
    // fail: index, manifest, config, docker manifest
    let is_document = |files: &Files| assert!(matches!(read_files(files), Err(ArtifactError::Document { .. })));
    let twice = |bytes: &[u8], open: &str| {
        String::from_utf8(bytes.to_vec()).unwrap().replacen(open, &format!("{open}\"x\":1,\"x\":2,"), 1).into_bytes()
    };
    let mut files = sample().layout();
    files.insert("index.json".to_owned(), twice(&files["index.json"], "{"));
    is_document(&files);
    let mut files = Files::new();
    let manifest = sample().blobs(&mut files);
    let bytes = twice(&serde_json::to_vec(&manifest).unwrap(), "{");
    let descriptor = put(&mut files, &bytes, MANIFEST);
    is_document(&root(files, &[descriptor]));
    is_document(&changed(|m, files| m["config"] = put(files, &twice(&sample().config_bytes(), "{"), CONFIG)));
    let mut files = sample().docker();
    files.insert("manifest.json".to_owned(), twice(&files["manifest.json"], "[{"));
    let opened = read_blob(&archive(&files), Some(Form::DockerArchive));
    assert!(matches!(opened, Err(ArtifactError::Document { .. })));
}

#[test]
fn what_is_not_supported_is_said() {
    // fail: encrypted layers, other digests, other configs, schema 1, another layout version
    let fits = |f: &ImageFault| matches!(f, ImageFault::Unsupported { .. });
    check(&changed(|m, _| m["layers"][0]["mediaType"] = json!(format!("{LAYER}+gzip+encrypted"))), fits);
    check(&changed(|m, _| m["schemaVersion"] = json!(1)), fits);
    check(&changed(|m, _| m["fsLayers"] = json!([{}])), fits);
    check(&changed(|m, _| m["layers"][0]["digest"] = json!("sha512:00")), fits);
    check(&changed(|m, _| m["layers"][0]["digest"] = json!("../../etc/passwd")), fits);
    let mut image = sample();
    image.config = json!({"top": {"rootfs": {"type": "other", "diff_ids": []}}});
    check(&image.layout(), fits);
    let mut files = sample().layout();
    files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"2.0.0"}"#.to_vec());
    check(&files, fits);
    let plain = changed(|m, _| m["config"]["mediaType"] = json!("application/vnd.oci.empty.v1+json"));
    let blob = archive(&plain);
    assert!(ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap().choices().is_empty());
}

#[test]
fn an_archive_of_images_that_begins_as_something_packed_is_refused() {
    // fail: engines inflate what begins as xz or bzip2 before they look for images, and load another one; pass: any other first member
    for (name, fine) in [("\u{1}plain", true), ("\u{fd}7zXZ", false), ("BZh-notes", false)] {
        for files in [sample().layout(), sample().docker()] {
            let mut bytes = Vec::new();
            let mut header = ::tar::Header::new_ustar();
            let raw: Vec<u8> = name.chars().map(|c| c as u8).collect();
            header.as_mut_bytes()[..raw.len()].copy_from_slice(&raw);
            header.set_size(0);
            header.set_mode(0o644);
            header.set_cksum();
            bytes.extend_from_slice(header.as_bytes());
            archive(&files).open().unwrap().read_to_end(&mut bytes).unwrap();
            let facts = image(read_blob(&MemoryBlob::new("images.tar", bytes), None).unwrap());
            let refused = facts.refusals().any(|(_, note)| note.kind == NoteKind::TwoForms);
            assert_eq!(refused, !fine, "{name}");
        }
    }
}

#[test]
fn an_index_of_a_hundred_thousand_manifests_is_refused() {
    // fail: for its bytes before it is parsed; where they are allowed, for its members before one is read
    let mut files = Files::new();
    let manifest = sample().blobs(&mut files);
    let member = put_json(&mut files, &manifest, MANIFEST);
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": vec![member; 100_000]}), INDEX);
    let folder = folder(&root(files, &[index]));
    let artifact = local::open(folder.path()).unwrap();
    for (manifest_bytes, counted) in [(Limits::DEFAULT.manifest_bytes, "bytes"), (1 << 30, "manifests")] {
        let limits = Limits { manifest_bytes, ..Limits::DEFAULT };
        let store = ImageStore::open(&artifact, None, &limits).unwrap();
        let found = fault(store.read(&store.choices()[0], None, &limits, &mut |_| {}).unwrap_err());
        assert!(matches!(found, ImageFault::OverLimit { what, .. } if what == counted), "{found:?}");
    }
}

#[test]
fn limits_are_errors_that_name_them() {
    // fail: layers, manifests, bytes of documents, entries of all layers
    let blob = archive(&sample().layout());
    let read = |limits: Limits| {
        let store = ImageStore::open(&blob, None, &limits)?;
        store.read(&store.choices()[0], None, &limits, &mut |_| {})
    };
    assert!(read(Limits { layers: 1, manifests: 1, entries: 6, ..Limits::DEFAULT }).is_ok());
    for limits in [
        Limits { layers: 0, ..Limits::DEFAULT },
        Limits { manifests: 0, ..Limits::DEFAULT },
        Limits { manifest_bytes: 100, ..Limits::DEFAULT },
        Limits { config_bytes: 100, ..Limits::DEFAULT },
    ] {
        assert!(matches!(fault(read(limits).unwrap_err()), ImageFault::OverLimit { .. }), "{limits:?}");
    }
    assert!(matches!(read(Limits { json_depth: 2, ..Limits::DEFAULT }), Err(ArtifactError::Document { .. })));
    let few = Limits { entries: 1, ..Limits::DEFAULT };
    let two = Image::new(&[&[file("a", "a")], &[file("b", "b")]]).layout();
    let folder = folder(&two);
    let artifact = local::open(folder.path()).unwrap();
    let store = ImageStore::open(&artifact, None, &Limits::DEFAULT).unwrap();
    let found = store.read(&store.choices()[0], None, &few, &mut |_| {});
    assert!(matches!(found, Err(ArtifactError::OverLimit { what: "entries", .. })));
}

#[test]
fn a_bomb_in_a_layer_is_stopped() {
    // fail: by the ratio, whatever digest it has
    let mut image = sample();
    image.layers[0] = (vec![0; 3 << 20], Packing::Zstd);
    let files = archive(&image.layout());
    let store = ImageStore::open(&files, None, &Limits::DEFAULT).unwrap();
    let limits = Limits { inflate_free_bytes: 2 << 20, ..Limits::DEFAULT };
    let found = store.read(&store.choices()[0], None, &limits, &mut |_| {});
    assert!(matches!(found, Err(ArtifactError::OverLimit { limit: 200, .. })), "{found:?}");
}

#[test]
fn bombs_in_many_layers_are_stopped_together() {
    // fail: layers that each stay below what is free, of one image and of several of an index; pass: the same as one layer, as few layers, and as
    // many that were not packed
    let limits = Limits { inflate_free_bytes: 4 << 20, ..Limits::DEFAULT };
    let zeros = |number: u8| tar(&[file(&format!("{number}"), &"\0".repeat(3 << 20))]);
    let read = |files: &Files| {
        let blob = archive(files);
        let store = ImageStore::open(&blob, None, &limits)?;
        store.read(&store.choices()[0], None, &limits, &mut |_| {})
    };
    let image = |numbers: std::ops::Range<u8>, packing: Packing| {
        let layers = numbers.map(|number| (zeros(number), packing)).collect();
        Image { config: json!({}), layers }
    };
    let is_stopped = |found: &Result<ImageArtifact, ArtifactError>| {
        matches!(found, Err(ArtifactError::OverLimit { what: "uncompressed bytes for one compressed byte", .. }))
    };
    for packing in [Packing::Gzip, Packing::Zstd] {
        assert!(read(&image(0..2, packing).layout()).is_ok());
        let found = read(&image(0..3, packing).layout());
        assert!(is_stopped(&found), "{found:?}");
    }
    assert!(read(&image(0..8, Packing::Plain).layout()).is_ok());
    // What one of them ships counts for all.
    let mut mixed = image(0..8, Packing::Zstd);
    mixed.layers.push((zeros(8), Packing::Plain));
    assert!(read(&mixed.layout()).is_ok());
    let mut files = Files::new();
    let members: Vec<Value> = (0..3)
        .map(|number| {
            let manifest = image(number..number + 1, Packing::Zstd).blobs(&mut files);
            put_json(&mut files, &manifest, MANIFEST)
        })
        .collect();
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": members}), INDEX);
    let found = read(&root(files, &[index]));
    assert!(is_stopped(&found), "{found:?}");
}

#[test]
fn names_in_a_docker_archive_stay_inside() {
    // fail: config and layers; a config whose name is another digest
    let with_manifest = |config: &str, layer: &str| {
        let mut files = sample().docker();
        let manifest = json!([{"Config": config, "Layers": [layer]}]);
        files.insert("manifest.json".to_owned(), serde_json::to_vec(&manifest).unwrap());
        read_blob(&archive(&files), Some(Form::DockerArchive))
    };
    let config = format!("{}.json", Sha256::of(&sample().config_bytes()));
    for (config, layer) in [("../x", "l"), ("/x", "l"), (&config, "../l"), (&config, "a/../../l"), ("", "l")] {
        let found = with_manifest(config, layer);
        let fits = matches!(&found, Err(ArtifactError::BadPath { fault, .. })
            if matches!(fault, PathFault::Parent | PathFault::Absolute | PathFault::Empty));
        assert!(fits, "{config} {layer}: {found:?}");
    }
    assert!(matches!(fault(with_manifest(&config, "none").unwrap_err()), ImageFault::Missing { .. }));
    let mut files = sample().docker();
    let other = format!("blobs/sha256/{}", Sha256::of(b"other"));
    let bytes = files.remove(&config).unwrap();
    files.insert(other.clone(), bytes);
    let manifest = json!([{"Config": other, "Layers": []}]);
    files.insert("manifest.json".to_owned(), serde_json::to_vec(&manifest).unwrap());
    let found = read_blob(&archive(&files), Some(Form::DockerArchive));
    assert!(matches!(fault(found.unwrap_err()), ImageFault::DigestDiffers { .. }));
}

#[test]
fn an_archive_that_only_engines_take_for_an_image_is_refused() {
    // fail: what readers in use load as an image, and a strict one does not: other letters, a member twice, a number out of range, no UTF-8, a
    // lone surrogate, no layers; pass: lists of something else
    let config = format!("{}.json", Sha256::of(&sample().config_bytes()));
    let detect = |manifest: &[u8]| {
        let mut files = sample().docker();
        files.insert("manifest.json".to_owned(), manifest.to_vec());
        ImageStore::detect(&archive(&files), &Limits::DEFAULT)
    };
    let image = |config_key: &str, layers_key: &str, more: &str| {
        format!("[{{\"{config_key}\": \"{config}\", \"{layers_key}\": []{more}}}]").into_bytes()
    };
    assert_eq!(detect(&image("Config", "Layers", "")).unwrap(), Some(Form::DockerArchive));
    let not_text = [image("Config", "Layers", ", \"a\": \"").as_slice(), b"\xff\"}]"].concat();
    for hostile in [
        image("config", "layers", ""),
        image("Config", "layers", ""),
        image("Config", "Layers", ", \"Layers\": []"),
        image("Config", "Layers", ", \"a\": 1e999"),
        image("Config", "Layers", ", \"a\": \"\\ud800\""),
        not_text,
    ] {
        assert!(detect(&hostile).is_err(), "{}", String::from_utf8_lossy(&hostile));
    }
    let without_layers = format!("[{{\"Config\": \"{config}\"}}]");
    assert_eq!(detect(without_layers.as_bytes()).unwrap(), Some(Form::DockerArchive));
    for plain in [&b"[]"[..], b"[1, 2]", b"[{\"name\": \"x\"}]", b"{\"config\": 1}", b"text"] {
        assert_eq!(detect(plain).unwrap(), None);
    }
}

#[test]
fn a_docker_layer_that_the_config_does_not_name_is_refused() {
    // fail: replaced bytes under the old member name
    let mut files = sample().docker();
    let name = files.keys().find(|name| name.ends_with("layer.tar")).unwrap().clone();
    files.insert(name, tar(&[file("a", "evil")]));
    let found = read_files(&files);
    assert!(matches!(fault(found.unwrap_err()), ImageFault::DiffIdDiffers { .. }));
}

#[test]
fn an_archive_is_indexed_strictly() {
    // fail: a member twice, a cut; refused: bytes behind the end, a cut in the padding of the last member
    let entries = |extra: Option<Entry>| {
        let files = Image::new(&[&[file("a", "a")]]).layout();
        let members = files.iter().map(|(name, bytes)| file(name, std::str::from_utf8(bytes).unwrap()));
        tar(&members.chain(extra).collect::<Vec<_>>())
    };
    let read = |bytes: Vec<u8>| read_blob(&MemoryBlob::new("a.tar", bytes), Some(Form::OciArchive));
    assert!(read(entries(None)).is_ok());
    assert!(matches!(read(entries(Some(file("index.json", "{}")))), Err(ArtifactError::Duplicate { .. })));
    let behind = [entries(None), tar(&[file("b", "b")])].concat();
    let noted = |bytes| image(read(bytes).unwrap()).notes.iter().map(|(_, note)| note.kind).collect::<Vec<_>>();
    assert_eq!(noted(behind), [NoteKind::AfterEndMarker]);
    let whole = entries(None);
    for part in 0..64 {
        let cut = whole[..(whole.len() - 1024) * part / 64].to_vec();
        let told = |found: ImageArtifact| image(found).notes.iter().any(|(_, note)| note.kind == NoteKind::CutPadding);
        assert!(read(cut).map_or(true, told), "{part}/64");
    }
}

#[test]
fn a_large_member_is_passed_over_and_still_read() {
    // pass: contents over 64 KiB are not read while the archive is indexed; fail: cut inside one
    let big = "x".repeat(200_000);
    let bytes = |files: &Files| {
        tar(&files.iter().map(|(name, b)| file(name, std::str::from_utf8(b).unwrap())).collect::<Vec<_>>())
    };
    let whole = bytes(&Image::new(&[&[file("a", &big)]]).layout());
    let facts = image(read_blob(&MemoryBlob::new("a.tar", whole.clone()), None).unwrap());
    assert!(has(&facts, "a", &big));
    let cut = MemoryBlob::new("a.tar", whole[..100_000].to_vec());
    let found = ImageStore::open(&cut, Some(Form::OciArchive), &Limits::DEFAULT).map(|_| ());
    assert!(matches!(found, Err(ArtifactError::Truncated { .. })), "{found:?}");
}

#[cfg(unix)]
#[test]
fn links_in_a_layout_folder_are_not_followed() {
    // fail: blob, folder of blobs, `index.json`
    use std::os::unix::fs::symlink;
    let files = sample().layout();
    let outside = folder(&files);
    for name in ["blobs", "blobs/sha256", "index.json"] {
        let inside = folder(&files);
        let path = inside.path().join(name);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap()
        } else {
            std::fs::remove_file(&path).unwrap()
        }
        symlink(outside.path().join(name), &path).unwrap();
        let artifact = local::open(inside.path()).unwrap();
        let found = ImageStore::open(&artifact, None, &Limits::DEFAULT)
            .and_then(|store| store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}));
        assert!(matches!(found, Err(ArtifactError::Entry { .. })), "{name}: {found:?}");
    }
}

/// A pipe: bytes from the start only.
struct Pipe(MemoryBlob);

impl lasthand_artifact::BlobSource for Pipe {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
        self.0.open()
    }

    fn name(&self) -> &'static str {
        "pipe"
    }

    fn len(&self) -> Option<u64> {
        None
    }
}

#[test]
fn a_source_without_offsets_is_no_place_of_images() {
    // fail: with the reason
    let pipe = Pipe(archive(&sample().layout()));
    let source = lasthand_artifact::Source::Blob(&pipe);
    let found = ImageStore::open(source, None, &Limits::DEFAULT).map(|_| ());
    let Err(ArtifactError::Io { source, .. }) = found else { panic!("{found:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::Unsupported);
}

#[test]
fn rules_for_archives_of_images_judge_no_other_archive() {
    // pass: a member twice, an absolute or sparse one, beside documents that are of no image; fail: where there are images, and where the odd
    // member is one of those that say so
    let detect = |entries: Vec<Entry>| ImageStore::detect(&MemoryBlob::new("a.tar", tar(&entries)), &Limits::DEFAULT);
    let odd = || [vec![file("a", "1"), file("a", "2")], vec![file("/b", "3")], vec![sparse("c", "4")]];
    let with = |mut entries: Vec<Entry>, more: Vec<Entry>| {
        entries.extend(more);
        entries
    };
    for odd in odd() {
        assert_eq!(detect(odd).unwrap(), None);
    }
    let [twice, absolute, _] = odd();
    assert_eq!(detect(with(twice, vec![file("manifest.json", "{}")])).unwrap(), None);
    assert_eq!(detect(with(absolute, vec![file("index.json", "{}"), file("index.json", "[]")])).unwrap(), None);
    for images in [sample().layout(), sample().docker()] {
        for odd in odd() {
            assert!(detect(with(odd, entries(&images))).is_err());
        }
    }
    for hiding in [
        vec![file("manifest.json", "{}"), file("./manifest.json", "{}")],
        vec![file("/manifest.json", "{}")],
        vec![sparse("manifest.json", "{}")],
        vec![link("manifest.json", "m"), file("m", "{}"), file("m", "[]")],
        vec![file("oci-layout", "{}"), file("index.json", "{}"), file("index.json", "[]")],
    ] {
        assert!(detect(hiding).is_err());
    }
    // However many other things there are to note.
    let noise = (0..10_001).map(|number| file(&format!("\u{1}{number}"), ""));
    let twice = [file("manifest.json", "{}"), file("manifest.json", "[]")];
    assert!(matches!(detect(noise.chain(twice).collect()), Err(ArtifactError::Duplicate { .. })));
}

#[test]
fn an_archive_of_both_kinds_means_the_same_image_by_each_name() {
    // fail: a name or a tag that means another one there, an image that is not loaded from there; pass: alike, and names of one kind alone
    let mut files = Files::new();
    let mut image = |content: &str, architecture: &str| {
        let mut image = Image::new(&[&[file("a", content)]]);
        image.config = json!({"top": {"architecture": architecture}});
        let manifest = image.blobs(&mut files);
        let path = |of: &Value| json!(of["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/"));
        let docker = json!({"Config": path(&manifest["config"]), "Layers": [path(&manifest["layers"][0])]});
        (put_json(&mut files, &manifest, MANIFEST), docker)
    };
    let ((one, docker_one), (two, docker_two)) = (image("one", "amd64"), image("two", "arm64"));
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [one, two]}), INDEX);
    let named = |of: &Value, key: &str, name: &str| with(of.clone(), "annotations", json!({key: name}));
    let tagged = |of: &Value, name: &str| with(of.clone(), "RepoTags", json!([name]));
    let read = |descriptors: &[Value], docker: &[Value], platform: Option<&str>| {
        let mut files = root(files.clone(), descriptors);
        files.insert("manifest.json".to_owned(), serde_json::to_vec(docker).unwrap());
        let blob = archive(&files);
        let store = ImageStore::open_if_any(&blob, &Limits::DEFAULT)?.unwrap();
        assert_eq!(store.form(), Form::OciArchive);
        store.read(&store.choices()[0], platform, &Limits::DEFAULT, &mut |_| {}).map(drop)
    };
    let (full, tag) = ("io.containerd.image.name", "org.opencontainers.image.ref.name");
    let both = [tagged(&docker_one, "app:1"), tagged(&docker_two, "other:2")];
    let crossed = [tagged(&docker_two, "app:1"), tagged(&docker_one, "other:2")];
    for descriptors in [
        [named(&one, full, "docker.io/library/app:1"), named(&two, full, "docker.io/library/other:2")],
        [named(&one, tag, "1"), named(&two, tag, "2")],
    ] {
        read(&descriptors, &both, None).unwrap();
        let found = fault(read(&descriptors, &crossed, None).unwrap_err());
        assert!(matches!(found, ImageFault::OtherName { .. }), "{found:?}");
    }
    // `docker save` of one platform of several.
    let of_index = [named(&index, tag, "1")];
    let docker = [tagged(&docker_two, "app:1")];
    read(&of_index, &docker, None).unwrap();
    read(&of_index, &docker, Some("linux/arm64")).unwrap();
    let found = fault(read(&of_index, &docker, Some("linux/amd64")).unwrap_err());
    assert!(matches!(found, ImageFault::NotLoaded { .. }), "{found:?}");
    let found = fault(read(&[one.clone(), two], &docker, None).unwrap_err());
    assert!(matches!(found, ImageFault::NotLoaded { .. }), "{found:?}");
}

#[test]
fn two_entries_of_one_platform_under_two_names_are_refused() {
    // fail: engines run the first of them, whatever it is called; pass: one under another name
    let mut files = Files::new();
    let mut of = |content: &str, architecture: &str| {
        let manifest = Image::new(&[&[file("a", content)]]).blobs(&mut files);
        let descriptor = put_json(&mut files, &manifest, MANIFEST);
        with(descriptor, "platform", json!({"os": "linux", "architecture": architecture}))
    };
    let (evil, good) = (of("evil", "x86_64"), of("good", "amd64"));
    let read = |members: &[Value]| {
        let mut files = files.clone();
        let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": members}), INDEX);
        let blob = archive(&root(files, &[index]));
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
        store.read(&store.choices()[0], Some("linux/amd64"), &Limits::DEFAULT, &mut |_| {})
    };
    let found = fault(read(&[evil.clone(), good]).unwrap_err());
    assert!(matches!(found, ImageFault::Platform { found: 2, .. }), "{found:?}");
    assert!(has(&image(read(&[evil]).unwrap()), "a", "evil"));
}

#[test]
fn the_bytes_of_a_layer_are_packed_as_its_media_type_says() {
    // fail: gzip under the plain type and under that of zstd, plain bytes under that of gzip, also of a layer that was read under a true one
    let fits = |f: &ImageFault| matches!(f, ImageFault::OtherPacking { .. });
    let docker = "application/vnd.docker.image.rootfs.diff.tar";
    for wrong in [LAYER.to_owned(), format!("{LAYER}+zstd"), docker.to_owned(), format!("{docker}.zstd")] {
        check(&changed(|m, _| m["layers"][0]["mediaType"] = json!(wrong)), fits);
    }
    assert!(read_files(&changed(|m, _| m["layers"][0]["mediaType"] = json!(format!("{docker}.gzip")))).is_ok());
    let plain =
        |m: &mut Value, files: &mut Files| m["layers"][0] = put(files, &sample().layers[0].0, &format!("{LAYER}+gzip"));
    check(&changed(plain), fits);
    let twice = Image { layers: vec![sample().layers.remove(0), sample().layers.remove(0)], ..sample() };
    let mut files = Files::new();
    let mut manifest = twice.blobs(&mut files);
    manifest["layers"][1]["mediaType"] = json!(LAYER);
    let descriptor = put_json(&mut files, &manifest, MANIFEST);
    check(&root(files, &[descriptor]), fits);
}

#[test]
fn a_history_of_other_layers_is_noted() {
    // pass: as many entries that made a layer, or no history; noted: fewer; refused: more, as docker refuses them; fail: another shape
    let read = |history: Value| {
        let mut image = sample();
        image.config = json!({"top": {"history": history}});
        read_files(&image.layout())
    };
    let noted = |history: Value| notes(&image(read(history).unwrap()));
    assert_eq!(noted(json!([{"created_by": "a"}, {"empty_layer": true}])), []);
    assert_eq!(noted(json!([{"empty_layer": false}])), []);
    assert_eq!(noted(json!([])), []);
    assert_eq!(noted(json!([{"empty_layer": true}])), [NoteKind::ShortHistory]);
    assert_eq!(noted(json!([{}, null])), [NoteKind::LongHistory]);
    assert!(matches!(fault(read(json!([{"empty_layer": "no"}])).unwrap_err()), ImageFault::Shape { .. }));
}

#[test]
fn what_applying_layers_costs_is_bounded_over_all_images_of_an_index() {
    // fail: many manifests over the same layers, a chain of links before many folders; pass: a few of both
    let limits = Limits { entries: 5_000, ..Limits::DEFAULT };
    let read = |layers: &[&[Entry]], manifests: usize| {
        let blob = archive(&many_of(&Image::new(layers), manifests));
        let store = ImageStore::open(&blob, None, &limits).unwrap();
        store.read(&store.choices()[0], None, &limits, &mut |_| {}).map(drop)
    };
    let bounded = |found: Result<(), ArtifactError>| {
        let found = fault(found.unwrap_err());
        assert!(matches!(found, ImageFault::OverLimit { what: "steps to apply the layers", .. }), "{found:?}");
    };
    let many: Vec<Entry> = (0..2_000).map(|number| file(&format!("d/{number}"), "")).collect();
    read(&[&many, &[file(".wh.d", "")]], 10).unwrap();
    bounded(read(&[&many, &[file(".wh.d", "")]], 40));
    let links = |folders: usize| {
        let links = (0..200).map(|number| link(&format!("l{number}"), &format!("l{}", number + 1)));
        let folders = (0..folders).map(|number| file(&format!("l0/{number}/f"), ""));
        links.chain([dir("l200")]).chain(folders).collect::<Vec<_>>()
    };
    read(&[&links(100)], 1).unwrap();
    bounded(read(&[&links(4_000)], 1));
}

#[test]
fn configs_of_all_images_are_bounded_together() {
    // fail: one large config, of which each of many images is read; pass: a few images of it, many of a small one
    let read = |bytes: usize, images: usize| {
        let image = Image { config: json!({"Labels": {"a": "a".repeat(bytes)}}), ..Image::new(&[&[file("a", "")]]) };
        let blob = archive(&many_of(&image, images));
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
        store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}).map(drop)
    };
    read(7 << 20, 4).unwrap();
    read(7 << 10, 400).unwrap();
    let found = fault(read(7 << 20, 5).unwrap_err());
    assert!(matches!(found, ImageFault::OverLimit { what: "bytes of the configs of all images", .. }), "{found:?}");
    let labels = |count: usize| {
        let labels: serde_json::Map<_, _> = (0..count).map(|number| (format!("\\{number}"), json!("1"))).collect();
        read_files(&Image { config: json!({"Labels": labels}), ..sample() }.layout())
    };
    labels(90_000).unwrap();
    let found = fault(labels(100_001).unwrap_err());
    assert!(matches!(found, ImageFault::OverLimit { what: "fields of the configs of all images", .. }), "{found:?}");
    // To pick one of them by its config reads it twice, and counts once.
    let mut files = Files::new();
    let of = |architecture: &str| {
        let label = json!({"Labels": {"a": "a".repeat(7 << 20)}, "top": {"architecture": architecture}});
        Image { config: label, ..Image::new(&[&[file("a", "")]]) }
    };
    let manifests = ["amd64", "arm64", "riscv64", "s390x"].map(|architecture| of(architecture).blobs(&mut files));
    let members = manifests.map(|manifest| put_json(&mut files, &manifest, MANIFEST));
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": members}), INDEX);
    let blob = archive(&root(files, &[index]));
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    for platform in [None, Some("linux/s390x")] {
        store.read(&store.choices()[0], platform, &Limits::DEFAULT, &mut |_| {}).unwrap();
    }
    // A docker archive names one member as often as it likes.
    let docker = |bytes: usize| {
        let image = Image { config: json!({"Labels": {"a": "a".repeat(bytes)}}), ..Image::new(&[&[file("a", "")]]) };
        let mut files = image.docker();
        let listed: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let many = vec![listed[0].clone(); 100];
        files.insert("manifest.json".to_owned(), serde_json::to_vec(&many).unwrap());
        ImageStore::open(&archive(&files), None, &Limits::DEFAULT).map(drop)
    };
    docker(7 << 10).unwrap();
    let found = fault(docker(7 << 20).unwrap_err());
    assert!(matches!(found, ImageFault::OverLimit { what: "bytes of the configs of all images", .. }), "{found:?}");
}

#[test]
fn a_config_of_nothing_but_brackets_is_refused_before_it_takes_its_memory() {
    // fail: two bytes a value; pass: as many bytes of text, many short texts
    let read = |member: Value| read_files(&Image { config: json!({"top": {"x": member}}), ..sample() }.layout());
    assert!(read(json!("a".repeat(4 << 20))).is_ok());
    assert!(read(json!(vec!["a"; 50_000])).is_ok());
    let error = read(json!(vec![json!([]); 1 << 20])).unwrap_err();
    assert!(matches!(error, ArtifactError::Document { .. }), "{error:?}");
}
