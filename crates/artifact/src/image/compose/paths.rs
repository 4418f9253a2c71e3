//! Where paths of a tree are written, so that none is held twice.

use std::cmp::Ordering;
use std::sync::Arc;

use lasthand_model::inventory::{Record, RecordAt, Records};

use super::sorted::Sorted;
use super::{index, narrow};
use crate::image::facts::LayerFacts;

/// A path: that of an entry, or of a folder above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathAt {
    /// The entry; with the table [`PathAt::JOINED`] a path that no entry has.
    pub(super) entry: RecordAt,
    /// Bytes of its path that are meant.
    pub(super) length: u32,
}

impl PathAt {
    /// The number of the table of paths that no entry has.
    const JOINED: u32 = u32::MAX;
}

/// Bytes of memory that a path takes that no entry has, beside its own: its place in a list that grows, and in the heap.
const JOINED_BYTES: usize = 64;

/// Anything that lies at a path.
pub(super) trait AtPath: Copy {
    fn path(self) -> PathAt;
}

impl AtPath for PathAt {
    fn path(self) -> PathAt {
        self
    }
}

/// The entries of all layers, and the paths that none of them has.
pub(super) struct Paths<'f> {
    layers: Vec<&'f Records>,
    /// With the layer that wrote there.
    joined: Vec<(Box<[u8]>, u32)>,
    /// Bytes of memory that they take.
    pub(super) joined_bytes: usize,
}

impl<'f> Paths<'f> {
    pub(super) fn of(layers: &'f [Arc<LayerFacts>]) -> Self {
        let layers = layers.iter().map(|layer| layer.records.as_ref()).collect();
        Self { layers, joined: Vec::new(), joined_bytes: 0 }
    }

    /// Keeps a path that no entry has.
    pub(super) fn keep(&mut self, path: &[u8], layer: usize) -> PathAt {
        let entry = RecordAt { table: PathAt::JOINED, at: narrow(self.joined.len()) };
        self.joined.push((path.into(), narrow(layer)));
        self.joined_bytes += JOINED_BYTES + path.len();
        PathAt { entry, length: narrow(path.len()) }
    }

    /// The bytes of a path.
    pub(super) fn path(&self, at: PathAt) -> &[u8] {
        let whole = match at.entry.table {
            PathAt::JOINED => self.joined.get(index(at.entry.at)).map_or(&b""[..], |(path, _)| path),
            table => self.layers.get(index(table)).map_or(&b""[..], |layer| layer.path(index(at.entry.at))),
        };
        whole.get(..index(at.length)).unwrap_or(whole)
    }

    /// The layer that wrote at a path.
    pub(super) fn layer(&self, at: PathAt) -> usize {
        match at.entry.table {
            PathAt::JOINED => self.joined.get(index(at.entry.at)).map_or(0, |(_, layer)| index(*layer)),
            table => index(table),
        }
    }

    /// An entry of a layer.
    pub(super) fn record(&self, at: RecordAt) -> Record<'f> {
        self.layers.get(index(at.table)).and_then(|layer| layer.get(index(at.at))).unwrap_or(Record::NOTHING)
    }

    /// What lies at a path.
    pub(super) fn get<T: AtPath>(&self, items: &Sorted<T>, path: &[u8]) -> Option<T> {
        items.get(|item| self.compare(*item, path))
    }

    /// True when something lies at a path.
    pub(super) fn has<T: AtPath>(&self, items: &Sorted<T>, path: &[u8]) -> bool {
        self.get(items, path).is_some()
    }

    /// Adds an item; gives the one that lay at its path.
    pub(super) fn insert<T: AtPath>(&self, items: &mut Sorted<T>, item: T) -> Option<T> {
        let path = self.path(item.path());
        items.insert(item, |known| self.compare(*known, path))
    }

    /// Removes what lies at a path.
    pub(super) fn remove<T: AtPath>(&self, items: &mut Sorted<T>, path: &[u8]) -> Option<T> {
        items.remove(|item| self.compare(*item, path))
    }

    /// True when something lies at a path, below it, or at one that only begins so. One search.
    pub(super) fn has_from<T: AtPath>(&self, items: &Sorted<T>, begin: &[u8]) -> bool {
        let mut from = items.from(|item| self.compare(*item, begin).is_lt());
        from.next().is_some_and(|item| self.path(item.path()).starts_with(begin))
    }

    /// What lies below a folder, in order of the paths.
    pub(super) fn below<'s, T: AtPath>(
        &'s self,
        items: &'s Sorted<T>,
        folder: &[u8],
    ) -> impl Iterator<Item = (&'s [u8], T)> {
        let begin = beginning(folder);
        let paths = items.from(|item| self.compare(*item, &begin).is_lt()).map(|item| (self.path(item.path()), item));
        paths.take_while(move |(path, _)| path.starts_with(&begin))
    }

    /// Removes what lies below a folder, but for what is kept.
    pub(super) fn retain_below<T: AtPath>(&self, items: &mut Sorted<T>, folder: &[u8], keep: impl Fn(&T) -> bool) {
        let begin = beginning(folder);
        let is_in = |item: &T| self.path(item.path()).starts_with(&begin);
        items.retain(|item| self.compare(*item, &begin).is_lt(), is_in, keep);
    }

    fn compare<T: AtPath>(&self, item: T, path: &[u8]) -> Ordering {
        self.path(item.path()).cmp(path)
    }
}

/// What the paths below a folder begin with.
fn beginning(folder: &[u8]) -> Vec<u8> {
    if folder.is_empty() { Vec::new() } else { [folder, b"/"].concat() }
}
