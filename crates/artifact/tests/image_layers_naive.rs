//! Random layers: what this reader makes of them against containerd's own steps, carried out on a real folder.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use image_kit::{Entry, Image, dir, file, hard, image, link, read_files};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum What {
    File,
    Dir,
    Link(String),
    Hard(String),
    Whiteout,
    Opaque,
}

/// One entry; content of files is unique to it.
#[derive(Debug, Clone)]
struct Op {
    path: String,
    what: What,
}

impl Op {
    fn name(&self) -> String {
        match (&self.what, self.path.rsplit_once('/')) {
            (What::Whiteout, Some((folder, base))) => format!("{folder}/.wh.{base}"),
            (What::Whiteout, None) => format!(".wh.{}", self.path),
            (What::Opaque, Some((folder, _))) => format!("{folder}/.wh..wh..opq"),
            (What::Opaque, None) => ".wh..wh..opq".to_owned(),
            _ => self.path.clone(),
        }
    }

    fn entry(&self, content: &str) -> Entry {
        match &self.what {
            What::File => file(&self.path, content),
            What::Dir => dir(&self.path),
            What::Link(target) => link(&self.path, target),
            What::Hard(target) => hard(&self.path, target),
            What::Whiteout | What::Opaque => file(&self.name(), ""),
        }
    }
}

/// SPEC: continuity `fs.RootPath`, `walkLinks`, `walkLink`.
fn root_path(root: &Path, path: &str) -> io::Result<PathBuf> {
    let mut walked = 0;
    let mut path = clean(path);
    loop {
        let before = walked;
        path = walk_links(root, &path, &mut walked)?;
        if before == walked {
            return Ok(root.join(clean(&path).trim_start_matches('/')));
        }
    }
}

fn walk_links(root: &Path, path: &str, walked: &mut u32) -> io::Result<String> {
    let path = clean(path);
    let Some((folder, base)) = path.rsplit_once('/').filter(|(_, base)| !base.is_empty()) else { return Ok(path) };
    let folder = if folder.is_empty() { "/".to_owned() } else { walk_links(root, folder, walked)? };
    if *walked > 255 {
        return Err(io::Error::other("too many links"));
    }
    let at = clean(&format!("{folder}/{base}"));
    let real = root.join(at.trim_start_matches('/'));
    match fs::symlink_metadata(&real) {
        Ok(metadata) if metadata.is_symlink() => {
            *walked += 1;
            let target = fs::read_link(&real)?.to_str().unwrap().to_owned();
            Ok(if target.starts_with('/') { target } else { format!("{folder}/{target}") })
        }
        Ok(_) => Ok(at),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(at),
        Err(error) => Err(error),
    }
}

/// Go's `filepath.Join("/", path)`.
fn clean(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

fn remove_all(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

/// Removes what is below an opaque folder, and not unpacked from this layer.
fn empty(folder: &Path, unpacked: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !unpacked.contains(&path) {
            remove_all(&path)?;
        } else if fs::symlink_metadata(&path)?.is_dir() {
            empty(&path, unpacked)?;
        }
    }
    Ok(())
}

/// SPEC: containerd `archive/tar.go` `applyNaive`.
fn apply(root: &Path, layer: &[(Op, String)]) -> io::Result<()> {
    let mut unpacked = BTreeSet::new();
    for (op, content) in layer {
        let name = op.name();
        let (folder, base) = name.rsplit_once('/').unwrap_or(("", &name));
        let folder = root_path(root, folder)?;
        let path = folder.join(base);
        fs::create_dir_all(&folder)?;
        match &op.what {
            What::Opaque => {
                empty(&folder, &unpacked)?;
                continue;
            }
            What::Whiteout => {
                remove_all(&folder.join(base.strip_prefix(".wh.").unwrap()))?;
                continue;
            }
            _ => {}
        }
        if let Ok(metadata) = fs::symlink_metadata(&path)
            && !(metadata.is_dir() && matches!(op.what, What::Dir))
        {
            remove_all(&path)?;
        }
        match &op.what {
            What::File => fs::write(&path, content)?,
            What::Dir if path.is_dir() => {}
            What::Dir => fs::create_dir(&path)?,
            What::Link(target) => symlink(target, &path)?,
            What::Hard(target) => {
                let (folder, base) = target.rsplit_once('/').unwrap_or(("", target));
                fs::hard_link(root_path(root, folder)?.join(base), &path)?;
            }
            What::Whiteout | What::Opaque => {}
        }
        unpacked.insert(path);
    }
    Ok(())
}

/// Path, and what is there; folders too.
fn list(root: &Path, folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let relative: PathBuf = path.components().skip(root.components().count()).collect();
        assert!(relative.components().all(|part| matches!(part, Component::Normal(_))));
        let metadata = fs::symlink_metadata(&path).unwrap();
        let what = if metadata.is_dir() {
            list(root, &path, found);
            "folder".to_owned()
        } else if metadata.is_symlink() {
            format!("link {}", fs::read_link(&path).unwrap().display())
        } else {
            format!("file {}", Sha256::of(&fs::read(&path).unwrap()))
        };
        found.insert((relative.to_str().unwrap().to_owned(), what));
    }
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "c"]);
    prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"))
}

