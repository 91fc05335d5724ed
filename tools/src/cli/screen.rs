//! The writer that everything printed passes through: standard output, standard error, and their colours.
//!
//! Text of strangers (values, keys, names, files) reaches a terminal as text and never as codes. Every
//! command is handed a [`Screen`], so that none can bypass it. Colours are chosen here and nowhere else: by
//! `--color`, then by `NO_COLOR` and `TERM=dumb`, then by whether the stream is a terminal.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use clap::ValueEnum;

use crate::report::{Seal, Style};
use crate::text::is_plain;

/// The choice of colours in the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`
    #[default]
    Auto,
    /// In every output
    Always,
    /// In no output
    Never,
}

static COLOR: OnceLock<Color> = OnceLock::new();

impl Color {
    /// Makes this the choice of the process. Only the first call has an effect.
    pub(super) fn choose(self) {
        // An earlier choice stays.
        let _: Result<(), Self> = COLOR.set(self);
    }

    /// Reads the choice from words that are not parsed yet, for the output of the parser itself.
    pub(super) fn of_words(words: impl IntoIterator<Item = String>) -> Self {
        let mut words = words.into_iter().take_while(|word| word != "--");
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--color") {
                Some("") => words.next(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            if let Some(color) = value.and_then(|value| Self::from_str(&value, false).ok()) {
                return color;
            }
        }
        Self::Auto
    }

    /// Returns true if a stream has colours.
    fn applies(self, stream: &impl IsTerminal, environment: Environment) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && !environment.no_color && !environment.dumb,
        }
    }

    fn chosen() -> Self {
        COLOR.get().copied().unwrap_or_default()
    }
}

/// The environment variables that affect colours.
#[derive(Debug, Clone, Copy, Default)]
struct Environment {
    no_color: bool,
    dumb: bool,
}

impl Environment {
    fn of_process() -> Self {
        Self {
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            dumb: std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
        }
    }
}

/// Returns the style of text on standard output.
pub(super) fn out_style() -> Style {
    style(&io::stdout())
}

/// Returns the style of text on standard error.
pub(super) fn err_style() -> Style {
    style(&io::stderr())
}

/// Returns true if standard output is a terminal.
pub(super) fn is_seen() -> bool {
    io::stdout().is_terminal()
}

/// Returns the columns of the terminal on standard output, 80 if it does not tell, or `None` if there is no
/// terminal.
pub(super) fn width() -> Option<usize> {
    let out = io::stdout();
    out.is_terminal().then(|| columns(&out))
}

/// Returns the columns of the terminal on standard error, which shows bars, or 80 if it does not tell.
pub(super) fn columns_of_bars() -> usize {
    columns(&io::stderr())
}

fn columns(terminal: &impl AsFd) -> usize {
    /// The width of terminals since the punched card.
    const USUAL: usize = 80;
    let size = rustix::termios::tcgetwinsize(terminal).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(USUAL)
}

/// Returns true if standard error may show bars that move.
pub(super) fn has_bars() -> bool {
    io::stderr().is_terminal() && !Environment::of_process().dumb
}

fn style(stream: &impl IsTerminal) -> Style {
    match seal() {
        Some(seal) if Color::chosen().applies(stream, Environment::of_process()) => Style::sealed(seal),
        _ => Style::PLAIN,
    }
}

/// Returns the seal of this process. Without a random number from the system there is none, and no colours.
fn seal() -> Option<Seal> {
    static SEAL: OnceLock<Option<Seal>> = OnceLock::new();
    *SEAL.get_or_init(|| getrandom::u64().ok().map(Seal::new))
}

/// The kind of content written to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Words for a person: written as plain text to any stream.
    Words,
    /// Data for a program: exact to the byte, unless the stream is a terminal.
    Data,
}

/// Returns standard output for this content.
pub(super) fn stdout(content: Content) -> Screen<io::Stdout> {
    let out = io::stdout();
    let exact = content == Content::Data && !out.is_terminal();
    Screen { to: out, seal: seal(), exact, rest: Vec::new() }
}

/// Returns standard error, which carries words only.
pub(super) fn stderr() -> Screen<io::Stderr> {
    Screen { to: io::stderr(), seal: seal(), exact: false, rest: Vec::new() }
}

