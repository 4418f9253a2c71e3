//! Features of entry types, and of sizes and bodies on types that have no content.

use super::block::{Format, LINK, MAJOR, MINOR, MODE, SIZE};
use super::extension::{long, pax};
use super::feature::Feature;
use super::scene::{Padding, Part, Scene};

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    plain(feature, scene) || file_like(feature, scene) || header_only(feature, scene)
}

fn plain(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::PlainFile => {
            scene.file();
        }
        Feature::PlainFolder => {
            let path = [scene.path(), b"/".to_vec()].concat();
            scene.entry(&path, b'5').head().octal(MODE, 0o755);
        }
        Feature::PlainSymlink => {
            let (path, target) = (scene.path(), scene.path());
            scene.link(&path, b'2', &target).head().octal(MODE, 0o777);
        }
        Feature::PlainHardlink => {
            scene.file();
            let (target, path) = (scene.name(), scene.path());
            scene.link(&path, b'1', &target);
        }
        Feature::DeviceChar => device(scene, b'3'),
        Feature::DeviceBlock => device(scene, b'4'),
        Feature::DeviceFifo => device(scene, b'6'),
        Feature::SetId => {
            let mode = *scene.rng.pick(&[0o4755, 0o2755, 0o1777, 0o6711]);
            scene.some().head().octal(MODE, mode);
        }
        Feature::PaddingOdd => scene.some().padding = Padding::Odd,
        _ => return false,
    }
    true
}

fn device(scene: &mut Scene, typeflag: u8) {
    let (path, major, minor) = (scene.path(), scene.rng.next_u64() % 3, scene.rng.next_u64() % 300);
    let head = scene.entry(&path, typeflag).head();
    if !head.is(Format::V7) {
        head.octal(MAJOR, major);
        head.octal(MINOR, minor);
    }
}

fn file_like(feature: Feature, scene: &mut Scene) -> bool {
    let typeflag = match feature {
        Feature::TypeOldFile => 0,
        Feature::TypeOldFolder | Feature::TypeOldFolderLong => {
            return old_folder(scene, feature == Feature::TypeOldFolderLong);
        }
        Feature::TypeContiguous => b'7',
        Feature::TypeVolume => b'V',
        Feature::TypeMulti => b'M',
        Feature::TypeNames => b'N',
        Feature::TypeDump => b'D',
        Feature::TypeInode => b'I',
        Feature::TypeSolaris => b'X',
        Feature::TypeVendor => *scene.rng.pick(b"ABCEFGHJOPQRTUWYZ"),
        Feature::TypeOther => *scene.rng.pick(b"89ab sy~\x01\xff"),
        Feature::BodyIsArchive => {
            let inner = Part::extension(Format::Ustar, b"inner", b'0', b"inside").bytes();
            let end = if scene.rng.chance(50) { vec![0; 1024] } else { Vec::new() };
            scene.file().fill([inner, end].concat());
            return true;
        }
        _ => return false,
    };
    scene.file().head().typeflag(typeflag);
    true
}

fn old_folder(scene: &mut Scene, long_path: bool) -> bool {
    let path = scene.path();
    let with_slash = [&path[..], b"/"].concat();
    let body = if scene.rng.chance(50) { Vec::new() } else { scene.body() };
    let typeflag = if scene.rng.chance(80) { 0 } else { b'0' };
    let part = scene.entry(if long_path { &path } else { &with_slash }, typeflag);
    // A folder has no body, whatever its size: the bytes of one would be headers.
    if typeflag == 0 {
        part.head().octal(SIZE, u64::try_from(body.len()).unwrap_or_default());
    } else {
        part.fill(body);
    }
    if long_path {
        let extension = if scene.rng.chance(50) { long(b'L', &with_slash) } else { pax(&[("path", &with_slash)]) };
        scene.before(extension);
    }
    true
}

fn header_only(feature: Feature, scene: &mut Scene) -> bool {
    let typeflag = match feature {
        Feature::SizeOnLink | Feature::BodyOnLink => *scene.rng.pick(b"12"),
        Feature::SizeOnFolder | Feature::BodyOnFolder => b'5',
        Feature::SizeOnDevice | Feature::BodyOnDevice => *scene.rng.pick(b"346"),
        Feature::BodyIsHeaders => *scene.rng.pick(b"125"),
        _ => return false,
    };
    let (path, target) = (scene.path(), scene.path());
    let size = *scene.rng.pick(&[1, 12, 512, 513, 1024]);
    let hidden = Part::extension(Format::Ustar, b"surfaced", b'0', b"inside").bytes();
    let body = scene.bytes(usize::try_from(size).unwrap_or_default());
    let part = scene.entry(&path, typeflag);
    if matches!(typeflag, b'1' | b'2') {
        part.head().put(LINK, &target);
    }
    part.head().octal(SIZE, size);
    match feature {
        Feature::BodyOnLink | Feature::BodyOnFolder | Feature::BodyOnDevice => part.body = body,
        Feature::BodyIsHeaders => {
            // Readers that pass over a body do not see this entry.
            part.head().octal(SIZE, u64::try_from(hidden.len()).unwrap_or_default());
            part.body = hidden;
        }
        _ => {}
    }
    true
}
