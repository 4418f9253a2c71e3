//! How far a signer is believed: the level of section 3 of the design.

use lasthand_model::actor::ActorKind;
use lasthand_model::wire::facts::{Custody, IdentityRow, Signer, SignerMethod};

/// Levels by method, before `max_level`:
///
/// | method | level |
/// |---|---|
/// | `key`, `x509`, `ssh`, `openpgp` | 2; 3 with custody `personal` of a human or `isolated` of automation |
/// | `ssh-sk`, `webauthn` | 4 with presence, else 2 |
/// | `fulcio-ci`, `x509-svid`, `wit-svid` | automation 4 when `isolated`, else 3; agent 4; human and unknown 2 |
/// | `fulcio-email`, `jwt-svid` | 2 |
///
/// In: a row that names the signer, and the signer as verified. Out: 0 to 4, never above `max_level`;
/// 0 when row and signer do not use the same method.
#[must_use]
pub fn level(row: &IdentityRow, signer: &Signer) -> u8 {
    if row.method != signer.method {
        return 0;
    }
    of_method(row, signer.presence).min(row.max_level)
}

/// The highest level that any signature could have under this row.
#[must_use]
pub fn best_level(row: &IdentityRow) -> u8 {
    of_method(row, true).min(row.max_level)
}

fn of_method(row: &IdentityRow, presence: bool) -> u8 {
    match (row.method, row.kind) {
        (SignerMethod::SshSk | SignerMethod::Webauthn, _) if presence => 4,
        (SignerMethod::Key | SignerMethod::X509 | SignerMethod::Openpgp | SignerMethod::Ssh, kind) => {
            match (kind, row.custody) {
                (ActorKind::Human, Some(Custody::Personal)) | (ActorKind::Automation, Some(Custody::Isolated)) => 3,
                _ => 2,
            }
        }
        (SignerMethod::FulcioCi | SignerMethod::X509Svid | SignerMethod::WitSvid, kind) => match kind {
            ActorKind::Agent => 4,
            ActorKind::Automation if row.isolated => 4,
            ActorKind::Automation => 3,
            ActorKind::Human | ActorKind::Unknown => 2,
        },
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(method: SignerMethod, kind: ActorKind) -> IdentityRow {
        IdentityRow {
            method,
            principal: "p".to_owned(),
            kind,
            max_level: 4,
            may: vec![],
            repositories: vec![],
            products: vec![],
            observer: vec![],
            inputs: lasthand_model::wire::facts::Inputs::Bounded,
            isolated: false,
            custody: None,
            actors_complete: false,
        }
    }

    fn check(row: &IdentityRow, presence: bool, expected: u8) {
        let signer = Signer { method: row.method, principal: "p".to_owned(), presence, time: None };
        assert_eq!(level(row, &signer), expected, "{row:?} presence {presence}");
    }

    #[test]
    fn levels_are_those_of_the_table() {
        // pass: each line of the table
        use ActorKind::{Agent, Automation, Human};
        use SignerMethod::{
            FulcioCi, FulcioEmail, JwtSvid, Key, Openpgp, Ssh, SshSk, Webauthn, WitSvid, X509, X509Svid,
        };
        for method in [Key, X509, Openpgp, Ssh] {
            check(&row(method, Human), true, 2);
            check(&IdentityRow { custody: Some(Custody::Personal), ..row(method, Human) }, false, 3);
            check(&IdentityRow { custody: Some(Custody::Isolated), ..row(method, Human) }, false, 2);
            check(&IdentityRow { custody: Some(Custody::Isolated), ..row(method, Automation) }, false, 3);
            check(&IdentityRow { custody: Some(Custody::Personal), ..row(method, Automation) }, false, 2);
            check(&IdentityRow { custody: Some(Custody::Isolated), ..row(method, Agent) }, false, 2);
            check(&IdentityRow { isolated: true, ..row(method, Automation) }, false, 2);
        }
        // Untouched, or counted no further: custody of the device does not make up for it.
        check(&IdentityRow { custody: Some(Custody::Personal), ..row(SshSk, Human) }, false, 2);
        check(&IdentityRow { custody: Some(Custody::Isolated), ..row(SshSk, Automation) }, false, 2);
        for method in [SshSk, Webauthn] {
            check(&row(method, Human), true, 4);
            check(&row(method, Human), false, 2);
        }
        for method in [FulcioCi, X509Svid, WitSvid] {
            check(&IdentityRow { isolated: true, ..row(method, Automation) }, false, 4);
            check(&row(method, Automation), false, 3);
            check(&row(method, Agent), false, 4);
            check(&row(method, Human), false, 2);
            check(&row(method, ActorKind::Unknown), false, 2);
        }
        check(&row(FulcioEmail, Human), false, 2);
        check(&row(JwtSvid, Automation), false, 2);
        check(&row(Ssh, Human), true, 2);
    }

    #[test]
    fn max_level_and_another_method_lower_it() {
        // fail: a row never gives more than its max_level, nor anything to a signer of another method
        check(&IdentityRow { max_level: 1, ..row(SignerMethod::SshSk, ActorKind::Human) }, true, 1);
        let other = Signer { method: SignerMethod::SshSk, principal: "p".to_owned(), presence: true, time: None };
        assert_eq!(level(&row(SignerMethod::Key, ActorKind::Human), &other), 0);
    }
}
