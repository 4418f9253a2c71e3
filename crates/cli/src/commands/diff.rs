//! `lasthand diff`: what differs between two artifacts, and who had the last hand on it.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use lasthand_verify::{Opening, Verification, VerifyError, diff, diff_for_error, render};

use super::question::{DemandArguments, Format, Sink, put, put_document, say_error, style, text_or_json};
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Both artifacts are verified, each by its own sidecar and what lies in its layout, or both by --bundle. Per entry that differs: \
                  what of it, its verdict with the rule, and its last actors. Where one artifact is a multi-platform image, entries are told \
                  apart by platform.\n\nExit codes: 0 both were read, whether they differ or not and whatever their verdicts are; 2 wrong use \
                  or trust file, 4 malformed artifact.\n\nExamples:\n  lasthand diff app-1.0.tar.gz app-1.1.tar.gz --bundle evidence\n  \
                  lasthand diff oci:old:1.0 oci:new:1.1 --platform linux/amd64\n  lasthand diff app-1.0.tar.gz app-1.1.tar.gz -o text -o \
                  json=diff.json"
)]
pub(crate) struct DiffArguments {
    /// The artifact before, in any form that `verify` takes
    #[arg(value_name = "A")]
    a: OsString,
    /// The artifact after
    #[arg(value_name = "B")]
    b: OsString,
    #[command(flatten)]
    demand: DemandArguments,
    /// What to print, or write to a file: text, json; repeatable
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FORMAT[=PATH]",
        default_value = "text",
        value_parser = text_or_json,
        visible_alias = "format"
    )]
    output: Vec<Sink>,
}

/// Verifies both and prints the difference.
///
/// # Errors
/// When the policy cannot be read or an answer not be written.
pub(crate) fn run(arguments: &DiffArguments, context: &Context) -> Result<u8, CommandError> {
    let [a, b] = match verify_both(arguments, context)? {
        Ok(both) => both,
        Err(error) => {
            let nothing = diff_for_error(&error, Path::new(&arguments.a), Path::new(&arguments.b));
            for sink in arguments.output.iter().filter(|sink| sink.format == Format::Json) {
                put_document(sink, &nothing, context)?;
            }
            return Ok(say_error(error, context));
        }
    };
    let difference = diff(&a, &b);
    for sink in &arguments.output {
        match sink.format {
            Format::Json => put_document(sink, &difference, context)?,
            // Both were verified by one trust file.
            _ => put(sink, render::diff(&difference, &b.facts.trust, style(sink, context)).as_bytes(), context)?,
        }
    }
    Ok(0)
}

type Both = Result<[Verification; 2], VerifyError>;

fn verify_both(arguments: &DiffArguments, context: &Context) -> Result<Both, CommandError> {
    let demand = &arguments.demand;
    demand.refuse_committed_trust()?;
    let preset = demand.preset(context)?;
    let cache = demand.cache(context)?;
    let both = demand.verifier(context).and_then(|verifier| {
        let verifier = verifier.with_cache(cache);
        let a = demand.decide((&arguments.a, Opening::Closed), &verifier, preset.clone(), context)?;
        let b = demand.decide((&arguments.b, Opening::Closed), &verifier, preset, context)?;
        Ok([a, b])
    });
    Ok(both)
}
