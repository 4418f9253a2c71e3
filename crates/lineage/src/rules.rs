//! Every rule by name, so that each can be switched off and shown to matter.
//!
//! SPEC: docs/rules.md; the names here are the bold names there.

macro_rules! rules {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// A named rule of `docs/rules.md`.
        #[cfg_attr(not(feature = "mutants"), expect(unreachable_pub, reason = "public with the feature `mutants` only"))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$meta])* #[doc = concat!("The rule **", $name, "**.")] $variant),* }

        #[cfg(feature = "mutants")]
        impl Rule {
            /// Every rule, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the page.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Finds a rule by its name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

rules! {
    Simulated = "simulated",
    Revocation = "revocation",
    Credential = "credential",
    LandingAuthority = "landing-authority",
    OurRef = "our-ref",
    Onboarding = "onboarding",
    SourceVsa = "source-vsa",
    Prev = "prev",
    ReviewAuthority = "review-authority",
    ReviewerHuman = "reviewer-human",
    ReviewerMarks = "reviewer-marks",
    ReviewerLevel = "reviewer-level",
    TargetRef = "target-ref",
    Binding = "binding",
    ReviewOnce = "review-once",
    WholeTreeReview = "whole-tree-review",
    AuthorsComplete = "authors-complete",
    Independence = "independence",
    Solo = "solo",
    Duties = "duties",
    BaseCovered = "base-covered",
    Heal = "heal",
    RecomputedMerge = "recomputed-merge",
    HeadLanded = "head-landed",
    StepKind = "step-kind",
    StepAuthority = "step-authority",
    StepLevel = "step-level",
    StepProduct = "step-product",
    Performers = "performers",
    AutomationOnly = "automation-only",
    NoMarks = "no-marks",
    Success = "success",
    HasMaterials = "has-materials",
    Instructions = "instructions",
    Parameters = "parameters",
    OneRevision = "one-revision",
    SourceMapped = "source-mapped",
    Bounded = "bounded",
    MaterialsClean = "materials-clean",
    PackageCompare = "package-compare",
    BaseImage = "base-image",
    BaseLayer = "base-layer",
    ConfigStated = "config-stated",
    TreeCovered = "tree-covered",
    Submodule = "submodule",
    OwnEntry = "own-entry",
    TrustedInput = "trusted-input",
    Pinned = "pinned",
    Pointer = "pointer",
    ProductOfStep = "product-of-step",
    Fetched = "fetched",
    Goal = "goal",
    ImageNames = "image-names",
    SourceArchive = "source-archive",
    Index = "index",
    RequiredActs = "required-acts",
    Lists = "lists",
    Withdrawn = "withdrawn",
    Rollback = "rollback",
    Reverted = "reverted",
    Approval = "approval",
    Exception = "exception",
}

/// A change to one rule, for tests of the rules.
#[cfg(feature = "mutants")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// A demand always holds; a grant never does.
    Drop(Rule),
    /// The rule says the opposite.
    Negate(Rule),
}

/// The rules as they are, or with one of them changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    #[cfg(feature = "mutants")]
    mutation: Option<Mutation>,
}

impl Rules {
    #[cfg(feature = "mutants")]
    pub(crate) const fn with(mutation: Mutation) -> Self {
        Self { mutation: Some(mutation) }
    }

    /// A condition that acceptance demands.
    pub(crate) fn demand(self, rule: Rule, holds: bool) -> bool {
        self.changed(rule, holds, true)
    }

    /// A condition that by itself gives something.
    pub(crate) fn grant(self, rule: Rule, holds: bool) -> bool {
        self.changed(rule, holds, false)
    }

    #[cfg(feature = "mutants")]
    fn changed(self, rule: Rule, holds: bool, when_dropped: bool) -> bool {
        match self.mutation {
            Some(Mutation::Drop(changed)) if changed == rule => when_dropped,
            Some(Mutation::Negate(changed)) if changed == rule => !holds,
            _ => holds,
        }
    }

    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "the rules have state with the feature `mutants` only")]
    const fn changed(self, _: Rule, holds: bool, _: bool) -> bool {
        holds
    }
}
