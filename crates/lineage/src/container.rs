//! Comparing a product's entries with the materials it was packaged from, under exactly the declared map.
//!
//! SPEC: docs/rules.md section 7.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::{CONFIG, EntryType};
use lasthand_model::wire::facts::{Entry, NamedDigest, PathRule};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::FindingId;
use crate::trees::{Tree, tells_content};

/// What a path of the materials is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// An entry of a source tree.
    Entry(Entry<'a>),
    /// A file material.
    File(&'a NamedDigest),
    /// A file material that is there to be used, not shipped: nothing fits it.
    Tool(&'a NamedDigest),
    /// An entry of the layers that a base gives, in its place.
    Base(Entry<'a>),
    /// A field of the configuration, by the digest of its value, and who states it.
    Field(FileDigest, Origin<'a>),
}

/// Who states a field of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// An entry of a source tree.
    Entry(Entry<'a>),
    /// A file material.
    File(&'a NamedDigest),
    /// The configuration of the base.
    Base,
}

/// Paths of the materials of one step, sorted, each once.
pub(crate) type Namespace<'a> = Vec<(&'a str, Source<'a>)>;

/// Where an expected path comes from.
#[derive(Debug, Clone)]
pub(crate) struct Expected<'a> {
    /// The path in the product; most often a part of the path in the materials.
    pub(crate) path: Cow<'a, str>,
    /// Path in the materials; of what a base gives, its own path there.
    pub(crate) from: &'a str,
    pub(crate) source: Source<'a>,
    /// The rule that places it; absent for what a base gives.
    pub(crate) rule: Option<&'a PathRule>,
}

impl Expected<'_> {
    /// Whether a rule of the map places it as an entry of the container.
    const fn mapped(&self) -> bool {
        matches!(self.source, Source::Entry(_) | Source::File(_) | Source::Tool(_))
    }
}

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Comparison<'a> {
    /// Expected paths and where each comes from, sorted by path.
    pub(crate) expected: Vec<Expected<'a>>,
    /// Entries that do not fit: the finding and the path in the product.
    pub(crate) misfits: BTreeMap<String, FindingId>,
}

/// Merges trees and file materials, each with whether it is a tool, into one namespace. A file material hides a tree entry of other content only.
pub(crate) fn namespace<'a>(
    trees: impl Iterator<Item = Entry<'a>>,
    files: impl Iterator<Item = (&'a NamedDigest, bool)>,
) -> Namespace<'a> {
    let entries = trees.filter(|entry| entry.entry_type() != EntryType::Submodule);
    let entries = entries.map(|entry| (entry.path(), Source::Entry(entry)));
    let mut all: Namespace<'a> =
        entries
            .chain(files.map(|(file, is_tool)| {
                (file.name.as_str(), if is_tool { Source::Tool(file) } else { Source::File(file) })
            }))
            .collect();
    // Stable: of one path the later tree hides the earlier, and files come last.
    all.sort_by_key(|(path, _)| *path);
    all.dedup_by(|(path, next), (kept, current)| {
        let one = path == kept;
        let same = match (&*current, &*next) {
            (Source::Entry(entry), Source::File(file) | Source::Tool(file)) => {
                entry.sha256().is_some_and(|digest| digest.0 == file.digest)
            }
            _ => false,
        };
        if one && !same {
            *current = *next;
        }
        one
    });
    all
}

/// Compares the entries of a product with what they must be; `expected` is sorted by path, each once.
pub(crate) fn compare<'a>(product: &Tree<'a>, expected: Vec<Expected<'a>>) -> Comparison<'a> {
    let mut comparison = Comparison { expected, misfits: BTreeMap::new() };
    let mapped = comparison.expected.iter().filter(|expected| expected.mapped());
    let folders = parents(mapped.map(|expected| expected.path.as_ref()));
    let mut places = Places::new(product);
    let mut missing: Vec<&str> = Vec::new();
    let mut rest = comparison.expected.iter().peekable();
    for entry in product.entries() {
        // Both are sorted: an expected path that comes before the entry is not there.
        while let Some(absent) = rest.next_if(|expected| *expected.path < *entry.path()) {
            missing.push(&absent.path);
        }
        let here = rest.next_if(|expected| *expected.path == *entry.path());
        let stands_for = |here: &&Expected<'_>| entry.entry_type() == EntryType::Directory && here.mapped();
        if let Some(id) = misfit(entry, &mut places, here, &comparison.expected, &folders) {
            comparison.misfits.insert(entry.path().to_owned(), id);
        } else if let Some(here) = here.filter(stands_for) {
            missing.push(&here.path);
        }
    }
    missing.extend(rest.map(|expected| expected.path.as_ref()));
    comparison.misfits.extend(missing.into_iter().map(|path| (path.to_owned(), FindingId::EntryMissing)));
    comparison
}

/// The paths that the map places, sorted, each once; the first rule that gives a path keeps it.
///
/// LIMIT: each rule of the map may place every path of the materials.
pub(crate) fn expected<'a>(namespace: &Namespace<'a>, map: &'a [PathRule]) -> Vec<Expected<'a>> {
    let mut expected: Vec<Expected<'a>> = Vec::new();
    for rule in map.iter().filter(|rule| rule.to != CONFIG) {
        let (from_folder, to_folder) = (is_folder(&rule.from), is_folder(&rule.to));
        if from_folder != to_folder {
            continue;
        }
        let start = namespace.partition_point(|(path, _)| *path < rule.from.as_str());
        let below = namespace.get(start..).unwrap_or_default().iter();
        if !from_folder {
            if let Some((path, source)) = below.take(1).find(|(path, _)| *path == rule.from) {
                expected.push(Expected {
                    path: Cow::Borrowed(&rule.to),
                    from: path,
                    source: *source,
                    rule: Some(rule),
                });
            }
            continue;
        }
        // Most maps keep the path, or take folders off its front.
        let kept = rule.from.len().checked_sub(rule.to.len()).filter(|_| rule.from.ends_with(&rule.to));
        for (path, source) in below.take_while(|(path, _)| path.starts_with(&rule.from)) {
            let target = match kept {
                Some(kept) => Cow::Borrowed(path.get(kept..).unwrap_or_default()),
                None => Cow::Owned(format!("{}{}", rule.to, path.get(rule.from.len()..).unwrap_or_default())),
            };
            expected.push(Expected { path: target, from: path, source: *source, rule: Some(rule) });
        }
    }
    sort(&mut expected);
    expected
}

/// Sorts by path; of several for one path the first stays.
pub(crate) fn sort(expected: &mut Vec<Expected<'_>>) {
    // Stable: the first keeps the path.
    expected.sort_by(|a, b| a.path.cmp(&b.path));
    expected.dedup_by(|later, first| later.path == first.path);
}

fn is_folder(side: &str) -> bool {
    side.is_empty() || side.ends_with('/')
}

/// Proper parent folders of paths.
pub(crate) fn parents<'p>(paths: impl Iterator<Item = &'p str>) -> FxHashSet<&'p str> {
    let mut folders = FxHashSet::default();
    for path in paths {
        let mut rest = path;
        while let Some((folder, _)) = rest.rsplit_once('/') {
            rest = folder;
            if !folders.insert(rest) {
                break;
            }
        }
    }
    folders
}

