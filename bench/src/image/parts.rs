//! What is measured beside what.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::contender::Contender;
use super::corpus::Corpus;
use super::measure::{Measured, in_turn, once};
use super::peers::Peer;
use super::programs::{Asked, Programs};
use super::registry::Registry;
use super::table::{self, Spread};

/// A trust file that believes nobody.
const TRUST: &str = r#"[[product]]
name = "image"
repositories = ["git.example/image"]
refs = ["refs/heads/main"]
builders = []
"#;

/// How often a short command runs at least.
const LEAST_REPEATS: usize = 5;

/// Everything that the parts share.
pub(super) struct Setting<'s> {
    corpus: &'s Corpus,
    programs: &'s Programs,
    rounds: usize,
    asked: Asked,
    scratch: PathBuf,
    raw_bytes: BTreeMap<&'static str, u64>,
    cores: usize,
}

impl<'s> Setting<'s> {
    /// Writes what lasthand is asked with, and lets the floor read each image once: it counts, and the system keeps the bytes in memory.
    pub(super) fn new(corpus: &'s Corpus, programs: &'s Programs, rounds: usize) -> Result<Self> {
        let scratch = corpus.folder().join("scratch");
        if scratch.exists() {
            fs::remove_dir_all(&scratch).context("cannot empty the scratch folder")?;
        }
        let asked = Asked {
            trust: scratch.join("trust.toml"),
            evidence: scratch.join("evidence"),
            cache: scratch.join("cache"),
        };
        for folder in [&asked.evidence, &asked.cache] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&asked.trust, TRUST).context("cannot write a trust file")?;
        let cores = std::thread::available_parallelism()?.get();
        Ok(Self { corpus, programs, rounds, asked, scratch, raw_bytes: BTreeMap::new(), cores })
    }

    /// The table of images.
    pub(super) fn images(&mut self) -> Result<()> {
        println!(
            "\n### Images\n\n| image | layers | regular files | MB as stored | MB uncompressed |\n|---|---|---|---|---|"
        );
        for image in self.corpus.images() {
            let counted = self.programs.counted(image)?;
            let count = |key: &str| counted[key].as_u64().with_context(|| format!("the floor counts no {key}"));
            let (stored, raw) = (count("stored_bytes")?, count("raw_bytes")?);
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            println!(
                "| {} | {} | {} | {:.0} | {:.0} |",
                image.name,
                count("layers")?,
                count("files")?,
                megabytes(stored),
                megabytes(raw)
            );
            self.raw_bytes.insert(image.name, raw);
        }
        Ok(())
    }

    /// Other readers, on eight layers with gzip.
    pub(super) fn peers(&self, peers: &[Peer]) -> Result<bool> {
        let image = self.corpus.image("8 layers")?;
        let mut contenders = self.own("8 layers")?;
        contenders.push(self.programs.floor(image, 1).role(super::contender::Role::Other));
        let registry = Registry::started(peers, image, &self.scratch)?;
        let installed = peers.iter().filter(|peer| peer.program.is_some());
        contenders.extend(installed.filter_map(|peer| peer.contender(image, &self.scratch, registry.as_ref())));
        let all = in_turn(contenders, self.rounds)?;
        drop(registry);
        let good = self.print("Other readers: eight layers, gzip", &all);
        println!();
        for peer in peers.iter().filter(|peer| peer.program.is_some()) {
            println!("- `{}`: {}", peer.name, peer.does);
        }
        let Some(repeated) = self.programs.repeated(image, &self.asked) else { return Ok(good) };
        // The first run with a cache fills it; what is asked is how long the same question takes again.
        once(&repeated)?.map_err(anyhow::Error::msg)?;
        let again = in_turn(vec![repeated], self.rounds.max(LEAST_REPEATS))?;
        Ok(good & self.print("The same image again", &again))
    }

    /// Eight layers and one with zstd.
    pub(super) fn zstd(&self) -> Result<bool> {
        let mut contenders = self.own("8 layers, zstd")?;
        contenders.extend(self.own("one layer, zstd")?);
        Ok(self.print("zstd", &in_turn(contenders, self.rounds)?))
    }

    /// Larger images, and the same content in more layers.
    pub(super) fn growth(&self) -> Result<bool> {
        let mut contenders = Vec::new();
        for name in ["2 layers", "4 layers", "8 layers", "one layer", "many layers"] {
            contenders.extend(self.own(name)?);
        }
        let all = in_turn(contenders, self.rounds)?;
        let good = self.print("Growth with size and with layers", &all);
        println!();
        let names: Vec<_> = all.iter().filter(|measured| measured.contender.image == "2 layers").collect();
        for name in names.iter().map(|measured| measured.contender.name.as_str()) {
            for (large, small) in [("4 layers", "2 layers"), ("8 layers", "2 layers"), ("many layers", "one layer")] {
                let of = |image| all.iter().find(|one| one.contender.name == name && one.contender.image == image);
                let Some((above, below)) = of(large).zip(of(small)) else { continue };
                let bytes = self.bytes(large) as f64 / self.bytes(small) as f64;
                let ratio = Spread::of_ratios(&above.samples, &below.samples, |sample| sample.cpu_s);
                let Some(ratio) = ratio else { continue };
                println!(
                    "- {name}: {large} is {bytes:.2} times the bytes of {small}, and takes {} times its CPU.",
                    ratio.shown()
                );
            }
        }
        Ok(good)
    }

    /// One layer and eight, on one core and on two.
    pub(super) fn cores(&self) -> Result<bool> {
        let mut contenders = Vec::new();
        for name in ["one layer", "8 layers"] {
            let image = self.corpus.image(name)?;
            for cores in 1..=self.cores.min(2) {
                contenders.push(self.programs.lasthand(image, &self.asked).on(cores));
                contenders.extend(self.programs.others(image, &self.asked).into_iter().map(|other| other.on(cores)));
                contenders.push(self.programs.floor(image, cores).named("floor").on(cores));
                contenders.push(self.programs.floor_apart(image).on(cores));
            }
        }
        let all = in_turn(contenders, self.rounds)?;
        let good = self.print("One core and two", &all);
        println!();
        for one in all.iter().filter(|measured| measured.contender.cores == Some(1)) {
            let (name, image) = (&one.contender.name, one.contender.image);
            let is_other = |two: &&Measured| {
                two.contender.name == *name && two.contender.image == image && two.contender.cores == Some(2)
            };
            let Some(two) = all.iter().find(is_other) else { continue };
            if let Some(ratio) = Spread::of_ratios(&one.samples, &two.samples, |sample| sample.wall_s) {
                println!("- {name}, {image}: one core takes {} times the wall time of two.", ratio.shown());
            }
        }
        Ok(good)
    }

    /// lasthand, its other builds, and the floor on all cores.
    fn own(&self, image: &str) -> Result<Vec<Contender>> {
        let image = self.corpus.image(image)?;
        let mut contenders = vec![self.programs.lasthand(image, &self.asked)];
        contenders.extend(self.programs.others(image, &self.asked));
        contenders.push(self.programs.floor(image, self.cores));
        Ok(contenders)
    }

    fn bytes(&self, image: &str) -> u64 {
        self.raw_bytes.get(image).copied().unwrap_or_default()
    }

    fn print(&self, title: &str, all: &[Measured]) -> bool {
        table::print(title, all, |image| self.bytes(image))
    }
}
