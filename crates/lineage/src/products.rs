//! Products and file materials of the steps, each name and digest once, as small numbers.
//!
//! What a step waits for is looked up by number: hashing long keys again and again would cost most of a large graph's time.

use std::ops::Range;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Material, NamedDigest, Step};

use crate::order::{self, Keyed, short, wide};

/// A name and a digest, so that most comparisons visit one line of memory.
#[derive(Debug)]
#[repr(align(64))]
struct Key<'a> {
    digest: Sha256,
    name: &'a str,
    /// The first bytes of the name.
    start: [u8; 16],
}

/// Every product and file material of the known steps.
#[derive(Debug, Default)]
pub(crate) struct Products<'a> {
    /// By number, in the order of the document.
    keys: Vec<Key<'a>>,
    /// By number: whether a step that is no fetch has the product.
    made: Vec<bool>,
    /// The numbers by digest.
    by_digest: Vec<Keyed>,
    /// The numbers of what each step lists, one step after the other: its products, then its file materials.
    listed: Vec<u32>,
    /// By known statement: where its numbers start in `listed`.
    starts: Vec<u32>,
}

impl<'a> Products<'a> {
    /// Numbers what the steps list. `known` bounds the indices of the steps.
    pub(crate) fn collect(known: usize, steps: impl Iterator<Item = (usize, &'a Step)>) -> Self {
        let mut starts = vec![0; known];
        let mut all: Vec<(&'a NamedDigest, bool)> = Vec::new();
        for (at, step) in steps {
            if let Some(start) = starts.get_mut(at) {
                *start = short(all.len());
            }
            all.extend(step.products.iter().map(|product| (product, step.kind != StepKind::Fetch)));
            all.extend(files(&step.materials).map(|file| (file, false)));
        }
        // Sorted, not hashed: a claimed digest can be anything, so hashes of digests could be made to collide.
        let keyed = (0..).zip(&all).map(|(at, (named, _))| Keyed::new(&named.digest, at));
        let sorted = order::sort(keyed.collect(), Keyed::spread);
        Self { starts, ..Self::number(&all, sorted) }
    }

    /// Gives numbers to what is listed, which is also sorted by the beginning of its digest.
    fn number(all: &[(&'a NamedDigest, bool)], mut sorted: Vec<Keyed>) -> Self {
        // By entry: the first of those that begin alike, which almost always are alike.
        let mut alike: Vec<u32> = vec![0; all.len()];
        for same in sorted.chunk_by(|a, b| a.prefix() == b.prefix()) {
            let first = same.first().map_or(0, |first| short(first.number()));
            for one in same {
                if let Some(slot) = alike.get_mut(one.number()) {
                    *slot = first;
                }
            }
        }
        let mut products = Self { listed: vec![0; all.len()], ..Self::default() };
        let mut others: Vec<usize> = Vec::new();
        for (at, ((named, made), first)) in all.iter().zip(alike).enumerate() {
            let number = products.listed.get(wide(first)).copied().unwrap_or(0);
            if wide(first) == at {
                products.add(at, named, *made);
            } else if products.keys.get(wide(number)).is_some_and(|key| *key == Key::of(named)) {
                products.list(at, number, *made);
            } else {
                others.push(at);
            }
        }
        sorted.dedup_by_key(|one| one.prefix());
        for one in &mut sorted {
            *one = one.with(products.listed.get(one.number()).copied().unwrap_or(0));
        }
        products.by_digest = sorted;
        products.number_others(all, others);
        products
    }

    /// Gives numbers to what only begins as something else does, or has another name.
    fn number_others(&mut self, all: &[(&'a NamedDigest, bool)], mut others: Vec<usize>) {
        if others.is_empty() {
            return;
        }
        let order = |at: &usize| all.get(*at).map(|(named, _)| (named.digest, named.name.as_str(), *at));
        others.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        let mut before: Option<&NamedDigest> = None;
        for at in others {
            let Some((named, made)) = all.get(at).copied() else { continue };
            if before.replace(named).is_some_and(|before| Key::of(before) == Key::of(named)) {
                self.list(at, short(self.keys.len() - 1), made);
            } else {
                self.by_digest.push(Keyed::new(&named.digest, short(self.keys.len())));
                self.add(at, named, made);
            }
        }
        let keys = &self.keys;
        self.by_digest.sort_unstable_by_key(|one| (one.prefix(), keys.get(one.number()).map(|key| key.digest)));
    }

    fn add(&mut self, at: usize, named: &'a NamedDigest, made: bool) {
        self.keys.push(Key::of(named));
        self.made.push(false);
        self.list(at, short(self.keys.len() - 1), made);
    }

    fn list(&mut self, at: usize, number: u32, made: bool) {
        if let Some(slot) = self.listed.get_mut(at) {
            *slot = number;
        }
        if let Some(slot) = self.made.get_mut(wide(number)) {
            *slot |= made;
        }
    }

    /// How many numbers there are.
    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether a step that is no fetch has the product.
    pub(crate) fn is_made(&self, number: usize) -> bool {
        self.made.get(number).is_some_and(|made| *made)
    }

    /// The digest of a number.
    pub(crate) fn digest(&self, number: usize) -> Option<Sha256> {
        self.keys.get(number).map(|key| key.digest)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: usize) -> Option<&'a str> {
        self.keys.get(number).map(|key| key.name)
    }

    /// The numbers that have a digest.
    pub(crate) fn with_digest(&self, digest: Sha256) -> impl Iterator<Item = usize> {
        order::of_digest(&self.by_digest, digest, |number| self.digest(number))
    }

    /// Where the numbers of a step's products are.
    pub(crate) fn made_by(&self, statement: usize, step: &Step) -> Range<u32> {
        let start = self.starts.get(statement).copied().unwrap_or(0);
        start..start + short(step.products.len())
    }

    /// The numbers at a place that `made_by` gave.
    pub(crate) fn numbers(&self, range: Range<u32>) -> &[u32] {
        self.listed.get(wide(range.start)..wide(range.end)).unwrap_or_default()
    }

    /// The numbers of a step's file materials, in their order.
    pub(crate) fn read_by(&self, statement: usize, step: &Step) -> &[u32] {
        self.listed.get(wide(self.made_by(statement, step).end)..).unwrap_or_default()
    }
}

impl<'a> Key<'a> {
    fn of(named: &'a NamedDigest) -> Self {
        let mut start = [0; 16];
        for (slot, byte) in start.iter_mut().zip(named.name.bytes()) {
            *slot = byte;
        }
        Self { digest: named.digest, name: &named.name, start }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.start == other.start
            && self.name.len() == other.name.len()
            && (self.name.len() <= self.start.len() || self.name == other.name)
    }
}

/// The file materials.
pub(crate) fn files(materials: &[Material]) -> impl Iterator<Item = &NamedDigest> {
    materials.iter().filter_map(|material| match material {
        Material::File(file) => Some(file),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, first: u8, last: u8) -> NamedDigest {
        let mut bytes = [first; 32];
        bytes[31] = last;
        NamedDigest { name: name.to_owned(), digest: Sha256::from_bytes(bytes), mode: None }
    }

    #[test]
    fn names_and_digests_that_begin_alike_are_told_apart() {
        // pass: one number for each name and digest, whatever their digests begin with
        let products = [named("a", 1, 1), named("b", 1, 1), named("a", 1, 2), named("a", 2, 1), named("b", 1, 1)];
        let step = |products: &[NamedDigest]| Step {
            kind: StepKind::Build,
            only_on_success: true,
            materials: products.iter().rev().cloned().map(Material::File).collect(),
            products: products.to_vec(),
            instructions: Vec::new(),
            parameters: std::collections::BTreeMap::new(),
        };
        let step = step(&products);
        let numbered = Products::collect(1, std::iter::once((0, &step)));
        assert_eq!(numbered.len(), 4);
        let made = numbered.numbers(numbered.made_by(0, &step));
        for (product, number) in products.iter().zip(made) {
            assert_eq!(numbered.digest(wide(*number)), Some(product.digest));
            assert_eq!(numbered.name(wide(*number)), Some(product.name.as_str()));
            assert!(numbered.is_made(wide(*number)));
        }
        let read: Vec<u32> = made.iter().rev().copied().collect();
        assert_eq!(numbered.read_by(0, &step), read);
        assert_eq!(numbered.with_digest(named("", 1, 1).digest).count(), 2);
        assert_eq!(numbered.with_digest(named("", 3, 1).digest).count(), 0);
    }
}
