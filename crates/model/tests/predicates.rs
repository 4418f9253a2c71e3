//! Predicates: unknown members survive, null is empty, and real statements lose nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::inventory::InventoryPredicate;
use lasthand_model::wire::link::{CLASSIC_LINK, ClassicLink, LINK, LinkPredicate};
use lasthand_model::wire::list::ListPredicate;
use lasthand_model::wire::provenance::{PROVENANCE_V1, PROVENANCE_V02, ProvenanceV1, ProvenanceV02};
use lasthand_model::wire::review::ReviewPredicate;
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::StepActorPredicate;
use lasthand_model::wire::vsa::{VSA, VsaPredicate};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn round_trip<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let read: T = serde_json::from_value(value.clone()).unwrap();
    serde_json::to_value(read).unwrap()
}

/// Everything in `value` comes back; what the type adds are empty defaults only.
fn check<T: DeserializeOwned + Serialize>(value: &Value) {
    let back = round_trip::<T>(value);
    assert_eq!(without_empty(&back), without_empty(value), "{}", std::any::type_name::<T>());
}

/// SPEC: SLSA: unset, null and empty mean the same.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(key, member)| (key.clone(), without_empty(member)));
            kept.filter(|(_, member)| !is_empty(member)).collect()
        }
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[test]
fn unknown_members_of_our_own_predicates_survive() {
    // pass: at every level that may grow
    let x = || json!({"y": [1, {"z": "w"}]});
    let actor =
        json!({"role": "author", "sub": "github:1", "established": [{"method": "git-author", "x": x()}], "x": x()});
    check::<StepActorPredicate>(&json!({
        "kind": "build", "actors": [actor], "actorsComplete": true, "x": x(),
        "labels": {"digest": {"sha256": "ab"}, "x": x()}, "repository": {"uri": "github.com/acme/app", "x": x()},
        "observer": {"id": "o", "x": x()}, "outcome": {"status": "success", "exitCode": 0, "x": x()},
        "credential": {"issued": "a", "expires": "b", "digest": {"sha256": "ab"}, "x": x()},
        "capture": {"level": "observe", "materials": {"bound": "upper", "gaps": ["g"]}, "products": {"bound": "exact", "gaps": ["h"]}, "x": x()},
    }));
    check::<ReviewPredicate>(
        &json!({"reviewer": actor, "scope": ["**"], "authorsComplete": false, "interactive": true, "x": x()}),
    );
    check::<InventoryPredicate>(&json!({"root": "0".repeat(64), "count": 1, "bytes": 2, "x": x()}));
    check::<ListPredicate>(&json!({
        "kind": "released", "scope": "app", "issuedAt": "a", "freshUntil": "b", "sequence": 1, "x": x(),
        "entries": [{"released": {"target_ref": "refs/heads/main", "digest": "0".repeat(64)}}],
    }));
}

#[test]
fn unknown_members_of_foreign_predicates_survive() {
    // pass: at every level
    let x = || json!({"y": [1, {"z": "w"}]});
    let resource = json!({"uri": "u", "digest": {"gitCommit": "ab"}, "annotations": {"a": 1}, "x": x()});
    check::<ProvenanceV1>(&json!({
        "buildDefinition": {
            "buildType": "t", "externalParameters": {"p": [1]}, "internalParameters": {"q": 2}, "resolvedDependencies": [resource], "x": x(),
        },
        "runDetails": {
            "builder": {"id": "b", "builderDependencies": [resource], "version": {"v": "1"}, "x": x()},
            "metadata": {"invocationId": "i", "startedOn": "s", "finishedOn": "f", "x": x()}, "byproducts": [resource], "x": x(),
        },
        "x": x(),
    }));
    check::<ProvenanceV02>(&json!({
        "builder": {"id": "b", "x": x()}, "buildType": "t", "buildConfig": [1, {"steps": 2}], "materials": [resource],
        "invocation": {
            "configSource": {"uri": "u", "digest": {"sha1": "ab"}, "entryPoint": "e", "x": x()},
            "parameters": {"p": 1}, "environment": {"e": [2]}, "x": x(),
        },
        "metadata": {
            "buildInvocationId": "i", "buildStartedOn": "s", "buildFinishedOn": "f", "reproducible": false,
            "completeness": {"parameters": true, "environment": false, "materials": false, "x": x()}, "x": x(),
        },
        "x": x(),
    }));
    check::<LinkPredicate>(&json!({
        "name": "n", "command": ["c"], "materials": [resource], "byproducts": {"stdout": ""}, "environment": {"e": 1}, "x": x(),
    }));
    check::<ClassicLink>(&json!({
        "_type": "link", "name": "n", "command": ["c"], "materials": {"a": {"sha256": "ab"}}, "products": {"b": {"sha512": "cd"}},
        "byproducts": {"return-value": 0}, "environment": {"e": 1}, "x": x(),
    }));
    check::<VsaPredicate>(&json!({
        "verifier": {"id": "v", "version": {"a": "1"}, "x": x()}, "timeVerified": "t", "resourceUri": "r", "policy": resource,
        "inputAttestations": [resource], "verificationResult": "PASSED", "verifiedLevels": ["L"], "dependencyLevels": {"L": 3},
        "slsaVersion": "1.2", "x": x(),
    }));
}

