//! Trees and containers: their entries in words.

use std::collections::BTreeMap;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::{FileDigest, GitId, InventoryRoot, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord, Inventory};
use lasthand_model::wire::facts::{EntryFact, TreeRef};

use super::line::{Clauses, StoryError};

/// Entries by path.
pub(super) type Entries = BTreeMap<String, EntryFact>;

/// Digest of the content that a story calls `label`.
pub(super) fn content(label: &str) -> Sha256 {
    Sha256::of(label.as_bytes())
}

/// Reads `[BASE [under PREFIX]] [+ entry ...] [- path ...]`; entries may also stand without a base.
pub(super) fn read(
    clauses: &Clauses<'_>,
    words: &[&str],
    trees: &BTreeMap<String, Entries>,
) -> Result<Entries, StoryError> {
    let mut rest = words;
    let mut entries = Entries::new();
    if let Some((base, after)) =
        words.split_first().and_then(|(first, after)| trees.get(*first).map(|base| (base, after)))
    {
        let (prefix, after) = match after {
            ["under", prefix, after @ ..] => (*prefix, after),
            _ => ("", after),
        };
        for entry in base.values() {
            let path = format!("{prefix}{}", entry.path);
            entries.insert(path.clone(), EntryFact { path, ..entry.clone() });
        }
        rest = after;
    }
    let mut adds = true;
    for word in rest {
        match *word {
            "+" => adds = true,
            "-" => adds = false,
            word if adds => {
                let entry = entry(clauses, word)?;
                entries.insert(entry.path.clone(), entry);
            }
            path => {
                entries.remove(path).ok_or_else(|| clauses.error(&format!("`{path}` is not there to be removed")))?;
            }
        }
    }
    Ok(entries)
}

/// Reads `path=content`, `path->target`, `path=>hard-link-target`, `folder/` or `path`, then `{mode=..,uid=..,gid=..,type=..,commit=TREE,dev=M:N,xattr=NAME:HEX}`.
fn entry(clauses: &Clauses<'_>, word: &str) -> Result<EntryFact, StoryError> {
    let (word, attributes) = match word.split_once('{') {
        None => (word, ""),
        Some((word, attributes)) => {
            (word, attributes.strip_suffix('}').ok_or_else(|| clauses.error("a `{` that does not end"))?)
        }
    };
    let mut entry = EntryFact {
        path: word.to_owned(),
        entry_type: EntryType::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        sha256: None,
        link_target: String::new(),
        device: None,
        xattrs: BTreeMap::new(),
    };
    if let Some((path, target)) = word.split_once("=>").or_else(|| word.split_once("->")) {
        entry.path = path.to_owned();
        entry.entry_type = if word.contains("=>") { EntryType::Hardlink } else { EntryType::Symlink };
        entry.link_target = target.to_owned();
        entry.mode = if word.contains("=>") { 0o644 } else { 0o777 };
    } else if let Some((path, label)) = word.split_once('=') {
        entry.path = path.to_owned();
        entry.sha256 = Some(FileDigest(content(label)));
    } else if let Some(path) = word.strip_suffix('/') {
        entry.path = path.to_owned();
        entry.entry_type = EntryType::Directory;
        entry.mode = 0o755;
    } else if !attributes.contains("type=") && !attributes.contains("commit=") {
        return Err(clauses.error(&format!("`{word}` is not an entry")));
    }
    for attribute in attributes.split(',').filter(|text| !text.is_empty()) {
        let (key, value) = attribute.split_once('=').ok_or_else(|| clauses.error("an attribute is `key=value`"))?;
        set(&mut entry, key, value).ok_or_else(|| clauses.error(&format!("`{attribute}` means nothing")))?;
    }
    Ok(entry)
}

fn set(entry: &mut EntryFact, key: &str, value: &str) -> Option<()> {
    match key {
        "mode" => entry.mode = u32::from_str_radix(value, 8).ok()?,
        "uid" => entry.uid = value.parse().ok()?,
        "gid" => entry.gid = value.parse().ok()?,
        "type" => entry.entry_type = EntryType::parse(value)?,
        "commit" => {
            (entry.entry_type, entry.mode) = (EntryType::Submodule, 0);
            entry.link_target = commit(value);
        }
        "dev" => {
            let (major, minor) = value.split_once(':')?;
            entry.device = Some((major.parse().ok()?, minor.parse().ok()?));
        }
        "xattr" => {
            let (name, hex) = value.split_once(':')?;
            entry.xattrs.insert(name.to_owned(), hex.to_owned());
        }
        _ => return None,
    }
    Some(())
}

/// The inventory root of a tree. A file is as large as its label is long.
pub(super) fn root(entries: &Entries) -> InventoryRoot {
    let records = entries.values().map(|entry| FileRecord {
        path: entry.path.clone().into_bytes(),
        entry_type: entry.entry_type,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        size: u64::from(entry.sha256.is_some()),
        sha256: entry.sha256,
        link_target: entry.link_target.clone().into_bytes(),
        device: entry.device,
        xattrs: Vec::new(),
    });
    // INVARIANT (paths): keys of a map are distinct, so this never falls back.
    Inventory::from_records(records.collect()).unwrap_or_default().root()
}

/// Reads `T1` (by inventory root), `T1@git` (by git id alone), `T1@both` or `T1@commit` (by root and a commit).
pub(super) fn tree_ref(
    clauses: &Clauses<'_>,
    word: &str,
    trees: &BTreeMap<String, Entries>,
) -> Result<TreeRef, StoryError> {
    let (name, form) = word.split_once('@').unwrap_or((word, "root"));
    let entries = trees.get(name).ok_or_else(|| clauses.error(&format!("no tree is called `{name}`")))?;
    let root = root(entries);
    let git: String = Sha256::of(format!("git tree {root}").as_bytes()).to_string().chars().take(40).collect();
    let git_tree: Option<GitId> = git.parse().ok();
    match form {
        "root" => Ok(TreeRef { root: Some(root), git_tree: None, ..TreeRef::default() }),
        "git" => Ok(TreeRef { root: None, git_tree, ..TreeRef::default() }),
        "both" => Ok(TreeRef { root: Some(root), git_tree, ..TreeRef::default() }),
        "commit" => Ok(TreeRef { root: Some(root), git_commit: commit(name).parse().ok(), ..TreeRef::default() }),
        _ => Err(clauses.error("expected `@git`, `@both` or `@commit`")),
    }
}

/// The id of the commit that has the tree of this name.
fn commit(name: &str) -> String {
    Sha256::of(format!("git commit {name}").as_bytes()).to_string().chars().take(40).collect()
}

/// Reads a kind.
pub(super) fn kind(clauses: &Clauses<'_>, word: &str) -> Result<ActorKind, StoryError> {
    ActorKind::parse(word).ok_or_else(|| clauses.error(&format!("`{word}` is no kind")))
}
