//! `cargo xtask bench lineage`: the solver on large graphs.
//!
//! Shapes: a chain of steps, a fan of files through one package step, a random graph of steps, and hostile ones; each accepted and refused.
//! Out: a table of CPU time; exit 1 when 10^5 takes a second, or a step at 10^6 costs more than twice what it costs at 10^3.

mod shapes;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use lasthand_lineage::solve;
use lasthand_model::wire::facts::Facts;

use crate::run::cargo;
use shapes::{Ending, Shape};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// The size whose answer must come within [`MOST_TIME`].
const TIMED_SIZE: usize = 100_000;
const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_GROWTH: f64 = 2.0;
/// Above this growth a larger size would only take long to say the same.
const HOPELESS_GROWTH: f64 = 20.0;
/// Small sizes are solved again and again until this much CPU time is used.
const LEAST_SAMPLE: Duration = Duration::from_millis(400);

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Leave out sizes above this one.
    #[arg(long, default_value_t = 1_000_000)]
    up_to: usize,
    /// Only shapes with these names.
    #[arg(long)]
    shape: Vec<String>,
}

/// Measures; in a build without optimisation it starts itself again with it.
///
/// # Errors
/// When a graph does not give the verdict it was built for.
pub fn run(options: &Options) -> Result<bool> {
    if cfg!(debug_assertions) {
        let mut command = cargo();
        command.args(["run", "--quiet", "--release", "-p", "xtask", "--", "bench", "lineage"]);
        command.args(["--up-to", &options.up_to.to_string()]);
        command.args(options.shape.iter().flat_map(|shape| ["--shape", shape]));
        return Ok(command.status()?.success());
    }
    println!(
        "{:<8} {:<9} {:>9} {:>12} {:>14} {:>9} {:>10}",
        "shape", "verdict", "size", "CPU ms", "CPU ns a step", "to 10^3", "wall ms"
    );
    let mut problems = Vec::new();
    let wanted = |shape: &Shape| options.shape.is_empty() || options.shape.iter().any(|name| name == shape.word());
    for shape in Shape::ALL.into_iter().filter(wanted) {
        // What nobody has need not be answered at a size that nobody has.
        let most = if shape.hostile() { options.up_to.min(TIMED_SIZE) } else { options.up_to };
        for ending in Ending::ALL {
            let mut first = None;
            for size in SIZES.into_iter().filter(|size| *size <= most) {
                let sample = measure(&shapes::facts(shape, ending, size), ending)?;
                let per_step = sample.cpu.as_secs_f64() * 1e9 / size as f64;
                let ratio = per_step / *first.get_or_insert(per_step);
                let (cpu_ms, wall_ms) = (sample.cpu.as_secs_f64() * 1e3, sample.wall.as_secs_f64() * 1e3);
                println!(
                    "{:<8} {:<9} {size:>9} {cpu_ms:>12.2} {per_step:>14.0} {ratio:>9.2} {wall_ms:>10.2}",
                    shape.word(),
                    ending.verdict()
                );
                if size == TIMED_SIZE && sample.cpu > MOST_TIME {
                    problems.push(format!("{} {}: {cpu_ms:.0} ms for {size}", shape.word(), ending.verdict()));
                }
                if ratio > MOST_GROWTH {
                    problems.push(format!(
                        "{} {}: a step of {size} costs {ratio:.2} times that of 1000",
                        shape.word(),
                        ending.verdict()
                    ));
                }
                if ratio > HOPELESS_GROWTH {
                    problems.push(format!("{} {}: larger sizes are left out", shape.word(), ending.verdict()));
                    break;
                }
            }
        }
    }
    for problem in &problems {
        println!("error: {problem}");
    }
    Ok(problems.is_empty())
}

struct Sample {
    cpu: Duration,
    wall: Duration,
}

/// CPU and wall time of one solution, the mean over enough of them.
fn measure(facts: &Facts, ending: Ending) -> Result<Sample> {
    let outcome = solve(facts);
    let explained = !outcome.proof.is_empty() || !outcome.frontier.is_empty();
    ensure!(
        outcome.verdict.as_str() == ending.verdict(),
        "expected {}, got {:?}",
        ending.verdict(),
        outcome.findings.first()
    );
    ensure!(explained, "neither proof nor frontier");
    drop(outcome);
    let (start_cpu, start) = (cpu_time(), Instant::now());
    let mut turns = 0;
    loop {
        std::hint::black_box(solve(std::hint::black_box(facts)));
        turns += 1;
        let (cpu, wall) = (cpu_time(), start.elapsed());
        let used = cpu.zip(start_cpu).map_or(wall, |(now, then)| now.saturating_sub(then));
        if used >= LEAST_SAMPLE {
            return Ok(Sample { cpu: used / turns, wall: wall / turns });
        }
    }
}

/// CPU time of this thread; nothing where the system does not say, then the wall counts.
fn cpu_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