#[test]
fn null_is_absent_where_slsa_says_so() {
    // pass: null for every optional member
    let provenance: ProvenanceV1 = serde_json::from_value(json!({
        "buildDefinition": {"buildType": "t", "externalParameters": null, "internalParameters": null, "resolvedDependencies": null},
        "runDetails": {"builder": {"id": "b", "builderDependencies": null, "version": null}, "metadata": null, "byproducts": null},
    }))
    .unwrap();
    assert_eq!(
        serde_json::to_value(provenance).unwrap(),
        json!({"buildDefinition": {"buildType": "t", "externalParameters": {}}, "runDetails": {"builder": {"id": "b"}}})
    );
    let old: ProvenanceV02 = serde_json::from_value(json!({
        "builder": {"id": "b"}, "buildType": "t", "buildConfig": null, "metadata": {"completeness": null, "reproducible": null},
        "invocation": {"configSource": {"uri": null, "digest": null}, "parameters": null, "environment": null},
        "materials": [{"uri": "u", "digest": null, "annotations": null}],
    }))
    .unwrap();
    assert!(old.build_config.is_none());
    // fail: what a verdict needs cannot be null
    assert!(serde_json::from_value::<ProvenanceV02>(json!({"builder": {"id": null}, "buildType": "t"})).is_err());
}

#[test]
fn a_vsa_tells_no_claim_from_no_dependency() {
    // pass: null is no claim, the empty object is no dependency, and only one word passes
    let vsa = |levels: Value, result: &str| -> VsaPredicate {
        let policy = json!({"uri": "p"});
        let value = json!({
            "verifier": {"id": "v"}, "resourceUri": "r", "policy": policy, "verificationResult": result, "dependencyLevels": levels,
        });
        serde_json::from_value(value).unwrap()
    };
    assert_eq!(vsa(Value::Null, "PASSED").dependency_levels, None);
    assert_eq!(vsa(json!({}), "PASSED").dependency_levels, Some(BTreeMap::new()));
    assert!(vsa(Value::Null, "PASSED").passed());
    assert!(!vsa(Value::Null, "passed").passed() && !vsa(Value::Null, "FAILED").passed());
}

#[test]
fn real_statements_lose_nothing() {
    // pass: provenance, VSAs and links of other people's tools
    let Some(folder) = lasthand_testkit::need::testdata() else { return };
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files(&folder) {
        for document in documents(&path) {
            for payload in payloads(&document) {
                if let Some(kind) = check_payload(&payload) {
                    *seen.entry(kind).or_default() += 1;
                }
            }
        }
    }
    assert!(!seen.is_empty(), "the folder has no statement of a type that is read here");
}

type Check = fn(&Value);

/// Checks one payload when it is of a type that is read here; says which.
fn check_payload(payload: &Value) -> Option<&'static str> {
    if payload.get("_type")? == CLASSIC_LINK {
        check::<ClassicLink>(payload);
        return Some(CLASSIC_LINK);
    }
    let kinds: [(&'static str, Check); 4] = [
        (PROVENANCE_V1, check::<ProvenanceV1>),
        (PROVENANCE_V02, check::<ProvenanceV02>),
        (VSA, check::<VsaPredicate>),
        (LINK, check::<LinkPredicate>),
    ];
    let (kind, check_predicate) =
        kinds.into_iter().find(|(kind, _)| payload.get("predicateType").is_some_and(|t| t == kind))?;
    check::<Statement>(payload);
    check_predicate(payload.get("predicate")?);
    Some(kind)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if fs::metadata(&path).is_ok_and(|metadata| metadata.len() < 4 << 20) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The JSON documents of a file: the whole of it, or each of its lines.
fn documents(path: &Path) -> Vec<Value> {
    let bytes = fs::read(path).unwrap();
    if let Ok(document) = json::parse(&bytes, &Limits::DEFAULT) {
        return vec![document];
    }
    bytes.split(|byte| *byte == b'\n').filter_map(|line| json::parse(line, &Limits::DEFAULT).ok()).collect()
}

/// Every payload in a document, however deep: of envelopes, and of classic signed objects.
fn payloads(document: &Value) -> Vec<Value> {
    match document {
        Value::Array(items) => items.iter().flat_map(payloads).collect(),
        Value::Object(members) => {
            let mut found: Vec<Value> = members.values().flat_map(payloads).collect();
            if let (Some(signed), true) = (members.get("signed"), members.contains_key("signatures")) {
                found.push(signed.clone());
            }
            if let (Some(Value::String(payload)), true) = (members.get("payload"), members.contains_key("signatures"))
                && let Some(bytes) = decode(payload)
            {
                found.extend(json::parse(&bytes, &Limits::DEFAULT).ok());
            }
            found
        }
        _ => Vec::new(),
    }
}

/// SPEC: DSSE protocol.md: standard or URL-safe base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text.replace('-', "+").replace('_', "/")).ok()
}
