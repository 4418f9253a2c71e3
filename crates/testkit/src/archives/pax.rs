//! Features of pax headers.

use super::block::{BLOCK, Block, Format, SIZE};
use super::extension::{global, long, pax, raw_pax, record, records};
use super::feature::Feature;
use super::scene::{Part, Scene};

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    size(feature, scene)
        || value(feature, scene)
        || odd_value(feature, scene)
        || malformed(feature, scene)
        || order(feature, scene)
}

fn size(feature: Feature, scene: &mut Scene) -> bool {
    let decimal = |number: u64| number.to_string().into_bytes();
    match feature {
        Feature::PaxSize | Feature::PaxSizeNonZeroBase | Feature::PaxSizeOddDigits => {
            scene.file();
            let size = scene.size();
            let base = match feature {
                Feature::PaxSizeNonZeroBase => *scene.rng.pick(&[1, 512, 1024, 5000, 0o77_777_777_777]),
                _ => 0,
            };
            scene.current().head().octal(SIZE, base);
            let digits = match feature {
                Feature::PaxSizeOddDigits if scene.rng.chance(50) => format!("+{size}").into_bytes(),
                Feature::PaxSizeOddDigits => format!("000{size}").into_bytes(),
                _ => decimal(size),
            };
            scene.before(pax(&[("size", &digits)]));
        }
        Feature::PaxSizeSmaller => {
            let hidden = Part::extension(Format::Ustar, b"hidden", b'0', b"inside").bytes();
            let start = scene.rng.below(2) * BLOCK;
            let body = [vec![b'v'; start], hidden].concat();
            scene.file().fill(body);
            scene.before(pax(&[("size", &decimal(u64::try_from(start).unwrap_or_default()))]));
        }
        Feature::PaxSizeLarger => {
            scene.file().fill(Vec::new());
            let hidden = Part::extension(Format::Ustar, b"swallowed", b'0', b"inside").bytes();
            scene.before(pax(&[("size", &decimal(u64::try_from(hidden.len()).unwrap_or_default()))]));
            scene.current().body = hidden;
        }
        Feature::PaxSizeNegative => {
            scene.some();
            let digits: &[u8] = scene.rng.text(&[&b"-1"[..], b"-512", b"-0", b"-9223372036854775808"]);
            scene.before(pax(&[("size", digits)]));
        }
        Feature::PaxSizeOnLink | Feature::PaxSizeOnFolder => {
            let (path, target) = (scene.path(), scene.path());
            let typeflag = if feature == Feature::PaxSizeOnLink { *scene.rng.pick(b"12") } else { b'5' };
            scene.link(&path, typeflag, if typeflag == b'5' { b"" } else { &target });
            let digits: &[u8] = scene.rng.text(&[&b"0"[..], b"1", b"512", b"1000000", b"-5"]);
            scene.before(pax(&[("size", digits)]));
        }
        Feature::PaxHeadBase256 => {
            scene.some();
            let path = scene.path();
            let mut part = pax(&[("path", &path)]);
            let size = i64::try_from(part.body.len()).unwrap_or_default();
            part.head().base256(SIZE, size);
            scene.before(part);
        }
        _ => return false,
    }
    true
}

