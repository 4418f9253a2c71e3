//! Names that are one file where case is folded or Unicode is normalised.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use unicode_normalization::UnicodeNormalization as _;

use crate::note::NoteKind;

/// LIMIT: collisions told.
const MAX_COLLISIONS: usize = 1_000;

/// Finds distinct paths that fall together with an earlier one. A name that is not UTF-8 falls together with none.
///
/// Cost: O(paths log paths) time; eight bytes for each path.
pub(crate) fn collisions<'p>(paths: impl Iterator<Item = &'p [u8]> + Clone) -> Vec<(NoteKind, Vec<u8>)> {
    let mut marks: Vec<u64> = paths.clone().map(mark).collect();
    marks.sort_unstable();
    let mut shared: Vec<u64> = marks.windows(2).filter_map(equal).collect();
    shared.dedup();
    if shared.is_empty() {
        return Vec::new();
    }
    drop(marks);
    let mut first: BTreeMap<String, &[u8]> = BTreeMap::new();
    let mut found = Vec::new();
    for path in paths.filter(|path| shared.binary_search(&mark(path)).is_ok()) {
        let Ok(text) = std::str::from_utf8(path) else { continue };
        if let Some(earlier) = first.insert(folded(text), path) {
            let are_ascii = text.is_ascii() && earlier.is_ascii();
            let same_letters =
                !are_ascii && std::str::from_utf8(earlier).is_ok_and(|earlier| earlier.nfc().eq(text.nfc()));
            found
                .push((if same_letters { NoteKind::UnicodeCollision } else { NoteKind::CaseCollision }, path.to_vec()));
        }
        if found.len() >= MAX_COLLISIONS {
            break;
        }
    }
    found
}

fn equal(pair: &[u64]) -> Option<u64> {
    match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    }
}

/// A number that is equal for paths that fall together, and seldom for others.
fn mark(path: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    match std::str::from_utf8(path) {
        Ok(text) if !text.is_ascii() => hasher.write(folded(text).as_bytes()),
        Ok(text) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            hasher.write(text.to_ascii_lowercase().as_bytes());
        }
        _ => hasher.write(path),
    }
    hasher.finish()
}

fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fall_together_are_found() {
        // pass: case, composed and decomposed letters; fail: other names, bytes that are no text
        let find = |paths: &[&'static [u8]]| {
            collisions(paths.iter().copied()).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
        };
        assert_eq!(find(&[b"a/README", b"a/Readme", b"b/readme"]), [NoteKind::CaseCollision]);
        assert_eq!(find(&["caf\u{e9}".as_bytes(), "cafe\u{301}".as_bytes()]), [NoteKind::UnicodeCollision]);
        assert_eq!(find(&["\u{212a}".as_bytes(), b"K"]), [NoteKind::UnicodeCollision]);
        assert_eq!(find(&["\u{212a}".as_bytes(), b"k"]), [NoteKind::CaseCollision]);
        assert_eq!(find(&["\u{c9}".as_bytes(), "e\u{301}".as_bytes()]), [NoteKind::CaseCollision]);
        assert_eq!(find(&[b"a\xff", b"A\xff", b"ab"]), []);
    }
}
