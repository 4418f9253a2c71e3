//! step-actor statements: landings, labels, edits and acts.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::ArtifactDigest;
use lasthand_model::wire::facts::{Act, Body, Edit, Landing, MergeOf, StatementFact, StepActor, TreeRef};
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{STEP_ACTOR, StepActorPredicate};

use super::{IngestError, credential, names, predicate, statement_digest};

pub(super) fn read(statement: &Statement, fact: &mut StatementFact) -> Result<(), IngestError> {
    let read: StepActorPredicate = predicate(statement)?;
    let kind =
        StepKind::parse(&read.kind).ok_or_else(|| IngestError::Word { what: "step kind", got: read.kind.clone() })?;
    fact.simulated = names::simulated(read.surroundings.as_deref());
    fact.credential = credential(read.credential.as_ref())?;
    fact.body = if read.target_ref.is_some() {
        Body::Landing(landing(statement, read)?)
    } else if read.labels.is_some() {
        Body::StepActor(label(kind, &read)?)
    } else if kind == StepKind::Edit {
        Body::Edit(edit(statement, read)?)
    } else if kind.is_act() {
        Body::Act(act(statement, kind, &read)?)
    } else {
        return Err(missing("labels"));
    };
    Ok(())
}

const fn missing(member: &'static str) -> IngestError {
    IngestError::Missing { predicate_type: STEP_ACTOR, member }
}

/// The tree of a landing or edit, with the commit that its subject names.
fn with_commit(statement: &Statement, tree: TreeRef) -> Result<TreeRef, IngestError> {
    names::about(&statement.subject, &tree)?;
    let subject = statement.subject.iter().find(|subject| subject.digest.contains_key("gitTree"));
    let commit = subject.map(|subject| names::tree_ref(&subject.digest)).transpose()?.and_then(|named| {
        let same = named.git_tree == tree.git_tree;
        named.git_commit.filter(|_| same)
    });
    Ok(TreeRef { git_commit: tree.git_commit.clone().or(commit), ..tree })
}

fn landing(statement: &Statement, read: StepActorPredicate) -> Result<Landing, IngestError> {
    let to = read.target_tree.clone().ok_or_else(|| missing("targetTree"))?;
    Ok(Landing {
        repository: names::repository_of(read.repository.as_ref()).ok_or_else(|| missing("repository"))?,
        target_ref: read.target_ref.clone().ok_or_else(|| missing("targetRef"))?,
        from: read.from_tree.clone(),
        to: with_commit(statement, to)?,
        prev: read.prev.as_ref().map(|digests| statement_digest(digests, "prev")).transpose()?.flatten(),
        merge_of: read.merge_of.clone().map(|merge| MergeOf {
            head: merge.head,
            base: merge.base,
            mode: merge.mode,
            result: merge.result,
        }),
        authors: names::actors(&read.actors)?,
        authors_complete: read.actors_complete,
        export_ignore: read.export_ignore,
    })
}

fn label(kind: StepKind, read: &StepActorPredicate) -> Result<StepActor, IngestError> {
    let labels = read.labels.as_ref().map(|labels| statement_digest(&labels.digest, "labels")).transpose()?.flatten();
    let materials = read.capture.as_ref().map(|capture| capture.materials.clone()).unwrap_or_default();
    let instructions = read.instructions.iter().map(|instruction| {
        names::named_digest(instruction, "instructions")?.ok_or_else(|| missing("instructions.digest.sha256"))
    });
    Ok(StepActor {
        labels: labels.ok_or_else(|| missing("labels.digest.sha256"))?,
        kind,
        product: read.product.clone(),
        actors: names::actors(&read.actors)?,
        actors_complete: read.actors_complete,
        instructions: instructions.collect::<Result<_, _>>()?,
        parameters: read.parameters.clone(),
        materials_bound: materials.bound,
        materials_gaps: materials.gaps,
        success: read.outcome.as_ref().map(|outcome| outcome.status == "success"),
        path_map: read.path_map.clone(),
        marks: names::marks(&read.marks),
    })
}

fn edit(statement: &Statement, read: StepActorPredicate) -> Result<Edit, IngestError> {
    let to = read.target_tree.clone().ok_or_else(|| missing("targetTree"))?;
    Ok(Edit {
        repository: names::repository_of(read.repository.as_ref()).ok_or_else(|| missing("repository"))?,
        to: with_commit(statement, to)?,
        actors: names::actors(&read.actors)?,
        marks: names::marks(&read.marks),
    })
}

fn act(statement: &Statement, action: StepKind, read: &StepActorPredicate) -> Result<Act, IngestError> {
    let [subject] = statement.subject.as_slice() else { return Err(missing("exactly one subject")) };
    let digest = names::sha256(&subject.digest, "subject")?.ok_or_else(|| missing("subject.digest.sha256"))?;
    Ok(Act {
        action,
        product: read.product.clone().ok_or_else(|| missing("product"))?,
        digest: ArtifactDigest(digest),
        target: read.target.clone(),
        actors: names::actors(&read.actors)?,
        actors_complete: read.actors_complete,
        marks: names::marks(&read.marks),
    })
}
