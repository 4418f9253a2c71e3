//! The table of agents and robots by what they write into commits. Data only.
//!
//! Rules of the table: a mail pattern has an `@` and never stands for a vendor's whole domain (employees are humans); a bare name that a person may
//! have never matches. Everything here can be written by anyone: a match is a mark (level 1), and no match proves nothing.

use lasthand_model::actor::ActorKind;

/// Version of the table, recorded beside what it found.
pub const TABLE: &str = "git-2026-11";

/// Mail addresses, lower case. `*+` stands for the number that the forge puts before an account's name.
const AGENT_MAILS: &[(&str, &str)] = &[
    ("noreply@anthropic.com", "claude-code"),
    ("claude@users.noreply.github.com", "claude-code"),
    ("*+claude@users.noreply.github.com", "claude-code"),
    ("*+claude[bot]@users.noreply.github.com", "claude-code"),
    ("copilot@github.com", "copilot"),
    ("*+copilot@users.noreply.github.com", "copilot"),
    ("*+copilot-swe-agent[bot]@users.noreply.github.com", "copilot"),
    ("*+copilot-pull-request-reviewer[bot]@users.noreply.github.com", "copilot"),
    ("cursoragent@cursor.com", "cursor"),
    ("*+cursoragent@users.noreply.github.com", "cursor"),
    ("*+cursor[bot]@users.noreply.github.com", "cursor"),
    ("noreply@openai.com", "codex"),
    ("codex@openai.com", "codex"),
    ("codex@example.com", "codex"),
    ("*+chatgpt-codex-connector[bot]@users.noreply.github.com", "codex"),
    ("aider@aider.chat", "aider"),
    ("noreply@aider.chat", "aider"),
    ("*+devin-ai-integration[bot]@users.noreply.github.com", "devin"),
    ("*+google-labs-jules[bot]@users.noreply.github.com", "jules"),
    ("gemini-cli@google.com", "gemini-cli"),
    ("gemini-cli-robot@google.com", "gemini-cli"),
    ("*+gemini-code-assist[bot]@users.noreply.github.com", "gemini"),
    ("*+gemini-cli[bot]@users.noreply.github.com", "gemini-cli"),
    ("amp@ampcode.com", "amp"),
    ("noreply@opencode.ai", "opencode"),
    ("*+opencode-agent[bot]@users.noreply.github.com", "opencode"),
    ("noreply@windsurf.com", "windsurf"),
    ("noreply@codeium.com", "windsurf"),
    ("openhands@all-hands.dev", "openhands"),
    ("droid@factory.ai", "factory-droid"),
    ("*+factory-droid[bot]@users.noreply.github.com", "factory-droid"),
    ("roomote@roocode.com", "roo"),
    ("crush@charm.land", "crush"),
    ("goose@opensource.block.xyz", "goose"),
    ("*+amazon-q-developer[bot]@users.noreply.github.com", "amazon-q"),
    ("*+replit-agent[bot]@users.noreply.github.com", "replit"),
    ("*+lovable-dev[bot]@users.noreply.github.com", "lovable"),
    ("*+gpt-engineer-app[bot]@users.noreply.github.com", "lovable"),
    ("*+v0[bot]@users.noreply.github.com", "v0"),
    ("*+coderabbitai[bot]@users.noreply.github.com", "coderabbit"),
    ("*+greptile-apps[bot]@users.noreply.github.com", "greptile"),
    ("*+qodo-merge-pro[bot]@users.noreply.github.com", "qodo"),
    ("*+sourcery-ai[bot]@users.noreply.github.com", "sourcery"),
    ("*+ellipsis-dev[bot]@users.noreply.github.com", "ellipsis"),
];

/// Robots without a model.
const AUTOMATION_MAILS: &[(&str, &str)] = &[
    ("*+dependabot[bot]@users.noreply.github.com", "dependabot"),
    ("*+dependabot-preview[bot]@users.noreply.github.com", "dependabot"),
    ("support@dependabot.com", "dependabot"),
    ("*+renovate[bot]@users.noreply.github.com", "renovate"),
    ("bot@renovateapp.com", "renovate"),
    ("*+github-actions[bot]@users.noreply.github.com", "github-actions"),
    ("action@github.com", "github-actions"),
    ("*+pre-commit-ci[bot]@users.noreply.github.com", "pre-commit-ci"),
    ("noreply@github.com", "web-flow"),
];

/// The forge itself, when it commits what somebody pressed a button for.
const FORGE_COMMITTER: &str = "noreply@github.com";

/// Ends of author names: the tool writes its name behind its user's, and keeps the user's address.
const NAME_ENDS: &[(&str, &str)] = &[(" (aider)", "aider")];

/// Lines that name an agent's session or product: key (lower case), agent.
const SESSION_LINES: &[(&str, &str)] = &[
    ("agent-logs-url", "copilot"),
    ("claude-session", "claude-code"),
    ("devin session", "devin"),
    ("amp-thread-id", "amp"),
];

/// Beginnings of lines that an agent puts into messages (lower case), agent.
const MESSAGE_LINES: &[(&str, &str)] = &[
    ("\u{1f916} generated with [claude code]", "claude-code"),
    ("generated with [claude code]", "claude-code"),
    ("\u{1f916} generated with claude code", "claude-code"),
    ("\u{1f4a8} generated with crush", "crush"),
    ("\u{1f916} generated with codex", "codex"),
];

