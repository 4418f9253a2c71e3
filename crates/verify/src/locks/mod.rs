//! Lock files: which name is pinned to which digest. One reader for each format, in one table.

mod cargo;
mod dockerfile;

use lasthand_model::wire::facts::Pin;

/// Reads the bytes of a lock file, or says in words why not.
pub(crate) type Parser = fn(&[u8]) -> Result<Vec<Pin>, String>;

/// Formats that are read. The others of `lineage::LOCK_FORMATS` pin nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    Cargo,
    Dockerfile,
}

/// The formats by file name.
const PARSERS: &[(&str, Format, Parser)] = &[
    ("Cargo.lock", Format::Cargo, cargo::pins),
    ("Dockerfile", Format::Dockerfile, dockerfile::pins),
    ("Containerfile", Format::Dockerfile, dockerfile::pins),
];

/// Tells by the last segment of its path whether a file pins names to digests in a format that is read here.
///
/// Whoever records evidence keeps the contents of such files.
#[must_use]
pub fn is_lock_file(path: &[u8]) -> bool {
    parser(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()).is_some()
}

/// Finds the reader of a lock file by the last segment of its path.
pub(crate) fn parser(name: &[u8]) -> Option<(Format, Parser)> {
    PARSERS.iter().find(|(known, ..)| known.as_bytes() == name).map(|(_, format, parser)| (*format, *parser))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_reader_is_for_a_known_lock_format() {
        // pass: `lineage` asks for no other names
        for (name, ..) in super::PARSERS {
            assert!(lasthand_lineage::LOCK_FORMATS.contains(name), "{name}");
        }
    }
}
