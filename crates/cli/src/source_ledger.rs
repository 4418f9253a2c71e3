//! The ledger of a ref: a history walked once, judged by the evidence at hand, and kept to go on from.

mod evidence;
mod kept;
mod noticed;

use std::path::PathBuf;

use clap::Args;
use lasthand_lineage::ledger::{Ledger, Survey, survey};
use lasthand_model::digest::GitId;
use lasthand_model::history::{LandingDiff, ObjectKey, Version};
use lasthand_observe::git::{self, GitError, HistoryWalk, Reached, Repository, Revision, Start, Step};

use self::evidence::Gathered;
use self::kept::Kept;
pub(crate) use self::noticed::Noticed;
use crate::command_error::CommandError;
use crate::commands::source::commit_or_tree;
use crate::context::Context;
use crate::source_tree::{AgentArguments, RepositoryArguments, have_sponsors};

/// Landings that are judged at once.
const BATCH: usize = 512;
/// Changed paths that are judged at once.
const BATCH_CHANGES: usize = 50_000;

/// Which history, whom to believe, and where to keep what was worked out.
#[derive(Debug, Clone, Args)]
pub(crate) struct LedgerArguments {
    #[command(flatten)]
    repository: RepositoryArguments,
    /// The ref whose history counts [default: the branch that is checked out]
    #[arg(long = "ref", value_name = "REF", default_value = "HEAD")]
    reference: String,
    /// Where to begin, exclusive: a commit or tree, usually the onboarding tree [default: the first commit]
    #[arg(long, value_name = "REV|TREE")]
    since: Option<String>,
    /// Whom to believe; without it no review is known
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Evidence: bundles, or folders of them; repeatable
    #[arg(long, short = 'b', value_name = "FILE|DIR", visible_alias = "evidence", requires = "trust")]
    bundle: Vec<PathBuf>,
    /// What to demand of reviews: observe, standard, strict, or a preset of your own in JSON
    #[arg(long, value_name = "NAME|FILE.json", default_value = "standard", requires = "trust")]
    policy: String,
    /// Name of the product that is made from the repository [default: the only one of the trust file]
    #[arg(long, value_name = "PRODUCT", requires = "trust")]
    name: Option<String>,
    #[command(flatten)]
    agents: AgentArguments,
    /// Where to keep what was worked out [default: lasthand in the user's cache folder]; what lies there is believed
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache_dir: Option<PathBuf>,
    /// Read the whole history, and keep nothing
    #[arg(long)]
    no_cache: bool,
}

/// A ref with its ledger.
#[derive(Debug)]
pub(crate) struct SourceLedger {
    pub(crate) repository: Repository,
    /// Name of the repository, where it has one.
    pub(crate) name: String,
    pub(crate) revision: Revision,
    pub(crate) walk: HistoryWalk,
    pub(crate) ledger: Ledger,
    /// What its landings are, and what is odd about people.
    pub(crate) noticed: Noticed,
    /// What the evidence comes to; absent without a trust file.
    pub(crate) survey: Option<Survey>,
    /// The product that was asked for.
    pub(crate) product: Option<String>,
    /// Documents of the evidence that hold for nothing.
    pub(crate) rejected: usize,
}

impl LedgerArguments {
    /// Reads what is new of the history, and judges it.
    ///
    /// # Errors
    /// When repository, trust file or evidence cannot be read, or a limit is reached.
    pub(crate) fn open(&self, context: &Context) -> Result<SourceLedger, CommandError> {
        let repository = self.repository.open()?;
        let name = match self.repository.name(&repository) {
            Ok(name) => name.uri,
            // Without statements nobody asks for the name.
            Err(_) if self.trust.is_none() => String::new(),
            Err(error) => return Err(error),
        };
        let revision = git::resolve(&repository, &self.reference)?;
        let target_ref = revision.reference.clone().unwrap_or_default();
        let states = kept::states(self, context)?;
        let gathered = match &self.trust {
            Some(trust) => {
                let names = (name.clone(), target_ref.clone());
                Some(Gathered::read(self, trust, &repository, names, states.as_ref(), context)?)
            }
            None => None,
        };
        let survey = gathered.as_ref().map(|gathered| survey(&gathered.evidence()));
        let since = self.since.as_deref().map(|since| commit_or_tree(&repository, since)).transpose()?;
        let place = (target_ref.as_str(), since.as_ref());
        let kept = Kept::of(states.as_ref(), self, &repository, place, survey.as_ref());
        let (walk, ledger, noticed) = kept.as_ref().and_then(|kept| kept.load(&repository)).unwrap_or_default();
        let mut state =
            Moving { arguments: self, repository: &repository, gathered: gathered.as_ref(), walk, ledger, noticed };
        let before = state.walk.tip();
        state.advance(&revision.commit, since.as_ref(), context)?;
        let Moving { walk, ledger, noticed, .. } = state;
        let ledger = ledger.unwrap_or_default();
        // What is behind a cut may be there the next time.
        let is_whole = walk.cuts() == 0 && !matches!(walk.start(), Start::Cut { .. });
        if let Some(kept) = kept.filter(|_| is_whole && before != walk.tip()) {
            kept.store(&walk, &ledger, &noticed);
        }
        let (product, rejected) =
            gathered.map_or((None, 0), |gathered| (Some(gathered.facts.question.product.clone()), gathered.rejected));
        Ok(SourceLedger { name, revision, walk, ledger, noticed, survey, product, rejected, repository })
    }
}