/// The entries of a product by path, and which folders lie below something that is no folder.
struct Places<'p, 'a> {
    product: &'p Tree<'a>,
    /// By folder: whether it, or one above it, is an entry that is no folder.
    blocked: FxHashMap<&'a str, bool>,
}

impl<'p, 'a> Places<'p, 'a> {
    fn new(product: &'p Tree<'a>) -> Self {
        Self { product, blocked: FxHashMap::default() }
    }

    /// Whether some folder above a path is an entry that is no folder.
    ///
    /// SECURITY: a file below a symbolic link lands wherever the link leads.
    fn below_no_folder(&mut self, path: &'a str) -> bool {
        let mut new: Vec<&'a str> = Vec::new();
        let mut rest = path;
        let mut blocked = false;
        while let Some((folder, _)) = rest.rsplit_once('/') {
            if let Some(known) = self.blocked.get(folder) {
                blocked = *known;
                break;
            }
            new.push(folder);
            rest = folder;
        }
        for folder in new.into_iter().rev() {
            let entry = if blocked { None } else { self.product.find(folder) };
            blocked |= entry.is_some_and(|entry| entry.entry_type() != EntryType::Directory);
            self.blocked.insert(folder, blocked);
        }
        blocked
    }
}

fn misfit<'a>(
    entry: Entry<'a>,
    places: &mut Places<'_, 'a>,
    here: Option<&Expected<'a>>,
    expected: &[Expected<'a>],
    folders: &FxHashSet<&str>,
) -> Option<FindingId> {
    // A field has no place in the file system, so none is above it.
    if entry.entry_type() != EntryType::Config && places.below_no_folder(entry.path()) {
        return Some(FindingId::EntryUnmatched);
    }
    match here.map(|here| here.source) {
        Some(Source::Base(base)) => return unlike_base(entry, base),
        Some(Source::Field(value, _)) => return unlike_field(entry, value),
        _ => {}
    }
    if entry.entry_type() == EntryType::Directory {
        return if !folders.contains(entry.path()) {
            Some(FindingId::EntryUnmatched)
        } else {
            (!neutral(entry)).then_some(FindingId::EntryRaised)
        };
    }
    let Some(here) = here else { return Some(FindingId::EntryUnmatched) };
    let product = places.product;
    if !same_content(entry, here.source, product, expected) {
        return Some(FindingId::EntryChanged);
    }
    (!neutral(entry) || raises_execute(linked(entry, product), here.source)).then_some(FindingId::EntryRaised)
}

