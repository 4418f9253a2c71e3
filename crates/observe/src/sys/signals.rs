//! Signals that this process hands on instead of dying of them.
#![expect(unsafe_code, reason = "signal handlers have no safe interface")]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// Signals that are handed on to the command.
pub(super) const FORWARDED: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

/// How often each came. A handler belongs to the whole process, so its memory cannot belong to less.
static COUNTS: [AtomicU32; FORWARDED.len()] = [const { AtomicU32::new(0) }; FORWARDED.len()];

/// The commands that run now, and what the signals did before the first of them.
static BEFORE: Mutex<(u32, Vec<(i32, libc::sigaction)>)> = Mutex::new((0, Vec::new()));

/// Signals are caught until this is dropped.
pub(super) struct Caught {
    seen: [u32; FORWARDED.len()],
}

impl Caught {
    /// Begins to catch; a signal that is ignored, as `nohup` does, stays ignored.
    pub(super) fn begin() -> io::Result<Self> {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        before.0 += 1;
        let caught = Self { seen: counts() };
        if before.0 == 1 {
            for signal in FORWARDED {
                let old = action(signal, None)?;
                if old.sa_sigaction != libc::SIG_IGN {
                    action(signal, Some(&counting()))?;
                    before.1.push((signal, old));
                }
            }
        }
        Ok(caught)
    }

    /// The signals that came since the last call.
    pub(super) fn next(&mut self) -> Vec<i32> {
        let now = counts();
        let before = std::mem::replace(&mut self.seen, now);
        let changed = FORWARDED.into_iter().zip(now.into_iter().zip(before));
        changed.filter(|(_, (now, before))| now != before).map(|(signal, _)| signal).collect()
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        before.0 = before.0.saturating_sub(1);
        if before.0 == 0 {
            for (signal, old) in before.1.drain(..) {
                // A handler that was there before is there again; it cannot fail for a signal that was set before.
                let _ = action(signal, Some(&old));
            }
        }
    }
}

fn counts() -> [u32; FORWARDED.len()] {
    COUNTS.each_ref().map(|count| count.load(Ordering::SeqCst))
}

extern "C" fn count(signal: i32) {
    for (forwarded, count) in FORWARDED.iter().zip(&COUNTS) {
        if *forwarded == signal {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn counting() -> libc::sigaction {
    // SAFETY: all bytes zero is a valid value: no flags, an empty mask.
    let mut counting: libc::sigaction = unsafe { std::mem::zeroed() };
    counting.sa_sigaction = count as extern "C" fn(i32) as libc::sighandler_t;
    counting.sa_flags = libc::SA_RESTART;
    counting
}

/// Sets what a signal does, or only asks; gives what it did before.
fn action(signal: i32, new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: all bytes zero is a valid value.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: both structures are live or null; the handler only adds to atomic counters, which is async-signal-safe.
    match unsafe { libc::sigaction(signal, new, &mut old) } {
        0 => Ok(old),
        _ => Err(io::Error::last_os_error()),
    }
}
