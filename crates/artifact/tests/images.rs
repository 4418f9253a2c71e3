//! Images in their three forms: what is offered, what a container gets.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use image_kit::*;
use lasthand_artifact::image::{ConfigOrigin, FieldValue, Form, ImageArtifact, ImageFault, ImageStore, config_fields};
use lasthand_artifact::{ArtifactError, MemoryBlob, NoteKind, local};
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use lasthand_testkit::need;
use serde_json::{Value, json};

#[test]
fn one_image_has_one_inventory_in_every_form_and_packing() {
    // pass: folder, archive, docker archive; plain, gzip, zstd layers
    let mut inventories = Vec::new();
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        let image_here = two_layers(packing);
        for facts in [
            image(read_folder(&image_here.layout()).unwrap()),
            image(read_files(&image_here.layout()).unwrap()),
            image(read_files(&image_here.docker()).unwrap()),
        ] {
            assert_eq!(facts.platform, "linux/amd64");
            assert_eq!(facts.config, Sha256::of(&image_here.config_bytes()));
            assert_eq!(facts.layers[0].diff_id, Sha256::of(&image_here.layers[0].0));
            assert_eq!(notes(&facts), []);
            inventories.push(facts.inventory);
        }
    }
    let first = inventories[0].clone();
    assert!(inventories.iter().all(|inventory| *inventory == first));
    let found: Vec<_> = first.records().map(|r| String::from_utf8_lossy(r.path).into_owned()).collect();
    assert_eq!(found, ["config:Entrypoint", "config:Env/PATH", "etc", "etc/b", "etc/c", "etc/d"]);
    let entry = first.find(b"config:Entrypoint").unwrap();
    assert_eq!((entry.entry_type, entry.size, entry.mode), (EntryType::Config, 8, 0));
    assert_eq!(entry.sha256.unwrap().0, Sha256::of(br#"["/app"]"#));
    assert_eq!(first.find(b"etc/d").unwrap().sha256, first.find(b"etc/b").unwrap().sha256);
}

#[test]
fn digests_are_those_of_the_manifest_or_of_the_docker_config() {
    // pass: what `docker images` and registries call it
    let sample = two_layers(Packing::Gzip);
    let files = sample.layout();
    let manifest: Value = serde_json::from_slice(&files["index.json"]).unwrap();
    let facts = image(read_files(&files).unwrap());
    assert_eq!(format!("sha256:{}", facts.digest), manifest["manifests"][0]["digest"].as_str().unwrap());
    assert_eq!(facts.media_type, MANIFEST);
    assert_eq!(facts.layers[0].media_type, format!("{LAYER}+gzip"));
    let docker = image(read_files(&sample.docker()).unwrap());
    assert_eq!(docker.digest.0, facts.config);
    assert_eq!(docker.layers[0].media_type, "application/vnd.docker.image.rootfs.diff.tar");
    assert_eq!(docker.layers[0].digest, docker.layers[0].diff_id);
}

#[test]
fn a_place_is_detected_by_what_it_holds() {
    // pass: each form; a plain archive, folder or file is none
    let sample = two_layers(Packing::Plain);
    let detect = |files: &Files| ImageStore::detect(&archive(files), &Limits::DEFAULT).unwrap();
    assert_eq!(detect(&sample.layout()), Some(Form::OciArchive));
    assert_eq!(detect(&sample.docker()), Some(Form::DockerArchive));
    let plain = Files::from([("manifest.json".to_owned(), br#"{"name":"extension"}"#.to_vec())]);
    assert_eq!(detect(&plain), None);
    assert_eq!(detect(&Files::from([("manifest.json".to_owned(), b"null".to_vec())])), None);
    assert_eq!(detect(&Files::from([("oci-layout".to_owned(), b"{}".to_vec())])), None);
    for bytes in [b"text".to_vec(), gzip(&tar(&[file("a", "a")]))] {
        assert_eq!(ImageStore::detect(&MemoryBlob::new("a", bytes), &Limits::DEFAULT).unwrap(), None);
    }
    for (files, expected) in [(sample.layout(), Some(Form::OciLayout)), (plain, None)] {
        let folder = folder(&files);
        assert_eq!(ImageStore::detect(&local::open(folder.path()).unwrap(), &Limits::DEFAULT).unwrap(), expected);
    }
    for form in Form::ALL {
        assert_eq!(Form::parse(form.as_str()), Some(*form));
    }
}

#[test]
fn an_archive_of_both_kinds_is_an_oci_one_unless_asked_for() {
    // pass: docker 25 writes both
    let sample = two_layers(Packing::Plain);
    let mut both = sample.layout();
    both.extend(sample.docker());
    let blob = archive(&both);
    assert_eq!(ImageStore::detect(&blob, &Limits::DEFAULT).unwrap(), Some(Form::OciArchive));
    assert_eq!(image(read_blob(&blob, None).unwrap()).media_type, MANIFEST);
    let docker = image(read_blob(&blob, Some(Form::DockerArchive)).unwrap());
    assert_eq!(docker.digest.0, docker.config);
    both.insert("index.json".to_owned(), br#"{"schemaVersion":2,"manifests":null}"#.to_vec());
    assert_eq!(ImageStore::detect(&archive(&both), &Limits::DEFAULT).unwrap(), Some(Form::DockerArchive));
}

#[test]
fn an_archive_of_both_kinds_must_hold_the_same_images() {
    // pass: a member of an index; no docker manifest at all; fail: another image, or a manifest that readers in use take all the same
    let sample = two_layers(Packing::Plain);
    let mut files = Files::new();
    let manifest = sample.blobs(&mut files);
    let member = put_json(&mut files, &manifest, MANIFEST);
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [member]}), INDEX);
    let layout = root(files, &[index]);
    let both = |docker: Files| {
        let mut both = layout.clone();
        both.extend(docker);
        both
    };
    let detect = |files: &Files| ImageStore::detect(&archive(files), &Limits::DEFAULT);
    assert_eq!(detect(&both(sample.docker())).unwrap(), Some(Form::OciArchive));
    let evil = both(Image::new(&[&[file("evil", "x")]]).docker());
    assert!(matches!(fault(detect(&evil).unwrap_err()), ImageFault::OtherImages { .. }));
    assert!(read_blob(&archive(&evil), None).is_err());
    for form in [Form::OciArchive, Form::DockerArchive] {
        assert!(read_blob(&archive(&evil), Some(form)).is_ok());
    }
    let manifest = |text: &str| both(Files::from([("manifest.json".to_owned(), text.as_bytes().to_vec())]));
    for text in ["{}", "null", "[]", r#"{"name":"extension"}"#] {
        assert_eq!(detect(&manifest(text)).unwrap(), Some(Form::OciArchive), "{text}");
    }
    for text in [r#"[{"config":"a","Layers":[]}]"#, r#"[{"Config":"a","Config":"b","Layers":[]}]"#, "[{}]", "[] x"] {
        assert!(detect(&manifest(text)).is_err(), "{text}");
    }
}

#[test]
fn a_member_that_cannot_be_followed_is_not_absent() {
    // fail: `manifest.json` as a link that engines resolve below their own root, in a circle, through a folder that is a link, to
    // nothing; as a folder; the same of `oci-layout`; pass: a link inside the archive
    let sample = two_layers(Packing::Plain);
    let evil = Image::new(&[&[file("evil", "x")]]);
    let detect_with = |files: &Files, more: Vec<Entry>| {
        let entries: Vec<Entry> = entries(files).into_iter().chain(more).collect();
        ImageStore::detect(&MemoryBlob::new("a", tar(&entries)), &Limits::DEFAULT)
    };
    let detect = |files: &Files, more: Entry| detect_with(files, vec![more]);
    let mut both = evil.docker();
    let manifest = both.remove("manifest.json").unwrap();
    both.insert("x.json".to_owned(), manifest);
    both.extend(sample.layout());
    for target in ["/x.json", "../x.json", "manifest.json", "nothing"] {
        let error = detect(&both, link("manifest.json", target)).unwrap_err();
        assert!(matches!(fault(error), ImageFault::NotAFile { .. }), "{target}");
    }
    assert!(matches!(fault(detect(&both, dir("manifest.json/")).unwrap_err()), ImageFault::NotAFile { .. }));
    let error = detect(&both, link("manifest.json", "x.json")).unwrap_err();
    assert!(matches!(fault(error), ImageFault::OtherImages { .. }));
    // Without a layout beside it, too: skopeo goes by the text of the link, below the root of the archive.
    let mut docker = evil.docker();
    let manifest = docker.remove("manifest.json").unwrap();
    docker.insert("x.json".to_owned(), manifest.clone());
    docker.insert("e/x.json".to_owned(), manifest);
    for target in ["/x.json", "../x.json", "manifest.json", "nothing", "d/x.json", "nothing/x.json"] {
        let error = detect_with(&docker, vec![link("d", "e"), link("manifest.json", target)]).unwrap_err();
        assert!(matches!(fault(error), ImageFault::NotAFile { .. }), "{target}");
    }
    for odd in [hard("manifest.json", "nothing"), dir("manifest.json/"), device("manifest.json")] {
        assert!(matches!(fault(detect(&docker, odd).unwrap_err()), ImageFault::NotAFile { .. }));
    }
    for target in ["x.json", "e/x.json"] {
        assert_eq!(detect(&docker, link("manifest.json", target)).unwrap(), Some(Form::DockerArchive));
    }
    let plain = Files::from([("x.json".to_owned(), b"{}".to_vec())]);
    assert_eq!(detect(&plain, link("manifest.json", "x.json")).unwrap(), None);
    let mut layout = sample.layout();
    layout.extend(sample.docker());
    let marker = layout.remove("oci-layout").unwrap();
    layout.insert("marker".to_owned(), marker);
    let error = detect(&layout, link("oci-layout", "/marker")).unwrap_err();
    assert!(matches!(fault(error), ImageFault::NotAFile { .. }));
    assert_eq!(detect(&layout, link("oci-layout", "marker")).unwrap(), Some(Form::OciArchive));
}

#[test]
fn a_docker_archive_with_an_index_and_no_layout_is_refused() {
    // fail: one reader takes `index.json`, another `manifest.json`; pass: whoever says which
    let mut files = two_layers(Packing::Plain).docker();
    files.extend(Image::new(&[&[file("evil", "x")]]).layout());
    files.remove("oci-layout").unwrap();
    let blob = archive(&files);
    assert_eq!(fault(ImageStore::detect(&blob, &Limits::DEFAULT).unwrap_err()), ImageFault::HalfLayout);
    assert!(read_blob(&blob, Some(Form::DockerArchive)).is_ok());
}

#[test]
fn a_layer_that_some_pullers_read_otherwise_is_refused() {
    // fail: eStargz and zstd:chunked have a list of files of their own; pass: an annotation that only describes
    for (key, refused) in [
        ("containerd.io/snapshot/stargz/toc.digest", true),
        ("containerd.io/snapshot/nydus-bootstrap", true),
        ("containerd.io/snapshot/overlaybd/blob-digest", true),
        ("io.github.containers.zstd-chunked.manifest-checksum", true),
        ("org.opencontainers.image.title", false),
    ] {
        let mut files = Files::new();
        let descriptor = two_layers(Packing::Gzip).blobs(&mut files);
        let mut manifest = descriptor;
        manifest["layers"][0]["annotations"] = json!({ key: "sha256:00" });
        let manifest = put_json(&mut files, &manifest, MANIFEST);
        let result = read_files(&root(files, &[manifest]));
        match result {
            Err(error) if refused => assert!(matches!(fault(error), ImageFault::OtherContent { .. }), "{key}"),
            other => assert!(!refused && other.is_ok(), "{key}"),
        }
    }
}

#[test]
fn one_name_in_two_spellings_means_no_single_image() {
    // fail: engines fill names up; pass: another tag, another registry
    let entry = |image: &Image, tag: &str| {
        let files = image.docker();
        let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        manifest[0]["RepoTags"] = json!([tag]);
        (files, manifest[0].take())
    };
    let (other, image) = (Image::new(&[&[file("evil", "x")]]), two_layers(Packing::Plain));
    for (tag, single) in [
        ("docker.io/library/app:1", false),
        ("index.docker.io/library/app:1", false),
        ("library/app:1", false),
        ("docker.io/app:1", false),
        ("app:2", true),
        ("registry.example/app:1", true),
        ("localhost/library/app:1", true),
        ("docker.io/acme/app:1", true),
    ] {
        let (mut files, first) = entry(&image, "app:1");
        let (more, second) = entry(&other, tag);
        files.extend(more);
        files.insert("manifest.json".to_owned(), json!([first, second]).to_string().into_bytes());
        let blob = archive(&files);
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
        assert_eq!(store.find(Some("app:1")).is_some(), single, "{tag}");
    }
}

#[test]
fn a_place_that_is_not_what_was_asked_for_is_refused() {
    // fail: with the missing member, or the compression
    let sample = two_layers(Packing::Plain);
    let open = |blob: &MemoryBlob, form| ImageStore::open(blob, form, &Limits::DEFAULT).map(|_| ()).unwrap_err();
    let zipped = MemoryBlob::new("a.tar.gz", gzip(&tar(&[file("a", "a")])));
    assert_eq!(fault(open(&zipped, Some(Form::OciArchive))), ImageFault::Compressed { codec: "gzip" });
    for (blob, form) in [
        (archive(&sample.docker()), Some(Form::OciArchive)),
        (archive(&sample.layout()), Some(Form::DockerArchive)),
        (archive(&sample.layout()), Some(Form::OciLayout)),
        (MemoryBlob::new("a", tar(&[file("a", "a")])), None),
        (MemoryBlob::new("a", b"text".to_vec()), None),
    ] {
        assert!(matches!(fault(open(&blob, form)), ImageFault::NoImage { .. }));
    }
}

#[test]
fn choices_have_names_and_platforms_and_leave_out_what_is_about_others() {
    // pass: two names of one image are one choice; referrers are found by their subject
    let mut files = Files::new();
    let manifest = two_layers(Packing::Plain).blobs(&mut files);
    let app = put_json(&mut files, &manifest, MANIFEST);
    let name = |name: &str| json!({"org.opencontainers.image.ref.name": name});
    let payload = put(&mut files, b"{}", "application/vnd.in-toto+json");
    let empty = put(&mut files, b"{}", "application/vnd.oci.empty.v1+json");
    let about = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/vnd.in-toto+json", "config": empty,
        "layers": [payload], "subject": app, "annotations": {"a": "b"},
    });
    let about = put_json(&mut files, &about, MANIFEST);
    let unknown = with(app.clone(), "platform", json!({"os": "unknown", "architecture": "unknown"}));
    let other = with(empty.clone(), "mediaType", json!("application/vnd.oci.descriptor.v1+json"));
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [app]}), INDEX);
    let files = root(
        files,
        &[
            with(app.clone(), "annotations", name("one")),
            with(app.clone(), "annotations", name("two")),
            about,
            unknown,
            other,
            with(index, "annotations", name("all")),
        ],
    );
    let blob = archive(&files);
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    assert_eq!(names(store.choices()), [vec!["one".to_owned(), "two".to_owned()], vec!["all".to_owned()]]);
    assert_eq!(store.choices().iter().map(|choice| choice.is_index).collect::<Vec<_>>(), [false, true]);
    let subject = store.choices()[0].digest;
    let referrers = store.referrers(subject).unwrap();
    assert_eq!(referrers.len(), 1);
    assert_eq!(referrers[0].artifact_type, "application/vnd.in-toto+json");
    assert_eq!(referrers[0].annotations["a"], "b");
    assert_eq!(store.blob_bytes(referrers[0].layers[0].digest, 10).unwrap().unwrap(), b"{}");
    assert!(store.referrers(ArtifactDigest(Sha256::of(b"x"))).unwrap().is_empty());
    assert_eq!(store.blob_bytes(Sha256::of(b"x"), 10).unwrap(), None);
    assert!(store.blob_bytes(subject.0, 10).is_err());
}

