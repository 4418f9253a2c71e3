//! Chains of 10 to 10,000 links by a layout, beside Python's and Go's implementation of in-toto.
//!
//! One chain serves all three: the owner signed the layout under the key id of each. Step k takes the file of step k-1 and gives its own.
//! Out: a table in Markdown; false when a link of the longest chain costs more than twice what one of the second longest costs, or a peer is
//! not [`PYTHON_TIMES`] and [`GO_TIMES`] times dearer at [`COMPARED`] links.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use lasthand_testkit::layouts::{Functionary, bare, layout, link, step};
use serde_json::Value;
use wait4::Wait4 as _;

use super::Options;
use xtask::run::tool;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// The size at which peers are compared.
const COMPARED: usize = 10_000;
const PYTHON_TIMES: f64 = 4.0;
const GO_TIMES: f64 = 50.0;
const MOST_GROWTH: f64 = 2.0;
const PYTHON: &str = "in-toto==3.1.0";
const GO: &str = "github.com/in-toto/in-toto-golang@v0.11.0";

/// One run.
#[derive(Clone, Copy)]
struct Sample {
    cpu_s: f64,
    wall_s: f64,
    rss_mib: f64,
}

/// A verifier and the words of its command before the chain.
struct Contender {
    name: &'static str,
    program: PathBuf,
}

pub(super) fn run(options: &Options, folder: &Path) -> Result<bool> {
    let peers = folder.join("peers");
    if options.install_peers {
        install(&peers)?;
    }
    let lasthand = match &options.program {
        Some(program) => program.canonicalize().context("there is no such program")?,
        None => crate::built()?,
    };
    let mut contenders = vec![Contender { name: "lasthand", program: lasthand }];
    for (name, own, command) in
        [("python", "py/bin/in-toto-verify", "in-toto-verify"), ("go", "bin/in-toto-golang", "in-toto-golang")]
    {
        let own = peers.join(own);
        let program = if own.exists() { own } else { PathBuf::from(command) };
        if Command::new(&program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
            contenders.push(Contender { name, program });
        } else {
            println!("{name}: not there; cargo xtask bench trust --install-peers");
        }
    }
    println!("\n### Chains of links by a layout\n");
    println!(
        "| links | verifier | CPU s | wall s | RSS MiB | CPU ms a link | CPU x lasthand |\n|---|---|---|---|---|---|---|"
    );
    let mut own: Vec<(usize, f64)> = Vec::new();
    let mut problems = Vec::new();
    for size in SIZES.into_iter().filter(|size| *size <= options.up_to) {
        let chain = made(folder, size)?;
        for contender in &contenders {
            // One round of what takes minutes says enough.
            let rounds = if contender.name == "go" && size >= COMPARED { 1 } else { options.rounds };
            let samples: Vec<Sample> = (0..rounds).map(|_| once(contender, &chain)).collect::<Result<_>>()?;
            let Some(best) = samples.iter().copied().min_by(|a, b| a.cpu_s.total_cmp(&b.cpu_s)) else { continue };
            if contender.name == "lasthand" {
                own.push((size, best.cpu_s));
            }
            let base = own.last().map_or(best.cpu_s, |(_, cpu)| *cpu);
            let times = best.cpu_s / base;
            println!(
                "| {size} | {} | {:.3} | {:.3} | {:.0} | {:.3} | {times:.1} |",
                contender.name,
                best.cpu_s,
                best.wall_s,
                best.rss_mib,
                best.cpu_s * 1e3 / size as f64
            );
            let least = match contender.name {
                "python" => PYTHON_TIMES,
                "go" => GO_TIMES,
                _ => 0.0,
            };
            if size == COMPARED && times < least {
                problems.push(format!("{} is {times:.1} times dearer at {size} links, not {least}", contender.name));
            }
        }
    }
    if let [.., (small, before), (large, after)] = own.as_slice() {
        let growth = (after / *large as f64) / (before / *small as f64);
        println!("\na link of {large} costs {growth:.2} times what one of {small} costs");
        if growth > MOST_GROWTH {
            problems.push(format!("a link of {large} costs {growth:.2} times what one of {small} costs"));
        }
    }
    for problem in &problems {
        println!("error: {problem}");
    }
    Ok(problems.is_empty())
}

