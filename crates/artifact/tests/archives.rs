//! Archives made in memory: what is read back, what is refused, what is noted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, MemoryBlob, NoteKind, read};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use proptest::prelude::*;
use tar::{Builder, EntryType as Type, Header};

fn read_bytes(bytes: &[u8], kind: Option<Kind>) -> Result<ArtifactFacts, ArtifactError> {
    read(&MemoryBlob::new("test", bytes.to_vec()), kind, &Limits::DEFAULT, &mut |_| {})
}

fn header(path: &[u8], entry_type: Type, size: usize) -> Header {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_entry_type(entry_type);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_uid(7);
    header.set_gid(8);
    header.set_cksum();
    header
}

/// Header blocks and contents, without an end marker.
fn raw(entries: &[(&[u8], Type, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, entry_type, content) in entries {
        bytes.extend_from_slice(header(path, *entry_type, content.len()).as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes
}

fn ended(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn archive(entries: &[(&[u8], Type, &[u8])]) -> Vec<u8> {
    ended(raw(entries))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length =
        (1..).map(|digits: usize| rest.len() + digits).find(|length| length.to_string().len() + rest.len() == *length);
    format!("{}{rest}", length.unwrap())
}

fn noisy(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let step = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

fn good() -> Vec<u8> {
    let noise = noisy(40_000);
    archive(&[(b"d/", Type::Directory, b""), (b"d/a", Type::Regular, &noise), (b"d/b", Type::Regular, b"bb")])
}

fn notes(bytes: &[u8]) -> Vec<NoteKind> {
    read_bytes(bytes, Some(Kind::Tar)).unwrap().notes.iter().map(|note| note.kind).collect()
}

fn check_error(bytes: &[u8], kind: Kind, fits: impl Fn(&ArtifactError) -> bool) {
    let error = read_bytes(bytes, Some(kind)).unwrap_err();
    assert!(fits(&error), "{error:?}");
    assert!(!error.hints().is_empty());
    assert!(error.to_string().contains("test"));
}

/// A zstd frame of one raw block (RFC 8878, section 3.1.1) that states its content's size in so many bytes.
fn raw_frame(content: &[u8], bytes: usize, stated: u64) -> Vec<u8> {
    let (flag, less) =
        [(1, (0, 0)), (2, (1, 256)), (4, (2, 0)), (8, (3, 0))].iter().find(|(of, _)| *of == bytes).unwrap().1;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, flag << 6 | 0x20];
    frame.extend_from_slice(&(stated - less).to_le_bytes()[..bytes]);
    frame.extend_from_slice(&((content.len() as u32) << 3 | 1).to_le_bytes()[..3]);
    frame.extend_from_slice(content);
    frame
}

#[test]
fn a_zstd_frame_is_what_it_says_of_itself() {
    // pass: the stated size in 1, 2, 4 and 8 bytes, the checksum, frames that are passed over; fail: one byte more or less, a checksum of
    // which any bit is flipped, a frame to pass over that is cut
    let read = |bytes: &[u8]| read_bytes(bytes, None).map(|facts| facts.inventory.len());
    // The frames before it have the bytes before the last `bytes` of them.
    let tar = archive(&[(b"a", Type::Regular, b"reviewed")]);
    for (bytes, length) in [(1, 200), (2, 300), (4, 300), (8, 300)] {
        let (rest, last) = tar.split_at(tar.len() - length);
        let with = |stated: u64| [zstd(rest), raw_frame(last, bytes, stated)].concat();
        assert_eq!(read(&with(length as u64)).unwrap(), 1, "{bytes}");
        for wrong in [length as u64 - 1, length as u64 + 1] {
            assert!(matches!(read(&with(wrong)), Err(ArtifactError::Compression { .. })), "{bytes} {wrong}");
        }
    }
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(&tar).unwrap();
    let summed = encoder.finish().unwrap();
    assert_eq!(read(&summed).unwrap(), 1);
    for bit in 0..32 {
        let mut flipped = summed.clone();
        let at = flipped.len() - 4 + bit / 8;
        flipped[at] ^= 1 << (bit % 8);
        assert!(matches!(read(&flipped), Err(ArtifactError::Compression { .. })), "bit {bit}");
    }
    let skipped = [&[0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let (first, second) = tar.split_at(700);
    let whole = [&skipped[..], &zstd(first), &skipped, &zstd(second), &skipped].concat();
    assert_eq!(read(&whole).unwrap(), 1);
    for cut in 1..skipped.len() {
        assert!(read(&whole[..whole.len() - cut]).is_err(), "{cut} bytes are missing");
    }
}

/// Text of small letters, whose streams of literals are worth packing.
fn letters(length: usize) -> Vec<u8> {
    noisy(length).iter().map(|byte| b"etaoin shrdlu\n"[usize::from(*byte) % 14]).collect()
}

#[test]
fn a_damaged_zstd_frame_is_refused_or_read_as_libzstd_reads_it() {
    // SECURITY: a decoder that does not ask whether each stream of literals ends where its content does reads some of these frames, and as
    // something else than libzstd does.
    let packed = zstd::bulk::compress(&archive(&[(b"notes", Type::Regular, &letters(7000))]), 3).unwrap();
    let (mut read, mut refused) = (0, 0);
    for bit in 0..packed.len() * 8 {
        let mut damaged = packed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let ours = read_bytes(&damaged, Some(Kind::TarZstd)).map(|facts| facts.inventory);
        let theirs = zstd::decode_all(&damaged[..]).map(|plain| read_bytes(&plain, Some(Kind::Tar)));
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs.unwrap().inventory, "bit {bit}");
                read += 1;
            }
            (Ok(_), Err(error)) => panic!("bit {bit}: libzstd refuses it: {error}"),
            (Err(_), Ok(Ok(_))) => refused += 1,
            (Err(_), _) => {}
        }
    }
    assert!(read > 100, "{read} damaged frames were read by both");
    assert!(refused > 0 || cfg!(feature = "fast-inflate"), "libzstd read no frame that is refused here");
}

/// A tar archive whose first bytes are these: the name of its first entry.
fn tar_beginning_with(magic: &[u8]) -> Vec<u8> {
    let name = [magic, &b"______________"[magic.len()..]].concat();
    archive(&[(&name, Type::Regular, b""), (b"hidden", Type::Regular, b"what GNU tar unpacks")])
}

/// A gzip file whose extra field holds the rest of an archive that begins where the file begins (RFC 1952, section 2.3.1.1).
fn gzip_in_a_tar(content: &[u8]) -> Vec<u8> {
    let length = tar_beginning_with(b"").len() - 12;
    let mut bytes =
        tar_beginning_with(&[&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3][..], &(length as u16).to_le_bytes()].concat());
    // After a header of ten bytes: the deflated stream, checksum and size.
    bytes.extend_from_slice(&gzip(content)[10..]);
    bytes
}

/// A header of the old form without one NUL: text to a reader that looks for uuencoded lines.
fn text_header() -> Vec<u8> {
    let mut block = vec![b' '; 512];
    block[..100].fill(b'n');
    for (at, field) in
        [(100, "0000644"), (108, "0000000"), (116, "0000000"), (124, "00000000000"), (136, "00000000000")]
    {
        block[at..at + field.len()].copy_from_slice(field.as_bytes());
    }
    block[156] = b'0';
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}  ").as_bytes());
    ended(block)
}

/// The same with a skippable frame (RFC 8878, section 3.1.2).
fn zstd_in_a_tar(content: &[u8]) -> Vec<u8> {
    let length = tar_beginning_with(b"").len() - 8;
    let mut bytes = tar_beginning_with(&[&[0x50, 0x2a, 0x4d, 0x18][..], &(length as u32).to_le_bytes()].concat());
    bytes.extend_from_slice(&zstd(content));
    bytes
}

#[test]
fn a_file_that_is_a_tar_and_something_else_at_once_is_refused() {
    // fail: a compressed stream in whose header another archive lies, which GNU tar unpacks; a tar that begins as a zip, or as what
    // bsdtar takes for a compressed stream; pass: a compressed stream with an extra field or a skippable frame of anything else
    let clean = archive(&[(b"a", Type::Regular, b"reviewed")]);
    let magics: &[&[u8]] = &[
        b"PK\x03\x04",
        b"\xfd7zXZ\0",
        b"BZh91AY&SY",
        b"\x04\x22\x4d\x18",
        b"\x02\x21\x4c\x18",
        b"WARC/1.0",
        b"LRZI\0\x06",
        b"MSCF\0\0\0\0\x2c",
        b"\x5d\0\0\x80\0",
        b"\x5d\0\0\0\0\xff",
        b"a\0\x10\0\0",
        b"b\0\0\x30\0",
        b"!<arch>\n",
    ];
    let mut both = vec![gzip_in_a_tar(&clean), zstd_in_a_tar(&clean), text_header()];
    both.extend(magics.iter().map(|magic| tar_beginning_with(magic)));
    // One compression deeper: some readers unpack as often as they find something packed.
    let deeper: Vec<_> = both.iter().flat_map(|bytes| [gzip(bytes), zstd(bytes)]).collect();
    for bytes in deeper {
        let facts = read_bytes(&bytes, None).unwrap();
        assert!(facts.refusals().any(|note| note.kind == NoteKind::TwoForms));
    }
    for bytes in both {
        let facts = read_bytes(&bytes, None).unwrap();
        assert!(facts.refusals().any(|note| note.kind == NoteKind::TwoForms), "{}", bytes[..8].escape_ascii());
        let asked = read_bytes(&bytes, Some(Kind::File)).unwrap();
        assert!(asked.notes.is_empty(), "a file by itself is its bytes");
    }
    let mut padded = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 2, 0, b'x', b'x'];
    padded.extend_from_slice(&gzip(&clean)[10..]);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, b'x', b'x'][..], &zstd(&clean)].concat();
    for bytes in [padded, skipped] {
        assert_eq!(read_bytes(&bytes, None).unwrap().notes, []);
    }
    for name in [&b"BZhang/"[..], b"WARC/", b"WARC/a/", b"LRZI", b"LRZIP.md", b"MSCF", b"]", b"^", b"ab", b"]]]]]"] {
        assert_eq!(notes(&archive(&[(name, Type::Directory, b"")])), [], "{}", name.escape_ascii());
    }
}

