//! Attacks on images and releases, told on bytes. Every signature holds; the trusted builder itself packages what is wrong.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use lasthand_testkit::need;
use serde_json::Value;

use crate::lab::{Actor, Lab, manifest_of, must};
use crate::report::Report;

pub(crate) const IMAGE: [&str; 10] = [
    "--image",
    "image",
    "--base",
    "debian=oci:../base",
    "--map",
    "build/greet=usr/bin/greet",
    "--map",
    "share/=usr/share/greet/",
    "--map",
    "image.json=config:",
];

/// A reviewed program, its binary built, ready to be packaged. Made once.
pub(crate) fn built() -> Option<Lab> {
    static BUILT: OnceLock<Option<Lab>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            need::tool("python3")?;
            let mut lab = Lab::new("attacks");
            lab.write("build.sh", "set -eu\nmkdir -p build\ncp src/greet.sh build/greet\nchmod 755 build/greet\n");
            lab.write("image.sh", include_str!("../../demo/greet/image.sh"));
            lab.write("image.json", include_str!("../../demo/greet/image.json"));
            lab.write("pack.sh", PACK);
            lab.write("src/greet.sh", "#!/bin/sh\ncat /usr/share/greet/a.txt\n");
            lab.write("share/a.txt", "hello\n");
            lab.write("share/note.txt", "of the first day\n");
            lab.write("version.txt", "1\n");
            lab.write("AGENTS.md", "be brief\n");
            lab.write("ci/release.yml", "steps: []\n");
            lab.write("tests/run.sh", "true\n");
            lab.write("Cargo.lock", "version = 4\n");
            lab.write(".gitignore", "build/\nimage/\ndist/\n");
            lab.run(Actor::Ana, &["ln", "-s", "a.txt", "share/default.txt"]);
            lab.onboard();
            lab.write("share/a.txt", "hello, one and all\n");
            lab.commit(Actor::Coder, "greet more");
            lab.approve(Actor::Bo, "onboarded..HEAD");
            lab.land();
            kit(&lab, &["base", "../base"]);
            lab.trust_base(&manifest_of(&lab.top.join("base")));
            lab.write_trust();
            lab.step("build", "build.sh", &["--output", "build/greet"]);
            Some(lab)
        })
        .clone()
}

const PACK: &str = "set -eu
TAR=${TAR:-tar}
mkdir -p dist/app
cp build/greet dist/app/
cp -R share dist/app/
\"$TAR\" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar -C dist -cf dist/app.tar app
rm -rf dist/app
";

/// Runs `kit.py` in the repository; gives what it prints.
pub(crate) fn kit(lab: &Lab, words: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/kit.py");
    must(Command::new("python3").arg(script).args(words).current_dir(lab.repo()))
}

/// Tools that do more than they are asked: a `tar` that changes what it made, a `tr` that changes what it reads.
fn tools(lab: &Lab, attack: &str) -> PathBuf {
    let folder = lab.top.join("tools");
    fs::create_dir_all(&folder).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/kit.py");
    let tar = format!(
        "#!/bin/sh\nset -e\ntar \"$@\"\nfor word in \"$@\"; do case $word in *.tar) python3 '{}' patch \"$word\" {attack};; esac; done\n",
        script.display()
    );
    let sed = match attack {
        "entrypoint" => "s#/usr/bin/greet#/bin/sh#",
        "variable" => "s#PATH=/usr/bin:/bin#PATH=/tmp:/usr/bin#",
        "more-variables" => "s#\"PATH=#\"LD_PRELOAD=/usr/ping\",\"PATH=#",
        "root" => "s#\"1000\"#\"0\"#",
        _ => "",
    };
    let tr = format!("#!/bin/sh\nPATH=/usr/bin:/bin\ntr \"$@\" | sed '{sed}'\n");
    // Who digests the configuration and the manifest can put one more layer into both.
    let more = match attack {
        "new-layer" | "whiteout-covered" => {
            format!(
                "case $1 in image/config.json | image/manifest.json) python3 '{}' more \"$1\" {attack};; esac\n",
                script.display()
            )
        }
        _ => String::new(),
    };
    let sum = format!("#!/bin/sh\nset -e\nPATH=/usr/bin:/bin\n{more}exec sha256sum \"$@\"\n");
    for (name, text) in [("evil-tar", tar), ("tr", tr), ("sha256sum", sum)] {
        fs::write(folder.join(name), text).unwrap();
        must(Command::new("chmod").arg("755").arg(folder.join(name)));
    }
    folder
}

