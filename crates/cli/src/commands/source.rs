//! `lasthand source`: what landed on a ref, stated by its observer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lasthand_attest::{LandingSpec, PayloadSigner as _, landing_statement, sign_and_write, wire_actor};
use lasthand_model::digest::{GitId, StatementDigest};
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::step_actor::{Repository as WireRepository, WireActor, WireMergeOf};
use lasthand_observe::git::{self, GitError, ObservedLanding, Repository, TreeCache};

use super::source_report::{self, ReportArguments};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::evidence::{RecordedLanding, claimed_reviews, own_landings};
use crate::landing_text::{count_classes, say_landing};
use crate::people;
use crate::signed_commits::SignedCommits;
use crate::signer::Signer;
use crate::source_tree::{AgentArguments, RepositoryArguments, have_sponsors, write_trees};

/// Arguments of `source`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Landings that this key has recorded already are not written again, so it can run after every push.\nBy default the \
                  authors are stated complete as far as every agent has a sponsor: whoever holds the key answers for that.\n\nExamples:\n  \
                  lasthand source --ref main --since v1.0 --key forge --evidence evidence\n  lasthand source --ref refs/heads/main --key \
                  forge --evidence evidence --agent coder-7@example.com=ana@example.com\n  lasthand source report --ref main"
)]
pub(crate) struct SourceArguments {
    #[command(subcommand)]
    command: Option<SourceCommand>,
    #[command(flatten)]
    repository: RepositoryArguments,
    /// The ref whose landings to record [default: the branch that is checked out]
    #[arg(long = "ref", value_name = "REF", default_value = "HEAD")]
    reference: String,
    /// Where to begin, exclusive: a commit or tree, usually the onboarding tree [default: after what is recorded, else the root]
    #[arg(long, value_name = "REV|TREE")]
    since: Option<String>,
    /// The history was rewritten: begin anew behind `--since`, and leave what is recorded where it is
    #[arg(long, requires = "since")]
    rewritten: bool,
    /// Folder of the evidence; reviews in it tell which squashes and rebases to recompute
    #[arg(long, value_name = "DIR", required = true)]
    evidence: Option<PathBuf>,
    /// The observer's key
    #[arg(long, value_name = "FILE|URI", required = true)]
    key: Option<String>,
    #[command(flatten)]
    agents: AgentArguments,
    /// Read notes of git-ai, too (`refs/notes/ai`, self-asserted): agents that they name become authors, known by `git-note`
    #[arg(long)]
    notes: bool,
    /// Records of Agent Trace, one or one a line, or a statement of agent-commit (self-asserted): agents that they name become authors of
    /// the commits that they name, known by `agent-trace` or `agent-commit` (repeatable)
    #[arg(long, value_name = "FILE")]
    hints: Vec<PathBuf>,
    /// Id of the observer in the statements [default: its key]
    #[arg(long, value_name = "ID")]
    observer: Option<String>,
    /// Trust file whose roots verify the signatures of commits: who signed his own commit is stated to be known by that, too
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
    /// Do not state that the lists of authors are complete
    #[arg(long)]
    authors_incomplete: bool,
}

#[derive(Debug, Subcommand)]
enum SourceCommand {
    /// Say for every file of a branch who touched it last and who answered for it, in numbers and as a list
    Report(Box<ReportArguments>),
}

impl SourceArguments {
    /// Whether statements are written.
    pub(crate) const fn records(&self) -> bool {
        self.command.is_none()
    }
}

