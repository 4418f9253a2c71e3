//! What applying layers may cost, in time and in memory.

use lasthand_model::limits::Limits;

use crate::meter::wide;

/// LIMIT: steps to apply the layers, for each entry that all layers may have ([`Limits::entries`]), and beside them. A step is an entry, a path
/// looked at below a folder that is replaced, whited out or opaque, or so many bytes of paths that are compared and joined.
const STEPS_PER_ENTRY: usize = 2;
const FREE_STEPS: usize = 100_000;
const STEP_BYTES: usize = 2_048;

/// Bytes that a path takes in a table beside its own.
const HELD_PATH: usize = 64;

/// What applying layers has cost so far, over all images of one reading.
#[derive(Debug)]
pub(in crate::image) struct Steps {
    pub(in crate::image) limit: usize,
    whole: usize,
    /// Bytes of paths that make no whole step yet.
    bytes: usize,
    /// Bytes of paths and attributes that no layer has: behind links, and of files under the names of hard links.
    held: u64,
    pub(in crate::image) held_limit: u64,
}

/// What applying some layers took.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::image) struct Cost {
    /// Steps, in bytes that are compared.
    pub(in crate::image) steps: usize,
    /// Bytes of paths and attributes that no layer has.
    pub(in crate::image) held: u64,
}

impl Steps {
    pub(in crate::image) const fn within(limits: &Limits) -> Self {
        let limit = limits.entries.saturating_mul(STEPS_PER_ENTRY).saturating_add(FREE_STEPS);
        Self { limit, whole: 0, bytes: 0, held: 0, held_limit: limits.metadata_bytes }
    }

    /// For layers that were applied before.
    pub(in crate::image) const fn unbounded() -> Self {
        Self { limit: usize::MAX, whole: 0, bytes: 0, held: 0, held_limit: u64::MAX }
    }

    pub(in crate::image) const fn hold(&mut self, bytes: u64) {
        self.held = self.held.saturating_add(bytes);
    }

    pub(in crate::image) fn hold_path(&mut self, path: &[u8]) {
        self.hold(wide(path.len() + HELD_PATH));
    }

    pub(in crate::image) const fn add(&mut self, steps: usize) {
        self.whole = self.whole.saturating_add(steps);
    }

    /// A name that is compared with all others of its tree, and told. Folding costs most where it is no ASCII.
    pub(in crate::image) fn add_name(&mut self, path: &[u8]) {
        self.add_bytes(path.len().saturating_mul(if path.is_ascii() { 7 } else { 80 }));
    }

    pub(in crate::image) const fn add_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.add(self.bytes / STEP_BYTES);
        self.bytes %= STEP_BYTES;
    }

    /// What all layers took so far.
    pub(in crate::image) const fn cost(&self) -> Cost {
        Cost { steps: self.whole.saturating_mul(STEP_BYTES).saturating_add(self.bytes), held: self.held }
    }

    /// Takes what applying layers took another time. False, and nothing taken, when that is too much: who applies them again gets the error.
    pub(in crate::image) const fn again(&mut self, cost: Cost) -> bool {
        let (whole, own, held) = (self.whole, self.bytes, self.held);
        self.add_bytes(cost.steps);
        self.hold(cost.held);
        let is_within = !self.are_too_many() && !self.hold_too_much();
        if !is_within {
            (self.whole, self.bytes, self.held) = (whole, own, held);
        }
        is_within
    }

    pub(in crate::image) const fn are_too_many(&self) -> bool {
        self.whole > self.limit
    }

    pub(in crate::image) const fn hold_too_much(&self) -> bool {
        self.held > self.held_limit
    }
}
