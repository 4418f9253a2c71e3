//! What was observed of a command, as signed statements.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use lasthand_attest::{
    ActSpec, EditSpec, PayloadSigner as _, StepSpec, act_statement, edit_statement, sign_and_write, step_statements,
    write_content, write_inventory,
};
use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::inventory::{CONFIG, unescape_path};
use lasthand_model::wire::step_actor::Repository as WireRepository;
use lasthand_observe::git::Repository;
use lasthand_observe::images::{self, Base};
use lasthand_observe::run::Observed;

use super::RunArguments;
use super::source::Source;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::signer::Signer;
use crate::source_tree::Head;

/// What must be known before the command runs.
pub(super) enum Before {
    /// A step, and what it is given.
    Step(Box<StepBefore>),
    /// An edit of a repository.
    Edit(Box<EditBefore>),
    /// An act upon an artifact.
    Act(ArtifactDigest),
}

/// What a step is given.
pub(super) struct StepBefore {
    source: Option<Source>,
    bases: Vec<Base>,
    /// Documents of bases and configurations, so that a verifier can read what they say.
    contents: Vec<Vec<u8>>,
}

/// A repository before an edit.
pub(super) struct EditBefore {
    repository: Repository,
    name: WireRepository,
    head: Option<Head>,
}

impl Before {
    pub(super) fn read(arguments: &RunArguments, folder: &Path, context: &Context) -> Result<Self, CommandError> {
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
        Ok(Self::Step(Box::new(StepBefore::read(arguments, folder, context)?)))
    }
}

impl StepBefore {
    fn read(arguments: &RunArguments, folder: &Path, context: &Context) -> Result<Self, CommandError> {
        let mut bases = Vec::new();
        for base in &arguments.base {
            bases.push(images::base(&base.name, &base.place, folder, &context.limits)?);
        }
        let contents = bases.iter().flat_map(|base| base.documents.iter().cloned()).collect();
        let mut before = Self { source: Source::read(arguments, folder, context)?, bases, contents };
        before.read_configurations(arguments, folder, context);
        Ok(before)
    }

    /// Reads the files that state the configuration of an image. One that cannot be read states nothing to a verifier either.
    fn read_configurations(&mut self, arguments: &RunArguments, folder: &Path, context: &Context) {
        for rule in arguments.map.iter().filter(|rule| rule.to == CONFIG) {
            let path = unescape_path(&rule.from).unwrap_or_default();
            let tracked = self.source.as_ref().and_then(|source| source.tree().inventory.find(&path));
            let tracked = tracked.and_then(|record| record.sha256);
            match read_bounded(&folder.join(OsStr::from_bytes(&path)), context.limits.config_bytes) {
                Ok(bytes) if tracked.is_some_and(|digest| digest.0 != Sha256::of(&bytes)) => {
                    context.output.warn(&format!("`{}` is not as the source tree has it", rule.from));
                }
                Ok(bytes) => self.contents.push(bytes),
                Err(error) => context.output.warn(&format!("the configuration `{}` is not kept: {error}", rule.from)),
            }
        }
    }
}

fn read_bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    // SECURITY: what a link leads to is not part of the step, and would be published.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    // LIMIT: one byte more than allowed shows that there is more.
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(io::Error::other(format!("more than {limit} bytes"))) } else { Ok(bytes) }
}

/// States what was observed; prints the path of each statement.
pub(super) fn write(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    before: Before,
    observed: &mut Observed,
) -> Result<(), CommandError> {
    match before {
        Before::Step(before) => step(arguments, context, signer, *before, observed),
        Before::Edit(before) => edit(arguments, context, signer, &before, observed),
        Before::Act(digest) => act(arguments, context, signer, digest, observed),
    }
}

fn step(
    arguments: &RunArguments,
    context: &Context,
    signer: &Signer,
    before: StepBefore,
    observed: &mut Observed,
) -> Result<(), CommandError> {
    let StepBefore { source, bases, contents } = before;
    read_images(arguments, context, observed)?;
    for content in &contents {
        write_content(&arguments.evidence, content)?;
    }
    if source.is_none() {
        context.output.warn("the working folder is no git repository: the step is recorded without a source tree");
    }
    let source = source.map(|source| source.write(&observed.before, &arguments.evidence, context)).transpose()?;
    let spec = StepSpec {
        kind: arguments.kind,
        name: arguments.step.clone(),
        product: arguments.product.clone(),
        source,
        bases,
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

/// Reads the images that the command was to make. Of a command that failed there need not be any.
fn read_images(arguments: &RunArguments, context: &Context, observed: &mut Observed) -> Result<(), CommandError> {
    let folder = std::env::current_dir()
        .map_err(|error| CommandError::usage("the working folder cannot be read").because(error))?;
    for path in &arguments.image {
        match images::product(path, &folder, &observed.before, &observed.after, &context.limits) {
            Ok(image) => observed.images.push(image),
            Err(error) if observed.outcome.is_success() => return Err(error.into()),
            Err(error) => context.output.warn(&format!("no image is recorded: {error}")),
        }
    }
    Ok(())
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
            let digest = Sha256::from_bytes(hasher.finalize().into());
            return Ok(ArtifactDigest(digest));
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}