/// Packages an image with tools that were tampered with, and verifies it.
fn attacked(attack: &str) -> Option<Report> {
    let lab = built()?.copy(&format!("attack-{attack}"));
    package(&lab, attack);
    Some(lab.verify("repo/image"))
}

fn package(lab: &Lab, attack: &str) {
    let tools = tools(lab, attack);
    let tar = tools.join("evil-tar");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let variables = [("TAR", tar.as_os_str()), ("PATH", OsStr::new(&path))];
    lab.step_with(&variables, "package", "image.sh", &IMAGE);
}

fn check(attack: &str, id: &str, path: &str) {
    if let Some(report) = attacked(attack) {
        report.refused(id, path);
    }
}

/// One line of the table: kind of entry, where it lies, its type, and what explains it.
struct Kind {
    what: &'static str,
    path: &'static str,
    entry_type: &'static str,
    rule: &'static str,
    source_path: Option<&'static str>,
    map: Option<(&'static str, &'static str)>,
    reviewed: bool,
}

const BASE: Kind =
    Kind { what: "", path: "", entry_type: "file", rule: "base", source_path: None, map: None, reviewed: false };
const MAPPED: Option<(&str, &str)> = Some(("share/", "usr/share/greet/"));

const KINDS: [Kind; 14] = [
    Kind {
        what: "compiled program",
        path: "usr/bin/greet",
        rule: "product",
        source_path: Some("build/greet"),
        map: Some(("build/greet", "usr/bin/greet")),
        ..BASE
    },
    Kind {
        what: "reviewed source",
        path: "usr/share/greet/a.txt",
        rule: "path-map",
        source_path: Some("share/a.txt"),
        map: MAPPED,
        reviewed: true,
        ..BASE
    },
    Kind {
        what: "source of the onboarding tree",
        path: "usr/share/greet/note.txt",
        rule: "path-map",
        source_path: Some("share/note.txt"),
        map: MAPPED,
        ..BASE
    },
    Kind {
        what: "symbolic link of the source",
        path: "usr/share/greet/default.txt",
        entry_type: "symlink",
        rule: "path-map-symlink",
        source_path: Some("share/default.txt"),
        map: MAPPED,
        ..BASE
    },
    Kind { what: "folder above", path: "usr/bin", entry_type: "directory", rule: "parent-folder", ..BASE },
    Kind { what: "program of the base", path: "bin/busybox", ..BASE },
    Kind { what: "hard link of the base", path: "bin/ls", ..BASE },
    Kind { what: "symbolic link of the base", path: "bin/sh", entry_type: "symlink", ..BASE },
    Kind { what: "set-uid program of the base", path: "bin/su", ..BASE },
    Kind { what: "device of the base", path: "dev/null", entry_type: "char-device", ..BASE },
    Kind { what: "sticky folder of the base", path: "tmp", entry_type: "directory", ..BASE },
    Kind { what: "extended attribute of the base", path: "usr/ping", ..BASE },
    Kind {
        what: "entry point",
        path: "config:Entrypoint",
        entry_type: "config",
        rule: "config-stated",
        source_path: Some("image.json"),
        map: Some(("image.json", "config:")),
        ..BASE
    },
    Kind {
        what: "variable",
        path: "config:Env/PATH",
        entry_type: "config",
        rule: "config-stated",
        source_path: Some("image.json"),
        map: Some(("image.json", "config:")),
        ..BASE
    },
];

#[test]
fn an_image_on_a_trusted_base_is_accepted_and_each_kind_of_entry_explained() {
    // pass: what the map places, what the base gives, what the configuration states
    let Some(report) = attacked("nothing") else { return };
    let report = report.accepted();
    for kind in &KINDS {
        let file = report.file(kind.path);
        let (explained, what) = (&file["explained_by"], kind.what);
        assert_eq!(file["verdict"], "clean", "{what}: {file:#}");
        assert_eq!(file["type"], kind.entry_type, "{what}: {file:#}");
        assert_eq!(explained["rule"], kind.rule, "{what}: {file:#}");
        assert_eq!(explained["source_path"].as_str(), kind.source_path, "{what}: {file:#}");
        let map = explained.get("path_map").map(|rule| (rule["from"].as_str().unwrap(), rule["to"].as_str().unwrap()));
        assert_eq!(map, kind.map, "{what}: {file:#}");
        assert_eq!(explained["review"].as_str().is_some(), kind.reviewed, "{what}: {file:#}");
    }
    assert!(report.verdicts(None).values().all(|verdict| verdict == "clean"));
}

