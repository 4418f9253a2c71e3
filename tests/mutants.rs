//! Drops and negates each rule of docs/rules.md, and shows which vector notices. The table: `cargo xtask mutants lineage`.
//!
//! In: `testdata/vectors/*.json` (facts and what must come out) and `tests/mutants-survive.txt` (changes that are known to be no change).
//! Out: a table `rule  change  killed by`; fails when a change survives, or when the list excuses one that is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use lasthand_lineage::mutants::{Mutation, Rule, solve_with};
use lasthand_lineage::{Outcome, solve};
use lasthand_model::wire::facts::Facts;
use serde_json::Value;

/// One vector.
struct Vector {
    name: String,
    facts: Facts,
    expect: Value,
}

#[test]
fn every_change_of_a_rule_is_noticed() -> Result<()> {
    // fail: a change that no vector notices, and an excuse for one that a vector notices
    let vectors = read_vectors()?;
    let excused =
        read_excuses(&fs::read_to_string(xtask::root().join("tests/mutants-survive.txt")).unwrap_or_default())?;
    for vector in &vectors {
        let differences = differences(&solve(&vector.facts), &vector.expect);
        ensure!(
            differences.is_empty(),
            "vector {} differs with no rule changed: {}",
            vector.name,
            differences.join(", ")
        );
    }
    let (mut killed, mut survived, mut problems) = (0, 0, BTreeSet::new());
    println!("{:<20} {:<7} killed by", "rule", "change");
    for rule in Rule::ALL {
        for (word, mutation) in [("drop", Mutation::Drop(*rule)), ("negate", Mutation::Negate(*rule))] {
            let change = format!("{} {word}", rule.name());
            let excuse = excused.get(&change);
            let answer = match (killer(&vectors, mutation), excuse) {
                (Some(by), None) => by,
                (Some(by), Some(_)) => {
                    problems.insert(format!("{change} is killed by {by}: take it off tests/mutants-survive.txt"));
                    by
                }
                (None, Some(reason)) => format!("(survives: {reason})"),
                (None, None) => {
                    problems.insert(format!("{change} survives"));
                    "SURVIVES".to_owned()
                }
            };
            if answer.starts_with(['(', 'S']) {
                survived += 1
            } else {
                killed += 1
            }
            println!("{:<20} {word:<7} {answer}", rule.name());
        }
    }
    let known = |change: &str| {
        Rule::ALL
            .iter()
            .any(|rule| change == format!("{} drop", rule.name()) || change == format!("{} negate", rule.name()))
    };
    problems.extend(
        excused
            .keys()
            .filter(|change| !known(change))
            .map(|change| format!("tests/mutants-survive.txt: no change `{change}`")),
    );
    println!("{} vectors, {killed} changes killed, {survived} survive", vectors.len());
    ensure!(problems.is_empty(), "{}", problems.into_iter().collect::<Vec<_>>().join("\n"));
    Ok(())
}

fn read_vectors() -> Result<Vec<Vector>> {
    let folder = xtask::root().join("testdata/vectors");
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).context("cannot read testdata/vectors")? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    ensure!(!paths.is_empty(), "testdata/vectors holds no vector");
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let document: Value = serde_json::from_str(&text).with_context(|| format!("{name} is not JSON"))?;
            let facts = serde_json::from_value(document.get("facts").cloned().unwrap_or_default());
            let facts = facts.with_context(|| format!("{name}: `facts` is no facts document"))?;
            let expect = document.get("expect").cloned().with_context(|| format!("{name} has no `expect`"))?;
            Ok(Vector { name, facts, expect })
        })
        .collect()
}

/// Reads lines `RULE drop|negate: reason`.
fn read_excuses(text: &str) -> Result<BTreeMap<String, String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (change, reason) =
                line.split_once(':').filter(|(_, reason)| !reason.trim().is_empty()).with_context(|| {
                    format!(
                        "tests/mutants-survive.txt: expected `RULE drop: reason` or `RULE negate: reason`, got `{line}`"
                    )
                })?;
            Ok((change.trim().to_owned(), reason.trim().to_owned()))
        })
        .collect()
}

/// The first vector whose verdict changes, else the first of which anything else changes.
fn killer(vectors: &[Vector], mutation: Mutation) -> Option<String> {
    let mut second = None;
    for vector in vectors {
        let differences = differences(&solve_with(&vector.facts, mutation), &vector.expect);
        match differences.first() {
            Some(&"verdict") => return Some(vector.name.clone()),
            Some(first) => second = second.or_else(|| Some(format!("{} ({first})", vector.name))),
            None => {}
        }
    }
    second
}

/// Which members of `expect` an outcome does not meet, the verdict first. Members that `expect` has not are not asked.
fn differences(outcome: &Outcome, expect: &Value) -> Vec<&'static str> {
    let findings: BTreeSet<&str> = outcome.findings.iter().map(|finding| finding.id.id()).collect();
    let files: BTreeMap<String, &str> = outcome.files.iter().map(|file| (file.key(), file.verdict.as_str())).collect();
    let labels: BTreeSet<String> = outcome
        .labels
        .iter()
        .filter_map(|label| Some(serde_json::to_value(label).ok()?.as_str()?.to_owned()))
        .collect();
    let answers = [
        ("verdict", Value::from(outcome.verdict.as_str())),
        ("findings", serde_json::json!(findings)),
        ("labels", serde_json::json!(labels)),
        ("files", serde_json::json!(files)),
    ];
    answers
        .into_iter()
        .filter(|(name, got)| expect.get(name).is_some_and(|wanted| wanted != got))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn excuses_need_a_reason() {
    // pass: rule, change and reason; fail: no reason
    assert_eq!(read_excuses("# why\n\nprev negate: says the same\n").unwrap_or_default().len(), 1);
    assert!(read_excuses("prev negate:\n").is_err());
    assert!(read_excuses("prev negate\n").is_err());
}
