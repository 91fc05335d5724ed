//! The limit of a node's log: a program that writes without end fills no disk.
//!
//! Programs write to their files by themselves, so that their output costs the harness nothing. The kernel
//! reports writes, and a thread looks at the files that were written to, at most every [`PAUSE`]. A file that
//! has grown too large is cut in the middle, whatever the harness is doing. So the use of the disk is bounded
//! by the limit and by what can be written in the meantime.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use super::log::KINDS;
use super::log_rate::LogRates;
use crate::world::NodeIndex;

/// The most bytes that a node may write in a run, unless a person sets another limit. Chosen: a chatty node of a
/// long run stays far below, and a hundred nodes at the limit fill 25 GiB.
pub const LOG_LIMIT: u64 = 256 << 20;
/// The divisor of the limit that gives the bytes kept of each end of a log that is cut. Chosen: both ends take a
/// quarter of the limit, so that a log grows for a while before it is cut again.
const KEPT: u64 = 8;
/// The time for which the kernel collects writes before the next look. Chosen: a process writes some tens of
/// megabytes meanwhile, and fifty looks a second cost nothing that is noticed.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// The bytes that are copied at a time. Chosen: few calls, and little memory.
const PORTION: usize = 1 << 20;

/// The callback for a node that has written too much, with the reason.
type FloodCallback = Box<dyn Fn(NodeIndex, String) + Send>;

/// The watch over the logs of a run.
pub(super) struct FloodWatch {
    state: Arc<State>,
    /// The end of a pipe; the thread ends when it closes.
    end: Option<io::PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    logs: PathBuf,
    limit: u64,
    nodes: Mutex<Nodes>,
    /// The lock that is held while a file is cut, so that one thread cuts at a time.
    cutting: Mutex<()>,
}

#[derive(Default)]
struct Nodes {
    by_name: BTreeMap<String, NodeIndex>,
    /// The nodes that have written too much.
    flooded: BTreeSet<String>,
    rates: LogRates,
}

impl FloodWatch {
    /// Begins to watch a folder, which has to exist.
    pub(super) fn begin(logs: &Path, limit: u64, on_flood: FloodCallback) -> io::Result<Self> {
        let watched = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&watched, logs, WatchFlags::MODIFY)?;
        let (ended, end) = io::pipe()?;
        let state = Arc::new(State {
            logs: logs.to_owned(),
            limit,
            nodes: Mutex::default(),
            cutting: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || shared.watch(&watched, &ended.into(), &on_flood))?;
        Ok(Self { state, end: Some(end), thread: Some(thread) })
    }

    /// Adds a node that is about to write.
    pub(super) fn add(&self, node: NodeIndex, name: &str) {
        self.state.lock().by_name.insert(name.to_owned(), node);
    }

    /// Returns the greatest rate of each node that wrote very many lines a second.
    pub(super) fn log_rates(&self) -> BTreeMap<NodeIndex, u64> {
        let nodes = self.state.lock();
        let rates = nodes.rates.greatest().iter();
        rates.filter_map(|(name, rate)| Some((*nodes.by_name.get(name)?, *rate))).collect()
    }

    /// Cuts the lines written between the last look and the end; no node writes any more.
    pub(super) fn check_last_writes(&self) {
        let flooded = self.state.lock().flooded.clone();
        for name in flooded {
            self.state.cut(&name);
        }
    }
}

impl Drop for FloodWatch {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // The thread ends by itself; its panic was reported when it happened.
            let _: std::thread::Result<()> = thread.join();
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the files that were written to until the other end of `ended` has closed.
    fn watch(&self, watched: &OwnedFd, ended: &OwnedFd, on_flood: &FloodCallback) {
        loop {
            let mut ready = [PollFd::new(ended, PollFlags::IN), PollFd::new(watched, PollFlags::IN)];
            match poll(&mut ready, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
            if !ready[0].revents().is_empty() {
                return;
            }
            for name in self.written(watched) {
                self.check_log(&name, on_flood);
            }
            // Writes that come meanwhile are reported together.
            if !matches!(
                poll(&mut [PollFd::new(&ended.as_fd(), PollFlags::IN)], Some(&PAUSE)),
                Ok(0) | Err(_)
            ) {
                return;
            }
        }
    }

    /// Returns the nodes whose logs were written to since the last look.
    fn written(&self, watched: &OwnedFd) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); 8 << 10];
        let mut events = inotify::Reader::new(watched, &mut buffer);
        loop {
            match events.next() {
                Ok(event) if event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW) => {
                    names.extend(self.lock().by_name.keys().cloned());
                }
                Ok(event) => {
                    let file = event.file_name().and_then(|name| name.to_str().ok());
                    names.extend(file.and_then(|file| Some(file.rsplit_once('.')?.0.to_owned())));
                }
                Err(Errno::INTR) => {}
                Err(_) => return names,
            }
        }
    }

    /// Looks at the logs of that name, if it is a node's.
    fn check_log(&self, name: &str, on_flood: &FloodCallback) {
        let Some(node) = self.lock().by_name.get(name).copied() else { return };
        let paths = KINDS.map(|kind| self.path(name, kind));
        let lengths =
            paths.each_ref().map(|path| std::fs::symlink_metadata(path).map_or(0, |data| data.len()));
        self.lock().rates.measure(name, Instant::now(), paths.each_ref().map(PathBuf::as_path), lengths);
        if lengths.into_iter().sum::<u64>() <= self.limit {
            return;
        }
        self.cut(name);
        if self.lock().flooded.insert(name.to_owned()) {
            let limit = size(self.limit);
            on_flood(
                node,
                format!(
                    "floods its log: it wrote more than {limit}, of which the first and the last are kept (`--log-limit` sets another limit)"
                ),
            );
        }
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.logs.join(format!("{name}.{kind}"))
    }

    fn cut(&self, name: &str) {
        let _cutting = self.cutting.lock();
        for kind in KINDS {
            // A file that cannot be cut is looked at again with the next write.
            let _: io::Result<()> = cut(&self.path(name, kind), self.limit / KEPT);
        }
    }
}

