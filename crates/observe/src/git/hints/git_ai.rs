//! Notes of git-ai.
//!
//! SPEC: Git AI Standard v3.0.0, section 1.2.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::json;
use serde_json::{Map, Value};

use super::lines::{Labels, LineRange, Writer};
use super::{HINT_BYTES, Hint, HintError, HintSource, json_limits, path_fault, refuse_over, shown};

const SCHEMA: &str = "authorship/3.0.0";

/// Reads a note of git-ai.
///
/// In: the bytes of a note, at most 16 MiB. Out: a label for each file, key and its lines. A key that the note's own metadata does not explain keeps
/// its kind, without a tool's name.
/// Cost: O(bytes).
///
/// # Errors
/// [`HintError`] for whatever is not of the format; half a note is never read.
///
/// # Proves / does not prove
/// Proves nothing: whoever can push notes can write one. Lines that no key names are *untracked*: nothing is said of them.
pub fn read_git_ai_note(bytes: &[u8]) -> Result<Hint, HintError> {
    refuse_over("bytes of a note", bytes.len() as u64, HINT_BYTES as u64)?;
    let text = std::str::from_utf8(bytes).map_err(|_| HintError::Line { line: 1, reason: "not UTF-8" })?;
    let (attested, metadata) = parts(text)?;
    let metadata = Metadata::read(metadata)?;
    let mut labels = Labels::default();
    let mut file: Option<&str> = None;
    for (at, line) in attested.lines().enumerate() {
        let fault = |reason| HintError::Line { line: at + 1, reason };
        match line.strip_prefix("  ") {
            Some(entry) => {
                let path = file.ok_or_else(|| fault("lines before any file"))?;
                let (key, ranges) = entry.split_once(' ').ok_or_else(|| fault("no range of lines"))?;
                let writer = metadata.writer(key).ok_or_else(|| fault("no key of the format"))?;
                // OFF-SPEC: ranges need not be in order: the tool itself writes them in any.
                let ranges = ranges.split(',').map(LineRange::parse).collect::<Option<Vec<_>>>();
                labels.add(path, writer, ranges.ok_or_else(|| fault("no range of lines"))?)?;
            }
            None => {
                let path = plain_path(line).ok_or_else(|| fault("no path"))?;
                if let Some(reason) = path_fault(path) {
                    return Err(fault(reason));
                }
                labels.add_file(path)?;
                file = Some(path);
            }
        }
    }
    // Of every session, also of those whose lines were overwritten.
    let (tools, people) = (metadata.of_sessions(|writer| writer.tool), metadata.of_sessions(|writer| writer.person));
    Ok(Hint { source: HintSource::GitAi, revision: metadata.base, tools, people, files: labels.into_files() })
}

/// What stands before and after the divider.
fn parts(text: &str) -> Result<(&str, &str), HintError> {
    if let Some(metadata) = text.strip_prefix("---\n") {
        return Ok(("", metadata));
    }
    text.split_once("\n---\n").ok_or(HintError::Line { line: 1, reason: "no divider `---`" })
}

/// A path as a line gives it: in quotes when it holds blanks.
fn plain_path(line: &str) -> Option<&str> {
    let path = match line.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None if line.starts_with([' ', '\t']) => return None,
        None => line,
    };
    (!path.contains('"')).then_some(path)
}

struct Metadata {
    base: Option<String>,
    prompts: Map<String, Value>,
    sessions: Map<String, Value>,
    humans: Map<String, Value>,
}

