//! The means by which no process of a run escapes its guard, from the strongest to the one that needs no
//! privilege.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::process::{Child, Command};
use std::sync::OnceLock;

use nix::sched::{CloneFlags, unshare};
use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open, set_child_subreaper};
use rustix::thread::{CapabilitySet, capabilities};

/// The variable by which a person chooses a containment, where programs cannot live in a namespace.
const VARIABLE: &str = "TOOLS_CONTAINMENT";

/// The means by which a guard holds the programs that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Containment {
    /// The guard is the first process of a PID namespace. When it ends, however it does, the kernel ends all
    /// others.
    Namespace,
    /// The guard is an ancestor to which orphans come. It ends them, as long as it lives.
    Ancestor,
}

/// The containment that was found to work on this machine.
static FOUND: OnceLock<Containment> = OnceLock::new();

impl Containment {
    /// Returns the containments to try, the strongest first; only one, if it is known to work.
    pub(super) fn candidates() -> Vec<Self> {
        if let Some(found) = FOUND.get() {
            return vec![*found];
        }
        let is_able =
            || capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
        let chosen = std::env::var(VARIABLE).ok().and_then(|name| Self::named(&name));
        match chosen {
            Some(chosen) => vec![chosen],
            None if is_able() => vec![Self::Namespace, Self::Ancestor],
            None => vec![Self::Ancestor],
        }
    }

    /// Returns true if the containment is known to work here.
    pub(super) fn is_known(self) -> bool {
        FOUND.get() == Some(&self)
    }

    /// Records that the containment works, so that no other is tried any more.
    pub(super) fn works(self) {
        // Two runs that find out at once both find the same.
        let _: Result<(), Self> = FOUND.set(self);
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Ancestor => "ancestor",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Namespace, Self::Ancestor].into_iter().find(|one| one.name() == name)
    }

    /// Starts the guard's process.
    pub(super) fn start(self, mut command: Command) -> io::Result<Child> {
        if self == Self::Ancestor {
            return command.spawn();
        }
        // Only the children of a thread that has unshared are in the namespace. The thread itself is not, and
        // could not start further threads, so it is used for nothing else.
        let starting = std::thread::Builder::new().spawn(move || {
            unshare(CloneFlags::CLONE_NEWPID)?;
            command.spawn()
        })?;
        starting.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts the guard panicked")))
    }

    /// Makes this process, the guard, hold the programs that it starts. Has to come before there is a second
    /// thread.
    pub(super) fn enter(self) -> Result<Numbers, ContainmentError> {
        if self == Self::Ancestor {
            set_child_subreaper(Some(getpid())).map_err(|error| ContainmentError::Orphans(error.into()))?;
            return Ok(Numbers(None));
        }
        if getpid() != Pid::INIT {
            return Err(ContainmentError::NotFirst);
        }
        let wrong = ContainmentError::Proc;
        let outside = openat(rustix::fs::CWD, "/proc", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        let outside = outside.map_err(|error| wrong(error.into()))?;
        unshare(CloneFlags::CLONE_NEWNS).map_err(|error| wrong(error.into()))?;
        // Later mounts outside are seen here; mounts made here are seen nowhere else.
        let inward = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount_change("/", inward)
            .and_then(|()| mount("proc", "/proc", "proc", flags, None))
            .map_err(|error| wrong(error.into()))?;
        Ok(Numbers(Some(File::from(outside))))
    }
}

/// The reason why the guard cannot hold the programs that it would start. It starts none.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContainmentError {
    /// The system does not make the guard the parent of orphans.
    #[error("it cannot adopt orphans: {0}")]
    Orphans(io::Error),
    /// The guard is to be the first process of a namespace, and is not.
    #[error("it is not the first process of a namespace")]
    NotFirst,
    /// The guard's namespace cannot have a `/proc` of its own.
    #[error("it cannot show processes as they are numbered there: {0}")]
    Proc(io::Error),
}

/// The numbers of processes as people outside see them. They come from the machine's `/proc`, where the guard
/// sees another.
#[derive(Debug)]
pub(super) struct Numbers(Option<File>);

impl Numbers {
    /// Returns the number of a child, as long as it has not been waited for.
    pub(super) fn outside(&self, child: Pid) -> Option<i32> {
        let Some(proc) = &self.0 else { return Some(child.as_raw_nonzero().get()) };
        let pidfd = pidfd_open(child, PidfdFlags::empty()).ok()?;
        let path = format!("self/fdinfo/{}", pidfd.as_raw_fd());
        let file = openat(proc, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let text = io::read_to_string(File::from(file)).ok()?;
        let number = text.lines().find_map(|line| line.strip_prefix("Pid:"))?;
        number.trim().parse().ok().filter(|number| *number > 0)
    }
}
