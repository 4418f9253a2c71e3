//! What changed between two snapshots.

use super::{Snapshot, SnapshotEntry};

/// What one snapshot has that an earlier one had not, or had otherwise.
///
/// # Proves / does not prove
/// These paths changed between the two moments. Who changed them, the difference cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference<'a> {
    /// Entries that are new or differ in type, mode, content or link target, as they are after. In path order.
    pub products: Vec<&'a SnapshotEntry>,
    /// Entries that are gone, as they were before. In path order.
    pub removed: Vec<&'a SnapshotEntry>,
}

/// Compares two snapshots of the same roots. Cost: O(entries x log entries).
#[must_use]
pub fn difference<'a>(before: &'a Snapshot, after: &'a Snapshot) -> Difference<'a> {
    let products = after.entries.iter().filter(|entry| before.find(&entry.path) != Some(*entry)).collect();
    let removed = before.entries.iter().filter(|entry| after.find(&entry.path).is_none()).collect();
    Difference { products, removed }
}
