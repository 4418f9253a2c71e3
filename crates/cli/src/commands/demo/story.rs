//! The release: commits by people and by an agent, reviews, landings, build and package.

use std::fs;
use std::path::{Path, PathBuf};

use super::people::{self, ANA, Actor, BO, CI, CODER, FORGE, REPOSITORY};
use super::program::{BASE, BASE_SCRIPT, BY_NAME, Edit, FILES, LINK, LOUD, READ_ME};
use super::shell::Shell;
use crate::command_error::CommandError;
use crate::files::write_whole;

/// The builder's map: which path of the source and build folder is which path of the archive.
const MAP: [&str; 6] = [
    "build/greet=greet-1.0/bin/greet",
    "build/hello=greet-1.0/bin/hello",
    "build/greet.1.gz=greet-1.0/share/man/man1/greet.1.gz",
    "share/=greet-1.0/share/greet/",
    "README.md=greet-1.0/README.md",
    "LICENSE=greet-1.0/COPYING",
];

/// What of the source and of the base is in the image, and which file states its configuration.
const IMAGE_MAP: [&str; 3] = ["build/greet=usr/bin/greet", "share/=usr/share/greet/", "image.json=config:"];

/// A repository, its evidence, and where what is released goes.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The checkout.
    pub(super) repository: PathBuf,
    /// Signed statements and inventories.
    pub(super) evidence: PathBuf,
    /// Folder of `release.tar.gz` and the trust file.
    pub(super) out: PathBuf,
    /// Keys, as the commands name them.
    keys: PathBuf,
    /// The agent's own statements, kept apart: they can only ever count against.
    edits: PathBuf,
}

impl World {
    /// The world of the release, in the top folder.
    pub(super) fn release(top: &Path) -> Self {
        Self {
            repository: top.join("work/release"),
            evidence: top.join("evidence"),
            out: top.to_owned(),
            keys: PathBuf::from("../../keys"),
            edits: PathBuf::from("../../edits"),
        }
    }

    /// The world of an attack.
    pub(super) fn attack(top: &Path, name: &str) -> Self {
        let out = top.join("attacks").join(name);
        Self { repository: top.join("work").join(name), evidence: out.join("evidence"), out, ..Self::release(top) }
    }

    /// A file beside the release, as seen from the repository.
    fn up_to(&self, file: &str) -> String {
        let attack =
            self.out.file_name().filter(|_| self.out.parent().is_some_and(|parent| parent.ends_with("attacks")));
        match attack {
            Some(name) => format!("../../attacks/{}/{file}", name.to_string_lossy()),
            None => format!("../../{file}"),
        }
    }

    fn evidence_argument(&self) -> String {
        self.up_to("evidence")
    }

    fn key(&self, actor: Actor) -> String {
        self.keys.join(actor.name).display().to_string()
    }
}

/// Makes keys and the repository, up to the commit that everybody takes as reviewed.
pub(super) fn begin(shell: &Shell, world: &World) -> Result<(), CommandError> {
    shell.say("\n# Keys: two people, their agent, the forge that watches the repository, the builder.")?;
    let keys = shell.top.join("keys");
    make_folder(&keys)?;
    for actor in people::ALL {
        shell.run(actor, &keys, &["lasthand", "key", "generate", "--out", actor.name])?;
    }
    shell.say("\n# A small program. What is there today is taken as reviewed: the onboarding tree.")?;
    let repository = &world.repository;
    make_folder(repository)?;
    for (path, text) in FILES {
        write_whole(&repository.join(path), text.as_bytes())?;
    }
    let (link, target) = LINK;
    let git = |words: &[&str]| shell.run(ANA, repository, words);
    git(&["git", "init", "--quiet", "--initial-branch=main"])?;
    git(&["git", "remote", "add", "origin", &format!("https://{REPOSITORY}.git")])?;
    git(&["ln", "-s", target, link])?;
    commit_all(shell, ANA, repository, "greet 0.9")?;
    shell.say("\n# A base image, as somebody else would publish it.")?;
    let base = base(shell)?;
    people::write_trust(&keys, repository, &base, &world.out.join("lasthand.trust.toml"))
}