/// What is wrong with an entry that must be as the base has it.
fn unlike_base(entry: Entry<'_>, base: Entry<'_>) -> Option<FindingId> {
    let same_content = entry.entry_type() == base.entry_type()
        && entry.sha256() == base.sha256()
        && entry.link_target() == base.link_target()
        && tells_content(entry);
    if !same_content {
        return Some(FindingId::EntryChanged);
    }
    (entry != base).then_some(FindingId::EntryRaised)
}

/// What is wrong with an entry that must be a field of the configuration with this value.
fn unlike_field(entry: Entry<'_>, value: FileDigest) -> Option<FindingId> {
    let same = entry.entry_type() == EntryType::Config && entry.sha256() == Some(value);
    (!same).then_some(FindingId::EntryChanged)
}

fn same_content(entry: Entry<'_>, source: Source<'_>, product: &Tree<'_>, expected: &[Expected<'_>]) -> bool {
    let material_digest = match source {
        Source::File(file) => Some(file.digest),
        Source::Entry(from) if from.entry_type() == EntryType::File => from.sha256().map(|digest| digest.0),
        Source::Entry(_) | Source::Tool(_) | Source::Base(_) | Source::Field(..) => None,
    };
    match entry.entry_type() {
        EntryType::File => material_digest.is_some() && entry.sha256().map(|digest| digest.0) == material_digest,
        EntryType::Hardlink => {
            let target = product.find(entry.link_target());
            material_digest.is_some()
                && expected.binary_search_by(|expected| (*expected.path).cmp(entry.link_target())).is_ok()
                && target.is_some_and(|target| {
                    target.entry_type() == EntryType::File && target.sha256().map(|digest| digest.0) == material_digest
                })
        }
        EntryType::Symlink => match source {
            Source::Entry(from) => from.entry_type() == EntryType::Symlink && from.link_target() == entry.link_target(),
            Source::File(_) | Source::Tool(_) | Source::Base(_) | Source::Field(..) => false,
        },
        _ => false,
    }
}

/// Owner 0:0, no xattrs, no device, no set-id or sticky bit, not writable for others.
pub(crate) fn neutral(entry: Entry<'_>) -> bool {
    let mode_ok = entry.entry_type() == EntryType::Symlink || entry.mode() & 0o7002 == 0;
    entry.owner() == (0, 0) && !entry.has_xattrs() && entry.device().is_none() && mode_ok
}

/// The entry whose mode counts: a hard link has that of its target.
fn linked<'e>(entry: Entry<'e>, product: &Tree<'e>) -> Entry<'e> {
    let target = (entry.entry_type() == EntryType::Hardlink).then(|| product.find(entry.link_target())).flatten();
    target.unwrap_or(entry)
}

fn raises_execute(entry: Entry<'_>, source: Source<'_>) -> bool {
    let executable = matches!(entry.entry_type(), EntryType::File | EntryType::Hardlink) && entry.mode() & 0o111 != 0;
    let allowed = match source {
        Source::Entry(from) | Source::Base(from) => from.mode() & 0o111 != 0,
        Source::File(file) => file.mode.is_some_and(|mode| mode & 0o111 != 0),
        Source::Tool(_) | Source::Field(..) => false,
    };
    executable && !allowed
}

