//! Commands that are started, and the table of stages.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::root;

/// The features that everything is checked with: all of them but `fast-inflate`, so that what is built by default is tested.
pub(crate) const FEATURES: &str = "--features=lasthand-lineage/mutants";

/// The cargo that started this program, else the one on the path.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A command of another program, run in the workspace.
pub fn tool(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Whether a program can be started.
pub fn present(name: &str, arguments: &[&str]) -> bool {
    tool(name, arguments).output().is_ok_and(|output| output.status.success())
}

/// Runs a command with its output in a log file of `target/xtask`; the log is printed when the command fails.
pub(crate) fn quietly(name: &str, mut command: Command) -> Result<bool> {
    let log = logs()?.join(format!("{name}.log"));
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        print!("{}", String::from_utf8_lossy(&fs::read(&log)?));
        println!("{name}: {status}");
    }
    Ok(status.success())
}

/// The folder of logs, made when it is not there.
pub fn logs() -> Result<PathBuf> {
    let folder = target().join("xtask");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The folder that cargo builds in.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(Path::new(&folder)))
}

/// Stages that ran, with time and outcome.
#[derive(Default)]
pub(crate) struct Stages {
    rows: Vec<(String, Duration, Outcome)>,
}

/// How a stage ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Absent,
}

impl Stages {
    /// Runs one stage and prints its line. An error is a failure of the stage, not of the table.
    pub(crate) fn stage(&mut self, name: &str, act: impl FnOnce() -> Result<Outcome>) -> Outcome {
        let start = Instant::now();
        let outcome = act().unwrap_or_else(|error| {
            println!("{name}: {error:#}");
            Outcome::Fail
        });
        println!("{:>8.1} s  {:<6}  {name}", start.elapsed().as_secs_f64(), outcome.word());
        self.rows.push((name.to_owned(), start.elapsed(), outcome));
        outcome
    }

    /// Prints the table and says whether nothing failed.
    pub(crate) fn finish(&self, title: &str) -> bool {
        let total: Duration = self.rows.iter().map(|(_, time, _)| *time).sum();
        println!("\n{title}: time by stage");
        for (name, time, outcome) in &self.rows {
            println!("{:>8.1} s  {:<6}  {name}", time.as_secs_f64(), outcome.word());
        }
        println!("{:>8.1} s          all", total.as_secs_f64());
        self.rows.iter().all(|(_, _, outcome)| *outcome != Outcome::Fail)
    }
}

impl Outcome {
    pub(crate) const fn of(success: bool) -> Self {
        if success { Self::Pass } else { Self::Fail }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "ok",
            Self::Fail => "FAILED",
            Self::Absent => "absent",
        }
    }
}
