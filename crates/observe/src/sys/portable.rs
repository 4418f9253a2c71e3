//! Systems without sub-reapers: the command's process group is all that can be killed.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Ended;
use crate::run::Outcome;

/// What this system cannot assure.
pub(crate) const GAPS: &[&str] =
    &["processes that left the command's process group", "processes that outlived this one"];

/// A running command in a process group of its own.
pub(crate) struct Guarded {
    child: Child,
}

impl Guarded {
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()? })
    }

    pub(crate) fn wait(mut self) -> io::Result<Ended> {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let status = self.child.wait()?;
        let left = group.is_some_and(|group| kill_process_group(group, Signal::KILL).is_ok());
        let outcome = match (status.code(), status.signal()) {
            (Some(code), _) => Outcome::Exited(code),
            (None, signal) => Outcome::Signalled(signal.unwrap_or(0)),
        };
        Ok(Ended { outcome, stragglers: u32::from(left) })
    }
}
