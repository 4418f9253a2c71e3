//! Lists by a dense key, all in one allocation.

/// For each key from 0: the values given for it, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Where each key's values start in `values`; one more than there are keys.
    starts: Vec<usize>,
    values: Vec<usize>,
}

impl Groups {
    /// Groups pairs of key and value; a key that is not below `keys` is left out.
    pub(crate) fn new(keys: usize, pairs: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let mut starts = vec![0; keys + 1];
        for (key, _) in pairs.clone() {
            if let Some(count) = starts.get_mut(key).filter(|_| key < keys) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            let count = std::mem::replace(start, total);
            total += count;
        }
        let mut values = vec![0; total];
        let mut next = starts.clone();
        for (key, value) in pairs {
            if let Some(at) = next.get_mut(key).filter(|_| key < keys) {
                if let Some(slot) = values.get_mut(*at) {
                    *slot = value;
                }
                *at += 1;
            }
        }
        Self { starts, values }
    }

    /// The values of a key.
    pub(crate) fn of(&self, key: usize) -> &[usize] {
        let range = match (self.starts.get(key), self.starts.get(key + 1)) {
            (Some(start), Some(end)) => *start..*end,
            _ => 0..0,
        };
        self.values.get(range).unwrap_or_default()
    }
}
