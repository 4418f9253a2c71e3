//! Features of the fields of a header: forms, numbers, prefixes, checksums.

use super::block::{
    Block, Checksum, Field, Format, GID, GNU_TIMES, GROUP, MAJOR, MINOR, MODE, NAME, OWNER, PREFIX, SIZE, STAR_PREFIX,
    STAR_TIMES, TIME, UID,
};
use super::extension::pax;
use super::feature::Feature;
use super::scene::{Part, Scene, length};

/// A way to write a number.
#[derive(Debug, Clone, Copy)]
enum Style {
    Spaces,
    Nuls,
    FullWidth,
    Base256,
    JunkAfterNul,
}

const STYLES: &[Style] = &[Style::Spaces, Style::Nuls, Style::FullWidth, Style::Base256, Style::JunkAfterNul];

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::FormatV7 => form(scene, Format::V7),
        Feature::FormatUstar => form(scene, Format::Ustar),
        Feature::FormatGnu => form(scene, Format::Gnu),
        Feature::FormatStar => form(scene, Format::Star),
        Feature::FormatOddMagic => form(scene, Format::Odd),
        Feature::FormatPax => {
            form(scene, Format::Ustar);
            scene.before(pax(&[("mtime", b"1350244992.023960108"), ("atime", b"1350244992")]));
        }
        Feature::NumberSpaces => styled_anywhere(scene, Style::Spaces),
        Feature::NumberNuls => styled_anywhere(scene, Style::Nuls),
        Feature::NumberFullWidth => styled_anywhere(scene, Style::FullWidth),
        Feature::NumberBase256 => styled_anywhere(scene, Style::Base256),
        Feature::NumberJunkAfterNul => styled_anywhere(scene, Style::JunkAfterNul),
        Feature::OddSize => styled(scene, SIZE),
        Feature::OddMode => styled(scene, MODE),
        Feature::OddOwner => styled(scene, UID),
        Feature::OddGroup => styled(scene, GID),
        Feature::OddTime => styled(scene, TIME),
        Feature::OddDevice => styled(scene, MAJOR),
        _ => return bad_number(feature, scene) || prefix(feature, scene) || checksum(feature, scene),
    }
    true
}

fn form(scene: &mut Scene, format: Format) {
    let mode = *scene.rng.pick(&[0o644, 0o755, 0o4755, 0o7777, 0o100_644]);
    let part = scene.file();
    part.head().format(format);
    part.head().octal(MODE, mode);
}

/// Writes one field of an entry anew, its number staying the same where it counts.
fn styled_anywhere(scene: &mut Scene, style: Style) {
    let field = *scene.rng.pick(&[SIZE, MODE, UID, GID, TIME, MAJOR, MINOR]);
    write(scene, field, style);
}

fn styled(scene: &mut Scene, field: Field) {
    let style = *scene.rng.pick(STYLES);
    write(scene, field, style);
}

fn write(scene: &mut Scene, field: Field, style: Style) {
    let other = if field == MODE { 0o640 } else { scene.rng.next_u64() % 1000 };
    let part = scene.some();
    let number = if field == SIZE { length(&part.body) } else { other };
    let width = field.1;
    let digits = match style {
        Style::Spaces => format!("{number:>0$o} ", width - 1),
        Style::Nuls => format!("{number:o}"),
        Style::FullWidth => format!("{number:0width$o}"),
        Style::JunkAfterNul => format!("{number:o}\x009"),
        Style::Base256 => {
            part.head().base256(field, i64::try_from(number).unwrap_or_default());
            return;
        }
    };
    part.head().put(field, digits.as_bytes());
}

