//! The reasons why the clock of a program cannot be shifted.

/// The judge of programs: returns the reason why the clock of a program cannot be shifted, from its command line,
/// without running anything. A program that is not known yet, or is not there, is not refused here.
pub type ClockReach = fn(command_line: &str) -> Result<(), ClockError>;

/// The reason why the clock of a program cannot be shifted. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The library that shifts clocks is not there.
    #[error("libfaketime, which shifts the clocks of programs, is not installed")]
    NoLibrary,
    /// The machine lacks the folder for shared memory, or it cannot be written.
    #[error("/dev/shm, through which libfaketime is told the time, cannot be written")]
    NoSharedMemory,
    /// The environment has a time for libfaketime, which would win over the harness's.
    #[error("the environment has `FAKETIME`, which would win over the clock of the harness")]
    Variable,
    /// The program is linked statically.
    #[error("`{0}` is linked statically, so that it loads no libfaketime")]
    Static(String),
    /// The program is written in Go.
    #[error("`{0}` is a Go program: it asks the kernel for the time, and not the C library")]
    Go(String),
    /// The program runs with the rights of another user, or with rights that its file gives.
    #[error(
        "`{0}` runs with rights of its own (setuid, or capabilities of its file), and loads no libfaketime"
    )]
    Privileged(String),
    /// The program uses jemalloc.
    #[error("`{0}` uses jemalloc, with which libfaketime does not start")]
    Jemalloc(String),
    /// The program has a function of the same name as one of the library's own, which then calls the wrong one.
    #[error(
        "`{program}` has a function `{function}` as libfaketime has, which would call that of the program"
    )]
    Clash {
        /// The path of the program.
        program: String,
        /// The name of the function.
        function: String,
    },
    /// The program is made for another machine, or another C library.
    #[error("`{0}` is made for another machine or C library than libfaketime")]
    OtherMachine(String),
    /// The program runs, and did not load the library.
    #[error("`{0}` runs without libfaketime: it is linked statically, or its environment was cleared")]
    NotLoaded(String),
    /// The network was started without the means to shift clocks.
    #[error("this network cannot shift the clocks of programs: it was not started for that")]
    Unprepared,
}

impl ClockError {
    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoLibrary => "`apt install libfaketime`",
            Self::NoSharedMemory => "mount a tmpfs there that this user may write",
            Self::Variable => "unset it",
            Self::Unprepared => "start it with `tools run --clocks`",
            Self::Static(_)
            | Self::Go(_)
            | Self::Privileged(_)
            | Self::Jemalloc(_)
            | Self::Clash { .. }
            | Self::OtherMachine(_)
            | Self::NotLoaded(_) => {
                "leave the clock of this node alone, or run a build of the program that is linked dynamically to \
                 the C library"
            }
        }
    }

    /// Returns the reason with the remedy, for messages of one line.
    #[must_use]
    pub fn with_help(&self) -> String {
        format!("{self}; {}", self.help())
    }
}
