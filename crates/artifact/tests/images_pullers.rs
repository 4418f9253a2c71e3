//! Random images: what this reader makes of them against what containerd, moby, containers/storage and overlay leave on a disk.
//!
//! The program that asks them is `tests/oracles/pullers`; `.ci/run` builds it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use image_kit::random::{Draw, Node, Tree, compare};
use image_kit::{Entry, tar};
use lasthand_model::inventory::EntryType;
use lasthand_testkit::need;
use serde_json::Value;
use tempfile::TempDir;

/// Images that are made where nothing else is said.
const IMAGES: u64 = 3_000;

const PULLERS: [&str; 4] = ["containerd", "moby", "containers/storage", "overlay"];

/// The running oracle, and the folder that it works in.
struct Pullers {
    child: Child,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Pullers {
    fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        let mut child = command.arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers, folder }
    }

    fn ask(&mut self, layers: &[Vec<Draw>]) -> Value {
        let mut paths: Vec<PathBuf> = Vec::new();
        for (number, layer) in layers.iter().enumerate() {
            let entries: Vec<Entry> = layer.iter().map(Draw::entry).collect();
            let path = self.folder.path().join(format!("layer{number}.tar"));
            fs::write(&path, tar(&entries)).unwrap();
            paths.push(path);
        }
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{}", serde_json::to_string(&paths).unwrap()).unwrap();
        let mut line = String::new();
        assert!(self.answers.read_line(&mut line).unwrap() > 0, "the oracle has ended");
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Pullers {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What one puller made of an image.
fn tree(answer: &Value) -> Option<Tree> {
    let nodes = answer["nodes"].as_array()?;
    assert_eq!(answer["error"], "");
    Some(nodes.iter().map(|found| (text(&found["path"]), node(found))).collect())
}

fn node(found: &Value) -> Node {
    let entry_type = match found["type"].as_str().unwrap() {
        "directory" => EntryType::Directory,
        "symlink" => EntryType::Symlink,
        "file" => EntryType::File,
        other => panic!("{other} at {}", text(&found["path"])),
    };
    Node {
        entry_type,
        mode: u32::try_from(found["mode"].as_u64().unwrap()).unwrap(),
        size: found["size"].as_u64().unwrap(),
        link: text(&found["link"]).into_bytes(),
        sha256: found["sha256"].as_str().unwrap().parse().ok(),
    }
}

/// Names are in hex.
fn text(hex: &Value) -> String {
    let hex = hex.as_str().unwrap();
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

#[test]
fn images_are_what_pullers_unpack() {
    // pass: paths, types, modes, sizes, targets and contents, wherever one unpacks and nothing refuses; fail: one difference
    let Some(program) = need::tool("lasthand-pullers") else { return };
    let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    if !need::feature("root", is_root, "pullers unpack into a root of their own") {
        return;
    }
    let mut pullers = Pullers::start(&program);
    // Where the kernel lets nobody mount, overlay says so of every image.
    compare(IMAGES, &PULLERS[..3], |layers, _| {
        let answers = pullers.ask(layers);
        PULLERS.into_iter().map(|name| (name, tree(&answers[name]))).collect()
    });
}
