//! Records as they come -> one inventory, and the checks that need all of them.

use lasthand_model::inventory::{EntryType, FileRecord, Inventory};
use lasthand_model::limits::Limits;

use crate::error::{ArtifactError, PathFault};
use crate::note::{NoteKind, ReaderNote};
use crate::path;

/// LIMIT: notes kept; one more says that others were dropped.
pub(crate) const MAX_NOTES: usize = 10_000;

/// LIMIT: bytes of all paths, link targets and attributes of one artifact.
const METADATA_BYTES: u64 = 1 << 30;

/// Records and notes of one reading.
pub(crate) struct Collector<'a> {
    name: &'a str,
    limits: &'a Limits,
    records: Vec<(FileRecord, u64)>,
    notes: Vec<ReaderNote>,
    metadata_bytes: u64,
    layer: bool,
}

impl<'a> Collector<'a> {
    pub(crate) const fn new(name: &'a str, limits: &'a Limits) -> Self {
        Self { name, limits, records: Vec::new(), notes: Vec::new(), metadata_bytes: 0, layer: false }
    }

    /// For a layer of an image: paths may be absolute, and whiteouts are what they are.
    pub(crate) const fn of_layer(name: &'a str, limits: &'a Limits) -> Self {
        Self { name, limits, records: Vec::new(), notes: Vec::new(), metadata_bytes: 0, layer: true }
    }

    pub(crate) const fn is_layer(&self) -> bool {
        self.layer
    }

    /// The records so far, each with its offset, in the order they came.
    pub(crate) fn records(&self) -> &[(FileRecord, u64)] {
        &self.records
    }

    /// Everything as it came; nothing is checked against each other.
    pub(crate) fn into_parts(self) -> (Vec<(FileRecord, u64)>, Vec<ReaderNote>) {
        (self.records, self.notes)
    }

