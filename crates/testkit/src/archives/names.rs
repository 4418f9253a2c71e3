//! Features of paths and links, and of entries that meet on one path.

use super::block::{Format, LINK, MODE, NAME};
use super::extension::{long, pax};
use super::feature::Feature;
use super::scene::Scene;

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    spelling(feature, scene) || linked(feature, scene) || twice(feature, scene) || whiteout(feature, scene)
}

fn spelling(feature: Feature, scene: &mut Scene) -> bool {
    let paths: &[&[u8]] = match feature {
        Feature::PathAbsolute => &[b"/etc/passwd", b"//srv", b"/", b"/usr/"],
        Feature::PathParent => &[b"..", b"../up", b"a/../b", b"a/..", b"./../x", b"a/../../b"],
        Feature::PathEmpty => &[b""],
        Feature::PathRoot => &[b".", b"./", b"././", b".//"],
        Feature::PathDotSlash => &[b"./dotted", b"./d/dotted"],
        Feature::PathInnerDots => &[b"a//b", b"a/./b", b"a/b//", b"a/.", b"./././a"],
        Feature::PathSlashFile => &[b"file/", b"file//", b"d/file/"],
        Feature::PathBackslash => &[b"a\\b", b"..\\up", b"C:\\x", b"C:x", b"\\\\host\\share"],
        Feature::PathControl => &[b"a\nb", b"\x1b[31mred", b"a\rb", b"\x7f", b"a\tb"],
        Feature::PathNotUtf8 => &[b"caf\xe9", b"\xff", b"a\xc3/b", b"\xed\xa0\x80", b"\xc0\xaf"],
        Feature::PathFull => &[&[b'p'; 100], &[b'p'; 99], &[b'/'; 100]],
        Feature::PathCase => {
            pair(scene, b"Readme", b"README");
            return true;
        }
        Feature::PathUnicode => {
            pair(scene, "caf\u{e9}".as_bytes(), "cafe\u{301}".as_bytes());
            return true;
        }
        _ => return false,
    };
    let path = *scene.rng.pick(paths);
    match scene.rng.below(10) {
        0 => {
            scene.some();
            scene.before(long(b'L', path));
        }
        1 => {
            scene.some();
            scene.before(pax(&[("path", path)]));
        }
        2 => scene.some().head().put(NAME, path),
        3 | 4 => {
            scene.entry(path, b'5');
        }
        5 => {
            scene.link(path, b'2', b"target");
        }
        _ => scene.file().head().put(NAME, path),
    }
    true
}

fn pair(scene: &mut Scene, first: &[u8], second: &[u8]) {
    scene.file().head().put(NAME, first);
    scene.file().head().put(NAME, second);
}

fn linked(feature: Feature, scene: &mut Scene) -> bool {
    let (path, other) = (scene.path(), scene.path());
    match feature {
        Feature::HardlinkForward => {
            scene.link(&path, b'1', &other);
            scene.file().head().put(NAME, &other);
        }
        Feature::HardlinkDangling => {
            scene.link(&path, b'1', &other);
        }
        Feature::HardlinkSelf => {
            scene.link(&path, b'1', &path);
        }
        Feature::HardlinkEscaping => {
            let target: &[u8] = scene.rng.text(&[&b"../../etc/shadow"[..], b"/etc/shadow", b"a/../../b", b".", b"./"]);
            scene.link(&path, b'1', target);
        }
        Feature::HardlinkToFolder => {
            let (typeflag, target) = *scene.rng.pick(&[(b'5', &b""[..]), (b'2', b"/etc")]);
            scene.link(&other, typeflag, target);
            scene.link(&path, b'1', &other);
        }
        Feature::LinkEmpty => {
            let typeflag = *scene.rng.pick(b"12");
            scene.link(&path, typeflag, b"");
        }
        Feature::LinkFull => {
            let typeflag = *scene.rng.pick(b"12");
            scene.link(&path, typeflag, &[b't'; 100]);
        }
        Feature::SymlinkThenBelow => {
            let target: &[u8] = scene.rng.text(&[&b"/etc"[..], b"../..", b"."]);
            scene.link(&path, b'2', target);
            let below = [&path[..], b"/below"].concat();
            let typeflag = *scene.rng.pick(b"051");
            scene.link(&below, typeflag, if typeflag == b'1' { b"target" } else { b"" });
        }
        Feature::SymlinkRoot => {
            let root: &[u8] = scene.rng.text(&[&b"."[..], b"./", b"/"]);
            scene.link(root, b'2', b"/");
        }
        _ => return false,
    }
    true
}

fn twice(feature: Feature, scene: &mut Scene) -> bool {
    let path = scene.path();
    let below = [&path[..], b"/below"].concat();
    let slash = [&path[..], b"/"].concat();
    match feature {
        Feature::TwiceFile => pair(scene, &path, &path),
        Feature::TwiceSpelling => {
            let dotted = [b"./", &path[..]].concat();
            pair(scene, &path, &dotted);
        }
        Feature::TwiceFileFolder => {
            scene.file().head().put(NAME, &path);
            scene.entry(&slash, b'5');
        }
        Feature::TwiceFolderFile => {
            scene.entry(&slash, b'5');
            scene.file().head().put(NAME, &below);
            scene.file().head().put(NAME, &path);
        }
        Feature::TwiceFolder => {
            scene.entry(&slash, b'5').head().octal(MODE, 0o755);
            scene.entry(&path, b'5').head().octal(MODE, 0o700);
        }
        Feature::TwiceHardlinkTarget => {
            scene.file().head().put(NAME, &path);
            scene.link(
                &below.iter().map(|byte| if *byte == b'/' { b'-' } else { *byte }).collect::<Vec<_>>(),
                b'1',
                &path,
            );
            scene.file().head().put(NAME, &path);
        }
        _ => return false,
    }
    true
}

fn whiteout(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::WhiteoutPlain => {
            let path = scene.path();
            scene.file().head().put(NAME, &path);
            let folder = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
            let hidden = [&path[..folder], b".wh.", &path[folder..]].concat();
            marker(scene, &hidden);
        }
        Feature::WhiteoutOpaque => {
            let inside = scene.path();
            let folder = *scene.rng.pick(&["", "d/", "usr/share/"]);
            marker(scene, &[folder.as_bytes(), b".wh..wh..opq"].concat());
            scene.file().head().put(NAME, &[folder.as_bytes(), &inside].concat());
        }
        Feature::WhiteoutNothing => marker(scene, b"d/.wh.nothing"),
        Feature::WhiteoutRoot => marker(scene, b".wh."),
        Feature::WhiteoutDots => {
            let path: &[u8] = scene.rng.text(&[&b".wh.."[..], b".wh...", b"d/.wh..", b"d/.wh...", b".wh./x"]);
            marker(scene, path);
        }
        Feature::WhiteoutMeta => {
            let path: &[u8] = scene.rng.text(&[&b".wh..wh.aufs"[..], b".wh..wh.plnk/", b".wh..wh.orph/x", b".wh..wh."]);
            marker(scene, path);
        }
        _ => return false,
    }
    true
}

/// An empty file, as a rule.
fn marker(scene: &mut Scene, path: &[u8]) {
    let typeflag = *scene.rng.pick(b"00005123");
    let part = scene.entry(path, typeflag);
    if matches!(typeflag, b'1' | b'2') {
        part.head().put(LINK, b"target");
    }
    if typeflag == b'3' {
        part.head().format(Format::Ustar);
    }
}
