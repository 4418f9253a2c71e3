//! The programs that are built here: lasthand and the floor, both optimised.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::contender::{Contender, Role};
use super::corpus::Image;
use xtask::run::{cargo, target};

/// No verdict is asked for, so an answer that is undecided for want of evidence is the work done.
const ANSWERED: &[i32] = &[0, 3];

/// Where the programs are.
pub(super) struct Programs {
    /// What the table calls it, and the file; the first one was built here.
    lasthand: Vec<(String, PathBuf)>,
    floor: PathBuf,
}

impl Programs {
    /// Builds them, one after the other; the build with `fast-inflate` is kept in `folder`.
    pub(super) fn built(fast_inflate: bool, also: &[PathBuf], folder: &Path) -> Result<Self> {
        const LASTHAND: [&str; 4] = ["-p", "lasthand", "--bin", "lasthand"];
        let release = target().join("release");
        let own = release.join("lasthand");
        let fast = folder.join("lasthand-fast-inflate");
        if fast_inflate {
            build(&[&LASTHAND[..], &["--features", "fast-inflate"]].concat())?;
            fs::copy(&own, &fast).with_context(|| format!("cannot write {}", fast.display()))?;
        }
        build(&LASTHAND)?;
        build(&["-p", "bench", "--example", "image-floor"])?;
        let mut lasthand = vec![("lasthand".to_owned(), own)];
        lasthand.extend(fast_inflate.then(|| ("lasthand, fast-inflate".to_owned(), fast)));
        for (number, file) in (1..).zip(also) {
            let file = file.canonicalize().with_context(|| format!("cannot read {}", file.display()))?;
            lasthand.push((format!("lasthand, other {number}"), file));
        }
        Ok(Self { lasthand, floor: release.join("examples/image-floor") })
    }

    /// What inflates and digests, `threads` layers at a time.
    pub(super) fn floor(&self, image: &Image, threads: usize) -> Contender {
        let name = if threads == 1 { "floor, one thread".to_owned() } else { format!("floor, {threads} threads") };
        Contender::new(name, image, self.floor_words(image, &["--threads", &threads.to_string()])).role(Role::Floor)
    }

    /// The floor with a thread that inflates and one that digests what is inside.
    pub(super) fn floor_apart(&self, image: &Image) -> Contender {
        Contender::new("floor, inflating apart", image, self.floor_words(image, &["--apart"]))
    }

    fn floor_words(&self, image: &Image, options: &[&str]) -> Vec<OsString> {
        let mut words = vec![self.floor.clone().into_os_string()];
        words.extend(options.iter().map(OsString::from));
        words.extend(image.layers.iter().map(|layer| layer.clone().into_os_string()));
        words
    }

    /// What the floor counted in an image.
    pub(super) fn counted(&self, image: &Image) -> Result<Value> {
        let output = Command::new(&self.floor).args(&image.layers).output().context("cannot start the floor")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).context("the floor prints no JSON")
    }

    /// The lasthand built here.
    pub(super) fn lasthand(&self, image: &Image, asked: &Asked) -> Contender {
        let (name, file) = &self.lasthand[0];
        Self::verify(name, file, image, asked, None).role(Role::Lasthand)
    }

    /// Other builds of lasthand.
    pub(super) fn others(&self, image: &Image, asked: &Asked) -> Vec<Contender> {
        self.lasthand[1..].iter().map(|(name, file)| Self::verify(name, file, image, asked, None)).collect()
    }

    /// The lasthand built here with what it kept of an earlier run, when it has the option for it.
    pub(super) fn repeated(&self, image: &Image, asked: &Asked) -> Option<Contender> {
        let (_, file) = &self.lasthand[0];
        let help = Command::new(file).args(["verify", "--help"]).output().ok()?;
        let has_cache = String::from_utf8_lossy(&help.stdout).contains("--cache-dir");
        has_cache.then(|| Self::verify("lasthand, again with its cache", file, image, asked, Some(&asked.cache)))
    }

    /// The command that reads an image whole with the least other work: there is no evidence, and the answer is short.
    fn verify(name: &str, file: &Path, image: &Image, asked: &Asked, cache: Option<&Path>) -> Contender {
        let mut words = vec![file.into(), "verify".into(), format!("oci:{}", image.reference).into()];
        words.extend(["--policy".into(), "observe".into(), "--trust".into(), asked.trust.clone().into()]);
        words.extend(["--bundle".into(), asked.evidence.clone().into()]);
        match cache {
            Some(folder) => words.extend(["--cache-dir".into(), folder.into()]),
            None => words.push("--no-cache".into()),
        }
        Contender::new(name, image, words).good(ANSWERED)
    }
}

/// What lasthand is asked with.
pub(super) struct Asked {
    pub(super) trust: PathBuf,
    /// An empty folder.
    pub(super) evidence: PathBuf,
    pub(super) cache: PathBuf,
}

fn build(words: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--release", "--quiet"]).args(words);
    ensure!(command.status().context("cannot start cargo")?.success(), "{} cannot be built", words.join(" "));
    Ok(())
}
