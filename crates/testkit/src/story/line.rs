//! Lines, words and clauses.

use std::collections::BTreeMap;
use std::fmt;

use super::Variant;

/// A line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryError {
    file: String,
    line: usize,
    message: String,
}

impl StoryError {
    pub(super) fn new(file: &str, line: usize, message: &str) -> Self {
        Self { file: file.to_owned(), line, message: message.to_owned() }
    }
}

impl fmt::Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for StoryError {}

/// In which telling a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Both,
    Attack,
    Twin,
}

impl Marker {
    pub(super) fn stands_in(self, variant: Variant) -> bool {
        match self {
            Self::Both => true,
            Self::Attack => variant == Variant::Attack,
            Self::Twin => variant == Variant::Twin,
        }
    }
}

/// One line: its words, never empty.
#[derive(Debug, Clone)]
pub(super) struct Line {
    file: String,
    number: usize,
    pub(super) marker: Marker,
    pub(super) words: Vec<String>,
}

impl Line {
    pub(super) fn verb(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) const fn number(&self) -> usize {
        self.number
    }

    pub(super) fn error(&self, message: &str) -> StoryError {
        StoryError::new(&self.file, self.number, message)
    }

    /// Splits the words after the verb at the words of `keys`; what stands before the first key is the head.
    pub(super) fn clauses<'a>(&'a self, keys: &[&str]) -> Result<Clauses<'a>, StoryError> {
        let mut clauses = Clauses { line: self, head: Vec::new(), named: BTreeMap::new() };
        let mut open: Option<&str> = None;
        for word in self.words.iter().skip(1).map(String::as_str) {
            if keys.contains(&word) {
                if clauses.named.insert(word, Vec::new()).is_some() {
                    return Err(self.error(&format!("`{word}` twice")));
                }
                open = Some(word);
                continue;
            }
            match open.and_then(|key| clauses.named.get_mut(key)) {
                Some(values) => values.push(word),
                None => clauses.head.push(word),
            }
        }
        Ok(clauses)
    }
}

/// A line, taken apart.
pub(super) struct Clauses<'a> {
    pub(super) line: &'a Line,
    pub(super) head: Vec<&'a str>,
    named: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Clauses<'a> {
    pub(super) fn error(&self, message: &str) -> StoryError {
        self.line.error(message)
    }

    pub(super) fn head(&self, at: usize, what: &str) -> Result<&'a str, StoryError> {
        self.head.get(at).copied().ok_or_else(|| self.error(&format!("expected {what}")))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.named.contains_key(key)
    }

    /// The words of a clause; none when it is absent.
    pub(super) fn list(&self, key: &str) -> &[&'a str] {
        self.named.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn list_if_stated(&self, key: &str) -> Option<Vec<String>> {
        self.named.get(key).map(|words| words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// The one word of a clause.
    pub(super) fn one(&self, key: &str) -> Result<Option<&'a str>, StoryError> {
        match self.named.get(key).map(Vec::as_slice) {
            None => Ok(None),
            Some([word]) => Ok(Some(word)),
            Some(_) => Err(self.error(&format!("`{key}` takes one word"))),
        }
    }

    /// Whether a clause without words is there.
    pub(super) fn flag(&self, key: &str) -> Result<bool, StoryError> {
        match self.named.get(key).map(Vec::as_slice) {
            None => Ok(false),
            Some([]) => Ok(true),
            Some([word, ..]) => Err(self.error(&format!("`{word}` after `{key}` means nothing"))),
        }
    }

    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, StoryError> {
        let word = self.one(key)?;
        word.map(|word| word.parse().map_err(|_| self.error(&format!("`{word}` is not a number")))).transpose()
    }
}

/// Reads the lines of a file. Words are separated by blanks, `"..."` is one word, `#` begins a comment.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Line>, StoryError> {
    let mut lines = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let mut words = words(raw).map_err(|message| StoryError::new(file, at + 1, message))?;
        let marker = match words.first().map(String::as_str) {
            None => continue,
            Some("!") => Marker::Attack,
            Some("=") => Marker::Twin,
            Some(_) => Marker::Both,
        };
        if marker != Marker::Both {
            words.remove(0);
        }
        if words.is_empty() {
            return Err(StoryError::new(file, at + 1, "nothing after the marker"));
        }
        lines.push(Line { file: file.to_owned(), number: at + 1, marker, words });
    }
    Ok(lines)
}

fn words(raw: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = raw.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted.split_once('"').ok_or("a quote that does not end")?
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}
