//! Images: made by ordinary tools under `lasthand run`, verified as layout and from the layout alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{
    call, commit, copy, demo, files, folder, git, ids, lasthand, plain_surroundings, said, statement,
};

/// Makes a layout with one layer of its own over the layers of another. Ordinary tools, nothing else.
///
/// Arguments: the layout, the base layout or nothing, the folder of the layer, the member `config` of the config.
const LAYER: &str = r#"
set -eu
out=$1 base=$2 layer=$3 config=$4
blob() { # FILE MEDIATYPE: keeps the blob, prints its descriptor
    hex=$(sha256sum "$1" | cut -d' ' -f1)
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$2" "$hex" "$(wc -c < "$1" | tr -d ' ')"
    mv "$1" "$out/blobs/sha256/$hex"
}
rm -rf "$out"
mkdir -p "$out/blobs/sha256"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar -C "$layer" -cf "$out/layer.tar" .
diff_id=$(sha256sum "$out/layer.tar" | cut -d' ' -f1)
gzip -n "$out/layer.tar"
own=$(blob "$out/layer.tar.gz" application/vnd.oci.image.layer.v1.tar+gzip)
layers=$own diff_ids="\"sha256:$diff_id\""
if [ -n "$base" ]; then
    cp "$base"/blobs/sha256/* "$out/blobs/sha256/"
    manifest=$(sed 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$base/index.json")
    base_config=$(sed 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$base/blobs/sha256/$manifest")
    base_layers=$(sed 's/.*"layers":\[\(.*\)\]}/\1/' "$base/blobs/sha256/$manifest")
    base_ids=$(sed 's/.*"diff_ids":\[\([^]]*\)\].*/\1/' "$base/blobs/sha256/$base_config")
    rm "$out/blobs/sha256/$manifest" "$out/blobs/sha256/$base_config"
    layers=$base_layers,$own diff_ids=$base_ids,$diff_ids
fi
printf '{"architecture":"amd64","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$config" "$diff_ids" > "$out/config"
config=$(blob "$out/config" application/vnd.oci.image.config.v1+json)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
    "$config" "$layers" > "$out/manifest"
manifest=$(blob "$out/manifest" application/vnd.oci.image.manifest.v1+json)
printf '{"schemaVersion":2,"manifests":[%s,"annotations":{"org.opencontainers.image.ref.name":"1"}}]}' \
    "${manifest%\}}" > "$out/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$out/oci-layout"
"#;

/// The builder's script: the program goes into a layer over the base.
const IMAGE: &str = r#"
set -eu
rm -rf layer
mkdir -p layer/usr/share/app
cp hello.txt layer/usr/share/app/hello.txt
chmod -R u=rwX,go=rX layer
sh layer.sh out/app base layer '{"Entrypoint":["/bin/cat","/usr/share/app/hello.txt"],"Env":["PATH=/bin"]}'
rm -rf layer
"#;

const CONFIG: &str = r#"{"config": {"Entrypoint": ["/bin/cat", "/usr/share/app/hello.txt"]}}"#;

const MAP: [&str; 4] = ["--map", "hello.txt=usr/share/app/hello.txt", "--map", "image.json=config:"];

struct World {
    top: PathBuf,
    repository: PathBuf,
}

impl World {
    /// People, keys, a base, and a reviewed repository that pins it.
    fn new(name: &str) -> Self {
        let top = folder(name);
        let repository = top.join("repository");
        fs::create_dir_all(&repository).unwrap();
        for key in ["ana", "bo", "forge", "ci"] {
            assert_eq!(call(&top, ["key", "generate", "--out", key]).code, 0);
        }
        plain_surroundings(&top);
        let world = Self { top, repository };
        world.make_base();
        world.write("layer.sh", LAYER);
        world.write("image.sh", IMAGE);
        world.write("image.json", CONFIG);
        world.write("hello.txt", "hello\n");
        world.write("Dockerfile", &format!("FROM debian:12@sha256:{}\n", world.manifest(&world.top.join("base"))));
        git(&world.repository, &["init", "--quiet", "--initial-branch=main"]);
        git(&world.repository, &["remote", "add", "origin", "https://forge.example/acme/app.git"]);
        commit(&world.repository, "one");
        world.write_trust();
        world.write("hello.txt", "hello, you\n");
        commit(&world.repository, "two");
        world.lasthand(&["review", "approve", "HEAD~1..HEAD", "--key", "../bo", "--evidence", "../evidence", "--yes"]);
        world.lasthand(&[
            "source",
            "--ref",
            "main",
            "--since",
            "HEAD~1",
            "--key",
            "../forge",
            "--evidence",
            "../evidence",
        ]);
        // The base lies in the working folder, and its files are no inputs of their own.
        copy(&world.top.join("base"), &world.repository.join("base"));
        world
    }