#[test]
fn the_three_wrappings_list_the_same_files() {
    // pass: one inventory; the digest is of the bytes as shipped
    let tar = good();
    let plain = read_bytes(&tar, None).unwrap();
    assert_eq!((plain.kind, plain.digest.0, plain.size), (Kind::Tar, Sha256::of(&tar), tar.len() as u64));
    let file = plain.inventory.find(b"d/a").unwrap();
    assert_eq!((file.size, file.uid, file.gid, file.mode), (40_000, 7, 8, 0o644));
    assert_eq!(file.sha256.unwrap().0, Sha256::of(&noisy(40_000)));
    for (bytes, kind) in [(gzip(&tar), Kind::TarGzip), (zstd(&tar), Kind::TarZstd)] {
        let packed = read_bytes(&bytes, None).unwrap();
        assert_eq!((packed.kind, packed.digest.0, packed.size), (kind, Sha256::of(&bytes), bytes.len() as u64));
        assert_eq!(packed.inventory, plain.inventory);
    }
}

#[test]
fn a_cut_archive_is_an_error_or_noted_at_every_64th() {
    // fail: never a shorter inventory without a word; between two entries, or in padding, Go takes the cut for the end
    let tar = good();
    for (bytes, kind) in [(tar.clone(), Kind::Tar), (gzip(&tar), Kind::TarGzip), (zstd(&tar), Kind::TarZstd)] {
        for part in 0..64 {
            let cut = &bytes[..bytes.len() * part / 64];
            let told = |facts: &ArtifactFacts| {
                let ends = [NoteKind::MissingEndMarker, NoteKind::CutPadding, NoteKind::ShortEndMarker];
                kind == Kind::Tar && facts.notes.iter().any(|note| ends.contains(&note.kind))
            };
            assert!(
                read_bytes(cut, Some(kind)).is_ok_and(|facts| told(&facts)) || read_bytes(cut, Some(kind)).is_err()
            );
            // Without a stated kind too little of it may be left to know an archive by; then it is a file, never an archive.
            assert!(
                read_bytes(cut, None).map_or(true, |facts| told(&facts) || (facts.kind == Kind::File && part < 2)),
                "{kind} {part}/64"
            );
        }
        assert!(read_bytes(&bytes, Some(kind)).is_ok());
    }
}

