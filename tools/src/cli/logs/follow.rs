//! Following a run that lives: told by the kernel what was written, by the run's end that it is
//! over. Nothing is polled.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::{View, Wrong};
use crate::cli::control;

/// What is asked of it: to stay connected until the run has ended.
const ATTEND: &[u8] = b"{\"do\":\"attend\"}\n";

/// A run that lives, and what is written to its logs.
pub(super) struct Watch {
    inotify: OwnedFd,
    run: UnixStream,
}

/// What was written since the last look.
enum Written {
    /// To the files of these names.
    To(BTreeSet<String>),
    /// More than the kernel kept account of.
    ToAny,
    /// The folder itself is gone, and all that could be written to it.
    Gone,
}

impl Watch {
    /// Watches the run whose logs lie in this folder; none if there is no run any more.
    pub(super) fn of_run(folder: &Path) -> Result<Option<Self>, Wrong> {
        let mut run = match control::connect(folder) {
            Ok(run) => run,
            // Refused: the run was killed and left its socket behind.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(environment("attend to the run", folder, &error)),
        };
        // A run that ends just now may not hear it any more; the end of its stream says so below.
        let _ = run.write_all(ATTEND);
        let watching = |error: Errno| environment("watch", folder, &error.into());
        run.set_nonblocking(true).map_err(|error| environment("attend to the run", folder, &error))?;
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

    /// Shows what is written until the run has ended, or whoever reads the output has gone.
    pub(super) fn follow(mut self, view: &mut View, reader: Option<BorrowedFd>) -> Result<(), Wrong> {
        while let Some(ended) = self.wait(reader)? {
            // What was written before the end was told before it.
            let written = self.written()?;
            let gone = matches!(written, Written::Gone);
            let logs = if ended || gone { view.look_at_all()? } else { view.look_at(&written)? };
            view.go_on(&logs, ended || gone)?;
            if ended || gone {
                break;
            }
        }
        Ok(())
    }

    /// Waits until something happened; whether the run has ended. None: nobody reads any more.
    fn wait(&mut self, reader: Option<BorrowedFd>) -> Result<Option<bool>, Wrong> {
        let mut watched =
            vec![PollFd::new(&self.inotify, PollFlags::IN), PollFd::new(&self.run, PollFlags::IN)];
        // Nothing is expected of it but its end.
        watched.extend(reader.map(|reader| PollFd::from_borrowed_fd(reader, PollFlags::empty())));
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Wrong::Environment(format!("cannot wait: {}", io::Error::from(error)))),
        }
        let reader_gone = watched.get(2).is_some_and(|reader| !reader.revents().is_empty());
        Ok(if reader_gone { None } else { Some(self.run_has_ended()) })
    }

    /// Reads away what the run says; whether it has hung up.
    fn run_has_ended(&mut self) -> bool {
        let mut said = [0; 1024];
        loop {
            match self.run.read(&mut said) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }

    /// What the kernel has to tell.
    fn written(&self) -> Result<Written, Wrong> {
        let mut names = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(Written::To(names)),
                Err(Errno::INTR) => continue,
                Err(error) => {
                    return Err(Wrong::Environment(format!("cannot watch: {}", io::Error::from(error))));
                }
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

impl View<'_> {
    /// The logs that were written to, seen up to their present end.
    fn look_at(&mut self, written: &Written) -> Result<Vec<usize>, Wrong> {
        let Written::To(names) = written else { return self.look_at_all() };
        let mut logs = BTreeSet::new();
        for name in names {
            if let Some(index) = self.catalogue.named(name)? {
                self.catalogue.logs[index].file.look()?;
                logs.insert(index);
            }
        }
        Ok(logs.into_iter().collect())
    }

    /// All logs, seen up to their present end.
    fn look_at_all(&mut self) -> Result<Vec<usize>, Wrong> {
        self.catalogue.look_again()?;
        for log in &mut self.catalogue.logs {
            log.file.look()?;
        }
        Ok((0..self.catalogue.logs.len()).collect())
    }
}

fn environment(what: &str, folder: &Path, error: &io::Error) -> Wrong {
    Wrong::Environment(format!("cannot {what} in `{}`: {error}", folder.display()))
}
