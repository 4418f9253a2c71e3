//! Random images: what this reader makes of them against what `umoci unpack` leaves on a disk.
//!
//! `LASTHAND_IMAGES=5000` makes more images, `LASTHAND_SEED=7` begins with another seed and shows what umoci says.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use image_kit::{
    Entry, Files, Image, MANIFEST, dir_mode, hard_mode, image, link, mode, put_json, read_files, root, with,
};
use lasthand_artifact::image::ImageFacts;
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::{EntryType, Record};
use lasthand_testkit::need;
use lasthand_testkit::worlds::Rng;
use serde_json::json;

/// Images that are made where nothing else is said.
const IMAGES: u64 = 900;

/// What must be in the upper layers of twenty images that are compared.
const KINDS: &[&str] = &["file", "replaced file", "folder", "symbolic link", "hard link", "opaque folder", "whiteout"];

/// One entry as it is drawn. Modes let their owner read and enter, so that the test needs no root.
#[derive(Debug, Clone)]
enum Draw {
    File(String, String, u32),
    Folder(String, u32),
    Link(String, String),
    Hard(String, String, u32),
    /// The file that a whiteout is.
    Gone(String),
}

impl Draw {
    /// Draws one entry of a layer; hard links go to `files`, which grow.
    fn one(rng: &mut Rng, number: u64, files: &mut Vec<(String, u32)>) -> Self {
        let path = path(rng);
        match rng.below(20) {
            0..8 => {
                let mode = *rng.pick(&[0o644, 0o755, 0o600, 0o4755, 0o2755]);
                let again = !files.is_empty() && rng.chance(25);
                let path = if again { rng.pick(files).0.clone() } else { path };
                files.push((path.clone(), mode));
                Self::File(path, format!("content {number}"), mode)
            }
            8..12 => Self::Folder(path, *rng.pick(&[0o755, 0o700, 0o1777, 0o2755])),
            12..14 => Self::Link(path, (*rng.pick(&["a", "../b", "/a/b", "missing"])).to_owned()),
            14..16 if !files.is_empty() => {
                let (target, mode) = rng.pick(files).clone();
                Self::Hard(path, target, mode)
            }
            16 | 17 => Self::Gone(beside(&path, ".wh..wh..opq", false)),
            _ => Self::Gone(beside(&path, ".wh.", true)),
        }
    }

    fn entry(&self) -> Entry {
        match self {
            Self::File(path, content, bits) => mode(path, content, *bits),
            Self::Folder(path, bits) => dir_mode(path, *bits),
            Self::Link(path, target) => link(path, target),
            Self::Hard(path, target, bits) => hard_mode(path, target, *bits),
            Self::Gone(path) => mode(path, "", 0o644),
        }
    }
}

fn path(rng: &mut Rng) -> String {
    let segments: Vec<&str> = (0..=rng.below(3)).map(|_| *rng.pick(&["a", "b", "c", "d"])).collect();
    segments.join("/")
}

/// The path in the same folder whose name is `name`, followed by the old one where that is wanted.
fn beside(path: &str, name: &str, followed: bool) -> String {
    let (folder, base) =
        path.rsplit_once('/').map_or((String::new(), path), |(folder, base)| (format!("{folder}/"), base));
    format!("{folder}{name}{}", if followed { base } else { "" })
}

fn draw(seed: u64) -> Vec<Vec<Draw>> {
    let mut rng = Rng::new(seed);
    let (mut files, mut number) = (Vec::new(), 0);
    (0..1 + rng.below(3))
        .map(|_| {
            let entries = 1 + rng.below(6);
            (0..entries)
                .map(|_| {
                    number += 1;
                    Draw::one(&mut rng, number, &mut files)
                })
                .collect()
        })
        .collect()
}

/// The members of a layout whose one image is named `t`.
fn layout(layers: &[Vec<Draw>]) -> Files {
    let entries: Vec<Vec<Entry>> = layers.iter().map(|layer| layer.iter().map(Draw::entry).collect()).collect();
    let slices: Vec<&[Entry]> = entries.iter().map(Vec::as_slice).collect();
    let mut files = Files::new();
    let manifest = Image::new(&slices).blobs(&mut files);
    let descriptor = put_json(&mut files, &manifest, MANIFEST);
    root(files, &[with(descriptor, "annotations", json!({"org.opencontainers.image.ref.name": "t"}))])
}

/// What stands at one path.
#[derive(PartialEq, Eq)]
struct Node {
    entry_type: EntryType,
    mode: u32,
    size: u64,
    link: Vec<u8>,
    sha256: Option<Sha256>,
}

impl Node {
    fn listed(record: Record<'_>) -> Self {
        // A symbolic link has no mode of its own on a disk.
        let mode = if record.entry_type == EntryType::Symlink { 0 } else { record.mode };
        let sha256 = record.sha256.map(|digest| digest.0);
        Self { entry_type: record.entry_type, mode, size: record.size, link: record.link_target.to_vec(), sha256 }
    }