/// Differences between a container and a source tree, as a source archive.
#[derive(Debug, Default)]
pub(crate) struct ArchiveDiff {
    /// Paths as in the container, each with what is wrong.
    pub(crate) misfits: BTreeMap<String, FindingId>,
    /// Entries other than folders that agree.
    pub(crate) agreeing: usize,
    /// The prefix that was taken off.
    pub(crate) prefix: String,
}

/// Prefixes that a source archive may have: none, or the first segment that all entries share.
pub(crate) fn prefixes(product: &Tree<'_>) -> Vec<String> {
    let mut prefixes = vec![String::new()];
    let first = product.entries().next().map(|entry| entry.path().split('/').next().unwrap_or_default());
    let plain = |first: &&str| {
        !first.is_empty()
            && !first.starts_with(['.', '-'])
            && first.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'))
    };
    if let Some(first) = first.filter(plain) {
        let folder = format!("{first}/");
        let shared = product.entries().all(|entry| {
            entry.path().starts_with(&folder) || (entry.path() == first && entry.entry_type() == EntryType::Directory)
        });
        if shared {
            prefixes.push(folder);
        }
    }
    prefixes
}

/// Compares a container with a source tree less what a source archive leaves out.
pub(crate) fn compare_archive(product: &Tree<'_>, tree: &Tree<'_>, prefix: &str, left_out: &[String]) -> ArchiveDiff {
    let mut result = ArchiveDiff { prefix: prefix.to_owned(), ..ArchiveDiff::default() };
    let kept = tree.entries();
    let kept = kept.filter(|entry| entry.entry_type() != EntryType::Submodule && !ignored(left_out, entry.path()));
    // One prefix for all keeps their order.
    let wanted: Vec<(Cow<'_, str>, Entry<'_>)> = kept.map(|entry| (prefixed(prefix, entry.path()), entry)).collect();
    // A submodule is an empty folder in an archive.
    let submodules = tree.entries().filter(|entry| entry.entry_type() == EntryType::Submodule);
    let submodules: Vec<String> = submodules.map(|entry| format!("{prefix}{}/x", entry.path())).collect();
    let folders = parents(wanted.iter().map(|(path, _)| path.as_ref()).chain(submodules.iter().map(String::as_str)));
    let mut places = Places::new(product);
    let mut missing: Vec<&str> = Vec::new();
    let mut rest = wanted.iter().peekable();
    for entry in product.entries() {
        while let Some((absent, _)) = rest.next_if(|(path, _)| **path < *entry.path()) {
            missing.push(absent);
        }
        let here = rest.next_if(|(path, _)| **path == *entry.path()).map(|(_, from)| *from);
        let id = if places.below_no_folder(entry.path()) {
            Some(FindingId::EntryUnmatched)
        } else if entry.entry_type() == EntryType::Directory {
            if !folders.contains(entry.path()) {
                Some(FindingId::EntryUnmatched)
            } else {
                (!neutral(entry)).then_some(FindingId::EntryRaised)
            }
        } else {
            match here {
                None => Some(FindingId::EntryUnmatched),
                Some(from)
                    if from.entry_type() != entry.entry_type()
                        || from.sha256() != entry.sha256()
                        || from.link_target() != entry.link_target() =>
                {
                    Some(FindingId::EntryChanged)
                }
                Some(from) => {
                    (!neutral(entry) || raises_execute(entry, Source::Entry(from))).then_some(FindingId::EntryRaised)
                }
            }
        };
        match id {
            Some(id) => drop(result.misfits.insert(entry.path().to_owned(), id)),
            None if entry.entry_type() != EntryType::Directory => result.agreeing += 1,
            None => {}
        }
    }
    missing.extend(rest.map(|(path, _)| path.as_ref()));
    result.misfits.extend(missing.into_iter().map(|path| (path.to_owned(), FindingId::EntryMissing)));
    result
}

fn prefixed<'p>(prefix: &str, path: &'p str) -> Cow<'p, str> {
    if prefix.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{prefix}{path}")) }
}

/// Whether a path, or a folder above it, is left out.
fn ignored(left_out: &[String], path: &str) -> bool {
    left_out.iter().any(|pattern| {
        let pattern = pattern.trim_end_matches('/');
        lasthand_model::glob::matches(pattern, path)
            || path
                .match_indices('/')
                .any(|(at, _)| path.get(..at).is_some_and(|folder| lasthand_model::glob::matches(pattern, folder)))
    })
}
