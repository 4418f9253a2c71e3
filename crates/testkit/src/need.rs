//! What a test needs and may not have: the one door through which a test is skipped.
//!
//! A skip is printed as `SKIPPED <test>: <reason>`, and added as a line to the file that `LASTHAND_SKIPS` names. With `LASTHAND_NO_SKIP=1` it
//! fails the test, unless `tests/allowed-skips.txt` names the test. A test is named `<program>::<path of the test>`, such as
//! `lasthand_observe::git::tests::merges::squash`; where the runner gives its thread no name, `<program>::<file>:<line>`.
//!
//! ```
//! use lasthand_testkit::need;
//! let Some(folder) = need::testdata() else { return };
//! assert!(folder.is_dir());
//! ```

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::thread;

/// Where a program is, or nothing: then the caller returns and the test counts as skipped.
///
/// # Panics
/// When skips are refused.
#[must_use]
#[track_caller]
pub fn tool(name: &str) -> Option<PathBuf> {
    let found = on_path(name, &env::var_os("PATH").unwrap_or_default());
    feature(name, found.is_some(), "not on the path").then_some(found).flatten()
}

/// The folder of foreign test data: `LASTHAND_TESTDATA`, else `../shared/testdata` beside the workspace.
///
/// # Panics
/// When skips are refused.
#[must_use]
#[track_caller]
pub fn testdata() -> Option<PathBuf> {
    let given = env::var_os("LASTHAND_TESTDATA").filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = given.unwrap_or_else(|| workspace().join("../shared/testdata"));
    feature("testdata", folder.is_dir(), "set LASTHAND_TESTDATA to the folder of foreign test data").then_some(folder)
}

/// Says whether something is there; when it is not, the test is skipped for the reason `<name>: <why>`.
///
/// # Panics
/// When skips are refused.
#[must_use]
#[track_caller]
#[expect(clippy::panic, reason = "test support: a skip that is refused fails the test")]
pub fn feature(name: &str, present: bool, why: &str) -> bool {
    if !present {
        let test = test_name(Location::caller());
        let reason = format!("{name}: {why}");
        let refuse = env::var_os("LASTHAND_NO_SKIP").is_some_and(|value| value == "1");
        let allowed = fs::read_to_string(workspace().join("tests/allowed-skips.txt")).unwrap_or_default();
        if refuse && !is_allowed(&test, &allowed) {
            panic!(
                "{test} needs {reason}; LASTHAND_NO_SKIP=1 refuses to skip what tests/allowed-skips.txt does not name"
            );
        }
        count(&test, &reason);
    }
    present
}

#[expect(clippy::print_stdout, reason = "test support: a skip is shown")]
fn count(test: &str, reason: &str) {
    println!("SKIPPED {test}: {reason}");
    let Some(path) = env::var_os("LASTHAND_SKIPS") else { return };
    // One write of one line, so that tests that run at once do not mix their lines.
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(format!("{test}: {reason}\n").as_bytes()));
    if let Err(error) = written {
        println!("the skip could not be counted: {error}");
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn test_name(caller: &Location<'_>) -> String {
    let program = env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let program = program.unwrap_or_default();
    let program = program.rsplit_once('-').map_or(program.as_str(), |(name, _)| name);
    match thread::current().name() {
        Some(name) if name != "main" => format!("{program}::{name}"),
        _ => format!("{program}::{}:{}", caller.file(), caller.line()),
    }
}

/// Whether a line `<test>: <reason>` is there. A line without a reason allows nothing.
fn is_allowed(test: &str, allowed: &str) -> bool {
    let rows = allowed.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    rows.filter(|(_, reason)| !reason.trim().is_empty()).any(|(name, _)| name == test)
}

fn on_path(name: &str, path: &std::ffi::OsStr) -> Option<PathBuf> {
    let names = [name.to_owned(), format!("{name}{}", env::consts::EXE_SUFFIX)];
    env::split_paths(path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>())
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_test_with_a_reason_may_be_skipped() {
        // pass: the exact name with a reason; fail: no reason, a comment, a part of the name
        let allowed = "# a::b: no\na::c: \na::d: needs a device\n";
        assert!(is_allowed("a::d", allowed));
        for test in ["a::b", "a::c", "d", "a", "a::dd", ""] {
            assert!(!is_allowed(test, allowed), "{test}");
        }
    }

    #[test]
    fn a_test_is_named_after_program_and_path() {
        // pass: the hash of the program is left out
        let name = test_name(Location::caller());
        assert!(name.starts_with("lasthand_testkit::"), "{name}");
    }

    #[test]
    fn what_is_there_is_no_skip() {
        // pass: nothing is counted or refused, whatever the environment says
        assert!(feature("itself", true, "never shown"));
    }

    #[test]
    fn a_tool_is_found_on_the_path_alone() {
        // pass: in a folder of the path; fail: on an empty path
        let program = env::current_exe().unwrap_or_default();
        let (folder, name) =
            (program.parent().unwrap_or(Path::new("")), program.file_name().unwrap_or_default().to_string_lossy());
        assert_eq!(on_path(&name, folder.as_os_str()).as_deref(), Some(program.as_path()));
        assert_eq!(on_path(&name, std::ffi::OsStr::new("")), None);
    }
}
