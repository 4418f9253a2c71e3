//! Who a commit says made it.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::Actor;

use super::agents::{agent_in_name, agent_of_line, agent_of_tool, classify_app, classify_mail, is_forge_committer};
use super::error::GitError;
use super::objects::{Commit, read_commit};
use super::open::Repository;
use super::path::path_text;
use super::show::escape_for_terminal;

const AUTHOR: &str = "git-author";
const COMMITTER: &str = "git-committer";
const TRAILER: &str = "git-trailer";
/// LIMIT: characters of a text that stands in for an identity that cannot be read.
const RAW_CHARS: usize = 200;

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

    fn actor(&self, role: Role, method: &str) -> Actor {
        if let Some(agent) = agent_in_name(&self.name) {
            let sponsor = (classify_mail(&self.mail).0 == ActorKind::Human).then(|| self.principal());
            return Actor {
                role,
                principal: format!("agent:{agent}"),
                kind: ActorKind::Agent,
                method: method.to_owned(),
                sponsor,
            };
        }
        let kind = match classify_mail(&self.mail).0 {
            // An app's name with somebody's address: the name is the telling part, as no person is called `x[bot]`.
            ActorKind::Human if self.name.ends_with("[bot]") => classify_app(&self.name),
            kind => kind,
        };
        Actor { role, principal: self.principal(), kind, method: method.to_owned(), sponsor: None }
    }
}

/// Lists everybody whose work a commit says it is: author, committer when he is another and not the forge, co-authors and agents of its trailers.
///
/// A committer counts because git cannot show that he changed nothing. Agents get the first human of the same commit as sponsor.
pub(super) fn authors_of(commit: &Commit) -> Vec<Actor> {
    let author = Identity::parse(&commit.author);
    let committer = Identity::parse(&commit.committer);
    let mut actors = vec![author.actor(Role::Author, AUTHOR)];
    if !is_forge_committer(&committer.mail) {
        push_new(&mut actors, committer.actor(Role::Author, COMMITTER));
    }
    for actor in named_in_message(&commit.message) {
        push_new(&mut actors, actor);
    }
    let human = actors.iter().find(|actor| actor.kind == ActorKind::Human).map(|actor| actor.principal.clone());
    for actor in actors.iter_mut().filter(|actor| actor.kind == ActorKind::Agent && actor.sponsor.is_none()) {
        actor.sponsor.clone_from(&human);
    }
    actors
}

/// LIMIT: people of one commit; each is compared with the others.
pub(super) const PEOPLE: usize = 1_000;

/// Adds `actor` unless the same principal with the same sponsor is there.
pub(super) fn push_new(actors: &mut Vec<Actor>, actor: Actor) {
    if !actors.iter().any(|known| known.principal == actor.principal && known.sponsor == actor.sponsor) {
        actors.push(actor);
    }
}

