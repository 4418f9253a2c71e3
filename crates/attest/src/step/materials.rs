//! What was there before a step: the source tree as one material, every other file as one of its own.

use lasthand_model::inventory::{EntryType, FileRecord, escape_path};
use lasthand_model::wire::statement::ResourceDescriptor;
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

pub(super) fn collect(source: Option<&SourceTreeRef>, before: &Snapshot) -> Materials {
    let mut descriptors = Vec::new();
    let mut gaps: Vec<String> = BLIND.iter().map(|gap| (*gap).to_owned()).collect();
    gaps.extend(before.exclusions.iter().map(|path| format!("not recorded: {}", escape_path(path))));
    let mut unmodified = 0u64;
    let mut modified = 0u64;
    for entry in &before.entries {
        let tracked = source.and_then(|source| source.inventory.find(&entry.path));
        if tracked.is_some_and(|record| is_checkout_of(entry, record)) {
            unmodified += 1;
            continue;
        }
        let path = escape_path(&entry.path);
        if tracked.is_some() {
            modified += 1;
            gaps.push(format!("tracked file modified: {path}"));
        }
        match file_descriptor(entry) {
            Some(descriptor) => descriptors.push(descriptor),
            None => gaps.push(format!("special file: {path}")),
        }
    }
    if let Some(source) = source {
        let missing = missing_files(source, before, &mut gaps);
        descriptors.insert(0, tree_material(source, [unmodified, modified, missing]));
    }
    Materials { descriptors, gaps }
}

/// Whether a checkout of the record gives the entry. Git knows of the mode only the execute bit, so no other bit may be raised.
fn is_checkout_of(entry: &SnapshotEntry, record: &FileRecord) -> bool {
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
fn missing_files(source: &SourceTreeRef, before: &Snapshot, gaps: &mut Vec<String>) -> u64 {
    let mut missing = 0;
    let mut outside = 0u64;
    for record in source.inventory.records() {
        let path = escape_path(&record.path);
        match record.entry_type {
            EntryType::Submodule => gaps.push(format!("submodule not compared: {path}")),
            EntryType::File | EntryType::Symlink if !before.covers(&record.path) => outside += 1,
            EntryType::File | EntryType::Symlink if before.find(&record.path).is_none() => {
                missing += 1;
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
