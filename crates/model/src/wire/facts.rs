//! The facts document: everything a verdict is computed from, as one JSON document. Observations, never conclusions.
//!
//! SPEC: docs/facts.md (the members), docs/rules.md (what is concluded from them).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::entries::{Entries, Entry};
pub use super::image::{ConfigValue, ImageFact, IndexMember, LayerFact};
use crate::actor::{ActorKind, Role, StepKind};
use crate::digest::{ArtifactDigest, FileDigest, GitId, InventoryRoot, Sha256, StatementDigest};
use crate::inventory::EntryType;

/// Everything a verdict is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Version of this document: 1.
    pub facts_version: u32,
    /// The moment of the question, seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// What is asked.
    pub question: Question,
    /// What is demanded.
    pub preset: Preset,
    /// What is believed.
    pub trust: TrustFacts,
    /// Statements whose signatures hold, one for each payload.
    #[serde(default)]
    pub statements: Vec<StatementFact>,
    /// Entries of trees (key: inventory root) and of containers (key: artifact digest), recomputed from bytes.
    #[serde(default)]
    pub inventories: BTreeMap<Sha256, Entries>,
    /// Members of indexes, read from bytes.
    #[serde(default)]
    pub indexes: BTreeMap<ArtifactDigest, Vec<IndexMember>>,
    /// Lock files by the digest of their bytes, and what each pins.
    #[serde(default)]
    pub locks: BTreeMap<FileDigest, Vec<Pin>>,
    /// Pointers of Git LFS by the digest of their bytes, and the digest of the file that each stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pointers: BTreeMap<FileDigest, FileDigest>,
    /// Images by the digest of their manifest and by that of their config, read from bytes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<ArtifactDigest, ImageFact>,
    /// Image configurations, and source files that state one, by the digest of their bytes: field to value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<Sha256, BTreeMap<String, ConfigValue>>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Name of the product.
    pub product: String,
    /// Digest of the artifact in hand.
    pub digest: ArtifactDigest,
    /// The index that the artifact was picked from, for one platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<ArtifactDigest>,
    /// File name or reference of the artifact in hand, without folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_name: Option<String>,
    /// Where the artifact is about to be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What is demanded, as data. The three shipped presets are in `lineage::presets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// `observe`, `standard`, `strict`, or a name of one's own.
    pub name: String,
    /// Level asked of a reviewer.
    pub reviewer_level: u8,
    /// Level asked of whoever approves a release, an act or an exception.
    pub approver_level: u8,
    /// Level asked of builders and of observers.
    pub builder_level: u8,
    /// Labels a derivation may carry.
    pub allow_labels: Vec<Label>,
    /// Lists that must be there and fresh.
    pub require_lists: Vec<ListKind>,
    /// Longest time since the current list of revocations was issued, in seconds; absent for what the list itself says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocations_seconds: Option<i64>,
    /// Whether a human who may build, package, sign, publish or promote the product may not author it either.
    pub human_duties: bool,
    /// Whether `reverted-unreviewed` refuses.
    pub refuse_reverted: bool,
    /// Longest life of a credential, in seconds; absent for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_seconds: Option<i64>,
    /// Whether every step and act must state its per-task credential.
    pub require_credential: bool,
    /// Whether a refusal is only reported.
    #[serde(default)]
    pub report_only: bool,
}

/// A soft condition that a derivation may carry when preset or waiver allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// A step's inputs have no upper bound.
    InputsNotBounded,
    /// An input came from outside with a digest that no covered file pins.
    UnpinnedInput,
    /// Two statements meet by a SHA-1 id alone.
    Sha1Join,
    /// A trusted builder's step carries marks of an agent.
    AgentMarks,
    /// A review rests on an account or a key, with no proof of presence.
    PresenceUnproven,
    /// A person reviewed his own or his agent's work, with presence.
    Solo,
}

/// What is believed: the trust file, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustFacts {
    /// Whether statements made under simulated surroundings count. Only tests and the demo say so.
    #[serde(default)]
    pub accept_simulated: bool,
    /// Signers and other principals.
    #[serde(default)]
    pub identities: Vec<IdentityRow>,
    /// Keys of which several make a signer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRow>,
    /// Which accounts and keys are one human.
    #[serde(default)]
    pub persons: Vec<PersonRow>,
    /// What may go by which name.
    #[serde(default)]
    pub products: Vec<ProductRow>,
    /// Named robots.
    #[serde(default)]
    pub robots: Vec<RobotRow>,
    /// Labels and findings that are waived for a while.
    #[serde(default)]
    pub waivers: Vec<WaiverRow>,
    /// Inputs trusted by digest.
    #[serde(default)]
    pub trusted_inputs: Vec<TrustedInputRow>,
}

