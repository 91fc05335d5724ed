//! The command that repeats a run that panicked. Each thread knows the command of its run, and the panic hook
//! prints it, even if a panic ends the process at once.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::panic;
use std::sync::Once;

use super::screen;

thread_local! {
    /// The command that repeats the run of this thread.
    static COMMAND: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls `run` with this command as the one that repeats it.
pub(super) fn with_command<T>(command: String, run: impl FnOnce() -> T) -> T {
    let _before = Before(COMMAND.replace(Some(command)));
    run()
}

/// The command that was set before, restored when this value is dropped.
struct Before(Option<String>);

impl Drop for Before {
    fn drop(&mut self) {
        COMMAND.set(self.0.take());
    }
}

/// Installs a panic hook that prints the command of the thread's run.
pub(super) fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        hook(|command| {
            // If even this cannot be printed, the panic itself still ends the run.
            let _: io::Result<()> = writeln!(
                screen::stderr(),
                "error: this is a bug in tools: please report it; again: {command}"
            );
        });
    });
}

/// Installs a hook that hands the command of a panicking thread to `report`, after the usual hook.
fn hook(report: impl Fn(&str) + Send + Sync + 'static) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        usual(panic);
        // The thread-local value of a thread that is ending may be gone.
        let command = COMMAND.try_with(|command| command.try_borrow().ok()?.clone()).ok().flatten();
        if let Some(command) = command {
            report(&command);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::*;

    #[test]
    fn a_panic_is_told_with_the_command_of_its_thread_alone() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let take = Arc::clone(&told);
        hook(move |command| take.lock().unwrap().push(command.to_owned()));
        let panics = |seed: u64| {
            thread::spawn(move || {
                with_command(format!("tools fuzz --seed {seed}"), || ());
                with_command(format!("tools fuzz --seed {}", seed + 1), || {
                    with_command("inner".to_owned(), || ());
                    panic!("of a test");
                });
            })
        };
        assert!(panics(7).join().is_err());
        assert!(panics(40).join().is_err());
        let idle = thread::spawn(|| {
            with_command("over".to_owned(), || ());
            panic!("of a test");
        });
        assert!(idle.join().is_err());
        assert_eq!(*told.lock().unwrap(), ["tools fuzz --seed 8", "tools fuzz --seed 41"]);
    }
}
