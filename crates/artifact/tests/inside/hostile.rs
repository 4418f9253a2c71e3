//! Archives that readers take differently, each by its name: refused, with the place.

use lasthand_artifact::NoteKind;
use lasthand_model::limits::Limits;
use lasthand_testkit::zips::{Entry, Zip};

use crate::{gzip, inside, open, open_under, refusals, tar_of};

/// Opens a zip file inside a tar; it must be refused for this, at this member.
fn refused(zip: &[u8], kind: NoteKind, member: &str) {
    let facts = open("outer.tar", &tar_of(&[("lib/a.jar", zip)]));
    let place = if member.is_empty() { "lib/a.jar".to_owned() } else { format!("lib/a.jar!/{member}") };
    let refusals = refusals(&facts);
    assert!(refusals.contains(&(kind, place.clone())), "{kind} at {place}, but {refusals:?}");
}

fn two() -> Vec<Entry> {
    vec![Entry::deflated("a", b"aaaa"), Entry::stored("b", b"bbbb")]
}

/// Changes one entry of a true file.
fn with(change: impl Fn(&mut Entry)) -> Vec<u8> {
    let mut entries = two();
    change(&mut entries[1]);
    Zip::of(entries).bytes()
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    // fail: zip slip: `..`, an absolute path, a drive, backslashes, a NUL; inner dots; as readers write them elsewhere
    let named = |name: &str| Zip::of(vec![Entry::stored(name, b"1")]).bytes();
    refused(&named("../../etc/cron.d/x"), NoteKind::ParentInPath, "etc/cron.d/x");
    refused(&named("/etc/passwd"), NoteKind::ZipName, "etc/passwd");
    refused(&named("C:/x"), NoteKind::ZipName, "C:/x");
    refused(&named("..\\x"), NoteKind::ZipName, "..\\\\x");
    refused(&named("a\0.txt"), NoteKind::ZipName, "a\\x00.txt");
    refused(&named("a/./b"), NoteKind::RewrittenPath, "a/b");
    // Info-ZIP takes a version of VMS away.
    for name in ["a.py;1", "a.py;", "d;1/a;22"] {
        refused(&named(name), NoteKind::ZipName, name);
    }
    for name in ["a.py;x", "a1", "d;1/a", "7"] {
        assert_eq!(refusals(&open("a.zip", &named(name))), []);
    }
}

#[test]
fn the_same_names_in_a_tar_inside_are_refused_as_in_any_tar() {
    // fail: `..` in a packed tar; pass: the place is outer and inner
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    header.as_mut_bytes()[..9].copy_from_slice(b"../../etc");
    header.set_cksum();
    let tar = [header.as_bytes().as_slice(), &[0; 1024]].concat();
    let facts = open("outer.tar", &tar_of(&[("a.tgz", &gzip(&tar))]));
    assert_eq!(refusals(&facts), [(NoteKind::ParentInPath, "a.tgz!/etc".to_owned())]);
}

#[test]
fn links_are_refused_because_readers_differ_in_what_they_make_of_them() {
    // fail: a symbolic link, a device, a folder that is named as a file, a file that is named as a folder
    for mode in [0o120_777, 0o020_644, 0o040_755] {
        refused(&Zip::of(vec![Entry::stored("a", b"/etc").with_mode(mode)]).bytes(), NoteKind::ZipKind, "a");
    }
    refused(&Zip::of(vec![Entry::stored("a/", b"data")]).bytes(), NoteKind::ZipKind, "a");
    // Whatever host made it: DOS, Atari, BeOS; and the folder of DOS.
    for host in [0, 5, 16] {
        let link = Entry { made_by: host << 8, ..Entry::stored("a", b"/etc").with_mode(0o120_777) };
        refused(&Zip::of(vec![link]).bytes(), NoteKind::ZipKind, "a");
        let folder = Entry { made_by: host << 8, attributes: 0x10, ..Entry::stored("a", b"") };
        refused(&Zip::of(vec![folder]).bytes(), NoteKind::ZipKind, "a");
    }
    let folder = Entry { made_by: 0, attributes: 0x10, ..Entry::stored("a/", b"") };
    assert!(refusals(&open("a.zip", &Zip::of(vec![folder]).bytes())).is_empty());
    // What old packers of jars wrote for folders, and the same on a file.
    let all_ones = |name: &str| Entry { attributes: 0xffff_0010, ..Entry::stored(name, b"") };
    assert!(refusals(&open("a.jar", &Zip::of(vec![all_ones("a/")]).bytes())).is_empty());
    refused(&Zip::of(vec![all_ones("a")]).bytes(), NoteKind::ZipKind, "a");
    // The label of a volume, which Info-ZIP passes over.
    let label = Entry { made_by: 0, attributes: 0x08, ..Entry::stored("a", b"x") };
    refused(&Zip::of(vec![label]).bytes(), NoteKind::ZipKind, "a");
}