/// Makes the base image in `work/base`; gives the digest of its manifest.
fn base(shell: &Shell) -> Result<String, CommandError> {
    let work = shell.top.join("work");
    for (path, text) in BASE {
        write_whole(&work.join("rootfs").join(path), text.as_bytes())?;
    }
    write_whole(&work.join("base.sh"), BASE_SCRIPT.as_bytes())?;
    shell.run(CI, &work, &["chmod", "-R", "u=rwX,go=rX", "rootfs"])?;
    shell.run(CI, &work, &["sh", "base.sh", "rootfs", "base"])?;
    let path = work.join("base/index.json");
    let failed = || CommandError::bug(format!("`{}` cannot be read back", path.display()));
    let bytes = fs::read(&path).map_err(|error| failed().because(error))?;
    let index: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| failed().because(error))?;
    let digest = index.pointer("/manifests/0/digest").and_then(serde_json::Value::as_str).ok_or_else(failed)?;
    Ok(digest.trim_start_matches("sha256:").to_owned())
}

/// Three changes: by ana, by the agent on a branch, by bo meanwhile; each reviewed by another person.
pub(super) fn change(shell: &Shell, world: &World) -> Result<(), CommandError> {
    let repository = &world.repository;
    let git = |actor: Actor, words: &[&str]| shell.run(actor, repository, words);
    shell.say("\n# ana changes something, bo reviews it.")?;
    edit_and_commit(shell, ANA, world, BY_NAME, "greet by name")?;
    approve(shell, BO, world, "HEAD~1..HEAD")?;
    shell.say("\n# The agent coder-7 works on a branch, and its harness records the edit.")?;
    git(CODER, &["git", "checkout", "--quiet", "-b", "loud"])?;
    agent_commit(shell, world, LOUD, "a loud voice")?;
    git(ANA, &["git", "checkout", "--quiet", "main"])?;
    shell.say("\n# Meanwhile bo changes something else, and ana reviews it.")?;
    edit_and_commit(shell, BO, world, READ_ME, "say what greet does")?;
    approve(shell, ANA, world, "HEAD~1..HEAD")?;
    shell.say("\n# bo reviews what the agent did; ana merges it.")?;
    approve(shell, BO, world, "main..loud")?;
    git(ANA, &["git", "merge", "--quiet", "--no-ff", "-m", "merge loud", "loud"])?;
    Ok(())
}

/// The forge states what landed; merges are recomputed, and the agent's sponsor is named.
pub(super) fn land(shell: &Shell, world: &World, since: Option<&str>) -> Result<(), CommandError> {
    let (key, evidence) = (world.key(FORGE), world.evidence_argument());
    let agent = format!("{}={}", CODER.mail, ANA.mail);
    let mut words =
        vec!["lasthand", "source", "--ref", "main", "--agent", &agent, "--key", &key, "--evidence", &evidence];
    if let Some(since) = since {
        words.extend(["--since", since]);
    }
    shell.run(FORGE, &world.repository, &words).map(drop)
}

/// The builder compiles, in a folder of its own.
pub(super) fn build(shell: &Shell, world: &World) -> Result<(), CommandError> {
    let (key, evidence) = (world.key(CI), world.evidence_argument());
    let words = [
        "lasthand",
        "run",
        "--step",
        "compile",
        "--kind",
        "build",
        "--product",
        "greet",
        "--instruction",
        "build.sh",
        "--output",
        "build/*",
        "--key",
        &key,
        "--evidence",
        &evidence,
        "--",
        "sh",
        "build.sh",
    ];
    shell.run(CI, &world.repository, &words).map(drop)
}

