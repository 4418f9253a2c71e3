//! `cargo xtask fuzz`: the fuzz targets for longer than the tests run them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::root;
use crate::run::{self, Outcome, Stages, cargo, present};

/// What to fuzz, and how long.
#[derive(Args)]
#[command(
    after_help = "With cargo-bolero and a nightly compiler libFuzzer runs, guided by coverage, from the kept inputs on; what it keeps \
                        goes to target/xtask/fuzz.\nWithout them bolero's own engine runs: inputs at random, built with optimisation, \
                        overflow checks and debug assertions. It is NOT guided by coverage; that it found nothing says less. The first line printed \
                        says which one runs.\nAn input that breaks a law is printed with a seed: BOLERO_RANDOM_SEED=N repeats it."
)]
pub struct Options {
    /// This target only.
    target: Option<Target>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// A target of `crates/artifact/tests/fuzz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Tar streams.
    Tar,
    /// The framing of gzip.
    Gzip,
    /// Documents of images.
    Oci,
    /// Zip files that are opened.
    Zip,
    /// Frames of zstd.
    Zstd,
    /// Debian packages that are opened.
    Deb,
}

impl Target {
    /// The name of its test and of its folder of kept inputs.
    const fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Oci => "oci",
            Self::Zip => "zip",
            Self::Zstd => "zstd",
            Self::Deb => "deb",
        }
    }
}

/// Runs the targets, one after the other.
///
/// # Errors
/// When cargo cannot be started or the kept inputs not be copied.
pub fn run(options: &Options) -> Result<bool> {
    let guided = present("cargo-bolero", &["--version"]) && present("cargo", &["+nightly", "--version"]);
    println!(
        "{}",
        if guided { "libFuzzer, guided by coverage" } else { "bolero's random engine, NOT guided by coverage" }
    );
    let mut stages = Stages::default();
    for target in Target::value_variants().iter().filter(|target| options.target.is_none_or(|only| only == **target)) {
        stages.stage(target.name(), || {
            if guided { with_coverage(*target, options.seconds) } else { at_random(*target, options.seconds) }
        });
    }
    Ok(stages.finish("fuzz"))
}

fn at_random(target: Target, seconds: u64) -> Result<Outcome> {
    let mut command = cargo();
    command
        .args(["test", "--quiet", "--profile", "fuzz", "-p", "lasthand-artifact", "--test", "fuzz", "--"])
        .args(["--exact", target.name(), "--nocapture"])
        .env("BOLERO_RANDOM_TEST_TIME_MS", seconds.saturating_mul(1000).to_string())
        .env("BOLERO_RANDOM_ITERATIONS", usize::MAX.to_string());
    let status = command.status().context("cannot start cargo")?;
    Ok(Outcome::of(status.success()))
}

fn with_coverage(target: Target, seconds: u64) -> Result<Outcome> {
    let (inputs, crashes) = (copied_inputs(target)?, run::logs()?.join("fuzz").join("crashes").join(target.name()));
    let mut command = cargo();
    command
        .args(["bolero", "test", "--toolchain", "nightly", "--package", "lasthand-artifact", target.name(), "-T"])
        .arg(format!("{seconds}s"))
        .arg("--corpus-dir")
        .arg(inputs)
        .arg("--crashes-dir")
        .arg(crashes);
    let status = command.status().context("cannot start cargo bolero")?;
    Ok(Outcome::of(status.success()))
}

/// A folder with the kept inputs, to which the fuzzer adds.
fn copied_inputs(target: Target) -> Result<PathBuf> {
    let folder = run::logs()?.join("fuzz").join(target.name());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let kept = root().join("fuzz/corpus").join(target.name());
    for entry in fs::read_dir(&kept).with_context(|| format!("cannot read {}", kept.display()))? {
        let path = entry?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, folder.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(folder)
}
