//! A file record as a fact.

use super::facts::EntryFact;
use crate::inventory::{FileRecord, escape_path};

impl From<&FileRecord> for EntryFact {
    /// Writes paths, link targets and attribute names with [`escape_path`] and attribute values in hex; the size is dropped.
    fn from(record: &FileRecord) -> Self {
        let xattrs = record.xattrs.iter().map(|(name, value)| (escape_path(name), hex::encode(value)));
        Self {
            path: escape_path(&record.path),
            entry_type: record.entry_type,
            mode: record.mode,
            uid: record.uid,
            gid: record.gid,
            sha256: record.sha256,
            link_target: escape_path(&record.link_target),
            device: record.device,
            xattrs: xattrs.collect(),
        }
    }
}
