//! The peak of memory of a whole `lasthand verify`, as the system accounts it: at most 64 MiB, 192 bytes for each live file, 8 MiB
//! for each zstd stream that is decoded at a time, and twice the largest window of more than 8 MiB, once.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that tells what it measured"
)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use lasthand_model::digest::Sha256;
use serde_json::{Value, json};
use sha2::Digest as _;
use wait4::Wait4 as _;

const TAR: &str = "application/vnd.oci.image.layer.v1.tar";

/// Layers of an image: the first ones hold the files, the last replaces some, removes some and links some.
const LAYERS: usize = 3;

/// A tar archive that is written: hashed, compressed, hashed again.
struct Layer<C: Write> {
    raw: sha2::Sha256,
    compressor: C,
}

impl<C: Write> Layer<C> {
    fn entry(&mut self, path: &str, kind: tar::EntryType, link: &str, content: &[u8]) {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if !link.is_empty() {
            header.set_link_name(link).unwrap();
        }
        header.set_cksum();
        let padding = [0; 512];
        self.write(header.as_bytes());
        self.write(content);
        self.write(&padding[..content.len().next_multiple_of(512) - content.len()]);
    }

    fn write(&mut self, bytes: &[u8]) {
        self.raw.update(bytes);
        self.compressor.write_all(bytes).unwrap();
    }
}

/// Paths as long as those of an image of Debian packages: 54 bytes on average.
fn path(number: usize) -> String {
    format!("usr/lib/python3/dist-packages/package{:04}/module_{number:07}.py", number / 64)
}

/// What the second layer holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Second {
    /// Files of its own.
    More,
    /// Every file of the first layer in a newer version, as after an upgrade: half of what is read stays hidden.
    Newer,
    /// Files of its own, which the last layer removes with all others.
    Gone,
}

/// Writes the entries of one layer.
fn fill<C: Write>(layer: &mut Layer<C>, number: usize, files: usize, second: Second) {
    let share = files / (LAYERS - 1);
    if number < LAYERS - 1 {
        let first = if second == Second::Newer { 0 } else { number * share };
        for at in first..first + share {
            layer.entry(&path(at), tar::EntryType::Regular, "", format!("{at} of {number}").as_bytes());
        }
        return;
    }
    if second == Second::Gone {
        layer.entry(".wh.usr", tar::EntryType::Regular, "", b"");
        layer.entry("srv/left", tar::EntryType::Regular, "", b"left");
        return;
    }
    for at in (0..share).step_by(10) {
        layer.entry(&path(at), tar::EntryType::Regular, "", b"replaced");
        let removed = path(at + 1).replace("module_", ".wh.module_");
        layer.entry(&removed, tar::EntryType::Regular, "", b"");
        layer.entry(&format!("srv/{at}"), tar::EntryType::Link, &path(at + 2), b"");
    }
}

fn blob(folder: &Path, bytes: &[u8], media_type: &str) -> Value {
    let digest = Sha256::of(bytes);
    fs::write(folder.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
}

/// Makes an image.
fn image(folder: &Path, files: usize, zstd: bool, second: Second) {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
    for number in 0..LAYERS {
        let mut stored = tempfile::tempfile_in(folder).unwrap();
        let out = BufWriter::new(&mut stored);
        let raw = sha2::Sha256::new();
        let diff_id = if zstd {
            let mut layer = Layer { raw, compressor: zstd::Encoder::new(out, 3).unwrap() };
            fill(&mut layer, number, files, second);
            layer.write(&[0; 1024]);
            layer.compressor.finish().unwrap().flush().unwrap();
            layer.raw
        } else {
            let compressor = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
            let mut layer = Layer { raw, compressor };
            fill(&mut layer, number, files, second);
            layer.write(&[0; 1024]);
            layer.compressor.finish().unwrap().flush().unwrap();
            layer.raw
        };
        let ending = if zstd { "zstd" } else { "gzip" };
        layers.push(keep(folder, stored, &format!("{TAR}+{ending}")));
        diff_ids.push(format!("sha256:{}", Sha256::from_bytes(diff_id.finalize().into())));
    }
    describe(folder, &layers, &diff_ids);
}

/// Writes the config, the manifest and the index of an image.
fn describe(folder: &Path, layers: &[Value], diff_ids: &[String]) {
    let config = json!({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = blob(folder, config.to_string().as_bytes(), "application/vnd.oci.image.config.v1+json");
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let image = json!({"schemaVersion": 2, "mediaType": manifest, "config": config, "layers": layers});
    let image = blob(folder, image.to_string().as_bytes(), manifest);
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [image]}).to_string()).unwrap();
}

/// Makes an image of layers with one file of zeros each, of so many mebibytes, in a frame with a window of a power of two.
fn windowed(folder: &Path, layers: usize, mib: usize, window_log: u8) {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let (mut descriptors, mut diff_ids) = (Vec::new(), Vec::new());
    for number in 0..layers {
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("srv/zeros{number}")).unwrap();
        header.set_size((mib as u64) << 20);
        header.set_mode(0o644);
        header.set_cksum();
        // A magic number, no sizes, no checksum; then blocks: one as it is, many of one byte, one as it is.
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
        let block = |kind: u32, length: u32| (length << 3 | kind).to_le_bytes()[..3].to_vec();
        frame.extend(block(0, 512));
        frame.extend(header.as_bytes());
        (0..mib * 8).for_each(|_| frame.extend([block(2, 128 << 10), vec![0]].concat()));
        frame.extend(block(1, 1024));
        frame.extend([0; 1024]);
        let mut raw = sha2::Sha256::new();
        raw.update(header.as_bytes());
        let zeros = vec![0; 1 << 20];
        (0..mib).for_each(|_| raw.update(&zeros));
        raw.update([0; 1024]);
        descriptors.push(blob(folder, &frame, &format!("{TAR}+zstd")));
        diff_ids.push(format!("sha256:{}", Sha256::from_bytes(raw.finalize().into())));
    }
    describe(folder, &descriptors, &diff_ids);
}

