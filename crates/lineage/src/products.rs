//! Products and file materials of the steps, each name and digest once, as small numbers.
//!
//! What a step waits for is looked up by number: hashing long keys again and again would cost most of a large graph's time.

use std::ops::Range;

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Material, NamedDigest, Step};

/// Every product and file material of the known steps.
#[derive(Debug, Default)]
pub(crate) struct Products<'a> {
    /// By number: digest, then name, in this order.
    keys: Vec<(Sha256, &'a str)>,
    /// The numbers of what each step lists, one step after the other: its products, then its file materials.
    listed: Vec<usize>,
    /// By known statement: where its numbers start in `listed`.
    starts: Vec<usize>,
}

impl<'a> Products<'a> {
    /// Numbers what the steps list. `known` bounds the indices of the steps.
    pub(crate) fn collect(known: usize, steps: impl Iterator<Item = (usize, &'a Step)>) -> Self {
        let mut starts = vec![0; known];
        let mut all: Vec<&'a NamedDigest> = Vec::new();
        for (at, step) in steps {
            if let Some(start) = starts.get_mut(at) {
                *start = all.len();
            }
            all.extend(&step.products);
            all.extend(files(&step.materials));
        }
        let key = |at: usize| all.get(at).map(|named| (named.digest, named.name.as_str()));
        let mut order: Vec<(u64, usize)> =
            all.iter().enumerate().map(|(at, named)| (prefix(&named.digest), at)).collect();
        // Sorted, not hashed: a claimed digest can be anything, so hashes of digests could be made to collide.
        order.sort_unstable_by(|(a, at_a), (b, at_b)| a.cmp(b).then_with(|| key(*at_a).cmp(&key(*at_b))));
        let mut keys: Vec<(Sha256, &'a str)> = Vec::new();
        let mut listed = vec![0; all.len()];
        for (_, at) in order {
            let Some(this) = key(at) else { continue };
            if keys.last() != Some(&this) {
                keys.push(this);
            }
            if let Some(slot) = listed.get_mut(at) {
                *slot = keys.len() - 1;
            }
        }
        Self { keys, listed, starts }
    }

    /// How many numbers there are.
    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The digest of a number.
    pub(crate) fn digest(&self, number: usize) -> Option<Sha256> {
        self.keys.get(number).map(|(digest, _)| *digest)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: usize) -> Option<&'a str> {
        self.keys.get(number).map(|(_, name)| *name)
    }

    /// The numbers that have a digest.
    pub(crate) fn with_digest(&self, digest: Sha256) -> Range<usize> {
        let start = self.keys.partition_point(|(known, _)| *known < digest);
        let after = self.keys.get(start..).unwrap_or_default();
        start..start + after.partition_point(|(known, _)| *known == digest)
    }

    /// Where the numbers of a step's products are.
    pub(crate) fn made_by(&self, statement: usize, step: &Step) -> Range<usize> {
        let start = self.starts.get(statement).copied().unwrap_or(0);
        start..start + step.products.len()
    }

    /// The numbers at a place that `made_by` gave.
    pub(crate) fn numbers(&self, range: Range<usize>) -> &[usize] {
        self.listed.get(range).unwrap_or_default()
    }

    /// The numbers of a step's file materials, in their order.
    pub(crate) fn read_by(&self, statement: usize, step: &Step) -> &[usize] {
        self.listed.get(self.made_by(statement, step).end..).unwrap_or_default()
    }
}

/// The file materials.
pub(crate) fn files(materials: &[Material]) -> impl Iterator<Item = &NamedDigest> {
    materials.iter().filter_map(|material| match material {
        Material::File(file) => Some(file),
        _ => None,
    })
}

/// The first eight bytes of a digest, in an order that agrees with that of digests.
pub(crate) fn prefix(digest: &Sha256) -> u64 {
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