    fn on_disk(path: &Path) -> Self {
        let metadata = fs::symlink_metadata(path).unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        let empty = Self { entry_type: EntryType::Directory, mode, size: 0, link: Vec::new(), sha256: None };
        if metadata.is_symlink() {
            let link = fs::read_link(path).unwrap().to_str().unwrap().into();
            Self { entry_type: EntryType::Symlink, mode: 0, link, ..empty }
        } else if metadata.is_file() {
            let content = fs::read(path).unwrap();
            Self { entry_type: EntryType::File, size: metadata.len(), sha256: Some(Sha256::of(&content)), ..empty }
        } else {
            assert!(metadata.is_dir(), "{}", path.display());
            empty
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sha256 = self.sha256.map(|digest| digest.to_string()).unwrap_or_default();
        let (link, short) = (self.link.escape_ascii(), sha256.get(..8).unwrap_or_default());
        write!(f, "{:?} {:o} {} `{link}` {short}", self.entry_type, self.mode, self.size)
    }
}

fn walk(folder: &Path, below: &str, found: &mut BTreeMap<String, Node>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        let node = Node::on_disk(&entry.path());
        if node.entry_type == EntryType::Directory {
            walk(&entry.path(), &format!("{path}/"), found);
        }
        found.insert(path, node);
    }
}

/// What umoci makes of a layout; `None` where it refuses.
fn unpacked(umoci: &Path, files: &Files) -> Option<BTreeMap<String, Node>> {
    let folder = image_kit::folder(files);
    let bundle = tempfile::tempdir().unwrap();
    let to = bundle.path().join("bundle");
    let image = format!("{}:t", folder.path().display());
    let output = Command::new(umoci).args(["unpack", "--rootless", "--image", &image]).arg(&to).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panic:"), "{said}");
    if env::var_os("LASTHAND_SEED").is_some() {
        eprint_of(&said);
    }
    output.status.success().then(|| {
        let mut found = BTreeMap::new();
        walk(&to.join("rootfs"), "", &mut found);
        found
    })
}

#[expect(clippy::print_stderr, reason = "what somebody wants to see who looks at one image")]
fn eprint_of(text: &str) {
    eprintln!("{text}");
}

fn listed(facts: &ImageFacts) -> BTreeMap<String, Node> {
    let inventory = facts.rootfs(facts.layers.len()).unwrap();
    let records = inventory.records();
    records.map(|record| (String::from_utf8(record.path.to_vec()).unwrap(), Node::listed(record))).collect()
}

/// What is in the upper layers of an image, below which there is something to be taken away, linked or replaced.
fn kinds(layers: &[Vec<Draw>]) -> BTreeSet<&'static str> {
    let mut below = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (layer, draw) in
        layers.iter().enumerate().flat_map(|(layer, draws)| draws.iter().map(move |draw| (layer, draw)))
    {
        let (kind, path) = match draw {
            Draw::File(path, ..) if below.contains(path) => ("replaced file", path),
            Draw::File(path, ..) => ("file", path),
            Draw::Folder(path, _) => ("folder", path),
            Draw::Link(path, _) => ("symbolic link", path),
            Draw::Hard(path, ..) => ("hard link", path),
            Draw::Gone(path) if path.ends_with(".wh..wh..opq") => ("opaque folder", path),
            Draw::Gone(path) => ("whiteout", path),
        };
        below.insert(path);
        if layer > 0 {
            kinds.insert(kind);
        }
    }
    kinds
}

/// In what the two differ. A folder that no layer lists is on disk and in no inventory.
fn difference(ours: &BTreeMap<String, Node>, umoci: &BTreeMap<String, Node>) -> Vec<String> {
    let extra =
        umoci.iter().filter(|(path, node)| !ours.contains_key(*path) && node.entry_type != EntryType::Directory);
    let own = ours.iter().filter(|(path, node)| umoci.get(*path) != Some(*node));
    let own = own.map(|(path, node)| format!("{path}: ours {node:?}, umoci {:?}", umoci.get(path)));
    own.chain(extra.map(|(path, node)| format!("{path}: ours nothing, umoci {node:?}"))).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what a reader of the log wants to see")]
fn images_are_what_umoci_unpacks() {
    // pass: paths, types, modes, sizes, targets and contents, wherever umoci unpacks and nothing refuses; fail: one difference
    let Some(umoci) = need::tool("umoci") else { return };
    let setting = |name, otherwise| env::var(name).map_or(otherwise, |text| text.parse::<u64>().unwrap());
    let (start, images) = (setting("LASTHAND_SEED", 0), setting("LASTHAND_IMAGES", IMAGES));
    let (mut compared, mut different) = (0, Vec::new());
    let mut seen: BTreeMap<&str, usize> = KINDS.iter().map(|kind| (*kind, 0)).collect();
    for seed in start..start + images {
        let layers = draw(seed);
        let files = layout(&layers);
        let Ok(facts) = read_files(&files).map(image) else { continue };
        if facts.refusals().next().is_some() {
            continue;
        }
        let Some(umoci) = unpacked(&umoci, &files) else { continue };
        compared += 1;
        for kind in kinds(&layers) {
            *seen.entry(kind).or_default() += 1;
        }
        let found = difference(&listed(&facts), &umoci);
        if !found.is_empty() {
            different.push(format!(
                "seed {seed}, layers {layers:?}\n  {}\n  notes {:?}",
                found.join("\n  "),
                facts.notes
            ));
        }
    }
    assert!(different.is_empty(), "{} of {compared} differ\n{}", different.len(), different.join("\n"));
    println!("{compared} of {images} images compared; in upper layers of them: {seen:?}");
    // A run of one image, to look at it, asks for no more.
    if images >= IMAGES {
        assert!(seen.values().all(|count| *count >= 20), "too few in what is compared: {seen:?}");
    }
}
