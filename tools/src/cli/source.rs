//! Where the text of a topology comes from: the argument itself, a file, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::text::{Diagnostic, Source};
use crate::topology::{self, Parsed};

/// More than any topology within its bounds takes to write.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The text that a topology argument stands for: `@path` a file's, `-` that of standard input, anything
/// else itself. At most 16 MiB. The error is for a person.
pub fn topology_source(argument: &str) -> Result<Source, String> {
    if argument == "-" {
        let text = read(io::stdin().lock());
        return text.map(|text| Source::new("standard input", text)).map_err(|error| {
            format!("cannot read a topology from standard input: {}", error.remedy("what is sent there"))
        });
    }
    let Some(path) = argument.strip_prefix('@') else { return Ok(Source::new("topology", argument)) };
    if path.is_empty() {
        return Err("a path is missing behind `@`: write for example `@ring.txt`".to_owned());
    }
    let text = File::open(path).map_err(Unreadable::Io).and_then(read);
    text.map(|text| Source::new(path, text))
        .map_err(|error| format!("cannot read the topology `{path}`: {}", error.remedy("the path")))
}

/// Reads and parses the topology that an argument stands for; its text as well. The error is for a
/// person, several lines with the place in the text where there is one.
pub fn read_topology(argument: &str) -> Result<(Source, Parsed), String> {
    let source = topology_source(argument)?;
    match topology::parse(&source) {
        Ok(parsed) => Ok((source, parsed)),
        Err(wrong) => Err(with_file_named(wrong, argument).to_string()),
    }
}

/// Where the argument is the name of a file, that is what was probably meant.
fn with_file_named(wrong: Diagnostic, argument: &str) -> Diagnostic {
    let is_text = argument != "-" && !argument.starts_with('@');
    if is_text && Path::new(argument).is_file() {
        return wrong.help(format!("there is a file of this name: to read it, write `@{argument}`"));
    }
    wrong
}

/// Why a text could not be read.
#[derive(Debug)]
enum Unreadable {
    Io(io::Error),
    TooLarge,
    NotText(usize),
}

impl Unreadable {
    /// The reason and what to look at.
    fn remedy(&self, culprit: &str) -> String {
        match self {
            Self::Io(error) => format!("{error}; look at {culprit}"),
            Self::TooLarge => {
                format!("it is larger than {} MiB; generators say the same in a word", SIZE_MAX >> 20)
            }
            Self::NotText(at) => format!("byte {at} of it is no UTF-8 text; look at {culprit}"),
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
        .map_err(|error| Unreadable::NotText(error.utf8_error().valid_up_to() + 1))?;
    // Some editors put a mark before the text.
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
        assert_eq!(read_topology(&format!("@{path}")).unwrap().1.graph.links().len(), 5);
    }

    #[test]
    fn the_name_of_a_file_without_its_sign_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.txt");
        std::fs::write(&path, "ring(5)").unwrap();
        let path = path.to_str().unwrap();
        let wrong = read_topology(path).unwrap_err();
        assert!(wrong.contains(&format!("to read it, write `@{path}`")), "{wrong}");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        std::fs::write(&path, b"a-b \xff").unwrap();
        let path = path.to_str().unwrap();
        let expected =
            format!("cannot read the topology `{path}`: byte 5 of it is no UTF-8 text; look at the path");
        assert_eq!(topology_source(&format!("@{path}")).unwrap_err(), expected);
        let missing = topology_source("@/no/such/file").unwrap_err();
        assert!(missing.starts_with("cannot read the topology `/no/such/file`: No such file"), "{missing}");
        assert!(topology_source("@").unwrap_err().starts_with("a path is missing"));
        assert!(matches!(read(io::repeat(b'a')), Err(Unreadable::TooLarge)));
    }
}
