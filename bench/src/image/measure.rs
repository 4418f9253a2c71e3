//! Commands in turn, accounted by the system.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use wait4::Wait4 as _;

use super::contender::Contender;
use xtask::run::logs;

/// One run of one command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// CPU time of the command and of all it waited for.
    pub(super) cpu_s: f64,
    pub(super) wall_s: f64,
    /// The largest single process among them.
    pub(super) rss_mib: f64,
}

/// A command and its runs in the order of the rounds.
pub(super) struct Measured {
    pub(super) contender: Contender,
    /// Why it has no samples.
    pub(super) failure: Option<String>,
    pub(super) samples: Vec<Sample>,
}

/// Runs each command once a round: A B C, A B C. One that fails is not run again.
pub(super) fn in_turn(contenders: Vec<Contender>, rounds: usize) -> Result<Vec<Measured>> {
    let start = |contender| Measured { contender, failure: None, samples: Vec::new() };
    let mut all: Vec<Measured> = contenders.into_iter().map(start).collect();
    for round in 1..=rounds {
        for measured in all.iter_mut().filter(|measured| measured.failure.is_none()) {
            let contender = &measured.contender;
            eprintln!("bench: round {round} of {rounds}: {} ({})", contender.name, contender.image);
            match once(contender)? {
                Ok(sample) => measured.samples.push(sample),
                Err(failure) => {
                    measured.samples.clear();
                    measured.failure = Some(failure);
                }
            }
        }
    }
    Ok(all)
}

/// Runs a command; the inner error is what it did wrong.
pub(super) fn once(contender: &Contender) -> Result<Result<Sample, String>> {
    if let Some(scratch) = &contender.scratch {
        clear(scratch)?;
    }
    let log = logs()?.join("bench-image.log");
    let mut command = contender.command();
    command.stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let used = child.wait4().with_context(|| format!("cannot wait for {:?}", command.get_program()))?;
    let wall_s = start.elapsed().as_secs_f64();
    if let Some(scratch) = &contender.scratch {
        clear(scratch)?;
    }
    if !used.status.code().is_some_and(|code| contender.good.contains(&code)) {
        let said = fs::read(&log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        return Ok(Err(format!("{}: {}", used.status, said.trim().lines().next_back().unwrap_or("no word"))));
    }
    let cpu_s = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let rss_mib = used.rusage.maxrss as f64 / f64::from(1 << 20);
    Ok(Ok(Sample { cpu_s, wall_s, rss_mib }))
}

/// Removes what a run wrote: most of it never reaches the disk then, and the next command does not pay for it.
fn clear(scratch: &Path) -> Result<()> {
    let removed = if scratch.is_dir() { fs::remove_dir_all(scratch) } else { Ok(()) };
    removed.with_context(|| format!("cannot remove {}", scratch.display()))
}
