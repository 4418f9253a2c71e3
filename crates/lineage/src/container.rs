//! Comparing a product's entries with the materials it was packaged from, under exactly the declared map.
//!
//! SPEC: docs/rules.md section 7.

use std::collections::BTreeMap;

use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{EntryFact, NamedDigest, PathRule};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::FindingId;
use crate::trees::Tree;

/// What a path of the materials is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// An entry of a source tree.
    Entry(&'a EntryFact),
    /// A file material.
    File(&'a NamedDigest),
}

/// Paths of the materials of one step.
pub(crate) type Namespace<'a> = BTreeMap<&'a str, Source<'a>>;

/// Where an expected path comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) from: &'a str,
    pub(crate) source: Source<'a>,
    pub(crate) rule: &'a PathRule,
}

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Comparison<'a> {
    /// Expected paths and where each comes from.
    pub(crate) expected: FxHashMap<String, Expected<'a>>,
    /// Entries that do not fit: the finding and the path in the product.
    pub(crate) misfits: BTreeMap<String, FindingId>,
}

/// Merges trees and file materials into one namespace. A file material hides a tree entry of other content only.
pub(crate) fn namespace<'a>(
    trees: impl Iterator<Item = &'a EntryFact>,
    files: impl Iterator<Item = &'a NamedDigest>,
) -> Namespace<'a> {
    let mut namespace: Namespace<'a> = trees
        .filter(|entry| entry.entry_type != EntryType::Submodule)
        .map(|entry| (entry.path.as_str(), Source::Entry(entry)))
        .collect();
    for file in files {
        let same = match namespace.get(file.name.as_str()) {
            Some(Source::Entry(entry)) => entry.sha256.is_some_and(|digest| digest.0 == file.digest),
            _ => false,
        };
        if !same {
            namespace.insert(&file.name, Source::File(file));
        }
    }
    namespace
}

/// Compares the entries of a product with what the map says they are.
pub(crate) fn compare<'a>(product: &Tree<'a>, namespace: &Namespace<'a>, map: &'a [PathRule]) -> Comparison<'a> {
    let mut comparison = Comparison { expected: expected(namespace, map), misfits: BTreeMap::new() };
    let folders = parents(comparison.expected.keys().map(String::as_str));
    for entry in &product.entries {
        if let Some(id) = misfit(entry, product, &comparison.expected, &folders) {
            comparison.misfits.insert(entry.path.clone(), id);
        }
    }
    let missing: Vec<String> = comparison
        .expected
        .keys()
        .filter(|path| product.find(path).is_none_or(|entry| entry.entry_type == EntryType::Directory))
        .filter(|path| !comparison.misfits.contains_key(*path))
        .cloned()
        .collect();
    comparison.misfits.extend(missing.into_iter().map(|path| (path, FindingId::EntryMissing)));
    comparison
}

fn expected<'a>(namespace: &Namespace<'a>, map: &'a [PathRule]) -> FxHashMap<String, Expected<'a>> {
    let mut expected: FxHashMap<String, Expected<'a>> = FxHashMap::default();
    for rule in map {
        let (from_folder, to_folder) = (is_folder(&rule.from), is_folder(&rule.to));
        if from_folder != to_folder {
            continue;
        }
        if !from_folder {
            if let Some((path, source)) = namespace.get_key_value(rule.from.as_str()) {
                expected.entry(rule.to.clone()).or_insert(Expected { from: path, source: *source, rule });
            }
            continue;
        }
        for (path, source) in namespace.range(rule.from.as_str()..).take_while(|(path, _)| path.starts_with(&rule.from))
        {
            let rest = path.get(rule.from.len()..).unwrap_or_default();
            let target = format!("{}{rest}", rule.to);
            expected.entry(target).or_insert(Expected { from: path, source: *source, rule });
        }
    }
    expected
}

fn is_folder(side: &str) -> bool {
    side.is_empty() || side.ends_with('/')
}

/// Proper parent folders of paths.
pub(crate) fn parents<'p>(paths: impl Iterator<Item = &'p str>) -> FxHashSet<String> {
    let mut folders = FxHashSet::default();
    for path in paths {
        let mut rest = path;
        while let Some(at) = rest.rfind('/') {
            rest = rest.get(..at).unwrap_or_default();
            if !folders.insert(rest.to_owned()) {
                break;
            }
        }
    }
    folders
}

fn misfit(
    entry: &EntryFact,
    product: &Tree<'_>,
    expected: &FxHashMap<String, Expected<'_>>,
    folders: &FxHashSet<String>,
) -> Option<FindingId> {
    if below_no_folder(product, &entry.path) {
        return Some(FindingId::EntryUnmatched);
    }
    if entry.entry_type == EntryType::Directory {
        return if !folders.contains(&entry.path) {
            Some(FindingId::EntryUnmatched)
        } else {
            (!neutral(entry)).then_some(FindingId::EntryRaised)
        };
    }
    let Some(expected_here) = expected.get(&entry.path) else { return Some(FindingId::EntryUnmatched) };
    if !same_content(entry, expected_here.source, product, expected) {
        return Some(FindingId::EntryChanged);
    }
    (!neutral(entry) || raises_execute(linked(entry, product), expected_here.source)).then_some(FindingId::EntryRaised)
}

