//! Random images, and what stands at their paths: here, and on a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lasthand_artifact::image::ImageFacts;
use lasthand_artifact::{NoteKind, ReaderNote};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::{EntryType, Record};
use lasthand_testkit::worlds::Rng;
use serde_json::json;

use super::{Entry, Files, Image, MANIFEST, dir_mode, hard_mode, image, link, mode, put_json, read_files, root, with};

/// What must be in the upper layers of twenty images that are compared.
pub(crate) const KINDS: &[&str] =
    &["file", "replaced file", "folder", "symbolic link", "hard link", "opaque folder", "whiteout"];

/// One entry as it is drawn. Modes let their owner read and enter, so that the test needs no root.
#[derive(Debug, Clone)]
pub(crate) enum Draw {
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
                let end = if rng.chance(5) { "/" } else { "" };
                Self::Hard(path, format!("{target}{end}"), mode)
            }
            16 | 17 => Self::Gone(beside(&path, ".wh..wh..opq", false)),
            _ => Self::Gone(beside(&path, ".wh.", true)),
        }
    }

    pub(crate) fn entry(&self) -> Entry {
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

pub(crate) fn draw(seed: u64) -> Vec<Vec<Draw>> {
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
pub(crate) fn layout(layers: &[Vec<Draw>]) -> Files {
    let entries: Vec<Vec<Entry>> = layers.iter().map(|layer| layer.iter().map(Draw::entry).collect()).collect();
    let slices: Vec<&[Entry]> = entries.iter().map(Vec::as_slice).collect();
    let mut files = Files::new();
    let manifest = Image::new(&slices).blobs(&mut files);
    let descriptor = put_json(&mut files, &manifest, MANIFEST);
    root(files, &[with(descriptor, "annotations", json!({"org.opencontainers.image.ref.name": "t"}))])
}

/// What stands at one path.
#[derive(PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) entry_type: EntryType,
    pub(crate) mode: u32,
    pub(crate) size: u64,
    pub(crate) link: Vec<u8>,
    pub(crate) sha256: Option<Sha256>,
}

/// Nodes by their paths.
pub(crate) type Tree = BTreeMap<String, Node>;

impl Node {
    fn listed(record: Record<'_>) -> Self {
        // A symbolic link has no mode of its own on a disk.
        let mode = if record.entry_type == EntryType::Symlink { 0 } else { record.mode };
        let sha256 = record.sha256.map(|digest| digest.0);
        Self { entry_type: record.entry_type, mode, size: record.size, link: record.link_target.to_vec(), sha256 }
    }

    pub(crate) fn on_disk(path: &Path) -> Self {
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

pub(crate) fn listed(facts: &ImageFacts) -> Tree {
    let inventory = facts.rootfs(facts.layers.len()).unwrap();
    let records = inventory.records();
    records.map(|record| (String::from_utf8(record.path.to_vec()).unwrap(), Node::listed(record))).collect()
}

/// What is in the upper layers of an image, below which there is something to be taken away, linked or replaced.
pub(crate) fn kinds(layers: &[Vec<Draw>]) -> BTreeSet<&'static str> {
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
fn difference(ours: &Tree, puller: &str, theirs: &Tree) -> Vec<String> {
    let extra =
        theirs.iter().filter(|(path, node)| !ours.contains_key(*path) && node.entry_type != EntryType::Directory);
    let own = ours.iter().filter(|(path, node)| theirs.get(*path) != Some(*node));
    let own = own.map(|(path, node)| format!("{path}: ours {node:?}, {puller} {:?}", theirs.get(path)));
    own.chain(extra.map(|(path, node)| format!("{path}: ours nothing, {puller} {node:?}"))).collect()
}

/// What pullers make of an image, each by its name; `None` from one that refuses.
pub(crate) type Unpacked = Vec<(&'static str, Option<Tree>)>;

/// Compares random images with what pullers make of them, wherever they unpack and nothing refuses here.
///
/// `LASTHAND_IMAGES=5000` makes more than `images`, `LASTHAND_SEED=7` begins with another seed.
///
/// # Panics
/// When one differs, or when each kind of entry was in fewer than twenty images that a puller of `needed` unpacked.
#[expect(clippy::print_stdout, reason = "the counts are what a reader of the log wants to see")]
pub(crate) fn compare(images: u64, needed: &[&'static str], mut unpack: impl FnMut(&[Vec<Draw>], &Files) -> Unpacked) {
    let setting = |name, otherwise| env::var(name).map_or(otherwise, |text| text.parse::<u64>().unwrap());
    let (start, wanted) = (setting("LASTHAND_SEED", 0), setting("LASTHAND_IMAGES", images));
    let mut different = Vec::new();
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for seed in start..start + wanted {
        let layers = draw(seed);
        let files = layout(&layers);
        let Ok(facts) = read_files(&files).map(image) else { continue };
        if facts.refusals().next().is_some() {
            continue;
        }
        for (puller, tree) in unpack(&layers, &files) {
            let Some(mut tree) = tree else { continue };
            for kind in kinds(&layers) {
                *seen.entry((puller, kind)).or_default() += 1;
            }
            let ours = listed(&facts);
            let is_implied = |note: &&(Option<usize>, ReaderNote)| note.1.kind == NoteKind::ImpliedFolder;
            // Overlay alone makes such a folder anew.
            for (_, note) in facts.notes.iter().filter(is_implied).filter(|_| puller == "overlay") {
                let path = str::from_utf8(&note.path).unwrap();
                if let (Some(own), Some(their)) = (ours.get(path), tree.get_mut(path)) {
                    their.mode = own.mode;
                }
            }
            let found = difference(&ours, puller, &tree);
            if !found.is_empty() {
                let found = found.join("\n  ");
                different.push(format!("seed {seed}, layers {layers:?}\n  {found}\n  notes {:?}", facts.notes));
            }
        }
    }
    println!("in upper layers of what was compared: {seen:?}");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
    // A run of one image, to look at it, asks for no more.
    if wanted >= images {
        for (puller, kind) in needed.iter().flat_map(|puller| KINDS.iter().map(move |kind| (*puller, *kind))) {
            let count = seen.get(&(puller, kind)).copied().unwrap_or_default();
            assert!(count >= 20, "{puller}: a {kind} in {count} images only: {seen:?}");
        }
    }
}