/// The builder packs, and says which path became which.
pub(super) fn package(shell: &Shell, world: &World) -> Result<(), CommandError> {
    let (key, evidence) = (world.key(CI), world.evidence_argument());
    let mut words = vec![
        "lasthand",
        "run",
        "--step",
        "pack",
        "--kind",
        "package",
        "--product",
        "greet",
        "--instruction",
        "package.sh",
        "--output",
        "dist/release.tar.gz",
        "--key",
        &key,
        "--evidence",
        &evidence,
    ];
    words.extend(MAP.iter().flat_map(|rule| ["--map", rule]));
    words.extend(["--", "sh", "package.sh"]);
    shell.run(CI, &world.repository, &words)?;
    shell.run(CI, &world.repository, &["mv", "dist/release.tar.gz", &world.up_to("release.tar.gz")]).map(drop)
}

/// The builder puts an image together, on a base that it names. `variables` come before the command, as in a shell.
pub(super) fn image(shell: &Shell, world: &World, variables: &[&str]) -> Result<(), CommandError> {
    let (key, evidence) = (world.key(CI), world.evidence_argument());
    let mut words = variables.to_vec();
    words.extend([
        "lasthand",
        "run",
        "--step",
        "image",
        "--kind",
        "package",
        "--product",
        "greet",
        "--instruction",
        "image.sh",
        "--image",
        "image",
        "--base",
        "base=oci:../base",
        "--key",
        &key,
        "--evidence",
        &evidence,
    ]);
    words.extend(IMAGE_MAP.iter().flat_map(|rule| ["--map", rule]));
    words.extend(["--", "sh", "image.sh"]);
    shell.run(CI, &world.repository, &words)?;
    shell.run(CI, &world.repository, &["mv", "image", &world.up_to("image")]).map(drop)
}

/// A person reviews a range and approves it. The demo has no terminal to ask on, so the approval says that nobody was asked.
pub(super) fn approve(shell: &Shell, actor: Actor, world: &World, range: &str) -> Result<(), CommandError> {
    let (key, evidence) = (world.key(actor), world.evidence_argument());
    let agent = format!("{}={}", CODER.mail, ANA.mail);
    let words =
        ["lasthand", "review", "approve", range, "--agent", &agent, "--key", &key, "--evidence", &evidence, "--yes"];
    shell.run(actor, &world.repository, &words).map(drop)
}

/// A person edits and commits.
pub(super) fn edit_and_commit(
    shell: &Shell,
    actor: Actor,
    world: &World,
    edit: Edit,
    message: &str,
) -> Result<(), CommandError> {
    shell.edit(actor, &world.repository, edit)?;
    commit_all(shell, actor, &world.repository, message)
}

/// The agent edits and commits, under its harness.
pub(super) fn agent_commit(shell: &Shell, world: &World, edit: Edit, message: &str) -> Result<(), CommandError> {
    shell.edit(CODER, &world.repository, edit)?;
    let (key, edits) = (world.key(CODER), world.edits.display().to_string());
    let words = [
        "lasthand",
        "run",
        "--step",
        "edit",
        "--kind",
        "edit",
        "--sponsor",
        ANA.mail,
        "--key",
        &key,
        "--evidence",
        &edits,
        "--",
        "git",
        "commit",
        "--quiet",
        "--all",
        "-m",
        message,
    ];
    shell.run(CODER, &world.repository, &words).map(drop)
}

fn commit_all(shell: &Shell, actor: Actor, repository: &Path, message: &str) -> Result<(), CommandError> {
    shell.run(actor, repository, &["git", "add", "--all"])?;
    shell.run(actor, repository, &["git", "commit", "--quiet", "-m", message]).map(drop)
}

/// Makes a folder with everything above it.
pub(super) fn make_folder(path: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(path)
        .map_err(|error| CommandError::usage(format!("cannot make `{}`", path.display())).because(error))
}
