//! Bytes that were changed.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Release, demo, files, ids};

/// Flips one bit of the byte at `part / of` of a base64 member; tells whether that changed the file.
fn flip(bundle: &Path, pointer: &str, part: usize, of: usize) -> Vec<u8> {
    let original = fs::read(bundle).unwrap();
    let mut document: Value = serde_json::from_slice(&original).unwrap();
    let member = document.pointer_mut(pointer).unwrap();
    let mut bytes = STANDARD.decode(member.as_str().unwrap()).unwrap();
    let at = (bytes.len() - 1) * part / (of - 1);
    bytes[at] ^= 1 << (part % 8);
    *member = Value::String(STANDARD.encode(bytes));
    fs::write(bundle, serde_json::to_vec(&document).unwrap()).unwrap();
    original
}

#[test]
fn no_changed_byte_of_payload_or_signature_is_accepted() {
    // fail: every statement, at many places of payload and signature
    const PLACES: usize = 12;
    let release = Release::copy(demo(), "flipped");
    let bundles = release.bundles();
    assert!(bundles.len() >= 10);
    for bundle in bundles {
        for pointer in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
            for part in 0..PLACES {
                let original = flip(&bundle, pointer, part, PLACES);
                let (code, report) = release.verify();
                assert!(matches!(code, 1 | 3), "{} {pointer} {part}: exit {code}", bundle.display());
                let rejected = report["evidence"].as_array().unwrap().iter().any(|item| item["status"] == "rejected");
                assert!(rejected, "{} {pointer} {part}", bundle.display());
                fs::write(&bundle, original).unwrap();
            }
        }
    }
    assert_eq!(release.verify().0, 0);
}

#[test]
fn no_changed_inventory_is_accepted() {
    // fail: every inventory, at several places
    let release = Release::copy(demo(), "flipped-inventory");
    for path in files(&release.evidence.join("inventories"), ".inv") {
        let original = fs::read(&path).unwrap();
        for part in 0..5 {
            let mut bytes = original.clone();
            let at = (bytes.len() - 1) * part / 4;
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert_ne!(release.verify().0, 0, "{} at {at}", path.display());
        }
        fs::write(&path, original).unwrap();
    }
    assert_eq!(release.verify().0, 0);
}

#[test]
fn simulated_statements_need_a_trust_file_that_says_so() {
    // fail: the demo's own evidence, without the one line that tests and demos may have
    let release = Release::copy(demo(), "simulated");
    let text = fs::read_to_string(&release.trust).unwrap();
    fs::write(&release.trust, text.replace("accept_simulated = true\n", "")).unwrap();
    let (code, report) = release.verify();
    assert!(matches!(code, 1 | 3), "exit {code}");
    assert!(ids(&report, "findings").contains(&"LH103".to_owned()), "{:#}", report["findings"]);
}
