//! `cargo xtask mutants`: plants bugs, and shows what notices each one: a vector those in the rules, a test those in the reader and in trust.

mod planted;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::run::{FEATURES, cargo};

/// What to change.
#[derive(Args)]
pub struct Options {
    /// What is changed.
    subject: Subject,
    /// Of the patches, only those with these names.
    names: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// The rules of docs/rules.md.
    Lineage,
    /// The tar reader, by the patches of tests/mutants/reader; needs `go`, and takes some minutes.
    Reader,
    /// The checks of signatures and trust files, by the patches of tests/mutants/trust; takes some minutes.
    Trust,
}

/// Runs the mutants.
///
/// # Errors
/// When vectors or patches cannot be read, or something fails with nothing changed.
pub fn run(options: &Options) -> Result<bool> {
    match options.subject {
        Subject::Lineage => lineage(),
        Subject::Reader => planted::run(&planted::READER, &options.names),
        Subject::Trust => planted::run(&planted::TRUST, &options.names),
    }
}

/// The test that changes the rules, with its table.
fn lineage() -> Result<bool> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--workspace", FEATURES, "--test", "mutants", "--", "--nocapture"]);
    Ok(command.status()?.success())
}
