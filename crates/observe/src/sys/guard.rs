//! The guard: a fork of this process that holds every process of the command below it.
//!
//! INVARIANT (signal safety): everything here runs after a fork, so it makes only async-signal-safe calls and allocates nothing.
#![expect(unsafe_code, reason = "runs between fork and exec, where only raw system calls are allowed")]

use std::ffi::CStr;
use std::io;
use std::time::Duration;

/// Children of the calling thread, as decimal ids with spaces between.
pub(super) const CHILDREN: &str = "/proc/thread-self/children";
const CHILDREN_C: &CStr = c"/proc/thread-self/children";

/// The report: wait status (i32) and number of stragglers (u32), in this machine's byte order.
pub(super) const REPORT_BYTES: usize = 8;

/// Sent to the guard when its launcher dies.
const LAUNCHER_DIED: i32 = libc::SIGUSR2;

/// Which process group the command gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// The launcher's.
    Ours,
    /// One of its own.
    Own,
}

/// What the guard must know.
#[derive(Clone, Copy)]
pub(super) struct Orders {
    /// The process that the guard must not outlive.
    pub(super) launcher: u32,
    /// Descriptor to write the report to.
    pub(super) report: i32,
    /// Process group of the command.
    pub(super) group: Group,
}

/// Divides the forked child in two: the guard, which never returns, and the command, which returns to be executed.
///
/// # Errors
/// The system's reason when a call fails; then nothing was started.
pub(super) fn divide(orders: &Orders) -> io::Result<()> {
    let (all, mut mask) = (all_signals(), no_signals());
    // SAFETY: both sets are initialised and live; the call writes only to the second.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &all, &mut mask) })?;
    // SAFETY: these calls touch no memory of ours.
    unsafe {
        check(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1u64, 0u64, 0u64, 0u64))?;
        check(libc::prctl(libc::PR_SET_PDEATHSIG, LAUNCHER_DIED as libc::c_ulong, 0u64, 0u64, 0u64))?;
    }
    // SAFETY: `getpid` and `fork` touch no memory of ours; this process has one thread, since it is itself fresh from a fork.
    let (guard, command) = unsafe { (libc::getpid(), libc::fork()) };
    match command {
        -1 => Err(io::Error::last_os_error()),
        0 => become_command(orders, guard, &mask),
        command => keep_guard(orders, command),
    }
}

fn become_command(orders: &Orders, guard: i32, mask: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: these calls touch no memory but the mask, which is initialised and live.
    unsafe {
        // SECURITY: whoever kills the guard kills the command, so that no report can be made about a command that goes on.
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0u64, 0u64, 0u64))?;
        if libc::getppid() != guard {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if orders.group == Group::Own {
            check(libc::setpgid(0, 0))?;
        }
        check(libc::sigprocmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()))
    }
}

fn keep_guard(orders: &Orders, command: i32) -> ! {
    // SAFETY: these calls touch no memory of ours. Closing descriptors of this process is sound because no Rust value here owns one
    // that is used or dropped again: this function never returns.
    unsafe {
        // Out of the terminal's foreground group, so that keys do not reach the guard.
        libc::setpgid(0, 0);
        // The descriptor by which the launcher learns that the command was executed must not stay open here.
        let report = orders.report.unsigned_abs();
        close_range(3, report.saturating_sub(1));
        close_range(report.saturating_add(1), u32::MAX);
    }
    let status = watch(orders, command);
    let stragglers = kill_everything();
    if let Some(status) = status {
        report(orders.report, status, stragglers);
    }
    // SAFETY: ends the process at once; runs no destructor and no exit handler.
    unsafe { libc::_exit(0) }
}

/// Waits for the command, handing signals on. Nothing when the launcher died first.
fn watch(orders: &Orders, command: i32) -> Option<i32> {
    let all = all_signals();
    loop {
        if let Some(status) = reap_until(command) {
            return Some(status);
        }
        // SAFETY: the call touches no memory of ours.
        if unsafe { libc::getppid() }.unsigned_abs() != orders.launcher {
            return None;
        }
        let signal = next_signal(&all, Duration::from_secs(1));
        if super::signals::FORWARDED.contains(&signal) {
            let receiver = if orders.group == Group::Own { -command } else { command };
            // SAFETY: the call touches no memory; the command was not waited for yet, so its id is still its own.
            unsafe { libc::kill(receiver, signal) };
        }
    }
}

