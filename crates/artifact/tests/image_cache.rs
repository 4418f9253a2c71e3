//! Facts of layers that are kept: what is taken from them is what reading gives, and nothing is taken that is about something else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

#[path = "image_kit/mod.rs"]
mod kit;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use kit::{Files, Image, Packing, device, dir, file, hard, image, link, pax};
use lasthand_artifact::image::{ImageFacts, ImageFault, ImageStore};
use lasthand_artifact::{
    ArtifactError, BlobIdentity, CacheKey, FactsCache, NoteKind, OpenedFile, Opening, Source, TreeEntry, TreeFault,
    TreeSource,
};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use serde_json::json;

/// A folder in memory that counts what is read of its blobs.
#[derive(Default)]
struct Folder {
    files: Files,
    /// Bytes read, by path.
    read: Mutex<BTreeMap<String, u64>>,
    /// Added to the time of change each time somebody asks.
    restless: u64,
    asked: AtomicU64,
}

struct Counting<'f> {
    folder: &'f Folder,
    path: String,
    rest: &'f [u8],
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        *self.folder.read.lock().unwrap().entry(self.path.clone()).or_default() += read as u64;
        Ok(read)
    }
}

impl TreeSource for Folder {
    fn name(&self) -> &'static str {
        "image"
    }

    fn entries<'a>(&'a self) -> Box<dyn Iterator<Item = Result<TreeEntry<'a>, TreeFault>> + 'a> {
        Box::new(std::iter::empty())
    }

    fn open_file(&self, path: &[u8]) -> io::Result<Option<OpenedFile<'_>>> {
        let path = String::from_utf8(path.to_vec()).unwrap();
        let Some(bytes) = self.files.get(&path) else { return Ok(None) };
        Ok(Some((bytes.len() as u64, Box::new(Counting { folder: self, path, rest: bytes }))))
    }

    fn identity(&self, path: &[u8]) -> Option<BlobIdentity> {
        let path = std::str::from_utf8(path).unwrap();
        let length = self.files.get(path)?.len() as u64;
        let changed = (1, (self.asked.fetch_add(1, Ordering::Relaxed) * self.restless).cast_signed());
        let file = (1, u64::from(Sha256::of(path.as_bytes()).as_bytes()[0]));
        Some(BlobIdentity {
            file,
            owner: 0,
            mode: 0o100_644,
            start: 0,
            length,
            size: length,
            modified: (1, 1),
            changed,
        })
    }
}

/// What is kept, by key.
#[derive(Default)]
struct Memory {
    kept: Mutex<Vec<(CacheKey, Vec<u8>)>>,
    hits: AtomicU64,
}

impl FactsCache for Memory {
    fn load(&self, key: &CacheKey) -> Option<Box<dyn Read + '_>> {
        let found = self.kept.lock().unwrap().iter().find(|(known, _)| known == key).map(|(_, facts)| facts.clone());
        self.hits.fetch_add(u64::from(found.is_some()), Ordering::Relaxed);
        found.map(|facts| -> Box<dyn Read> { Box::new(io::Cursor::new(facts)) })
    }

    fn store(&self, key: &CacheKey, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) {
        let mut facts = Vec::new();
        write(&mut facts).unwrap();
        self.kept.lock().unwrap().push((key.clone(), facts));
    }
}

fn folder(files: Files) -> Folder {
    Folder { files, ..Folder::default() }
}

fn read_under(folder: &Folder, cache: Option<&dyn FactsCache>, limits: &Limits) -> Result<ImageFacts, ArtifactError> {
    folder.read.lock().unwrap().clear();
    let store = ImageStore::open(Source::Tree(folder), None, limits)?.cached(cache);
    store.read(&store.choices()[0], None, limits, &mut |_| {}).map(image)
}

fn read(folder: &Folder, cache: Option<&dyn FactsCache>) -> ImageFacts {
    read_under(folder, cache, &Limits::DEFAULT).unwrap()
}

/// Everything that is known of an image, in words.
fn all(facts: &ImageFacts) -> String {
    let rootfs = facts.rootfs(usize::MAX).unwrap();
    let records: Vec<_> = facts.inventory.records().map(|record| (record, facts.written_by(record.path))).collect();
    let mut out = format!("{records:?}\n{:?}\n{:?}\n", rootfs.records().collect::<Vec<_>>(), facts.notes);
    for layer in &facts.layers {
        let records: Vec<_> = layer.records.iter().collect();
        writeln!(out, "{} {} {} {} {records:?}", layer.digest, layer.diff_id, layer.size, layer.media_type).unwrap();
    }
    out
}

/// Layers with all that an inventory can hold, and all ways to lie on each other; the last one refuses.
fn odd() -> Image {
    Image::new(&[
        &[
            dir("etc"),
            file("etc/a", "1"),
            file("etc/b", "2"),
            pax("SCHILY.xattr.user.note", "x"),
            file("bin", "3"),
            device("dev"),
            link("here", "etc"),
        ],
        &[
            file("etc/.wh.a", ""),
            hard("etc/c", "etc/b"),
            file("README", "4"),
            file("Readme", "5"),
            file("n\u{e4}me\\", "6"),
        ],
        &[file("here/d", "7"), file("etc/c", "8"), file("etc/c", "9"), link("dev", "bin")],
    ])
}

