//! `lasthand review approve`: a person approves a change, after seeing it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lasthand_attest::{ReviewSpec, review_statement, sign_and_write, wire_actor};
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::{Actor, TreeRef};
use lasthand_observe::git::{self, ChangedPath, Repository, Revision, TreeCache};

use crate::agent_branch::say_agent_branch;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::landing_text::one_line;
use crate::signer::Signer;
use crate::source_tree::{AgentArguments, RepositoryArguments, have_sponsors, write_trees};

/// Arguments of `review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArguments {
    #[command(subcommand)]
    command: ReviewCommand,
}

#[derive(Debug, Subcommand)]
enum ReviewCommand {
    /// Show a change, ask, and sign the approval
    Approve(ApproveArguments),
}

/// Arguments of `review approve` and `approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "The change is shown on standard error, files that an agent touched first. On a terminal you are asked; elsewhere give \
                  --yes, and the approval says that nobody was asked. Where an agent leaves marks it is refused: an agent cannot \
                  review.\n\nExamples:\n  lasthand review approve main..feature --key ana --evidence evidence\n  lasthand review approve \
                  HEAD~1..HEAD --target-ref refs/heads/main --scope 'src/**' --key ana --evidence evidence\n  lasthand approve \
                  --whole-tree HEAD --key ana --evidence evidence"
)]
pub(crate) struct ApproveArguments {
    /// The change: BASE..HEAD. With --whole-tree: a revision
    #[arg(value_name = "BASE..HEAD")]
    range: String,
    #[command(flatten)]
    repository: RepositoryArguments,
    /// Approve the whole tree instead of a change
    #[arg(long)]
    whole_tree: bool,
    /// Your key
    #[arg(long, value_name = "FILE|URI")]
    key: String,
    /// Folder of the evidence
    #[arg(long, value_name = "DIR")]
    evidence: PathBuf,
    /// Paths that are approved, as globs (`**` crosses folders)
    #[arg(long, value_name = "GLOB", default_value = "**")]
    scope: Vec<String>,
    /// The ref that the change is meant for [default: BASE when it is a branch, else the branch that is checked out]
    #[arg(long, value_name = "REF")]
    target_ref: Option<String>,
    #[command(flatten)]
    agents: AgentArguments,
    /// Approve without being asked
    #[arg(long)]
    yes: bool,
}

impl ApproveArguments {
    /// The end of the change, or the revision, as it was named.
    fn head(&self) -> &str {
        self.range.split_once("..").map_or(self.range.as_str(), |(_, head)| head)
    }
}

/// Runs `review`.
///
/// # Errors
/// As [`approve`].
pub(crate) fn run(arguments: &ReviewArguments, context: &Context) -> Result<u8, CommandError> {
    let ReviewCommand::Approve(arguments) = &arguments.command;
    approve(arguments, context)
}

/// Shows a change, asks, signs; prints the path of the statement.
///
/// # Errors
/// When an agent is around, nobody can be asked, the answer is no, or something cannot be read or written.
pub(crate) fn approve(arguments: &ApproveArguments, context: &Context) -> Result<u8, CommandError> {
    refuse_agents(context)?;
    let interactive = context.surroundings.terminal && !arguments.yes;
    if !interactive && !arguments.yes {
        let error = CommandError::usage("there is no terminal to ask on");
        return Err(
            error.hint("look at the change yourself, then give `--yes`; the approval will say `interactive: false`")
        );
    }
    let repository = arguments.repository.open()?;
    let mut change = if arguments.whole_tree {
        Change::whole(&repository, &arguments.range)?
    } else {
        Change::between(&repository, &arguments.range, context)?
    };
    change.mark_agents(&arguments.agents);
    let signer = Signer::load(&arguments.key, context)?;
    show(&repository, &change, context)?;
    say_agent_branch(&repository, arguments.head(), context.output);
    if interactive {
        let answer = context.output.ask("Do you approve this change? Type yes to sign:")?;
        if answer != "yes" {
            return Err(CommandError::usage("not approved").hint("nothing was signed"));
        }
    }
    sign(arguments, context, &repository, change, &signer, interactive)?;
    Ok(0)
}

/// SECURITY: an approval that an agent could give is worth nothing; marks do not prove that none is there.
pub(super) fn refuse_agents(context: &Context) -> Result<(), CommandError> {
    if context.surroundings.marks.is_empty() {
        return Ok(());
    }
    let marks: Vec<String> = context
        .surroundings
        .marks
        .iter()
        .map(|mark| format!("{} `{}` of {}", mark.source, mark.rule, mark.agent))
        .collect();
    let error =
        CommandError::usage(format!("an agent seems to be around, and agents cannot review: {}", marks.join(", ")));
    Err(error.hint("review in a terminal of your own, where no agent runs"))
}

/// What is to be approved.
struct Change {
    base: Option<Revision>,
    head: Revision,
    target_ref: Option<String>,
    paths: Vec<ChangedPath>,
    authors: Vec<Actor>,
}