#[test]
fn the_end_marker_is_needed_and_ends_the_archive() {
    // pass: none, and one block, each with a note; refused: bytes behind it; fail: a zero block between entries
    let bytes = raw(&[(b"a", Type::Regular, b"a")]);
    assert_eq!(notes(&bytes), [NoteKind::MissingEndMarker]);
    assert_eq!(notes(&bytes[..600]), [NoteKind::CutPadding]);
    let mut short = bytes.clone();
    short.resize(bytes.len() + 512, 0);
    assert_eq!(notes(&short), [NoteKind::ShortEndMarker]);
    let more = [ended(bytes.clone()), archive(&[(b"hidden", Type::Regular, b"x")])].concat();
    assert_eq!(notes(&more), [NoteKind::AfterEndMarker]);
    assert!(read_bytes(&more, None).unwrap().inventory.find(b"hidden").is_none());
    let gap = [short, bytes].concat();
    check_error(&gap, Kind::Tar, |error| matches!(error, ArtifactError::Malformed { .. }));
}

#[test]
fn compressed_streams_are_read_whole_or_not_at_all() {
    // pass: members and frames in a row; fail: garbage behind, damage, another kind than asked for
    let tar = good();
    let (head, tail) = tar.split_at(700);
    for (bytes, kind) in
        [([gzip(head), gzip(tail)].concat(), Kind::TarGzip), ([zstd(head), zstd(tail)].concat(), Kind::TarZstd)]
    {
        assert_eq!(read_bytes(&bytes, None).unwrap().inventory, read_bytes(&tar, None).unwrap().inventory);
        for garbage in
            [&b"g"[..], b"\0\0\0\0", b"garbage that is longer than a header", &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f]]
        {
            check_error(&[&bytes, garbage].concat(), kind, |error| matches!(error, ArtifactError::Compression { .. }));
        }
        check_error(&bytes, Kind::Tar, |error| matches!(error, ArtifactError::WrongKind { .. }));
    }
    let mut damaged = gzip(&tar);
    let at = damaged.len() - 6;
    damaged[at] ^= 1;
    check_error(&damaged, Kind::TarGzip, |error| matches!(error, ArtifactError::Compression { .. }));
}

