//! A sorted set in little memory, whose items are compared with what lies elsewhere.
//!
//! A map of the standard library compares its keys by themselves, so that they must hold what they are compared by; and filled in order, as
//! archives mostly are, its nodes stay half empty.

use std::cell::Cell;
use std::cmp::Ordering;
use std::iter::{Flatten, Skip};
use std::slice;

/// Items in a chunk at most.
const CHUNK: usize = 512;

/// Items that a chunk gets room for at a time.
const GROWTH: usize = 64;

/// Items in order, each once. Who calls says how they compare, always in the same way.
///
/// Cost: the bytes of the items, and room for 128 more in each chunk; O(log items) comparisons to find one, and moving up to a chunk
/// to add or remove one.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    /// None of them is empty.
    chunks: Vec<Vec<T>>,
    length: usize,
    /// The place that was looked for last, which may be gone.
    last: Cell<(usize, usize)>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), length: 0, last: Cell::default() }
    }
}

impl<T: Copy> Sorted<T> {
    /// The item that compares as equal.
    pub(super) fn get(&self, compare: impl Fn(&T) -> Ordering) -> Option<T> {
        let (chunk, at) = self.lower(|item| compare(item).is_lt());
        self.chunks.get(chunk)?.get(at).copied().filter(|item| compare(item).is_eq())
    }

    /// Adds an item; gives the one that it takes the place of.
    pub(super) fn insert(&mut self, item: T, compare: impl Fn(&T) -> Ordering) -> Option<T> {
        let (chunk, at) = self.lower(|known| compare(known).is_lt());
        let last = self.chunks.len().saturating_sub(1);
        let Some(items) = self.chunks.get_mut(chunk.min(last)) else {
            self.chunks.push(vec![item]);
            self.length = 1;
            return None;
        };
        // Behind everything: at the end of the last chunk.
        let at = if chunk > last { items.len() } else { at };
        if let Some(known) = items.get_mut(at).filter(|known| compare(known).is_eq()) {
            return Some(std::mem::replace(known, item));
        }
        self.length += 1;
        if items.len() < CHUNK {
            if items.len() == items.capacity() {
                items.reserve_exact(GROWTH);
            }
            items.insert(at, item);
        } else if at == CHUNK {
            self.chunks.insert(chunk, vec![item]);
        } else {
            let mut upper = items.split_off(CHUNK / 2);
            items.shrink_to_fit();
            match at.checked_sub(CHUNK / 2) {
                Some(at) => {
                    upper.reserve_exact(GROWTH);
                    upper.insert(at, item);
                }
                None => {
                    items.reserve_exact(GROWTH);
                    items.insert(at, item);
                }
            }
            self.chunks.insert(chunk + 1, upper);
        }
        None
    }

    /// Removes the item that compares as equal.
    pub(super) fn remove(&mut self, compare: impl Fn(&T) -> Ordering) -> Option<T> {
        let (chunk, at) = self.lower(|known| compare(known).is_lt());
        let items = self.chunks.get_mut(chunk)?;
        if items.get(at).is_none_or(|known| compare(known).is_ne()) {
            return None;
        }
        let item = items.remove(at);
        self.length -= 1;
        if items.is_empty() {
            self.chunks.remove(chunk);
        } else {
            give_back(items);
        }
        Some(item)
    }

