//! `cargo xtask bench SUBJECT`: measures. One module a subject.

mod image;
mod labels;
mod lineage;
mod source;
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use xtask::run::{cargo, target};

/// Measures, beside other programs where there are any.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
enum Options {
    /// The solver of docs/rules.md on large graphs: CPU time of a step, on as many worlds of each size as have the same number of steps
    /// together, each solved once a round; and, as `hot`, of one world that is solved again and again.
    Lineage(lineage::Options),
    /// The reading of a real image, beside other readers and a floor; needs root and Debian's mirror the first time.
    Image(image::Options),
    /// How well agents are found file by file: precision and recall of trailers and of git-ai's notes.
    Labels(labels::Options),
    /// What `source report` costs on a long history, from nothing and after one more commit.
    Source(source::Options),
    /// What verifying evidence costs, beside other verifiers.
    Trust(trust::Options),
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn measure(options: &Options) -> Result<bool> {
    match options {
        Options::Lineage(options) => lineage::run(options),
        Options::Image(options) => image::run(options),
        Options::Labels(options) => labels::run(options),
        Options::Source(options) => source::run(options),
        Options::Trust(options) => trust::run(options),
    }
}

/// Builds the program that is measured, with optimisation.
fn built() -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--release", "--quiet", "-p", "lasthand", "--bin", "lasthand"]);
    ensure!(command.status().context("cannot start cargo")?.success(), "lasthand cannot be built");
    Ok(target().join("release/lasthand"))
}
