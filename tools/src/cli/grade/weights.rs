//! The points of scenarios, as a file of `--weights` gives them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::text::{Diagnostic, Source, Span, io_cause, nearest};

/// The points of a scenario that has no others.
const USUAL: f64 = 1.0;
/// The most points of a scenario. Chosen: more than any exercise gives.
const POINTS_MAX: f64 = 1_000_000.0;

/// Returns the points of each scenario by its name. Without a file, each gives one point; with one, a scenario that it
/// does not name gives none.
pub(super) fn read(path: Option<&Path>, names: &[String]) -> Result<Vec<f64>, Failure> {
    let Some(path) = path else { return Ok(vec![USUAL; names.len()]) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {}", path.display(), io_cause(&error))))?;
    let weights = parse(&Source::new(path.to_string_lossy(), text), names)?;
    Ok(names.iter().map(|name| weights.get(name).copied().unwrap_or(0.0)).collect())
}

fn parse(source: &Source, names: &[String]) -> Result<BTreeMap<String, f64>, Diagnostic> {
    let read: BTreeMap<toml::Spanned<String>, toml::Spanned<f64>> =
        toml::from_str(source.text()).map_err(|error| {
            let span = error.span().map_or(Span { start: 0, end: 0 }, Span::from);
            let message = error.message().lines().next().unwrap_or_default();
            Diagnostic::error(source, span, message)
                .help("a line is a scenario and its points, such as `sync = 2`")
        })?;
    let mut weights = BTreeMap::new();
    for (name, points) in read {
        if !names.contains(name.get_ref()) {
            let wrong =
                Diagnostic::error(source, name.span(), format!("no scenario is called `{}`", name.get_ref()));
            return Err(match nearest(name.get_ref(), names.iter().map(String::as_str)) {
                Some(near) => wrong.did_you_mean(Some(near)),
                None => wrong.help(format!("the scenarios are {}", names.join(", "))),
            });
        }
        let value = *points.get_ref();
        if !(0.0..=POINTS_MAX).contains(&value) {
            let wrong = Diagnostic::error(source, points.span(), "points are a number from 0 to 1000000");
            return Err(wrong.help("leave a scenario out that is not to count"));
        }
        weights.insert(name.into_inner(), value);
    }
    Ok(weights)
}

/// Returns points for a person: a whole number without a point.
pub(super) fn points(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<BTreeMap<String, f64>, String> {
        let names = ["sync".to_owned(), "crash test".to_owned()];
        parse(&Source::new("w.toml", text), &names).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn points_are_numbers_by_name() {
        let expected = BTreeMap::from([("crash test".to_owned(), 2.5), ("sync".to_owned(), 3.0)]);
        assert_eq!(parsed("sync = 3\n\"crash test\" = 2.5\n"), Ok(expected));
        assert_eq!([3.0, 2.5, 0.0, 10.0, 100.25].map(points), ["3", "2.5", "0", "10", "100.25"]);
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, message, place) in [
            ("snyc = 3", "no scenario is called `snyc`", "w.toml:1:1"),
            ("sync = -1", "points are a number from 0 to 1000000", "w.toml:1:8"),
            ("sync = nan", "points are a number from 0 to 1000000", "w.toml:1:8"),
            ("sync = \"x\"", "invalid type", "w.toml:1:8"),
        ] {
            let wrong = parsed(text).unwrap_err();
            assert!(wrong.contains(message) && wrong.contains(place), "{wrong}");
        }
        assert!(parsed("snyc = 3").unwrap_err().contains("did you mean `sync`?"));
    }
}
