//! The law of queues: every queue stays within its bound.

use std::collections::BTreeMap;

use super::{Breach, Law};
use crate::driver::Bound;
use crate::run::results::Finding;

/// Judges the law of **queues**. No figure that a node's driver bounds is above its bound. A figure that
/// a node does not tell breaks nothing. Evidence: `stats`.
pub(in crate::run) fn queues(
    node: &str,
    figures: &BTreeMap<String, u64>,
    bounds: &[Bound],
) -> Option<Breach> {
    let over = bounds.iter().find_map(|bound| {
        let figure = *figures.get(bound.figure)?;
        (figure > bound.most).then_some((bound, figure))
    });
    let (bound, figure) = over?;
    let most = bound.most;
    Some(Breach {
        law: Law::Queues,
        message: format!(
            "a queue of {node} is over its bound: `{}` is {figure}, at most {most}",
            bound.figure
        ),
        findings: vec![Finding {
            node: node.to_owned(),
            held: format!("{}={figure}", bound.figure),
            fits: false,
            since: None,
        }],
        evidence: vec![format!("{node} tells {}={figure}; its bound is {most}", bound.figure)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::NATIVE;

    fn broken(figures: &[(&str, u64)]) -> Option<String> {
        let figures = figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect();
        queues("a", &figures, NATIVE.bounds).map(|broken| broken.evidence.concat())
    }

    #[test]
    fn figures_up_to_their_bounds_are_fine() {
        assert_eq!(
            broken(&[
                ("missing", 4096),
                ("trees", 64),
                ("outbox_weight", 8 << 20),
                ("outbox_weight_max", 4 << 20)
            ]),
            None
        );
        assert_eq!(broken(&[("payloads_sent", u64::MAX)]), None);
    }

    #[test]
    fn a_figure_above_its_bound_is_not() {
        let line = "a tells missing=4097; its bound is 4096";
        assert_eq!(broken(&[("missing", 4097)]).as_deref(), Some(line));
        assert!(broken(&[("trees", 65)]).is_some());
        assert!(broken(&[("pending", 40_000)]).is_some());
    }

    #[test]
    fn the_queue_of_one_neighbour_is_bounded_however_many_there_are() {
        let over = (4 << 20) + 1;
        assert!(broken(&[("peers", 50), ("outbox_weight", over), ("outbox_weight_max", over)]).is_some());
        assert_eq!(broken(&[("peers", 50), ("outbox_weight", over), ("outbox_weight_max", 1)]), None);
    }
}
