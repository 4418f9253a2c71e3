//! Sorting by digest, so that a large graph costs no more for each statement than a small one.

use lasthand_model::digest::Sha256;

/// What is sorted: the beginning of a digest, and a number.
pub(crate) type Keyed = (u64, u32);

/// How many of the top bits of a key say which part it is in, for parts of about a thousand.
const PART_BITS: u32 = 10;

/// Sorts by key, then by number.
///
/// Digests are spread evenly, so each part fits into the nearest cache; where somebody made them up, this is an ordinary sort.
pub(crate) fn sort(mut all: Vec<Keyed>) -> Vec<Keyed> {
    let bits = all.len().checked_ilog2().unwrap_or(0).saturating_sub(PART_BITS);
    if bits == 0 {
        all.sort_unstable();
        return all;
    }
    let part = |key: u64| wide(u32::try_from(key >> (u64::BITS - bits)).unwrap_or(0));
    let mut ends = vec![0_usize; 1 << bits];
    for (key, _) in &all {
        if let Some(count) = ends.get_mut(part(*key)) {
            *count += 1;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut sorted = vec![(0, 0); all.len()];
    for keyed in &all {
        if let Some(next) = ends.get_mut(part(keyed.0)) {
            if let Some(slot) = sorted.get_mut(*next) {
                *slot = *keyed;
            }
            *next += 1;
        }
    }
    let mut rest = sorted.as_mut_slice();
    let mut done = 0;
    for end in ends {
        let (this, after) = rest.split_at_mut(end - done);
        this.sort_unstable();
        (rest, done) = (after, end);
    }
    sorted
}

/// The first eight bytes of a digest, in an order that agrees with that of digests.
pub(crate) fn prefix(digest: &Sha256) -> u64 {
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A number in half the memory.
///
/// LIMIT: no document in memory has so many of anything that it does not fit.
pub(crate) fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A short number as an index.
pub(crate) const fn wide(number: u32) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(all: Vec<Keyed>) {
        let mut expected = all.clone();
        expected.sort_unstable();
        assert_eq!(sort(all), expected);
    }

    #[test]
    fn parts_are_sorted_as_a_whole() {
        // pass: few and many, spread and all alike, with keys that occur twice
        let spread = |at: u32| u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        check(Vec::new());
        check((0..100).rev().map(|at| (spread(at), at)).collect());
        check((0..5_000).map(|at| (spread(at % 1_000), at)).collect());
        check((0..5_000).rev().map(|at| (7, at)).collect());
        check((0..5_000).rev().map(|at| (u64::MAX - u64::from(at), at)).collect());
    }
}
