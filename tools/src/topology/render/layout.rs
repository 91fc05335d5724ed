//! The positions of nodes in a picture. The same graph always gets the same positions.
//!
//! Rings and cliques are circles. Other components are laid out so that distances in the picture come
//! close to distances in the graph: classical scaling to begin with (Torgerson 1952), then stress
//! majorisation (Gansner, Koren, North 2004). That draws lines straight, grids square and stars round.
//! The work grows with the square of the number of nodes. In graphs of more than [`STRESS_NODES_MAX`] nodes
//! every component is therefore a circle.

use super::super::graph::Graph;
use super::super::measures::{Sweep, components};

/// The largest graph for which all distances are computed. Chosen: there are 250,000 of them, and each round
/// goes over all.
const STRESS_NODES_MAX: usize = 500;
/// The number of rounds of majorisation. Chosen: changes after that are smaller than a node.
const ROUNDS: usize = 60;
/// The number of rounds of the power iteration. Chosen: a rough start is enough.
const POWER_ROUNDS: usize = 60;
/// The space around a component; 1 is the length of a link.
const MARGIN: f64 = 0.7;

/// A point; the length of a link is about 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    /// Returns the point after this number of quarter turns, and mirrored from top to bottom if asked.
    fn seen(self, quarters: u8, mirrored: bool) -> Self {
        let Self { x, y } = self;
        let Self { x, y } = match quarters {
            0 => Self { x, y },
            1 => Self { x: -y, y: x },
            2 => Self { x: -x, y: -y },
            _ => Self { x: y, y: -x },
        };
        Self { x, y: if mirrored { -y } else { y } }
    }
}

/// The points of all nodes, and the size of the picture; its corner is at (0, 0).
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
        // The picture is somewhat wider than high, as screens are.
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

/// A component with its points.
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
        // Two nodes make a line as well, which is easier to read.
        let is_clique = nodes.len() != 2 && nodes.iter().all(|node| degree(node) == nodes.len() - 1);
        let points = if is_ring {
            // The nodes go in the order of the ring, and not of their names.
            around(graph, &nodes)
        } else if is_clique || graph.nodes().len() > STRESS_NODES_MAX {
            circle(nodes.len())
        } else {
            upright(graph, &nodes, Stress::of(graph, &nodes).points())
        };
        Self::at_corner(nodes, points)
    }

    /// Moves the points so that the smallest coordinates are at the margin.
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

/// Returns points on a circle, the first at the top, a link's length apart.
fn circle(count: usize) -> Vec<Point> {
    let turn = std::f64::consts::TAU / count.max(1) as f64;
    let radius = if count < 2 { 0.0 } else { 0.5 / (turn / 2.0).sin() };
    let place = |at: usize| {
        let (sin, cos) = (turn * at as f64).sin_cos();
        Point { x: radius * sin, y: -radius * cos }
    };
    (0..count).map(place).collect()
}

/// Returns the points of a ring's nodes, in the order of `nodes`, which is sorted.
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

/// Turns and mirrors the points so that the picture is read as text is. Links lie along the axes if most of
/// them are at right angles to each other, as in lines and grids. The first node is at the top left, and the
/// second to its right. A picture with links in all directions is only mirrored.
fn upright(graph: &Graph, nodes: &[usize], points: Vec<Point>) -> Vec<Point> {
    /// The share of links that has to agree on the axes.
    const AGREED: f64 = 0.6;
    let at = |node: usize| nodes.binary_search(&node).ok();
    let (mut along, mut across, mut links) = (0.0, 0.0, 0.0);
    for (one, &node) in nodes.iter().enumerate() {
        for other in graph.neighbours(node).iter().filter_map(|&node| at(node)).filter(|other| *other > one) {
            // Four times the angle is the same for all directions at right angles.
            let angle = 4.0 * (points[other].y - points[one].y).atan2(points[other].x - points[one].x);
            (along, across, links) = (along + angle.cos(), across + angle.sin(), links + 1.0);
        }
    }
    let agreed = f64::hypot(along, across) / f64::max(links, 1.0) > AGREED;
    let (sin, cos) = if agreed { (f64::atan2(across, along) / -4.0).sin_cos() } else { (0.0, 1.0) };
    let turned = points
        .iter()
        .map(|point| Point { x: point.x * cos - point.y * sin, y: point.x * sin + point.y * cos });
    let turned: Vec<Point> = turned.collect();
    let quarters: &[u8] = if agreed { &[0, 1, 2, 3] } else { &[0, 2] };
    let ways = quarters.iter().flat_map(|quarter| [(*quarter, false), (*quarter, true)]);
    let placed =
        ways.map(|(quarter, mirrored)| turned.iter().map(|point| point.seen(quarter, mirrored)).collect());
    placed
        .max_by(|one: &Vec<Point>, other| reading_order(one).total_cmp(&reading_order(other)))
        .unwrap_or(points)
}

