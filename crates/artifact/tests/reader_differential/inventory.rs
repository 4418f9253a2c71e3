//! An inventory beside the entries that Go gives.

use std::collections::BTreeMap;

use lasthand_artifact::ArtifactFacts;
use lasthand_model::inventory::{EntryType, Record};
use lasthand_testkit::oracle::{Content, Entry};

/// In what an inventory differs from what Go gives, where nothing refuses: of a repeated path the last entry counts.
pub(crate) fn difference(facts: &ArtifactFacts, entries: &[Entry]) -> Option<String> {
    let mut go = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.typeflag != b'g') {
        // The root itself is not inventoried; of a repeated path the last entry counts.
        let name = clean(&entry.path);
        if !name.is_empty() {
            go.insert(name, entry_text(entry));
        }
    }
    let records = facts.inventory.records();
    let ours: BTreeMap<_, _> = records.map(|record| (record.path.to_vec(), record_text(record))).collect();
    let show = |of: &BTreeMap<Vec<u8>, String>, other: &BTreeMap<Vec<u8>, String>| {
        let own = of.iter().filter(|(path, text)| other.get(*path) != Some(*text));
        own.map(|(path, text)| format!("`{}` {text}", path.escape_ascii())).collect::<Vec<_>>().join("; ")
    };
    (ours != go).then(|| format!("another inventory\n    ours: {}\n    go:   {}", show(&ours, &go), show(&go, &ours)))
}

fn clean(path: &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    segments.join(&b'/')
}

/// Fields that an inventory has not are left out, by type.
fn entry_text(entry: &Entry) -> String {
    let (size, sha256) = match (&entry.typeflag, &entry.content) {
        (b'0' | b'S', Content::Sha256(digest)) => (entry.size, digest.as_str()),
        (b'0' | b'S', _) => (entry.size, "unread"),
        _ => (0, ""),
    };
    let link = match entry.typeflag {
        b'1' => clean(&entry.link),
        b'2' => entry.link.clone(),
        _ => Vec::new(),
    };
    let (major, minor) = if matches!(entry.typeflag, b'3' | b'4') { entry.device } else { (0, 0) };
    let typeflag = if entry.typeflag == b'S' { '0' } else { char::from(entry.typeflag) };
    format!(
        "{typeflag} {:o} {} {} {size} {} {sha256} {major},{minor} {}",
        entry.mode & 0o7777,
        entry.uid,
        entry.gid,
        link.escape_ascii(),
        xattrs_text(entry.xattrs.iter()),
    )
}

fn record_text(record: Record<'_>) -> String {
    let typeflag = match record.entry_type {
        EntryType::File => '0',
        EntryType::Hardlink => '1',
        EntryType::Symlink => '2',
        EntryType::CharDevice => '3',
        EntryType::BlockDevice => '4',
        EntryType::Directory => '5',
        EntryType::Fifo => '6',
        _ => '?',
    };
    let sha256 = record.sha256.map(|digest| digest.to_string()).unwrap_or_default();
    let (major, minor) = record.device.unwrap_or_default();
    format!(
        "{typeflag} {:o} {} {} {} {} {sha256} {major},{minor} {}",
        record.mode,
        record.uid,
        record.gid,
        record.size,
        record.link_target.escape_ascii(),
        xattrs_text(record.xattrs.iter().filter(|(name, _)| !is_besides(name))),
    )
}

fn xattrs_text<'a>(xattrs: impl Iterator<Item = &'a (Vec<u8>, Vec<u8>)>) -> String {
    xattrs.map(|(name, value)| format!("{}={};", name.escape_ascii(), value.escape_ascii())).collect()
}

/// What inventories list among the attributes and Go gives elsewhere: under its whole pax key.
fn is_besides(name: &[u8]) -> bool {
    const PREFIXES: &[&[u8]] =
        &[b"SCHILY.acl.", b"SCHILY.fflags", b"LIBARCHIVE.xattr.", b"RHT.security.", b"GNU.dumpdir"];
    matches!(name, b"uname" | b"gname" | b"absolute-path") || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
