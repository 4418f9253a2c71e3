//! A long history, made by `git fast-import` from a fixed seed.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A bare repository with its branch `main`.
pub(super) struct History {
    pub(super) folder: PathBuf,
}

/// People, the second an agent's account; every seventh commit has a trailer besides.
const PEOPLE: [&str; 4] = [
    "Ana <ana@example.com>",
    "Claude <noreply@anthropic.com>",
    "Bo <bo@example.com>",
    "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
];

impl History {
    /// Makes the history unless it is there.
    pub(super) fn made(folder: &Path, commits: usize, files: usize) -> Result<Self> {
        let history = Self { folder: folder.join(format!("{commits}x{files}.git")) };
        if history.folder.join("made").exists() {
            return Ok(history);
        }
        if history.folder.exists() {
            std::fs::remove_dir_all(&history.folder)?;
        }
        eprintln!("bench: making a history of {commits} commits and {files} files");
        let made =
            git(folder).args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(&history.folder).status()?;
        ensure!(made.success(), "git init failed");
        history.import(&mut |out| {
            Stream { out, random: 0x9e37_79b9_7f4a_7c15, mark: 0, time: 1_600_000_000 }.whole(commits, files)
        })?;
        // As a clone has it: one pack, everything as differences.
        let packed = git(&history.folder).args(["repack", "-a", "-d", "-f", "--quiet"]).status()?;
        ensure!(packed.success(), "git repack failed");
        std::fs::write(history.folder.join("made"), "")?;
        Ok(history)
    }

    /// Adds one commit that changes one file.
    pub(super) fn add_one(&self) -> Result<()> {
        self.import(&mut |out| {
            writeln!(out, "commit refs/heads/main")?;
            writeln!(out, "committer {} 1800000000 +0000", PEOPLE[0])?;
            write!(out, "data 8\none more\nfrom refs/heads/main^0\n")?;
            write!(out, "M 100644 inline {}\ndata 5\nmore\n\n", path(0))
        })
    }

    /// Takes back what [`add_one`](Self::add_one) added.
    pub(super) fn take_back(&self) -> Result<()> {
        let status = git(&self.folder).args(["update-ref", "refs/heads/main", "refs/heads/main~1"]).status()?;
        ensure!(status.success(), "git update-ref failed");
        Ok(())
    }

    fn import(&self, write: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
        let mut child = git(&self.folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("git has no standard input")?;
        let mut input = BufWriter::new(input);
        write(&mut input)?;
        input.flush()?;
        drop(input);
        ensure!(child.wait()?.success(), "git fast-import failed");
        Ok(())
    }
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Ten files a folder, ten folders a folder.
fn path(file: usize) -> String {
    format!("part-{:02}/folder-{:02}/file-{:02}.rs", file / 100, file / 10 % 10, file % 10)
}

struct Stream<'w> {
    out: &'w mut dyn Write,
    random: u64,
    mark: usize,
    time: u64,
}

impl Stream<'_> {
    fn whole(&mut self, commits: usize, files: usize) -> std::io::Result<()> {
        self.head("refs/heads/main", &[])?;
        for file in 0..files {
            self.file(file)?;
        }
        let mut tip = self.mark;
        while self.mark < commits {
            // A branch of some commits, and its merge: one in ten commits.
            if self.mark.is_multiple_of(10) && self.mark + 3 < commits {
                let base = tip;
                tip = self.change("refs/heads/main", &[base], files)?.0;
                let (side, changed) = self.change("refs/heads/side", &[base], files)?;
                self.head("refs/heads/main", &[tip, side])?;
                for (file, random) in changed {
                    let before = std::mem::replace(&mut self.random, random);
                    self.file(file)?;
                    self.random = before;
                }
                tip = self.mark;
            } else {
                tip = self.change("refs/heads/main", &[tip], files)?.0;
            }
        }
        Ok(())
    }

    /// A commit that changes one to four files; gives its mark, and each file with the seed of its content.
    fn change(
        &mut self,
        reference: &str,
        parents: &[usize],
        files: usize,
    ) -> std::io::Result<(usize, Vec<(usize, u64)>)> {
        self.head(reference, parents)?;
        let mut changed = Vec::new();
        for _ in 0..1 + self.next(4) {
            let file = self.next(files);
            changed.push((file, self.random));
            self.file(file)?;
        }
        Ok((self.mark, changed))
    }

    fn head(&mut self, reference: &str, parents: &[usize]) -> std::io::Result<()> {
        self.mark += 1;
        self.time += 60;
        let person = PEOPLE[self.next(PEOPLE.len())];
        let mut message = format!("change {}", self.mark);
        if self.mark.is_multiple_of(7) {
            message.push_str("\n\nCo-authored-by: Claude <noreply@anthropic.com>");
        }
        writeln!(self.out, "commit {reference}\nmark :{}", self.mark)?;
        writeln!(self.out, "author {person} {0} +0000\ncommitter {person} {0} +0000", self.time)?;
        writeln!(self.out, "data {}\n{message}", message.len())?;
        for (at, parent) in parents.iter().enumerate() {
            writeln!(self.out, "{} :{parent}", if at == 0 { "from" } else { "merge" })?;
        }
        Ok(())
    }

    fn file(&mut self, file: usize) -> std::io::Result<()> {
        let mut text = String::new();
        for line in 0..20 {
            let _ = writeln!(text, "line {line} of {file}: {}", if line == 7 { self.next(1 << 30) } else { line });
        }
        writeln!(self.out, "M 100644 inline {}\ndata {}\n{text}", path(file), text.len())
    }

    /// xorshift64*.
    fn next(&mut self, below: usize) -> usize {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let high = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or_default() % below
    }
}
