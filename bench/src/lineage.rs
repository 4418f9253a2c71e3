//! `cargo xtask bench lineage`: the solver on large graphs.
//!
//! Shapes: a chain of steps, a fan of files through one package step, a random graph of steps, and hostile ones; each accepted and refused.
//!
//! Each row is measured on as many worlds of its size as make the largest size together: 1000 worlds of 10^3 steps, one of 10^6. All are built
//! first, then each is solved once a round: every row visits the same number of facts, and all the others between two visits of one. So a row
//! says what the algorithm costs, not what a cache keeps of a small world that is solved again and again; that is told beside, as `hot`.
//! The facts are neither built nor freed within the time; the outcome is freed within it.
//!
//! Out: a table of CPU time of the thread; exit 1 when 10^5 takes a second, or a step at 10^6 costs more than twice what it costs at 10^3. Of
//! hostile shapes, which stop at 10^5: three seconds, and eight times, where a hundred would be quadratic.

mod shapes;

use std::fs;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use lasthand_lineage::solve;
use lasthand_model::wire::facts::Facts;

use shapes::{Ending, Shape};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// The size whose answer must come within [`MOST_TIME`].
const TIMED_SIZE: usize = 100_000;
const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_GROWTH: f64 = 2.0;
/// The same bounds for facts that are there to cost as much as they can.
const MOST_HOSTILE_TIME: Duration = Duration::from_secs(3);
const MOST_HOSTILE_GROWTH: f64 = 8.0;
/// Above this growth a larger size would only take long to say the same.
const HOPELESS_GROWTH: f64 = 20.0;
/// How often all worlds of a row are solved, one after the other; the least disturbed time counts.
const ROUNDS: usize = 3;
/// For `hot`, one world is solved again and again until this much CPU time is used.
const LEAST_SAMPLE: Duration = Duration::from_millis(400);

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Leave out sizes above this one.
    #[arg(long, default_value_t = 1_000_000)]
    up_to: usize,
    /// Leave out sizes below this one; the first that is left is what the others are compared with.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// Only shapes with these names.
    #[arg(long)]
    shape: Vec<String>,
}

/// Measures.
///
/// # Errors
/// When a graph does not give the verdict it was built for.
pub fn run(options: &Options) -> Result<bool> {
    println!(
        "{:<8} {:<9} {:>9} {:>7} {:>12} {:>14} {:>9} {:>10} {:>12} {:>9}",
        "shape",
        "verdict",
        "size",
        "worlds",
        "CPU ms",
        "CPU ns a step",
        "to first",
        "wall ms",
        "hot ns/step",
        "to first"
    );
    let mut problems = Vec::new();
    let wanted = |shape: &Shape| options.shape.is_empty() || options.shape.iter().any(|name| name == shape.word());
    for shape in Shape::ALL.into_iter().filter(wanted) {
        // What nobody has need not be answered at a size that nobody has.
        let most = if shape.hostile() { options.up_to.min(TIMED_SIZE) } else { options.up_to };
        for ending in Ending::ALL {
            rows(shape, ending, options.from..=most, &mut problems)?;
        }
    }
    for problem in &problems {
        println!("error: {problem}");
    }
    Ok(problems.is_empty())
}

/// Prints the rows of a shape, and tells what is wrong with them.
fn rows(shape: Shape, ending: Ending, sizes: RangeInclusive<usize>, problems: &mut Vec<String>) -> Result<()> {
    let (most_time, most_growth) =
        if shape.hostile() { (MOST_HOSTILE_TIME, MOST_HOSTILE_GROWTH) } else { (MOST_TIME, MOST_GROWTH) };
    let mut first = None;
    for size in SIZES.into_iter().filter(|size| sizes.contains(size)) {
        let worlds: Vec<Facts> =
            (0..sizes.end() / size).map(|world| shapes::facts(shape, ending, size, world)).collect();
        let cold = cold(&worlds, ending)?;
        let hot = worlds.first().map(hot).unwrap_or_default();
        let per_step = |sample: Sample| sample.cpu.as_secs_f64() * 1e9 / size as f64;
        let (per_step, hot) = (per_step(cold), per_step(hot));
        let (first_step, first_hot) = *first.get_or_insert((per_step, hot));
        let (ratio, hot_ratio) = (per_step / first_step, hot / first_hot);
        let (cpu_ms, wall_ms) = (cold.cpu.as_secs_f64() * 1e3, cold.wall.as_secs_f64() * 1e3);
        println!(
            "{:<8} {:<9} {size:>9} {:>7} {cpu_ms:>12.2} {per_step:>14.0} {ratio:>9.2} {wall_ms:>10.2} {hot:>12.0} {hot_ratio:>9.2}",
            shape.word(),
            ending.verdict(),
            worlds.len()
        );
        let mut problem = |what: String| problems.push(format!("{} {}: {what}", shape.word(), ending.verdict()));
        if size == TIMED_SIZE && cold.cpu > most_time {
            problem(format!("{cpu_ms:.0} ms for {size}"));
        }
        if ratio > most_growth {
            problem(format!("a step of {size} costs {ratio:.2} times that of the first size"));
        }
        if ratio > HOPELESS_GROWTH {
            problem("larger sizes are left out".to_owned());
            break;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    cpu: Duration,
    wall: Duration,
}

/// CPU and wall time of one solution, the mean over worlds of which each is solved once; of some rounds the least.
fn cold(worlds: &[Facts], ending: Ending) -> Result<Sample> {
    let count = u32::try_from(worlds.len())?;
    let mut least: Option<Sample> = None;
    for _ in 0..ROUNDS {
        let (start_cpu, start) = (cpu_time(), Instant::now());
        for facts in worlds {
            let outcome = solve(std::hint::black_box(facts));
            ensure!(
                outcome.verdict.as_str() == ending.verdict(),
                "expected {}, got {:?}",
                ending.verdict(),
                outcome.findings.first()
            );
            ensure!(!outcome.proof.is_empty() || !outcome.frontier.is_empty(), "neither proof nor frontier");
        }
        let sample = Sample::since(start_cpu, start).of_one(count);
        least = least.filter(|least| least.cpu <= sample.cpu).or(Some(sample));
    }
    Ok(least.unwrap_or_default())
}

/// CPU and wall time of one solution of a world that was just solved, the mean over enough of them.
fn hot(facts: &Facts) -> Sample {
    let (start_cpu, start) = (cpu_time(), Instant::now());
    for turns in 1.. {
        std::hint::black_box(solve(std::hint::black_box(facts)));
        let sample = Sample::since(start_cpu, start);
        if sample.cpu >= LEAST_SAMPLE {
            return sample.of_one(turns);
        }
    }
    Sample::default()
}

impl Sample {
    fn since(start_cpu: Option<Duration>, start: Instant) -> Self {
        let (cpu, wall) = (cpu_time(), start.elapsed());
        Self { cpu: cpu.zip(start_cpu).map_or(wall, |(now, then)| now.saturating_sub(then)), wall }
    }

    fn of_one(self, count: u32) -> Self {
        Self { cpu: self.cpu / count.max(1), wall: self.wall / count.max(1) }
    }
}

/// CPU time of this thread; nothing where the system does not say, then the wall counts.
fn cpu_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
