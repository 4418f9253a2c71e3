//! Releases that ship what their source tree only names: files of a submodule, and files that pointers of Git LFS stand for.
//! Each refusal stands beside an acceptance that differs in one act.
#![expect(clippy::type_complexity, reason = "tables of acts: a name, what is said, what is done")]

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_testkit::need;
use serde_json::Value;

use crate::lab::{Actor, Lab, REPOSITORY, must};
use crate::report::Report;
use Actor::{Ana, Bo, Ci, Coder};

/// Name of the library's repository in statements.
const LIBRARY: &str = "forge.example/acme/lib";
/// Where the superproject has it.
const PLACE: &str = "vendor/lib";
const SHIPPED: &str = "vendor/lib/src/lib.txt";
const REAL: &str = "real content\n";

fn pack(folders: &str) -> String {
    let owner = "--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX";
    format!(
        "set -eu\nmkdir -p dist\ntar {owner} --format=ustar -cf dist/release.tar {folders}\ngzip -9 -n dist/release.tar\n"
    )
}

/// A superproject and its library after their onboarding: two laboratories with the same people.
fn onboarded(name: &str) -> Option<(Lab, Lab)> {
    static LAB: OnceLock<Option<Lab>> = OnceLock::new();
    let made = LAB.get_or_init(|| {
        need::tool("git")?;
        let lab = Lab::new("submodules");
        lab.write("src/app.txt", "app\n");
        lab.write("pack.sh", &pack("src vendor/lib/src"));
        lab.onboard();
        let library = library_of(&lab);
        fs::create_dir_all(library.repo()).unwrap();
        must(Command::new("cp").arg("-a").arg(lab.top.join("keys")).arg(&library.top));
        library.write("src/lib.txt", "first\n");
        library.write("Cargo.lock", "version = 4\n");
        library.onboard();
        library.run(Ana, &["git", "remote", "set-url", "origin", &format!("https://{LIBRARY}.git")]);
        Some(lab)
    });
    let lab = made.as_ref()?.copy(&format!("submodules-{name}"));
    let library = library_of(&lab);
    Some((lab, library))
}

fn library_of(lab: &Lab) -> Lab {
    Lab { top: lab.top.join("library"), ..lab.clone() }
}

/// The library changes, by Coder; somebody looks at it or not; the forge states what landed.
fn library_changed(library: &Lab, reviewed: bool) {
    library.write("src/lib.txt", "second\n");
    library.commit(Coder, "change the library");
    if reviewed {
        library.approve(Bo, "HEAD~1..HEAD");
    }
    library.land();
}

