//! Records of Agent Trace.
//!
//! SPEC: Agent Trace 0.1.0 (RFC, January 2026), section 6. Where records are kept is not specified; the reference implementation appends them, one a
//! line, to `.agent-trace/traces.jsonl`.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::json;
use serde_json::Value;

use super::lines::{Labels, LineRange, Writer};
use super::{HINT_BYTES, Hint, HintError, HintSource, json_limits, path_fault, refuse_over, shown};

/// LIMIT: records of one file of lines.
const RECORDS: usize = 100_000;

/// Reads a record of Agent Trace.
///
/// In: one JSON document of at most 16 MiB. Out: a label for each file and contributor, and its lines at the recorded revision; `mixed` is an agent's, and a
/// contributor that is not said is unknown.
/// Cost: O(bytes).
///
/// # Errors
/// [`HintError`] for whatever is not of the format.
///
/// # Proves / does not prove
/// Proves nothing: a record is neither signed nor bound to bytes.
pub fn read_agent_trace(bytes: &[u8]) -> Result<Hint, HintError> {
    refuse_over("bytes of a record", bytes.len() as u64, HINT_BYTES as u64)?;
    let record = json::parse(bytes, &json_limits()).map_err(HintError::Json)?;
    let version = required_text(&record, "version")?;
    // SPEC: 7.1, a minor version only adds.
    if version != "0.1" && !version.starts_with("0.1.") {
        return Err(HintError::Member { member: "version", reason: "not 0.1" });
    }
    required_text(&record, "id")?;
    required_text(&record, "timestamp")?;
    let tool = record.get("tool").map(|tool| text(tool, "name")).unwrap_or_default();
    let mut labels = Labels::default();
    for file in required_list(&record, "files")? {
        let path = required_text(file, "path")?;
        if let Some(reason) = path_fault(path) {
            return Err(HintError::Member { member: "path", reason });
        }
        labels.add_file(path)?;
        for conversation in required_list(file, "conversations")? {
            add_conversation(&mut labels, path, conversation, &tool)?;
        }
    }
    let tools = BTreeSet::from([tool]).into_iter().filter(|tool| !tool.is_empty()).collect();
    let (source, revision) = (HintSource::AgentTrace, revision(&record)?);
    Ok(Hint { source, revision, tools, people: Vec::new(), files: labels.into_files() })
}

/// Reads records that stand one a line; empty lines are passed over.
///
/// # Errors
/// As [`read_agent_trace`], for all of them at the first that is not of the format.
pub fn read_agent_traces(bytes: &[u8]) -> Result<Vec<Hint>, HintError> {
    refuse_over("bytes of records", bytes.len() as u64, HINT_BYTES as u64)?;
    let mut hints = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        refuse_over("records", hints.len() as u64 + 1, RECORDS as u64)?;
        hints.push(read_agent_trace(line)?);
    }
    Ok(hints)
}

fn add_conversation(labels: &mut Labels, path: &str, conversation: &Value, tool: &str) -> Result<(), HintError> {
    let contributor = conversation.get("contributor");
    for range in required_list(conversation, "ranges")? {
        let lines = LineRange::new(required_line(range, "start_line")?, required_line(range, "end_line")?);
        let lines = lines.ok_or(HintError::Member { member: "end_line", reason: "before `start_line`" })?;
        // SPEC: 6.1, a range's own contributor goes before the conversation's.
        let writer = writer(range.get("contributor").or(contributor), tool)?;
        labels.add(path, writer, [lines])?;
    }
    Ok(())
}

fn writer(contributor: Option<&Value>, tool: &str) -> Result<Writer, HintError> {
    let kind = match contributor.map(|contributor| required_text(contributor, "type")).transpose()? {
        Some("human") => ActorKind::Human,
        Some("ai" | "mixed") => ActorKind::Agent,
        Some("unknown") | None => ActorKind::Unknown,
        Some(_) => return Err(HintError::Member { member: "type", reason: "no contributor of the format" }),
    };
    let model = contributor.map(|contributor| text(contributor, "model_id")).unwrap_or_default();
    let tool = if kind == ActorKind::Human { String::new() } else { tool.to_owned() };
    Ok(Writer { kind, tool, model, person: String::new() })
}

/// The commit, where the record is about git.
fn revision(record: &Value) -> Result<Option<String>, HintError> {
    let Some(vcs) = record.get("vcs") else { return Ok(None) };
    let is_git = required_text(vcs, "type")? == "git";
    let revision = required_text(vcs, "revision")?;
    Ok(is_git.then(|| shown(revision)))
}

fn required_text<'a>(value: &'a Value, member: &'static str) -> Result<&'a str, HintError> {
    let found = value.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or(HintError::Member { member, reason: "no text" })
}

