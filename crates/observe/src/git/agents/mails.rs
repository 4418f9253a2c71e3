//! Mail addresses that agents and robots commit by. Lower case; `*+` stands for the number that the forge puts before an account's name.

use super::Entry;

/// Agents.
pub(super) const AGENTS: &[Entry] = &[
    ("noreply@anthropic.com", "claude-code"),
    ("claude@anthropic.com", "claude-code"),
    ("claude@users.noreply.github.com", "claude-code"),
    ("*+claude@users.noreply.github.com", "claude-code"),
    ("*+claude[bot]@users.noreply.github.com", "claude-code"),
    ("copilot@github.com", "copilot"),
    ("copilot@users.noreply.github.com", "copilot"),
    ("*+copilot@users.noreply.github.com", "copilot"),
    ("*+copilot-swe-agent[bot]@users.noreply.github.com", "copilot"),
    ("cursoragent@cursor.com", "cursor"),
    ("cursoragent@users.noreply.github.com", "cursor"),
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
    ("*+gemini-cli@users.noreply.github.com", "gemini-cli"),
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
    ("noreply@cline.bot", "cline"),
    ("noreply@kiro.dev", "kiro"),
    ("agent@warp.dev", "warp"),
    // SPEC: github.com/warpdotdev/warp pull request 9323, "Add client-side user setting for agent commit attribution".
    ("oz-agent@warp.dev", "warp"),
    // SPEC: github.com/warpdotdev/docs pull request 529, whose author it is.
    ("*+oz-by-warp[bot]@users.noreply.github.com", "warp"),
    // SPEC: github.com/chaoss/disclosure detection/constants.go, `KnownCoAuthorEmails`.
    ("noreply@codebuff.com", "codebuff"),
    ("*+v0[bot]@users.noreply.github.com", "v0"),
];

/// Agents that review; what they suggest is committed in their name.
pub(super) const REVIEW_BOTS: &[Entry] = &[
    ("*+copilot-pull-request-reviewer[bot]@users.noreply.github.com", "copilot"),
    ("*+gemini-code-assist[bot]@users.noreply.github.com", "gemini"),
    ("*+coderabbitai[bot]@users.noreply.github.com", "coderabbit"),
    ("*+greptile-apps[bot]@users.noreply.github.com", "greptile"),
    ("*+qodo-merge-pro[bot]@users.noreply.github.com", "qodo"),
    ("*+sourcery-ai[bot]@users.noreply.github.com", "sourcery"),
    ("*+ellipsis-dev[bot]@users.noreply.github.com", "ellipsis"),
    ("*+cubic-dev-ai[bot]@users.noreply.github.com", "cubic"),
];

/// Robots without a model.
pub(super) const ROBOTS: &[Entry] = &[
    ("*+dependabot[bot]@users.noreply.github.com", "dependabot"),
    ("*+dependabot-preview[bot]@users.noreply.github.com", "dependabot"),
    ("support@dependabot.com", "dependabot"),
    ("*+renovate[bot]@users.noreply.github.com", "renovate"),
    ("bot@renovateapp.com", "renovate"),
    ("*+github-actions[bot]@users.noreply.github.com", "github-actions"),
    ("action@github.com", "github-actions"),
    ("*+pre-commit-ci[bot]@users.noreply.github.com", "pre-commit-ci"),
    ("*+red-hat-konflux[bot]@users.noreply.github.com", "konflux"),
    ("bot@stepsecurity.io", "stepsecurity"),
    ("noreply@github.com", "web-flow"),
];