#[test]
fn codes_that_no_gzip_stream_may_have_are_refused() {
    // fail: 286 and 287 of a fixed block, which one decoder takes for the end of the block and another one for a match
    for code in [0b1100_0110_u16, 0b1100_0111] {
        let mut bits: Vec<bool> = vec![true, true, false];
        bits.extend((0..8).rev().map(|at| code >> at & 1 == 1));
        bits.extend([false; 21]);
        let packed = bits.chunks(8).map(|bits| (0..).zip(bits).map(|(at, bit)| u8::from(*bit) << at).sum::<u8>());
        let mut stream = gzip(&good());
        let empty = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..], &packed.collect::<Vec<u8>>(), &[0; 8]].concat();
        stream.extend(&empty);
        check_error(&stream, Kind::TarGzip, |error| matches!(error, ArtifactError::Compression { .. }));
    }
}

#[test]
fn a_long_name_in_a_gzip_header_is_refused_as_go_refuses_it() {
    // pass: 511 bytes; fail: 512, of a name or a comment
    let packed = |flag: u8, length: usize| {
        let plain = gzip(&good());
        let field = [&vec![b'n'; length][..], b"\0"].concat();
        [&[0x1f, 0x8b, 8, flag][..], &plain[4..10], &field, &plain[10..]].concat()
    };
    for flag in [1 << 3, 1 << 4] {
        assert!(read_bytes(&packed(flag, 511), None).is_ok());
        check_error(&packed(flag, 512), Kind::TarGzip, |error| matches!(error, ArtifactError::Compression { .. }));
    }
}

