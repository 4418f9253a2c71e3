//! Level of somebody whom an observer names. The level of a signer is [`lasthand_trust::level::level`].

/// Level of somebody whom an observer of a level names.
pub(crate) fn of_observed(signer_level: u8) -> u8 {
    signer_level.min(3)
}
