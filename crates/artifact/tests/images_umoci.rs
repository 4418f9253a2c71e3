//! Random images: what this reader makes of them against what `umoci unpack` leaves on a disk.
//!
//! `LASTHAND_SEED=7` also shows what umoci says.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use image_kit::Files;
use image_kit::random::{Node, Tree, compare};
use lasthand_model::inventory::EntryType;
use lasthand_testkit::need;

/// Images that are made where nothing else is said.
const IMAGES: u64 = 900;

fn walk(folder: &Path, below: &str, found: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        let node = Node::on_disk(&entry.path());
        if node.entry_type == EntryType::Directory {
            walk(&entry.path(), &format!("{path}/"), found);
        }
        found.insert(path, node);
    }
}

/// What umoci makes of a layout; `None` where it refuses.
fn unpacked(umoci: &Path, files: &Files) -> Option<Tree> {
    let folder = image_kit::folder(files);
    let bundle = tempfile::tempdir().unwrap();
    let to = bundle.path().join("bundle");
    let image = format!("{}:t", folder.path().display());
    let output = Command::new(umoci).args(["unpack", "--rootless", "--image", &image]).arg(&to).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panic:"), "{said}");
    if env::var_os("LASTHAND_SEED").is_some() {
        eprint_of(&said);
    }
    output.status.success().then(|| {
        let mut found = Tree::new();
        walk(&to.join("rootfs"), "", &mut found);
        found
    })
}

#[expect(clippy::print_stderr, reason = "what somebody wants to see who looks at one image")]
fn eprint_of(text: &str) {
    eprintln!("{text}");
}

#[test]
fn images_are_what_umoci_unpacks() {
    // pass: paths, types, modes, sizes, targets and contents, wherever umoci unpacks and nothing refuses; fail: one difference
    let Some(umoci) = need::tool("umoci") else { return };
    compare(IMAGES, &["umoci"], |_, files| vec![("umoci", unpacked(&umoci, files))]);
}
