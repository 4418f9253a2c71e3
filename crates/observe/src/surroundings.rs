//! Who seems to be around: marks of agents, a terminal, a user name. Read once, at the edge.

mod ancestors;
mod given;

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::PathBuf;

use lasthand_model::wire::step_actor::Mark;
use thiserror::Error;

use crate::marks::environment::Weight;
use crate::marks::{TABLE, ancestry, environment};

/// Names the file that stands for the real surroundings, in tests and in the demo.
pub const SURROUNDINGS_VARIABLE: &str = "LASTHAND_SURROUNDINGS";

/// What was seen around this process.
///
/// # Proves / does not prove
/// A mark shows that an agent was present. No mark shows nothing, and a terminal shows nothing: an agent can hold a pseudo-terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Marks of agents, by source and rule, each once. Names only, never a value.
    pub marks: Vec<Mark>,
    /// Whether standard input and standard error are a terminal.
    pub terminal: bool,
    /// User name that the environment states; self-asserted.
    pub user: Option<String>,
    /// Whether a file stood for the real surroundings.
    pub simulated: bool,
}

/// One process above this one: every name it goes by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ancestor {
    /// Name of the process, its program file, and the script that an interpreter runs.
    pub names: Vec<String>,
}

/// Why the surroundings could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SurroundingsError {
    /// The file that [`SURROUNDINGS_VARIABLE`] names cannot be read.
    #[error("cannot read the surroundings file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not one JSON document.
    #[error("the surroundings file `{}` is not valid JSON", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: lasthand_model::json::JsonError,
    },
    /// A member is unknown, missing or of another type.
    #[error("the surroundings file `{}` has a wrong member at `{member}`: expected {expected}", path.display())]
    WrongMember {
        /// The file.
        path: PathBuf,
        /// Where, as a path of member names.
        member: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl SurroundingsError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![format!(
            "{SURROUNDINGS_VARIABLE} is for tests and the demo; unset it, or give a file such as \
             {{\"marks\":[{{\"source\":\"environment\",\"rule\":\"AI_AGENT\",\"agent\":\"demo\"}}],\"terminal\":false,\"user\":\"ana\"}}"
        )]
    }
}

impl Surroundings {
    /// Reads environment, process ancestry and terminal, or the file that [`SURROUNDINGS_VARIABLE`] names in their stead.
    ///
    /// Out: marks sorted by source and rule. Cost: one small file for each process above this one.
    /// Where the system has no `/proc`, ancestry is empty.
    ///
    /// # Errors
    /// [`SurroundingsError`], only for the file: what the system hides is absent, not an error.
    pub fn read() -> Result<Self, SurroundingsError> {
        match std::env::var_os(SURROUNDINGS_VARIABLE).filter(|value| !value.is_empty()) {
            Some(path) => given::read(&PathBuf::from(path)),
            None => {
                let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
                Ok(Self::read_from(std::env::vars_os(), ancestors::read(), terminal))
            }
        }
    }

    /// Concludes the surroundings from variables (name, value) and ancestors. Pure.
    #[must_use]
    pub fn read_from(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        ancestors: impl IntoIterator<Item = Ancestor>,
        terminal: bool,
    ) -> Self {
        let mut marks = Vec::new();
        let (mut user, mut login) = (None, None);
        for (name, value) in variables {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            match name.as_ref() {
                "USER" if !value.is_empty() => user = Some(value.to_string()),
                "LOGNAME" if !value.is_empty() => login = Some(value.to_string()),
                _ => {}
            }
            if let Some(row) = environment::find(&name, &value)
                && row.weight == Weight::Mark
            {
                marks.push(mark("environment", row.rule(), row.agent));
            }
        }
        let programs = ancestors.into_iter().flat_map(|ancestor| ancestor.names);
        let rows = programs.filter_map(|program| ancestry::find(&program));
        marks.extend(rows.map(|row| mark("ancestry", row.program.to_owned(), row.agent)));
        marks.sort_by(|a, b| (&a.source, &a.rule).cmp(&(&b.source, &b.rule)));
        marks.dedup();
        Self { marks, terminal, user: user.or(login), simulated: false }
    }

    /// The word for the `surroundings` member of a predicate: `simulated`, or nothing.
    #[must_use]
    pub fn wire_word(&self) -> Option<String> {
        self.simulated.then(|| "simulated".to_owned())
    }
}

fn mark(source: &str, rule: String, agent: &str) -> Mark {
    Mark { source: source.to_owned(), rule, agent: agent.to_owned(), table: TABLE.to_owned() }
}

impl Ancestor {
    /// Takes one name.
    #[must_use]
    pub fn named(name: impl AsRef<OsStr>) -> Self {
        Self { names: vec![name.as_ref().to_string_lossy().into_owned()] }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests;
