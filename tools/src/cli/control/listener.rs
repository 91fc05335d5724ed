//! The listening end of the control socket, for as long as the network runs.
//!
//! One thread accepts connections. It survives every client and a lack of descriptors: it drops connections
//! whose client has gone, and answers `Busy` where it has no room. A second thread waits until the kernel
//! reports that the socket is removed, and ends a network that no client can reach any more.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::WatchFlags;
use rustix::fs::{Mode, fchmod};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};

use super::{LINE, Reply, Request, SOCKET, at_socket};
use crate::cli::folder::Folder;
use crate::cli::folder_watch::FolderWatch;
use crate::world::live::Waker;

/// The most requests that wait for the network's thread. Chosen: more than the terminals of one person send,
/// and each holds a descriptor.
const WAITING: usize = 64;
/// The most connections that stay open until the network ends. Chosen: as many as requests may wait.
const ATTENDING: usize = 64;
/// The most connections that the kernel queues until they are accepted: the value of Rust's own listeners.
const BACKLOG: i32 = 128;
/// The time that a client has to send its request, and to read its reply. Chosen: a client on the same
/// machine needs milliseconds, and a hostile one holds the others up for no longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause before the next attempt to accept, where no descriptor is free: no event tells when other
/// programs close one. Chosen: a person waits no longer, and the attempts cost nothing.
const REST: Duration = Duration::from_secs(1);

/// The listening end of the control socket.
pub(in crate::cli) struct Control {
    /// Dropped last, so that a client that waits for the end finds the folder free.
    folder: Folder,
    shared: Arc<Shared>,
}

/// The state shared between the network's thread and the threads that listen.
#[derive(Default)]
struct Shared {
    requests: Mutex<VecDeque<(Request, UnixStream)>>,
    /// The number of notes that found the queue of requests full.
    missed: AtomicU64,
    /// The connections that stay open until the network ends.
    attending: Mutex<Vec<UnixStream>>,
    /// True once no client can reach the network any more.
    unreachable: AtomicBool,
}

impl Control {
    /// Creates the control of a network with this folder. The socket opens with `listen`.
    pub(in crate::cli) fn new(folder: Folder) -> Self {
        Self { folder, shared: Arc::default() }
    }

