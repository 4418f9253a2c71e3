//! Who wrote the history, as far as git says.

use std::collections::BTreeMap;

use lasthand_model::actor::ActorKind;
use lasthand_observe::git::{self, GitError, Repository};

use crate::command_error::CommandError;
use crate::context::Context;

/// The people and agents of a history.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Accounts by name: accounts of one name are taken as one human, since two rows for one human would let him review himself.
    pub(super) humans: BTreeMap<String, Vec<String>>,
    /// Principals that are agents or robots, what they are, and how many landings name them.
    pub(super) agents: BTreeMap<String, (ActorKind, usize)>,
}

/// Reads everybody who is named in the landings of `HEAD`.
///
/// # Errors
/// When the repository cannot be read; a shallow clone gives nobody, and a warning.
pub(super) fn read(repository: &Repository, context: &Context) -> Result<People, CommandError> {
    let landings = match git::landings(repository, "HEAD", None) {
        Err(GitError::Shallow { .. }) => {
            context.output.warn("this is a shallow clone: authors cannot be listed");
            return Ok(People::default());
        }
        landings => landings?,
    };
    let mut people = People::default();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for landing in &landings {
        for identity in [&landing.author, &landing.committer] {
            names.entry(identity.principal()).or_insert_with(|| identity.name.clone());
        }
    }
    for actor in landings.iter().flat_map(|landing| &landing.authors) {
        if actor.kind == ActorKind::Human {
            let name = names.get(&actor.principal).cloned().unwrap_or_else(|| actor.principal.clone());
            let accounts = people.humans.entry(name).or_default();
            if !accounts.contains(&actor.principal) {
                accounts.push(actor.principal.clone());
            }
        } else {
            people.agents.entry(actor.principal.clone()).or_insert((actor.kind, 0)).1 += 1;
        }
    }
    forget_shared_accounts(&mut people);
    Ok(people)
}

/// An account belongs to one row only; the first name keeps it.
fn forget_shared_accounts(people: &mut People) {
    let mut seen: Vec<String> = Vec::new();
    for accounts in people.humans.values_mut() {
        accounts.retain(|account| !account.contains('*') && !seen.contains(account));
        seen.extend(accounts.iter().cloned());
    }
    people.humans.retain(|_, accounts| !accounts.is_empty());
}
