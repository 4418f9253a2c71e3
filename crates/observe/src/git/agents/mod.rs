//! The table of agents and robots by what they write into commits. Data, and how it is asked.
//!
//! Rules of the table: a mail pattern has an `@` and never stands for a vendor's whole domain (employees are humans); a bare name that a person may
//! have never matches where a person may stand. Everything here can be written by anyone: a match is a claim or a mark, and no match proves nothing.

mod lines;
mod mails;

#[cfg(test)]
mod tests;

use std::fmt;

use lasthand_model::actor::ActorKind;

pub(super) use self::lines::TrailerAct;

/// Version of the table, recorded beside what it found.
pub const TABLE: &str = "git/2026-11-30.4";

/// A pattern, and the agent or robot that it tells.
type Entry = (&'static str, &'static str);

/// The forge itself, when it commits what somebody pressed a button for.
const FORGE_COMMITTER: &str = "noreply@github.com";

/// The shape of accounts of apps.
const APP: &str = "[bot]";

/// Which part of a commit, or which name of a branch, a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// An address of an agent.
    Mail,
    /// An address of an agent that reviews.
    ReviewBot,
    /// An address of a robot without a model.
    Robot,
    /// An account of an app that no row knows.
    App,
    /// A whole name.
    Name,
    /// A product's name with a model or version.
    Model,
    /// What stands behind a name.
    NameEnd,
    /// A line about a session.
    Session,
    /// A line that an agent adds.
    Message,
    /// A tool's name without an address.
    Tool,
    /// The beginning of a branch's name.
    Branch,
}

impl Part {
    const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::ReviewBot => "review-bot",
            Self::Robot => "robot",
            Self::App => "app",
            Self::Name => "name",
            Self::Model => "model",
            Self::NameEnd => "name-end",
            Self::Session => "session",
            Self::Message => "message",
            Self::Tool => "tool",
            Self::Branch => "branch",
        }
    }

    const fn kind(self) -> ActorKind {
        match self {
            Self::Robot => ActorKind::Automation,
            Self::App => ActorKind::Unknown,
            _ => ActorKind::Agent,
        }
    }

    const fn entries(self) -> &'static [Entry] {
        match self {
            Self::Mail => mails::AGENTS,
            Self::ReviewBot => mails::REVIEW_BOTS,
            Self::Robot => mails::ROBOTS,
            Self::App => &[(APP, "")],
            Self::Name => lines::NAMES,
            Self::Model => lines::MODELS,
            Self::NameEnd => lines::NAME_ENDS,
            Self::Session => lines::SESSIONS,
            Self::Message => lines::MESSAGES,
            Self::Tool => lines::TOOLS,
            Self::Branch => lines::BRANCHES,
        }
    }

    /// Finds the first row of this part whose pattern fits.
    fn find(self, fits: impl Fn(&'static str) -> bool) -> Option<Recognition> {
        let (pattern, name) = self.entries().iter().find(|(pattern, _)| fits(pattern))?;
        Some(Recognition { kind: self.kind(), name, rule: Rule { part: self, pattern } })
    }
}

/// A row of the table. Shown as `part:pattern`, such as `mail:noreply@anthropic.com`: its id within [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// What it reads.
    pub part: Part,
    /// What it looks for.
    pub pattern: &'static str,
}

impl Rule {
    /// How well it is known who acted, where this rule is all that tells: 2 where a field of the commit claims it, 1 where it is inferred from the
    /// shape of an account or the name of a branch.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self.part {
            Part::App | Part::Branch => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.part.word(), self.pattern)
    }
}

/// What the table says of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognition {
    /// What it is; [`ActorKind::Unknown`] for an app that no row knows.
    pub kind: ActorKind,
    /// The agent or robot; empty for an app that no row knows.
    pub name: &'static str,
    /// By which row.
    pub rule: Rule,
}

