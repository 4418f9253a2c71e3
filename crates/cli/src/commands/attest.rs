//! `lasthand attest`: signs a statement that somebody else wrote.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use lasthand_attest::sign_and_write;
use lasthand_model::json;
use lasthand_model::wire::inventory::{INVENTORY, InventoryPredicate};
use lasthand_model::wire::link::{LINK, LinkPredicate};
use lasthand_model::wire::list::{LIST, ListPredicate};
use lasthand_model::wire::provenance::{PROVENANCE_V1, PROVENANCE_V02, ProvenanceV1, ProvenanceV02};
use lasthand_model::wire::review::{REVIEW, ReviewPredicate};
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{STEP_ACTOR, StepActorPredicate};
use lasthand_model::wire::vsa::{VSA, VsaPredicate};
use lasthand_trust::evidence::verify_evidence;
use serde_json::Value;

use super::review::refuse_agents;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::signer::Signer;

/// Arguments of `attest`.
#[derive(Debug, Args)]
#[command(
    after_help = "The statement is checked strictly before it is signed: JSON without duplicate members, a known `_type`, a digest for \
                  each subject, and the shape of its predicate where the type is known.\n\nExamples:\n  lasthand attest --statement \
                  released.json --key publisher --evidence evidence"
)]
pub(crate) struct AttestArguments {
    /// The statement: one in-toto statement, JSON
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The key to sign with
    #[arg(long, value_name = "FILE|URI")]
    key: String,
    /// Folder of the evidence
    #[arg(long, value_name = "DIR", default_value = ".")]
    evidence: PathBuf,
}

/// Signs a statement; prints the path of the bundle.
///
/// # Errors
/// When the statement is malformed, or cannot be read, signed or written.
pub(crate) fn run(arguments: &AttestArguments, context: &Context) -> Result<u8, CommandError> {
    let path = &arguments.statement;
    let bytes = fs::read(path)
        .map_err(|error| CommandError::usage(format!("cannot read `{}`", path.display())).because(error))?;
    let malformed = || CommandError::malformed(format!("`{}` is not a statement that can be signed", path.display()));
    let statement: Statement = json::parse_as(&bytes, &context.limits).map_err(|error| malformed().because(error))?;
    check_predicate(&statement.predicate_type, statement.predicate.clone())
        .map_err(|error| malformed().because(error))?;
    if statement.predicate_type == REVIEW {
        // SECURITY: what `review approve` refuses must not be signed by this door either.
        refuse_agents(context)?;
    }
    let ours = matches!(statement.predicate_type.as_str(), STEP_ACTOR | REVIEW);
    if ours
        && context.surroundings.simulated
        && statement.predicate.get("surroundings") != Some(&Value::from("simulated"))
    {
        return Err(CommandError::usage(format!(
            "the surroundings are simulated, and `{}` does not say `\"surroundings\": \"simulated\"` in its predicate",
            path.display()
        ))
        .hint("say so in the statement, or sign without LASTHAND_SURROUNDINGS"));
    }
    let signer = Signer::load(&arguments.key, context)?;
    // Whatever a verifier would refuse is refused here: the signed bundle is read back before anything is written.
    let signed = lasthand_attest::sign(&statement, &signer.key)?;
    verify_evidence(&signed.bundle, &signer.ring()?, &context.limits).map_err(|error| malformed().because(error))?;
    if statement.predicate.get("surroundings").is_none() && !context.surroundings.marks.is_empty() {
        context.output.warn("an agent seems to be around, and this statement, written elsewhere, does not say so");
    }
    let written = sign_and_write(&arguments.evidence, &kind_of(&statement.predicate_type), &statement, &signer.key)?;
    context.output.line(&written.path.display().to_string())?;
    Ok(0)
}

/// Reads a predicate of a known type as that type.
fn check_predicate(predicate_type: &str, predicate: Value) -> serde_json::Result<()> {
    match predicate_type {
        STEP_ACTOR => serde_json::from_value::<StepActorPredicate>(predicate).map(drop),
        REVIEW => serde_json::from_value::<ReviewPredicate>(predicate).map(drop),
        INVENTORY => serde_json::from_value::<InventoryPredicate>(predicate).map(drop),
        LIST => serde_json::from_value::<ListPredicate>(predicate).map(drop),
        LINK => serde_json::from_value::<LinkPredicate>(predicate).map(drop),
        VSA => serde_json::from_value::<VsaPredicate>(predicate).map(drop),
        PROVENANCE_V1 => serde_json::from_value::<ProvenanceV1>(predicate).map(drop),
        PROVENANCE_V02 => serde_json::from_value::<ProvenanceV02>(predicate).map(drop),
        _ => Ok(()),
    }
}

/// The word for a file's name: `https://lasthand.dev/review/v0.1` -> `review`.
fn kind_of(predicate_type: &str) -> String {
    let mut segments = predicate_type.split('/').filter(|segment| !segment.is_empty());
    let is_version =
        |segment: &str| segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let word = segments.rfind(|segment| !is_version(segment)).unwrap_or("statement");
    let plain: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if plain.is_empty() || Path::new(&plain).components().count() != 1 { "statement".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_the_predicate() {
        // pass: the last word that is no version
        assert_eq!(kind_of("https://lasthand.dev/review/v0.1"), "review");
        assert_eq!(kind_of("https://slsa.dev/provenance/v1"), "provenance");
        assert_eq!(kind_of("https://example.com/a b?c/"), "abc");
        // fail: nothing to name it by
        assert_eq!(kind_of("///"), "statement");
    }
}
