//! Kept inputs: small, made by our own kit, and the seeds of other fuzzers where the shared test data has them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lasthand_testkit::archives::{Archive, Feature};
use lasthand_testkit::need;

use super::make;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// The kept inputs of a target, by name.
pub(crate) fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder(target);
    if std::env::var_os("LASTHAND_UPDATE_CORPUS").is_some_and(|value| value == "1") {
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in made(target) {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

const TAR: &[Feature] = &[
    Feature::PlainFile,
    Feature::PlainHardlink,
    Feature::FormatV7,
    Feature::PaxPath,
    Feature::PaxKeyTwice,
    Feature::LongName,
    Feature::PaxSize,
    Feature::EndThenEntries,
    Feature::EndNoPadding,
    Feature::EndPax,
];

const GZIP: &[Feature] = &[
    Feature::GzipStored,
    Feature::GzipSplit,
    Feature::GzipEmptyMember,
    Feature::GzipFields,
    Feature::GzipFieldsBad,
    Feature::GzipReservedFlag,
    Feature::GzipZeros,
    Feature::GzipGarbage,
    Feature::GzipBadCrc,
    Feature::GzipBadLength,
    Feature::GzipCut,
    Feature::GzipDamaged,
    Feature::GzipTwice,
];

/// The inputs that are written: one for each feature, or document, that a target should begin with.
fn made(target: &str) -> Vec<(String, Vec<u8>)> {
    let archive = |feature: &Feature| (format!("{feature:?}"), Archive::of(1, vec![*feature]).bytes());
    match target {
        "tar" => TAR.iter().map(archive).collect(),
        "gzip" => GZIP.iter().map(archive).collect(),
        "zip" => (0..16u8).map(|seed| (format!("made-{seed}"), make::zip(&[seed, 77, 9, seed, 1, seed, 3]))).collect(),
        "zstd" => (0..16u8)
            .map(|seed| (format!("made-{seed}"), make::zstd(&[0, seed, 5 * seed, 90, seed, seed, 3])))
            .collect(),
        "deb" => (0..16u8).map(|seed| (format!("made-{seed}"), make::deb(&[0, 0, seed, 90, seed, seed, 3]))).collect(),
        _ => (0..12u8).map(|seed| (format!("document-{seed}"), make::oci(&edited(seed)))).collect(),
    }
}

/// The choice of a document: each as it is, and each with two edits.
fn edited(seed: u8) -> Vec<u8> {
    let edits: &[u8] = if seed < 6 { b"" } else { &[90, 7, 3, 20, 200, 1, 2, 30] };
    [&[0, 0, seed % 6][..], edits].concat()
}

/// The seeds of other fuzzers; nothing where the shared test data is not there.
pub(crate) fn foreign() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = need::testdata()?.join("fuzz");
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) {
            for at in 0..archive.len() {
                let member = archive.by_index(at).unwrap();
                let member_name = format!("{name}!/{}", String::from_utf8_lossy(member.name_raw()));
                let mut content = Vec::new();
                member.take(1 << 20).read_to_end(&mut content).unwrap();
                inputs.push((member_name, content));
            }
        }
        inputs.push((name, bytes));
    }
    Some(inputs)
}