/// Records landings; prints the path of each new statement. Or reports.
///
/// # Errors
/// When the repository cannot be read or the evidence not be written.
pub(crate) fn run(arguments: &SourceArguments, context: &Context) -> Result<u8, CommandError> {
    if let Some(SourceCommand::Report(arguments)) = &arguments.command {
        return source_report::run(arguments, context);
    }
    let (Some(evidence), Some(key)) = (arguments.evidence.as_deref(), arguments.key.as_deref()) else {
        return Err(CommandError::usage("`--evidence` and `--key` are needed to record landings"));
    };
    let repository = arguments.repository.open()?;
    let name = arguments.repository.name(&repository)?;
    let tip = git::resolve(&repository, &arguments.reference)?;
    let Some(target_ref) = tip.reference else {
        let error = CommandError::usage(format!("`{}` is a commit, not a ref", arguments.reference));
        return Err(error.hint("name the branch that it landed on: `--ref refs/heads/main`"));
    };
    let signer = Signer::load(key, context)?;
    crate::agent_branch::say_agent_branch(&repository, &arguments.reference, context.output);
    let recorded = own_landings(evidence, &signer, &name.uri, &target_ref, context)?;
    let mut landings = new_landings(&repository, &tip.commit, arguments, &recorded, context)?;
    git::bind_reviews(&repository, &mut landings, &claimed_reviews(evidence, context)?)?;
    if arguments.notes {
        people::add_from_notes(&repository, &mut landings)?;
    }
    people::add_from_records(&arguments.hints, &mut landings, context.output)?;
    let signers = arguments.signers.as_deref().map(|file| SignedCommits::from_file(file, context)).transpose()?;
    let writer = Writer { arguments, evidence, context, repository: &repository, name, target_ref, signer, signers };
    writer.write(landings, &recorded)?;
    Ok(0)
}

/// The landings after the last recorded one that the ref still has.
fn new_landings(
    repository: &Repository,
    tip: &GitId,
    arguments: &SourceArguments,
    recorded: &[RecordedLanding],
    context: &Context,
) -> Result<Vec<ObservedLanding>, CommandError> {
    let last = recorded.iter().filter(|landing| !recorded.iter().any(|other| other.prev == Some(landing.digest)));
    for landing in last {
        match git::landings(repository, tip.as_str(), Some(&landing.commit)) {
            Err(GitError::SinceNotFound { .. }) => {}
            found => return Ok(found?),
        }
    }
    let since = arguments.since.as_deref().map(|since| commit_or_tree(repository, since)).transpose()?;
    let mut tails = recorded.iter().filter(|landing| !recorded.iter().any(|other| other.prev == Some(landing.digest)));
    match (tails.next(), tails.next()) {
        _ if arguments.rewritten => {}
        (None, _) => {}
        // SECURITY: R3, what comes again needs a review again. To begin anew behind `--since` would forget what was taken back since.
        (Some(last), None) => {
            let over = git::landing_over(repository, &last.commit, tip.as_str()).map_err(|error| gone(error, last))?;
            let short = |commit: &GitId| commit.as_str().chars().take(12).collect::<String>();
            context.output.warn(&format!(
                "the ref does not go on from {}, where it was last recorded: one landing stands for all that came between it and {}",
                short(&last.commit),
                short(tip)
            ));
            return Ok(vec![over]);
        }
        (Some(_), Some(_)) => {
            let error = CommandError::usage(
                "no recorded landing is among the first parents of the ref, and several are the last of a chain",
            );
            return Err(error.hint(ANEW));
        }
    }
    Ok(git::landings(repository, tip.as_str(), since.as_ref())?)
}

const ANEW: &str = "have somebody look at what is on the ref, and begin anew behind a commit that is known to be good: `--rewritten --since COMMIT`";

/// The commit of the last recorded landing cannot be read.
fn gone(error: GitError, last: &RecordedLanding) -> CommandError {
    let what = format!("history was rewritten: commit `{}` of the last recorded landing cannot be read", last.commit);
    CommandError::usage(what).because(error).hint("fetch it from where the ref was before").hint(ANEW)
}

/// The id of a commit that a text names; a whole id may be a tree's.
pub(crate) fn commit_or_tree(repository: &Repository, text: &str) -> Result<GitId, CommandError> {
    match git::resolve(repository, text) {
        Ok(revision) => Ok(revision.commit),
        Err(error) => match text.parse::<GitId>() {
            Ok(id) => Ok(id),
            Err(_) => Err(error.into()),
        },
    }
}

struct Writer<'a> {
    arguments: &'a SourceArguments,
    evidence: &'a Path,
    context: &'a Context,
    repository: &'a Repository,
    name: WireRepository,
    target_ref: String,
    signer: Signer,
    signers: Option<SignedCommits>,
}

