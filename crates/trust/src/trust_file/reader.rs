//! Typed reading of TOML tables: every value with its place, every surprise reported, reading goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;

use lasthand_model::timestamp;
use toml_edit::{Item, TableLike, Value};

use super::problem::{Diagnostic, Place, Problem};
use super::suggest::nearest;

/// The text of the file and what was found wrong with it so far.
pub(super) struct Sink {
    line_starts: Vec<usize>,
    text: String,
    found: RefCell<Vec<Diagnostic>>,
}

impl Sink {
    pub(super) fn new(text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { line_starts, text: text.to_owned(), found: RefCell::default() }
    }

    pub(super) fn report(&self, place: Place, problem: Problem) {
        let diagnostic = Diagnostic { place, problem };
        let mut found = self.found.borrow_mut();
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }

    /// Everything found, by place.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|diagnostic| (diagnostic.place, diagnostic.problem.severity()));
        found
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Place { line, column }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// One table of the file.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) name: &'static str,
    pub(super) place: Place,
    table: &'a dyn TableLike,
    sink: &'a Sink,
}

impl<'a> Row<'a> {
    /// Takes a table, and reports the keys it should not have.
    pub(super) fn new(
        table: &'a dyn TableLike,
        name: &'static str,
        place: Place,
        known: &'static [&'static str],
        sink: &'a Sink,
    ) -> Self {
        let row = Self { name, place, table, sink };
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(key)) {
            let problem = Problem::UnknownKey { table: name, got: shorten(key), near: nearest(key, known), known };
            sink.report(row.key_place(key), problem);
        }
        row
    }

    pub(super) fn report(&self, place: Place, problem: Problem) {
        self.sink.report(place, problem);
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Place of a key.
    fn key_place(&self, key: &str) -> Place {
        let span = self.table.get_key_value(key).and_then(|(key, _)| key.span());
        span.map_or(self.place, |span| self.sink.place(span.start))
    }

    /// Place of a value, or of the row when there is none.
    pub(super) fn place_of(&self, key: &str) -> Place {
        let span = self.table.get(key).and_then(Item::span);
        span.map_or_else(|| self.key_place(key), |span| self.sink.place(span.start))
    }

    fn wrong(&self, key: &str, item: &Item, expected: &'static str) {
        let problem = Problem::WrongType { key: shorten(key), got: type_name(item), expected };
        self.report(self.place_of(key), problem);
    }

    pub(super) fn text(&self, key: &str) -> Option<At<String>> {
        let item = self.table.get(key)?;
        if let Some(text) = item.as_str() {
            return Some(At { value: text.to_owned(), place: self.place_of(key) });
        }
        self.wrong(key, item, "a text in quotes");
        None
    }

    /// A text that must be there and not be empty.
    pub(super) fn need_text(&self, key: &'static str) -> Option<At<String>> {
        if !self.need(key) {
            return None;
        }
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            let (key, got) = (key.to_owned(), text.value);
            self.report(text.place, Problem::BadValue { key, got, expected: "a text that is not empty" });
            return None;
        }
        Some(text)
    }

    /// Reports when a key is not there.
    pub(super) fn need(&self, key: &'static str) -> bool {
        if !self.has(key) {
            self.report(self.place, Problem::MissingKey { table: self.name, key });
        }
        self.has(key)
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn texts(&self, key: &str) -> Vec<At<String>> {
        let Some(item) = self.table.get(key) else { return Vec::new() };
        let Some(array) = item.as_array() else {
            self.wrong(key, item, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in array {
            let place = value.span().map_or_else(|| self.place_of(key), |span| self.sink.place(span.start));
            match value.as_str() {
                Some(text) if !text.trim().is_empty() => texts.push(At { value: text.to_owned(), place }),
                Some(text) => {
                    let got = text.to_owned();
                    self.report(
                        place,
                        Problem::BadValue { key: shorten(key), got, expected: "a text that is not empty" },
                    );
                }
                None => {
                    let got = value_type(value);
                    self.report(place, Problem::WrongType { key: shorten(key), got, expected: "a list of texts" });
                }
            }
        }
        texts
    }

    /// A list of texts that must be there and not be empty.
    pub(super) fn need_texts(&self, key: &'static str) -> Vec<At<String>> {
        let texts = if self.need(key) { self.texts(key) } else { Vec::new() };
        let is_empty_list = self.table.get(key).and_then(Item::as_array).is_some_and(toml_edit::Array::is_empty);
        if is_empty_list {
            self.report(self.place_of(key), Problem::Empty { table: self.name, key });
        }
        texts
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        let Some(item) = self.table.get(key) else { return false };
        item.as_bool().unwrap_or_else(|| {
            self.wrong(key, item, "true or false");
            false
        })
    }

    pub(super) fn integer(&self, key: &str) -> Option<At<i64>> {
        let item = self.table.get(key)?;
        if let Some(value) = item.as_integer() {
            return Some(At { value, place: self.place_of(key) });
        }
        self.wrong(key, item, "a whole number");
        None
    }

    /// One word of a closed vocabulary.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        self.check_word(key, &text, words)
    }

    /// Finds a text in a closed vocabulary, or reports it.
    pub(super) fn check_word<T: Copy>(&self, key: &str, text: &At<String>, words: &[(&'static str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
            let near = nearest(&text.value, &known);
            let problem = Problem::UnknownWord { key: shorten(key), got: shorten(&text.value), near, known };
            self.report(text.place, problem);
        }
        found
    }

    /// A value read by its own parser.
    pub(super) fn parsed<T: std::str::FromStr>(&self, key: &str, expected: &'static str) -> Option<T> {
        let text = self.text(key)?;
        let parsed = text.value.parse().ok();
        if parsed.is_none() {
            let problem = Problem::BadValue { key: shorten(key), got: shorten(&text.value), expected };
            self.report(text.place, problem);
        }
        parsed
    }

    /// A moment: a TOML offset date-time, or RFC 3339 text. Seconds since the epoch.
    pub(super) fn moment(&self, key: &'static str) -> Option<At<i64>> {
        const EXPECTED: &str = "a date and time with offset such as 2027-01-31T00:00:00Z";
        if !self.need(key) {
            return None;
        }
        let item = self.table.get(key)?;
        let text = match (item.as_datetime(), item.as_str()) {
            (Some(moment), _) => moment.to_string().replacen(' ', "T", 1),
            (None, Some(text)) => text.to_owned(),
            (None, None) => {
                self.wrong(key, item, EXPECTED);
                return None;
            }
        };
        let place = self.place_of(key);
        match timestamp::parse(&text) {
            Ok(value) => Some(At { value, place }),
            Err(_) => {
                let problem = Problem::BadValue { key: key.to_owned(), got: shorten(&text), expected: EXPECTED };
                self.report(place, problem);
                None
            }
        }
    }

    /// A table of texts, such as parameters.
    pub(super) fn map(&self, key: &str, known: &'static str) -> BTreeMap<String, String> {
        let Some(item) = self.table.get(key) else { return BTreeMap::new() };
        let Some(table) = item.as_table_like() else {
            self.wrong(key, item, "a table of texts");
            return BTreeMap::new();
        };
        let inner = Row { name: known, place: self.place_of(key), table, sink: self.sink };
        table.iter().filter_map(|(name, _)| Some((name.to_owned(), inner.text(name)?.value))).collect()
    }

    /// Rows under a key: `[[key]]` tables, or a list of inline tables.
    pub(super) fn rows(&self, key: &str, name: &'static str, known: &'static [&'static str]) -> Vec<Row<'a>> {
        let Some(item) = self.table.get(key) else { return Vec::new() };
        let place = |span: Option<std::ops::Range<usize>>| {
            span.map_or_else(|| self.place_of(key), |span| self.sink.place(span.start))
        };
        match item {
            Item::ArrayOfTables(tables) => {
                tables.iter().map(|table| Row::new(table, name, place(table.span()), known, self.sink)).collect()
            }
            Item::Value(Value::Array(values)) => values
                .iter()
                .filter_map(|value| {
                    let Some(table) = value.as_inline_table() else {
                        let got = value_type(value);
                        let problem = Problem::WrongType { key: shorten(key), got, expected: "a list of tables" };
                        self.report(place(value.span()), problem);
                        return None;
                    };
                    Some(Row::new(table, name, place(table.span()), known, self.sink))
                })
                .collect(),
            other => {
                self.wrong(key, other, "a list of tables: write the name in two brackets");
                Vec::new()
            }
        }
    }

    /// Keys and values, for the top of the file.
    pub(super) fn unknown_tables(&self, known: &'static [&'static str]) {
        for (key, _) in self.table.iter().filter(|(key, _)| !known.contains(key)) {
            let problem = Problem::UnknownTable { got: shorten(key), near: nearest(key, known), known };
            self.report(self.key_place(key), problem);
        }
    }

    /// The whole file as a row, without a check of its keys.
    pub(super) fn top(table: &'a dyn TableLike, sink: &'a Sink) -> Self {
        Self { name: "the file", place: Place { line: 1, column: 1 }, table, sink }
    }
}

/// The values alone.
pub(super) fn values(texts: &[At<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

/// The beginning of a text, for messages.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(120).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn type_name(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Value(value) => value_type(value),
        Item::Table(_) => "one table",
        Item::ArrayOfTables(_) => "a list of tables",
    }
}

const fn value_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}
