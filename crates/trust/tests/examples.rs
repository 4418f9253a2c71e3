//! The shipped examples: the trusted root beside them is the one that the library's authors publish, byte for byte.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

use std::fs;
use std::path::Path;

use lasthand_model::limits::Limits;
use lasthand_trust::sigstore::SigstoreRoot;
use lasthand_trust::trust_file::{Diagnostic, Problem, TrustFile};
use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

#[test]
fn the_trusted_root_is_that_of_the_public_good_instance() {
    // pass: the same bytes as in crate sigstore-trust-root; with LASTHAND_BLESS set, they are written
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/public-good.trusted_root.json");
    if std::env::var_os("LASTHAND_BLESS").is_some() {
        fs::write(&path, SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    }
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes, SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes());
    assert!(SigstoreRoot::parse(&bytes, &Limits::DEFAULT).unwrap().counts().authorities > 0);
}

#[test]
fn every_example_is_a_good_trust_file() {
    // pass: no error, and no warning but the one that its text explains
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let files = |name: &str| fs::read(folder.join(name)).map_err(|error| error.to_string());
    for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let file = TrustFile::parse(&fs::read_to_string(&path).unwrap(), &files, 0, &Limits::DEFAULT).unwrap();
            let explained = |warning: &Diagnostic| matches!(warning.problem, Problem::TagGlob { .. });
            assert!(file.warnings.iter().all(explained), "{}: {:?}", path.display(), file.warnings);
        }
    }
}
