//! What can be wrong with a trust file, each with its place and its remedy.

use std::fmt;

use thiserror::Error;

use crate::keys::KeyError;

/// A place in the trust file; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Whether a diagnostic refuses the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is used; the reader should know.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.problem.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}: {severity}: {}", self.place, self.problem)
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum Problem {
    #[error("file has {got} bytes, limit is {limit}")]
    TooLarge { got: usize, limit: usize },
    #[error("not TOML: {reason}")]
    Syntax { reason: String },
    #[error("unknown table `{got}`, expected one of: {}", known.join(", "))]
    UnknownTable { got: String, near: Option<&'static str>, known: &'static [&'static str] },
    #[error("unknown key `{got}` in {table}, expected one of: {}", known.join(", "))]
    UnknownKey { table: &'static str, got: String, near: Option<&'static str>, known: &'static [&'static str] },
    #[error("`{key}` is {got}, expected {expected}")]
    WrongType { key: String, got: &'static str, expected: &'static str },
    #[error("{table} has no `{key}`")]
    MissingKey { table: &'static str, key: &'static str },
    #[error("`{got}` is not a word for `{key}`, expected one of: {}", known.join(", "))]
    UnknownWord { key: String, got: String, near: Option<&'static str>, known: Vec<&'static str> },
    #[error("`{got}` is not a value for `{key}`, expected {expected}")]
    BadValue { key: String, got: String, expected: &'static str },
    #[error("`{key}` of {table} is empty, so the row can never match")]
    Empty { table: &'static str, key: &'static str },
    #[error("`{got}` in `{key}` is a glob, expected one exact name")]
    Glob { key: &'static str, got: String },
    #[error("`{got}` in `{key}` begins with a scheme, so it can never match")]
    Scheme { key: &'static str, got: String },
    #[error("no [[root]] holds key `{id}`, so the row can never match")]
    NoRoot { id: String, near: Option<String> },
    #[error("roots of type `{got}` are not read by this version")]
    RootType { got: &'static str },
    #[error("cannot read `{file}`: {reason}")]
    KeyFile { file: String, reason: String },
    #[error("root cannot be used: {source}")]
    Key { source: KeyError },
    #[error("root has sha256 `{got}`, the row says `{expected}`")]
    RootDigest { expected: String, got: String },
    #[error("`{left}` does not go with `{right}`")]
    Mismatch { left: String, right: String, remedy: &'static str },
    #[error("an identity of kind {kind} may not `{word}`")]
    MayNot { kind: &'static str, word: String },
    #[error("only a human, or an observer, may `review`; this row is of kind {kind} and has no `observer`")]
    ReviewByMachine { kind: &'static str },
    #[error("row can reach level {level} at most, an observer needs 3")]
    ObserverLevel { level: u8 },
    #[error("builder `{pattern}` matches no [[identity]] row")]
    NoBuilder { pattern: String },
    #[error("builder `{pattern}` matches only rows that may neither `build` nor `package` the product `{product}`")]
    IdleBuilder { pattern: String, product: String },
    #[error("{what} `{name}` is already in line {first}")]
    Duplicate { what: &'static str, name: String, first: usize },
    #[error("account `{account}` already belongs to `{person}` in line {first}")]
    TwoPersons { account: String, person: String, first: usize },
    #[error("account `{account}` is of kind {kind} in line {first}, so it is no person's")]
    NotAPerson { account: String, kind: &'static str, first: usize },
    #[error("`{principal}` is of kind {kind} here and of kind {other} in line {first}")]
    TwoKinds { principal: String, kind: &'static str, other: &'static str, first: usize },
    #[error("`{id}` is satisfied by more than one workflow at one protected ref: {reason}")]
    WideWorkflow { id: String, reason: &'static str },
    #[error("threshold {threshold} of {keys} distinct keys can never be met")]
    Threshold { threshold: i64, keys: usize },
    #[error("no pattern of `{key}` matches a [[product]], so the row can never match")]
    NoProduct { key: &'static str },
    #[error("repository `{repository}` is not among those of the product")]
    ForeignRepository { repository: String },
    #[error("{table} expired on {expires}")]
    Expired { table: &'static str, expires: String },
    #[error("`{key}` has no effect: {why}")]
    NoEffect { key: &'static str, why: &'static str },
    #[error("key `{id}` is named by no [[identity]] row")]
    UnusedKey { id: String },
    #[error("`{word}` asks level {needed} in the shipped presets, this row reaches {level}")]
    LowLevel { word: String, needed: u8, level: u8 },
    #[error("whoever can push a tag that matches `{id}` can sign as this workflow")]
    TagGlob { id: String },
    #[error("pattern `{pattern}` of `{key}` matches nothing in this file")]
    IdlePattern { key: &'static str, pattern: String },
    #[error("statements made under simulated surroundings count")]
    Simulated,
}

impl Problem {
    /// Whether this refuses the file.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Expired { .. }
            | Self::NoEffect { .. }
            | Self::UnusedKey { .. }
            | Self::LowLevel { .. }
            | Self::TagGlob { .. }
            | Self::IdlePattern { .. }
            | Self::Simulated => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let near = |near: &Option<&'static str>| near.iter().map(|word| format!("did you mean `{word}`?")).collect();
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::UnknownTable { near: word, .. }
            | Self::UnknownKey { near: word, .. }
            | Self::UnknownWord { near: word, .. } => near(word),
            Self::NoRoot { near: Some(id), .. } => vec![format!("did you mean `{id}`?")],
            Self::NoRoot { near: None, .. } => {
                one("add a `[[root]]` with `type = \"key\"` and the public key's `file` or `pem`")
            }
            Self::Empty { .. } => one("name what the row is for; leave the row out when there is nothing"),
            Self::Glob { .. } => one("write one row or one entry for each name"),
            Self::Scheme { .. } => one("write the address without scheme, such as `github.com/acme/app`"),
            Self::RootType { .. } => one("only `type = \"key\"` is read; other roots come with the next release"),
            Self::KeyFile { .. } => one("the path is relative to the trust file"),
            Self::Key { source } => source.hints(),
            Self::RootDigest { .. } => one("somebody exchanged the key, or the row is old: ask its owner"),
            Self::Mismatch { remedy, .. } => one(remedy),
            Self::MayNot { .. } => one("an agent's row may `edit`, `fetch`, `test` and `configure`; the rest needs a human or automation"),
            Self::ReviewByMachine { .. } => one("set `observer` to the methods by which it learns who approved"),
            Self::ObserverLevel { .. } => {
                one("keep the key where the observed cannot reach it, then set `custody = \"isolated\"`")
            }
            Self::NoBuilder { pattern } if pattern.len() == 64 => vec![format!("did you mean `key:{pattern}`?")],
            Self::NoBuilder { .. } => one("a builder is a principal: `key:<key id>`, `group:<name>` or `<issuer>#<id>`"),
            Self::IdleBuilder { .. } => one("add `build` or `package` to its `may`, and the product to its `products`"),
            Self::Duplicate { .. } => one("leave one of them out"),
            Self::TwoPersons { .. } => one("a shared account is nobody's: give each human his own"),
            Self::NotAPerson { .. } => one("an agent is its sponsor's through the statements that name both"),
            Self::TwoKinds { .. } => one("one principal is one kind; give the agent a key of its own"),
            Self::WideWorkflow { .. } => one("write the workflow in full with `@refs/heads/BRANCH` of a protected branch"),
            Self::Threshold { .. } => one("lower `threshold` or add keys; a key counts once"),
            Self::NoProduct { .. } => one("`*` stops at `/`, `**` does not; names are compared in full"),
            Self::ForeignRepository { .. } => one("add it to `repositories` of the product"),
            Self::Expired { .. } => one("remove the row, or decide anew and date it anew"),
            Self::UnusedKey { .. } => one("add an `[[identity]]` row for it, or remove it"),
            Self::LowLevel { .. } => one("see the level table in docs/trust-file.md"),
            Self::TagGlob { .. } => one("protect such tags in the repository, or name a branch"),
            Self::Simulated => one("only tests and the demo need this; remove it"),
            _ => vec![],
        }
    }
}
