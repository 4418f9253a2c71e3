//! Packages of npm: tar archives of one folder.
//!
//! SECURITY: npm strips the first segment of every path as it is written, so that files of two folders become one. `./a`, `/a` and `b/a` are
//! one file to it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::form::ends;
use crate::path;
use crate::tarball::RawEntry;

/// Names under which npm takes an archive for a package.
const ENDINGS: [&[u8]; 3] = [b".tgz", b".tar.gz", b".tar"];

/// What npm would make of an archive: its folders at the top, and the files below them.
///
/// A `.tgz` of several folders with a `package.json` each is an honest archive of something else. So it is a package when it has the folder
/// that `npm pack` makes, or the name that it gives, `NAME-1.2.3.tgz`; one inside an artifact also under other names.
#[derive(Debug, Default)]
pub(crate) struct Tops {
    /// It has a name that npm takes.
    is_asked: bool,
    /// It is a package without the folder of `npm pack`, too.
    is_named: bool,
    /// First segments as they are written, numbered; the first two, where nothing else is asked.
    tops: BTreeMap<Vec<u8>, u32>,
    /// Of a named one: a number that two files have when they are one file to npm, and their top.
    files: Vec<(u64, u32)>,
    /// A folder at the top has a `package.json`.
    has_document: bool,
    /// The folder `package` has one.
    is_packed: bool,
}

impl Tops {
    /// For an artifact of this name.
    pub(crate) fn of_artifact(name: &[u8]) -> Self {
        let stems = ENDINGS.iter().filter(|ending| ends(name, &[ending]));
        let mut stems = stems.filter_map(|ending| name.get(..name.len().checked_sub(ending.len())?));
        let is_named = stems.any(ends_in_version);
        Self { is_asked: ends(name, &ENDINGS), is_named, ..Self::default() }
    }

    /// For a file of this name inside an artifact.
    pub(super) fn of_file(name: &[u8]) -> Self {
        let of_artifact = Self::of_artifact(name);
        Self { is_named: of_artifact.is_named || ends(name, &[b".tgz"]), ..of_artifact }
    }

    /// Takes one entry. Cost: 16 bytes for each file of an archive that is named as a package, and its folders at the top.
    pub(crate) fn add(&mut self, entry: &RawEntry<'_>) {
        // Folders are one folder afterwards, whoever brought them.
        if !self.is_asked || matches!(entry.typeflag, b'5' | b'g') {
            return;
        }
        let Some((top, rest)) = split(entry.path) else { return };
        let stripped = path::settle(rest);
        // npm passes over these.
        if stripped.parent || stripped.path.is_empty() {
            return;
        }
        let is_document = stripped.path == b"package.json";
        self.has_document |= is_document;
        self.is_packed |= is_document && top == b"package";
        if !self.is_named && self.tops.len() > 1 {
            return;
        }
        let next = u32::try_from(self.tops.len()).unwrap_or(u32::MAX);
        let number = match self.tops.get(top) {
            Some(number) => *number,
            None => *self.tops.entry(top.to_vec()).or_insert(next),
        };
        // Each part of a repository may have one.
        if self.is_named && !is_document {
            let mut hasher = DefaultHasher::new();
            stripped.path.hash(&mut hasher);
            self.files.push((hasher.finish(), number));
        }
    }

    /// True for a package with files in more than one folder at the top, of which npm makes one.
    pub(crate) fn are_odd(mut self) -> bool {
        if self.tops.len() < 2 || !self.has_document {
            return false;
        }
        self.files.sort_unstable();
        let meet = |pair: &[(u64, u32)]| matches!(pair, [(a, top), (b, other)] if a == b && top != other);
        self.is_packed || self.files.windows(2).any(meet)
    }
}

/// The first segment, and what follows its slash.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let (top, rest) = path.split_at_checked(path.iter().position(|byte| *byte == b'/')?)?;
    Some((top, rest.get(1..)?))
}

/// True for a name that ends in `-` and a version of three numbers, and whatever a version has behind them.
///
/// SPEC: Semantic Versioning 2.0.0, 2, 9 and 10; npm-pack.
fn ends_in_version(name: &[u8]) -> bool {
    let starts = name.iter().enumerate().filter_map(|(at, byte)| (*byte == b'-').then_some(at + 1));
    starts.filter_map(|start| name.get(start..)).any(is_version)
}

fn is_version(text: &[u8]) -> bool {
    let numbers = text.split(|byte| matches!(byte, b'-' | b'+')).next().unwrap_or_default();
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = numbers.split(|byte| *byte == b'.');
    parts.by_ref().take(3).filter(|part| is_number(part)).count() == 3 && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_with_a_version() {
        // pass: what `npm pack` calls its files; fail: other names with digits
        for (name, expected) in [
            (&b"left-pad-1.3.0"[..], true),
            (b"acme-app-10.0.0-rc.1", true),
            (b"acme-app-1.2.3+build.5", true),
            (b"app-1.2", false),
            (b"app-1.2.3.4", false),
            (b"app-1.2.x", false),
            (b"1.2.3", false),
            (b"deploy", false),
            (b"", false),
        ] {
            assert_eq!(ends_in_version(name), expected, "{}", name.escape_ascii());
        }
    }
}
