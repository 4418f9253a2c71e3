//! Actors changed a tree. Such a statement makes nothing clean; it names authors.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::GitId;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{Repository, STEP_ACTOR, StepActorPredicate, WireActor, WireCredential};
use lasthand_observe::run::Observed;
use lasthand_observe::surroundings::Surroundings;

use crate::actors::Principal;
use crate::error::StatementError;
use crate::step::{all_actors, wire_outcome};
use crate::subject;

/// What is known of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditSpec {
    /// Repository.
    pub repository: Repository,
    /// Tree after the edit.
    pub to: TreeRef,
    /// The commit that holds it.
    pub commit: Option<GitId>,
    /// Who edited, with the key that will sign.
    pub performer: Principal,
    /// Others who had a part: co-authors, sponsors.
    pub others: Vec<WireActor>,
    /// Whether the signer states that nobody else edited.
    pub actors_complete: bool,
    /// The per-task credential the performer acted with.
    pub credential: Option<WireCredential>,
}

/// States an edit. Subject: the tree after it, by inventory root, git tree and commit.
///
/// With `observed`, the statement also says when the editing command ran and how it ended.
///
/// # Errors
/// [`StatementError::NoRoot`] for a tree known by git id alone.
pub fn edit_statement(
    spec: &EditSpec,
    observed: Option<&Observed>,
    surroundings: &Surroundings,
) -> Result<Statement, StatementError> {
    let subject = subject::tree("tree", "the tree after the edit", &spec.to, spec.commit.as_ref())?;
    let predicate = StepActorPredicate {
        kind: StepKind::Edit.as_str().to_owned(),
        repository: Some(spec.repository.clone()),
        actors: all_actors(&spec.performer, &spec.others),
        actors_complete: spec.actors_complete,
        credential: spec.credential.clone(),
        outcome: observed.map(wire_outcome),
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        target_tree: Some(spec.to.clone()),
        started_on: observed.map(|observed| timestamp::format(observed.started)),
        finished_on: observed.map(|observed| timestamp::format(observed.finished)),
        ..StepActorPredicate::default()
    };
    subject::statement(vec![subject], STEP_ACTOR, serde_json::to_value(&predicate))
}