#[test]
fn headers_that_disagree_are_refused() {
    // fail: name, method, checksum, sizes and flags of the two headers
    let central = |change: fn(&mut lasthand_testkit::zips::Header)| with(|entry| change(&mut entry.central));
    refused(&central(|header| header.name = b"c".to_vec()), NoteKind::ZipMismatch, "b");
    refused(&central(|header| header.method = 8), NoteKind::ZipMismatch, "b");
    refused(&central(|header| header.crc ^= 1), NoteKind::ZipMismatch, "b");
    refused(&central(|header| header.size = 3), NoteKind::ZipMismatch, "b");
    refused(&central(|header| header.packed = 9), NoteKind::ZipMismatch, "b");
    refused(&central(|header| header.flags |= 1), NoteKind::ZipMismatch, "b");
    // Readers that go by the directory look for a descriptor.
    refused(&central(|header| header.flags |= 8), NoteKind::ZipMismatch, "b");
}

#[test]
fn contents_that_are_not_what_their_header_says_are_refused() {
    // fail: checksum, size, bytes behind the end of a deflated stream, an unknown method, encryption
    refused(&with(|entry| entry.both(|header| header.crc ^= 1)), NoteKind::ZipSizes, "b");
    refused(&with(|entry| entry.both(|header| header.size += 1)), NoteKind::ZipSizes, "b");
    let mut padded = Entry::deflated("b", b"bbbb");
    padded.data.extend(b"hidden");
    padded.both(|header| header.packed += 6);
    refused(&Zip::of(vec![padded]).bytes(), NoteKind::ZipSizes, "b");
    refused(&with(|entry| entry.both(|header| header.method = 12)), NoteKind::ZipMethod, "b");
    refused(&with(|entry| entry.both(|header| header.flags |= 1)), NoteKind::ZipEncrypted, "b");
}

#[test]
fn entries_that_only_one_kind_of_reader_sees_are_refused() {
    // fail: not in the central directory; only there; at another place; the same twice (overlap); a name twice
    refused(&with(|entry| entry.listed = false), NoteKind::ZipUnlisted, "b");
    refused(&with(|entry| entry.written = false), NoteKind::ZipOverlap, "b");
    refused(&with(|entry| entry.moved = 1), NoteKind::ZipOverlap, "b");
    let mut twice = two();
    let mut again = twice[0].clone();
    again.written = false;
    again.central.name = b"copy".to_vec();
    let first = i64::try_from(Zip::of(two()).entries[0].data.len()).unwrap();
    // The second listing points at the local header of the first one.
    again.moved = -(30 + 1 + first) - (30 + 1 + 4);
    twice.push(again);
    refused(&Zip::of(twice).bytes(), NoteKind::ZipOverlap, "copy");
    let same = Zip::of(vec![Entry::stored("a", b"1"), Entry::stored("a", b"2")]).bytes();
    refused(&same, NoteKind::ZipDuplicate, "a");
    // Notes that do not refuse do not crowd it out.
    let mut many: Vec<Entry> = (0..10_001).map(|number| Entry::stored(&format!(".wh.{number}"), b"")).collect();
    many.extend([Entry::stored("A.class", b"1"), Entry::stored("A.class", b"2")]);
    refused(&Zip::of(many).bytes(), NoteKind::ZipDuplicate, "A.class");
}