/// LIMIT: a history may bring other paths with every commit.
fn check_paths(ledger: Option<&Ledger>, limit: usize) -> Result<(), GitError> {
    let got = ledger.map_or(0, Ledger::seen_paths);
    if got > limit {
        return Err(GitError::OverLimit { what: "paths of a history", got: got as u64, limit: limit as u64 });
    }
    Ok(())
}

/// A walk and its ledger on the way to a tip.
struct Moving<'a> {
    arguments: &'a LedgerArguments,
    repository: &'a Repository,
    gathered: Option<&'a Gathered>,
    walk: HistoryWalk,
    ledger: Option<Ledger>,
    noticed: Noticed,
}

impl Moving<'_> {
    /// Goes on to the tip; from the beginning where history was rewritten.
    fn advance(&mut self, tip: &GitId, since: Option<&GitId>, context: &Context) -> Result<(), CommandError> {
        if self.step(tip, since, context)? == Reached::Rewritten {
            (self.walk, self.ledger, self.noticed) = (HistoryWalk::default(), None, Noticed::default());
            self.step(tip, since, context)?;
        }
        if self.ledger.is_none() {
            self.ledger = Some(begin(self.repository, self.gathered, self.walk.start())?);
        }
        Ok(())
    }

    fn step(&mut self, tip: &GitId, since: Option<&GitId>, context: &Context) -> Result<Reached, CommandError> {
        let Self { arguments, repository, gathered, walk, ledger, noticed } = self;
        let mut batch = Batch { gathered: *gathered, landings: Vec::new(), changes: 0 };
        let mut progress = None;
        let mut done = 0u64;
        let reached = walk.advance(repository, tip, since, &mut |Step { start, mut landing, class, odd, total }| {
            let shown = progress.get_or_insert_with(|| context.output.steps(total, "reading landings"));
            shown.reached(done);
            done += 1;
            if ledger.is_none() {
                *ledger = Some(begin(repository, *gathered, start)?);
            }
            noticed.add(landing.commit, class, odd);
            name_agents(&arguments.agents, &mut landing);
            if let Some(gathered) = gathered {
                gathered.add_stated(&mut landing);
                gathered.bind(repository, &mut landing)?;
            }
            batch.push(landing, ledger.as_mut());
            check_paths(ledger.as_ref(), context.limits.entries)
        })?;
        batch.judge(ledger.as_mut());
        check_paths(ledger.as_ref(), context.limits.entries)?;
        Ok(reached)
    }
}

/// Landings that wait to be judged together.
struct Batch<'a> {
    gathered: Option<&'a Gathered>,
    landings: Vec<LandingDiff>,
    changes: usize,
}

impl Batch<'_> {
    fn push(&mut self, landing: LandingDiff, ledger: Option<&mut Ledger>) {
        self.changes += landing.changes.len();
        self.landings.push(landing);
        if self.landings.len() >= BATCH || self.changes >= BATCH_CHANGES {
            self.judge(ledger);
        }
    }

    fn judge(&mut self, ledger: Option<&mut Ledger>) {
        let landings = std::mem::take(&mut self.landings);
        self.changes = 0;
        if let Some(ledger) = ledger.filter(|_| !landings.is_empty()) {
            let evidence = self.gathered.map(Gathered::evidence);
            ledger.extend(evidence.as_ref(), &landings);
        }
    }
}

/// A ledger at the beginning of a walk.
fn begin(repository: &Repository, gathered: Option<&Gathered>, start: Start) -> Result<Ledger, GitError> {
    let tree = match start {
        Start::Since { tree, .. } | Start::Cut { tree, .. } => tree,
        _ => ObjectKey::EMPTY,
    };
    let listing: Vec<(String, Version)> = match tree.git_id() {
        Some(id) => git::versions_of(repository, &id)?,
        None => Vec::new(),
    };
    let evidence = gathered.map(Gathered::evidence);
    Ok(Ledger::begin(evidence.as_ref(), tree, &listing))
}

/// Marks the accounts that the caller says are agents', and states the authors complete as `source` does.
fn name_agents(agents: &AgentArguments, landing: &mut LandingDiff) {
    agents.apply(&mut landing.authors);
    landing.commits.iter_mut().for_each(|commit| agents.apply(&mut commit.people));
    landing.authors_complete &= have_sponsors(&landing.authors);
}
