//! Files in an artifact: records, their canonical bytes and the root over them.
//!
//! SPEC: docs/predicates/inventory.md; RFC 6962 section 2.1 (Merkle tree hash).

use std::sync::Arc;

use crate::actor::words;
use crate::digest::{FileDigest, InventoryRoot};

mod blob;
mod escape;
mod records;
mod stored;

pub use blob::{BlobError, Field};
pub use escape::{EscapeError, escape_path, unescape_path};
pub use records::{Record, Records};

/// Beginning of the paths of an image's configuration fields; alone, the target of a rule that says which file states them.
pub const CONFIG: &str = "config:";

words! {
    /// What an entry is.
    EntryType {
        File = "file",
        Directory = "directory",
        Symlink = "symlink",
        Hardlink = "hardlink",
        CharDevice = "char-device",
        BlockDevice = "block-device",
        Fifo = "fifo",
        Whiteout = "whiteout",
        OpaqueWhiteout = "opaque-whiteout",
        Submodule = "submodule",
        Config = "config",
    }
}

/// One entry of a container, in its place. Paths and link targets are raw bytes: relative, `/`-separated, no `.` or `..` segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileRecord {
    /// Path inside the container.
    pub path: Vec<u8>,
    /// What the entry is.
    pub entry_type: EntryType,
    /// Permission bits with set-uid, set-gid and sticky (`0o7777` at most).
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Content size in bytes; 0 for anything but a file.
    pub size: u64,
    /// Digest of the content; a file has one, nothing else does.
    pub sha256: Option<FileDigest>,
    /// Target of a symbolic or hard link; empty for anything else.
    pub link_target: Vec<u8>,
    /// Major and minor number of a device.
    pub device: Option<(u64, u64)>,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Records of one container, sorted by path bytes, each path once.
///
/// The records lie in tables that several inventories can share: the layers of an image.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    tables: Vec<Arc<Records>>,
    rows: Vec<RecordAt>,
}

/// A record of an inventory: its table, and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordAt {
    /// Number of the table.
    pub table: u32,
    /// Place in the table.
    pub at: u32,
}

impl Inventory {
    /// Sorts `records` by path, and the extended attributes of each by name, so that the root does not depend on their order.
    ///
    /// # Errors
    /// The first path that occurs twice.
    pub fn from_records(records: Vec<FileRecord>) -> Result<Self, Vec<u8>> {
        let records = records.into_iter().map(|mut record| {
            record.xattrs.sort();
            record
        });
        let table: Records = records.collect();
        let rows = (0..).take(table.len()).map(|at| RecordAt { table: 0, at }).collect();
        Self::from_tables(vec![Arc::new(table)], rows)
    }

    /// Sorts `rows` by the paths of their records. Extended attributes must be sorted by name.
    ///
    /// # Errors
    /// The first path that occurs twice.
    pub fn from_tables(tables: Vec<Arc<Records>>, mut rows: Vec<RecordAt>) -> Result<Self, Vec<u8>> {
        let path = |row: &RecordAt| path_of(&tables, *row);
        if rows.is_sorted_by(|a, b| path(a) < path(b)) {
            return Ok(Self { tables, rows });
        }
        rows.sort_by(|a, b| path(a).cmp(path(b)));
        let twice = rows.windows(2).find_map(|pair| match pair {
            [a, b] if path(a) == path(b) => Some(path(a).to_vec()),
            _ => None,
        });
        twice.map_or(Ok(Self { tables, rows }), Err)
    }

    /// Adds a table, each record in its place. Extended attributes must be sorted by name.
    ///
    /// Cost: O(entries), and O(log entries) for each record of the table.
    ///
    /// # Errors
    /// A path that occurs twice.
    pub fn with(self, table: Records) -> Result<Self, Vec<u8>> {
        let Self { mut tables, rows } = self;
        let number = u32::try_from(tables.len()).unwrap_or(u32::MAX);
        let added = (0..).take(table.len()).map(|at| RecordAt { table: number, at }).collect();
        tables.push(Arc::new(table));
        let Self { tables, rows: added } = Self::from_tables(tables, added)?;
        let path = |row: &RecordAt| path_of(&tables, *row);
        let mut merged = Vec::with_capacity(rows.len() + added.len());
        let mut rest = rows.as_slice();
        for row in added {
            let (before, after) = rest.split_at(rest.partition_point(|known| path(known) < path(&row)));
            if after.first().is_some_and(|known| path(known) == path(&row)) {
                return Err(path(&row).to_vec());
            }
            merged.extend_from_slice(before);
            merged.push(row);
            rest = after;
        }
        merged.extend_from_slice(rest);
        Ok(Self { tables, rows: merged })
    }

    /// The tables that the records lie in.
    #[must_use]
    pub fn tables(&self) -> &[Arc<Records>] {
        &self.tables
    }

    /// Where the records lie, in path order.
    #[must_use]
    pub fn rows(&self) -> &[RecordAt] {
        &self.rows
    }

