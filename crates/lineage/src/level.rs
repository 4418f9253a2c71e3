//! Levels: how far an identity may be believed.
//!
//! SPEC: docs/rules.md section 1, "Level of a signer under a row".

use lasthand_model::actor::ActorKind;
use lasthand_model::wire::facts::{Custody, IdentityRow, Signer, SignerMethod};

/// Level that a row gives to a signer.
#[must_use]
pub fn of_signer(row: &IdentityRow, signer: &Signer) -> u8 {
    let level = match (row.method, row.kind) {
        (SignerMethod::Key, kind) => match (row.custody, kind) {
            (Some(Custody::Personal), ActorKind::Human) | (Some(Custody::Isolated), ActorKind::Automation) => 3,
            _ => 2,
        },
        (SignerMethod::SshSk | SignerMethod::Webauthn, _) => {
            if signer.presence {
                4
            } else {
                2
            }
        }
        (SignerMethod::FulcioCi | SignerMethod::X509Svid, ActorKind::Automation) => {
            if row.isolated {
                4
            } else {
                3
            }
        }
        (SignerMethod::FulcioCi | SignerMethod::X509Svid, ActorKind::Agent) => 4,
        _ => 2,
    };
    level.min(row.max_level)
}

/// Level of somebody whom an observer names.
#[must_use]
pub fn of_observed(signer_level: u8) -> u8 {
    signer_level.min(3)
}
