//! `lasthand trust check`: a trust file, explained line by line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lasthand_trust::explain::explain;
use lasthand_verify::LoadedTrust;

use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `trust`.
#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, Subcommand)]
enum TrustCommand {
    /// Check a trust file, and say line by line what it means
    #[command(
        after_help = "Exit code 2 when the file has an error, each with line and column.\n\nExamples:\n  lasthand trust check \
                            lasthand.trust.toml"
    )]
    Check(CheckArguments),
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// The trust file
    #[arg(value_name = "FILE", default_value = "lasthand.trust.toml")]
    file: PathBuf,
}

/// Explains a trust file, or says everything that is wrong with it.
///
/// # Errors
/// When the file has an error.
pub(crate) fn run(arguments: &TrustArguments, context: &Context) -> Result<u8, CommandError> {
    let TrustCommand::Check(arguments) = &arguments.command;
    let trust = match LoadedTrust::from_file(&arguments.file, context.now, &context.limits) {
        Ok(trust) => trust,
        Err(error) => {
            for (line, hints) in error.diagnostics() {
                context.output.note(&line);
                hints.iter().for_each(|hint| context.output.note(&format!("    hint: {hint}")));
            }
            let many = !error.diagnostics().is_empty();
            let error = CommandError::from(error);
            return Err(if many {
                CommandError::usage(format!("`{}` cannot be used", arguments.file.display()))
            } else {
                error
            });
        }
    };
    for explained in explain(trust.file()) {
        let text = lasthand_verify::render::escape(&explained.text);
        context.output.line(&format!("{}:{}: {text}", arguments.file.display(), explained.line))?;
    }
    Ok(0)
}
