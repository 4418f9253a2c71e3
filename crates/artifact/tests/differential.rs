//! The archives of the shared test data: against Go's own reader, and against the expectations of their manifest.
//!
//! The data lies in `LASTHAND_TESTDATA` (default: `../shared/testdata` beside the workspace); where it, or `go`, is absent the test
//! says so and passes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, MemoryBlob, NoteKind, local, read};
use lasthand_model::inventory::{EntryType, FileRecord};
use lasthand_model::limits::Limits;
use lasthand_testkit::need;
use serde_json::Value;

fn testdata() -> Option<PathBuf> {
    need::testdata()
}

/// Path and expectation of every file below `tar-*`, `gzip-*` and `zstd-*`.
fn manifest(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| ["tar-", "gzip-", "zstd-"].iter().any(|family| row[0].starts_with(family)))
        .map(|row| (row[0].to_owned(), row[7].split(':').next().unwrap().to_owned()))
        .collect()
}

/// Takes seconds in a debug build; read once, by the manifest test.
const BOMB: &str = "tar-crafted/gz-bomb-2GiB.tar.gz";

fn kind_of(path: &str) -> Option<Kind> {
    [(".tar", Kind::Tar), (".tar.base64", Kind::Tar), (".tar.gz", Kind::TarGzip), (".tar.zst", Kind::TarZstd)]
        .into_iter()
        .find_map(|(suffix, kind)| path.ends_with(suffix).then_some(kind))
}

fn read_one(folder: &Path, path: &str, kind: Option<Kind>) -> Result<ArtifactFacts, ArtifactError> {
    let full = folder.join(path);
    if path.ends_with(".base64") {
        return read(&MemoryBlob::new(path, unbase64(&full)), kind, &Limits::DEFAULT, &mut |_| {});
    }
    read(&local::open(full).unwrap(), kind, &Limits::DEFAULT, &mut |_| {})
}

