//! What is kept between runs: the graph of commits and the ledger, in the user's cache folder and never in the repository.

use lasthand_lineage::ledger::{Ledger, Survey};
use lasthand_model::digest::{GitId, Sha256};
use lasthand_model::pack::{Packer, Unpacker};
use lasthand_observe::git::{HistoryWalk, Repository};
use lasthand_verify::{CacheError, KeptStates};

use super::LedgerArguments;
use crate::command_error::CommandError;
use crate::context::{Context, program};

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
    /// Opens the folder. One that was named must be usable; the usual one is passed over, in words where others can write to it.
    ///
    /// # Errors
    /// When the folder that was named cannot be used.
    pub(super) fn open(
        arguments: &LedgerArguments,
        repository: &Repository,
        target_ref: &str,
        since: Option<&GitId>,
        survey: Option<&Survey>,
        context: &Context,
    ) -> Result<Option<Self>, CommandError> {
        let Some(states) = states(arguments, context)? else { return Ok(None) };
        // Another build may read otherwise.
        let Some(program) = program() else { return Ok(None) };
        let folder = repository.git_dir().canonicalize().unwrap_or_else(|_| repository.git_dir().to_owned());
        let mut packer = Packer::default();
        packer.bytes(folder.as_os_str().as_encoded_bytes());
        packer.text(target_ref);
        packer.option(since, |packer, since| packer.text(since.as_str()));
        let name = packer.finish();
        let mut packer = Packer::default();
        packer.bytes(&name);
        packer.text(&program);
        packer.text(&format!("{:?}", arguments.agents));
        packer.option(survey, |packer, survey| packer.bytes(survey.fingerprint.as_bytes()));
        Ok(Some(Self { states, name: Sha256::of(&name), key: Sha256::of(&packer.finish()) }))
    }

    /// The walk and the ledger as they were left.
    pub(super) fn load(&self, repository: &Repository) -> Option<(HistoryWalk, Option<Ledger>)> {
        let state = self.states.load(&self.name, &self.key)?;
        let mut unpacker = Unpacker::new(&state);
        let walk = HistoryWalk::unpack(repository, unpacker.bytes()?)?;
        let ledger = Ledger::unpack(unpacker.bytes()?)?;
        unpacker.is_empty().then_some((walk, Some(ledger)))
    }

    /// Keeps both.
    pub(super) fn store(&self, walk: &HistoryWalk, ledger: &Ledger) {
        let Some(walk) = walk.pack() else { return };
        let mut packer = Packer::default();
        packer.bytes(&walk);
        packer.bytes(&ledger.pack());
        self.states.store(&self.name, &self.key, &packer.finish());
    }
}

fn states(arguments: &LedgerArguments, context: &Context) -> Result<Option<KeptStates>, CommandError> {
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
