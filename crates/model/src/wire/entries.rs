//! The entries of one tree or container as facts: listed, or as they were read.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::facts::EntryFact;
use crate::digest::FileDigest;
use crate::inventory::{EntryType, FileRecord, Inventory, Record, escape_path};

/// The entries of one tree or container. In JSON a list of [`EntryFact`]s.
///
/// Where they were read from bytes they share the memory of the inventory, and [`Entry`] looks at them in their place; as a slice they
/// are listed, once.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    read: Option<Read>,
    /// Those that were not read.
    listed: Arc<Vec<EntryFact>>,
}

#[derive(Debug, Clone)]
struct Read {
    inventory: Arc<Inventory>,
    listed: OnceLock<Vec<EntryFact>>,
}

impl Read {
    fn listed(&self) -> &Vec<EntryFact> {
        self.listed.get_or_init(|| self.inventory.records().map(EntryFact::from).collect())
    }
}

impl Entries {
    /// The number of entries.
    #[must_use]
    pub fn count(&self) -> usize {
        self.read.as_ref().map_or(self.listed.len(), |read| read.inventory.len())
    }

    /// The entry at a place.
    #[must_use]
    pub fn entry(&self, at: usize) -> Option<Entry<'_>> {
        (at < self.count()).then_some(Entry { entries: self, at })
    }

    /// Every entry, in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> + DoubleEndedIterator + Clone {
        (0..self.count()).map(|at| Entry { entries: self, at })
    }

    /// True when the entries are known to be sorted by path, each path once.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.read.as_ref().is_some_and(|read| read.inventory.is_sorted_as_text())
    }
}

impl From<Arc<Inventory>> for Entries {
    fn from(inventory: Arc<Inventory>) -> Self {
        Self { read: Some(Read { inventory, listed: OnceLock::new() }), listed: Arc::default() }
    }
}

impl From<Vec<EntryFact>> for Entries {
    fn from(listed: Vec<EntryFact>) -> Self {
        Self { read: None, listed: Arc::new(listed) }
    }
}

impl FromIterator<EntryFact> for Entries {
    fn from_iter<I: IntoIterator<Item = EntryFact>>(entries: I) -> Self {
        Self::from(entries.into_iter().collect::<Vec<_>>())
    }
}

impl Deref for Entries {
    type Target = Vec<EntryFact>;

    fn deref(&self) -> &Vec<EntryFact> {
        self.read.as_ref().map_or(&*self.listed, Read::listed)
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Vec<EntryFact> {
        if let Some(read) = self.read.take() {
            self.listed = Arc::new(read.listed().clone());
        }
        Arc::make_mut(&mut self.listed)
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count() && self.entries().eq(other.entries())
    }
}

impl Eq for Entries {}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries().map(|entry| entry.to_fact()))
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Entries {
    fn schema_name() -> Cow<'static, str> {
        Vec::<EntryFact>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<EntryFact>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}

/// One entry, in its place among the others; cheap to copy. What it has is what an [`EntryFact`] has.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    entries: &'a Entries,
    at: usize,
}

impl<'a> Entry<'a> {
    /// Path.
    #[must_use]
    pub fn path(self) -> &'a str {
        match &self.entries.read {
            Some(read) => read.inventory.path_text(self.at),
            None => self.entries.listed.get(self.at).map_or("", |entry| &entry.path),
        }
    }

    /// What the entry is.
    #[must_use]
    pub fn entry_type(self) -> EntryType {
        self.of(|record| record.entry_type, |fact| fact.entry_type).unwrap_or(EntryType::File)
    }

    /// Permission bits.
    #[must_use]
    pub fn mode(self) -> u32 {
        self.of(|record| record.mode, |fact| fact.mode).unwrap_or_default()
    }

    /// Owner and group.
    #[must_use]
    pub fn owner(self) -> (u64, u64) {
        self.of(|record| (record.uid, record.gid), |fact| (fact.uid, fact.gid)).unwrap_or_default()
    }

    /// Digest of the content of a file.
    #[must_use]
    pub fn sha256(self) -> Option<FileDigest> {
        self.of(|record| record.sha256, |fact| fact.sha256).flatten()
    }

    /// Target of a link.
    #[must_use]
    pub fn link_target(self) -> &'a str {
        match &self.entries.read {
            Some(read) => read.inventory.link_target_text(self.at),
            None => self.entries.listed.get(self.at).map_or("", |entry| &entry.link_target),
        }
    }

    /// Device numbers.
    #[must_use]
    pub fn device(self) -> Option<(u64, u64)> {
        self.of(|record| record.device, |fact| fact.device).flatten()
    }

    /// True when there are extended attributes.
    #[must_use]
    pub fn has_xattrs(self) -> bool {
        self.of(|record| !record.xattrs.is_empty(), |fact| !fact.xattrs.is_empty()).unwrap_or_default()
    }

    /// A fact of its own.
    #[must_use]
    pub fn to_fact(self) -> EntryFact {
        // INVARIANT (places): an entry is only made for a place that there is, so there is always a fact.
        self.of(EntryFact::from, EntryFact::clone).unwrap_or_else(|| EntryFact::from(Record::NOTHING))
    }

    /// True when both are the same entry of the same list, not merely equal.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        self.at == other.at && std::ptr::eq(self.entries, other.entries)
    }

    fn of<T>(self, record: impl FnOnce(Record<'a>) -> T, fact: impl FnOnce(&'a EntryFact) -> T) -> Option<T> {
        match &self.entries.read {
            Some(read) => read.inventory.get(self.at).map(record),
            None => self.entries.listed.get(self.at).map(fact),
        }
    }
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        let plain = |entry: &Self| {
            (
                entry.path(),
                entry.entry_type(),
                entry.mode(),
                entry.owner(),
                entry.sha256(),
                entry.link_target(),
                entry.device(),
            )
        };
        let either_has = self.has_xattrs() || other.has_xattrs();
        plain(self) == plain(other) && (!either_has || self.to_fact().xattrs == other.to_fact().xattrs)
    }
}

impl Eq for Entry<'_> {}

impl From<Record<'_>> for EntryFact {
    /// Writes paths, link targets and attribute names with [`escape_path`] and attribute values in hex; the size is dropped.
    fn from(record: Record<'_>) -> Self {
        let xattrs = record.xattrs.iter().map(|(name, value)| (escape_path(name), hex::encode(value)));
        Self {
            path: escape_path(record.path),
            entry_type: record.entry_type,
            mode: record.mode,
            uid: record.uid,
            gid: record.gid,
            sha256: record.sha256,
            link_target: escape_path(record.link_target),
            device: record.device,
            xattrs: xattrs.collect(),
        }
    }
}

impl From<&FileRecord> for EntryFact {
    /// As from a [`Record`].
    fn from(record: &FileRecord) -> Self {
        Self::from(Record::from(record))
    }
}