fn value(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::PaxPath => {
            scene.some();
            let path = if scene.rng.chance(50) { scene.long_path() } else { scene.path() };
            scene.before(pax(&[("path", &path)]));
        }
        Feature::PaxLinkpath => {
            let (path, target) = (scene.path(), scene.long_path());
            let typeflag = *scene.rng.pick(b"1220");
            scene.link(&path, typeflag, b"short");
            scene.before(pax(&[("linkpath", &target)]));
        }
        Feature::PaxOwner => add(scene, &[("uid", b"1000"), ("gid", b"2097152")]),
        Feature::PaxOwnerOdd => {
            let number: &[u8] = scene.rng.text(&[&b"-2"[..], b"9223372036854775807", b"+7", b"4294967296"]);
            let key = *scene.rng.pick(&["uid", "gid"]);
            add(scene, &[(key, number)]);
        }
        Feature::PaxOwnerName => add(scene, &[("uname", b"ana"), ("gname", "équipe".as_bytes())]),
        Feature::PaxTimes => {
            let time: &[u8] = scene.rng.text(&[&b"-1.5"[..], b"1.", b"0.1234567891234", b"1350244992.0239", b"-0.5"]);
            let key = *scene.rng.pick(&["mtime", "atime", "ctime"]);
            add(scene, &[(key, time)]);
        }
        Feature::PaxXattr => add(scene, &[("SCHILY.xattr.user.note", b"a\0=\n"), ("SCHILY.xattr.user.empty", b"")]),
        Feature::PaxCapability => {
            add(scene, &[("SCHILY.xattr.security.capability", b"\x01\0\0\x02\0\x20\0\0\0\0\0\0")])
        }
        Feature::PaxXattrNoName => add(scene, &[("SCHILY.xattr.", b"x")]),
        Feature::PaxComment => add(scene, &[("comment", b"any")]),
        Feature::PaxVendor => {
            let key = *scene.rng.pick(&[
                "SCHILY.acl.access",
                "LIBARCHIVE.xattr.user.a",
                "RHT.security.selinux",
                "SCHILY.dev",
                "GNU.volume.label",
                "EXAMPLE.key",
                "hdrcharset",
            ]);
            add(scene, &[(key, b"BINARY")]);
        }
        _ => return false,
    }
    true
}

fn add(scene: &mut Scene, pairs: &[(&str, &[u8])]) {
    scene.some();
    scene.before(pax(pairs));
}

fn odd_value(feature: Feature, scene: &mut Scene) -> bool {
    let key = *scene.rng.pick(&["path", "linkpath", "uname", "gname"]);
    match feature {
        Feature::PaxKeyTwice => {
            let (first, second) = (scene.path(), scene.path());
            add(scene, &[("path", &first), ("comment", b"between"), ("path", &second)]);
        }
        Feature::PaxEmptyValue => {
            let key =
                *scene.rng.pick(&["path", "linkpath", "size", "uid", "mtime", "SCHILY.xattr.user.a", "GNU.sparse.map"]);
            let path = scene.path();
            let set_before = key == "path" && scene.rng.chance(40);
            let first = if set_before { record(b"path", &path) } else { Vec::new() };
            scene.some();
            scene.before(raw_pax(b'x', &[first, record(key.as_bytes(), b"")].concat()));
        }
        Feature::PaxOddValue => {
            let path: &[u8] = scene.rng.text(&[&b"a=b"[..], b"a\nb", b"a\n12 path=c", b" a", b"a "]);
            add(scene, &[("path", path)]);
        }
        Feature::PaxNulInPath => {
            let value: &[u8] = scene.rng.text(&[&b"good\0evil"[..], b"\0", b"good\0"]);
            add(scene, &[(key, value)]);
        }
        Feature::PaxNulInValue => add(scene, &[("comment", b"a\0b"), ("EXAMPLE.key", b"\0")]),
        Feature::PaxNotUtf8 => add(scene, &[("path", b"caf\xe9/\xff"), (key, b"\xc3\x28")]),
        Feature::PaxPathSlash => {
            let typeflag = *scene.rng.pick(b"0\x00051");
            let path = scene.path();
            scene.entry(&path, typeflag);
            scene.before(pax(&[("path", b"folder/")]));
        }
        Feature::PaxNoRecords => {
            scene.some();
            scene.before(raw_pax(b'x', b""));
        }
        Feature::PaxTimesBad => {
            let key = *scene.rng.pick(&["mtime", "atime", "ctime"]);
            let time: &[u8] = scene.rng.text(&[&b"x"[..], b"1.2.3", b".5", b"1e3", b"99999999999999999999", b" 1"]);
            add(scene, &[(key, time)]);
        }
        Feature::PaxNumberBad => {
            let key = *scene.rng.pick(&["size", "uid", "gid"]);
            let number: &[u8] =
                scene.rng.text(&[&b"x"[..], b"1.5", b"0x10", b" 1", b"1 ", b"9223372036854775808", b"1_0"]);
            add(scene, &[(key, number)]);
        }
        _ => return false,
    }
    true
}