#[test]
fn extension_headers_are_bounded_together() {
    // fail: headers that are small one by one, all of one archive, whatever they say
    let record = b"12 comment=\n";
    let header = |records: usize| {
        let content = record[..].repeat(records);
        let mut header = Header::new_ustar();
        header.set_entry_type(Type::XHeader);
        header.set_path("x").unwrap();
        header.set_size(content.len() as u64);
        header.set_cksum();
        let padding = vec![0; (512 - content.len() % 512) % 512];
        [header.as_bytes().to_vec(), content, padding].concat()
    };
    let whole = [header(100).repeat(30), good()].concat();
    let read_under = |extension_bytes: u64| {
        let limits = Limits { extension_bytes, ..Limits::DEFAULT };
        lasthand_artifact::read(&MemoryBlob::new("test", whole.clone()), Some(Kind::Tar), &limits, &mut |_| {})
    };
    // 12 bytes of each of 3,000 records and 96 of all but 16 of a header, less a quarter of what lies before the last header.
    assert!(read_under(276_000).is_ok());
    for limit in [252_000, 20_000] {
        let refused = read_under(limit);
        assert!(
            matches!(&refused, Err(ArtifactError::OverLimit { what: "bytes of all extension headers", .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn small_entries_with_ordinary_records_are_read_however_many_they_are() {
    // pass: empty files with what libarchive writes of each, links whose two names are long, files with nine records; nothing of it is over
    // what lies before
    let stat = ["mtime", "atime", "ctime", "LIBARCHIVE.creationtime"].map(|key| record(key, "1700000000.123456789"));
    let device = ["SCHILY.dev", "SCHILY.ino", "SCHILY.nlink"].map(|key| record(key, "16777231"));
    let attributes: String = (0..6).map(|number| record(&format!("SCHILY.xattr.user.{number}"), "value")).collect();
    let long = "some/long/folder/".repeat(10);
    let links = [record("path", &long), record("linkpath", &long)].concat();
    for (records, entry_type, content) in [
        ([stat.concat(), device.concat()].concat(), Type::Regular, &b""[..]),
        (links, Type::Symlink, b""),
        ([stat[..3].concat(), attributes].concat(), Type::Regular, &[b'x'; 500]),
    ] {
        let entry: [(&[u8], Type, &[u8]); 2] = [(b"x", Type::XHeader, records.as_bytes()), (b"a", entry_type, content)];
        let whole = archive(&entry.repeat(2_000));
        let limits = Limits { extension_bytes: 1_000, ..Limits::DEFAULT };
        let found = lasthand_artifact::read(&MemoryBlob::new("test", whole), Some(Kind::Tar), &limits, &mut |_| {});
        assert!(found.is_ok(), "{:?}", found.map(|_| ()));
    }
}

#[test]
fn a_pax_header_has_thousands_of_keys_at_most() {
    // pass: 4,096 keys, and one of them ten thousand times; fail: one key more, also in a global header
    let keys = |count: usize| (0..count).map(|key| record(&format!("k{key}"), "v")).collect::<String>();
    let read = |entry_type: Type, records: &str| {
        read_bytes(&archive(&[(b"x", entry_type, records.as_bytes()), (b"a", Type::Regular, b"1")]), None)
    };
    for entry_type in [Type::XHeader, Type::XGlobalHeader] {
        assert!(read(entry_type, &keys(4_096)).is_ok());
        assert!(read(entry_type, &(keys(4_096) + &record("k0", "v").repeat(10_000))).is_ok());
        let refused = read(entry_type, &keys(4_097));
        assert!(matches!(&refused, Err(ArtifactError::OverLimit { what: "keys of a pax header", limit: 4_096, .. })));
    }
}

#[test]
fn a_stream_in_a_stream_is_a_file_with_a_note() {
    // pass: some readers unwrap both
    let (xz, bzip2) = (b"\xfd7zXZ\0...".to_vec(), b"BZh91AY&SY...".to_vec());
    for inner in [gzip(&good()), zstd(&good()), xz, bzip2] {
        let facts = read_bytes(&gzip(&inner), None).unwrap();
        assert_eq!(facts.kind, Kind::File);
        assert_eq!(facts.refusals().map(|note| note.kind).collect::<Vec<_>>(), [NoteKind::NestedCompression]);
    }
    assert_eq!(read_bytes(&gzip(b"BZh is a name"), None).unwrap().refusals().count(), 0);
}

#[test]
fn paths_that_leave_the_root_are_brought_back_and_refused() {
    // pass: `./`; refused: each under its path inside the root, with its reason
    for (path, inside, expected) in [
        (&b"../a"[..], &b"a"[..], &[NoteKind::ParentInPath][..]),
        (b"a/../../b", b"b", &[NoteKind::ParentInPath]),
        (b"/a", b"a", &[NoteKind::AbsolutePath]),
        (b"", b".", &[NoteKind::EmptyName, NoteKind::ReplacedRoot]),
        (b"a//b", b"a/b", &[NoteKind::RewrittenPath]),
    ] {
        let facts = read_bytes(&archive(&[(path, Type::Regular, b"x")]), Some(Kind::Tar)).unwrap();
        let paths: Vec<_> = facts.inventory.records().map(|record| record.path).collect();
        assert_eq!(paths, [inside]);
        assert_eq!(facts.notes.iter().map(|note| note.kind).collect::<Vec<_>>(), expected);
    }
    let facts = read_bytes(&archive(&[(b"/a", Type::Regular, b"x")]), None).unwrap();
    assert_eq!(facts.inventory.records().next().unwrap().xattrs, [(b"absolute-path".to_vec(), Vec::new())]);
    let facts = read_bytes(&archive(&[(b"./", Type::Directory, b""), (b"./a", Type::Regular, b"x")]), None).unwrap();
    assert_eq!(facts.inventory.records().len(), 1);
    assert!(facts.inventory.find(b"a").is_some());
    // The root folder of this archive belongs to whoever packed it.
    assert_eq!(facts.notes.iter().map(|note| note.kind).collect::<Vec<_>>(), [NoteKind::RootEntry]);
    assert_eq!(facts.refusals().count(), 0);
}

#[test]
fn the_last_entry_of_a_path_counts() {
    // pass: a folder or a file listed again, also in another spelling; refused: what unpacking may do in two ways
    let bytes = archive(&[(b"d/", Type::Directory, b""), (b"./d", Type::Directory, b"")]);
    assert_eq!(notes(&bytes), [NoteKind::RepeatedDirectory]);
    for again in [&b"a"[..], b"./a"] {
        let bytes = archive(&[(b"a", Type::Regular, b"x"), (again, Type::Regular, b"longer")]);
        let facts = read_bytes(&bytes, None).unwrap();
        assert_eq!(facts.inventory.find(b"a").unwrap().size, 6);
        assert_eq!(
            facts.notes.iter().map(|note| (note.kind, note.offset)).collect::<Vec<_>>(),
            [(NoteKind::DuplicatePath, 1024)]
        );
    }
    let folder = archive(&[(b"a", Type::Regular, b"x"), (b"a/", Type::Directory, b"")]);
    assert_eq!(notes(&folder), [NoteKind::ReplacedFolder]);
    let fifo = archive(&[(b"a", Type::Fifo, b""), (b"a", Type::Regular, b"x")]);
    assert!(read_bytes(&fifo, None).unwrap().refusals().any(|note| note.kind == NoteKind::ReplacedLink));
}

#[test]
fn links_stay_inside_and_are_noted_when_they_dangle() {
    // pass: a symbolic link as written, a hard link to an earlier file; fail: below a symbolic link
    let mut builder = Builder::new(Vec::new());
    let mut append = |path: &str, entry_type: Type, target: &str| {
        let mut header = header(b"", entry_type, 0);
        builder.append_link(&mut header, path, target).unwrap();
    };
    append("s", Type::Symlink, "/etc");
    append("h", Type::Link, "nowhere");
    append("i", Type::Link, "s");
    let bytes = builder.into_inner().unwrap();
    let facts = read_bytes(&bytes, None).unwrap();
    assert_eq!(facts.inventory.find(b"s").unwrap().link_target, b"/etc");
    let hard = facts.inventory.find(b"h").unwrap();
    assert_eq!((hard.entry_type, hard.sha256, hard.link_target), (EntryType::Hardlink, None, &b"nowhere"[..]));
    let found: Vec<_> = facts.notes.iter().map(|note| note.kind).collect();
    assert_eq!(found, [NoteKind::HardlinkTargetMissing, NoteKind::HardlinkTargetNotFile]);
    let below = [&bytes[..512], &archive(&[(b"s/evil", Type::Regular, b"x")])].concat();
    assert_eq!(notes(&below), [NoteKind::BelowNonDirectory]);
}

#[test]
fn pax_records_apply_to_their_entry_alone() {
    // pass: Go's order; refused: a sparse form that Go does not know, a header without its entry; fail: a bad number
    let pax = |text: &str| -> Vec<u8> { raw(&[(b"pax", Type::XHeader, text.as_bytes())]) };
    let file = archive(&[(b"a", Type::Regular, b"hello")]);
    let text =
        [record("path", "one"), record("path", "two"), record("uid", "70000000"), record("SCHILY.xattr.user.k", "v")]
            .concat();
    let facts = read_bytes(&[pax(&text), file.clone()].concat(), None).unwrap();
    let found = facts.inventory.find(b"two").unwrap();
    assert_eq!((found.uid, found.xattrs), (70_000_000, &[(b"user.k".to_vec(), b"v".to_vec())][..]));
    assert_eq!(facts.notes.iter().map(|note| note.kind).collect::<Vec<_>>(), [NoteKind::RepeatedPaxKey]);

    // SECURITY: the size belongs to the file, not to the long name between.
    let sized = [pax(&record("size", "5")), raw(&[(b"long", Type::GNULongName, b"other\0")]), file.clone()].concat();
    let facts = read_bytes(&sized, None).unwrap();
    assert_eq!(facts.inventory.find(b"other").unwrap().size, 5);

    for text in [record("size", "1x"), record("mtime", "soon"), record("path", "a\0b"), "9 path=x".to_owned()] {
        check_error(&[pax(&text), file.clone()].concat(), Kind::Tar, |error| {
            matches!(error, ArtifactError::Malformed { .. })
        });
    }
    let negative = [pax(&record("uid", "-1")), file.clone()].concat();
    assert_eq!(notes(&negative), [NoteKind::OddNumber]);
    let sparse = [pax(&record("GNU.sparse.name", "x")), file].concat();
    assert_eq!(notes(&sparse), [NoteKind::UnknownSparse]);
    assert_eq!(notes(&ended(pax(&record("path", "x")))), [NoteKind::LostExtension]);
}

#[test]
fn a_negative_size_of_a_header_is_refused_whatever_pax_says() {
    // fail: Go looks at the header's own size before the pax header is applied; pass: on a folder, which has no content
    let pax = raw(&[(b"pax", Type::XHeader, record("size", "5").as_bytes())]);
    let entry = |entry_type, content: &[u8]| {
        let mut header = header(b"a", entry_type, 0);
        header.as_mut_bytes()[124..136].fill(0xff);
        header.set_cksum();
        let mut bytes = [header.as_bytes(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        ended([&pax[..], &bytes].concat())
    };
    check_error(
        &entry(Type::Regular, b"hello"),
        Kind::Tar,
        |error| matches!(error, ArtifactError::Malformed { reason, .. } if reason.contains("negative")),
    );
    assert!(read_bytes(&entry(Type::Directory, b""), None).is_ok());
}

#[test]
fn a_map_of_a_sparse_file_has_as_many_blocks_as_in_go() {
    // pass: 2047 blocks after the header; fail: one more, in all over 1 MiB
    let file = |blocks: usize| {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..1].copy_from_slice(b"a");
        header.set_entry_type(Type::GNUSparse);
        header.set_mode(0o644);
        header.set_size(0);
        header.set_uid(0);
        header.set_gid(0);
        header.as_mut_bytes()[482] = 1;
        header.set_cksum();
        let mut bytes = [header.as_bytes(), &vec![0; blocks * 512][..]].concat();
        for block in 1..blocks {
            // After every block but the last one another one follows.
            bytes[block * 512 + 504] = 1;
        }
        ended(bytes)
    };
    assert_eq!(notes(&file(2047)), [NoteKind::Sparse]);
    check_error(
        &file(2048),
        Kind::Tar,
        |error| matches!(error, ArtifactError::Malformed { reason, .. } if reason.contains("too long")),
    );
}

#[test]
fn an_entry_that_was_read_is_shown_though_its_padding_is_damaged() {
    // fail: the archive; pass: the entry before the error is shown, as Go shows it
    let whole = archive(&[(b"a", Type::Regular, b"x"), (b"b", Type::Regular, b"y")]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(&whole[..600]).unwrap();
    packed.flush().unwrap();
    let cut = packed.get_ref().clone();
    let mut shown = Vec::new();
    let blob = MemoryBlob::new("test", cut);
    let found = lasthand_artifact::list(&blob, Some(Kind::TarGzip), &Limits::DEFAULT, &mut |entry| {
        shown.push(entry.path.to_vec());
    });
    assert!(matches!(found, Err(ArtifactError::Compression { .. })), "{found:?}");
    assert_eq!(shown, [b"a"]);
}

#[test]
fn frames_that_need_a_dictionary_or_much_memory_are_refused() {
    // fail: RFC 8878 section 3.1.1.1: a dictionary id; a window of 256 MiB; pass: the same frame without either
    let empty_block = [1, 0, 0];
    for (header, fine) in [(&[0x20, 0][..], true), (&[0x21, 1, 0], false), (&[0, 0x90], false)] {
        let frame = [&[0x28, 0xb5, 0x2f, 0xfd], header, &empty_block].concat();
        let found = read_bytes(&frame, None);
        assert_eq!(found.is_ok(), fine, "{header:?}: {found:?}");
        let told = matches!(found, Err(ArtifactError::Compression { kind: "zstd", .. }))
            || matches!(found, Err(ArtifactError::OverLimit { what: "bytes of a zstd window", .. }));
        assert!(fine || told, "{found:?}");
    }
}

#[test]
fn global_headers_are_not_applied_and_noted() {
    // pass: the comment of `git archive` is harmless, a path is ambiguous
    let file = archive(&[(b"a", Type::Regular, b"x")]);
    for (text, expected) in
        [(record("comment", "c"), NoteKind::GlobalComment), (record("path", "b"), NoteKind::GlobalHeader)]
    {
        let bytes = [raw(&[(b"g", Type::XGlobalHeader, text.as_bytes())]), file.clone()].concat();
        assert_eq!(notes(&bytes), [expected]);
        assert!(read_bytes(&bytes, None).unwrap().inventory.find(b"a").is_some());
    }
}

#[test]
fn limits_stop_with_their_name() {
    // fail: one over each bound; pass: at the bound
    let bytes = archive(&[(b"abc", Type::Regular, b"x"), (b"abd", Type::Regular, b"x")]);
    let with = |change: fn(&mut Limits)| {
        let mut limits = Limits::DEFAULT;
        change(&mut limits);
        read(&MemoryBlob::new("test", bytes.clone()), None, &limits, &mut |_| {}).map_err(|error| error.to_string())
    };
    assert!(with(|limits| (limits.entries, limits.path_bytes) = (2, 3)).is_ok());
    assert!(with(|limits| limits.metadata_bytes = 6).is_ok());
    let escaped = MemoryBlob::new("test", archive(&[(b"a\xff", Type::Regular, b"")]));
    for (metadata_bytes, is_enough) in [(10, true), (9, false)] {
        let limits = Limits { metadata_bytes, ..Limits::DEFAULT };
        assert_eq!(read(&escaped, None, &limits, &mut |_| {}).is_ok(), is_enough);
    }
    let attribute = record("SCHILY.xattr.user.a", "1");
    let attribute = archive(&[(b"x", Type::XHeader, attribute.as_bytes()), (b"abc", Type::Regular, b"")]);
    for (metadata_bytes, is_enough) in [(3 + 7 + 128, true), (3 + 7 + 127, false)] {
        let limits = Limits { metadata_bytes, ..Limits::DEFAULT };
        let read = read(&MemoryBlob::new("test", attribute.clone()), None, &limits, &mut |_| {});
        assert_eq!(read.is_ok(), is_enough);
    }
    // Rows and offsets have 54 bytes; what lives leaves 192, its own 54 bytes, path and 36 more aside.
    let entries: Vec<_> = (0..4).map(|_| (&b"abc"[..], Type::Regular, &b"x"[..])).collect();
    let replaced = MemoryBlob::new("test", archive(&entries));
    let (alike, notes) = (72, 3 * (160 + 2 * 3));
    let hidden = 3 * (54 + 3) - (192 - 54 - 3 - 36) + alike + notes;
    for (hidden_bytes, is_enough) in [(hidden, true), (hidden - 1, false)] {
        let limits = Limits { hidden_bytes, ..Limits::DEFAULT };
        let read = read(&replaced, None, &limits, &mut |_| {}).map_err(|error| error.to_string());
        assert_eq!(read.is_ok(), is_enough);
        assert!(
            is_enough
                || read.is_err_and(
                    |error| error.contains(&format!("entries that others hide, and notes, take {hidden} bytes"))
                )
        );
    }
    for (found, what) in [
        (with(|limits| limits.entries = 1), "entries over the limit of 1"),
        (with(|limits| limits.path_bytes = 2), "bytes of a path over the limit of 2"),
        (with(|limits| limits.metadata_bytes = 5), "bytes of all paths and attributes over the limit of 5"),
        (with(|limits| limits.archive_bytes = 1000), "bytes of the artifact over the limit of 1000"),
    ] {
        assert!(found.as_ref().is_err_and(|error| error.contains(what)), "{found:?}");
    }
    let large = archive(&[(b"z", Type::Regular, &vec![0; 3 << 20])]);
    let limits = Limits { inflate_ratio: 10, inflate_free_bytes: 2 << 20, ..Limits::DEFAULT };
    for packed in [gzip(&large), zstd(&large)] {
        let error = read(&MemoryBlob::new("test", packed), None, &limits, &mut |_| {}).unwrap_err();
        assert!(matches!(error, ArtifactError::OverLimit { limit: 10, .. }), "{error:?}");
    }
    let mut huge = header(b"a", Type::Regular, 0);
    huge.set_size(1 << 62);
    huge.set_cksum();
    check_error(huge.as_bytes(), Kind::Tar, |error| matches!(error, ArtifactError::OverLimit { .. }));
}

#[test]
fn a_source_that_lies_about_its_length_is_an_error() {
    // fail: fewer bytes than stated
    struct Short;
    impl lasthand_artifact::BlobSource for Short {
        fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
            Ok(Box::new(&b"abc"[..]))
        }
        fn name(&self) -> &'static str {
            "short"
        }
        fn len(&self) -> Option<u64> {
            Some(4)
        }
    }
    let found = read(lasthand_artifact::Source::Blob(&Short), None, &Limits::DEFAULT, &mut |_| {});
    assert!(matches!(found, Err(ArtifactError::LengthDiffers { expected: 4, got: 3, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_tar_crate_writes_is_read_back(
        files in prop::collection::btree_map("[a-z]{1,12}(/[a-z]{1,60}){0,3}\\.[a-z]", (prop::collection::vec(any::<u8>(), 0..2000), 0u32..0o1000, 0u64..3_000_000), 0..12),
        gnu in any::<bool>(),
    ) {
        // pass: every field equal, in any wrapping
        let mut builder = Builder::new(Vec::new());
        for (path, (content, mode, uid)) in &files {
            let mut header = if gnu { Header::new_gnu() } else { Header::new_ustar() };
            header.set_size(content.len() as u64);
            header.set_mode(*mode);
            header.set_uid(if gnu { *uid } else { uid % 0o7_777_777 });
            header.set_gid(5);
            builder.append_data(&mut header, path, content.as_slice()).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let facts = read_bytes(&bytes, Some(Kind::Tar)).unwrap();
        prop_assert_eq!(facts.inventory.records().len(), files.len());
        for (path, (content, mode, uid)) in &files {
            let found = facts.inventory.find(path.as_bytes()).unwrap();
            let uid = if gnu { *uid } else { uid % 0o7_777_777 };
            prop_assert_eq!((found.mode, found.uid, found.gid, found.size), (*mode, uid, 5, content.len() as u64));
            prop_assert_eq!(found.sha256.unwrap().0, Sha256::of(content));
        }
        prop_assert_eq!(&read_bytes(&gzip(&bytes), Some(Kind::TarGzip)).unwrap().inventory, &facts.inventory);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000), kind in 0usize..6) {
        // pass: an answer or an error, nothing else
        let kinds = [None, Some(Kind::File), Some(Kind::Directory), Some(Kind::Tar), Some(Kind::TarGzip), Some(Kind::TarZstd)];
        let _ = read_bytes(&bytes, kinds[kind]);
    }

    #[test]
    fn a_changed_archive_never_panics(changes in prop::collection::vec((0usize..3000, any::<u8>()), 1..6)) {
        // pass: an answer or an error, also with the checksum made good again
        let mut bytes = [
            raw(&[(b"x", Type::XHeader, record("path", "some/name").as_bytes()), (b"L", Type::GNULongName, b"long/name\0")]),
            archive(&[(b"a", Type::Regular, b"hello")]),
        ].concat();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let _ = read_bytes(&bytes, Some(Kind::Tar));
        for block in bytes.chunks_mut(512) {
            let mut header = Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            if block.iter().any(|byte| *byte != 0) {
                header.set_cksum();
                block.copy_from_slice(header.as_bytes());
            }
        }
        let _ = read_bytes(&bytes, Some(Kind::Tar));
    }
}