fn op() -> impl Strategy<Value = Op> {
    let target =
        (prop::sample::select(vec!["", "/", "../", "../../"]), path()).prop_map(|(up, path)| up.to_owned() + &path);
    let what = prop_oneof![
        6 => Just(What::File),
        4 => Just(What::Dir),
        3 => target.prop_map(What::Link),
        2 => path().prop_map(What::Hard),
        3 => Just(What::Whiteout),
        1 => Just(What::Opaque),
    ];
    (path(), what).prop_map(|(path, what)| Op { path, what })
}

fn check(layers: &[Vec<Op>]) -> Result<bool, TestCaseError> {
    let mut number = 0;
    let mut content = || {
        number += 1;
        number.to_string()
    };
    let layers: Vec<Vec<(Op, String)>> =
        layers.iter().map(|layer| layer.iter().map(|op| (op.clone(), content())).collect()).collect();
    let entries: Vec<Vec<Entry>> =
        layers.iter().map(|layer| layer.iter().map(|(op, content)| op.entry(content)).collect()).collect();
    let slices: Vec<&[Entry]> = entries.iter().map(Vec::as_slice).collect();
    let Ok(facts) = read_files(&Image::new(&slices).layout()).map(image) else { return Ok(false) };
    let metadata_only = |kind| {
        matches!(
            kind,
            lasthand_artifact::NoteKind::HardlinkMetadataDiffers | lasthand_artifact::NoteKind::ThroughLowerSymlink
        )
    };
    if facts.refusals().any(|(_, note)| !metadata_only(note.kind)) {
        return Ok(false);
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for layer in &layers {
        let applied = apply(&root, layer);
        prop_assert!(applied.is_ok(), "read, but containerd refuses: {applied:?}");
    }
    let mut on_disk = BTreeSet::new();
    list(&root, &root, &mut on_disk);
    let inventory = facts.rootfs(layers.len()).unwrap();
    let listed: BTreeSet<(String, String)> = inventory
        .records()
        .map(|record| {
            let what = match record.entry_type {
                EntryType::Directory => "folder".to_owned(),
                EntryType::Symlink => format!("link {}", String::from_utf8_lossy(record.link_target)),
                EntryType::File => format!("file {}", record.sha256.unwrap()),
                other => panic!("{other:?}"),
            };
            (String::from_utf8(record.path.to_vec()).unwrap(), what)
        })
        .collect();
    // A folder that no layer lists is on disk and in no inventory.
    let missing: Vec<_> = on_disk.difference(&listed).filter(|(_, what)| what != "folder").collect();
    let extra: Vec<_> = listed.difference(&on_disk).collect();
    prop_assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, extra {extra:?}");
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_make_the_tree_that_containerd_makes(layers in prop::collection::vec(prop::collection::vec(op(), 0..6), 1..4)) {
        // pass: what is read without an ambiguous note is on disk; what containerd refuses is never read
        check(&layers)?;
    }
}

#[test]
fn most_random_layers_are_compared() {
    // pass: the property above is about something
    let one = |path: &str, what| Op { path: path.to_owned(), what };
    let layers = [
        vec![one("a", What::Dir), one("a/b", What::File), one("c", What::Link("a".to_owned()))],
        vec![one("a/b", What::Whiteout), one("a/c", What::File), one("b", What::Hard("a/c".to_owned()))],
        vec![one("c/a", What::File), one("a/x", What::Opaque)],
    ];
    assert!(check(&layers[..2]).unwrap());
    assert!(check(&[layers[0].clone(), vec![one("c/b", What::Whiteout), one("c/a", What::File)]]).unwrap());
    assert!(check(&layers[..1]).unwrap());
}
