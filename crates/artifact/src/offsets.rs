//! Where entries begin, in six bytes each.

use std::io::Read;

/// Offsets in the order of their entries. Those over 256 TiB are kept as that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offsets(Vec<[u8; 6]>);

const LARGEST: u64 = (1 << 48) - 1;

impl Offsets {
    pub(crate) fn push(&mut self, offset: u64) {
        let [a, b, c, d, e, f, ..] = offset.min(LARGEST).to_le_bytes();
        self.0.push([a, b, c, d, e, f]);
    }

    pub(crate) fn get(&self, at: usize) -> Option<u64> {
        self.0.get(at).map(|[a, b, c, d, e, f]| u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]))
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }

    /// Reads the offsets of so many entries.
    pub(crate) fn read_from(input: &mut dyn Read, count: usize) -> Option<Self> {
        let mut offsets = vec![[0; 6]; count];
        input.read_exact(offsets.as_flattened_mut()).ok()?;
        Some(Self(offsets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_come_back() {
        // pass: the smallest, the largest that fit, one over; as bytes and back; fail: too few bytes
        let mut offsets = Offsets::default();
        [0, 512, LARGEST, LARGEST + 1].into_iter().for_each(|offset| offsets.push(offset));
        let found: Vec<_> = (0..5).map(|at| offsets.get(at)).collect();
        assert_eq!(found, [Some(0), Some(512), Some(LARGEST), Some(LARGEST), None]);
        assert_eq!(Offsets::read_from(&mut offsets.as_bytes(), 5), None);
        assert_eq!(Offsets::read_from(&mut offsets.as_bytes(), 4), Some(offsets.clone()));
    }
}
