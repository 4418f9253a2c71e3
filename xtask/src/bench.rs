//! `cargo xtask bench SUBJECT`: measures. One module a subject.

mod lineage;

use anyhow::Result;
use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub enum Options {
    /// The solver of docs/rules.md on large graphs.
    Lineage(lineage::Options),
}

/// Measures one subject.
///
/// # Errors
/// When it cannot be measured.
pub fn run(options: &Options) -> Result<bool> {
    match options {
        Options::Lineage(options) => lineage::run(options),
    }
}
