//! The `lasthand` command.
//!
//! Data flow: arguments -> [`commands`], one file each -> `observe`, `attest`, `sign` (record side) or `verify` (verify side)
//! -> [`output`] and an exit code.
//!
//! **Invariants.** Only [`output`] prints. Surroundings, terminal and clock are read once, here. A panic is a bug of ours, exit code 70.

mod agent_branch;
mod args;
mod command_error;
mod commands;
mod context;
mod evidence;
mod files;
mod json;
mod landing_text;
mod output;
mod people;
mod revoked_names;
mod signed_commits;
mod signer;
mod source_ledger;
mod source_tree;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Arguments, LimitChange};
use crate::command_error::{CommandError, exit_code};
use crate::context::Context;
use crate::output::Output;

fn main() -> ExitCode {
    let output = Output::new();
    // The text below says all there is to say, and says it once.
    panic::set_hook(Box::new(|_| {}));
    let code = match panic::catch_unwind(AssertUnwindSafe(|| run(output))) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            output.error(&error);
            exit_code(error.kind())
        }
        Err(panicked) => {
            let error = CommandError::bug(format!("unexpected state: {}", words_of(panicked.as_ref())));
            output.error(&error);
            exit_code(error.kind())
        }
    };
    ExitCode::from(code)
}

fn run(output: Output) -> Result<u8, CommandError> {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output, wrong use to standard error; who closed it does not want to hear it.
            let _ = error.print();
            return Ok(if error.use_stderr() { exit_code(crate::command_error::Kind::Usage) } else { 0 });
        }
    };
    let limits = LimitChange::all(&arguments.limits);
    let context = Context::read(output, arguments.command.side(), limits)?;
    commands::run(arguments.command, &context)
}

fn words_of(panicked: &(dyn Any + Send)) -> &str {
    let text = panicked.downcast_ref::<&str>().copied();
    text.or_else(|| panicked.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}