impl Metadata {
    fn read(text: &str) -> Result<Self, HintError> {
        let value = json::parse(text.as_bytes(), &json_limits()).map_err(HintError::Json)?;
        let Value::Object(mut members) = value else {
            return Err(HintError::Member { member: "", reason: "the metadata is no object" });
        };
        if members.get("schema_version").and_then(Value::as_str) != Some(SCHEMA) {
            return Err(HintError::Member { member: "schema_version", reason: "not `authorship/3.0.0`" });
        }
        let base = members.get("base_commit_sha").and_then(Value::as_str).filter(|base| !base.is_empty()).map(shown);
        let mut map = |member: &'static str| match members.remove(member) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(HintError::Member { member, reason: "no object" }),
        };
        Ok(Self { base, prompts: map("prompts")?, sessions: map("sessions")?, humans: map("humans")? })
    }

    /// Whom a key names; `None` for what is no key.
    ///
    /// SPEC: 1.2.3.1. OFF-SPEC: the tool has also written `human`, `ai_agent`, UUIDs of sessions, and sessions without a trace.
    fn writer(&self, key: &str) -> Option<Writer> {
        match key {
            "human" => return Some(human(None)),
            "ai_agent" => return Some(agent(None)),
            _ => {}
        }
        if let Some(id) = key.strip_prefix("h_") {
            return is_hex(id, &[14]).then(|| human(self.humans.get(key)));
        }
        if let Some(rest) = key.strip_prefix("s_") {
            let (session, trace) =
                rest.split_once("::").map_or((rest, None), |(session, trace)| (session, Some(trace)));
            let has_trace = trace.is_none_or(|trace| trace.strip_prefix("t_").is_some_and(|id| is_hex(id, &[14])));
            let id = key.get(.."s_".len() + session.len()).unwrap_or_default();
            return (is_hex(session, &[14]) && has_trace).then(|| agent(self.sessions.get(id)));
        }
        // 7 digits before v1.0.
        (is_hex(key, &[16, 7]) || is_uuid(key)).then(|| agent(self.prompts.get(key)))
    }

    /// What the sessions say, each once, sorted.
    fn of_sessions(&self, said: impl Fn(Writer) -> String) -> Vec<String> {
        let sessions = self.prompts.values().chain(self.sessions.values());
        let found: BTreeSet<String> = sessions.map(|session| said(agent(Some(session)))).collect();
        found.into_iter().filter(|text| !text.is_empty()).collect()
    }
}

fn human(human: Option<&Value>) -> Writer {
    let person = human.map(|human| text(human, "author")).unwrap_or_default();
    Writer { kind: ActorKind::Human, tool: String::new(), model: String::new(), person }
}

fn agent(session: Option<&Value>) -> Writer {
    let id = session.and_then(|session| session.get("agent_id"));
    let of_id = |member| id.map(|id| text(id, member)).unwrap_or_default();
    let person = session.map(|session| text(session, "human_author")).unwrap_or_default();
    Writer { kind: ActorKind::Agent, tool: of_id("tool"), model: of_id("model"), person }
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).map(shown).unwrap_or_default()
}

