//! Records in little memory: rows of a fixed size, their text in one arena.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

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
/// Cost: 48 bytes for each record and the bytes of its path and link target; type, mode, owner, device and extended attributes once for
/// all records that have them alike. Some 500 bytes more for one whose path or link target is not plain text or has over 65,535 bytes,
/// for content of 256 TiB and more, and for what comes after 65,535 different owners, modes and attributes.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub(super) rows: Vec<Row>,
    /// Paths and link targets as [`escape_path`](super::escape_path) writes them; those of a row are the bytes themselves.
    pub(super) text: String,
    /// What rows have alike.
    pub(super) alike: Vec<Alike>,
    /// Places in `alike`, by a hash that nobody can choose.
    known: HashMap<u64, u16>,
    hasher: RandomState,
    /// The place of the last record.
    last: u16,
    /// Records that do not fit into a row, in the order of their rows.
    pub(super) odd: Vec<Odd>,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) sha256: [u8; 32],
    /// Where its text starts; the place in `odd` of a record that lies there.
    pub(super) start: u32,
    pub(super) size_low: u32,
    pub(super) size_high: u16,
    pub(super) path: u16,
    pub(super) link_target: u16,
    /// Its place in `alike`; [`Row::IN_ODD`] where everything is in `odd`.
    pub(super) alike: u16,
}

/// What many records have alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    uid: u64,
    gid: u64,
    mode: u32,
    entry_type: EntryType,
    has_digest: bool,
    rare: Option<Box<Rare>>,
}

