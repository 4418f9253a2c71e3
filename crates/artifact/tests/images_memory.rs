//! An image of many files needs little memory. Alone in its file, because it measures its own process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use image_kit::{CONFIG, Files, LAYER, MANIFEST, put, put_json, root};
use lasthand_artifact::image::{ImageArtifact, ImageStore};
use lasthand_artifact::local;
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::json;
use sha2::Digest as _;

const ENTRIES: usize = 75_000;

/// The largest resident size of this process so far, in KiB.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[test]
fn seventy_five_thousand_files_are_read_in_a_hundred_mebibytes() {
    // pass: reading, composing and listing together
    let mut hasher = sha2::Sha256::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..ENTRIES {
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("usr/lib/python3/dist-packages/package{:03}/module{number}.py", number / 250)).unwrap();
        header.set_size(6);
        header.set_mode(0o644);
        header.set_cksum();
        let mut content = [0; 512];
        content[..6].copy_from_slice(format!("{number:06}").as_bytes());
        for block in [header.as_bytes(), &content] {
            hasher.update(block);
            encoder.write_all(block).unwrap();
        }
    }
    hasher.update([0; 1024]);
    encoder.write_all(&[0; 1024]).unwrap();
    let layer = encoder.finish().unwrap();
    let diff_id = Sha256::from_bytes(hasher.finalize().into());
    let mut files = Files::new();
    let layer = put(&mut files, &layer, &format!("{LAYER}+gzip"));
    let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{diff_id}")]}});
    let config = put_json(&mut files, &config, CONFIG);
    let manifest = put_json(&mut files, &json!({"schemaVersion": 2, "config": config, "layers": [layer]}), MANIFEST);
    let folder = image_kit::folder(&root(files, &[manifest]));

    let before = peak_kib();
    if !lasthand_testkit::need::feature("/proc/self/status", before.is_some(), "the peak of memory is read there") {
        return;
    }
    let artifact = local::open(folder.path()).unwrap();
    let store = ImageStore::open(&artifact, None, &Limits::DEFAULT).unwrap();
    let read = store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}).unwrap();
    let ImageArtifact::Image(image) = read else { panic!("no image") };
    assert_eq!(image.inventory.records().len(), ENTRIES);
    let grown = peak_kib().unwrap() - before.unwrap();
    assert!(grown < 100 << 10, "grew by {grown} KiB");
}
