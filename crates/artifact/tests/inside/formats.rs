//! Each format, as the tools in use make it.

use std::fs;

use lasthand_artifact::Kind;
use lasthand_testkit::need;
use lasthand_testkit::zips::{Entry, Zip};

use crate::{gzip, inside, listing, open, refusals, run, short, tar_of};

/// Makes one archive of each writer of Python's zipfile: stored, deflated, into a pipe.
const ZIPFILES: &str = r"
import io, zipfile, sys
class Pipe(io.RawIOBase):
    def __init__(self): self.out = bytearray()
    def writable(self): return True
    def write(self, data): self.out += bytes(data); return len(data)
def make(path, method, pipe):
    target = Pipe() if pipe else io.BytesIO()
    with zipfile.ZipFile(target, 'w', method) as archive:
        archive.writestr('META-INF/MANIFEST.MF', 'Manifest-Version: 1.0\n')
        archive.writestr('a/b.txt', 'hello' * 1000)
        archive.writestr(zipfile.ZipInfo('empty/'), '')
        archive.writestr('n\u00e4me', 'x')
    open(path, 'wb').write(bytes(target.out) if pipe else target.getvalue())
make('stored.zip', zipfile.ZIP_STORED, False)
make('deflated.jar', zipfile.ZIP_DEFLATED, False)
make('piped.whl', zipfile.ZIP_DEFLATED, True)
";

#[test]
fn zip_files_of_python_are_listed() {
    // pass: stored, deflated, and streamed with data descriptors; the same members in all
    let Some(python) = need::tool("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &python, &["-c", ZIPFILES]);
    let expected = [
        format!("META-INF/MANIFEST.MF file 600 22 {}", short(b"Manifest-Version: 1.0\n")),
        format!("a/b.txt file 600 5000 {}", short("hello".repeat(1000).as_bytes())),
        "empty directory 775 0 ".to_owned(),
        format!("n\\xc3\\xa4me file 600 1 {}", short(b"x")),
    ];
    for name in ["stored.zip", "deflated.jar", "piped.whl"] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        let facts = open(name, &bytes);
        assert_eq!((facts.kind, refusals(&facts)), (Kind::File, vec![]), "{name}");
        let listed = listing(inside(&facts, &bytes).unwrap());
        let lines: Vec<&str> = listed.lines().collect();
        for (line, wanted) in lines.iter().zip(&expected) {
            // A folder's mode is whatever this Python gives it.
            assert!(line == wanted || line.starts_with("empty directory "), "{name}: {line}, expected {wanted}");
        }
        assert_eq!(lines.len(), expected.len(), "{name}");
    }
}

#[test]
fn zip_files_of_info_zip_and_of_java_are_listed() {
    // pass: `zip`, `zip` into a pipe, `jar`; no note that refuses
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    fs::write(folder.path().join("dir/a.txt"), "hello".repeat(500)).unwrap();
    fs::write(folder.path().join("b"), "").unwrap();
    let check = |name: &str, bytes: &[u8]| {
        let facts = open(name, bytes);
        assert_eq!(refusals(&facts), vec![], "{name}");
        let inside = inside(&facts, bytes).unwrap();
        assert_eq!(inside.find(b"dir/a.txt").unwrap().size, 2500, "{name}");
        assert_eq!(inside.find(b"b").unwrap().size, 0, "{name}");
    };
    if let Some(zip) = need::tool("zip") {
        run(folder.path(), &zip, &["-q", "-r", "x.zip", "dir", "b"]);
        check("x.zip", &fs::read(folder.path().join("x.zip")).unwrap());
        check("piped.zip", &run(folder.path(), &zip, &["-q", "-r", "-", "dir", "b"]));
    }
    if let Some(jar) = need::tool("jar") {
        run(folder.path(), &jar, &["cf", "x.jar", "dir", "b"]);
        check("x.jar", &fs::read(folder.path().join("x.jar")).unwrap());
    }
}

