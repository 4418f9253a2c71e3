//! Who waits for which products.

use crate::order::{short, wide};

/// What candidates wait for.
#[derive(Default)]
pub(super) struct Waits {
    /// Product, by number, and the candidate that waits for it.
    pub(super) pairs: Vec<(u32, u32)>,
    /// By candidate: how many products it still waits for.
    pub(super) missing: Vec<u32>,
    /// Candidates that wait for nothing.
    pub(super) ready: Vec<u32>,
}

impl Waits {
    /// Adds what a candidate waits for; tells whether it waits at all. A product that is read twice is waited for once.
    pub(super) fn add(&mut self, at: usize, products: impl Iterator<Item = u32>) -> bool {
        let before = self.pairs.len();
        self.pairs.extend(products.map(|number| (number, short(at))));
        let own = self.pairs.get_mut(before..).unwrap_or_default();
        own.sort_unstable();
        if own.windows(2).any(|two| matches!(two, [a, b] if a == b)) {
            let mut own = self.pairs.split_off(before);
            own.dedup();
            self.pairs.append(&mut own);
        }
        let count = self.pairs.len() - before;
        if let Some(slot) = self.missing.get_mut(at) {
            *slot = short(count);
        }
        if count == 0 {
            self.ready.push(short(at));
        }
        count > 0
    }

    /// Gives a candidate one product that it waits for.
    pub(super) fn serve(&mut self, at: u32) {
        if let Some(count) = self.missing.get_mut(wide(at)) {
            *count -= 1;
            if *count == 0 {
                self.ready.push(at);
            }
        }
    }
}
