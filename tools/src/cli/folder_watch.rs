//! The watch of a folder: the kernel tells of the files in it that come, change or go.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// The watch of a folder.
#[derive(Debug)]
pub(super) struct FolderWatch(OwnedFd);

impl FolderWatch {
    /// Starts to watch a folder for such events.
    pub(super) fn start(folder: &Path, what: WatchFlags) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC)?;
        inotify::add_watch(&inotify, folder, what | WatchFlags::ONLYDIR)?;
        Ok(Self(inotify))
    }

    /// Waits for an event, and hands over the file names of all events that are known by then; those of events
    /// without a name are left out. Returns false once the folder is gone, alone or with its file system, and where
    /// the kernel cannot tell any more.
    pub(super) fn wait(&self, mut on_name: impl FnMut(&[u8])) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => return false,
            };
            if event.events().intersects(ReadFlags::IGNORED | ReadFlags::DELETE_SELF) {
                return false;
            }
            if let Some(name) = event.file_name() {
                on_name(name.to_bytes());
            }
            if events.is_buffer_empty() {
                return true;
            }
        }
    }
}
