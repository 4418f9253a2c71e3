//! `lasthand inspect`: what the evidence tells, without a verdict.

use clap::Args;
use lasthand_verify::render;

use super::question::{Answer, QuestionArguments, SinkArguments, deliver, deliver_error};
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 whatever the evidence tells: ask `verify` for a verdict.\n\nExamples:\n  lasthand inspect release.tar.gz \
                  --bundle evidence\n  lasthand inspect release.tar.gz --bundle evidence -o json"
)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    question: QuestionArguments,
    #[command(flatten)]
    sinks: SinkArguments,
}

/// Prints the timeline of steps and the table of files.
///
/// # Errors
/// When the policy cannot be read or an answer not be written.
pub(crate) fn run(arguments: &InspectArguments, context: &Context) -> Result<u8, CommandError> {
    let sinks = &arguments.sinks.output;
    match arguments.question.ask(context)? {
        Answer::Given(verification) => {
            deliver(sinks, &verification, &verification.inspection(), &render::inspect, context)?;
            Ok(0)
        }
        Answer::NotGiven(error) => deliver_error(sinks, error, &arguments.question.artifact, context),
    }
}
