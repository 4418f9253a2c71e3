//! Facts of layers that are kept between two calls.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use lasthand_model::digest::Sha256;
use serde_json::{Value, json};

use crate::support::lasthand;

fn blob(layout: &Path, bytes: &[u8], media_type: &str) -> Value {
    let digest = Sha256::of(bytes);
    fs::write(layout.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
}

/// A layout of one image with one layer, and its trust file; gives the path of the layer.
fn layout(folder: &Path) -> std::path::PathBuf {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["bin/app", "etc/conf"] {
        let mut header = tar::Header::new_ustar();
        header.set_size(5);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, &b"hello"[..]).unwrap();
    }
    let layer = tar.into_inner().unwrap();
    let path = folder.join(format!("blobs/sha256/{}", Sha256::of(&layer)));
    let diff_ids = [format!("sha256:{}", Sha256::of(&layer))];
    let layer = blob(folder, &layer, "application/vnd.oci.image.layer.v1.tar");
    let config = json!({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = blob(folder, config.to_string().as_bytes(), "application/vnd.oci.image.config.v1+json");
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let image = json!({"schemaVersion": 2, "mediaType": manifest, "config": config, "layers": [layer]});
    let image = blob(folder, image.to_string().as_bytes(), manifest);
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [image]}).to_string()).unwrap();
    let trust = "[[product]]\nname = \"app\"\nrepositories = [\"git.example/app\"]\nrefs = [\"refs/heads/main\"]\n";
    fs::write(folder.join("trust.toml"), trust).unwrap();
    path
}

fn verify(folder: &Path, options: &[&str]) -> Command {
    let mut command = lasthand(folder);
    command.args(["verify", "oci:.", "--policy", "observe", "--trust", "trust.toml", "-o", "json"]).args(options);
    command
}

fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_kept_layer_gives_the_same_report_and_a_changed_blob_is_read_anew() {
    // pass: without, first and second time, one report; fail: the same blob with one byte changed, its facts being kept
    let folder = tempfile::tempdir().unwrap();
    let (folder, cache) = (folder.path().join("image"), folder.path().join("cache"));
    let layer = layout(&folder);
    let named = ["--cache-dir", cache.to_str().unwrap()];
    said(&mut verify(&folder, &named));
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0, "a blob that changed just now is not kept");
    fs::remove_dir(&cache).unwrap();
    sleep(Duration::from_secs(4));
    let read = said(&mut verify(&folder, &["--no-cache"]));
    assert_eq!(read.0, Some(3));
    assert!(!cache.exists());
    let first = said(&mut verify(&folder, &named));
    let kept: Vec<_> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The layer, and the tree.
    assert_eq!(kept.len(), 2, "{kept:?}");
    let second = said(&mut verify(&folder, &named));
    assert_eq!((&first, &second), (&read, &read));

    let modified = fs::metadata(&layer).unwrap().modified().unwrap();
    let mut bytes = fs::read(&layer).unwrap();
    bytes[512] ^= 1;
    fs::write(&layer, &bytes).unwrap();
    sleep(Duration::from_secs(4));
    assert_eq!(said(&mut verify(&folder, &named)).0, Some(4));
    // The times of the content alone can be set by anyone.
    fs::File::options().write(true).open(&layer).unwrap().set_modified(modified).unwrap();
    sleep(Duration::from_secs(4));
    assert_eq!(said(&mut verify(&folder, &named)).0, Some(4));
}

#[test]
fn facts_that_cannot_be_believed_are_found_anew() {
    // fail: facts that are damaged are read anew, and kept anew; a blob that others can write to is not kept
    let folder = tempfile::tempdir().unwrap();
    let (folder, cache) = (folder.path().join("image"), folder.path().join("cache"));
    let layer = layout(&folder);
    sleep(Duration::from_secs(4));
    let named = ["--cache-dir", cache.to_str().unwrap()];
    let first = said(&mut verify(&folder, &named));
    for kept in fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()) {
        let facts = fs::read(&kept).unwrap();
        fs::write(&kept, &facts[..facts.len() - 1]).unwrap();
        assert_eq!(said(&mut verify(&folder, &named)), first);
        assert_eq!(fs::read(&kept).unwrap(), facts);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::remove_dir_all(&cache).unwrap();
        fs::set_permissions(&layer, fs::Permissions::from_mode(0o666)).unwrap();
        sleep(Duration::from_secs(4));
        assert_eq!(said(&mut verify(&folder, &named)), first);
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_no_cache() {
    // fail: named, exit 2; pass: the usual one is passed over, in words
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (folder, cache) = (folder.path().join("image"), folder.path().join("home/lasthand"));
    layout(&folder);
    fs::create_dir_all(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let output = verify(&folder, &["--cache-dir", cache.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = verify(&folder, &[]).env("XDG_CACHE_HOME", cache.parent().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("others than its owner"));
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
}
