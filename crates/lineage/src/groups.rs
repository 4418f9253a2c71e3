//! Lists by a dense key, all in one allocation.

use crate::order::wide;

/// For each key from 0: the values given for it, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Where each key's values start in `values`; one more than there are keys.
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Groups {
    /// Groups pairs of key and value; a key that is not below `keys` is left out.
    pub(crate) fn new(keys: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        if pairs.clone().next().is_none() {
            return Self::default();
        }
        // While values are placed, the start of a key is where its next one goes: it ends as the start of the key after it.
        let mut starts = vec![0_u32; keys + 2];
        for (key, _) in pairs.clone() {
            if let Some(count) = starts.get_mut(wide(key) + 2).filter(|_| wide(key) < keys) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut values = vec![0; wide(total)];
        for (key, value) in pairs {
            if let Some(at) = starts.get_mut(wide(key) + 1).filter(|_| wide(key) < keys) {
                if let Some(slot) = values.get_mut(wide(*at)) {
                    *slot = value;
                }
                *at += 1;
            }
        }
        starts.truncate(keys + 1);
        Self { starts, values }
    }

    /// The values of a key.
    pub(crate) fn of(&self, key: usize) -> &[u32] {
        self.values.get(self.range(key)).unwrap_or_default()
    }

    /// Sorts the values of each key.
    pub(crate) fn sort_by_key<K: Ord>(&mut self, rank: impl Fn(usize) -> K) {
        for key in 0..self.starts.len().saturating_sub(1) {
            let range = self.range(key);
            if range.len() > 1
                && let Some(values) = self.values.get_mut(range)
            {
                values.sort_unstable_by_key(|value| rank(wide(*value)));
            }
        }
    }

    fn range(&self, key: usize) -> std::ops::Range<usize> {
        match (self.starts.get(key), self.starts.get(key + 1)) {
            (Some(start), Some(end)) => wide(*start)..wide(*end),
            _ => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_until_sorted() {
        // pass: a key with two, with none, with one; a key that is too large is left out
        let pairs = [(2, 9), (0, 7), (0, 3), (3, 1)];
        let mut groups = Groups::new(3, pairs.into_iter());
        assert_eq!((groups.of(0), groups.of(1), groups.of(2)), (&[7, 3][..], &[][..], &[9][..]));
        assert_eq!(groups.of(3), &[] as &[u32]);
        groups.sort_by_key(|value| value);
        assert_eq!((groups.of(0), groups.of(2)), (&[3, 7][..], &[9][..]));
        assert_eq!(Groups::new(3, std::iter::empty()).of(0), &[] as &[u32]);
    }
}
