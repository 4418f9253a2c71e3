use super::*;
use crate::marks::environment::{NameRule, TABLE_ROWS, ValueRule};

const SECRET: &str = "s3cr3t-value-7781";

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

#[test]
fn every_row_of_the_environment_table_is_seen_and_its_value_never_kept() {
    // pass: each mark is found alone; each row people meet too is none; no value appears
    for row in TABLE_ROWS {
        let name = match row.name {
            NameRule::Exact(name) => name.to_owned(),
            NameRule::Prefix(prefix) => format!("{prefix}ID"),
        };
        let value = match row.value {
            ValueRule::AnyText => SECRET,
            ValueRule::Exactly(value) => value,
        };
        let seen = Surroundings::read_from(variables(&[(&name, value)]), [], false);
        let expected: Vec<_> = match row.weight {
            Weight::Mark => vec![mark("environment", row.rule(), row.agent)],
            Weight::AlsoHuman => Vec::new(),
        };
        assert_eq!(seen.marks, expected, "{name}");
        assert!(!format!("{seen:?}").contains(SECRET), "{name}");
    }
}

#[test]
fn empty_and_other_values_are_no_marks() {
    // fail: an emptied variable, or another role of the editor, is no mark
    for (name, value) in
        [("CLAUDECODE", ""), ("AI_AGENT", ""), ("REPLIT_MODE", "human"), ("CURSOR_EXTENSION_HOST_ROLE", "user")]
    {
        assert_eq!(Surroundings::read_from(variables(&[(name, value)]), [], false).marks, [], "{name}");
    }
}

#[test]
fn every_program_of_the_ancestry_table_is_seen() {
    // pass: by plain name, by path, by script
    for row in ancestry::TABLE_ROWS {
        for name in [row.program.to_owned(), format!("/opt/bin/{}", row.program), format!("/lib/{}.js", row.program)] {
            let seen = Surroundings::read_from([], [Ancestor::named("sh"), Ancestor::named(&name)], false);
            assert_eq!(seen.marks, [mark("ancestry", row.program.to_owned(), row.agent)], "{name}");
        }
    }
    // fail: a name that only begins alike
    let seen =
        Surroundings::read_from([], [Ancestor::named("ampersand"), Ancestor::named("gemini-editor-theme")], false);
    assert_eq!(seen.marks, []);
}

#[test]
fn equal_marks_are_kept_once_and_sorted() {
    // pass: the same input in another order gives the same surroundings
    let one = variables(&[("CODEX_CI", "1"), ("AGENT", "x"), ("USER", "ana")]);
    let other = variables(&[("USER", "ana"), ("AGENT", "x"), ("CODEX_CI", "1")]);
    let ancestors = || [Ancestor::named("codex"), Ancestor::named("codex")];
    let seen = Surroundings::read_from(one, ancestors(), true);
    assert_eq!(seen, Surroundings::read_from(other, ancestors(), true));
    let rules: Vec<_> = seen.marks.iter().map(|mark| mark.rule.as_str()).collect();
    assert_eq!(rules, ["codex", "AGENT", "CODEX_CI"]);
    assert_eq!((seen.user.as_deref(), seen.terminal, seen.simulated), (Some("ana"), true, false));
}

fn given(text: &str) -> Result<Surroundings, SurroundingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surroundings.json");
    std::fs::write(&path, text).unwrap();
    super::given::read(&path)
}

#[test]
fn a_file_stands_for_the_surroundings_and_says_so() {
    // pass: what the file says, marked as simulated
    let text = r#"{"marks":[{"source":"environment","rule":"AI_AGENT","agent":"demo"}],"terminal":true,"user":"bo"}"#;
    let seen = given(text).unwrap();
    assert_eq!(seen.marks, [mark("environment", "AI_AGENT".to_owned(), "demo")]);
    assert_eq!((seen.terminal, seen.user.as_deref(), seen.simulated), (true, Some("bo"), true));
    assert_eq!(seen.wire_word().as_deref(), Some("simulated"));
    assert!(given("{}").unwrap().simulated);
}

#[test]
fn a_file_with_anything_else_is_an_error() {
    // fail: unknown member, wrong type, unknown source, duplicate member
    for text in [
        r#"{"extra":1}"#,
        r#"{"terminal":"yes"}"#,
        r#"{"user":1}"#,
        r#"{"marks":{}}"#,
        r#"{"marks":[{"source":"environment","rule":"A"}]}"#,
        r#"{"marks":[{"source":"environment","rule":"A","agent":"b","value":"c"}]}"#,
        r#"{"marks":[{"source":"guess","rule":"A","agent":"b"}]}"#,
        r#"{"terminal":true,"terminal":false}"#,
        "[]",
        "",
    ] {
        let error = given(text).unwrap_err();
        assert!(!error.hints().is_empty(), "{text}");
    }
}
