//! By which row of the table a commit's people are known, and how well.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use lasthand_model::actor::ActorKind;
use lasthand_model::history::ObjectKey;
use lasthand_model::wire::facts::Actor;
use lasthand_observe::git::{self, Repository, Rule};
use serde_json::{Value, json};

/// Rows by principal and kind.
type Rules = BTreeMap<(String, ActorKind), Rule>;

/// The rows for the people of commits, each commit read once.
pub(in crate::commands) struct Known<'a> {
    repository: &'a Repository,
    rules: RefCell<BTreeMap<ObjectKey, Rc<Rules>>>,
}

impl<'a> Known<'a> {
    pub(in crate::commands) fn new(repository: &'a Repository) -> Self {
        Self { repository, rules: RefCell::default() }
    }

    /// One of a commit's people, with how he is known and how well.
    pub(in crate::commands) fn document(&self, commit: &ObjectKey, actor: &Actor) -> Value {
        let rule = self.rule(commit, actor);
        json!({
            "role": actor.role.as_str(),
            "principal": actor.principal,
            "kind": actor.kind.as_str(),
            "method": actor.method,
            "rule": rule.map(|rule| rule.to_string()),
            "level": level(actor, rule),
            "sponsor": actor.sponsor,
        })
    }

    /// The people of a commit, each with kind and level.
    pub(in crate::commands) fn who(&self, commit: &ObjectKey, people: &[Actor]) -> String {
        let one = |actor: &Actor| {
            let sponsor = actor.sponsor.as_ref().map_or_else(String::new, |sponsor| format!(" for {sponsor}"));
            let level = level(actor, self.rule(commit, actor));
            format!("{} ({}, level {level}, {}){sponsor}", actor.principal, actor.kind, actor.method)
        };
        people.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn rule(&self, commit: &ObjectKey, actor: &Actor) -> Option<Rule> {
        let rules = Rc::clone(self.rules.borrow_mut().entry(*commit).or_insert_with(|| Rc::new(self.read(commit))));
        rules.get(&(actor.principal.clone(), actor.kind)).copied()
    }

    /// None for a commit that cannot be read again: the answer does not depend on it.
    fn read(&self, commit: &ObjectKey) -> Rules {
        let people = commit.git_id().and_then(|commit| git::people_of(self.repository, &commit).ok());
        let known = people.map(|people| people.actors).unwrap_or_default().into_iter();
        known.filter_map(|known| Some(((known.actor.principal, known.actor.kind), known.rule?))).collect()
    }
}

/// How well somebody is known whom a commit names: as the row says, without one as the commit claims.
///
/// SPEC: docs/source-report.md, levels; docs/actors-of-commits.md.
fn level(actor: &Actor, rule: Option<Rule>) -> u8 {
    git::KnownActor { actor: actor.clone(), rule }.level()
}
