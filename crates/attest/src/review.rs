//! A human approved a change, a whole tree, a build's parameters or an exception.

use std::collections::BTreeMap;

use lasthand_model::actor::Role;
use lasthand_model::digest::{ArtifactDigest, GitId};
use lasthand_model::timestamp;
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::review::{REVIEW, ReviewPredicate};
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{Repository, WireActor, WireCredential};
use lasthand_observe::surroundings::Surroundings;

use crate::actors::Principal;
use crate::error::StatementError;
use crate::subject;

/// What is known of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewSpec {
    /// Repository.
    pub repository: Repository,
    /// The ref the change is meant for.
    pub target_ref: String,
    /// Tree before the change; absent for a review of the whole tree.
    pub base: Option<TreeRef>,
    /// Tree after the change.
    pub head: TreeRef,
    /// The commit that holds `head`.
    pub head_commit: Option<GitId>,
    /// Paths that were reviewed, globs.
    pub scope: Vec<String>,
    /// Who approves, with the key that will sign.
    pub reviewer: Principal,
    /// Authors of what was reviewed.
    pub authors: Vec<WireActor>,
    /// Whether `authors` is complete.
    pub authors_complete: bool,
    /// Whether a human was asked on a terminal and answered.
    pub interactive: bool,
    /// The reviewer's per-task credential.
    pub credential: Option<WireCredential>,
    /// When, seconds since 1970-01-01T00:00:00Z; never decides anything.
    pub created: Option<i64>,
}

/// What is known of an approval about an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSpec {
    /// What is approved.
    pub action: ApprovalAction,
    /// Product.
    pub product: String,
    /// The artifact's name.
    pub artifact_name: String,
    /// The artifact.
    pub digest: ArtifactDigest,
    /// Where to.
    pub target: Option<String>,
    /// Until when, seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
    /// Who approves, with the key that will sign.
    pub approver: Principal,
    /// Authors of what is approved.
    pub authors: Vec<WireActor>,
    /// Whether `authors` is complete.
    pub authors_complete: bool,
    /// Whether a human was asked on a terminal and answered.
    pub interactive: bool,
    /// The approver's per-task credential.
    pub credential: Option<WireCredential>,
    /// When, seconds since 1970-01-01T00:00:00Z; never decides anything.
    pub created: Option<i64>,
}

/// What an approval about an artifact approves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApprovalAction {
    /// The parameters it was built with.
    Parameters(BTreeMap<String, String>),
    /// That it may be used although it is not proven: one of two halves.
    Exception {
        /// Why.
        reason: String,
    },
}

/// States a review. Subject: the tree after the change, by inventory root, git tree and commit.
///
/// # Errors
/// [`StatementError::EmptyScope`], [`StatementError::NoRoot`] or [`StatementError::NobodyComplete`].
pub fn review_statement(spec: &ReviewSpec, surroundings: &Surroundings) -> Result<Statement, StatementError> {
    if spec.scope.is_empty() {
        return Err(StatementError::EmptyScope);
    }
    if spec.authors_complete && spec.authors.is_empty() {
        return Err(StatementError::NobodyComplete);
    }
    if let Some(base) = &spec.base {
        subject::tree_digests("the tree before the change", base, None)?;
    }
    let subject = subject::tree("tree", "the tree after the change", &spec.head, spec.head_commit.as_ref())?;
    let predicate = ReviewPredicate {
        repository: Some(spec.repository.clone()),
        target_ref: Some(spec.target_ref.clone()),
        base: spec.base.clone(),
        head: Some(spec.head.clone()),
        scope: spec.scope.clone(),
        reviewer: spec.reviewer.acting_as(Role::Approver),
        authors: spec.authors.clone(),
        authors_complete: spec.authors_complete,
        interactive: spec.interactive && surroundings.terminal,
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        credential: spec.credential.clone(),
        time_created: spec.created.map(timestamp::format),
        ..ReviewPredicate::default()
    };
    subject::statement(vec![subject], REVIEW, serde_json::to_value(&predicate))
}

/// States an approval about an artifact. Subject: the artifact.
///
/// # Errors
/// [`StatementError::NobodyComplete`].
pub fn approval_statement(spec: &ApprovalSpec, surroundings: &Surroundings) -> Result<Statement, StatementError> {
    if spec.authors_complete && spec.authors.is_empty() {
        return Err(StatementError::NobodyComplete);
    }
    let (action, parameters, reason) = match &spec.action {
        ApprovalAction::Parameters(parameters) => ("parameters", parameters.clone(), None),
        ApprovalAction::Exception { reason } => ("exception", BTreeMap::new(), Some(reason.clone())),
    };
    let predicate = ReviewPredicate {
        reviewer: spec.approver.acting_as(Role::Approver),
        authors: spec.authors.clone(),
        authors_complete: spec.authors_complete,
        interactive: spec.interactive && surroundings.terminal,
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        credential: spec.credential.clone(),
        action: Some(action.to_owned()),
        product: Some(spec.product.clone()),
        target: spec.target.clone(),
        parameters,
        reason,
        expires_on: spec.expires.map(timestamp::format),
        time_created: spec.created.map(timestamp::format),
        ..ReviewPredicate::default()
    };
    subject::statement(
        vec![subject::named(&spec.artifact_name, &spec.digest.0)],
        REVIEW,
        serde_json::to_value(&predicate),
    )
}
