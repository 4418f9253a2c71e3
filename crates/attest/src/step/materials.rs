//! What was there before a step: the source tree as one material, each base as one, every other file as one of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lasthand_model::inventory::{EntryType, Record, escape_path};
use lasthand_model::wire::statement::ResourceDescriptor;
use lasthand_observe::images::{Base, BaseKind};
use lasthand_observe::snapshot::{Snapshot, SnapshotEntry};
use serde_json::Map;

use super::products::file_descriptor;
use super::{SourceTreeRef, Tracked};
use crate::subject;

/// What a snapshot can never see of a step's inputs.
const BLIND: [&str; 3] = ["reads outside the recorded folders", "network", "environment variables"];

pub(super) struct Materials {
    pub(super) descriptors: Vec<ResourceDescriptor>,
    pub(super) gaps: Vec<String>,
}

/// What of a source tree was there.
#[derive(Debug, Default)]
struct Count {
    unmodified: u64,
    modified: u64,
    /// Files in whose places the tree has the pointers that stand for them.
    pointers: u64,
    missing: u64,
}

/// Counts by the path of the submodule; the source tree itself has none.
type Counts<'a> = BTreeMap<Option<&'a [u8]>, Count>;

/// What lies in the place of an entry of a tree.
enum Found {
    Itself,
    /// The file that the entry, a pointer, stands for.
    Pointed,
    Other,
}

pub(super) fn collect(source: Option<&SourceTreeRef>, bases: &[Base], before: &Snapshot) -> Materials {
    let mut descriptors = Vec::new();
    let mut gaps: Vec<String> = BLIND.iter().map(|gap| (*gap).to_owned()).collect();
    gaps.extend(before.exclusions.iter().map(|path| format!("not recorded: {}", escape_path(path))));
    descriptors.extend(
        before.exclusions.iter().filter(|path| is_hidden(source, path)).map(|path| unexplained(path, "not recorded")),
    );
    let mut counts = Counts::new();
    for entry in &before.entries {
        let tracked = source.and_then(|source| source.tracked(&entry.path));
        let is_own = tracked.is_some_and(|tracked| tracked.submodule.is_none());
        if !is_own && bases.iter().any(|base| base.accounts_for(entry)) {
            continue;
        }
        if let Some(tracked) = tracked {
            let found = found(entry, tracked);
            count(&mut counts, tracked.submodule, &found);
            match found {
                // A file of a submodule is a material of its own beside the submodule's tree.
                Found::Itself if is_own => continue,
                Found::Itself | Found::Pointed => {}
                Found::Other => gaps.push(format!("tracked file modified: {}", escape_path(&entry.path))),
            }
        }
        match entry.entry_type {
            EntryType::File => descriptors.extend(file_descriptor(entry)),
            // What a link leads to, and what a fifo gives, is nobody's content: it must not pass for a file of that digest.
            other => descriptors.push(unexplained(&entry.path, other.as_str())),
        }
    }
    if let Some(source) = source {
        let trees = trees(source, before, counts, &mut gaps, &mut descriptors);
        descriptors.splice(0..0, trees);
    }
    descriptors.extend(bases.iter().map(base_material));
    Materials { descriptors, gaps }
}

fn found(entry: &SnapshotEntry, Tracked { tree, record, .. }: Tracked<'_>) -> Found {
    if is_checkout_of(entry, record) {
        return Found::Itself;
    }
    match tree.pointers.get(record.path) {
        Some(file) if is_checkout_of(entry, Record { sha256: Some(*file), ..record }) => Found::Pointed,
        _ => Found::Other,
    }
}

fn count<'a>(counts: &mut Counts<'a>, submodule: Option<&'a [u8]>, found: &Found) {
    let count = counts.entry(submodule).or_default();
    let number = match found {
        Found::Itself => &mut count.unmodified,
        Found::Pointed => &mut count.pointers,
        Found::Other => &mut count.modified,
    };
    *number += 1;
}

/// The source tree, then those of its submodules that the recorded folders reach, by path. Counts and names the tracked entries that were not there.
fn trees<'a>(
    source: &'a SourceTreeRef,
    before: &Snapshot,
    mut counts: Counts<'a>,
    gaps: &mut Vec<String>,
    descriptors: &mut Vec<ResourceDescriptor>,
) -> Vec<ResourceDescriptor> {
    let submodules = source.submodules.iter().filter(|(path, _)| reaches(before, path));
    let stated: Vec<(Option<&[u8]>, &SourceTreeRef)> =
        std::iter::once((None, source)).chain(submodules.map(|(path, tree)| (Some(path.as_slice()), tree))).collect();
    let is_stated = |path: &[u8]| stated.iter().any(|(submodule, _)| *submodule == Some(path));
    let mut outside = 0u64;
    let mut trees = Vec::with_capacity(stated.len());
    for (submodule, tree) in &stated {
        let mut count = counts.remove(submodule).unwrap_or_default();
        for record in tree.inventory.records() {
            let path = full_path(*submodule, record.path);
            match record.entry_type {
                EntryType::Submodule if is_stated(&path) => {}
                EntryType::Submodule => gaps.push(format!("submodule not compared: {}", escape_path(&path))),
                EntryType::File | EntryType::Symlink if !before.covers(&path) => outside += 1,
                EntryType::File | EntryType::Symlink if before.find(&path).is_none() => {
                    count.missing += 1;
                    descriptors.push(unexplained(&path, "missing"));
                    gaps.push(format!("tracked file missing: {}", escape_path(&path)));
                }
                _ => {}
            }
        }
        trees.push(tree_material(tree, *submodule, &count));
    }
    if outside > 0 {
        gaps.push(format!("tracked files outside the recorded folders: {outside}"));
    }
    trees
}