/// Waits for every child that has ended; its status once the command is among them.
fn reap_until(command: i32) -> Option<i32> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is live and may be written.
        match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
            child if child == command => return Some(status),
            child if child > 0 => {}
            _ => return None,
        }
    }
}

/// Kills and reaps until no child is left. As this process is a sub-reaper, then nothing below it is left either.
fn kill_everything() -> u32 {
    let all = all_signals();
    let mut stragglers = 0u32;
    loop {
        kill_children();
        loop {
            let mut status = 0;
            // SAFETY: `status` is live and may be written.
            match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
                0 => break,
                child if child > 0 => {
                    let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
                    stragglers = stragglers.saturating_add(u32::from(killed));
                }
                _ if io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
                _ => return stragglers,
            }
        }
        next_signal(&all, Duration::from_millis(2));
    }
}

/// Kills each direct child; their children become ours, and the next round finds them.
fn kill_children() {
    // SAFETY: the path ends in NUL; the call reads nothing else.
    let listing = unsafe { libc::open(CHILDREN_C.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    if listing < 0 {
        return;
    }
    let mut buffer = [0u8; 4096];
    let mut child = 0i32;
    loop {
        // SAFETY: the buffer is live, may be written, and has the length that is given.
        let count = unsafe { libc::read(listing, buffer.as_mut_ptr().cast(), buffer.len()) };
        let read = usize::try_from(count).ok().and_then(|count| buffer.get(..count));
        let Some(bytes) = read.filter(|bytes| !bytes.is_empty()) else { break };
        for byte in bytes {
            if byte.is_ascii_digit() {
                child = child.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
            } else if child > 1 {
                // SAFETY: the call touches no memory; only this process reaps its children, so the id is still the child's.
                unsafe { libc::kill(child, libc::SIGKILL) };
                child = 0;
            }
        }
    }
    // SAFETY: the descriptor was opened above and is used nowhere else.
    unsafe { libc::close(listing) };
}

fn report(descriptor: i32, status: i32, stragglers: u32) {
    let mut bytes = [0u8; REPORT_BYTES];
    let words = status.to_ne_bytes().into_iter().chain(stragglers.to_ne_bytes());
    for (to, from) in bytes.iter_mut().zip(words) {
        *to = from;
    }
    // SAFETY: the buffer is live and has the length that is given. So few bytes are written to a pipe at once or not at all.
    unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
}

/// Waits for one signal of a set: its number, or -1 when the time is over.
fn next_signal(set: &libc::sigset_t, patience: Duration) -> i32 {
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(patience.as_secs()).unwrap_or(1),
        tv_nsec: libc::c_long::from(patience.subsec_nanos()),
    };
    // SAFETY: set and limit are initialised and live; no information about the signal is asked for.
    unsafe { libc::sigtimedwait(set, std::ptr::null_mut(), &limit) }
}

fn no_signals() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the whole set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

fn all_signals() -> libc::sigset_t {
    let mut set = no_signals();
    // SAFETY: the set is initialised and live.
    unsafe { libc::sigfillset(&mut set) };
    set
}

/// # Safety
/// Nothing in this process may use a descriptor of the range any more.
unsafe fn close_range(first: u32, last: u32) {
    if first > last {
        return;
    }
    // SAFETY: the call touches no memory; the caller promises that the descriptors are not used any more.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0u32) };
    if closed != 0 {
        // LIMIT: kernels before 5.9 have no such call; a process has rarely more descriptors than these.
        for descriptor in first..=last.min(65_535) {
            let Ok(descriptor) = i32::try_from(descriptor) else { break };
            // SAFETY: as above.
            unsafe { libc::close(descriptor) };
        }
    }
}

fn check(result: i32) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
