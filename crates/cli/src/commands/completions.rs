//! `lasthand completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lasthand completions bash > ~/.local/share/bash-completion/completions/lasthand")]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints completions.
///
/// # Errors
/// When they cannot be printed.
pub(crate) fn run(arguments: &CompletionsArguments, context: &Context) -> Result<u8, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "lasthand", &mut text);
    context.output.data(&text)?;
    Ok(0)
}
