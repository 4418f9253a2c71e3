//! `cargo xtask test`: builds the tests once, then runs them core first, with the time of each stage.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::root;
use crate::run::{self, FEATURES, Outcome, Stages, cargo};

/// Order in which crates are tested: what others rest on comes first.
const CORE_FIRST: &[&str] = &[
    "model", "trust", "lineage", "artifact", "observe", "sign", "attest", "verify", "testkit", "cli", "xtask", "bench",
    "tests",
];

/// What to test.
#[derive(Args)]
pub struct Options {
    /// Test this boundary only.
    boundary: Option<Boundary>,
}

impl Options {
    /// Options for the boundary of this name, or for all.
    ///
    /// # Errors
    /// When there is no such boundary.
    pub(crate) fn of(name: Option<&str>) -> Result<Self> {
        let boundary = name.map(|name| Boundary::from_str(name, false)).transpose();
        Ok(Self { boundary: boundary.map_err(anyhow::Error::msg)? })
    }
}

/// A boundary at which the tests ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Boundary {
    /// Each crate by itself, with the examples of its documentation.
    Unit,
    /// Shared verdict vectors, by the crates and by the second solver.
    Vectors,
    /// Stories: every scenario and its twin.
    Story,
    /// Laws on random worlds.
    Laws,
    /// The command line.
    Cli,
    /// End to end: real programs, real images, real tools.
    E2e,
}

/// One test program that cargo built.
#[derive(Debug)]
struct Program {
    boundary: Boundary,
    krate: String,
    target: String,
    executable: PathBuf,
    folder: PathBuf,
}

/// Builds and runs the tests.
///
/// # Errors
/// When cargo cannot be started or its messages cannot be read.
pub fn run(options: &Options) -> Result<bool> {
    let skips = run::logs()?.join("skips.txt");
    fs::write(&skips, "").with_context(|| format!("cannot write {}", skips.display()))?;
    let wanted = |boundary| options.boundary.is_none_or(|only| only == boundary);
    let mut stages = Stages::default();
    let mut programs = Vec::new();
    let built = stages.stage("build", || {
        programs = build()?;
        Ok(Outcome::Pass)
    });
    if built == Outcome::Fail {
        return Ok(stages.finish("test"));
    }
    programs.sort_by_key(|program| (program.boundary, order(&program.krate), program.target.clone()));
    for program in programs.iter().filter(|program| wanted(program.boundary)) {
        let name = format!("{} {}/{}", program.boundary.word(), program.krate, program.target);
        stages.stage(&name, || {
            let mut command = Command::new(&program.executable);
            command
                .current_dir(&program.folder)
                .env("CARGO_MANIFEST_DIR", &program.folder)
                .env("LASTHAND_SKIPS", &skips);
            Ok(Outcome::of(run::quietly(&name.replace(['/', ' '], "-"), command)?))
        });
    }
    if wanted(Boundary::Unit) {
        stages.stage("unit documentation", || {
            let mut command = cargo();
            command.args(["test", "--quiet", "--workspace", FEATURES, "--doc"]).env("LASTHAND_SKIPS", &skips);
            Ok(Outcome::of(run::quietly("documentation", command)?))
        });
    }
    if wanted(Boundary::Vectors) {
        stages.stage("vectors second solver", second_solver);
    }
    let passed = stages.finish("test");
    print_skips(&fs::read_to_string(&skips).unwrap_or_default());
    Ok(passed)
}

fn order(krate: &str) -> usize {
    CORE_FIRST.iter().position(|name| *name == krate).unwrap_or(CORE_FIRST.len())
}

impl Boundary {
    const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Vectors => "vectors",
            Self::Story => "story",
            Self::Laws => "laws",
            Self::Cli => "cli",
            Self::E2e => "e2e",
        }
    }

    /// A test program belongs to the boundary that its name begins with; the other ones of `tests/` and of the cli call the command line.
    fn of(krate: &str, target: &str, is_test: bool) -> Self {
        match target {
            _ if !is_test => Self::Unit,
            name if name.starts_with("stor") => Self::Story,
            name if name.starts_with("law") => Self::Laws,
            name if name.starts_with("vector") || name == "mutants" => Self::Vectors,
            "layers" | "docs" => Self::Unit,
            "e2e" => Self::E2e,
            _ if matches!(krate, "tests" | "cli") => Self::Cli,
            _ => Self::Unit,
        }
    }
}