/// Recognises a mail address.
///
/// In: an address as a commit has it. Out: the row that knows it; an account of an app in no row may be an agent's or a robot's; `None` for any other
/// address, which is a human's *as claimed*, and for what is no address. Cost: O(rows).
#[must_use]
pub fn recognise_mail(mail: &str) -> Option<Recognition> {
    let mail = mail.to_ascii_lowercase();
    let known = [Part::Mail, Part::ReviewBot, Part::Robot];
    known.into_iter().find_map(|part| part.find(|pattern| mail_matches(pattern, &mail))).or_else(|| {
        let local = mail.split('@').next().unwrap_or_default();
        Part::App.find(|end| local.ends_with(end))
    })
}

/// Recognises an agent's branch by the beginning of its name, such as `copilot/`.
///
/// In: a branch, with or without `refs/heads/`, or a remote's (`refs/remotes/origin/...`). Out: an agent at level 1: people name branches after
/// agents, and have agents' names.
#[must_use]
pub fn recognise_branch(branch: &str) -> Option<Recognition> {
    let of_remote = branch.strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/'));
    let own = || branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let branch = of_remote.map_or_else(own, |(_, branch)| branch).to_ascii_lowercase();
    Part::Branch.find(|start| branch.len() > start.len() && branch.starts_with(start))
}

/// Lists every row.
pub fn rules() -> impl Iterator<Item = Rule> {
    const PARTS: [Part; 11] = [
        Part::Mail,
        Part::ReviewBot,
        Part::Robot,
        Part::App,
        Part::Name,
        Part::Model,
        Part::NameEnd,
        Part::Session,
        Part::Message,
        Part::Tool,
        Part::Branch,
    ];
    PARTS.into_iter().flat_map(|part| part.entries().iter().map(move |(pattern, _)| Rule { part, pattern }))
}

/// What an address makes of whoever has it: a human unless a row or its shape says otherwise.
pub(super) fn kind_of_mail(mail: &str) -> ActorKind {
    match recognise_mail(mail) {
        Some(known) => known.kind,
        None if mail.contains('@') => ActorKind::Human,
        None => ActorKind::Unknown,
    }
}

/// Recognises an app by its name, such as `cursor[bot]`, whatever its address: no person is called so.
pub(super) fn recognise_app(name: &str) -> Option<Recognition> {
    name.ends_with(APP).then(|| recognise_mail(&format!("{name}@users.noreply.github.com"))).flatten()
}

pub(super) fn is_forge_committer(mail: &str) -> bool {
    mail.eq_ignore_ascii_case(FORGE_COMMITTER)
}

/// A text as the table has it: lower case, any run of blanks as one, nothing around it, and no character that only changes how another looks.
fn normal(text: &str) -> String {
    let seen = text.chars().filter(|c| !lines::UNSEEN.contains(c)).collect::<String>().to_lowercase();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Leaves out what makes a line one of a list, a quotation or emphasised, and the brackets of a link.
pub(super) fn without_marks(line: &str) -> &str {
    let is_mark = |c: char| c.is_whitespace() || lines::MARKS.contains(&c) || lines::UNSEEN.contains(&c);
    line.trim_start_matches(is_mark)
}

/// A line that begins with the key of a trailer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailer<'a> {
    /// What its key says that somebody did.
    pub(super) act: TrailerAct,
    /// What stands behind the key.
    pub(super) value: &'a str,
    /// Whether it is written as git reads it; otherwise it may name an agent, and no person.
    pub(super) is_exact: bool,
}

/// Finds the key of a trailer at the beginning of a line.
///
/// Squashed messages are lists, and quote. A key counts, too, where git reads none: before a character that only looks like `:`, or with
/// characters in it that only look like `-` or are not seen.
pub(super) fn trailer_of(line: &str) -> Option<Trailer<'_>> {
    let line = without_marks(line);
    let (at, colon) = line.char_indices().find(|(_, c)| *c == ':' || lines::COLONS.contains(c))?;
    let (key, value) = (line.get(..at)?, line.get(at + colon.len_utf8()..)?);
    let is_emphasis = |c: char| c.is_whitespace() || matches!(c, '*' | '_');
    let (key, value) = (key.trim_end_matches(is_emphasis), value.trim_matches(is_emphasis));
    let find = |key: &str| lines::TRAILERS.iter().find(|(known, _)| key.eq_ignore_ascii_case(known));
    let exact = if colon == ':' { find(key) } else { None };
    let (_, act) = exact.or_else(|| find(&normal(key).replace(lines::HYPHENS, "-")))?;
    Some(Trailer { act: *act, value, is_exact: exact.is_some() })
}

