//! Archives inside an artifact: what is listed of them, and what is refused.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod formats;
mod hostile;
mod limits;
mod places;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use lasthand_artifact::{ArtifactError, ArtifactFacts, Inside, MemoryBlob, NoteKind, Opening, read, read_opening};
use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;

/// Reads bytes as an artifact of this name, with archives opened.
pub(crate) fn open_under(name: &str, bytes: &[u8], limits: &Limits) -> Result<ArtifactFacts, ArtifactError> {
    read_opening(&MemoryBlob::new(name, bytes.to_vec()), None, Opening::Open, limits, &mut |_| {})
}

/// The same under the shipped limits. What opening must never change is asked each time.
pub(crate) fn open(name: &str, bytes: &[u8]) -> ArtifactFacts {
    let opened = open_under(name, bytes, &Limits::DEFAULT).unwrap();
    let closed = read(&MemoryBlob::new(name, bytes.to_vec()), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert!(closed.inside.is_empty());
    assert_eq!((&opened.inventory, opened.digest, opened.size), (&closed.inventory, closed.digest, closed.size));
    assert!(closed.notes.iter().all(|note| opened.notes.contains(note)), "a note is lost by opening");
    opened
}

/// What the archive of these bytes holds.
pub(crate) fn inside<'f>(facts: &'f ArtifactFacts, bytes: &[u8]) -> Option<&'f Inside> {
    facts.inside.get(&FileDigest(Sha256::of(bytes)))
}

/// Path, type, mode, size and the beginning of the digest of each member, a line each.
pub(crate) fn listing(inside: &Inside) -> String {
    let line = |member: &lasthand_artifact::Member| {
        let digest = member.sha256.map(|digest| digest.0.to_string()[..8].to_owned()).unwrap_or_default();
        let path = member.path.escape_ascii();
        format!("{path} {} {:o} {} {digest}\n", member.entry_type, member.mode, member.size)
    };
    inside.members.iter().map(line).collect()
}

/// Words and places of the notes that refuse.
pub(crate) fn refusals(facts: &ArtifactFacts) -> Vec<(NoteKind, String)> {
    facts.refusals().map(|note| (note.kind, note.path.escape_ascii().to_string())).collect()
}

/// A tar archive of files.
pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        match header.as_mut_bytes().get_mut(..name.len().min(101)) {
            // As it is written: with what a path need not have.
            Some(written) if written.len() <= 100 => {
                written.copy_from_slice(name.as_bytes());
                header.set_cksum();
                archive.append(&header, *content).unwrap();
            }
            _ => archive.append_data(&mut header, name, *content).unwrap(),
        }
    }
    archive.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Runs a program in a folder; its standard output.
pub(crate) fn run(folder: &Path, program: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program:?} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The digest of a text, as `listing` shows it.
pub(crate) fn short(text: &[u8]) -> String {
    Sha256::of(text).to_string()[..8].to_owned()
}

#[test]
fn nothing_is_opened_unless_asked_for() {
    // pass: the same artifact with and without; nothing inside without
    let zip = lasthand_testkit::zips::Zip::of(vec![lasthand_testkit::zips::Entry::stored("a", b"1")]).bytes();
    let tar = tar_of(&[("lib/a.jar", &zip)]);
    let closed = read(&MemoryBlob::new("x.tar", tar.clone()), None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    assert!(closed.inside.is_empty() && closed.notes.is_empty());
    let opened = open("x.tar", &tar);
    assert_eq!(listing(inside(&opened, &zip).unwrap()), format!("a {} 644 1 {}\n", EntryType::File, short(b"1")));
    assert!(opened.notes.is_empty(), "{:?}", opened.notes);
}
