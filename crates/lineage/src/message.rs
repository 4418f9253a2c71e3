//! One line for people, for each finding.

use lasthand_model::influence::{self, Influence};

use crate::finding::{FindingId, Place};

/// Says what was found: lower case, no full stop, values in backticks.
pub(crate) fn of(id: FindingId, place: &Place, actors: &[String]) -> String {
    let path = place.path.as_deref().unwrap_or_default();
    let file = Named(path);
    let by = if actors.is_empty() { String::new() } else { format!(" by {}", actors.join(", ")) };
    let in_step = place.step.map(|step| format!(" in step {}", step.0.short())).unwrap_or_default();
    match id {
        FindingId::NoEvidence => "no verified evidence names this artifact".to_owned(),
        FindingId::NotThisProduct => "the evidence is for another product".to_owned(),
        FindingId::SubjectMismatch => format!("`{path}` has other bytes than what was recorded under this name"),
        FindingId::Rollback => "a newer release of this product is the current one".to_owned(),
        FindingId::ActMissing => format!("nobody who may has done the required act `{path}`"),
        FindingId::ListMissing => format!("no fresh {path} list"),
        FindingId::Revoked => format!("a credential or identity{in_step} is revoked"),
        FindingId::Withdrawn => "the publisher withdrew this artifact".to_owned(),
        FindingId::StandingPrivilege => "another exception for this product is in force".to_owned(),
        FindingId::NoAuthority => format!("its signer has no row that lets him state this{in_step}"),
        FindingId::Simulated => format!("the surroundings{in_step} were simulated"),
        FindingId::BorrowedIdentity => format!("a person's identity was used where an agent was at work{in_step}"),
        FindingId::AgentMarks => format!("marks of an agent{in_step}"),
        FindingId::Duties => format!("{file} was changed by an identity that may also build or release{by}"),
        FindingId::Credential => format!("the credential{in_step} is expired, long-lived, reused or not stated"),
        FindingId::PresenceUnproven => {
            "a review rests on an account or key, without proof that a person was there".to_owned()
        }
        FindingId::Solo => "a person reviewed his own or his agent's work".to_owned(),
        FindingId::LevelTooLow => format!("the signer{in_step} is known at a lower level than asked"),
        FindingId::Untouched => "nobody touched the security key that signed".to_owned(),
        FindingId::DeviceCount => "the security key that signed counts no further than before".to_owned(),
        FindingId::AgentSignOff => "an agent signed off".to_owned(),
        FindingId::AgentBranch => "a branch that is named as an agent's was merged".to_owned(),
        FindingId::UnreviewedChange => format!("{file} was changed{by} and nobody reviewed the change"),
        FindingId::AgentChangeUnreviewed => format!("{file} was changed{by} and no person reviewed the change"),
        FindingId::NoLanding => format!("no landing in `{path}` is known for the source"),
        FindingId::ChainBroken => "an earlier landing of the source is not known".to_owned(),
        FindingId::AuthorsIncomplete => format!("{file} was changed, and the list of its authors is not complete"),
        FindingId::NotIndependent => format!("{file} was changed{by} and no other person answers for it"),
        FindingId::NotAReview => {
            format!("the approval of the change to {file} is not a person's review at the level asked")
        }
        FindingId::OutOfScope => format!("{file} is outside the scope of the review"),
        FindingId::DoesNotBind => format!("the review of {file} is about other trees"),
        FindingId::RevertedUnreviewed => "the source was changed without review and changed back".to_owned(),
        FindingId::Sha1Join => "two statements meet by a SHA-1 id alone".to_owned(),
        FindingId::OtherRef => format!("`{path}` comes from, or was reviewed for, another repository or ref"),
        FindingId::EvilMerge => format!("{file} differs from the merge of what was reviewed"),
        FindingId::ReviewReused => format!("the review of {file} was used up by an earlier landing"),
        FindingId::NoMaterials => format!("no materials are stated{in_step}"),
        FindingId::InstructionsUncovered if path.is_empty() => format!("no build instructions are stated{in_step}"),
        FindingId::InstructionsUncovered => format!("the build instructions {file} are not reviewed"),
        FindingId::FreeParameter => format!("the parameter `{path}`{in_step} is fixed by nobody"),
        FindingId::InputsNotBounded => format!("more may have been read{in_step} than is stated"),
        FindingId::UnpinnedInput if path.is_empty() => {
            "an input came from outside, pinned by no reviewed file".to_owned()
        }
        FindingId::UnpinnedInput => format!("`{path}` came from outside and no reviewed file pins it for this use"),
        FindingId::UndeclaredInput => format!("{file} was read{in_step} and nothing reviewed accounts for it"),
        FindingId::NotFaithfulKind => format!("this kind of step makes no artifact{in_step}"),
        FindingId::ActorNotAutomation => format!("somebody else than a trusted builder acted{in_step}{by}"),
        FindingId::ActorsIncomplete => format!("who acted{in_step} is not stated completely"),
        FindingId::StepFailed => format!("the step did not succeed{in_step}"),
        FindingId::MixedRevisions => format!("sources of several revisions were read{in_step}"),
        FindingId::NoProducer => "no source evidence: no known build or package step made this artifact".to_owned(),
        FindingId::Cyclic => format!("a step is behind its own material{in_step}"),
        FindingId::EntryUnmatched => format!("`{path}` comes from nothing that was recorded"),
        FindingId::EntryMissing => format!("`{path}` should be there and is not"),
        FindingId::EntryChanged => format!("`{path}` has other content than its source"),
        FindingId::EntryRaised => format!("`{path}` has an owner, mode, device or attribute that its source has not"),
        FindingId::MemberForeign => format!("nothing accounts for the manifest `{path}`"),
        FindingId::NoPathMap => format!("no path map is stated{in_step}"),
        FindingId::ReadDifferently => format!("`{path}` is read differently by different programs"),
        FindingId::OddEntry => format!("`{path}` is an unusual entry"),
        FindingId::NoInventory if !path.is_empty() => {
            format!(
                "`{path}`, which is to say how the image is configured, is nothing that the evidence holds as such{in_step}"
            )
        }
        FindingId::NoInventory => {
            format!("the files of the product, or what its base or stated configuration holds, are not known{in_step}")
        }
    }
}

/// A path of the source, and what a change of it can bring about where that is not simply the product.
struct Named<'a>(&'a str);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.0)?;
        match influence::of(self.0) {
            Influence::ProductCode => Ok(()),
            kind => write!(f, " ({kind})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: FindingId, path: &str) -> String {
        of(id, &Place { path: Some(path.to_owned()), ..Place::default() }, &["agent:coder-7".to_owned()])
    }

    #[test]
    fn kinds_of_influence_are_named() {
        // pass: the kind stands behind the path; fail: the product itself has no other word
        let id = FindingId::AgentChangeUnreviewed;
        for (path, kind) in [
            ("tests/run.sh", "tests"),
            ("version.txt", "version"),
            ("Cargo.lock", "lock"),
            ("ci/release.yml", "ci"),
            ("AGENTS.md", "agent-steering"),
            ("Makefile", "build-script"),
        ] {
            let expected = format!("`{path}` ({kind}) was changed by agent:coder-7 and no person reviewed the change");
            assert_eq!(told(id, path), expected);
        }
        assert_eq!(
            told(id, "src/main.c"),
            "`src/main.c` was changed by agent:coder-7 and no person reviewed the change"
        );
        assert_eq!(told(FindingId::OutOfScope, "Cargo.lock"), "`Cargo.lock` (lock) is outside the scope of the review");
    }
}
