//! `lasthand attach`: evidence beside an artifact, or into the layout of an image.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use lasthand_verify::ArtifactRef;

use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `attach`.
#[derive(Debug, Args)]
#[command(
    after_help = "Evidence is bundles, inventories, and contents by digest. Beside a file it goes into the folder ARTIFACT.lasthand; into \
                  an OCI layout it goes as manifests that refer to the image. `verify` finds both without --bundle. Name the image by its \
                  tag from then on: some tools refuse to choose in a layout that lists more than one manifest.\n\nExamples:\n  lasthand attach \
                  release.tar.gz --bundle evidence\n  lasthand attach oci:out/app:1.2 evidence"
)]
pub(crate) struct AttachArguments {
    /// Where the evidence goes.
    #[arg(value_name = "ARTIFACT", help = "The artifact: a file, or an image in an OCI layout, oci:DIR[:TAG]")]
    artifact: OsString,
    /// Evidence: bundle files, or folders of evidence
    #[arg(value_name = "EVIDENCE", required_unless_present = "bundle")]
    evidence: Vec<PathBuf>,
    /// Evidence, likewise
    #[arg(long, value_name = "FILE|DIR")]
    bundle: Vec<PathBuf>,
}

/// Attaches evidence; prints the path of each file beside the artifact, or the digest of each manifest that refers to the image.
///
/// # Errors
/// When evidence is malformed, or something cannot be read or written.
pub(crate) fn run(arguments: &AttachArguments, context: &Context) -> Result<u8, CommandError> {
    let artifact = ArtifactRef::parse(&arguments.artifact)
        .map_err(|error| CommandError::usage(error.to_string()).hint(error.hints().join("; ")))?;
    let evidence: Vec<PathBuf> = arguments.evidence.iter().chain(&arguments.bundle).cloned().collect();
    // What a layout is, its marker says.
    let is_layout = artifact.place().join("oci-layout").is_file();
    match artifact.form() {
        Some(form) if form.as_str() != "oci" => {
            let error = CommandError::usage("evidence cannot be written into an archive, whose digest would change");
            let file = artifact.place().display();
            Err(error
                .hint(format!("attach it beside the file: `lasthand attach {file} EVIDENCE` makes `{file}.lasthand`")))
        }
        None if !is_layout => beside(&artifact, &evidence, context),
        _ => into_layout(&artifact, &evidence, context),
    }
}

fn beside(artifact: &ArtifactRef, evidence: &[PathBuf], context: &Context) -> Result<u8, CommandError> {
    let attached = lasthand_attest::attach(artifact.place(), evidence, &context.limits)?;
    for path in attached.bundles.iter().chain(&attached.inventories).chain(&attached.contents) {
        context.output.line(&path.display().to_string())?;
    }
    let (bundles, inventories) = (attached.bundles.len(), attached.inventories.len());
    let contents = attached.contents.len();
    context.output.note(&format!(
        "{}: bundles: {bundles}, inventories: {inventories}, contents: {contents}",
        attached.folder.display()
    ));
    Ok(0)
}

fn into_layout(artifact: &ArtifactRef, evidence: &[PathBuf], context: &Context) -> Result<u8, CommandError> {
    let attached = lasthand_attest::attach_to_layout(artifact.place(), artifact.image(), evidence, &context.limits)?;
    for manifest in &attached.manifests {
        context.output.line(&format!("sha256:{manifest}"))?;
    }
    let (all, added) = (attached.manifests.len(), attached.added);
    context.output.note(&format!("sha256:{}: referring manifests: {all}, added now: {added}", attached.subject));
    Ok(0)
}
