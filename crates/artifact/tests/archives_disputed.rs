//! Archives that readers in use unpack differently: each says so, and what honest writers make does not refuse.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, MemoryBlob, NoteKind, read};
use lasthand_model::limits::Limits;

/// One header block; the checksum is set last.
struct Block([u8; 512]);

impl Block {
    fn new(path: &[u8], typeflag: u8, size: usize) -> Self {
        let mut block = Self([0; 512]);
        for (at, width, value) in [(100, 7, 0o644), (108, 7, 0), (116, 7, 0), (124, 11, size), (136, 11, 0)] {
            block = block.put(at, format!("{value:0width$o}").as_bytes());
        }
        block.put(0, path).put(156, &[typeflag]).put(257, b"ustar\x0000")
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn mode(self, mode: u32) -> Self {
        self.put(100, format!("{mode:07o}").as_bytes())
    }

    fn owner(self, owner: u32) -> Self {
        self.put(108, format!("{owner:07o}").as_bytes())
    }

    fn link(self, target: &[u8]) -> Self {
        self.put(157, target)
    }

    fn gnu(self) -> Self {
        self.put(257, b"ustar  \0")
    }

    fn with(self, content: &[u8]) -> Vec<u8> {
        let block = self.put(148, b"        ");
        let sum: u32 = block.0.iter().map(|byte| u32::from(*byte)).sum();
        let mut bytes = block.put(148, format!("{sum:06o}\0").as_bytes()).0.to_vec();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn alone(self) -> Vec<u8> {
        self.with(b"")
    }
}

fn file(path: &[u8], content: &[u8]) -> Vec<u8> {
    Block::new(path, b'0', content.len()).with(content)
}

/// A pax header of these records.
fn pax(typeflag: u8, records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut content = Vec::new();
    for (key, value) in records {
        let rest = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
        let fits = |digits: &usize| (rest.len() + digits).to_string().len() == *digits;
        let digits = (1..).find(fits).unwrap();
        content.extend_from_slice((rest.len() + digits).to_string().as_bytes());
        content.extend_from_slice(&rest);
    }
    Block::new(b"pax", typeflag, content.len()).with(&content)
}

fn facts(parts: &[Vec<u8>]) -> ArtifactFacts {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len() + 1024, 0);
    read(&MemoryBlob::new("test", bytes), None, &Limits::DEFAULT, &mut |_| {}).unwrap()
}

fn check(parts: &[Vec<u8>], notes: &[NoteKind]) {
    let found: Vec<_> = facts(parts).notes.iter().map(|note| note.kind).collect();
    assert_eq!(found, notes);
}

fn refuses(parts: &[Vec<u8>], kind: NoteKind) {
    let facts = facts(parts);
    assert!(facts.refusals().any(|note| note.kind == kind), "{kind}: {:?}", facts.notes);
}

#[test]
fn a_number_behind_a_nul_is_refused() {
    // fail: Go passes over leading NULs, GNU tar, busybox, Python and BSD tar end at them: of the size they make 0, and read on in the content;
    // in an extension header, too; pass: fields of NULs alone
    let inner = file(b"hidden", b"x");
    let size = format!("{:07o}", inner.len());
    refuses(
        &[Block::new(b"a", b'0', inner.len()).put(124, b"\0\0\0\0").put(128, size.as_bytes()).with(&inner)],
        NoteKind::LeadingNul,
    );
    for (at, digits) in
        [(100, &b"\x000004755"[..]), (108, b"\x00\x000017"), (116, b" \x00000017"), (136, b"\x000000000017")]
    {
        refuses(&[Block::new(b"a", b'0', 1).put(at, digits).with(b"x")], NoteKind::LeadingNul);
    }
    for at in [329, 337] {
        refuses(&[Block::new(b"a", b'3', 0).put(at, b"\x000000017").alone()], NoteKind::LeadingNul);
    }
    let record = b"9 path=b\n";
    for (typeflag, content) in [(b'x', &record[..]), (b'L', b"b\0"), (b'g', b"13 comment=b\n")] {
        let header = Block::new(b"x", typeflag, 0).put(124, format!("\0{:010o}", content.len()).as_bytes());
        refuses(&[header.with(content), file(b"a", b"")], NoteKind::LeadingNul);
    }
    let mut summed = file(b"a", b"");
    summed[148..156].rotate_right(1);
    assert_eq!(summed[148], b' ');
    summed[148] = 0;
    refuses(&[summed], NoteKind::LeadingNul);
    check(&[Block::new(b"a", b'0', 0).put(100, &[0; 24]).alone()], &[]);
}

#[test]
fn the_root_entry_of_a_plain_archive_belongs_to_whoever_packed_it() {
    // pass: `tar -C folder .` of anybody, of a folder of a group; warned: bits that the folder gets that it is unpacked into
    let root = |mode, owner| Block::new(b"./", b'5', 0).mode(mode).owner(owner).alone();
    for (mode, owner, notes) in [
        (0o755, 0, &[][..]),
        (0o755, 1000, &[NoteKind::RootEntry]),
        (0o775, 1000, &[NoteKind::RootEntry]),
        (0o700, 0, &[NoteKind::RootEntry]),
        (0o777, 0, &[NoteKind::OddRootEntry]),
        (0o1777, 1000, &[NoteKind::OddRootEntry]),
        (0o2775, 0, &[NoteKind::OddRootEntry]),
    ] {
        let parts = [root(mode, owner), file(b"./a", b"x")];
        check(&parts, notes);
        assert_eq!(facts(&parts).refusals().count(), 0);
    }
}

#[test]
fn a_name_with_a_nul_is_refused() {
    // fail: Go keeps the whole name of a sparse file, GNU tar and BSD tar cut it and write another file
    let records: &[(&str, &[u8])] = &[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"a\0b"),
        ("GNU.sparse.realsize", b"5"),
    ];
    let stored = [&b"1\n0\n5\n"[..], &[0; 506], b"hello"].concat();
    let entry = file(b"GNUSparseFile.0/a", &stored);
    refuses(&[pax(b'x', records), entry], NoteKind::NulInName);
}

