//! Putting a folder's names on disk: who asks while that is done shares the next time with all others who ask.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{StoreError, io};

/// What came of putting names on disk, for each who shared it.
type Came = Result<(), (ErrorKind, String)>;

/// A folder whose names are put on disk.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    dir: PathBuf,
    turns: Arc<Turns>,
}

#[derive(Debug, Default)]
struct Turns {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody is at it: whoever comes now has come too late for that.
    busy: bool,
    next: Arc<OnceLock<Came>>,
}

impl Folder {
    pub(super) fn new(dir: PathBuf) -> Self {
        let turns = Arc::default();
        Self { dir, turns }
    }

    /// Returns when every name that was given before the call is on disk. It blocks.
    pub(super) fn keep_names(&self) -> Result<(), StoreError> {
        let dir = &self.dir;
        let came = self
            .turns
            .share(|| File::open(dir).and_then(|folder| folder.sync_all()));
        came.map_err(|(kind, said)| io(dir)(Error::new(kind, said)))
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the work done by one of those who ask, once for all who asked before it began.
    fn share(&self, work: impl FnOnce() -> Result<(), Error>) -> Came {
        let mut state = self.lock();
        let mine = Arc::clone(&state.next);
        loop {
            if let Some(came) = mine.get() {
                return came.clone();
            }
            if !state.busy {
                break;
            }
            state = self
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.busy = true;
        state.next = Arc::default();
        drop(state);
        let _at_it = AtIt(self);
        let came = work().map_err(|error| (error.kind(), error.to_string()));
        mine.get_or_init(|| came).clone()
    }
}

/// Somebody is at it. Should it panic, one of those who wait does the work.
struct AtIt<'t>(&'t Turns);

impl Drop for AtIt<'_> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
        self.0.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// One is at it while three ask: their names may have come too late for the first time, and one second time serves them all.
    #[test]
    fn who_asks_meanwhile_shares_the_next_time_and_what_came_of_it() {
        let (turns, times) = (Turns::default(), AtomicUsize::new(0));
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel();
        let fails = || {
            times.fetch_add(1, Ordering::SeqCst);
            Err(Error::from(ErrorKind::StorageFull))
        };
        thread::scope(|threads| {
            let first = threads.spawn(|| {
                turns.share(move || {
                    begun.send(()).unwrap();
                    may_go.recv().unwrap();
                    Ok(())
                })
            });
            has_begun.recv().unwrap();
            let others: Vec<_> = (0..3)
                .map(|_| threads.spawn(|| turns.share(fails)))
                .collect();
            while Arc::strong_count(&turns.lock().next) < 4 {
                thread::yield_now();
            }
            go.send(()).unwrap();
            assert_eq!(first.join().unwrap(), Ok(()));
            for other in others {
                assert_eq!(other.join().unwrap().unwrap_err().0, ErrorKind::StorageFull);
            }
        });
        assert_eq!(times.load(Ordering::SeqCst), 1);
        assert_eq!(turns.share(|| Ok(())), Ok(()), "and the next is its own");
    }

    #[test]
    fn whoever_panics_at_it_stops_nobody() {
        let turns = Turns::default();
        let panics = || panic!("on purpose");
        thread::scope(|threads| assert!(threads.spawn(|| turns.share(panics)).join().is_err()));
        assert_eq!(turns.share(|| Ok(())), Ok(()));
    }
}
