//! Products of the steps, each name and digest once, as small numbers; and which of them the steps read.
//!
//! What a step waits for is looked up by number: hashing long keys again and again would cost most of a large graph's time.

use std::cmp::Ordering;
use std::ops::Range;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Body, Material, NamedDigest, Step};

use crate::marks::Marks;
use crate::order::{self, Index, Keyed, short, wide};

/// A name and a digest, so that most comparisons visit one line of memory.
#[derive(Debug)]
#[repr(align(64))]
struct Key<'a> {
    digest: Sha256,
    name: &'a str,
    /// The first bytes of the name.
    start: [u8; 16],
}

/// Every product of the known steps.
#[derive(Debug, Default)]
pub(crate) struct Products<'a> {
    /// In the order of the document; what has the name and digest of one before it is there, but has no number.
    keys: Vec<Key<'a>>,
    /// By key: its number, which is the first key with this name and digest.
    numbers: Vec<u32>,
    /// By number: whether a step that is no fetch has the product.
    made: Marks,
    /// The numbers, by digest and name.
    by_digest: Index,
    /// What the steps read, one step after the other.
    read: Vec<u32>,
    /// By known statement: where its keys start, and where what it reads starts.
    starts: Vec<[u32; 2]>,
}

/// Stands for a file material that no step has as a product.
const NOT_MADE: u32 = u32::MAX;

/// How many file materials are looked up together, so that the memory that they visit is waited for together.
const BATCH: usize = 512;

impl<'a> Products<'a> {
    /// Room for what the steps of so many statements have.
    pub(crate) fn for_statements(count: usize) -> Self {
        Self { keys: Vec::with_capacity(count), starts: Vec::with_capacity(count), ..Self::default() }
    }

    /// Adds what the next known statement says.
    pub(crate) fn add(&mut self, body: &'a Body) {
        self.starts.push([short(self.keys.len()), 0]);
        if let Body::Step(step) = body {
            self.keys.extend(step.products.iter().map(Key::of));
        }
    }

    /// Gives numbers to what was added, and to what the steps read. `steps` are known statements, in their order.
    pub(crate) fn number(&mut self, steps: impl Iterator<Item = (usize, &'a Step)>) {
        self.number_products();
        self.made = Marks::new(self.keys.len());
        let mut files: Vec<&'a NamedDigest> = Vec::with_capacity(BATCH);
        for (at, step) in steps {
            if step.kind != StepKind::Fetch {
                for number in self.numbers.get(wide_range(&self.made_by(at, step))).unwrap_or_default() {
                    self.made.insert(wide(*number));
                }
            }
            if let Some([_, start]) = self.starts.get_mut(at) {
                *start = short(self.read.len() + files.len());
            }
            for file in self::files(&step.materials) {
                files.push(file);
                if files.len() == BATCH {
                    self.look_up(&mut files);
                }
            }
        }
        self.look_up(&mut files);
    }

    fn number_products(&mut self) {
        // Sorted, not hashed: a claimed digest can be anything, so hashes of digests could be made to collide.
        let keyed = (0..).zip(&self.keys).map(|(at, key)| Keyed::new(&key.digest, at));
        let mut sorted = order::sort(keyed.collect(), Keyed::spread);
        self.numbers = (0..short(self.keys.len())).collect();
        let (keys, numbers) = (&self.keys, &mut self.numbers);
        let key = |one: &Keyed| keys.get(one.number());
        let mut repeated = false;
        for alike in sorted.chunk_by_mut(|a, b| a.prefix() == b.prefix()).filter(|alike| alike.len() > 1) {
            alike.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then(a.cmp(b)));
            for same in alike.chunk_by(|a, b| key(a) == key(b)) {
                let Some((first, more)) = same.split_first() else { continue };
                for one in more {
                    if let Some(number) = numbers.get_mut(one.number()) {
                        *number = short(first.number());
                        repeated = true;
                    }
                }
            }
        }
        if repeated {
            sorted.retain(|one| numbers.get(one.number()).is_some_and(|number| wide(*number) == one.number()));
        }
        self.by_digest = Index::new(sorted);
    }

