//! The combinations of parameters that a scenario runs with.

use std::collections::BTreeMap;

use thiserror::Error;

use super::ast::Headers;
use crate::text::{Source, nearest};

/// The most combinations that one scenario may have: more is a slip, and would run for days.
pub const COMBINATIONS_MAX: usize = 10_000;

/// Why there are no combinations.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CombinationError {
    /// A parameter was fixed that the scenario does not have.
    #[error("unknown parameter `{name}`{}", did_you_mean(nearest.as_deref(), known))]
    Unknown {
        /// What was given.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The parameters that there are.
        known: Vec<String>,
    },
    /// There are more than [`COMBINATIONS_MAX`].
    #[error("more than {COMBINATIONS_MAX} combinations of parameters: fix some with `--param NAME=VALUE`")]
    TooMany,
}

fn did_you_mean(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => format!(": did you mean `{nearest}`?"),
        (None, []) => ": there are no parameters".to_owned(),
        (None, known) => format!(": the parameters are {}", known.join(", ")),
    }
}

impl CombinationError {
    /// That no parameter of these has that name.
    #[must_use]
    pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::Unknown { name: name.to_owned(), nearest, known }
    }
}

/// Every combination of the parameters' values, those of the last parameter changing fastest.
/// `overrides` fixes parameters, to values that need not be declared.
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
) -> Result<Vec<BTreeMap<String, String>>, CombinationError> {
    let known = || headers.params.iter().map(|param| param.name.as_str());
    if let Some(name) = overrides.keys().find(|name| !known().any(|known| known == name.as_str())) {
        return Err(CombinationError::unknown(name, known()));
    }
    let mut all = vec![BTreeMap::new()];
    for param in &headers.params {
        let fixed = overrides.get(&param.name).map(std::slice::from_ref);
        let values = fixed.unwrap_or(&param.values);
        if all.len().saturating_mul(values.len()) > COMBINATIONS_MAX {
            return Err(CombinationError::TooMany);
        }
        all = all
            .iter()
            .flat_map(|chosen: &BTreeMap<String, String>| {
                values.iter().map(|value| {
                    let mut chosen = chosen.clone();
                    chosen.insert(param.name.clone(), value.clone());
                    chosen
                })
            })
            .collect();
    }
    Ok(all)
}

/// What all combinations of a scenario are called: the file's name without folder and `.scn`.
#[must_use]
pub fn name(source: &Source) -> String {
    let file = source.name().rsplit('/').next().unwrap_or_default();
    file.strip_suffix(".scn").unwrap_or(file).to_owned()
}

/// What one combination is called: the file's name without folder and `.scn`, and the choice of those
/// parameters that could be something else.
pub(super) fn combination_name(
    source: &Source,
    headers: &Headers,
    chosen: &BTreeMap<String, String>,
) -> String {
    let stem = name(source);
    let choice: Vec<String> = headers
        .params
        .iter()
        .filter_map(|param| chosen.get(&param.name).map(|value| (param, value)))
        .filter(|(param, value)| param.values.len() > 1 || param.values.first() != Some(*value))
        .map(|(param, value)| format!("{}={value}", param.name))
        .collect();
    if choice.is_empty() { stem } else { format!("{stem}[{}]", choice.join(",")) }
}
