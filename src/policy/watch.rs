//! Watches a policy folder and hands every changed set on, admitted or refused, to whoever writes the record and then publishes.
//! May be used where a gateway is started. What must never happen here: a set goes live before its record, a refused set is
//! silent, or a change is missed for good: beside the system's events, the folder is read again every few seconds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::error::Fault;
use super::folder::Folder;
use super::judge::{Bar, Found, Judge, yield_to_requests};
use super::live::Refused;
use super::ready::{Ready, Unchanged};

/// How long a folder must be quiet before it is read for good: an editor writes in several steps.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// How many events are waited out, one after the other.
const EVENTS_MAX: usize = 20;
/// How often a folder is read until two reads agree.
const READS_MAX: usize = 20;

/// What became of a changed folder.
#[derive(Debug)]
pub enum Change {
    /// The set is in order and admitted: record it, then [`super::Live::publish`] it, or let it wait for a person.
    Ready(Box<Ready>),
    /// The set is refused: record it, then [`super::Live::refuse`] it. What is in force stays in force.
    Rejected(Refused),
    /// The folder says what is in force, which is proven.
    Unchanged(Unchanged),
}

/// A folder under watch, until this is dropped.
#[derive(Debug)]
pub struct Watch {
    wake: Sender<Wake>,
}

/// Why the watching thread wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Look,
    /// By a person's wish.
    Again,
    Stop,
}

impl Watch {
    /// Starts to watch. The folder's present state is the first change.
    pub fn start(
        folder: Folder,
        bar: Bar,
        interval: Duration,
        changes: tokio::sync::mpsc::Sender<Change>,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let watcher = watcher(wake.clone());
        let watching = Watching {
            judge: Judge::start(bar, changes.clone())?,
            folder,
            interval,
            changes,
            woken,
            watcher,
            attached: None,
            seen: None,
        };
        // A thread, not a task: reading a folder blocks.
        thread::Builder::new()
            .name("policy-watch".to_owned())
            .spawn(move || watching.run())?;
        Ok(Self { wake })
    }

    /// Reads the folder now, whatever the system's events say. It is judged again also if it did not change: a refusal may have been
    /// for want of a solver, and what waits for a person may have been compared with a set that is no longer in force.
    pub fn rescan(&self) {
        let _ = self.wake.send(Wake::Again);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
    }
}

/// Without the system's events, reading every few seconds still finds every change.
fn watcher(wake: Sender<Wake>) -> Option<RecommendedWatcher> {
    notify::recommended_watcher(move |event| hear(event, &wake))
        .inspect_err(|error| tracing::warn!(%error, "no file events; the policy folder is read every few seconds only"))
        .ok()
}

/// Reading a folder opens files, which are events too: to follow these would be to read without end. Events are not told apart by
/// file name, because a folder that is swapped by a link names no policy file. An error may be a lost event, so it wakes as well.
fn hear(event: notify::Result<Event>, wake: &Sender<Wake>) {
    let kind = event.map_or(EventKind::Other, |event| event.kind);
    let is_reading = match kind {
        EventKind::Access(access) => access != AccessKind::Close(AccessMode::Write),
        _ => false,
    };
    if !is_reading {
        // The thread is gone only when nobody listens to changes any more.
        let _ = wake.send(Wake::Look);
    }
}

/// How reading until two reads agree came out.
#[derive(Debug, PartialEq, Eq)]
enum Rest<T> {
    Agreed(T),
    Never,
    Stopped,
}

/// Reads again, after a while each, until two reads agree. A file that is being written may be a smaller set that is valid, with a
/// forbid cut off, and two reads at once would both see it so.
fn at_rest<T, M: PartialEq>(
    first: &T,
    mark: impl Fn(&T) -> M,
    mut read_again: impl FnMut() -> Option<T>,
) -> Rest<T> {
    let mut last = mark(first);
    for _ in 0..READS_MAX {
        let Some(found) = read_again() else {
            return Rest::Stopped;
        };
        let next = mark(&found);
        if next == last {
            return Rest::Agreed(found);
        }
        last = next;
    }
    Rest::Never
}

/// The thread's own state.
struct Watching {
    folder: Folder,
    judge: Judge,
    interval: Duration,
    changes: tokio::sync::mpsc::Sender<Change>,
    woken: Receiver<Wake>,
    watcher: Option<RecommendedWatcher>,
    attached: Option<Attached>,
    /// The mark of what was last handed on, so that the same state is not handed on twice.
    seen: Option<String>,
}

/// The folder that events come from. One that was deleted and made again has another inode and sends none.
#[derive(Debug, PartialEq, Eq)]
struct Attached {
    path: PathBuf,
    device: u64,
    inode: u64,
}

