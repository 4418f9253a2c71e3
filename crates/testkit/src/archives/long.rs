//! Features of GNU long names and links.

use super::block::{LINK, SIZE};
use super::extension::{long, pax, raw_long, raw_pax, record};
use super::feature::Feature;
use super::scene::{Part, Scene};

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::LongName => {
            scene.some();
            let path = scene.long_path();
            scene.before(long(b'L', &path));
        }
        Feature::LongLink => {
            let (path, target) = (scene.path(), scene.long_path());
            scene.link(&path, b'2', b"short");
            scene.before(long(b'K', &target));
        }
        Feature::LongBoth => {
            let (path, target) = (scene.long_path(), scene.long_path());
            scene.link(&path, b'2', &target);
            let parts = [long(b'L', &path), long(b'K', &target)];
            let swapped = scene.rng.chance(50);
            for at in 0..2 {
                scene.before(parts[at ^ usize::from(swapped)].clone());
            }
        }
        Feature::LongNoNul => {
            let (typeflag, path) = (either(scene), scene.long_path());
            scene.before(raw_long(typeflag, &path));
        }
        Feature::LongAfterNul => {
            let (typeflag, path) = (either(scene), scene.long_path());
            let after: &[u8] = scene.rng.text(&[&b"\0evil"[..], b"\0\0", b"\0\0\0x"]);
            scene.before(raw_long(typeflag, &[&path, after].concat()));
        }
        Feature::LongEmpty => {
            let typeflag = either(scene);
            let content: &[u8] = scene.rng.text(&[&b""[..], b"\0", b"\0\0\0", b"\0path"]);
            scene.before(raw_long(typeflag, content));
        }
        Feature::LongNameTwice => twice(scene, b'L'),
        Feature::LongLinkTwice => {
            let path = scene.path();
            scene.link(&path, b'2', b"short");
            twice(scene, b'K');
        }
        Feature::LongHuge => {
            let path = [scene.long_path(), vec![b'/'; 1], vec![b'h'; 2000 + scene.rng.below(4000)]].concat();
            scene.some();
            scene.before(long(b'L', &path));
        }
        Feature::LongOverLimit => {
            let size = (1 << 20) + scene.rng.below(2);
            let comment = record(b"comment", &vec![b'm'; size - b"1048576 comment=\n".len()]);
            scene.some();
            let part = match scene.rng.below(3) {
                0 => raw_long(b'L', &vec![b'm'; size]),
                1 => raw_long(b'K', &vec![0; size]),
                _ => raw_pax(*scene.rng.pick(b"xg"), &comment),
            };
            scene.before(part);
        }
        Feature::LongCut => {
            let typeflag = either(scene);
            let mut part = raw_long(typeflag, b"cut\0");
            part.head().octal(SIZE, 1 << 19);
            scene.before(part);
        }
        _ => return mixed(feature, scene),
    }
    true
}

fn mixed(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::PaxBeforeLong => {
            scene.some();
            let (path, other) = (scene.long_path(), scene.path());
            scene.before(pax(&[("path", &other), ("comment", b"before")]));
            scene.before(long(b'L', &path));
        }
        Feature::LongBeforePax => {
            scene.some();
            let (path, other) = (scene.long_path(), scene.path());
            scene.before(long(b'L', &path));
            scene.before(pax(&[("path", &other)]));
        }
        Feature::PaxSizeOnLong => {
            scene.some();
            let (path, size) = (scene.long_path(), scene.size());
            let odd = *scene.rng.pick(&[0, 1, 512, 1024]);
            // A reader that applies the size to the long name is off by some blocks.
            scene.current().head().octal(SIZE, 0);
            scene.before(pax(&[("size", size.to_string().as_bytes())]));
            let mut part = long(b'L', &path);
            part.body.resize(part.body.len().max(odd), 0);
            let body = std::mem::take(&mut part.body);
            part.fill(body);
            scene.before(part);
        }
        _ => return false,
    }
    true
}

/// `L` on some entry, or `K` on a new link.
fn either(scene: &mut Scene) -> u8 {
    if scene.rng.chance(60) {
        scene.some();
        return b'L';
    }
    let (path, typeflag) = (scene.path(), *scene.rng.pick(b"120"));
    scene.link(&path, typeflag, b"target").head().put(LINK, b"other");
    b'K'
}

fn twice(scene: &mut Scene, typeflag: u8) {
    if typeflag == b'L' {
        scene.some();
    }
    let parts: Vec<Part> = (0..2).map(|_| long(typeflag, &scene.long_path())).collect();
    let empty_last = scene.rng.chance(20);
    for part in parts {
        scene.before(part);
    }
    if empty_last {
        scene.before(long(typeflag, b""));
    }
}
