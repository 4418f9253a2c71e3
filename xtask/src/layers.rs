//! `cargo xtask layers`: which crate may use which, and whether pure crates are pure.
//!
//! In: the table under "Dependency table" of ARCHITECTURE.md; `cargo metadata`; the sources of `crates/`.
//! Out: one error for each edge, name or library that stands where it may not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, PackageId};

use crate::source;
use crate::tidy::{Problems, rust_files};

/// Crates whose name must not be reachable, by any number of ordinary edges: provenance and its signing are separate controls.
const NEVER: &[(&str, &[&str])] = &[
    ("lasthand-verify", &["lasthand-sign", "lasthand-observe", "lasthand-attest"]),
    ("lasthand-gate", &["lasthand-sign", "lasthand-observe", "lasthand-attest"]),
    ("lasthand-sign", &["lasthand-observe"]),
    ("lasthand-observe", &["lasthand-sign"]),
];
/// Libraries that nothing below the edge may reach.
const BANNED_BELOW_EDGE: &[&str] = &["tokio", "reqwest", "hyper", "openssl-sys", "native-tls"];
/// What a pure crate must not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::time::SystemTime::now",
    "std::time::Instant::now",
];
const IMPURE_CALLS: &[&str] = &["SystemTime::now", "Instant::now", "OffsetDateTime::now_utc"];

/// One row of the table.
struct Row {
    tier: String,
    uses: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// Compares the workspace with its table of dependencies and looks for impure names.
///
/// # Errors
/// When the table cannot be read or `cargo metadata` fails.
pub fn check(root: &Path) -> Result<Problems> {
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).context("cannot read ARCHITECTURE.md")?;
    let table = read_table(&page)?;
    let metadata =
        MetadataCommand::new().manifest_path(root.join("Cargo.toml")).exec().context("cargo metadata failed")?;
    let mut problems = Problems::default();
    edges(&metadata, &table, &mut problems);
    reach(&metadata, &table, &mut problems)?;
    for (name, row) in &table {
        let folder = root.join("crates").join(name).join("src");
        for file in rust_files(&folder)? {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            if row.tier == "PURE" && !is_test_file(&file) {
                problems.errors.extend(impure(&shown, &text));
            }
            if row.tier != "TEST" && !shown.starts_with("crates/model/src/wire/") {
                problems.errors.extend(serde_derives(&shown, &text));
            }
        }
    }
    Ok(problems)
}

fn is_test_file(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs")
}

fn read_table(page: &str) -> Result<BTreeMap<String, Row>> {
    let (_, section) =
        page.split_once("## Dependency table").context("ARCHITECTURE.md has no section `Dependency table`")?;
    let mut table = BTreeMap::new();
    for line in section.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, tier, uses, tests] = cells.as_slice() else {
            bail!("ARCHITECTURE.md: expected four cells in `{line}`");
        };
        let names = |cell: &str| {
            cell.split_whitespace().filter(|word| *word != "-").map(|word| word.trim_matches('`').to_owned()).collect()
        };
        let row = Row { tier: (*tier).to_owned(), uses: names(uses), tests: names(tests) };
        table.insert(name.trim_matches('`').to_owned(), row);
    }
    Ok(table)
}

/// The folder of a workspace crate, from its package name.
fn folder_of(package: &str) -> Option<&str> {
    if package == "lasthand" { Some("cli") } else { package.strip_prefix("lasthand-").filter(|name| *name != "tests") }
}

fn edges(metadata: &Metadata, table: &BTreeMap<String, Row>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for package in metadata.workspace_packages() {
        let Some(name) = folder_of(&package.name) else { continue };
        seen.insert(name.to_owned());
        let Some(row) = table.get(name) else {
            problems.errors.push(format!("crates/{name} has no row in the dependency table of ARCHITECTURE.md"));
            continue;
        };
        let used = |tests: bool| -> BTreeSet<String> {
            let wanted = package.dependencies.iter().filter(|edge| (edge.kind == DependencyKind::Development) == tests);
            wanted.filter_map(|edge| folder_of(&edge.name)).filter(|other| *other != name).map(str::to_owned).collect()
        };
        let mut compare = |column: &str, stated: &BTreeSet<String>, real: &BTreeSet<String>| {
            for other in real.difference(stated) {
                problems.errors.push(format!(
                    "{name} -> {other}: an edge that the column `{column}` of ARCHITECTURE.md does not allow"
                ));
            }
            for other in stated.difference(real) {
                problems.errors.push(format!(
                    "{name} -> {other}: in the column `{column}` of ARCHITECTURE.md, but there is no such edge"
                ));
            }
        };
        compare("uses", &row.uses, &used(false));
        compare("in tests also", &row.tests, &used(true));
    }
    for name in table.keys().filter(|name| !seen.contains(*name)) {
        problems.errors.push(format!("ARCHITECTURE.md has a row for `{name}`, which is no crate of the workspace"));
    }
}

