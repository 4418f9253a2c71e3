//! Why a command could not do its work, and the one mapping from that to an exit code.

use std::error::Error;

use lasthand_attest::{AttestError, StatementError, WriteError};
use lasthand_observe::git::GitError;
use lasthand_observe::git::hints::HintError;
use lasthand_observe::images::ImageError;
use lasthand_observe::run::RunError;
use lasthand_observe::snapshot::SnapshotError;
use lasthand_observe::surroundings::SurroundingsError;
use lasthand_sign::{KeyFileError, SignError};
use lasthand_verify::VerifyError;
use lasthand_verify::layout::LayoutFault;

/// What kind of failure it is; the exit code follows from it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Wrong use or wrong configuration.
    Usage,
    /// Input is malformed or over a limit.
    Malformed,
    /// A bug of ours.
    Bug,
}

/// The exit code of a kind. SPEC: DESIGN section 7; 0, 1 and 3 are verdicts, not errors.
pub(crate) const fn exit_code(kind: Kind) -> u8 {
    match kind {
        Kind::Usage => 2,
        Kind::Malformed => 4,
        Kind::Bug => 70,
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Kind,
    what: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
}

impl CommandError {
    /// Wrong use or configuration.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, what: Some(what.into()), source: None, hints: Vec::new() }
    }

    /// Input that is malformed or over a limit.
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self { kind: Kind::Malformed, ..Self::usage(what) }
    }

    /// A bug of ours.
    pub(crate) fn bug(what: impl Into<String>) -> Self {
        Self { kind: Kind::Bug, ..Self::usage(what) }
            .hint("this is a bug in lasthand, not in your input: please report it with the command that led here")
    }

    /// Names what lies beneath.
    pub(crate) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What kind it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it, most likely remedy first.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The error and everything beneath it, in one line.
    pub(crate) fn message(&self) -> String {
        let mut parts: Vec<String> = self.what.iter().cloned().collect();
        let mut next: Option<&dyn Error> = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(source) = next {
            parts.push(source.to_string());
            next = source.source();
        }
        parts.join(": ")
    }

    fn of(
        kind: Kind,
        source: impl Error + Send + Sync + 'static,
        hints: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let hints = hints.into_iter().map(Into::into).collect();
        Self { kind, what: None, source: Some(Box::new(source)), hints }
    }
}

impl From<GitError> for CommandError {
    fn from(error: GitError) -> Self {
        let kind = match error {
            GitError::ObjectMismatch { .. }
            | GitError::Malformed { .. }
            | GitError::WrongKind { .. }
            | GitError::HostilePath { .. }
            | GitError::BadOwnFile { .. }
            | GitError::OverLimit { .. } => Kind::Malformed,
            _ => Kind::Usage,
        };
        let hints = error.hints();
        Self::of(kind, error, hints)
    }
}

impl From<HintError> for CommandError {
    fn from(error: HintError) -> Self {
        match error {
            HintError::Git(error) => error.into(),
            error => Self::of(
                Kind::Malformed,
                error,
                [
                    "have the note mended where it was written; without `--notes` nobody looks at notes, and agents that they alone name stay unseen",
                ],
            ),
        }
    }
}

impl From<KeyFileError> for CommandError {
    fn from(error: KeyFileError) -> Self {
        let hints = error.hints();
        Self::of(Kind::Usage, error, hints)
    }
}

impl From<SignError> for CommandError {
    fn from(error: SignError) -> Self {
        let hints = error.hints();
        Self::of(Kind::Usage, error, hints)
    }
}

impl From<SurroundingsError> for CommandError {
    fn from(error: SurroundingsError) -> Self {
        let hints = error.hints();
        Self::of(Kind::Usage, error, hints)
    }
}

impl From<SnapshotError> for CommandError {
    fn from(error: SnapshotError) -> Self {
        let hints = error.hints();
        let kind = if matches!(error, SnapshotError::OverLimit { .. }) { Kind::Malformed } else { Kind::Usage };
        Self::of(kind, error, hints)
    }
}

impl From<ImageError> for CommandError {
    fn from(error: ImageError) -> Self {
        let malformed =
            matches!(error, ImageError::Malformed { .. } | ImageError::Missing { .. } | ImageError::OverLimit { .. });
        let hints = error.hints();
        Self::of(if malformed { Kind::Malformed } else { Kind::Usage }, error, hints)
    }
}

impl From<RunError> for CommandError {
    fn from(error: RunError) -> Self {
        let hints = error.hints();
        Self::of(Kind::Usage, error, hints)
    }
}

impl From<StatementError> for CommandError {
    fn from(error: StatementError) -> Self {
        let hints = error.hints();
        Self::of(Kind::Usage, error, hints)
    }
}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        let hints = error.hints();
        let kind = match error {
            WriteError::Io { .. } | WriteError::BadKind { .. } | WriteError::NotEvidence { .. } => Kind::Usage,
            _ => Kind::Malformed,
        };
        Self::of(kind, error, hints)
    }
}

impl From<AttestError> for CommandError {
    fn from(error: AttestError) -> Self {
        match error {
            AttestError::Statement(error) => error.into(),
            AttestError::Write(error) => error.into(),
            other => Self::of(Kind::Usage, other, [""; 0]),
        }
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        let kind = if error.exit_code() == 4 { Kind::Malformed } else { Kind::Usage };
        let hints = error.hints();
        Self::of(kind, error, hints)
    }
}

impl From<LayoutFault> for CommandError {
    fn from(error: LayoutFault) -> Self {
        let kind = if error.exit_code() == 4 { Kind::Malformed } else { Kind::Usage };
        let hints = error.hints();
        Self::of(kind, error, hints)
    }
}