#[test]
fn a_name_that_something_hidden_has_too_means_no_single_image() {
    // fail: pullers take the first descriptor of the name, whatever its subject, platform or media type; pass: another name
    let name = |name: &str| json!({"org.opencontainers.image.ref.name": name});
    let unknown = json!({"os": "unknown", "architecture": "unknown"});
    let mut files = Files::new();
    let clean = two_layers(Packing::Plain).blobs(&mut files);
    let clean = put_json(&mut files, &clean, MANIFEST);
    let evil = Image::new(&[&[file("evil", "x")]]).blobs(&mut files);
    let about = put_json(&mut files, &with(evil.clone(), "subject", clean.clone()), MANIFEST);
    let evil = put_json(&mut files, &evil, MANIFEST);
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [evil]}), INDEX);
    let hidden = [
        about,
        with(evil.clone(), "platform", unknown.clone()),
        with(index, "platform", unknown.clone()),
        with(evil.clone(), "mediaType", json!("application/x-odd")),
        with(evil, "mediaType", json!("")),
    ];
    let find = |descriptors: &[Value], wanted: Option<&str>| {
        let blob = archive(&root(files.clone(), descriptors));
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
        assert_eq!(store.choices().len(), 1);
        store.find(wanted).map(|choice| choice.digest.0.to_string())
    };
    let named = with(clean.clone(), "annotations", name("app:v1"));
    let digest = clean["digest"].as_str().unwrap();
    let it = digest.strip_prefix("sha256:").map(str::to_owned);
    for (at, hidden) in hidden.into_iter().enumerate() {
        let same = [with(hidden.clone(), "annotations", name("app:v1")), named.clone()];
        assert_eq!(find(&same, Some("app:v1")), None, "{at}");
        assert_eq!(find(&same, Some("v1")), None, "{at}");
        assert_eq!(find(&same, None), None, "{at}");
        assert_eq!(find(&same, Some(digest)), it, "{at}");
        assert_eq!(find(&[hidden.clone(), named.clone()], None), None, "{at}");
        assert_eq!(find(&[hidden, named.clone()], Some("v1")), it, "{at}");
    }
    // The same manifest once more; and what is about the image and no image itself.
    let again = [with(named.clone(), "platform", unknown), named.clone()];
    assert_eq!(find(&again, Some("v1")), it);
    let mut with_evidence = files.clone();
    let empty = put(&mut with_evidence, b"{}", "application/vnd.oci.empty.v1+json");
    let evidence = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/vnd.in-toto+json", "config": empty,
        "layers": [empty], "subject": clean,
    });
    let evidence = put_json(&mut with_evidence, &evidence, MANIFEST);
    let blob = archive(&root(with_evidence, &[evidence, named]));
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    assert!(store.find(None).is_some() && store.find(Some("v1")).is_some());
}