#[test]
fn a_slash_of_one_of_two_names_is_refused() {
    // fail: Python asks the header's name whether the oldest type is a folder, Go the last name; pass: both, none, and a long name whose
    // beginning fills the header's and happens to end in a slash
    let both = |typeflag, own: &[u8], last: &[u8]| [pax(b'x', &[("path", last)]), Block::new(own, typeflag, 0).alone()];
    for (typeflag, own, last) in [(0, &b"d/"[..], &b"f"[..]), (0, b"f", b"d/"), (b'0', b"d/", b"f")] {
        refuses(&both(typeflag, own, last), NoteKind::FolderByHeader);
    }
    check(&both(0, b"d/", b"e/"), &[NoteKind::NamedFolder]);
    check(&both(0, b"d", b"e"), &[]);
    let long = [&[b'd'; 99][..], b"/f"].concat();
    check(&both(b'0', &long[..100], &long), &[]);
    refuses(&both(0, &long[..100], &long), NoteKind::FolderByHeader);
}

#[test]
fn a_prefix_that_not_every_reader_takes_is_refused() {
    // fail: a prefix of star without its NUL, which others read on into the times; the times of GNU, which Python and busybox take for a
    // prefix; bytes in a header of the old form, which Python takes for one; pass: the same without these
    let name = |block: Block| block.put(345, &[b'p'; 131]);
    let star = |block: Block| block.put(476, b"00000000017\0").put(488, b"00000000017\0").put(508, b"tar\0");
    refuses(&[star(name(Block::new(b"a", b'0', 0))).alone()], NoteKind::DisputedPrefix);
    check(&[star(Block::new(b"a", b'0', 0).put(345, b"p")).alone()], &[]);
    refuses(&[Block::new(b"a", b'0', 0).gnu().put(345, b"14000000000\0").alone()], NoteKind::DisputedPrefix);
    refuses(&[Block::new(b"a", b'0', 0).put(257, &[0; 8]).put(345, b"bin").alone()], NoteKind::DisputedPrefix);
    check(&[Block::new(b"a", b'0', 0).put(257, &[0; 8]).alone()], &[NoteKind::OldFormat]);
    check(&[Block::new(b"a", b'0', 0).gnu().alone()], &[]);
    check(&[name(Block::new(b"a", b'0', 0)).alone()], &[]);
}

