//! The git repository that a recording command works on: where it is, what it is called, which tree is checked out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use lasthand_attest::{SourceTreeRef, content_path, write_content, write_inventory};
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::{FileDigest, GitId};
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::facts::{Actor, TreeRef};
use lasthand_model::wire::step_actor::Repository as WireRepository;
use lasthand_observe::git::{self, GitError, Repository, TreeCache};
use lasthand_verify::is_lock_file;

use crate::command_error::CommandError;

/// Where the repository is, and its name.
#[derive(Debug, Clone, Args)]
pub(crate) struct RepositoryArguments {
    /// Top folder of the git repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// Name of the repository in statements, without scheme, such as `github.com/acme/app` [default: from the remote `origin`]
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
}

impl RepositoryArguments {
    /// Opens the repository so that nothing of it can run.
    ///
    /// # Errors
    /// When there is none, or it is hostile.
    pub(crate) fn open(&self) -> Result<Repository, CommandError> {
        Ok(git::open(&self.repo)?)
    }

    /// Opens the repository unless there is none.
    ///
    /// # Errors
    /// When it is hostile, or when `--repository` says that there must be one.
    pub(crate) fn open_if_any(&self) -> Result<Option<Repository>, CommandError> {
        match git::open(&self.repo) {
            Err(GitError::Open { .. }) if self.repository.is_none() && !self.repo.join(".git").exists() => Ok(None),
            opened => Ok(Some(opened?)),
        }
    }

    /// The name that statements use.
    ///
    /// # Errors
    /// When nobody says it.
    pub(crate) fn name(&self, repository: &Repository) -> Result<WireRepository, CommandError> {
        let name = match &self.repository {
            Some(name) => plain_address(name),
            None => repository.origin().map(|url| plain_address(&url)).unwrap_or_default(),
        };
        if name.is_empty() {
            let error = CommandError::usage("the repository has no name: it has no remote `origin`");
            return Err(error.hint("give one with `--repository`, such as `--repository github.com/acme/app`"));
        }
        Ok(WireRepository { uri: name, ..WireRepository::default() })
    }
}

/// The name of a submodule's repository: its own remote `origin`; none when it has none or that is a path of this machine.
pub(crate) fn origin_name(repository: &Repository) -> Option<WireRepository> {
    let name = repository.origin().map(|url| plain_address(&url)).filter(|name| !is_path(name))?;
    Some(WireRepository { uri: name, ..WireRepository::default() })
}

/// Whether a name is that of a folder, relative or not, rather than a place that others reach: it has a host before a slash.
fn is_path(name: &str) -> bool {
    name.starts_with(['.', '/', '~']) || !name.contains('/')
}

/// An address without scheme, user and `.git`: `git@github.com:acme/app.git` -> `github.com/acme/app`.
fn plain_address(url: &str) -> String {
    let url = url.trim();
    let url = url.strip_prefix("git+").unwrap_or(url);
    let (had_scheme, rest) = url.split_once("://").map_or((false, url), |(_, rest)| (true, rest));
    // Only the part before the first slash can hold a user; it may hold a password, which must not be published.
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let authority = if had_scheme { authority.to_owned() } else { authority.replacen(':', "/", 1) };
    let whole = path.map_or_else(|| authority.clone(), |path| format!("{authority}/{path}"));
    whole.trim_end_matches('/').trim_end_matches(".git").to_owned()
}

/// The tree that is checked out.
#[derive(Debug)]
pub(crate) struct Head {
    /// The commit.
    pub(crate) commit: GitId,
    /// Its tree.
    pub(crate) tree: GitId,
    /// The branch, when one is checked out.
    pub(crate) reference: Option<String>,
    /// Entries of the tree.
    pub(crate) inventory: Inventory,
}

impl Head {
    /// Reads `HEAD`.
    ///
    /// # Errors
    /// When there is no commit or an object cannot be read.
    pub(crate) fn read(repository: &Repository) -> Result<Self, CommandError> {
        Self::read_by(repository, &mut TreeCache::default())
    }

    /// The same, with what was read of the repository so far.
    ///
    /// # Errors
    /// As [`Head::read`].
    pub(crate) fn read_by(repository: &Repository, cache: &mut TreeCache) -> Result<Self, CommandError> {
        let revision = git::resolve(repository, "HEAD")?;
        let inventory = git::tree_inventory(repository, &revision.tree, cache)?;
        Ok(Self { commit: revision.commit, tree: revision.tree, reference: revision.reference, inventory })
    }

    /// The tree by both its ids.
    pub(crate) fn tree_ref(&self) -> TreeRef {
        TreeRef { root: Some(self.inventory.root()), git_tree: Some(self.tree.clone()), ..TreeRef::default() }
    }

