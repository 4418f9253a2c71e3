//! What was observed of a command, as signed statements.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use lasthand_attest::{
    ActSpec, EditSpec, PayloadSigner as _, SourceTreeRef, StepSpec, act_statement, edit_statement, sign_and_write,
    step_statements, write_inventory,
};
use lasthand_model::actor::StepKind;
use lasthand_model::digest::ArtifactDigest;
use lasthand_model::wire::step_actor::Repository as WireRepository;
use lasthand_observe::git::Repository;
use lasthand_observe::run::Observed;

use super::RunArguments;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::signer::Signer;
use crate::source_tree::Head;

/// What must be known before the command runs.
pub(super) enum Before {
    /// A step, and the tree it has as source.
    Step(Option<Box<SourceTreeRef>>),
    /// An edit of a repository.
    Edit(Box<EditBefore>),
    /// An act upon an artifact.
    Act(ArtifactDigest),
}

/// A repository before an edit.
pub(super) struct EditBefore {
    repository: Repository,
    name: WireRepository,
    head: Option<Head>,
}

impl Before {
    pub(super) fn read(arguments: &RunArguments) -> Result<Self, CommandError> {
        if let Some(artifact) = arguments.artifact.as_deref().filter(|_| arguments.kind.is_act()) {
            return Ok(Self::Act(digest_of(artifact)?));
        }
        if arguments.kind == StepKind::Edit {
            let repository = arguments.repository.open()?;
            let name = arguments.repository.name(&repository)?;
            // A repository without a commit yet is edited all the same.
            let head = Head::read(&repository).ok();
            return Ok(Self::Edit(Box::new(EditBefore { repository, name, head })));
        }
        let Some(repository) = arguments.repository.open_if_any()? else { return Ok(Self::Step(None)) };
        let name = arguments.repository.name(&repository)?;
        let head = Head::read(&repository)?;
        let reference = arguments.reference.clone().or_else(|| head.reference.clone());
        let target_ref = reference.ok_or_else(|| {
            CommandError::usage("no branch is checked out").hint("say which ref this is: `--ref refs/heads/main`")
        })?;
        Ok(Self::Step(Some(Box::new(head.into_source(name, target_ref)))))
    }
}

/// States what was observed; prints the path of each statement.
pub(super) fn write(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    before: Before,
    observed: &Observed,
) -> Result<(), CommandError> {
    match before {
        Before::Step(source) => step(arguments, context, signer, source.map(|source| *source), observed),
        Before::Edit(before) => edit(arguments, context, signer, &before, observed),
        Before::Act(digest) => act(arguments, context, signer, digest, observed),
    }
}

fn step(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    source: Option<SourceTreeRef>,
    observed: &Observed,
) -> Result<(), CommandError> {
    if source.is_none() {
        context.output.warn("the working folder is no git repository: the step is recorded without a source tree");
    }
    if let Some(source) = &source {
        write_inventory(&arguments.evidence, &source.inventory)?;
    }
    let spec = StepSpec {
        kind: arguments.kind,
        name: arguments.step.clone(),
        product: arguments.product.clone(),
        source,
        instructions: arguments.instruction.clone(),
        parameters: arguments.param.iter().cloned().collect(),
        path_map: arguments.map.clone(),
        normalise: None,
        performer: arguments.performer(signer),
        others: Vec::new(),
        actors_complete: !arguments.actors_incomplete,
        builder: arguments.builder.clone().unwrap_or_else(|| signer.key.principal()),
        credential: None,
    };
    let statements = step_statements(&spec, observed, &context.surroundings, &arguments.output)?;
    let folder = &arguments.evidence;
    let provenance = sign_and_write(folder, arguments.kind.as_str(), &statements.provenance, &signer.key)?;
    let label = sign_and_write(folder, "step-actor", &statements.step_actor, &signer.key)?;
    say_marks(context);
    context.output.line(&provenance.path.display().to_string())?;
    context.output.line(&label.path.display().to_string())
}

fn edit(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    before: &EditBefore,
    observed: &Observed,
) -> Result<(), CommandError> {
    let head = Head::read(&before.repository)?;
    if before.head.as_ref().is_some_and(|earlier| earlier.commit == head.commit) {
        let error = CommandError::usage("the command made no commit, so there is no tree to state an edit of");
        return Err(error.hint("let the recorded command end with `git commit`"));
    }
    let spec = EditSpec {
        repository: before.name.clone(),
        to: head.tree_ref(),
        commit: Some(head.commit.clone()),
        performer: arguments.performer(signer),
        others: Vec::new(),
        actors_complete: !arguments.actors_incomplete,
        credential: None,
    };
    let statement = edit_statement(&spec, Some(observed), &context.surroundings)?;
    write_inventory(&arguments.evidence, &head.inventory)?;
    let written = sign_and_write(&arguments.evidence, "edit", &statement, &signer.key)?;
    say_marks(context);
    context.output.line(&written.path.display().to_string())
}

fn act(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    digest: ArtifactDigest,
    observed: &Observed,
) -> Result<(), CommandError> {
    if !observed.outcome.is_success() {
        return Err(CommandError::usage(format!("the command failed, so there is no act of kind {}", arguments.kind)));
    }
    let artifact = arguments.artifact.as_deref().unwrap_or(Path::new(""));
    if digest_of(artifact)? != digest {
        return Err(CommandError::usage(format!("`{}` changed while the command ran", artifact.display())));
    }
    let spec = ActSpec {
        action: arguments.kind,
        product: arguments.product.clone().unwrap_or_default(),
        artifact_name: artifact.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        digest,
        target: arguments.target.clone(),
        performer: arguments.performer(signer),
        others: Vec::new(),
        actors_complete: !arguments.actors_incomplete,
        credential: None,
        acted: Some(observed.finished),
    };
    let statement = act_statement(&spec, &context.surroundings)?;
    let written = sign_and_write(&arguments.evidence, arguments.kind.as_str(), &statement, &signer.key)?;
    say_marks(context);
    context.output.line(&written.path.display().to_string())
}

fn say_marks(context: &Context) {
    for mark in &context.surroundings.marks {
        context.output.note(&format!("recorded a mark of an agent: {} `{}` of {}", mark.source, mark.rule, mark.agent));
    }
}

fn digest_of(path: &Path) -> Result<ArtifactDigest, CommandError> {
    use sha2::Digest as _;
    let failed = |error| CommandError::usage(format!("cannot read `{}`", path.display())).because(error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            let digest = lasthand_model::digest::Sha256::from_bytes(hasher.finalize().into());
            return Ok(ArtifactDigest(digest));
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}
