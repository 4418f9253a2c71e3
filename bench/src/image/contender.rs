//! A command that takes part, and on what.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::corpus::Image;

/// One command on one image.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    /// What the table calls it.
    pub(super) name: String,
    /// Name of the image.
    pub(super) image: &'static str,
    /// On how many cores it may run; `None` for all.
    pub(super) cores: Option<usize>,
    /// What others are divided by.
    pub(super) role: Role,
    words: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    /// Written anew by each run, and removed before it.
    pub(super) scratch: Option<PathBuf>,
    /// Exit codes of a run that did its work.
    pub(super) good: &'static [i32],
}

/// What ratios rest on: of each image and number of cores there is one lasthand and one floor at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Lasthand,
    Floor,
    Other,
}

impl Contender {
    pub(super) fn new(name: impl Into<String>, image: &Image, words: Vec<OsString>) -> Self {
        let (name, image) = (name.into(), image.name);
        let (cores, role, variables, scratch) = (None, Role::Other, Vec::new(), None);
        Self { name, image, cores, role, words, variables, scratch, good: &[0] }
    }

    pub(super) fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// On the first `cores` cores alone.
    pub(super) fn on(mut self, cores: usize) -> Self {
        let list = format!("0-{}", cores.saturating_sub(1));
        self.words.splice(0..0, ["taskset", "-c", &list].map(OsString::from));
        Self { cores: Some(cores), ..self }
    }

    pub(super) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    pub(super) fn writes(self, scratch: PathBuf) -> Self {
        Self { scratch: Some(scratch), ..self }
    }

    pub(super) fn with(mut self, variables: &[(&'static str, &str)]) -> Self {
        self.variables.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }

    pub(super) fn good(self, good: &'static [i32]) -> Self {
        Self { good, ..self }
    }

    /// The command, with nothing to read and its data thrown away.
    pub(super) fn command(&self) -> Command {
        let mut words = self.words.iter();
        let mut command = Command::new(words.next().cloned().unwrap_or_default());
        command.args(words).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Whether both do the same kind of reading, so that their ratio means something.
    pub(super) fn same_task(&self, other: &Self) -> bool {
        self.image == other.image && self.cores == other.cores
    }
}
