//! The report document: its members, to the letter, and back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lasthand_model::wire::report::{Report, ReportFile, ReportVerdict};
use serde_json::{Value, json};

/// A report with every member there is.
fn full() -> Value {
    let digest = |digit: &str| digit.repeat(64);
    let signer = json!({"method": "fulcio-ci", "issuer": "https://ci.example.com", "id": "release", "kind": "automation", "level": 3});
    let time = json!({"value": "2026-01-05T10:00:00Z", "source": "rekor"});
    let finding = json!({
        "id": "LH302", "severity": "error", "message": "build instructions are not covered", "hint": "have a human review `Makefile`",
        "where": {"path": "Makefile", "layer": digest("1"), "step": digest("2"), "evidence": "build.sigstore.json", "actor": "agent:coder-7"},
    });
    json!({
        "report_version": 1,
        "artifact": {"name": "app.tar", "digest": digest("a"), "media_type": "application/x-tar", "platform": "linux/amd64"},
        "verdict": "refused",
        "policy": {"name": "standard", "digest": digest("b")},
        "labels": ["inputs-not-bounded"],
        "findings": [finding, {"id": "LH108", "severity": "warning", "message": "m", "where": {}}],
        "files": [{
            "path": "caf\\xe9", "path_bytes": "636166e9", "type": "file", "mode": 493, "size": 3, "sha256": digest("c"), "verdict": "violation",
            "explained_by": {
                "rule": "path-map", "evidence": [digest("2")], "step": digest("2"), "review": digest("3"),
                "path_map": {"from": "src/", "to": ""}, "source_path": "src/cafe", "actors": ["agent:coder-7"],
            },
        }],
        "steps": [{
            "statement": digest("2"), "kind": "build", "product": "app", "materials": 2, "signer": signer, "time": time,
            "actors": [{"role": "on-behalf-of", "principal": "ana", "kind": "human", "level": 3}],
            "products": [{"name": "app.tar", "digest": digest("a")}],
        }],
        "evidence": [
            {"digest": digest("2"), "source": "build.sigstore.json", "type": "t", "signer": signer, "time": time, "status": "verified", "reason": "r"},
            {"source": "notes.txt", "status": "rejected", "reason": "no JSON"},
        ],
        "proof": [{"role": "build", "statement": digest("2"), "evidence_source": "build.sigstore.json", "shows": "built by release"}],
        "frontier": [{"finding": finding, "actors": ["agent:coder-7"]}],
    })
}

#[test]
fn every_member_comes_back() {
    // pass: nothing is renamed, dropped or added
    let report: Report = serde_json::from_value(full()).unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap(), full());
    assert_eq!(report.verdict, Some(ReportVerdict::Refused));
}

#[test]
fn what_is_absent_has_one_form() {
    // pass: lists that every reader expects are there when empty; proof and frontier only where they say something
    let empty = serde_json::to_value(Report::<Vec<ReportFile>>::default()).unwrap();
    let expected = json!({
        "report_version": 1, "artifact": {"name": ""}, "labels": [], "findings": [], "files": [], "steps": [], "evidence": [],
    });
    assert_eq!(empty, expected);
}

#[test]
fn verdicts_are_four_words() {
    // fail: any other word
    for word in ["accepted", "exception", "refused", "undecided"] {
        assert_eq!(
            serde_json::to_value(serde_json::from_value::<ReportVerdict>(json!(word)).unwrap()).unwrap(),
            json!(word)
        );
    }
    for word in ["Accepted", "pass", ""] {
        assert!(serde_json::from_value::<ReportVerdict>(json!(word)).is_err(), "{word}");
    }
}

#[test]
fn a_newer_report_is_still_read() {
    // pass: members that are not known are ignored
    let mut value = full();
    value.as_object_mut().unwrap().insert("later".into(), json!([1]));
    assert!(serde_json::from_value::<Report>(value).is_ok());
}
