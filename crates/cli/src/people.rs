//! People of commits: the rules by which they were recognised, agents that notes and records name, and what is odd about them.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use lasthand_lineage::odd_people;
use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::wire::facts::Actor;
use lasthand_model::wire::step_actor::{OddPerson, WireActor};
use lasthand_observe::git::hints::{GIT_AI_NOTES, HINT_BYTES, Hint, HintNotes, HintSource, read_records};
use lasthand_observe::git::{AuthoredCommit, ObservedLanding, Repository, TABLE, push_new};
use serde_json::Value;

use crate::command_error::CommandError;
use crate::output::Output;

/// Adds to the authors of landings the agents that notes of git-ai name, each with the first person of its commit, and the people
/// whom the note names, as sponsors.
///
/// SECURITY: notes are self-asserted. They add agents and take nobody away, and nothing of them makes anybody a person.
///
/// # Errors
/// When a note cannot be read.
pub(crate) fn add_from_notes(repository: &Repository, landings: &mut [ObservedLanding]) -> Result<(), CommandError> {
    let notes = HintNotes::open(repository, GIT_AI_NOTES)?;
    for landing in landings {
        for commit in &landing.commits {
            if let Some(hint) = notes.of(&commit.commit)? {
                add(&hint, &commit.authors, &mut landing.authors);
            }
        }
    }
    Ok(())
}

/// Adds to the authors of landings the agents that records in files name, as [`add_from_notes`] does. A record is about the commit that it
/// names and about no other one.
///
/// # Errors
/// When a file cannot be read, or holds something else than records.
pub(crate) fn add_from_records(
    files: &[PathBuf],
    landings: &mut [ObservedLanding],
    output: Output,
) -> Result<(), CommandError> {
    for file in files {
        let name = file.display();
        let failed = |error| CommandError::usage(format!("cannot read `{name}`")).because(error);
        let mut bytes = Vec::new();
        // LIMIT: one byte more than may be read shows that there is more.
        File::open(file).map_err(failed)?.take(HINT_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let records = read_records(&bytes).map_err(|error| {
            CommandError::malformed(format!("`{name}` holds no records of agents")).because(error).hint(
                "name records of Agent Trace 0.1.0, one or one a line, or a statement of agent-commit v0.3 without its envelope",
            )
        })?;
        let mut unused = records.len();
        for hint in &records {
            let is_of = |commit: &AuthoredCommit| hint.revision.as_deref() == Some(commit.commit.as_str());
            for landing in landings.iter_mut() {
                for commit in landing.commits.iter().filter(|commit| is_of(commit)) {
                    add(hint, &commit.authors, &mut landing.authors);
                    unused = unused.saturating_sub(1);
                }
            }
        }
        if unused > 0 {
            output
                .note(&format!("`{name}`: {unused} of {} records name no commit that is recorded now", records.len()));
        }
    }
    Ok(())
}

/// Adds the agents of one hint about a commit by these authors.
///
/// No row lets a signer state agents known so unless its `observer` words have the method.
fn add(hint: &Hint, authors: &[Actor], to: &mut Vec<Actor>) {
    let unnamed = (hint.tools.is_empty() && hint.names_agent()).then(|| "unknown".to_owned());
    for tool in hint.tools.iter().chain(unnamed.as_ref()) {
        // SECURITY: whom the hint names answers for his agent too, whoever made the commit.
        let sponsors = hint.sponsors().into_iter().map(Some);
        for sponsor in std::iter::once(first_human(authors)).chain(sponsors) {
            push_new(to, known(tool, hint.source, sponsor));
        }
    }
}

fn first_human(authors: &[Actor]) -> Option<String> {
    authors.iter().find(|actor| actor.kind == ActorKind::Human).map(|actor| actor.principal.clone())
}

fn known(tool: &str, source: HintSource, sponsor: Option<String>) -> Actor {
    Actor {
        role: Role::CoAuthor,
        principal: format!("agent:{tool}"),
        kind: ActorKind::Agent,
        method: source.method().to_owned(),
        sponsor,
    }
}

/// Records by which row of which table each actor was recognised, beside how it is established.
///
/// In: actors, and each as it is written. SPEC: docs/predicates/step-actor.md, `established`.
pub(crate) fn record_rules(commits: &[AuthoredCommit], actors: &[Actor], written: &mut [WireActor]) {
    for (actor, written) in actors.iter().zip(written) {
        // A person and an agent may have one principal.
        let known = (actor.principal.clone(), actor.kind);
        let Some(rule) = commits.iter().find_map(|commit| commit.rules.get(&known)) else { continue };
        if let Some(established) = written.established.first_mut() {
            established.extra.insert("rule".to_owned(), Value::from(rule.to_string()));
            established.extra.insert("table".to_owned(), Value::from(TABLE));
        }
    }
}

/// Warns of machines that do what only people can, and of accounts that an agent used. Out: each, as statements have it.
///
/// In: the commits of a landing, and the merges whose people are none of its authors.
pub(crate) fn say_what_is_odd<'a>(
    commits: impl IntoIterator<Item = &'a AuthoredCommit>,
    output: Output,
) -> Vec<OddPerson> {
    let commits = commits.into_iter();
    let told: Vec<OddPerson> =
        commits.flat_map(|commit| commit.odd.iter().map(|odd| odd.told(&commit.commit))).collect();
    for finding in told.iter().filter_map(odd_people::finding) {
        output.warn(&format!("{} ({} {})", finding.message, finding.id, finding.id.name()));
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::collections::BTreeMap;

    use lasthand_attest::wire_actor;
    use lasthand_observe::git::{Part, Rule};

    use super::*;

    #[test]
    fn rules_stand_beside_how_an_actor_is_established() {
        // pass: the agent's row and the table's version; fail: nothing about a person
        let actor = |principal: &str, kind, sponsor: Option<&str>| Actor {
            role: Role::Author,
            principal: principal.to_owned(),
            kind,
            method: "git-author".to_owned(),
            sponsor: sponsor.map(str::to_owned),
        };
        let ana = "mailto:ana@example.com";
        let authors = [actor(ana, ActorKind::Human, None), actor("agent:amp", ActorKind::Agent, Some(ana))];
        let rule = Rule { part: Part::Session, pattern: "amp-thread-id" };
        let commit = AuthoredCommit {
            commit: "1111111111111111111111111111111111111111".parse().unwrap(),
            authors: authors.to_vec(),
            rules: BTreeMap::from([(("agent:amp".to_owned(), ActorKind::Agent), rule)]),
            odd: Vec::new(),
        };
        let mut wire: Vec<WireActor> = authors.iter().map(wire_actor).collect();
        record_rules(&[commit], &authors, &mut wire);
        let told: Vec<_> = wire.iter().map(|actor| actor.established[0].extra.get("rule").cloned()).collect();
        assert_eq!(told, [None, Some(Value::from("session:amp-thread-id"))]);
        assert_eq!(wire[1].established[0].extra["table"], TABLE);
    }
}
