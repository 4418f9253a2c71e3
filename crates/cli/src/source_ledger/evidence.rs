//! Verified statements about a repository, and what it has of the trees that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lasthand_lineage::ledger::{self, NamedTrees, wanted};
use lasthand_model::actor::Role;
use lasthand_model::digest::GitId;
use lasthand_model::history::{LandingDiff, MergeTrees, ObjectKey};
use lasthand_model::wire::facts::{Body, Facts};
use lasthand_observe::git::{self, GitError, Repository, TreeCache};
use lasthand_verify::{Evidence, Expectations, KeptStates, LoadedTrust, Verifier, source_facts};

use super::LedgerArguments;
use super::kept::KeptRoots;
use crate::command_error::CommandError;
use crate::commands::question::policy;
use crate::context::Context;

/// LIMIT: merges that are recomputed for one landing to find the reviewed change that it is.
const RECOMPUTED: usize = 32;

/// Evidence that was verified, with the trees that it names.
pub(super) struct Gathered {
    pub(super) facts: Facts,
    /// Documents that hold for nothing.
    pub(super) rejected: usize,
    trees: NamedTrees,
    repository: String,
    target_ref: String,
    /// Changes under review, by each path that they change.
    by_path: BTreeMap<String, Vec<(ObjectKey, ObjectKey)>>,
    /// Statements of landings of this repository, by the commit that landed.
    stated: BTreeMap<GitId, Vec<usize>>,
}

impl Gathered {
    /// Reads trust file and evidence, and finds the trees.
    ///
    /// # Errors
    /// When one of them cannot be read; not for what is wrong with a statement.
    pub(super) fn read(
        arguments: &LedgerArguments,
        trust: &Path,
        repository: &Repository,
        (name, target_ref): (String, String),
        states: Option<&KeptStates>,
        context: &Context,
    ) -> Result<Self, CommandError> {
        let trust = LoadedTrust::from_file(trust, context.now, &context.limits)?;
        let evidence = Evidence::gather(&arguments.bundle, &context.limits)?;
        let mut expectations = Expectations::new(policy(&arguments.policy, context)?, context.now);
        if let Some(product) = &arguments.name {
            expectations = expectations.with_product(product);
        }
        let product = Verifier::new(trust.clone(), context.limits).product(&expectations)?;
        let (facts, rejected) = source_facts(&evidence, &trust, product, &expectations, &context.limits);
        let roots = KeptRoots::of(states, repository);
        let mut cache = roots.as_ref().map_or_else(TreeCache::default, |roots| roots.load(repository));
        let known = cache.roots().len();
        let trees = named_trees(repository, &facts, &name, &mut cache)?;
        if let Some(roots) = roots.filter(|_| cache.roots().len() != known) {
            roots.store(&cache);
        }
        let mut by_path: BTreeMap<String, Vec<(ObjectKey, ObjectKey)>> = BTreeMap::new();
        for (pair, changes) in trees.changes.iter().filter(|((base, head), _)| base != head) {
            for change in changes {
                by_path.entry(change.path.clone()).or_default().push(*pair);
            }
        }
        let mut stated: BTreeMap<GitId, Vec<usize>> = BTreeMap::new();
        for (at, fact) in facts.statements.iter().enumerate() {
            let Body::Landing(landing) = &fact.body else { continue };
            if let Some(commit) = landing.to.git_commit.as_ref().filter(|_| landing.repository == name) {
                stated.entry(commit.clone()).or_default().push(at);
            }
        }
        Ok(Self { facts, rejected, trees, repository: name, target_ref, by_path, stated })
    }

    /// As the ledger takes it.
    pub(super) fn evidence(&self) -> ledger::Evidence<'_> {
        ledger::Evidence {
            facts: &self.facts,
            trees: &self.trees,
            repository: &self.repository,
            target_ref: &self.target_ref,
        }
    }

    /// Adds whom signed statements of this landing name besides.
    ///
    /// SPEC: DESIGN section 1, R4: an author that any other statement names must be answered too.
    pub(super) fn add_stated(&self, landing: &mut LandingDiff) {
        let Some(stated) = landing.commit.git_id().and_then(|commit| self.stated.get(&commit)) else { return };
        for at in stated {
            let Some(Body::Landing(said)) = self.facts.statements.get(*at).map(|fact| &fact.body) else { continue };
            landing.authors_complete &= said.authors_complete;
            // SECURITY: a sponsor beside the list would answer for agents that name none of their own: only the history's own are asked.
            let authors = said.authors.iter().filter(|actor| actor.role != Role::Sponsor);
            authors.for_each(|actor| git::push_new(&mut landing.authors, actor.clone()));
        }
    }

    /// Finds the reviewed change that a landing is when it is not its recomputed merge already: a squash, rebase or cherry-pick.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub(super) fn bind(&self, repository: &Repository, landing: &mut LandingDiff) -> Result<(), GitError> {
        if landing.merge.is_some_and(|merge| merge.result == landing.to) {
            return Ok(());
        }
        let (Some(first), Some(from)) = (landing.changes.first(), landing.from) else { return Ok(()) };
        let candidates = self.by_path.get(&first.path).into_iter().flatten();
        let meant = candidates.filter(|pair| self.changes_all(pair, landing)).take(RECOMPUTED);
        let onto = git::tree_of(repository, &from)?;
        let to = git::tree_of(repository, &landing.to)?;
        for (base, head) in meant {
            let [of, with] = [git::tree_of(repository, base)?, git::tree_of(repository, head)?];
            if git::recompute(repository, &onto, &of, &with)?.as_ref() == Some(&to) {
                landing.merge = Some(MergeTrees { head: *head, base: *base, result: landing.to });
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a change under review changes every path that a landing does: else the landing is no merge of it.
    fn changes_all(&self, pair: &(ObjectKey, ObjectKey), landing: &LandingDiff) -> bool {
        self.trees.changes.get(pair).is_some_and(|reviewed| {
            let has = |path: &str| reviewed.binary_search_by(|change| change.path.as_str().cmp(path)).is_ok();
            landing.changes.iter().all(|change| has(&change.path))
        })
    }
}

/// Finds the trees that statements about a repository name.
fn named_trees(
    repository: &Repository,
    facts: &Facts,
    name: &str,
    cache: &mut TreeCache,
) -> Result<NamedTrees, GitError> {
    let wanted = wanted(facts, name);
    let mut named = NamedTrees::default();
    for tree in wanted.trees.into_iter().collect::<BTreeSet<_>>() {
        if let Some(key) = git::placed(repository, tree, cache)? {
            named.placed.insert(tree.clone(), key);
        }
    }
    for (base, head) in wanted.changes {
        let (Some(base), Some(head)) = (named.placed.get(base), named.placed.get(head)) else { continue };
        if named.changes.contains_key(&(*base, *head)) {
            continue;
        }
        let [from, to] = [git::tree_of(repository, base)?, git::tree_of(repository, head)?];
        let changes = git::change_between(repository, Some(&from), &to, cache)?;
        named.changes.insert((*base, *head), changes);
    }
    for key in wanted.listings.into_iter().filter_map(|tree| named.placed.get(tree)).collect::<BTreeSet<_>>() {
        named.listings.insert(*key, git::versions_of(repository, &git::tree_of(repository, key)?)?);
    }
    Ok(named)
}
