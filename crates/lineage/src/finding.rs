//! Findings: what was noticed, with a stable id, a place and a hint.

use std::fmt;

use lasthand_model::digest::StatementDigest;
use lasthand_model::inventory::CONFIG;

macro_rules! findings {
    ($($variant:ident = $id:literal, $name:literal, $hint:literal;)*) => {
        /// Stable id of a finding. An id is never used again for another meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingId { $(#[doc = concat!("`", $id, "` ", $name, ".")] $variant),* }

        impl FindingId {
            /// Every id, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id, such as `LH201`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            /// The name, such as `unreviewed-change`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint),* }
            }
        }
    };
}

findings! {
    NoEvidence = "LH001", "no-evidence", "give the evidence of this artifact with --bundle, or check that this is the file that was released";
    NotThisProduct = "LH002", "not-this-product", "ask for the product that this artifact was made as (--name), or add the name to [[product]] of the trust file";
    SubjectMismatch = "LH003", "subject-mismatch", "take the artifact that was packaged, byte for byte; this one was changed after it was recorded";
    Rollback = "LH004", "rollback", "use the current release, or have a newer `released` list signed";
    ActMissing = "LH005", "act-missing", "record the act that the product requires, by an actor that may do it: `lasthand run --kind publish ...`";
    ListMissing = "LH006", "list-missing", "fetch the current lists and give them with --bundle";
    Revoked = "LH007", "revoked", "have the step done again with a credential that is not revoked";
    Withdrawn = "LH008", "withdrawn", "do not use this artifact: its publisher withdrew it";
    StandingPrivilege = "LH009", "standing-privilege", "end the other exception, or release in the ordinary way";
    NoAuthority = "LH101", "no-authority", "have it stated by a signer whose row allows it, or give this signer a row if it should be believed";
    Simulated = "LH103", "simulated-surroundings", "record it without LASTHAND_SURROUNDINGS";
    BorrowedIdentity = "LH104", "borrowed-identity", "let the person do it himself, without an agent in the same environment, or with a key that proves presence";
    AgentMarks = "LH105", "agent-marks", "run the step where no agent runs; if the marks are not an agent's, add a dated [[waiver]] for `agent-marks`";
    Duties = "LH106", "duties", "let another identity build and release than the one that writes, or name a [[robot]] with the paths it may change";
    Credential = "LH107", "credential", "use a short-lived credential issued for this one task";
    PresenceUnproven = "LH108", "presence-unproven", "review with a key that proves presence (security key)";
    Solo = "LH109", "solo", "have another person review";
    LevelTooLow = "LH110", "level-too-low", "use an identity of the level asked: a key with stated custody, or a workload identity";
    Untouched = "LH111", "device-untouched", "sign again and touch the security key when it asks for it";
    DeviceCount = "LH112", "device-count", "find out whether somebody copied the key; if its device never counts, leave `last_counter` out of the row";
    AgentSignOff = "LH113", "agent-sign-off", "have the person who answers for the change sign off, and the agent named in Assisted-by or Co-authored-by";
    AgentBranch = "LH114", "agent-branch", "see whether the commits that came in name the agent; where one worked and none does, name its account (`lasthand source --agent ACCOUNT=SPONSOR`)";
    UnreviewedChange = "LH201", "unreviewed-change", "have the change reviewed by another person: `lasthand review approve BASE..HEAD`";
    AgentChangeUnreviewed = "LH202", "agent-change-unreviewed", "have a person review what the agent changed: `lasthand review approve BASE..HEAD`";
    NoLanding = "LH203", "no-landing", "record the history of the source: `lasthand source`";
    ChainBroken = "LH204", "chain-broken", "record the missing landings (`lasthand source --since ONBOARDING`), or name an onboarding tree in [[product]]";
    AuthorsIncomplete = "LH205", "authors-incomplete", "have an observer state the complete list of authors, each agent with its sponsor";
    NotIndependent = "LH206", "not-independent", "have somebody review who is neither an author nor the sponsor of one, and whose accounts stand in a [[person]] row";
    NotAReview = "LH207", "not-a-review", "have a person review: an approval by an agent, a bot, an unlisted account or a weaker identity does not count";
    OutOfScope = "LH208", "out-of-scope", "have somebody review whose scope holds this path";
    DoesNotBind = "LH209", "review-does-not-bind", "review exactly the change that landed";
    RevertedUnreviewed = "LH210", "reverted-unreviewed", "look at why it was changed and changed back; review the revert to settle it";
    Sha1Join = "LH211", "sha1-join", "have the statement name the tree by sha256 as well";
    OtherRef = "LH212", "other-ref", "release from a repository and ref that [[product]] lists, and review for that ref";
    EvilMerge = "LH213", "not-the-merge", "review the merge itself: it holds content that neither side had";
    ReviewReused = "LH214", "review-reused", "have the change reviewed again: the earlier review was used up by the landing that was undone";
    NoMaterials = "LH301", "no-materials", "have the builder state what it read";
    InstructionsUncovered = "LH302", "instructions-uncovered", "keep the build instructions in the reviewed tree and state them (--instruction PATH)";
    FreeParameter = "LH303", "free-parameter", "fix the parameter in [[product]] parameters, or have a release approver sign it";
    InputsNotBounded = "LH304", "inputs-not-bounded", "build where reads are confined, or say `inputs = \"declared\"` in the builder's row";
    UnpinnedInput = "LH305", "unpinned-input", "pin the input by name and digest in a lock file of the reviewed tree (a base image in its Dockerfile), or name it in [[trusted_input]] (a base image with `as = \"base\"`)";
    UndeclaredInput = "LH306", "undeclared-input", "remove the file from the build folder, commit and review it, or record the step that made it";
    NotFaithfulKind = "LH307", "step-kind", "only build and package steps make artifacts";
    ActorNotAutomation = "LH308", "actor-not-automation", "let the trusted builder do this step by itself";
    ActorsIncomplete = "LH309", "actors-incomplete", "add the step-actor statement of this step; it may have been removed";
    StepFailed = "LH310", "step-failed", "use the product of a step that succeeded";
    MixedRevisions = "LH311", "mixed-revisions", "build from one landed revision of each repository";
    NoProducer = "LH312", "no-producer", "give the statement of the step that made it; it may have been removed";
    Cyclic = "LH314", "cyclic", "a product cannot be its own material";
    EntryUnmatched = "LH401", "entry-unmatched", "remove the entry, have it come from the reviewed tree through the path map, or name the base image that has it (`--base`)";
    EntryMissing = "LH402", "entry-missing", "package again: the path map or the base promises this entry";
    EntryChanged = "LH403", "entry-changed", "package again from the recorded materials";
    EntryRaised = "LH404", "entry-not-neutral", "package with owner 0:0, no set-id bits, no extended attributes, no added execute bit";
    MemberForeign = "LH405", "member-foreign", "remove the manifest from the index, or give its evidence";
    NoPathMap = "LH407", "no-path-map", "record the package step with --map FROM=TO";
    NoInventory = "LH408", "no-inventory", "give the archive itself, not only its digest; of an image also the file that states its configuration, and the manifest and config of its base";
    ReadDifferently = "LH410", "read-differently", "pack it again with an ordinary tool, each path once and inside the root, an archive of images without compression around it; docs/reader.md says what readers disagree on";
    OddEntry = "LH411", "odd-entry", "look at the entries that are named; nothing needs to be done if they are meant to be so";
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Stands against acceptance.
    Error,
    /// Allowed by preset or waiver.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Path in the tree or artifact, parameter or input name.
    pub path: Option<String>,
    /// The step or landing.
    pub step: Option<StatementDigest>,
    /// The statement that is at fault.
    pub evidence: Option<StatementDigest>,
    /// Who.
    pub actor: Option<String>,
}

/// Something noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What it is.
    pub id: FindingId,
    /// Where.
    pub place: Place,
    /// One line, lower case, no full stop.
    pub message: String,
}

impl Finding {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        let about_config = self.place.path.as_deref().is_some_and(|path| path.starts_with(CONFIG));
        match self.id {
            FindingId::EntryUnmatched | FindingId::EntryMissing | FindingId::EntryChanged if about_config => {
                "state the field in the reviewed file that the map sends to `config:` (`null` takes a field of the base away), and package again"
            }
            id => id.hint(),
        }
    }
}
