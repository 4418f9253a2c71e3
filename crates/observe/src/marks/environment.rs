//! Environment variables that agents set for the commands they start.

/// How a row names its variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// The whole name.
    Exact(&'static str),
    /// The beginning of the name.
    Prefix(&'static str),
}

/// What the variable must hold to be a mark. A value is compared, never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRule {
    /// Anything but the empty text.
    AnyText,
    /// Exactly this text.
    Exactly(&'static str),
}

/// Whether people meet the variable in their own terminals too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Only an agent sets it for a command: a mark.
    Mark,
    /// Editors, hosts or shell profiles set it for people as well: known, but no mark.
    AlsoHuman,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvironmentRow {
    /// Which variable.
    pub name: NameRule,
    /// What it must hold.
    pub value: ValueRule,
    /// The agent that sets it.
    pub agent: &'static str,
    /// Whether it is a mark.
    pub weight: Weight,
}

impl EnvironmentRow {
    /// Tells whether the variable `name = value` matches this row.
    #[must_use]
    pub fn matches(&self, name: &str, value: &str) -> bool {
        let name_matches = match self.name {
            NameRule::Exact(exact) => name == exact,
            NameRule::Prefix(prefix) => name.starts_with(prefix),
        };
        let value_matches = match self.value {
            ValueRule::AnyText => !value.is_empty(),
            ValueRule::Exactly(exact) => value == exact,
        };
        name_matches && value_matches
    }

    /// The rule as a mark names it: the variable, or its beginning and `*`.
    #[must_use]
    pub fn rule(&self) -> String {
        match self.name {
            NameRule::Exact(exact) => exact.to_owned(),
            NameRule::Prefix(prefix) => format!("{prefix}*"),
        }
    }
}

/// Every row, marks first.
///
/// SPEC: docs/marks.md. Sources: the public tables of `@vercel/detect-agent`, `std-env`, `am-i-vibing`, and the agents' own pages.
pub const TABLE_ROWS: &[EnvironmentRow] = &[
    mark("AI_AGENT", "unspecified"),
    mark("AGENT", "unspecified"),
    mark("CLAUDECODE", "claude-code"),
    mark("CLAUDE_CODE", "claude-code"),
    mark("CLAUDE_CODE_REMOTE", "claude-code"),
    mark("CLAUDE_CODE_IS_COWORK", "claude-code"),
    mark("CURSOR_AGENT", "cursor"),
    mark_when("CURSOR_EXTENSION_HOST_ROLE", "agent-exec", "cursor"),
    mark("CODEX_SANDBOX", "codex"),
    mark("CODEX_THREAD_ID", "codex"),
    mark("CODEX_CI", "codex"),
    mark_when("CODEX_INTERNAL_ORIGINATOR_OVERRIDE", "codex_web_agent", "codex"),
    mark("GEMINI_CLI", "gemini-cli"),
    mark("OPENCODE", "opencode"),
    mark("OPENCODE_CLIENT", "opencode"),
    mark("OPENCODE_BIN_PATH", "opencode"),
    mark("VSCODE_AGENT", "copilot"),
    mark("COPILOT_AGENT", "copilot"),
    mark("COPILOT_CLI", "copilot"),
    mark("AMP_CURRENT_THREAD_ID", "amp"),
    mark("AUGMENT_AGENT", "augment"),
    mark("ANTIGRAVITY_AGENT", "antigravity"),
    mark("ANTIGRAVITY_PROJECT_ID", "antigravity"),
    mark("QWEN_CODE", "qwen-code"),
    mark("CRUSH", "crush"),
    mark("PI_CODING_AGENT", "pi"),
    mark("JUNIE_DATA", "junie"),
    mark_when("REPLIT_MODE", "assistant", "replit"),
    mark("CLINE_ACTIVE", "cline"),
    mark("TRAE_AI_SHELL_ID", "trae"),
    EnvironmentRow {
        name: NameRule::Prefix("CLOUD_AGENT_"),
        value: ValueRule::AnyText,
        agent: "cloud-agent",
        weight: Weight::Mark,
    },
    also_human("CURSOR_TRACE_ID", "cursor"),
    also_human("REPL_ID", "replit"),
    also_human("TERM_PROGRAM", "kiro"),
    also_human("CODEIUM_EDITOR_APP_ROOT", "windsurf"),
    // Settings and secrets that people keep in their shell profile.
    also_human("AIDER_API_KEY", "aider"),
    also_human("GOOSE_PROVIDER", "goose"),
    also_human("COPILOT_MODEL", "copilot"),
    also_human("COPILOT_ALLOW_ALL", "copilot"),
    also_human("COPILOT_GITHUB_TOKEN", "copilot"),
];

/// Finds the row that the variable `name = value` matches.
#[must_use]
pub fn find(name: &str, value: &str) -> Option<&'static EnvironmentRow> {
    TABLE_ROWS.iter().find(|row| row.matches(name, value))
}

const fn mark(name: &'static str, agent: &'static str) -> EnvironmentRow {
    EnvironmentRow { name: NameRule::Exact(name), value: ValueRule::AnyText, agent, weight: Weight::Mark }
}

const fn mark_when(name: &'static str, value: &'static str, agent: &'static str) -> EnvironmentRow {
    EnvironmentRow { name: NameRule::Exact(name), value: ValueRule::Exactly(value), agent, weight: Weight::Mark }
}

const fn also_human(name: &'static str, agent: &'static str) -> EnvironmentRow {
    EnvironmentRow { name: NameRule::Exact(name), value: ValueRule::AnyText, agent, weight: Weight::AlsoHuman }
}
