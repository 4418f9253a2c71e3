//! Large windows of decoders: open for one blob at a time, of all those that are read side by side.
//!
//! INVARIANT (turns): whoever has the turn waits for nobody. It is a whole blob's: the thread that inflates it and the one that opens
//! archives in it take it again without waiting, and no blob is read while another one is. So nobody waits for somebody who waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Whose turn it is, among the blobs of one reading.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<bool>,
    given_back: Condvar,
}

/// The large windows of one blob.
#[derive(Debug, Default)]
pub(crate) struct Windows<'t> {
    /// `None` for a blob that is read alone.
    among: Option<&'t Turns>,
    open: Mutex<usize>,
}

/// A large window that is open.
#[derive(Debug)]
pub(crate) struct Turn<'t>(&'t Windows<'t>);

impl<'t> Windows<'t> {
    pub(crate) const fn among(among: Option<&'t Turns>) -> Self {
        Self { among, open: Mutex::new(0) }
    }

    /// Waits until no other blob has a large window open.
    pub(crate) fn take_turn(&self) -> Turn<'_> {
        // Another thread of this blob that comes now waits as long, and finds the turn taken.
        let mut open = held(&self.open);
        if let Some(turns) = self.among.filter(|_| *open == 0) {
            turns.take();
        }
        *open += 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut open = held(&self.0.open);
        *open -= 1;
        if let Some(turns) = self.0.among.filter(|_| *open == 0) {
            turns.give_back();
        }
    }
}

impl Turns {
    fn take(&self) {
        let taken = held(&self.taken);
        let waited = self.given_back.wait_while(taken, |taken| *taken);
        *waited.unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn give_back(&self) {
        *held(&self.taken) = false;
        self.given_back.notify_one();
    }
}

/// A number is whole whoever panicked beside it.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn one_blob_at_a_time_has_large_windows() {
        // pass: eight blobs on eight threads, a hundred times each, never two at once; each takes its turn again inside of it
        let (turns, inside) = (Turns::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let windows = Windows::among(Some(&turns));
                    for _ in 0..100 {
                        let _outer = windows.take_turn();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::scope(|scope| scope.spawn(|| drop(windows.take_turn())).join().ok());
                        let _inner = windows.take_turn();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(!*held(&turns.taken));
    }

    #[test]
    fn a_turn_outlives_the_first_window_and_ends_with_the_last() {
        // pass: taken as long as one of two windows is open; a blob that is read alone waits for nobody
        let turns = Turns::default();
        let windows = Windows::among(Some(&turns));
        let (first, second) = (windows.take_turn(), windows.take_turn());
        drop(first);
        assert!(*held(&turns.taken));
        drop(second);
        assert!(!*held(&turns.taken));
        let alone = Windows::among(None);
        let _both = (alone.take_turn(), alone.take_turn());
        assert!(!*held(&turns.taken));
    }
}