#[test]
fn wheels_and_jars_that_were_published_are_listed() {
    // pass: every one of the shared test data, under its own name, without a note that refuses
    let Some(testdata) = need::testdata() else { return };
    let mut seen = 0;
    let mut open_folders = vec![testdata];
    while let Some(folder) = open_folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open_folders.push(path);
            } else if [".whl", ".jar", ".zip"].iter().any(|ending| name.ends_with(ending)) {
                let bytes = fs::read(&path).unwrap();
                let facts = open(&name, &bytes);
                assert_eq!(refusals(&facts), vec![], "{name}");
                assert!(!inside(&facts, &bytes).unwrap().members.is_empty(), "{name}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 3, "{seen} archives");
}

#[test]
fn a_debian_package_is_listed_with_both_its_archives() {
    // pass: gzip, xz and zstd as dpkg-deb packs them; members of the parts below the parts
    let Some(dpkg) = need::tool("dpkg-deb") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("p/DEBIAN")).unwrap();
    fs::create_dir_all(folder.path().join("p/usr/bin")).unwrap();
    let control = "Package: app\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: x\n";
    fs::write(folder.path().join("p/DEBIAN/control"), control).unwrap();
    fs::write(folder.path().join("p/usr/bin/app"), "#!/bin/sh\n").unwrap();
    for (packing, ending) in [("gzip", "gz"), ("xz", "xz"), ("zstd", "zst"), ("none", "")] {
        let made = std::process::Command::new(&dpkg)
            .args([&format!("-Z{packing}"), "--root-owner-group", "-b", "p", "app.deb"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        if !made.status.success() && packing == "zstd" {
            // Older versions do not pack with zstd.
            continue;
        }
        assert!(made.status.success(), "{packing}");
        let bytes = fs::read(folder.path().join("app.deb")).unwrap();
        let facts = open("app.deb", &bytes);
        assert_eq!(refusals(&facts), vec![], "{packing}");
        let inside = inside(&facts, &bytes).unwrap();
        assert_eq!(inside.form, "deb");
        let part = if ending.is_empty() { "data.tar".to_owned() } else { format!("data.tar.{ending}") };
        let member = inside.find(format!("{part}!/usr/bin/app").as_bytes()).unwrap();
        assert_eq!((member.size, member.sha256.unwrap().0.to_string()[..8].to_owned()), (10, short(b"#!/bin/sh\n")));
        assert!(inside.find(part.as_bytes()).is_some() && inside.find(b"debian-binary").is_some());
        assert!(inside.members.iter().any(|member| member.path.ends_with(b"!/control")), "{packing}");
    }
}

#[test]
fn packed_tar_archives_are_listed_whatever_packs_them() {
    // pass: npm's tgz, a crate, tar, tar.zst, tar.xz, each inside a tar; fail: a packed file with another name is none
    let tar = tar_of(&[("package/index.js", b"x"), ("package/package.json", b"{}")]);
    let mut packed = vec![
        ("a.tgz", "tar.gz", gzip(&tar)),
        ("a.crate", "tar.gz", gzip(&tar)),
        ("a.apk", "tar.gz", [gzip(&tar[..1024]), gzip(&tar[1024..])].concat()),
        ("a.tar", "tar", tar.clone()),
        ("a.tar.zst", "tar.zst", zstd::encode_all(&tar[..], 3).unwrap()),
    ];
    if let Some(xz) = need::tool("xz") {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t"), &tar).unwrap();
        packed.push(("a.tar.xz", "tar.xz", run(folder.path(), &xz, &["-c", "-9", "t"])));
    }
    for (name, form, bytes) in packed {
        let outer = tar_of(&[(name, &bytes)]);
        let facts = open("outer.tar", &outer);
        assert_eq!(refusals(&facts), vec![], "{name}");
        let inside = inside(&facts, &bytes).unwrap();
        assert_eq!(inside.form, form, "{name}");
        assert_eq!(inside.find(b"package/index.js").unwrap().sha256.unwrap().0.to_string()[..8], short(b"x"), "{name}");
    }
    let page = gzip(b"a page of a manual");
    let facts = open("outer.tar", &tar_of(&[("man/a.1.gz", &page)]));
    assert!(facts.inside.is_empty() && facts.notes.is_empty());
}

#[test]
fn an_xz_archive_by_itself_is_opened_as_an_artifact() {
    // pass: a file to the reader, and its members are listed
    let Some(xz) = need::tool("xz") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t"), tar_of(&[("a", b"1")])).unwrap();
    let bytes = run(folder.path(), &xz, &["-c", "t"]);
    let facts = open("a.tar.xz", &bytes);
    assert_eq!(facts.kind, Kind::File);
    assert_eq!(inside(&facts, &bytes).unwrap().members.len(), 1);
}

#[test]
fn a_gem_is_listed_with_the_archive_in_it() {
    // pass: inside a tar, one level for the gem and its own part; the gem alone likewise
    let data = gzip(&tar_of(&[("lib/app.rb", b"puts 1")]));
    let gem =
        tar_of(&[("metadata.gz", &gzip(b"--- !ruby")), ("data.tar.gz", &data), ("checksums.yaml.gz", &gzip(b"---"))]);
    let facts = open("outer.tar", &tar_of(&[("vendor/app.gem", &gem)]));
    assert_eq!(refusals(&facts), vec![]);
    let listed = inside(&facts, &gem).unwrap();
    let paths: Vec<String> = listed.members.iter().map(|member| member.path.escape_ascii().to_string()).collect();
    assert_eq!(paths, ["checksums.yaml.gz", "data.tar.gz", "data.tar.gz!/lib/app.rb", "metadata.gz"]);
    let alone = open("app.gem", &gem);
    assert_eq!(inside(&alone, &data).unwrap().members.len(), 1);
}

#[test]
fn other_readers_agree_on_many_zip_files_made_at_random() {
    // pass: Python lists the same names, sizes and contents of every file that nothing refuses
    let Some(python) = need::tool("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut expected = String::new();
    for seed in 0..300_usize {
        let entry = |number: usize| {
            let name = format!("{}{number}", ["a", "dir/b", "n\u{e4}me", "x.class"][(seed + number) % 4]);
            let content = "lorem ".repeat((seed * 7 + number * 31) % 200);
            match (seed / 4 + number) % 4 {
                0 => Entry::stored(&name, content.as_bytes()),
                1 => Entry::deflated(&name, content.as_bytes()),
                form => Entry::streamed(&name, content.as_bytes(), form == 2),
            }
        };
        let mut zip = Zip::of((0..seed % 6).map(entry).collect());
        zip.end.comment = vec![b'c'; seed % 3];
        zip.end.zip64 = seed.is_multiple_of(7).then_some(0);
        let bytes = zip.bytes();
        let name = format!("{seed:03}.zip");
        fs::write(folder.path().join(&name), &bytes).unwrap();
        let facts = open(&name, &bytes);
        assert_eq!(refusals(&facts), vec![], "{name}");
        for member in &inside(&facts, &bytes).unwrap().members {
            let path = String::from_utf8(member.path.clone()).unwrap();
            expected.push_str(&format!("{name} {path} {} {}\n", member.size, member.sha256.unwrap().0));
        }
    }
    let script = r"
import glob, hashlib, zipfile, sys
sys.stdout.reconfigure(encoding='utf-8')
for path in sorted(glob.glob('*.zip')):
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename.encode()):
            data = archive.read(info)
            print(path, info.filename, len(data), hashlib.sha256(data).hexdigest())
";
    let theirs = String::from_utf8(run(folder.path(), &python, &["-c", script])).unwrap();
    assert_eq!(expected, theirs);
}