impl Writer<'_> {
    fn write(&self, landings: Vec<ObservedLanding>, recorded: &[RecordedLanding]) -> Result<(), CommandError> {
        let folder = self.evidence;
        let mut cache = TreeCache::default();
        let mut known = by_commit(recorded);
        let (count, classes) = (landings.len(), count_classes(&landings));
        for landing in landings {
            write_trees(self.repository, folder, trees_of(&landing), &mut cache)?;
            let commit = landing.commit.clone();
            let prev = landing.parents.first().and_then(|parent| known.get(parent).copied());
            let statement = landing_statement(&self.spec(landing, prev)?, &self.context.surroundings)?;
            let written = sign_and_write(folder, "landing", &statement, &self.signer.key)?;
            self.context.output.line(&written.path.display().to_string())?;
            known.insert(commit, written.digest);
        }
        let earlier = recorded.len();
        let target_ref = &self.target_ref;
        let told = format!("{target_ref}: landings recorded: {count} ({classes}), already there: {earlier}");
        self.context.output.note(&told);
        Ok(())
    }

    fn spec(&self, landing: ObservedLanding, prev: Option<StatementDigest>) -> Result<LandingSpec, CommandError> {
        say_landing(&landing, self.context.output);
        let odd_people = people::say_what_is_odd(landing.commits.iter().chain(&landing.mergers), self.context.output);
        let commits = landing.commits;
        let mut authors = landing.authors;
        self.arguments.agents.apply(&mut authors);
        let complete = !self.arguments.authors_incomplete && have_sponsors(&authors);
        if !complete {
            let commit: String = landing.commit.as_str().chars().take(12).collect();
            self.context.output.warn(&format!(
                "authors of {commit} are not stated complete: an agent, or somebody who is not known, has no sponsor (name one: \
                 --agent ACCOUNT=SPONSOR)"
            ));
        }
        let actors = authors;
        let mut authors: Vec<WireActor> = actors.iter().map(wire_actor).collect();
        people::record_rules(&commits, &actors, &mut authors);
        if let Some(signers) = &self.signers {
            for note in signers.establish(self.repository, &commits, &mut authors)? {
                self.context.output.warn(&note);
            }
        }
        Ok(LandingSpec {
            repository: self.name.clone(),
            target_ref: self.target_ref.clone(),
            from: landing.from.map(|from| TreeRef { git_commit: landing.parents.first().cloned(), ..from }),
            to: landing.to,
            commit: Some(landing.commit),
            prev,
            authors,
            authors_complete: complete,
            merge_of: landing.merge_of.map(|merge| WireMergeOf {
                head: merge.head,
                base: merge.base,
                mode: merge.mode,
                result: merge.result,
            }),
            pusher: None,
            export_ignore: landing.export_ignore,
            odd_people,
            observer: self.arguments.observer.clone().unwrap_or_else(|| self.signer.key.principal()),
            credential: None,
            landed: Some(self.context.now),
        })
    }
}

/// The recorded landings by commit; of several of one commit that with the most landings before it.
///
/// SECURITY: a ref that was moved back is where it was before by a landing of its own, and what came between has happened.
fn by_commit(recorded: &[RecordedLanding]) -> BTreeMap<GitId, StatementDigest> {
    let before: BTreeMap<StatementDigest, StatementDigest> =
        recorded.iter().filter_map(|landing| Some((landing.digest, landing.prev?))).collect();
    // LIMIT: a walk longer than the landings there are meets itself.
    let depth = |digest: StatementDigest| {
        std::iter::successors(Some(digest), |digest| before.get(digest).copied()).take(recorded.len()).count()
    };
    let mut known: BTreeMap<GitId, StatementDigest> = BTreeMap::new();
    for RecordedLanding { commit, digest, .. } in recorded {
        let first = *known.get(commit).unwrap_or(digest);
        let later = if first == *digest {
            first
        } else {
            [first, *digest].into_iter().max_by_key(|one| depth(*one)).unwrap_or(first)
        };
        known.insert(commit.clone(), later);
    }
    known
}

fn trees_of(landing: &ObservedLanding) -> Vec<&TreeRef> {
    let merge = landing.merge_of.iter().flat_map(|merge| [&merge.head, &merge.base]);
    landing.from.iter().chain([&landing.to]).chain(merge).collect()
}
