//! One file per command: its arguments, and what it does.

pub(crate) mod attach;
pub(crate) mod attest;
pub(crate) mod blame;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod man;
pub(crate) mod question;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod source;
pub(crate) mod source_report;
pub(crate) mod trust;
pub(crate) mod verify;
pub(crate) mod verify_bundle;
pub(crate) mod verify_layout;
pub(crate) mod why;

use crate::args::Command;
use crate::command_error::CommandError;
use crate::context::Context;

/// Does what the command says; gives the exit code.
///
/// # Errors
/// When the command could not do its work. A refusal is no error.
pub(crate) fn run(command: Command, context: &Context) -> Result<u8, CommandError> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, context),
        Command::Verify(arguments) => verify::run(&arguments, context),
        Command::VerifyBundle(arguments) => verify_bundle::run(&arguments, context),
        Command::VerifyLayout(arguments) => verify_layout::run(&arguments, context),
        Command::Inspect(arguments) => inspect::run(&arguments, context),
        Command::Why(arguments) => why::run(&arguments, context),
        Command::Diff(arguments) => diff::run(&arguments, context),
        Command::Blame(arguments) => blame::run(&arguments, context),
        Command::Trust(arguments) => trust::run(&arguments, context),
        Command::Key(arguments) => key::run(&arguments, context),
        Command::Init(arguments) => init::run(&arguments, context),
        Command::Source(arguments) => source::run(&arguments, context),
        Command::Review(arguments) => review::run(&arguments, context),
        Command::Approve(arguments) => review::approve(&arguments, context),
        Command::Run(arguments) => run::run(&arguments, context),
        Command::Attest(arguments) => attest::run(&arguments, context),
        Command::Attach(arguments) => attach::run(&arguments, context),
        Command::Completions(arguments) => completions::run(&arguments, context),
        Command::Man(arguments) => man::run(&arguments, context),
    }
}
