//! Who acted: kinds, roles, levels and step kinds.

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* #[doc = concat!("The word `", $text, "`.")] $variant),* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in files and reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Finds the value of a word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an actor is. Unknown counts as agent wherever something must be proven.
    ActorKind { Human = "human", Agent = "agent", Automation = "automation", Unknown = "unknown" }
}

impl ActorKind {
    /// The wire word (`sub_profile`).
    ///
    /// SPEC: draft-mora-oauth-entity-profiles, entity profile values.
    #[must_use]
    pub const fn wire_word(self) -> &'static str {
        match self {
            Self::Human => "user",
            Self::Agent => "ai_agent",
            Self::Automation => "service",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a wire word; a word nobody knows is [`ActorKind::Unknown`].
    #[must_use]
    pub fn from_wire_word(word: &str) -> Self {
        match word {
            "user" => Self::Human,
            "ai_agent" => Self::Agent,
            "service" => Self::Automation,
            _ => Self::Unknown,
        }
    }
}

words! {
    /// What an actor did in a step.
    Role {
        Performer = "performer",
        Initiator = "initiator",
        OnBehalfOf = "on-behalf-of",
        Approver = "approver",
        Author = "author",
        CoAuthor = "co-author",
        Sponsor = "sponsor",
        Pusher = "pusher",
    }
}

words! {
    /// The kinds of step.
    StepKind {
        Edit = "edit",
        Merge = "merge",
        Fetch = "fetch",
        Build = "build",
        Test = "test",
        Package = "package",
        Sign = "sign",
        Publish = "publish",
        Promote = "promote",
        Configure = "configure",
    }
}

impl StepKind {
    /// Whether the step is an act upon a finished artifact.
    #[must_use]
    pub const fn is_act(self) -> bool {
        matches!(self, Self::Sign | Self::Publish | Self::Promote)
    }
}
