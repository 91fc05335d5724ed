//! The combinations of parameters that a scenario runs with.

use std::collections::BTreeMap;

use thiserror::Error;

use super::ast::{Headers, Param};
use crate::text::{Source, nearest};

/// The most combinations that one scenario may have. Chosen: at ten seconds each they run for more than a day,
/// so that more is a mistake.
pub const COMBINATIONS_MAX: usize = 10_000;

/// The reason why there are no combinations.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CombinationError {
    /// A parameter was fixed that the scenario does not have.
    #[error("unknown parameter `{name}`{}", did_you_mean(nearest.as_deref(), known))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The nearest name of a parameter, if one is near.
        nearest: Option<String>,
        /// The names of the scenario's parameters.
        known: Vec<String>,
    },
    /// The parameters have more than [`COMBINATIONS_MAX`] combinations.
    #[error("more than {COMBINATIONS_MAX} combinations of parameters: fix some with `--param NAME=VALUE`")]
    TooMany,
}

fn did_you_mean(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => format!(": did you mean `{nearest}`?"),
        (None, []) => ": no selected scenario has parameters".to_owned(),
        (None, known) => format!(": the parameters are {}", known.join(", ")),
    }
}

impl CombinationError {
    /// Returns the error that no parameter has that name.
    #[must_use]
    pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::Unknown { name: name.to_owned(), nearest, known }
    }
}

/// Every combination of the parameters' values; those of the last parameter change fastest. A combination is
/// made only when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combinations {
    /// The parameters in order, each with its possible values.
    params: Vec<(String, Vec<String>)>,
    count: usize,
}

impl Combinations {
    /// Returns the number of combinations: from 1 to [`COMBINATIONS_MAX`].
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns the combination at a place, from 0; beyond the last one the places begin anew.
    #[must_use]
    pub fn at(&self, place: usize) -> BTreeMap<String, String> {
        let mut rest = place;
        let mut chosen = BTreeMap::new();
        for (name, values) in self.params.iter().rev() {
            let count = values.len().max(1);
            if let Some(value) = values.get(rest % count) {
                chosen.insert(name.clone(), value.clone());
            }
            rest /= count;
        }
        chosen
    }

    /// Returns all combinations, one at a time.
    pub fn iter(&self) -> impl Iterator<Item = BTreeMap<String, String>> + '_ {
        (0..self.count).map(|place| self.at(place))
    }
}

/// Counts the combinations of the parameters' values. `overrides` fixes parameters, to values that
/// need not be declared.
///
/// ```
/// use std::collections::BTreeMap;
/// use tools::{scenario, text::Source};
///
/// let source = Source::new("x.scn", "param net = line(3) | ring(3)\nparam policy = oldest | last\n");
/// let headers = scenario::headers(&source)?;
/// assert_eq!(scenario::combinations(&headers, &BTreeMap::new())?.len(), 4);
/// let fixed = BTreeMap::from([("policy".to_owned(), "last".to_owned())]);
/// assert_eq!(scenario::combinations(&headers, &fixed)?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn combinations(
    headers: &Headers,
    overrides: &BTreeMap<String, String>,
) -> Result<Combinations, CombinationError> {
    let known = || headers.params.iter().map(|param| param.name.as_str());
    if let Some(name) = overrides.keys().find(|name| !known().any(|known| known == name.as_str())) {
        return Err(CombinationError::unknown(name, known()));
    }
    let fixed = |param: &Param| overrides.get(&param.name);
    let counts = headers.params.iter().map(|param| fixed(param).map_or(param.values.len(), |_| 1));
    let count = counts.fold(1, usize::saturating_mul);
    if count > COMBINATIONS_MAX {
        return Err(CombinationError::TooMany);
    }
    let values =
        |param: &Param| fixed(param).map_or_else(|| param.values.clone(), |value| vec![value.clone()]);
    let params = headers.params.iter().map(|param| (param.name.clone(), values(param))).collect();
    Ok(Combinations { params, count })
}

/// The file extension of scenarios, without the dot.
pub const EXTENSION: &str = "scn";

/// Returns the common name of all combinations of a scenario: the file's name without folder and `.scn`.
#[must_use]
pub fn name(source: &Source) -> String {
    let file = source.name().rsplit('/').next().unwrap_or_default();
    file.strip_suffix(".scn").unwrap_or(file).to_owned()
}

/// The longest value of a parameter that stands in a name uncut, in characters. Chosen: names of files have at
/// most 255 bytes on Linux.
const SHOWN_MAX: usize = 200;

/// Returns the name of one combination: the file's name without folder and `.scn`, and the choice of the
/// parameters that have more than one possible value. Long values are cut, and a number tells them apart.
#[must_use]
pub fn combination_name(source: &Source, headers: &Headers, chosen: &BTreeMap<String, String>) -> String {
    let stem = name(source);
    let choice: Vec<String> = headers
        .params
        .iter()
        .filter_map(|param| chosen.get(&param.name).map(|value| (param, value)))
        .filter(|(param, value)| param.values.len() > 1 || param.values.first() != Some(*value))
        .map(|(param, value)| format!("{}={}", param.name, shown(param, value)))
        .collect();
    if choice.is_empty() { stem } else { format!("{stem}[{}]", choice.join(",")) }
}

fn shown(param: &Param, value: &str) -> String {
    let Some((cut, _)) = value.char_indices().nth(SHOWN_MAX) else { return value.to_owned() };
    match param.values.iter().position(|one| one == value) {
        Some(place) => format!("{}…#{}", &value[..cut], place + 1),
        None => format!("{}…", &value[..cut]),
    }
}
