//! Reports for people: verdict first, reasons by cause, what to do.
//!
//! SECURITY: names in evidence and artifacts are foreign. Everything that is printed goes through [`escape`], so that no name can move
//! the cursor, hide text or turn it around.

mod diff;
mod escape;
mod inspect;
mod layout;
mod page;
mod text;
mod view;
mod why;

use lasthand_model::wire::report::ReportFileVerdict;

use crate::error::VerifyError;
pub use diff::diff;
pub use escape::{escape, is_hostile};
pub use inspect::inspect;
pub use layout::layout;
use page::{Page, Paint};
pub use text::text;
pub use why::why;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// Whether to colour with ANSI sequences.
    pub color: Color,
    /// Columns of the screen.
    pub width: usize,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// With ANSI sequences.
    Ansi,
    /// Not at all.
    Plain,
}

impl Style {
    /// Columns where none are known.
    pub const WIDTH: usize = 80;

    /// A style; fewer than 40 columns count as 40.
    #[must_use]
    pub const fn new(color: Color, width: usize) -> Self {
        Self { color, width: if width < 40 { 40 } else { width } }
    }

    /// No colour, 80 columns.
    #[must_use]
    pub const fn plain() -> Self {
        Self::new(Color::Plain, Self::WIDTH)
    }
}

/// Renders an error: what it is, everything that is wrong, and what to do.
#[must_use]
pub fn error(error: &VerifyError, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(Paint::Bad, "error", &format!(": {}", message(error)));
    for (line, hints) in error.diagnostics() {
        page.line(2, 4, &line);
        for hint in hints {
            page.line(4, 6, &format!("hint: {hint}"));
        }
    }
    for hint in error.hints() {
        page.line(0, 6, &format!("hint: {hint}"));
    }
    page.finish()
}

/// The message; where everything that is wrong is listed beneath, without the first of it.
fn message(error: &VerifyError) -> String {
    if error.diagnostics().is_empty() { error.message() } else { error.to_string() }
}

/// The word of reports for a file's verdict.
const fn file_word(verdict: ReportFileVerdict) -> &'static str {
    match verdict {
        ReportFileVerdict::Clean => "clean",
        ReportFileVerdict::Unreviewed => "unreviewed",
        ReportFileVerdict::Violation => "violation",
        ReportFileVerdict::Indeterminate => "indeterminate",
        ReportFileVerdict::Exception => "exception",
    }
}