/// What few records have at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rare {
    device: Option<(u64, u64)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
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
            let row = Row::odd(self.odd.len());
            self.odd.push(Odd::of(record));
            row
        });
        self.rows.push(row);
    }

    /// The record at a place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Record<'_>> {
        let row = self.rows.get(at)?;
        let Some(alike) = self.alike.get(usize::from(row.alike)) else {
            return self.odd_of(row).map(|odd| Record::from(&odd.record));
        };
        Some(Record {
            path: self.bytes_at(row.path()),
            entry_type: alike.entry_type,
            mode: alike.mode,
            uid: alike.uid,
            gid: alike.gid,
            size: row.size(),
            sha256: alike.has_digest.then(|| FileDigest(Sha256::from_bytes(row.sha256))),
            link_target: self.bytes_at(row.link_target()),
            device: alike.device(),
            xattrs: alike.xattrs(),
        })
    }

    /// The path at a place.
    #[must_use]
    pub fn path(&self, at: usize) -> &[u8] {
        match self.rows.get(at) {
            Some(row) if row.alike != Row::IN_ODD => self.bytes_at(row.path()),
            row => row.and_then(|row| self.odd_of(row)).map_or(b"", |odd| &odd.record.path),
        }
    }

    /// The path at a place, as [`escape_path`](super::escape_path) writes it.
    #[must_use]
    pub fn path_text(&self, at: usize) -> &str {
        match self.rows.get(at) {
            Some(row) if row.alike != Row::IN_ODD => self.slice(row.path()),
            row => row.and_then(|row| self.odd_of(row)).map_or("", |odd| &odd.path),
        }
    }

    /// The link target at a place, as [`escape_path`](super::escape_path) writes it.
    #[must_use]
    pub fn link_target_text(&self, at: usize) -> &str {
        match self.rows.get(at) {
            Some(row) if row.alike != Row::IN_ODD => self.slice(row.link_target()),
            row => row.and_then(|row| self.odd_of(row)).map_or("", |odd| &odd.link_target),
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

    /// Bytes of memory that all records take, about, with what they have alike; their attributes aside.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let odd: usize = self.odd.iter().map(Odd::bytes).sum();
        let alike: usize = self.alike.iter().map(Alike::bytes).sum();
        let own = self.rows.len() * size_of::<Row>() + self.text.len() + alike;
        u64::try_from(own + odd).unwrap_or(u64::MAX)
    }

    /// Bytes of memory that the record at a place takes, about; what it has like others aside.
    #[must_use]
    pub fn bytes_of(&self, at: usize) -> usize {
        let own = match self.rows.get(at) {
            Some(row) if row.alike != Row::IN_ODD => usize::from(row.path) + usize::from(row.link_target),
            row => row.and_then(|row| self.odd_of(row)).map_or(0, Odd::bytes),
        };
        size_of::<Row>() + own
    }

    /// The extended attributes of each record that has any, the [`odd`](Self::odd) ones left out.
    ///
    /// Cost: none where no record has any, else a look at each.
    pub fn attributes(&self) -> impl Iterator<Item = &[(Vec<u8>, Vec<u8>)]> {
        let has_any = self.alike.iter().any(|alike| !alike.xattrs().is_empty());
        let rows = self.rows.iter().filter(move |_| has_any);
        let alike = rows.filter_map(|row| self.alike.get(usize::from(row.alike)));
        alike.map(Alike::xattrs).filter(|xattrs| !xattrs.is_empty())
    }

    /// The records that take more memory than others: see [`Records`].
    pub fn odd(&self) -> impl ExactSizeIterator<Item = &FileRecord> {
        self.odd.iter().map(|odd| &odd.record)
    }

    /// The row of a record, its text in the arena; none for one that does not fit.
    fn row(&mut self, record: &FileRecord) -> Option<Row> {
        let (path, link_target) = (plain(&record.path)?, plain(&record.link_target)?);
        let [a, b, c, d, e, f, 0, 0] = record.size.to_le_bytes() else { return None };
        let row = Row {
            sha256: record.sha256.map(|digest| *digest.0.as_bytes()).unwrap_or_default(),
            start: u32::try_from(self.text.len()).ok()?,
            size_low: u32::from_le_bytes([a, b, c, d]),
            size_high: u16::from_le_bytes([e, f]),
            path: u16::try_from(path.len()).ok()?,
            link_target: u16::try_from(link_target.len()).ok()?,
            alike: self.alike_of(record)?,
        };
        self.text.push_str(path);
        self.text.push_str(link_target);
        Some(row)
    }

    /// The place of what a record has like others; none when there are too many already.
    fn alike_of(&mut self, record: &FileRecord) -> Option<u16> {
        let is = |at: u16| self.alike.get(usize::from(at)).is_some_and(|alike| alike.is_of(record));
        if is(self.last) {
            return Some(self.last);
        }
        let alike = Alike::of(record);
        let hash = self.hasher.hash_one(&alike);
        let known = self.known.get(&hash).copied().filter(|at| is(*at));
        self.last = match known {
            Some(at) => at,
            None => {
                // LIMIT: places have 16 bits, and the last one means that there is none.
                let at = u16::try_from(self.alike.len()).ok().filter(|at| *at != Row::IN_ODD)?;
                self.alike.push(alike);
                self.known.insert(hash, at);
                at
            }
        };
        Some(self.last)
    }

    fn odd_of(&self, row: &Row) -> Option<&Odd> {
        self.odd.get(row.start as usize)
    }

    fn bytes_at(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.text.as_bytes().get(range).unwrap_or_default()
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

impl Alike {
    /// Bytes of memory that one takes, about, attributes aside: its own, and its place in a map that may be half empty.
    fn bytes(&self) -> usize {
        let rare = self.rare.as_ref().map_or(0, |_| size_of::<Rare>() + 16);
        size_of::<Self>() + 40 + rare
    }

    fn of(record: &FileRecord) -> Self {
        let FileRecord { entry_type, mode, uid, gid, sha256, device, xattrs, .. } = record;
        let rare = Rare { device: *device, xattrs: xattrs.clone() };
        Self {
            uid: *uid,
            gid: *gid,
            mode: *mode,
            entry_type: *entry_type,
            has_digest: sha256.is_some(),
            rare: (device.is_some() || !xattrs.is_empty()).then(|| rare.into()),
        }
    }

    fn is_of(&self, record: &FileRecord) -> bool {
        (self.uid, self.gid, self.mode) == (record.uid, record.gid, record.mode)
            && (self.entry_type, self.has_digest) == (record.entry_type, record.sha256.is_some())
            && self.device() == record.device
            && self.xattrs() == record.xattrs
    }

    fn device(&self) -> Option<(u64, u64)> {
        self.rare.as_ref().and_then(|rare| rare.device)
    }

    fn xattrs(&self) -> &[(Vec<u8>, Vec<u8>)] {
        self.rare.as_ref().map_or(&[], |rare| &rare.xattrs)
    }

    /// A record that has this and nothing else; a digest in it says only that there is one.
    pub(super) fn to_record(&self) -> FileRecord {
        FileRecord {
            entry_type: self.entry_type,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            sha256: self.has_digest.then_some(FileDigest(Sha256::from_bytes([0; 32]))),
            device: self.device(),
            xattrs: self.xattrs().to_vec(),
            ..Record::NOTHING.to_record()
        }
    }
}

impl From<FileRecord> for Alike {
    fn from(record: FileRecord) -> Self {
        Self::of(&record)
    }
}

impl Row {
    /// The place in `alike` that no row has.
    pub(super) const IN_ODD: u16 = u16::MAX;

    /// The row of a record that lies at a place in `odd`.
    pub(super) fn odd(place: usize) -> Self {
        // LIMIT: there are fewer than `u32::MAX`; at that place lies none.
        let start = u32::try_from(place).unwrap_or(u32::MAX);
        Self { sha256: [0; 32], start, size_low: 0, size_high: 0, path: 0, link_target: 0, alike: Self::IN_ODD }
    }

    const fn path(&self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.path as usize
    }

    const fn link_target(&self) -> std::ops::Range<usize> {
        let start = self.start as usize + self.path as usize;
        start..start + self.link_target as usize
    }

    const fn size(&self) -> u64 {
        (self.size_high as u64) << 32 | self.size_low as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str) -> FileRecord {
        FileRecord { path: path.into(), ..Record::NOTHING.to_record() }
    }

    #[test]
    fn a_row_has_48_bytes_and_what_rows_have_alike_32() {
        assert_eq!((size_of::<Row>(), size_of::<Alike>()), (48, 32));
    }

    #[test]
    fn what_does_not_fit_into_a_row_comes_back_all_the_same() {
        // pass: sizes and lengths around what a row has, more owners than rows can tell apart, attributes and devices of their own
        let long = "a".repeat(usize::from(u16::MAX));
        let owned = (0..70_000).map(|uid| FileRecord { uid, ..record("owned") });
        let sized = [(1 << 48) - 1, 1 << 48, u64::MAX].map(|size| FileRecord { size, ..record("sized") });
        let named = [long.clone(), format!("{long}a")].map(|path| record(&path));
        let linked = [long.clone(), format!("{long}a")].map(|link| FileRecord {
            link_target: link.into(),
            entry_type: EntryType::Symlink,
            ..record("link")
        });
        let other = [
            FileRecord { device: Some((1, u64::MAX)), entry_type: EntryType::CharDevice, ..record("device") },
            FileRecord { xattrs: vec![(b"user.a".to_vec(), b"1".to_vec())], ..record("attribute") },
            FileRecord { sha256: Some(FileDigest(Sha256::of(b"x"))), mode: 0o7777, gid: u64::MAX, ..record("") },
        ];
        let all: Vec<_> = sized.into_iter().chain(named).chain(linked).chain(other).chain(owned).collect();
        let records: Records = all.iter().cloned().collect();
        assert_eq!(records.iter().map(Record::to_record).collect::<Vec<_>>(), all);
        // Two sizes, a path, a link target, and owners over what five others leave of 65,535 places; the first owner has one already.
        assert_eq!(records.odd().len(), 4 + 69_999 - (65_535 - 5));
        assert_eq!(records.attributes().count(), 1);
    }
}
