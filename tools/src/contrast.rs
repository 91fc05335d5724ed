//! The contrast between failing and passing runs of one scenario: the features that failing runs share and passing
//! ones lack.
//!
//! A feature is a fact of a run in words, such as "c is killed" ([`FeatureWatch`] takes it from the events of the
//! run). For each feature the runs that have it are counted, and features are ranked by their phi coefficient with
//! failure (Yule 1912). Features of exactly the same runs are one finding, since no count tells them apart.
//!
//! Only the features of failing runs are told. A run ends at its failure, so it lacks whatever comes later in a
//! passing one, and such a lack says nothing.
//!
//! The module is a function of events: it runs nothing.

mod chance;
mod feature;
mod features;
mod watch;

use std::collections::BTreeMap;

pub use feature::{Feature, FeatureKind};
pub use features::Features;
pub use watch::FeatureWatch;

/// The most features that are counted. Chosen: 60 runs with few features in common.
const FEATURES_MAX: usize = 20_000;
/// The most findings. Chosen: they are read on half a screen.
const FINDINGS_MAX: usize = 6;
/// The most features that a finding names; the others are counted.
const NAMED_MAX: usize = 4;
/// The least phi coefficient of a finding, unless all failing runs share it. Chosen: weaker ties are seen by chance
/// in most sweeps.
const PHI_MIN: f64 = 0.4;
/// The probability below which a finding counts as more than chance, over all that were compared.
const CHANCE_MAX: f64 = 0.05;

/// The features of failing and of passing runs, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contrast {
    failing: u64,
    passing: u64,
    counts: BTreeMap<Feature, Count>,
}

/// The runs with a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Count {
    failing: u64,
    passing: u64,
    /// The sum of the marks of these runs: equal for the same runs, and hardly ever for others.
    runs: u64,
}

/// Features that failing runs share, with the runs that have them.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The features in words, those that say most first. All are features of exactly the same runs.
    pub features: Vec<String>,
    /// The number of further features of exactly these runs.
    pub more: usize,
    /// The number of failing runs with them.
    pub failing: u64,
    /// The number of passing runs with them.
    pub passing: u64,
    /// The phi coefficient of having them and failing: 1 if all failing runs have them, and no passing one.
    pub phi: f64,
    /// True if so strong a tie is to be expected by chance, as many patterns were compared in so few runs
    /// (Fisher's exact test, with Bonferroni's correction).
    pub may_be_chance: bool,
}

impl Contrast {
    /// Adds a run.
    pub fn add(&mut self, features: &Features, failed: bool) {
        let mark = mark(self.failing + self.passing);
        *(if failed { &mut self.failing } else { &mut self.passing }) += 1;
        for feature in features.iter() {
            if !self.counts.contains_key(feature) && self.counts.len() >= FEATURES_MAX {
                continue;
            }
            let count = self.counts.entry(feature.clone()).or_default();
            *(if failed { &mut count.failing } else { &mut count.passing }) += 1;
            count.runs = count.runs.wrapping_add(mark);
        }
    }

    /// Returns the number of failing runs that were looked at.
    #[must_use]
    pub fn failing(&self) -> u64 {
        self.failing
    }

    /// Returns the number of passing runs that were looked at.
    #[must_use]
    pub fn passing(&self) -> u64 {
        self.passing
    }

    /// Returns true if there are both failing and passing runs.
    #[must_use]
    pub fn compares(&self) -> bool {
        self.failing > 0 && self.passing > 0
    }

    /// Returns the features that failing runs share and passing ones lack, the strongest tie first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        if !self.compares() {
            return Vec::new();
        }
        let mut patterns: BTreeMap<Count, Vec<&Feature>> = BTreeMap::new();
        for (feature, count) in &self.counts {
            // A feature of every run tells nothing, and was compared with nothing.
            if count.failing + count.passing < self.failing + self.passing {
                patterns.entry(*count).or_default().push(feature);
            }
        }
        let compared = patterns.len();
        let strengths = self.strengths();
        let mut findings: Vec<(f64, Finding)> = patterns
            .into_iter()
            .filter_map(|(count, features)| {
                let phi = self.phi(count);
                if phi <= 0.0 || (phi < PHI_MIN && count.failing < self.failing) {
                    return None;
                }
                // An order of two events says no more than one of the events that has as strong a tie.
                let telling: Vec<&Feature> =
                    features.into_iter().filter(|feature| !feature.is_implied(phi, &strengths)).collect();
                let named = telling.iter().take(NAMED_MAX).map(ToString::to_string).collect::<Vec<_>>();
                (!named.is_empty()).then(|| {
                    let more = telling.len() - named.len();
                    let chance = self.chance(count) * f64::from(u32::try_from(compared).unwrap_or(u32::MAX));
                    let (failing, passing) = (count.failing, count.passing);
                    let may_be_chance = chance > CHANCE_MAX;
                    (phi, Finding { features: named, more, failing, passing, phi, may_be_chance })
                })
            })
            .collect();
        findings.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        findings.into_iter().take(FINDINGS_MAX).map(|(_, finding)| finding).collect()
    }

    /// Returns the phi coefficient of each feature that is no order of others, by its text.
    fn strengths(&self) -> BTreeMap<&str, f64> {
        let alone = self.counts.iter().filter(|(feature, _)| feature.kind() != FeatureKind::Order);
        alone.map(|(feature, count)| (feature.text(), self.phi(*count))).collect()
    }

    fn phi(&self, count: Count) -> f64 {
        chance::phi(count.failing, self.failing - count.failing, count.passing, self.passing - count.passing)
    }

    fn chance(&self, count: Count) -> f64 {
        chance::at_least(
            count.failing,
            self.failing,
            count.failing + count.passing,
            self.failing + self.passing,
        )
    }
}

/// Returns the mark of a run by its number (the finisher of splitmix64, Steele et al. 2014).
fn mark(number: u64) -> u64 {
    let mut mark = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mark = (mark ^ (mark >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mark = (mark ^ (mark >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mark ^ (mark >> 31)
}

#[cfg(test)]
mod tests;