#[test]
fn sparse_files_of_two_minds_are_refused() {
    // fail: two maps, two sizes, marks of another form, which readers choose from; pass: what GNU tar and BSD tar write
    let stored = [&b"1\n0\n5\n"[..], &[0; 506], b"hello"].concat();
    let form_1 = |more: &[(&'static str, &'static [u8])]| {
        let own: &[(&str, &[u8])] = &[
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", b"s"),
            ("GNU.sparse.realsize", b"5"),
        ];
        [pax(b'x', &[own, more].concat()), file(b"GNUSparseFile.0/s", &stored)]
    };
    check(&form_1(&[]), &[NoteKind::Sparse]);
    for more in [
        &[("GNU.sparse.numblocks", &b"1"[..]), ("GNU.sparse.map", b"0,5")][..],
        &[("GNU.sparse.size", b"5")],
        &[("GNU.sparse.size", b"6")],
        &[("SUN.holesdata", b" 0 3 8")],
        &[("SCHILY.realsize", b"8")],
    ] {
        refuses(&form_1(more), NoteKind::DisputedSparse);
    }
    let form_0 = |more: &[(&'static str, &'static [u8])]| {
        let own: &[(&str, &[u8])] =
            &[("GNU.sparse.size", b"5"), ("GNU.sparse.numblocks", b"1"), ("GNU.sparse.map", b"0,5")];
        [pax(b'x', &[own, more].concat()), file(b"s", b"hello")]
    };
    check(&form_0(&[]), &[NoteKind::Sparse]);
    refuses(&form_0(&[("GNU.sparse.realsize", b"6")]), NoteKind::DisputedSparse);
    refuses(&[pax(b'x', &[("SUN.holesdata", b" 0 3 8")]), file(b"s", b"hello")], NoteKind::UnknownSparse);

    // Start and length, each of 12 bytes, from byte 386; the size at byte 483.
    let old = |regions: &[&[u8]], size: &[u8], stored: &[u8]| {
        let block = Block::new(b"s", b'S', stored.len()).gnu().put(386, &regions.concat()).put(483, size);
        block.with(stored)
    };
    check(&[old(&[b"00000000000\x0000000000005\0"], b"00000000005\0", b"hello")], &[NoteKind::Sparse]);
    for (regions, stored) in [
        (&[&b"\x000000000000\x0000000000005\0"[..]][..], &b""[..]),
        (&[b"00000000000\0\0\0\0\0\0\0\0\0\0\0\0\0", b"00000000000\x0000000000005\0"], b"hello"),
        (&[b"00000000000\0\x000000000005\0"], b"hello"),
    ] {
        refuses(&[old(regions, b"00000000005\0", stored)], NoteKind::DisputedSparse);
    }
    refuses(&[old(&[b"00000000000\x0000000000005\0"], b"\x000000000005\0", b"hello")], NoteKind::DisputedSparse);
    let marked =
        [pax(b'x', &[("GNU.sparse.size", b"5")]), old(&[b"00000000000\x0000000000005\0"], b"00000000005\0", b"hello")];
    refuses(&marked, NoteKind::DisputedSparse);
}

#[test]
fn a_device_of_two_numbers_is_refused() {
    // fail: libarchive takes the pax numbers, Go the header's; pass: the same numbers twice
    let device = |major: &[u8]| {
        let header = Block::new(b"d", b'3', 0).put(329, b"0000001\0").put(337, b"0000003\0").alone();
        [pax(b'x', &[("SCHILY.devmajor", major), ("SCHILY.devminor", b"3")]), header]
    };
    check(&device(b"1"), &[NoteKind::UnappliedPaxKey, NoteKind::SpecialFile]);
    for major in [&b"2"[..], b"one"] {
        refuses(&device(major), NoteKind::DeviceDiffers);
    }
}

