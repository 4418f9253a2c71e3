//! Prints random worlds as facts documents, one per line: for comparing solvers. `worlds <count> [<first seed>]`.

use std::io::Write;

use lasthand_testkit::worlds::{Rng, draw};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let count = numbers.next().transpose()?.unwrap_or(1000);
    let first = numbers.next().transpose()?.unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for seed in first..first + count {
        // The seeds of tests/laws.rs.
        let world = draw(&mut Rng::new(seed.wrapping_mul(7919)));
        writeln!(out, "{}", serde_json::to_string(&world.facts)?)?;
    }
    Ok(())
}