#[test]
fn a_bomb_of_entries_that_quote_each_other_is_refused() {
    // fail: one deflated stream in which all other local headers lie, as in files that overlap to multiply (Fifield)
    let inner = Zip::of(vec![Entry::stored("1", b"x")]).bytes();
    let quoted = &inner[..32];
    let outer = Entry::stored("0", quoted);
    let mut zip = Zip::of(vec![outer]);
    let mut second = Entry::stored("1", b"x");
    second.written = false;
    // Into the content of the first one.
    second.moved = -32;
    zip.entries.push(second);
    refused(&zip.bytes(), NoteKind::ZipOverlap, "1");
}

#[test]
fn entries_that_overlap_are_told_once_with_their_number() {
    // fail: one content listed under 500 names; pass: one note at the first, and how many more
    let mut zip = Zip::of(two());
    for number in 0..500 {
        let mut again = Entry::stored("a", b"");
        again.written = false;
        again.central.name = format!("copy{number}").into_bytes();
        zip.entries.push(again);
    }
    let facts = open("outer.tar", &tar_of(&[("a.zip", &zip.bytes())]));
    let overlaps: Vec<_> = facts.notes.iter().filter(|note| note.kind == NoteKind::ZipOverlap).collect();
    let told = overlaps.iter().map(|note| (note.path.escape_ascii().to_string(), note.more));
    assert_eq!(told.collect::<Vec<_>>(), [("a.zip!/copy0".to_owned(), 499)]);
    assert!(overlaps[0].to_string().ends_with("and 499 more"));
}

#[test]
fn bytes_that_are_no_entry_are_refused() {
    // fail: before the first entry under the name of a zip, between, after the end; pass: a script of another name is no zip
    let mut zip = Zip::of(two());
    zip.before = b"#!/bin/sh\nexit 1\n".to_vec();
    refused(&zip.bytes(), NoteKind::ZipBehind, "");
    let script = open("run.sh", &zip.bytes());
    assert!(script.inside.is_empty() && script.notes.is_empty());
    zip.before.clear();
    zip.between = b"hidden".to_vec();
    refused(&zip.bytes(), NoteKind::ZipGap, "");
    zip.between.clear();
    zip.after = b"\n".to_vec();
    refused(&zip.bytes(), NoteKind::ZipTrailing, "");
    let text = open("outer.tar", &tar_of(&[("notes.zip", b"no zip file")]));
    assert!(text.inside.is_empty() && text.notes.is_empty());
}

#[test]
fn end_records_that_are_not_true_are_refused() {
    // fail: another count, another place, a second record in the comment, zip64 with other numbers
    let ended = |change: fn(&mut Zip)| {
        let mut zip = Zip::of(two());
        change(&mut zip);
        zip.bytes()
    };
    refused(&ended(|zip| zip.end.entries = Some(1)), NoteKind::ZipEnd, "");
    refused(&ended(|zip| zip.end.entries = Some(u16::MAX)), NoteKind::ZipEnd, "");
    refused(&ended(|zip| zip.end.moved = 4), NoteKind::ZipEnd, "");
    refused(&ended(|zip| zip.end.comment = [&b"PK\x05\x06"[..], &[0; 18]].concat()), NoteKind::ZipEnd, "");
    refused(&ended(|zip| zip.end.zip64 = Some(1)), NoteKind::ZipEnd, "");
    // A zip64 record and locator in the comment or the fields of the last entry: Python and libarchive look there first.
    let locator = [&b"PK\x06\x07"[..], &[0; 16]].concat();
    for at_end in [true, false] {
        let mut zip = Zip::of(two());
        let last = &mut zip.entries[1];
        let padding = [&[9, 9, 20, 0][..], &locator].concat();
        if at_end {
            last.comment = locator.clone()
        } else {
            last.central.extra = padding
        }
        refused(&zip.bytes(), NoteKind::ZipEnd, "");
        zip.entries.push(Entry::stored("c", b""));
        assert!(refusals(&open("a.zip", &zip.bytes())).is_empty(), "elsewhere it is a comment like any other");
    }
    let masked = ended(|zip| (zip.end.zip64, zip.end.entries) = (Some(0), Some(u16::MAX)));
    assert!(refusals(&open("a.zip", &masked)).is_empty(), "a true zip64 record may stand for what is masked");
}