    pub(crate) fn note(&mut self, kind: NoteKind, path: &[u8], offset: u64) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(ReaderNote { kind, path: path.to_vec(), offset });
        } else if self.notes.len() == MAX_NOTES {
            self.notes.push(ReaderNote { kind: NoteKind::NotesCut, path: Vec::new(), offset });
        }
    }

    /// Takes one record, its path already plain, and notes what is odd about it alone.
    pub(crate) fn push(&mut self, mut record: FileRecord, offset: u64) -> Result<(), ArtifactError> {
        record.xattrs.sort();
        self.bound(&record, offset)?;
        self.note_name(&record.path, offset);
        match record.entry_type {
            EntryType::File if record.mode & 0o6000 != 0 => self.note(NoteKind::SetId, &record.path, offset),
            EntryType::CharDevice | EntryType::BlockDevice | EntryType::Fifo => {
                self.note(NoteKind::SpecialFile, &record.path, offset);
            }
            _ => {}
        }
        self.records.push((record, offset));
        Ok(())
    }

    /// LIMIT: entries, path bytes, attribute bytes, and the sum of both over all entries.
    fn bound(&mut self, record: &FileRecord, offset: u64) -> Result<(), ArtifactError> {
        let xattr_bytes = record.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let own_bytes = record.path.len() + record.link_target.len() + xattr_bytes;
        self.metadata_bytes = self.metadata_bytes.saturating_add(wide(own_bytes));
        for (what, count, limit) in [
            ("entries", wide(self.records.len()).saturating_add(1), wide(self.limits.entries)),
            ("bytes of a path", wide(record.path.len()), wide(self.limits.path_bytes)),
            ("bytes of a link target", wide(record.link_target.len()), wide(self.limits.path_bytes)),
            ("bytes of extended attributes", wide(xattr_bytes), wide(self.limits.xattr_bytes)),
            ("bytes of all paths and attributes", self.metadata_bytes, METADATA_BYTES),
        ] {
            if count > limit {
                return Err(ArtifactError::OverLimit { name: self.name.to_owned(), what, limit, offset });
            }
        }
        Ok(())
    }

    fn note_name(&mut self, path: &[u8], offset: u64) {
        if std::str::from_utf8(path).is_err() {
            self.note(NoteKind::NonUtf8Name, path, offset);
        }
        if path.iter().any(u8::is_ascii_control) {
            self.note(NoteKind::ControlInName, path, offset);
        }
        if !self.layer && path::base(path).starts_with(b".wh.") {
            self.note(NoteKind::WhiteoutName, path, offset);
        }
    }

    /// Sorts the records and checks them against each other: each path once, parents are folders, hard links have a target.
    pub(crate) fn finish(mut self) -> Result<(Inventory, Vec<ReaderNote>), ArtifactError> {
        self.records.sort_by(|(a, at), (b, other)| a.path.cmp(&b.path).then(at.cmp(other)));
        self.drop_repeated_directories()?;
        self.check_parents()?;
        self.check_hard_links();
        let records = self.records.into_iter().map(|(record, _)| record).collect();
        let inventory = Inventory::from_records(records).map_err(|path| ArtifactError::Duplicate {
            name: self.name.to_owned(),
            offset: 0,
            path,
        })?;
        Ok((inventory, self.notes))
    }

    fn drop_repeated_directories(&mut self) -> Result<(), ArtifactError> {
        let mut kept: Vec<(FileRecord, u64)> = Vec::with_capacity(self.records.len());
        for (record, offset) in std::mem::take(&mut self.records) {
            match kept.last_mut() {
                Some(last) if last.0.path == record.path => {
                    // SECURITY: two contents under one path: which one a puller keeps depends on the puller.
                    if (last.0.entry_type, record.entry_type) != (EntryType::Directory, EntryType::Directory) {
                        return Err(ArtifactError::Duplicate { name: self.name.to_owned(), offset, path: record.path });
                    }
                    self.note(NoteKind::RepeatedDirectory, &record.path, offset);
                    *last = (record, offset);
                }
                _ => kept.push((record, offset)),
            }
        }
        self.records = kept;
        Ok(())
    }

    /// SECURITY: an entry below a symbolic link of the same archive lands elsewhere than its path says.
    fn check_parents(&self) -> Result<(), ArtifactError> {
        let mut checked: &[u8] = b"";
        for (record, offset) in &self.records {
            let Some(direct) = path::parent(&record.path) else { continue };
            if direct == checked {
                continue;
            }
            checked = direct;
            let mut next = Some(direct);
            while let Some(ancestor) = next {
                if self.find(ancestor).is_some_and(|(found, _)| found.entry_type != EntryType::Directory) {
                    let (name, path) = (self.name.to_owned(), record.path.clone());
                    let fault = PathFault::BelowNonDirectory;
                    return Err(ArtifactError::BadPath { name, offset: *offset, path, fault });
                }
                next = path::parent(ancestor);
            }
        }
        Ok(())
    }

    fn check_hard_links(&mut self) {
        let mut odd = Vec::new();
        for (record, offset) in &self.records {
            if record.entry_type != EntryType::Hardlink {
                continue;
            }
            let target = self.find(&record.link_target).filter(|(_, target_offset)| target_offset < offset);
            match target.map(|(target, _)| target.entry_type) {
                None => odd.push((NoteKind::HardlinkTargetMissing, record.path.clone(), *offset)),
                Some(EntryType::File | EntryType::Hardlink) => {}
                Some(_) => odd.push((NoteKind::HardlinkTargetNotFile, record.path.clone(), *offset)),
            }
        }
        for (kind, path, offset) in odd {
            self.note(kind, &path, offset);
        }
    }

    fn find(&self, path: &[u8]) -> Option<&(FileRecord, u64)> {
        let at = self.records.binary_search_by(|(record, _)| record.path.as_slice().cmp(path)).ok()?;
        self.records.get(at)
    }
}

/// A length as the limits count it.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
