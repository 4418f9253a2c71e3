//! The strict JSON reader: what it refuses, and where it says the fault is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use lasthand_model::json::{JsonError, of_words, parse, parse_as};
use lasthand_model::limits::Limits;
use proptest::prelude::*;
use serde_json::{Value, json};

fn check_ok(text: &str, expected: &Value) {
    assert_eq!(&parse(text.as_bytes(), &Limits::DEFAULT).unwrap(), expected, "{text}");
}

fn refusal(text: &str) -> JsonError {
    parse(text.as_bytes(), &Limits::DEFAULT).unwrap_err()
}

#[test]
fn plain_documents_are_read_as_they_stand() {
    // pass: every kind of value, members in their order
    check_ok(
        " {\"b\": [1, -2, 3.5, null, true], \"a\": \"\\u00e9\"} \n",
        &json!({"b": [1, -2, 3.5, null, true], "a": "é"}),
    );
    check_ok("18446744073709551615", &json!(u64::MAX));
    check_ok("\"x\"", &json!("x"));
    let value = parse(br#"{"b":1,"a":2}"#, &Limits::DEFAULT).unwrap();
    assert_eq!(value.to_string(), r#"{"b":1,"a":2}"#);
}

#[test]
fn duplicate_keys_are_refused_at_every_depth() {
    // fail: one key twice in one object, however deep and however it is written
    for depth in 0..60 {
        let text = format!("{}{{\"k\":1,\"\\u006b\":2}}{}", "[{\"x\":".repeat(depth / 2), "}]".repeat(depth / 2));
        match refusal(&text) {
            JsonError::DuplicateKey { key, line, .. } => assert_eq!((key.as_str(), line), ("k", 1)),
            other => panic!("{text}: {other}"),
        }
    }
    // pass: the same key in two objects
    check_ok(r#"{"k":{"k":1}}"#, &json!({"k": {"k": 1}}));
}

#[test]
fn the_place_of_a_duplicate_key_is_named() {
    // fail: line and column point behind the second key
    let error = refusal("{\"a\": 1,\n  \"a\": 2}");
    assert!(matches!(error, JsonError::DuplicateKey { line: 2, column: 5, .. }), "{error}");
    assert_eq!(error.to_string(), "key `a` occurs twice in one object at line 2 column 5");
}

#[test]
fn a_depth_bomb_is_an_error() {
    // fail: a million open brackets, and as many open objects, under any limit
    let arrays = "[".repeat(1_000_000);
    let objects = "{\"a\":".repeat(1_000_000);
    for limits in [Limits::DEFAULT, Limits { json_depth: usize::MAX, ..Limits::DEFAULT }] {
        for text in [&arrays, &objects] {
            let error = parse(text.as_bytes(), &limits).unwrap_err();
            assert!(matches!(error, JsonError::OverDepth { .. }), "{error}");
        }
    }
}

#[test]
fn depth_is_counted_to_the_level() {
    // pass: exactly the limit; fail: one more
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limits = Limits { json_depth: 3, ..Limits::DEFAULT };
    assert!(parse(nested(3).as_bytes(), &limits).is_ok());
    let error = parse(nested(4).as_bytes(), &limits).unwrap_err();
    assert!(matches!(error, JsonError::OverDepth { limit: 3, .. }), "{error}");
    // the bound of the reader below us is never the one that is met
    let wide = Limits { json_depth: usize::MAX, ..Limits::DEFAULT };
    assert!(parse(nested(120).as_bytes(), &wide).is_ok());
    assert!(matches!(parse(nested(121).as_bytes(), &wide), Err(JsonError::OverDepth { limit: 120, .. })));
}

#[test]
fn values_and_bytes_are_counted() {
    // fail: one value or one byte too many
    let limits = Limits { json_values: 3, json_bytes: 10, ..Limits::DEFAULT };
    assert!(parse(b"[1,2]", &limits).is_ok());
    assert!(matches!(parse(b"[1,2,3]", &limits), Err(JsonError::OverValues { limit: 3, .. })));
    assert!(parse(b"\"12345678\"", &limits).is_ok());
    assert!(matches!(parse(b"\"123456789\"", &limits), Err(JsonError::OverBytes { limit: 10, got: 11 })));
}

#[test]
fn values_take_bytes_of_their_own() {
    // fail: two bytes a value; pass: few of them, and as many of some more bytes; a document of words has fewer
    let brackets = |count: usize| format!("[{}[]]", "[],".repeat(count - 2)).into_bytes();
    let all = Limits::DEFAULT;
    let is_of_words = |bytes: &[u8]| parse(bytes, &of_words(bytes, &all)).is_ok();
    assert!(parse(&brackets(1_000_000), &all).is_ok() && is_of_words(&brackets(100_000)));
    assert!(matches!(parse(&brackets(3_000_000), &all), Err(JsonError::OverValues { limit: 2_124_999, .. })));
    assert!(!is_of_words(&brackets(200_000)));
    let numbers = |count: usize| format!("[{}1]", "1234567,".repeat(count)).into_bytes();
    assert!(parse(&numbers(1_000_000), &all).is_ok() && !is_of_words(&numbers(1_000_000)));
}

#[test]
fn what_is_not_one_json_document_is_refused() {
    // fail: trailing bytes, bad UTF-8, and texts that lax readers take
    assert!(matches!(refusal("{} x"), JsonError::Trailing { line: 1, .. }));
    assert!(matches!(refusal("{}{}"), JsonError::Trailing { .. }));
    assert!(matches!(parse(b"\"a\xff\"", &Limits::DEFAULT), Err(JsonError::NotUtf8 { offset: 2 })));
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "'a'",
        "{a:1}",
        "01",
        "+1",
        "NaN",
        "1e999",
        "// x\n1",
        "\u{feff}1",
        "\"\\ud800\"",
        "\"\n\"",
    ] {
        let error = refusal(text);
        assert!(matches!(error, JsonError::Syntax { .. }), "{text:?}: {error}");
    }
}

#[test]
fn a_wrong_shape_is_named_by_its_pointer() {
    // fail: the pointer leads to the value of the wrong shape
    type Shape = BTreeMap<String, Vec<BTreeMap<String, u8>>>;
    let check = |text: &str, expected: &str| match parse_as::<Shape>(text.as_bytes(), &Limits::DEFAULT) {
        Err(JsonError::Shape { pointer, .. }) => assert_eq!(pointer, expected, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    check("[]", "");
    check("{\"a\": 1}", "/a");
    check("{\"a\": [{\"x\": 1}, {\n\"y\": 2, \"z\": \"no\"}], \"b\": []}", "/a/1/z");
    check("{\"a\": [{}], \"b/c~d\\\"e\": [{}, [], {}]}", "/b~1c~0d\"e/1");
    check("{\"a\": [{\"x\": 300}]}", "/a/0/x");
}

#[test]
fn a_missing_member_is_named_by_its_object() {
    // fail: the statement lacks `predicateType`; its subject has a digest of the wrong kind
    use lasthand_model::wire::statement::Statement;
    let check = |text: &str, expected: &str| match parse_as::<Statement>(text.as_bytes(), &Limits::DEFAULT) {
        Err(JsonError::Shape { pointer, .. }) => assert_eq!(pointer, expected, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    check(r#"{"_type": "x", "subject": []}"#, "");
    check(
        r#"{"_type": "x", "subject": [{"digest": {"sha256": 7}}], "predicateType": "y"}"#,
        "/subject/0/digest/sha256",
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(value in any_json()) {
        // pass: the strict reader takes everything that was written once
        prop_assert_eq!(parse(value.to_string().as_bytes(), &Limits::DEFAULT).unwrap(), value);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // pass: an answer or an error
        let _ = parse_as::<BTreeMap<String, Vec<u8>>>(&bytes, &Limits::DEFAULT);
    }
}