fn bad_number(feature: Feature, scene: &mut Scene) -> bool {
    let any = *scene.rng.pick(&[SIZE, MODE, UID, GID, TIME, MAJOR]);
    match feature {
        Feature::NumberLarge => {
            let field = *scene.rng.pick(&[MODE, UID, GID, TIME, MAJOR, MINOR]);
            let number = *scene.rng.pick(&[1 << 24, 0xffff_ffff, 1 << 40]);
            scene.some().head().base256(field, number);
        }
        Feature::NumberEmpty => {
            let blank: &[u8] = scene.rng.text(&[&b""[..], b"            ", b" \0 \0"]);
            let part = scene.some();
            // Without a size there is no body.
            let field = if any == SIZE && !part.body.is_empty() { MODE } else { any };
            part.head().put(field, blank);
        }
        Feature::NumberNegative => {
            let number = *scene.rng.pick(&[-1, -2, -512, -(1 << 30)]);
            scene.some().head().base256(any, number);
        }
        Feature::NumberOverflow => {
            let field = *scene.rng.pick(&[SIZE, SIZE, TIME]);
            let bytes = *scene.rng.pick(&[[0x80, 0, 0, 0, 0x80], [0x80, 1, 0, 0, 0], [0xbf, 0xff, 0xff, 0xff, 0xff]]);
            scene.some().head().put(field, &bytes);
        }
        Feature::NumberHugeSize => {
            let number = *scene.rng.pick(&[1 << 20, 1 << 33, 1 << 62, i64::MAX]);
            scene.some().head().base256(SIZE, number);
        }
        Feature::NumberBadDigit => {
            let digits: &[u8] =
                scene.rng.text(&[&b"0000089\0"[..], b"+644\0", b"-1\0", b"0x1f\0", b"6 44\0", b"6_4\0"]);
            scene.some().head().put(any, digits);
        }
        _ => return false,
    }
    true
}

fn prefix(feature: Feature, scene: &mut Scene) -> bool {
    let folder: &[u8] = scene.rng.text(&[&b"pre"[..], b"pre/fix", b"/pre", b"pre/"]);
    match feature {
        Feature::PrefixUstar => on(scene, Format::Ustar, |head| head.put(PREFIX, folder)),
        Feature::PrefixNoName => on(scene, Format::Ustar, |head| {
            head.put(PREFIX, folder);
            head.put(NAME, b"");
        }),
        Feature::PrefixStar => {
            let whole = [b's'; 131];
            let folder = if scene.rng.chance(20) { &whole[..] } else { folder };
            on(scene, Format::Star, |head| {
                head.put(STAR_PREFIX, folder);
                STAR_TIMES.into_iter().for_each(|time| head.octal(time, 0o12_345));
            });
        }
        Feature::PrefixInGnu => on(scene, Format::Gnu, |head| head.put(PREFIX, folder)),
        Feature::PrefixInGnuNotAscii => on(scene, Format::Gnu, |head| head.put(PREFIX, b"pr\xc3\xa9/fix")),
        Feature::GnuTimes => {
            let (field, odd) = (*scene.rng.pick(&GNU_TIMES), scene.rng.chance(30));
            on(scene, Format::Gnu, |head| {
                if odd {
                    head.base256(field, -77);
                } else {
                    head.octal(field, 0o12_345_670);
                }
            });
        }
        Feature::StarTimesBad => {
            let field = *scene.rng.pick(&STAR_TIMES);
            on(scene, Format::Star, |head| head.put(field, b"tuesday"));
        }
        Feature::OwnerNameOdd => {
            let field = *scene.rng.pick(&[OWNER, GROUP]);
            let name: &[u8] = scene.rng.text(&[&[b'o'; 32][..], b"\xff\xfe", b"root", b"a\0b"]);
            scene.some().head().put(field, name);
        }
        _ => return false,
    }
    true
}

/// Adds a file in a form and changes its header.
fn on(scene: &mut Scene, format: Format, change: impl FnOnce(&mut Block)) {
    let (path, body) = (scene.path(), scene.body());
    let mut part = Part::of(Block::new(format, &path, b'0'));
    part.fill(body);
    change(part.head());
    scene.push(part);
}

fn checksum(feature: Feature, scene: &mut Scene) -> bool {
    let checksum = match feature {
        Feature::ChecksumBad => Checksum::Off(*scene.rng.pick(&[1, 8, 256])),
        Feature::ChecksumSpaces => Checksum::Bytes(*scene.rng.pick(&[*b"        ", [0; 8], *b"00000089"])),
        Feature::ChecksumOdd => scene
            .rng
            .pick(&[
                Checksum::Between(b"", b" \0"),
                Checksum::Between(b"  ", b""),
                Checksum::Between(b"00", b"\0"),
                Checksum::Between(b" ", b"\0x"),
            ])
            .clone(),
        Feature::ChecksumSigned => {
            // Only bytes over 127 make a difference.
            scene.some().head().put(OWNER, b"\xc3\xa9");
            scene.current().head().checksum = Checksum::Signed;
            return true;
        }
        _ => return false,
    };
    scene.some().head().checksum = checksum;
    true
}
