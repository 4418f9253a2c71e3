//! Reports for people: verdict first, reasons by cause, what to do.
//!
//! SECURITY: names in evidence and artifacts are foreign. Everything that is printed goes through [`escape`], so that no name can move
//! the cursor, hide text or turn it around.

mod escape;
mod inspect;
mod text;
mod why;

use crate::error::VerifyError;
pub use escape::escape;
pub use inspect::inspect;
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

/// An error, what lies beneath it, and what to do, for people.
#[must_use]
pub fn error(error: &VerifyError, _style: Style) -> String {
    escape(&error.message())
}
