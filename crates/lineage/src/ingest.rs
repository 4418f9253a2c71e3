//! Verified statements to facts: each predicate is read once, here, and nothing is concluded.
//!
//! SPEC: docs/predicates/ for our own predicates; SLSA provenance v0.2 and v1, in-toto link v0.3, VSA v1.

mod approval;
mod names;
mod step;
mod step_actor;

use lasthand_model::digest::{DigestError, StatementDigest};
use lasthand_model::timestamp::{self, TimestampError};
use lasthand_model::wire::facts::{Body, Credential, List, Other, SourceVsa, StatementFact, TreeRef};
use lasthand_model::wire::link::LINK;
use lasthand_model::wire::list::{LIST, ListPredicate};
use lasthand_model::wire::provenance::{PROVENANCE_V1, PROVENANCE_V02};
use lasthand_model::wire::review::REVIEW;
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{STEP_ACTOR, WireCredential};
use lasthand_model::wire::vsa::{PASSED, VSA, VsaPredicate};
use lasthand_trust::Verified;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A signed statement whose content cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The predicate is not of its type.
    #[error("predicate `{predicate_type}` is malformed")]
    Predicate {
        /// Type of the predicate.
        predicate_type: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A member that this use of the predicate needs is absent.
    #[error("predicate `{predicate_type}` lacks `{member}`")]
    Missing {
        /// Type of the predicate.
        predicate_type: &'static str,
        /// The member.
        member: &'static str,
    },
    /// A word nobody knows.
    #[error("`{got}` is not a known {what}")]
    Word {
        /// What was expected.
        what: &'static str,
        /// What stands there.
        got: String,
    },
    /// A digest that is none.
    #[error("malformed digest in `{member}`")]
    Digest {
        /// Where.
        member: &'static str,
        /// What is wrong.
        #[source]
        source: DigestError,
    },
    /// A moment that is none.
    #[error("malformed time in `{member}`")]
    Time {
        /// Where.
        member: &'static str,
        /// What is wrong.
        #[source]
        source: TimestampError,
    },
    /// The subject of a statement is not the tree that it speaks of.
    #[error("no subject is the tree `{tree}` that the predicate speaks of")]
    OtherSubject {
        /// The tree.
        tree: String,
    },
    /// A name that leaves its folder.
    #[error("name `{name}` is absolute or has a `.` or `..` segment")]
    Name {
        /// The name.
        name: String,
    },
}

/// Reads one verified statement as a fact.
///
/// In: a statement whose signatures hold. Out: what it says, with its signers; nothing is judged.
///
/// # Errors
/// [`IngestError`] when the predicate does not have the shape of its type; such a statement proves nothing.
pub fn ingest(verified: &Verified<Statement>) -> Result<StatementFact, IngestError> {
    let statement = verified.value();
    let digest = verified.digest();
    let mut fact = StatementFact {
        digest,
        signers: verified.signers().to_vec(),
        simulated: false,
        credential: None,
        body: Body::Other(other(statement)?),
    };
    match statement.predicate_type.as_str() {
        STEP_ACTOR => step_actor::read(statement, &mut fact)?,
        REVIEW => approval::read(statement, &mut fact)?,
        PROVENANCE_V1 => fact.body = Body::Step(step::provenance_v1(statement)?),
        PROVENANCE_V02 => fact.body = Body::Step(step::provenance_v02(statement)?),
        LINK => {
            if let Some(step) = step::link(statement)? {
                fact.body = Body::Step(step);
            }
        }
        LIST => fact.body = Body::List(list(statement)?),
        VSA => {
            if let Some(vsa) = source_vsa(statement)? {
                fact.body = Body::SourceVsa(vsa);
            }
        }
        _ => {}
    }
    Ok(fact)
}

fn predicate<T: DeserializeOwned>(statement: &Statement) -> Result<T, IngestError> {
    serde_json::from_value(statement.predicate.clone())
        .map_err(|source| IngestError::Predicate { predicate_type: statement.predicate_type.clone(), source })
}

fn other(statement: &Statement) -> Result<Other, IngestError> {
    let subjects = statement.subject.iter().filter_map(|subject| names::named_digest(subject, "subject").transpose());
    Ok(Other { predicate_type: statement.predicate_type.clone(), subjects: subjects.collect::<Result<_, _>>()? })
}

fn list(statement: &Statement) -> Result<List, IngestError> {
    let read: ListPredicate = predicate(statement)?;
    Ok(List {
        kind: read.kind,
        scope: read.scope,
        issued_at: time("issuedAt", &read.issued_at)?,
        fresh_until: time("freshUntil", &read.fresh_until)?,
        sequence: read.sequence,
        entries: read.entries,
    })
}

/// A VSA about a source tree; any other VSA proves nothing here.
fn source_vsa(statement: &Statement) -> Result<Option<SourceVsa>, IngestError> {
    let read: VsaPredicate = predicate(statement)?;
    let [subject] = statement.subject.as_slice() else { return Ok(None) };
    let tree = names::tree_ref(&subject.digest)?;
    if tree.git_tree.is_none() && tree.git_commit.is_none() {
        return Ok(None);
    }
    let source_level = read.verified_levels.iter().any(|level| level.starts_with("SLSA_SOURCE_LEVEL_"));
    Ok(Some(SourceVsa {
        repository: names::repository(&read.resource_uri),
        // A VSA's own sha256, if it has one, is not an inventory root.
        tree: TreeRef { root: None, ..tree },
        passed: read.verification_result == PASSED && source_level,
    }))
}

fn time(member: &'static str, text: &str) -> Result<i64, IngestError> {
    timestamp::parse(text).map_err(|source| IngestError::Time { member, source })
}

fn credential(wire: Option<&WireCredential>) -> Result<Option<Credential>, IngestError> {
    let Some(wire) = wire else { return Ok(None) };
    let digest = names::sha256(&wire.digest, "credential.digest")?
        .ok_or(IngestError::Missing { predicate_type: STEP_ACTOR, member: "credential.digest.sha256" })?;
    Ok(Some(Credential {
        digest,
        issued: time("credential.issued", &wire.issued)?,
        expires: time("credential.expires", &wire.expires)?,
        task: wire.task.clone(),
    }))
}

fn statement_digest(
    digests: &lasthand_model::wire::statement::DigestSet,
    member: &'static str,
) -> Result<Option<StatementDigest>, IngestError> {
    Ok(names::sha256(digests, member)?.map(StatementDigest))
}
