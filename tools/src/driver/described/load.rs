//! The reading of a description from its file.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::Described;
use super::compile::{Files, compile};
use super::declaration::declaration;
use super::description::Description;
use super::signatures::{kept, signatures};
use crate::driver::presets::Preset;
use crate::text::{Diagnostic, Source, Span, nearest};

/// The longest description that is read, in bytes. Chosen: far above any that a person writes.
const LENGTH_MAX: u64 = 1 << 20;

/// The reason why a file describes no driver. Nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The path as given.
        path: String,
        /// The system's reason.
        cause: String,
    },
    /// The text is no description.
    #[error("{}", .0.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n"))]
    Wrong(Vec<Diagnostic>),
}

/// Reads the description of a driver from a file. The driver's name is the path as given.
pub(crate) fn load(path: &str) -> Result<Described, LoadError> {
    let unreadable = |cause: String| LoadError::Read { path: path.to_owned(), cause };
    let length =
        std::fs::metadata(Path::new(path)).map_err(|error| unreadable(crate::text::io_cause(&error)))?;
    if length.is_dir() {
        return Err(unreadable("it is a folder".to_owned()));
    }
    if length.len() > LENGTH_MAX {
        return Err(unreadable(format!("it is longer than {} MiB", LENGTH_MAX >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(crate::text::io_cause(&error)))?;
    let beside = Path::new(path).parent().unwrap_or(Path::new(""));
    let files = |name: &str| read_beside(&beside.join(name));
    described(path, text, &files).map_err(LoadError::Wrong)
}

/// Reads a file beside a description. The error is for people.
fn read_beside(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| crate::text::io_cause(&error);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(LENGTH_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(format!("it is longer than {} MiB", LENGTH_MAX >> 20));
    }
    Ok(bytes)
}

/// Reads a description that the program has.
pub(crate) fn read(preset: &Preset) -> Result<Described, LoadError> {
    let files = |name: &str| {
        let found = preset.files.iter().find(|(file, _)| *file == name);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| "it is not embedded".to_owned())
    };
    described(preset.name, preset.text.to_owned(), &files).map_err(LoadError::Wrong)
}

fn described(name: &str, text: String, files: &Files<'_>) -> Result<Described, Vec<Diagnostic>> {
    let source = Source::new(name, text);
    let description: Description =
        toml::from_str(source.text()).map_err(|error| vec![explained(&source, &error)])?;
    let signatures = signatures(&source, &description)?;
    let plan = compile(&source, &description, &signatures, files)?;
    let declaration = declaration(kept(name.to_owned()), &description, &signatures, &plan);
    Ok(Described { declaration: Box::leak(Box::new(declaration)), plan: Arc::new(plan) })
}

/// Returns an error of the reader of TOML with its place and a remedy.
fn explained(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().map_or(Span { start: 0, end: 0 }, Span::from);
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
    if message.contains("no sign of readiness") || message.contains("`http`, `log` or `exec`") {
        let help = "a sign is \"port\", { http = \"/health\" }, { log = \"listening\" } or { exec = \"./is-up {port}\" }";
        return Diagnostic::error(source, span, "this is no sign that a node is ready, or healthy")
            .help(help);
    }
    // The reader names the wrong word and the right ones in backticks.
    let mut words = message.split('`').skip(1).step_by(2);
    let near = words.next().and_then(|wrong| nearest(wrong, words));
    Diagnostic::error(source, span, message).did_you_mean(near)
}