fn install(peers: &Path) -> Result<()> {
    fs::create_dir_all(peers).with_context(|| format!("cannot make {}", peers.display()))?;
    let python = peers.join("py");
    let mut made = tool("python3", &["-m", "venv"]);
    let venv = made.arg(&python).status().is_ok_and(|status| status.success());
    let mut pip = Command::new(python.join("bin/pip"));
    if !venv || !pip.args(["install", "--quiet", PYTHON]).status().is_ok_and(|status| status.success()) {
        eprintln!("bench: pip could not install {PYTHON}");
    }
    let mut go = tool("go", &["install", GO]);
    if !go.env("GOBIN", peers.join("bin")).status().is_ok_and(|status| status.success()) {
        eprintln!("bench: go could not build {GO}");
    }
    Ok(())
}

/// Makes a chain once, and keeps it.
fn made(folder: &Path, size: usize) -> Result<PathBuf> {
    let chain = folder.join(format!("layouts-{size}"));
    if chain.join("root.layout").exists() {
        return Ok(chain);
    }
    let links = chain.join("links");
    fs::create_dir_all(&links).with_context(|| format!("cannot make {}", links.display()))?;
    let by = Functionary::ed25519(7);
    let name = |index: usize| format!("step-{index:05}");
    let file = |index: usize| format!("f0.txt={index}");
    let mut steps = Vec::with_capacity(size);
    for index in 0..size {
        let before = index.checked_sub(1);
        let rule = before
            .map_or_else(|| "ALLOW *".to_owned(), |before| format!("MATCH * WITH PRODUCTS FROM {}", name(before)));
        let rules: &[&str] = if before.is_some() { &[&rule, "DISALLOW *"] } else { &[&rule] };
        steps.push(step(&name(index), &[&by], 1, rules, &["ALLOW *"]));
        let (material, product) = (before.map(file), file(index));
        let materials: Vec<&str> = material.iter().map(String::as_str).collect();
        write(
            &links.join(format!("{}.{}.link", name(index), by.prefix())),
            &bare(&link(&name(index), &materials, &[&product]), &[&by]),
        )?;
    }
    let owner = Functionary::ed25519(8);
    fs::write(chain.join("owner.pub"), owner.pem()).context("cannot write the key")?;
    let python = Functionary::ed25519(8).called(&owner.keyid_of_python());
    let go = Functionary::ed25519(8).called(&owner.keyid_of_go());
    write(&chain.join("root.layout"), &bare(&layout(&steps, &[&by]), &[&python, &go]))?;
    Ok(chain)
}

fn write(path: &Path, document: &Value) -> Result<()> {
    fs::write(path, document.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

/// Runs a verifier once, as the system accounts it.
fn once(contender: &Contender, chain: &Path) -> Result<Sample> {
    let mut command = Command::new(&contender.program);
    match contender.name {
        "python" => {
            command.args(["--layout", "root.layout", "--verification-keys", "owner.pub", "--link-dir", "links"])
        }
        "go" => command.args(["verify", "-l", "root.layout", "-k", "owner.pub", "-d", "links"]),
        _ => command.args(["verify-layout", "--layout", "root.layout", "--key", "owner.pub", "--links", "links"]),
    };
    command.current_dir(chain).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", contender.name))?;
    let used = child.wait4().with_context(|| format!("cannot wait for {}", contender.name))?;
    let wall_s = start.elapsed().as_secs_f64();
    ensure!(used.status.success(), "{} refused a chain that holds: {}", contender.name, used.status);
    let cpu_s = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    Ok(Sample { cpu_s, wall_s, rss_mib: used.rusage.maxrss as f64 / f64::from(1 << 20) })
}
