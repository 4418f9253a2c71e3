//! `lasthand verify-layout`: whether links are what an in-toto layout asks for.

use std::path::PathBuf;

use clap::Args;
use lasthand_model::timestamp;
use lasthand_verify::layout::{Inspections, LayoutDemand, layout_exit_code, verify_layout};
use lasthand_verify::render;

use super::question::{Format, Sink, put, put_document, style, text_or_json};
use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `verify-layout`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every key given must have signed the layout. Links are files STEP.KEYID.link in the folder, KEYID being the first eight digits; \
                  those of a layout in place of a link are in the folder STEP.KEYID. Inspections are commands, and none is ever run: a \
                  layout that has some is at best undecided. What the implementations of in-toto answer differently is refused. \
                  docs/verify-layout.md explains each finding.\n\nExit codes: 0 accepted, 1 refused, 2 wrong use, 3 undecided, 4 malformed \
                  layout or over a limit.\n\nExamples:\n  lasthand verify-layout --layout root.layout --key alice.pub --links links\n  \
                  lasthand verify-layout -l root.layout -k alice.pub -k bob.pub -d links -o json\n  lasthand verify-layout -l \
                  root.layout -k alice.pub -d links --without-inspections --now 2026-11-23T00:00:00Z"
)]
pub(crate) struct VerifyLayoutArguments {
    /// The layout: bare with signatures, or in a DSSE envelope
    #[arg(long, short = 'l', value_name = "FILE")]
    layout: PathBuf,
    /// A public key of the layout's owner in PEM; repeatable, and each must have signed
    #[arg(long, short = 'k', value_name = "FILE", required = true, visible_alias = "layout-key")]
    key: Vec<PathBuf>,
    /// The folder of the links
    #[arg(long, short = 'd', value_name = "DIR", default_value = ".", visible_alias = "link-dir")]
    links: PathBuf,
    /// Leave inspections and their rules out, and decide without them
    #[arg(long)]
    without_inspections: bool,
    /// Decide for this moment [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<i64>,
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

/// Verifies the layout and prints what came of it.
///
/// # Errors
/// When a file cannot be read, the layout is malformed, or an answer cannot be written.
pub(crate) fn run(arguments: &VerifyLayoutArguments, context: &Context) -> Result<u8, CommandError> {
    let inspections = if arguments.without_inspections { Inspections::Without } else { Inspections::LeaveOpen };
    let demand = LayoutDemand { now: arguments.now.unwrap_or(context.now), inspections };
    let report = verify_layout(&arguments.layout, &arguments.key, &arguments.links, demand, &context.limits)?;
    for sink in &arguments.output {
        match sink.format {
            Format::Json => put_document(sink, &report, context)?,
            _ => put(sink, render::layout(&report, style(sink, context)).as_bytes(), context)?,
        }
    }
    Ok(layout_exit_code(report.verdict))
}

fn moment(text: &str) -> Result<i64, String> {
    timestamp::parse(text).map_err(|error| error.to_string())
}
