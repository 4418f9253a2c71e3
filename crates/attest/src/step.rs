//! A command that turned materials into products: SLSA provenance, and the label that says who acted and how it was captured.

mod materials;
mod products;

use std::collections::BTreeMap;

use lasthand_model::actor::{Role, StepKind};
use lasthand_model::digest::{FileDigest, GitId, Sha256};
use lasthand_model::inventory::{Inventory, Record};
use lasthand_model::timestamp;
use lasthand_model::wire::facts::{Bound, PathRule, TreeRef};
use lasthand_model::wire::provenance::{
    BuildDefinition, BuildMetadata, Builder, PROVENANCE_V1, ProvenanceV1, RunDetails,
};
use lasthand_model::wire::statement::{ResourceDescriptor, Statement};
use lasthand_model::wire::step_actor::{
    Capture, CaptureBound, Normalise, Outcome, Repository, STEP_ACTOR, StepActorPredicate, WireActor, WireCredential,
};
use lasthand_observe::images::Base;
use lasthand_observe::run::Observed;
use lasthand_observe::surroundings::Surroundings;
use serde_json::{Map, Value};

use crate::actors::Principal;
use crate::error::StatementError;
use crate::payload::payload;
use crate::subject;

/// How the parameters of our provenance are to be read.
///
/// SPEC: docs/predicates/run.md. `externalParameters` is `{kind, command: [text], parameters: {name: text}}`, `internalParameters` is `{step}`.
pub const BUILD_TYPE: &str = "https://lasthand.dev/buildtypes/run/v0.1";

/// What the caller knows of a step before it is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSpec {
    /// Kind of step: `fetch build test package configure`.
    pub kind: StepKind,
    /// The caller's name for the step.
    pub name: String,
    /// Product the step is for.
    pub product: Option<String>,
    /// The source tree that the recorded folder is a checkout of.
    pub source: Option<SourceTreeRef>,
    /// Bases that the command is given.
    pub bases: Vec<Base>,
    /// Build instructions: paths relative to the recorded folder.
    pub instructions: Vec<String>,
    /// Parameters, name to value.
    pub parameters: BTreeMap<String, String>,
    /// For a package step: which material path went to which product path.
    pub path_map: Vec<PathRule>,
    /// For a package step: what was made neutral.
    pub normalise: Option<Normalise>,
    /// Who performs, with the key that will sign.
    pub performer: Principal,
    /// Others who had a part: initiator, approver.
    pub others: Vec<WireActor>,
    /// Whether the signer states that nobody else acted.
    pub actors_complete: bool,
    /// Id of the builder.
    pub builder: String,
    /// The per-task credential the performer acted with.
    pub credential: Option<WireCredential>,
}

/// A source tree, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTreeRef {
    /// Repository.
    pub repository: Repository,
    /// The ref it was taken from, where one is known.
    pub target_ref: Option<String>,
    /// The commit.
    pub commit: Option<GitId>,
    /// The tree's git id.
    pub git_tree: Option<GitId>,
    /// Its entries, with paths relative to the folder that it is checked out to.
    pub inventory: Inventory,
    /// Those of its files that are pointers of Git LFS and lie there otherwise: path to the digest of the file that each stands for.
    pub pointers: BTreeMap<Vec<u8>, FileDigest>,
    /// The trees of its submodules by their paths; those in turn have none. One that is not listed is not compared. In each of these places `.git` is
    /// a regular file: it is the only one that is not stated as a material without a digest.
    pub submodules: BTreeMap<Vec<u8>, SourceTreeRef>,
}

impl SourceTreeRef {
    /// The tree by both its ids.
    #[must_use]
    pub fn tree(&self) -> TreeRef {
        TreeRef { root: Some(self.inventory.root()), git_tree: self.git_tree.clone(), git_commit: self.commit.clone() }
    }

    /// The entry at a path of the recorded folder, of this tree or of a submodule's.
    fn tracked(&self, path: &[u8]) -> Option<Tracked<'_>> {
        if let Some(record) = self.inventory.find(path) {
            return Some(Tracked { submodule: None, tree: self, record });
        }
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        slashes.filter_map(|at| Some((path.get(..at)?, path.get(at + 1..)?))).find_map(|(folder, rest)| {
            let (submodule, tree) = self.submodules.get_key_value(folder)?;
            Some(Tracked { submodule: Some(submodule), tree, record: tree.inventory.find(rest)? })
        })
    }
}

/// An entry of a source tree, and whose it is.
#[derive(Debug, Clone, Copy)]
struct Tracked<'a> {
    /// Path of the submodule; none for the source tree itself.
    submodule: Option<&'a [u8]>,
    /// The tree that has the entry.
    tree: &'a SourceTreeRef,
    record: Record<'a>,
}

/// The two statements of a step. Both must be signed by the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepStatements {
    /// What went in and what came out.
    pub provenance: Statement,
    /// Who acted and how it was captured; labels the payload of `provenance`.
    pub step_actor: Statement,
}

