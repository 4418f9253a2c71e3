//! What must come of a verification, and what came.

use std::path::Path;

use serde_json::{Value, json};

use super::people::BO;
use super::shell::Shell;
use super::story::World;
use crate::command_error::CommandError;
use crate::files::write_whole;

/// What must come of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    exit: i32,
    /// For a refusal: findings, and the path that each must name; the first is the one to look at.
    findings: &'static [(&'static str, &'static str)],
}

/// What came of it, in words for the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    expected: Expected,
    exit: i32,
    found: bool,
}

impl Expected {
    /// The release is accepted.
    pub(super) const ACCEPTED: Self = Self { exit: 0, findings: &[] };

    /// Refused, with findings and the path of each.
    pub(super) const fn refused(findings: &'static [(&'static str, &'static str)]) -> Self {
        Self { exit: 1, findings }
    }

    /// Writes `expected.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(self, path: &Path) -> Result<(), CommandError> {
        let document = match self.findings.split_first() {
            Some(((finding, path), more)) => {
                let more: Vec<Value> = more.iter().map(|(id, path)| json!({"finding": id, "path": path})).collect();
                json!({"exit": self.exit, "finding": finding, "path": path, "more": more})
            }
            None => json!({"exit": self.exit}),
        };
        write_whole(path, format!("{document}\n").as_bytes())
    }
}

/// Verifies the artifact of a world with the very command that anybody would type.
///
/// # Errors
/// When `lasthand` cannot be started, or its report not be read.
pub(super) fn verify(
    shell: &Shell,
    world: &World,
    artifact: &str,
    name: &str,
    expected: Expected,
) -> Result<Row, CommandError> {
    let folder = world.out.strip_prefix(&shell.top).unwrap_or(&world.out);
    let at = |file: &str| folder.join(file).display().to_string();
    let [artifact, evidence, trust] = [artifact, "evidence", "lasthand.trust.toml"].map(at);
    let report = shell.top.join("work").join(format!("{name}.report.json"));
    let json = format!("json=work/{name}.report.json");
    let said = shell.try_run(
        BO,
        &shell.top,
        &["lasthand", "verify", &artifact, "--bundle", &evidence, "--trust", &trust, "-o", "text", "-o", &json],
    )?;
    let found = expected.findings.iter().all(|(id, path)| names(&report, id, path));
    Ok(Row { name: name.to_owned(), expected, exit: said.code, found })
}

/// Whether a report has a finding with this id at this path.
fn names(report: &Path, id: &str, path: &str) -> bool {
    let document = std::fs::read(report).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let findings = document.as_ref().and_then(|document| document.get("findings")?.as_array());
    findings.is_some_and(|findings| {
        findings.iter().any(|finding| {
            finding.get("id").and_then(Value::as_str) == Some(id)
                && finding.pointer("/where/path").and_then(Value::as_str) == Some(path)
        })
    })
}

impl Row {
    /// Whether everything came as it must.
    pub(super) const fn is_as_expected(&self) -> bool {
        self.exit == self.expected.exit && self.found
    }

    /// The row of the table.
    pub(super) fn line(&self) -> String {
        let word = |exit: i32| match exit {
            0 => "accepted",
            1 => "refused",
            3 => "undecided",
            _ => "error",
        };
        let why = self.expected.findings.first().map_or_else(String::new, |(id, path)| format!("{id} {path}"));
        let judged = match (self.is_as_expected(), self.exit == self.expected.exit) {
            (true, _) => "as expected".to_owned(),
            (false, true) => "NOT AS EXPECTED: the finding is missing".to_owned(),
            (false, false) => format!("NOT AS EXPECTED: {} ({})", word(self.exit), self.exit),
        };
        format!("{:<16} {:<9} {:<44} {judged}", self.name, word(self.expected.exit), why).trim_end().to_owned()
    }
}
