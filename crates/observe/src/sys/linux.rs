//! This process's side: starts the guard, hands signals on, and reads how the command ended.
#![expect(unsafe_code, reason = "the hook between fork and exec has no safe interface")]

use std::fs::File;
use std::io::{self, IsTerminal as _, PipeReader, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use super::Ended;
use super::guard::{self, Group, Orders, REPORT_BYTES};
use super::signals::Caught;
use crate::run::Outcome;

/// What this system cannot assure.
pub(crate) const GAPS: &[&str] = &[];

/// How long a signal that another thread took may wait to be handed on, in milliseconds.
const PATIENCE_MS: i32 = 50;

/// A running command below its guard.
pub(crate) struct Guarded {
    guard: Child,
    report: PipeReader,
    group: Group,
    caught: Caught,
}

impl Guarded {
    /// Starts the guard and, below it, the command.
    ///
    /// # Errors
    /// The system's reason when the program cannot be executed; [`io::ErrorKind::Unsupported`] where children cannot be listed.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        // Fail closed: without this file the guard could not find what it must kill.
        File::open(guard::CHILDREN).map_err(|_| {
            io::Error::new(io::ErrorKind::Unsupported, "this system does not list the children of a process in /proc")
        })?;
        let (report, writer) = io::pipe()?;
        // At a terminal the command stays in our process group, so that keys and job control reach it as usual.
        let group = if io::stdin().is_terminal() { Group::Ours } else { Group::Own };
        let caught = Caught::begin()?;
        let orders = Orders { launcher: std::process::id(), report: writer.as_raw_fd(), group };
        // SAFETY: the closure runs in the forked child, where only async-signal-safe calls are allowed: `guard::divide` makes no other,
        // allocates nothing, and touches only the values it was given. `writer` outlives the spawn, so its descriptor is open there.
        unsafe {
            command.pre_exec(move || guard::divide(&orders));
        }
        let guard = command.spawn()?;
        drop(writer);
        Ok(Self { guard, report, group, caught })
    }

    /// Waits until nothing of the command lives, handing signals on meanwhile.
    ///
    /// # Errors
    /// When the guard ended without its report: then nobody knows how the command ended, nor what still lives.
    pub(crate) fn wait(mut self) -> io::Result<Ended> {
        while !self.report_is_there() {
            for signal in self.caught.next() {
                let from_keys = matches!(signal, libc::SIGINT | libc::SIGQUIT);
                if self.group == Group::Own || !from_keys {
                    self.hand_on(signal);
                }
            }
        }
        let mut report = [0u8; REPORT_BYTES];
        let read = self.report.read_exact(&mut report);
        self.guard.wait()?;
        read?;
        let [a, b, c, d, e, f, g, h] = report;
        let status = i32::from_ne_bytes([a, b, c, d]);
        let outcome = if libc::WIFSIGNALED(status) {
            Outcome::Signalled(libc::WTERMSIG(status))
        } else {
            Outcome::Exited(libc::WEXITSTATUS(status))
        };
        Ok(Ended { outcome, stragglers: u32::from_ne_bytes([e, f, g, h]) })
    }

    /// Waits a while for the report, or for the end of the guard.
    fn report_is_there(&self) -> bool {
        let mut waited = libc::pollfd { fd: self.report.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one live structure is given, and its number says so.
        unsafe { libc::poll(&mut waited, 1, PATIENCE_MS) > 0 }
    }

    fn hand_on(&self, signal: i32) {
        let Ok(guard) = i32::try_from(self.guard.id()) else { return };
        // SAFETY: `kill` touches no memory; the guard was not waited for yet, so its id cannot be another process.
        unsafe { libc::kill(guard, signal) };
    }
}