#[test]
fn an_image_with_a_subject_is_meant_by_its_name_alone() {
    // pass: by tag and digest, and it is read; fail: without a name, what is no image
    let name = |name: &str| json!({"org.opencontainers.image.ref.name": name});
    let mut files = Files::new();
    let app = two_layers(Packing::Plain).blobs(&mut files);
    let app = put_json(&mut files, &app, MANIFEST);
    let about = Image::new(&[&[file("tool", "x")]]).blobs(&mut files);
    let about = put_json(&mut files, &with(about, "subject", app.clone()), MANIFEST);
    let payload = put(&mut files, b"{}", "application/vnd.oci.empty.v1+json");
    let evidence =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": payload, "layers": [payload], "subject": app});
    let evidence = put_json(&mut files, &evidence, MANIFEST);
    let digest = about["digest"].as_str().unwrap().to_owned();
    let blob = archive(&root(
        files,
        &[
            with(about, "annotations", name("tool")),
            with(app, "annotations", name("app")),
            with(evidence, "annotations", name("evidence")),
        ],
    ));
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    assert_eq!(store.choices().len(), 1);
    for wanted in ["tool", &digest] {
        let found = store.find(Some(wanted)).unwrap();
        let facts = image(store.read(found, None, &Limits::DEFAULT, &mut |_| {}).unwrap());
        assert_eq!(paths(&facts), ["tool"]);
    }
    assert!(store.find(None).is_none());
    assert!(store.find(Some("evidence")).is_none());
}

