//! The clocks of programs that are not ours, shifted by libfaketime.
//!
//! A program whose clock may be shifted is started with the library, which reads the shift from a file each time that
//! the program asks for the time of day. Timers go on: the monotonic clock is left alone.
//!
//! Before the start, a program is judged by its file ([`reach`]); while it runs, by the files that it has mapped
//! (`loaded`). A program that asks the kernel for the time past its C library is not noticed by either.

mod binary;
mod library;
mod loaded;
mod program;
mod shift;

use std::path::{Path, PathBuf};

pub(super) use loaded::without_library;
pub use shift::sweep;
pub(super) use shift::{PRELOAD, Shift};

use crate::world::ClockError;
use program::Found;

/// Returns the reason why the clock of a program cannot be shifted, from its command line. Nothing is run.
pub fn reach(command_line: &str) -> Result<(), ClockError> {
    let library = library()?;
    let Some(program) = shlex::split(command_line).and_then(|words| words.into_iter().next()) else {
        return Ok(());
    };
    judge(Path::new(&program), &library)
}

/// Returns the library, if this machine has all that it needs.
pub(super) fn library() -> Result<PathBuf, ClockError> {
    if std::env::var_os(shift::VARIABLE).is_some() {
        return Err(ClockError::Variable);
    }
    let library = library::find(&library::folders()).ok_or(ClockError::NoLibrary)?;
    if shift::is_possible() { Ok(library) } else { Err(ClockError::NoSharedMemory) }
}

/// Judges the file of a program, or that of its interpreter.
pub(super) fn judge(program: &Path, library: &Path) -> Result<(), ClockError> {
    match program::find(program, std::env::var_os("PATH").as_deref()) {
        Found::Binary(path) => binary::judge(&path, library),
        // The start says what is wrong with it.
        Found::Nothing => Ok(()),
    }
}
