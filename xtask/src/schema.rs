//! `cargo xtask schema`: the JSON Schemas of `docs/schemas`, from the types of `model::wire`.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, quietly};

/// What to do with the schemas.
#[derive(Args)]
pub struct Options {
    /// Only compare; exit 1 when a schema differs from its type.
    #[arg(long)]
    check: bool,
}

/// Writes or checks the schemas: the test of the crate that owns the types does the work.
///
/// # Errors
/// When cargo cannot be started.
pub fn run(options: &Options) -> Result<bool> {
    let mut command = cargo();
    command.args(["test", "--quiet", "-p", "lasthand-model", "--test", "schemas", "schemas_match_the_types"]);
    if !options.check {
        command.env("LASTHAND_UPDATE_SCHEMAS", "1");
    }
    quietly("schema", command)
}