    fn make_base(&self) {
        let layer = self.top.join("base-layer");
        fs::create_dir_all(layer.join("etc")).unwrap();
        fs::create_dir_all(layer.join("usr/share")).unwrap();
        fs::write(layer.join("etc/os-release"), "ID=base\n").unwrap();
        fs::write(self.top.join("layer.sh"), LAYER).unwrap();
        self.layer("base", "", "base-layer", r#"{"Env":["PATH=/bin"]}"#);
    }

    /// Makes a layout beside the repository.
    fn layer(&self, out: &str, base: &str, layer: &str, config: &str) {
        let mut command = Command::new("sh");
        let said = said(command.current_dir(&self.top).args(["layer.sh", out, base, layer, config]));
        assert_eq!(said.code, 0, "{}", said.err);
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.repository.join(name), text).unwrap();
    }

    fn manifest(&self, layout: &Path) -> String {
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        index["manifests"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned()
    }

    fn try_lasthand(&self, words: &[&str]) -> crate::support::Said {
        let mut command = lasthand(&self.repository);
        said(command.args(words).env("LASTHAND_SURROUNDINGS", self.top.join("plain.json")))
    }

    fn lasthand(&self, words: &[&str]) -> String {
        let said = self.try_lasthand(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said.out
    }

    fn package(&self, more: &[&str]) -> crate::support::Said {
        let head = ["run", "--step", "image", "--kind", "package", "--product", "app", "--instruction", "image.sh"];
        let tail = ["--key", "../ci", "--evidence", "../evidence", "--", "sh", "image.sh"];
        self.try_lasthand(&[&head, more, &MAP, &tail].concat())
    }

    /// Makes the image under observation.
    fn make(&self) {
        let said = self.package(&["--base", "debian=oci:base", "--image", "out/app"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }

    fn verify(&self, artifact: &str, more: &[&str]) -> (i32, Value) {
        let words = [&["verify", artifact, "--trust", "../trust.toml", "-o", "json"], more].concat();
        let said = self.try_lasthand(&words);
        let report = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no report: {}{}", said.out, said.err));
        (said.code, report)
    }

    fn provenance(&self) -> Value {
        let made = files(&self.top.join("evidence"), ".sigstore.json");
        let package = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("package-");
        statement(made.iter().find(package).unwrap())
    }

    fn write_trust(&self) {
        use std::fmt::Write as _;
        let head = said(
            Command::new("git")
                .current_dir(&self.repository)
                .args(["rev-parse", "HEAD^{tree}"])
                .env("GIT_CONFIG_GLOBAL", "/dev/null"),
        );
        let tree = head.out.trim();
        let mut text = "accept_simulated = true\n".to_owned();
        let mut ids = Vec::new();
        for (name, rest) in [
            ("ana", "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
            ("bo", "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
            (
                "forge",
                "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"landing\"]\nobserver = [\"git-author\", \"git-committer\", \
                 \"git-trailer\"]",
            ),
            (
                "ci",
                "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"build\", \"package\"]\nproducts = [\"app\"]\ninputs = \
                 \"declared\"",
            ),
        ] {
            let pem = fs::read_to_string(self.top.join(format!("{name}.pub"))).unwrap();
            let id = key_id(&pem);
            write!(
                text,
                "[[identity]]\nmethod = \"key\"\nid = \"{id}\"\nname = \"{name}\"\n{rest}\nwhere = [\"forge.example/acme/app\"]\n\
                 [[root]]\ntype = \"key\"\nsha256 = \"{id}\"\npem = \"\"\"\n{}\n\"\"\"\n",
                pem.trim()
            )
            .unwrap();
            if matches!(name, "ana" | "bo") {
                write!(
                    text,
                    "[[person]]\nname = \"{name}\"\naccounts = [\"mailto:{name}@example.com\", \"key:{id}\"]\n"
                )
                .unwrap();
            }
            ids.push(id);
        }
        write!(
            text,
            "[[product]]\nname = \"app\"\nrepositories = [\"forge.example/acme/app\"]\nrefs = [\"refs/heads/main\"]\nbuilders = \
             [\"key:{}\"]\nonboarding = [{{ repository = \"forge.example/acme/app\", git_tree = \"{tree}\" }}]\n",
            ids[3]
        )
        .unwrap();
        fs::write(self.top.join("trust.toml"), text).unwrap();
    }

    /// Commits everything but what is made, and has it reviewed and recorded.
    fn land_reviewed(&self, message: &str) {
        git(&self.repository, &["add", "-A", "--", "*.sh", "*.json", "*Dockerfile"]);
        git(&self.repository, &["commit", "-q", "-m", message]);
        let review = ["review", "approve", "HEAD~1..HEAD", "--key", "../bo", "--evidence", "../evidence", "--yes"];
        self.lasthand(&review);
        self.lasthand(&[
            "source",
            "--ref",
            "main",
            "--since",
            "HEAD~2",
            "--key",
            "../forge",
            "--evidence",
            "../evidence",
        ]);
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of the key's DER.
fn key_id(pem: &str) -> String {
    use base64::Engine as _;
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    sha256(&der)
}

#[test]
fn an_image_over_a_pinned_base_is_accepted() {
    // pass: as a layout with evidence beside it; from the layout alone once the evidence is attached; as often as it is
    let world = World::new("image-accepted");
    world.make();
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!((code, report["verdict"].as_str()), (0, Some("accepted")), "{report:#}");
    let (code, _) = world.verify("oci:out/app", &[]);
    assert_eq!(code, 3, "without evidence");
    let first = world.lasthand(&["attach", "oci:out/app:1", "../evidence"]);
    let index = fs::read(world.repository.join("out/app/index.json")).unwrap();
    let (code, report) = world.verify("oci:out/app", &[]);
    assert_eq!((code, report["verdict"].as_str()), (0, Some("accepted")), "{report:#}");
    assert_eq!(world.lasthand(&["attach", "out/app", "--bundle", "../evidence"]), first);
    assert_eq!(fs::read(world.repository.join("out/app/index.json")).unwrap(), index);
    // pass: an archive of the layout, with the folder beside it
    let tar = said(Command::new("tar").current_dir(world.repository.join("out/app")).args([
        "-cf",
        "../app.tar",
        "oci-layout",
        "index.json",
        "blobs",
    ]));
    assert_eq!(tar.code, 0, "{}", tar.err);
    let refused = world.try_lasthand(&["attach", "oci-archive:out/app.tar", "../evidence"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("lasthand attach out/app.tar EVIDENCE"), "{}", refused.err);
    world.lasthand(&["attach", "out/app.tar", "../evidence"]);
    assert!(world.repository.join("out/app.tar.lasthand/blobs/sha256").is_dir());
    let (code, report) = world.verify("out/app.tar", &[]);
    assert_eq!(code, 0, "{report:#}");
}

#[test]
fn an_image_is_stated_by_its_digests() {
    // pass: manifest and config under one path, the base by name and digest, none of their files
    let world = World::new("image-stated");
    fs::write(world.repository.join("base/blobs/note"), "not of the image\n").unwrap();
    world.make();
    let provenance = world.provenance();
    let subjects: Vec<(&str, &str)> = provenance["subject"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| (subject["name"].as_str().unwrap(), subject["mediaType"].as_str().unwrap_or_default()))
        .collect();
    let [manifest, config] = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json"];
    assert_eq!(subjects, [("out/app", manifest), ("out/app", config)]);
    let materials = provenance["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    let names: Vec<&str> =
        materials.iter().map(|material| material["name"].as_str().or(material["uri"].as_str()).unwrap()).collect();
    // fail: a file in the base's layout that is not the base's stays an input of its own
    assert_eq!(names, ["git+forge.example/acme/app@refs/heads/main", "base/blobs/note", "debian"]);
    let base = world.manifest(&world.repository.join("base"));
    assert_eq!(materials[2]["uri"], format!("pkg:docker/debian@sha256:{base}"));
    assert_eq!(materials[2]["digest"]["sha256"], base);
    for content in ["Dockerfile", "image.json"] {
        let hex = sha256(&fs::read(world.repository.join(content)).unwrap());
        assert!(world.top.join("evidence/blobs/sha256").join(hex).is_file(), "{content}");
    }
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1);
    assert!(ids(&report, "findings").contains(&"LH306".to_owned()), "{report:#}");
}

#[test]
fn a_withheld_statement_of_the_configuration_is_refused() {
    // fail: the reviewed file says another user than the image has, and so it stays without that file
    let world = World::new("image-withheld");
    let config = r#"{"Env":["PATH=/bin"],"User":"root","Entrypoint":["/bin/sh"]}"#;
    world.layer("base2", "", "base-layer", config);
    fs::remove_dir_all(world.repository.join("base")).unwrap();
    copy(&world.top.join("base2"), &world.repository.join("base"));
    world.write("image.json", r#"{"config": {"User": "nobody"}}"#);
    let base = world.manifest(&world.repository.join("base"));
    world.write("Dockerfile", &format!("FROM debian:12@sha256:{base}\n"));
    let own = r#"{"Entrypoint":["/bin/cat","/usr/share/app/hello.txt"],"Env":["PATH=/bin"]}"#;
    world.write("image.sh", &IMAGE.replace(own, config));
    world.land_reviewed("three");
    world.make();
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1, "{report:#}");
    assert!(ids(&report, "findings").contains(&"LH403".to_owned()), "{report:#}");
    let stating = sha256(&fs::read(world.repository.join("image.json")).unwrap());
    fs::remove_file(world.top.join("evidence/blobs/sha256").join(stating)).unwrap();
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1, "{report:#}");
    let unread = report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "LH408");
    assert_eq!(unread.map(|finding| &finding["where"]["path"]), Some(&Value::from("image.json")), "{report:#}");
}

#[test]
fn a_base_of_many_platforms_is_recorded_with_those_that_are_there() {
    // pass: an index pinned below another stage in a subfolder, one platform of it copied; fail: none of them copied
    let world = World::new("image-partial-base");
    let base = world.repository.join("base");
    let manifest = world.manifest(&base);
    let size = fs::metadata(base.join("blobs/sha256").join(&manifest)).unwrap().len();
    let member = |digest: &str, architecture: &str| {
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let platform = serde_json::json!({"os": "linux", "architecture": architecture});
        serde_json::json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size, "platform": platform})
    };
    let media_type = "application/vnd.oci.image.index.v1+json";
    let members = [member(&manifest, "amd64"), member(&"ab".repeat(32), "arm64")];
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type, "manifests": members}).to_string();
    let digest = sha256(index.as_bytes());
    fs::write(base.join("blobs/sha256").join(&digest), &index).unwrap();
    let root = serde_json::json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": index.len()});
    let root = serde_json::json!({"schemaVersion": 2, "manifests": [root]});
    fs::write(base.join("index.json"), root.to_string()).unwrap();
    // The script reads the base's manifest from a layout of one image.
    world.write("image.sh", &IMAGE.replace("sh layer.sh out/app base layer", "sh layer.sh out/app ../base layer"));
    fs::create_dir_all(world.repository.join("deploy")).unwrap();
    let tools = "cd".repeat(32);
    let dockerfile = format!("FROM golang@sha256:{tools} AS build\nFROM docker.io/library/debian:12@sha256:{digest}\n");
    world.write("deploy/Dockerfile", &dockerfile);
    git(&world.repository, &["rm", "-q", "Dockerfile"]);
    world.land_reviewed("three");
    let made = world.package(&["--base", "debian:12=oci:base", "--image", "out/app"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!(code, 0, "{report:#}");
    fs::remove_file(base.join("blobs/sha256").join(&manifest)).unwrap();
    let refused = world.package(&["--base", "debian:12=oci:base", "--image", "out/app"]);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("copy the image whole"), "{}", refused.err);
}

#[test]
fn a_file_more_in_a_layer_is_refused() {
    // fail: the same image with one file more, and with another entry point
    let world = World::new("image-tampered");
    world.make();
    let layer = world.top.join("layer");
    fs::create_dir_all(layer.join("usr/share/app")).unwrap();
    fs::write(layer.join("usr/share/app/hello.txt"), "hello, you\n").unwrap();
    let config = r#"{"Entrypoint":["/bin/cat","/usr/share/app/hello.txt"],"Env":["PATH=/bin"]}"#;
    fs::write(layer.join("usr/share/app/more.txt"), "more\n").unwrap();
    world.layer("app", "base", "layer", config);
    let (code, report) = world.verify("oci:../app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1, "{report:#}");
    let more = report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "LH401");
    assert_eq!(
        more.map(|finding| &finding["where"]["path"]),
        Some(&Value::from("usr/share/app/more.txt")),
        "{report:#}"
    );
    fs::remove_file(layer.join("usr/share/app/more.txt")).unwrap();
    world.layer("app", "base", "layer", r#"{"Entrypoint":["/bin/sh"],"Env":["PATH=/bin"]}"#);
    let (code, report) = world.verify("oci:../app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1, "{report:#}");
    let paths: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().map(|finding| &finding["where"]["path"]).collect();
    assert!(paths.contains(&&Value::from("config:Entrypoint")), "{report:#}");
}

#[test]
fn a_base_that_nobody_pinned_is_refused() {
    // fail: the same steps, and a base with another digest than the Dockerfile says
    let world = World::new("image-other-base");
    let other = world.top.join("base-layer/etc/os-release");
    fs::write(other, "ID=other\n").unwrap();
    world.layer("repository/base", "", "base-layer", r#"{"Env":["PATH=/bin"]}"#);
    world.make();
    let (code, report) = world.verify("oci:out/app", &["--bundle", "../evidence"]);
    assert_eq!(code, 1, "{report:#}");
    assert!(ids(&report, "frontier").contains(&"LH305".to_owned()), "{report:#}");
}

#[test]
fn what_is_no_image_of_this_run_is_not_stated() {
    // fail: no image there, a plain file, an image that was there before, a place outside; another kind of step
    let world = World::new("image-errors");
    for (path, message) in [
        ("out/none", "`out/none` holds no image"),
        ("hello.txt", "`hello.txt` holds no image"),
        ("base", "`base` did not change"),
        ("../base", "`../base` is not in a recorded folder"),
    ] {
        fs::remove_dir_all(world.repository.join("out")).unwrap_or_default();
        let said = world.package(&["--base", "debian=oci:base", "--image", path]);
        assert_eq!(said.code, 2, "{path}: {}", said.err);
        assert!(said.err.contains(message), "{path}: {}", said.err);
    }
    assert!(
        files(&world.top.join("evidence"), ".sigstore.json")
            .iter()
            .all(|path| { !path.file_name().unwrap().to_string_lossy().starts_with("package-") })
    );
    for (base, message) in [
        ("debian=oci:none", "cannot read `none`"),
        ("debian=hello.txt", "`hello.txt` holds no image"),
        ("debian=oci:base:2", "not clear which image"),
    ] {
        let said = world.package(&["--base", base]);
        assert_eq!(said.code, 2, "{base}: {}", said.err);
        assert!(said.err.contains(message), "{base}: {}", said.err);
    }
    let words = [
        "run",
        "--step",
        "t",
        "--kind",
        "test",
        "--image",
        "x",
        "--key",
        "../ci",
        "--evidence",
        "../evidence",
        "--",
        "true",
    ];
    assert_eq!(world.try_lasthand(&words).code, 2);
}

#[test]
fn a_blob_that_referrers_list_again_and_again_is_read_once() {
    // pass: a thousand times the same bundle in a layout is one piece of evidence
    let top = folder("referrers-again");
    let layout = top.join("image");
    copy(&demo().join("image"), &layout);
    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let blob =
        |digest: &Value| layout.join("blobs/sha256").join(digest.as_str().unwrap().strip_prefix("sha256:").unwrap());
    let manifests = index["manifests"].as_array().unwrap();
    let referrer = manifests.iter().find(|manifest| manifest["artifactType"].is_string()).unwrap();
    let mut manifest: Value = serde_json::from_slice(&fs::read(blob(&referrer["digest"])).unwrap()).unwrap();
    let layer = manifest["layers"][0].clone();
    manifest["layers"] = vec![layer; 150].into();
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let digest = format!("sha256:{}", lasthand_model::digest::Sha256::of(&bytes));
    let mut listed = referrer.clone();
    (listed["digest"], listed["size"]) = (digest.clone().into(), bytes.len().into());
    fs::write(blob(&digest.into()), bytes).unwrap();
    let mut more = index.clone();
    more["manifests"] = [manifests.as_slice(), &[listed]].concat().into();
    let evidence = |index: &Value| {
        fs::write(layout.join("index.json"), serde_json::to_vec(index).unwrap()).unwrap();
        let trust = demo().join("lasthand.trust.toml");
        let said = said(lasthand(&top).arg("verify").arg(&layout).arg("--trust").arg(trust).args(["-o", "json"]));
        assert_eq!(said.code, 0, "{}", said.err);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        report["evidence"].as_array().unwrap().len()
    };
    assert_eq!(evidence(&more), evidence(&index));
}

#[test]
fn an_archive_that_engines_load_another_image_from_is_bad_input() {
    // fail: the accepted image, and a docker manifest of something else behind a link that engines resolve below their own root
    let top = folder("other-image");
    copy(&demo().join("image"), &top.join("image"));
    let verify = |archive: &str| {
        let packed = said(Command::new("tar").current_dir(top.join("image")).args(["-cf", archive, "."]));
        assert_eq!(packed.code, 0, "{}", packed.err);
        let trust = demo().join("lasthand.trust.toml");
        said(lasthand(&top).args(["verify", archive.trim_start_matches("../"), "--trust"]).arg(trust))
    };
    let good = verify("../good.tar");
    assert_eq!(good.code, 0, "{}", good.err);
    let other = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    fs::write(top.join("image/other.json"), other).unwrap();
    let list = r#"[{"Config":"other.json","RepoTags":["greet:1"],"Layers":[]}]"#;
    fs::write(top.join("image/list.json"), list).unwrap();
    std::os::unix::fs::symlink("/list.json", top.join("image/manifest.json")).unwrap();
    let evil = verify("../evil.tar");
    assert_eq!(evil.code, 4, "{}{}", evil.out, evil.err);
    assert!(evil.err.contains("`manifest.json` is no regular file"), "{}", evil.err);
}

#[test]
fn a_pipe_is_no_artifact() {
    // fail: in each form, with what to do instead
    let top = folder("pipe");
    assert_eq!(said(Command::new("mkfifo").arg(top.join("pipe"))).code, 0);
    for artifact in ["pipe", "docker-archive:pipe", "oci-archive:pipe"] {
        let said = said(lasthand(&top).args(["verify", artifact, "--trust"]).arg(demo().join("lasthand.trust.toml")));
        assert_eq!(said.code, 2, "{artifact}: {}", said.err);
        assert!(said.err.contains("`pipe` is a pipe") && said.err.contains("write it to a file first"), "{}", said.err);
    }
}
