//! The source tree that a step is given, with those of its submodules, and what of their contents a verifier reads.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use lasthand_attest::{SourceTreeRef, write_content, write_inventory};
use lasthand_model::digest::GitId;
use lasthand_model::inventory::{EntryType, Inventory, Record, escape_path};
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
    /// Reads the tree of `HEAD` and of each submodule that is checked out below `folder` and that the recorded folders reach; one that cannot be read is warned of and left out.
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
        let submodules = submodules(&top, &Reach::of(&arguments.folder, folder), folder, context);
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

/// The submodules that are checked out and that the recorded folders reach, by path. LIMIT: the first [`SUBMODULES`] of them, as far as [`Room`] allows.
fn submodules(top: &Opened, reach: &Reach, folder: &Path, context: &Context) -> BTreeMap<Vec<u8>, Opened> {
    let mut submodules = BTreeMap::new();
    let mut room = Room::ALL;
    let records = top.tree.inventory.records().filter(|record| record.entry_type == EntryType::Submodule);
    for (number, record) in records.filter(|record| reach.reaches(record.path)).enumerate() {
        if number == SUBMODULES {
            let text = format!("more than {SUBMODULES} submodules: the others are recorded without their trees");
            context.output.warn(&text);
            break;
        }
        match submodule(&top.repository, folder, record, &mut room) {
            Ok(Read::Nothing) => {}
            Ok(Read::Tree(opened)) => {
                submodules.insert(record.path.to_vec(), *opened);
            }
            Ok(Read::NoRoom) => {
                let path = escape_path(record.path);
                context.output.warn(&format!(
                    "submodule `{path}` and those after it are recorded without their trees: together these have more than {ENTRIES} entries, \
                     {PATHS} bytes of paths or {LOCK_FILES} bytes of lock files"
                ));
                context.output.note("  record fewer folders: `--folder DIR`");
                break;
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

/// The folders that are recorded, relative to the working folder.
struct Reach(Vec<Vec<u8>>);

impl Reach {
    /// In: the folders as given, none for all. One that is not inside the working folder reaches nothing: it is refused when the command is to run.
    fn of(folders: &[PathBuf], working: &Path) -> Self {
        let working = working.canonicalize().unwrap_or_else(|_| working.to_owned());
        let inside = |folder: &PathBuf| {
            let joined = working.join(folder);
            // A folder that the step will make is not there yet.
            let whole = joined.canonicalize().unwrap_or_else(|_| joined.components().collect());
            whole.strip_prefix(&working).map(|inside| inside.as_os_str().as_bytes().to_vec()).ok()
        };
        if folders.is_empty() { Self(vec![Vec::new()]) } else { Self(folders.iter().filter_map(inside).collect()) }
    }

    /// Whether a recorded folder is this place, above it or below it.
    fn reaches(&self, place: &[u8]) -> bool {
        let is_in = |inner: &[u8], outer: &[u8]| {
            outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        self.0.iter().any(|folder| is_in(place, folder) || is_in(folder, place))
    }
}

/// LIMIT: entries of the trees of all submodules together: as many as one tree may have.
const ENTRIES: usize = 500_000;
/// LIMIT: bytes of all their paths together.
const PATHS: usize = 48 << 20;
/// LIMIT: bytes of all their lock files together.
const LOCK_FILES: u64 = 64 << 20;

/// What more the trees of submodules may take.
#[derive(Debug, Clone, Copy)]
struct Room {
    entries: usize,
    paths: usize,
    lock_files: u64,
}

impl Room {
    const ALL: Self = Self { entries: ENTRIES, paths: PATHS, lock_files: LOCK_FILES };

    /// Takes the room that a tree needs; false when there is less.
    fn take(&mut self, inventory: &Inventory) -> bool {
        let records = inventory.records();
        let entries = records.len();
        let paths = records.clone().map(|record| record.path.len()).sum::<usize>();
        let lock_files = records.filter(|record| is_lock_file(record.path)).map(|record| record.size);
        let lock_files = lock_files.fold(0, u64::saturating_add);
        let left =
            (self.entries.checked_sub(entries), self.paths.checked_sub(paths), self.lock_files.checked_sub(lock_files));
        let (Some(entries), Some(paths), Some(lock_files)) = left else { return false };
        *self = Self { entries, paths, lock_files };
        true
    }
}

/// What there is of a submodule.
enum Read {
    /// It is not checked out.
    Nothing,
    /// Its tree, for which there was room.
    Tree(Box<Opened>),
    /// A tree for which there is no room.
    NoRoom,
}

/// The tree of the commit that an entry names, out of the repository that is checked out in its place; whatever else is checked out there.
fn submodule(
    superproject: &Repository,
    folder: &Path,
    record: Record<'_>,
    room: &mut Room,
) -> Result<Read, CommandError> {
    // SECURITY: no path in a hint: whoever made the tree chose it, and hints are typed into shells.
    let anew = "a clone made with `git clone --recurse-submodules` has it as git makes it";
    let repository = match git::open_submodule(superproject, folder, record.path) {
        Ok(None) => return Ok(Read::Nothing),
        Ok(Some(repository)) => repository,
        Err(error @ (GitError::FilesOutside { .. } | GitError::OverLimit { .. })) => {
            return Err(CommandError::usage(error.to_string()).hint(anew));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(name) = origin_name(&repository) else {
        let error = CommandError::usage("its repository has no name: its remote `origin` is missing, or a path");
        return Err(error.hint("say in its folder where it is from: `git remote set-url origin https://HOST/NAME`"));
    };
    let read = read_named(&repository, record, room).map_err(|error| match error {
        GitError::MissingObject { .. } => CommandError::usage(format!("its repository lacks what is named: {error}"))
            .hint("fetch it: `git submodule update --init`"),
        GitError::OverLimit { .. } => {
            CommandError::usage(error.to_string()).hint("record folders that do not reach it: `--folder DIR`")
        }
        error => error.into(),
    })?;
    let Some((head, contents)) = read else { return Ok(Read::NoRoom) };
    let target_ref = head.reference.clone();
    Ok(Read::Tree(Box::new(Opened { repository, tree: head.into_source(name, target_ref), contents })))
}

/// A commit with its tree, and the lock files of that.
type Named = (Head, Vec<Vec<u8>>);

/// The commit that the entry names; none when there is no room for them.
fn read_named(repository: &Repository, record: Record<'_>, room: &mut Room) -> Result<Option<Named>, GitError> {
    let commit = commit_of(record)?;
    let tree = git::commit_tree(repository, &commit)?;
    let mut cache = TreeCache::default();
    let inventory = git::tree_inventory(repository, &tree, &mut cache)?;
    if !room.take(&inventory) {
        return Ok(None);
    }
    let has_lock_files = inventory.records().any(|record| is_lock_file(record.path));
    let contents = if has_lock_files { lock_files(repository, &tree, &mut cache)? } else { Vec::new() };
    Ok(Some((Head { reference: branch_at(repository, &commit), commit, tree, inventory }, contents)))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use lasthand_model::inventory::FileRecord;

    use super::*;

    fn reaches(folders: &[&str], place: &str) -> bool {
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        Reach::of(&folders, Path::new("/nowhere/here")).reaches(place.as_bytes())
    }

    #[test]
    fn a_folder_reaches_the_submodules_on_its_way_and_below_it() {
        // pass: all without folders; the place itself, above it, below it, as a whole path, with dots
        assert!(reaches(&[], "vendor/lib"));
        for folder in ["", ".", "vendor", "vendor/lib", "vendor/lib/src", "/nowhere/here/vendor", "./vendor/."] {
            assert!(reaches(&["src", folder], "vendor/lib"), "{folder}");
        }
        // fail: beside it, of a name that begins so, outside
        for folder in ["src", "vendor/libs", "vendor/li", "vendor/other", "/nowhere", "../vendor"] {
            assert!(!reaches(&[folder], "vendor/lib"), "{folder}");
        }
    }

    /// An inventory of so many files, the first of this name and size.
    fn inventory(count: usize, first: &str, size: u64) -> Inventory {
        let path = |number: usize| if number == 0 { first.to_owned() } else { format!("f{number:09}") };
        let record = |number| FileRecord { path: path(number).into_bytes(), size, ..Record::NOTHING.to_record() };
        Inventory::from_records((0..count).map(record).collect()).unwrap()
    }

    #[test]
    fn trees_of_submodules_are_bounded_together() {
        let all = |inventories: &[Inventory], mut room: Room| inventories.iter().all(|one| room.take(one));
        let tree = inventory(10, "f", 5);
        // pass: up to the bound; fail: one entry, one byte of a path, one byte of a lock file more
        let room = Room { entries: 20, paths: 182, lock_files: 10 };
        assert!(all(&[tree.clone(), tree.clone()], room));
        assert!(!all(&[tree.clone(), tree.clone()], Room { entries: 19, ..room }));
        assert!(!all(&[tree.clone(), tree], Room { paths: 181, ..room }));
        let locked = inventory(1, "a/Cargo.lock", 5);
        assert!(all(&[locked.clone(), locked.clone()], room));
        assert!(!all(&[locked.clone(), locked], Room { lock_files: 9, ..room }));
        // fail: sizes that are more than any number
        let large = inventory(1, "Cargo.lock", u64::MAX);
        assert!(!all(&[large], Room::ALL));
        // pass: what found no room takes none
        let mut room = Room { entries: 1, ..room };
        assert!(!room.take(&inventory(2, "f", 1)) && room.take(&inventory(1, "f", 1)));
    }
}