#[test]
fn what_is_kept_says_what_reading_says() {
    // pass: the second time no byte of a layer is read and no layer applied, and everything is as before, notes that refuse among it
    let (folder, cache) = (folder(odd().layout()), Memory::default());
    let cold = read(&folder, None);
    assert!(cold.refusals().any(|(layer, note)| *layer == Some(2) && note.kind == NoteKind::ThroughLowerSymlink));
    let expected = all(&cold);
    assert_eq!(all(&read(&folder, Some(&cache))), expected);
    assert_eq!((cache.hits.load(Ordering::Relaxed), cache.kept.lock().unwrap().len()), (0, 4));
    assert_eq!(all(&read(&folder, Some(&cache))), expected);
    assert_eq!((cache.hits.load(Ordering::Relaxed), cache.kept.lock().unwrap().len()), (4, 4));
    for layer in &cold.layers {
        let path = format!("blobs/sha256/{}", layer.digest);
        assert_eq!(folder.read.lock().unwrap().get(&path), None, "a layer whose facts were kept is read");
    }
}

#[test]
fn facts_of_something_else_are_as_if_they_were_not_there() {
    // fail: what was kept of one layer under the key of another, a tree of other layers, anything that is cut or has one byte more
    let (folder, cache) = (folder(odd().layout()), Memory::default());
    let expected = all(&read(&folder, Some(&cache)));
    let kept = cache.kept.lock().unwrap().clone();
    let is_tree = |key: &CacheKey| matches!(key, CacheKey::Tree(_));
    let others = [
        kept.iter().map(|(key, _)| (key.clone(), kept[0].1.clone())).collect::<Vec<_>>(),
        kept.iter().map(|(key, facts)| (key.clone(), facts[..facts.len() - 1].to_vec())).collect(),
        kept.iter().map(|(key, facts)| (key.clone(), [facts.as_slice(), &[0]].concat())).collect(),
        kept.iter().map(|(key, _)| (key.clone(), Vec::new())).collect(),
    ];
    for kept in others {
        let cache = Memory { kept: Mutex::new(kept), ..Memory::default() };
        assert_eq!(all(&read(&folder, Some(&cache))), expected);
    }
    // The rows of a tree end it, eight bytes each: out of order, one twice, one of no table, one past a table.
    let (key, tree) = kept.iter().find(|(key, _)| is_tree(key)).unwrap();
    let rows = tree.len() - 8;
    let mut swapped = tree.clone();
    swapped[rows - 8..].rotate_left(8);
    let twice = [&tree[..rows], &tree[rows - 8..rows]].concat();
    let no_table = [&tree[..rows], &[200, 0, 0, 0], &tree[rows + 4..]].concat();
    let past_it = [&tree[..rows + 4], &[200, 0, 0, 0]].concat();
    for other in [swapped, twice, no_table, past_it] {
        let mut kept = kept.clone();
        kept.retain(|(known, _)| known != key);
        kept.push((key.clone(), other));
        let cache = Memory { kept: Mutex::new(kept), ..Memory::default() };
        assert_eq!(all(&read(&folder, Some(&cache))), expected);
    }
}

#[test]
fn what_changes_while_it_is_read_is_not_kept() {
    // fail: a blob whose times move between the question before and the one after; a tree of such layers
    let cache = Memory::default();
    let folder = Folder { restless: 1, ..folder(odd().layout()) };
    read(&folder, Some(&cache));
    assert_eq!(cache.kept.lock().unwrap().len(), 0);
}

/// Must not be asked.
struct Untouchable;

impl FactsCache for Untouchable {
    fn load(&self, key: &CacheKey) -> Option<Box<dyn Read + '_>> {
        panic!("asked for {key:?}");
    }

    fn store(&self, key: &CacheKey, _: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) {
        panic!("told {key:?}");
    }
}

#[test]
fn nothing_is_kept_where_archives_are_opened() {
    // pass: what archives inside hold is in no cache, so none is asked
    let folder = folder(odd().layout());
    let store = ImageStore::open(Source::Tree(&folder), None, &Limits::DEFAULT).unwrap();
    let store = store.cached(Some(&Untouchable)).opening(Opening::Open);
    let opened = image(store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}).unwrap());
    assert_eq!(all(&opened), all(&read(&folder, None)));
}

