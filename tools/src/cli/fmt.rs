//! `tools fmt`: puts scenarios into their tidy form.

use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::load::{self, find};
use super::reach::{SIZE_MAX, not_text, read};
use crate::language::format::tidy;
use crate::text::{Diagnostic, Source, io_cause};

/// Tidy the text of scenarios: blanks, indentation and the columns of comments
#[derive(Debug, Clone, Args)]
#[command(after_help = "Only blanks, newlines and `;` change. A file with an error is left as it is. With \
                        --check, the exit code is 1 if a file would change.")]
pub struct Arguments {
    /// The scenarios, or folders with scenarios; `-` reads one from standard input and prints it
    #[arg(default_value = load::DEFAULT, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Change nothing, and list the files that would change
    #[arg(long)]
    pub check: bool,
}

/// Tidies every file that changes by that, and names it.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let (inputs, paths): (Vec<_>, Vec<_>) =
        arguments.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    if !inputs.is_empty() && !paths.is_empty() {
        return Err(Failure::usage("standard input is tidied alone: leave out `-`, or the files"));
    }
    if !inputs.is_empty() {
        return standard_input(arguments.check, out, err);
    }
    let mut ended = Exit::Held;
    for path in find(&paths)? {
        let exit = match of_file(&path, arguments.check) {
            Ok(Change::None) => Exit::Held,
            Ok(Change::Written) => {
                writeln!(out, "{}: tidied", path.display())?;
                Exit::Held
            }
            Ok(Change::Wanted) => {
                writeln!(out, "{}: not tidy", path.display())?;
                Exit::Failed
            }
            // The other files are tidied nevertheless.
            Err(failures) => print(&failures, err)?,
        };
        ended = ended.gravest(exit);
    }
    Ok(ended)
}

/// Tidies the text of standard input. A text with an error is not printed.
fn standard_input(check: bool, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(Failure::usage("standard input is larger than 1 MiB: a scenario is shorter"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let why = not_text(error.as_bytes(), error.utf8_error().valid_up_to());
        Failure::usage(format!("standard input cannot be read: {why}"))
    })?;
    let source = Source::new("standard input", text);
    let tidy_text = match tidy(&source) {
        Ok(text) => text,
        Err(mistakes) => return Ok(print(&failures(mistakes), err)?),
    };
    if check {
        let is_tidy = tidy_text == source.text();
        if !is_tidy {
            writeln!(out, "standard input: not tidy")?;
        }
        return Ok(if is_tidy { Exit::Held } else { Exit::Failed });
    }
    write!(out, "{tidy_text}")?;
    Ok(Exit::Held)
}

/// The change to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// No change: the file is tidy.
    None,
    /// A change that was written.
    Written,
    /// A change that was not written, since the files are only checked.
    Wanted,
}

fn of_file(path: &Path, check: bool) -> Result<Change, Vec<Failure>> {
    let source = match read(path) {
        Ok(text) => Source::new(path.to_string_lossy(), text),
        Err(why) => {
            let place = Source::new(path.to_string_lossy(), "");
            return Err(failures(vec![Diagnostic::error(&place, 0..0, format!("cannot be read: {why}"))]));
        }
    };
    let tidy_text = tidy(&source).map_err(failures)?;
    if tidy_text == source.text() {
        return Ok(Change::None);
    }
    if check {
        return Ok(Change::Wanted);
    }
    match replace(path, &tidy_text) {
        Ok(()) => Ok(Change::Written),
        Err(error) => {
            let message = format!("cannot write {}: {}", path.display(), io_cause(&error));
            let help = "the file is as it was; it is written through another file in its folder";
            Err(vec![Failure::environment(message).help(help)])
        }
    }
}

fn failures(mistakes: Vec<Diagnostic>) -> Vec<Failure> {
    mistakes.into_iter().map(Failure::from).collect()
}

/// Prints failures, a line between them, and returns the gravest exit code.
fn print(failures: &[Failure], err: &mut dyn Write) -> io::Result<Exit> {
    let mut exit = Exit::Held;
    for failure in failures {
        failure.print(err)?;
        writeln!(err)?;
        exit = exit.gravest(failure.exit());
    }
    Ok(exit)
}

/// Replaces the text of a file as a whole, with the same permissions. A link stays one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = fs::metadata(&path)?.permissions();
    // A file that its owner may not write is not written, though its folder would allow it.
    drop(fs::File::options().append(true).open(&path)?);
    let unfinished = Unfinished::beside(&path)?;
    fs::write(&unfinished.0, text)?;
    fs::set_permissions(&unfinished.0, permissions)?;
    fs::rename(&unfinished.0, &path)
}

/// A file that takes the place of another when it is complete, and is removed otherwise.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = path.with_file_name(format!(".{name}.{}.tidy", std::process::id()));
        fs::File::create_new(&unfinished)?;
        Ok(Self(unfinished))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing to remove.
        let _: io::Result<()> = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::cli::failure::conclude;

    /// Tidies the folder. Returns the exit code, standard output and standard error, with `DIR` for the folder.
    fn ran(folder: &Path, check: bool) -> (u8, String, String) {
        let arguments = Arguments { paths: vec![folder.to_owned()], check };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let ended = run(&arguments, &mut out, &mut err);
        let code = conclude(ended, &mut err).code();
        let folder = folder.display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&folder, "DIR");
        (code, text(out), text(err))
    }

    #[test]
    fn files_that_change_are_named_and_others_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.scn"), "kill   a\n").unwrap();
        fs::write(at("b.scn"), "kill b\n").unwrap();
        let before = fs::metadata(at("b.scn")).unwrap().modified().unwrap();
        let of = |code, out: &str| (code, out.to_owned(), String::new());
        assert_eq!(ran(folder.path(), true), of(1, "DIR/a.scn: not tidy\n"));
        assert_eq!(fs::read_to_string(at("a.scn")).unwrap(), "kill   a\n");
        assert_eq!(ran(folder.path(), false), of(0, "DIR/a.scn: tidied\n"));
        assert_eq!(fs::read_to_string(at("a.scn")).unwrap(), "kill a\n");
        assert_eq!(fs::metadata(at("b.scn")).unwrap().modified().unwrap(), before);
        assert_eq!(ran(folder.path(), true), of(0, ""));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_with_an_error_is_left_as_it_is_and_the_others_are_tidied() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.scn"), "kill   a\nwait 5\n").unwrap();
        fs::write(at("b.scn"), "kill   b\n").unwrap();
        let (code, out, err) = ran(folder.path(), false);
        assert_eq!((code, out.as_str()), (2, "DIR/b.scn: tidied\n"));
        assert!(err.contains("a bare number is no duration: `5`") && err.contains("DIR/a.scn:2:6"), "{err}");
        assert_eq!(fs::read_to_string(at("a.scn")).unwrap(), "kill   a\nwait 5\n");
    }

    #[test]
    fn permissions_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.scn"), "kill   a\n").unwrap();
        fs::set_permissions(at("a.scn"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.scn", at("b.scn")).unwrap();
        of_file(&at("b.scn"), false).unwrap();
        assert_eq!(fs::read_to_string(at("a.scn")).unwrap(), "kill a\n");
        assert_eq!(fs::metadata(at("a.scn")).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(at("b.scn").is_symlink());
    }
}