/// Every line of the message counts, not only the last paragraph: an agent's line in the middle of a squashed message is as telling.
fn named_in_message(message: &[u8]) -> Vec<Actor> {
    let text = path_text(message);
    let agent = |name: &str| Actor {
        role: Role::CoAuthor,
        principal: format!("agent:{name}"),
        kind: ActorKind::Agent,
        method: TRAILER.to_owned(),
        sponsor: None,
    };
    let mut actors = Vec::new();
    for line in text.split(['\n', '\r']) {
        // Whoever asks refuses a commit of so many.
        if actors.len() > PEOPLE {
            break;
        }
        if let Some(name) = agent_of_line(line) {
            push_new(&mut actors, agent(name));
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let is_tool_line = match key.trim().to_ascii_lowercase().as_str() {
            "co-authored-by" | "co-developed-by" => false,
            "assisted-by" | "generated-by" | "made-with" => true,
            _ => continue,
        };
        let identity = Identity::parse(value.as_bytes());
        let actor = if !identity.mail.is_empty() {
            let mut actor = identity.actor(Role::CoAuthor, TRAILER);
            if is_tool_line && actor.kind == ActorKind::Human {
                actor.kind = ActorKind::Unknown;
            }
            actor
        } else if let Some(name) = agent_of_tool(value) {
            agent(name)
        } else {
            let shown: String = escape_for_terminal(value).chars().take(RAW_CHARS).collect();
            Actor { principal: format!("{TRAILER}:{shown}"), kind: ActorKind::Unknown, ..agent("") }
        };
        push_new(&mut actors, actor);
    }
    actors
}

/// Lists the agents that sign off, review or acknowledge in a commit's trailers: acts that are a human's.
///
/// SPEC: Linux kernel, Documentation/process/coding-assistants.rst: agents must not add `Signed-off-by`.
///
/// # Errors
/// When the commit cannot be read.
pub fn agent_sign_offs(repository: &Repository, commit: &GitId) -> Result<Vec<String>, GitError> {
    let message = read_commit(repository, repository.object_id(commit)?)?.message;
    let text = path_text(&message);
    let mut found = Vec::new();
    for line in text.split(['\n', '\r']) {
        let Some((key, value)) = line.split_once(':') else { continue };
        if matches!(
            key.trim().to_ascii_lowercase().as_str(),
            "signed-off-by" | "reviewed-by" | "acked-by" | "tested-by"
        ) {
            let actor = Identity::parse(value.trim().as_bytes()).actor(Role::Approver, TRAILER);
            if actor.kind == ActorKind::Agent && !found.contains(&actor.principal) {
                found.push(actor.principal);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(author: &str, committer: &str, message: &str, expected: &[(&str, ActorKind, &str, Option<&str>)]) {
        let id = gix::ObjectId::null(gix::hash::Kind::Sha1);
        let commit = Commit {
            id,
            tree: id,
            parents: Vec::new(),
            author: format!("{author} 1700000000 +0000").into_bytes(),
            committer: format!("{committer} 1700000000 +0000").into_bytes(),
            message: message.as_bytes().to_vec(),
        };
        let actors = authors_of(&commit);
        let found: Vec<_> =
            actors.iter().map(|a| (a.principal.as_str(), a.kind, a.method.as_str(), a.sponsor.as_deref())).collect();
        assert_eq!(found, expected, "{author} / {committer} / {message}");
    }

    const ANA: &str = "Ana <Ana@Example.com>";
    const GITHUB: &str = "GitHub <noreply@github.com>";
    const ANA_AUTHOR: (&str, ActorKind, &str, Option<&str>) =
        ("mailto:ana@example.com", ActorKind::Human, AUTHOR, None);

    #[test]
    fn committers_count_unless_forge_or_author() {
        // pass: the forge's committer and the author himself add nobody
        check(ANA, GITHUB, "x", &[ANA_AUTHOR]);
        check(ANA, ANA, "x", &[ANA_AUTHOR]);
        // fail: another committer may have changed the content
        check(
            ANA,
            "Bo <bo@example.com>",
            "x",
            &[ANA_AUTHOR, ("mailto:bo@example.com", ActorKind::Human, COMMITTER, None)],
        );
        check(
            ANA,
            "Claude <noreply@anthropic.com>",
            "x",
            &[
                ANA_AUTHOR,
                ("mailto:noreply@anthropic.com", ActorKind::Agent, COMMITTER, Some("mailto:ana@example.com")),
            ],
        );
    }

    #[test]
    fn agents_are_found_with_their_sponsors() {
        // fail: each is an agent's work
        let by_ana = Some("mailto:ana@example.com");
        check(
            "Ana (aider) <ana@example.com>",
            "Ana (aider) <ana@example.com>",
            "x",
            &[("agent:aider", ActorKind::Agent, AUTHOR, by_ana)],
        );
        check(
            ANA,
            ANA,
            "x\n\nco-authored-by: Claude Opus 4 <noreply@anthropic.com>\n\nmore",
            &[ANA_AUTHOR, ("mailto:noreply@anthropic.com", ActorKind::Agent, TRAILER, by_ana)],
        );
        check(
            "Copilot <198982749+Copilot@users.noreply.github.com>",
            GITHUB,
            "x\n\nCo-authored-by: Ana <ana@example.com>",
            &[
                ("mailto:198982749+copilot@users.noreply.github.com", ActorKind::Agent, AUTHOR, by_ana),
                ("mailto:ana@example.com", ActorKind::Human, TRAILER, None),
            ],
        );
        check(
            ANA,
            ANA,
            "x\n\nAssisted-by: Claude:opus-4 sparse",
            &[ANA_AUTHOR, ("agent:claude-code", ActorKind::Agent, TRAILER, by_ana)],
        );
        check(
            ANA,
            ANA,
            "x\n\nAmp-Thread-ID: https://x/y",
            &[ANA_AUTHOR, ("agent:amp", ActorKind::Agent, TRAILER, by_ana)],
        );
        check(ANA, ANA, "x\n\nMade-with: Cursor", &[ANA_AUTHOR, ("agent:cursor", ActorKind::Agent, TRAILER, by_ana)]);
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        // fail: two addresses, none, a tool nobody knows, an unknown app
        check(
            "A <a@x.org> <b@y.org>",
            GITHUB,
            "x",
            &[("git-author:A <a@x.org> <b@y.org> 1700000000 +0000", ActorKind::Unknown, AUTHOR, None)],
        );
        check("A <>", GITHUB, "x", &[("git-author:A", ActorKind::Unknown, AUTHOR, None)]);
        check(
            ANA,
            ANA,
            "x\n\nGenerated-by: shinyware",
            &[ANA_AUTHOR, ("git-trailer:shinyware", ActorKind::Unknown, TRAILER, None)],
        );
        check(
            "n <1+new[bot]@users.noreply.github.com>",
            GITHUB,
            "",
            &[("mailto:1+new[bot]@users.noreply.github.com", ActorKind::Unknown, AUTHOR, None)],
        );
    }

    #[test]
    fn names_of_apps_count_with_any_address() {
        // fail: the app's name over a mail address that no table has
        check("cursor[bot] <x@example.com>", GITHUB, "", &[("mailto:x@example.com", ActorKind::Agent, AUTHOR, None)]);
        check("new[bot] <x@example.com>", GITHUB, "", &[("mailto:x@example.com", ActorKind::Unknown, AUTHOR, None)]);
    }

    #[test]
    fn robots_are_automation() {
        // pass: a robot is neither human nor agent
        let bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>";
        check(
            bot,
            GITHUB,
            "x",
            &[("mailto:49699333+dependabot[bot]@users.noreply.github.com", ActorKind::Automation, AUTHOR, None)],
        );
    }

    #[test]
    fn letters_outside_ascii_keep_their_case() {
        // fail: the Kelvin sign is no `k`
        let mail = Identity::parse("K <\u{212a}ai@example.com>".as_bytes());
        assert_ne!(mail.principal(), "mailto:kai@example.com");
    }
}