    /// Opens the socket and starts the thread that accepts; `waker` is woken for every request.
    pub(in crate::cli) fn listen(&self, waker: Waker) -> io::Result<()> {
        // A killed harness leaves its socket behind. The lock on the folder proves that nothing listens there
        // any more.
        match fs::remove_file(self.folder.path().join(SOCKET)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = at_socket(self.folder.path(), private_listener)?;
        let shared = Arc::clone(&self.shared);
        let attend = move || shared.accept(&listener, &|| waker.wake());
        thread::Builder::new().name("control".to_owned()).spawn(attend)?;
        Ok(())
    }

    /// Ends the network when its folder, or the socket in it, is removed.
    pub(in crate::cli) fn end_with_folder(&self, waker: Waker) -> io::Result<()> {
        let removed = Removal::watch(self.folder.path())?;
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("folder".to_owned()).spawn(move || {
            removed.wait();
            shared.unreachable.store(true, Ordering::Relaxed);
            waker.wake();
        })?;
        Ok(())
    }

    /// Returns true if the folder, or the socket in it, was removed.
    pub(in crate::cli) fn is_unreachable(&self) -> bool {
        self.shared.unreachable.load(Ordering::Relaxed)
    }

    /// Returns the oldest request that waits, with its connection.
    pub(in crate::cli) fn next(&self) -> Option<(Request, UnixStream)> {
        self.shared.requests.lock().ok()?.pop_front()
    }

    /// Returns the number of notes dropped since the last call.
    pub(in crate::cli) fn missed(&self) -> u64 {
        self.shared.missed.swap(0, Ordering::Relaxed)
    }

    /// Keeps a connection open until the network ends, or answers `Busy` if there is no room.
    pub(in crate::cli) fn attend(&self, stream: UnixStream) {
        if let Err(stream) = self.shared.attend(stream) {
            answer(stream, &Reply::Busy);
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Without its socket the network gets no more requests. A file that stays is removed by the next
        // listener.
        let _: io::Result<()> = fs::remove_file(self.folder.path().join(SOCKET));
    }
}

impl Shared {
    /// Accepts connections for ever, and queues their requests.
    fn accept(&self, listener: &UnixListener, wake: &dyn Fn()) {
        // A descriptor held in reserve, released for a connection that finds none.
        let mut spare = None;
        loop {
            spare = spare.or_else(|| File::open("/dev/null").ok());
            match listener.accept() {
                Ok((stream, _)) => self.receive(stream, wake),
                Err(error) if is_short_of_descriptors(&error) => {
                    if self.drop_closed() > 0 || self.refuse_last() {
                        continue;
                    }
                    if spare.take().is_none() {
                        thread::sleep(REST);
                    } else if let Ok((stream, _)) = listener.accept() {
                        self.receive(stream, wake);
                    }
                }
                // The client gave up, or a signal came.
                Err(_) => {}
            }
        }
    }

    /// Reads a request and queues it. Drops the connection of another user; if the queue is full, counts a
    /// note and answers all else with `Busy`.
    fn receive(&self, stream: UnixStream, wake: &dyn Fn()) {
        if !is_ours(&stream) {
            return;
        }
        let Some(request) = read_request(&stream) else { return };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < WAITING {
            requests.push_back((request, stream));
            drop(requests);
            return wake();
        }
        drop(requests);
        if matches!(request, Request::Note { .. }) {
            self.missed.fetch_add(1, Ordering::Relaxed);
        } else {
            answer(stream, &Reply::Busy);
        }
    }

    /// Keeps a connection open. Returns it as the error if there is no room.
    fn attend(&self, stream: UnixStream) -> Result<(), UnixStream> {
        self.drop_closed();
        let mut attending = self.attending.lock().unwrap_or_else(PoisonError::into_inner);
        if attending.len() >= ATTENDING {
            return Err(stream);
        }
        attending.push(stream);
        Ok(())
    }

    /// Answers `Busy` to the last connection that waits for the end, to free its descriptor. Returns false if
    /// none waits.
    fn refuse_last(&self) -> bool {
        let last = self.attending.lock().unwrap_or_else(PoisonError::into_inner).pop();
        last.map(|stream| answer(stream, &Reply::Busy)).is_some()
    }

    /// Drops the connections whose other end has closed, and returns their number.
    fn drop_closed(&self) -> usize {
        let mut attending = self.attending.lock().unwrap_or_else(PoisonError::into_inner);
        let before = attending.len();
        attending.retain(|stream| !has_closed(stream));
        before - attending.len()
    }
}

/// Returns a listener at this path that only its owner may connect to.
fn private_listener(path: &Path) -> io::Result<UnixListener> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // The file gets the mode of the socket, less what the umask forbids, so it never has a wider mode, not
    // even for a moment.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    listen(&socket, BACKLOG)?;
    Ok(UnixListener::from(socket))
}

/// Returns true if the other end is this user, or root.
fn is_ours(stream: &UnixStream) -> bool {
    let user = rustix::process::geteuid();
    socket_peercred(stream).is_ok_and(|peer| peer.uid == user || peer.uid.is_root())
}

/// Returns true if a connection could not be accepted for lack of a descriptor or of memory.
fn is_short_of_descriptors(error: &io::Error) -> bool {
    let short = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|error| short.contains(&error))
}

