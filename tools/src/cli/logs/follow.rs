//! The follower of a living run. The kernel tells which logs were written, and the control socket closes when
//! the run ends. Nothing is polled.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::error::LogsError;
use super::view::View;
use crate::cli::control::{self, Reply};

/// The request to the run: to stay connected until the run has ended.
const ATTEND: &[u8] = b"{\"do\":\"attend\"}\n";

/// The most bytes of replies that are read at once. A refusal is one line of some twenty bytes, written
/// whole.
const REPLY_MAX: usize = 1024;

/// The connection to a living run, and the watch of its folder.
pub(super) struct Watch {
    inotify: OwnedFd,
    run: UnixStream,
}

/// The changes since the last look.
enum Written {
    /// The names of the files that were written.
    To(BTreeSet<String>),
    /// Any file: more was written than the kernel queues.
    ToAny,
    /// The folder itself is gone, with everything that could write to it.
    Gone,
}

impl Watch {
    /// Watches the run with this folder of logs. Returns `None` if no run lives there.
    pub(super) fn of_run(folder: &Path) -> Result<Option<Self>, LogsError> {
        let mut run = match control::connect(folder) {
            Ok(run) => run,
            // A refused connection: the run was killed and left its socket behind.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(cannot_follow("attend to the run", folder, error)),
        };
        // A run that ends at this moment may miss the request; the end of its stream is noticed below.
        let _ = run.write_all(ATTEND);
        let watching = |error: Errno| cannot_follow("watch", folder, error.into());
        run.set_nonblocking(true).map_err(|error| cannot_follow("attend to the run", folder, error))?;
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(watching)?;
        let what = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        inotify::add_watch(&inotify, folder, what).map_err(watching)?;
        Ok(Some(Self { inotify, run }))
    }

    /// Shows new lines until the run has ended, or the reader of the output has gone.
    pub(super) fn follow(mut self, view: &mut View, reader: Option<BorrowedFd>) -> Result<(), LogsError> {
        while let Some(ended) = self.wait(reader)? {
            // The kernel has queued every write from before the end of the run.
            let written = self.written()?;
            let gone = matches!(written, Written::Gone);
            let logs = match &written {
                Written::To(names) if !ended => view.refresh(names)?,
                _ => view.refresh_all()?,
            };
            view.print_new(&logs, ended || gone)?;
            if ended || gone {
                break;
            }
        }
        Ok(())
    }

    /// Waits for a change. Returns true if the run has ended, and `None` if the reader of the output has
    /// gone.
    fn wait(&mut self, reader: Option<BorrowedFd>) -> Result<Option<bool>, LogsError> {
        let mut watched =
            vec![PollFd::new(&self.inotify, PollFlags::IN), PollFd::new(&self.run, PollFlags::IN)];
        // The reader of the output is expected only to hang up.
        watched.extend(reader.map(|reader| PollFd::from_borrowed_fd(reader, PollFlags::empty())));
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(LogsError::Kernel { action: "wait", error: error.into() }),
        }
        let reader_gone = watched.get(2).is_some_and(|reader| !reader.revents().is_empty());
        if reader_gone { Ok(None) } else { self.run_has_ended().map(Some) }
    }

    /// Returns true if the run has hung up. Of its replies, only a refusal of this follower counts.
    fn run_has_ended(&mut self) -> Result<bool, LogsError> {
        let mut said = [0; REPLY_MAX];
        loop {
            match self.run.read(&mut said) {
                Ok(0) => return Ok(true),
                Ok(length) if refuses(&said[..length]) => return Err(LogsError::Refused),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(error.kind() != io::ErrorKind::WouldBlock),
            }
        }
    }

    /// Returns the changes that the kernel has queued.
    fn written(&self) -> Result<Written, LogsError> {
        let mut names = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(Written::To(names)),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(LogsError::Kernel { action: "watch", error: error.into() }),
            };
            let gone = ReadFlags::IGNORED | ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF;
            if event.events().intersects(gone) {
                return Ok(Written::Gone);
            }
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                return Ok(Written::ToAny);
            }
            names.extend(event.file_name().and_then(|name| name.to_str().ok()).map(str::to_owned));
        }
    }
}

/// Returns true if a reply of the run says that it has no room for this follower.
fn refuses(said: &[u8]) -> bool {
    said.split(|byte| *byte == b'\n').any(|line| matches!(serde_json::from_slice(line), Ok(Reply::Busy)))
}

fn cannot_follow(action: &'static str, folder: &Path, error: io::Error) -> LogsError {
    LogsError::Follow { action, folder: folder.to_owned(), error }
}
