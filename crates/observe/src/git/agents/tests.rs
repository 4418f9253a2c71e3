#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use super::*;

const EXAMPLES: &str = include_str!("tests/examples.tsv");

/// Asks the part of the table that a rule belongs to, as whoever reads commits does.
fn ask(part: &str, text: &str) -> Option<Recognition> {
    match part {
        "mail" | "review-bot" | "robot" | "app" => recognise_mail(text),
        "name" | "model" => recognise_product(text),
        "name-end" => recognise_name(text),
        "session" | "message" => recognise_line(text),
        "tool" => recognise_tool(text, TrailerAct::Tool),
        "branch" => recognise_branch(text),
        other => panic!("no part {other}"),
    }
}

#[test]
fn every_row_knows_its_example_and_not_its_neighbour() {
    // pass: the text that is written for it, by this row; fail: a person's, a vendor's employee's, a text that is nearly so
    let mut examples: BTreeMap<(&str, &str), (&str, &str)> = BTreeMap::new();
    for line in EXAMPLES.lines().skip(1) {
        let words: Vec<&str> = line.split('\t').collect();
        assert_eq!(words.len(), 4, "{line}");
        assert!(examples.insert((words[0], words[1]), (words[2], words[3])).is_none(), "twice: {line}");
    }
    for rule in rules() {
        let (part, shown) = (rule.part.word(), rule.to_string());
        let (known, missed) = examples.remove(&(part, rule.pattern)).unwrap();
        assert_eq!(ask(part, known).map(|known| known.rule), Some(rule), "{shown}: {known}");
        assert_ne!(ask(part, missed).map(|known| known.rule), Some(rule), "{shown}: {missed}");
    }
    assert!(examples.is_empty(), "no rows: {examples:?}");
}

#[test]
fn mail_patterns_are_narrow() {
    for rule in rules().filter(|rule| matches!(rule.part, Part::Mail | Part::ReviewBot | Part::Robot)) {
        // pass: an address each, lower case, never a whole domain
        let local = rule.pattern.split('@').next().unwrap_or_default();
        let is_narrow = rule.pattern.contains('@') && local.len() > 2 && local != "*+";
        assert!(is_narrow && rule.pattern == rule.pattern.to_lowercase(), "{rule}");
    }
}

#[test]
fn kinds_and_levels_follow_from_the_part() {
    // pass: what a field says is a claim (2), what is concluded is an inference (1)
    let check = |mail: &str, kind, name, level| {
        let known = recognise_mail(mail).unwrap();
        assert_eq!((known.kind, known.name, known.rule.level()), (kind, name, level), "{mail}");
    };
    check("noreply@anthropic.com", ActorKind::Agent, "claude-code", 2);
    check("coderabbitai[bot]@users.noreply.github.com", ActorKind::Agent, "coderabbit", 2);
    check("dependabot[bot]@users.noreply.github.com", ActorKind::Automation, "dependabot", 2);
    check("1+shiny-new[bot]@users.noreply.github.com", ActorKind::Unknown, "", 1);
    assert_eq!(recognise_branch("copilot/x").map(|known| known.rule.level()), Some(1));
    // fail: a person's account, nothing at all
    assert_eq!((recognise_mail("ana@anthropic.com"), kind_of_mail("ana@anthropic.com")), (None, ActorKind::Human));
    assert_eq!((recognise_mail(""), kind_of_mail("")), (None, ActorKind::Unknown));
}

