//! `cargo xtask mutants reader` and `mutants trust`: plants one bug at a time in a copy of a crate and shows which test notices.
//!
//! In: `tests/mutants/SUBJECT/*.patch`. Above the diff stand what the bug is (`what:`), and the file of the crate's `tests` and the
//! test that must notice (`killed-by: FILE TEST`).
//! Out: a table `bug  killed by`; exit 1 when a bug survives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::root;
use crate::run::{self, cargo, present};

/// Where bugs are planted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// The folder below `tests/mutants`, and of the copy.
    folder: &'static str,
    /// The crate that gets the bugs.
    member: &'static str,
    /// It, and the crates that must be copied with it because they use it.
    members: &'static [&'static str],
    /// A program that its tests cannot do without, and how it tells its version.
    needs: Option<(&'static str, &'static str)>,
    /// What its tests are told.
    environment: &'static [(&'static str, &'static str)],
    /// Whether the crate is built without optimisation, because its tests take less time than its build.
    unoptimised: bool,
}

/// The tar reader, beside Go. Random archives for each bug: the test makes more of them otherwise.
pub(super) const READER: Subject = Subject {
    folder: "reader",
    member: "artifact",
    members: &["artifact"],
    needs: Some(("go", "version")),
    environment: &[("LASTHAND_ARCHIVES", "6000")],
    unoptimised: false,
};

/// The checks of signatures, certificates, logs and trust files.
pub(super) const TRUST: Subject =
    Subject { folder: "trust", member: "trust", members: &["trust"], needs: None, environment: &[], unoptimised: true };

/// One bug that is planted.
#[derive(Debug, PartialEq, Eq)]
struct Bug {
    name: String,
    what: String,
    file: String,
    test: String,
    diff: String,
}

/// Plants each bug in turn, or those that are named.
///
/// # Errors
/// When a program is not there, the tests fail with no bug planted, or a patch does not apply or does not build.
pub(super) fn run(subject: &'static Subject, names: &[String]) -> Result<bool> {
    if let Some((program, word)) = subject.needs {
        ensure!(present(program, &[word]), "`{program}` is not there: nothing to compare with");
    }
    let mut bugs = read_bugs(&root().join("tests/mutants").join(subject.folder))?;
    for name in names {
        ensure!(bugs.iter().any(|bug| bug.name == *name), "tests/mutants/{} has no {name}.patch", subject.folder);
    }
    bugs.retain(|bug| names.is_empty() || names.contains(&bug.name));
    let copy = Copy::make(subject)?;
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for bug in &bugs {
        if !seen.contains(&(&bug.file, &bug.test)) {
            seen.push((&bug.file, &bug.test));
            copy.build(bug)?;
            ensure!(copy.passes(bug)?, "{} {} fails with no bug planted", bug.file, bug.test);
        }
    }
    let mut problems = Vec::new();
    println!("{:<40} killed by", "bug");
    for bug in &bugs {
        let answer = match copy.survives(bug) {
            Ok(false) => bug.test.clone(),
            Ok(true) => format!("SURVIVES: {}", bug.what),
            Err(error) => format!("NOT PLANTED: {error:#}"),
        };
        println!("{:<40} {answer}", bug.name);
        if answer != bug.test {
            problems.push(&bug.name);
        }
    }
    println!("{} bugs killed, {} not", bugs.len() - problems.len(), problems.len());
    for name in &problems {
        println!("error: {name}");
    }
    Ok(problems.is_empty())
}

fn read_bugs(folder: &Path) -> Result<Vec<Bug>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "patch") {
            paths.push(path);
        }
    }
    paths.sort();
    ensure!(!paths.is_empty(), "{} holds no patch", folder.display());
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            parse(&name, &text)
                .with_context(|| format!("{name}.patch: expected `what:`, `killed-by: FILE TEST`, a diff"))
        })
        .collect()
}

fn parse(name: &str, text: &str) -> Option<Bug> {
    let (head, _) = text.split_once("--- ")?;
    let line = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let (file, test) = line("killed-by:")?.split_once(' ')?;
    let what = line("what:").filter(|what| !what.is_empty())?;
    let owned = str::to_owned;
    Some(Bug { name: owned(name), what: owned(what), file: owned(file), test: owned(test.trim()), diff: owned(text) })
}

/// A workspace that holds a copy of some crates; everything else is used where it is.
struct Copy {
    folder: PathBuf,
    subject: &'static Subject,
}