fn is_hex(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Digits in groups of 8, 4, 4, 4 and 12. SPEC: RFC 9562 section 4.
fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    [8, 4, 4, 4, 12].iter().all(|length| groups.next().is_some_and(|group| is_hex(group, &[*length])))
        && groups.next().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const METADATA: &str = r#"{
  "schema_version": "authorship/3.0.0",
  "base_commit_sha": "7734793b756b3921c88db5375a8c156e9532447b",
  "prompts": {"abcd1234abcd1234": {"agent_id": {"tool": "cursor", "id": "1", "model": "gpt-4"}, "human_author": "Ana <ana@example.com>"}},
  "humans": {"h_31dce776f88375": {"author": "Bo <bo@example.com>"}},
  "sessions": {"s_c9883b05a2487d": {"agent_id": {"tool": "claude", "id": "2", "model": "opus"}}}
}"#;

    fn note(attested: &str) -> Result<Hint, HintError> {
        read_git_ai_note(format!("{attested}---\n{METADATA}").as_bytes())
    }

    #[test]
    fn the_three_forms_of_keys_are_read() {
        // pass: SPEC 1.2.7, a session, a known human and a key of the old form; a path in quotes; lines in any order
        let hint = note(
            "src/main.rs\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 12,1-10\n  h_31dce776f88375 15-20\n\"src/my file.rs\"\n  abcd1234abcd1234 1\n  e61c0a4 5\n",
        )
        .unwrap();
        assert_eq!(hint.revision.as_deref(), Some("7734793b756b3921c88db5375a8c156e9532447b"));
        assert_eq!(hint.tools, ["claude", "cursor"]);
        let told: Vec<_> = hint
            .files
            .iter()
            .flat_map(|file| file.labels.iter().map(|label| (file.path.as_str(), label)))
            .map(|(path, label)| {
                let lines: Vec<_> = label.lines.iter().map(|range| (range.first, range.last)).collect();
                (path, label.kind, label.tool.as_str(), label.person.as_str(), lines)
            })
            .collect();
        let expected = [
            ("src/main.rs", ActorKind::Human, "", "Bo <bo@example.com>", vec![(15, 20)]),
            ("src/main.rs", ActorKind::Agent, "claude", "", vec![(1, 10), (12, 12)]),
            ("src/my file.rs", ActorKind::Agent, "", "", vec![(5, 5)]),
            ("src/my file.rs", ActorKind::Agent, "cursor", "Ana <ana@example.com>", vec![(1, 1)]),
        ];
        assert_eq!(told, expected);
        assert!(hint.files.iter().all(super::super::FileLabels::is_agent_touched));
        assert_eq!(hint.sponsors(), ["mailto:ana@example.com"]);
    }

    #[test]
    fn keys_that_the_tool_wrote_before_are_read() {
        // pass: each form that real notes have; only the words for people are a person's
        let keys = ["human", "ai_agent", "0f8fad5b-d9cb-469f-a165-70867728950e", "s_c9883b05a2487d"];
        for key in keys {
            let hint = note(&format!("a.rs\n  {key} 1\n")).unwrap();
            let kinds: Vec<_> = hint.files.iter().flat_map(|file| &file.labels).map(|label| label.kind).collect();
            assert_eq!(kinds, [if key == "human" { ActorKind::Human } else { ActorKind::Agent }], "{key}");
        }
        let hint = note("a.rs\n  s_c9883b05a2487d 1\n").unwrap();
        assert!(hint.files.iter().flat_map(|file| &file.labels).all(|label| label.tool == "claude"));
    }

    #[test]
    fn a_note_of_no_lines_speaks_of_no_file() {
        // pass: nothing before the divider; a file of a known human alone is not the agent's, and the sessions are told all the same
        assert_eq!(note("").unwrap().files, []);
        let hint = note("a.rs\n  h_31dce776f88375 1\n").unwrap();
        assert!(!hint.files.iter().any(super::super::FileLabels::is_agent_touched) && hint.names_agent());
    }

    #[test]
    fn what_is_not_of_the_format_is_refused() {
        // fail: each is another thing that two readers could take differently
        for attested in [
            "  abcd1234abcd1234 1\n",
            "a.rs\n abcd1234abcd1234 1\n",
            "a.rs\n  abcd1234abcd1234\n",
            "a.rs\n  abcd1234abcd1234 1, 2\n",
            "a.rs\n  abcd1234abcd1234 0\n",
            "a.rs\n  ABCD1234ABCD1234 1\n",
            "a.rs\n  s_c9883b05a2487d::9f8e7d6c5b4a32 1\n",
            "a.rs\n  s_c9883b05a2487d:: 1\n",
            "a.rs\n  humans 1\n",
            "a.rs\n  0f8fad5b-d9cb-469f-a165-70867728950 1\n",
            "a.rs\n  0f8fad5b-d9cb-469f-a165-70867728950e-1 1\n",
            "a.rs\n  s_c9883b05a2487d::t_9f 1\n",
            "a.rs\n  h_31dce776 1\n",
            "a.rs\n\n  abcd1234abcd1234 1\n",
            "../a.rs\n  abcd1234abcd1234 1\n",
            "/etc/passwd\n  abcd1234abcd1234 1\n",
            "\"a b\n  abcd1234abcd1234 1\n",
            "a\"b\n  abcd1234abcd1234 1\n",
        ] {
            assert!(matches!(note(attested), Err(HintError::Line { .. })), "{attested}");
        }
        for text in ["", "a.rs\n", "a.rs\n--- \n{}"] {
            assert!(matches!(read_git_ai_note(text.as_bytes()), Err(HintError::Line { .. })), "{text}");
        }
        let metadata = |text: &str| read_git_ai_note(format!("---\n{text}").as_bytes());
        assert!(matches!(metadata("[]"), Err(HintError::Member { .. })));
        assert!(matches!(metadata("{\"schema_version\": \"authorship/4.0.0\"}"), Err(HintError::Member { .. })));
        let prompts = "{\"schema_version\": \"authorship/3.0.0\", \"prompts\": []}";
        assert!(matches!(metadata(prompts), Err(HintError::Member { member: "prompts", .. })));
        let twice = "{\"schema_version\": \"authorship/3.0.0\", \"schema_version\": \"authorship/3.0.0\"}";
        assert!(matches!(metadata(twice), Err(HintError::Json(_))));
        assert!(matches!(metadata(&"[".repeat(100_000)), Err(HintError::Json(_))));
        assert!(matches!(read_git_ai_note(b"---\n\xff"), Err(HintError::Line { .. })));
    }

    #[test]
    fn a_note_is_bounded() {
        // fail: too many bytes, files, ranges
        let over = |attested: String| assert!(matches!(note(&attested), Err(HintError::OverLimit { .. })));
        over("a".repeat(HINT_BYTES));
        over((0..=super::super::FILES).map(|n| format!("{n}\n")).collect());
        over(format!("a\n  abcd1234abcd1234 1{}\n", ",1".repeat(super::super::RANGES)));
    }
}
