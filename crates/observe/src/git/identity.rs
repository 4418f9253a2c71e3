//! Who a commit says made it.

use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::Actor;
use lasthand_model::wire::step_actor::{OddPerson, Oddity};

use super::agents::{
    Recognition, Rule, TrailerAct, is_forge_committer, kind_of_mail, recognise_app, recognise_branch, recognise_line,
    recognise_mail, recognise_name, recognise_product, recognise_tool, trailer_of,
};
use super::error::GitError;
use super::objects::{Commit, read_commit};
use super::open::Repository;
use super::path::path_text;
use super::show::escape_for_terminal;

mod loosely;

#[cfg(test)]
mod tests;

const AUTHOR: &str = "git-author";
const COMMITTER: &str = "git-committer";
const TRAILER: &str = "git-trailer";
/// LIMIT: characters of a text that stands in for an identity that cannot be read.
const RAW_CHARS: usize = 200;

/// Where a line ends, for whatever shows messages.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// A name and a mail address, as claimed by the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name, control characters escaped.
    pub name: String,
    /// Mail address as written; empty when there is none or when the header can be read in two ways.
    pub mail: String,
}

impl Identity {
    /// `mailto:` and the address in lower case (ASCII only: other case rules would join different addresses), or `git-author:` and the name.
    #[must_use]
    pub fn principal(&self) -> String {
        if self.mail.is_empty() {
            return format!("{AUTHOR}:{}", self.name);
        }
        format!("mailto:{}", self.mail.to_ascii_lowercase())
    }

    /// Reads `Name <mail>` and whatever follows.
    pub(super) fn parse(raw: &[u8]) -> Self {
        let text = escape_for_terminal(&path_text(raw));
        let parts = text.split_once('<').and_then(|(name, rest)| Some((name, rest.split_once('>')?)));
        match parts {
            // SECURITY: readers disagree about which of two addresses counts.
            Some((name, (mail, rest))) if !mail.contains('<') && !rest.contains(['<', '>']) && !name.contains('>') => {
                Self { name: name.trim().to_owned(), mail: mail.trim().to_owned() }
            }
            _ => Self { name: text.chars().take(RAW_CHARS).collect(), mail: String::new() },
        }
    }

    /// What the table says of this name and address: an agent by its address, then by its name, then whatever else they tell.
    pub(super) fn recognise(&self) -> Option<Recognition> {
        let by_name = recognise_name(&self.name).or_else(|| self.product());
        by_name.or_else(|| recognise_mail(&self.mail)).or_else(|| recognise_app(&self.name))
    }

    /// The agent whose name this is, where the address is no agent's.
    fn product(&self) -> Option<Recognition> {
        let by_mail = recognise_mail(&self.mail).filter(|known| known.kind == ActorKind::Agent);
        if by_mail.is_some() { None } else { recognise_product(&self.name) }
    }

    fn known(&self, role: Role, method: &str) -> KnownActor {
        let actor = Actor {
            role,
            principal: self.principal(),
            kind: kind_of_mail(&self.mail),
            method: method.to_owned(),
            sponsor: None,
        };
        let Some(found) = self.recognise() else { return KnownActor { actor, rule: None } };
        // An app's name over somebody's address is the app's work, by that account; a robot is one by its address alone.
        let is_nameless_robot = found.kind == ActorKind::Automation && recognise_mail(&self.mail).is_none();
        let kind = if is_nameless_robot { ActorKind::Unknown } else { found.kind };
        let actor = match recognise_name(&self.name).or_else(|| self.product()) {
            Some(tool) => Actor {
                principal: format!("agent:{}", tool.name),
                sponsor: (actor.kind == ActorKind::Human).then_some(actor.principal),
                kind,
                ..actor
            },
            None => Actor { kind, ..actor },
        };
        KnownActor { actor, rule: Some(found.rule) }
    }
}

/// Somebody whom a commit names, and how he was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownActor {
    /// Who, as the rules are told.
    pub actor: Actor,
    /// The row that tells what he is; none for a human as claimed, and for what cannot be read.
    pub rule: Option<Rule>,
}

