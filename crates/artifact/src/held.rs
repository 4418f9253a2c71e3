//! What entries take in memory, and how much of that hidden ones may.
//!
//! A reading takes some memory of its own and 192 bytes for each file that lives, whatever its archive or layers hold beside these:
//! entries that later ones replace or remove are let in only as far as that leaves room.

use std::sync::Arc;

use lasthand_model::inventory::{RecordAt, Records};

use crate::meter::wide;
use crate::note::ReaderNote;

/// Bytes of the offset of an entry.
const OFFSET: usize = 6;

/// Bytes that a place takes in a tree, and then in an inventory and in what is found out of it.
pub(crate) const PLACE: usize = 36;

/// Bytes that a note takes beside its path: kept with its layer, with its image, and told.
const NOTE: usize = 160;

/// Bytes that a live entry may take, unless its own record takes more.
const LIVE: usize = 192;

/// The memory of the entries of one reading, attributes aside, which have a bound of their own.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Of all entries.
    taken: u64,
    /// Of those that live.
    allowed: u64,
    /// The most that applying the layers of an image took beside what stays.
    passing: u64,
}

impl Held {
    /// Adds all entries of a table.
    pub(crate) fn add(&mut self, records: &Records) {
        self.taken += records.bytes() + wide(OFFSET * records.len());
    }

    /// Adds those of these entries that live; those of a table are counted by [`add`](Self::add), too.
    ///
    /// Cost: O(entries).
    pub(crate) fn add_live(&mut self, tables: &[Arc<Records>], rows: &[RecordAt]) {
        let table = |row: &RecordAt| tables.get(row.table as usize);
        let own = rows.iter().map(|row| table(row).map_or(0, |table| table.bytes_of(row.at as usize)));
        self.allowed += own.map(|own| wide((own + OFFSET + PLACE).max(LIVE))).sum::<u64>();
        self.taken += wide(PLACE * rows.len());
    }

    /// Adds a note.
    pub(crate) fn add_note(&mut self, note: &ReaderNote) {
        self.taken += wide(NOTE + 2 * note.path.len());
    }

    /// Adds what it took to apply the layers of an image of so many paths, for as long as it lasted.
    pub(crate) fn pass(&mut self, bytes: usize, paths: usize) {
        self.passing = self.passing.max(wide(bytes.saturating_sub(PLACE * paths)));
    }

    /// Bytes that hidden entries, and notes, take beside what live ones leave.
    pub(crate) const fn hidden(&self) -> u64 {
        self.taken.saturating_add(self.passing).saturating_sub(self.allowed)
    }
}

#[cfg(test)]
mod tests {
    use lasthand_model::inventory::{FileRecord, Record};

    use super::*;

    fn held(entries: usize, live: usize, path: usize) -> u64 {
        let record = FileRecord { path: vec![b'a'; path], ..Record::NOTHING.to_record() };
        let table = Arc::new(std::iter::repeat_n(record, entries).collect::<Records>());
        let rows: Vec<_> =
            (0..live).map(|at| RecordAt { table: 0, at: u32::try_from(at).unwrap_or_default() }).collect();
        let mut held = Held::default();
        held.add(&table);
        held.add_live(&[table], &rows);
        held.hidden()
    }

    #[test]
    fn only_hidden_entries_count() {
        // pass: nothing, live ones whatever their names; fail: hidden ones, as far as live ones leave no room
        assert_eq!(held(0, 0, 0), 0);
        assert_eq!(held(1_000, 1_000, 55), 0);
        assert_eq!(held(1_000, 1_000, 80), 0);
        let alike = 72;
        assert_eq!(held(1_000, 0, 55), 1_000 * (48 + 6 + 55) + alike);
        // A live file leaves 192 - 145 bytes.
        assert_eq!(held(1_000, 500, 55), 500 * 109 - 500 * (192 - 145) + alike);
        assert_eq!(held(1_000, 500, 4_000), 500 * 4_054 + alike);
    }
}
