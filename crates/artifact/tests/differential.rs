//! The archives of the shared test data: against the expectations of their manifest.
//!
//! The data lies in `LASTHAND_TESTDATA` (default: `../shared/testdata` beside the workspace); where it is absent the test
//! says so and passes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use lasthand_artifact::image::ImageStore;
use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, MemoryBlob, NoteKind, local, read};
use lasthand_model::limits::Limits;
use lasthand_testkit::need;

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
    let mut wrong = Vec::new();
    for (path, expected) in manifest(&folder) {
        if path.ends_with(".bz2") {
            continue;
        }
        let found = read_one(&folder, &path, kind_of(&path));
        let silent = found.as_ref().is_ok_and(|facts| facts.notes.is_empty());
        let clean = found.as_ref().is_ok_and(|facts| facts.refusals().count() == 0);
        let fine = match expected.as_str() {
            "ACCEPT" => clean || ARGUED.contains(&path.as_str()),
            "SECOND" | "OUTER-ONLY" => found.is_ok(),
            "REJECT" => found.is_err(),
            "FLAG" | "AMBIGUOUS" | "ACCEPT+WARN-OR-REJECT" => !silent,
            "LAST-WINS+WARN" | "NORMALISE" => found.is_ok() && !silent,
            "ACCEPT+WARN" => clean && !silent,
            "ACCEPT-OR-LIMIT" => found.is_ok() || matches!(found, Err(ArtifactError::OverLimit { .. })),
            _ => panic!("`{path}`: the word `{expected}` is not known"),
        };
        if !fine {
            wrong.push(format!("{path}: {expected}, got {}", outcome(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_accepted_is_found_to_be_no_archive_of_images_and_read() {
    // pass: every uncompressed archive that is accepted, on the way that `verify` takes
    let Some(folder) = testdata() else { return };
    let accepted = manifest(&folder).into_iter().filter(|(path, expected)| {
        expected.starts_with("ACCEPT") && path.ends_with(".tar") && kind_of(path) == Some(Kind::Tar)
    });
    let mut seen = 0;
    for (path, expected) in accepted {
        let opened = local::open(folder.join(&path)).unwrap();
        let found = ImageStore::open_if_any(&opened, &Limits::DEFAULT).map(|store| store.map(|store| store.form()));
        let fine = match &found {
            Ok(None) => read(&opened, None, &Limits::DEFAULT, &mut |_| {}).is_ok(),
            Ok(Some(_)) => true,
            Err(_) => expected.ends_with("-OR-REJECT") || expected.ends_with("-OR-LIMIT"),
        };
        assert!(fine, "{path}: {found:?}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

/// Expectations that docs/decisions/0012 argues wrong.
const ARGUED: &[&str] = &["tar-libarchive/test_read_format_tar_concatenated.tar"];

fn outcome(found: &Result<ArtifactFacts, ArtifactError>) -> String {
    match found {
        Ok(facts) => {
            let mut kinds: Vec<_> = facts.notes.iter().map(|note| (note.kind.severity(), note.kind)).collect();
            kinds.dedup();
            format!("{} entries, notes {kinds:?}", facts.inventory.records().len())
        }
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
        let paths: Vec<_> = facts.inventory.records().map(|record| String::from_utf8_lossy(record.path)).collect();
        assert_eq!(paths, expected, "{path}");
    };
    check("tar-crafted/pax-size-override.tar", &["after", "outer"]);
    check("tar-crafted/pax-size-nonzero-base.tar", &["after", "outer"]);
    check("tar-crafted/gz-multi-member.tar.gz", &["a", "b"]);
    check("tar-crafted/zst-two-frames.tar.zst", &["a", "b"]);
}

#[test]
fn detection_finds_the_kind_from_the_bytes() {
    // pass: every archive that is read as the kind of its name is found to be that kind
    let Some(folder) = testdata() else { return };
    for (path, _) in manifest(&folder) {
        let Some(kind) = kind_of(&path).filter(|_| path != BOMB) else { continue };
        let Ok(named) = read_one(&folder, &path, Some(kind)) else { continue };
        if named.inventory.is_empty() {
            continue;
        }
        let detected = read_one(&folder, &path, None).unwrap();
        assert_eq!(named, detected, "{path}");
        assert!(!detected.notes.iter().any(|note| note.kind == NoteKind::NotesCut));
    }
}
