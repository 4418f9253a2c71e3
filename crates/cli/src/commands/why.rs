//! `lasthand why`: where one file comes from.

use clap::Args;
use lasthand_verify::render;

use super::question::{Answer, Format, QuestionArguments, Sink, deliver_error, style};
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `why`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 whatever the answer is; 2 when the artifact has no such file.\n\nExamples:\n  lasthand why release.tar.gz \
                  app-1.0/bin/app --bundle evidence\n  lasthand why app.jar 'app.jar!/META-INF/MANIFEST.MF' --open-archives --bundle evidence"
)]
pub(crate) struct WhyArguments {
    #[command(flatten)]
    question: QuestionArguments,
    /// The path inside the artifact, as `inspect` prints it
    #[arg(value_name = "PATH")]
    path: String,
}

/// Prints file -> step -> actor -> review -> evidence, each with its level.
///
/// # Errors
/// When there is no such path, or the policy cannot be read.
pub(crate) fn run(arguments: &WhyArguments, context: &Context) -> Result<u8, CommandError> {
    let sink = Sink { format: Format::Text, path: None };
    let verification = match arguments.question.ask(context)? {
        Answer::Given(verification) => verification,
        Answer::NotGiven(error) => {
            return deliver_error(&[sink], error, &arguments.question.artifact, context);
        }
    };
    match render::why(&verification, &arguments.path, style(&sink, context)) {
        Ok(text) => {
            context.output.data(text.as_bytes())?;
            Ok(0)
        }
        Err(error) => {
            let hints = error.hints();
            let error = CommandError::usage(error.to_string());
            Err(hints.into_iter().fold(error, CommandError::hint))
        }
    }
}
