//! The document of `diff`: the entries that differ between two artifacts, with last actors and cover in both.
//!
//! The same artifacts, evidence and moment give the same bytes. A reader ignores members it does not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{ReportActor, ReportFileVerdict, ReportFinding, ReportVerdict};
use crate::digest::{ArtifactDigest, FileDigest, StatementDigest};
use crate::inventory::EntryType;

/// `diff_version` of this shape.
pub const DIFF_VERSION: u32 = 1;

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// [`DIFF_VERSION`].
    pub diff_version: u32,
    /// The artifact before.
    pub a: DiffArtifact,
    /// The artifact after.
    pub b: DiffArtifact,
    /// How many entries there are of each sort.
    pub counts: DiffCounts,
    /// Entries that differ, by platform and path.
    #[serde(default)]
    pub changes: Vec<DiffChange>,
    /// Why nothing was compared (exit 2 and 4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ReportFinding>,
}

/// One of the two artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiffArtifact {
    /// File name or reference.
    pub name: String,
    /// Digest; absent where nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<ArtifactDigest>,
    /// `os/architecture` of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Its verdict; absent where nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReportVerdict>,
}

/// How many entries there are of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiffCounts {
    /// Only in `b`.
    pub added: u64,
    /// Only in `a`.
    pub removed: u64,
    /// In both, and not the same.
    pub changed: u64,
    /// In both, and the same.
    pub unchanged: u64,
    /// Of the first three: those that are agent-touched.
    pub agent_touched: u64,
    /// Of the unchanged: those whose verdict differs.
    pub other_verdict: u64,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffChange {
    /// Platform of the image it is in, where one of the artifacts is an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Path, escaped as in reports.
    pub path: String,
    /// The path's bytes in hex, where `path` had to be escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// What became of it.
    pub change: ChangeKind,
    /// What of it changed; empty for what was added or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<ChangedPart>,
    /// Whether an agent, or somebody of unknown kind, is among its last actors, or its verdict is `violation`: in `b`, or in `a` for
    /// what was removed.
    pub agent_touched: bool,
    /// As it is in `a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<DiffSide>,
    /// As it is in `b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<DiffSide>,
}

/// What became of an entry. Callers must face every case, so this enum is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only `b` has it.
    Added,
    /// Only `a` has it.
    Removed,
    /// Both have it.
    Changed,
}

/// What of an entry changed. Callers must face every case, so this enum is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedPart {
    /// What it is: file, folder, link ...
    Type,
    /// The bytes of a file, or the value of a field of an image's configuration.
    Content,
    /// Permission bits.
    Mode,
    /// User or group.
    Owner,
    /// Where a link leads.
    LinkTarget,
    /// Device numbers.
    Device,
    /// Extended attributes.
    Xattrs,
}

/// An entry in one of the artifacts: what it is, its cover, and its last actors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSide {
    /// What the entry is.
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// Permission bits.
    pub mode: u32,
    /// User.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Content size in bytes.
    pub size: u64,
    /// Digest of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<FileDigest>,
    /// Target of a link, escaped as paths are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link_target: String,
    /// The verdict for it; absent where none could be formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReportFileVerdict>,
    /// The rule that decided.
    pub rule: String,
    /// Who had the last hand on it, as far as verified statements tell; whoever reviewed that stands last.
    #[serde(default)]
    pub actors: Vec<ReportActor>,
    /// Name of the base it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Landing that last changed its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<StatementDigest>,
    /// Step that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StatementDigest>,
    /// Review that covers its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<StatementDigest>,
}
