//! Evidence that is already in a folder, for the commands that write more of it.

use std::fs;
use std::path::Path;

use lasthand_attest::BUNDLE_ENDING;
use lasthand_model::digest::{GitId, StatementDigest};
use lasthand_model::json;
use lasthand_model::wire::bundle::{Bundle, Envelope};
use lasthand_model::wire::review::{REVIEW, ReviewPredicate};
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{STEP_ACTOR, StepActorPredicate};
use lasthand_trust::dsse::decode_base64;
use lasthand_trust::evidence::verify_evidence;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::signer::Signer;

/// A landing that this observer recorded earlier.
#[derive(Debug, Clone)]
pub(crate) struct RecordedLanding {
    /// Its statement.
    pub(crate) digest: StatementDigest,
    /// The commit it landed.
    pub(crate) commit: GitId,
    /// The landing before it.
    pub(crate) prev: Option<StatementDigest>,
}

/// Finds the landings of a ref that this very key signed.
///
/// SECURITY: a landing that somebody else put there must not become `prev` of ours, so the signature is checked.
///
/// # Errors
/// When the folder cannot be read. A file that is no evidence, or somebody else's, is passed over.
pub(crate) fn own_landings(
    folder: &Path,
    signer: &Signer,
    repository: &str,
    target_ref: &str,
    context: &Context,
) -> Result<Vec<RecordedLanding>, CommandError> {
    let ring = signer.ring()?;
    let mut landings = Vec::new();
    for bytes in bundles(folder)? {
        let Ok(verified) = verify_evidence(&bytes, &ring, &context.limits) else { continue };
        let statement = verified.value();
        if statement.predicate_type != STEP_ACTOR {
            continue;
        }
        let Ok(landing) = serde_json::from_value::<StepActorPredicate>(statement.predicate.clone()) else { continue };
        let here = landing.repository.as_ref().is_some_and(|known| known.uri == repository)
            && landing.target_ref.as_deref() == Some(target_ref);
        let commit = statement.subject.iter().find_map(|subject| subject.digest.get("gitCommit")?.parse().ok());
        if let (true, Some(commit)) = (here, commit) {
            let prev = landing.prev.as_ref().and_then(|digests| digests.get("sha256")?.parse().ok());
            landings.push(RecordedLanding { digest: verified.digest(), commit, prev: prev.map(StatementDigest) });
        }
    }
    Ok(landings)
}

/// Lists the changes (base tree, head tree) that reviews in a folder claim to be about. Nothing is believed: a claim only says which
/// merges to recompute.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn claimed_reviews(folder: &Path, context: &Context) -> Result<Vec<(GitId, GitId)>, CommandError> {
    let mut reviews = Vec::new();
    for bytes in bundles(folder)? {
        let Some(statement) = unverified_statement(&bytes, context) else { continue };
        if statement.predicate_type != REVIEW {
            continue;
        }
        let Ok(review) = serde_json::from_value::<ReviewPredicate>(statement.predicate) else { continue };
        let tree = |tree: Option<lasthand_model::wire::facts::TreeRef>| tree.and_then(|tree| tree.git_tree);
        if let (Some(base), Some(head)) = (tree(review.base), tree(review.head)) {
            reviews.push((base, head));
        }
    }
    Ok(reviews)
}

fn unverified_statement(bytes: &[u8], context: &Context) -> Option<Statement> {
    let envelope: Envelope = match json::parse_as::<Bundle>(bytes, &context.limits) {
        Ok(bundle) => bundle.dsse_envelope?,
        Err(_) => json::parse_as(bytes, &context.limits).ok()?,
    };
    json::parse_as(&decode_base64(&envelope.payload)?, &context.limits).ok()
}

/// Bundles of a folder in the order of their names; a folder that is not there yet has none.
fn bundles(folder: &Path) -> Result<Vec<Vec<u8>>, CommandError> {
    let failed = |error| CommandError::usage(format!("cannot read `{}`", folder.display())).because(error);
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in listing {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(BUNDLE_ENDING) && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| fs::read(path).map_err(failed)).collect()
}
