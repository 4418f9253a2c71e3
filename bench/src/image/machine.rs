//! What the figures were taken on, and the command that takes them again.

use std::fs;

use super::Options;
use super::peers::Peer;

/// Above this others use the machine, and the figures are theirs too.
const QUIET_LOAD: f64 = 1.0;

/// Prints processor, load and peers; what is missing, with the way to get it.
pub(super) fn print(options: &Options, peers: &[Peer]) {
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    println!("`cargo xtask bench {command}`: {} rounds, commands in turn; middle (least to most).", options.rounds);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    println!("\n- machine: {cores} cores, {}", model.trim_start_matches([' ', '\t', ':']));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    match load {
        Some(load) if load > QUIET_LOAD => {
            println!("- load at the start: {load:.2}. **Others use this machine: measure again when it is quiet.**");
        }
        Some(load) => println!("- load at the start: {load:.2}"),
        None => println!("- load at the start: unknown"),
    }
    for peer in peers {
        match &peer.program {
            Some(_) => println!("- {}: {}", peer.name, peer.note),
            None => println!("- {}: not installed: {}", peer.name, peer.note),
        }
    }
}
