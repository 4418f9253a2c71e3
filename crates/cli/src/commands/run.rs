//! `lasthand run`: runs a command and states what it read, what it wrote and who acted.

mod record;
mod source;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;
use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::inventory::CONFIG;
use lasthand_model::wire::facts::PathRule;
use lasthand_observe::images::ImagePlace;
use lasthand_observe::run::{CommandSpec, EnvironmentPolicy, RunError};
use lasthand_observe::snapshot::Roots;
use lasthand_verify::ArtifactRef;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::signer::Signer;
use crate::source_tree::{RepositoryArguments, principal};

/// The command could not be started. SPEC: DESIGN section 7.
const COULD_NOT_START: u8 = 125;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: the command's own; 128 and the signal when one ended it; 125 when it could not start. The statement says \
                  how it ended. The command line and parameters are published as they stand: no secrets there.\n\nExamples:\n  lasthand \
                  run --step compile --kind build --product app --instruction build.sh --key ci --evidence ../evidence -- sh build.sh\n  \
                  lasthand run --step pack --kind package --product app --instruction pack.sh --output 'dist/*.tar.gz' \\\n      --map \
                  build/app=bin/app --map man/=share/man/man1/ --key ci --evidence ../evidence -- sh pack.sh\n  lasthand run --step fix \
                  --kind edit --sponsor ana@example.com --key coder-7 --evidence ../evidence -- git commit -am 'fix'\n  lasthand run \
                  --step upload --kind publish --product app --artifact app.tar.gz --target example.com/downloads \\\n      --key ci \
                  --evidence evidence -- sh upload.sh\n  \
                  lasthand run --step image --kind package --product app --instruction image.sh --base debian=oci:../base \\\n      --image \
                  out/app --map build/app=usr/bin/app --map image.json=config: --key ci --evidence ../evidence -- sh image.sh"
)]
pub(crate) struct RunArguments {
    /// Your name for the step
    #[arg(long, value_name = "NAME")]
    step: String,
    /// Kind of step: edit fetch build test package configure sign publish promote
    #[arg(long, value_name = "KIND", value_parser = step_kind)]
    kind: StepKind,
    /// The performer's key
    #[arg(long, value_name = "FILE|URI")]
    key: String,
    /// Folder of the evidence; not recorded itself
    #[arg(long, value_name = "DIR")]
    evidence: PathBuf,
    /// Name of the product that the step is for
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// Files that are products, as globs over their paths [default: every file that changes]
    #[arg(long, value_name = "GLOB")]
    output: Vec<String>,
    /// Package steps: which path went where in the archive; folders end in `/`, the empty text is the top; the target `config:` says
    /// that a file states the configuration of the image
    #[arg(long, value_name = "FROM=TO", value_parser = path_rule)]
    map: Vec<PathRule>,
    /// Build and package: the image that the command makes, an OCI layout or an archive of images; repeatable
    #[arg(long, value_name = "PATH")]
    image: Vec<PathBuf>,
    /// Base images that the command is given.
    #[arg(
        long,
        value_name = "NAME=PLACE",
        value_parser = base,
        help = "Build and package: a base image that the command is given, under the name that a Dockerfile pins, or the tarball of one \
                layer: oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or a path; repeatable"
    )]
    base: Vec<BaseArgument>,
    /// Build instructions: a path in the source tree
    #[arg(long, value_name = "PATH")]
    instruction: Vec<String>,
    /// Parameters that the result depends on
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    param: Vec<(String, String)>,
    #[command(flatten)]
    repository: RepositoryArguments,
    /// The ref that was checked out [default: the branch of HEAD]
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// Record only these folders [default: all of the working folder]
    #[arg(long, value_name = "DIR")]
    folder: Vec<PathBuf>,
    /// What the performer says he is: human agent automation unknown; the verifier's trust file decides [default: unknown]
    #[arg(long = "as", value_name = "KIND", value_parser = actor_kind)]
    performer: Option<ActorKind>,
    /// The person an agent acts for; the performer is then an agent
    #[arg(long, value_name = "ACCOUNT")]
    sponsor: Option<String>,
    /// Id of the builder [default: its key]
    #[arg(long, value_name = "ID")]
    builder: Option<String>,
    /// Do not state that nobody else acted
    #[arg(long)]
    actors_incomplete: bool,
    /// For sign, publish and promote: the artifact that is acted upon
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
    /// For sign, publish and promote: where to
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

fn step_kind(word: &str) -> Result<StepKind, String> {
    match StepKind::parse(word) {
        Some(StepKind::Merge) => Err("landings are recorded by `lasthand source`".to_owned()),
        Some(kind) => Ok(kind),
        None => {
            let kinds = StepKind::ALL.iter().filter(|kind| **kind != StepKind::Merge).map(|kind| kind.as_str());
            Err(format!("expected one of: {}", kinds.collect::<Vec<_>>().join(", ")))
        }
    }
}

fn actor_kind(word: &str) -> Result<ActorKind, String> {
    let words = || ActorKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    ActorKind::parse(word).ok_or_else(|| format!("expected one of: {}", words()))
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// A base, as named and as it lies.
#[derive(Debug, Clone)]
struct BaseArgument {
    name: String,
    place: ImagePlace,
}

fn base(text: &str) -> Result<BaseArgument, String> {
    let (name, place) = pair(text).map_err(|_| "expected NAME=PLACE".to_owned())?;
    if name.starts_with('/') || name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err("a name is that of an image, such as `debian` or `registry.example/acme/base`".to_owned());
    }
    let place = ArtifactRef::parse(OsStr::new(&place)).map_err(|error| error.to_string())?;
    let (form, image) = (place.form(), place.image().map(str::to_owned));
    Ok(BaseArgument { name, place: ImagePlace { path: place.place().to_owned(), form, image } })
}

fn path_rule(text: &str) -> Result<PathRule, String> {
    let Some((from, to)) = text.split_once('=') else { return Err("expected FROM=TO".to_owned()) };
    let is_folder = |side: &str| side.is_empty() || side.ends_with('/');
    if is_folder(from) != is_folder(to) {
        return Err("a folder (final `/`, or nothing) goes to a folder, a file to a file".to_owned());
    }
    if [from, to]
        .iter()
        .any(|side| side.starts_with('/') || side.split('/').any(|segment| matches!(segment, "." | "..")))
    {
        return Err("paths are relative, without `.` and `..`".to_owned());
    }
    if to.starts_with(CONFIG) && to != CONFIG {
        return Err("a file states the whole configuration: FILE=config:".to_owned());
    }
    Ok(PathRule { from: from.to_owned(), to: to.to_owned() })
}

/// Runs a command and records it; the exit code is the command's.
///
/// # Errors
/// When nothing could be recorded. A command that fails is no error: its code is handed on.
pub(crate) fn run(arguments: &RunArguments, context: &Context) -> Result<u8, CommandError> {
    check(arguments)?;
    let signer = Signer::load(&arguments.key, context)?;
    let cwd = std::env::current_dir()
        .map_err(|error| CommandError::usage("the working folder cannot be read").because(error))?;
    let before = record::Before::read(arguments, &cwd, context)?;
    let roots = Roots::new(&cwd, &arguments.folder)?.excluding(&arguments.evidence);
    let spec = CommandSpec { argv: arguments.command.clone(), cwd, environment: EnvironmentPolicy::Inherit };
    let mut observed = match lasthand_observe::run::run(&spec, &roots, &context.limits) {
        Err(error @ RunError::CouldNotStart { .. }) => {
            context.output.error(&error.into());
            return Ok(COULD_NOT_START);
        }
        observed => observed?,
    };
    let code = observed.outcome.code();
    match record::write(arguments, context, &signer, before, &mut observed) {
        Ok(()) => {}
        // The command's own failure is what the caller must see.
        Err(error) if code != 0 => context.output.warn(&format!("nothing was recorded: {}", error.message())),
        Err(error) => return Err(error),
    }
    Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}

/// What does not go together is refused before anything runs.
fn check(arguments: &RunArguments) -> Result<(), CommandError> {
    let acts = arguments.kind.is_act();
    if acts && (arguments.artifact.is_none() || arguments.product.is_none()) {
        let error = CommandError::usage(format!("`--kind {}` acts upon an artifact of a product", arguments.kind));
        return Err(error.hint("name both: `--artifact FILE --product NAME`"));
    }
    if !acts && (arguments.artifact.is_some() || arguments.target.is_some()) {
        return Err(CommandError::usage("`--artifact` and `--target` are for the kinds sign, publish and promote"));
    }
    if !arguments.map.is_empty() && arguments.kind != StepKind::Package {
        return Err(CommandError::usage("`--map` is for `--kind package`"));
    }
    let makes = matches!(arguments.kind, StepKind::Build | StepKind::Package);
    if !(makes || arguments.image.is_empty() && arguments.base.is_empty()) {
        return Err(CommandError::usage("`--image` and `--base` are for the kinds build and package"));
    }
    if arguments.sponsor.is_some() && arguments.performer.is_some_and(|kind| kind != ActorKind::Agent) {
        return Err(CommandError::usage("only an agent has a sponsor: leave `--as` out, or write `--as agent`"));
    }
    Ok(())
}

impl RunArguments {
    fn performer(&self, signer: &Signer) -> lasthand_attest::Principal {
        let stated = if self.sponsor.is_some() { ActorKind::Agent } else { ActorKind::Unknown };
        let mut performer = signer.principal(self.performer.unwrap_or(stated));
        performer.sponsor = self.sponsor.as_deref().map(principal);
        performer
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn path_rules_are_files_or_folders() {
        // pass: both sides of one sort
        for text in ["build/app=bin/app", "man/=share/man/", "=", "=top/", "docs/=", "image.json=config:"] {
            assert!(path_rule(text).is_ok(), "{text}");
        }
        // fail: mixed, absolute, climbing, no pair
        for text in [
            "man/=share/man",
            "app=",
            "/etc/=x/",
            "../x=y",
            "a=config:User",
            "a=./b",
            "app",
            "conf/=config:",
            "=config:",
        ] {
            assert!(path_rule(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_has_a_name_and_a_place() {
        // pass: with form and tag, a path
        let read = base("debian:12=oci:bases/debian:12").unwrap();
        assert_eq!((read.name.as_str(), read.place.image.as_deref()), ("debian:12", Some("12")));
        assert_eq!(read.place.path, PathBuf::from("bases/debian"));
        assert!(base("acme/base=base.tar.gz").unwrap().place.form.is_none());
        // fail: no name, no place, names that are paths, a registry
        for text in ["debian", "=oci:x", "/debian=x", "../debian=x", "a//b=x", "debian=docker://debian", "debian=oci:"]
        {
            assert!(base(text).is_err(), "{text}");
        }
    }
}