    /// Finds what file materials are, and forgets the list of them.
    ///
    /// Each turn visits memory that the one before told of, for all of them, so that they wait together.
    fn look_up(&mut self, files: &mut Vec<&'a NamedDigest>) {
        let Self { keys, by_digest, read, .. } = self;
        let parts: Vec<Range<u32>> = files.iter().map(|file| by_digest.part(&file.digest)).collect();
        let seen: Vec<Keyed> = parts.iter().map(|part| by_digest.at(part.start)).collect();
        std::hint::black_box(&seen);
        let alike: Vec<&[Keyed]> =
            files.iter().zip(parts).map(|(file, part)| by_digest.alike(&file.digest, part)).collect();
        let key = |one: &Keyed| keys.get(one.number());
        let first: Vec<Option<&Key<'a>>> = alike.iter().map(|alike| key(alike.first()?)).collect();
        let same: Vec<bool> =
            files.iter().zip(&first).map(|(file, key)| key.is_some_and(|key| key.digest == file.digest)).collect();
        for (((file, alike), first), same) in files.drain(..).zip(alike).zip(first).zip(same) {
            let file = Key::of(file);
            let found = if same && first == Some(&file) {
                alike.first()
            } else {
                let begins = alike.partition_point(|one| one.begins(&file.digest) && key(one) < Some(&file));
                alike.get(begins).filter(|one| key(one) == Some(&file))
            };
            read.push(found.map_or(NOT_MADE, |one| short(one.number())));
        }
    }

    /// How many numbers there may be.
    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether a step that is no fetch has the product.
    pub(crate) fn is_made(&self, number: usize) -> bool {
        self.made.contains(number)
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
        self.by_digest.of_digest(digest, |number| self.digest(number))
    }

    /// Where the numbers of a step's products are.
    pub(crate) fn made_by(&self, statement: usize, step: &Step) -> Range<u32> {
        let [start, _] = self.starts.get(statement).copied().unwrap_or_default();
        start..start + short(step.products.len())
    }

    /// The numbers at a place that `made_by` gave.
    pub(crate) fn numbers(&self, range: Range<u32>) -> &[u32] {
        self.numbers.get(wide_range(&range)).unwrap_or_default()
    }

    /// From the first file material of a step on: the number of each, where some step has it as a product.
    pub(crate) fn read_by(&self, statement: usize) -> impl Iterator<Item = Option<u32>> {
        let start = self.starts.get(statement).map_or(0, |[_, start]| wide(*start));
        let read = self.read.get(start..).unwrap_or_default();
        read.iter().map(|number| Some(*number).filter(|number| *number != NOT_MADE))
    }
}

const fn wide_range(range: &Range<u32>) -> Range<usize> {
    wide(range.start)..wide(range.end)
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

impl Eq for Key<'_> {}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_start = self.digest.cmp(&other.digest).then(self.start.cmp(&other.start));
        by_start.then_with(|| self.name.cmp(other.name))
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
        // pass: one number for each name and digest, whatever their digests begin with; none for what only begins alike
        let products = [named("a", 1, 1), named("b", 1, 1), named("a", 1, 2), named("a", 2, 1), named("b", 1, 1)];
        let others = [named("c", 1, 1), named("a", 1, 3), named("a", 3, 1)];
        let step = |products: &[NamedDigest]| Step {
            kind: StepKind::Build,
            only_on_success: true,
            materials: products.iter().rev().cloned().chain(others.clone()).map(Material::File).collect(),
            products: products.to_vec(),
            instructions: Vec::new(),
            parameters: std::collections::BTreeMap::new(),
        };
        let body = Body::Step(step(&products));
        let Body::Step(step) = &body else { unreachable!() };
        let mut numbered = Products::for_statements(1);
        numbered.add(&body);
        numbered.number(std::iter::once((0, step)));
        let made = numbered.numbers(numbered.made_by(0, step));
        assert_eq!(made, [0, 1, 2, 3, 1]);
        for (product, number) in products.iter().zip(made) {
            assert_eq!(numbered.digest(wide(*number)), Some(product.digest));
            assert_eq!(numbered.name(wide(*number)), Some(product.name.as_str()));
            assert!(numbered.is_made(wide(*number)));
        }
        let read: Vec<Option<u32>> = made.iter().rev().copied().map(Some).chain([None; 3]).collect();
        assert_eq!(numbered.read_by(0).collect::<Vec<_>>(), read);
        assert_eq!(numbered.with_digest(named("", 1, 1).digest).count(), 2);
        assert_eq!(numbered.with_digest(named("", 3, 1).digest).count(), 0);
    }
}