/// States an observed step.
///
/// In: `products`, globs over the changed paths that are products; none means that every changed file is one that the source tree does not have. A changed file that is no
/// product is stated as a byproduct. Out: two statements, also for a step that failed. A step without products has its own record as subject,
/// which is no file's digest.
///
/// Files that equal an entry of the source tree (path, type, content, execute bit) collapse into one material, the tree;
/// every other file that was there before is a material of its own, save those that a base accounts for. The tree of a submodule is a material
/// beside its files. A `.git` below the folder is passed over where it is that of a submodule with a tree, and is a material without a digest elsewhere.
/// An image is stated by the digests of its indexes, manifests and configs, all under its path. The command line is published
/// as it stands: secrets do not belong in it.
///
/// # Errors
/// [`StatementError::WrongKind`] for a kind with another form; [`StatementError::NoInstructions`].
///
/// # Proves / does not prove
/// States what was present before and what changed; from snapshots nobody can tell what was read, so materials are a lower bound with gaps.
pub fn step_statements(
    spec: &StepSpec,
    observed: &Observed,
    surroundings: &Surroundings,
    products: &[String],
) -> Result<StepStatements, StatementError> {
    if spec.kind.is_act() || matches!(spec.kind, StepKind::Edit | StepKind::Merge) {
        return Err(StatementError::WrongKind { kind: spec.kind, form: "a step" });
    }
    let materials = materials::collect(spec.source.as_ref(), &spec.bases, &observed.before);
    let products = products::collect(spec.source.as_ref(), observed, products);
    let provenance = ProvenanceV1 {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: external_parameters(spec, observed),
            internal_parameters: Map::from_iter([("step".to_owned(), subject::text(&spec.name))]),
            resolved_dependencies: materials.descriptors,
            ..BuildDefinition::default()
        },
        run_details: RunDetails {
            builder: Builder { id: spec.builder.clone(), version: recorder_version(), ..Builder::default() },
            metadata: Some(BuildMetadata {
                started_on: Some(timestamp::format(observed.started)),
                finished_on: Some(timestamp::format(observed.finished)),
                ..BuildMetadata::default()
            }),
            byproducts: products.byproducts,
            ..RunDetails::default()
        },
        ..ProvenanceV1::default()
    };
    let subjects = match products.subjects {
        none if none.is_empty() => vec![own_record(&spec.name, &provenance)?],
        some => some,
    };
    let provenance = subject::statement(subjects.clone(), PROVENANCE_V1, serde_json::to_value(&provenance))?;
    let mut label = label_of(spec, observed, surroundings)?;
    label.labels = Some(subject::label(payload(&provenance)?.digest));
    label.capture = Some(Capture {
        level: "snapshot".to_owned(),
        // SPEC: snapshots show presence, not reading, so never `exact`; changes hold every write of the step inside the folders, and others'.
        materials: CaptureBound { bound: Bound::Lower, gaps: materials.gaps },
        products: CaptureBound { bound: Bound::Upper, gaps: products.gaps },
        extra: Map::new(),
    });
    let step_actor = subject::statement(subjects, STEP_ACTOR, serde_json::to_value(&label))?;
    Ok(StepStatements { provenance, step_actor })
}

/// How the command ended, as a statement says it.
pub(crate) fn wire_outcome(observed: &Observed) -> Outcome {
    let status = if observed.outcome.is_success() { "success" } else { "failure" };
    Outcome { status: status.to_owned(), exit_code: Some(observed.outcome.code()), extra: Map::new() }
}

/// The performer first, then everybody else.
pub(crate) fn all_actors(performer: &Principal, others: &[WireActor]) -> Vec<WireActor> {
    std::iter::once(performer.acting_as(Role::Performer)).chain(others.iter().cloned()).collect()
}

fn label_of(
    spec: &StepSpec,
    observed: &Observed,
    surroundings: &Surroundings,
) -> Result<StepActorPredicate, StatementError> {
    let instructions = spec.instructions.iter().map(|path| instruction(path, observed)).collect::<Result<_, _>>()?;
    Ok(StepActorPredicate {
        kind: spec.kind.as_str().to_owned(),
        product: spec.product.clone(),
        instructions,
        parameters: spec.parameters.clone(),
        repository: spec.source.as_ref().map(|source| source.repository.clone()),
        actors: all_actors(&spec.performer, &spec.others),
        actors_complete: spec.actors_complete,
        credential: spec.credential.clone(),
        outcome: Some(wire_outcome(observed)),
        path_map: spec.path_map.clone(),
        normalise: spec.normalise.clone(),
        marks: surroundings.marks.clone(),
        surroundings: surroundings.wire_word(),
        started_on: Some(timestamp::format(observed.started)),
        finished_on: Some(timestamp::format(observed.finished)),
        ..StepActorPredicate::default()
    })
}

fn instruction(path: &str, observed: &Observed) -> Result<ResourceDescriptor, StatementError> {
    let bytes = lasthand_model::inventory::unescape_path(path).unwrap_or_else(|_| path.as_bytes().to_vec());
    let digest = observed.before.find(&bytes).and_then(|entry| entry.sha256);
    let digest = digest.ok_or_else(|| StatementError::NoInstructions { path: path.to_owned() })?;
    Ok(subject::named(path, &digest.0))
}

fn external_parameters(spec: &StepSpec, observed: &Observed) -> Map<String, Value> {
    let command = observed.argv.iter().map(|word| subject::text(word.to_string_lossy())).collect();
    let parameters = spec.parameters.iter().map(|(name, value)| (name.clone(), subject::text(value))).collect();
    Map::from_iter([
        ("kind".to_owned(), subject::text(spec.kind.as_str())),
        ("command".to_owned(), Value::Array(command)),
        ("parameters".to_owned(), Value::Object(parameters)),
    ])
}

fn recorder_version() -> BTreeMap<String, String> {
    BTreeMap::from([("lasthand".to_owned(), env!("CARGO_PKG_VERSION").to_owned())])
}

/// The subject of a step without products: a digest of what the step is, so that it is the digest of nothing else.
fn own_record(name: &str, provenance: &ProvenanceV1) -> Result<ResourceDescriptor, StatementError> {
    let record = serde_json::to_vec(provenance).map_err(StatementError::Json)?;
    let mut descriptor = subject::named(&format!("step:{name}"), &Sha256::of(&record));
    descriptor.annotations.insert("record".to_owned(), subject::text("predicate of this provenance"));
    Ok(descriptor)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]
mod tests;
