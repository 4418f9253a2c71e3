//! Images made in memory, for the tests of images.
#![allow(dead_code, reason = "each test file uses a part")]

#[cfg(unix)]
pub(crate) mod random;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use lasthand_artifact::image::{Choice, Form, ImageArtifact, ImageFacts, ImageFault, ImageStore};
use lasthand_artifact::{ArtifactError, MemoryBlob, NoteKind, local};
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::{Value, json};
use tar::{EntryType, Header};
use tempfile::TempDir;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Members of a place, by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// One entry of a layer.
pub(crate) struct Entry {
    header: Header,
    content: Vec<u8>,
}

fn entry(path: &str, entry_type: EntryType, target: &str, content: &[u8], mode: u32) -> Entry {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(entry_type);
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    Entry { header, content: content.to_vec() }
}

pub(crate) fn file(path: &str, content: &str) -> Entry {
    entry(path, EntryType::Regular, "", content.as_bytes(), 0o644)
}

pub(crate) fn mode(path: &str, content: &str, mode: u32) -> Entry {
    entry(path, EntryType::Regular, "", content.as_bytes(), mode)
}

pub(crate) fn dir(path: &str) -> Entry {
    entry(path, EntryType::Directory, "", b"", 0o755)
}

pub(crate) fn dir_mode(path: &str, mode: u32) -> Entry {
    entry(path, EntryType::Directory, "", b"", mode)
}

pub(crate) fn link(path: &str, target: &str) -> Entry {
    entry(path, EntryType::Symlink, target, b"", 0o777)
}

pub(crate) fn device(path: &str) -> Entry {
    entry(path, EntryType::Char, "", b"", 0o644)
}

/// A pax header for the entry after it.
pub(crate) fn pax(key: &str, value: &str) -> Entry {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|length: &usize| length.to_string().len() + rest.len() == *length).unwrap();
    entry("pax", EntryType::XHeader, "", format!("{length}{rest}").as_bytes(), 0o644)
}

pub(crate) fn hard(path: &str, target: &str) -> Entry {
    entry(path, EntryType::Link, target, b"", 0o644)
}

pub(crate) fn hard_mode(path: &str, target: &str, mode: u32) -> Entry {
    entry(path, EntryType::Link, target, b"", mode)
}

/// A sparse file without holes, in the form of old GNU.
pub(crate) fn sparse(path: &str, content: &str) -> Entry {
    let mut sparse = entry(path, EntryType::GNUSparse, "", content.as_bytes(), 0o644);
    let size = format!("{:011o}", content.len());
    for (at, number) in [(386, "00000000000"), (398, &size), (483, &size)] {
        sparse.header.as_mut_bytes()[at..at + 11].copy_from_slice(number.as_bytes());
    }
    sparse.header.set_cksum();
    sparse
}

/// The members of a place, as entries of an archive.
pub(crate) fn entries(files: &Files) -> Vec<Entry> {
    files.iter().map(|(name, bytes)| entry(name, EntryType::Regular, "", bytes, 0o644)).collect()
}

pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(entry.header.as_bytes());
        bytes.extend_from_slice(&entry.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[derive(Clone, Copy)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    pub(crate) fn pack(self, tar: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => tar.to_vec(),
            Self::Gzip => gzip(tar),
            Self::Zstd => zstd::encode_all(tar, 3).unwrap(),
        }
    }

    pub(crate) fn media_type(self) -> String {
        let suffix = match self {
            Self::Plain => "",
            Self::Gzip => "+gzip",
            Self::Zstd => "+zstd",
        };
        format!("{LAYER}{suffix}")
    }
}

/// An image before it is put anywhere.
pub(crate) struct Image {
    pub(crate) config: Value,
    pub(crate) layers: Vec<(Vec<u8>, Packing)>,
}

/// An image of two layers, the upper of which hides a file of the lower.
pub(crate) fn two_layers(packing: Packing) -> Image {
    let lower = tar(&[dir("etc/"), file("etc/a", "a"), file("etc/b", "b")]);
    let upper = tar(&[dir("etc/"), file("etc/.wh.a", ""), file("etc/c", "c"), hard("etc/d", "etc/b")]);
    Image {
        config: json!({"Entrypoint": ["/app"], "Env": ["PATH=/bin"], "WorkingDir": "/"}),
        layers: vec![(lower, packing), (upper, packing)],
    }
}

impl Image {
    pub(crate) fn new(layers: &[&[Entry]]) -> Self {
        let layers = layers.iter().map(|entries| (tar(entries), Packing::Plain)).collect();
        Self { config: json!({}), layers }
    }

