//! Fuzz targets: laws that hold for any bytes whatever.
//!
//! As plain tests they run on the kept inputs of `fuzz/corpus`, on those of the shared test data, and on some thousand inputs that
//! bolero makes. `cargo xtask fuzz` runs them longer, guided by coverage where cargo-bolero and a nightly compiler are.
//!
//! An input that is an archive or a document by its first bytes is taken as it is. Any other one chooses: an archive of the kit, or a
//! document, by its
//! first bytes, and edits of it by the rest. So a fuzzer that knows nothing of formats gets past their checksums.
//!
//! `LASTHAND_UPDATE_CORPUS=1` writes the kept inputs anew.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a test")]

mod corpus;
mod make;
mod source;

mod deb;
mod gzip;
mod oci;
mod tar;
mod zip;
mod zstd;

use std::sync::atomic::Ordering;

use lasthand_model::limits::Limits;

/// Inputs that bolero makes for each target, where nothing else is asked for.
const INPUTS: usize = 3_000;

/// Small bounds, so that an input of a few bytes cannot take long; those that depend on how much was read ahead are out of reach.
const LIMITS: Limits = Limits {
    archive_bytes: 32 << 20,
    inflate_free_bytes: u64::MAX,
    zstd_window_bytes: 1 << 20,
    entries: 4_000,
    json_bytes: 1 << 20,
    ..Limits::DEFAULT
};

/// Asks a law of every kept input of a target, and of the foreign ones.
fn kept(target: &str, law: fn(&[u8])) {
    let kept = corpus::kept(target);
    assert!(kept.len() >= 10, "{target}: {} kept inputs", kept.len());
    for (name, bytes) in kept {
        println!("{name}");
        law(&bytes);
    }
}

#[test]
fn tar_kept() {
    // pass: the laws of tar hold for every kept input
    kept("tar", tar::law);
}

#[test]
fn tar() {
    // pass: whole and in pieces alike, `list` as `read`, sorted, bounded
    bolero::check!().with_iterations(INPUTS).for_each(|input| tar::law(&make::tar(input)));
}

#[test]
fn gzip_kept() {
    // pass: the laws of gzip hold for every kept input
    kept("gzip", gzip::law);
}

#[test]
fn gzip() {
    // pass: the members that the decoder accepts are read as the tar inside them is
    bolero::check!().with_iterations(INPUTS).for_each(|input| gzip::law(&make::gzip(input)));
}

#[test]
fn oci_kept() {
    // pass: the laws of documents hold for every kept input
    kept("oci", oci::law);
}

#[test]
fn oci() {
    // pass: no document brings a reader down, and none with a key twice is read
    bolero::check!().with_iterations(INPUTS).for_each(|input| oci::law(&make::oci(input)));
}

#[test]
fn zip_kept() {
    // pass: the laws of zip hold for every kept input
    kept("zip", zip::law);
}

#[test]
fn zip() {
    // pass: what is listed of a zip file and not refused is what another reader gets
    bolero::check!().with_iterations(INPUTS).for_each(|input| zip::law(&make::zip(input)));
    let listed = zip::LISTED.load(Ordering::Relaxed);
    assert!(listed > INPUTS / 20, "{listed} files were compared");
}

#[test]
fn zstd_kept() {
    // pass: the laws of zstd hold for every kept input
    kept("zstd", zstd::law);
}

#[test]
fn zstd() {
    // pass: what is read of frames is what libzstd decodes, where it does
    bolero::check!().with_iterations(INPUTS).for_each(|input| zstd::law(&make::zstd(input)));
    let read = zstd::READ.load(Ordering::Relaxed);
    assert!(read > INPUTS / 20, "{read} streams were compared");
}

#[test]
fn deb_kept() {
    // pass: the laws of packages hold for every kept input
    kept("deb", deb::law);
}

#[test]
fn deb() {
    // pass: what is listed of a package is what its headers hold
    bolero::check!().with_iterations(INPUTS).for_each(|input| deb::law(&make::deb(input)));
    let listed = deb::LISTED.load(Ordering::Relaxed);
    assert!(listed > INPUTS / 20, "{listed} packages were compared");
}

#[test]
fn foreign_inputs_hold_the_laws() {
    // pass: the seeds of other fuzzers, each asked of every law
    let Some(inputs) = corpus::foreign() else { return };
    assert!(inputs.len() > 10, "{} inputs", inputs.len());
    for (name, bytes) in inputs {
        println!("{name}");
        [tar::law, gzip::law, oci::law, zip::law, zstd::law, deb::law].iter().for_each(|law| law(&bytes));
    }
}
