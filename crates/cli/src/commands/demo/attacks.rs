//! Six attacks. Every signature is valid; only what happened is wrong.

use std::path::Path;

use super::people::{ANA, BO, CI, CODER};
use super::program::{ONE_MORE, UNASKED};
use super::shell::Shell;
use super::story::{World, agent_commit, approve, build, edit_and_commit, image, land, make_folder, package};
use super::verdict::Expected;
use crate::command_error::CommandError;
use crate::files::write_whole;

/// An attack: its name, what happens in it, and what must come of it.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// What is attacked: the name of an artifact beside the evidence.
    pub(super) artifact: &'static str,
    pub(super) expected: Expected,
    act: fn(&Shell, &World) -> Result<(), CommandError>,
}

/// All of them.
pub(super) const ALL: [Attack; 6] = [
    Attack {
        name: "agent-commit",
        what: "The agent commits once more after the review. The forge records it, the trusted builder builds and packs it.",
        artifact: RELEASE,
        expected: Expected::refused(&[("LH202", "src/main.c")]),
        act: commit_after_review,
    },
    Attack {
        name: "slipped-file",
        what: "Nothing is wrong with the source. The trusted builder itself puts a file into its folder before it packs.",
        artifact: RELEASE,
        expected: Expected::refused(&[("LH306", "share/update.sh")]),
        act: slip_a_file,
    },
    Attack {
        name: "unreviewed-base",
        what: "The agent pushes without review; then a small change lands on top, properly reviewed.",
        artifact: RELEASE,
        expected: Expected::refused(&[("LH202", "src/main.c")]),
        act: build_on_unreviewed,
    },
    Attack {
        name: "repacked",
        what: "The release itself is fine. Somebody unpacks it, changes one file, adds another, and packs it again.",
        artifact: RELEASE,
        expected: Expected::refused(&[
            ("LH403", "greet-1.0/share/greet/greetings.txt"),
            ("LH401", "greet-1.0/bin/helper"),
            ("LH003", "release.tar.gz"),
        ]),
        act: repack,
    },
    Attack {
        name: "setuid-layer",
        what: "The source is fine and the trusted builder packages it; its tar was replaced, and puts a set-uid file into the layer.",
        artifact: IMAGE,
        expected: Expected::refused(&[("LH404", "usr/bin/greet")]),
        act: set_uid,
    },
    Attack {
        name: "entrypoint",
        what: "An agent at work on the trusted builder changes the entrypoint while the image is put together.",
        artifact: IMAGE,
        expected: Expected::refused(&[("LH403", "config:Entrypoint")]),
        act: other_entrypoint,
    },
];

const RELEASE: &str = "release.tar.gz";
const IMAGE: &str = "image";

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

/// A tar that sets the set-uid bit of the program, and does not let it be taken away again.
const SET_UID: &str = "#!/bin/sh
chmod 4755 image/stage/usr/bin/greet
for word; do
    shift
    case $word in --mode=*) ;; *) set -- \"$@\" \"$word\" ;; esac
done
";

/// A tar that changes the configuration besides.
const OTHER_ENTRYPOINT: &str = "#!/bin/sh
sed 's#/usr/bin/greet#/bin/sh#' image.json > image.json.new
mv image.json.new image.json
";

fn set_uid(shell: &Shell, world: &World) -> Result<(), CommandError> {
    with_another_tar(shell, world, SET_UID)
}

fn other_entrypoint(shell: &Shell, world: &World) -> Result<(), CommandError> {
    with_another_tar(shell, world, OTHER_ENTRYPOINT)
}

/// The builder makes the image with a tar that does something else before it does what it is asked.
fn with_another_tar(shell: &Shell, world: &World, first: &str) -> Result<(), CommandError> {
    copy_reviewed(shell, world)?;
    build(shell, world)?;
    let tool = format!("work/{}-tar", world.out.file_name().unwrap_or_default().to_string_lossy());
    write_whole(&shell.top.join(&tool), format!("{first}exec {} \"$@\"\n", shell.tar()).as_bytes())?;
    shell.run(CODER, &shell.top, &["chmod", "755", &tool])?;
    image(shell, world, &[&format!("TAR=../../{tool}")])
}

/// A path inside the top folder, as one would type it there.
fn relative(top: &Path, path: &Path) -> String {
    path.strip_prefix(top).unwrap_or(path).display().to_string()
}
