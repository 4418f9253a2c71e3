//! The report of `verify` and `inspect`: one JSON document for every exit code from 0 to 4.
//!
//! The same artifact, evidence and moment give the same bytes: no duration, no host, no path of the verifying machine
//! but the names under which evidence was given. A reader ignores members it does not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::facts::{PathRule, SignerMethod};
use crate::actor::{ActorKind, Role};
use crate::digest::{ArtifactDigest, FileDigest, Sha256, StatementDigest};
use crate::inventory::EntryType;

/// `report_version` of this shape.
pub const REPORT_VERSION: u32 = 1;

/// The document.
// `F` is the list of files, or, before it is written, something that makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct Report<F: Default = Vec<ReportFile>> {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What was asked about.
    pub artifact: ReportArtifact,
    /// The verdict; absent where none was asked (`inspect`) or none could be formed (exit 2 and 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReportVerdict>,
    /// What was demanded; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ReportPolicy>,
    /// Soft conditions that no derivation avoids, such as `inputs-not-bounded`, sorted.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Findings, worst first.
    #[serde(default)]
    pub findings: Vec<ReportFinding>,
    /// Entries of the artifact, in path order.
    #[serde(default)]
    pub files: F,
    /// What came into the steps from outside, by step: dependencies, tools, bases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<ReportInput>,
    /// Steps that verified statements tell of.
    #[serde(default)]
    pub steps: Vec<ReportStep>,
    /// Everything that was read as evidence.
    #[serde(default)]
    pub evidence: Vec<ReportEvidence>,
    /// For an acceptance or exception: what it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<ReportProof>,
    /// For a refusal: the smallest things that, if proven, would let the artifact pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frontier: Vec<ReportFrontier>,
}

/// Something that makes the files of a report, one after the other.
pub trait MakeFiles {
    /// Every file, in path order.
    fn files(&self) -> impl Iterator<Item = ReportFile>;
}

/// The files of a report that are made when somebody looks at them; in JSON the list of them.
#[derive(Debug, Clone, Default)]
pub struct MadeFiles<M>(pub M);

impl<M: MakeFiles> Serialize for MadeFiles<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.files())
    }
}

impl<M> std::ops::Deref for MadeFiles<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

impl<F: Default> Default for Report<F> {
    /// An empty report of this version.
    fn default() -> Self {
        Self {
            report_version: REPORT_VERSION,
            artifact: ReportArtifact::default(),
            verdict: None,
            policy: None,
            labels: Vec::new(),
            findings: Vec::new(),
            files: F::default(),
            inputs: Vec::new(),
            steps: Vec::new(),
            evidence: Vec::new(),
            proof: Vec::new(),
            frontier: Vec::new(),
        }
    }
}

/// What was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ReportArtifact {
    /// File name or reference.
    pub name: String,
    /// Digest; absent where the bytes could not be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<ArtifactDigest>,
    /// Media type, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `os/architecture` of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// The verdict. Callers must face every case, so this enum is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportVerdict {
    /// Proven.
    Accepted,
    /// Not proven, but two people signed an exception for exactly this artifact.
    Exception,
    /// Evidence was read and does not prove it.
    Refused,
    /// No verified evidence names the artifact, or something that was demanded could not be had.
    Undecided,
}

/// What was demanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPolicy {
    /// Name of the preset or policy file.
    pub name: String,
    /// Digest of its bytes.
    pub digest: Sha256,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFinding {
    /// Id, with a page of its own.
    pub id: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it was found.
    #[serde(default, rename = "where")]
    pub place: ReportPlace,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Refuses.
    Error,
    /// Does not refuse under this policy; would under another.
    Warning,
    /// Worth knowing.
    Note,
}

/// Where something was found; members that do not apply are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ReportPlace {
    /// Path in the artifact or tree, escaped as in `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Layer, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Sha256>,
    /// Step, by the payload digest of its statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StatementDigest>,
    /// Evidence, by payload digest or by the name under which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// One entry of the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFile {
    /// Platform of the image it is in, where the artifact is an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Path. Bytes that are not UTF-8 stand as `\xNN`, a backslash as `\\`.
    pub path: String,
    /// The path's bytes in hex, where `path` had to be escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// What the entry is.
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// Permission bits.
    pub mode: u32,
    /// Content size in bytes.
    pub size: u64,
    /// Digest of the content of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<FileDigest>,
    /// Value of a field of a configuration, as canonical JSON; `sha256` is its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Members of an archive, where archives were opened and this one could be read; the verdict of the archive is theirs. A member is as good
    /// as the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Vec<ReportMember>>,
    /// The verdict for this entry; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReportFileVerdict>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<ReportExplanation>,
}

