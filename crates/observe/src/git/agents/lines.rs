//! What agents write into messages and names of branches. Lower case.

use super::Entry;

/// Ends of author names: the tool writes its name behind its user's, and keeps the user's address.
pub(super) const NAME_ENDS: &[Entry] = &[(" (aider)", "aider")];

/// Keys of lines that name an agent's session.
pub(super) const SESSIONS: &[Entry] = &[
    ("agent-logs-url", "copilot"),
    ("claude-session", "claude-code"),
    ("devin session", "devin"),
    ("amp-thread-id", "amp"),
    ("entire-checkpoint", "entire"),
    ("entire-session", "entire"),
    ("chainloop-trace-sessions", "chainloop-trace"),
];

/// Beginnings of lines that an agent puts into messages.
pub(super) const MESSAGES: &[Entry] = &[
    ("\u{1f916} generated with [claude code]", "claude-code"),
    ("generated with [claude code]", "claude-code"),
    ("\u{1f916} generated with claude code", "claude-code"),
    ("\u{1f4a8} generated with crush", "crush"),
    ("\u{1f916} generated with codex", "codex"),
];

/// Names of agents where a line gives no address, up to the first `:`, `,`, `(`, `/`, `<` or `[`; a model or version may follow. A name stands before
/// one that it begins with.
pub(super) const TOOLS: &[Entry] = &[
    ("aider", "aider"),
    ("amazon q developer", "amazon-q"),
    ("amazon q", "amazon-q"),
    ("amp", "amp"),
    ("chatgpt", "chatgpt"),
    ("claude code", "claude-code"),
    ("claude", "claude-code"),
    ("cline", "cline"),
    ("codex", "codex"),
    ("copilot", "copilot"),
    ("crush", "crush"),
    ("cursor", "cursor"),
    ("devin", "devin"),
    ("factory droid", "factory-droid"),
    ("gemini cli", "gemini-cli"),
    ("gemini", "gemini"),
    ("github copilot", "copilot"),
    ("goose", "goose"),
    ("gpt", "gpt"),
    ("jules", "jules"),
    ("junie", "junie"),
    ("kiro", "kiro"),
    ("openai codex", "codex"),
    ("opencode", "opencode"),
    ("openhands", "openhands"),
    ("qwen code", "qwen-code"),
    ("windsurf", "windsurf"),
];

/// Names of [`TOOLS`] that people have, too: alone they say nothing where a line may name a person.
pub(super) const PERSON_LIKE: &[&str] = &["claude", "devin", "jules", "junie"];

/// What may follow a name of [`TOOLS`], besides a number: models, and parts of products. A surname is none of them.
pub(super) const MODEL_WORDS: &[&str] =
    &["agent", "ai", "cli", "code", "fable", "flash", "haiku", "mini", "opus", "pro", "sonnet", "turbo"];

/// Beginnings of names of branches that agents make.
pub(super) const BRANCHES: &[Entry] = &[
    ("aider/", "aider"),
    ("amp/", "amp"),
    ("claude/", "claude-code"),
    ("codex/", "codex"),
    ("copilot/", "copilot"),
    ("cursor/", "cursor"),
    ("devin/", "devin"),
    ("gemini/", "gemini"),
    ("jules/", "jules"),
    ("opencode/", "opencode"),
    ("openhands/", "openhands"),
    ("windsurf/", "windsurf"),
];

/// What a trailer says that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum TrailerAct {
    /// Wrote with the author.
    Author,
    /// Is a tool that the author used.
    Tool,
    /// Signed off: an act of a person, before the law.
    SignOff,
    /// Looked and approves: an act of a person.
    Review,
}

/// Keys of trailers that name somebody.
pub(in super::super) const TRAILERS: &[(&str, TrailerAct)] = &[
    ("co-authored-by", TrailerAct::Author),
    ("co-developed-by", TrailerAct::Author),
    ("assisted-by", TrailerAct::Tool),
    ("generated-by", TrailerAct::Tool),
    ("made-with", TrailerAct::Tool),
    ("signed-off-by", TrailerAct::SignOff),
    ("reviewed-by", TrailerAct::Review),
    ("acked-by", TrailerAct::Review),
    ("tested-by", TrailerAct::Review),
    ("approved-by", TrailerAct::Review),
];
