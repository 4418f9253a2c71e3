//! Inputs from what a fuzzer chose.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use lasthand_testkit::archives::Archive;
use lasthand_testkit::zips::{Entry, Zip};

const BLOCK: usize = 512;

/// A plain tar stream.
pub(crate) fn tar(choice: &[u8]) -> Vec<u8> {
    if choice.len() >= BLOCK && choice[257..].starts_with(b"ustar") {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let mut bytes = unwrapped(Archive::draw(seed).bytes());
    for edit in edits.chunks_exact(4) {
        let at = place(edit, bytes.len());
        let block = at / BLOCK * BLOCK;
        let end = (block + BLOCK).min(bytes.len());
        match edit[2] % 8 {
            0 => drop(bytes.drain(block..end)),
            1 => {
                let copy = bytes[block..end].to_vec();
                bytes.splice(block..block, copy);
            }
            2 => bytes.truncate(at),
            kind => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = edit[3];
                }
                // Most edits of headers keep their checksum, or no reader would look further.
                if kind != 3 {
                    mend(&mut bytes[block..end]);
                }
            }
        }
    }
    bytes
}

/// A gzip stream.
pub(crate) fn gzip(choice: &[u8]) -> Vec<u8> {
    if choice.starts_with(&[0x1f, 0x8b]) {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let drawn = Archive::draw(seed).bytes();
    let mut bytes = if drawn.starts_with(&[0x1f, 0x8b]) { drawn } else { packed(&drawn, seed) };
    for edit in edits.chunks_exact(4).take(3) {
        let at = place(edit, bytes.len());
        match edit[2] % 6 {
            0 => bytes.truncate(at),
            1 => bytes.extend(edit),
            2 => bytes.extend(packed(edit, 0)),
            3 => drop(bytes.drain(at..(at + 1).min(bytes.len()))),
            // The header of the first member, or the end of the last one.
            4 => flip(&mut bytes, usize::from(edit[0] % 12), edit[3]),
            _ => {
                let from_end = bytes.len().saturating_sub(1 + usize::from(edit[0] % 12));
                flip(&mut bytes, from_end, edit[3]);
            }
        }
    }
    bytes
}

/// A zstd stream: frames with and without checksum and size, skippable frames between them.
pub(crate) fn zstd(choice: &[u8]) -> Vec<u8> {
    if choice.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let mut bytes = frames(&unwrapped(Archive::draw(seed >> 2).bytes()), seed);
    for edit in edits.chunks_exact(4).take(usize::try_from(seed % 4).unwrap()) {
        let at = place(edit, bytes.len());
        match edit[2] % 8 {
            0 => bytes.truncate(at),
            1 => bytes.extend(edit),
            2 => bytes.extend(frames(edit, u64::from(edit[3]))),
            3 => drop(bytes.drain(at..(at + 1).min(bytes.len()))),
            4 => bytes.extend(skippable(edit)),
            // The header of the first frame, or its checksum.
            5 => flip(&mut bytes, usize::from(edit[0] % 14), edit[3]),
            6 => {
                let from_end = bytes.len().saturating_sub(1 + usize::from(edit[0] % 8));
                flip(&mut bytes, from_end, edit[3]);
            }
            _ => flip(&mut bytes, at, edit[3]),
        }
    }
    bytes
}

fn frames(bytes: &[u8], seed: u64) -> Vec<u8> {
    let members = usize::try_from(seed % 3).unwrap() + 1;
    let mut out = Vec::new();
    for (number, part) in bytes.chunks(bytes.len() / members + 1).enumerate() {
        let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(seed & 4 == 0).unwrap();
        encoder.include_contentsize(seed & 8 == 0).unwrap();
        encoder.set_pledged_src_size((seed & 8 == 0).then_some(part.len() as u64)).unwrap();
        encoder.write_all(part).unwrap();
        out.extend(encoder.finish().unwrap());
        if seed & 16 != 0 && number == 0 {
            out.extend(skippable(b"note"));
        }
    }
    out
}

fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x5a, 0x2a, 0x4d, 0x18], &length[..], content].concat()
}