/// An index of two platforms and an attestation, its descriptor, and its members' descriptors.
fn two_platforms(files: &mut Files) -> (Value, Vec<Value>) {
    let platform = |os: &str, arch: &str| json!({"os": os, "architecture": arch});
    let members: Vec<_> = [("linux", "amd64"), ("linux", "arm64")]
        .into_iter()
        .map(|(os, arch)| {
            let manifest = Image::new(&[&[file(arch, "x")]]).blobs(files);
            with(put_json(files, &manifest, MANIFEST), "platform", platform(os, arch))
        })
        .collect();
    let missing = json!({"mediaType": MANIFEST, "digest": format!("sha256:{}", Sha256::of(b"gone")), "size": 4});
    let inert = with(missing, "platform", platform("unknown", "unknown"));
    let index = json!({"schemaVersion": 2, "manifests": [members[0], members[1], inert]});
    (put_json(files, &index, INDEX), members)
}

#[test]
fn an_index_is_read_whole_or_for_one_platform() {
    // pass: attestation manifests are listed and not read; fail: a platform that is not there
    let mut files = Files::new();
    let (index, _) = two_platforms(&mut files);
    let blob = archive(&root(files, &[index]));
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    let read = |wanted| store.read(&store.choices()[0], wanted, &Limits::DEFAULT, &mut |_| {});
    let ImageArtifact::Index(facts) = read(None).unwrap() else { panic!("no index") };
    let platforms: Vec<_> = facts.members.iter().map(|m| (m.platform.as_str(), m.image.is_some())).collect();
    assert_eq!(platforms, [("linux/amd64", true), ("linux/arm64", true), ("unknown/unknown", false)]);
    assert_eq!(facts.digest, store.choices()[0].digest);
    assert_eq!(paths(&image(read(Some("linux/arm64")).unwrap())), ["arm64"]);
    assert!(matches!(fault(read(Some("linux/s390x")).unwrap_err()), ImageFault::Platform { found: 0, .. }));
    assert!(matches!(fault(read(Some("linux")).unwrap_err()), ImageFault::Platform { found: 0, .. }));
}