    /// The number of records.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The records in path order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> + Clone {
        self.rows.iter().map(|row| self.at(*row))
    }

    /// The record at a place of the path order.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Record<'_>> {
        self.rows.get(at).map(|row| self.at(*row))
    }

    /// Finds the record of a path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<Record<'_>> {
        self.position(path).and_then(|at| self.get(at))
    }

    /// The number of the table that the record of a path lies in.
    #[must_use]
    pub fn table_of(&self, path: &[u8]) -> Option<usize> {
        self.rows.get(self.position(path)?).map(|row| index(row.table))
    }

    /// The path at a place of the path order, as [`escape_path`] writes it.
    #[must_use]
    pub fn path_text(&self, at: usize) -> &str {
        self.row(at).map_or("", |(table, at)| table.path_text(at))
    }

    /// The link target at a place of the path order, as [`escape_path`] writes it.
    #[must_use]
    pub fn link_target_text(&self, at: usize) -> &str {
        self.row(at).map_or("", |(table, at)| table.link_target_text(at))
    }

    /// True when the paths are in order as texts, too: as [`path_text`](Self::path_text) gives them, each once.
    ///
    /// Cost: a search for each record whose path may be another text than its bytes.
    #[must_use]
    pub fn is_sorted_as_text(&self) -> bool {
        let odd: usize = self.tables.iter().map(|table| table.odd().len()).sum();
        if odd > self.len() / 16 {
            return (1..self.len()).all(|at| self.path_text(at - 1) < self.path_text(at));
        }
        // What stands for itself is in order as it is, so those beside the others decide.
        let mut paths = self.tables.iter().flat_map(|table| table.odd().map(|record| record.path.as_slice()));
        paths.all(|path| {
            let at = self.position(path).unwrap_or_default();
            let is_behind = at == 0 || self.path_text(at - 1) < self.path_text(at);
            is_behind && (at + 1 >= self.len() || self.path_text(at) < self.path_text(at + 1))
        })
    }

    /// The RFC 6962 root over the canonical records.
    #[must_use]
    pub fn root(&self) -> InventoryRoot {
        merkle::root(self.records().map(canonical_bytes))
    }

    fn position(&self, path: &[u8]) -> Option<usize> {
        self.rows.binary_search_by(|row| path_of(&self.tables, *row).cmp(path)).ok()
    }

    fn row(&self, at: usize) -> Option<(&Records, usize)> {
        let row = self.rows.get(at)?;
        Some((self.tables.get(index(row.table))?, index(row.at)))
    }

    fn at(&self, row: RecordAt) -> Record<'_> {
        // Every row has a record.
        self.tables.get(index(row.table)).and_then(|table| table.get(index(row.at))).unwrap_or(Record::NOTHING)
    }
}

impl PartialEq for Inventory {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.records().eq(other.records())
    }
}

impl Eq for Inventory {}

fn path_of(tables: &[Arc<Records>], row: RecordAt) -> &[u8] {
    tables.get(index(row.table)).map_or(&b""[..], |table| table.path(index(row.at)))
}

const fn index(number: u32) -> usize {
    number as usize
}

/// Writes the canonical bytes of one record: each field with its length before it (u32, big-endian), in the order
/// path, type, mode (octal), uid, gid, size (decimal), sha256 (32 bytes or empty), link target, device major, device minor,
/// then name and value of each xattr.
#[must_use]
pub fn canonical_bytes<'a>(record: impl Into<Record<'a>>) -> Vec<u8> {
    let record = record.into();
    let mut out = Vec::with_capacity(record.path.len() + 128);
    push_field(&mut out, record.path);
    push_field(&mut out, record.entry_type.as_str().as_bytes());
    push_field(&mut out, format!("{:o}", record.mode).as_bytes());
    push_field(&mut out, record.uid.to_string().as_bytes());
    push_field(&mut out, record.gid.to_string().as_bytes());
    push_field(&mut out, record.size.to_string().as_bytes());
    push_field(&mut out, record.sha256.as_ref().map_or(&[], |digest| digest.0.as_bytes()));
    push_field(&mut out, record.link_target);
    let (major, minor) = record.device.map_or((String::new(), String::new()), |(a, b)| (a.to_string(), b.to_string()));
    push_field(&mut out, major.as_bytes());
    push_field(&mut out, minor.as_bytes());
    for (name, value) in record.xattrs {
        push_field(&mut out, name);
        push_field(&mut out, value);
    }
    out
}

fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(field);
}

mod merkle {
    use sha2::{Digest as _, Sha256 as Hasher};

    use crate::digest::{InventoryRoot, Sha256};

    /// SPEC: RFC 6962 section 2.1: leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), empty = SHA-256("").
    pub(super) fn root(leaves: impl Iterator<Item = Vec<u8>>) -> InventoryRoot {
        // Perfect subtrees still open, largest first: (leaf count, hash). LIMIT: at most 64 of them.
        let mut open: Vec<(u64, [u8; 32])> = Vec::new();
        for leaf in leaves {
            let mut hasher = Hasher::new();
            hasher.update([0u8]);
            hasher.update(&leaf);
            let mut top: (u64, [u8; 32]) = (1, hasher.finalize().into());
            while let Some((count, left)) = open.pop_if(|(count, _)| *count == top.0) {
                top = (count * 2, node(&left, &top.1));
            }
            open.push(top);
        }
        let folded = open.into_iter().rev().reduce(|right, left| (0, node(&left.1, &right.1)));
        InventoryRoot(folded.map_or_else(|| Sha256::of(b""), |(_, hash)| Sha256::from_bytes(hash)))
    }

    fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Hasher::new();
        hasher.update([1u8]);
        hasher.update(left);
        hasher.update(right);
        hasher.finalize().into()
    }
}
