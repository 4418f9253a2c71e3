//! Chores of the workspace. One module a command; `cargo xtask --help` lists them.
//!
//! Data flow: command line -> one module -> files of the workspace, `cargo`, or the solver -> lines on stdout, exit 0 or 1.

pub mod layers;
pub mod tidy;

pub mod ci;
pub mod fixtures;
pub mod fuzz;
pub mod mutants;
pub mod run;
pub mod schema;
pub mod test;

mod source;

use std::path::PathBuf;

/// The folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