/// Recognises the agent that writes itself behind its user's name.
pub(super) fn recognise_name(name: &str) -> Option<Recognition> {
    let name = normal(name);
    Part::NameEnd.find(|end| name.ends_with(end))
}

/// Recognises an agent whose name stands where a person's would, with or without models and versions: of the whole name nothing else may be left.
///
/// SECURITY: whoever commits chooses the address beside it; a name that no person has tells more than an address that nobody knows.
pub(super) fn recognise_product(name: &str) -> Option<Recognition> {
    let name = normal(name);
    let named = |known: &'static str| {
        name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ') && is_all_model(rest))
    };
    let modelled = |known: &'static str| {
        name.strip_prefix(known).is_some_and(|rest| {
            let mut words = rest.split([' ', '-', '(', ')']);
            let is_model =
                |word: &str| lines::MODEL_NAMES.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit());
            rest.starts_with([' ', '-']) && words.any(is_model) && is_all_model(rest)
        })
    };
    Part::Name.find(named).or_else(|| Part::Model.find(modelled))
}

/// Whether every word is one of models, or a number.
fn is_all_model(rest: &str) -> bool {
    let words = rest.split([' ', '-', '(', ')']).filter(|word| !word.is_empty());
    let is_known = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_digit())
            || lines::MODEL_WORDS.contains(&word)
            || lines::MODEL_NAMES.contains(&word)
            || word == "context"
    };
    words.into_iter().all(is_known)
}

/// Recognises the agent that leaves this line in messages: by its key, by what it begins with, or by the address of a session anywhere in it.
pub(super) fn recognise_line(line: &str) -> Option<Recognition> {
    // SECURITY: what only looks like a `:` or `-` is read as one; no row has another, so nothing that is found without is lost.
    let line = normal(without_marks(line)).replace(lines::COLONS, ":").replace(lines::HYPHENS, "-");
    let key = line.split_once(':').map(|(key, _)| key.trim_end_matches([' ', '*', '_']));
    key.and_then(|key| Part::Session.find(|known| known == key))
        .or_else(|| Part::Message.find(|start| line.starts_with(start)))
        .or_else(|| Part::Message.find(|address| address.starts_with("https://") && line.contains(address)))
}

/// Recognises the agent that a name without an address stands for, in a line about a tool, or in one that may name a person.
pub(super) fn recognise_tool(text: &str, act: TrailerAct) -> Option<Recognition> {
    let name = text.split([':', ',', '(', '/', '<', '[']).next().unwrap_or_default();
    let name = normal(name.split(lines::COLONS).next().unwrap_or_default());
    let may_be_person = act != TrailerAct::Tool;
    let alone = |known: &'static str| name == known && !(may_be_person && lines::PERSON_LIKE.contains(&known));
    Part::Tool.find(alone).or_else(|| Part::Tool.find(|known| name.strip_prefix(known).is_some_and(is_model)))
}

/// Whether what follows a product's name is a model or a version: ` opus 4.1`, `-4-sonnet`, ` 3.5`.
fn is_model(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix([' ', '-']) else { return false };
    let word = rest.split([' ', '-']).next().unwrap_or_default();
    word.starts_with(|first: char| first.is_ascii_digit()) || lines::MODEL_WORDS.contains(&word)
}

fn mail_matches(pattern: &str, mail: &str) -> bool {
    let Some(account) = pattern.strip_prefix("*+") else { return pattern == mail };
    // The forge's older form has no number before the name.
    mail == account && account.contains(APP)
        || mail.split_once('+').is_some_and(|(number, rest)| {
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && rest == account
        })
}
