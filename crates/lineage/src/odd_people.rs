//! What is odd about the people of commits, as findings. They tell, and never accept or refuse anything.
//!
//! SPEC: docs/actors-of-commits.md, "Odd people".

use lasthand_model::wire::step_actor::{OddPerson, Oddity};

use crate::finding::{Finding, FindingId, Place, Severity};

/// Digits of a commit that people read.
const DIGITS: usize = 12;

/// The id under which something odd is told.
#[must_use]
pub const fn id(what: Oddity) -> FindingId {
    match what {
        Oddity::BorrowedIdentity => FindingId::BorrowedIdentity,
        Oddity::AgentSignOff => FindingId::AgentSignOff,
        Oddity::AgentBranch => FindingId::AgentBranch,
        Oddity::MachineReview => FindingId::NotAReview,
    }
}

/// The finding about one commit's people; `None` for a word that nobody here knows.
///
/// Out: a note for the name of a branch, a warning for everything else; the place is the actor, where there is one.
#[must_use]
pub fn finding(odd: &OddPerson) -> Option<Finding> {
    let what = Oddity::parse(&odd.what)?;
    let commit: String = odd.commit.as_str().chars().take(DIGITS).collect();
    let (who, rule) = (odd.principal.as_deref().unwrap_or("somebody"), &odd.rule);
    let said = match what {
        Oddity::BorrowedIdentity => format!("an agent acted by the account `{who}` ({rule})"),
        Oddity::AgentSignOff => format!("`{who}` signed off, but is an agent ({rule})"),
        Oddity::AgentBranch => {
            format!("it merges a branch that is named as an agent's ({rule}); whose work that is, its commits say")
        }
        Oddity::MachineReview => {
            format!("`{who}` is named as reviewer, but is no person ({rule}), so this is no review")
        }
    };
    Some(Finding {
        severity: if what == Oddity::AgentBranch { Severity::Note } else { Severity::Warning },
        id: id(what),
        place: Place { actor: odd.principal.clone(), ..Place::default() },
        message: format!("commit {commit}: {said}"),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    fn odd(what: &str) -> OddPerson {
        OddPerson {
            what: what.to_owned(),
            commit: "ab".repeat(20).parse().unwrap(),
            principal: Some("mailto:noreply@anthropic.com".to_owned()),
            rule: "mail:noreply@anthropic.com".to_owned(),
        }
    }

    #[test]
    fn each_oddity_has_its_id_and_its_sentence() {
        // pass: every word, with commit, who and row; fail: a word of a later version is passed over
        let told: Vec<_> = Oddity::ALL
            .iter()
            .map(|what| finding(&odd(what.as_str())).unwrap())
            .map(|finding| (finding.id.id(), finding.severity.as_str()))
            .collect();
        assert_eq!(told, [("LH104", "warning"), ("LH113", "warning"), ("LH114", "note"), ("LH207", "warning")]);
        let signed = finding(&odd("agent-sign-off")).unwrap();
        assert_eq!(
            signed.message,
            "commit abababababab: `mailto:noreply@anthropic.com` signed off, but is an agent (mail:noreply@anthropic.com)"
        );
        assert_eq!(signed.place.actor.as_deref(), Some("mailto:noreply@anthropic.com"));
        assert_eq!(finding(&odd("sign-off-by-nobody")), None);
    }
}
