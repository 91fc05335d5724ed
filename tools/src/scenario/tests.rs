//! Tests with scenarios as people write them, right and wrong.

mod checks;
mod combinations;
mod drivers;
mod examples;
mod parsing;
mod properties;
mod refusals;
pub(crate) mod render;

use std::collections::BTreeMap;

use super::ast::Scenario;
use super::parse;
use crate::text::{Diagnostic, Source};

/// Returns parameters by name.
fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Parses a scenario that includes nothing.
fn read(text: &str) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    read_with(text, &[], &[])
}

/// Parses a scenario with a choice of parameters and files to include.
fn read_with(
    text: &str,
    choice: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<(Scenario, Vec<Diagnostic>), Diagnostic> {
    let source = Source::new("test.scn", text);
    parse(&source, &params(choice), &mut |path| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(name, text)| Source::new(*name, *text)).ok_or_else(|| format!("there is no file `{path}`"))
    })
}

/// Returns a diagnostic in a short form: `line:column-width message (help)`.
fn brief(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.source.place(diagnostic.span);
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{}:{}-{} {}{help}", place.line, place.column, place.width, diagnostic.message)
}
