//! Sets of labels, small enough to copy.

use lasthand_model::wire::facts::Label;

use crate::finding::FindingId;

/// Labels in the order in which they are taken away to find those that no derivation avoids.
pub(crate) const TAKE_AWAY: [Label; 6] = [
    Label::AgentMarks,
    Label::UnpinnedInput,
    Label::InputsNotBounded,
    Label::Sha1Join,
    Label::PresenceUnproven,
    Label::Solo,
];

/// The finding that reports a label.
pub(crate) const fn finding_of(label: Label) -> FindingId {
    match label {
        Label::InputsNotBounded => FindingId::InputsNotBounded,
        Label::UnpinnedInput => FindingId::UnpinnedInput,
        Label::Sha1Join => FindingId::Sha1Join,
        Label::AgentMarks => FindingId::AgentMarks,
        Label::PresenceUnproven => FindingId::PresenceUnproven,
        Label::Solo => FindingId::Solo,
    }
}

/// A set of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LabelSet(u8);

impl LabelSet {
    const fn bit(label: Label) -> u8 {
        1 << label as u8
    }

    pub(crate) const fn contains(self, label: Label) -> bool {
        self.0 & Self::bit(label) != 0
    }

    pub(crate) const fn with(self, label: Label) -> Self {
        Self(self.0 | Self::bit(label))
    }

    pub(crate) const fn without(self, label: Label) -> Self {
        Self(self.0 & !Self::bit(label))
    }
}
