//! A large image: memory that does not grow with its content, and progress for whoever waits.

use serde_json::Value;

use crate::attacks::{IMAGE, built, kit};
use crate::lab::manifest_of;

#[test]
fn two_gibibytes_in_75_000_files_are_verified_in_little_memory() {
    // pass: accepted, the peak below 300 MiB, and progress on a terminal
    let Some(lab) = built() else { return };
    let mut lab = lab.copy("large");
    std::fs::remove_dir_all(lab.top.join("base")).unwrap();
    kit(&lab, &["large", "../base", "75000", "28"]);
    lab.trust_base(&manifest_of(&lab.top.join("base")));
    lab.write_trust();
    lab.step("package", "image.sh", &IMAGE);
    let lasthand = env!("CARGO_BIN_EXE_lasthand");
    let words = ["measure", lasthand, "verify", "image", "--bundle", "../evidence", "--trust", "../trust.toml"];
    let said: Value = serde_json::from_str(&kit(&lab, &[&words[..], &["-o", "json"]].concat())).unwrap();
    assert_eq!(said["code"], 0, "{said}");
    let peak_kib = said["peak_kib"].as_u64().unwrap();
    assert!(peak_kib < 300 << 10, "the peak is {peak_kib} KiB");
    assert!(said["seen"].as_str().unwrap().contains("reading"), "{said}");
}