/// Whether something below a folder was recorded, or would have been.
fn reaches(before: &Snapshot, folder: &[u8]) -> bool {
    let is_below = |recorded: &Vec<u8>| recorded.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"));
    before.covers(folder) || before.folders.iter().any(is_below)
}

fn full_path<'a>(submodule: Option<&[u8]>, path: &'a [u8]) -> Cow<'a, [u8]> {
    submodule.map_or(Cow::Borrowed(path), |folder| Cow::Owned([folder, b"/", path].concat()))
}

/// SPEC: package-url, types `docker` and `generic`.
fn base_material(base: &Base) -> ResourceDescriptor {
    let (name, digest) = (url_path(&base.name), base.digest);
    let uri = match base.kind {
        BaseKind::Image => format!("pkg:docker/{name}@sha256:{digest}"),
        BaseKind::Layer => format!("pkg:generic/{name}?checksum=sha256:{digest}"),
    };
    ResourceDescriptor { uri: Some(uri), ..subject::named(&base.name, &digest) }
}

/// SPEC: RFC 3986 section 2.3, unreserved characters, and `/`.
fn url_path(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// A material without a digest: nothing can account for it, and a verifier refuses the step for its sake.
fn unexplained(path: &[u8], kind: &str) -> ResourceDescriptor {
    let path = escape_path(path);
    let mut descriptor =
        ResourceDescriptor { uri: Some(format!("file:{path}")), name: Some(path), ..ResourceDescriptor::default() };
    descriptor.annotations.insert("type".to_owned(), subject::text(kind));
    descriptor
}

/// Whether something that was not looked into could hide an input: a `.git` that belongs neither to the checkout nor to a submodule whose tree is stated.
///
/// SECURITY: the `.git` of such a submodule is a file of one line. Any other may be a folder, and files in it would be inputs that nobody names.
fn is_hidden(source: Option<&SourceTreeRef>, path: &[u8]) -> bool {
    let Some(folder) = path.strip_suffix(b"/.git") else { return false };
    source.is_none_or(|source| !source.submodules.contains_key(folder))
}

/// Whether a checkout of the record gives the entry. Git knows of the mode only the execute bit, so no other bit may be raised.
fn is_checkout_of(entry: &SnapshotEntry, record: Record<'_>) -> bool {
    let runs = |mode: u32| mode & 0o111 != 0;
    entry.entry_type == record.entry_type
        && match entry.entry_type {
            EntryType::File => {
                entry.sha256 == record.sha256 && runs(entry.mode) == runs(record.mode) && entry.mode & 0o7000 == 0
            }
            EntryType::Symlink => entry.link_target == record.link_target,
            _ => false,
        }
}

/// A tree by all its ids; that of a submodule with the path where it is checked out.
fn tree_material(source: &SourceTreeRef, submodule: Option<&[u8]>, count: &Count) -> ResourceDescriptor {
    let mut digest = subject::sha256(&source.inventory.root().0);
    digest.extend(source.git_tree.as_ref().map(|id| ("gitTree".to_owned(), id.to_string())));
    digest.extend(source.commit.as_ref().map(|id| ("gitCommit".to_owned(), id.to_string())));
    let submodule = submodule.map(escape_path);
    let texts = [
        ("type", Some("tree")),
        ("repository", Some(source.repository.uri.as_str())),
        ("ref", source.target_ref.as_deref()),
        ("submodule", submodule.as_deref()),
    ];
    let mut annotations: Map<_, _> =
        texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), subject::text(value?)))).collect();
    let counts = [("unmodified", count.unmodified), ("modified", count.modified), ("missing", count.missing)];
    annotations.extend(counts.into_iter().map(|(name, count)| (name.to_owned(), count.into())));
    if count.pointers > 0 {
        annotations.insert("pointers".to_owned(), count.pointers.into());
    }
    let at_ref = source.target_ref.as_ref().map(|target_ref| format!("@{target_ref}")).unwrap_or_default();
    ResourceDescriptor {
        uri: Some(format!("git+{}{at_ref}", source.repository.uri)),
        digest,
        annotations,
        ..ResourceDescriptor::default()
    }
}