#[test]
fn a_hard_link_that_changes_its_target_is_told() {
    // pass: the header of the target again; warned: another mode or owner; fail: set-id bits that the target does not have, or for another
    // owner: Python sets them on the file that both share
    let pair = |target: (u32, u32), link: (u32, u32)| {
        let header = Block::new(b"l", b'1', 0).link(b"t").mode(link.0).owner(link.1);
        [Block::new(b"t", b'0', 0).mode(target.0).owner(target.1).alone(), header.alone()]
    };
    check(&pair((0o644, 7), (0o644, 7)), &[]);
    for link in [(0o755, 7), (0, 7), (0o644, 0)] {
        check(&pair((0o644, 7), link), &[NoteKind::HardlinkHeaderDiffers]);
    }
    check(&pair((0o4755, 7), (0o4755, 7)), &[NoteKind::SetId]);
    check(&pair((0o4755, 7), (0o755, 7)), &[NoteKind::SetId, NoteKind::HardlinkHeaderDiffers]);
    for (target, link) in [((0o644, 7), (0o6755, 7)), ((0o2755, 0), (0o4755, 0)), ((0o4755, 7), (0o4755, 0))] {
        refuses(&pair(target, link), NoteKind::HardlinkRaises);
    }
}

#[test]
fn a_hard_link_through_a_symbolic_link_is_refused() {
    // fail: it is a link to whatever lies where the symbolic link leads, at any depth; pass: below folders whose names begin alike
    let symlink = |path: &[u8]| Block::new(path, b'2', 0).link(b"/etc").mode(0o777).alone();
    let link = |target: &[u8]| Block::new(b"h", b'1', 0).link(target).alone();
    for target in [&b"a/b"[..], b"a/b/c"] {
        refuses(&[symlink(b"a"), link(target)], NoteKind::HardlinkThroughSymlink);
        refuses(&[symlink(b"a"), symlink(b"a-b"), link(target)], NoteKind::HardlinkThroughSymlink);
    }
    check(&[symlink(b"a"), file(b"ab/c", b""), link(b"ab/c")], &[]);
    refuses(&[symlink(b"a"), link(b"a")], NoteKind::HardlinkTargetNotFile);
}

#[test]
fn labels_and_owners_of_a_whole_archive_are_told() {
    // pass: what `tar --label` and `--pax-option=gname:=` write; fail: a label that is not at the beginning, which is a file to some
    let label = || Block::new(b"backup", b'V', 0).gnu().alone();
    check(&[label(), file(b"a", b"x")], &[NoteKind::VolumeLabel]);
    refuses(&[file(b"a", b"x"), label()], NoteKind::OddType);
    refuses(&[Block::new(b"backup", b'V', 1).gnu().with(b"x")], NoteKind::OddType);
    refuses(&[pax(b'x', &[("path", b"b")]), label()], NoteKind::OddType);
    for records in [&[("GNU.volume.label", &b"backup"[..])][..], &[("gname", b"staff"), ("mtime", b"1")]] {
        check(&[pax(b'g', records), file(b"a", b"x")], &[NoteKind::GlobalMetadata]);
    }
    for key in ["path", "size", "uid", "GNU.sparse.name", "SCHILY.xattr.user.k"] {
        refuses(&[pax(b'g', &[(key, b"1"), ("gname", b"staff")]), file(b"a", b"x")], NoteKind::GlobalHeader);
    }
}

#[test]
fn a_pax_key_behind_a_blank_is_refused() {
    // fail: GNU tar 1.34 passes over the blank and applies the key, Go and others do not; pass: a key of somebody else
    for key in [" path", "\tpath", "  size", " linkpath", " uid", " GNU.sparse.size"] {
        refuses(&[pax(b'x', &[(key, b"1")]), file(b"a", b"x")], NoteKind::BlankPaxKey);
    }
    check(&[pax(b'x', &[("ACME.path", b"b")]), file(b"a", b"x")], &[NoteKind::UnappliedPaxKey]);
}

