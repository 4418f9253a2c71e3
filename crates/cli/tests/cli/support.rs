//! Folders, processes and one demo for all tests that only read it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use lasthand_observe::marks::environment::{NameRule, TABLE_ROWS, ValueRule, Weight};
use serde_json::Value;

/// How a call ended, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `lasthand` in a folder, with no marks of agents in its environment.
pub(crate) fn lasthand(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lasthand"));
    command.current_dir(folder).stdin(Stdio::null());
    clean(&mut command);
    command
}

/// `git` in a folder, with nobody's configuration.
pub(crate) fn git(folder: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(words).stdin(Stdio::null());
    clean(&mut command);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ana").env(format!("GIT_{role}_EMAIL"), "ana@example.com");
    }
    let said = said(&mut command);
    assert_eq!(said.code, 0, "git {words:?}: {}", said.err);
}

fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for (name, _) in markers() {
        command.env_remove(name);
    }
    for name in ["LASTHAND_SURROUNDINGS", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
}

/// Every variable of the tables that is a mark, with a value that makes it one.
pub(crate) fn markers() -> Vec<(String, String)> {
    let marks = TABLE_ROWS.iter().filter(|row| row.weight == Weight::Mark);
    marks
        .map(|row| {
            let name = match row.name {
                NameRule::Exact(name) => name.to_owned(),
                NameRule::Prefix(prefix) => format!("{prefix}ID"),
            };
            let value = match row.value {
                ValueRule::AnyText => "1",
                ValueRule::Exactly(value) => value,
            };
            (name, value.to_owned())
        })
        .collect()
}

/// `lasthand` below a process that is named like an agent.
pub(crate) fn under_an_agent(folder: &Path, words: &str) -> Command {
    let agent =
        folder.parent().unwrap().join(format!("{}-bin", folder.file_name().unwrap().to_string_lossy())).join("claude");
    fs::create_dir_all(agent.parent().unwrap()).unwrap();
    fs::copy("/bin/sh", &agent).unwrap();
    let mut command = Command::new(&agent);
    // The shell stays: with one command alone it would become that command.
    command.args(["-c", &format!("'{}' {words}; exit $?", env!("CARGO_BIN_EXE_lasthand"))]);
    command.current_dir(folder).stdin(Stdio::null());
    clean(&mut command);
    command
}

/// Runs a call to its end.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Calls `lasthand` with words.
pub(crate) fn call<S: AsRef<OsStr>>(folder: &Path, words: impl IntoIterator<Item = S>) -> Said {
    said(lasthand(folder).args(words))
}

/// A new empty folder for one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// What `demo --keep` leaves; made once. Tests that change it copy it first.
pub(crate) fn demo() -> &'static Path {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    DEMO.get_or_init(|| {
        let kept = folder("demo").join("kept");
        let said = said(lasthand(kept.parent().unwrap()).args(["demo", "--quiet", "--keep"]).arg(&kept));
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        kept
    })
}

/// Copies a folder with its files and links.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), &target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// An artifact with its evidence and trust file, to be changed by a test.
pub(crate) struct Release {
    pub(crate) artifact: PathBuf,
    pub(crate) evidence: PathBuf,
    pub(crate) trust: PathBuf,
}

impl Release {
    /// A copy of the demo's release, or of one of its attacks.
    pub(crate) fn copy(from: &Path, name: &str) -> Self {
        let to = folder(name);
        let release = Self {
            artifact: to.join("release.tar.gz"),
            evidence: to.join("evidence"),
            trust: to.join("lasthand.trust.toml"),
        };
        fs::copy(from.join("release.tar.gz"), &release.artifact).unwrap();
        fs::copy(from.join("lasthand.trust.toml"), &release.trust).unwrap();
        copy(&from.join("evidence"), &release.evidence);
        release
    }

    /// Verifies it; gives the exit code and the report.
    pub(crate) fn verify(&self) -> (i32, Value) {
        self.verify_with(&[])
    }

    /// The same with more words on the command line.
    pub(crate) fn verify_with(&self, words: &[&str]) -> (i32, Value) {
        let said = said(
            lasthand(self.artifact.parent().unwrap())
                .arg("verify")
                .arg(&self.artifact)
                .arg("--bundle")
                .arg(&self.evidence)
                .arg("--trust")
                .arg(&self.trust)
                .args(["-o", "json"])
                .args(words),
        );
        let report = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no report: {}{}", said.out, said.err));
        (said.code, report)
    }

    /// The bundles of its evidence, in the order of their names.
    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
        files(&self.evidence, "sigstore.json")
    }
}

/// The files of a folder with an ending, in the order of their names.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

/// The payload of a bundle.
pub(crate) fn statement(bundle: &Path) -> Value {
    use base64::Engine as _;
    let bundle: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(payload).unwrap()).unwrap()
}

/// Ids of the findings or of the frontier of a report.
pub(crate) fn ids(report: &Value, member: &str) -> Vec<String> {
    let items = report[member].as_array().cloned().unwrap_or_default();
    let id =
        |item: &Value| item.get("id").or_else(|| item.pointer("/finding/id")).unwrap().as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

/// A repository with one commit, a remote name and a key beside it.
pub(crate) fn repository(name: &str) -> PathBuf {
    let top = folder(name);
    let repository = top.join("repository");
    fs::create_dir_all(&repository).unwrap();
    git(&repository, &["init", "--quiet", "--initial-branch=main"]);
    git(&repository, &["remote", "add", "origin", "https://forge.example/acme/app.git"]);
    fs::write(repository.join("a.txt"), "one\n").unwrap();
    commit(&repository, "one");
    assert_eq!(call(&top, ["key", "generate", "--out", "key"]).code, 0);
    repository
}

/// Commits everything.
pub(crate) fn commit(repository: &Path, message: &str) {
    git(repository, &["add", "--all"]);
    git(repository, &["commit", "--quiet", "-m", message]);
}

/// Plain surroundings in a file, so that a test does not depend on who runs it.
pub(crate) fn plain_surroundings(folder: &Path) -> PathBuf {
    let path = folder.join("plain.json");
    fs::write(&path, r#"{"marks": [], "terminal": false}"#).unwrap();
    path
}
