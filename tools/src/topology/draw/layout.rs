//! Where nodes go in a picture. The same graph always gets the same places.
//!
//! Rings and cliques are circles. Other components are laid out so that distances in the picture come
//! close to distances in the graph: classical scaling to begin with (Torgerson 1952), then stress
//! majorisation (Gansner, Koren, North 2004). That draws lines straight, grids square and stars round.
//! The work grows with the square, so that in graphs of more than [`STRESS_NODES_MAX`] nodes every
//! component is a circle.

use super::super::graph::Graph;
use super::super::measures::{Sweep, components};

/// The largest graph whose distances are all looked at.
const STRESS_NODES_MAX: usize = 500;
/// Rounds of majorisation: changes after that are smaller than a node.
const ROUNDS: usize = 60;
/// Rounds of the power iteration; a rough start is enough.
const POWER_ROUNDS: usize = 60;
/// The space around a component, in lengths of a link.
const MARGIN: f64 = 0.7;

/// A place; the length of a link is about 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Places of all nodes, and the size of the picture; the corner is at (0, 0).
pub(super) struct Layout {
    pub(super) points: Vec<Point>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Layout {
    /// Lays out every component, and puts them side by side in rows.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut points = vec![Point { x: 0.0, y: 0.0 }; graph.nodes().len()];
        let blocks: Vec<Block> = components(graph).into_iter().map(|nodes| Block::of(graph, nodes)).collect();
        let area: f64 = blocks.iter().map(|block| block.width * block.height).sum();
        let widest = blocks.iter().map(|block| block.width).fold(0.0, f64::max);
        // Somewhat wider than high, as screens are.
        let row_width = widest.max((area * 1.5).sqrt());
        let (mut x, mut y, mut row_height, mut width) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
        for block in blocks {
            if x > 0.0 && x + block.width > row_width + 1e-9 {
                y += row_height;
                (x, row_height) = (0.0, 0.0);
            }
            for (&node, point) in block.nodes.iter().zip(&block.points) {
                points[node] = Point { x: x + point.x, y: y + point.y };
            }
            x += block.width;
            width = width.max(x);
            row_height = row_height.max(block.height);
        }
        Self { points, width, height: y + row_height }
    }
}

/// A component with its places.
struct Block {
    nodes: Vec<usize>,
    points: Vec<Point>,
    width: f64,
    height: f64,
}

impl Block {
    fn of(graph: &Graph, nodes: Vec<usize>) -> Self {
        let degree = |node: &usize| graph.neighbours(*node).len();
        let is_ring = nodes.iter().all(|node| degree(node) == 2);
        let is_clique = nodes.iter().all(|node| degree(node) == nodes.len() - 1);
        let points = if is_ring {
            // Around the ring, whatever the order of its names.
            around(graph, &nodes)
        } else if is_clique || graph.nodes().len() > STRESS_NODES_MAX {
            circle(nodes.len())
        } else {
            Stress::of(graph, &nodes).points()
        };
        Self::at_corner(nodes, points)
    }

    /// Moves the places so that the smallest are at the margin.
    fn at_corner(nodes: Vec<usize>, mut points: Vec<Point>) -> Self {
        let least = |of: fn(&Point) -> f64| points.iter().map(of).fold(f64::INFINITY, f64::min);
        let (left, top) = (least(|point| point.x), least(|point| point.y));
        for point in &mut points {
            point.x += MARGIN - left;
            point.y += MARGIN - top;
        }
        let most = |of: fn(&Point) -> f64| points.iter().map(of).fold(0.0, f64::max) + MARGIN;
        let (width, height) = (most(|point| point.x), most(|point| point.y));
        Self { nodes, points, width, height }
    }
}

/// As many places on a circle, the first at the top, a link's length apart.
fn circle(count: usize) -> Vec<Point> {
    let turn = std::f64::consts::TAU / count.max(1) as f64;
    let radius = if count < 2 { 0.0 } else { 0.5 / (turn / 2.0).sin() };
    let place = |at: usize| {
        let (sin, cos) = (turn * at as f64).sin_cos();
        Point { x: radius * sin, y: -radius * cos }
    };
    (0..count).map(place).collect()
}

/// The places of a ring's nodes, in the order of `nodes`, which is sorted.
fn around(graph: &Graph, nodes: &[usize]) -> Vec<Point> {
    let mut points = vec![Point { x: 0.0, y: 0.0 }; nodes.len()];
    let Some(&first) = nodes.first() else { return points };
    let (mut before, mut node) = (first, first);
    for place in circle(nodes.len()) {
        if let Ok(at) = nodes.binary_search(&node) {
            points[at] = place;
        }
        let next = graph.neighbours(node).iter().copied().find(|&next| next != before).unwrap_or(first);
        (before, node) = (node, next);
    }
    points
}

/// Distances of a component, and the ways to places from them.
struct Stress {
    count: usize,
    /// From each node to each, row by row.
    distances: Vec<f64>,
}

impl Stress {
    fn of(graph: &Graph, nodes: &[usize]) -> Self {
        let mut sweep = Sweep::new(graph);
        let mut distances = Vec::with_capacity(nodes.len() * nodes.len());
        for &node in nodes {
            sweep.from(node);
            distances.extend(nodes.iter().map(|&other| sweep.distance(other).unwrap_or_default() as f64));
        }
        Self { count: nodes.len(), distances }
    }