/// A Debian package.
pub(crate) fn deb(choice: &[u8]) -> Vec<u8> {
    if choice.starts_with(b"!<arch>\n") {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let control = packed(&tar_of(&[("./control", b"Package: a\n")]), 0);
    let data = match seed % 3 {
        0 => packed(&tar_of(&[("./usr/bin/a", b"#!/bin/sh\n")]), 0),
        1 => frames(&tar_of(&[("./usr/bin/b", b"b")]), seed),
        _ => tar_of(&[("./etc/c", &[b'c'; 77])]),
    };
    let ending = ["gz", "zst", ""][usize::try_from(seed % 3).unwrap()];
    let data_name = if ending.is_empty() { "data.tar".to_owned() } else { format!("data.tar.{ending}") };
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in [("debian-binary", &b"2.0\n"[..]), ("control.tar.gz", &control), (&data_name, &data)] {
        ar_member(&mut bytes, name, content);
    }
    if seed % 5 == 0 {
        ar_member(&mut bytes, "_gpgorigin", b"odd");
    }
    for edit in edits.chunks_exact(4).take(usize::try_from(seed % 4).unwrap()) {
        let at = place(edit, bytes.len());
        match edit[2] % 6 {
            0 => bytes.truncate(at),
            1 => ar_member(&mut bytes, "data.tar", edit),
            2 => drop(bytes.drain(at..(at + 1).min(bytes.len()))),
            // The header of the first member or of the second.
            3 => flip(&mut bytes, 8 + usize::from(edit[0]) % 136, edit[3]),
            _ => flip(&mut bytes, at, edit[3]),
        }
    }
    bytes
}

fn ar_member(bytes: &mut Vec<u8>, name: &str, content: &[u8]) {
    bytes.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", content.len()).bytes());
    bytes.extend(content);
    bytes.extend(&b"\n"[..content.len() % 2]);
}

/// A zip file.
pub(crate) fn zip(choice: &[u8]) -> Vec<u8> {
    if choice.starts_with(b"PK") {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let mut made = Zip::of((0..1 + seed % 4).map(|number| zip_entry(seed >> (4 * number), number)).collect());
    if seed.is_multiple_of(5) {
        made.end.zip64 = Some(0);
    }
    let mut lies = edits.chunks_exact(4);
    for lie in lies.by_ref().take(usize::from(choice.first().is_some_and(|byte| byte % 3 > 0))) {
        lie_about(&mut made, lie);
    }
    let mut bytes = made.bytes();
    for edit in lies.take(3) {
        let at = place(edit, bytes.len());
        match edit[2] % 8 {
            0 => bytes.truncate(at),
            1 => bytes.extend(edit),
            2 => drop(bytes.drain(at..(at + 1).min(bytes.len()))),
            _ => flip(&mut bytes, at, edit[3]),
        }
    }
    bytes
}

fn zip_entry(seed: u64, number: u64) -> Entry {
    let names = ["a.txt", "dir/", "dir/b", "META-INF/MANIFEST.MF", "a.txt", "./c", "lib/d.jar", "n\u{e4}me"];
    let name = names[usize::try_from(seed % 8).unwrap()];
    let content = vec![b'x'; usize::try_from(seed % 300).unwrap()];
    match (name.ends_with('/'), (seed >> 3) % 4) {
        (true, _) => Entry::stored(name, b"").with_mode(0o040_755),
        (_, 0) => Entry::stored(&format!("{name}{number}"), &content),
        (_, 1) => Entry::deflated(name, &content),
        (_, form) => Entry::streamed(&format!("{number}{name}"), &content, form == 2),
    }
}

/// One lie in one place of a file that is true otherwise.
fn lie_about(made: &mut Zip, lie: &[u8]) {
    let count = made.entries.len();
    let entry = &mut made.entries[usize::from(lie[0]) % count];
    let header = if lie[1].is_multiple_of(2) { &mut entry.local } else { &mut entry.central };
    let by = u32::from(lie[3] % 4);
    match lie[2] % 20 {
        0 => header.name = b"b.txt".to_vec(),
        1 => header.flags ^= 1 << (lie[3] % 16),
        2 => header.method = u16::from(lie[3] % 10),
        3 => header.crc ^= by,
        4 => header.packed = header.packed.wrapping_add(by),
        5 => header.size = header.size.wrapping_sub(by),
        6 => header.extra = vec![1, 0, 16, 0, lie[3], 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0],
        7 => header.extra = vec![lie[3], 0, 4, 0, 1, 2, 3, 4],
        8 => entry.data.extend(&lie[..2]),
        9 => entry.after.extend(lie),
        10 => entry.moved = i64::from(lie[3]),
        11 => entry.listed = false,
        12 => entry.written = false,
        13 => entry.attributes = u32::from(lie[3]) << 28,
        14 => made.before = lie.to_vec(),
        15 => made.between = lie.to_vec(),
        16 => made.after = lie.to_vec(),
        17 => made.end.entries = Some(u16::from(lie[3])),
        18 => made.end.moved = i64::from(by),
        _ => made.end.comment = [lie, b"PK\x05\x06", &[0; 18]].concat(),
    }
}

/// Documents that edits begin with: index, manifest, config, list of a docker archive.
const DOCUMENTS: &[&str] = &[
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"platform":{"architecture":"arm64","os":"linux","variant":"v8"},"annotations":{"org.opencontainers.image.ref.name":"1.0"}}]}"#,
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}],"annotations":{"run.oci.handler":"x"}}"#,
    r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin","A="],"Entrypoint":["/bin/sh"],"Labels":{"a":"b"},"ExposedPorts":{"80/tcp":{}},"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},"history":[{"created_by":"x","empty_layer":true}]}"#,
    r#"[{"Config":"config.json","RepoTags":["acme/app:1.0"],"Layers":[]}]"#,
    r#"{"schemaVersion":2,"manifests":[]}"#,
    r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#,
];

