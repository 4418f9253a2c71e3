//! Archives inside images and releases, opened from the command line.

use std::fs;

use lasthand_testkit::zips::{Entry, Zip};
use serde_json::Value;

use crate::diff::{layout, releases};
use crate::support::call;

fn jar() -> Zip {
    Zip::of(vec![
        Entry::deflated("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n"),
        Entry::stored("app/Main.class", b"x"),
    ])
}

/// The finding of a member, in a report.
fn finding<'r>(report: &'r Value, id: &str) -> Option<&'r Value> {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id)
}

#[test]
fn a_jar_in_a_layer_of_an_image_is_listed_and_explained() {
    // pass: in the report, in `inspect`, by `why`; without the option there is nothing; the exit code is the same
    let top = releases("open-image");
    layout(&top, "image", jar().bytes(), "/app");
    let verify = ["verify", "oci:image:1.0", "-o", "json"];
    let (closed, opened) = (call(&top, verify), call(&top, verify.iter().chain(&["--open-archives"])));
    assert_eq!(opened.code, closed.code, "{}", opened.err);
    let app = |text: &str| {
        let report: Value = serde_json::from_str(text).unwrap();
        report["files"].as_array().unwrap().iter().find(|file| file["path"] == "app").unwrap().clone()
    };
    assert!(app(&closed.out).get("inside").is_none());
    let members = app(&opened.out)["inside"].clone();
    assert_eq!((&members[0]["path"], &members[0]["size"]), (&"META-INF/MANIFEST.MF".into(), &22.into()));
    assert_eq!((&members[1]["path"], &members[1]["type"]), (&"app/Main.class".into(), &"file".into()));
    assert_eq!(members[1]["sha256"], "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");

    let inspected = call(&top, ["inspect", "oci:image:1.0", "--open-archives"]);
    assert!(inspected.code == 0 && inspected.out.contains("app!/app/Main.class"), "{}{}", inspected.out, inspected.err);
    let why = ["why", "oci:image:1.0", "app!/app/Main.class"];
    let explained = call(&top, why.iter().chain(&["--open-archives"]));
    assert_eq!(explained.code, 0, "{}", explained.err);
    assert!(explained.out.contains("as the archive that holds it"), "{}", explained.out);
    assert_eq!(call(&top, why).code, 2);
}

#[test]
fn a_jar_that_leaves_its_folder_is_refused_with_its_layer() {
    // fail: exit 1 and LH410 at outer and inner path, with the layer; without the option it is not looked at
    let top = releases("open-hostile");
    let mut zip = jar();
    zip.entries.push(Entry::stored("../../etc/cron.d/x", b"1"));
    layout(&top, "image", zip.bytes(), "/app");
    let verify = ["verify", "oci:image:1.0", "-o", "json"];
    let closed: Value = serde_json::from_str(&call(&top, verify).out).unwrap();
    assert!(finding(&closed, "LH410").is_none());
    let said = call(&top, verify.iter().chain(&["--open-archives"]));
    assert_eq!(said.code, 1, "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let place = &finding(&report, "LH410").unwrap()["where"];
    assert_eq!(place["path"], "app!/etc/cron.d/x");
    assert!(place["layer"].is_string());
}

#[test]
fn a_limit_that_is_passed_inside_names_limit_and_place() {
    // fail: exit 4, the limit, the file; pass: a limit that is high enough
    let top = releases("open-limit");
    let zeros = Zip::of(vec![Entry::deflated("zeros", &vec![0; 1 << 20])]).bytes();
    layout(&top, "image", zeros, "/app");
    let verify = |number: &str| {
        let limit = format!("nested-bytes={number}");
        call(&top, ["verify", "oci:image:1.0", "--open-archives", "--limit", &limit])
    };
    let said = verify("1024");
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    for part in ["bytes that come out of archives inside", "1024", ": app", "--limit"] {
        assert!(said.err.contains(part), "{part} is missing: {}", said.err);
    }
    assert_ne!(verify("2000000").code, 4);
}

#[test]
fn an_archive_by_itself_is_opened_as_the_artifact() {
    // pass: `verify app.jar` lists its members beside the one file
    let top = releases("open-alone");
    fs::write(top.join("app.jar"), jar().bytes()).unwrap();
    let said = call(&top, ["inspect", "app.jar", "--open-archives"]);
    assert!(said.code == 0 && said.out.contains("app.jar!/app/Main.class"), "{}{}", said.out, said.err);
}