impl KnownActor {
    /// How well it is known that he acted: 2 where the commit claims it, 1 where it is inferred, 0 where nothing can be read.
    #[must_use]
    pub fn level(&self) -> u8 {
        match (self.rule, self.actor.kind) {
            (Some(rule), _) => rule.level(),
            (None, ActorKind::Unknown) => 0,
            (None, _) => 2,
        }
    }
}

/// Something in a commit's people that a person should look at; it never helps to accept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OddPeople {
    /// An agent signed off: only a person can. SPEC: Linux kernel, Documentation/process/coding-assistants.rst.
    AgentSignOff {
        /// Who signed off.
        who: String,
        /// How he was recognised.
        rule: Rule,
    },
    /// An agent, a robot or an app that nobody knows is named as reviewer; it is none.
    MachineReview {
        /// Who is named.
        who: String,
        /// What he is.
        kind: ActorKind,
        /// How he was recognised.
        rule: Rule,
    },
    /// The branch that was merged is named as agents name theirs. A mark of level 1: it makes nobody an author.
    AgentBranch {
        /// How the agent was recognised.
        rule: Rule,
    },
    /// An agent acted by a person's or a robot's account (`borrowed-identity`).
    BorrowedIdentity {
        /// Whose account.
        account: String,
        /// How the agent was recognised.
        rule: Rule,
    },
}

impl OddPeople {
    /// As statements and reports have it.
    #[must_use]
    pub fn told(&self, commit: &GitId) -> OddPerson {
        let (what, principal, rule) = match self {
            Self::AgentSignOff { who, rule } => (Oddity::AgentSignOff, Some(who), rule),
            Self::MachineReview { who, rule, .. } => (Oddity::MachineReview, Some(who), rule),
            Self::AgentBranch { rule } => (Oddity::AgentBranch, None, rule),
            Self::BorrowedIdentity { account, rule } => (Oddity::BorrowedIdentity, Some(account), rule),
        };
        let (what, rule) = (what.as_str().to_owned(), rule.to_string());
        OddPerson { what, commit: commit.clone(), principal: principal.cloned(), rule }
    }
}

/// Everybody whom a commit names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitPeople {
    /// Author, committer when he is another and not the forge, co-authors and agents of its trailers; see [`people_of`].
    pub actors: Vec<KnownActor>,
    /// What is odd about them, each once, sorted.
    pub odd: Vec<OddPeople>,
    /// The agent after whom the branch is named that the subject says was merged. A mark of level 1: it makes nobody an author.
    pub branch: Option<Recognition>,
}

/// Recognises everybody whom a commit names.
///
/// In: a commit of the repository. Out: its people in the order of its fields, each principal with each sponsor once.
/// Cost: reads the commit; O(lines x rows).
///
/// # Errors
/// When the commit cannot be read, or names more than 1,000 people.
///
/// # Proves / does not prove
/// Proves nothing about who acted: whoever writes a commit writes its names. What names an agent is believed of it, what names a person is a claim.
pub fn people_of(repository: &Repository, commit: &GitId) -> Result<CommitPeople, GitError> {
    CommitPeople::of(&read_commit(repository, repository.object_id(commit)?)?)
}

impl CommitPeople {
    pub(super) fn of(commit: &Commit) -> Result<Self, GitError> {
        let author = Identity::parse(&commit.author);
        let committer = Identity::parse(&commit.committer);
        let text = path_text(&commit.message);
        let mut people = Self { actors: Vec::new(), odd: Vec::new(), branch: branch_of(&text) };
        if let Some(found) = people.branch {
            people.add_odd(OddPeople::AgentBranch { rule: found.rule });
        }
        people.add_person(&author, Role::Author, AUTHOR);
        if !is_forge_committer(&committer.mail) || committer.product().is_some() {
            people.add_person(&committer, Role::Author, COMMITTER);
        }
        people.read_message(&text);
        // SECURITY: whoever is named only by a value that goes on answers for nobody.
        let human = people.first_human();
        people.read_loosely(&text);
        let got = people.actors.len().max(people.odd.len());
        if got > PEOPLE {
            let (got, limit) = (got as u64, PEOPLE as u64);
            return Err(GitError::OverLimit { what: "number of people of a commit", got, limit });
        }
        people.name_sponsors(human.as_deref());
        if human.is_none() {
            people.find_borrowed();
        }
        people.odd.sort();
        Ok(people)
    }

