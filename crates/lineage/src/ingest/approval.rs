//! Reviews of changes and trees, and approvals about artifacts.

use lasthand_model::digest::ArtifactDigest;
use lasthand_model::wire::facts::{Approval, Body, Review, StatementFact};
use lasthand_model::wire::review::{REVIEW, ReviewPredicate};
use lasthand_model::wire::statement::Statement;

use super::{IngestError, credential, names, predicate, time};

pub(super) fn read(statement: &Statement, fact: &mut StatementFact) -> Result<(), IngestError> {
    let read: ReviewPredicate = predicate(statement)?;
    fact.simulated = names::simulated(read.surroundings.as_deref());
    fact.credential = credential(read.credential.as_ref())?;
    fact.body = match (&read.head, &read.action) {
        (Some(head), None) => {
            names::about(&statement.subject, head)?;
            Body::Review(review(read)?)
        }
        (None, Some(_)) => Body::Approval(approval(statement, read)?),
        _ => return Err(missing("either `head` or `action`")),
    };
    Ok(())
}

const fn missing(member: &'static str) -> IngestError {
    IngestError::Missing { predicate_type: REVIEW, member }
}

fn review(read: ReviewPredicate) -> Result<Review, IngestError> {
    Ok(Review {
        repository: names::repository_of(read.repository.as_ref()).ok_or_else(|| missing("repository"))?,
        target_ref: read.target_ref.ok_or_else(|| missing("targetRef"))?,
        base: read.base,
        head: read.head.ok_or_else(|| missing("head"))?,
        scope: read.scope,
        reviewer: names::actor(&read.reviewer)?,
        authors: names::actors(&read.authors)?,
        authors_complete: read.authors_complete,
        marks: names::marks(&read.marks),
    })
}

fn approval(statement: &Statement, read: ReviewPredicate) -> Result<Approval, IngestError> {
    let [subject] = statement.subject.as_slice() else { return Err(missing("exactly one subject")) };
    let digest = names::sha256(&subject.digest, "subject")?.ok_or_else(|| missing("subject.digest.sha256"))?;
    Ok(Approval {
        action: read.action.ok_or_else(|| missing("action"))?,
        product: read.product.ok_or_else(|| missing("product"))?,
        digest: ArtifactDigest(digest),
        target: read.target,
        approver: names::actor(&read.reviewer)?,
        parameters: read.parameters,
        authors: names::actors(&read.authors)?,
        authors_complete: read.authors_complete,
        reason: read.reason.unwrap_or_default(),
        expires: read.expires_on.as_deref().map(|text| time("expiresOn", text)).transpose()?,
        marks: names::marks(&read.marks),
    })
}
