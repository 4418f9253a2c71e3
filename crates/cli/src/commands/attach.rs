//! `lasthand attach`: evidence beside an artifact.

use std::path::PathBuf;

use clap::Args;

use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `attach`.
#[derive(Debug, Args)]
#[command(
    after_help = "Copies bundles and inventories into the folder ARTIFACT.lasthand, where `verify` finds them without --bundle.\n\n\
                  Examples:\n  lasthand attach release.tar.gz --bundle evidence"
)]
pub(crate) struct AttachArguments {
    /// The artifact
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// Evidence: bundle files, or folders of them
    #[arg(long, value_name = "FILE|DIR", required = true)]
    bundle: Vec<PathBuf>,
}

/// Copies evidence; prints the path of each file beside the artifact.
///
/// # Errors
/// When evidence is malformed, or something cannot be read or written.
pub(crate) fn run(arguments: &AttachArguments, context: &Context) -> Result<u8, CommandError> {
    let attached = lasthand_attest::attach(&arguments.artifact, &arguments.bundle, &context.limits)?;
    for path in attached.bundles.iter().chain(&attached.inventories) {
        context.output.line(&path.display().to_string())?;
    }
    let (bundles, inventories) = (attached.bundles.len(), attached.inventories.len());
    context.output.note(&format!("{}: bundles: {bundles}, inventories: {inventories}", attached.folder.display()));
    Ok(0)
}
