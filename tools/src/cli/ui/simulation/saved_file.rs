//! The file of a run as a scenario: a new one for each page, beside the logs.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use crate::report;
use crate::run::Report;
use crate::world::folder::write_file;

/// The most files of earlier pages in one folder. Chosen: a person would have given them names by then.
const FILES_MAX: u32 = 10_000;

/// The file that takes the scenario. It is made with the first text, so that no page without added steps has one.
pub(super) struct SavedFile {
    folder: PathBuf,
    /// The name of the scenario that is run.
    scenario: String,
    /// The settings of the run.
    settings: Report,
    /// The name of the file, once it is made.
    name: RefCell<Option<String>>,
}

impl SavedFile {
    /// Creates the file of a page, which is not made yet.
    pub(super) fn new(folder: PathBuf, scenario: String, settings: Report) -> Self {
        Self { folder, scenario, settings, name: RefCell::new(None) }
    }

    /// Writes the text, in place of the one before it.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        if self.name.borrow().is_none() {
            self.name.replace(Some(self.claim()?));
        }
        let name = self.name.borrow();
        write_file(&self.folder, name.as_deref().unwrap_or_default(), text.as_bytes())
    }

    /// Makes a file that was not there, and returns its name.
    fn claim(&self) -> io::Result<String> {
        for number in 1..FILES_MAX {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            let name = format!("{}.by-hand{number}.scn", self.scenario);
            match File::create_new(self.folder.join(&name)) {
                Ok(_) => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many such files: remove those of earlier pages"))
    }

    /// Returns the command that runs the scenario in the file, if it is made.
    pub(super) fn command(&self) -> Option<String> {
        let name = self.name.borrow().clone()?;
        let file = self.folder.join(name).display().to_string();
        Some(report::again(&Report { file, ..self.settings.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::test::unrun;
    use crate::run::{Options, Verdict};
    use crate::scenario::parse_all;
    use crate::text::Source;

    fn settings() -> Report {
        let source = Source::new("x.scn", "param n = 2 | 3\nnetwork ring($n)\n");
        let params = [("n".to_owned(), "3".to_owned())].into();
        let (scenario, _) = parse_all(&source, &params, &mut |_| Err(String::new())).unwrap();
        unrun(&scenario, "sim", &Options { seed: 7, ..Options::default() }, Verdict::Interrupted)
    }

    #[test]
    fn each_page_has_a_file_of_its_own_and_writes_it_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = || SavedFile::new(folder.path().to_owned(), "x y".to_owned(), settings());
        let (one, other) = (file(), file());
        assert_eq!(one.command(), None);
        one.write("1").unwrap();
        other.write("2").unwrap();
        one.write("3").unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("x y.by-hand.scn"), read("x y.by-hand-2.scn")), ("3".to_owned(), "2".to_owned()));
        // The name has a blank, so that the command quotes it.
        let command = format!(
            "tools test '{}/x y.by-hand.scn' --world sim --seed 7 --param n=3",
            folder.path().display()
        );
        assert_eq!(one.command(), Some(command));
    }
}