#[test]
fn entries_whose_end_nobody_knows_are_refused() {
    // fail: a stored content whose size follows it, a descriptor that lies
    let mut entry = Entry::streamed("b", b"bbbb", true);
    entry.both(|header| header.method = 0);
    entry.data = b"bbbb".to_vec();
    refused(&Zip::of(vec![entry]).bytes(), NoteKind::ZipStreamed, "b");
    let mut entry = Entry::streamed("b", b"bbbb", true);
    entry.after[4] ^= 1;
    refused(&Zip::of(vec![entry]).bytes(), NoteKind::ZipStreamed, "b");
    // Numbers of eight bytes without the field that says so.
    let mut entry = Entry::streamed("b", b"bbbb", true);
    let wide = [entry.central.packed, entry.central.size].map(|number| u64::from(number).to_le_bytes());
    entry.after.truncate(8);
    entry.after.extend(wide.concat());
    refused(&Zip::of(vec![entry.clone()]).bytes(), NoteKind::ZipStreamed, "b");
    entry.local.extra = [&[1, 0, 16, 0][..], &[0; 16]].concat();
    assert!(refusals(&open("a.zip", &Zip::of(vec![entry]).bytes())).is_empty());
}

#[test]
fn extra_fields_that_say_something_else_are_refused() {
    // fail: a size in a zip64 field beside another one, another name in a Unicode field, a field that is cut
    let extra = |bytes: Vec<u8>| with(move |entry| entry.both(|header| header.extra = bytes.clone()));
    let zip64 = [&[1, 0, 16, 0][..], &9_u64.to_le_bytes(), &9_u64.to_le_bytes()].concat();
    refused(&extra(zip64), NoteKind::ZipExtra, "b");
    let nothing = [&[1, 0, 16, 0][..], &[0; 16]].concat();
    refused(&extra(nothing), NoteKind::ZipExtra, "b");
    refused(&extra(vec![0x75, 0x70, 6, 0, 1, 0, 0, 0, 0, b'c']), NoteKind::ZipExtra, "b");
    refused(&extra(vec![9, 9, 200, 0, 1]), NoteKind::ZipExtra, "b");
    // Type and mode, for libarchive alone.
    refused(&extra(vec![0x78, 0x6c, 1, 0, 0]), NoteKind::ZipExtra, "b");
}

#[test]
fn a_mode_in_an_extra_field_is_that_of_the_directory() {
    // fail: a link, set-user-id, another mode, in either header; the field twice, or cut; pass: the same
    let field = |mode: u16| [&[0x6e, 0x75, 14, 0, 0, 0, 0, 0][..], &mode.to_le_bytes(), &[0; 8]].concat();
    let both = |extra: Vec<u8>| with(move |entry| entry.both(|header| header.extra = extra.clone()));
    assert_eq!(refusals(&open("a.zip", &both(field(0o100_644)))), []);
    for mode in [0o120_777, 0o104_755, 0o100_755, 0o040_644, 0o644] {
        refused(&both(field(mode)), NoteKind::ZipExtra, "b");
        refused(&with(|entry| entry.local.extra = field(mode)), NoteKind::ZipExtra, "b");
        refused(&with(|entry| entry.central.extra = field(mode)), NoteKind::ZipExtra, "b");
    }
    refused(&both([field(0o100_644), field(0o100_644)].concat()), NoteKind::ZipExtra, "b");
    refused(&both(vec![0x6e, 0x75, 4, 0, 0, 0, 0, 0]), NoteKind::ZipExtra, "b");
}

#[test]
fn a_version_that_there_is_not_is_refused() {
    // fail: readers unpack the entry, or pass over it; pass: 6.3, and any host in the high byte
    let zip = Zip::of(vec![Entry::stored("b", b"bbbb")]).bytes();
    let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let with = |local: [u8; 2], listed: [u8; 2]| {
        let mut changed = zip.clone();
        changed[4..6].copy_from_slice(&local);
        changed[central + 6..central + 8].copy_from_slice(&listed);
        changed
    };
    assert_eq!(refusals(&open("a.zip", &with([63, 3], [63, 0]))), []);
    for (local, listed) in [([64, 0], [20, 0]), ([20, 0], [64, 0]), ([255, 0], [255, 0])] {
        refused(&with(local, listed), NoteKind::ZipMethod, "b");
    }
}

