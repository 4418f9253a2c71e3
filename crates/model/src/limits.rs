//! Every bound on what input controls, in one place.

/// Upper bounds on sizes, depths and counts of foreign input. Reaching one is an error that names it, exit code 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one JSON document (a bundle, a statement, a facts file).
    pub json_bytes: usize,
    /// Nesting of one JSON document.
    pub json_depth: usize,
    /// Values (objects, arrays, scalars) in one JSON document.
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
    /// Bytes of one path or link target.
    pub path_bytes: usize,
    /// Bytes of extended attributes on one entry.
    pub xattr_bytes: usize,
    /// Manifests of one image index, indexes inside it counted with theirs.
    pub manifests: usize,
    /// Layers of one image.
    pub layers: usize,
    /// Bytes of an image manifest or index.
    pub manifest_bytes: usize,
    /// Bytes of an image config.
    pub config_bytes: usize,
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
        path_bytes: 4_096,
        xattr_bytes: 1 << 20,
        manifests: 1_000,
        layers: 200,
        manifest_bytes: 4 << 20,
        config_bytes: 8 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