    /// The rule by which each principal was recognised as what it is.
    pub(super) fn rules(&self) -> BTreeMap<(String, ActorKind), Rule> {
        let named = |known: &KnownActor| Some(((known.actor.principal.clone(), known.actor.kind), known.rule?));
        self.actors.iter().filter_map(named).collect()
    }

    fn add_person(&mut self, person: &Identity, role: Role, method: &str) {
        let known = person.known(role, method);
        if let Some(found) = person.recognise()
            && kind_of_mail(&person.mail) == ActorKind::Human
            && found.kind == ActorKind::Agent
        {
            self.add_odd(OddPeople::BorrowedIdentity { account: person.principal(), rule: found.rule });
        }
        self.add(known);
    }

    fn add(&mut self, known: KnownActor) {
        if !self.actors.iter().any(|other| is_same(&other.actor, &known.actor)) {
            self.actors.push(known);
        }
    }

    fn add_odd(&mut self, odd: OddPeople) {
        if !self.odd.contains(&odd) {
            self.odd.push(odd);
        }
    }

    const fn is_too_many(&self) -> bool {
        self.actors.len() > PEOPLE || self.odd.len() > PEOPLE
    }

    fn first_human(&self) -> Option<String> {
        let mut actors = self.actors.iter().map(|known| &known.actor);
        actors.find(|actor| actor.kind == ActorKind::Human).map(|actor| actor.principal.clone())
    }

    /// Every line counts, not only the last paragraph: an agent's line in the middle of a squashed message is as telling.
    fn read_message(&mut self, text: &str) {
        for line in text.split(LINE_ENDS) {
            // Whoever asks refuses a commit of so many.
            if self.is_too_many() {
                break;
            }
            if let Some(found) = recognise_line(line) {
                self.add(agent(found));
            }
            let Some(trailer) = trailer_of(line).filter(|trailer| trailer.is_exact) else { continue };
            match trailer.act {
                act @ (TrailerAct::Author | TrailerAct::Tool) => self.add(named(trailer.value, act)),
                act @ (TrailerAct::SignOff | TrailerAct::Review) => self.judge(trailer.value, act),
            }
        }
    }

    /// Whether a machine does what only a person can.
    fn judge(&mut self, value: &str, act: TrailerAct) {
        let person = Identity::parse(value.as_bytes());
        let found = if person.mail.is_empty() { recognise_tool(value, act) } else { person.recognise() };
        let Some(found) = found else { return };
        let who = if person.mail.is_empty() { format!("agent:{}", found.name) } else { person.principal() };
        match act {
            // A robot's sign-off is the custom of whoever configured it.
            TrailerAct::SignOff if found.kind == ActorKind::Agent => {
                self.add_odd(OddPeople::AgentSignOff { who, rule: found.rule });
            }
            TrailerAct::Review => self.add_odd(OddPeople::MachineReview { who, kind: found.kind, rule: found.rule }),
            _ => {}
        }
    }

    /// Agents get the first human of the same commit as sponsor.
    fn name_sponsors(&mut self, human: Option<&str>) {
        let actors = self.actors.iter_mut().map(|known| &mut known.actor);
        for actor in actors.filter(|actor| actor.kind == ActorKind::Agent && actor.sponsor.is_none()) {
            actor.sponsor = human.map(str::to_owned);
        }
    }

