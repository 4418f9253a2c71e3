//! Real repositories, made by the `git` command with fixed people and dates.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod changes;
mod history;
mod hostile;
mod matrix;
mod merges;
mod notes;
mod patch_id;
mod submodules;
mod trees;
mod walk;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lasthand_model::digest::GitId;
use tempfile::TempDir;

use super::{Repository, open};

pub(super) const ANA: &str = "Ana <ana@example.com>";
pub(super) const BO: &str = "Bo <bo@example.com>";
pub(super) const CODER: &str = "Claude <noreply@anthropic.com>";

/// A repository in a temporary folder.
pub(super) struct Fixture {
    pub(super) folder: TempDir,
    clock: std::cell::Cell<u64>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let fixture = Self { folder: TempDir::new().unwrap(), clock: std::cell::Cell::new(1_700_000_000) };
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn command(&self, person: &str) -> Command {
        let (name, mail) = person.trim_end_matches('>').split_once(" <").unwrap();
        self.clock.set(self.clock.get() + 60);
        let date = format!("{} +0000", self.clock.get());
        let mut command = Command::new("git");
        command.current_dir(self.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.path());
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), mail);
            command.env(format!("GIT_{role}_DATE"), &date);
        }
        command
    }

    pub(super) fn run(&self, person: &str, arguments: &[&str]) -> (bool, Vec<u8>) {
        let output = self.command(person).args(arguments).output().unwrap();
        (output.status.success(), output.stdout)
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_as(ANA, arguments)
    }

    pub(super) fn git_as(&self, person: &str, arguments: &[&str]) -> String {
        let output = self.command(person).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs git with `input` on its standard input.
    pub(super) fn git_in(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = self
            .command(ANA)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        let file: PathBuf = self.path().join(OsStr::from_bytes(path.as_ref()));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// Commits everything as `person` and gives the commit.
    pub(super) fn commit(&self, person: &str, message: &str) -> GitId {
        self.git(&["add", "-A"]);
        self.git_as(person, &["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Writes one file and commits.
    pub(super) fn edit(&self, person: &str, path: &str, content: &str) -> GitId {
        self.write(path, content);
        self.commit(person, &format!("edit {path}"))
    }

    pub(super) fn id(&self, revision: &str) -> GitId {
        self.git(&["rev-parse", revision]).parse().unwrap()
    }

    pub(super) fn tree(&self, revision: &str) -> GitId {
        self.id(&format!("{revision}^{{tree}}"))
    }

    pub(super) fn open(&self) -> Repository {
        open(self.path()).unwrap()
    }
}

/// Twenty numbered lines, with some replaced.
pub(super) fn lines(replaced: &[(usize, &str)]) -> String {
    (1..=20)
        .map(|n| {
            replaced.iter().find(|(at, _)| *at == n).map_or(format!("line {n}\n"), |(_, text)| format!("{text}\n"))
        })
        .collect()
}
