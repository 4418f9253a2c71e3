//! Every bound on what input controls, in one place.

use thiserror::Error;

/// Upper bounds on sizes, depths and counts of foreign input. Reaching one is an error that names it, exit code 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one JSON document (a bundle, a statement, a facts file).
    pub json_bytes: usize,
    /// Nesting of one JSON document.
    pub json_depth: usize,
    /// Values (objects, arrays, scalars) in one JSON document; and no more than 1,000,000 and one for 8 bytes.
    pub json_values: usize,
    /// Bundles read for one question.
    pub bundles: usize,
    /// Bytes held of all evidence that is read whole: statements of files and folders, and everything that refers to an image.
    pub evidence_bytes: u64,
    /// Bytes of a trust file.
    pub trust_bytes: usize,
    /// Entries of one inventory.
    pub entries: usize,
    /// Uncompressed bytes of one archive.
    pub archive_bytes: u64,
    /// Bytes that come out for one byte as shipped, once [`Limits::inflate_free_bytes`] came out; holes of sparse files count.
    pub inflate_ratio: u64,
    /// Bytes that may come out of one blob before the ratio is asked for.
    pub inflate_free_bytes: u64,
    /// Bytes of the window of a zstd frame, rounded down to a power of two.
    pub zstd_window_bytes: u64,
    /// Bytes that come out of archives inside an artifact, over all of it, where they are opened.
    pub nested_bytes: u64,
    /// Bytes of one path or link target.
    pub path_bytes: usize,
    /// Bytes of extended attributes on one entry.
    pub xattr_bytes: usize,
    /// Bytes of the paths, link targets and attributes of all entries together.
    pub metadata_bytes: u64,
    /// Bytes of the entries that others replace or remove, and of notes, beside what entries that live leave of 192 bytes each.
    pub hidden_bytes: u64,
    /// Bytes of all extension headers of one archive, beside a quarter of the bytes that lie before them.
    pub extension_bytes: u64,
    /// Manifests of one image index, indexes inside it counted with theirs.
    pub manifests: usize,
    /// Layers of one image.
    pub layers: usize,
    /// Bytes of an image manifest or index.
    pub manifest_bytes: usize,
    /// Bytes of an image config.
    pub config_bytes: usize,
    /// Layouts within layouts.
    pub layout_depth: usize,
    /// Bytes of names and patterns that are compared for the rules of one layout and of those inside it.
    pub rule_bytes: u64,
}

impl Limits {
    /// The limits of the shipped tools.
    pub const DEFAULT: Self = Self {
        json_bytes: 256 << 20,
        json_depth: 64,
        json_values: 8_000_000,
        bundles: 200_000,
        evidence_bytes: 2 << 30,
        trust_bytes: 4 << 20,
        entries: 2_000_000,
        archive_bytes: 1 << 40,
        inflate_ratio: 200,
        inflate_free_bytes: 1 << 30,
        zstd_window_bytes: 128 << 20,
        nested_bytes: 64 << 30,
        path_bytes: 4_096,
        xattr_bytes: 1 << 20,
        metadata_bytes: 256 << 20,
        hidden_bytes: 40 << 20,
        extension_bytes: 64 << 20,
        manifests: 1_000,
        layers: 200,
        manifest_bytes: 4 << 20,
        config_bytes: 8 << 20,
        layout_depth: 8,
        rule_bytes: 8 << 30,
    };
}

/// No limit has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no limit is named `{name}`; there are: {}", Limits::NAMES.join(", "))]
pub struct UnknownLimit {
    /// The name.
    pub name: String,
}

impl Limits {
    /// Names of the limits that a user can change, as options have them.
    pub const NAMES: &'static [&'static str] = &[
        "archive-bytes",
        "bundles",
        "config-bytes",
        "entries",
        "evidence-bytes",
        "extension-bytes",
        "hidden-bytes",
        "inflate-free-bytes",
        "inflate-ratio",
        "layers",
        "layout-depth",
        "manifest-bytes",
        "manifests",
        "metadata-bytes",
        "nested-bytes",
        "path-bytes",
        "rule-bytes",
        "xattr-bytes",
        "zstd-window-bytes",
    ];

    /// Sets a limit by its name; a number that this machine cannot count to is as good as none.
    ///
    /// # Errors
    /// A name that is not one of [`Limits::NAMES`].
    pub fn set(&mut self, name: &str, number: u64) -> Result<(), UnknownLimit> {
        let count = usize::try_from(number).unwrap_or(usize::MAX);
        match name {
            "archive-bytes" => self.archive_bytes = number,
            "bundles" => self.bundles = count,
            "config-bytes" => self.config_bytes = count,
            "entries" => self.entries = count,
            "evidence-bytes" => self.evidence_bytes = number,
            "extension-bytes" => self.extension_bytes = number,
            "hidden-bytes" => self.hidden_bytes = number,
            "inflate-free-bytes" => self.inflate_free_bytes = number,
            "inflate-ratio" => self.inflate_ratio = number,
            "layers" => self.layers = count,
            "layout-depth" => self.layout_depth = count,
            "manifest-bytes" => self.manifest_bytes = count,
            "manifests" => self.manifests = count,
            "metadata-bytes" => self.metadata_bytes = number,
            "nested-bytes" => self.nested_bytes = number,
            "path-bytes" => self.path_bytes = count,
            "rule-bytes" => self.rule_bytes = number,
            "xattr-bytes" => self.xattr_bytes = count,
            "zstd-window-bytes" => self.zstd_window_bytes = number,
            _ => return Err(UnknownLimit { name: name.to_owned() }),
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_sets_a_limit_of_its_own() {
        // pass: one limit changes for each name, and no two names change the same; fail: another name
        let mut seen = Vec::new();
        for name in Limits::NAMES {
            let mut limits = Limits::DEFAULT;
            assert_eq!(limits.set(name, 7), Ok(()));
            assert_ne!(limits, Limits::DEFAULT, "{name}");
            assert!(!seen.contains(&limits), "{name}");
            seen.push(limits);
        }
        assert!(Limits::DEFAULT.clone().set("bytes", 7).is_err());
    }
}