#[test]
fn a_number_with_a_plus_is_refused() {
    // fail: BSD tar 3.6 reads 0, and with the size what lies in the content; GNU tar ends; pass: a name with a plus
    let hidden = file(b"hidden", b"");
    let size = format!("+{}", hidden.len());
    let sized = [pax(b'x', &[("size", size.as_bytes())]), file(b"a", &hidden)];
    refuses(&sized, NoteKind::SignedPaxNumber);
    for key in ["uid", "gid", "mtime", "atime", "ctime", "SCHILY.ino"] {
        refuses(&[pax(b'x', &[(key, b"+1")]), file(b"a", b"x")], NoteKind::SignedPaxNumber);
    }
    let map: &[(&str, &[u8])] =
        &[("GNU.sparse.size", b"5"), ("GNU.sparse.numblocks", b"1"), ("GNU.sparse.map", b"0,+5")];
    refuses(&[pax(b'x', map), file(b"s", b"hello")], NoteKind::SignedPaxNumber);
    let form: &[(&str, &[u8])] = &[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"s"),
        ("GNU.sparse.realsize", b"5"),
    ];
    let stored = [&b"1\n0\n+5\n"[..], &[0; 505], b"hello"].concat();
    refuses(&[pax(b'x', form), file(b"GNUSparseFile.0/s", &stored)], NoteKind::DisputedSparse);
    let length = Block::new(b"pax", b'x', 10).with(b"+10 k=vvv\n");
    refuses(&[length, file(b"a", b"x")], NoteKind::SignedPaxNumber);
    for (key, value) in [("path", &b"+1"[..]), ("SCHILY.xattr.user.k", b"+1"), ("comment", b"+1")] {
        assert_eq!(facts(&[pax(b'x', &[(key, value)]), file(b"a", b"x")]).refusals().count(), 0, "{key}");
    }
}

#[test]
fn an_owner_of_more_than_32_bits_is_refused() {
    // fail: systems cut it, so that 4294967296 is root, and take the last one for nobody's; pass: the largest user
    for owner in [1_u64 << 32, (1 << 32) + 1000, (1 << 32) - 1] {
        for key in ["uid", "gid"] {
            let decimal = owner.to_string();
            refuses(&[pax(b'x', &[(key, decimal.as_bytes())]), file(b"a", b"x")], NoteKind::OddNumber);
        }
        let mut bytes = owner.to_be_bytes();
        bytes[0] |= 0x80;
        refuses(&[Block::new(b"a", b'0', 0).put(108, &bytes).alone()], NoteKind::OddNumber);
    }
    check(&[pax(b'x', &[("uid", b"4294967294")]), file(b"a", b"x")], &[]);
}

#[test]
fn an_owner_who_is_root_by_name_alone_is_told() {
    // warned, and listed: readers that go by name make root its owner; pass: names that are not root's, numbers that are
    let owned = |uid: u32, name: &[u8]| [Block::new(b"a", b'0', 0).owner(uid).put(265, name).alone()];
    check(&owned(1000, b"root"), &[NoteKind::OwnerByName]);
    let facts = facts(&owned(1000, b"root"));
    assert_eq!(facts.inventory.get(0).unwrap().xattrs, [(b"uname".to_vec(), b"root".to_vec())]);
    check(&[Block::new(b"a", b'0', 0).put(116, b"0000012").put(297, b"root").alone()], &[NoteKind::OwnerByName]);
    for (uid, name) in [(1000, &b"ana"[..]), (0, b"root"), (1000, b""), (10, b"wheel")] {
        check(&owned(uid, name), &[]);
    }
}

