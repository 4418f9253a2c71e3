//! Four attacks. Every signature is valid; only what happened is wrong.

use std::path::Path;

use super::people::{ANA, BO, CI, CODER};
use super::program::{ONE_MORE, UNASKED};
use super::shell::Shell;
use super::story::{World, agent_commit, approve, build, edit_and_commit, land, make_folder, package};
use super::verdict::Expected;
use crate::command_error::CommandError;

/// An attack: its name, what happens in it, and what must come of it.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) expected: Expected,
    act: fn(&Shell, &World) -> Result<(), CommandError>,
}

/// All of them.
pub(super) const ALL: [Attack; 4] = [
    Attack {
        name: "agent-commit",
        what: "The agent commits once more after the review. The forge records it, the trusted builder builds and packs it.",
        expected: Expected::refused(&[("LH202", "src/main.c")]),
        act: commit_after_review,
    },
    Attack {
        name: "slipped-file",
        what: "Nothing is wrong with the source. The trusted builder itself puts a file into its folder before it packs.",
        expected: Expected::refused(&[("LH306", "share/update.sh")]),
        act: slip_a_file,
    },
    Attack {
        name: "unreviewed-base",
        what: "The agent pushes without review; then a small change lands on top, properly reviewed.",
        expected: Expected::refused(&[("LH202", "src/main.c")]),
        act: build_on_unreviewed,
    },
    Attack {
        name: "repacked",
        what: "The release itself is fine. Somebody unpacks it, changes one file, adds another, and packs it again.",
        expected: Expected::refused(&[
            ("LH403", "greet-1.0/share/greet/greetings.txt"),
            ("LH401", "greet-1.0/bin/helper"),
            ("LH003", "release.tar.gz"),
        ]),
        act: repack,
    },
];

impl Attack {
    /// Makes the attack's own copies and carries it out.
    ///
    /// # Errors
    /// When a command fails.
    pub(super) fn carry_out(&self, shell: &Shell, world: &World) -> Result<(), CommandError> {
        make_folder(&world.out)?;
        (self.act)(shell, world)
    }
}

/// Repository and evidence as they were when everything was reviewed and landed.
fn copy_reviewed(shell: &Shell, world: &World) -> Result<(), CommandError> {
    let top = &shell.top;
    let [repository, evidence, trust] =
        [&world.repository, &world.evidence, &world.out].map(|path| relative(top, path));
    shell.run(CI, top, &["cp", "-R", "work/reviewed", &repository])?;
    shell.run(CI, top, &["cp", "-R", "work/reviewed-evidence", &evidence])?;
    shell.run(CI, top, &["cp", "lasthand.trust.toml", &format!("{trust}/")]).map(drop)
}

fn commit_after_review(shell: &Shell, world: &World) -> Result<(), CommandError> {
    copy_reviewed(shell, world)?;
    agent_commit(shell, world, UNASKED, "one more thing")?;
    land(shell, world, None)?;
    build(shell, world)?;
    package(shell, world)
}

fn slip_a_file(shell: &Shell, world: &World) -> Result<(), CommandError> {
    copy_reviewed(shell, world)?;
    build(shell, world)?;
    shell.run(CI, &world.repository, &["sh", "-c", "echo 'echo updating' > share/update.sh"])?;
    package(shell, world)
}

fn build_on_unreviewed(shell: &Shell, world: &World) -> Result<(), CommandError> {
    copy_reviewed(shell, world)?;
    agent_commit(shell, world, UNASKED, "one more thing")?;
    land(shell, world, None)?;
    edit_and_commit(shell, ANA, world, ONE_MORE, "one more greeting")?;
    approve(shell, BO, world, "HEAD~1..HEAD")?;
    land(shell, world, None)?;
    build(shell, world)?;
    package(shell, world)
}

fn repack(shell: &Shell, world: &World) -> Result<(), CommandError> {
    let top = &shell.top;
    let out = relative(top, &world.out);
    let scratch = "work/repacked";
    make_folder(&top.join(scratch))?;
    let run = |words: &[&str]| shell.run(CODER, top, words).map(drop);
    run(&["cp", "-R", "evidence", &format!("{out}/evidence")])?;
    run(&["cp", "lasthand.trust.toml", &format!("{out}/")])?;
    run(&[shell.tar(), "-C", scratch, "-xzf", "release.tar.gz"])?;
    run(&["sh", "-c", &format!("echo 'good night' >> {scratch}/greet-1.0/share/greet/greetings.txt")])?;
    run(&["sh", "-c", &format!("echo 'echo helping' > {scratch}/greet-1.0/bin/helper")])?;
    let archive = format!("{out}/release.tar");
    run(&[
        shell.tar(),
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
        "--format=ustar",
        "-C",
        scratch,
        "-cf",
        &archive,
        "greet-1.0",
    ])?;
    run(&["gzip", "-9", "-n", &archive])
}

/// A path inside the top folder, as one would type it there.
fn relative(top: &Path, path: &Path) -> String {
    path.strip_prefix(top).unwrap_or(path).display().to_string()
}