impl Change {
    fn between(repository: &Repository, range: &str, context: &Context) -> Result<Self, CommandError> {
        let range = git::resolve_range(repository, range)?;
        let (mut base, head) = (range.from, range.to);
        let target_ref = base.reference.clone();
        let fork = git::merge_base(repository, &base.commit, &head.commit)?;
        let Some(fork) = fork else {
            let error = CommandError::usage("base and head have no single common ancestor");
            return Err(error.hint("merge or rebase first, or approve the whole tree: `--whole-tree`"));
        };
        if fork != base.commit {
            context.output.note(&format!("the change begins at {}, where head left base", short(&fork)));
            base = git::resolve(repository, fork.as_str())?;
        }
        let mut paths = git::diff(repository, &base.tree, &head.tree)?;
        if paths.is_empty() {
            return Err(CommandError::usage("base and head have the same tree: there is nothing to approve"));
        }
        git::attribute(repository, &mut paths, &base.commit, &head.commit)?;
        let authors = git::authors_between(repository, &base.commit, &head.commit)?;
        Ok(Self { base: Some(base), head, target_ref, paths, authors })
    }

    fn whole(repository: &Repository, revision: &str) -> Result<Self, CommandError> {
        let head = git::resolve(repository, revision)?;
        let mut authors: Vec<Actor> = Vec::new();
        for actor in
            git::landings(repository, head.commit.as_str(), None)?.into_iter().flat_map(|landing| landing.authors)
        {
            // SECURITY: an agent with a person's address stands beside him.
            git::push_new(&mut authors, actor);
        }
        let empty = empty_tree(&head.tree)?;
        let paths = git::diff(repository, &empty, &head.tree)?;
        Ok(Self { base: None, target_ref: head.reference.clone(), head, paths, authors })
    }
}

impl Change {
    /// Applies what the reviewer knows of agents, and puts what they touched first.
    fn mark_agents(&mut self, agents: &AgentArguments) {
        agents.apply(&mut self.authors);
        self.paths.iter_mut().for_each(|path| agents.apply(&mut path.touched_by));
        self.paths.sort_by(|a, b| b.agent_touched().cmp(&a.agent_touched()).then_with(|| a.path.cmp(&b.path)));
    }
}

/// The id of the tree without entries, in the algorithm of another tree's id.
fn empty_tree(like: &GitId) -> Result<GitId, CommandError> {
    let id = if like.as_str().len() == 40 {
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    } else {
        "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
    };
    id.parse().map_err(|_| CommandError::bug("the empty tree has no id"))
}

fn show(repository: &Repository, change: &Change, context: &Context) -> Result<(), CommandError> {
    let output = context.output;
    for path in &change.paths {
        let who: Vec<&str> = path.touched_by.iter().map(|actor| actor.principal.as_str()).collect();
        let mark = if path.agent_touched() { "touched by an agent" } else { "changed" };
        let by = if who.is_empty() { String::new() } else { format!(" by {}", who.join(", ")) };
        // SECURITY: a line feed in a name would write the lines that the reviewer decides by.
        output.note(&format!("=== {}: {mark}{by}", one_line(&path.path)));
        output.note(git::unified(repository, path)?.trim_end());
    }
    let agents = change.paths.iter().filter(|path| path.agent_touched()).count();
    output.note(&format!("files changed: {}, touched by agents: {agents}", change.paths.len()));
    Ok(())
}

fn sign(
    arguments: &ApproveArguments,
    context: &Context,
    repository: &Repository,
    change: Change,
    signer: &Signer,
    interactive: bool,
) -> Result<(), CommandError> {
    let mut cache = TreeCache::default();
    let mut tree = |revision: &Revision| -> Result<TreeRef, CommandError> {
        let root = git::tree_inventory(repository, &revision.tree, &mut cache)?.root();
        Ok(TreeRef { root: Some(root), git_tree: Some(revision.tree.clone()), ..TreeRef::default() })
    };
    let base = change.base.as_ref().map(&mut tree).transpose()?;
    let head = tree(&change.head)?;
    let authors = change.authors;
    let spec = ReviewSpec {
        repository: arguments.repository.name(repository)?,
        target_ref: target_ref(arguments, repository, change.target_ref)?,
        base: base.clone(),
        head: head.clone(),
        head_commit: Some(change.head.commit),
        scope: arguments.scope.clone(),
        reviewer: signer.principal(ActorKind::Human),
        // Only a review of the whole tree has to answer for the list: for a change, the landing's own list decides.
        authors_complete: arguments.whole_tree && have_sponsors(&authors),
        authors: authors.iter().map(wire_actor).collect(),
        interactive,
        credential: None,
        created: Some(context.now),
    };
    let statement = review_statement(&spec, &context.surroundings)?;
    write_trees(repository, &arguments.evidence, base.iter().chain([&head]), &mut cache)?;
    let written = sign_and_write(&arguments.evidence, "review", &statement, &signer.key)?;
    context.output.line(&written.path.display().to_string())
}

fn target_ref(
    arguments: &ApproveArguments,
    repository: &Repository,
    base: Option<String>,
) -> Result<String, CommandError> {
    if let Some(target_ref) = &arguments.target_ref {
        if !target_ref.starts_with("refs/") {
            let error = CommandError::usage(format!("`{target_ref}` is not the whole name of a ref"));
            return Err(error.hint(format!("write `--target-ref refs/heads/{target_ref}`")));
        }
        return Ok(target_ref.clone());
    }
    let checked_out = git::resolve(repository, "HEAD")?.reference;
    base.filter(|reference| reference.starts_with("refs/heads/")).or(checked_out).ok_or_else(|| {
        CommandError::usage("no branch is named or checked out")
            .hint("say where the change is meant to land: `--target-ref refs/heads/main`")
    })
}

fn short(id: &GitId) -> String {
    id.as_str().chars().take(12).collect()
}
