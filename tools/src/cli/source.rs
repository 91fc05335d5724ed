//! The source of a topology's text: the argument itself, a file, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::failure::Failure;
use super::reach::not_text;
use crate::text::{Diagnostic, Source, io_cause, nearest};
use crate::topology::{self, Parsed, Reading};

/// The most bytes of a topology's text. Chosen: more than any topology within its bounds needs.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The reason why there is no graph of a topology argument. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The argument is `@` alone.
    #[error("a path is missing behind `@`: write for example `@ring.txt`")]
    NoPath,
    /// The file cannot be read.
    #[error("cannot read the topology `{path}`: {}", reason.remedy("the path"))]
    File {
        /// The path behind `@`.
        path: String,
        /// The reason.
        reason: Unreadable,
    },
    /// Standard input cannot be read.
    #[error("cannot read a topology from standard input: {}", .0.remedy("what is sent there"))]
    StandardInput(Unreadable),
    /// The text is no topology. The diagnostic has the place.
    #[error("{0}")]
    Text(Box<Diagnostic>),
}

impl From<TopologyError> for Failure {
    fn from(error: TopologyError) -> Self {
        match error {
            TopologyError::Text(diagnostic) => (*diagnostic).into(),
            unread => Self::usage(unread),
        }
    }
}

/// Returns the text of a topology argument: for `@path` that of the file, for `-` that of standard input,
/// else the argument itself. At most 16 MiB are read.
pub fn topology_source(argument: &str) -> Result<Source, TopologyError> {
    if argument == "-" {
        let text = read(io::stdin().lock()).map_err(TopologyError::StandardInput)?;
        return Ok(Source::new("standard input", text));
    }
    let Some(path) = argument.strip_prefix('@') else { return Ok(Source::new("topology", argument)) };
    if path.is_empty() {
        return Err(TopologyError::NoPath);
    }
    match File::open(path).map_err(|error| missing(path, error)).and_then(read) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(reason) => Err(TopologyError::File { path: path.to_owned(), reason }),
    }
}

/// Reads and parses the topology of an argument, and returns its text as well.
pub fn read_topology(argument: &str, lenient: bool) -> Result<(Source, Parsed), TopologyError> {
    let source = topology_source(argument)?;
    let is_file = argument == "-" || argument.starts_with('@');
    match topology::read(&source, Reading { is_file, lenient }) {
        Ok(parsed) => Ok((source, parsed)),
        Err(wrong) => Err(TopologyError::Text(Box::new(with_file_named(wrong, argument)))),
    }
}

/// Adds a hint if the argument is the name of a file, which was probably meant.
fn with_file_named(wrong: Diagnostic, argument: &str) -> Diagnostic {
    let is_text = argument != "-" && !argument.starts_with('@');
    if is_text && Path::new(argument).is_file() {
        return wrong.help(format!("there is a file of this name: to read it, write `@{argument}`"));
    }
    wrong
}

/// The reason why a text cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The system failed.
    Io(io::Error),
    /// The file does not exist, but one with a similar name does.
    Missing(String),
    /// The text has more bytes than a topology may have.
    TooLarge,
    /// The bytes are no UTF-8; the message tells where.
    NotText(String),
}

/// Returns the error; for a missing file, the file beside it with the nearest name, if there is one.
fn missing(path: &str, error: io::Error) -> Unreadable {
    let near = || {
        let path = Path::new(path);
        let (name, folder) = (path.file_name()?.to_str()?, path.parent()?);
        let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries =
            std::fs::read_dir(listed).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names: Vec<String> = entries.collect();
        let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let same = names.iter().find(|other| !name.contains('.') && stem(other) == name).map(String::as_str);
        let near = same.or_else(|| nearest(name, names.iter().map(String::as_str)))?;
        Some(folder.join(near).display().to_string())
    };
    match near().filter(|_| error.kind() == io::ErrorKind::NotFound) {
        Some(near) => Unreadable::Missing(near),
        None => Unreadable::Io(error),
    }
}

impl Unreadable {
    /// Returns the reason and a hint.
    fn remedy(&self, culprit: &str) -> String {
        match self {
            Self::Io(error) => format!("{}; look at {culprit}", io_cause(error)),
            Self::TooLarge => {
                format!("it is larger than {} MiB; a generator such as `ring(5)` is shorter", SIZE_MAX >> 20)
            }
            Self::Missing(near) => format!("there is no such file; did you mean `@{near}`?"),
            Self::NotText(why) => why.clone(),
        }
    }
}

fn read(reader: impl Read) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    reader.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(Unreadable::TooLarge);
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Unreadable::NotText(not_text(error.as_bytes(), error.utf8_error().valid_up_to())))?;
    // Some editors put a byte order mark before the text.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_itself_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.txt");
        std::fs::write(&path, "\u{feff}ring(5)\r\n").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(topology_source("a-b").unwrap().text(), "a-b");
        let source = topology_source(&format!("@{path}")).unwrap();
        assert_eq!((source.name(), source.text()), (path, "ring(5)\r\n"));
        assert_eq!(read_topology(&format!("@{path}"), false).unwrap().1.graph.links().len(), 5);
    }

    #[test]
    fn the_name_of_a_file_without_its_sign_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.txt");
        std::fs::write(&path, "ring(5)").unwrap();
        let path = path.to_str().unwrap();
        let wrong = read_topology(path, false).unwrap_err().to_string();
        assert!(wrong.contains(&format!("to read it, write `@{path}`")), "{wrong}");
    }

    #[test]
    fn a_text_that_cannot_be_read_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        std::fs::write(&path, b"a-b \xff").unwrap();
        let path = path.to_str().unwrap();
        let expected = format!(
            "cannot read the topology `{path}`: line 1 is no UTF-8 text (byte 5 is 0xff): save it as UTF-8"
        );
        assert_eq!(topology_source(&format!("@{path}")).unwrap_err().to_string(), expected);
        let missing = topology_source("@/no/such/file").unwrap_err().to_string();
        let expected =
            "cannot read the topology `/no/such/file`: there is no such file or folder; look at the path";
        assert_eq!(missing, expected);
        assert!(topology_source("@").unwrap_err().to_string().starts_with("a path is missing"));
        assert!(matches!(read(io::repeat(b'a')), Err(Unreadable::TooLarge)));
    }
}
