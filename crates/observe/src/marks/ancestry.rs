//! Programs that are agents, by the name of a process above this one.

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramRow {
    /// Name of the program: no folder, no ending, lower case.
    pub program: &'static str,
    /// The agent.
    pub agent: &'static str,
}

/// Every row.
///
/// SPEC: docs/marks.md. Source: the process checks of `am-i-vibing`.
pub const TABLE_ROWS: &[ProgramRow] = &[
    row("claude", "claude-code"),
    row("codex", "codex"),
    row("gemini", "gemini-cli"),
    row("aider", "aider"),
    row("crush", "crush"),
    row("droid", "factory-droid"),
    row("devin", "devin"),
    row("octofriend", "octofriend"),
    row("cursor-agent", "cursor"),
    row("amp", "amp"),
    row("opencode", "opencode"),
    row("goose", "goose"),
];

/// Finds the row of a program, given its name or path as the system reports it.
#[must_use]
pub fn find(program: &str) -> Option<&'static ProgramRow> {
    let name = plain_name(program);
    TABLE_ROWS.iter().find(|row| row.program == name)
}

/// Folder and ending of a script or program taken off, in lower case.
fn plain_name(program: &str) -> String {
    let last = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
    let endings = [".exe", ".js", ".mjs", ".cjs", ".py"];
    let bare = endings.iter().find_map(|ending| last.strip_suffix(ending));
    bare.unwrap_or(&last).to_owned()
}

const fn row(program: &'static str, agent: &'static str) -> ProgramRow {
    ProgramRow { program, agent }
}
