//! How to have a run again that panicked: the thread knows the command, and the hook tells it, also
//! where a panic ends the process at once.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::panic;
use std::sync::Once;

thread_local! {
    /// The command that has again what this thread runs.
    static COMMAND: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs what this command would run again.
pub(super) fn with_command<T>(command: String, run: impl FnOnce() -> T) -> T {
    let _before = Before(COMMAND.replace(Some(command)));
    run()
}

/// The command that was known before; it is again when this is dropped.
struct Before(Option<String>);

impl Drop for Before {
    fn drop(&mut self) {
        COMMAND.set(self.0.take());
    }
}

/// From now on a panic is told with the command that has it again.
pub(super) fn tell_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        hook(|command| {
            // Where even this cannot be said, the panic itself still ends the run.
            let _: io::Result<()> =
                writeln!(io::stderr(), "error: this is a bug in tools: please report it; again: {command}");
        });
    });
}

/// Tells the command of each thread that panics, after what is told of it anyway.
fn hook(tell: impl Fn(&str) + Send + Sync + 'static) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        usual(panic);
        // A thread that is about to end may have forgotten.
        let command = COMMAND.try_with(|command| command.try_borrow().ok()?.clone()).ok().flatten();
        if let Some(command) = command {
            tell(&command);
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