/// How a signer showed who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignerMethod {
    /// A static key (DSSE).
    Key,
    /// Fulcio certificate of a CI workflow.
    FulcioCi,
    /// Fulcio certificate of an e-mail account.
    FulcioEmail,
    /// X.509-SVID.
    X509Svid,
    /// Certificate of a private authority.
    X509,
    /// JWT-SVID or another bearer token.
    JwtSvid,
    /// SSH key in a file.
    Ssh,
    /// WIT-SVID: a token that binds the signer's key.
    WitSvid,
    /// FIDO2 SSH key.
    SshSk,
    /// WebAuthn assertion.
    Webauthn,
    /// OpenPGP certificate, of commits and tags.
    Openpgp,
}

/// Whether a static key is kept where only its owner acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Custody {
    /// A human's key on a machine without agents.
    Personal,
    /// An automation's key that project code cannot reach.
    Isolated,
}

/// What a builder's row says of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inputs {
    /// Each statement must show that its inputs are bounded.
    #[default]
    Bounded,
    /// Declared inputs are enough, under the label `inputs-not-bounded`.
    Declared,
}

/// One row of `[[identity]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityRow {
    /// How the signer shows who he is.
    pub method: SignerMethod,
    /// Principal, exact or a glob: `key:<64 hex>`, `<issuer>#<id>` or `<id>`.
    pub principal: String,
    /// What the principal is.
    pub kind: ActorKind,
    /// Highest level this row gives.
    pub max_level: u8,
    /// Statement types and step kinds it may state: the step kinds, and `landing review approve exception inventory list vsa`.
    #[serde(default)]
    pub may: Vec<String>,
    /// Repositories it may speak of, globs.
    #[serde(default, rename = "where")]
    pub repositories: Vec<String>,
    /// Products it may speak of, globs.
    #[serde(default)]
    pub products: Vec<String>,
    /// Methods by which it may state other people's acts.
    #[serde(default)]
    pub observer: Vec<String>,
    /// What it says of its inputs.
    #[serde(default)]
    pub inputs: Inputs,
    /// Whether project code cannot reach the signer.
    #[serde(default)]
    pub isolated: bool,
    /// Custody of a static key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody: Option<Custody>,
    /// Whether its provenance has no other performer than itself, so that no step-actor statement is needed.
    #[serde(default)]
    pub actors_complete: bool,
}

/// The keys of a group, of which so many must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRow {
    /// The principal of the group, `group:<name>`.
    pub principal: String,
    /// The principals of its keys.
    pub keys: Vec<String>,
    /// How many distinct ones must sign.
    pub threshold: u32,
}

/// One row of `[[person]]`: the complete list of one human's principals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRow {
    /// Name for reports.
    pub name: String,
    /// Principals, exact.
    pub accounts: Vec<String>,
}

/// One row of `[[product]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductRow {
    /// Name of the product.
    pub name: String,
    /// Repositories it is made from.
    pub repositories: Vec<String>,
    /// Refs it is released from, globs.
    pub refs: Vec<String>,
    /// Principals that may build and package it, globs.
    #[serde(default)]
    pub builders: Vec<String>,
    /// Names of its artifacts, globs; used where a statement names no product.
    #[serde(default)]
    pub artifacts: Vec<String>,
    /// Parameters that are fixed: name to glob.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Acts that must be proven.
    #[serde(default)]
    pub required: Vec<RequiredAct>,
    /// Trees where the chain of covers starts.
    #[serde(default)]
    pub onboarding: Vec<OnboardingTree>,
    /// Whether a person may review his own work, with presence.
    #[serde(default)]
    pub solo: bool,
}

/// An act that must be proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredAct {
    /// `sign`, `publish` or `promote`.
    pub action: StepKind,
    /// Where to; any target when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A tree that the trust file takes as reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnboardingTree {
    /// Repository.
    pub repository: String,
    /// The tree.
    pub tree: TreeRef,
}

/// One row of `[[robot]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RobotRow {
    /// Principal, exact.
    pub principal: String,
    /// Paths it may change although it also builds or releases, globs.
    pub paths: Vec<String>,
    /// Whether it acts for nobody.
    #[serde(default)]
    pub sponsorless: bool,
}

/// One row of `[[waiver]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverRow {
    /// The label that is waived.
    pub finding: Label,
    /// Products, globs.
    pub products: Vec<String>,
    /// Why.
    pub reason: String,
    /// Until when, seconds.
    pub expires: i64,
}

/// One row of `[[trusted_input]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedInputRow {
    /// Digest of the input.
    pub digest: Sha256,
    /// What it is used as: `base`, `toolchain` or `dependency`.
    #[serde(rename = "as")]
    pub used_as: String,
    /// Products, globs.
    pub products: Vec<String>,
    /// Until when, seconds.
    pub expires: i64,
}

