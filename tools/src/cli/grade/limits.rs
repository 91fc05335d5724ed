//! The limits of the programs of one run: what the system keeps itself, and what is looked at.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::text::io_cause;
use crate::world::process::log_limit;

/// The least limit of memory, in bytes: the harness of a run lives within it, too.
const MEMORY_MIN: u64 = 64 << 20;
/// The memory that one process may have beyond the limit of all, in bytes. Chosen: the look at all of them comes first,
/// and has the better message.
const SPARE: u64 = 256 << 20;
/// The largest file that a program may write, in bytes. Chosen: far above what a node of an exercise keeps.
const FILE_MAX: u64 = 1 << 30;
/// The longest time that a flag accepts.
const TIME_MAX: Duration = Duration::from_hours(24);

/// The limits of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// The memory of all processes together, in bytes.
    pub(super) memory: u64,
    /// The number of processes.
    pub(super) processes: usize,
    /// The time until it is ended.
    pub(super) time: Duration,
}

/// The limits that a run of `tools test` gives itself, and so all that it starts. The system keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    /// The private memory of each process, in bytes.
    data: u64,
}

impl Confinement {
    /// The hidden flag of `tools test`.
    pub(super) const FLAG: &'static str = "--confined";

    pub(super) fn of(limits: Limits) -> Self {
        Self { data: limits.memory.saturating_add(SPARE) }
    }

    /// Returns the value of the flag.
    pub(super) fn value(self) -> String {
        self.data.to_string()
    }

    /// Parses the value of the flag.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(|data| Self { data }).map_err(|_| "a number of bytes is expected".to_owned())
    }

    /// Sets the limits for this process and all that it starts from now on. It ends with the process that started it.
    pub(in crate::cli) fn enter(self) -> Result<(), Failure> {
        let refused = |error: rustix::io::Errno| {
            let cause = io_cause(&error.into());
            Failure::new(Exit::Environment, format!("the limits of a submission cannot be set: {cause}"))
        };
        set_parent_process_death_signal(Some(Signal::TERM)).map_err(refused)?;
        for (resource, most) in
            [(Resource::Data, self.data), (Resource::Fsize, FILE_MAX), (Resource::Core, 0)]
        {
            let maximum = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
            setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) })
                .map_err(refused)?;
        }
        Ok(())
    }
}

/// Parses a limit of memory.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let wrong = || "a limit of memory is a size of at least 64MiB, such as 2GiB".to_owned();
    log_limit(text).ok().filter(|size| *size >= MEMORY_MIN).ok_or_else(wrong)
}

/// Parses a limit of processes. The least are the guard of a run and one node.
pub(super) fn processes(text: &str) -> Result<usize, String> {
    let wrong = || "a limit of processes is a whole number, at least 2".to_owned();
    text.parse().ok().filter(|count| *count >= 2).ok_or_else(wrong)
}

/// Parses a limit of time.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = crate::scenario::duration(text).map_err(|error| error.to_string())?;
    let wrong = || "a limit of time is from 1s to 24h".to_owned();
    Some(time).filter(|time| (Duration::from_secs(1)..=TIME_MAX).contains(time)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_out_of_range_are_refused_in_words() {
        assert_eq!((memory("2GiB"), processes("256")), (Ok(2 << 30), Ok(256)));
        assert_eq!(time("5m"), Ok(Duration::from_mins(5)));
        for wrong in ["1MiB", "", "-1", "many"] {
            assert!(memory(wrong).unwrap_err().contains("at least 64MiB"));
        }
        assert!(processes("1").unwrap_err().contains("at least 2"));
        assert!(time("0s").is_err() && time("25h").is_err() && time("5").is_err());
    }

    #[test]
    fn a_process_has_some_room_beyond_the_limit_of_all() {
        let limits = Limits { memory: 1 << 30, processes: 9, time: Duration::from_secs(9) };
        let confinement = Confinement::of(limits);
        assert_eq!(Confinement::parse(&confinement.value()), Ok(confinement));
        assert_eq!(confinement.data, (1 << 30) + (256 << 20));
    }
}