fn unbase64(path: &Path) -> Vec<u8> {
    let text: String = fs::read_to_string(path).unwrap().split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn foreign_archives_get_what_their_manifest_expects() {
    // pass: ACCEPT is read, what readers disagree on is refused or noted; fail: REJECT is an error
    let Some(folder) = testdata() else { return };
    let refused = refusals();
    let mut wrong = Vec::new();
    for (path, expected) in manifest(&folder) {
        if path.ends_with(".bz2") {
            continue;
        }
        let found = read_one(&folder, &path, kind_of(&path));
        let silent = found.as_ref().is_ok_and(|facts| facts.notes.is_empty());
        let fine = match expected.as_str() {
            "ACCEPT" | "SECOND" | "OUTER-ONLY" => found.is_ok() || refused.contains_key(&path),
            "REJECT" => found.is_err(),
            "FLAG" | "AMBIGUOUS" | "LAST-WINS+WARN" | "NORMALISE" | "ACCEPT+WARN-OR-REJECT" => !silent,
            "ACCEPT+WARN" => found.is_ok() && !silent,
            "ACCEPT-OR-LIMIT" => found.is_ok() || matches!(found, Err(ArtifactError::OverLimit { .. })),
            _ => panic!("`{path}`: the word `{expected}` is not known"),
        };
        if !fine {
            wrong.push(format!("{path}: {expected}, got {}", outcome(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn outcome(found: &Result<ArtifactFacts, ArtifactError>) -> String {
    match found {
        Ok(facts) => format!("{} entries, notes {:?}", facts.inventory.records().len(), facts.notes),
        Err(error) => format!("`{error}`"),
    }
}

#[test]
fn smuggled_and_second_readings_are_the_right_ones() {
    // pass: the entries that the advisories call right
    let Some(folder) = testdata() else { return };
    let check = |path: &str, expected: &[&str]| {
        if !need::feature(path, folder.join(path).is_file(), "not in the test data") {
            return;
        }
        let facts = read_one(&folder, path, None).unwrap();
        let paths: Vec<_> =
            facts.inventory.records().iter().map(|record| String::from_utf8_lossy(&record.path)).collect();
        assert_eq!(paths, expected, "{path}");
    };
    check("tar-crafted/pax-size-override.tar", &["after", "outer"]);
    check("tar-crafted/pax-size-nonzero-base.tar", &["after", "outer"]);
    check("tar-crafted/gz-multi-member.tar.gz", &["a", "b"]);
    check("tar-crafted/zst-two-frames.tar.zst", &["a", "b"]);
}

/// Path -> reason of `go.xfails`: archives that Go reads and we refuse.
fn refusals() -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go.xfails");
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').unwrap())
        .map(|(path, reason)| (path.to_owned(), reason.to_owned()))
        .collect()
}

#[test]
fn go_reads_the_same_entries() {
    // pass: where both accept, every field is equal; fail: we accept what Go refuses, or refuse without a stated reason
    let Some(folder) = testdata() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let Some(program) = build_go(scratch.path()) else { return };
    let mut sources = BTreeMap::new();
    for (path, _) in manifest(&folder) {
        let gzip_or_tar = matches!(kind_of(&path), Some(Kind::Tar | Kind::TarGzip));
        if !gzip_or_tar || path == BOMB {
            continue;
        }
        let mut full = folder.join(&path);
        if path.ends_with(".base64") {
            let decoded = scratch.path().join(path.replace('/', "-"));
            fs::write(&decoded, unbase64(&full)).unwrap();
            full = decoded;
        }
        sources.insert(full.to_str().unwrap().to_owned(), path);
    }
    let output = Command::new(program).args(sources.keys()).output().unwrap();
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let xfails = refusals();
    let mut stale: BTreeSet<_> = xfails.keys().filter(|path| folder.join(path).is_file()).cloned().collect();
    let mut wrong = Vec::new();
    for (full, path) in &sources {
        let own = lines.iter().filter(|line| line["archive"].as_str() == Some(full));
        let (end, entries): (Vec<_>, Vec<_>) = own.partition(|line| line["end"] == true);
        let go_error = end[0]["error"].as_str().unwrap();
        match (read_one(&folder, path, kind_of(path)), go_error.is_empty()) {
            (Ok(facts), true) => wrong.extend(differences(path, &facts, &entries)),
            (Ok(_), false) => wrong.push(format!("{path}: accepted, Go says `{go_error}`")),
            (Err(_), false) => {}
            (Err(error), true) => {
                if !stale.remove(path) {
                    wrong.push(format!("{path}\trefused without a reason in go.xfails: {error}"));
                }
            }
        }
    }
    wrong.extend(
        stale
            .into_iter()
            .filter(|path| kind_of(path) != Some(Kind::TarZstd))
            .map(|path| format!("{path}: stale in go.xfails")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn build_go(scratch: &Path) -> Option<PathBuf> {
    let program = scratch.join("listtar");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(folder)
        .envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", ""), ("GOWORK", "off")])
        .output();
    match built {
        Ok(output) if output.status.success() => Some(program),
        Ok(output) => panic!("go build failed: {}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => {
            let _ = need::feature("go", false, "not on the path");
            None
        }
    }
}

fn differences(path: &str, facts: &ArtifactFacts, entries: &[&Value]) -> Vec<String> {
    let mut go = BTreeMap::new();
    for entry in entries {
        let name = hex::decode(entry["path"].as_str().unwrap()).unwrap();
        // The root itself is not inventoried; of a repeated folder the last entry counts.
        if name != b"." {
            go.insert(name, entry_text(entry));
        }
    }
    let ours: BTreeMap<_, _> =
        facts.inventory.records().iter().map(|record| (record.path.clone(), record_text(record))).collect();
    if ours == go { Vec::new() } else { vec![format!("{path}:\n  ours {ours:?}\n  go   {go:?}")] }
}

fn entry_text(entry: &Value) -> String {
    let text = |key: &str| entry[key].as_str().unwrap().to_owned();
    let xattrs: Vec<String> = entry["xattrs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| format!("{}={}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    format!(
        "{} {} {} {} {} {} {} {},{} {}",
        text("type"),
        entry["mode"],
        entry["uid"],
        entry["gid"],
        entry["size"],
        text("link"),
        text("sha256"),
        entry["major"],
        entry["minor"],
        xattrs.join(",")
    )
}

fn record_text(record: &FileRecord) -> String {
    let typeflag = match record.entry_type {
        EntryType::File => "0",
        EntryType::Hardlink => "1",
        EntryType::Symlink => "2",
        EntryType::CharDevice => "3",
        EntryType::BlockDevice => "4",
        EntryType::Directory => "5",
        EntryType::Fifo => "6",
        _ => "?",
    };
    let sha256 = record.sha256.map(|digest| digest.to_string()).unwrap_or_default();
    let (major, minor) = record.device.unwrap_or_default();
    let xattrs: Vec<String> =
        record.xattrs.iter().map(|(name, value)| format!("{}={}", hex::encode(name), hex::encode(value))).collect();
    format!(
        "{typeflag} {} {} {} {} {} {sha256} {major},{minor} {}",
        record.mode,
        record.uid,
        record.gid,
        record.size,
        hex::encode(&record.link_target),
        xattrs.join(",")
    )
}

#[test]
fn detection_finds_the_kind_from_the_bytes() {
    // pass: every archive that is read as the kind of its name is found to be that kind
    let Some(folder) = testdata() else { return };
    for (path, _) in manifest(&folder) {
        let Some(kind) = kind_of(&path).filter(|_| path != BOMB) else { continue };
        let Ok(named) = read_one(&folder, &path, Some(kind)) else { continue };
        if named.inventory.records().is_empty() {
            continue;
        }
        let detected = read_one(&folder, &path, None).unwrap();
        assert_eq!(named, detected, "{path}");
        assert!(!detected.notes.iter().any(|note| note.kind == NoteKind::NotesCut));
    }
}
