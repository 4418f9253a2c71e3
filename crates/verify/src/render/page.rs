//! Lines of bounded width; every text is escaped on its way in.

use super::{Color, Style, escape};

/// What is being printed.
pub(super) struct Page {
    out: String,
    style: Style,
}

/// Colours, by meaning.
#[derive(Clone, Copy)]
pub(super) enum Paint {
    Good,
    Bad,
    Unsure,
    Strong,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "1;32",
            Self::Bad => "1;31",
            Self::Unsure => "1;33",
            Self::Strong => "1",
        }
    }
}

impl Page {
    pub(super) const fn new(style: Style) -> Self {
        Self { out: String::new(), style }
    }

    /// A line whose first part stands out; not wrapped.
    pub(super) fn title(&mut self, paint: Paint, strong: &str, rest: &str) {
        let strong = escape(strong);
        match self.style.color {
            Color::Ansi => {
                self.out.push_str("\x1b[");
                self.out.push_str(paint.code());
                self.out.push('m');
                self.out.push_str(&strong);
                self.out.push_str("\x1b[0m");
            }
            Color::Plain => self.out.push_str(&strong),
        }
        self.out.push_str(&escape(rest));
        self.out.push('\n');
    }

    /// A line that is never broken.
    pub(super) fn row(&mut self, text: &str) {
        self.out.push_str(&escape(text));
        self.out.push('\n');
    }

    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A line, broken between words; what follows stands `hang` columns further in.
    pub(super) fn line(&mut self, indent: usize, hang: usize, text: &str) {
        let text = escape(text);
        let mut column = indent;
        self.out.push_str(&" ".repeat(indent));
        let mut fresh = true;
        for word in words(&text, self.style.width.saturating_sub(indent + hang)) {
            let length = word.chars().count();
            if !fresh && column + 1 + length > self.style.width {
                self.out.push('\n');
                self.out.push_str(&" ".repeat(indent + hang));
                column = indent + hang;
            } else if !fresh {
                self.out.push(' ');
                column += 1;
            }
            self.out.push_str(word);
            column += length;
            fresh = false;
        }
        self.out.push('\n');
    }

    /// `word` in a column of its own, then text beside it.
    pub(super) fn entry(&mut self, indent: usize, word: &str, text: &str) {
        let word = escape(word);
        let padding = 9usize.saturating_sub(word.chars().count()).max(1);
        // `line` breaks at spaces, so the padding is put before the text and counted as hanging.
        let column = indent + word.chars().count() + padding;
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(&word);
        self.out.push_str(&" ".repeat(padding));
        let start = self.out.len();
        self.line(column, 0, text);
        self.out.replace_range(start..start + column, "");
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Cuts a line where it may be broken: at spaces, but not inside a command in backticks that fits a line of `room` columns.
fn words(text: &str, room: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let space = rest.find(' ').unwrap_or(rest.len());
        let quoted = rest.find('`').filter(|open| *open < space).and_then(|open| {
            let close = open + 1 + rest.get(open + 1..)?.find('`')?;
            let end = close + rest.get(close..)?.find(' ').unwrap_or(rest.len() - close);
            (rest.get(..end)?.chars().count() <= room).then_some(end)
        });
        let end = quoted.unwrap_or(space);
        words.push(rest.get(..end).unwrap_or_default());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    words
}

/// The first `show` items joined by commas, and how many more there are.
pub(super) fn some(items: &[String], show: usize) -> String {
    let shown: Vec<&str> = items.iter().take(show).map(String::as_str).collect();
    match items.len().saturating_sub(show) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}
