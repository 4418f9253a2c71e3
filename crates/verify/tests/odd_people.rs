//! What an observer states to be odd about the people of commits, as notes of `verify`.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_lineage::{Severity, Verdict};
use lasthand_verify::Verification;
use serde_json::{Value, json};
use support::{World, signed};

const LANDING: &str = "landing.sigstore.json";

fn odd(what: &str, commit: &str) -> Value {
    json!({
        "what": what, "commit": commit.repeat(40), "principal": "mailto:noreply@anthropic.com",
        "rule": "mail:noreply@anthropic.com",
    })
}

/// The accepted world, where the landing says more and is signed by somebody.
fn world(more: &Value, signer: &str) -> World {
    let mut world = World::accepted();
    let bundle: Value = serde_json::from_slice(world.evidence.get(LANDING).unwrap()).unwrap();
    let payload = STANDARD.decode(bundle.pointer("/dsseEnvelope/payload").unwrap().as_str().unwrap()).unwrap();
    let mut statement: Value = serde_json::from_slice(&payload).unwrap();
    let members = statement.get_mut("predicate").and_then(Value::as_object_mut).unwrap();
    members.extend(more.as_object().unwrap().clone());
    world
        .evidence
        .insert(if signer == "observer" { LANDING } else { "another.json" }.to_owned(), signed(&statement, signer).1);
    world
}

/// Ids and messages of what is told of people, each of them a note.
fn told(verification: &Verification) -> Vec<(&str, &str)> {
    let odd = ["LH104", "LH113", "LH114", "LH207"];
    let findings = verification.outcome.findings.iter().filter(|finding| odd.contains(&finding.id.id()));
    findings
        .inspect(|finding| assert_eq!(finding.severity, Severity::Note))
        .map(|finding| (finding.id.id(), finding.message.as_str()))
        .collect()
}

#[test]
fn what_the_observer_found_odd_is_told_and_decides_nothing() {
    // pass: accepted as before, with a note for each, at the landing; fail: nothing is told where nothing is stated
    let plain = World::accepted().verify();
    assert_eq!((plain.outcome.verdict, told(&plain)), (Verdict::Accepted, vec![]));
    let words = ["machine-review", "agent-sign-off", "borrowed-identity", "agent-branch", "of-a-later-version"];
    let list: Vec<Value> = words.iter().map(|word| odd(word, "a")).collect();
    let verification = world(&json!({ "oddPeople": list }), "observer").verify();
    assert_eq!(verification.outcome.verdict, Verdict::Accepted);
    assert_eq!(verification.report.labels, plain.report.labels);
    let ids: Vec<&str> = told(&verification).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["LH104", "LH113", "LH114", "LH207"]);
    let finding = verification.report.findings.iter().find(|finding| finding.id == "LH113").unwrap();
    assert!(finding.message.contains("commit aaaaaaaaaaaa: `mailto:noreply@anthropic.com` signed off"));
    let landing = verification.report.evidence.iter().find(|item| item.source.ends_with(LANDING)).unwrap();
    assert_eq!(finding.place.evidence, landing.digest.map(|digest| digest.to_string()));
    assert_eq!(finding.place.actor.as_deref(), Some("mailto:noreply@anthropic.com"));
}

#[test]
fn of_many_the_first_are_told_and_how_many_more() {
    // pass: ten; fail: of more, how many, and what the statement left out
    for (stated, more) in [(10, None), (12, Some("2 more"))] {
        let list: Vec<Value> = (0..stated).map(|_| odd("agent-sign-off", "b")).collect();
        let verification = world(&json!({ "oddPeople": list, "oddPeopleLeftOut": 7 }), "observer").verify();
        let found = told(&verification);
        assert_eq!(found.len(), 10 + usize::from(more.is_some()) + 1, "{found:?}");
        assert!(more.is_none_or(|more| found.iter().any(|(_, message)| message.starts_with(more))), "{found:?}");
        assert!(found.last().unwrap().1.contains("leave out 7"), "{found:?}");
    }
}

#[test]
fn only_who_may_state_landings_is_heard() {
    // fail: the builder, whose row says nothing of landings; a stranger; a landing of another repository
    let list = json!({ "oddPeople": [odd("agent-sign-off", "c")] });
    for signer in ["ci", "stranger"] {
        assert_eq!(told(&world(&list, signer).verify()), vec![], "{signer}");
    }
    let mut elsewhere = list.clone();
    elsewhere.as_object_mut().unwrap().insert("repository".to_owned(), json!({ "uri": "forge.example/acme/other" }));
    assert_eq!(told(&world(&elsewhere, "observer").verify()), vec![]);
}

#[test]
fn a_list_that_cannot_be_read_refuses_the_statement() {
    // fail: no id of a commit; the landing is then not known
    let mut list = odd("agent-sign-off", "d");
    list.as_object_mut().unwrap().insert("commit".to_owned(), json!("main"));
    let verification = world(&json!({ "oddPeople": [list] }), "observer").verify();
    assert_ne!(verification.outcome.verdict, Verdict::Accepted);
    assert_eq!(told(&verification), vec![]);
}