/// Names of agents as `Assisted-by`, `Generated-by` and `Made-with` give them (lower case, up to the first `:`, `(` or `/`), agent.
const TOOL_NAMES: &[(&str, &str)] = &[
    ("aider", "aider"),
    ("amazon q", "amazon-q"),
    ("amazon q developer", "amazon-q"),
    ("amp", "amp"),
    ("chatgpt", "chatgpt"),
    ("claude", "claude-code"),
    ("claude code", "claude-code"),
    ("codex", "codex"),
    ("copilot", "copilot"),
    ("crush", "crush"),
    ("cursor", "cursor"),
    ("devin", "devin"),
    ("gemini", "gemini"),
    ("gemini cli", "gemini-cli"),
    ("github copilot", "copilot"),
    ("goose", "goose"),
    ("jules", "jules"),
    ("openai codex", "codex"),
    ("opencode", "opencode"),
    ("openhands", "openhands"),
    ("windsurf", "windsurf"),
];

/// What the table says of a mail address: kind, and name of the agent or robot where it has one.
///
/// An app's account that is in no row may be either, so it is [`ActorKind::Unknown`]; any other address is a human's *as claimed*.
#[must_use]
pub fn classify_mail(mail: &str) -> (ActorKind, Option<&'static str>) {
    let mail = mail.to_ascii_lowercase();
    if let Some(agent) = find(AGENT_MAILS, |pattern| mail_matches(pattern, &mail)) {
        return (ActorKind::Agent, Some(agent));
    }
    if let Some(robot) = find(AUTOMATION_MAILS, |pattern| mail_matches(pattern, &mail)) {
        return (ActorKind::Automation, Some(robot));
    }
    let is_app = mail.split('@').next().is_some_and(|local| local.ends_with("[bot]"));
    (if is_app || !mail.contains('@') { ActorKind::Unknown } else { ActorKind::Human }, None)
}

/// What the table says of an app's name, such as `cursor[bot]`.
pub(super) fn classify_app(name: &str) -> ActorKind {
    classify_mail(&format!("{name}@users.noreply.github.com")).0
}

/// Tells whether a mail address is one that an agent commits by.
#[must_use]
pub fn is_agent_mail(mail: &str) -> bool {
    classify_mail(mail).0 == ActorKind::Agent
}

pub(super) fn is_forge_committer(mail: &str) -> bool {
    mail.eq_ignore_ascii_case(FORGE_COMMITTER)
}

/// The agent that writes itself behind its user's name.
pub(super) fn agent_in_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    find(NAME_ENDS, |end| name.ends_with(end))
}

/// The agent that leaves this line in messages.
pub(super) fn agent_of_line(line: &str) -> Option<&'static str> {
    let line = line.trim().to_lowercase();
    let key = line.split_once(':').map(|(key, _)| key.trim());
    key.and_then(|key| find(SESSION_LINES, |known| known == key))
        .or_else(|| find(MESSAGE_LINES, |start| line.starts_with(start)))
}

/// The agent that a tool's name stands for.
pub(super) fn agent_of_tool(tool: &str) -> Option<&'static str> {
    let name = tool.split([':', '(', '/', '<', '[']).next().unwrap_or_default().trim().to_lowercase();
    // `Claude Opus 4.1`, `Claude 3.5 Sonnet`: the product's name with a model behind it.
    find(TOOL_NAMES, |known| name == known)
        .or_else(|| find(TOOL_NAMES, |known| name.strip_prefix(known).is_some_and(|rest| rest.starts_with([' ', '-']))))
}

fn find(table: &'static [(&str, &'static str)], matches: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|(pattern, _)| matches(pattern)).map(|(_, agent)| *agent)
}

fn mail_matches(pattern: &str, mail: &str) -> bool {
    let Some(account) = pattern.strip_prefix("*+") else { return pattern == mail };
    // The forge's older form has no number before the name.
    mail == account && account.contains("[bot]")
        || mail.split_once('+').is_some_and(|(number, rest)| {
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && rest == account
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_patterns_are_narrow() {
        for (pattern, _) in AGENT_MAILS.iter().chain(AUTOMATION_MAILS) {
            // pass: an address each, lower case, never a whole domain
            let local = pattern.split('@').next().unwrap_or_default();
            assert!(
                pattern.contains('@') && local.len() > 2 && local != "*+" && *pattern == pattern.to_lowercase(),
                "{pattern}"
            );
        }
    }

    #[test]
    fn addresses_are_classified() {
        let check = |mail: &str, kind, name| assert_eq!(classify_mail(mail), (kind, name), "{mail}");
        // pass: agents, robots
        check("noreply@anthropic.com", ActorKind::Agent, Some("claude-code"));
        check("198982749+Copilot@users.noreply.github.com", ActorKind::Agent, Some("copilot"));
        check("49699333+dependabot[bot]@users.noreply.github.com", ActorKind::Automation, Some("dependabot"));
        check("dependabot[bot]@users.noreply.github.com", ActorKind::Automation, Some("dependabot"));
        // fail: an employee, a person's account, an app nobody knows
        check("ana@anthropic.com", ActorKind::Human, None);
        check("claude@example.com", ActorKind::Human, None);
        check("x198982749+copilot@users.noreply.github.com", ActorKind::Human, None);
        check("1234+shiny-new[bot]@users.noreply.github.com", ActorKind::Unknown, None);
        check("", ActorKind::Unknown, None);
    }

    #[test]
    fn tools_and_lines_are_found() {
        // pass: kernel form, model behind the product, session lines
        assert_eq!(agent_of_tool("Claude:claude-3-opus coccinelle"), Some("claude-code"));
        assert_eq!(agent_of_tool("Claude Opus 4.1 (1M context)"), Some("claude-code"));
        assert_eq!(agent_of_line("Devin Session: https://app.example/sessions/1"), Some("devin"));
        // fail: a compiler, a person
        assert_eq!(agent_of_tool("protoc 3.21"), None);
        assert_eq!(agent_of_tool("Claudette Ampère"), None);
    }
}