/// Cuts a file in the middle, so that `kept` bytes of each end and a line between them are left. Bytes that
/// are written to it meanwhile may be lost.
fn cut(path: &Path, kept: u64) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file =
        options.read(true).write(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)?;
    let length = file.metadata()?.len();
    let left_out = length.saturating_sub(2 * kept);
    let mark =
        format!("\n[the harness: {left_out} bytes were left out here, since the log had grown too large]\n");
    if left_out <= mark.len() as u64 {
        return Ok(());
    }
    file.write_all_at(mark.as_bytes(), kept)?;
    let moved = moved(&file, length - kept, kept + mark.len() as u64, kept)?;
    file.set_len(kept + mark.len() as u64 + moved)
}

/// Moves so many bytes of a file towards its beginning; returns the number of bytes moved.
fn moved(file: &File, from: u64, to: u64, count: u64) -> io::Result<u64> {
    let mut portion = vec![0; PORTION];
    let mut done = 0;
    while done < count {
        let wanted = portion.len().min(usize::try_from(count - done).unwrap_or(PORTION));
        let read = file.read_at(&mut portion[..wanted], from + done)?;
        if read == 0 {
            break;
        }
        file.write_all_at(&portion[..read], to + done)?;
        done += read as u64;
    }
    Ok(done)
}

/// Formats a number of bytes for a person.
fn size(bytes: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// Parses a limit of logs, as people write it: `256MiB`, `10MB`, `4096`. The error is for a person.
pub fn log_limit(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => 0,
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let bytes = bytes.filter(|bytes| *bytes >= LEAST);
    bytes.ok_or_else(|| format!("a limit of logs is a size of at least {}, such as 256MiB", size(LEAST)))
}

/// The least limit, in bytes: the line that marks a cut takes a part of it.
const LEAST: u64 = 4 << 10;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::world::folder::{append_file, create_file};

    #[test]
    fn a_log_is_cut_in_the_middle_with_a_line_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let text = "a line of the log\n".repeat(500);
        std::fs::write(&path, &text).unwrap();
        cut(&path, 100).unwrap();
        let left = std::fs::read_to_string(&path).unwrap();
        let mark = format!(
            "\n[the harness: {} bytes were left out here, since the log had grown too large]\n",
            text.len() - 200
        );
        assert_eq!(left, format!("{}{mark}{}", &text[..100], &text[text.len() - 100..]));
        // A file that is short enough stays as it is.
        std::fs::write(&path, "short").unwrap();
        cut(&path, 100).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }

    #[test]
    fn who_writes_more_than_the_limit_is_told_once_and_its_log_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, told) = mpsc::channel();
        let on_flood = Box::new(move |node, reason| drop(sender.send((node, reason))));
        let watch = FloodWatch::begin(folder.path(), 64 << 10, on_flood).unwrap();
        watch.add(NodeIndex(3), "a");
        drop(create_file(folder.path(), "a.err").unwrap());
        let mut log = create_file(folder.path(), "a.log").unwrap();
        io::Write::write_all(&mut log, b"the first line\n").unwrap();
        let line = [b'x'; 1_023];
        // The node writes until the watch reports it.
        let (node, reason) = loop {
            io::Write::write_all(&mut log, &line).unwrap();
            io::Write::write_all(&mut log, b"\n").unwrap();
            if let Ok(told) = told.try_recv() {
                break told;
            }
        };
        assert_eq!(node, NodeIndex(3));
        assert!(reason.starts_with("floods its log: it wrote more than 64 KiB"), "{reason}");
        let mut again = append_file(folder.path(), "a.log").unwrap();
        io::Write::write_all(&mut again, b"the last line\n").unwrap();
        watch.check_last_writes();
        drop(watch);
        assert!(told.try_recv().is_err());
        let left = std::fs::read_to_string(folder.path().join("a.log")).unwrap();
        assert!(left.len() <= 17 << 10, "{}", left.len());
        assert!(left.starts_with("the first line\n") && left.ends_with("the last line\n"));
    }

    #[test]
    fn a_limit_is_a_size() {
        assert_eq!(log_limit("256MiB"), Ok(LOG_LIMIT));
        assert_eq!(log_limit("10 MB"), Ok(10_000_000));
        assert_eq!(log_limit("4096"), Ok(4_096));
        for wrong in ["", "MiB", "-1", "10 parsecs", "100", "99999999999GiB"] {
            let told = "a limit of logs is a size of at least 4 KiB, such as 256MiB";
            assert_eq!(log_limit(wrong).unwrap_err(), told, "{wrong}");
        }
    }
}