#[test]
fn an_index_saved_with_one_of_its_images_is_read_for_its_platform() {
    // pass: what engines save of an index, by the platform that is there; fail: the whole, one that is not there, a member without a platform
    let mut files = Files::new();
    let (index, members) = two_platforms(&mut files);
    let absent = members[1]["digest"].as_str().unwrap().replace(':', "/");
    files.remove(&format!("blobs/{absent}")).unwrap();
    let read = |files: &Files, wanted| {
        let blob = archive(files);
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
        store.read(&store.choices()[0], wanted, &Limits::DEFAULT, &mut |_| {})
    };
    let saved = root(files.clone(), &[index]);
    assert_eq!(paths(&image(read(&saved, Some("linux/amd64")).unwrap())), ["amd64"]);
    for wanted in [None, Some("linux/arm64")] {
        assert!(matches!(fault(read(&saved, wanted).unwrap_err()), ImageFault::Missing { .. }), "{wanted:?}");
    }
    let unstated =
        json!({"schemaVersion": 2, "manifests": [members[0], with(members[1].clone(), "platform", Value::Null)]});
    let index = put_json(&mut files, &unstated, INDEX);
    let saved = root(files, &[index]);
    assert!(matches!(fault(read(&saved, Some("linux/amd64")).unwrap_err()), ImageFault::Missing { .. }));
}

#[test]
fn entries_are_bounded_over_all_images_of_an_index() {
    // fail: one image under more platforms than its entries may stand there for; pass: a few, as images share layers
    let limits = Limits { entries: 4, ..Limits::DEFAULT };
    for (platforms, fine) in [(4, true), (5, false)] {
        let mut files = Files::new();
        let manifest =
            Image::new(&[&[file("a", "1"), file("b", "2"), file("c", "3"), file("d", "4")]]).blobs(&mut files);
        let member = put_json(&mut files, &manifest, MANIFEST);
        let of = |number: u32| {
            with(member.clone(), "platform", json!({"os": "linux", "architecture": format!("a{number}")}))
        };
        let members: Vec<_> = (0..platforms).map(of).collect();
        let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": members}), INDEX);
        let folder = folder(&root(files, &[index]));
        let artifact = local::open(folder.path()).unwrap();
        let store = ImageStore::open(&artifact, None, &limits).unwrap();
        let read = store.read(&store.choices()[0], None, &limits, &mut |_| {});
        assert_eq!(read.is_ok(), fine, "{platforms}");
        if let Err(error) = read {
            assert!(matches!(fault(error), ImageFault::OverLimit { limit: 16, .. }));
        }
    }
}

#[test]
fn only_the_index_says_that_a_member_is_for_no_platform() {
    // fail: a config that says so of itself, in an index that is silent
    let mut files = Files::new();
    let mut evil = Image::new(&[&[file("evil", "x")]]);
    evil.config = json!({"top": {"os": "unknown", "architecture": "unknown"}});
    let manifest = evil.blobs(&mut files);
    let member = put_json(&mut files, &manifest, MANIFEST);
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [member]}), INDEX);
    let found = fault(read_files(&root(files, &[index])).unwrap_err());
    assert!(matches!(found, ImageFault::Unsupported { what: "platform", .. }), "{found:?}");
}

