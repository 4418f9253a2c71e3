//! `lasthand diff`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Said, call, copy, demo, folder, lasthand, said};

/// The release of the demo, and the one that an agent changed after review, each with its sidecar.
pub(crate) fn releases(name: &str) -> std::path::PathBuf {
    let top = folder(name);
    for (word, from) in [("old", demo().to_owned()), ("new", demo().join("attacks/agent-commit"))] {
        fs::copy(from.join("release.tar.gz"), top.join(format!("{word}.tar.gz"))).unwrap();
        copy(&from.join("evidence"), &top.join(format!("{word}.tar.gz.lasthand")));
        fs::copy(from.join("lasthand.trust.toml"), top.join("lasthand.trust.toml")).unwrap();
    }
    top
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no document: {}{}", said.out, said.err))
}

fn find<'a>(document: &'a Value, path: &str) -> &'a Value {
    let changes = document["changes"].as_array().unwrap();
    changes.iter().find(|change| change["path"] == path).unwrap_or_else(|| panic!("{path} is not in {changes:#?}"))
}

#[test]
fn what_an_agent_changed_comes_first_and_is_told_with_its_cover() {
    // pass: exit 0 although B is refused; each artifact by its own sidecar
    let top = releases("diff");
    let said = call(&top, ["diff", "old.tar.gz", "new.tar.gz", "-o", "text", "-o", "json=diff.json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let document: Value = serde_json::from_slice(&fs::read(top.join("diff.json")).unwrap()).unwrap();
    assert_eq!(document["diff_version"], 1);
    assert_eq!((&document["a"]["verdict"], &document["b"]["verdict"]), (&json!("accepted"), &json!("refused")));
    let program = find(&document, "greet-1.0/bin/greet");
    assert_eq!((&program["change"], &program["what"]), (&json!("changed"), &json!(["content"])));
    assert_eq!((&program["a"]["verdict"], &program["b"]["verdict"]), (&json!("clean"), &json!("violation")));
    assert_eq!(program["agent_touched"], true);
    assert_eq!(program["b"]["actors"][0]["role"], "performer");
    insta::assert_snapshot!(without_digests(&said.out), @r"
    DIFF 0 added, 0 removed, 1 changed, 12 unchanged; 1 agent-touched
      A        old.tar.gz sha256:[..]: accepted
      B        new.tar.gz sha256:[..]: refused

    agent-touched
      changed greet-1.0/bin/greet: content
        A        clean (product), performer key:[..] (automation, level 3)
        B        violation (product), performer key:[..] (automation, level 3), author
                 mailto:coder-7@agents.example (agent, level 3)

    unchanged with another verdict: 2 (`lasthand inspect` lists each)
    ");
}

/// Keys and archives are new in every run.
fn without_digests(text: &str) -> String {
    let plain = |word: &str| match word.split_once(':') {
        Some(("sha256", rest)) => {
            format!("sha256:[..]{}", rest.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()))
        }
        Some(("key", _)) => "key:[..]".to_owned(),
        _ => word.to_owned(),
    };
    let lines = text.lines().map(|line| line.split(' ').map(plain).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_artifact_twice_differs_in_nothing() {
    // pass: one evidence for both; the document says so too
    let top = releases("diff-same");
    let said = call(&top, ["diff", "old.tar.gz", "old.tar.gz", "--bundle", "old.tar.gz.lasthand", "-o", "json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let document = json_of(&said);
    assert_eq!(document["changes"], json!([]));
    assert!(document["counts"]["unchanged"].as_u64().unwrap() > 5);
}

#[test]
fn what_cannot_be_read_is_an_error_as_for_verify() {
    // fail: no such file, a broken archive; one artifact alone, a form that there is none of
    let top = releases("diff-errors");
    let whole = fs::read(top.join("old.tar.gz")).unwrap();
    fs::write(top.join("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    for (other, code) in [("none.tar.gz", 2), ("cut.tar.gz", 4)] {
        for pair in [["old.tar.gz", other], [other, "old.tar.gz"]] {
            let said = call(&top, ["diff", pair[0], pair[1], "-o", "json"]);
            assert_eq!(said.code, code, "{pair:?}: {}", said.err);
            let document = json_of(&said);
            assert_eq!((&document["a"]["name"], &document["b"]["name"]), (&json!(pair[0]), &json!(pair[1])));
            assert!(document["errors"][0]["message"].as_str().unwrap().contains(other), "{document:#}");
            assert!(document["a"].get("verdict").is_none() && said.err.contains(other), "{}", said.err);
        }
    }
    for words in [&["diff", "old.tar.gz"] as &[&str], &["diff", "old.tar.gz", "new.tar.gz", "-o", "facts"]] {
        assert_eq!(call(&top, words).code, 2, "{words:?}");
    }
}

#[test]
fn images_are_compared_by_file_and_by_field() {
    // pass: a file of a layer and the entrypoint; nobody is known where there is no evidence
    let top = releases("diff-images");
    layout(&top, "old", "one", "/app");
    layout(&top, "new", "two", "/app2");
    let words = ["diff", "oci:old:1.0", "oci:new:1.0", "--platform", "linux/amd64", "-o", "json"];
    let said = said(lasthand(&top).args(words));
    assert_eq!(said.code, 0, "{}", said.err);
    let document = json_of(&said);
    for path in ["config:Entrypoint", "app"] {
        let change = find(&document, path);
        assert_eq!((&change["change"], &change["what"]), (&json!("changed"), &json!(["content"])));
        assert_eq!((&change["b"]["verdict"], &change["b"]["actors"]), (&json!("indeterminate"), &json!([])));
    }
    assert_eq!(document["counts"]["changed"], 2);
    assert_eq!(document["b"]["platform"], "linux/amd64");
}

/// An OCI layout of one image with one file.
pub(crate) fn layout(top: &Path, name: &str, content: impl AsRef<[u8]>, entrypoint: &str) {
    let (folder, root) = (top.join(name), top.join(format!("{name}-root")));
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("app"), content).unwrap();
    let tar = ["--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-cf", "-", "app"];
    let layer = Command::new("tar").current_dir(&root).args(tar).output().unwrap().stdout;
    let put = |kind: &str, bytes: &[u8]| {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(folder.join("blobs/sha256").join(&digest), bytes).unwrap();
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": format!("sha256:{digest}"), "size": bytes.len() })
    };
    let layer = put("layer.v1.tar", &layer);
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": { "Entrypoint": [entrypoint] },
        "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
    });
    let config = put("config.v1+json", config.to_string().as_bytes());
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer] });
    let mut manifest = put("manifest.v1+json", manifest.to_string().as_bytes());
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "1.0" });
    fs::write(folder.join("index.json"), json!({ "schemaVersion": 2, "manifests": [manifest] }).to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}