    /// The items from the first one on that is not before a place.
    pub(super) fn from(&self, is_before: impl Fn(&T) -> bool) -> Rest<'_, T> {
        let (chunk, at) = self.lower(is_before);
        let first = self.chunks.get(chunk).and_then(|items| items.get(at..)).unwrap_or_default();
        Rest { first: first.iter(), rest: self.chunks.iter().skip(chunk + 1).flatten() }
    }

    /// Of the items that are not before a place, and from there on are in a range, keeps some.
    pub(super) fn retain(
        &mut self,
        is_before: impl Fn(&T) -> bool,
        is_in: impl Fn(&T) -> bool,
        keep: impl Fn(&T) -> bool,
    ) {
        let (first, mut at) = self.lower(is_before);
        let (mut whole, mut seen) = (first, first);
        while let Some(items) = self.chunks.get_mut(seen) {
            let end = at + items.iter().skip(at).take_while(|item| is_in(item)).count();
            let is_last = end < items.len();
            let (mut place, before) = (0, items.len());
            items.retain(|item| {
                place += 1;
                !(at..end).contains(&(place - 1)) || keep(item)
            });
            self.length -= before - items.len();
            if !items.is_empty() {
                give_back(items);
                self.chunks.swap(whole, seen);
                whole += 1;
            }
            (seen, at) = (seen + 1, 0);
            if is_last {
                break;
            }
        }
        self.chunks.drain(whole..seen);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The items in order; memory is given back while they are taken.
    pub(super) fn into_iter(self) -> impl Iterator<Item = T> {
        self.chunks.into_iter().flatten()
    }

    /// The chunk, and the place in it, of the first item that is not before a place; the number of chunks where all are.
    fn lower(&self, is_before: impl Fn(&T) -> bool) -> (usize, usize) {
        let place = self.near(&is_before).unwrap_or_else(|| {
            let chunk = self.chunks.partition_point(|items| items.last().is_some_and(&is_before));
            (chunk, self.chunks.get(chunk).map_or(0, |items| items.partition_point(is_before)))
        });
        self.last.set(place);
        place
    }

    /// The same, where it is the last place that was looked for, or the one behind it: archives mostly come in order.
    fn near(&self, is_before: impl Fn(&T) -> bool) -> Option<(usize, usize)> {
        let (chunk, at) = self.last.get();
        let Some(items) = self.chunks.get(chunk) else {
            let all_are = self.chunks.last().and_then(|items| items.last()).is_none_or(is_before);
            return all_are.then_some((self.chunks.len(), 0));
        };
        if !is_before(items.get(at)?) {
            let before = match (at.checked_sub(1), chunk.checked_sub(1)) {
                (Some(at), _) => items.get(at),
                (None, Some(chunk)) => self.chunks.get(chunk).and_then(|items| items.last()),
                (None, None) => None,
            };
            return before.is_none_or(is_before).then_some((chunk, at));
        }
        let behind = items.get(at + 1).map(|item| (item, (chunk, at + 1)));
        behind.filter(|(item, _)| !is_before(item)).map(|(_, place)| place)
    }
}

/// Gives back the room of items that are gone, but for some.
fn give_back<T>(items: &mut Vec<T>) {
    if items.capacity() > items.len() + 2 * GROWTH {
        items.shrink_to(items.len() + GROWTH);
    }
}

/// Items from a place on.
pub(super) struct Rest<'s, T> {
    first: slice::Iter<'s, T>,
    rest: Flatten<Skip<slice::Iter<'s, Vec<T>>>>,
}

impl<T: Copy> Iterator for Rest<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.first.next().or_else(|| self.rest.next()).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// What is done to a set: added, removed, or all of a range removed but multiples of a number.
    #[derive(Debug, Clone)]
    enum Change {
        Insert(u32),
        Run(u32, u32),
        Remove(u32),
        Retain(u32, u32, u32),
    }

    fn change() -> impl Strategy<Value = Change> {
        let number = 0..4_000_u32;
        prop_oneof![
            4 => number.clone().prop_map(Change::Insert),
            2 => (number.clone(), 0..1_500_u32).prop_map(|(first, count)| Change::Run(first, count)),
            4 => number.clone().prop_map(Change::Remove),
            1 => (number, 0..3_000_u32, 1..5_u32).prop_map(|(first, count, of)| Change::Retain(first, count, of)),
        ]
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_of_the_standard_library_holds(changes in prop::collection::vec(change(), 0..40)) {
            let mut sorted: Sorted<(u32, usize)> = Sorted::default();
            let mut map: BTreeMap<u32, usize> = BTreeMap::new();
            for (number, change) in changes.into_iter().enumerate() {
                match change {
                    Change::Insert(key) => {
                        let old = sorted.insert((key, number), |known| known.0.cmp(&key));
                        prop_assert_eq!(old.map(|old| old.1), map.insert(key, number));
                    }
                    Change::Run(first, count) => for key in first..first + count {
                        let old = sorted.insert((key, number), |known| known.0.cmp(&key));
                        prop_assert_eq!(old.map(|old| old.1), map.insert(key, number));
                    },
                    Change::Remove(key) => {
                        let old = sorted.remove(|known| known.0.cmp(&key));
                        prop_assert_eq!(old.map(|old| old.1), map.remove(&key));
                    }
                    Change::Retain(first, count, of) => {
                        sorted.retain(|known| known.0 < first, |known| known.0 < first + count, |known| known.0 % of == 0);
                        map.retain(|key, _| !(first..first + count).contains(key) || key % of == 0);
                    }
                }
                prop_assert!(sorted.chunks.iter().all(|items| (1..=CHUNK).contains(&items.len())));
                prop_assert_eq!(sorted.len(), sorted.chunks.iter().map(Vec::len).sum::<usize>());
                prop_assert_eq!((sorted.len(), sorted.is_empty()), (map.len(), map.is_empty()));
                for key in [0, 1, 777, 4_000, 9_000] {
                    prop_assert_eq!(sorted.get(|known| known.0.cmp(&key)).map(|item| item.1), map.get(&key).copied());
                    let from: Vec<_> = sorted.from(|known| known.0 < key).collect();
                    prop_assert_eq!(from, map.range(key..).map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(sorted.into_iter().collect::<Vec<_>>(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
