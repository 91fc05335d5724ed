//! Panics of the storage library, which does not handle every kind of damage. A panic during its work on a
//! file ends the node as a refusal of that file would, with the remedy.
//!
//! The panic's hook ends the process. So it makes no difference whether a build unwinds or aborts, and
//! the node never runs on with a store in an unknown state.

use std::cell::RefCell;
use std::panic;
use std::path::{Path, PathBuf};
use std::process;

use super::refusal::DataError;

/// The exit code for an environment that failed, as for every other reason that a node cannot run (`net::run`).
const ENVIRONMENT: i32 = 3;

thread_local! {
    /// The file on which this thread works.
    static FILE: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// Runs work. A panic during it counts as damage of this file.
pub(super) fn attribute_to<T>(file: &Path, work: impl FnOnce() -> T) -> T {
    struct Restored(Option<PathBuf>);
    impl Drop for Restored {
        fn drop(&mut self) {
            FILE.with(|file| *file.borrow_mut() = self.0.take());
        }
    }
    let _restored = Restored(FILE.with(|blamed| blamed.borrow_mut().replace(file.to_owned())));
    work()
}

/// Installs a panic hook. It ends the process with 3 after a panic during such work, and first reports the
/// reason with `report`. Other panics go to the former hook.
pub(in crate::net) fn install_hook(report: impl Fn(&str) + Send + Sync + 'static) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let blamed = FILE.with(|file| file.try_borrow().ok().and_then(|file| file.clone()));
        let Some(file) = blamed else { return usual(panic) };
        let reason = panic.payload_as_str().unwrap_or("it panicked").to_owned();
        report(&DataError::Broke { file, reason }.to_string());
        process::exit(ENVIRONMENT);
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The variable that is set in the process that is to panic.
    const PANICS: &str = "NODE_TEST_PANICS";
    const NAME: &str = "net::data::panics::tests::a_panic_below_the_store_ends_as_a_refusal_of_the_file";

    #[test]
    fn a_panic_below_the_store_ends_as_a_refusal_of_the_file() {
        if std::env::var_os(PANICS).is_some() {
            install_hook(|reason| eprintln!("ERROR {reason}"));
            let caught = panic::catch_unwind(|| panic!("not of the store"));
            assert!(caught.is_err());
            attribute_to(Path::new("data/a/store.redb"), || panic!("index out of bounds"));
        }
        let program = std::env::current_exe().unwrap();
        let ended = Command::new(program).args(["--exact", NAME, "--nocapture"]).env(PANICS, "1").output();
        let ended = ended.unwrap();
        assert_eq!(ended.status.code(), Some(3), "{ended:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("ERROR data/a/store.redb cannot be read: "), "{said}");
        assert!(last.contains("index out of bounds") && last.contains("`tools node repair --data data/a`"));
    }
}