/// Returns true if the other end has closed the connection.
fn has_closed(stream: &UnixStream) -> bool {
    let mut byte = [0];
    let quiet = stream.set_nonblocking(true).and_then(|()| (&*stream).read(&mut byte));
    !matches!(quiet, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Reads the request of a client, or `None` if it sends none within 5 s.
fn read_request(stream: &UnixStream) -> Option<Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Writes the reply to a request. A client that does not read within 5 s does not get it.
pub(in crate::cli) fn answer(mut stream: UnixStream, reply: &Reply) {
    if let Ok(mut line) = serde_json::to_string(reply) {
        line.push('\n');
        // A client that does not read must not hold up the network.
        let _: io::Result<()> = stream.set_write_timeout(Some(PATIENCE));
        let _: io::Result<()> = stream.write_all(line.as_bytes());
    }
}

/// The removal of a folder, or of the socket in it.
struct Removal(FolderWatch);

impl Removal {
    /// Starts to watch the folder.
    fn watch(folder: &Path) -> io::Result<Self> {
        let what = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::DELETE_SELF;
        let watch = FolderWatch::start(folder, what)?;
        // The kernel reports no removal from before the watch began.
        fs::symlink_metadata(folder.join(SOCKET))?;
        Ok(Self(watch))
    }

    /// Waits until the removal happens, or until the kernel cannot report it any more.
    fn wait(&self) {
        let mut is_gone = false;
        while !is_gone && self.0.wait(|name| is_gone |= name == SOCKET.as_bytes()) {}
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::mpsc;

    use super::*;
    use crate::cli::control;

    #[test]
    fn only_the_owner_may_connect_whatever_the_umask() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = at_socket(folder.path(), private_listener).unwrap();
        let mode = fs::metadata(folder.path().join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn connections_that_wait_for_the_end_are_bounded() {
        let shared = Shared::default();
        let pairs: Vec<_> = (0..ATTENDING).map(|_| UnixStream::pair().unwrap()).collect();
        let (theirs, ours): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        for stream in ours {
            shared.attend(stream).unwrap();
        }
        let one_more = UnixStream::pair().unwrap();
        assert!(shared.attend(one_more.1).is_err());
        drop(theirs);
        // Closed connections make room.
        assert!(shared.attend(UnixStream::pair().unwrap().1).is_ok());
        assert_eq!(shared.attending.lock().unwrap().len(), 1);
    }

    #[test]
    fn requests_that_find_no_place_are_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let listener = at_socket(folder.path(), private_listener).unwrap();
        let shared = Arc::new(Shared::default());
        let (accepting, (sender, woken)) = (Arc::clone(&shared), mpsc::channel());
        thread::spawn(move || accepting.accept(&listener, &|| sender.send(()).unwrap()));
        let ask = || {
            let mut stream = control::connect(folder.path()).unwrap();
            stream.write_all(b"{\"do\":\"ps\"}\n").unwrap();
            stream
        };
        let waiting: Vec<_> = (0..WAITING).map(|_| ask()).collect();
        for _ in &waiting {
            woken.recv().unwrap();
        }
        let error = control::ask(folder.path(), &Request::Ps).unwrap_err().to_string();
        assert_eq!(error, "too many requests wait for the network: try again later");
        control::send(folder.path(), &Request::Note { node: "a".into(), words: Vec::new(), refused: false })
            .unwrap();
        // Connections are accepted one after another: this answer proves that the note was handled.
        control::ask(folder.path(), &Request::Ps).unwrap_err();
        assert_eq!(shared.missed.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_end_of_a_folder_or_of_its_socket_is_told() {
        let gone: [fn(&Path); 3] = [
            |folder| fs::remove_dir_all(folder).unwrap(),
            |folder| fs::remove_file(folder.join(SOCKET)).unwrap(),
            |folder| fs::rename(folder.join(SOCKET), folder.join("elsewhere")).unwrap(),
        ];
        for remove in gone {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("logs");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(SOCKET), "").unwrap();
            let removal = Removal::watch(&folder).unwrap();
            let waiting = thread::spawn(move || removal.wait());
            fs::write(folder.join("a.log"), "").unwrap();
            fs::remove_file(folder.join("a.log")).unwrap();
            assert!(!waiting.is_finished());
            remove(&folder);
            waiting.join().unwrap();
        }
    }
}