    pub(crate) fn config_bytes(&self) -> Vec<u8> {
        let diff_ids: Vec<_> = self.layers.iter().map(|(tar, _)| format!("sha256:{}", Sha256::of(tar))).collect();
        let mut config = json!({
            "architecture": "amd64", "os": "linux", "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        for (name, value) in self.config.get("top").and_then(Value::as_object).into_iter().flatten() {
            config[name] = value.clone();
        }
        if let Some(inner) = config["config"].as_object_mut() {
            inner.remove("top");
        }
        serde_json::to_vec(&config).unwrap()
    }

    /// Puts the blobs; gives the manifest.
    pub(crate) fn blobs(&self, files: &mut Files) -> Value {
        let layers: Vec<_> =
            self.layers.iter().map(|(tar, packing)| put(files, &packing.pack(tar), &packing.media_type())).collect();
        let config = put(files, &self.config_bytes(), CONFIG);
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
    }

    pub(crate) fn layout(&self) -> Files {
        let mut files = Files::new();
        let manifest = self.blobs(&mut files);
        let descriptor = put(&mut files, &serde_json::to_vec(&manifest).unwrap(), MANIFEST);
        root(files, &[descriptor])
    }

    pub(crate) fn docker(&self) -> Files {
        let mut files = Files::new();
        let config = self.config_bytes();
        let mut layers = Vec::new();
        for (tar, _) in &self.layers {
            let name = format!("{}/layer.tar", Sha256::of(tar));
            files.insert(name.clone(), tar.clone());
            layers.push(name);
        }
        let config_name = format!("{}.json", Sha256::of(&config));
        let manifest = json!([{"Config": config_name, "RepoTags": ["app:1"], "Layers": layers}]);
        files.insert(config_name, config);
        files.insert("manifest.json".to_owned(), serde_json::to_vec(&manifest).unwrap());
        files.insert("repositories".to_owned(), b"{}".to_vec());
        files
    }
}

/// Puts one blob; gives its descriptor.
pub(crate) fn put(files: &mut Files, bytes: &[u8], media_type: &str) -> Value {
    let digest = Sha256::of(bytes);
    files.insert(format!("blobs/sha256/{digest}"), bytes.to_vec());
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
}

/// Puts a JSON document.
pub(crate) fn put_json(files: &mut Files, value: &Value, media_type: &str) -> Value {
    put(files, &serde_json::to_vec(value).unwrap(), media_type)
}

/// Adds `oci-layout` and `index.json`.
pub(crate) fn root(mut files: Files, descriptors: &[Value]) -> Files {
    files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
    let index = json!({"schemaVersion": 2, "manifests": descriptors});
    files.insert("index.json".to_owned(), serde_json::to_vec(&index).unwrap());
    files
}

/// A layout of an index of so many images, which are the same but for a title.
pub(crate) fn many_of(image: &Image, images: usize) -> Files {
    let mut files = Files::new();
    let manifest = image.blobs(&mut files);
    let mut of = |number: usize| {
        let annotations = json!({"org.opencontainers.image.title": number.to_string()});
        let descriptor = put_json(&mut files, &with(manifest.clone(), "annotations", annotations), MANIFEST);
        with(descriptor, "platform", json!({"os": "linux", "architecture": format!("a{number}")}))
    };
    let members: Vec<_> = (0..images).map(&mut of).collect();
    let index = put_json(&mut files, &json!({"schemaVersion": 2, "manifests": members}), INDEX);
    root(files, &[index])
}

pub(crate) fn with(mut descriptor: Value, member: &str, value: Value) -> Value {
    descriptor[member] = value;
    descriptor
}

pub(crate) fn folder(files: &Files) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

pub(crate) fn archive(files: &Files) -> MemoryBlob {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let entry = entry(name, EntryType::Regular, "", content, 0o644);
        bytes.extend_from_slice(entry.header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    MemoryBlob::new("images.tar", bytes)
}

pub(crate) fn read_blob(blob: &MemoryBlob, form: Option<Form>) -> Result<ImageArtifact, ArtifactError> {
    let store = ImageStore::open(blob, form, &Limits::DEFAULT)?;
    store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {})
}

/// Reads the first choice of an archive of these members.
pub(crate) fn read_files(files: &Files) -> Result<ImageArtifact, ArtifactError> {
    read_blob(&archive(files), None)
}

pub(crate) fn read_folder(files: &Files) -> Result<ImageArtifact, ArtifactError> {
    let folder = folder(files);
    let artifact = local::open(folder.path()).unwrap();
    let store = ImageStore::open(&artifact, None, &Limits::DEFAULT)?;
    store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {})
}

pub(crate) fn image(artifact: ImageArtifact) -> ImageFacts {
    match artifact {
        ImageArtifact::Image(image) => image,
        other => panic!("no image: {other:?}"),
    }
}

/// Reads an image of these layers.
pub(crate) fn compose(layers: &[&[Entry]]) -> Result<ImageFacts, ArtifactError> {
    read_files(&Image::new(layers).layout()).map(image)
}

pub(crate) fn facts(layers: &[&[Entry]]) -> ImageFacts {
    compose(layers).unwrap()
}

/// Paths of the root filesystem; of files with their content's first bytes where `contents` knows the digest.
pub(crate) fn paths(facts: &ImageFacts) -> Vec<String> {
    let inventory = facts.rootfs(facts.layers.len()).unwrap();
    inventory.records().map(|record| String::from_utf8(record.path.to_vec()).unwrap()).collect()
}

pub(crate) fn has(facts: &ImageFacts, path: &str, content: &str) -> bool {
    let inventory = facts.rootfs(facts.layers.len()).unwrap();
    let record = inventory.find(path.as_bytes()).unwrap_or_else(|| panic!("`{path}` is not there"));
    record.sha256.is_some_and(|digest| digest.0 == Sha256::of(content.as_bytes()))
}

pub(crate) fn notes(facts: &ImageFacts) -> Vec<NoteKind> {
    facts.notes.iter().map(|(_, note)| note.kind).collect()
}

pub(crate) fn fault(error: ArtifactError) -> ImageFault {
    assert!(!error.hints().is_empty());
    match error {
        ArtifactError::Image { fault, .. } => *fault,
        other => panic!("another error: {other:?}"),
    }
}

pub(crate) fn names(choices: &[Choice]) -> Vec<Vec<String>> {
    choices.iter().map(|choice| choice.names.clone()).collect()
}
