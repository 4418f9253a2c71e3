//! `cargo xtask fixtures`: files of `testdata/` that a script computes.

use anyhow::Result;
use clap::Args;

use crate::root;
use crate::run::{quietly, tool};

/// Scripts that compute vectors, independent of the crates.
const SCRIPTS: &[&str] = &["testdata/inventory/compute.py"];

/// What to do with the fixtures.
#[derive(Args)]
pub struct Options {
    /// Only compare; exit 1 when a file differs from what is computed.
    #[arg(long)]
    check: bool,
}

impl Options {
    /// Options that change nothing.
    pub(crate) const fn checking() -> Self {
        Self { check: true }
    }
}

/// Writes or checks every computed file.
///
/// # Errors
/// When python3 cannot be started.
pub fn run(options: &Options) -> Result<bool> {
    let mut same = true;
    for script in SCRIPTS.iter().filter(|script| root().join(script).is_file()) {
        let arguments: &[&str] = if options.check { &[script] } else { &[script, "--write"] };
        let passed = quietly("fixtures", tool("python3", arguments))?;
        println!("{}  {script}", if passed { "ok    " } else { "FAILED" });
        same &= passed;
    }
    Ok(same)
}
