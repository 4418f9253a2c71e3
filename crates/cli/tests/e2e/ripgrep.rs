//! A program that nobody here wrote, from the registry to four forms of an image, on two bases.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lasthand_testkit::need;

use crate::lab::{Actor, Lab, manifest_of, must};
use crate::report::Report;

const VERSION: &str = "14.1.1";

/// Builds with what lies in `deps/`, which the lock file pins, and nothing else of the registry.
const BUILD: &str = r#"set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/vendor" "$scratch/home"
for crate in deps/*.crate; do
    name=$(basename "$crate" .crate)
    tar -xzf "$crate" -C "$scratch/vendor"
    sum=$(sha256sum "$crate" | cut -d ' ' -f 1)
    printf '{"files":{},"package":"%s"}' "$sum" > "$scratch/vendor/$name/.cargo-checksum.json"
done
CARGO_HOME=$scratch/home CARGO_TARGET_DIR=$scratch/target cargo build --quiet --release --frozen \
    --config 'source.crates-io.replace-with="vendored"' --config "source.vendored.directory=\"$scratch/vendor\""
mkdir -p build
cp "$scratch/target/release/rg" build/rg
"#;

const PACK: &str = "set -eu
mkdir -p dist/rg
cp build/rg README.md LICENSE-MIT UNLICENSE dist/rg/
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar -C dist -cf dist/rg.tar rg
gzip -9 -n dist/rg.tar
rm -rf dist/rg
";

/// The image tool's way, on a base of several thousand files.
const UMOCI: &str = r#"set -eu
rm -rf image
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R ../debian image
umoci unpack --image image:base "$scratch/bundle"
install -m 755 build/rg "$scratch/bundle/rootfs/usr/local/bin/rg"
umoci repack --image image:app "$scratch/bundle"
umoci config --image image:app --config.entrypoint /usr/local/bin/rg --config.user nobody
umoci remove --image image:base
umoci gc --layout image
"#;

const IMAGE_JSON: &str = r#"{
  "architecture": "amd64",
  "os": "linux",
  "config": {"Entrypoint": ["/usr/bin/rg"], "Cmd": null, "Env": ["PATH=/usr/bin:/bin"]}
}
"#;

const UMOCI_JSON: &str = r#"{
  "architecture": "amd64",
  "os": "linux",
  "config": {"Entrypoint": ["/usr/local/bin/rg"], "User": "nobody"}
}
"#;

/// The plain script of the demo, for this program.
fn image_script() -> String {
    let script = include_str!("../../demo/greet/image.sh");
    let script = script.replace("build/greet", "build/rg");
    script.replace(
        "cp -R share \"$stage/usr/share/greet\"",
        "mkdir \"$stage/usr/share/rg\" && cp README.md \"$stage/usr/share/rg/\"",
    )
}

/// The same image for two platforms, and an index of both.
fn index_script() -> String {
    let tail = r#"
first="{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size"
sed 's/"amd64"/"arm64"/' "$blobs/$(sed 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$blobs/$digest")" > image/config.json
put image/config.json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%s},"layers":[%s,%s]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$digest" "$size" \
    "$base_layers" "$layer" > image/manifest.json
put image/manifest.json
second="{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size"
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,"platform":{"os":"linux","architecture":"amd64"}},%s,"platform":{"os":"linux","architecture":"arm64"}}]}' \
    "$first" "$second" > image/list.json
put image/list.json
printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s","size":%s}]}' \
    "$digest" "$size" > image/index.json
"#;
    image_script() + tail
}

/// The program's source and what it depends on, from the registry that cargo knows.
fn fetch(lab: &Lab) -> bool {
    let (get, home) = (lab.top.join("get"), lab.top.join("cargo-home"));
    fs::create_dir_all(get.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"get\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[dependencies]\nripgrep = \"={VERSION}\"\n[workspace]\n"
    );
    fs::write(get.join("Cargo.toml"), manifest).unwrap();
    fs::write(get.join("src/lib.rs"), "").unwrap();
    let cargo = |folder: &Path, words: &[&str]| {
        Command::new("cargo").args(words).current_dir(folder).env("CARGO_HOME", &home).output().unwrap()
    };
    let fetched = cargo(&get, &["fetch", "--quiet"]).status.success();
    if !need::feature("the registry of crates", fetched, "cargo could not fetch the program") {
        return false;
    }
    let source = crates(&home).into_iter().find(|path| path.ends_with(format!("ripgrep-{VERSION}.crate"))).unwrap();
    must(Command::new("tar").arg("-xzf").arg(source).args(["--strip-components=1", "-C"]).arg(lab.repo()));
    // It lies in a folder of this workspace, and is none of it.
    let manifest = fs::read_to_string(lab.repo().join("Cargo.toml")).unwrap();
    lab.write("Cargo.toml", &(manifest + "\n[workspace]\n"));
    // Its own lock file says which versions it is built with.
    fs::remove_dir_all(home.join("registry/cache")).unwrap();
    let locked = cargo(&lab.repo(), &["fetch", "--quiet", "--locked"]);
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
    fs::create_dir_all(lab.repo().join("deps")).unwrap();
    for path in crates(&home) {
        fs::copy(&path, lab.repo().join("deps").join(path.file_name().unwrap())).unwrap();
    }
    true
}

fn crates(home: &Path) -> Vec<PathBuf> {
    let caches = fs::read_dir(home.join("registry/cache")).unwrap();
    caches.flat_map(|cache| fs::read_dir(cache.unwrap().path()).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

/// A base of one static program.
fn small_base(lab: &Lab, busybox: &Path) {
    let rootfs = lab.top.join("rootfs");
    for folder in ["bin", "etc", "tmp", "usr/bin"] {
        fs::create_dir_all(rootfs.join(folder)).unwrap();
    }
    fs::copy(busybox, rootfs.join("bin/busybox")).unwrap();
    for name in ["sh", "ls", "cat"] {
        std::os::unix::fs::symlink("busybox", rootfs.join("bin").join(name)).unwrap();
    }
    fs::write(rootfs.join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n").unwrap();
    must(Command::new("chmod").arg("1777").arg(rootfs.join("tmp")));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/base.sh");
    must(Command::new("sh").arg(script).args(["rootfs", "base"]).current_dir(&lab.top));
}

/// A base as distributions make it.
fn debian_base(lab: &Lab) -> bool {
    let mirror = Command::new("apt-get").args(["indextargets", "--format", "$(REPO_URI)"]).output().unwrap();
    let mirror = String::from_utf8_lossy(&mirror.stdout).lines().next().unwrap_or_default().to_owned();
    let release = fs::read_to_string("/etc/os-release").unwrap();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
    let umoci = |words: &[&str]| must(Command::new("umoci").args(words).current_dir(&lab.top));
    umoci(&["init", "--layout", "debian"]);
    umoci(&["new", "--image", "debian:base"]);
    umoci(&["unpack", "--image", "debian:base", "bundle"]);
    let rootfs = lab.top.join("bundle/rootfs");
    let made =
        Command::new("debootstrap").args(["--variant=minbase", codename]).arg(&rootfs).arg(mirror).output().unwrap();
    if !need::feature("the mirror of debian", made.status.success(), "debootstrap could not make a base") {
        return false;
    }
    umoci(&["repack", "--image", "debian:base", "bundle"]);
    umoci(&[
        "config",
        "--image",
        "debian:base",
        "--config.env",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "--config.cmd",
        "bash",
    ]);
    umoci(&["gc", "--layout", "debian"]);
    fs::remove_dir_all(lab.top.join("bundle")).unwrap();
    true
}

/// The program, with a change by an agent that a person reviewed, built with cargo.
fn built(lab: &Lab) {
    lab.write("build.sh", BUILD);
    lab.write("pack.sh", PACK);
    lab.write("image.sh", &image_script());
    lab.write("index.sh", &index_script());
    lab.write("umoci.sh", UMOCI);
    lab.write("image.json", IMAGE_JSON);
    lab.write("umoci.json", UMOCI_JSON);
    lab.write(".gitignore", "/deps/\n/build/\n/dist/\n/image/\n");
    lab.onboard();
    let main = fs::read_to_string(lab.repo().join("crates/core/main.rs")).unwrap();
    lab.write("crates/core/main.rs", &(main + "\n// Built from reviewed sources alone.\n"));
    let readme = fs::read_to_string(lab.repo().join("README.md")).unwrap();
    lab.write("README.md", &(readme + "\nThis build is proven to be reviewed.\n"));
    lab.commit(Actor::Coder, "say where it comes from");
    lab.approve(Actor::Bo, "onboarded..HEAD");
    lab.land();
    lab.step("build", "build.sh", &["--output", "build/rg"]);
}

/// Takes a product out of the folder, so that it is no input of the next step.
fn take(lab: &Lab, product: &str, to: &str) {
    fs::rename(lab.repo().join(product), lab.top.join(to)).unwrap();
}

#[test]
fn a_real_program_is_accepted_as_tarball_and_as_image_in_four_forms() {
    // pass: one verdict for each file in every form, the base in one line, dependencies by the lock file
    let tools = ["python3", "skopeo", "umoci", "debootstrap", "busybox", "apt-get"].map(need::tool);
    let [Some(_), Some(_), Some(_), Some(_), Some(busybox), Some(_)] = tools else { return };
    let mut lab = Lab::new("ripgrep");
    if !fetch(&lab) || !debian_base(&lab) {
        return;
    }
    built(&lab);
    small_base(&lab, &busybox);
    for base in ["base", "debian"] {
        lab.trust_base(&manifest_of(&lab.top.join(base)));
    }
    lab.write_trust();
    tarball(&lab);
    small_image(&lab);
    large_image(&lab);
}

fn tarball(lab: &Lab) {
    let map = ["build/rg=rg/rg", "README.md=rg/README.md", "LICENSE-MIT=rg/LICENSE-MIT", "UNLICENSE=rg/UNLICENSE"];
    let map: Vec<&str> = map.iter().flat_map(|rule| ["--map", rule]).collect();
    lab.step("package", "pack.sh", &[&["--output", "dist/rg.tar.gz"], map.as_slice()].concat());
    take(lab, "dist/rg.tar.gz", "rg.tar.gz");
    let report = lab.verify("rg.tar.gz").accepted();
    assert_eq!(report.rule("rg/rg"), "product");
    assert_eq!(report.rule("rg/README.md"), "path-map");
    let pinned: Vec<_> = report.list("inputs").into_iter().filter(|input| input["pinned_by"] == "Cargo.lock").collect();
    assert!(pinned.len() > 50 && pinned.iter().all(|input| input["verdict"] == "clean"), "{}", pinned.len());
    let text =
        lab.lasthand(Actor::Bo, &["verify", "../rg.tar.gz", "--trust", "../trust.toml", "--bundle", "../evidence"]);
    assert!(text.contains("clean (pinned by Cargo.lock): "), "{text}");
}

/// Accepts a layout, and the same as an OCI archive and as a docker archive, with the same answer for each file.
fn in_other_forms(lab: &Lab, layout: &str) -> Report {
    let archives = [format!("{layout}-oci.tar"), format!("{layout}-docker.tar")];
    let source = format!("oci:{layout}");
    for (form, name, tag) in [("oci-archive", &archives[0], ""), ("docker-archive", &archives[1], ":app:1")] {
        let target = format!("{form}:{name}{tag}");
        must(
            Command::new("skopeo")
                .args(["--insecure-policy", "copy", source.as_str(), target.as_str()])
                .current_dir(&lab.top),
        );
    }
    let report = lab.verify(layout).accepted();
    for (form, name) in [("oci-archive", &archives[0]), ("docker-archive", &archives[1])] {
        for text in [name.clone(), format!("{form}:{name}")] {
            let other = lab.verify(&text).accepted();
            assert_eq!(other.verdicts(None), report.verdicts(None), "{text}");
            assert_eq!(other.rules(), report.rules(), "{text}");
        }
    }
    report
}

fn small_image(lab: &Lab) {
    let more = [
        "--image",
        "image",
        "--base",
        "busybox=oci:../base",
        "--map",
        "build/rg=usr/bin/rg",
        "--map",
        "README.md=usr/share/rg/README.md",
        "--map",
        "image.json=config:",
    ];
    lab.step("package", "image.sh", &more);
    take(lab, "image", "image");
    lab.step("package", "index.sh", &more);
    take(lab, "image", "multi");
    let layout = in_other_forms(lab, "image");
    let verdicts = layout.verdicts(None);
    assert!(verdicts.values().all(|verdict| verdict == "clean"));
    assert_eq!(layout.rule("bin/busybox"), "base");
    let pinned = layout.list("inputs").iter().filter(|input| input["pinned_by"] == "Cargo.lock").count();
    assert!(pinned > 50, "{pinned}");
    let multi = lab.verify("multi").accepted();
    for platform in ["linux/amd64", "linux/arm64"] {
        assert_eq!(multi.verdicts(Some(platform)), verdicts, "{platform}");
    }
    // The image runs.
    let rootfs = lab.top.join("unpacked");
    must(
        Command::new("umoci")
            .args(["raw", "unpack", "--image", "multi-tagged:app"])
            .arg(&rootfs)
            .current_dir(tagged(lab)),
    );
    let said = must(Command::new(rootfs.join("usr/bin/rg")).arg("--version"));
    assert!(said.starts_with(&format!("ripgrep {VERSION}")), "{said}");
}

/// The image under a tag, which the image tool asks for.
fn tagged(lab: &Lab) -> &Path {
    must(
        Command::new("skopeo")
            .args(["--insecure-policy", "copy", "oci:image", "oci:multi-tagged:app"])
            .current_dir(&lab.top),
    );
    &lab.top
}

fn large_image(lab: &Lab) {
    let more = [
        "--image",
        "image",
        "--base",
        "debian=oci:../debian:base",
        "--map",
        "build/rg=usr/local/bin/rg",
        "--map",
        "umoci.json=config:",
    ];
    lab.step("package", "umoci.sh", &more);
    take(lab, "image", "large");
    let report = in_other_forms(lab, "large");
    // What nothing states is as the base has it.
    assert_eq!([report.rule("config:Env/PATH"), report.rule("config:User")], ["base", "config-stated"]);
    let files = report.list("files");
    let base = files.iter().filter(|file| file["explained_by"]["rule"] == "base").count();
    assert!(base > 3000 && files.len() - base < 10, "{base} of {}", files.len());
    let text = lab.lasthand(Actor::Bo, &["inspect", "../large", "--trust", "../trust.toml", "--bundle", "../evidence"]);
    let told = lab.lasthand(Actor::Bo, &["verify", "../large", "--trust", "../trust.toml", "--bundle", "../evidence"]);
    assert!(told.contains(&format!("{base} entries are as the base has them")), "{told}");
    let folded = format!("{base} entries as the base debian has them");
    assert!(text.contains(&folded) && text.lines().count() < 200, "{}", text.lines().count());
}