    fn points(&self) -> Vec<Point> {
        let mut points = self.scaling();
        for _ in 0..ROUNDS {
            self.majorise(&mut points);
        }
        points
    }

    fn distance(&self, one: usize, other: usize) -> f64 {
        self.distances[one * self.count + other]
    }

    /// One round: every node goes to where the others, by their distances, want it to be. Near nodes
    /// weigh more, by the square.
    fn majorise(&self, points: &mut [Point]) {
        for node in 0..self.count {
            let here = points[node];
            let (mut x, mut y, mut weights) = (0.0, 0.0, 0.0);
            for (other, there) in points.iter().enumerate().filter(|(other, _)| *other != node) {
                let distance = self.distance(node, other);
                let weight = 1.0 / (distance * distance);
                let (dx, dy) = (here.x - there.x, here.y - there.y);
                let scale = distance / (dx * dx + dy * dy).sqrt().max(1e-6);
                x += weight * (there.x + dx * scale);
                y += weight * (there.y + dy * scale);
                weights += weight;
            }
            if weights > 0.0 {
                points[node] = Point { x: x / weights, y: y / weights };
            }
        }
    }

    /// The two main axes of the squared distances, centred; found by power iteration.
    fn scaling(&self) -> Vec<Point> {
        let count = self.count;
        let square = |one: usize, other: usize| self.distance(one, other).powi(2);
        let means: Vec<f64> = (0..count)
            .map(|one| (0..count).map(|other| square(one, other)).sum::<f64>() / count as f64)
            .collect();
        let mean = means.iter().sum::<f64>() / count as f64;
        let centred: Vec<f64> = (0..count * count)
            .map(|at| (at / count, at % count))
            .map(|(one, other)| -0.5 * (square(one, other) - means[one] - means[other] + mean))
            .collect();
        // Multiples of the golden and of the plastic number spread evenly and never alike, so that
        // nodes that the axes do not tell apart (the leaves of a star) do not coincide.
        let spread =
            |step: f64| -> Vec<f64> { (1..=count).map(|at| (at as f64 * step).fract() - 0.5).collect() };
        let xs = axis(&centred, spread(0.618_033_988_749_895), None);
        let ys = axis(&centred, spread(0.754_877_666_246_693), Some(&xs));
        let jitter = spread(0.569_840_290_998_053);
        let points = xs.iter().zip(&ys).zip(&jitter);
        points.map(|((&x, &y), jitter)| Point { x, y: y + 0.01 * jitter }).collect()
    }
}

/// The axis of the greatest extent, across to `other`; its length is that extent.
fn axis(matrix: &[f64], mut vector: Vec<f64>, other: Option<&[f64]>) -> Vec<f64> {
    let count = vector.len();
    let product = |one: &[f64], two: &[f64]| one.iter().zip(two).map(|(a, b)| a * b).sum::<f64>();
    let mut extent = 0.0;
    for _ in 0..POWER_ROUNDS {
        if let Some(other) = other {
            let part = product(&vector, other) / product(other, other).max(1e-12);
            vector.iter_mut().zip(other).for_each(|(value, along)| *value -= part * along);
        }
        let length = product(&vector, &vector).sqrt();
        if length < 1e-9 {
            return vec![0.0; count];
        }
        for value in &mut vector {
            *value /= length;
        }
        let next: Vec<f64> = matrix.chunks(count.max(1)).map(|row| product(row, &vector)).collect();
        extent = product(&vector, &next).max(0.0);
        vector = next;
    }
    let length = product(&vector, &vector).sqrt().max(1e-12);
    vector.iter().map(|value| value / length * extent.sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    /// The least distance between two nodes, and the shortest and the longest link.
    #[track_caller]
    fn check(text: &str, apart: f64, shortest: f64, longest: f64) {
        let graph = parse(&Source::new("topology", text)).unwrap().graph;
        let layout = Layout::of(&graph);
        let points = &layout.points;
        let distance = |one: usize, other: usize| {
            (points[one].x - points[other].x).hypot(points[one].y - points[other].y)
        };
        for (one, point) in points.iter().enumerate() {
            assert!((0.0..=layout.width).contains(&point.x) && (0.0..=layout.height).contains(&point.y));
            for other in 0..one {
                assert!(distance(one, other) > apart, "{one} and {other} of {text} are too near");
            }
        }
        for link in graph.links() {
            let length = distance(link.from, link.to);
            assert!((shortest..=longest).contains(&length), "{text}: {} is {length}", graph.label(link));
        }
    }

    #[test]
    fn nodes_keep_apart_and_links_are_about_as_long_as_each_other() {
        check("a", 0.0, 0.0, 0.0);
        check("a-b", 0.99, 0.99, 1.01);
        check("ring(30)", 0.99, 0.99, 1.01);
        check("a-d, d-b, b-e, e-c, c-a", 0.99, 0.99, 1.01);
        check("line(50)", 0.9, 0.9, 1.1);
        check("star(9)", 0.5, 0.7, 1.4);
        check("grid(8x5)", 0.6, 0.6, 1.4);
        check("tree(15)", 0.3, 0.5, 1.5);
        check("ring(5), star(6, prefix=s), x, y-z", 0.5, 0.7, 1.4);
    }

    #[test]
    fn the_same_graph_has_the_same_places() {
        let graph = parse(&Source::new("topology", "random(40)")).unwrap().graph;
        assert_eq!(Layout::of(&graph).points, Layout::of(&graph).points);
    }
}
