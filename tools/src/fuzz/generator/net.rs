//! Drawing topologies: every generator, random graphs, and growth.

use crate::fuzz::plan::{Node, Topology};
use crate::random::Rng;
use crate::text::Source;
use crate::topology;

/// The least and the most nodes that a network begins with, except for a grid. Chosen: three are the fewest
/// with a choice of ways, and a dozen runs within milliseconds.
const NODES: (u64, u64) = (3, 12);
/// The most nodes of a clique. Chosen: seven have 21 links, and a larger clique is mostly links.
const CLIQUE_MAX: u64 = 7;
/// The most nodes that a network grows to. Chosen: a quarter more than the most that it begins with.
const GROWN_MAX: usize = 15;

/// Draws a network of 3 to 12 nodes.
pub(super) fn draw(rng: &mut Rng) -> Topology {
    // Small networks are drawn more often: a failure in them is understood sooner.
    let most = rng.within(NODES.0, NODES.1);
    let nodes = rng.within(NODES.0, most);
    let written = match rng.below(10) {
        0 => format!("ring({nodes})"),
        1 => format!("star({nodes})"),
        2 => format!("line({nodes})"),
        3 => format!("clique({})", nodes.min(CLIQUE_MAX)),
        4 => {
            let (width, height) =
                rng.pick(&[(2, 2), (3, 2), (2, 3), (4, 2), (3, 3), (4, 3)]).unwrap_or((2, 2));
            format!("grid({width}x{height})")
        }
        5 => format!("tree({nodes}, arity={})", rng.within(2, 3)),
        6..8 => {
            let degree = rng.within(2, 4).min(nodes - 1);
            format!("random({nodes}, degree={degree}, seed={})", rng.within(1, 99))
        }
        8 => {
            // Two parts, joined by one link or not at all.
            let (left, right) = (rng.within(2, 5), rng.within(2, 5));
            let shape = |kind: u64| match kind {
                0 => "ring",
                1 => "star",
                _ => "line",
            };
            let (one, other) = (shape(rng.below(3)), shape(rng.below(3)));
            let from = Node(usize::try_from(left).unwrap_or_default());
            let link = if rng.percent(70) { format!(", a-{from}") } else { String::new() };
            format!("{one}({left}), {other}({right}, from={from}){link}")
        }
        _ => "a-b, b-c, c-a".to_owned(),
    };
    read(written)
}

/// Parses a topology as the harness does.
fn read(written: String) -> Topology {
    let Ok(parsed) = topology::parse(&Source::new("topology", written.as_str())) else {
        return Topology::default();
    };
    let graph = parsed.graph;
    let node = |index: usize| Node::named(graph.name(index)).unwrap_or(Node(index));
    let links = graph.links().iter().map(|link| (node(link.from), node(link.to))).collect();
    let nodes = (0..graph.nodes().len()).map(node).collect();
    Topology { written: Some(written), nodes, links }
}

/// Draws new nodes that are linked to known ones, or new links between known ones.
pub(super) fn growth(rng: &mut Rng, known: &[Node], linked: impl Fn(Node, Node) -> bool) -> Option<Topology> {
    let new = Node(known.iter().map(|node| node.0 + 1).max()?);
    if known.len() < GROWN_MAX && rng.percent(75) {
        let size = usize::try_from(rng.within(1, 3)).unwrap_or(1).min(GROWN_MAX - known.len());
        let mut items = Vec::new();
        if size > 1 {
            let shape = rng.pick(&["line", "star", "ring"])?;
            items.push(format!("{shape}({size}, from={new})"));
        }
        let count = usize::try_from(rng.within(1, 2)).unwrap_or(1);
        for old in rng.sample(known, count) {
            // Either end dials.
            items.push(if rng.percent(50) { format!("{old}-{new}") } else { format!("{new}-{old}") });
        }
        return Some(read(items.join(", ")));
    }
    let pairs = known.iter().flat_map(|one| known.iter().map(move |other| (*one, *other)));
    let free: Vec<(Node, Node)> =
        pairs.filter(|(one, other)| one != other && !linked(*one, *other)).collect();
    let (from, to) = rng.pick(&free)?;
    Some(read(format!("{from}-{to}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generator_is_drawn_within_bounds() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let topology = draw(&mut Rng::new(seed));
            let written = topology.written.clone().unwrap();
            assert!((3..=12).contains(&topology.nodes.len()), "{written}: {}", topology.nodes.len());
            assert!(topology.nodes.len() > 3 || !topology.links.is_empty());
            seen.insert(written.split('(').next().unwrap().to_owned());
        }
        for kind in ["ring", "star", "line", "clique", "grid", "tree", "random", "a-b, b-c, c-a"] {
            assert!(seen.contains(kind), "{kind} is never drawn: {seen:?}");
        }
    }
}
