//! Runs the commands of the demo, prints each, and keeps the surroundings of whoever types it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lasthand_observe::git::escape_for_terminal;
use lasthand_observe::surroundings::SURROUNDINGS_VARIABLE;

use super::people::Actor;
use super::program::Edit;
use crate::command_error::CommandError;
use crate::files::write_whole;
use crate::output::Output;

/// Variables that change what the tools do.
const UNSET: &[&str] = &["TAR_OPTIONS", "GZIP", "POSIXLY_CORRECT", "CFLAGS", "LDFLAGS", "CPATH", "NO_COLOR", "COLUMNS"];

/// Whether the story is told while it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// Every command and what it says.
    Aloud,
    /// Nothing.
    Quiet,
}

/// Where commands run, and who listens.
#[derive(Debug)]
pub(super) struct Shell {
    /// Top folder of the demo.
    pub(super) top: PathBuf,
    lasthand: PathBuf,
    tar: String,
    output: Output,
    voice: Voice,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(super) struct Said {
    /// Exit code; 255 when a signal ended it.
    pub(super) code: i32,
    /// Standard output, then standard error.
    pub(super) words: String,
}

impl Shell {
    /// Looks for the tools.
    ///
    /// # Errors
    /// When a tool is missing, or tar is not GNU tar.
    pub(super) fn new(top: PathBuf, output: Output, voice: Voice) -> Result<Self, CommandError> {
        let missing: Vec<&str> =
            ["git", "cc", "gzip", "sh", "cp", "ln"].into_iter().filter(|tool| !is_there(tool)).collect();
        if !missing.is_empty() {
            let error = CommandError::usage(format!("the demo needs tools that are not there: {}", missing.join(", ")));
            return Err(error.hint("install git, a C compiler (cc), GNU tar, gzip and a POSIX shell"));
        }
        let tar = ["tar", "gtar", "gnutar"].into_iter().find(|tar| is_gnu_tar(tar)).ok_or_else(|| {
            CommandError::usage("the demo needs GNU tar, and neither tar nor gtar is one").hint("install GNU tar")
        })?;
        let lasthand = std::env::current_exe()
            .map_err(|error| CommandError::usage("cannot find the lasthand program itself").because(error))?;
        Ok(Self { top, lasthand, tar: tar.to_owned(), output, voice })
    }

    /// Says something of the story.
    pub(super) fn say(&self, words: &str) -> Result<(), CommandError> {
        match self.voice {
            Voice::Aloud => self.output.line(words),
            Voice::Quiet => Ok(()),
        }
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn run(&self, actor: Actor, folder: &Path, words: &[&str]) -> Result<String, CommandError> {
        let said = self.try_run(actor, folder, words)?;
        if said.code == 0 {
            return Ok(said.words);
        }
        let error = CommandError::usage(format!("`{}` ended with exit code {}", shown(words), said.code));
        let last: Vec<&str> = said.words.lines().rev().take(5).collect();
        Err(last.into_iter().rev().fold(error, |error, line| error.hint(line)))
    }

    /// Runs a command, however it ends. The word `lasthand` is this very program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn try_run(&self, actor: Actor, folder: &Path, words: &[&str]) -> Result<Said, CommandError> {
        // As in a shell: `NAME=value` before the program sets a variable.
        let variables: Vec<(&str, &str)> = words.iter().map_while(|word| assignment(word)).collect();
        let Some((program, arguments)) = words.get(variables.len()..).and_then(<[&str]>::split_first) else {
            return Err(CommandError::bug("the demo has an empty command"));
        };
        self.say(&format!("{} $ {}", actor.name, shown(words)))?;
        let program: OsString = if *program == "lasthand" { self.lasthand.clone().into() } else { program.into() };
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        self.furnish(&mut command, actor);
        command.envs(variables);
        let out = command
            .output()
            .map_err(|error| CommandError::usage(format!("cannot start `{}`", shown(words))).because(error))?;
        let words = [String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)].concat();
        for line in words.lines() {
            self.say(escape_for_terminal(&format!("    {line}")).trim_end())?;
        }
        Ok(Said { code: out.status.code().unwrap_or(255), words })
    }

    /// Nothing of the caller's configuration reaches the tools, and each actor sees his own surroundings.
    fn furnish(&self, command: &mut Command, actor: Actor) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        for name in UNSET {
            command.env_remove(name);
        }
        let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
        command
            .env("GIT_CONFIG_GLOBAL", nowhere)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("TAR", &self.tar)
            .env(SURROUNDINGS_VARIABLE, self.top.join("surroundings").join(format!("{}.json", actor.name)));
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), actor.name).env(format!("GIT_{role}_EMAIL"), actor.mail);
        }
    }

    /// Changes one file, and says so.
    ///
    /// # Errors
    /// When the text to change is not there.
    pub(super) fn edit(&self, actor: Actor, folder: &Path, edit: Edit) -> Result<(), CommandError> {
        let path = folder.join(edit.path);
        let failed = |error| CommandError::usage(format!("cannot read `{}`", path.display())).because(error);
        let text = fs::read_to_string(&path).map_err(failed)?;
        if !text.contains(edit.from) {
            return Err(CommandError::bug(format!("the demo's change does not fit `{}`", edit.path)));
        }
        self.say(&format!("{} # edits {}", actor.name, edit.path))?;
        write_whole(&path, text.replacen(edit.from, edit.to, 1).as_bytes())
    }

    /// The name of GNU tar here.
    pub(super) fn tar(&self) -> &str {
        &self.tar
    }
}

/// `NAME=value`, with a name of capital letters.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase())).then_some((name, value))
}

fn is_there(tool: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file()))
}

fn is_gnu_tar(tar: &str) -> bool {
    let said = Command::new(tar).arg("--version").stdin(Stdio::null()).output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("GNU tar"))
}

/// A command as one would type it.
fn shown(words: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+~^%".contains(c);
    let quoted = words.iter().map(|word| {
        if !word.is_empty() && word.chars().all(plain) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