fn same_content(
    entry: &EntryFact,
    source: Source<'_>,
    product: &Tree<'_>,
    expected: &FxHashMap<String, Expected<'_>>,
) -> bool {
    let material_digest = match source {
        Source::File(file) => Some(file.digest),
        Source::Entry(from) if from.entry_type == EntryType::File => from.sha256.map(|digest| digest.0),
        Source::Entry(_) => None,
    };
    match entry.entry_type {
        EntryType::File => material_digest.is_some() && entry.sha256.map(|digest| digest.0) == material_digest,
        EntryType::Hardlink => {
            let target = product.find(&entry.link_target);
            material_digest.is_some()
                && expected.contains_key(&entry.link_target)
                && target.is_some_and(|target| {
                    target.entry_type == EntryType::File && target.sha256.map(|digest| digest.0) == material_digest
                })
        }
        EntryType::Symlink => match source {
            Source::Entry(from) => from.entry_type == EntryType::Symlink && from.link_target == entry.link_target,
            Source::File(_) => false,
        },
        _ => false,
    }
}

/// Whether some folder above a path is an entry that is no folder.
///
/// SECURITY: a file below a symbolic link lands wherever the link leads.
fn below_no_folder(product: &Tree<'_>, path: &str) -> bool {
    path.match_indices('/').any(|(at, _)| {
        let above = path.get(..at).and_then(|folder| product.find(folder));
        above.is_some_and(|entry| entry.entry_type != EntryType::Directory)
    })
}

/// Owner 0:0, no xattrs, no device, no set-id or sticky bit, not writable for others.
pub(crate) fn neutral(entry: &EntryFact) -> bool {
    let mode_ok = entry.entry_type == EntryType::Symlink || entry.mode & 0o7002 == 0;
    entry.uid == 0 && entry.gid == 0 && entry.xattrs.is_empty() && entry.device.is_none() && mode_ok
}

/// The entry whose mode counts: a hard link has that of its target.
fn linked<'e>(entry: &'e EntryFact, product: &Tree<'e>) -> &'e EntryFact {
    let target = (entry.entry_type == EntryType::Hardlink).then(|| product.find(&entry.link_target)).flatten();
    target.unwrap_or(entry)
}

fn raises_execute(entry: &EntryFact, source: Source<'_>) -> bool {
    let executable = matches!(entry.entry_type, EntryType::File | EntryType::Hardlink) && entry.mode & 0o111 != 0;
    let allowed = match source {
        Source::Entry(from) => from.mode & 0o111 != 0,
        Source::File(file) => file.mode.is_some_and(|mode| mode & 0o111 != 0),
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
    let first = product.entries.first().map(|entry| entry.path.split('/').next().unwrap_or_default());
    if let Some(first) = first.filter(|first| !first.is_empty()) {
        let folder = format!("{first}/");
        let shared = product.entries.iter().all(|entry| {
            entry.path.starts_with(&folder) || (entry.path == first && entry.entry_type == EntryType::Directory)
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
    let wanted: BTreeMap<String, &EntryFact> = tree
        .entries
        .iter()
        .filter(|entry| entry.entry_type != EntryType::Submodule && !ignored(left_out, &entry.path))
        .map(|entry| (format!("{prefix}{}", entry.path), *entry))
        .collect();
    // A submodule is an empty folder in an archive.
    let submodules = tree.entries.iter().filter(|entry| entry.entry_type == EntryType::Submodule);
    let submodules: Vec<String> = submodules.map(|entry| format!("{prefix}{}/x", entry.path)).collect();
    let folders = parents(wanted.keys().map(String::as_str).chain(submodules.iter().map(String::as_str)));
    for entry in &product.entries {
        let id = if below_no_folder(product, &entry.path) {
            Some(FindingId::EntryUnmatched)
        } else if entry.entry_type == EntryType::Directory {
            if !folders.contains(&entry.path) {
                Some(FindingId::EntryUnmatched)
            } else {
                (!neutral(entry)).then_some(FindingId::EntryRaised)
            }
        } else {
            match wanted.get(&entry.path) {
                None => Some(FindingId::EntryUnmatched),
                Some(from)
                    if from.entry_type != entry.entry_type
                        || from.sha256 != entry.sha256
                        || from.link_target != entry.link_target =>
                {
                    Some(FindingId::EntryChanged)
                }
                Some(from) => {
                    (!neutral(entry) || raises_execute(entry, Source::Entry(from))).then_some(FindingId::EntryRaised)
                }
            }
        };
        match id {
            Some(id) => drop(result.misfits.insert(entry.path.clone(), id)),
            None if entry.entry_type != EntryType::Directory => result.agreeing += 1,
            None => {}
        }
    }
    for path in wanted.keys().filter(|path| product.find(path).is_none()) {
        result.misfits.insert(path.clone(), FindingId::EntryMissing);
    }
    result
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
