//! Provenance and links as steps.

use std::collections::BTreeMap;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{External, Material, NamedDigest, SourceTree, Step};
use lasthand_model::wire::link::LinkPredicate;
use lasthand_model::wire::provenance::{ProvenanceV1, ProvenanceV02};
use lasthand_model::wire::statement::{ResourceDescriptor, Statement};
use serde_json::{Map, Value};

use super::{IngestError, names, predicate};

/// Build type of `lasthand run`; its external parameters say the kind, the command and the parameters.
pub(super) const RUN_BUILD_TYPE: &str = "https://lasthand.dev/buildtypes/run/v0.1";

pub(super) fn provenance_v1(statement: &Statement) -> Result<Step, IngestError> {
    let read: ProvenanceV1 = predicate(statement)?;
    let definition = &read.build_definition;
    let own = definition.build_type == RUN_BUILD_TYPE;
    let kind = match definition.external_parameters.get("kind").filter(|_| own) {
        Some(Value::String(word)) => {
            StepKind::parse(word).ok_or_else(|| IngestError::Word { what: "step kind", got: word.clone() })?
        }
        _ => StepKind::Build,
    };
    let (parameters, instructions) = if own {
        let named = definition.external_parameters.get("parameters").and_then(Value::as_object);
        let mut parameters = named.map(flatten).unwrap_or_default();
        parameters.insert("command".to_owned(), command_line(&definition.external_parameters));
        (parameters, Vec::new())
    } else {
        workflow(&definition.external_parameters)
    };
    let materials = materials(&definition.resolved_dependencies)?;
    Ok(Step {
        kind,
        // `lasthand run` writes its statement for failures too, and says so in the step-actor statement.
        only_on_success: !own,
        instructions: unresolved(instructions),
        materials,
        products: products(statement)?,
        parameters,
    })
}

pub(super) fn provenance_v02(statement: &Statement) -> Result<Step, IngestError> {
    let read: ProvenanceV02 = predicate(statement)?;
    let materials = materials(&read.materials)?;
    let invocation = read.invocation.as_ref();
    let parameters = invocation.map(|invocation| flatten(&invocation.parameters)).unwrap_or_default();
    let entry_point = invocation
        .and_then(|invocation| invocation.config_source.as_ref())
        .and_then(|source| source.entry_point.clone());
    let instructions: Vec<String> = entry_point.into_iter().collect();
    Ok(Step {
        kind: StepKind::Build,
        only_on_success: true,
        instructions: unresolved(instructions),
        materials,
        products: products(statement)?,
        parameters,
    })
}

/// A link whose name is a step kind.
pub(super) fn link(statement: &Statement) -> Result<Option<Step>, IngestError> {
    let read: LinkPredicate = predicate(statement)?;
    let Some(kind) = StepKind::parse(&read.name) else { return Ok(None) };
    Ok(Some(Step {
        kind,
        only_on_success: false,
        materials: materials(&read.materials)?,
        products: products(statement)?,
        instructions: Vec::new(),
        parameters: BTreeMap::new(),
    }))
}

fn products(statement: &Statement) -> Result<Vec<NamedDigest>, IngestError> {
    statement.subject.iter().filter_map(|subject| names::named_digest(subject, "subject").transpose()).collect()
}

fn materials(descriptors: &[ResourceDescriptor]) -> Result<Vec<Material>, IngestError> {
    descriptors.iter().map(material).collect()
}

fn material(descriptor: &ResourceDescriptor) -> Result<Material, IngestError> {
    let uri = descriptor.uri.clone().unwrap_or_default();
    let is_git = uri.starts_with("git+") || descriptor.digest.contains_key("gitTree");
    if is_git {
        return Ok(Material::Tree(SourceTree {
            repository: names::repository(&uri),
            tree: names::tree_ref(&descriptor.digest)?,
        }));
    }
    if let Some(path) = uri.strip_prefix("file:")
        && descriptor.digest.is_empty()
    {
        // Something was there, or was missing, that has no content of its own: the digest of no file, so never clean.
        let digest = Sha256::from_bytes([0; 32]);
        return Ok(Material::File(NamedDigest { name: names::safe_name(path)?, digest, mode: None }));
    }
    if uri.is_empty()
        && let Some(file) = names::named_digest(descriptor, "materials")?
    {
        return Ok(Material::File(file));
    }
    let name = match &descriptor.name {
        Some(name) => Some(names::safe_name(name)?),
        None => names::image_name(&uri).and_then(|name| names::safe_name(&name).ok()),
    };
    Ok(Material::External(External { digest: names::sha256(&descriptor.digest, "materials")?, name, uri }))
}