fn required_list<'a>(value: &'a Value, member: &'static str) -> Result<&'a [Value], HintError> {
    let found = value.get(member).and_then(Value::as_array);
    found.map(Vec::as_slice).ok_or(HintError::Member { member, reason: "no list" })
}

fn required_line(value: &Value, member: &'static str) -> Result<u32, HintError> {
    let found = value.get(member).and_then(Value::as_u64).and_then(|line| u32::try_from(line).ok());
    found.filter(|line| *line > 0).ok_or(HintError::Member { member, reason: "no line" })
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).map(shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Grade;
    use super::*;

    fn record(files: &str) -> String {
        format!(
            "{{\"version\": \"0.1.0\", \"id\": \"550e8400-e29b-41d4-a716-446655440000\", \"timestamp\": \"2026-01-23T14:30:00Z\", \"vcs\": {{\"type\": \"git\", \
             \"revision\": \"a1b2\"}}, \"tool\": {{\"name\": \"cursor\"}}, \"files\": {files}}}"
        )
    }

    fn file(path: &str, ranges: &str) -> String {
        format!(
            "[{{\"path\": \"{path}\", \"conversations\": [{{\"contributor\": {{\"type\": \"ai\", \"model_id\": \"m\"}}, \"ranges\": {ranges}}}]}}]"
        )
    }

    #[test]
    fn contributors_of_ranges_go_before_those_of_conversations() {
        // pass: SPEC 6.1; mixed is an agent's, a person is told as one, and the grade says whether the revision is the one asked for
        let ranges = "[{\"start_line\": 42, \"end_line\": 67, \"content_hash\": \"murmur3:9f2e8a1b\"}, {\"start_line\": 1, \"end_line\": 2, \"contributor\": {\"type\": \
                      \"human\"}}, {\"start_line\": 5, \"end_line\": 5, \"contributor\": {\"type\": \"mixed\"}}]";
        let hint = read_agent_trace(record(&file("src/a.ts", ranges)).as_bytes()).unwrap();
        let labels: Vec<_> = hint.files.iter().flat_map(|file| &file.labels).collect();
        let told: Vec<_> = labels.iter().map(|label| (label.kind, label.tool.as_str(), label.model.as_str())).collect();
        assert_eq!(
            told,
            [(ActorKind::Human, "", ""), (ActorKind::Agent, "cursor", ""), (ActorKind::Agent, "cursor", "m")]
        );
        assert_eq!((hint.grade("a1b2"), hint.grade("ffff")), (Grade::SelfAsserted, Grade::SelfAssertedElsewhere));
        assert!(hint.grade("a1b2").as_str().contains("self-asserted") && Grade::SelfAssertedElsewhere.level() == 1);
    }

    #[test]
    fn a_record_without_contributor_is_of_somebody_unknown() {
        // pass: the smallest record; no revision means that it is about none in particular
        let text = "{\"version\": \"0.1\", \"id\": \"x\", \"timestamp\": \"y\", \"files\": [{\"path\": \"a\", \"conversations\": [{\"ranges\": [{\"start_line\": 1, \"end_line\": 1}]}]}]}";
        let hint = read_agent_trace(text.as_bytes()).unwrap();
        assert!(hint.names_agent() && hint.revision.is_none());
        assert_eq!(hint.grade(""), Grade::SelfAssertedElsewhere);
        assert_eq!(read_agent_traces(format!("{text}\n\n{text}\n").as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_of_the_format_is_refused() {
        // fail: paths outside, lines that are none, contributors and versions nobody knows, keys twice
        let line = |first: &str, last: &str| format!("[{{\"start_line\": {first}, \"end_line\": {last}}}]");
        for files in [
            file("../a", &line("1", "1")),
            file("a", &line("0", "1")),
            file("a", &line("2", "1")),
            file("a", &line("1.5", "2")),
            file("a", "{}"),
            file("a", "[{\"start_line\": 1, \"end_line\": 1, \"contributor\": {\"type\": \"robot\"}}]"),
            "{}".to_owned(),
        ] {
            let refused = read_agent_trace(record(&files).as_bytes());
            assert!(matches!(refused, Err(HintError::Member { .. })), "{files}");
        }
        let newer = record("[]").replace("0.1.0", "1.0.0");
        assert!(matches!(read_agent_trace(newer.as_bytes()), Err(HintError::Member { member: "version", .. })));
        let twice = record("[]").replacen("\"id\"", "\"version\": \"0.1.0\", \"id\"", 1);
        assert!(matches!(read_agent_trace(twice.as_bytes()), Err(HintError::Json(_))));
        assert!(matches!(read_agent_traces(b"{}\n"), Err(HintError::Member { .. })));
    }
}