/// A tree, by the root of its inventory, its git id, a commit that has it, or several of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeRef {
    /// Inventory root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<InventoryRoot>,
    /// Git tree id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_tree: Option<GitId>,
    /// Git commit id, of a commit with this tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<GitId>,
}

/// One signer of a payload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// How he showed who he is.
    pub method: SignerMethod,
    /// Who he is.
    pub principal: String,
    /// Whether the signature proves that a human was present.
    #[serde(default)]
    pub presence: bool,
    /// When he signed, by a trusted clock; absent when no clock says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
}

/// One statement whose signatures hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFact {
    /// SHA-256 of the signed payload.
    pub digest: StatementDigest,
    /// Who signed it.
    pub signers: Vec<Signer>,
    /// Whether its surroundings were simulated.
    #[serde(default)]
    pub simulated: bool,
    /// The credential the actor acted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// What it says.
    pub body: Body,
}

/// The credential an actor acted with. The token itself never enters a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Digest of the credential.
    pub digest: Sha256,
    /// Issued, seconds.
    pub issued: i64,
    /// Expires, seconds.
    pub expires: i64,
    /// The one task it was issued for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most statements of a long history are landings, the largest variant")]
#[non_exhaustive]
pub enum Body {
    /// A ref moved from one tree to another.
    Landing(Landing),
    /// A human approved a change or a whole tree.
    Review(Review),
    /// Actors changed a tree.
    Edit(Edit),
    /// Materials became products.
    Step(Step),
    /// Who acted in another statement's step, and how it was captured.
    StepActor(StepActor),
    /// An act upon a finished artifact.
    Act(Act),
    /// Approval of parameters, or an exception.
    Approval(Approval),
    /// A dated list.
    List(List),
    /// Somebody else's verdict about a source tree.
    SourceVsa(SourceVsa),
    /// Anything else that names the artifact; proves nothing here.
    Other(Other),
}

/// One actor as a statement names him.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What he did.
    pub role: Role,
    /// Who he is.
    pub principal: String,
    /// What he is, as stated.
    pub kind: ActorKind,
    /// How the statement's author knows.
    pub method: String,
    /// The person an agent acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<String>,
}

/// An observer's statement that a ref moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Landing {
    /// Repository.
    pub repository: String,
    /// The ref that moved.
    pub target_ref: String,
    /// Tree before; absent when the ref was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TreeRef>,
    /// Tree after.
    pub to: TreeRef,
    /// The landing that made `from` on this ref.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<StatementDigest>,
    /// The merge that `to` is, as the observer recomputed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_of: Option<MergeOf>,
    /// Everybody whose work this is.
    #[serde(default)]
    pub authors: Vec<Actor>,
    /// Whether the observer says that `authors` is complete.
    #[serde(default)]
    pub authors_complete: bool,
    /// Paths of `to` that a source archive leaves out.
    #[serde(default)]
    pub export_ignore: Vec<String>,
}

/// A recomputed merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeOf {
    /// Tree that was merged in.
    pub head: TreeRef,
    /// Tree used as common ancestor.
    pub base: TreeRef,
    /// `merge` when base is the true merge base of two branches, else `squash`, `rebase`, `cherry-pick` or `queue`.
    pub mode: String,
    /// Tree that the recomputation gave.
    pub result: TreeRef,
}

/// A human approved a change (base and head) or a whole tree (no base).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Repository.
    pub repository: String,
    /// The ref the change is meant for.
    pub target_ref: String,
    /// Tree before the change; absent for a review of the whole tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<TreeRef>,
    /// Tree after the change.
    pub head: TreeRef,
    /// Paths the approval is for, globs.
    pub scope: Vec<String>,
    /// Who approved.
    pub reviewer: Actor,
    /// Authors of what was reviewed, as far as the review names them.
    #[serde(default)]
    pub authors: Vec<Actor>,
    /// Whether the review says that `authors` is complete.
    #[serde(default)]
    pub authors_complete: bool,
    /// Marks of an agent that were seen while the review was made.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// Actors changed a tree. Never makes anything clean; names authors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Repository.
    pub repository: String,
    /// Tree after the edit.
    pub to: TreeRef,
    /// Who edited.
    pub actors: Vec<Actor>,
    /// Marks of an agent.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// Materials became products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Kind of step.
    pub kind: StepKind,
    /// Whether this statement is only made when the step succeeded.
    #[serde(default)]
    pub only_on_success: bool,
    /// What went in.
    #[serde(default)]
    pub materials: Vec<Material>,
    /// What came out.
    pub products: Vec<NamedDigest>,
    /// Build instructions: entries of a source material, or files with digests.
    #[serde(default)]
    pub instructions: Vec<NamedDigest>,
    /// Parameters, name to value.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A name and the digest of its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedDigest {
    /// Path or name.
    pub name: String,
    /// Digest of the bytes.
    pub digest: Sha256,
    /// Permission bits, where the recorder saw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

