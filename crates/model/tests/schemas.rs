//! The JSON Schemas and pages of documents follow the types.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::json::{parse, parse_as};
use lasthand_model::limits::Limits;
use lasthand_model::wire::diff::Diff;
use lasthand_model::wire::facts::Facts;
use lasthand_model::wire::inventory::{INVENTORY, InventoryPredicate};
use lasthand_model::wire::layout::LayoutReport;
use lasthand_model::wire::list::{LIST, ListPredicate};
use lasthand_model::wire::report::Report;
use lasthand_model::wire::review::{REVIEW, ReviewPredicate};
use lasthand_model::wire::statement::{STATEMENT_V1, Statement};
use lasthand_model::wire::step_actor::{STEP_ACTOR, StepActorPredicate};
use schemars::{Schema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn schemas() -> [(&'static str, Schema); 8] {
    [
        ("step-actor", schema_for!(StepActorPredicate)),
        ("review", schema_for!(ReviewPredicate)),
        ("inventory", schema_for!(InventoryPredicate)),
        ("list", schema_for!(ListPredicate)),
        ("facts", schema_for!(Facts)),
        ("report", schema_for!(Report)),
        ("diff", schema_for!(Diff)),
        ("layout-report", schema_for!(LayoutReport)),
    ]
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn schemas_match_the_types() {
    // fail: a type changed and its schema did not
    let update = std::env::var_os("LASTHAND_UPDATE_SCHEMAS").is_some_and(|value| value == "1");
    for (name, schema) in schemas() {
        let path = docs().join("schemas").join(format!("{name}.schema.json"));
        if update {
            fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())).unwrap();
        }
        let written = fs::read(&path).ok().and_then(|bytes| parse(&bytes, &Limits::DEFAULT).ok());
        assert!(
            written.as_ref() == Some(schema.as_value()),
            "docs/schemas/{name}.schema.json does not match its type; run this test with LASTHAND_UPDATE_SCHEMAS=1 to rewrite it"
        );
    }
}

#[test]
fn pages_name_every_member() {
    // fail: a top-level member of a predicate that its page does not name as `member`
    for (name, schema) in schemas().into_iter().take(4) {
        let page = page(name);
        let members = schema.get("properties").and_then(Value::as_object).unwrap();
        assert!(!members.is_empty());
        for member in members.keys() {
            assert!(page.contains(&format!("`{member}`")), "docs/predicates/{name}.md does not name `{member}`");
        }
    }
}

#[test]
fn examples_of_pages_are_what_they_say() {
    // pass: each example is a statement of its page's type, and no member of it is unknown
    check_examples::<StepActorPredicate>("step-actor", STEP_ACTOR);
    check_examples::<ReviewPredicate>("review", REVIEW);
    check_examples::<InventoryPredicate>("inventory", INVENTORY);
    check_examples::<ListPredicate>("list", LIST);
}

fn check_examples<T: DeserializeOwned + Serialize>(name: &str, predicate_type: &str) {
    let page = page(name);
    let examples: Vec<&str> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty(), "{name}");
    for example in examples {
        let statement: Statement = parse_as(example.as_bytes(), &Limits::DEFAULT).unwrap();
        assert_eq!(
            (statement.statement_type.as_str(), statement.predicate_type.as_str()),
            (STATEMENT_V1, predicate_type)
        );
        assert!(statement.subject.iter().all(|subject| subject.digest.contains_key("sha256")), "{name}");
        let predicate: T = parse_as(statement.predicate.to_string().as_bytes(), &Limits::DEFAULT).unwrap();
        let written = serde_json::to_value(&predicate).unwrap();
        for (member, value) in statement.predicate.as_object().unwrap() {
            assert_eq!(written.get(member), Some(value), "{name}: {member}");
        }
        let schema = schemas().into_iter().find(|(other, _)| *other == name).unwrap().1;
        let known = schema.get("properties").and_then(Value::as_object).unwrap();
        for member in statement.predicate.as_object().unwrap().keys() {
            assert!(known.contains_key(member), "{name}: the example has an unknown member `{member}`");
        }
    }
}

fn page(name: &str) -> String {
    let path = docs().join("predicates").join(format!("{name}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/predicates/{name}.md: {error}"))
}
