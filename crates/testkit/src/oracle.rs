//! Go's `archive/tar` as an oracle: what a puller's reader gives its caller for an archive.
//!
//! The program is `tests/oracles/listtar`. It is built once for each test program, offline, with the `go` on the path; where there is none,
//! or one older than 1.24, the caller's test is skipped through [`crate::need`].
//!
//! ```no_run
//! use lasthand_testkit::oracle::Oracle;
//! let Some(mut oracle) = Oracle::start() else { return };
//! let answer = oracle.ask("empty", &[0; 1024]);
//! assert!(answer.entries.is_empty() && answer.error.is_none());
//! ```
#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: an oracle that does not answer fails the test")]

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use crate::need;

/// The oldest Go whose answers count: major and minor version.
const OLDEST: (u32, u32) = (1, 24);

/// A running oracle.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    answers: BufReader<ChildStdout>,
}

/// What Go gives for one archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Each entry whose content could be read to its end, in archive order.
    pub entries: Vec<Entry>,
    /// Why Go stopped before the end of the archive or of its gzip stream.
    pub error: Option<String>,
}

/// One entry as Go's `Header` and `Read` give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path, not cleaned.
    pub path: Vec<u8>,
    /// Type; Go has made `0` or `5` of NUL.
    pub typeflag: u8,
    /// All bits of the mode.
    pub mode: i64,
    /// Owner.
    pub uid: i64,
    /// Group.
    pub gid: i64,
    /// Stated size, also of entries without content; of a sparse file with its holes.
    pub size: i64,
    /// Major and minor number, of any entry.
    pub device: (i64, i64),
    /// Link target, of any entry.
    pub link: Vec<u8>,
    /// What Go reads.
    pub content: Content,
    /// Extended attributes of pax records, in name order.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What Go's `Read` gives for one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: a link, a folder, a device, a global header.
    Absent,
    /// A sparse file of more than 256 MiB, which the oracle does not read.
    Unread,
    /// Bytes with this SHA-256, in hex.
    Sha256(String),
}

impl Oracle {
    /// Starts an oracle, or says that the test is skipped.
    ///
    /// # Panics
    /// When the program does not build.
    #[must_use]
    #[track_caller]
    pub fn start() -> Option<Self> {
        let go = need::tool("go")?;
        if !need::feature("go", is_new_enough(&version_of(&go)), "older than 1.24") {
            return None;
        }
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let program = PROGRAM.get_or_init(|| build(&go));
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut oracle = Self { child, answers };
        let version = oracle.line();
        assert!(is_new_enough(&version), "the oracle was built with `{version}`");
        Some(oracle)
    }

    /// Asks for one archive, plain or gzip.
    ///
    /// Cost: O(bytes); some 50 microseconds for a small archive.
    ///
    /// # Panics
    /// When the program has ended.
    pub fn ask(&mut self, name: &str, archive: &[u8]) -> Answer {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(&u32::try_from(name.len()).unwrap().to_be_bytes()).unwrap();
        stdin.write_all(name.as_bytes()).unwrap();
        stdin.write_all(&u64::try_from(archive.len()).unwrap().to_be_bytes()).unwrap();
        stdin.write_all(archive).unwrap();
        stdin.flush().unwrap();
        let mut answer = Answer::default();
        loop {
            let line = self.line();
            match line.split_once(' ') {
                Some(("E", entry)) => answer.entries.push(Entry::parse(entry).unwrap()),
                Some(("Z", end)) => {
                    let (asked, error) = end.split_once(' ').unwrap();
                    assert_eq!(unhex(asked).as_deref(), Some(name.as_bytes()));
                    answer.error = (error != ".").then(|| error.to_owned());
                    return answer;
                }
                _ => panic!("the oracle says `{line}`"),
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).unwrap();
        assert!(read > 0, "the oracle has ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let path = unhex(word()?)?;
        let typeflag = u8::from_str_radix(word()?, 16).ok()?;
        let mut number = || word()?.parse::<i64>().ok();
        let (mode, uid, gid, size) = (number()?, number()?, number()?, number()?);
        let device = (number()?, number()?);
        let link = unhex(word()?)?;
        let content = match word()? {
            "." => Content::Absent,
            "-" => Content::Unread,
            digest => Content::Sha256(digest.to_owned()),
        };
        let mut xattrs = match word()? {
            "." => Vec::new(),
            pairs => pairs.split(',').map(pair).collect::<Option<Vec<_>>>()?,
        };
        xattrs.sort();
        word().is_none().then_some(Self { path, typeflag, mode, uid, gid, size, device, link, content, xattrs })
    }
}

fn pair(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (name, value) = text.split_once('=')?;
    Some((unhex(name)?, unhex(value)?))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text == "." {
        return Some(Vec::new());
    }
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

fn version_of(go: &Path) -> String {
    let output = Command::new(go).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Compares a version such as `go1.26.8` or `go1.25rc1`.
fn is_new_enough(version: &str) -> bool {
    let number = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())].parse::<u32>().unwrap_or_default()
    };
    let mut parts = version.strip_prefix("go").unwrap_or_default().split('.');
    (number(parts.next()), number(parts.next())) >= OLDEST
}

/// Builds the program beside this test program, without network, workspace or settings of the user.
fn build(go: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/listtar");
    let own = env::current_exe().unwrap();
    let program = own.with_extension(format!("listtar{}", env::consts::EXE_SUFFIX));
    // A second run of the same test program must not find half of a file.
    let fresh = own.with_extension(format!("listtar-{}", process::id()));
    let built = Command::new(go)
        .args(["build", "-o"])
        .args([&fresh, Path::new(".")])
        .current_dir(folder)
        .envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", ""), ("GOWORK", "off")])
        .output()
        .unwrap();
    assert!(built.status.success(), "go build failed: {}", String::from_utf8_lossy(&built.stderr));
    std::fs::rename(&fresh, &program).unwrap();
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        // pass: 1.24 and later, also before a release; fail: older, and what is no version
        for version in ["go1.24", "go1.24.0", "go1.26.8", "go1.25rc1", "go2.0"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in ["go1.23.9", "go1.9", "go1", "1.26", "", "devel go1.26"] {
            assert!(!is_new_enough(version), "{version}");
        }
    }

    #[test]
    fn a_line_is_one_entry() {
        // pass: every field; fail: a field too few or too many
        let line = "612f 35 493 1 2 0 3 4 . . 61=62,63=";
        let entry = Entry::parse(line).unwrap();
        assert_eq!((entry.path.as_slice(), entry.typeflag, entry.mode), (&b"a/"[..], b'5', 0o755));
        assert_eq!((entry.uid, entry.gid, entry.device, entry.content), (1, 2, (3, 4), Content::Absent));
        assert_eq!(entry.xattrs, [(b"a".to_vec(), b"b".to_vec()), (b"c".to_vec(), Vec::new())]);
        assert!(Entry::parse(&format!("{line} .")).is_none());
        assert!(Entry::parse(line.rsplit_once(' ').unwrap().0).is_none());
    }

    #[test]
    fn an_archive_is_answered_and_the_next_one_too() {
        // pass: the error of one archive does not end the program
        let Some(mut oracle) = Oracle::start() else { return };
        assert!(oracle.ask("bad", &[b'x'; 512]).error.is_some());
        assert_eq!(oracle.ask("empty", &[0; 1024]), Answer::default());
    }
}
