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
#[expect(missing_docs, reason = "each variant's message says what its fields are")]
pub enum Problem {
    /// The file is larger than the limit.
    #[error("file has {got} bytes, limit is {limit}")]
    TooLarge { got: usize, limit: usize },
    /// Not TOML.
    #[error("not TOML: {reason}")]
    Syntax { reason: String },
    /// A table, or a key at the top, that nobody knows.
    #[error("unknown table `{got}`, expected one of: {}", known.join(", "))]
    UnknownTable { got: String, near: Option<&'static str>, known: &'static [&'static str] },
    /// A key that the table does not have.
    #[error("unknown key `{got}` in {table}, expected one of: {}", known.join(", "))]
    UnknownKey { table: &'static str, got: String, near: Option<&'static str>, known: &'static [&'static str] },
    /// A value of another type.
    #[error("`{key}` is {got}, expected {expected}")]
    WrongType { key: String, got: &'static str, expected: &'static str },
    /// A key that must be there.
    #[error("{table} has no `{key}`")]
    MissingKey { table: &'static str, key: &'static str },
    /// A word outside the vocabulary of its key.
    #[error("`{got}` is not a word for `{key}`, expected one of: {}", known.join(", "))]
    UnknownWord { key: String, got: String, near: Option<&'static str>, known: Vec<&'static str> },
    /// A value of the right type that cannot be.
    #[error("`{got}` is not a value for `{key}`, expected {expected}")]
    BadValue { key: String, got: String, expected: &'static str },
    /// An empty list where the row needs one.
    #[error("`{key}` of {table} is empty, so the row can never match")]
    Empty { table: &'static str, key: &'static str },
    /// A `*` where one exact name is needed.
    #[error("`{got}` in `{key}` is a glob, expected one exact name")]
    Glob { key: &'static str, got: String },
    /// A repository with a scheme.
    #[error("`{got}` in `{key}` begins with a scheme, so it can never match")]
    Scheme { key: &'static str, got: String },
    /// An identity whose key no root holds.
    #[error("no [[root]] holds key `{id}`, so the row can never match")]
    NoRoot { id: String, near: Option<String> },
    /// A key file that cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    KeyFile { file: String, reason: String },
    /// A root that is no key this version can use.
    #[error("root cannot be used: {source}")]
    Key { source: KeyError },
    /// A root whose key is not the one that `sha256` names.
    #[error("root has sha256 `{got}`, the row says `{expected}`")]
    RootDigest { expected: String, got: String },
    /// A file that is not the one that `sha256` names.
    #[error("file has sha256 `{got}`, the row says `{expected}`")]
    FileDigest { expected: String, got: String },
    /// A file that is no trusted root.
    #[error("trusted root cannot be used: {reason}")]
    SigstoreRoot { reason: String },
    /// A file that is no list of allowed signers.
    #[error("list of allowed signers cannot be used: {reason}")]
    SshRoot { reason: String },
    /// A file that is no bundle, or no authority.
    #[error("authority cannot be used: {reason}")]
    Authority { reason: String },
    /// An id that no certificate of its method can have.
    #[error("`{id}` can never match: {reason}")]
    NoSuchId { id: String, reason: &'static str },
    /// A SPIFFE id that any workload of the domain could satisfy.
    #[error("`{id}` is met by any workload of its trust domain, agents among them")]
    WideWorkload { id: String },
    /// A file that is not of OpenPGP certificates that can be used.
    #[error("file of certificates cannot be used: {reason}")]
    OpenpgpRoot { reason: String },
    /// An identity whose certificate no root holds.
    #[error("no [[root]] holds the certificate `{fingerprint}`, so the row can never match")]
    NoCertificate { fingerprint: String },
    /// Two members of a row that contradict each other.
    #[error("`{left}` does not go with `{right}`")]
    Mismatch { left: String, right: String, remedy: &'static str },
    /// An authority that this kind of actor cannot have.
    #[error("an identity of kind {kind} may not `{word}`")]
    MayNot { kind: &'static str, word: String },
    /// A machine that reviews.
    #[error("only a human, or an observer, may `review`; this row is of kind {kind} and has no `observer`")]
    ReviewByMachine { kind: &'static str },
    /// An observer that can never reach level 3.
    #[error("row can reach level {level} at most, an observer needs 3")]
    ObserverLevel { level: u8 },
    /// A builder that no identity row describes.
    #[error("builder `{pattern}` matches no [[identity]] row")]
    NoBuilder { pattern: String },
    /// A builder whose rows do not let it build the product.
    #[error("builder `{pattern}` matches only rows that may neither `build` nor `package` the product `{product}`")]
    IdleBuilder { pattern: String, product: String },
    /// A row or name that comes twice.
    #[error("{what} `{name}` is already in line {first}")]
    Duplicate { what: &'static str, name: String, first: usize },
    /// An account of two humans.
    #[error("account `{account}` already belongs to `{person}` in line {first}")]
    TwoPersons { account: String, person: String, first: usize },
    /// A group that counts one human's keys as several (warning).
    #[error("the group counts several keys of `{person}`, who can meet its threshold with fewer people")]
    OneHumanTwice { person: String },
    /// A key of a root that a list of allowed signers names, too.
    #[error(
        "key `{fingerprint}` of `{principal}` is the [[root]] key of line {first}, too: whoever revokes one of the names leaves the other"
    )]
    TwoNames { fingerprint: String, principal: String, first: usize },
    /// A name that others than those who are meant can have.
    #[error("`{id}` is too wide for kind {kind}: {reason}")]
    WideName { id: String, kind: &'static str, reason: &'static str },
    /// An account of a machine in a person's row.
    #[error("account `{account}` is of kind {kind} in line {first}, so it is no person's")]
    NotAPerson { account: String, kind: &'static str, first: usize },
    /// A principal of two kinds.
    #[error("`{principal}` is of kind {kind} here and of kind {other} in line {first}")]
    TwoKinds { principal: String, kind: &'static str, other: &'static str, first: usize },
    /// A key that lists of allowed signers give to two.
    #[error("key `{fingerprint}` is of `{principal}` here and of `{other}` in the list of line {first}")]
    TwoPrincipals { fingerprint: String, principal: String, other: String, first: usize },
    /// A count for another number of devices than one.
    #[error("`last_counter` is of one device, and the lists of allowed signers have {keys} for `{principal}`")]
    Counter { principal: String, keys: usize },
    /// A workflow id that a push could satisfy.
    #[error("`{id}` does not pin one workflow at one protected ref: {reason}")]
    WideWorkflow { id: String, reason: &'static str },
    /// An address that anybody could have.
    #[error("`{id}` is not an address of one domain, so anybody could have it")]
    WideAddress { id: String },
    /// A threshold above the number of keys.
    #[error("threshold {threshold} of {keys} distinct keys can never be met")]
    Threshold { threshold: i64, keys: usize },
    /// A row for products that the file does not have.
    #[error("no pattern of `{key}` matches a [[product]], so the row can never match")]
    NoProduct { key: &'static str },
    /// An onboarding tree of another repository.
    #[error("repository `{repository}` is not among those of the product")]
    ForeignRepository { repository: String },
    /// A waiver or trusted input whose time is over (warning).
    #[error("{table} expired on {expires}")]
    Expired { table: &'static str, expires: String },
    /// A key that changes nothing in this row (warning).
    #[error("`{key}` has no effect: {why}")]
    NoEffect { key: &'static str, why: &'static str },
    /// A root that no identity uses (warning).
    #[error("key `{id}` is named by no [[identity]] row")]
    UnusedKey { id: String },
    /// A certificate that no identity uses (warning).
    #[error("certificate `{fingerprint}` is named by no [[identity]] row")]
    UnusedCertificate { fingerprint: String },
    /// A certificate that verifies nothing at this moment (warning).
    #[error("nothing that certificate `{fingerprint}` signs now is believed: {reason}")]
    IdleCertificate { fingerprint: String, reason: &'static str },
    /// A Sigstore root without a row of a signer that it could vouch for (warning).
    #[error("no [[identity]] row is of method fulcio-ci or fulcio-email, so this root verifies nobody")]
    UnusedRoot,
    /// A row whose signatures nothing can verify (warning).
    #[error("there is no [[root]] of type `sigstore`, so nothing that this row's signer signs verifies")]
    NoSigstoreRoot,
    /// A row of certificates that no root of the file vouches for (warning).
    #[error("there is no [[root]] of type `{kind}` for `{name}`, so nothing that this row's signer signs verifies")]
    NoAuthority { kind: &'static str, name: String },
    /// Certificates, and nobody who says when something was signed (warning).
    #[error("no [[root]] names a timestamp authority, so nothing that this row's signer signs verifies")]
    NoTimestamps,
    /// Authorities without a row of somebody whom they vouch for (warning).
    #[error("no [[identity]] row is {whose}, so this root verifies nobody")]
    UnusedAuthority { whose: String },
    /// An authority that the row's level cannot carry in the shipped presets (warning).
    #[error("`{word}` asks level {needed} in the shipped presets, this row reaches {level}")]
    LowLevel { word: String, needed: u8, level: u8 },
    /// A workflow id with a glob of tags (warning).
    #[error("whoever can push a tag that matches `{id}` can sign as this workflow")]
    TagGlob { id: String },
    /// A pattern that matches nothing of the file (warning).
    #[error("pattern `{pattern}` of `{key}` matches nothing in this file")]
    IdlePattern { key: &'static str, pattern: String },
    /// Simulated surroundings are accepted (warning).
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
            | Self::UnusedRoot
            | Self::UnusedCertificate { .. }
            | Self::IdleCertificate { .. }
            | Self::NoSigstoreRoot
            | Self::NoAuthority { .. }
            | Self::NoTimestamps
            | Self::UnusedAuthority { .. }
            | Self::LowLevel { .. }
            | Self::TagGlob { .. }
            | Self::OneHumanTwice { .. }
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
            Self::KeyFile { .. } => one("the path is relative to the trust file"),
            Self::Key { source } => source.hints(),
            Self::RootDigest { .. } => one("somebody exchanged the key, or the row is old: ask its owner"),
            Self::FileDigest { .. } => one("the file was renewed or exchanged: compare it with its publisher's"),
            Self::SigstoreRoot { .. } => one("name the `trusted_root.json` of a Sigstore instance"),
            Self::SshRoot { .. } => {
                one("write lines as ssh-keygen(1) describes under ALLOWED SIGNERS, one plain principal each")
            }
            Self::Authority { .. } => {
                one("name the trust domain's bundle (JSON web keys), or certificates of authorities in PEM")
            }
            Self::NoSuchId { .. } => one("write the name as the certificate has it"),
            Self::WideWorkload { .. } => one("name the path of the one workload, or a glob below a path of its own"),
            Self::NoAuthority { kind: "spiffe", .. } => {
                one("add `[[root]]` with `type = \"spiffe\"`, the `trust_domain` and the `file` of its bundle")
            }
            Self::NoAuthority { .. } => {
                one("add `[[root]]` with `type = \"x509\"`, this `name`, and the authority's `file` or `pem`")
            }
            Self::NoTimestamps => one(
                "add `[[root]]` with `type = \"tsa\"` and the chain of a timestamp authority, or a trusted_root.json that names one",
            ),
            Self::UnusedAuthority { .. } => one("add a row for each signer that you believe, or remove the root"),
            Self::OpenpgpRoot { .. } => one("name what `gpg --export FINGERPRINT` writes, of keys of version 4"),
            Self::NoCertificate { .. } => {
                one("add a `[[root]]` with `type = \"openpgp\"`, and the certificate's `file` and `sha256`")
            }
            Self::UnusedCertificate { .. } => one("add an `[[identity]]` row of method `openpgp` for it, or remove it"),
            Self::IdleCertificate { .. } => one("ask its owner for the certificate as it is now"),
            Self::UnusedRoot => one("add a row for each signer that you believe, or remove the root"),
            Self::NoSigstoreRoot => {
                one("add `[[root]]` with `type = \"sigstore\"` and the `file` of the instance's trusted_root.json")
            }
            Self::Mismatch { remedy, .. } => one(remedy),
            Self::MayNot { kind: "automation", .. } => one("approvals and exceptions are for humans"),
            Self::MayNot { .. } => {
                one("an agent's row may `edit`, `fetch`, `test` and `configure`; the rest needs a human or automation")
            }
            Self::ReviewByMachine { .. } => one("set `observer` to the methods by which it learns who approved"),
            Self::ObserverLevel { .. } => {
                one("keep the key where the observed cannot reach it, then set `custody = \"isolated\"`")
            }
            Self::NoBuilder { pattern } if pattern.len() == 64 => vec![format!("did you mean `key:{pattern}`?")],
            Self::NoBuilder { .. } => {
                one("a builder is a principal: `key:<key id>`, `group:<name>` or `<issuer>#<id>`")
            }
            Self::IdleBuilder { .. } => one("add `build` or `package` to its `may`, and the product to its `products`"),
            Self::Duplicate { .. } => one("leave one of them out"),
            Self::TwoPersons { .. } => one("a shared account is nobody's: give each human his own"),
            Self::OneHumanTwice { .. } => one("name one key of each human, or lower the threshold"),
            Self::TwoNames { .. } => one("leave the key out of the list, or the [[root]] out of the file"),
            Self::WideName { .. } => one("write the name in full"),
            Self::NotAPerson { .. } => {
                one("a person row lists a human's own accounts; statements name who an agent or robot acts for")
            }
            Self::TwoPrincipals { .. } => {
                one("a key of two is nobody's: give each his own, or use one name in all lists")
            }
            Self::Counter { .. } => one("give each device a principal and a row of its own"),
            Self::TwoKinds { .. } => one("one principal is one kind; give the agent a key of its own"),
            Self::WideWorkflow { .. } => {
                one("write the workflow in full with `@refs/heads/BRANCH` of a protected branch")
            }
            Self::WideAddress { .. } => {
                one("write the whole address, or `*@` and a domain whose addresses one party gives out")
            }
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
