//! Section 7: source archives and the near match.

use std::collections::BTreeSet;

use lasthand_model::digest::{ArtifactDigest, Sha256, StatementDigest};
use lasthand_model::glob::matches;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::EntryFact;

use super::cover::{Cover, LandingView};
use super::evidence::Evidence;
use super::reviews::entry;
use super::steps::{is_below_a_file, is_neutral};

/// The covered trees, by repository and root, that the artifact is exactly.
pub(super) fn archived_trees(evidence: &Evidence, cover: &Cover, asked: Sha256) -> Vec<(String, Sha256)> {
    if evidence.facts.images.contains_key(&ArtifactDigest(asked)) {
        return Vec::new();
    }
    let Some(archive) = evidence.entries(asked) else { return Vec::new() };
    let mut trees = Vec::new();
    for landing in &cover.landings {
        let Some(tree) = landing.after else { continue };
        let root = landing.to;
        let repository = landing.landing.repository.as_str();
        if cover.is_covered(repository, root)
            && prefixes(archive).iter().any(|prefix| is_tree(archive, prefix, tree, landing))
        {
            trees.push((repository.to_owned(), root));
        }
    }
    trees
}

/// Whether some landed tree is near enough to the artifact to speak of it.
pub(super) fn has_near_match(evidence: &Evidence, cover: &Cover, asked: Sha256) -> bool {
    let Some(archive) = evidence.entries(asked) else { return false };
    let mut nearest: Option<((usize, Sha256, usize, StatementDigest), bool)> = None;
    for landing in &cover.landings {
        let Some(tree) = landing.after else { continue };
        for prefix in prefixes(archive) {
            let (agree, odd, removed) = compare(archive, &prefix, tree, landing);
            let rank = (odd + removed, landing.to, prefix.len(), landing.statement.digest);
            if nearest.is_none_or(|(other, _)| rank < other) {
                nearest = Some((rank, agree > odd));
            }
        }
    }
    nearest.is_some_and(|(_, near)| near)
}

fn prefixes(archive: &[EntryFact]) -> Vec<String> {
    let mut prefixes = vec![String::new()];
    let firsts: BTreeSet<&str> = archive.iter().filter_map(|entry| entry.path.split('/').next()).collect();
    if let (Some(first), 1) = (firsts.first(), firsts.len()) {
        let prefix = format!("{first}/");
        let files = archive.iter().filter(|entry| entry.entry_type != EntryType::Directory);
        let plain = first.chars().all(|letter| letter.is_ascii_alphanumeric() || "._+-".contains(letter));
        let bare = first.is_empty() || first.starts_with(['.', '-']);
        if plain && !bare && files.into_iter().all(|entry| entry.path.starts_with(&prefix)) {
            prefixes.push(prefix);
        }
    }
    prefixes
}

fn is_tree(archive: &[EntryFact], prefix: &str, tree: &[EntryFact], landing: &LandingView) -> bool {
    let files = || archive.iter().filter(|entry| entry.entry_type != EntryType::Directory);
    let (_, odd, removed) = compare(archive, prefix, tree, landing);
    let folders_hold_something =
        archive.iter().filter(|entry| entry.entry_type == EntryType::Directory).all(|folder| {
            let folder = format!("{}/", folder.path);
            let submodule = tree
                .iter()
                .filter(|entry| entry.entry_type == EntryType::Submodule)
                .any(|entry| format!("{prefix}{}/", entry.path) == folder);
            submodule || files().any(|file| file.path.starts_with(&folder))
        });
    let not_raised = files().filter(|file| file.entry_type == EntryType::File).all(|file| {
        let source = file.path.strip_prefix(prefix).and_then(|path| entry(tree, path));
        file.mode & 0o111 == 0 || source.is_some_and(|source| source.mode & 0o111 != 0)
    });
    odd + removed == 0
        && !is_below_a_file(archive)
        && folders_hold_something
        && not_raised
        && archive.iter().all(is_neutral)
}

/// How many entries of the archive agree with the tree, how many are added or changed, and how many of the tree are gone.
fn compare(archive: &[EntryFact], prefix: &str, tree: &[EntryFact], landing: &LandingView) -> (usize, usize, usize) {
    let shipped: Vec<&EntryFact> = tree
        .iter()
        .filter(|entry| {
            entry.entry_type != EntryType::Submodule && !is_left_out(&landing.landing.export_ignore, &entry.path)
        })
        .collect();
    let (mut agree, mut odd, mut there) = (0, 0, BTreeSet::new());
    for entry in archive.iter().filter(|entry| entry.entry_type != EntryType::Directory) {
        let path = entry.path.strip_prefix(prefix);
        there.extend(path);
        let same = shipped.iter().any(|source| {
            Some(source.path.as_str()) == path
                && source.entry_type == entry.entry_type
                && source.sha256 == entry.sha256
                && (source.entry_type != EntryType::File || source.sha256.is_some())
                && source.link_target == entry.link_target
        });
        if same {
            agree += 1;
        } else {
            odd += 1;
        }
    }
    let removed = shipped.iter().filter(|source| !there.contains(source.path.as_str())).count();
    (agree, odd, removed)
}

/// Whether a glob matches the path or a folder above it.
fn is_left_out(globs: &[String], path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end)).any(|place| globs.iter().any(|glob| matches(glob, place)))
}