/// Moves a stored layer under its digest.
fn keep(folder: &Path, mut stored: File, media_type: &str) -> Value {
    stored.seek(SeekFrom::Start(0)).unwrap();
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut reader = BufReader::new(&stored);
    let mut size = 0;
    loop {
        let read = reader.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size += read;
    }
    let digest = Sha256::from_bytes(hasher.finalize().into());
    stored.seek(SeekFrom::Start(0)).unwrap();
    io::copy(&mut stored, &mut File::create(folder.join(format!("blobs/sha256/{digest}"))).unwrap()).unwrap();
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size})
}

/// Verifies, and gives the peak in bytes and the report's number of files.
fn verified(folder: &Path) -> (u64, usize) {
    let trust = folder.join("trust.toml");
    fs::write(
        &trust,
        "[[product]]\nname = \"app\"\nrepositories = [\"git.example/app\"]\nrefs = [\"refs/heads/main\"]\n",
    )
    .unwrap();
    let report = folder.join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lasthand"));
    command.arg("verify").arg(format!("oci:{}", folder.display())).args(["--policy", "observe", "--trust"]).arg(&trust);
    command.arg("--cache-dir").arg(folder.join("cache"));
    command.args(["-o", "text", "-o"]).arg(format!("json={}", report.display()));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let used = child.wait4().unwrap();
    // Nobody vouches for it.
    assert_eq!(used.status.code(), Some(3));
    // The system counts what this process has when it starts another one, so the report is not taken in whole.
    let lines = BufReader::new(File::open(report).unwrap()).lines();
    let files = lines.filter(|line| line.as_ref().unwrap().starts_with("      \"path\": "));
    (used.rusage.maxrss, files.count())
}

#[test]
fn memory_grows_with_the_files_that_live_and_stays_within_its_bound() {
    // pass: three sizes with gzip, one with zstd
    for (files, zstd) in [(20_000, false), (60_000, true), (80_000, false), (320_000, false)] {
        let live = stays_within_its_bound(files, zstd, Second::More);
        assert!(live >= files * 9 / 10, "{live} of {files}");
    }
}

#[test]
fn half_of_the_files_may_be_hidden_within_the_bound_of_those_that_live() {
    // pass: three sizes of an image whose every file was replaced once
    for files in [40_000, 160_000, 640_000] {
        let live = stays_within_its_bound(files, false, Second::Newer);
        assert!((files * 4 / 10..=files * 6 / 10).contains(&live), "{live} of {files}");
    }
}

#[test]
fn all_files_may_be_hidden_within_the_bound_of_none() {
    // pass: three sizes of an image that removes what it added, the last one just what may be hidden
    for files in [20_000, 100_000, 280_000] {
        assert_eq!(stays_within_its_bound(files, false, Second::Gone), 1);
    }
}

/// Asserts that an image is verified within the bound, and gives the number of its live files.
fn stays_within_its_bound(files: usize, zstd: bool, second: Second) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), files, zstd, second);
    let streams = if zstd { cores.min(LAYERS) } else { 0 };
    let packed = if zstd { ", zstd" } else { "" };
    let (mut found, mut cached) = (0, BTreeSet::new());
    // Facts of what changed just now are not kept.
    thread::sleep(Duration::from_secs(4));
    for cache in ["kept", "taken from what was kept"] {
        let (peak, live) = verified(folder.path());
        let bound = (64 << 20) + 192 * live as u64 + ((8 * streams as u64) << 20);
        eprintln!("{live} live files of {files}{packed}, {cache}: peak {} KiB of {} KiB", peak >> 10, bound >> 10);
        assert!(peak <= bound, "{live} files, {cache}: peak {peak} bytes, bound {bound}");
        found = live;
        // Those of each layer, and of how they lie on each other; none is written again.
        let files = fs::read_dir(folder.path().join("cache")).unwrap();
        let files =
            files.map(Result::unwrap).map(|file| (file.file_name(), file.metadata().unwrap().modified().unwrap()));
        let times: BTreeSet<_> = files.collect();
        assert_eq!(times.len(), LAYERS + 1);
        assert!(cached.is_empty() || cached == times);
        cached = times;
    }
    found
}

#[test]
fn large_windows_are_open_one_at_a_time() {
    // pass: eight layers of windows of 64 MiB cost what one of them costs; of windows of 8 MiB two for each core, as stated
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for (log, each, large) in [(26, 8, 2 << 26), (23, 16, 0)] {
        let folder = tempfile::tempdir().unwrap();
        windowed(folder.path(), 8, 136, log);
        let (peak, live) = verified(folder.path());
        assert_eq!(live, 8);
        let bound = (64 << 20) + 192 * live as u64 + ((each * cores.min(8) as u64) << 20) + large;
        eprintln!("windows of {} MiB: peak {} KiB of {} KiB", 1 << (log - 20), peak >> 10, bound >> 10);
        assert!(peak <= bound, "windows of 2^{log}: peak {peak} bytes, bound {bound}");
    }
}
