//! The causes of errors of the system and of libraries, in the words of a message.

use std::io;

/// Returns the cause of an error of the file system, without the system's number of it.
#[must_use]
pub fn io_cause(error: &io::Error) -> String {
    match error.kind() {
        _ if error.get_ref().is_some() => error.to_string(),
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        // The system begins its messages with a capital letter, and the library ends them with the number.
        _ if error.raw_os_error().is_some() => {
            let text = error.to_string();
            let text = text.find(" (os error ").map_or(text.as_str(), |end| &text[..end]);
            let first = text.chars().next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(text.chars().skip(1)).collect()
        }
        _ => error.to_string(),
    }
}

/// Returns the cause for which a regular expression is invalid: the last line of the library's message.
#[must_use]
pub fn regex_cause(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_no_numbers_and_one_line() {
        // 2 is ENOENT, and 32 EPIPE, on every Linux.
        assert_eq!(io_cause(&io::Error::from_raw_os_error(2)), "there is no such file or folder");
        assert_eq!(io_cause(&io::Error::from_raw_os_error(32)), "broken pipe");
        assert_eq!(io_cause(&io::Error::other("made up")), "made up");
        let pattern = ["a", "("].concat();
        assert_eq!(regex_cause(&regex::Regex::new(&pattern).unwrap_err()), "unclosed group");
    }
}