#[test]
fn bounds_over_all_layers_hold_over_layers_that_were_kept() {
    // fail: two layers of three entries of one byte of path, each of them kept when it was read alone, under a bound on both
    let (first, second) =
        ([file("a", "1"), file("b", "2"), file("c", "3")], [file("d", "4"), file("e", "5"), file("f", "6")]);
    let bounds = [
        (Limits { entries: 5, ..Limits::DEFAULT }, "entries"),
        (Limits { metadata_bytes: 5, ..Limits::DEFAULT }, "bytes of all paths and attributes"),
    ];
    for (limits, bound) in bounds {
        let cache = Memory::default();
        for layers in [vec![&first[..]], vec![&second[..]]] {
            read_under(&folder(Image::new(&layers).layout()), Some(&cache), &limits).unwrap();
        }
        let both = folder(Image::new(&[&first, &second]).layout());
        let refused = read_under(&both, Some(&cache), &limits);
        assert!(
            matches!(&refused, Err(ArtifactError::OverLimit { what, limit: 5, .. }) if *what == bound),
            "{refused:?}"
        );
        assert!(cache.hits.load(Ordering::Relaxed) > 0);
    }
}

#[test]
fn what_layers_hide_is_bounded_when_they_were_kept_too() {
    // fail: files that an upper layer removes, read, then taken from what was kept; pass: one byte more
    let many: Vec<_> = (0..100).map(|number| file(&format!("d/{number:02}"), "")).collect();
    let image = folder(Image::new(&[&many, &[file(".wh.d", "")]]).layout());
    // Rows, paths, the places of the files, and what the files of each layer have alike.
    let taken = 101 * 54 + 100 * 4 + 5 + 100 * 36 + 2 * 72;
    for (hidden_bytes, is_enough) in [(taken, true), (taken - 1, false)] {
        let cache = Memory::default();
        let limits = Limits { hidden_bytes, ..Limits::DEFAULT };
        for hits in [0, 3] {
            assert_eq!(read_under(&image, Some(&cache), &limits).is_ok(), is_enough);
            assert_eq!(cache.hits.load(Ordering::Relaxed), hits);
        }
    }
}

#[test]
fn a_folder_of_this_test_is_read_as_any_other() {
    // pass: the same facts as of a folder on the disk
    let files = odd().layout();
    let on_disk = image(kit::read_folder(&files).unwrap());
    let facts = read(&folder(files), None);
    let records = |facts: &ImageFacts| format!("{:?}", facts.inventory.records().collect::<Vec<_>>());
    assert_eq!(records(&facts), records(&on_disk));
    assert!(facts.inventory.records().any(|record| record.entry_type == EntryType::Symlink));
}

#[test]
fn what_comes_out_of_layers_that_were_kept_counts_with_the_others() {
    // fail: layers of zeros that are too much together, however often they were tried, whichever of them were kept then; pass: two of them, again
    let limits = Limits { inflate_free_bytes: 4 << 20, ..Limits::DEFAULT };
    let of = |count: usize| {
        let zeros = |number: usize| kit::tar(&[file(&format!("{number}"), &"\0".repeat(3 << 20))]);
        let layers = (0..count).map(|number| (zeros(number), Packing::Gzip)).collect();
        folder(Image { config: json!({}), layers }.layout())
    };
    let cache = Memory::default();
    for _ in 0..2 {
        read_under(&of(2), Some(&cache), &limits).unwrap();
    }
    let three = of(3);
    for _ in 0..5 {
        let refused = read_under(&three, Some(&cache), &limits);
        let what = "uncompressed bytes for one compressed byte";
        assert!(matches!(&refused, Err(ArtifactError::OverLimit { what: over, .. }) if *over == what), "{refused:?}");
    }
}

/// Reads an index of few images over the same layers, and one of many, twice: the second is refused for `expected` each time.
fn refused_of_many(image: &Image, (few, many): (usize, usize), limits: &Limits, expected: &str) {
    let of = |count: usize| folder(kit::many_of(image, count));
    let cache = Memory::default();
    let tell = |folder: &Folder| {
        let store = ImageStore::open(Source::Tree(folder), None, limits).unwrap().cached(Some(&cache));
        store.read(&store.choices()[0], None, limits, &mut |_| {}).map(drop)
    };
    for _ in 0..2 {
        tell(&of(few)).unwrap();
        let refused = kit::fault(tell(&of(many)).unwrap_err());
        assert!(matches!(refused, ImageFault::OverLimit { what, .. } if what == expected), "{refused:?}");
    }
}

#[test]
fn what_applying_layers_cost_when_it_was_kept_counts_with_the_others() {
    // fail: many images over the same layers, which are applied once and then kept; pass: some of them
    let limits = Limits { entries: 5_000, ..Limits::DEFAULT };
    let many: Vec<_> = (0..2_000).map(|number| file(&format!("d/{number}"), "")).collect();
    let image = Image::new(&[&many, &[file(".wh.d", "")]]);
    refused_of_many(&image, (10, 40), &limits, "steps to apply the layers");
}

#[test]
fn what_applying_layers_copied_when_it_was_kept_counts_with_the_others() {
    // fail: many images whose hard links copy attributes, which are applied once and then kept; pass: some of them
    let limits = Limits { metadata_bytes: 100_000, ..Limits::DEFAULT };
    let mut linked = vec![pax("SCHILY.xattr.user.k", &"v".repeat(1_000)), file("f", "1")];
    linked.extend((0..10).map(|number| hard(&format!("l{number}"), "f")));
    refused_of_many(&Image::new(&[&linked]), (5, 20), &limits, "bytes of all paths and attributes");
}
