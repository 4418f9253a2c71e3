//! Provenance of agents' commits.
//!
//! SPEC: Agent Commit Build Type v0.3, Andrew McNamara, <https://refs.arewm.com/agent-commit/v0.3>: SLSA provenance whose subject is the commit, with what an
//! observer outside of the agent's sandbox saw of files.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::json;
use serde_json::Value;

use super::lines::{Labels, Writer};
use super::{HINT_BYTES, Hint, HintError, HintSource, json_limits, path_fault, refuse_over, shown};

const BUILD_TYPE: &str = "https://refs.arewm.com/agent-commit/v0.3";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// Reads a statement about an agent's commit.
///
/// In: an in-toto statement without its envelope, at most 16 MiB. Out: the commit of its subject, the runtimes of the agent and its subagents, and the files
/// that `observed-filesystem` says were written, whole; paths outside of a tree are passed over, as the sandbox has other files, too.
/// Cost: O(bytes).
///
/// # Errors
/// [`HintError`] for whatever is not of the format, another build type included.
///
/// # Proves / does not prove
/// Proves nothing, as no signature is looked at here: a signed one is evidence, and goes to `verify`.
pub fn read_agent_commit(bytes: &[u8]) -> Result<Hint, HintError> {
    refuse_over("bytes of a statement", bytes.len() as u64, HINT_BYTES as u64)?;
    let statement = json::parse(bytes, &json_limits()).map_err(HintError::Json)?;
    if statement.get("predicateType").and_then(Value::as_str) != Some(PROVENANCE) {
        return Err(HintError::Member { member: "predicateType", reason: "no SLSA provenance v1" });
    }
    if statement.pointer("/predicate/buildDefinition/buildType").and_then(Value::as_str) != Some(BUILD_TYPE) {
        return Err(HintError::Member { member: "buildType", reason: "no agent-commit v0.3" });
    }
    let parameters = statement.pointer("/predicate/buildDefinition/internalParameters");
    let agent = parameters.and_then(|parameters| parameters.get("agent"));
    let agent = agent.ok_or(HintError::Member { member: "agent", reason: "missing" })?;
    let writer = Writer {
        kind: ActorKind::Agent,
        tool: text(agent, "/runtime/name"),
        model: text(agent, "/model/modelId"),
        person: String::new(),
    };
    let mut labels = Labels::default();
    for path in written(&statement) {
        labels.add_file(path)?;
        labels.add(path, writer.clone(), [])?;
    }
    let subagents = parameters.and_then(|parameters| parameters.get("subagents")).and_then(Value::as_array);
    let subagents = subagents.into_iter().flatten().map(|subagent| text(subagent, "/agent/runtime/name"));
    let tools: BTreeSet<String> = subagents.chain([writer.tool]).filter(|tool| !tool.is_empty()).collect();
    Ok(Hint {
        source: HintSource::AgentCommit,
        revision: Some(commit(&statement)?),
        tools: tools.into_iter().collect(),
        people: Vec::new(),
        files: labels.into_files(),
    })
}

/// The one commit of the subject.
fn commit(statement: &Value) -> Result<String, HintError> {
    let fault = |reason| HintError::Member { member: "subject", reason };
    let subjects = statement.get("subject").and_then(Value::as_array).ok_or_else(|| fault("no list"))?;
    let [subject] = subjects.as_slice() else { return Err(fault("not exactly one")) };
    let commit = subject.pointer("/digest/gitCommit").and_then(Value::as_str);
    commit.map(shown).ok_or_else(|| fault("no `gitCommit`"))
}

/// Paths of a tree that an observer saw written.
fn written(statement: &Value) -> impl Iterator<Item = &str> {
    list(statement.pointer("/predicate/runDetails/byproducts"))
        .filter(|product| product.get("name").and_then(Value::as_str) == Some("observed-filesystem"))
        .flat_map(|product| list(product.pointer("/annotations/observations")))
        .flat_map(|observation| list(observation.get("writes")))
        .filter_map(|write| write.get("path").and_then(Value::as_str))
        .filter(|path| path_fault(path).is_none())
}

fn list(value: Option<&Value>) -> std::slice::Iter<'_, Value> {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).map(shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn statement(subject: &str, build_type: &str) -> String {
        format!(
            r#"{{"_type": "https://in-toto.io/Statement/v1", "subject": {subject}, "predicateType": "https://slsa.dev/provenance/v1", "predicate": {{
  "buildDefinition": {{"buildType": "{build_type}", "internalParameters": {{
    "agent": {{"model": {{"modelId": "opus"}}, "runtime": {{"name": "claude-code"}}}},
    "subagents": [{{"invocationId": "1", "agent": {{"runtime": {{"name": "codex"}}}}}}]}}}},
  "runDetails": {{"byproducts": [
    {{"name": "observed-network", "annotations": {{"observations": [{{"writes": [{{"path": "no.rs"}}]}}]}}}},
    {{"name": "observed-filesystem", "annotations": {{"observations": [{{"invocationId": "1", "reads": [{{"path": "read.rs"}}],
      "writes": [{{"path": "src/a.rs", "digest": {{}}}}, {{"path": "/etc/x"}}, {{"path": "../x"}}]}}]}}}}]}}}}}}"#
        )
    }

    const SUBJECT: &str = r#"[{"uri": "git+https://example.com/a", "digest": {"gitCommit": "ff33aa"}}]"#;

    #[test]
    fn what_was_written_is_the_agents() {
        // pass: the commit, the runtimes, the files written in the tree; fail: files read, and files beside the tree
        let hint = read_agent_commit(statement(SUBJECT, BUILD_TYPE).as_bytes()).unwrap();
        assert_eq!((hint.revision.as_deref(), hint.tools.len()), (Some("ff33aa"), 2));
        let files: Vec<_> = hint.files.iter().map(|file| (file.path.as_str(), file.is_agent_touched())).collect();
        assert_eq!(files, [("src/a.rs", true)]);
    }

    #[test]
    fn other_statements_are_refused() {
        // fail: another build type, no subject, two, one that is no commit, no statement at all
        let refused = |text: String| matches!(read_agent_commit(text.as_bytes()), Err(HintError::Member { .. }));
        assert!(refused(statement(SUBJECT, "https://refs.arewm.com/agent-commit/v0.30")));
        let one = SUBJECT.trim_matches(['[', ']']);
        for subject in ["[]".to_owned(), format!("[{one}, {one}]"), "[{\"digest\": {\"sha256\": \"00\"}}]".to_owned()] {
            assert!(refused(statement(&subject, BUILD_TYPE)), "{subject}");
        }
        assert!(refused("[]".to_owned()));
        assert!(matches!(read_agent_commit(b"{"), Err(HintError::Json(_))));
    }
}