    /// Where no person is named who answers for the agent, a robot that commits what it wrote lends it its account.
    fn find_borrowed(&mut self) {
        let agent = self.actors.iter().find(|known| known.actor.kind == ActorKind::Agent).and_then(|known| known.rule);
        let robot = self.actors.iter().find(|known| {
            known.actor.kind == ActorKind::Automation && matches!(known.actor.method.as_str(), AUTHOR | COMMITTER)
        });
        if let (Some(rule), Some(robot)) = (agent, robot) {
            let account = robot.actor.principal.clone();
            self.add_odd(OddPeople::BorrowedIdentity { account, rule });
        }
    }
}

/// Lists everybody whose work a commit says it is: author, committer when he is another and not the forge, co-authors and agents of its trailers.
///
/// A committer counts because git cannot show that he changed nothing.
pub(super) fn authors_of(commit: &Commit) -> Result<Vec<Actor>, GitError> {
    Ok(CommitPeople::of(commit)?.actors.into_iter().map(|known| known.actor).collect())
}

/// LIMIT: people of one commit; each is compared with the others.
const PEOPLE: usize = 1_000;

/// Adds `actor` unless the same principal of the same kind with the same sponsor is there.
///
/// SECURITY: an agent that acts by a person's account has that person's principal, and must not vanish behind him.
pub fn push_new(actors: &mut Vec<Actor>, actor: Actor) {
    if !actors.iter().any(|known| is_same(known, &actor)) {
        actors.push(actor);
    }
}

fn is_same(a: &Actor, b: &Actor) -> bool {
    a.principal == b.principal && a.kind == b.kind && a.sponsor == b.sponsor
}

/// An agent that is known by its product alone.
fn agent(found: Recognition) -> KnownActor {
    let actor = Actor {
        role: Role::CoAuthor,
        principal: format!("agent:{}", found.name),
        kind: found.kind,
        method: TRAILER.to_owned(),
        sponsor: None,
    };
    KnownActor { actor, rule: Some(found.rule) }
}

/// Whom the value of a trailer names.
fn named(value: &str, act: TrailerAct) -> KnownActor {
    let person = Identity::parse(value.as_bytes());
    if !person.mail.is_empty() {
        let mut known = person.known(Role::CoAuthor, TRAILER);
        if act == TrailerAct::Tool && known.actor.kind == ActorKind::Human {
            // SECURITY: a tool with a person's address is a tool all the same.
            if let Some(found) = recognise_tool(value, act) {
                let mut tool = agent(found);
                tool.actor.sponsor = Some(known.actor.principal);
                return tool;
            }
            known.actor.kind = ActorKind::Unknown;
        }
        return known;
    }
    if let Some(found) = recognise_tool(value, act) {
        return agent(found);
    }
    let shown: String = escape_for_terminal(value).chars().take(RAW_CHARS).collect();
    let actor = Actor {
        role: Role::CoAuthor,
        principal: format!("{TRAILER}:{shown}"),
        kind: ActorKind::Unknown,
        method: TRAILER.to_owned(),
        sponsor: None,
    };
    KnownActor { actor, rule: None }
}

/// The agent's branch that the subject of a merge names, as git and the forges write it.
fn branch_of(message: &str) -> Option<Recognition> {
    let subject = message.lines().next().unwrap_or_default();
    let quoted = |start: &str| subject.strip_prefix(start)?.split_once('\'').map(|(branch, _)| branch);
    let after_slash = |branch: &str| branch.find('/').and_then(|at| branch.get(at + 1..)).map(str::to_owned);
    let branch = if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        // The owner of the branch stands before it.
        rest.split_once(" from ").and_then(|(_, from)| after_slash(from))
    } else if let Some(branch) = quoted("Merge remote-tracking branch '") {
        after_slash(branch)
    } else if let Some(branch) = quoted("Merge branch '") {
        Some(branch.to_owned())
    } else {
        subject.strip_prefix("Merged in ").and_then(|rest| rest.split_once(" (")).map(|(branch, _)| branch.to_owned())
    };
    recognise_branch(&branch?)
}
