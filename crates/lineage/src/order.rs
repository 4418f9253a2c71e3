//! Sorting by digest, so that a large graph costs no more for each statement than a small one.

use std::ops::Range;

use lasthand_model::digest::Sha256;

/// The beginning of a digest, and below it a number: both sort in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Keyed(u64);

impl Keyed {
    pub(crate) fn new(digest: &Sha256, number: u32) -> Self {
        Self((u64::from(prefix(digest)) << u32::BITS) | u64::from(number))
    }

    /// The beginning of the digest, in an order that agrees with that of digests.
    pub(crate) const fn prefix(self) -> u32 {
        (self.0 >> u32::BITS) as u32
    }

    pub(crate) const fn number(self) -> usize {
        wide(self.0 as u32)
    }

    /// Whether a digest begins so.
    pub(crate) fn begins(self, digest: &Sha256) -> bool {
        self.prefix() == prefix(digest)
    }

    /// The same beginning, and another number.
    pub(crate) fn with(self, number: u32) -> Self {
        Self((self.0 >> u32::BITS << u32::BITS) | u64::from(number))
    }

    /// What spreads it over the parts of a sort.
    pub(crate) const fn spread(&self) -> u64 {
        self.0
    }
}

/// What is sorted by digest, with where each part of it starts: one is found among few.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// By beginnings, and where these are equal by digest.
    sorted: Vec<Keyed>,
    /// By the top bits of a beginning: where those that have them start. One more than there are such bits.
    starts: Vec<u32>,
    /// How far down the top bits are.
    shift: u32,
}

impl Index {
    /// Takes what is sorted by beginnings, and where these are equal by digest.
    pub(crate) fn new(sorted: Vec<Keyed>) -> Self {
        let bits = sorted.len().checked_ilog2().map_or(1, |bits| bits + 1).min(u32::BITS - 1);
        let shift = u32::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (at, keyed) in (0..).zip(&sorted) {
            let part = wide(keyed.prefix() >> shift);
            if starts.len() <= part {
                starts.resize(part + 1, at);
            }
        }
        starts.resize((1 << bits) + 1, short(sorted.len()));
        Self { sorted, starts, shift }
    }

    /// The one at a place.
    pub(crate) fn at(&self, place: u32) -> Keyed {
        self.sorted.get(wide(place)).copied().unwrap_or_default()
    }

    /// Where those are that have the top bits of a digest.
    pub(crate) fn part(&self, digest: &Sha256) -> Range<u32> {
        let part = wide(prefix(digest) >> self.shift);
        match self.starts.get(part..).unwrap_or_default() {
            [start, end, ..] => *start..*end,
            _ => 0..0,
        }
    }

    /// From the first of a part on that begins as a digest does, to the end of the part.
    pub(crate) fn alike(&self, digest: &Sha256, part: Range<u32>) -> &[Keyed] {
        let part = self.sorted.get(wide(part.start)..wide(part.end)).unwrap_or_default();
        let wanted = prefix(digest);
        part.get(part.partition_point(|keyed| keyed.prefix() < wanted)..).unwrap_or_default()
    }

    /// Those of a digest, in their order.
    pub(crate) fn of_digest<'s>(
        &'s self,
        digest: Sha256,
        digest_of: impl Fn(usize) -> Option<Sha256> + 's,
    ) -> impl Iterator<Item = usize> + 's {
        let wanted = prefix(&digest);
        let alike = self.alike(&digest, self.part(&digest));
        let before = |keyed: &Keyed| keyed.prefix() == wanted && digest_of(keyed.number()) < Some(digest);
        let from = alike.get(alike.partition_point(before)..).unwrap_or_default();
        let same = from.iter().map(|keyed| (keyed.prefix(), keyed.number()));
        let same = same.take_while(move |(prefix, number)| *prefix == wanted && digest_of(*number) == Some(digest));
        same.map(|(_, number)| number)
    }
}

fn prefix(digest: &Sha256) -> u32 {
    digest.as_bytes().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// How many of the top bits of a key say which part it is in, for parts of about a thousand.
const PART_BITS: u32 = 10;

/// Sorts what is spread evenly, as digests are, in the order in which it is spread.
///
/// Each part fits into the nearest cache; where somebody made digests up, this is an ordinary sort.
pub(crate) fn sort<T: Copy + Ord + Default>(mut all: Vec<T>, spread: impl Fn(&T) -> u64) -> Vec<T> {
    let bits = all.len().checked_ilog2().unwrap_or(0).saturating_sub(PART_BITS);
    if bits == 0 {
        all.sort_unstable();
        return all;
    }
    let part = |one: &T| wide(u32::try_from(spread(one) >> (u64::BITS - bits)).unwrap_or(0));
    let mut ends = vec![0_usize; 1 << bits];
    for one in &all {
        if let Some(count) = ends.get_mut(part(one)) {
            *count += 1;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut sorted = vec![T::default(); all.len()];
    for one in &all {
        if let Some(next) = ends.get_mut(part(one)) {
            if let Some(slot) = sorted.get_mut(*next) {
                *slot = *one;
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

    fn check(all: Vec<(u64, u32)>) {
        let mut expected = all.clone();
        expected.sort_unstable();
        assert_eq!(sort(all, |(key, _)| *key), expected);
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

    #[test]
    fn digests_that_begin_alike_are_found() {
        // pass: each of several with one beginning; fail: one between them
        let digest = |last: u8| {
            let mut bytes = [7; 32];
            bytes[31] = last;
            Sha256::from_bytes(bytes)
        };
        let digests = [digest(1), digest(3), digest(3), digest(5)];
        let index = Index::new((0..).zip(&digests).map(|(at, digest)| Keyed::new(digest, at)).collect());
        let found = |wanted| index.of_digest(wanted, |at| digests.get(at).copied()).collect::<Vec<_>>();
        assert_eq!((found(digest(1)), found(digest(3)), found(digest(4))), (vec![0], vec![1, 2], vec![]));
    }

    #[test]
    fn each_of_many_digests_is_found() {
        // pass: the lowest and the highest beginning, and those between; fail: in an empty index
        let digest = |number: u32| {
            let mut bytes = [0; 32];
            bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, given)| *byte = given);
            Sha256::from_bytes(bytes)
        };
        for count in [1_u32, 2, 3, 100, 1_000] {
            let digests: Vec<Sha256> = (0..count).map(|at| digest((u32::MAX / count).wrapping_mul(at))).collect();
            let index = Index::new((0..).zip(&digests).map(|(at, digest)| Keyed::new(digest, at)).collect());
            let find = |wanted| index.of_digest(wanted, |at| digests.get(at).copied()).collect::<Vec<_>>();
            for (at, digest) in digests.iter().enumerate() {
                assert_eq!(find(*digest), [at]);
            }
            assert!(find(digest(1)).is_empty());
            assert_eq!(find(digest(u32::MAX)).len(), 0);
        }
        assert_eq!(Index::new(Vec::new()).of_digest(digest(7), |_| None).count(), 0);
        assert_eq!(Index::default().of_digest(digest(7), |_| None).count(), 0);
    }
}
