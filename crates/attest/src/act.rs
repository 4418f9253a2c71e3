//! Acts upon a finished artifact: sign, publish, promote.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::ArtifactDigest;
use lasthand_model::timestamp;
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{STEP_ACTOR, StepActorPredicate, WireActor, WireCredential};
use lasthand_observe::surroundings::Surroundings;

use crate::actors::Principal;
use crate::error::StatementError;
use crate::step::all_actors;
use crate::subject;

/// What is known of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActSpec {
    /// `sign`, `publish` or `promote`.
    pub action: StepKind,
    /// Product.
    pub product: String,
    /// The artifact's name: a file name or reference.
    pub artifact_name: String,
    /// The artifact.
    pub digest: ArtifactDigest,
    /// Where to.
    pub target: Option<String>,
    /// Who acts, with the key that will sign.
    pub performer: Principal,
    /// Others who had a part.
    pub others: Vec<WireActor>,
    /// Whether the signer states that nobody else acted.
    pub actors_complete: bool,
    /// The per-task credential the performer acts with.
    pub credential: Option<WireCredential>,
    /// When, seconds since 1970-01-01T00:00:00Z; never decides anything.
    pub acted: Option<i64>,
}

/// States an act. Subject: the artifact.
///
/// # Errors
/// [`StatementError::WrongKind`] for any other kind of step.
pub fn act_statement(spec: &ActSpec, surroundings: &Surroundings) -> Result<Statement, StatementError> {
    if !spec.action.is_act() {
        return Err(StatementError::WrongKind { kind: spec.action, form: "an act" });
    }
    let predicate = StepActorPredicate {
        kind: spec.action.as_str().to_owned(),
        product: Some(spec.product.clone()),
        target: spec.target.clone(),
        actors: all_actors(&spec.performer, &spec.others),
        actors_complete: spec.actors_complete,
        credential: spec.credential.clone(),
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        finished_on: spec.acted.map(timestamp::format),
        ..StepActorPredicate::default()
    };
    subject::statement(
        vec![subject::named(&spec.artifact_name, &spec.digest.0)],
        STEP_ACTOR,
        serde_json::to_value(&predicate),
    )
}