    /// The tree as the source of a step.
    pub(crate) fn into_source(self, repository: WireRepository, target_ref: Option<String>) -> SourceTreeRef {
        SourceTreeRef {
            repository,
            target_ref,
            commit: Some(self.commit),
            git_tree: Some(self.tree),
            inventory: self.inventory,
            pointers: BTreeMap::new(),
            submodules: BTreeMap::new(),
        }
    }
}

/// Writes the entries of trees into a folder of evidence, and the contents of their lock files; the root in a signed statement names
/// each.
///
/// # Errors
/// When a tree cannot be read or the folder not be written.
pub(crate) fn write_trees<'a>(
    repository: &Repository,
    folder: &Path,
    trees: impl IntoIterator<Item = &'a TreeRef>,
    cache: &mut TreeCache,
) -> Result<(), CommandError> {
    for git_tree in trees.into_iter().filter_map(|tree| tree.git_tree.as_ref()) {
        write_inventory(folder, &git::tree_inventory(repository, git_tree, cache)?)?;
        let is_new = |digest: FileDigest| !content_path(folder, digest.0).exists();
        for content in
            git::tree_files(repository, git_tree, cache, |path, digest| is_lock_file(path) && is_new(digest))?
        {
            write_content(folder, &content)?;
        }
    }
    Ok(())
}

/// An agent's account, and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgentAccount {
    account: String,
    sponsor: Option<String>,
}

/// Which accounts of the history are agents'.
#[derive(Debug, Clone, Args)]
pub(crate) struct AgentArguments {
    /// An account of the history that is an agent's, and the account of the person who answers for it; mail addresses or principals
    #[arg(long = "agent", value_name = "ACCOUNT[=SPONSOR]", value_parser = agent_account)]
    pub(crate) agents: Vec<AgentAccount>,
}

fn agent_account(text: &str) -> Result<AgentAccount, String> {
    let (account, sponsor) = text.split_once('=').map_or((text, None), |(account, sponsor)| (account, Some(sponsor)));
    if account.is_empty() || sponsor.is_some_and(str::is_empty) {
        return Err("expected ACCOUNT=SPONSOR, such as coder-7@example.com=ana@example.com".to_owned());
    }
    Ok(AgentAccount { account: principal(account), sponsor: sponsor.map(principal) })
}

/// A mail address as a principal; anything with a colon is one already.
pub(crate) fn principal(account: &str) -> String {
    if account.contains(':') || !account.contains('@') {
        return account.to_owned();
    }
    format!("mailto:{}", account.to_ascii_lowercase())
}

impl AgentArguments {
    /// Marks the accounts that are agents', and names their sponsors.
    pub(crate) fn apply(&self, actors: &mut [Actor]) {
        for actor in actors {
            if let Some(agent) = self.agents.iter().find(|agent| agent.account == actor.principal) {
                actor.kind = ActorKind::Agent;
                actor.sponsor = agent.sponsor.clone().or_else(|| actor.sponsor.take());
            }
        }
    }
}

/// Whether everybody in a list can answer for his work, or has somebody who does.
pub(crate) fn have_sponsors(actors: &[Actor]) -> bool {
    let machine = |actor: &Actor| matches!(actor.kind, ActorKind::Agent | ActorKind::Unknown);
    !actors.is_empty() && actors.iter().all(|actor| actor.sponsor.is_some() || !machine(actor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_scheme_user_and_ending() {
        // pass: every form that git takes
        for (url, expected) in [
            ("https://github.com/acme/app.git", "github.com/acme/app"),
            ("https://ana:secret@github.com/acme/app", "github.com/acme/app"),
            ("git@github.com:acme/app.git", "github.com/acme/app"),
            ("ssh://git@forge.example:2222/acme/app/", "forge.example:2222/acme/app"),
            ("github.com/acme/app", "github.com/acme/app"),
        ] {
            assert_eq!(plain_address(url), expected, "{url}");
        }
    }

    #[test]
    fn a_path_names_no_repository() {
        // fail: relative, absolute, with a scheme, of a home, nothing, one word
        for url in ["../lib", "./lib", "/srv/lib.git", "file:///srv/lib", "~/lib", "", "lib"] {
            assert!(is_path(&plain_address(url)), "{url}");
        }
        // pass: a host before a slash
        for url in ["https://forge.example/acme/lib.git", "git@forge.example:lib.git", "forge.example/acme/lib"] {
            assert!(!is_path(&plain_address(url)), "{url}");
        }
    }

    #[test]
    fn accounts_become_principals() {
        // pass: mail addresses in lower case; principals as they are
        assert_eq!(principal("Ana@Example.com"), "mailto:ana@example.com");
        assert_eq!(principal("github.com#ana"), "github.com#ana");
        assert_eq!(principal("agent:coder-7"), "agent:coder-7");
        // fail: half a pair
        assert!(agent_account("coder@example.com=").is_err());
    }
}
