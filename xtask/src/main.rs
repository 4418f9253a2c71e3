//! `cargo xtask`: chores of the workspace.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::{ci, fixtures, fuzz, layers, mutants, root, run, schema, test, tidy};

/// Chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds and runs the tests, core first, with the time of each stage.
    Test(test::Options),
    /// Runs everything that a change must pass, with the time of each stage.
    Ci(ci::Options),
    /// Checks sizes, banned words, and that the pages match the code.
    Tidy,
    /// Checks which crate may use which, and that pure crates are pure.
    Layers,
    /// Plants bugs in the rules or in the reader and shows what notices each one.
    Mutants(mutants::Options),
    /// Measures the solver on large graphs, the reading of images, or the verifying of evidence beside other programs.
    /// `cargo xtask bench --help` lists what is measured.
    #[command(disable_help_flag = true)]
    Bench {
        /// Words of the program `bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Runs the fuzz targets for longer than the tests do.
    Fuzz(fuzz::Options),
    /// Writes the JSON Schemas of docs/schemas from the types, or checks them.
    Schema(schema::Options),
    /// Computes the generated files of testdata again, or checks them.
    Fixtures(fixtures::Options),
}

fn main() -> ExitCode {
    match act(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn act(command: Command) -> Result<bool> {
    match command {
        Command::Test(options) => test::run(&options),
        Command::Ci(options) => ci::run(&options),
        Command::Tidy => Ok(report(&tidy::check(&root())?)),
        Command::Layers => Ok(report(&layers::check(&root())?)),
        Command::Mutants(options) => mutants::run(&options),
        Command::Bench { words } => bench(&words),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Fixtures(options) => fixtures::run(&options),
    }
}

/// Builds the measuring program with optimisation and runs it; it is a package of its own, so that the other chores need no crate of the product.
fn bench(words: &[OsString]) -> Result<bool> {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "--release", "--package", "bench", "--"]).args(words);
    Ok(command.status()?.success())
}

fn report(problems: &tidy::Problems) -> bool {
    for warning in &problems.warnings {
        println!("warning: {warning}");
    }
    for error in &problems.errors {
        println!("error: {error}");
    }
    println!("{} errors, {} warnings", problems.errors.len(), problems.warnings.len());
    problems.errors.is_empty()
}
