//! Records in little memory: rows of a fixed size, their text in one arena.

use std::collections::BTreeMap;

use super::{EntryType, FileRecord};
use crate::digest::{FileDigest, Sha256};

/// A record where it lies; cheap to copy. The members are those of [`FileRecord`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members of `FileRecord`")]
pub struct Record<'a> {
    pub path: &'a [u8],
    pub entry_type: EntryType,
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    pub size: u64,
    pub sha256: Option<FileDigest>,
    pub link_target: &'a [u8],
    pub device: Option<(u64, u64)>,
    pub xattrs: &'a [(Vec<u8>, Vec<u8>)],
}

impl Record<'_> {
    /// A record of nothing.
    pub const NOTHING: Self = Self {
        path: &[],
        entry_type: EntryType::File,
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        sha256: None,
        link_target: &[],
        device: None,
        xattrs: &[],
    };

    /// A record of its own.
    #[must_use]
    pub fn to_record(self) -> FileRecord {
        FileRecord {
            path: self.path.to_vec(),
            entry_type: self.entry_type,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            size: self.size,
            sha256: self.sha256,
            link_target: self.link_target.to_vec(),
            device: self.device,
            xattrs: self.xattrs.to_vec(),
        }
    }
}

impl<'a> From<&'a FileRecord> for Record<'a> {
    fn from(record: &'a FileRecord) -> Self {
        Self {
            path: &record.path,
            entry_type: record.entry_type,
            mode: record.mode,
            uid: record.uid,
            gid: record.gid,
            size: record.size,
            sha256: record.sha256,
            link_target: &record.link_target,
            device: record.device,
            xattrs: &record.xattrs,
        }
    }
}

/// Records in the order in which they were added.
///
/// Cost: 72 bytes for each record and the bytes of its path and link target; more for one with a device, extended attributes,
/// an owner beyond 32 bits, or a path that is not plain text.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub(super) rows: Vec<Row>,
    /// Paths and link targets as [`escape_path`](super::escape_path) writes them; those of a row are the bytes themselves.
    pub(super) text: String,
    /// Records that do not fit into a row.
    pub(super) odd: BTreeMap<usize, Odd>,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) start: usize,
    pub(super) path: u32,
    pub(super) link_target: u32,
    pub(super) size: u64,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u16,
    pub(super) entry_type: EntryType,
    pub(super) content: Content,
    pub(super) sha256: [u8; 32],
}

/// What else there is of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    None,
    Digest,
    /// Everything is in `odd`.
    Odd,
}

#[derive(Debug, Clone)]
pub(super) struct Odd {
    pub(super) record: FileRecord,
    pub(super) path: Box<str>,
    pub(super) link_target: Box<str>,
}

impl Records {
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

    /// Adds a record.
    pub fn push(&mut self, record: FileRecord) {
        let row = self.row(&record).unwrap_or_else(|| {
            self.odd.insert(self.rows.len(), Odd::of(record));
            Row::ODD
        });
        self.rows.push(row);
    }

    /// The row of a record, its text in the arena; none for one that does not fit.
    fn row(&mut self, record: &FileRecord) -> Option<Row> {
        if record.device.is_some() || !record.xattrs.is_empty() {
            return None;
        }
        let (path, link_target) = (plain(&record.path)?, plain(&record.link_target)?);
        let row = Row {
            start: self.text.len(),
            path: u32::try_from(path.len()).ok()?,
            link_target: u32::try_from(link_target.len()).ok()?,
            size: record.size,
            uid: u32::try_from(record.uid).ok()?,
            gid: u32::try_from(record.gid).ok()?,
            mode: u16::try_from(record.mode).ok()?,
            entry_type: record.entry_type,
            content: if record.sha256.is_some() { Content::Digest } else { Content::None },
            sha256: record.sha256.map(|digest| *digest.0.as_bytes()).unwrap_or_default(),
        };
        self.text.push_str(path);
        self.text.push_str(link_target);
        Some(row)
    }

    /// The record at a place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Record<'_>> {
        let row = self.rows.get(at)?;
        if row.content == Content::Odd {
            return self.odd.get(&at).map(|odd| Record::from(&odd.record));
        }
        Some(Record {
            path: self.slice(row.path()).as_bytes(),
            entry_type: row.entry_type,
            mode: row.mode.into(),
            uid: row.uid.into(),
            gid: row.gid.into(),
            size: row.size,
            sha256: (row.content == Content::Digest).then(|| FileDigest(Sha256::from_bytes(row.sha256))),
            link_target: self.slice(row.link_target()).as_bytes(),
            device: None,
            xattrs: &[],
        })
    }

    /// The path at a place.
    #[must_use]
    pub fn path(&self, at: usize) -> &[u8] {
        match (self.rows.get(at), self.odd.get(&at)) {
            (Some(row), _) if row.content != Content::Odd => self.slice(row.path()).as_bytes(),
            (Some(_), Some(odd)) => &odd.record.path,
            _ => b"",
        }
    }

    /// The path at a place, as [`escape_path`](super::escape_path) writes it.
    #[must_use]
    pub fn path_text(&self, at: usize) -> &str {
        match self.rows.get(at) {
            Some(row) if row.content != Content::Odd => self.slice(row.path()),
            _ => self.odd.get(&at).map_or("", |odd| &odd.path),
        }
    }

    /// The link target at a place, as [`escape_path`](super::escape_path) writes it.
    #[must_use]
    pub fn link_target_text(&self, at: usize) -> &str {
        match self.rows.get(at) {
            Some(row) if row.content != Content::Odd => self.slice(row.link_target()),
            _ => self.odd.get(&at).map_or("", |odd| &odd.link_target),
        }
    }

    /// Every record, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> + Clone {
        // Every place has a record.
        (0..self.rows.len()).map(|at| self.get(at).unwrap_or(Record::NOTHING))
    }

    /// Bytes of the paths and link targets of all records but the [`odd`](Self::odd) ones.
    #[must_use]
    pub const fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The records that take more memory than others: see [`Records`].
    pub fn odd(&self) -> impl ExactSizeIterator<Item = &FileRecord> {
        self.odd.values().map(|odd| &odd.record)
    }

    fn slice(&self, range: std::ops::Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

impl PartialEq for Records {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Records {}

impl FromIterator<FileRecord> for Records {
    fn from_iter<I: IntoIterator<Item = FileRecord>>(records: I) -> Self {
        let mut all = Self::default();
        records.into_iter().for_each(|record| all.push(record));
        all
    }
}

/// Text that stands for itself.
fn plain(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\\'))
}

impl Row {
    const ODD: Self = Self {
        start: 0,
        path: 0,
        link_target: 0,
        size: 0,
        uid: 0,
        gid: 0,
        mode: 0,
        entry_type: EntryType::File,
        content: Content::Odd,
        sha256: [0; 32],
    };

    const fn path(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.path as usize
    }

    const fn link_target(&self) -> std::ops::Range<usize> {
        let start = self.start + self.path as usize;
        start..start + self.link_target as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_72_bytes() {
        assert_eq!(size_of::<Row>(), 72);
    }
}
