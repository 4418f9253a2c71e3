//! What was there before a step: the source tree as one material, each base as one, every other file as one of its own.

use lasthand_model::inventory::{EntryType, Record, escape_path};
use lasthand_model::wire::statement::ResourceDescriptor;
use lasthand_observe::images::{Base, BaseKind};
use lasthand_observe::snapshot::{Snapshot, SnapshotEntry};
use serde_json::Map;

use super::SourceTreeRef;
use super::products::file_descriptor;
use crate::subject;

/// What a snapshot can never see of a step's inputs.
const BLIND: [&str; 3] = ["reads outside the recorded folders", "network", "environment variables"];

pub(super) struct Materials {
    pub(super) descriptors: Vec<ResourceDescriptor>,
    pub(super) gaps: Vec<String>,
}

pub(super) fn collect(source: Option<&SourceTreeRef>, bases: &[Base], before: &Snapshot) -> Materials {
    let mut descriptors = Vec::new();
    let mut gaps: Vec<String> = BLIND.iter().map(|gap| (*gap).to_owned()).collect();
    gaps.extend(before.exclusions.iter().map(|path| format!("not recorded: {}", escape_path(path))));
    descriptors.extend(
        before.exclusions.iter().filter(|path| is_hidden(source, path)).map(|path| unexplained(path, "not recorded")),
    );
    let mut unmodified = 0u64;
    let mut modified = 0u64;
    for entry in &before.entries {
        let tracked = source.and_then(|source| source.inventory.find(&entry.path));
        if tracked.is_some_and(|record| is_checkout_of(entry, record)) {
            unmodified += 1;
            continue;
        }
        if tracked.is_none() && bases.iter().any(|base| base.accounts_for(entry)) {
            continue;
        }
        let path = escape_path(&entry.path);
        if tracked.is_some() {
            modified += 1;
            gaps.push(format!("tracked file modified: {path}"));
        }
        match entry.entry_type {
            EntryType::File => descriptors.extend(file_descriptor(entry)),
            // What a link leads to, and what a fifo gives, is nobody's content: it must not pass for a file of that digest.
            other => descriptors.push(unexplained(&entry.path, other.as_str())),
        }
    }
    if let Some(source) = source {
        let missing = missing_files(source, before, &mut gaps, &mut descriptors);
        descriptors.insert(0, tree_material(source, [unmodified, modified, missing]));
    }
    descriptors.extend(bases.iter().map(base_material));
    Materials { descriptors, gaps }
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

/// Whether something that was not looked into could hide an input: a `.git` that belongs neither to the checkout nor to a submodule.
fn is_hidden(source: Option<&SourceTreeRef>, path: &[u8]) -> bool {
    let Some(folder) = path.strip_suffix(b"/.git") else { return false };
    let submodule = source.and_then(|source| source.inventory.find(folder));
    submodule.is_none_or(|record| record.entry_type != EntryType::Submodule)
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

/// Counts and names the tracked entries that were not there.
fn missing_files(
    source: &SourceTreeRef,
    before: &Snapshot,
    gaps: &mut Vec<String>,
    descriptors: &mut Vec<ResourceDescriptor>,
) -> u64 {
    let mut missing = 0;
    let mut outside = 0u64;
    for record in source.inventory.records() {
        let path = escape_path(record.path);
        match record.entry_type {
            EntryType::Submodule => gaps.push(format!("submodule not compared: {path}")),
            EntryType::File | EntryType::Symlink if !before.covers(record.path) => outside += 1,
            EntryType::File | EntryType::Symlink if before.find(record.path).is_none() => {
                missing += 1;
                descriptors.push(unexplained(record.path, "missing"));
                gaps.push(format!("tracked file missing: {path}"));
            }
            _ => {}
        }
    }
    if outside > 0 {
        gaps.push(format!("tracked files outside the recorded folders: {outside}"));
    }
    missing
}

fn tree_material(source: &SourceTreeRef, [unmodified, modified, missing]: [u64; 3]) -> ResourceDescriptor {
    let mut digest = subject::sha256(&source.inventory.root().0);
    digest.extend(source.git_tree.as_ref().map(|id| ("gitTree".to_owned(), id.to_string())));
    digest.extend(source.commit.as_ref().map(|id| ("gitCommit".to_owned(), id.to_string())));
    let counts = [("unmodified", unmodified), ("modified", modified), ("missing", missing)];
    let texts = [("type", "tree"), ("repository", &source.repository.uri), ("ref", &source.target_ref)];
    let mut annotations: Map<_, _> =
        texts.into_iter().map(|(name, value)| (name.to_owned(), subject::text(value))).collect();
    annotations.extend(counts.into_iter().map(|(name, count)| (name.to_owned(), count.into())));
    ResourceDescriptor {
        uri: Some(format!("git+{}@{}", source.repository.uri, source.target_ref)),
        digest,
        annotations,
        ..ResourceDescriptor::default()
    }
}
