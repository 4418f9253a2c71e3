//! The source tree that a step is given, with those of its submodules, and what of their contents a verifier reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lasthand_attest::{SourceTreeRef, write_content, write_inventory};
use lasthand_model::digest::GitId;
use lasthand_model::inventory::{EntryType, Record, escape_path};
use lasthand_model::lfs::Pointer;
use lasthand_observe::git::{self, GitError, Repository, SUBMODULES, TreeCache};
use lasthand_observe::snapshot::Snapshot;
use lasthand_verify::is_lock_file;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::source_tree::{Head, origin_name};

use super::RunArguments;

/// A checked out tree with its submodules, all of them still open.
pub(super) struct Source {
    top: Opened,
    /// By their paths.
    submodules: BTreeMap<Vec<u8>, Opened>,
}

/// A tree, and what it is read from.
struct Opened {
    repository: Repository,
    tree: SourceTreeRef,
    /// Lock files, and later pointers of Git LFS.
    contents: Vec<Vec<u8>>,
}

impl Source {
    /// Reads the tree of `HEAD` and of each submodule that is checked out below `folder`; one that cannot be read is warned of and left out.
    pub(super) fn read(
        arguments: &RunArguments,
        folder: &Path,
        context: &Context,
    ) -> Result<Option<Self>, CommandError> {
        let Some(repository) = arguments.repository.open_if_any()? else { return Ok(None) };
        let name = arguments.repository.name(&repository)?;
        let mut cache = TreeCache::default();
        let head = Head::read_by(&repository, &mut cache)?;
        let reference = arguments.reference.clone().or_else(|| head.reference.clone());
        let target_ref = reference.ok_or_else(|| {
            CommandError::usage("no branch is checked out").hint("say which ref this is: `--ref refs/heads/main`")
        })?;
        let contents = lock_files(&repository, &head.tree, &mut cache)?;
        let top = Opened { repository, tree: head.into_source(name, Some(target_ref)), contents };
        let submodules = submodules(&top, folder, context);
        Ok(Some(Self { top, submodules }))
    }

    /// The tree itself.
    pub(super) const fn tree(&self) -> &SourceTreeRef {
        &self.top.tree
    }

    /// Writes the entries of the trees, their lock files, and the pointers in whose places other files lay before the command; gives the tree.
    pub(super) fn write(
        self,
        before: &Snapshot,
        evidence: &Path,
        context: &Context,
    ) -> Result<SourceTreeRef, CommandError> {
        let mut tree = self.top.write(None, before, evidence, context)?;
        for (path, submodule) in self.submodules {
            let submodule = submodule.write(Some(&path), before, evidence, context)?;
            tree.submodules.insert(path, submodule);
        }
        Ok(tree)
    }
}

impl Opened {
    fn write(
        mut self,
        submodule: Option<&[u8]>,
        before: &Snapshot,
        evidence: &Path,
        context: &Context,
    ) -> Result<SourceTreeRef, CommandError> {
        if let Err(error) = self.read_pointers(submodule, before) {
            context.output.warn(&format!("pointers of Git LFS are not kept: {}", CommandError::from(error).message()));
        }
        write_inventory(evidence, &self.tree.inventory)?;
        for content in &self.contents {
            write_content(evidence, content)?;
        }
        Ok(self.tree)
    }

    /// Reads the pointers among the entries that lay there otherwise: small ones alone, after everything was looked at.
    fn read_pointers(&mut self, submodule: Option<&[u8]>, before: &Snapshot) -> Result<(), GitError> {
        let replaced: BTreeSet<Vec<u8>> = self
            .tree
            .inventory
            .records()
            .filter(|record| is_replaced(record, submodule, before))
            .map(|record| record.path.to_vec())
            .collect();
        let Some(git_tree) = self.tree.git_tree.as_ref().filter(|_| !replaced.is_empty()) else { return Ok(()) };
        for found in git::pointers_at(&self.repository, git_tree, &replaced)? {
            self.tree.pointers.insert(found.path, found.pointer.sha256);
            self.contents.push(found.bytes);
        }
        Ok(())
    }
}

