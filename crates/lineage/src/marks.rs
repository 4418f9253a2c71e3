//! Which of many numbers were seen.

use rustc_hash::FxHashSet;

/// A set of small numbers, one bit for each that may be in it.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    /// The empty set, for numbers below a bound.
    pub(crate) fn new(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)] }
    }

    /// Adds a number; tells whether it is new. One that is not below the bound never is.
    pub(crate) fn insert(&mut self, number: usize) -> bool {
        let bit = 1 << (number % 64);
        self.words.get_mut(number / 64).is_some_and(|word| {
            let new = *word & bit == 0;
            *word |= bit;
            new
        })
    }

    /// Whether a number is in the set.
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| *word & (1 << (number % 64)) != 0)
    }

    /// The numbers, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(at, word)| (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at * 64 + bit))
    }
}

/// Numbers that were seen: of almost all, or of a few among many.
pub(crate) enum Seen {
    Many(Marks),
    Few(FxHashSet<usize>),
}

impl Seen {
    /// Adds a number; tells whether it is new.
    pub(crate) fn insert(&mut self, number: usize) -> bool {
        match self {
            Self::Many(marks) => marks.insert(number),
            Self::Few(numbers) => numbers.insert(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_new_once() {
        // pass: below the bound, in any word; fail: at the end of the last word
        let mut marks = Marks::new(65);
        assert!(marks.insert(64) && marks.insert(0) && !marks.insert(64) && !marks.insert(128));
        assert!(marks.contains(0) && !marks.contains(1) && !marks.contains(128));
        assert_eq!(marks.iter().collect::<Vec<_>>(), [0, 64]);
    }
}
