//! Layers whose decoders need much memory: one at a time, and always to an end.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::io::Write as _;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use image_kit::{CONFIG, Files, LAYER, MANIFEST, archive, put, put_json, root};
use lasthand_artifact::image::{ImageArtifact, ImageFacts, ImageStore};
use lasthand_artifact::{MemoryBlob, Opening};
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::json;

/// Packs with a window of so many bytes, as a power of two.
fn pack(bytes: &[u8], log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(log).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// An image of these layers, each a tar and as it is packed.
fn image(layers: &[(Vec<u8>, Vec<u8>)]) -> MemoryBlob {
    let mut files = Files::new();
    let diff_ids: Vec<_> = layers.iter().map(|(tar, _)| format!("sha256:{}", Sha256::of(tar))).collect();
    let layers: Vec<_> = layers.iter().map(|(_, packed)| put(&mut files, packed, &format!("{LAYER}+zstd"))).collect();
    let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = put_json(&mut files, &config, CONFIG);
    let manifest = put_json(&mut files, &json!({"schemaVersion": 2, "config": config, "layers": layers}), MANIFEST);
    archive(&root(files, &[manifest]))
}

/// Reads an image with archives opened; panics when that does not end.
fn open(blob: MemoryBlob) -> ImageFacts {
    let (done, read) = channel();
    thread::spawn(move || {
        let store = ImageStore::open(&blob, None, &Limits::DEFAULT).unwrap().opening(Opening::Open);
        let artifact = store.read(&store.choices()[0], None, &Limits::DEFAULT, &mut |_| {}).unwrap();
        done.send(artifact).unwrap();
    });
    match read.recv_timeout(Duration::from_secs(300)) {
        Ok(ImageArtifact::Image(image)) => image,
        other => panic!("{other:?}"),
    }
}

#[test]
fn large_windows_in_large_windows_of_many_layers_come_to_an_end() {
    // pass: layers with small and large windows, some worth a thread of their own, each with two packed archives in it, with large
    // windows and small ones; all members are listed, as they are when windows are small
    let member = |seed: u64, log: u32| pack(&tar_of(&[("bin/app", &noise(seed, 200_000))]), log);
    let layers = |outer: fn(u64) -> u32, inner: fn(u64) -> u32| -> Vec<_> {
        let layer = |number: u64| {
            let padding = noise(number, if number.is_multiple_of(3) { 3 << 20 } else { 1 << 10 });
            let (first, second) = (member(number, inner(number)), member(number + 50, inner(number + 1)));
            let names = ["a.tar.zst", "padding", "b.tar.zst"].map(|name| format!("opt/{number}/{name}"));
            let tar = tar_of(&[(&names[0], &first), (&names[1], &padding), (&names[2], &second)]);
            let packed = pack(&tar, outer(number));
            (tar, packed)
        };
        (0..8).map(layer).collect()
    };
    let members = |facts: &ImageFacts| -> Vec<_> {
        let inside = facts.layers.iter().flat_map(|layer| layer.inside.values());
        let mut members: Vec<_> = inside.flat_map(|inside| inside.members.clone()).collect();
        members.sort_by_key(|member| member.sha256);
        members
    };
    let expected = members(&open(image(&layers(|_| 20, |_| 20))));
    assert_eq!(expected.len(), 16);
    let kinds: [fn(u64) -> u32; 3] = [|_| 24, |number| 20 + 4 * u32::from(number.is_multiple_of(2)), |_| 20];
    for outer in kinds {
        for inner in kinds {
            assert_eq!(members(&open(image(&layers(outer, inner)))), expected);
        }
    }
}
