use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

fn shell(folder: &Path, script: &str) -> Result<Observed, RunError> {
    command(folder, &["sh", "-c", script])
}

fn command(folder: &Path, argv: &[&str]) -> Result<Observed, RunError> {
    let argv = argv.iter().map(OsString::from).collect();
    let spec = CommandSpec { argv, cwd: folder.to_owned(), environment: EnvironmentPolicy::Inherit };
    run(&spec, &Roots::new(folder, &[]).unwrap(), &Limits::DEFAULT)
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default().trim().to_owned()
}

/// Whether the process lives; a zombie does not.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, after)| !after.trim_start().starts_with(['Z', 'X']))
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_exit_code_of_the_command_is_handed_on() {
    // pass: success, failure, and 128 + n on a signal
    let folder = tempfile::tempdir().unwrap();
    for (script, outcome, code) in [
        ("exit 0", Outcome::Exited(0), 0),
        ("exit 7", Outcome::Exited(7), 7),
        ("kill -TERM $$", Outcome::Signalled(15), 143),
        ("kill -KILL $$", Outcome::Signalled(9), 137),
    ] {
        let observed = shell(folder.path(), script).unwrap();
        assert_eq!((observed.outcome, observed.outcome.code()), (outcome, code), "{script}");
        assert_eq!(observed.stragglers, 0, "{script}");
    }
}

#[test]
fn a_command_that_cannot_start_is_an_error() {
    // fail: no such program, not executable, no such folder, nothing at all
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "x").unwrap();
    for argv in [&["no-such-program-8812"][..], &["./data"]] {
        let error = command(folder.path(), argv).unwrap_err();
        assert!(matches!(error, RunError::CouldNotStart { .. }), "{error}");
    }
    let spec = CommandSpec {
        argv: vec!["true".into()],
        cwd: folder.path().join("nowhere"),
        environment: EnvironmentPolicy::Inherit,
    };
    let error = run(&spec, &Roots::new(folder.path(), &[]).unwrap(), &Limits::DEFAULT).unwrap_err();
    assert!(matches!(error, RunError::CouldNotStart { .. }), "{error}");
    assert!(matches!(command(folder.path(), &[]).unwrap_err(), RunError::NoCommand));
}

#[test]
fn files_before_and_after_are_recorded() {
    // pass: what the command made and removed is the difference
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), "1").unwrap();
    std::fs::write(folder.path().join("old"), "1").unwrap();
    let observed = shell(folder.path(), "cp in out && rm old").unwrap();
    let changed = snapshot::difference(&observed.before, &observed.after);
    assert_eq!(changed.products.iter().map(|entry| entry.path.as_slice()).collect::<Vec<_>>(), [b"out"]);
    assert_eq!(changed.removed.iter().map(|entry| entry.path.as_slice()).collect::<Vec<_>>(), [b"old"]);
    assert!(observed.started <= observed.finished);
}

#[test]
fn only_named_variables_are_handed_on_when_asked() {
    // pass: PATH only
    let folder = tempfile::tempdir().unwrap();
    let argv = ["sh", "-c", "env | cut -d= -f1 | sort > names"].iter().map(OsString::from).collect();
    let environment = EnvironmentPolicy::Only(BTreeSet::from(["PATH".into()]));
    let spec = CommandSpec { argv, cwd: folder.path().to_owned(), environment };
    run(&spec, &Roots::new(folder.path(), &[]).unwrap(), &Limits::DEFAULT).unwrap();
    let names = text(folder.path(), "names");
    assert!(!names.contains("HOME") && names.contains("PATH"), "{names}");
}