impl Copy {
    fn make(subject: &'static Subject) -> Result<Self> {
        let folder = run::logs()?.join(subject.folder);
        if folder.is_dir() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let manifest = fs::read_to_string(root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
        // What the tests of a crate read of the workspace lies two folders above it.
        for entry in fs::read_dir(root()).context("cannot read the workspace")? {
            let path = entry?.path();
            let is_read = |name: &str| !name.starts_with('.') && name != "crates" && name != "target";
            let known = path.file_name().and_then(|name| name.to_str()).filter(|name| is_read(name) && path.is_dir());
            if let Some(name) = known {
                link(&path, &folder.join(name)).context("cannot link to the workspace")?;
            }
        }
        let mut manifest = of_members(&manifest, &root(), subject.members);
        if subject.unoptimised {
            manifest += &format!("[profile.dev.package.lasthand-{}]\nopt-level = 0\ndebug = false\n", subject.member);
        }
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let copy = Self { folder, subject };
        copy.fill()?;
        Ok(copy)
    }

    /// Puts the crates there anew. A file that is as it was keeps its time, so that little is built again.
    fn fill(&self) -> Result<()> {
        let mut members = self.subject.members.iter();
        members.try_for_each(|member| {
            copy_folder(&root().join("crates").join(member), &self.folder.join("crates").join(member))
        })
    }

    /// Plants one bug in a clean copy and asks its test.
    fn survives(&self, bug: &Bug) -> Result<bool> {
        self.fill()?;
        self.plant(bug)?;
        ensure!(self.build(bug)?, "cargo does not see that the bug was planted");
        self.passes(bug)
    }

    fn plant(&self, bug: &Bug) -> Result<()> {
        let patch = self.folder.join("bug.patch");
        fs::write(&patch, &bug.diff)?;
        let mut command = Command::new("git");
        command
            .args(["apply", "--whitespace=nowarn"])
            .arg(&patch)
            .current_dir(self.folder.join("crates").join(self.subject.member));
        // The copy is a folder of its own, not one of this repository.
        command.env("GIT_CEILING_DIRECTORIES", &self.folder);
        let output = command.output().context("cannot start git")?;
        ensure!(output.status.success(), "{}.patch: {}", bug.name, String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    /// Builds the copy, and says whether anything of the crate was built anew.
    fn build(&self, bug: &Bug) -> Result<bool> {
        let mut build = self.cargo(bug);
        let output = build.args(["--no-run", "--message-format=json-render-diagnostics"]).output();
        let output = output.context("cannot start cargo")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: it does not build\n{said}", bug.name);
        let text = String::from_utf8_lossy(&output.stdout);
        let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let library = format!("lasthand_{}", self.subject.member);
        let is_library = |message: &Value| message.pointer("/target/name").is_some_and(|name| *name == library);
        Ok(messages.filter(is_library).any(|message| message.get("fresh").is_some_and(|fresh| fresh == false)))
    }

    fn passes(&self, bug: &Bug) -> Result<bool> {
        let mut test = self.cargo(bug);
        test.args(["--", "--exact", &bug.test]).env("LASTHAND_NO_SKIP", "1");
        test.envs(self.subject.environment.iter().copied());
        let output = test.output().context("cannot start cargo")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(text.contains("running 1 test"), "{}: there is no test {} in {}", bug.name, bug.test, bug.file);
        Ok(output.status.success())
    }

    fn cargo(&self, bug: &Bug) -> Command {
        let mut command = cargo();
        let package = format!("lasthand-{}", self.subject.member);
        command.args(["test", "--quiet", "--offline", "-p", &package, "--test", &bug.file]);
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", run::target());
        command
    }
}

/// The manifest of the workspace, with these members alone, and paths that lead back to the others.
fn of_members(manifest: &str, root: &Path, members: &[&str]) -> String {
    let lines = manifest.lines().filter(|line| !line.starts_with("default-members")).map(|line| {
        if line.starts_with("members = ") {
            let members: Vec<String> = members.iter().map(|member| format!("crates/{member}")).collect();
            return format!("members = {members:?}");
        }
        let is_copied = members.iter().any(|member| line.contains(&format!("path = \"crates/{member}\"")));
        if is_copied {
            return line.to_owned();
        }
        line.replace("path = \"crates/", &format!("path = \"{}/crates/", root.display()))
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() {
            copy_folder(&path, &target)?;
            continue;
        }
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if fs::read(&target).ok().as_ref() != Some(&content) {
            fs::write(&target, content).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_says_what_it_is_and_what_notices() {
        // pass: both lines and a diff; fail: one of them missing
        let text = "what: sizes are ignored\nkilled-by: archives sizes_count\n\n--- a/src/x.rs\n+++ b/src/x.rs\n";
        let bug = parse("sizes", text);
        assert_eq!(bug.as_ref().map(|bug| (bug.file.as_str(), bug.test.as_str())), Some(("archives", "sizes_count")));
        assert_eq!(parse("sizes", &text.replace("what: sizes are ignored\n", "what:\n")), None);
        assert_eq!(parse("sizes", &text.replace("killed-by: archives sizes_count", "")), None);
        assert_eq!(parse("sizes", "what: a\nkilled-by: b c\n"), None);
    }

    #[test]
    fn the_copy_has_its_members_and_the_paths_of_the_others() {
        // pass: the crates themselves are the copy
        let manifest = "members = [\"crates/*\"]\ndefault-members = [\"crates/cli\"]\na = { path = \"crates/artifact\" }\nb = { path = \"crates/model\" }\n";
        let made = of_members(manifest, Path::new("/somewhere"), &["artifact"]);
        assert_eq!(
            made,
            "members = [\"crates/artifact\"]\na = { path = \"crates/artifact\" }\nb = { path = \"/somewhere/crates/model\" }\n"
        );
    }
}