#[test]
fn a_package_of_npm_has_one_folder() {
    // fail: files of two folders, which npm lays into one, whichever way they are written; pass: one folder, two in what is no package or is
    // named otherwise, two of which no file becomes one
    let told = |name: &str, members: &[(&str, &[u8])]| {
        refusals(&open("outer.tar", &tar_of(&[(name, &gzip(&tar_of(members)))])))
    };
    let (package, index) = (("package/package.json", &b"{}"[..]), ("package/index.js", &b"1"[..]));
    let (other, top) = (("other/index.js", &b"2"[..]), ("README", &b"3"[..]));
    assert_eq!(told("x.tgz", &[package, index, top]), []);
    assert_eq!(told("x.tgz", &[index, other]), []);
    assert_eq!(told("x.txz", &[package, other]), []);
    let (deploy, main) = (("server/package.json", &b"{}"[..]), ("client/main.py", &b"4"[..]));
    assert_eq!(told("deploy.tgz", &[deploy, main]), []);
    let below =
        [("./package.json", &b"{}"[..]), ("./cjs/package.json", b"{}"), ("./cjs/a.js", b"1"), ("./esm/a.js", b"2")];
    assert_eq!(told("dual.tgz", &below), []);
    for members in [[package, index, other], [other, index, package]] {
        assert_eq!(told("x.tgz", &members), [(NoteKind::OddPackage, "x.tgz".to_owned())]);
        assert_eq!(told("x.tar.gz", &members), [(NoteKind::OddPackage, "x.tar.gz".to_owned())]);
    }
    let server = ("server/index.js", &b"5"[..]);
    assert_eq!(told("x.tgz", &[deploy, server, other]), [(NoteKind::OddPackage, "x.tgz".to_owned())]);
}

#[test]
fn a_package_of_npm_that_is_the_artifact_has_one_folder() {
    // fail: as `npm pack` makes it, or named so; packed or not; pass: other archives of several folders
    let told = |name: &str, members: &[(&str, &[u8])]| {
        let tar = tar_of(members);
        let [packed, plain] = [open(name, &gzip(&tar)), open(name, &tar)].map(|facts| refusals(&facts));
        assert_eq!(packed, plain);
        packed
    };
    let (package, index) = (("package/package.json", &b"{}"[..]), ("package/index.js", &b"1"[..]));
    let (other, top) = (("other/index.js", &b"2"[..]), ("README", &b"3"[..]));
    let (server, client) = (("server/package.json", &b"{}"[..]), ("client/package.json", &b"{}"[..]));
    let odd = [(NoteKind::OddPackage, String::new())];
    for (name, members) in [
        ("x.tgz", &[package, index, other][..]),
        ("some/x.TGZ", &[other, index, package]),
        ("left-pad-1.3.0.tgz", &[package, index, other]),
        ("left-pad-1.3.0.tgz", &[server, ("server/index.js", b"4"), other]),
        ("left-pad-1.3.0.tar.gz", &[package, index, other]),
        ("x.tar", &[package, index, other]),
        ("x.tgz", &[package, index, ("./index.js", b"4")]),
        ("left-pad-1.3.0.tgz", &[package, index, ("./new.js", b"4")]),
    ] {
        assert_eq!(told(name, members), odd, "{name} {members:?}");
    }
    // Noted for their spelling, too.
    for path in ["/index.js", "other//index.js"] {
        let told = told("x.tgz", &[package, index, (path, b"4")]);
        assert!(told.contains(&(NoteKind::OddPackage, String::new())), "{told:?}");
    }
    for (name, members) in [
        ("x.tgz", &[package, index, top][..]),
        ("x.tgz", &[index, other]),
        ("x.tgz", &[server, client]),
        ("x.tar.zst", &[package, other]),
        ("left-pad-1.3.0.tgz", &[server, top]),
        ("shop-1.2.3.tgz", &[server, client, ("server/a.js", b"1"), ("client/b.js", b"2")]),
        (
            "dual-1.2.3.tgz",
            &[("./package.json", b"{}"), ("./cjs/package.json", b"{}"), ("./cjs/a.js", b"1"), ("./esm/a.js", b"2")],
        ),
        ("linux-6.1.0.tgz", &[index, other]),
    ] {
        assert_eq!(told(name, members), [], "{name}");
    }
}

