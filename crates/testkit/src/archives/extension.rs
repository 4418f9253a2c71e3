//! Extension headers: pax records, GNU long names.

use super::block::Format;
use super::scene::{Part, Scene};

/// `LENGTH KEY=VALUE\n`, the length counting itself.
pub(super) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} ").as_bytes(), key, b"=", value, b"\n"].concat()
}

pub(super) fn records(pairs: &[(&str, &[u8])]) -> Vec<u8> {
    pairs.iter().flat_map(|(key, value)| record(key.as_bytes(), value)).collect()
}

/// A pax header with these records.
pub(super) fn pax(pairs: &[(&str, &[u8])]) -> Part {
    raw_pax(b'x', &records(pairs))
}

/// A global pax header with these records.
pub(super) fn global(pairs: &[(&str, &[u8])]) -> Part {
    raw_pax(b'g', &records(pairs))
}

pub(super) fn raw_pax(typeflag: u8, content: &[u8]) -> Part {
    Part::extension(Format::Ustar, b"PaxHeaders.0/f", typeflag, content)
}

/// A GNU long name (`L`) or link (`K`), the text with its NUL.
pub(super) fn long(typeflag: u8, text: &[u8]) -> Part {
    raw_long(typeflag, &[text, b"\0"].concat())
}

pub(super) fn raw_long(typeflag: u8, content: &[u8]) -> Part {
    Part::extension(Format::Gnu, b"././@LongLink", typeflag, content)
}

impl Scene {
    /// A path of more than 100 bytes, once or twice as long as a field.
    pub(super) fn long_path(&mut self) -> Vec<u8> {
        let short = self.path();
        let folder = self.bytes(0).into_iter().chain(std::iter::repeat_n(b'l', 95 + self.rng.below(90)));
        folder.chain(*b"/").chain(short).collect()
    }
}