#[test]
fn an_index_json_of_platforms_only_is_itself_a_choice() {
    // pass: digest of its bytes; not when something in it has a name
    let mut files = Files::new();
    let (_, members) = two_platforms(&mut files);
    let named = with(members[0].clone(), "annotations", json!({"org.opencontainers.image.ref.name": "x"}));
    let plain = archive(&root(files.clone(), &members));
    let store = ImageStore::open(&plain, None, &Limits::DEFAULT).unwrap();
    let [_, _, whole] = store.choices() else { panic!("{:?}", store.choices()) };
    assert!(whole.is_index);
    assert_eq!(store.blob_bytes(whole.digest.0, 10_000).unwrap().map(|bytes| Sha256::of(&bytes)), Some(whole.digest.0));
    let read = store.read(whole, None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert!(matches!(read, ImageArtifact::Index(facts) if facts.members.len() == 2));
    let named = archive(&root(files, &[named, members[1].clone()]));
    assert_eq!(ImageStore::open(&named, None, &Limits::DEFAULT).unwrap().choices().len(), 2);
}

#[test]
fn indexes_nest_two_deep() {
    // pass: members of the inner one; fail: one more
    let mut files = Files::new();
    let (index, _) = two_platforms(&mut files);
    let outer = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [index]}), INDEX);
    let deeper = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": [outer]}), INDEX);
    let ok = read_files(&root(files.clone(), &[outer])).unwrap();
    assert!(matches!(ok, ImageArtifact::Index(facts) if facts.members.len() == 3));
    assert!(matches!(fault(read_files(&root(files, &[deeper])).unwrap_err()), ImageFault::TooDeep { limit: 2, .. }));
}

#[test]
fn progress_counts_stored_bytes_of_all_layers() {
    // pass: never backwards, and all of them at the end
    let sample = two_layers(Packing::Plain);
    let blob = archive(&sample.layout());
    let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap();
    let mut seen = vec![0];
    store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |bytes| seen.push(bytes)).unwrap();
    assert!(seen.is_sorted());
    assert_eq!(*seen.last().unwrap(), sample.layers.iter().map(|(tar, _)| tar.len() as u64).sum::<u64>());
}

#[test]
fn docker_layers_may_be_links_to_each_other() {
    // pass: inside the archive; fail: out of it, in a circle, to nothing, to a folder
    let sample = two_layers(Packing::Plain);
    let first = format!("{}/layer.tar", Sha256::of(&sample.layers[0].0));
    let linked = |target: &str| {
        let mut entries: Vec<Entry> = Vec::new();
        for (name, bytes) in sample.docker() {
            if name == first {
                entries.push(link(&name, target));
            } else {
                entries.push(file(&name, std::str::from_utf8(&bytes).unwrap()));
            }
        }
        entries.push(file("shared/layer.tar", std::str::from_utf8(&sample.layers[0].0).unwrap()));
        entries.push(dir("folder/"));
        read_blob(&MemoryBlob::new("docker.tar", tar(&entries)), Some(Form::DockerArchive))
    };
    let facts = image(linked("../shared/layer.tar").unwrap());
    assert_eq!(facts.inventory, image(read_files(&sample.docker()).unwrap()).inventory);
    for target in ["../../shared/layer.tar", "/shared/layer.tar", "layer.tar", "../nothing", "../folder"] {
        let found = fault(linked(target).unwrap_err());
        assert!(matches!(found, ImageFault::NotAFile { .. }), "{target}: {found:?}");
    }
}