#[test]
fn what_a_layer_adds_or_changes_is_refused() {
    // fail: scenario 12 in all its forms, and 37
    check("layer", "LH401", "usr/bin/miner");
    check("new-layer", "LH401", "usr/bin/miner");
    check("replace", "LH403", "usr/share/greet/a.txt");
    check("setuid", "LH404", "usr/bin/greet");
    check("owner", "LH404", "usr/bin/greet");
    check("capability", "LH404", "usr/bin/greet");
    check("device", "LH401", "dev/mem");
    check("whiteout", "LH402", "etc/passwd");
    check("whiteout-covered", "LH402", "usr/share/greet/note.txt");
    check("opaque", "LH402", "bin/su");
    check("elsewhere", "LH401", "etc/cron.d/a.txt");
    check("empty", "LH401", "etc/ld.so.preload");
    check("base-binary", "LH401", "usr/bin/login");
    check("base-replaced", "LH403", "bin/busybox");
    check("base-hardlink", "LH401", "usr/bin/greet-base");
}

#[test]
fn an_old_file_of_an_earlier_image_is_refused() {
    // pass: the earlier image, of its day; fail: scenario 37, its file in a later image, all evidence of both at hand
    let Some(lab) = built() else { return };
    let lab = lab.copy("attack-old");
    package(&lab, "nothing");
    lab.verify("repo/image").accepted();
    fs::rename(lab.repo().join("image"), lab.top.join("earlier")).unwrap();
    fs::remove_dir_all(lab.repo().join("build")).unwrap();
    lab.write("share/a.txt", "hello, and mind the gap\n");
    lab.write("share/note.txt", "of the second day\n");
    lab.commit(Actor::Ana, "warn");
    lab.approve(Actor::Bo, "HEAD~1..HEAD");
    lab.land();
    lab.step("build", "build.sh", &["--output", "build/greet"]);
    package(&lab, "old-file");
    lab.verify("repo/image").refused("LH403", "usr/share/greet/a.txt");
    fs::remove_dir_all(lab.repo().join("image")).unwrap();
    package(&lab, "nothing");
    lab.verify("repo/image").accepted();
    lab.verify("earlier").accepted();
}

#[test]
fn what_the_configuration_says_otherwise_is_refused() {
    // fail: scenario 12, entrypoint and environment
    check("entrypoint", "LH403", "config:Entrypoint");
    check("variable", "LH403", "config:Env/PATH");
    check("more-variables", "LH401", "config:Env/LD_PRELOAD");
    check("root", "LH403", "config:User");
}

#[test]
fn a_foreign_platform_of_an_index_is_refused() {
    // pass: an index of a proven image; fail: scenario 35, one more that nobody made
    let Some(lab) = built() else { return };
    let lab = lab.copy("attack-index");
    lab.step("package", "image.sh", &IMAGE);
    kit(&lab, &["index", "../one", "image"]);
    lab.verify("one").accepted();
    fs::rename(lab.repo().join("image"), lab.top.join("proven")).unwrap();
    let tar = tools(&lab, "layer").join("evil-tar");
    lab.run_with(Actor::Coder, &[("TAR", tar.as_os_str())], &["sh", "image.sh"]);
    kit(&lab, &["index", "../two", "../proven", "image"]);
    let report = lab.verify("two");
    let foreign = format!("{} (linux/arm64)", manifest_of(&lab.repo().join("image")));
    let report = report.refused("LH405", &foreign);
    assert!(report.verdicts(Some("linux/amd64")).values().all(|verdict| verdict == "clean"));
    lab.verify_with("two", &["--bundle", "../evidence", "--platform", "linux/amd64"]).accepted();
}

/// What happens after everything was reviewed, then build and image; the findings that must come of it, or acceptance.
fn source(name: &str, act: impl FnOnce(&Lab), expected: &[(&str, &str)]) {
    let Some(report) = released(name, act) else { return };
    if expected.is_empty() {
        report.accepted();
        return;
    }
    expected.iter().fold(report, |report, (id, path)| report.refused(id, path));
}

/// As [`source`], of one finding, whose message begins so.
fn told(name: &str, act: impl FnOnce(&Lab), (id, path): (&str, &str), message: &str) {
    let Some(report) = released(name, act) else { return };
    let report = report.refused(id, path);
    let says = |item: &Value| item["message"].as_str().is_some_and(|told| told.starts_with(message));
    assert!(report.list("findings").iter().any(says), "nothing says {message}");
}