#[test]
fn an_archive_that_begins_with_its_end_is_malformed() {
    // fail: busybox reads on behind the zero block; pass: zeros, and what only begins with them
    let zeros = vec![0; 512];
    let refused = [zeros.clone(), file(b"a", b"x"), vec![0; 1024]].concat();
    let read = |bytes: Vec<u8>| read(&MemoryBlob::new("test", bytes), None, &Limits::DEFAULT, &mut |_| {});
    assert!(matches!(read(refused).unwrap_err(), ArtifactError::Malformed { offset: 0, .. }));
    for bytes in [vec![0; 2048], [zeros, vec![b'x'; 1024]].concat()] {
        assert_eq!(read(bytes).unwrap().kind, Kind::File);
    }
}

#[test]
fn a_number_with_more_behind_its_nul_is_told() {
    // warned: BSD tar takes no such header; pass: padding
    check(&[Block::new(b"a", b'0', 0).put(124, b"0000\x00000007").alone()], &[NoteKind::NulInNumber]);
    check(&[Block::new(b"a", b'0', 0).put(124, b"0000\0 \0 \0 \0 ").alone()], &[]);
}

#[test]
fn a_folder_by_its_name_alone_is_told() {
    // warned: busybox writes a file; pass: the type of folders, the old form
    check(&[Block::new(b"d/", 0, 0).alone()], &[NoteKind::NamedFolder]);
    check(&[Block::new(b"d/", b'5', 0).alone()], &[]);
    check(&[Block::new(b"d/", 0, 0).put(257, &[0; 8]).alone()], &[NoteKind::OldFormat]);
}

#[test]
fn the_same_file_again_changes_nothing_for_its_links() {
    // warned: `f`, a hard link to it, and `f` once more as it was; fail: with other content, mode or owner, which the link may get
    let link = || Block::new(b"l", b'1', 1).put(124, b"00000000000").link(b"f").alone();
    let again = |second: Vec<u8>| [file(b"f", b"x"), link(), second];
    check(&again(file(b"f", b"x")), &[NoteKind::DuplicatePath]);
    for second in [
        file(b"f", b"y"),
        Block::new(b"f", b'0', 1).mode(0o600).with(b"x"),
        Block::new(b"f", b'0', 1).owner(7).with(b"x"),
    ] {
        refuses(&again(second), NoteKind::ReplacedLink);
    }
}

#[test]
fn a_version_that_nobody_knows_is_told() {
    // warned: `ustar` and another version, with nothing in the header that depends on it; fail: with a prefix, devices, or names of owners
    // that only some readers take
    let odd = |version: &[u8]| Block::new(b"a", b'0', 0).put(257, version);
    for version in [&b"ustar\x000 "[..], b"ustar  0", b"ustar\0\0\0"] {
        check_more(&[odd(version).alone()], NoteKind::OddVersion);
        refuses(&[odd(version).put(345, b"b").alone()], NoteKind::OddMagic);
        refuses(&[odd(version).put(156, b"3").alone()], NoteKind::OddMagic);
    }
    refuses(&[odd(b"ustar  0").put(265, b"ana").alone()], NoteKind::OddMagic);
}

/// Asserts a note, and that nothing refuses.
fn check_more(parts: &[Vec<u8>], kind: NoteKind) {
    let facts = facts(parts);
    assert!(facts.notes.iter().any(|note| note.kind == kind), "{kind}: {:?}", facts.notes);
    assert_eq!(facts.refusals().count(), 0, "{:?}", facts.notes);
}

#[test]
fn an_empty_value_of_a_packager_is_nobodys() {
    // pass: what npm wrote for itself; fail: what some reader applies, or may
    check(&[pax(b'x', &[("NODETAR.package.author.email", b"")]), file(b"a", b"x")], &[NoteKind::UnappliedPaxKey]);
    for key in ["path", "size", "SCHILY.xattr.user.k", "hdrcharset"] {
        refuses(&[pax(b'x', &[(key, b"")]), file(b"a", b"x")], NoteKind::EmptyPaxValue);
    }
}

