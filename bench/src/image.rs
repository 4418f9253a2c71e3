//! `cargo xtask bench image`: how fast a real image is read, beside other readers, and beside a floor that only inflates and digests.
//!
//! Data flow: Debian packages -> OCI layouts (made once, kept) -> commands in turn, some rounds -> tables in Markdown.
//! Out: CPU time and memory as the system accounts them, ratios between runs of the same round. Nothing fails because it is slow.

mod contender;
mod corpus;
mod machine;
mod measure;
mod parts;
mod peers;
mod programs;
mod registry;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use corpus::Corpus;
use parts::Setting;
use programs::Programs;
use xtask::run::target;

/// How to measure.
#[derive(Args)]
pub struct Options {
    /// Where images are made once and kept [default: bench/image in cargo's target folder]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How often each command runs
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these parts; repeatable
    #[arg(long)]
    part: Vec<Part>,
    /// Only peers whose name has this in it; repeatable
    #[arg(long, value_name = "WORD")]
    peer: Vec<String>,
    /// Measure also a build of lasthand with the feature `fast-inflate`
    #[arg(long)]
    fast_inflate: bool,
    /// Another program `lasthand` to measure beside the one built here; repeatable
    #[arg(long, value_name = "FILE")]
    also: Vec<PathBuf>,
    /// Install the peers before measuring, with apt-get and go
    #[arg(long)]
    install_peers: bool,
    /// Make the images and stop
    #[arg(long)]
    only_corpus: bool,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Other readers, on the image of eight layers with gzip.
    Peers,
    /// The image of eight layers with zstd.
    Zstd,
    /// Larger images, and the same content in more layers.
    Growth,
    /// One core and all of them, one layer and eight.
    Cores,
}

/// Makes what is missing and measures.
///
/// # Errors
/// When images or programs cannot be made, or a command cannot be started.
pub(super) fn run(options: &Options) -> Result<bool> {
    let folder = options.corpus.clone().unwrap_or_else(|| target().join("bench/image"));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    if options.install_peers {
        peers::install(&folder)?;
    }
    let corpus = Corpus::made(&folder)?;
    if options.only_corpus {
        return Ok(true);
    }
    let programs = Programs::built(options.fast_inflate, &options.also, &folder)?;
    let peers = peers::find(&folder, &options.peer);
    machine::print(options, &peers);
    let mut setting = Setting::new(&corpus, &programs, options.rounds)?;
    setting.images()?;
    let mut good = true;
    for part in Part::value_variants().iter().filter(|part| options.part.is_empty() || options.part.contains(part)) {
        good &= match part {
            Part::Peers => setting.peers(&peers)?,
            Part::Zstd => setting.zstd()?,
            Part::Growth => setting.growth()?,
            Part::Cores => setting.cores()?,
        };
    }
    Ok(good)
}
