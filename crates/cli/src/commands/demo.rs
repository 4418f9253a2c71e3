//! `lasthand demo`: a release recorded, accepted, and refused in six attacks, as an archive and as an image; with real tools, by this very program.

mod attacks;
mod people;
mod program;
mod shell;
mod story;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::command_error::CommandError;
use crate::context::Context;
use people::CI;
use shell::{Shell, Voice};
use story::World;
use verdict::{Expected, Row};

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Needs git, a C compiler (cc), GNU tar, gzip and sh; no network, no root. The surroundings of everybody who acts are \
                  simulated, so the verdicts are the same on a desk, in CI and under an agent; the trust file of the demo accepts \
                  that, and only such a trust file does.\n\nExamples:\n  lasthand demo\n  lasthand demo --keep demo-kept --quiet\n  \
                  lasthand verify demo-kept/release.tar.gz --bundle demo-kept/evidence --trust demo-kept/lasthand.trust.toml\n  lasthand \
                  verify demo-kept/image --bundle demo-kept/evidence --trust demo-kept/lasthand.trust.toml"
)]
pub(crate) struct DemoArguments {
    /// Leave everything in this folder: it must be empty, or not be there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print the table of verdicts alone
    #[arg(long, short)]
    quiet: bool,
}

/// Plays the demo; exit code 0 when every verdict is as it must be.
///
/// # Errors
/// When a tool is missing, a command fails, or a verdict is another one.
pub(crate) fn run(arguments: &DemoArguments, context: &Context) -> Result<u8, CommandError> {
    let temporary;
    let top = match &arguments.keep {
        Some(folder) => {
            take_folder(folder)?;
            folder.clone()
        }
        None => {
            temporary = tempfile::tempdir()
                .map_err(|error| CommandError::usage("cannot make a temporary folder").because(error))?;
            temporary.path().to_owned()
        }
    };
    let top = top
        .canonicalize()
        .map_err(|error| CommandError::usage(format!("cannot find `{}`", top.display())).because(error))?;
    let voice = if arguments.quiet { Voice::Quiet } else { Voice::Aloud };
    let shell = Shell::new(top, context.output, voice)?;
    let rows = play(&shell, context)?;
    for row in &rows {
        context.output.line(&row.line())?;
    }
    if let Some(kept) = &arguments.keep {
        shell.say(&format!("\nEverything is in {}", kept.display()))?;
    }
    match rows.iter().find(|row| !row.is_as_expected()) {
        None => Ok(0),
        Some(row) => Err(CommandError::bug(format!("the verdict on `{}` is not as expected", row.name))),
    }
}

fn play(shell: &Shell, context: &Context) -> Result<Vec<Row>, CommandError> {
    shell.say("# Who last touched this release, and did a person look after them?")?;
    for mark in &context.surroundings.marks {
        shell.say(&format!(
            "# An agent ({}) seems to run this demo. That changes nothing here: all surroundings below are simulated.",
            mark.agent
        ))?;
    }
    people::write_surroundings(&shell.top.join("surroundings"))?;
    let world = World::release(&shell.top);
    story::begin(shell, &world)?;
    story::change(shell, &world)?;
    shell.say(
        "\n# The forge states what landed on main since the onboarding tree, by whom, and recomputes the merge.",
    )?;
    story::land(shell, &world, Some("HEAD~3"))?;
    // The attacks begin here, each in its own copy.
    shell.run(CI, &shell.top, &["cp", "-R", "work/release", "work/reviewed"])?;
    shell.run(CI, &shell.top, &["cp", "-R", "evidence", "work/reviewed-evidence"])?;
    shell.say("\n# The builder compiles and packs under `lasthand run`.")?;
    story::build(shell, &world)?;
    story::package(shell, &world)?;
    shell.say(
        "\n# The builder puts an image together, with tar, gzip and sha256sum, on a base that the trust file names.",
    )?;
    story::image(shell, &world, &[])?;
    shell.say("\n# Anybody verifies.")?;
    let mut rows = vec![
        verdict::verify(shell, &world, "release.tar.gz", "release", Expected::ACCEPTED)?,
        verdict::verify(shell, &world, "image", "image", Expected::ACCEPTED)?,
    ];
    for attack in &attacks::ALL {
        shell.say(&format!("\n# Attack {}. {}", attack.name, attack.what))?;
        let world = World::attack(&shell.top, attack.name);
        attack.carry_out(shell, &world)?;
        attack.expected.write(&world.out.join("expected.json"))?;
        rows.push(verdict::verify(shell, &world, attack.artifact, attack.name, attack.expected)?);
    }
    shell.say("\n# What came of it.")?;
    Ok(rows)
}

/// SECURITY: nothing that is already there is ever changed.
fn take_folder(folder: &Path) -> Result<(), CommandError> {
    story::make_folder(folder)?;
    let mut entries = fs::read_dir(folder)
        .map_err(|error| CommandError::usage(format!("cannot read `{}`", folder.display())).because(error))?;
    if entries.next().is_some() {
        let error = CommandError::usage(format!("`{}` is not empty", folder.display()));
        return Err(error.hint("give a folder that is empty, or not there yet"));
    }
    Ok(())
}