#[test]
fn less_than_a_block_behind_the_padding_is_told() {
    // warned: 14 bytes at the end of a padded archive; fail: a whole block that is not all zero, wherever its bytes lie in it
    let after = |bytes: &[u8]| {
        let bytes = [file(b"a", b"x"), vec![0; 4096], bytes.to_vec()].concat();
        read(&MemoryBlob::new("test", bytes), None, &Limits::DEFAULT, &mut |_| {}).unwrap()
    };
    let kinds = |facts: &ArtifactFacts| facts.notes.iter().map(|note| note.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&after(b"trailing bytes")), [NoteKind::TrailingBytes]);
    let mut late = [0; 512];
    late[511] = b'x';
    assert_eq!(kinds(&after(&late)), [NoteKind::AfterEndMarker]);
    assert_eq!(kinds(&after(&late[100..])), [NoteKind::TrailingBytes]);
    assert_eq!(kinds(&after(&[&late[..], b"more"].concat())), [NoteKind::AfterEndMarker]);
}

#[test]
fn a_hard_link_to_a_name_with_a_slash_is_refused() {
    // fail: containerd follows a symbolic link there, others link to it, GNU tar finds no folder; pass: the name alone
    let link = |target: &[u8]| [file(b"f", b"x"), Block::new(b"l", b'1', 0).link(target).alone()];
    for target in [&b"f/"[..], b"f//", b"f/.", b"./f/"] {
        refuses(&link(target), NoteKind::HardlinkTargetSlash);
    }
    check(&link(b"./f"), &[]);
}

#[test]
fn a_folder_that_loses_an_attribute_is_refused() {
    // fail: on disk it keeps its access list, and new files inherit it; pass: the same attributes, more of them
    let folder = |keys: &[&str]| {
        let records: Vec<(&str, &[u8])> = keys.iter().map(|key| (*key, &b"x"[..])).collect();
        [pax(b'x', &records), Block::new(b"d/", b'5', 0).alone()].concat()
    };
    let (acl, other) = ("SCHILY.xattr.system.posix_acl_default", "SCHILY.xattr.user.k");
    refuses(&[folder(&[acl]), Block::new(b"d/", b'5', 0).alone()], NoteKind::KeptAttributes);
    refuses(&[folder(&[acl, other]), folder(&[other])], NoteKind::KeptAttributes);
    check(&[folder(&[acl]), folder(&[acl, other])], &[NoteKind::RepeatedDirectory]);
}

#[test]
fn a_long_name_that_goes_on_behind_its_end_is_refused() {
    // fail: GNU tar and Python read to the NUL; pass: with its NUL inside, or zeros behind its end
    let named = |typeflag, size: &[u8]| {
        let header = Block::new(b"././@LongLink", typeflag, 0).gnu().put(124, size);
        [header.with(b"abcdef\0"), Block::new(b"abc", b'0', 0).gnu().alone()]
    };
    for typeflag in [b'L', b'K'] {
        refuses(&named(typeflag, b"00000000003"), NoteKind::OddLongName);
    }
    for size in [b"00000000006", b"00000000007"] {
        check(&named(b'L', size), &[]);
    }
}

#[test]
fn what_a_sparse_file_has_on_another_entry_is_refused() {
    // fail: BSD tar takes the size or the map for the file's, and cuts what a hard link leads to; pass: star's times, which lie there too
    for (at, bytes) in [(483, &b"00000000000\0"[..]), (483, b"00000000002\0"), (386, b"00000000000\x0000000000005\0")] {
        refuses(&[Block::new(b"a", b'0', 1).gnu().put(at, bytes).with(b"x")], NoteKind::UnknownSparse);
        let link = Block::new(b"l", b'1', 0).gnu().link(b"a").put(at, bytes).alone();
        refuses(&[file(b"a", b"x"), link], NoteKind::UnknownSparse);
    }
    check(&[Block::new(b"a", b'0', 1).gnu().put(476, b"12130404200\x0012130404200\0").with(b"x")], &[]);
}