/// One member of an archive that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportMember {
    /// Path inside the archive, escaped as in `files`; of a part of a package `PART!/PATH`.
    pub path: String,
    /// What the member is.
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// Permission bits; 0 where the archive has none.
    pub mode: u32,
    /// Content size in bytes.
    pub size: u64,
    /// Digest of the content of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<FileDigest>,
}

/// The verdict for one entry. Callers must face every case, so this enum is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFileVerdict {
    /// Proven.
    Clean,
    /// Nobody is known to have reviewed it.
    Unreviewed,
    /// An agent-touched step lies behind it with no review after.
    Violation,
    /// A link, label or input list is missing.
    Indeterminate,
    /// Let through by an exception.
    Exception,
}

/// Why an entry has its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ReportExplanation {
    /// The rule that decided.
    pub rule: String,
    /// Statements it rests on, the last step first.
    #[serde(default)]
    pub evidence: Vec<StatementDigest>,
    /// Step that made the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StatementDigest>,
    /// Review that covers its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<StatementDigest>,
    /// Landing that last changed the path of its source, as far back as the chain is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_landing: Option<StatementDigest>,
    /// Name of the material that gives it, where a base does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Rule of the path map that placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_map: Option<PathRule>,
    /// Path of the material it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
    /// For an entry that is not clean: principals of the step to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<String>,
}

/// One input of a step that came from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportInput {
    /// Payload digest of the statement of the step that read it.
    pub step: StatementDigest,
    /// Its name, or its address where it has none.
    pub name: String,
    /// Digest of its bytes, where the step states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
    /// The verdict for it.
    pub verdict: ReportFileVerdict,
    /// What accounts for it: `pinned`, `trusted-input`, `fetched`, or `undeclared-input` where nothing does.
    pub rule: String,
    /// The lock file that pins it, by its path in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_by: Option<String>,
    /// Whether it gives layers of an image that the step made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_layers: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportStep {
    /// Payload digest of its statement.
    pub statement: StatementDigest,
    /// A step kind, or `landing` or `review`.
    pub kind: String,
    /// Product it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who acted.
    #[serde(default)]
    pub actors: Vec<ReportActor>,
    /// Number of materials.
    #[serde(default)]
    pub materials: u64,
    /// What came out.
    #[serde(default)]
    pub products: Vec<ReportProduct>,
    /// Who signed the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<ReportSigner>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<ReportTime>,
}

/// Who acted in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportActor {
    /// What he did.
    pub role: Role,
    /// Who he is.
    pub principal: String,
    /// What he is, as the verifier takes it.
    pub kind: ActorKind,
    /// How well that is known, 0 to 4.
    pub level: u8,
}

/// What came out of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportProduct {
    /// Path or name.
    pub name: String,
    /// Digest of the bytes.
    pub digest: Sha256,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSigner {
    /// How he showed who he is.
    pub method: SignerMethod,
    /// Who says so; absent for a bare key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Who he is.
    pub id: String,
    /// What he is, as the verifier takes it.
    pub kind: ActorKind,
    /// How well that is known, 0 to 4.
    pub level: u8,
}

/// A moment, and whose clock says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportTime {
    /// The moment, RFC 3339.
    pub value: String,
    /// Whose clock.
    pub source: String,
}

/// One piece of evidence that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportEvidence {
    /// Payload digest; absent where no payload could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<StatementDigest>,
    /// The name under which it was given.
    pub source: String,
    /// Predicate type; absent where none could be read.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Who signed; absent where no signature holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<ReportSigner>,
    /// When it was signed; absent where no trusted clock says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<ReportTime>,
    /// What became of it.
    pub status: EvidenceStatus,
    /// Why it was rejected or is unused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceStatus {
    /// Its signature holds and it was weighed.
    Verified,
    /// Its signature does not hold, or it cannot be read.
    Rejected,
    /// Its signature holds and it counts for nothing here.
    Unused,
}

/// One piece of evidence that an acceptance rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportProof {
    /// What it does in the proof.
    pub role: String,
    /// Payload digest.
    pub statement: StatementDigest,
    /// File the bundle was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_source: Option<String>,
    /// What it shows, in one line.
    pub shows: String,
}

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFrontier {
    /// The finding that says so.
    pub finding: ReportFinding,
    /// Principals that acted there, as far as known.
    #[serde(default)]
    pub actors: Vec<String>,
}