/// A writer that passes text, and codes only with the seal of this process.
///
/// Control characters and characters that reorder text become `\u001b`, bytes that are no UTF-8 become
/// `\xff`. The first form is that of JSON, so that JSON stays JSON. Lines may end in `\r\n`.
#[derive(Debug)]
pub(super) struct Screen<W> {
    to: W,
    seal: Option<Seal>,
    exact: bool,
    /// The first bytes of an incomplete character, 3 at most.
    rest: Vec<u8>,
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.exact {
            return self.to.write(bytes);
        }
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(bytes);
        let mut shown = String::with_capacity(whole.len());
        let mut chunks = whole.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            escape_text(&mut shown, chunk.valid(), self.seal);
            if chunks.peek().is_none() && is_begun(chunk.invalid()) {
                self.rest.extend_from_slice(chunk.invalid());
            } else {
                escape_bytes(&mut shown, chunk.invalid());
            }
        }
        self.to.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut shown = String::new();
        escape_bytes(&mut shown, &std::mem::take(&mut self.rest));
        self.to.write_all(shown.as_bytes())?;
        self.to.flush()
    }
}

/// Returns true if these bytes are the beginning of a character.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn escape_bytes(shown: &mut String, bytes: &[u8]) {
    for byte in bytes {
        *shown += &format!("\\x{byte:02x}");
    }
}

fn escape_text(shown: &mut String, text: &str, seal: Option<Seal>) {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        let code = seal.filter(|_| character == '\u{1b}').and_then(|seal| seal.strip(rest));
        if let Some(code) = code {
            shown.push(character);
            rest = code;
        } else if is_plain(character) || character == '\n' || (character == '\r' && rest.starts_with('\n')) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                *shown += &format!("\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(exact: bool) -> Screen<Vec<u8>> {
        Screen { to: Vec::new(), seal: Some(Seal::new(7)), exact, rest: Vec::new() }
    }

    #[track_caller]
    fn check(writes: &[&[u8]], expected: &str) {
        let mut screen = screen(false);
        for bytes in writes {
            screen.write_all(bytes).unwrap();
        }
        screen.flush().unwrap();
        assert_eq!(String::from_utf8(screen.to).unwrap(), expected);
    }

    #[test]
    fn text_of_others_reaches_a_terminal_as_text() {
        check(&["a\tb\r\nc\u{1b}]0;owned\u{7}".as_bytes()], "a\tb\r\nc\\u001b]0;owned\\u0007");
        check(&["a\rb\u{9b}2J\u{7f}".as_bytes()], "a\\u000db\\u009b2J\\u007f");
        check(&["\u{202e}abc\u{2066}\u{e0041}".as_bytes()], "\\u202eabc\\u2066\\udb40\\udc41");
        check(&[b"a\xff\xc3(b\xe2\x80"], "a\\xff\\xc3(b\\xe2\\x80");
    }

    #[test]
    fn a_character_may_come_in_pieces() {
        check(&[b"\xe6", b"\x9d", b"\xb1", b"!"], "東!");
        check(&[b"\xe2\x80", b"\xae"], "\\u202e");
        check(&[b"\xe2\x80", b"a"], "\\xe2\\x80a");
    }

    #[test]
    fn colours_pass_with_the_seal_alone() {
        let style = Style::sealed(Seal::new(7));
        let text = style.paint(anstyle::AnsiColor::Red.on_default(), "x\u{1b}[32my");
        check(&[text.as_bytes()], "\u{1b}[31mx\\u001b[32my\u{1b}[0m");
        let other = Style::sealed(Seal::new(8));
        let text = other.paint(anstyle::AnsiColor::Red.on_default(), "x");
        check(&[text.as_bytes()], "\\u001b8000000000000000[31mx\\u001b8000000000000000[0m");
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({ "key": "\u{1b}\u{9b}\u{202e}\u{e0041}\u{7f}é" });
        let mut screen = screen(false);
        writeln!(screen, "{value}").unwrap();
        assert!(!screen.to.contains(&0x1b));
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&screen.to).unwrap(), value);
    }

    #[test]
    fn data_is_exact() {
        let mut screen = screen(true);
        screen.write_all(b"\x1b\xff\r").unwrap();
        assert_eq!(screen.to, b"\x1b\xff\r");
    }

    #[test]
    fn colours_are_a_matter_of_flag_environment_and_stream() {
        let file = tempfile::tempfile().unwrap();
        let usual = Environment::default();
        assert!(Color::Always.applies(&file, Environment { no_color: true, dumb: true }));
        assert!(!Color::Never.applies(&file, usual) && !Color::Auto.applies(&file, usual));
        let of = |words: &[&str]| Color::of_words(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(of(&["test", "--color", "never"]), Color::Never);
        assert_eq!(of(&["test", "--color=always"]), Color::Always);
        assert_eq!(of(&["run", "--", "--color=always"]), Color::Auto);
        assert_eq!(of(&["test", "--colour=always"]), Color::Auto);
    }
}
