//! Why no inventory could be formed.

use std::fmt;
use std::io;

use lasthand_model::json::JsonError;
use thiserror::Error;

use crate::facts::Kind;
use crate::image::ImageFault;

/// An artifact that could not be read whole and without doubt.
///
/// `name` is the source's own name. `offset` is in bytes: of the tar stream after inflation for archives, of the bytes as shipped for
/// [`ArtifactError::Io`] and [`ArtifactError::Compression`]; 0 for folders.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The source could not be opened or read.
    #[error("`{name}`: cannot read at byte {offset}")]
    Io {
        /// Name of the source.
        name: String,
        /// Bytes read before.
        offset: u64,
        /// What the source said.
        source: io::Error,
    },
    /// One entry of a folder could not be read.
    #[error("`{name}`: cannot read entry `{}`", path.escape_ascii())]
    Entry {
        /// Name of the folder.
        name: String,
        /// Path inside the folder.
        path: Vec<u8>,
        /// What the source said.
        source: io::Error,
    },
    /// The source gave another number of bytes than it stated, or a file changed while it was read.
    #[error("`{name}`: `{}` has {got} bytes, expected {expected}", path.escape_ascii())]
    LengthDiffers {
        /// Name of the source.
        name: String,
        /// Path inside the folder; the name itself for a blob.
        path: Vec<u8>,
        /// Bytes stated.
        expected: u64,
        /// Bytes read.
        got: u64,
    },
    /// The gzip or zstd stream is damaged, cut, or followed by bytes that are no part of it.
    #[error("`{name}`: bad {kind} stream near byte {offset}")]
    Compression {
        /// Name of the source.
        name: String,
        /// `gzip` or `zstd`.
        kind: &'static str,
        /// Bytes as shipped that were read before.
        offset: u64,
        /// What the decoder said.
        source: io::Error,
    },
    /// The archive ends where more must follow.
    #[error("`{name}`: archive is cut at byte {offset}: {expected} expected")]
    Truncated {
        /// Name of the source.
        name: String,
        /// Where it ends.
        offset: u64,
        /// What had to follow.
        expected: &'static str,
    },
    /// Bytes that are no tar archive, or one that breaks its own format.
    #[error("`{name}`: malformed archive at byte {offset}: {reason}")]
    Malformed {
        /// Name of the source.
        name: String,
        /// Start of the header or record.
        offset: u64,
        /// The rule that is broken.
        reason: &'static str,
    },
    /// A path or hard link target that does not stay inside the artifact.
    #[error("`{name}`: bad path `{}` at byte {offset}: {fault}", path.escape_ascii())]
    BadPath {
        /// Name of the source.
        name: String,
        /// Start of the entry's header.
        offset: u64,
        /// The path as written.
        path: Vec<u8>,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// Two entries of one path.
    #[error("`{name}`: path `{}` occurs twice, again at byte {offset}", path.escape_ascii())]
    Duplicate {
        /// Name of the source.
        name: String,
        /// Start of the second entry's header.
        offset: u64,
        /// The path.
        path: Vec<u8>,
    },
    /// A bound of [`Limits`](lasthand_model::limits::Limits) or of this reader is passed.
    #[error("`{name}`: {what} over the limit of {limit} at byte {offset}")]
    OverLimit {
        /// Name of the source.
        name: String,
        /// What was counted.
        what: &'static str,
        /// The bound.
        limit: u64,
        /// Where it was passed.
        offset: u64,
    },
    /// Too much that later entries or upper layers replace or remove, or too many notes.
    #[error("`{name}`: entries that others hide, and notes, take {bytes} bytes, more than {limit}")]
    Hidden {
        /// Name of the source.
        name: String,
        /// Bytes of them in memory, beside what files that live leave of 192 bytes each.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// A form that readers take differently and this one refuses.
    #[error("`{name}`: {what} at byte {offset} is not supported")]
    Unsupported {
        /// Name of the source.
        name: String,
        /// The form.
        what: &'static str,
        /// Start of the entry's header.
        offset: u64,
    },
    /// The caller asked for another kind than the bytes are.
    #[error("`{name}` is not of kind `{expected}`")]
    WrongKind {
        /// Name of the source.
        name: String,
        /// The kind asked for.
        expected: Kind,
    },
    /// A document of an image is not strict JSON.
    #[error("`{name}`: {document} is not one JSON document that every reader understands alike")]
    Document {
        /// Name of the source.
        name: String,
        /// Which document: a member's name or a blob's digest.
        document: String,
        /// Where and why.
        source: JsonError,
    },
    /// The parts of an image are missing or do not belong together.
    #[error("`{name}`: {fault}")]
    Image {
        /// Name of the source.
        name: String,
        /// What is wrong.
        fault: Box<ImageFault>,
    },
}

impl ArtifactError {
    /// Advice for the person at the keyboard; empty where there is none.
    #[must_use]
    pub fn hints(&self) -> Vec<&'static str> {
        match self {
            Self::Io { .. } | Self::Entry { .. } => vec!["check that the path exists and may be read"],
            Self::LengthDiffers { .. } => {
                vec!["something wrote to the artifact while it was read; verify a copy that nothing writes to"]
            }
            Self::Compression { .. } => {
                vec![
                    "fetch the artifact again",
                    "bytes after the compressed stream are refused: no file digest would cover them",
                ]
            }
            Self::Truncated { .. } => vec!["fetch the artifact again: a part of an archive is never inventoried"],
            Self::Malformed { .. } => vec!["repack the archive with GNU tar or bsdtar in ustar or pax format"],
            Self::BadPath { .. } => vec!["repack with relative paths that stay inside the archive"],
            Self::Duplicate { .. } => vec!["repack with each path once: readers differ in which of the two they keep"],
            Self::OverLimit { .. } => vec![
                "if the artifact is trusted to be this large, raise the limit: `--limit NAME=NUMBER`; docs/reader.md names them",
            ],
            Self::Hidden { .. } => vec![
                "build it so that it does not add files and then replace or remove them, in an image by another layer, or squash its layers",
                "if it is trusted to be so, raise the limit to that number: `--limit hidden-bytes=NUMBER`",
            ],
            Self::Unsupported { .. } => {
                vec!["repack without sparse files and vendor entry types (`tar --format=posix`, no `--sparse`)"]
            }
            Self::WrongKind { .. } => vec!["leave the kind out to have it detected from the bytes"],
            Self::Document { .. } => {
                vec!["copy the image again with a tool that writes each member once (skopeo, crane, docker save)"]
            }
            Self::Image { fault, .. } => fault.hints(),
        }
    }
}

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// No bytes, or a root entry that is no folder.
    Empty,
    /// Starts with `/`.
    Absolute,
    /// Has a `..` segment.
    Parent,
    /// Has a NUL byte.
    Nul,
    /// Lies below an entry of the same archive that is no folder (a symbolic link, a file).
    BelowNonDirectory,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty, or the root itself is no folder",
            Self::Absolute => "absolute",
            Self::Parent => "has a `..` segment",
            Self::Nul => "has a NUL byte",
            Self::BelowNonDirectory => "its parent in the archive is no folder",
        })
    }
}