#[test]
fn names_that_people_have_tell_nothing_of_people() {
    // pass: in a line about tools, or with a model behind it, in any line
    for tool in ["Claude", "Devin", "Jules", "Junie"] {
        assert!(recognise_tool(tool, TrailerAct::Tool).is_some(), "{tool}");
        assert!(recognise_tool(tool, TrailerAct::Author).is_none(), "{tool}");
    }
    assert!(recognise_tool("Claude Sonnet 4", TrailerAct::Author).is_some());
    // fail: people, in every line and as addresses
    for person in ["Claude Dupont", "Jules Verne", "Devin Booker", "Claude Monet-Opus"] {
        assert!(recognise_tool(person, TrailerAct::Author).is_none(), "{person}");
    }
    for mail in ["claude@example.com", "devin@example.com", "jules@google.com", "claude.dupont@anthropic.com"] {
        assert_eq!(recognise_mail(mail), None, "{mail}");
    }
    assert_eq!(recognise_name("Claude"), None);
    // fail: people and companies, over any address; pass: products with models
    for person in [
        "Claude",
        "Claude Dupont",
        "Claude Pro",
        "Claude Mini",
        "Gemini",
        "Codex",
        "Devin",
        "GPT Team",
        "Cursor",
        "Claude Opus Dupont",
    ] {
        assert_eq!(recognise_product(person), None, "{person}");
    }
    for product in
        ["Claude Opus 4.1", "claude-sonnet-4", "Claude 3.5 Sonnet", "GPT-5", "Gemini 2.5 Pro", "GitHub Copilot"]
    {
        assert!(recognise_product(product).is_some(), "{product}");
    }
}

#[test]
fn kernel_form_is_read() {
    // pass: SPEC: Linux kernel, Documentation/process/coding-assistants.rst; fail: a tool without a model
    assert_eq!(
        recognise_tool("Claude:claude-3-opus coccinelle", TrailerAct::Tool).map(|k| k.name),
        Some("claude-code")
    );
    assert_eq!(recognise_tool("protoc 3.21", TrailerAct::Tool), None);
    // pass: the first of several
    assert_eq!(recognise_tool("Claude Code, Codex", TrailerAct::Tool).map(|known| known.name), Some("claude-code"));
}

#[test]
fn keys_of_trailers_are_exact_where_git_reads_them() {
    // pass: as git writes it, in a list, emphasised; fail: what only looks so is a key, and not exact; another key, none
    for (line, expected) in [
        ("Co-authored-by: Bo <bo@example.com>", Some(true)),
        ("* **CO-AUTHORED-BY:** Bo <bo@example.com>", Some(true)),
        ("Co-authored-by\u{ff1a} Bo <bo@example.com>", Some(false)),
        ("Co-authored\u{ad}-by: Bo <bo@example.com>", Some(false)),
        ("Co\u{2011}authored\u{2011}by: Bo <bo@example.com>", Some(false)),
        ("Co\u{2013}authored\u{2212}by: Bo <bo@example.com>", Some(false)),
        ("Co-authored\u{ff0d}by\u{ff1a} Bo <bo@example.com>", Some(false)),
        ("Co\u{b7}authored-by: Bo <bo@example.com>", None),
        ("Co-authored\u{2013}for: Bo <bo@example.com>", None),
        ("Co-authored-by Bo\u{ff1a} <bo@example.com>", None),
        ("Co-authored-by Bo <bo@example.com>", None),
        ("Fixes: Co-authored-by: Bo", None),
    ] {
        let found = trailer_of(line);
        assert_eq!(found.map(|trailer| trailer.is_exact), expected, "{line}");
        assert!(found.is_none_or(|trailer| trailer.value == "Bo <bo@example.com>"), "{line}: {found:?}");
    }
}

#[test]
fn branches_of_remotes_are_branches() {
    // pass: a remote's, whatever it is called; fail: a remote that is called as an agent's branches begin, a tag
    for (branch, agent) in [
        ("refs/remotes/origin/copilot/fix-1", Some("copilot")),
        ("refs/remotes/codex/copilot/fix-1", Some("copilot")),
        ("refs/remotes/copilot/fix-1", None),
        ("refs/tags/copilot/fix-1", None),
    ] {
        assert_eq!(recognise_branch(branch).map(|found| found.name), agent, "{branch}");
    }
}