fn malformed(feature: Feature, scene: &mut Scene) -> bool {
    let good = record(b"path", b"elsewhere");
    let content = match feature {
        Feature::PaxBadLength => scene
            .rng
            .pick(&[
                &b"5 path=x\n"[..],
                b"99 path=x\n",
                b"0 path=x\n",
                b"-9 path=x\n",
                b"9223372036854775808 path=x\n",
                b" path=x\n",
                b"0x9 path=x\n",
                b"9\tpath=x\n",
                b"12 k=v\n\0\0\0\0\0\0",
                b"4 =\n",
            ])
            .to_vec(),
        Feature::PaxOddLength => scene.rng.pick(&[&b"+10 path=x\n"[..], b"011 path=x\n", b"00012 path=x\n"]).to_vec(),
        Feature::PaxNoNewline => scene.rng.pick(&[&b"9 path=x "[..], b"9 path=xy", b"9 path=x\0"]).to_vec(),
        Feature::PaxNoEquals => b"9 pathsx\n".to_vec(),
        Feature::PaxNoKey => b"6 =ab\n".to_vec(),
        Feature::PaxNulInKey => record(b"pa\0th", b"x"),
        _ => return false,
    };
    scene.some();
    let content = match scene.rng.below(3) {
        0 => [good, content].concat(),
        1 => [content, good].concat(),
        _ => content,
    };
    let typeflag = if scene.rng.chance(85) { b'x' } else { b'g' };
    scene.before(raw_pax(typeflag, &content));
    true
}

fn order(feature: Feature, scene: &mut Scene) -> bool {
    match feature {
        Feature::PaxTwice => {
            scene.some();
            let (first, second) = (scene.path(), scene.path());
            scene.before(pax(&[("path", &first), ("uid", b"5")]));
            let second = if scene.rng.chance(60) { pax(&[("path", &second)]) } else { pax(&[("comment", b"none")]) };
            scene.before(second);
        }
        Feature::PaxThenGlobal => {
            scene.some();
            let (path, size) = (scene.path(), scene.size());
            scene.before(pax(&[("path", &path), ("size", size.to_string().as_bytes())]));
            scene.before(global(&[("comment", b"between")]));
        }
        Feature::LongThenGlobal => {
            scene.some();
            let path = scene.long_path();
            scene.before(long(b'L', &path));
            scene.before(global(&[("comment", b"between")]));
        }
        Feature::GlobalPath => {
            let path = scene.path();
            ahead(scene, &global(&[("path", &path), ("linkpath", b"global"), ("uname", b"global")]));
        }
        Feature::GlobalSize => ahead(scene, &global(&[("size", b"3"), ("uid", b"9")])),
        Feature::GlobalComment => ahead(scene, &global(&[("comment", b"0123456789abcdef0123456789abcdef01234567")])),
        Feature::GlobalBad => {
            let content: &[u8] = scene.rng.text(&[&b"9 path=xy"[..], b"x", b"9 path=\0\n", b"\0"]);
            ahead(scene, &raw_pax(b'g', content));
        }
        Feature::GlobalBadNumber => {
            // No path beside it: whether Go applies one depends on the order of its map.
            let key = *scene.rng.pick(&["size", "uid", "mtime"]);
            ahead(scene, &global(&[(key, b"many")]));
        }
        Feature::PaxInGnu => {
            scene.some();
            let content = records(&[("path", &scene.path())]);
            let typeflag = *scene.rng.pick(b"xxg");
            let mut block = Block::new(*scene.rng.pick(&[Format::Gnu, Format::V7, Format::Star]), b"pax", typeflag);
            block.octal(SIZE, 0);
            let mut part = Part::of(block);
            part.fill(content);
            scene.before(part);
        }
        _ => return false,
    }
    true
}

fn ahead(scene: &mut Scene, part: &Part) {
    scene.some();
    scene.ahead(part.clone());
}