/// The command as one text: words joined by spaces; as JSON where a word has a space, a quote or nothing in it.
fn command_line(parameters: &Map<String, Value>) -> String {
    let Some(command) = parameters.get("command") else { return String::new() };
    let words: Option<Vec<&str>> = command.as_array().map(|words| words.iter().filter_map(Value::as_str).collect());
    let plain =
        |word: &&str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    match words {
        Some(words)
            if !words.is_empty()
                && words.iter().all(plain)
                && Some(words.len()) == command.as_array().map(Vec::len) =>
        {
            words.join(" ")
        }
        _ => command.to_string(),
    }
}

/// Parameters and workflow file of a foreign builder's external parameters.
fn workflow(parameters: &Map<String, Value>) -> (BTreeMap<String, String>, Vec<String>) {
    let workflow = parameters.get("workflow").and_then(Value::as_object);
    let path = workflow.and_then(|workflow| workflow.get("path")).and_then(Value::as_str);
    let rest: Map<String, Value> = parameters
        .iter()
        .filter(|(name, _)| name.as_str() != "workflow")
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    let mut flat = flatten(&rest);
    for (name, value) in workflow.into_iter().flatten().filter(|(name, _)| name.as_str() != "path") {
        let text = value.as_str().map_or_else(
            || value.to_string(),
            |text| if name == "repository" { names::repository(text) } else { text.to_owned() },
        );
        flat.insert(format!("workflow.{name}"), text);
    }
    (flat, path.map(str::to_owned).into_iter().collect())
}

/// One text for each parameter; nested values by dotted names, empty objects and nulls are nothing.
fn flatten(parameters: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    let mut stack: Vec<(String, &Value)> = parameters.iter().map(|(name, value)| (name.clone(), value)).collect();
    while let Some((name, value)) = stack.pop() {
        match value {
            Value::Null => {}
            Value::String(text) => drop(flat.insert(name, text.clone())),
            Value::Object(members) => {
                stack.extend(members.iter().map(|(member, value)| (format!("{name}.{member}"), value)));
            }
            other => drop(flat.insert(name, other.to_string())),
        }
    }
    flat
}

/// Foreign provenance names its instructions by path only.
///
/// The all-zero digest is the content of no file, so instructions that nobody resolves refuse.
fn unresolved(paths: Vec<String>) -> Vec<NamedDigest> {
    let nothing = Sha256::from_bytes([0; 32]);
    paths
        .into_iter()
        .map(|path| NamedDigest { name: path.trim_start_matches('/').to_owned(), digest: nothing, mode: None })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a failed test may stop")]
mod tests {
    use super::*;

    fn external(descriptor: Value) -> External {
        match material(&serde_json::from_value(descriptor).unwrap()).unwrap() {
            Material::External(external) => external,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_base_is_an_external_by_name_and_digest() {
        // pass: as `lasthand run --base` writes it, and as BuildKit does; a name that leaves its folder is none
        let digest = serde_json::json!({"sha256": "ab".repeat(32)});
        let own = serde_json::json!({"name": "debian:12", "uri": "pkg:docker/debian%3A12@sha256:ab", "digest": digest});
        let read = external(own);
        assert_eq!((read.name.as_deref(), read.digest.is_some()), (Some("debian:12"), true));
        let read =
            external(serde_json::json!({"uri": "pkg:docker/acme/base@1?platform=linux%2Famd64", "digest": digest}));
        assert_eq!((read.name.as_deref(), read.digest.is_some()), (Some("acme/base"), true));
        let read = external(serde_json::json!({"uri": "pkg:docker/%2E%2E/base@1", "digest": digest}));
        assert_eq!(read.name, None);
    }
}
