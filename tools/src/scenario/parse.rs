//! The entry points of the parser: from a text to a scenario.

use std::collections::BTreeMap;

use super::ast::{Block, Headers, Scenario};
use super::combination;
use super::header;
use super::include;
use super::marks::Marks;
use super::reader::{Reader, State};
use crate::text::{Diagnostic, Source, Span};

/// Parses the headers, every parameter at its first value. The steps behind them are not read.
pub fn headers(source: &Source) -> Result<Headers, Diagnostic> {
    let (headers, state) = read_headers(source)?;
    match state.mistakes.into_iter().next() {
        None => Ok(headers),
        Some(mistake) => Err(mistake),
    }
}

/// Returns the headers that can be read, and the mistakes among the others.
fn read_headers(source: &Source) -> Result<(Headers, State), Diagnostic> {
    let (params, mut state) = (BTreeMap::new(), State::default());
    let mut includes = |path: &str| Err(format!("`{path}` is not read for the headers"));
    let headers = Reader::new(source, &params, &mut state, &mut includes).headers()?;
    Ok((headers, state))
}

/// Parses a scenario with one choice of its parameters, as [`combinations`](super::combinations) gives them.
/// Returns it with the warnings about it. A parameter that is not chosen has its first value. Of several
/// mistakes the first is the error.
///
/// `includes` gets the text of an included file by its path, which is relative to the same folder as the name
/// of `source`. The source that it returns should have that path as its name.
pub fn parse(
    source: &Source,
    params: &BTreeMap<String, String>,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    parse_all(source, params, includes).map_err(|mistakes| first(source, mistakes))
}

/// Parses as [`parse`] does; the error holds all mistakes in the order of the text, up to about a hundred.
pub fn parse_all(
    source: &Source,
    params: &BTreeMap<String, String>,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (known, _) = read_headers(source).map_err(|mistake| vec![mistake])?;
    let chosen = header::chosen(&known, params);
    let (headers, steps, state) = read(source, &chosen, true, includes)?;
    let unused = headers.params.iter().filter(|param| !state.used.contains(&param.name)).map(|param| {
        let message = format!("nothing stands for the parameter `{}`", param.name);
        Diagnostic::warning(source, param.span, message)
            .help(format!("write `${}` where it is meant", param.name))
    });
    let warnings = unused.chain(state.warnings).map(Diagnostic::without_secrets).collect();
    let name = combination::combination_name(source, &headers, &chosen);
    let about = header::about(source);
    Ok((Scenario { name, about, source: source.clone(), headers, params: chosen, steps }, warnings))
}

/// Parses steps without headers, as given on a command line for a running network. The scenario is named
/// after the source.
pub fn parse_steps(
    source: &Source,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    let params = BTreeMap::new();
    let (headers, steps, state) =
        read(source, &params, false, includes).map_err(|mistakes| first(source, mistakes))?;
    let (name, about) = (source.name().to_owned(), header::about(source));
    let warnings = state.warnings.into_iter().map(Diagnostic::without_secrets).collect();
    Ok((Scenario { name, about, source: source.clone(), headers, params, steps }, warnings))
}

/// Returns the marks on a text, every parameter at its first value, and the mistakes in it. Behind a mistake
/// there may be marks as well. Included files count as empty.
#[must_use]
pub fn marks(source: &Source) -> (Marks, Vec<Diagnostic>) {
    let chosen = match read_headers(source) {
        Ok((known, _)) => header::chosen(&known, &BTreeMap::new()),
        Err(mistake) => return (Marks::default(), vec![mistake]),
    };
    let mut includes = |path: &str| Ok(Source::new(path, ""));
    let mut state = State { marks: Some(Marks::default()), ..state_of(source) };
    let read = read_into(&mut state, source, &chosen, true, &mut includes);
    (state.marks.take().unwrap_or_default(), read.err().unwrap_or_default())
}

/// Reads all of a text. The error has at least one mistake.
fn read(
    source: &Source,
    params: &BTreeMap<String, String>,
    has_headers: bool,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Headers, Block, State), Vec<Diagnostic>> {
    let mut state = state_of(source);
    let (headers, steps) = read_into(&mut state, source, params, has_headers, includes)?;
    Ok((headers, steps, state))
}

fn read_into(
    state: &mut State,
    source: &Source,
    params: &BTreeMap<String, String>,
    has_headers: bool,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Headers, Block), Vec<Diagnostic>> {
    let mut reader = Reader::new(source, params, state, includes);
    let headers = if has_headers { reader.headers() } else { Ok(Headers::default()) };
    let whole = headers.and_then(|headers| Ok((headers, reader.steps(None)?)));
    let mut mistakes = std::mem::take(&mut state.mistakes);
    match whole {
        Ok(whole) if mistakes.is_empty() => return Ok(whole),
        Ok(_) => {}
        Err(last) => mistakes.push(last),
    }
    Err(mistakes.into_iter().map(Diagnostic::without_secrets).collect())
}

/// Returns the state at the beginning of a file.
fn state_of(source: &Source) -> State {
    State { files: vec![include::beside("", source.name())], ..State::default() }
}

fn first(source: &Source, mistakes: Vec<Diagnostic>) -> Diagnostic {
    let nothing = || Diagnostic::error(source, Span::default(), "this cannot be read");
    mistakes.into_iter().next().unwrap_or_else(nothing)
}