/// The superproject takes the library as it is now, under review.
fn library_taken(lab: &Lab, library: &Lab) {
    let from = library.repo();
    let words =
        ["git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from.to_str().unwrap(), PLACE];
    lab.run(Ana, &words);
    let url = format!("https://{LIBRARY}.git");
    lab.run(Ana, &["git", "-C", PLACE, "remote", "set-url", "origin", &url]);
    lab.run(Ana, &["git", "config", "--file", ".gitmodules", &format!("submodule.{PLACE}.url"), &url]);
    lab.commit(Ana, "take the library");
    lab.approve(Bo, "HEAD~1..HEAD");
    lab.land();
}

/// Packs what is checked out, and verifies it with the evidence of both repositories.
fn released(lab: &Lab, library: &Lab) -> Report {
    packed(lab, &["--map", "src/=src/", "--map", "vendor/lib/src/=vendor/lib/src/"]);
    must(Command::new("cp").arg("-a").arg(library.top.join("evidence/.")).arg(lab.top.join("evidence")));
    write_trust(lab, library);
    lab.verify("repo/dist/release.tar.gz")
}

fn packed(lab: &Lab, map: &[&str]) {
    lab.step("package", "pack.sh", &[&["--output", "dist/release.tar.gz"][..], map].concat());
}

/// A trust file whose product is made of both repositories.
fn write_trust(lab: &Lab, library: &Lab) {
    lab.write_trust();
    let path = lab.top.join("trust.toml");
    let tree = library.run(Ana, &["git", "rev-parse", "onboarded^{tree}"]);
    let onboarded = format!(", {{ repository = \"{LIBRARY}\", git_tree = \"{}\" }}]\n", tree.trim());
    let one = format!("[\"{REPOSITORY}\"]");
    let text = fs::read_to_string(&path).unwrap().replace(&one, &format!("[\"{REPOSITORY}\", \"{LIBRARY}\"]"));
    fs::write(&path, text.replacen(" }]\n", &(" }".to_owned() + &onboarded), 1)).unwrap();
}

/// The statement of the packaging.
fn recorded(lab: &Lab) -> Value {
    let found = fs::read_dir(lab.top.join("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let mut found = found.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("package-"));
    let bundle: Value = serde_json::from_slice(&fs::read(found.next().unwrap()).unwrap()).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_file_of_a_reviewed_submodule_is_shipped() {
    // pass: the library's change was reviewed in its own repository, and that it is taken in the superproject
    let Some((lab, library)) = onboarded("accepted") else { return };
    library_changed(&library, true);
    library_taken(&lab, &library);
    let report = released(&lab, &library);
    // pass: the evidence has the entries of the library's tree and its lock file
    let lock = Sha256::of(b"version = 4\n");
    assert!(lab.top.join(format!("evidence/blobs/sha256/{lock}")).exists());
    report.accepted();
}

#[test]
fn a_checkout_of_another_commit_than_the_reviewed_one_is_refused() {
    // fail: an agent's commit in the submodule's checkout that the superproject does not name; the file is named
    let Some((lab, library)) = onboarded("other-commit") else { return };
    library_changed(&library, true);
    library_taken(&lab, &library);
    lab.write(SHIPPED, "third\n");
    lab.run(Coder, &["git", "-C", PLACE, "commit", "--quiet", "-a", "-m", "mine"]);
    released(&lab, &library).refused("LH306", SHIPPED);
}

#[test]
fn a_submodule_that_nobody_reviewed_in_its_own_repository_is_refused() {
    // fail: the superproject's review takes the agent's commit, and nobody looked at it where it was made
    let Some((lab, library)) = onboarded("unreviewed") else { return };
    library_changed(&library, false);
    library_taken(&lab, &library);
    released(&lab, &library).refused_for("LH202", "src/lib.txt", "coder-7");
}

#[test]
fn what_stands_beside_the_submodules_tree_is_refused() {
    // fail: a file that the library has not, an execute bit that it has not raised, a file of it that is gone
    let acts: [(&str, &str, &dyn Fn(&Lab)); 3] = [
        ("new", "vendor/lib/src/new.txt", &|lab| lab.write("vendor/lib/src/new.txt", "new\n")),
        ("bit", SHIPPED, &|lab| {
            lab.run(Coder, &["chmod", "+x", SHIPPED]);
        }),
        ("gone", "vendor/lib/Cargo.lock", &|lab| fs::remove_file(lab.repo().join("vendor/lib/Cargo.lock")).unwrap()),
    ];
    for (name, named, act) in acts {
        let Some((lab, library)) = onboarded(name) else { return };
        library_changed(&library, true);
        library_taken(&lab, &library);
        act(&lab);
        released(&lab, &library).refused("LH306", named);
    }
}

#[test]
fn a_submodule_that_cannot_be_read_is_warned_of() {
    // fail: its repository lies elsewhere, is a folder in its place, or has no name; the step is recorded, and the warning says what to do
    let acts: [(&str, &str, &dyn Fn(&Lab, &Lab)); 5] = [
        ("folder", "git submodule absorbgitdirs", &|lab, _| own_folder(lab)),
        ("large", "git clone --recurse-submodules", &|lab, _| {
            let file = fs::File::create(lab.repo().join(PLACE).join(".git")).unwrap();
            file.set_len(1 << 30).unwrap();
        }),
        ("elsewhere", "git clone --recurse-submodules", &|lab, library| {
            lab.write("vendor/lib/.git", &format!("gitdir: {}\n", library.repo().join(".git").display()));
        }),
        ("path", "remote set-url origin", &|lab, _| {
            lab.run(Ana, &["git", "-C", PLACE, "remote", "set-url", "origin", "../lib"]);
        }),
        ("commit", "git submodule update --init", &|lab, _| {
            let id = "1234567890123456789012345678901234567890";
            lab.run(Ana, &["git", "update-index", "--cacheinfo", &format!("160000,{id},{PLACE}")]);
            lab.run(Ana, &["git", "commit", "--quiet", "-m", "another"]);
        }),
    ];
    for (name, hint, act) in acts {
        let Some((lab, library)) = onboarded(name) else { return };
        library_taken(&lab, &library);
        act(&lab, &library);
        let told = told_by_run(&lab, &[]);
        assert!(told.contains("`vendor/lib` is recorded without its tree") && told.contains(hint), "{name}: {told}");
        assert!(!told.contains("--since"), "{name}: {told}");
        let statement = recorded(&lab).to_string();
        assert!(!statement.contains(LIBRARY), "{name}: {statement}");
    }
}

#[test]
fn a_submodule_that_no_recorded_folder_reaches_is_not_read() {
    // pass: nobody is warned of what lies elsewhere; fail: a recorded folder is in it
    let Some((lab, library)) = onboarded("folders") else { return };
    library_taken(&lab, &library);
    own_folder(&lab);
    let told = told_by_run(&lab, &["--folder", "src", "--folder", "pack.sh"]);
    assert!(!told.contains("without its tree"), "{told}");
    let statement = recorded(&lab).to_string();
    assert!(!statement.contains("vendor/lib/.git"), "{statement}");
    fs::remove_dir_all(lab.repo().join("dist")).unwrap();
    let told = told_by_run(&lab, &["--folder", "pack.sh", "--folder", "vendor/lib/src"]);
    assert!(told.contains("`vendor/lib` is recorded without its tree"), "{told}");
}

/// Packs what is checked out; everything that is told.
fn told_by_run(lab: &Lab, more: &[&str]) -> String {
    let step = ["--step", "pack", "--kind", "package", "--product", "app", "--instruction", "pack.sh"];
    let by = ["--key", "../keys/ci", "--evidence", "../evidence", "--", "sh", "pack.sh"];
    let words = [&[env!("CARGO_BIN_EXE_lasthand"), "run"][..], &step, more, &by].concat();
    lab.run(Ci, &["sh", "-c", "\"$@\" 2>&1", "sh"].into_iter().chain(words).collect::<Vec<_>>())
}

/// The library's repository lies in its place, as in old clones.
fn own_folder(lab: &Lab) {
    let (file, module) = (lab.repo().join(PLACE).join(".git"), lab.repo().join(".git/modules").join(PLACE));
    fs::remove_file(&file).unwrap();
    fs::rename(module, &file).unwrap();
    lab.run(Ana, &["git", "config", "--file", "vendor/lib/.git/config", "--unset", "core.worktree"]);
}

/// Builds out of every text below `src` and `vendor`, and verifies with the evidence of both repositories.
fn built(lab: &Lab, library: &Lab) -> Report {
    lab.step("build", "build.sh", &["--output", "out.bin"]);
    must(Command::new("cp").arg("-a").arg(library.top.join("evidence/.")).arg(lab.top.join("evidence")));
    write_trust(lab, library);
    lab.verify("repo/out.bin")
}

#[test]
fn what_lies_in_the_git_folder_of_a_submodule_is_an_input() {
    const FOLDER: &str = "vendor/lib/.git";
    let acts: [(&str, Option<&str>, &dyn Fn(&Lab)); 6] = [
        // pass: as git checks it out, not checked out
        ("build", None, &|_| {}),
        ("uninitialised", None, &|lab| {
            fs::remove_dir_all(lab.repo().join(PLACE)).unwrap();
            fs::create_dir(lab.repo().join(PLACE)).unwrap();
        }),
        // fail: a folder in the place of the file, with a text that the build takes; the library's repository with one; not checked out otherwise
        ("git-evil", Some(FOLDER), &|lab| {
            fs::remove_file(lab.repo().join(FOLDER)).unwrap();
            lab.write("vendor/lib/.git/evil.txt", "evil\n");
        }),
        ("git-own", Some(FOLDER), &|lab| {
            own_folder(lab);
            lab.write("vendor/lib/.git/evil.txt", "evil\n");
        }),
        ("git-only", Some(FOLDER), &|lab| {
            fs::remove_dir_all(lab.repo().join(PLACE)).unwrap();
            lab.write("vendor/lib/.git/evil.txt", "evil\n");
        }),
        // fail: a link out of what is recorded
        ("git-link", Some(FOLDER), &|lab| {
            fs::remove_file(lab.repo().join(FOLDER)).unwrap();
            std::os::unix::fs::symlink("../../../evidence", lab.repo().join(FOLDER)).unwrap();
        }),
    ];
    for (name, refused, act) in acts {
        let Some((lab, library)) = onboarded(name) else { return };
        lab.write("build.sh", "cat $(find src vendor -type f -name '*.txt' | sort) > out.bin\n");
        library_changed(&library, true);
        library_taken(&lab, &library);
        act(&lab);
        let report = built(&lab, &library);
        match refused {
            Some(path) => report.refused("LH306", path),
            None => report.accepted(),
        };
    }
}

/// A repository with a pointer of Git LFS under review, and a file of this content in its place.
fn with_pointer(name: &str, there: &str) -> Option<Report> {
    need::tool("git")?;
    let lab = Lab::new(&format!("pointer-{name}"));
    lab.write("src/app.txt", "app\n");
    lab.write("pack.sh", &pack("src assets"));
    lab.onboard();
    let (oid, size) = (Sha256::of(REAL.as_bytes()), REAL.len());
    lab.write(
        "assets/logo.bin",
        &format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"),
    );
    lab.commit(Coder, "a logo");
    lab.approve(Bo, "HEAD~1..HEAD");
    lab.land();
    lab.write("assets/logo.bin", there);
    packed(&lab, &["--map", "src/=src/", "--map", "assets/=assets/"]);
    lab.write_trust();
    Some(lab.verify("repo/dist/release.tar.gz"))
}

#[test]
fn the_file_of_a_reviewed_pointer_is_shipped() {
    // pass: what lies in its place is what the pointer stands for
    let Some(report) = with_pointer("accepted", REAL) else { return };
    report.accepted();
}

#[test]
fn another_file_than_the_reviewed_pointers_is_refused() {
    // fail: what lies in its place is something else; the path is named
    let Some(report) = with_pointer("other", "other content\n") else { return };
    report.refused("LH306", "assets/logo.bin");
}
