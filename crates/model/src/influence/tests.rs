#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::{Influence, Pattern, ROWS, of, row_of, rows};

const EXAMPLES: &str = include_str!("tests/examples.txt");

/// Pattern to (kind that its heading says, path that is met, path that is not).
fn examples() -> BTreeMap<&'static str, (Influence, &'static str, &'static str)> {
    let mut kind = Influence::ProductCode;
    let mut found = BTreeMap::new();
    for line in EXAMPLES.lines().skip(1) {
        if let Some(heading) = line.strip_prefix("# ") {
            kind = Influence::parse(heading).unwrap_or(kind);
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 3, "{line}");
        assert!(found.insert(words[0], (kind, words[1], words[2])).is_none(), "twice: {line}");
    }
    found
}

#[test]
fn every_row_meets_its_example_first_and_not_its_neighbour() {
    // pass: the path that is written for it, by this row and no row before; fail: a path that is nearly so
    let mut examples = examples();
    for row in rows() {
        let (kind, met, missed) = examples.remove(row.pattern).unwrap();
        assert_eq!(row.kind, kind, "{}", row.pattern);
        assert_eq!(row_of(met), Some(row), "{met}");
        let pattern = Pattern::of(row.pattern);
        assert!(pattern.meets(met, &met.to_ascii_lowercase()), "{}: {met}", row.pattern);
        assert!(!pattern.meets(missed, &missed.to_ascii_lowercase()), "{}: {missed}", row.pattern);
    }
    assert!(examples.is_empty(), "no rows: {examples:?}");
}

#[test]
fn kinds_stand_in_the_order_of_their_power() {
    // pass: the order in which they are asked is that of the vocabulary, and what no row meets is the product
    let asked: Vec<Influence> = ROWS.iter().map(|(kind, _)| *kind).collect();
    let words: Vec<Influence> = Influence::ALL.iter().copied().filter(|kind| *kind != Influence::ProductCode).collect();
    assert_eq!(asked, words);
}

#[test]
fn ecosystems_are_told_apart() {
    // pass: what a release of each ecosystem has beside its code; fail: the code itself
    let check = |kind: Influence, paths: &[&str]| {
        for path in paths {
            assert_eq!(of(path), kind, "{path}");
        }
    };
    check(
        Influence::ProductCode,
        &["src/main.rs", "main.go", "app/models/user.rb", "index.js", "LICENSE", "src/Main.java", ""],
    );
    check(Influence::Lock, &["yarn.lock", "poetry.lock", "uv.lock", "Pipfile.lock", "Gemfile.lock", "composer.lock"]);
    check(
        Influence::Lock,
        &["flake.lock", "mix.lock", "bun.lock", "deno.lock", "Podfile.lock", "Chart.lock", "a/b/Cargo.lock"],
    );
    check(Influence::AgentSteering, &["docs/AGENTS.md", "tests/Claude.md", "a/.CLAUDE/hooks/x.sh"]);
    check(Influence::Ci, &[".github/workflows/docs/README.md", "ci/tests/run.sh"]);
    check(Influence::Tests, &["src/lib/tests/docs.rs", "docs-src/test/a.rs"]);
    check(Influence::BuildScript, &["tests/Dockerfile", "examples/a/package/Makefile"]);
}

#[test]
fn long_paths_cost_little() {
    // pass: a path as long as a tree may have, of characters that begin many patterns
    assert_eq!(of(&"test".repeat(1024)), Influence::ProductCode);
    assert_eq!(of(&"a/".repeat(2048)), Influence::ProductCode);
}
