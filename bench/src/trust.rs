//! `cargo xtask bench trust`: what verifying costs, beside other verifiers. One module a format.

mod bundles;
mod layouts;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use xtask::run::target;

/// How to measure.
#[derive(Args)]
pub struct Options {
    /// Where evidence is made once and kept [default: bench/trust in cargo's target folder]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How often each command runs
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these parts; repeatable
    #[arg(long)]
    part: Vec<Part>,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The folder of foreign test data [default: LASTHAND_TESTDATA, else beside the workspace]
    #[arg(long, value_name = "DIR")]
    testdata: Option<PathBuf>,
    /// Leave out sizes above this one
    #[arg(long, default_value_t = 10_000)]
    up_to: usize,
    /// Install the peers before measuring, with pip and go
    #[arg(long)]
    install_peers: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A real keyless bundle, start to end, beside cosign.
    Bundle,
    /// Chains of links by in-toto layouts.
    Layouts,
}

/// Makes what is missing and measures.
///
/// # Errors
/// When evidence or programs cannot be made, or a command cannot be started.
pub(super) fn run(options: &Options) -> Result<bool> {
    let folder = options.corpus.clone().unwrap_or_else(|| target().join("bench/trust"));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let mut good = true;
    for part in Part::value_variants().iter().filter(|part| options.part.is_empty() || options.part.contains(part)) {
        good &= match part {
            Part::Bundle => bundles::run(options)?,
            Part::Layouts => layouts::run(options, &folder)?,
        };
    }
    Ok(good)
}