#[test]
fn each_config_field_that_takes_effect_is_an_entry() {
    // pass: the table of what is listed and what is not
    let check = |member: &str, value: Value, expected: &[(&str, &str)]| {
        let found = fields(&json!({"config": {member: value}}), ConfigOrigin::Image).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value_text(value))).collect();
        assert_eq!(found, expected, "{member}");
    };
    check("Env", json!(["B=2=3", "A="]), &[("Env/A", "\"\""), ("Env/B", "\"2=3\"")]);
    check("Env", json!(null), &[]);
    check(
        "Labels",
        json!({"a/b": "x", "e": "", "n": null}),
        &[("Labels/a/b", "\"x\""), ("Labels/e", "\"\""), ("Labels/n", "\"\"")],
    );
    check(
        "ExposedPorts",
        json!({"80/tcp": {}, "81": null}),
        &[("ExposedPorts/80/tcp", "{}"), ("ExposedPorts/81", "{}")],
    );
    check("Volumes", json!({"/data": {}}), &[("Volumes//data", "{}")]);
    check("Volumes", json!({}), &[]);
    check("Entrypoint", json!(["/a", "b c"]), &[("Entrypoint", r#"["/a","b c"]"#)]);
    check("Entrypoint", json!([]), &[]);
    check("Cmd", json!("sh"), &[("Cmd", "\"sh\"")]);
    check("User", json!("1000"), &[("User", "\"1000\"")]);
    check("User", json!(""), &[]);
    check("WorkingDir", json!("/"), &[]);
    check("WorkingDir", json!("/srv"), &[("WorkingDir", "\"/srv\"")]);
    check("StopSignal", json!("TERM"), &[("StopSignal", "\"TERM\"")]);
    check(
        "Healthcheck",
        json!({"Test": ["NONE"], "Interval": 5}),
        &[("Healthcheck", r#"{"Interval":5,"Test":["NONE"]}"#)],
    );
    check("Shell", json!(["sh"]), &[("Shell", r#"["sh"]"#)]);
    check("OnBuild", json!(["RUN x"]), &[("OnBuild", r#"["RUN x"]"#)]);
    check("ArgsEscaped", json!(true), &[("ArgsEscaped", "true")]);
    check("ArgsEscaped", json!(false), &[]);
    check("Tty", json!(true), &[("Tty", "true")]);
    check("Future", json!({"b": 1, "a": {"d": 1, "c": "é"}}), &[("Future", r#"{"a":{"c":"é","d":1},"b":1}"#)]);
    for (member, value) in [("Hostname", "x"), ("Domainname", "x"), ("Image", "x")] {
        check(member, json!(value), &[]);
    }
    for member in ["created", "author", "history", "docker_version", "container_config", "os.version", "comment"] {
        assert!(fields(&json!({member: ["x"]}), ConfigOrigin::Image).unwrap().is_empty());
    }
    let unknown = fields(&json!({"moby.x": 1, "empty": {}}), ConfigOrigin::Image).unwrap();
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), [("moby.x".to_owned(), FieldValue::Value("1".to_owned()))]);
}

#[test]
fn annotations_of_a_manifest_that_runtimes_act_on_are_entries() {
    // pass: as fields and entries; what only describes is none; a manifest without any
    let mut files = Files::new();
    let manifest = two_layers(Packing::Plain).blobs(&mut files);
    let annotations = json!({
        "seccomp-profile.kubernetes.cri-o.io": "unconfined", "run.oci.hooks.stdout": "", "org.opencontainers.image.title": "x",
        "org.opencontainers.image.stopSignal": "9", "com.docker.official-images.bashbrew.arch": "amd64", "vnd.docker.x": "",
    });
    let plain = put_json(&mut files, &manifest, MANIFEST);
    let acting = put_json(&mut files, &with(manifest, "annotations", annotations), MANIFEST);
    let acting = image(read_files(&root(files.clone(), &[acting])).unwrap());
    let found: Vec<_> = acting.fields.iter().filter(|(name, _)| name.starts_with("annotation/")).collect();
    let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        found,
        [
            ("annotation/org.opencontainers.image.stopSignal", "\"9\""),
            ("annotation/run.oci.hooks.stdout", "\"\""),
            ("annotation/seccomp-profile.kubernetes.cri-o.io", "\"unconfined\""),
        ]
    );
    assert!(acting.annotated());
    let entry = "config:annotation/seccomp-profile.kubernetes.cri-o.io";
    assert!(acting.inventory.find(entry.as_bytes()).is_some());
    assert!(!image(read_files(&root(files, &[plain])).unwrap()).annotated());
}

#[test]
fn the_health_check_of_container_config_is_an_entry() {
    // pass: podman runs it; nothing else of `container_config`; fail: another spelling
    let check = json!({"Test": ["CMD", "/evil"]});
    let config = json!({"container_config": {"Cmd": ["x"], "Healthcheck": check}, "config": {"Healthcheck": check}});
    let found = fields(&config, ConfigOrigin::Image).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Healthcheck", "container_config/Healthcheck"]);
    assert_eq!(value_text(&found["container_config/Healthcheck"]), r#"{"Test":["CMD","/evil"]}"#);
    let empty = json!({"container_config": {"Healthcheck": {}}});
    assert!(fields(&empty, ConfigOrigin::Image).unwrap().is_empty());
    let variant = json!({"container_config": {"healthcheck": check}});
    assert!(matches!(fault(fields(&variant, ConfigOrigin::Image).unwrap_err()), ImageFault::CaseVariant { .. }));
}

#[test]
fn null_takes_a_field_away_in_a_source_file_only() {
    // pass: what a build shall remove
    let config = json!({"config": {"Cmd": null, "Env": null, "Labels": {"a": null, "b": "c"}, "User": ""}});
    let found = fields(&config, ConfigOrigin::Source).unwrap();
    let removed: Vec<_> =
        found.iter().filter(|(_, value)| **value == FieldValue::Removed).map(|(name, _)| name).collect();
    assert_eq!(removed, ["Cmd", "Env", "Labels/a"]);
    assert_eq!(found.len(), 4);
    let image = fields(&config, ConfigOrigin::Image).unwrap();
    assert_eq!(image.keys().collect::<Vec<_>>(), ["Labels/a", "Labels/b"]);
}

#[test]
fn a_config_that_readers_take_differently_is_refused() {
    // fail: twice, in another case, without `=`, out of place
    let check = |config: Value, fits: fn(&ImageFault) -> bool| {
        let found = fault(fields(&config, ConfigOrigin::Image).unwrap_err());
        assert!(fits(&found), "{config}: {found:?}");
    };
    let env = |fault: &ImageFault| matches!(fault, ImageFault::AmbiguousEnv { .. });
    for items in [json!(["A=1", "A=2"]), json!(["A"]), json!(["=x"]), json!([""])] {
        check(json!({"config": {"Env": items}}), env);
    }
    // One value twice is one value.
    assert_eq!(fields(&json!({"config": {"Env": ["A=1", "A=1"]}}), ConfigOrigin::Image).unwrap().len(), 1);
    let case = |fault: &ImageFault| matches!(fault, ImageFault::CaseVariant { .. });
    check(json!({"config": {"Cmd": ["a"], "cmd": []}}), case);
    check(json!({"config": {"Cmd": ["a"]}, "Config": {}}), case);
    check(json!({"Config": {"Cmd": ["a"]}}), |fault| {
        matches!(fault, ImageFault::Shape { .. } | ImageFault::CaseVariant { .. })
    });
    let shape = |fault: &ImageFault| matches!(fault, ImageFault::Shape { .. });
    check(json!({"User": "1000"}), shape);
    check(json!({"Env/A": "1"}), shape);
    check(json!({"config": {"Env/A": "1"}}), shape);
    check(json!({"config": []}), shape);
    check(json!([]), shape);
    check(json!({"config": {"Env": "A=1"}}), shape);
    let twice = config_fields("test", br#"{"config":{"Cmd":1,"Cmd":2}}"#, ConfigOrigin::Image, &Limits::DEFAULT);
    assert!(matches!(twice, Err(ArtifactError::Document { .. })));
}

#[test]
fn a_file_cannot_pass_for_a_config_field() {
    // fail: at the path of a field; pass: where there is no such field
    let mut built = Image::new(&[&[file("config:User", "\"1000\"")]]);
    assert_eq!(image(read_files(&built.layout()).unwrap()).inventory.records().len(), 1);
    built.config = json!({"User": "1000"});
    assert!(matches!(fault(read_files(&built.layout()).unwrap_err()), ImageFault::ConfigPath { .. }));
}

fn fields(
    config: &Value,
    origin: ConfigOrigin,
) -> Result<std::collections::BTreeMap<String, FieldValue>, ArtifactError> {
    config_fields("test", &serde_json::to_vec(config).unwrap(), origin, &Limits::DEFAULT)
}

fn value_text(value: &FieldValue) -> &str {
    match value {
        FieldValue::Value(text) => text,
        FieldValue::Removed => "(removed)",
    }
}

#[test]
fn foreign_images_are_read_as_their_manifest_expects() {
    // pass: every choice of the go-containerregistry images; fail: `null_manifest.tar`, and one whose config was edited
    let Some(folder) = need::testdata() else { return };
    let folder = folder.join("oci-ggcr");
    if !need::feature("oci-ggcr", folder.is_dir(), "not in the test data") {
        return;
    }
    let check = |path: &str, form: Form, choices: usize, entries: &[&str]| {
        let artifact = local::open(folder.join(path)).unwrap();
        assert_eq!(ImageStore::detect(&artifact, &Limits::DEFAULT).unwrap(), Some(form), "{path}");
        let store = ImageStore::open(&artifact, None, &Limits::DEFAULT).unwrap();
        assert_eq!(store.choices().len(), choices, "{path}: {:?}", store.choices());
        let mut found = Vec::new();
        for choice in store.choices() {
            match store.read(choice, None, &Limits::DEFAULT, &mut |_| {}).unwrap() {
                ImageArtifact::Image(image) => found.extend(paths(&image)),
                ImageArtifact::Index(index) => {
                    found.extend(index.members.iter().flat_map(|member| paths(member.image.as_ref().unwrap())));
                }
                _ => panic!("{path}: neither image nor index"),
            }
        }
        assert_eq!(found, entries, "{path}");
    };
    check("tarball/test_load_manifest.tar", Form::DockerArchive, 1, &["bar", "foo"]);
    check("tarball/test_bundle.tar", Form::DockerArchive, 2, &["bat", "baz", "bar", "foo"]);
    check("tarball/test_link.tar", Form::DockerArchive, 2, &["bar", "foo", "bar", "foo", "test"]);
    check("tarball/hello-world-v25.tar", Form::DockerArchive, 1, &["hello"]);
    check("mutate/source_image.tar", Form::DockerArchive, 1, &["bar", "foo"]);
    check("layout/test_index", Form::OciLayout, 3, &["bar", "foo", "bar", "foo", "bar", "foo"]);
    check("layout/test_gc_index", Form::OciLayout, 3, &["bar", "foo", "bar", "foo", "bar", "foo"]);
    check("layout/test_index_one_image", Form::OciLayout, 1, &["test"]);
    let null = local::open(folder.join("tarball/null_manifest.tar")).unwrap();
    assert_eq!(ImageStore::detect(&null, &Limits::DEFAULT).unwrap(), None);
    assert!(ImageStore::open(&null, Some(Form::DockerArchive), &Limits::DEFAULT).is_err());
    // Its config was edited under the old name: engines load it under the id that its bytes have.
    let edited = local::open(folder.join("mutate/source_image_with_empty_layer_history.tar")).unwrap();
    let store = ImageStore::open(&edited, None, &Limits::DEFAULT).unwrap();
    assert!(store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}).is_ok());
    let plain = local::open(folder.join("crane/content.tar")).unwrap();
    assert_eq!(ImageStore::detect(&plain, &Limits::DEFAULT).unwrap(), None);
}

#[test]
fn an_odd_archive_around_an_image_is_noted() {
    // pass: where another reader could see another `index.json`
    let files = two_layers(Packing::Plain).layout();
    let entries: Vec<Entry> =
        files.iter().map(|(name, bytes)| file(&format!("././{name}"), std::str::from_utf8(bytes).unwrap())).collect();
    let facts = image(read_blob(&MemoryBlob::new("a.tar", tar(&entries)), None).unwrap());
    assert_eq!(facts.refusals().map(|(layer, note)| (*layer, note.kind)).next(), Some((None, NoteKind::RewrittenPath)));
}