/// What went into a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// A whole source tree.
    Tree(SourceTree),
    /// A file, by path.
    File(NamedDigest),
    /// Something from outside, by address.
    External(External),
}

/// A source tree as a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceTree {
    /// Repository.
    pub repository: String,
    /// The tree.
    pub tree: TreeRef,
}

/// Something from outside as a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Where it came from.
    pub uri: String,
    /// Name that a lock file would pin it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digest of the bytes; absent when the statement has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
}

/// How far the list of inputs or outputs may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Everything listed was there; more may have been.
    #[default]
    Lower,
    /// Nothing that is not listed was there.
    Upper,
    /// Both.
    Exact,
}

/// Who acted in another statement's step, and how it was captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepActor {
    /// The statement it labels.
    pub labels: StatementDigest,
    /// Kind of step.
    pub kind: StepKind,
    /// Product the step was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who acted.
    pub actors: Vec<Actor>,
    /// Whether nobody else acted.
    #[serde(default)]
    pub actors_complete: bool,
    /// More instructions.
    #[serde(default)]
    pub instructions: Vec<NamedDigest>,
    /// More parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How far the materials may be believed.
    #[serde(default)]
    pub materials_bound: Bound,
    /// What the capture could not see.
    #[serde(default)]
    pub materials_gaps: Vec<String>,
    /// Whether the step succeeded; absent when the statement does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// For a package step: which material path went to which product path.
    #[serde(default)]
    pub path_map: Vec<PathRule>,
    /// Marks of an agent.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// One rule of a path map. Both sides are files, or both end in `/` and are folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathRule {
    /// Material path, or folder with a final `/`; the empty text is everything.
    pub from: String,
    /// Product path, or folder with a final `/`; the empty text is the top.
    pub to: String,
}

/// An act upon a finished artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// `sign`, `publish` or `promote`.
    pub action: StepKind,
    /// Product.
    pub product: String,
    /// Artifact.
    pub digest: ArtifactDigest,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who acted.
    pub actors: Vec<Actor>,
    /// Whether nobody else acted.
    #[serde(default)]
    pub actors_complete: bool,
    /// Marks of an agent.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// A human's approval of a build's parameters, or one half of an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// `parameters` or `exception`.
    pub action: String,
    /// Product.
    pub product: String,
    /// Artifact.
    pub digest: ArtifactDigest,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who approves.
    pub approver: Actor,
    /// Approved parameters, name to value.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Authors of what is excepted.
    #[serde(default)]
    pub authors: Vec<Actor>,
    /// Whether `authors` is complete.
    #[serde(default)]
    pub authors_complete: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Until when, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Marks of an agent.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// What a list lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Credentials, identities, builders that count no longer.
    Revocation,
    /// Statements and artifacts that are taken back.
    Withdrawal,
    /// The digest that is the current release.
    Released,
}

/// A signed, dated list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What it lists.
    pub kind: ListKind,
    /// Product it is for, glob.
    pub scope: String,
    /// Issued, seconds.
    pub issued_at: i64,
    /// Fresh until, seconds.
    pub fresh_until: i64,
    /// Grows with each issue.
    pub sequence: u64,
    /// What is listed.
    #[serde(default)]
    pub entries: Vec<ListEntry>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListEntry {
    /// A credential, by digest.
    Credential(Sha256),
    /// A principal, in a window of signing times.
    Identity {
        /// Who.
        principal: String,
        /// From this second on; always when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// Until this second; for ever when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// A statement, by payload digest.
    Statement(StatementDigest),
    /// An artifact.
    Artifact(ArtifactDigest),
    /// The current release of a ref.
    Released {
        /// The ref, or the empty text for the product as a whole.
        target_ref: String,
        /// The artifact.
        digest: ArtifactDigest,
    },
}

/// Somebody else's verdict about a source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceVsa {
    /// Repository.
    pub repository: String,
    /// The tree.
    pub tree: TreeRef,
    /// Whether it passed.
    pub passed: bool,
}

/// A statement of a type that proves nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Its predicate type.
    pub predicate_type: String,
    /// What it names.
    pub subjects: Vec<NamedDigest>,
}

/// One entry of a tree or container, in its place. Bytes of a path that are not UTF-8 stand as `\xNN`, a backslash as `\\`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryFact {
    /// Path.
    pub path: String,
    /// What the entry is.
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    #[serde(default)]
    pub uid: u64,
    /// Group.
    #[serde(default)]
    pub gid: u64,
    /// Digest of the content of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<FileDigest>,
    /// Target of a link.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link_target: String,
    /// Device numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u64, u64)>,
    /// Extended attributes, name to hex value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
}

/// One pin of a lock file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Name that is pinned.
    pub name: String,
    /// Digest it is pinned to.
    pub digest: Sha256,
}
