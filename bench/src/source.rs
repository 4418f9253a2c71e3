//! `cargo xtask bench source`: what `source report` costs on a long history, from nothing and after one more commit.

mod history;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use wait4::Wait4 as _;
use xtask::run::{logs, target};

use history::History;

/// CPU seconds that a report from nothing may take.
const COLD_CPU_S: f64 = 20.0;
/// CPU seconds that a report may take after one more commit; it runs on one thread, so this is what a user waits on a machine that has nothing else to do.
const AGAIN_CPU_S: f64 = 0.5;
/// Memory that either may take.
const RSS_MIB: f64 = 300.0;

/// How to measure.
#[derive(Args)]
pub struct Options {
    /// Commits of the history; one in ten is a merge
    #[arg(long, default_value_t = 16_000)]
    commits: usize,
    /// Files of its tree
    #[arg(long, default_value_t = 5_000)]
    files: usize,
    /// Where the history is made once and kept [default: bench/source in cargo's target folder]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// One run of the command.
struct Sample {
    cpu_s: f64,
    wall_s: f64,
    rss_mib: f64,
    report: serde_json::Value,
}

/// Makes the history where it is missing, and measures; false when a bound is passed.
///
/// # Errors
/// When git or the program cannot be run, or an answer is wrong.
pub(super) fn run(options: &Options) -> Result<bool> {
    let folder = options.corpus.clone().unwrap_or_else(|| target().join("bench/source"));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let program = match &options.program {
        Some(program) => program.canonicalize()?,
        None => crate::built()?,
    };
    let history = History::made(&folder, options.commits, options.files)?;
    let cache = folder.join("cache");
    if cache.exists() {
        std::fs::remove_dir_all(&cache)?;
    }
    let cold = report(&program, &history.folder, &cache)?;
    let same = report(&program, &history.folder, &cache)?;
    history.add_one()?;
    let again = report(&program, &history.folder, &cache)?;
    history.take_back()?;
    let landings = |sample: &Sample| sample.report["landings"].as_u64().unwrap_or_default();
    ensure!(landings(&again) == landings(&cold) + 1, "one more commit is not one more landing");
    ensure!(cold.report["coverage"] == same.report["coverage"], "the kept state answers otherwise");
    println!("{} commits, {} files, {} landings", options.commits, options.files, landings(&cold));
    println!("{:<24} {:>8} {:>8} {:>8}", "source report", "CPU s", "wall s", "MiB");
    for (name, sample) in [("from nothing", &cold), ("nothing new", &same), ("one more commit", &again)] {
        println!("{name:<24} {:>8.2} {:>8.2} {:>8.0}", sample.cpu_s, sample.wall_s, sample.rss_mib);
    }
    let good = cold.cpu_s <= COLD_CPU_S && again.cpu_s <= AGAIN_CPU_S && cold.rss_mib.max(again.rss_mib) <= RSS_MIB;
    let word = if good { "kept" } else { "exceeded" };
    println!("bounds: {COLD_CPU_S} CPU s, {AGAIN_CPU_S} CPU s after one more commit, {RSS_MIB} MiB: {word}");
    Ok(good)
}

fn report(program: &Path, repository: &Path, cache: &Path) -> Result<Sample> {
    let out = logs()?.join("bench-source.json");
    let mut command = Command::new(program);
    command.args(["source", "report", "--repo"]).arg(repository).arg("--cache-dir").arg(cache);
    command.args(["-o", "json"]).stdin(Stdio::null());
    command.stdout(File::create(&out).with_context(|| format!("cannot write {}", out.display()))?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    let used = child.wait4().context("cannot wait for it")?;
    let wall_s = start.elapsed().as_secs_f64();
    ensure!(used.status.success(), "source report ended with {}", used.status);
    let cpu_s = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let rss_mib = used.rusage.maxrss as f64 / f64::from(1 << 20);
    let report = serde_json::from_slice(&std::fs::read(&out)?).context("the report is no JSON")?;
    Ok(Sample { cpu_s, wall_s, rss_mib, report })
}
