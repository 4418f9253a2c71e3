//! Pages that must match the code: architecture, decisions, dependencies; of what the code names itself, findings and rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Problems;

/// Sections that the page of a finding has.
const FINDING_SECTIONS: &[&str] =
    &["## Meaning", "## Evidence used", "## How to fix", "## How it is evaded", "## Rules"];
const STATUS_WORDS: &[&str] = &["proposed", "accepted", "superseded by "];

pub(super) fn check(root: &Path, problems: &mut Problems) -> Result<()> {
    architecture(root, problems)?;
    decisions(root, problems)?;
    dependencies(root, problems)
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

fn names(root: &Path, folder: &str) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {folder}"))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn architecture(root: &Path, problems: &mut Problems) -> Result<()> {
    let page = read(root, "ARCHITECTURE.md")?;
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).map(str::to_owned).collect();
    let folders = names(root, "crates")?;
    for name in folders.difference(&headings) {
        problems.errors.push(format!("ARCHITECTURE.md: no heading for crates/{name}"));
    }
    for name in headings.difference(&folders) {
        problems.errors.push(format!("ARCHITECTURE.md: heading `{name}`, but there is no crates/{name}"));
    }
    Ok(())
}

fn decisions(root: &Path, problems: &mut Problems) -> Result<()> {
    let index = read(root, "docs/decisions/0000-index.md")?;
    for (number, name) in names(root, "docs/decisions")?.iter().enumerate() {
        if !name.starts_with(&format!("{number:04}-")) || !name.ends_with(".md") {
            problems.errors.push(format!(
                "docs/decisions/{name}: expected number {number:04}; numbers have no gap and are used once"
            ));
        }
        if number == 0 {
            continue;
        }
        if !index.contains(&format!("]({name})")) {
            problems.errors.push(format!("docs/decisions/{name}: not in the index"));
        }
        let page = read(root, &format!("docs/decisions/{name}"))?;
        let status = page.lines().find_map(|line| line.strip_prefix("Status: "));
        if !status.is_some_and(|status| STATUS_WORDS.iter().any(|word| status.starts_with(word))) {
            problems
                .errors
                .push(format!("docs/decisions/{name}: no line `Status: ` with proposed, accepted or superseded by"));
        }
    }
    Ok(())
}

/// Each finding, by id and name, has its page, and no page is about anything else.
pub(super) fn findings(root: &Path, known: &[(&str, &str)], rules: &[&str], problems: &mut Problems) -> Result<()> {
    let mut pages = names(root, "docs/findings")?;
    for (id, name) in known {
        let path = format!("docs/findings/{id}.md");
        if !pages.remove(&format!("{id}.md")) {
            problems.errors.push(format!("{path}: missing; {id} is a finding"));
            continue;
        }
        let page = read(root, &path)?;
        let heading = format!("# {id} {name}");
        if page.lines().next() != Some(&heading) {
            problems.errors.push(format!("{path}: the first line must be `{heading}`"));
        }
        let bold = page.split("**").skip(1).step_by(2).filter(|name| !rules.contains(name));
        problems.errors.extend(bold.map(|name| format!("{path}: `{name}` in bold is no rule")));
        for section in FINDING_SECTIONS.iter().filter(|section| !page.lines().any(|line| line == **section)) {
            problems.errors.push(format!("{path}: no section `{section}`"));
        }
    }
    // Errors without a verdict have ids of their own, LH9nn, where the read side makes them.
    let errors = read(root, "crates/verify/src/error.rs")?;
    for name in pages.into_iter().filter(|name| !errors.contains(&format!("\"{}\"", name.trim_end_matches(".md")))) {
        problems.errors.push(format!("docs/findings/{name}: no finding has this id"));
    }
    Ok(())
}

/// Each rule of the code stands in bold on the page of rules.
pub(super) fn rules(root: &Path, rules: &[&str], problems: &mut Problems) -> Result<()> {
    let page = read(root, "docs/rules.md")?;
    for rule in rules.iter().filter(|rule| !page.contains(&format!("**{rule}**"))) {
        problems.errors.push(format!("docs/rules.md: the rule `{rule}` of the code is not there in bold"));
    }
    Ok(())
}

fn dependencies(root: &Path, problems: &mut Problems) -> Result<()> {
    let manifest = read(root, "Cargo.toml")?;
    let chosen: BTreeSet<String> = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("path ="))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
        .filter(|name| !name.starts_with('#'))
        .collect();
    let page = read(root, "docs/dependencies.md")?;
    let rows: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in chosen.difference(&rows) {
        problems.errors.push(format!("docs/dependencies.md: no line for `{name}`"));
    }
    for name in rows.difference(&chosen) {
        problems
            .errors
            .push(format!("docs/dependencies.md: a line for `{name}`, which [workspace.dependencies] does not have"));
    }
    Ok(())
}
