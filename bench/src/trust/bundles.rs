//! One real keyless bundle, start to end, beside cosign.
//!
//! Data flow: a bundle of the foreign test data -> `lasthand verify-bundle` and, where it is, `cosign verify-blob`, in turn, some rounds ->
//! a table in Markdown. Out: CPU time and memory as the system accounts them; exit 1 when lasthand takes more than its share.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use wait4::Wait4 as _;

use super::Options;
use xtask::root;
use xtask::run::present;

/// What cosign 3.1.3 took where it was measured: CPU seconds and MiB.
const COSIGN: (f64, f64) = (0.066, 63.0);
/// Lasthand may take this part of cosign's CPU time, and so many MiB.
const SHARE: f64 = 9.0;
const MEMORY_MIB: f64 = 24.0;

const BUNDLE: &str = "maven-central/sigstore-java-1.2.0.jar.sigstore.json";
const ARTIFACT: &str = "maven-central/sigstore-java-1.2.0.jar";
const IDENTITY: &str =
    "https://github.com/sigstore/sigstore-java/.github/workflows/release-sigstore-java-from-tag.yaml@refs/tags/v1.2.0";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Measures.
///
/// # Errors
/// When the program cannot be built, the data is not there, or a command refuses the bundle.
pub(super) fn run(options: &Options) -> Result<bool> {
    let given = options.testdata.clone().or_else(|| std::env::var_os("LASTHAND_TESTDATA").map(PathBuf::from));
    let testdata = given.unwrap_or_else(|| root().join("../shared/testdata"));
    ensure!(testdata.join(BUNDLE).is_file(), "there is no {}", testdata.join(BUNDLE).display());
    let lasthand = match &options.program {
        Some(program) => program.clone(),
        None => crate::built()?,
    };
    let (ours, cosign) = (words(&lasthand, &testdata), peer(&testdata));
    let (mut our_runs, mut cosign_runs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds.max(1) {
        our_runs.push(once(&ours)?);
        if let Some(cosign) = &cosign {
            cosign_runs.push(once(cosign)?);
        }
    }
    let our = median(&our_runs);
    let theirs = if cosign_runs.is_empty() { COSIGN } else { median(&cosign_runs) };
    let source = if cosign_runs.is_empty() { "cosign 3.1.3 (as measured before)" } else { "cosign (here)" };
    println!("| program | CPU s | memory MiB |\n|---|---|---|");
    println!("| lasthand verify-bundle | {:.4} | {:.1} |", our.0, our.1);
    println!("| {source} | {:.4} | {:.1} |", theirs.0, theirs.1);
    println!(
        "\ncosign takes {:.1} times the CPU of lasthand; {SHARE} are asked, and at most {MEMORY_MIB} MiB",
        theirs.0 / our.0
    );
    Ok(our.0 * SHARE <= theirs.0 && our.1 <= MEMORY_MIB)
}

fn words(program: &Path, testdata: &Path) -> Vec<String> {
    let path = |name: &str| testdata.join(name).display().to_string();
    let root = path("trusted-roots/public-good/trusted_root.json");
    let words = ["verify-bundle", "--bundle", &path(BUNDLE), "--certificate-identity", IDENTITY];
    let more = ["--certificate-oidc-issuer", ISSUER, "--trusted-root", &root, &path(ARTIFACT)];
    let words = words.iter().chain(&more).map(|word| (*word).to_owned());
    std::iter::once(program.display().to_string()).chain(words).collect()
}

fn peer(testdata: &Path) -> Option<Vec<String>> {
    present("cosign", &["version"]).then(|| {
        let mut words = words(Path::new("cosign"), testdata);
        if let Some(verb) = words.get_mut(1) {
            "verify-blob".clone_into(verb);
        }
        words
    })
}

/// CPU seconds and MiB of one run.
fn once(words: &[String]) -> Result<(f64, f64)> {
    let (program, rest) = words.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let used = command.spawn().with_context(|| format!("cannot start {program}"))?.wait4()?;
    ensure!(used.status.success(), "{program} refuses the bundle: {}", used.status);
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    Ok((cpu, used.rusage.maxrss as f64 / f64::from(1 << 20)))
}

fn median(runs: &[(f64, f64)]) -> (f64, f64) {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    (middle(runs.iter().map(|run| run.0).collect()), middle(runs.iter().map(|run| run.1).collect()))
}