fn reach(metadata: &Metadata, table: &BTreeMap<String, Row>, problems: &mut Problems) -> Result<()> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gave no resolved graph")?;
    let nodes: BTreeMap<&PackageId, &Node> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    for package in metadata.workspace_packages() {
        let Some(row) = folder_of(&package.name).and_then(|name| table.get(name)) else { continue };
        let separate =
            NEVER.iter().filter(|(name, _)| *name == package.name.as_str()).flat_map(|(_, never)| never.iter());
        let below_edge = matches!(row.tier.as_str(), "PURE" | "STREAM");
        let banned: BTreeSet<&str> = separate.chain(BANNED_BELOW_EDGE.iter().filter(|_| below_edge)).copied().collect();
        problems.errors.extend(banned_paths(metadata, &nodes, &package.id, &banned));
    }
    Ok(())
}

/// Walks ordinary and build edges; one line for each banned package with the path to it.
fn banned_paths(
    metadata: &Metadata,
    nodes: &BTreeMap<&PackageId, &Node>,
    start: &PackageId,
    banned: &BTreeSet<&str>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([start]);
    let mut open = vec![(start, String::new())];
    while let Some((id, before)) = open.pop() {
        let name =
            metadata.packages.iter().find(|package| package.id == *id).map_or("?", |package| package.name.as_str());
        let path = if before.is_empty() { name.to_owned() } else { format!("{before} -> {name}") };
        if banned.contains(name) {
            found.push(format!("{path}: may not be reached"));
            continue;
        }
        for edge in nodes.get(id).map_or(&[][..], |node| &node.deps) {
            let ordinary = edge.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
            if ordinary && seen.insert(&edge.pkg) {
                open.push((&edge.pkg, path.clone()));
            }
        }
    }
    found
}

fn impure(shown: &str, text: &str) -> Vec<String> {
    let blanked = source::blank(text);
    let code = source::without_tests(&blanked);
    let names = |path: &str, banned: &str| path == banned || path.starts_with(&format!("{banned}::"));
    let mut found = Vec::new();
    for (line, path) in source::std_paths(code) {
        if IMPURE.iter().any(|banned| names(&path, banned)) {
            found.push(format!("{shown}:{line}: `{path}` in a pure crate"));
        }
    }
    for call in IMPURE_CALLS {
        for (at, _) in code.match_indices(call) {
            found.push(format!("{shown}:{}: `{call}` in a pure crate", code[..at].matches('\n').count() + 1));
        }
    }
    found
}

fn serde_derives(shown: &str, text: &str) -> Vec<String> {
    let blanked = source::blank(text);
    let code = source::without_tests(&blanked);
    let derives = code.match_indices("derive(").filter(|(at, _)| {
        let list = &code[*at..];
        let list = &list[..list.find(')').unwrap_or(list.len())];
        source::words(list).any(|(_, word)| matches!(word, "Serialize" | "Deserialize"))
    });
    derives
        .map(|(at, _)| {
            format!("{shown}:{}: serde is derived in model::wire only", code[..at].matches('\n').count() + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_names_are_found_and_tests_are_not() {
        // fail: a file system, an environment and a clock; pass: the same in tests, comments and texts
        let text = "use std::{fs, io};\nfn a() { std::env::var(\"A\"); Instant::now(); }\n// std::net\nlet s = \"std::process\";\n#[cfg(test)]\nmod tests { use std::thread; }\n";
        let found = impure("x.rs", text);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn serde_derives_are_found() {
        // fail: a derive with a path; pass: an implementation by hand
        assert_eq!(
            serde_derives("x.rs", "#[derive(Debug, serde::Serialize)]\nstruct A;\nimpl Serialize for B {}\n").len(),
            1
        );
    }

    #[test]
    fn the_table_is_read() -> Result<()> {
        // pass: a dash means nothing; a row outside of the section is none
        let page = "| `x` | PURE | - | - |\n## Dependency table\n\n| crate | tier | uses | in tests also |\n|---|---|---|---|\n| `a` | PURE | - | `b` |\n| `b` | EDGE | `a` `c` | - |\n## Next\n| `y` | PURE | - | - |\n";
        let table = read_table(page)?;
        assert_eq!(table.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(table["b"].uses.len(), 2);
        assert!(table["a"].uses.is_empty() && table["a"].tests.contains("b"));
        Ok(())
    }
}