#[test]
fn a_name_with_a_drive_is_refused() {
    // fail: BSD tar takes the letter off, and npm that of the second segment, which is then the first; pass: a colon elsewhere
    for name in [&b"c:x"[..], b"./c:x", b"c:/etc/x", b"\\x", b"package/c:x.js"] {
        refuses(&[file(name, b"x")], NoteKind::DriveInName);
    }
    for name in [&b"cc:x"[..], b"a/b/c:x", b"1:x", b"a/:x"] {
        check(&[file(name, b"x")], &[]);
    }
}

#[test]
fn an_empty_file_with_a_link_name_is_refused() {
    // fail: busybox makes a hard link of it, also to a file of the host; pass: a file that is not empty
    for typeflag in [b'0', 0] {
        refuses(&[Block::new(b"a", typeflag, 0).link(b"/etc/hostname").alone()], NoteKind::LinkOnFile);
        refuses(&[pax(b'x', &[("linkpath", b"f")]), Block::new(b"a", typeflag, 0).alone()], NoteKind::LinkOnFile);
    }
    check(&[Block::new(b"a", b'0', 1).link(b"f").with(b"x")], &[]);
}

#[test]
fn a_link_by_an_extension_alone_is_told() {
    // warned: BSD tar makes an empty file; pass: a header with the beginning of the target
    let link = |own: &[u8]| [pax(b'x', &[("linkpath", b"target")]), Block::new(b"l", b'2', 0).link(own).alone()];
    check(&link(b""), &[NoteKind::LinkByExtension]);
    check(&link(b"tar"), &[]);
}

#[test]
fn odd_numbers_of_extension_headers_are_refused() {
    // fail: Python ends there without a word; warned: and at what an old header has where others have a device
    for at in [100, 108, 116] {
        for (typeflag, content) in [(b'x', &b"9 path=b\n"[..]), (b'L', b"b\0"), (b'g', b"13 comment=b\n")] {
            let header = Block::new(b"x", typeflag, content.len()).put(at, &[0xc0, 0, 0, 0, 0, 0, 0, 1]).with(content);
            refuses(&[header, file(b"a", b"x")], NoteKind::OddNumber);
        }
    }
    // Old versions of star wrote names there.
    let old = Block::new(b"a", b'0', 0).put(257, &[0; 8]).put(329, b"garbage").alone();
    check(&[old], &[NoteKind::OldDevice, NoteKind::OldFormat]);
}

#[test]
fn a_pax_owner_in_place_of_another_is_refused() {
    // fail: busybox goes by the header, and makes root its owner; pass: one that the header could not hold, the same twice
    let owned = |uid: &[u8], own| [pax(b'x', &[("uid", uid)]), Block::new(b"a", b'0', 0).owner(own).alone()];
    refuses(&owned(b"1000", 0), NoteKind::PaxOwnerDiffers);
    check(&owned(b"1000", 1000), &[]);
    check(&owned(b"2097152", 0), &[]);
}

#[test]
fn an_access_list_is_what_the_mode_says_or_refused() {
    // fail: a list without a mask, another mask, owner or other than the mode's, one that is cut; pass: one that agrees
    let entry = |tag: u8, permissions: u8| [tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff];
    let list = |entries: &[[u8; 8]]| [&[2, 0, 0, 0][..], &entries.concat()].concat();
    let of = |value: &[u8]| [pax(b'x', &[("SCHILY.xattr.system.posix_acl_access", value)]), file(b"a", b"x")];
    let agreed = list(&[entry(1, 6), entry(2, 7), entry(4, 4), entry(16, 4), entry(32, 4)]);
    check(&of(&agreed), &[]);
    for value in [
        list(&[entry(1, 6), entry(4, 4), entry(32, 4)]),
        list(&[entry(1, 6), entry(4, 4), entry(16, 7), entry(32, 4)]),
        list(&[entry(1, 7), entry(4, 4), entry(16, 4), entry(32, 4)]),
        list(&[entry(1, 6), entry(4, 4), entry(16, 4), entry(32, 7)]),
        agreed[..agreed.len() - 1].to_vec(),
        b"x".to_vec(),
    ] {
        refuses(&of(&value), NoteKind::AccessListDiffers);
    }
}
