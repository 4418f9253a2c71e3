//! Runs one command and observes what it left: files before and after, how it ended, and that nothing of it lives on.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use lasthand_model::limits::Limits;
use thiserror::Error;

use crate::images::ImageProduct;
use crate::snapshot::{self, Roots, Snapshot, SnapshotError};
use crate::sys::{self, Guarded};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Folder to run it in.
    pub cwd: PathBuf,
    /// What it gets of our environment.
    pub environment: EnvironmentPolicy,
}

/// What a command gets of our environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EnvironmentPolicy {
    /// All of it. Reads of the environment are then a gap of the capture.
    #[default]
    Inherit,
    /// Only the variables of these names.
    Only(BTreeSet<OsString>),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It returned.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
}

impl Outcome {
    /// The exit code to hand on: the command's own, or 128 and the signal.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Signalled(signal) => 128 + signal,
        }
    }

    /// Whether the command returned 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Exited(0))
    }
}

/// What was observed of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Files before.
    pub before: Snapshot,
    /// Files after the command and everything it started was dead.
    pub after: Snapshot,
    /// How it ended.
    pub outcome: Outcome,
    /// Started, seconds since 1970-01-01T00:00:00Z by this machine's clock.
    pub started: i64,
    /// Finished, likewise.
    pub finished: i64,
    /// Processes that outlived the command and were killed.
    pub stragglers: u32,
    /// What this system cannot assure, in words for `capture.products.gaps`.
    pub gaps: Vec<String>,
    /// Images that it left; whoever knows where calls [`images::product`](crate::images::product()) and puts them here.
    pub images: Vec<ImageProduct>,
}

/// Why nothing was observed. No statement may be made then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The command has no program.
    #[error("no command given")]
    NoCommand,
    /// The command could not be started.
    #[error("could not start `{}`", program.display())]
    CouldNotStart {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The process that holds the command's processes together ended before them.
    #[error("the guard of `{}` was lost", program.display())]
    GuardLost {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The files before or after could not be recorded.
    #[error("could not record the files {moment} the command")]
    Snapshot {
        /// `before` or `after`.
        moment: &'static str,
        /// Why.
        #[source]
        source: SnapshotError,
    },
}

impl RunError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoCommand => vec!["give the command after `--`".to_owned()],
            Self::CouldNotStart { .. } => vec!["check that the program exists and may be executed".to_owned()],
            Self::GuardLost { .. } => vec!["something killed it; run the step again".to_owned()],
            Self::Snapshot { source, .. } => source.hints(),
        }
    }
}

/// Runs a command between two snapshots of the roots.
///
/// Everything the command starts, however it detaches itself, is dead before the second snapshot, and dies with this process.
/// SIGINT, SIGTERM, SIGHUP and SIGQUIT reach the command (from a terminal, the kernel itself delivers the keys); this process goes on to record.
/// Their handlers are this function's until it returns, then again what they were.
///
/// # Errors
/// [`RunError`]; whatever it is, no statement may be made. That the command itself failed is an [`Outcome`], not an error.
pub fn run(spec: &CommandSpec, roots: &Roots, limits: &Limits) -> Result<Observed, RunError> {
    let Some((program, arguments)) = spec.argv.split_first() else { return Err(RunError::NoCommand) };
    let before = snapshot::take(roots, limits).map_err(|source| RunError::Snapshot { moment: "before", source })?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&spec.cwd);
    if let EnvironmentPolicy::Only(names) = &spec.environment {
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| names.contains(name)));
    }
    let program = PathBuf::from(program);
    let started = now();
    let guarded =
        Guarded::spawn(command).map_err(|source| RunError::CouldNotStart { program: program.clone(), source })?;
    let ended = guarded.wait().map_err(|source| RunError::GuardLost { program, source })?;
    let finished = now();
    let after = snapshot::take(roots, limits).map_err(|source| RunError::Snapshot { moment: "after", source })?;
    Ok(Observed {
        argv: spec.argv.clone(),
        before,
        after,
        outcome: ended.outcome,
        started,
        finished,
        stragglers: ended.stragglers,
        gaps: sys::GAPS.iter().map(|gap| (*gap).to_owned()).collect(),
        images: Vec::new(),
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests;
