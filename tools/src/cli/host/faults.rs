//! The faults in force, in the words of the steps that caused them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::control::Faults;
use crate::run::Network;
use crate::scenario::Shape;
use crate::text::step_duration;
use crate::world::Direction;

/// Returns the faults of links and clocks that are in force in a network.
pub(super) fn of(network: &Network) -> Faults {
    let name = |node| network.name(node).to_owned();
    let cuts = network.cuts().map(|direction| (direction, String::new()));
    let shapes = network.shapes().map(|(direction, shape)| (direction, text(shape)));
    let shape = |(link, shape): (String, String)| format!("{link} {shape}");
    Faults {
        cuts: links(network, cuts.collect()).into_iter().map(|(link, _)| link).collect(),
        sides: network.sides().into_iter().map(|side| side.into_iter().map(name).collect()).collect(),
        shapes: links(network, shapes.collect()).into_iter().map(shape).collect(),
        clocks: network.shifts().map(|(node, ms)| format!("{} {}", name(node), shift(ms))).collect(),
    }
}

/// Returns directions by name, each with its text. Two opposite directions with the same text become one
/// link.
fn links(network: &Network, mut said: BTreeMap<Direction, String>) -> Vec<(String, String)> {
    let mut links = Vec::new();
    while let Some((direction, what)) = said.pop_first() {
        let Direction { from, to } = direction;
        let back = Direction { from: to, to: from };
        let arrow = if said.get(&back) == Some(&what) {
            said.remove(&back);
            "-"
        } else {
            "->"
        };
        links.push((format!("{}{arrow}{}", network.name(from), network.name(to)), what));
    }
    links
}

fn text(shapes: &[Shape]) -> String {
    shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn shift(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    format!("{sign}{}", step_duration(Duration::from_millis(ms.unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_shifts_are_written_as_in_a_step() {
        let shape = [
            Shape::Delay(Duration::from_millis(200)),
            Shape::Jitter(Duration::from_millis(1_500)),
            Shape::Loss(0.25),
            Shape::Rate(1_000_000),
        ];
        assert_eq!(text(&shape), "delay 200ms jitter 1500ms loss 25% rate 1mbit");
        assert_eq!((shift(10_000), shift(-500)), ("+10s".to_owned(), "-500ms".to_owned()));
    }
}
