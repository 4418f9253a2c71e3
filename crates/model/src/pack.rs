//! A compact form of what a program keeps for itself: numbers, bytes and texts one after the other.
//!
//! It carries no names and no types: who reads it must have written it. A checksum and a version belong around it.

/// Writes parts one after the other.
#[derive(Debug, Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// Writes a number in as few bytes as it takes: seven bits each, lowest first.
    pub fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.0.push(low_byte(rest) | 0x80);
            rest >>= 7;
        }
        self.0.push(low_byte(rest));
    }

    /// Writes a count of what follows.
    pub fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Writes bytes, with their number before them.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Writes a text, with the number of its bytes before it.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes 0, or 1 and the value by `write`.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Everything that was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

const fn low_byte(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low & 0x7f
}

/// Reads parts in the order in which they were written; `None` as soon as something is not as it would have been written.
#[derive(Debug)]
pub struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// Reads from the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(first & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if first & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a number of 32 bits.
    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// Reads a count of parts that follow.
    ///
    /// LIMIT: each part has a byte at least, so nobody is made to hold more places than there are bytes.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    /// Reads bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads a text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Reads a value that may be absent.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// Reads a count, and as many values.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        (0..count).map(|_| read(self)).collect()
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_were() {
        // pass: every size of number, texts, what is absent
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut packer = Packer::default();
        numbers.iter().for_each(|number| packer.number(*number));
        packer.text("path");
        packer.option(None, Packer::number);
        packer.option(Some(7), Packer::number);
        let bytes = packer.finish();
        let mut unpacker = Unpacker::new(&bytes);
        assert_eq!(numbers.map(|_| unpacker.number().unwrap()), numbers);
        assert_eq!(unpacker.text(), Some("path"));
        assert_eq!(unpacker.option(Unpacker::number), Some(None));
        assert_eq!(unpacker.option(Unpacker::number), Some(Some(7)));
        assert!(unpacker.is_empty());
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        // fail: the end too early, more than 64 bits, a count of more than there is, a third kind of option
        assert_eq!(Unpacker::new(&[]).number(), None);
        assert_eq!(Unpacker::new(&[0x80]).number(), None);
        assert_eq!(Unpacker::new(&[0xff; 10]).number(), None);
        assert_eq!(Unpacker::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).number(), None);
        assert_eq!(Unpacker::new(&[5, 1, 2]).bytes(), None);
        assert_eq!(Unpacker::new(&[1, 0xff]).text(), None);
        assert_eq!(Unpacker::new(&[2, 0]).option(Unpacker::number), None);
        assert_eq!(Unpacker::new(&[3, 0]).list(Unpacker::number), None);
    }
}
