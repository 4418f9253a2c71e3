//! Reads facts documents, one per line, and prints one answer per line: for comparing solvers.

use std::io::{BufRead, Write};

use lasthand_model::wire::facts::Facts;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let facts: Facts = match serde_json::from_str(&line) {
            Ok(facts) => facts,
            Err(error) => {
                writeln!(out, "{}", serde_json::json!({ "error": error.to_string() }))?;
                continue;
            }
        };
        let outcome = lasthand_lineage::solve(&facts);
        let mut findings: Vec<&str> = outcome.findings.iter().map(|finding| finding.id.id()).collect();
        findings.sort_unstable();
        findings.dedup();
        let files: serde_json::Map<String, serde_json::Value> =
            outcome.files.iter().map(|file| (file.key(), file.verdict.as_str().into())).collect();
        let answer = serde_json::json!({ "verdict": outcome.verdict.as_str(), "findings": findings, "files": files,
            "proof": outcome.proof.iter().map(|item| item.statement.to_string()).collect::<Vec<_>>() });
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
