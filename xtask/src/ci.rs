//! `cargo xtask ci`: everything that a change must pass, cheap and central things first.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::run::{self, FEATURES, Outcome, Stages, cargo, quietly, tool};
use crate::tidy::Problems;
use crate::{fixtures, layers, root, test, tidy};

/// Attacks that `lasthand demo` makes.
const ATTACKS: usize = 6;

/// How much to run.
#[derive(Args)]
pub struct Options {
    /// Format, lints, tidy, layers and the tests of each crate by itself.
    #[arg(long)]
    fast: bool,
    /// Leave out the tests, for a script that has run `cargo xtask test` already.
    #[arg(long)]
    without_tests: bool,
}

/// Runs the stages and prints the table.
///
/// # Errors
/// Never by itself: what cannot be run is a stage that failed.
pub fn run(options: &Options) -> Result<bool> {
    let mut stages = Stages::default();
    stages.stage("format", || cargo_stage("format", &["fmt", "--all", "--check"]));
    stages.stage("layers", || Ok(report(&layers::check(&root())?)));
    stages.stage("tidy", || Ok(report(&tidy::check(&root())?)));
    stages.stage("lint", || {
        cargo_stage("lint", &["clippy", "--quiet", "--workspace", "--all-targets", FEATURES, "--", "-D", "warnings"])
    });
    if !options.without_tests {
        let boundary: &[&str] = if options.fast { &["unit"] } else { &[] };
        stages.stage("tests", || tests(boundary));
    }
    if options.fast {
        return Ok(stages.finish("ci --fast"));
    }
    stages.stage("documentation", || {
        let mut command = cargo();
        command.args(["doc", "--quiet", "--workspace", "--no-deps", FEATURES]).env("RUSTDOCFLAGS", "-D warnings");
        Ok(Outcome::of(quietly("documentation", command)?))
    });
    if options.without_tests {
        stages.stage("second solver", test::second_solver);
    }
    // What is built by default was tested already; the same selection of packages, so that little is built again.
    stages.stage("decoders in C", || {
        let features = format!("{FEATURES},lasthand-artifact/fast-inflate");
        let reader = ["test", "--quiet", "--workspace", &features];
        let programs = ["archives", "bombs", "differential", "images"].map(|program| ["--test", program]);
        cargo_stage("decoders in C", &[reader.as_slice(), programs.as_flattened()].concat())
    });
    stages.stage("fixtures", || Ok(Outcome::of(fixtures::run(&fixtures::Options::checking())?)));
    stages.stage("demo, twice", demo_twice);
    stages.stage("cargo-deny", deny);
    Ok(stages.finish("ci"))
}

fn cargo_stage(name: &str, arguments: &[&str]) -> Result<Outcome> {
    let mut command = cargo();
    command.args(arguments);
    Ok(Outcome::of(quietly(name, command)?))
}

fn report(problems: &Problems) -> Outcome {
    for error in &problems.errors {
        println!("error: {error}");
    }
    Outcome::of(problems.errors.is_empty())
}

fn tests(boundary: &[&str]) -> Result<Outcome> {
    let options = test::Options::of(boundary.first().copied())?;
    Ok(Outcome::of(test::run(&options)?))
}

/// Runs the demo two times with the program that was tested, each into a fresh folder, and compares what it left.
fn demo_twice() -> Result<Outcome> {
    let Some(program) = test::program()? else { return Ok(Outcome::Fail) };
    let mut expected = Vec::new();
    for turn in ["demo-1", "demo-2"] {
        let kept = run::logs()?.join(turn).join("kept");
        let folder = kept.parent().context("a folder of logs has a parent")?;
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(folder)?;
        let mut command = Command::new(&program);
        command.current_dir(root()).args(["demo", "--keep"]).arg(&kept);
        if !quietly(turn, command)? {
            return Ok(Outcome::Fail);
        }
        expected.push(expectations(&kept)?);
    }
    let same = expected.windows(2).all(|pair| pair.first() == pair.last());
    ensure!(same, "the two runs left different expectations");
    Ok(Outcome::Pass)
}

/// The `expected.json` of each attack that a demo left.
fn expectations(kept: &Path) -> Result<BTreeSet<(String, String)>> {
    let folder = kept.join("attacks");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("the demo left no {}", folder.display()))? {
        let attack = entry?.path();
        let text = fs::read_to_string(attack.join("expected.json"))
            .with_context(|| format!("no expected.json in {}", attack.display()))?;
        let name = attack.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        found.insert((name, text));
    }
    ensure!(found.len() == ATTACKS, "the demo left {} attacks, not {ATTACKS}", found.len());
    Ok(found)
}

/// Licences, sources and bans; advisories need a database from the network and are asked for apart.
fn deny() -> Result<Outcome> {
    if !run::present("cargo-deny", &["--version"]) {
        return Ok(Outcome::Absent);
    }
    Ok(Outcome::of(quietly("deny", tool("cargo-deny", &["--all-features", "check", "bans", "licenses", "sources"]))?))
}