fn is_replaced(record: &Record<'_>, submodule: Option<&[u8]>, before: &Snapshot) -> bool {
    if record.entry_type != EntryType::File || record.size >= Pointer::LIMIT_BYTES as u64 {
        return false;
    }
    let there = match submodule {
        None => before.find(record.path),
        Some(folder) => before.find(&[folder, b"/", record.path].concat()),
    };
    there.is_some_and(|entry| entry.entry_type == EntryType::File && entry.sha256 != record.sha256)
}

fn lock_files(repository: &Repository, tree: &GitId, cache: &mut TreeCache) -> Result<Vec<Vec<u8>>, GitError> {
    git::tree_files(repository, tree, cache, |path, _| is_lock_file(path))
}

/// The submodules that are checked out, by path. LIMIT: the first [`SUBMODULES`].
fn submodules(top: &Opened, folder: &Path, context: &Context) -> BTreeMap<Vec<u8>, Opened> {
    let mut submodules = BTreeMap::new();
    let records = top.tree.inventory.records().filter(|record| record.entry_type == EntryType::Submodule);
    for (number, record) in records.enumerate() {
        if number == SUBMODULES {
            let text = format!("more than {SUBMODULES} submodules: the others are recorded without their trees");
            context.output.warn(&text);
            break;
        }
        match submodule(&top.repository, folder, record) {
            Ok(None) => {}
            Ok(Some(opened)) => {
                submodules.insert(record.path.to_vec(), opened);
            }
            Err(error) => {
                let path = escape_path(record.path);
                context.output.warn(&format!("submodule `{path}` is recorded without its tree: {}", error.message()));
                error.hints().iter().for_each(|hint| context.output.note(&format!("  {hint}")));
            }
        }
    }
    submodules
}

/// The tree of the commit that an entry names, out of the repository that is checked out in its place; whatever else is checked out there.
fn submodule(superproject: &Repository, folder: &Path, record: Record<'_>) -> Result<Option<Opened>, CommandError> {
    // SECURITY: no path in a hint: whoever made the tree chose it, and hints are typed into shells.
    let anew = "a clone made with `git clone --recurse-submodules` has it where git puts it";
    let repository = match git::open_submodule(superproject, folder, record.path) {
        Ok(None) => return Ok(None),
        Ok(Some(repository)) => repository,
        Err(error @ GitError::FilesOutside { .. }) => {
            return Err(CommandError::usage(error.to_string()).hint(anew));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(name) = origin_name(&repository) else {
        let error = CommandError::usage("its repository has no name: its remote `origin` is missing, or a path");
        return Err(error.hint("say in its folder where it is from: `git remote set-url origin https://HOST/NAME`"));
    };
    let (head, contents) = read_named(&repository, record).map_err(|error| match error {
        GitError::MissingObject { .. } => CommandError::usage(format!("its repository lacks what is named: {error}"))
            .hint("fetch it: `git submodule update --init`"),
        error => error.into(),
    })?;
    let target_ref = head.reference.clone();
    Ok(Some(Opened { repository, tree: head.into_source(name, target_ref), contents }))
}

/// The commit that the entry names with its tree, and the lock files of that.
fn read_named(repository: &Repository, record: Record<'_>) -> Result<(Head, Vec<Vec<u8>>), GitError> {
    let commit = commit_of(record)?;
    let tree = git::commit_tree(repository, &commit)?;
    let mut cache = TreeCache::default();
    let inventory = git::tree_inventory(repository, &tree, &mut cache)?;
    let contents = lock_files(repository, &tree, &mut cache)?;
    Ok((Head { reference: branch_at(repository, &commit), commit, tree, inventory }, contents))
}

/// The commit that a submodule's entry names.
fn commit_of(record: Record<'_>) -> Result<GitId, GitError> {
    let id = String::from_utf8_lossy(record.link_target);
    id.parse().map_err(|_| GitError::MissingObject { id: id.into_owned() })
}

/// The branch that is checked out, when it stands at the commit.
fn branch_at(repository: &Repository, commit: &GitId) -> Option<String> {
    let head = git::resolve(repository, "HEAD").ok()?;
    head.reference.filter(|_| head.commit == *commit)
}
