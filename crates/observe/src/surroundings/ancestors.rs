//! The processes above this one, from `/proc`.

use super::Ancestor;

/// LIMIT: more generations than any real process has.
#[cfg(target_os = "linux")]
const GENERATIONS: usize = 256;

/// Names of each process above this one, nearest first; empty where `/proc` does not tell.
#[cfg(target_os = "linux")]
pub(super) fn read() -> Vec<Ancestor> {
    let mut ancestors = Vec::new();
    let mut next = parent_of("self");
    while let Some(pid) = next
        && pid > 0
        && ancestors.len() < GENERATIONS
    {
        ancestors.push(describe(pid));
        next = parent_of(&pid.to_string());
    }
    ancestors
}

/// Elsewhere nothing is known.
#[cfg(not(target_os = "linux"))]
pub(super) fn read() -> Vec<Ancestor> {
    Vec::new()
}

/// The fourth field of `stat`; the second, the name, may hold spaces and brackets itself.
#[cfg(target_os = "linux")]
fn parent_of(process: &str) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(target_os = "linux")]
fn describe(pid: u32) -> Ancestor {
    let mut names = Vec::new();
    if let Ok(name) = std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        names.push(name.trim_end().to_owned());
    }
    if let Ok(program) = std::fs::read_link(format!("/proc/{pid}/exe")) {
        names.push(program.to_string_lossy().into_owned());
    }
    if let Ok(arguments) = std::fs::read(format!("/proc/{pid}/cmdline")) {
        names.extend(program_words(&arguments));
    }
    Ancestor { names }
}

/// The program as it was called and, for an interpreter, the script: never any other argument, which may hold a secret.
#[cfg(target_os = "linux")]
fn program_words(arguments: &[u8]) -> Vec<String> {
    const INTERPRETERS: &[&str] = &["node", "bun", "deno", "python", "python3", "ruby", "sh", "bash"];
    let mut words = arguments.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let Some(called) = words.next() else { return Vec::new() };
    let program = called.rsplit('/').next().unwrap_or(&called).to_owned();
    let script = INTERPRETERS
        .contains(&program.trim_start_matches('-'))
        .then(|| words.find(|word| !word.starts_with('-') && !word.is_empty()))
        .flatten();
    std::iter::once(called).chain(script).collect()
}
