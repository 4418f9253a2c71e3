//! Files in an artifact: records, their canonical bytes and the root over them.
//!
//! SPEC: docs/predicates/inventory.md; RFC 6962 section 2.1 (Merkle tree hash).

use crate::actor::words;
use crate::digest::{FileDigest, InventoryRoot};

mod blob;
mod escape;

pub use blob::{BlobError, Field};
pub use escape::{EscapeError, escape_path, unescape_path};

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    records: Vec<FileRecord>,
}

impl Inventory {
    /// Sorts `records` by path, and the extended attributes of each by name, so that the root does not depend on their order.
    ///
    /// # Errors
    /// The first path that occurs twice.
    pub fn from_records(mut records: Vec<FileRecord>) -> Result<Self, Vec<u8>> {
        records.sort_by(|a, b| a.path.cmp(&b.path));
        for record in &mut records {
            record.xattrs.sort();
        }
        for pair in records.windows(2) {
            if let [a, b] = pair
                && a.path == b.path
            {
                return Err(a.path.clone());
            }
        }
        Ok(Self { records })
    }

    /// The records in path order.
    #[must_use]
    pub fn records(&self) -> &[FileRecord] {
        &self.records
    }

    /// Finds the record of a path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&FileRecord> {
        self.records
            .binary_search_by(|record| record.path.as_slice().cmp(path))
            .ok()
            .and_then(|at| self.records.get(at))
    }

    /// The RFC 6962 root over the canonical records.
    #[must_use]
    pub fn root(&self) -> InventoryRoot {
        merkle::root(self.records.iter().map(canonical_bytes))
    }
}

/// Writes the canonical bytes of one record: each field with its length before it (u32, big-endian), in the order
/// path, type, mode (octal), uid, gid, size (decimal), sha256 (32 bytes or empty), link target, device major, device minor,
/// then name and value of each xattr.
#[must_use]
pub fn canonical_bytes(record: &FileRecord) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.path.len() + 128);
    push_field(&mut out, &record.path);
    push_field(&mut out, record.entry_type.as_str().as_bytes());
    push_field(&mut out, format!("{:o}", record.mode).as_bytes());
    push_field(&mut out, record.uid.to_string().as_bytes());
    push_field(&mut out, record.gid.to_string().as_bytes());
    push_field(&mut out, record.size.to_string().as_bytes());
    push_field(&mut out, record.sha256.as_ref().map_or(&[], |digest| digest.0.as_bytes()));
    push_field(&mut out, &record.link_target);
    let (major, minor) = record.device.map_or((String::new(), String::new()), |(a, b)| (a.to_string(), b.to_string()));
    push_field(&mut out, major.as_bytes());
    push_field(&mut out, minor.as_bytes());
    for (name, value) in &record.xattrs {
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
