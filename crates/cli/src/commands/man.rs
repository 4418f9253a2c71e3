//! `lasthand man`.

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::Arguments;
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lasthand man | man -l -\n  lasthand man verify > lasthand-verify.1")]
pub(crate) struct ManArguments {
    /// The command to print the page of [default: the overview]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints a manual page.
///
/// # Errors
/// When the command is not known, or the page cannot be printed.
pub(crate) fn run(arguments: &ManArguments, context: &Context) -> Result<u8, CommandError> {
    let mut whole = Arguments::command();
    whole.build();
    let man = match &arguments.command {
        None => Man::new(whole),
        Some(name) => Man::new(find(&whole, name)?).title(format!("lasthand-{name}")),
    };
    let mut text = Vec::new();
    let rendered = man.render(&mut text);
    rendered.map_err(|error| CommandError::bug("the manual page cannot be written").because(error))?;
    context.output.data(&text)?;
    Ok(0)
}

fn find(whole: &Command, name: &str) -> Result<Command, CommandError> {
    let found = whole.get_subcommands().find(|command| command.get_name() == name);
    found.cloned().ok_or_else(|| CommandError::usage(format!("there is no command `{name}`")))
}