#[test]
fn sizes_of_gigabytes_without_bytes_are_refused_at_once() {
    // fail: 4 GiB less two that are not there, in either header and in zip64
    for claim in [0xffff_fffe, u32::MAX] {
        let zip = with(|entry| entry.both(|header| (header.size, header.packed) = (claim, claim)));
        assert!(!refusals(&open("a.zip", &zip)).is_empty());
    }
    let mut entry = Entry::stored("b", b"bbbb");
    let zip64 = [&[1, 0, 16, 0][..], &(1_u64 << 50).to_le_bytes(), &(1_u64 << 50).to_le_bytes()].concat();
    entry.both(|header| (header.size, header.packed, header.extra) = (u32::MAX, u32::MAX, zip64.clone()));
    refused(&Zip::of(vec![entry]).bytes(), NoteKind::InsideCut, "");
}

#[test]
fn what_is_cut_or_damaged_is_refused_at_any_byte() {
    // fail: every cut of a zip, of a packed tar, of a package; no members are listed of them
    let zip = Zip::of(vec![Entry::deflated("a", b"aaaa"), Entry::streamed("b", b"bbbb", false)]).bytes();
    let tgz = gzip(&tar_of(&[("a", b"1")]));
    let deb = package(&[("debian-binary", b"2.0\n"), ("control.tar.gz", &tgz), ("data.tar.gz", &tgz)]);
    for (name, bytes, from) in [("a.zip", &zip, 4), ("a.tgz", &tgz, 4), ("a.deb", &deb, 21)] {
        for length in from..bytes.len() {
            let cut = &bytes[..length];
            let facts = open("outer.tar", &tar_of(&[(name, cut)]));
            let refusals = refusals(&facts);
            assert!(!refusals.is_empty(), "{name} cut at {length}");
            // Between two members of a package it ends well, and lacks one.
            let lacks_one = refusals == [(NoteKind::OddPackage, name.to_owned())];
            assert!(lacks_one || inside(&facts, cut).is_none(), "{name} cut at {length}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_or_changes_nothing_that_matters() {
    // fail: a file whose bit was flipped and that lists other members than before, without a word
    let zip = Zip::of(vec![Entry::deflated("a", b"aaaa"), Entry::streamed("b", b"bbbb", true)]).bytes();
    let before = open("a.zip", &zip);
    let members = inside(&before, &zip).unwrap().members.clone();
    let contents = |members: &[lasthand_artifact::Member]| -> Vec<_> {
        members.iter().map(|member| (member.path.clone(), member.sha256)).collect()
    };
    for at in 0..zip.len() * 8 {
        let mut flipped = zip.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        // A length that was flipped can be over a limit.
        let Ok(facts) = open_under("a.zip", &flipped, &Limits::DEFAULT) else { continue };
        if let Some(inside) = inside(&facts, &flipped)
            && refusals(&facts).is_empty()
        {
            assert_eq!(contents(&inside.members), contents(&members), "bit {at}");
        }
    }
}

/// An `ar` archive.
fn package(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        bytes.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len()).into_bytes());
        bytes.extend(*content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

#[test]
fn a_package_with_other_members_than_its_format_has_is_refused() {
    // pass: three members, a `_` between; fail: two of data, another order, one too many, one that is packed otherwise than it says, a
    // padding byte, a long name, sixty-five members
    let tar = tar_of(&[("a", b"1")]);
    let tgz = gzip(&tar);
    let version = ("debian-binary", &b"2.0\n"[..]);
    let (control, data) = (("control.tar.gz", tgz.as_slice()), ("data.tar.gz", tgz.as_slice()));
    let told = |members: &[(&str, &[u8])]| refusals(&open("outer.tar", &tar_of(&[("a.deb", &package(members))])));
    assert_eq!(told(&[version, control, data]), []);
    assert_eq!(told(&[version, control, ("_odd", b"x"), data]), []);
    assert_eq!(told(&[version, ("control.tar", &tar), ("data.tar", &tar)]), []);
    let odd = |members: &[(&str, &[u8])], place: &str| {
        let told = told(members);
        assert!(told.contains(&(NoteKind::OddPackage, place.to_owned())), "{place}: {told:?}");
    };
    odd(&[version, control, data, data], "a.deb");
    odd(&[version, data, control], "a.deb");
    odd(&[version, control], "a.deb");
    odd(&[version, control, data, ("extra", b"x")], "a.deb");
    odd(&[version, control, ("data.tar", &tgz)], "a.deb!/data.tar");
    odd(&[version, control, ("data.tar.xz", &tgz)], "a.deb!/data.tar.xz");
    odd(&[version, control, ("data.tar.gz", &tar)], "a.deb!/data.tar.gz");
    let mut padded = package(&[version, ("_odd", b"x"), control, data]);
    let at = padded.windows(3).position(|window| window == b"`\nx").unwrap() + 3;
    padded[at] = b'!';
    let told_of = |bytes: &[u8]| refusals(&open("outer.tar", &tar_of(&[("a.deb", bytes)])));
    assert!(told_of(&padded).contains(&(NoteKind::OddPackage, "a.deb!/_odd".to_owned())));
    assert!(
        told(&[version, ("#1/20", b"x"), control, data]).contains(&(NoteKind::InsideMalformed, "a.deb".to_owned()))
    );
    let many: Vec<(&str, &[u8])> = std::iter::once(version).chain(std::iter::repeat_n(("_", &b""[..]), 64)).collect();
    assert!(told(&many).contains(&(NoteKind::InsideMalformed, "a.deb".to_owned())));
}

#[test]
fn a_gem_with_two_parts_of_data_is_refused() {
    // fail: readers take the first or the last; pass: one, under a name in capitals too
    let part = |content: &[u8]| gzip(&tar_of(&[("lib/a.rb", content)]));
    let (first, second) = (part(b"1"), part(b"2"));
    let facts = open("outer.tar", &tar_of(&[("x.gem", &tar_of(&[("data.tar.gz", &first), ("data.tar.gz", &second)]))]));
    assert!(refusals(&facts).contains(&(NoteKind::OddPackage, "x.gem!/data.tar.gz".to_owned())));
    let gem = tar_of(&[("data.tar.gz", &first)]);
    let facts = open("outer.tar", &tar_of(&[("X.GEM", &gem)]));
    assert_eq!(refusals(&facts), []);
    assert!(inside(&facts, &gem).unwrap().find(b"data.tar.gz!/lib/a.rb").is_some());
}

#[test]
fn a_file_of_two_forms_is_refused() {
    // fail: a header of tar over the first header of a zip
    let mut bytes = tar_of(&[("PK__________________________________________________", b"1")]);
    bytes[..4].copy_from_slice(b"PK\x03\x04");
    let mut header = tar::Header::from_byte_slice(&bytes[..512]).clone();
    header.set_cksum();
    bytes[..512].copy_from_slice(header.as_bytes());
    let facts = open("outer.tar", &tar_of(&[("x", &bytes)]));
    assert_eq!(refusals(&facts), [(NoteKind::TwoForms, "x".to_owned())]);
    // A header of tar in the extra field of a gzip file: `tar xf` unpacks the one, `tar xzf` the other.
    bytes[..12].copy_from_slice(&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0xf4, 1]);
    let mut header = tar::Header::from_byte_slice(&bytes[..512]).clone();
    header.set_cksum();
    let polyglot = [header.as_bytes().as_slice(), &gzip(&tar_of(&[("a", b"1")]))[10..]].concat();
    for name in ["x.tgz", "x", "x.tar"] {
        let facts = open("outer.tar", &tar_of(&[(name, &polyglot)]));
        assert_eq!(refusals(&facts), [(NoteKind::TwoForms, name.to_owned())]);
    }
}

#[test]
fn archives_inside_archives_inside_are_not_followed() {
    // pass: a zip in a zip in a tar is told and not opened, however deep it goes
    let mut zip = Zip::of(vec![Entry::stored("deepest", b"1")]).bytes();
    for _ in 0..20 {
        zip = Zip::of(vec![Entry::stored("a.zip", &zip)]).bytes();
    }
    let facts = open("outer.tar", &tar_of(&[("a.zip", &zip)]));
    assert_eq!(facts.inside.len(), 1);
    assert_eq!(inside(&facts, &zip).unwrap().members.len(), 1);
    assert!(refusals(&facts).is_empty());
    let told: Vec<_> = facts.notes.iter().map(|note| (note.kind, note.path.clone())).collect();
    assert_eq!(told, [(NoteKind::NotOpened, b"a.zip!/a.zip".to_vec())]);
}