#[test]
fn a_detached_grandchild_is_dead_before_the_second_snapshot() {
    // fail: double fork, own session, signals ignored, and the command itself long gone
    let folder = tempfile::tempdir().unwrap();
    let script = "( setsid sh -c 'trap \"\" TERM HUP INT; echo $$ > daemon; (setsid sh -c \"echo \\$\\$ > deeper; sleep 60\") & \
                  while :; do date +%N >> late; sleep 0.01; done' & ) ; while [ ! -s deeper ]; do sleep 0.01; done";
    let observed = shell(folder.path(), script).unwrap();
    assert_eq!(observed.outcome, Outcome::Exited(0));
    for name in ["daemon", "deeper"] {
        let pid = text(folder.path(), name);
        assert!(!pid.is_empty() && !lives(&pid), "{name} {pid}");
    }
    assert!(observed.stragglers >= 2, "{}", observed.stragglers);
    let recorded = observed.after.find(b"late").unwrap().sha256.unwrap().0;
    let now = lasthand_model::digest::Sha256::of(&std::fs::read(folder.path().join("late")).unwrap());
    assert_eq!(recorded, now, "the file was written to after the snapshot");
}

#[test]
fn the_guard_leaves_no_process_and_no_descriptor_behind() {
    // pass: a hundred runs do not add up
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..100 {
        assert_eq!(command(folder.path(), &["true"]).unwrap().outcome, Outcome::Exited(0));
    }
}

/// Not a test of its own: the launcher that the tests below start and kill.
#[test]
fn launcher_for_other_tests() {
    // pass: does nothing unless it was asked to run a script in a folder
    let Some(folder) = std::env::var_os("LASTHAND_TEST_LAUNCHER_FOLDER") else { return };
    let folder = PathBuf::from(folder);
    let observed = shell(&folder, &std::env::var("LASTHAND_TEST_LAUNCHER_SCRIPT").unwrap()).unwrap();
    std::fs::write(folder.join("statement"), observed.outcome.code().to_string()).unwrap();
}

fn launcher(folder: &Path, script: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "run::tests::launcher_for_other_tests", "--test-threads", "1"])
        .env("LASTHAND_TEST_LAUNCHER_FOLDER", folder)
        .env("LASTHAND_TEST_LAUNCHER_SCRIPT", script)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

const DETACHING: &str = "(setsid sh -c 'trap \"\" TERM HUP; echo $$ > daemon; sleep 60' &); echo $$ > child; sleep 60";

#[test]
fn a_killed_launcher_leaves_no_statement_and_no_process() {
    // fail: SIGKILL to the launcher ends the whole tree, detached processes too
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = launcher(folder.path(), DETACHING);
    wait_until("start", || !text(folder.path(), "child").is_empty() && !text(folder.path(), "daemon").is_empty());
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    for name in ["child", "daemon"] {
        let pid = text(folder.path(), name);
        wait_until(name, || !lives(&pid));
    }
    assert!(!folder.path().join("statement").exists());
}

#[test]
fn a_killed_guard_leaves_no_statement() {
    // fail: SIGKILL to the guard ends the command, and the launcher has nothing to say
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = launcher(folder.path(), "echo $$ > child; sleep 60");
    wait_until("start", || !text(folder.path(), "child").is_empty());
    let child = text(folder.path(), "child");
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    let guard = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_owned();
    assert_ne!(guard, launcher.id().to_string());
    assert!(Command::new("kill").args(["-KILL", &guard]).status().unwrap().success());
    wait_until("child", || !lives(&child));
    assert!(!launcher.wait().unwrap().success());
    assert!(!folder.path().join("statement").exists());
}

#[test]
fn a_signal_to_the_launcher_reaches_the_command() {
    // pass: SIGTERM and SIGINT are handed on, and the launcher records how the command took it
    for (signal, code) in [("TERM", "33"), ("INT", "34")] {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap 'exit 33' TERM; trap 'exit 34' INT; echo $$ > child; while :; do sleep 0.02; done";
        let mut launcher = launcher(folder.path(), script);
        wait_until("start", || !text(folder.path(), "child").is_empty());
        let pid = launcher.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        launcher.wait().unwrap();
        assert_eq!(text(folder.path(), "statement"), code, "{signal}");
    }
}
