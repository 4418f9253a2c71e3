//! The command line, as a whole; each command's own arguments stand in its own file.

use clap::{Parser, Subcommand};
use lasthand_model::limits::Limits;

use crate::commands::{
    attach, attest, blame, completions, demo, diff, init, inspect, key, man, review, run, source, trust, verify,
    verify_bundle, verify_layout, why,
};
use crate::context::Side;

/// Accepts a release only when signed evidence proves that no agent touched it after human review.
#[derive(Debug, Parser)]
#[command(
    name = "lasthand",
    version,
    max_term_width = 120,
    after_help = "Exit codes:\n  0   accepted, or done\n  1   refused: evidence was read and does not prove it\n  2   wrong use or \
                  configuration\n  3   undecided: no verified evidence names this artifact\n  4   input is malformed or over a limit\n  \
                  70  a bug in lasthand\n\nBegin with: lasthand demo"
)]
pub(crate) struct Arguments {
    /// Set a bound on what is read, where a large artifact is trusted to be large (repeatable; docs/reader.md lists them)
    #[arg(long = "limit", value_name = "NAME=NUMBER", global = true, value_parser = LimitChange::parse)]
    pub(crate) limits: Vec<LimitChange>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One limit and what it becomes.
#[derive(Debug, Clone)]
pub(crate) struct LimitChange {
    name: String,
    number: u64,
}

impl LimitChange {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, number) = text.split_once('=').ok_or("write it as NAME=NUMBER")?;
        let number = number.parse().map_err(|_| format!("`{number}` is not a whole number"))?;
        Limits::DEFAULT.clone().set(name, number).map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), number })
    }

    /// The default limits with these changes.
    pub(crate) fn all(changes: &[Self]) -> Limits {
        let mut limits = Limits::DEFAULT;
        for change in changes {
            // Its name was looked up when it was parsed.
            let _ = limits.set(&change.name, change.number);
        }
        limits
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it: record a small release, accept it, then refuse six attacks on it
    Demo(demo::DemoArguments),
    /// Accept or refuse an artifact
    Verify(Box<verify::VerifyArguments>),
    /// Verify one Sigstore bundle by the signer and the artifact that are expected, without a trust file
    VerifyBundle(Box<verify_bundle::VerifyBundleArguments>),
    /// Accept or refuse the links of an in-toto layout
    VerifyLayout(Box<verify_layout::VerifyLayoutArguments>),
    /// Show the steps and files of an artifact as a timeline, without asking for a verdict
    Inspect(Box<inspect::InspectArguments>),
    /// Say where one file of an artifact comes from: step, actor, review, evidence
    Why(Box<why::WhyArguments>),
    /// Show what differs between two artifacts, and who had the last hand on it
    Diff(Box<diff::DiffArguments>),
    /// Say who touched a file, or lines of it, last, and who answered for it
    Blame(Box<blame::BlameArguments>),
    /// Look at trust files
    Trust(trust::TrustArguments),
    /// Make keys
    Key(key::KeyArguments),
    /// Write a commented trust file from the keys and git authors at hand
    Init(Box<init::InitArguments>),
    /// Record what landed on a branch, and whose work it is
    Source(Box<source::SourceArguments>),
    /// Review changes
    Review(Box<review::ReviewArguments>),
    /// Approve a change: short for `review approve`
    Approve(Box<review::ApproveArguments>),
    /// Run a command and record what it read, what it wrote and who acted
    Run(Box<run::RunArguments>),
    /// Sign a statement that somebody else wrote
    Attest(attest::AttestArguments),
    /// Put evidence beside an artifact, where `verify` finds it
    Attach(attach::AttachArguments),
    /// Print completions for a shell
    Completions(completions::CompletionsArguments),
    /// Print the manual page
    Man(man::ManArguments),
}

impl Command {
    /// Whether the command records anything.
    pub(crate) fn side(&self) -> Side {
        match self {
            Self::Source(arguments) if !arguments.records() => Side::Verify,
            Self::Source(_) | Self::Review(_) | Self::Approve(_) | Self::Run(_) | Self::Attest(_) | Self::Demo(_) => {
                Side::Record
            }
            _ => Side::Verify,
        }
    }
}