/// Returns a score that is greater the nearer the first node is to the top left, and the farther the second
/// is to its right.
fn reading_order(points: &[Point]) -> f64 {
    let (Some(first), Some(second)) = (points.first(), points.get(1)) else { return 0.0 };
    let left = points.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let top = points.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
    // Tenths are exact enough, so that errors of rounding decide nothing.
    (10.0 * (0.4 * (second.x - first.x) - (first.x - left) - (first.y - top))).round()
}

/// The distances of a component, from which its points are found.
struct Stress {
    count: usize,
    /// The distance from each node to each, row by row.
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

    /// Runs one round: every node moves to where its distances to the others place it. Near nodes weigh more,
    /// by the inverse square of the distance.
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

    /// Returns the two main axes of the squared distances, centred; power iteration finds them.
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
        // Multiples of the golden and of the plastic number spread evenly and never repeat. So nodes that the
        // axes do not tell apart (the leaves of a star) do not coincide.
        let spread =
            |step: f64| -> Vec<f64> { (1..=count).map(|at| (at as f64 * step).fract() - 0.5).collect() };
        let xs = axis(&centred, spread(0.618_033_988_749_895), None);
        let ys = axis(&centred, spread(0.754_877_666_246_693), Some(&xs));
        let jitter = spread(0.569_840_290_998_053);
        let points = xs.iter().zip(&ys).zip(&jitter);
        points.map(|((&x, &y), jitter)| Point { x, y: y + 0.01 * jitter }).collect()
    }
}

/// Finds the axis of the greatest extent, at a right angle to `other`; its length is that extent.
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

    /// Checks the least distance between two nodes, and the shortest and the longest link.
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
    fn a_line_runs_from_left_to_right_and_a_grid_from_the_top_left() {
        let points = |text: &str| Layout::of(&parse(&Source::new("topology", text)).unwrap().graph).points;
        for count in [2, 3, 5, 26] {
            let points = points(&format!("line({count})"));
            for pair in points.windows(2) {
                assert!(pair[1].x - pair[0].x > 0.8 && (pair[1].y - pair[0].y).abs() < 0.1, "line({count})");
            }
        }
        for (columns, rows) in [(3, 4), (4, 3), (5, 5), (8, 2), (2, 3)] {
            let points = points(&format!("grid({columns}x{rows})"));
            for (at, point) in points.iter().enumerate() {
                let (right, below) = (points.get(at + 1), points.get(at + columns));
                if let Some(right) = right.filter(|_| at % columns + 1 < columns) {
                    assert!(
                        right.x - point.x > 0.5 && (right.y - point.y).abs() < 0.45,
                        "grid({columns}x{rows})"
                    );
                }
                if let Some(below) = below {
                    assert!(
                        below.y - point.y > 0.5 && (below.x - point.x).abs() < 0.45,
                        "grid({columns}x{rows})"
                    );
                }
            }
        }
    }

    #[test]
    fn the_same_graph_has_the_same_places() {
        let graph = parse(&Source::new("topology", "random(40)")).unwrap().graph;
        assert_eq!(Layout::of(&graph).points, Layout::of(&graph).points);
    }
}
