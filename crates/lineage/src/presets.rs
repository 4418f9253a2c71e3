//! The three presets, as data.

use lasthand_model::wire::facts::{Label, ListKind, Preset};

/// Looks a shipped preset up by name: `observe`, `standard` or `strict`.
#[must_use]
pub fn find(name: &str) -> Option<Preset> {
    match name {
        "observe" => Some(observe()),
        "standard" => Some(standard()),
        "strict" => Some(strict()),
        _ => None,
    }
}

/// Every label allowed: for a first look.
#[must_use]
pub fn observe() -> Preset {
    Preset {
        name: "observe".to_owned(),
        allow_labels: vec![
            Label::InputsNotBounded,
            Label::UnpinnedInput,
            Label::Sha1Join,
            Label::AgentMarks,
            Label::PresenceUnproven,
            Label::Solo,
        ],
        report_only: true,
        credential_seconds: None,
        ..standard()
    }
}

/// For everyday use: ordinary builders and forge reviews, soft conditions shown as warnings.
#[must_use]
pub fn standard() -> Preset {
    Preset {
        name: "standard".to_owned(),
        reviewer_level: 3,
        approver_level: 4,
        builder_level: 3,
        allow_labels: vec![
            Label::InputsNotBounded,
            Label::UnpinnedInput,
            Label::Sha1Join,
            Label::PresenceUnproven,
            Label::Solo,
        ],
        require_lists: Vec::new(),
        revocations_seconds: None,
        human_duties: false,
        refuse_reverted: false,
        credential_seconds: Some(86_400),
        require_credential: false,
        report_only: false,
    }
}

/// No soft condition but `solo`; lists and per-task credentials demanded.
#[must_use]
pub fn strict() -> Preset {
    Preset {
        name: "strict".to_owned(),
        allow_labels: vec![Label::Solo],
        require_lists: vec![ListKind::Revocation, ListKind::Withdrawal, ListKind::Released],
        human_duties: true,
        refuse_reverted: true,
        credential_seconds: Some(3_600),
        require_credential: true,
        ..standard()
    }
}