fn released(name: &str, act: impl FnOnce(&Lab)) -> Option<Report> {
    let lab = built()?;
    let lab = lab.copy(&format!("source-{name}"));
    fs::remove_dir_all(lab.repo().join("build")).unwrap();
    act(&lab);
    lab.step("build", "build.sh", &["--output", "build/greet"]);
    lab.step("package", "image.sh", &IMAGE);
    Some(lab.verify("repo/image"))
}

#[test]
fn what_an_agent_does_after_review_is_refused() {
    // fail: scenario 3, a commit after approval; scenario 8, only tests, version, ci, steering and lock files, the kind of influence named
    let commit = |path: &'static str, text: &'static str| {
        move |lab: &Lab| {
            lab.write(path, text);
            lab.commit(Actor::Coder, "one more thing");
            lab.land();
        }
    };
    source("after", commit("share/a.txt", "hello from coder-7\n"), &[("LH202", "share/a.txt")]);
    for (path, kind) in [
        ("tests/run.sh", "tests"),
        ("version.txt", "version"),
        ("ci/release.yml", "ci"),
        ("AGENTS.md", "agent-steering"),
        ("Cargo.lock", "lock"),
    ] {
        let name = format!("influence-{}", path.replace('/', "-"));
        let message = format!("`{path}` ({kind}) was changed by ");
        told(&name, commit(path, "# changed\nversion = 3\n"), ("LH202", path), &message);
    }
}

#[test]
fn an_evil_merge_is_refused() {
    // pass: the merge as git makes it; fail: scenario 6, both sides reviewed, and the merge commit changes, adds, deletes or reverts
    let merge = |evil: Box<dyn Fn(&Lab)>| {
        move |lab: &Lab| {
            lab.run(Actor::Ana, &["git", "checkout", "--quiet", "-b", "topic"]);
            lab.write("share/b.txt", "welcome\n");
            lab.commit(Actor::Ana, "welcome");
            lab.run(Actor::Ana, &["git", "checkout", "--quiet", "main"]);
            lab.write("version.txt", "2\n");
            lab.commit(Actor::Bo, "two");
            lab.approve(Actor::Ana, "HEAD~1..HEAD");
            lab.approve(Actor::Bo, "main~1..topic");
            lab.run(Actor::Ana, &["git", "merge", "--quiet", "--no-ff", "--no-commit", "topic"]);
            evil(lab);
            lab.commit(Actor::Ana, "merge topic");
            lab.land();
        }
    };
    source("plain-merge", merge(Box::new(|_| {})), &[]);
    let write = |path: &'static str, text: &'static str| Box::new(move |lab: &Lab| lab.write(path, text));
    source("changed-merge", merge(write("share/a.txt", "hello, and more\n")), &[("LH213", "share/a.txt")]);
    source("added-merge", merge(write("share/c.txt", "me too\n")), &[("LH213", "share/c.txt")]);
    source("reverted-merge", merge(write("version.txt", "1\n")), &[("LH213", "version.txt")]);
    let delete = |lab: &Lab| fs::remove_file(lab.repo().join("share/note.txt")).unwrap();
    source("deleted-merge", merge(Box::new(delete)), &[("LH213", "share/note.txt")]);
}

#[test]
fn an_undeclared_file_is_refused() {
    // fail: scenario 10, it slips in after checkout
    source("slipped", |lab| lab.write("share/update.sh", "echo updating\n"), &[("LH306", "share/update.sh")]);
}

#[test]
fn a_tarball_with_a_file_more_or_less_is_refused() {
    // pass: as the map says; fail: scenario 11, under the builder's own signed package step
    let map = ["--output", "dist/app.tar", "--map", "build/greet=app/greet", "--map", "share/=app/share/"];
    let Some(lab) = built() else { return };
    let packed = |attack: &str| {
        let lab = lab.copy(&format!("tarball-{attack}"));
        let tar = tools(&lab, attack).join("evil-tar");
        lab.step_with(&[("TAR", tar.as_os_str())], "package", "pack.sh", &map);
        lab.verify("repo/dist/app.tar")
    };
    packed("nothing").accepted();
    packed("layer").refused("LH401", "usr/bin/miner");
    let lab = lab.copy("tarball-less");
    let less = lab.top.join("less-tar");
    fs::write(&less, "#!/bin/sh\nexec tar --exclude=a.txt \"$@\"\n").unwrap();
    must(Command::new("chmod").arg("755").arg(&less));
    lab.step_with(&[("TAR", less.as_os_str())], "package", "pack.sh", &map);
    lab.verify("repo/dist/app.tar").refused("LH402", "app/share/a.txt");
}
