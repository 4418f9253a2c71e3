//! What is kept between runs: the graph of commits, the ledger and what was noticed, in the user's cache folder and never in the repository.

use std::path::PathBuf;

use lasthand_lineage::ledger::{Ledger, Survey};
use lasthand_model::digest::{GitId, InventoryRoot, Sha256};
use lasthand_model::history::ObjectKey;
use lasthand_model::pack::{Packer, Unpacker};
use lasthand_observe::git::{HistoryWalk, Repository, TreeCache};
use lasthand_verify::{CacheError, KeptStates};

use super::{LedgerArguments, Noticed};
use crate::command_error::CommandError;
use crate::context::{Context, program};

/// LIMIT: roots of trees that are kept for one repository.
const ROOTS: usize = 500_000;
/// Version of what is kept of a ref: another one is made anew.
const FORMAT: u64 = 2;
/// Folder of states within the cache folder.
const FOLDER: &str = "ledgers";

/// Where the state of one ref is kept, and what it was made by.
pub(super) struct Kept {
    states: KeptStates,
    /// Repository, ref and beginning: one file each.
    name: Sha256,
    /// Everything that makes another ledger of the same history.
    key: Sha256,
}

impl Kept {
    /// Finds the place for a ref; `None` where nothing is kept.
    pub(super) fn of(
        states: Option<&KeptStates>,
        arguments: &LedgerArguments,
        repository: &Repository,
        (target_ref, since): (&str, Option<&GitId>),
        survey: Option<&Survey>,
    ) -> Option<Self> {
        // Another build may read otherwise.
        let (states, program) = (states?.clone(), program()?);
        let mut packer = Packer::default();
        packer.bytes(folder(repository).as_os_str().as_encoded_bytes());
        packer.text(target_ref);
        packer.option(since, |packer, since| packer.text(since.as_str()));
        let name = packer.finish();
        let mut packer = Packer::default();
        packer.bytes(&name);
        packer.number(FORMAT);
        packer.text(&program);
        packer.text(&format!("{:?}", arguments.agents));
        let fingerprint = match survey {
            Some(survey) => Some(survey.fingerprint?),
            None => None,
        };
        packer.option(fingerprint, |packer, fingerprint| packer.bytes(fingerprint.as_bytes()));
        Some(Self { states, name: Sha256::of(&name), key: Sha256::of(&packer.finish()) })
    }

    /// The walk, the ledger and what was noticed, as they were left.
    pub(super) fn load(&self, repository: &Repository) -> Option<(HistoryWalk, Option<Ledger>, Noticed)> {
        let state = self.states.load(&self.name, &self.key)?;
        let mut unpacker = Unpacker::new(&state);
        let walk = HistoryWalk::unpack(repository, unpacker.bytes()?)?;
        let ledger = Ledger::unpack(unpacker.bytes()?)?;
        let noticed = Noticed::unpack(unpacker.bytes()?)?;
        unpacker.is_empty().then_some((walk, Some(ledger), noticed))
    }

    /// Keeps all three.
    pub(super) fn store(&self, walk: &HistoryWalk, ledger: &Ledger, noticed: &Noticed) {
        let Some(walk) = walk.pack() else { return };
        let mut packer = Packer::default();
        packer.bytes(&walk);
        packer.bytes(&ledger.pack());
        packer.bytes(&noticed.pack());
        self.states.store(&self.name, &self.key, &packer.finish());
    }
}

/// Roots of trees that were computed for statements: one file for each repository.
pub(super) struct KeptRoots {
    states: KeptStates,
    name: Sha256,
    key: Sha256,
}

impl KeptRoots {
    /// Finds the place; `None` where nothing is kept.
    pub(super) fn of(states: Option<&KeptStates>, repository: &Repository) -> Option<Self> {
        let (states, program) = (states?.clone(), program()?);
        let mut packer = Packer::default();
        packer.text("roots");
        packer.bytes(folder(repository).as_os_str().as_encoded_bytes());
        let name = packer.finish();
        Some(Self { states, name: Sha256::of(&name), key: Sha256::of(program.as_bytes()) })
    }

    /// A cache that knows what was computed before.
    pub(super) fn load(&self, repository: &Repository) -> TreeCache {
        let read = || {
            let state = self.states.load(&self.name, &self.key)?;
            let mut unpacker = Unpacker::new(&state);
            let roots = unpacker.list(|from| {
                let tree = ObjectKey::unpack(from)?;
                Some((tree, InventoryRoot(Sha256::from_bytes(from.bytes()?.try_into().ok()?))))
            })?;
            unpacker.is_empty().then_some(roots)
        };
        TreeCache::knowing(repository, &read().unwrap_or_default())
    }

    /// Keeps the roots, unless there are too many to be worth it.
    pub(super) fn store(&self, cache: &TreeCache) {
        let roots = cache.roots();
        if roots.len() > ROOTS {
            return;
        }
        let mut packer = Packer::default();
        packer.count(roots.len());
        for (tree, root) in roots {
            tree.pack(&mut packer);
            packer.bytes(root.0.as_bytes());
        }
        self.states.store(&self.name, &self.key, &packer.finish());
    }
}

/// The folder of the repository, as it is whatever it was called by.
fn folder(repository: &Repository) -> PathBuf {
    repository.git_dir().canonicalize().unwrap_or_else(|_| repository.git_dir().to_owned())
}

/// Opens the folder of states. One that was named must be usable; the usual one is passed over, in words where others can write to it.
///
/// # Errors
/// When the folder that was named cannot be used.
pub(super) fn states(arguments: &LedgerArguments, context: &Context) -> Result<Option<KeptStates>, CommandError> {
    if let Some(named) = &arguments.cache_dir {
        return KeptStates::open(&named.join(FOLDER)).map(Some).map_err(|error| {
            CommandError::usage("the folder of `--cache-dir` cannot be used")
                .because(error)
                .hint("name one that is yours alone to write, with every folder above it, or give `--no-cache`")
        });
    }
    let usual = context.cache_folder.as_ref().filter(|_| !arguments.no_cache);
    Ok(usual.and_then(|usual| {
        KeptStates::open(&usual.join(FOLDER))
            .inspect_err(|error| {
                if matches!(error, CacheError::OthersCanWrite { .. }) {
                    context.output.warn(&format!("{error}: nothing is kept there, and nothing taken from there"));
                }
            })
            .ok()
    }))
}
