//! The strength of the tie between two properties of runs, and the probability of one by chance.

/// Returns the phi coefficient of two properties (Yule 1912): 1 if the same runs have both, 0 if they are
/// independent, -1 if each run has one of them. `both` have both properties, `second` and `first` only the one, and
/// `none` neither. It is 0 where all runs are alike in one property.
pub(super) fn phi(both: u64, second: u64, first: u64, none: u64) -> f64 {
    let [both, second, first, none] = [both, second, first, none].map(float);
    let spread = (both + first) * (second + none) * (both + second) * (first + none);
    if spread == 0.0 { 0.0 } else { (both * none - first * second) / spread.sqrt() }
}

/// Returns the probability that at least `found` of `drawn` runs have a property that `with` of `all` runs have, if
/// the runs are drawn blindly (Fisher's exact test, one-sided).
pub(super) fn at_least(found: u64, drawn: u64, with: u64, all: u64) -> f64 {
    let ways = |of: u64, some: u64| ln_factorial(of) - ln_factorial(some) - ln_factorial(of - some);
    let most = drawn.min(with);
    let possible = |number: &u64| drawn - number <= all - with;
    let sum: f64 = (found..=most)
        .filter(possible)
        .map(|number| (ways(with, number) + ways(all - with, drawn - number) - ways(all, drawn)).exp())
        .sum();
    sum.min(1.0)
}

/// Returns the natural logarithm of a factorial.
fn ln_factorial(number: u64) -> f64 {
    (2..=number).map(|factor| float(factor).ln()).sum()
}

/// Returns a number of runs as a float. No invocation has more than 2^32 runs.
fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: f64, expected: f64) {
        assert!((given - expected).abs() < 1e-9, "{given}, expected {expected}");
    }

    #[test]
    fn the_tie_is_1_for_the_same_runs_and_0_for_independent_ones() {
        check(phi(4, 0, 0, 12), 1.0);
        check(phi(0, 4, 12, 0), -1.0);
        check(phi(2, 2, 6, 6), 0.0);
        check(phi(4, 0, 12, 0), 0.0);
        // 32 / sqrt(8 * 8 * 4 * 12)
        check(phi(4, 0, 4, 8), 1.0 / 3.0_f64.sqrt());
    }

    #[test]
    fn the_probability_is_that_of_a_lady_who_tastes_tea() {
        // Fisher 1935: of 8 cups, 4 with milk first; all 4 named rightly, or at least 3.
        check(at_least(4, 4, 4, 8), 1.0 / 70.0);
        check(at_least(3, 4, 4, 8), 17.0 / 70.0);
        check(at_least(0, 4, 4, 8), 1.0);
        check(at_least(1, 1, 1, 1_000), 0.001);
    }
}
