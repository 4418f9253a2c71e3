//! `lasthand verify`: accepted, or not.

use clap::Args;
use lasthand_verify::{exit_code, render};

use super::question::{Answer, QuestionArguments, SinkArguments, deliver, deliver_error};
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 accepted (or let through by an exception), 1 refused, 2 wrong use or trust file, 3 undecided, 4 malformed \
                  artifact.\n\nExamples:\n  lasthand verify release.tar.gz --bundle evidence --trust lasthand.trust.toml\n  lasthand \
                  verify release.tar.gz --policy strict --name app --target production\n  lasthand verify release.tar.gz -b evidence -o \
                  text -o json=report.json"
)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    question: QuestionArguments,
    #[command(flatten)]
    sinks: SinkArguments,
}

/// Verifies; the exit code is the verdict.
///
/// # Errors
/// When the policy cannot be read or an answer not be written.
pub(crate) fn run(arguments: &VerifyArguments, context: &Context) -> Result<u8, CommandError> {
    let sinks = &arguments.sinks.output;
    let verification = match arguments.question.ask(context)? {
        Answer::Given(verification) => verification,
        Answer::NotGiven(error) => return deliver_error(sinks, error, &arguments.question.artifact, context),
    };
    deliver(sinks, &verification, &verification.report, &render::text, context)?;
    // Also under `observe`: the exit code is the verdict's, and whoever only wants to look ignores it.
    Ok(exit_code(&verification.outcome))
}
