//! The one place that prints. Standard output carries data, standard error everything else.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lasthand_observe::git::escape_for_terminal;

use crate::command_error::CommandError;
use crate::files::{WriteBy, buffered};

/// Where words go, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    color_stdout: bool,
    color_stderr: bool,
    stderr_terminal: bool,
}

impl Output {
    /// Looks once at the terminal and at `NO_COLOR`.
    pub(crate) fn new() -> Self {
        // SPEC: no-color.org: any value that is not empty.
        let colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let stderr_terminal = io::stderr().is_terminal();
        Self {
            color_stdout: !colorless && io::stdout().is_terminal(),
            color_stderr: !colorless && stderr_terminal,
            stderr_terminal,
        }
    }

    /// Whether standard output may be coloured.
    pub(crate) const fn color(self) -> bool {
        self.color_stdout
    }

    /// Writes data as it is. A reader that went away ends the writing, not the command: the exit code stays true.
    ///
    /// # Errors
    /// When standard output fails in any other way.
    pub(crate) fn data(self, bytes: &[u8]) -> Result<(), CommandError> {
        self.data_by(&|out| out.write_all(bytes))
    }

    /// Writes what `write` gives, as [`Output::data`] does.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub(crate) fn data_by(self, write: &WriteBy<'_>) -> Result<(), CommandError> {
        let mut stdout = io::stdout().lock();
        match buffered(&mut stdout, write).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| CommandError::usage("cannot write to standard output").because(error)),
        }
    }

    /// Writes a line of data.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub(crate) fn line(self, text: &str) -> Result<(), CommandError> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// Says something beside the data.
    pub(crate) fn note(self, text: &str) {
        self.stderr(&format!("{}\n", escape_for_terminal(text)));
    }

    /// Warns.
    pub(crate) fn warn(self, text: &str) {
        let word = self.painted("warning", "33");
        self.stderr(&format!("{word}: {}\n", escape_for_terminal(text)));
    }

    /// Reports the error that ends the command, with what lies beneath it and what to do.
    pub(crate) fn error(self, error: &CommandError) {
        let word = self.painted("error", "31");
        let mut text = format!("{word}: {}\n", escape_for_terminal(&error.message()));
        for hint in error.hints() {
            text.push_str(&format!("  {}: {}\n", self.painted("hint", "36"), escape_for_terminal(hint)));
        }
        self.stderr(&text);
    }

    /// Asks on the terminal and waits for a line.
    ///
    /// # Errors
    /// When standard input cannot be read.
    pub(crate) fn ask(self, question: &str) -> Result<String, CommandError> {
        self.stderr(&format!("{question} "));
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .map_err(|error| CommandError::usage("cannot read the answer").because(error))?;
        Ok(answer.trim().to_owned())
    }

    /// Counts bytes on a terminal while a long reading lasts; nowhere else.
    pub(crate) fn progress(self, what: &Path) -> Progress {
        // Shown only when it takes longer than a blink.
        let total = total_bytes(what);
        let bar = match total {
            _ if !self.stderr_terminal => ProgressBar::hidden(),
            Some(bytes) if bytes < 8 << 20 => ProgressBar::hidden(),
            Some(bytes) => ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr()),
            None => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
        };
        if let Ok(style) = ProgressStyle::with_template("{msg} {bytes}/{total_bytes} {bytes_per_sec}") {
            bar.set_style(style);
        }
        bar.set_message("reading");
        Progress(bar)
    }

    /// Counts steps of `total` on a terminal while a long work lasts; nowhere else.
    pub(crate) fn steps(self, total: usize, what: &'static str) -> Progress {
        // Shown only when it takes longer than a blink.
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let shown = self.stderr_terminal && total > 1_000;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Progress(bar)
    }

    fn painted(self, word: &str, code: &str) -> String {
        if self.color_stderr { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// Whoever closed standard error does not want to hear it.
    fn stderr(self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Bytes of a file, or of the blobs of an image layout; absent for any other folder, which would have to be walked.
fn total_bytes(what: &Path) -> Option<u64> {
    let metadata = std::fs::metadata(what).ok()?;
    if metadata.is_file() {
        return Some(metadata.len());
    }
    let blobs = std::fs::read_dir(what.join("blobs/sha256")).ok()?;
    Some(blobs.filter_map(|blob| blob.ok()?.metadata().ok()).map(|metadata| metadata.len()).sum())
}

/// A count of bytes that is being shown, or not.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// So many bytes were read, or steps done, so far.
    pub(crate) fn reached(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