/// Builds every test program with the same features, so that nothing is built twice.
fn build() -> Result<Vec<Program>> {
    Ok(artifacts(&["--no-run"])?.iter().filter_map(test_program).collect())
}

/// The program `lasthand` as the tests of the command line call it.
pub(crate) fn program() -> Result<Option<PathBuf>> {
    let messages = artifacts(&["--no-run", "--test", "cli"])?;
    let mut programs =
        messages.iter().filter(|message| message.pointer("/target/kind/0").is_some_and(|kind| kind == "bin"));
    let program = programs.find(|message| message.pointer("/target/name").is_some_and(|name| name == "lasthand"));
    Ok(program.and_then(|message| Some(PathBuf::from(message.get("executable")?.as_str()?))))
}

/// What cargo says of each thing that it built or found built.
fn artifacts(arguments: &[&str]) -> Result<Vec<Value>> {
    let mut command = cargo();
    command.args(["test", "--workspace", FEATURES, "--message-format=json-render-diagnostics"]).args(arguments);
    let output = command.stderr(std::process::Stdio::inherit()).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the tests do not build; the compiler's words are above");
    }
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{"));
    lines.map(serde_json::from_slice::<Value>).collect::<Result<_, _>>().context("cargo's messages are not JSON")
}

fn test_program(message: &Value) -> Option<Program> {
    let is_test = message.pointer("/profile/test")?.as_bool()?;
    let executable = message.get("executable")?.as_str().filter(|_| is_test)?;
    let folder = PathBuf::from(message.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
    let krate = folder.file_name()?.to_string_lossy().into_owned();
    let target = message.pointer("/target/name")?.as_str()?.to_owned();
    let kind = message.pointer("/target/kind/0")?.as_str()?;
    let boundary = Boundary::of(&krate, &target, kind == "test");
    Some(Program { boundary, krate, target, executable: PathBuf::from(executable), folder })
}

/// Runs the second solver over the vectors, and its own tests.
pub(crate) fn second_solver() -> Result<Outcome> {
    if !root().join("testdata/vectors").is_dir() {
        bail!("testdata/vectors is not there");
    }
    if !run::present("python3", &["--version"]) {
        if std::env::var_os("LASTHAND_NO_SKIP").is_some_and(|value| value == "1") {
            bail!("python3 is not there");
        }
        println!("SKIPPED second solver: python3 is not there");
        return Ok(Outcome::Absent);
    }
    let checked = run::quietly(
        "second-solver",
        run::tool("python3", &["tests/second/solver.py", "--check", "testdata/vectors"]),
    )?;
    let tested = run::quietly("second-selftest", run::tool("python3", &["tests/second/selftest.py"]))?;
    Ok(Outcome::of(checked && tested))
}

fn print_skips(text: &str) {
    let mut skips: Vec<&str> = text.lines().collect();
    skips.sort_unstable();
    skips.dedup();
    for skip in &skips {
        println!("SKIPPED {skip}");
    }
    println!("{} skipped", skips.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_fall_to_their_boundary() {
        // pass: by name first, then by crate
        assert_eq!(Boundary::of("model", "lasthand_model", false), Boundary::Unit);
        assert_eq!(Boundary::of("tests", "stories", true), Boundary::Story);
        assert_eq!(Boundary::of("testkit", "laws", true), Boundary::Laws);
        assert_eq!(Boundary::of("tests", "vectors", true), Boundary::Vectors);
        assert_eq!(Boundary::of("tests", "mutants", true), Boundary::Vectors);
        assert_eq!(Boundary::of("tests", "demo", true), Boundary::Cli);
        assert_eq!(Boundary::of("cli", "e2e", true), Boundary::E2e);
        assert_eq!(Boundary::of("tests", "layers", true), Boundary::Unit);
        assert_eq!(Boundary::of("trust", "evidence", true), Boundary::Unit);
    }

    #[test]
    fn core_comes_first() {
        // pass: model before lineage before anything unknown
        assert!(order("model") < order("lineage") && order("lineage") < order("new"));
    }
}
