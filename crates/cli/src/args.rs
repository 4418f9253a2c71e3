//! The command line, as a whole; each command's own arguments stand in its own file.

use clap::{Parser, Subcommand};

use crate::commands::{
    attach, attest, completions, demo, diff, init, inspect, key, man, review, run, source, trust, verify, why,
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
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it: record a small release, accept it, then refuse six attacks on it
    Demo(demo::DemoArguments),
    /// Accept or refuse an artifact
    Verify(Box<verify::VerifyArguments>),
    /// Show the steps and files of an artifact as a timeline, without asking for a verdict
    Inspect(Box<inspect::InspectArguments>),
    /// Say where one file of an artifact comes from: step, actor, review, evidence
    Why(Box<why::WhyArguments>),
    /// Show what differs between two artifacts, and who had the last hand on it
    Diff(Box<diff::DiffArguments>),
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
    pub(crate) const fn side(&self) -> Side {
        match self {
            Self::Source(_) | Self::Review(_) | Self::Approve(_) | Self::Run(_) | Self::Attest(_) | Self::Demo(_) => {
                Side::Record
            }
            _ => Side::Verify,
        }
    }
}