/// Pieces of documents that edits put in.
const WORDS: &[&str] = &[
    "null",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "true",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    " ",
    "\"schemaVersion\":1,",
    "\"manifests\":[],",
    "\"layers\":[],",
    "\"SCHEMAVERSION\":2,",
    "\"subject\":null,",
    "\"urls\":[\"x\"],",
    "\"config\":null,",
    "sha512:",
    "unknown/unknown",
    "[[[[[[[[[[[[[[[[[[[[",
];

/// A JSON document, or something near one.
pub(crate) fn oci(choice: &[u8]) -> Vec<u8> {
    if matches!(choice.first(), Some(b'{' | b'[')) {
        return choice.to_vec();
    }
    let (seed, edits) = split(choice);
    let which = usize::try_from(seed % DOCUMENTS.len() as u64).unwrap();
    let mut bytes = DOCUMENTS[which].as_bytes().to_vec();
    for edit in edits.chunks_exact(4).take(6) {
        let at = place(edit, bytes.len());
        // Edits at the seams of the document are read further than others.
        let seam = bytes[at..].iter().position(|byte| b"{[,:\"".contains(byte)).map_or(at, |ahead| at + ahead);
        match edit[2] % 5 {
            0 => drop(bytes.drain(seam..(seam + usize::from(edit[3] % 40)).min(bytes.len()))),
            1 => flip(&mut bytes, at, edit[3]),
            2 => {
                let length = usize::from(edit[3]).min(bytes.len() - seam);
                let copy = bytes[seam..seam + length].to_vec();
                bytes.splice(seam..seam, copy);
            }
            _ => {
                let word = WORDS[usize::from(edit[3]) % WORDS.len()];
                let after = (seam + 1).min(bytes.len());
                bytes.splice(after..after, word.bytes());
            }
        }
    }
    bytes
}

/// A tar archive of these members.
pub(crate) fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn split(choice: &[u8]) -> (u64, &[u8]) {
    let (head, edits) = choice.split_at(choice.len().min(3));
    (head.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)), edits)
}

/// A place among `length` bytes; 0 where there are none.
fn place(edit: &[u8], length: usize) -> usize {
    (usize::from(edit[0]) << 8 | usize::from(edit[1])) * length / (1 << 16)
}

fn flip(bytes: &mut [u8], at: usize, with: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= with;
    }
}

/// What is inside where it is packed; what can be had of it where it is damaged.
fn unwrapped(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut inside = Vec::new();
    let _ = MultiGzDecoder::new(&bytes[..]).take(1 << 20).read_to_end(&mut inside);
    inside
}

/// One member or several.
fn packed(bytes: &[u8], seed: u64) -> Vec<u8> {
    let members = usize::try_from(seed % 3).unwrap() + 1;
    let mut out = Vec::new();
    for part in bytes.chunks(bytes.len() / members + 1) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        out.extend(encoder.finish().unwrap());
    }
    out
}

/// Writes the checksum of a header anew; nothing where there is none.
fn mend(block: &mut [u8]) {
    if block.len() == BLOCK && block[257..].starts_with(b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}
