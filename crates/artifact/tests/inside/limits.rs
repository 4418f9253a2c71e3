//! What archives inside may cost: a limit that is passed is an error that names it, and the place.

use lasthand_artifact::ArtifactError;
use lasthand_model::limits::Limits;
use lasthand_testkit::zips::{Entry, Zip};

use crate::{gzip, open_under, tar_of};

/// Reads a tar with this file in it; it must end at this limit, in this file.
fn over(path: &str, bytes: &[u8], limits: &Limits, expected: (&str, u64)) {
    let read = open_under("outer.tar", &tar_of(&[(path, bytes)]), limits);
    match read {
        Err(ArtifactError::OverLimit { name, what, limit, .. }) => {
            assert_eq!((what, limit), expected);
            assert_eq!(name, format!("outer.tar: {path}"));
        }
        other => unreachable!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn a_central_directory_of_a_million_entries_ends_at_the_limit() {
    // fail: one entry, listed a million times; pass: nothing is kept of them
    let mut listing = Entry::stored("a", b"1");
    listing.written = false;
    let mut zip = Zip::of(vec![Entry::stored("a", b"1")]);
    zip.entries.extend(std::iter::repeat_n(listing, 1_000_000));
    let limits = Limits { entries: 100_000, ..Limits::DEFAULT };
    over("lib/a.jar", &zip.bytes(), &limits, ("entries", 100_000));
}

#[test]
fn entries_of_all_archives_and_of_the_artifact_count_together() {
    // fail: 60 entries in each of two archives, and a limit of 100; pass: a limit of 122
    let many = |letter: &str| {
        Zip::of((0..60).map(|number| Entry::stored(&format!("{letter}{number}"), b"")).collect()).bytes()
    };
    let tar = tar_of(&[("a.jar", &many("a")), ("b.jar", &many("b"))]);
    let read = |entries| open_under("outer.tar", &tar, &Limits { entries, ..Limits::DEFAULT });
    assert!(matches!(read(100), Err(ArtifactError::OverLimit { what: "entries", limit: 100, .. })));
    assert_eq!(read(122).unwrap().inside.len(), 2);
}

#[test]
fn bytes_that_come_out_are_bounded_over_all_archives() {
    // fail: 600 KiB of each of two archives, and a limit of a mebibyte; a zip and a packed tar alike
    let zeros = vec![0; 600 << 10];
    let zip = Zip::of(vec![Entry::deflated("zeros", &zeros)]).bytes();
    let tgz = gzip(&tar_of(&[("zeros", &zeros)]));
    let limits = Limits { nested_bytes: 1 << 20, ..Limits::DEFAULT };
    let what = "bytes that come out of archives inside";
    for pair in
        [[("a.zip", &zip), ("b.zip", &zip)], [("a.tgz", &tgz), ("b.tgz", &tgz)], [("a.zip", &zip), ("b.tgz", &tgz)]]
    {
        let members = pair.map(|(name, bytes)| (name, bytes.as_slice()));
        match open_under("outer.tar", &tar_of(&members), &limits) {
            Err(ArtifactError::OverLimit { name, what: told, limit, .. }) => {
                assert_eq!((name, told, limit), (format!("outer.tar: {}", members[1].0), what, 1 << 20));
            }
            other => unreachable!("{other:?}"),
        }
    }
    assert!(open_under("outer.tar", &tar_of(&[("a.zip", &zip)]), &limits).is_ok());
}

#[test]
fn what_comes_out_inside_counts_for_the_ratio_of_the_artifact() {
    // fail: 40 MiB of zeros in a small zip, with nothing free
    let zip = Zip::of(vec![Entry::deflated("zeros", &vec![0; 40 << 20])]).bytes();
    let limits = Limits { inflate_free_bytes: 1 << 20, ..Limits::DEFAULT };
    over("a.zip", &zip, &limits, ("uncompressed bytes for one compressed byte", 200));
}

#[test]
fn names_are_bounded() {
    // fail: a name of 5,000 bytes
    let zip = Zip::of(vec![Entry::stored(&"n".repeat(5_000), b"")]).bytes();
    over("a.zip", &zip, &Limits::DEFAULT, ("bytes of a path", 4_096));
}
