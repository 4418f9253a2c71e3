//! A ref moved: the observer's statement, whose list of authors is the authoritative one.

use lasthand_model::actor::{Role, StepKind};
use lasthand_model::digest::{GitId, StatementDigest};
use lasthand_model::timestamp;
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{
    Observer, OddPerson, Repository, STEP_ACTOR, StepActorPredicate, WireActor, WireCredential, WireMergeOf,
};
use lasthand_observe::surroundings::Surroundings;

use crate::error::StatementError;
use crate::subject;

/// LIMIT: odd people that one statement lists.
const ODD_PEOPLE: usize = 1_000;

/// What an observer saw of a landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandingSpec {
    /// Repository.
    pub repository: Repository,
    /// The ref that moved.
    pub target_ref: String,
    /// Tree before; absent when the ref was created.
    pub from: Option<TreeRef>,
    /// Tree after.
    pub to: TreeRef,
    /// The commit that is now on the ref.
    pub commit: Option<GitId>,
    /// The landing that made `from` on this ref.
    pub prev: Option<StatementDigest>,
    /// Everybody whose work this is.
    pub authors: Vec<WireActor>,
    /// Whether the observer answers for `authors` being complete.
    pub authors_complete: bool,
    /// The recomputed merge that `to` is.
    pub merge_of: Option<WireMergeOf>,
    /// Who moved the ref.
    pub pusher: Option<WireActor>,
    /// Paths of `to` that a source archive leaves out.
    pub export_ignore: Vec<String>,
    /// What is odd about the people of its commits. Of more than 1,000 the statement says how many it leaves out.
    pub odd_people: Vec<OddPerson>,
    /// Id of the observer.
    pub observer: String,
    /// The observer's per-task credential.
    pub credential: Option<WireCredential>,
    /// When, seconds since 1970-01-01T00:00:00Z; never decides anything.
    pub landed: Option<i64>,
}

/// States a landing. Subject: the tree after, by inventory root, git tree and commit.
///
/// A pusher who is not among the authors is added to them, so that the list stays the authoritative one.
///
/// # Errors
/// [`StatementError::NoRoot`] for a tree known by git id alone; [`StatementError::NobodyComplete`].
pub fn landing_statement(spec: &LandingSpec, surroundings: &Surroundings) -> Result<Statement, StatementError> {
    if let Some(from) = &spec.from {
        subject::tree_digests("the tree before the landing", from, None)?;
    }
    let subject = subject::tree(&spec.target_ref, "the tree after the landing", &spec.to, spec.commit.as_ref())?;
    let mut actors = spec.authors.clone();
    if let Some(pusher) = &spec.pusher
        && !actors.iter().any(|actor| actor.role == Role::Pusher.as_str())
    {
        actors.push(WireActor { role: Role::Pusher.as_str().to_owned(), ..pusher.clone() });
    }
    if spec.authors_complete && actors.is_empty() {
        return Err(StatementError::NobodyComplete);
    }
    let predicate = StepActorPredicate {
        kind: StepKind::Merge.as_str().to_owned(),
        repository: Some(spec.repository.clone()),
        actors,
        actors_complete: spec.authors_complete,
        observer: Some(Observer { id: spec.observer.clone(), ..Observer::default() }),
        credential: spec.credential.clone(),
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        target_ref: Some(spec.target_ref.clone()),
        from_tree: spec.from.clone(),
        target_tree: Some(spec.to.clone()),
        merge_of: spec.merge_of.clone(),
        prev: spec.prev.map(|digest| subject::sha256(&digest.0)),
        pusher: spec.pusher.clone(),
        export_ignore: spec.export_ignore.clone(),
        odd_people: spec.odd_people.iter().take(ODD_PEOPLE).cloned().collect(),
        odd_people_left_out: left_out(spec.odd_people.len()),
        finished_on: spec.landed.map(timestamp::format),
        ..StepActorPredicate::default()
    };
    subject::statement(vec![subject], STEP_ACTOR, serde_json::to_value(&predicate))
}

fn left_out(odd_people: usize) -> Option<u64> {
    odd_people.checked_sub(ODD_PEOPLE).filter(|more| *more > 0).and_then(|more| u64::try_from(more).ok())
}
