//! Ranges of lines, and labels that grow while a record is read.

use std::collections::BTreeMap;

use lasthand_model::actor::ActorKind;

use super::{FILES, FileLabels, HintError, LineLabel, RANGES, refuse_over};

/// Lines `first` to `last`, both inclusive, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRange {
    /// The first line.
    pub first: u32,
    /// The last line; not less than `first`.
    pub last: u32,
}

impl LineRange {
    /// Takes a range; `None` for line 0, and for one that ends before it begins.
    #[must_use]
    pub const fn new(first: u32, last: u32) -> Option<Self> {
        if first == 0 || last < first { None } else { Some(Self { first, last }) }
    }

    /// Reads `N` or `N-M`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            if is_plain { text.parse::<u32>().ok() } else { None }
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Self::new(number(first)?, number(last)?)
    }
}

/// Who is said to have written lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Writer {
    pub(super) kind: ActorKind,
    pub(super) tool: String,
    pub(super) model: String,
    pub(super) person: String,
}

/// Labels by path and writer, bounded.
#[derive(Debug, Default)]
pub(super) struct Labels {
    files: BTreeMap<String, BTreeMap<Writer, Vec<LineRange>>>,
    ranges: usize,
}

impl Labels {
    /// Notes that a file is spoken of.
    pub(super) fn add_file(&mut self, path: &str) -> Result<(), HintError> {
        if !self.files.contains_key(path) {
            refuse_over("files of a hint", self.files.len() as u64 + 1, FILES as u64)?;
            self.files.insert(path.to_owned(), BTreeMap::new());
        }
        Ok(())
    }

    /// Adds lines of a writer to a file that was added.
    pub(super) fn add(
        &mut self,
        path: &str,
        writer: Writer,
        lines: impl IntoIterator<Item = LineRange>,
    ) -> Result<(), HintError> {
        let known = self.files.entry(path.to_owned()).or_default().entry(writer).or_default();
        for range in lines {
            self.ranges += 1;
            refuse_over("ranges of lines of a hint", self.ranges as u64, RANGES as u64)?;
            known.push(range);
        }
        Ok(())
    }

    /// Files in order, without those that nobody is said to have written in.
    pub(super) fn into_files(self) -> Vec<FileLabels> {
        let label = |(writer, lines): (Writer, Vec<LineRange>)| LineLabel {
            kind: writer.kind,
            tool: writer.tool,
            model: writer.model,
            person: writer.person,
            lines: joined(lines),
        };
        self.files
            .into_iter()
            .filter(|(_, writers)| !writers.is_empty())
            .map(|(path, writers)| FileLabels { path, labels: writers.into_iter().map(label).collect() })
            .collect()
    }
}

/// Sorts ranges and joins those that overlap or touch.
fn joined(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort_unstable();
    let mut found: Vec<LineRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match found.last_mut() {
            Some(last) if range.first <= last.last.saturating_add(1) => last.last = last.last.max(range.last),
            _ => found.push(range),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u32, last: u32) -> LineRange {
        LineRange { first, last }
    }

    #[test]
    fn ranges_are_read_strictly() {
        // pass: a line, a range
        assert_eq!(LineRange::parse("7"), Some(range(7, 7)));
        assert_eq!(LineRange::parse("7-9"), Some(range(7, 9)));
        // fail: line 0, backwards, signs, blanks, nothing, a line beyond what can be counted
        for text in ["0", "0-1", "9-7", "+7", "-7", "7-", " 7", "7 ", "", "-", "7-8-9", "4294967296"] {
            assert_eq!(LineRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_are_joined_in_order() {
        // pass: overlapping and touching ranges become one, the last line that can be counted included
        let max = u32::MAX;
        let ranges = vec![range(10, 12), range(1, 2), range(3, 4), range(11, 20), range(30, max), range(max, max)];
        assert_eq!(joined(ranges), [range(1, 4), range(10, 20), range(30, max)]);
    }
}
