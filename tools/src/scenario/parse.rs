//! From a text to a scenario.

use std::collections::BTreeMap;

use super::ast::{Block, Headers, Scenario};
use super::combination;
use super::header;
use super::include;
use super::reader::{Reader, State};
use crate::text::{Diagnostic, Source};

/// What stands before the first step, every parameter at its first value. What follows is not looked
/// at.
pub fn headers(source: &Source) -> Result<Headers, Diagnostic> {
    let (params, mut state) = (BTreeMap::new(), State::default());
    let mut includes = |path: &str| Err(format!("`{path}` is not read for the headers"));
    Reader::new(source, &params, &mut state, &mut includes).headers()
}

/// A scenario with one choice of its parameters, as [`combinations`](super::combinations) gives them,
/// and what is probably not meant in it. A parameter that is not chosen has its first value.
///
/// `includes` gets the text of an included file by its path, seen from where the name of `source`
/// is seen from; the name of what it gives back should be that path.
pub fn parse(
    source: &Source,
    params: &BTreeMap<String, String>,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    let chosen = header::chosen(&headers(source)?, params);
    let (headers, steps, state) = read(source, &chosen, true, includes)?;
    let unused = headers.params.iter().filter(|param| !state.used.contains(&param.name)).map(|param| {
        let message = format!("nothing stands for the parameter `{}`", param.name);
        Diagnostic::warning(source, param.span, message)
            .help(format!("write `${}` where it is meant", param.name))
    });
    let warnings = unused.chain(state.warnings).collect();
    let name = combination::combination_name(source, &headers, &chosen);
    let about = header::about(source);
    Ok((Scenario { name, about, source: source.clone(), headers, params: chosen, steps }, warnings))
}

/// Steps without headers, as given on a command line for a network that runs: a scenario that is
/// named after the source.
pub fn parse_steps(
    source: &Source,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    let params = BTreeMap::new();
    let (headers, steps, state) = read(source, &params, false, includes)?;
    let (name, about) = (source.name().to_owned(), header::about(source));
    Ok((Scenario { name, about, source: source.clone(), headers, params, steps }, state.warnings))
}

fn read(
    source: &Source,
    params: &BTreeMap<String, String>,
    has_headers: bool,
    includes: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<(Headers, Block, State), Diagnostic> {
    let mut state = State { files: vec![include::beside("", source.name())], ..State::default() };
    let mut reader = Reader::new(source, params, &mut state, includes);
    let headers = if has_headers { reader.headers()? } else { Headers::default() };
    let steps = reader.steps(None)?;
    Ok((headers, steps, state))
}
