//! `step-actor`: who acted in a step, and how that is known. Landings, edits and acts are step-actor statements too.
//!
//! SPEC: docs/predicates/step-actor.md. Which members make which statement:
//! `targetRef` + `targetTree` -> a landing; `labels` -> a label on another statement;
//! `kind` edit with `targetTree` and no `targetRef` -> an edit; `kind` sign, publish or promote -> an act on the subject.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::facts::{Bound, PathRule, TreeRef};
use super::statement::{DigestSet, ResourceDescriptor};
use crate::digest::GitId;

/// Predicate type.
pub const STEP_ACTOR: &str = "https://lasthand.dev/step-actor/v0.1";

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepActorPredicate {
    /// Kind of step: `edit merge fetch build test package sign publish promote configure`.
    pub kind: String,
    /// Payload digest of the statement that this one labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<ResourceDescriptor>,
    /// Product the step was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// For an act: where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Build instructions: name and digest of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<ResourceDescriptor>,
    /// Parameters, name to value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Who acted.
    #[serde(default)]
    pub actors: Vec<WireActor>,
    /// Whether nobody else acted.
    #[serde(default)]
    pub actors_complete: bool,
    /// Who looked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer: Option<Observer>,
    /// The credential the actor acted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<WireCredential>,
    /// How the step was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// `success` or `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// For a package step: which material path went to which product path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path_map: Vec<PathRule>,
    /// For a package step: what was made neutral.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalise: Option<Normalise>,
    /// Marks of an agent that the recorder saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// `simulated` when the surroundings were given by a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surroundings: Option<String>,
    /// For a landing: the ref that moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<String>,
    /// For a landing: the tree before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_tree: Option<TreeRef>,
    /// For a landing or edit: the tree after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_tree: Option<TreeRef>,
    /// For a landing: the recomputed merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_of: Option<WireMergeOf>,
    /// For a landing: payload digest of the landing before it on this ref.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<DigestSet>,
    /// For a landing: who moved the ref.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pusher: Option<WireActor>,
    /// For a landing: paths of the tree that a source archive leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub export_ignore: Vec<String>,
    /// For a landing: what is odd about the people of its commits. Nothing is accepted or refused by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub odd_people: Vec<OddPerson>,
    /// For a landing: how many more there are than `oddPeople` lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odd_people_left_out: Option<u64>,
    /// Start and end, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// End, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Something in a commit's people that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OddPerson {
    /// `agent-sign-off machine-review borrowed-identity agent-branch`; another word is of a later version, and passed over.
    pub what: String,
    /// The commit.
    pub commit: GitId,
    /// Who signed off or is named as reviewer, or whose account was used; none for a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The row of the table of agents that tells, such as `mail:noreply@anthropic.com`.
    pub rule: String,
}

/// What is odd about a commit's people.
///
/// Not `non_exhaustive`: whoever tells of one must face a new one. SPEC: docs/actors-of-commits.md, "Odd people".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// An agent acted by a person's or a robot's account.
    BorrowedIdentity,
    /// An agent signed off.
    AgentSignOff,
    /// The branch that was merged is named as agents name theirs.
    AgentBranch,
    /// An agent, robot or unknown app is named as reviewer.
    MachineReview,
}

impl Oddity {
    /// Every one.
    pub const ALL: &'static [Self] =
        &[Self::BorrowedIdentity, Self::AgentSignOff, Self::AgentBranch, Self::MachineReview];

    /// The word of statements.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BorrowedIdentity => "borrowed-identity",
            Self::AgentSignOff => "agent-sign-off",
            Self::AgentBranch => "agent-branch",
            Self::MachineReview => "machine-review",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|oddity| oddity.as_str() == word)
    }
}

/// A repository: where it is and, where the host has one, an id that survives renames.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Address without scheme, such as `github.com/acme/app`.
    pub uri: String,
    /// Immutable id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One actor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WireActor {
    /// `performer initiator on-behalf-of approver author co-author sponsor pusher`.
    pub role: String,
    /// Issuer of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The identity. With `act`: the sponsor.
    pub sub: String,
    /// Who acted for `sub`; the outermost is who performed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Delegate>>,
    /// `user ai_agent service unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_profile: Option<String>,
    /// Model, runtime, tools of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Value>,
    /// Session of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Value>,
    /// How the recorder knows.
    #[serde(default)]
    pub established: Vec<Established>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who acted for somebody.
///
/// SPEC: RFC 8693 section 4.1.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Delegate {
    /// Issuer of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The identity.
    pub sub: String,
    /// `user ai_agent service unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_profile: Option<String>,
    /// Earlier actors of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Delegate>>,
}

/// How an identity was established.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Established {
    /// `dsse-key git-author git-trailer forge-api env-marker process-ancestry ...`
    pub method: String,
    /// Digest of the credential or record; never the thing itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who looked on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Observer {
    /// Id of the observer.
    pub id: String,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The credential an actor acted with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WireCredential {
    /// Method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Issued, RFC 3339.
    pub issued: String,
    /// Expires, RFC 3339.
    pub expires: String,
    /// The one task it was issued for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Digest of the credential.
    pub digest: DigestSet,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a step was captured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Capture {
    /// `declared snapshot observe confine`.
    pub level: String,
    /// How far the materials may be believed.
    #[serde(default)]
    pub materials: CaptureBound,
    /// How far the products may be believed.
    #[serde(default)]
    pub products: CaptureBound,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A bound and what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CaptureBound {
    /// `lower`, `upper` or `exact`.
    #[serde(default)]
    pub bound: Bound,
    /// What the capture could not see.
    #[serde(default)]
    pub gaps: Vec<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `success` or `failure`.
    pub status: String,
    /// Exit code of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a package step made neutral.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Normalise {
    /// `0:0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `git`: 755 or 644.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// A fixed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<String>,
}

/// One mark of an agent: which rule of which table matched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// `environment`, `ancestry` or `trailer`.
    pub source: String,
    /// The rule that matched: name of the variable or program, never its value.
    pub rule: String,
    /// The agent that leaves it.
    pub agent: String,
    /// Version of the table.
    pub table: String,
}

/// A recomputed merge on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WireMergeOf {
    /// Tree that was merged in.
    pub head: TreeRef,
    /// Tree used as common ancestor.
    pub base: TreeRef,
    /// `merge squash rebase cherry-pick queue`.
    pub mode: String,
    /// Tree that the recomputation gave.
    pub result: TreeRef,
}