fn read(folder: &Folder) -> Found {
    // One reading: whether it came to rest, two readings with a while between them tell.
    let draft = match folder.glance() {
        Ok(draft) => draft,
        Err(error) => return Found::Fault(None, error),
    };
    match folder.vocabulary() {
        Ok(vocabulary) => Found::Files {
            draft,
            vocabulary,
            author: folder.author(),
        },
        Err(error) => Found::Fault(Some(draft.digest().to_owned()), error),
    }
}

/// The same for the same state.
fn mark(found: &Found) -> String {
    match found {
        Found::Files {
            draft, vocabulary, ..
        } => {
            format!("{} {}", draft.digest(), vocabulary.digest())
        }
        Found::Fault(digest, error) => format!("{digest:?} {error}"),
    }
}

impl Watching {
    fn run(mut self) {
        yield_to_requests();
        loop {
            // Attached first: a change between reading and attaching would be missed.
            self.attach();
            if self.look() == Wake::Stop {
                return;
            }
            match self.woken.recv_timeout(self.interval) {
                Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Wake::Again) => self.seen = None,
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn attach(&mut self) {
        let present = present(&self.folder);
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        if self.attached == present {
            return;
        }
        if let Some(old) = self.attached.take() {
            // The system has dropped the watch already where the folder was deleted.
            let _ = watcher.unwatch(&old.path);
        }
        let Some(present) = present else { return };
        match watcher.watch(&present.path, RecursiveMode::Recursive) {
            Ok(()) => self.attached = Some(present),
            Err(error) => tracing::warn!(%error, "no file events from the policy folder"),
        }
    }

    /// Reads the folder, and hands it on if it is not what was handed on last. It stops when nobody listens any more.
    fn look(&mut self) -> Wake {
        let found = read(&self.folder);
        if self.seen.as_ref() == Some(&mark(&found)) {
            return if self.changes.is_closed() {
                Wake::Stop
            } else {
                Wake::Look
            };
        }
        let read_again = || {
            let is_over = self.quiet() == Wake::Stop;
            (!is_over).then(|| read(&self.folder))
        };
        let settled = match at_rest(&found, mark, read_again) {
            Rest::Agreed(found) => found,
            Rest::Never => Found::Fault(
                None,
                Fault::of_file(".", "the folder does not come to rest").into(),
            ),
            Rest::Stopped => return Wake::Stop,
        };
        let mark = mark(&settled);
        if self.seen.as_ref() != Some(&mark) {
            self.seen = Some(mark);
            self.judge.hand(settled);
        }
        Wake::Look
    }

    /// Sleeps until it is quiet for a while; a folder that never is, is read all the same.
    fn quiet(&self) -> Wake {
        for _ in 0..EVENTS_MAX {
            match self.woken.recv_timeout(DEBOUNCE) {
                Ok(Wake::Look | Wake::Again) => {}
                Err(RecvTimeoutError::Timeout) => return Wake::Look,
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Wake::Stop,
            }
        }
        Wake::Look
    }
}

fn present(folder: &Folder) -> Option<Attached> {
    let path = fs::canonicalize(folder.directory()).ok()?;
    let found = fs::metadata(&path).ok()?;
    Some(Attached {
        path,
        device: found.dev(),
        inode: found.ino(),
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind, RemoveKind};

    use super::*;

    fn wakes(event: notify::Result<Event>) -> bool {
        let (wake, woken) = mpsc::channel();
        hear(event, &wake);
        woken.try_recv() == Ok(Wake::Look)
    }

    #[test]
    fn reading_a_folder_does_not_cause_another_reading() {
        let reading = [
            AccessKind::Open(AccessMode::Any),
            AccessKind::Read,
            AccessKind::Close(AccessMode::Read),
        ];
        for access in reading {
            assert!(!wakes(Ok(Event::new(EventKind::Access(access)))));
        }
    }

    #[test]
    fn writing_and_what_is_not_known_wakes() {
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let created = EventKind::Create(CreateKind::Any);
        let renamed = EventKind::Modify(ModifyKind::Any);
        let removed = EventKind::Remove(RemoveKind::Any);
        for kind in [
            written,
            created,
            renamed,
            removed,
            EventKind::Any,
            EventKind::Other,
        ] {
            assert!(wakes(Ok(Event::new(kind))));
        }
        assert!(wakes(Err(notify::Error::generic("the queue overflowed"))));
    }

    #[test]
    fn only_what_is_read_twice_in_a_row_counts() {
        let rest = |reads: &[u32]| {
            let mut reads = reads.iter().copied();
            let first = reads.next().unwrap();
            at_rest(&first, |read| *read, || reads.next())
        };
        assert_eq!(rest(&[1, 1, 2]), Rest::Agreed(1));
        assert_eq!(rest(&[1, 2, 3, 3]), Rest::Agreed(3));
        assert_eq!(rest(&[1, 2, 1, 2]), Rest::Stopped);
        assert_eq!(at_rest(&0, |read| *read, restless()), Rest::Never);
    }

    fn restless() -> impl FnMut() -> Option<u32> {
        let mut reads = 1..;
        move || reads.next()
    }
}
