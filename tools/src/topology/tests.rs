//! Tests of the language: the meaning of texts, and the messages about wrong ones.

use proptest::prelude::*;

use super::measures::{components, degrees};
use super::*;
use crate::text::{Source, Span};

fn source(text: &str) -> Source {
    Source::new("topology", text)
}

/// Returns the links, and the nodes without one, in the order of items.
fn meaning(text: &str) -> String {
    render::topology(&parse(&source(text)).unwrap().graph).trim_end().replace('\n', " ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(meaning(text), expected);
}

/// Checks the message, the text that the caret points at, and the help.
#[track_caller]
fn refused(text: &str, message: &str, place: &str, help: &str) {
    let source = source(text);
    let wrong = parse(&source).unwrap_err();
    let said = (wrong.message.as_str(), source.at(wrong.span), wrong.help.as_deref().unwrap_or_default());
    assert_eq!(said, (message, place, help));
}

#[track_caller]
fn warned(text: &str, expected: &[(&str, &str, &str)]) {
    let source = source(text);
    let warnings = parse(&source).unwrap().warnings;
    let said: Vec<_> = warnings
        .iter()
        .map(|w| (w.message.as_str(), source.at(w.span), w.help.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn items_are_separated_by_commas_blanks_and_lines() {
    check("a-b", "a-b");
    check(",, a-b ,c-d\n\n e-f\r\n\tg,", "a-b c-d e-f g");
    check("a-b-c-a", "a-b b-c c-a");
    check("bob-alice, R2D2-C3PO, C3PO-BB8, 42-1337", "bob-alice R2D2-C3PO C3PO-BB8 42-1337");
    check("_, a_b-_", "_ a_b-_");
}

#[test]
fn comments_go_to_the_end_of_their_line() {
    check("# one - two\na-b # é (\n#\n,#x\nc", "a-b c");
    check("ring(3, # three\n  from=d # four\n)", "d-e e-f f-d");
}

#[test]
fn generators_make_their_shapes() {
    check("ring(5)", "a-b b-c c-d d-e e-a");
    check("ring(3)", "a-b b-c c-a");
    check("ring(2)", "a-b");
    check("ring(1)", "a");
    check("star(4)", "a-b a-c a-d");
    check("star(1)", "a");
    check("line(3)", "a-b b-c");
    check("clique(4)", "a-b a-c a-d b-c b-d c-d");
    check("tree(7)", "a-b a-c b-d b-e c-f c-g");
    check("tree(5, arity=3)", "a-b a-c a-d b-e");
    check("tree(4, arity=1)", "a-b b-c c-d");
    check("random(1)", "a");
    check("random(2)", "a-b");
    check("random(3)", "a-b a-c b-c");
    check("line(30)", &meaning(&render::topology(&parse(&source("line(30)")).unwrap().graph)));
}

#[test]
fn a_grid_is_named_row_by_row() {
    let parsed = parse(&source("grid(3x2)")).unwrap().graph;
    let links: Vec<_> = parsed.links().iter().map(|link| parsed.label(link)).collect();
    assert_eq!(links, ["a-b", "a-d", "b-c", "b-e", "c-f", "d-e", "e-f"]);
    for same in ["grid:3x2", "grid( 3 x 2 )", "grid(3X2)", "grid(3×2)", "grid(3*2)"] {
        assert_eq!(parse(&source(same)).unwrap().graph, parsed);
    }
}

#[test]
fn generators_compose_with_links_and_share_nodes() {
    check("ring(3), star(3, prefix=s), a-s1", "a-b b-c c-a s1-s2 s1-s3 a-s1");
    check("line(2) line(2,from=b)", "a-b b-c");
    check("ring:3 ring:3", "a-b b-c c-a");
}

#[test]
fn options_name_the_nodes() {
    check("line(3, from=y)", "y-z z-aa");
    check("line(3, prefix=n)", "n1-n2 n2-n3");
    check("line(3, from=0, prefix=n)", "n0-n1 n1-n2");
    check("line( 3 )", "a-b b-c");
    check("line(\n 3 ,\n prefix = n ,\n from = 9 )", "n9-n10 n10-n11");
    check("line(3, from=alk)", "alk-alm alm-aln");
}

#[test]
fn a_name_may_be_that_of_a_generator_in_a_chain() {
    check("ring-star", "ring-star");
    warned("ring-star, grid-tree", &[]);
}

#[test]
fn the_words_of_graphviz_name_nodes_as_well() {
    check("graph, strict-digraph", "graph strict-digraph");
    check("graph", "graph");
}

#[test]
fn a_part_of_a_text_has_places_in_the_whole() {
    let source = source("# net\nnetwork a-b, c-c\nring(2)");
    let start = source.text().find("a-b").unwrap();
    let parsed = parse_span(&source, Span { start, end: start + 3 }).unwrap();
    assert_eq!(parsed.graph.nodes()[1].span(), Span { start: start + 2, end: start + 3 });
    let wrong = parse_span(&source, Span { start, end: start + 8 }).unwrap_err();
    assert_eq!(source.at(wrong.span), "c-c");
    assert_eq!(source.place(wrong.span).line, 2);
    let nothing = parse_span(&source, Span { start, end: start }).unwrap_err();
    assert_eq!((nothing.span.start, nothing.message.as_str()), (start, "a topology names at least one node"));
    for outside in [Span { start: 3, end: 999 }, Span { start: 9, end: 3 }] {
        assert!(parse_span(&source, outside).is_err());
    }
}

#[test]
fn spans_tell_where_each_node_and_link_appears_first() {
    let source = source("a-b-c, line(2, from=y)");
    let graph = parse(&source).unwrap().graph;
    let nodes: Vec<_> = graph.nodes().iter().map(|node| source.at(node.span())).collect();
    assert_eq!(nodes, ["a", "b", "c", "line(2, from=y)", "line(2, from=y)"]);
    let links: Vec<_> = graph.links().iter().map(|link| source.at(link.span)).collect();
    assert_eq!(links, ["a-b", "b-c", "line(2, from=y)"]);
}

#[test]
fn the_same_seed_gives_the_same_graph_on_every_machine() {
    // Graphs that people named by a seed must not change. If this fails, the draws have changed.
    check("random(8, degree=3, seed=7)", "a b a-c a-d e a-f g a-h b-d b-f b-g c-e c-g e-f e-h g-h");
    check("random(5, degree=3, seed=7)", "a-b a-c a-d b-c b-d b-e d-e");
    assert_eq!(meaning("random(50)"), meaning("random(50, degree=4, seed=1)"));
    assert_ne!(meaning("random(50, seed=1)"), meaning("random(50, seed=2)"));
}

#[test]
fn odd_things_are_taken_and_told() {
    warned("a-b, b-c", &[]);
    let once = "it is taken once, as `a-b` in line 1";
    warned(
        "a-b,\nb-a a-b",
        &[("link `b-a` is there already", "b-a", once), ("link `a-b` is there already", "a-b", once)],
    );
    warned(
        "ring, ring",
        &[
            ("`ring` is taken as a node", "ring", "did you mean `ring(5)`?"),
            ("`ring` is taken as a node", "ring", "did you mean `ring(5)`?"),
        ],
    );
    let help = "each is taken once; for nodes of its own, add `prefix=n` or `from=n`";
    warned(
        "a-b, star(6), ring(3)",
        &[
            ("this repeats 1 link that is there already", "star(6)", help),
            ("this repeats 2 links that are there already", "ring(3)", help),
        ],
    );
    let many = parse(&source(&"a-b ".repeat(1000))).unwrap().warnings;
    assert_eq!(many.len(), 21);
    assert_eq!(many[20].message, "979 more places are odd in these ways; this is the last");
}

#[test]
fn wrong_links_are_shown_with_the_right_ones() {
    refused("a-b, c-c", "`c` is linked to itself", "c-c", "a link joins two different nodes, as `c-b` does");
    refused("a-", "a node is missing behind `a-`", "-", "write for example `a-b`");
    refused("b-, c", "a node is missing behind `b-`", "-", "write for example `b-a`");
    refused("a-\nb-c", "a node is missing behind `a-`", "-", "write for example `a-b`");
    refused("a -", "a node is missing behind `a-`", "-", "write for example `a-b`");
    refused("-b", "a node is missing before `-b`", "-", "write for example `a-b`");
    refused("a, -b", "a node is missing before `-b`", "-", "write for example `a-b`");
    let apart = "no blank may stand beside the `-` of a link";
    refused("x - y", apart, "-", "write `x-y`");
    refused("x -y", apart, "-", "write `x-y`");
    refused("w-x- y", apart, "-", "write `x-y`");
    let dashes = "write `a-b`, or `graph { a -- b }` as Graphviz does";
    refused("a--b", "`--` is no link", "--", dashes);
    refused("a -- b", "`--` is no link", "--", dashes);
    refused("a---b", "`---` is no link", "---", dashes);
    let arrow = "a link is written without an arrow";
    refused("a->b", arrow, "->", "write `a-b`: `a` dials, and traffic flows both ways");
    refused("a <- b", arrow, "<-", "write `b-a`: `b` dials, and traffic flows both ways");
    refused("a<->b", arrow, "<->", "write `a-b`: `a` dials, and traffic flows both ways");
    refused("a->", arrow, "->", "write `a-b`: `a` dials, and traffic flows both ways");
}

#[test]
fn characters_that_mean_nothing_are_named() {
    let names = "names are made of the letters a to z, A to Z, digits and `_`";
    refused("a-é", "`é` cannot stand here", "é", names);
    refused("café-a", "`é` cannot stand here", "é", names);
    refused("a-b\u{a0}c", "`\\u{a0}` cannot stand here", "\u{a0}", names);
    refused("a\0b", "`\\0` cannot stand here", "\0", names);
    refused("a–b", "`–` cannot stand here", "–", "write the plain `-`, as in `a-b`");
    refused("a-b; c", "`;` cannot stand here", ";", "items are separated by `,`, a blank or a new line");
    refused(
        "a-b#c",
        "`#` cannot stand here",
        "#",
        "a comment begins at the start of a line or after a blank",
    );
    refused(
        "a.b",
        "`.` cannot stand here",
        ".",
        "names have no dots: `@net.txt` reads a file, and `line(4)` links a, b, c and d",
    );
    refused(
        "@net",
        "`@` cannot stand here",
        "@",
        "`@path` reads a file, on the command line only, and is then the whole topology",
    );
    refused("'a'-b", "`'` cannot stand here", "'", "names take no quotes");
    refused("a-b)", "`)` cannot stand here", ")", "no `(` is open here");
    refused(
        "ring (5)",
        "`(` cannot stand here",
        "(",
        "a `(` touches the name of a generator, as in `ring(5)`",
    );
    refused(
        "ring:5,from=d",
        "`=` cannot stand here",
        "=",
        "options stand in parentheses, as in `ring(5, from=d)`",
    );
    refused("--", "`-` cannot stand here", "-", "a link is written `a-b`");
}

#[test]
fn names_that_cannot_be_are_refused() {
    let reserved = "cannot name a node: it is a word of scenarios";
    refused("all", &format!("`all` {reserved}"), "all", "choose another name, like `all1`");
    refused("a-rest", &format!("`rest` {reserved}"), "rest", "choose another name, like `rest1`");
    let random = "write `random(50)` for a random topology, or choose another name";
    refused("random", &format!("`random` {reserved}"), "random", random);
    refused("random-b", &format!("`random` {reserved}"), "random", random);
    refused("line(3, from=any)", &format!("`any` {reserved}"), "any", "choose another name, like `any1`");
    check(&"n".repeat(63), &"n".repeat(63));
    let long = "n".repeat(64);
    refused(&long, "a name of 64 characters is too long", &long, "a name has at most 63 characters");
    let prefix = "n".repeat(62);
    refused(
        &format!("line(9, prefix={prefix})"),
        "a name of 64 characters is too long",
        &prefix,
        "a name has at most 63 characters",
    );
}

#[test]
fn wrong_generators_are_shown_with_the_nearest() {
    refused("rnig(5)", "unknown generator `rnig`", "rnig", "did you mean `ring`?");
    refused("Ring:5", "unknown generator `Ring`", "Ring", "did you mean `ring`?");
    let all = "there are `ring`, `star`, `line`, `clique`, `grid`, `tree` and `random`";
    refused("hypercube(5)", "unknown generator `hypercube`", "hypercube", all);
    let help = "name one of its nodes, as `ring(5, prefix=r), a-r1` does";
    refused("a-ring(5)", "a generator cannot be an end of a link", "ring", help);
    refused("ring(5)-a", "a generator cannot be an end of a link", "ring(5)", help);
    refused(
        "ring(5)x",
        "`x` cannot stand here",
        "x",
        "names are made of the letters a to z, A to Z, digits and `_`",
    );
}

#[test]
fn parentheses_are_closed() {
    let open = "this `(` is never closed";
    refused("ring(5", open, "(", "write `ring(5)`");
    refused("ring(", open, "(", "write `ring(5)`");
    refused("grid(3x4, a-b, b-c", open, "(", "write `grid(3x4)`");
    refused("ring(5, star(6)", open, "(", "write `ring(5)`");
    refused("ring(5\na-b", open, "(", "write `ring(5)`");
}

#[test]
fn sizes_are_numbers_within_bounds() {
    refused("ring()", "`ring` needs a size", ")", "write `ring(5)`");
    refused("ring:", "`ring` needs a size", ":", "write `ring(5)`");
    refused("ring(x)", "`x` is no size of a ring", "x", "write a number of nodes, as in `ring(5)`");
    refused("star( -5 )", "`-5` is no size of a star", "-5", "write a number of nodes, as in `star(6)`");
    refused("line:1.5", "`1.5` is no size of a line", "1.5", "write a number of nodes, as in `line(26)`");
    refused("ring(3x4)", "`3x4` is no size of a ring", "3x4", "write a number of nodes, as in `ring(5)`");
    refused("grid(12)", "`12` is no size of a grid", "12", "write width and height, as in `grid(3x4)`");
    refused(
        "grid(3x4x5)",
        "`3x4x5` is no size of a grid",
        "3x4x5",
        "write width and height, as in `grid(3x4)`",
    );
    refused("ring(0)", "a ring of no nodes is no topology", "0", "the smallest is `ring(1)`");
    refused("grid(0x4)", "a grid of no nodes is no topology", "0x4", "the smallest is `grid(1x1)`");
    let nodes = "a topology has at most 1,000,000 nodes";
    refused("line(1000001)", "1,000,001 nodes are too many", "line(1000001)", nodes);
    let huge = "line(99999999999999999999999)";
    refused(huge, "18,446,744,073,709,551,615 nodes are too many", huge, nodes);
    refused("a, grid:1000x1001", "1,001,000 nodes are too many", "grid:1000x1001", nodes);
    let links = "a topology has at most 4,000,000 links";
    refused("clique(100000)", "4,999,950,000 links are too many", "clique(100000)", links);
    let dense = "random(500000, degree=17)";
    refused(dense, "4,250,000 links are too many", dense, links);
    let most = u64::MAX;
    for text in
        [format!("clique({most})"), format!("grid({most}x{most})"), format!("random({most}, degree={most})")]
    {
        assert!(parse(&source(&text)).is_err(), "{text}");
    }
}

#[test]
fn the_whole_is_within_bounds_not_only_its_parts() {
    let nodes = "a topology has at most 1,000,000 nodes";
    let text = "line(600000), line(600000, prefix=n)";
    refused(text, "1,000,001 nodes are too many", "line(600000, prefix=n)", nodes);
}

#[test]
fn options_are_known_and_have_values() {
    refused("ring(5, form=d)", "`ring` has no option `form`", "form", "did you mean `from`?");
    refused(
        "star(6, arity=2)",
        "`star` has no option `arity`",
        "arity",
        "its options are `from` and `prefix`",
    );
    refused("random(9, speed=2)", "`random` has no option `speed`", "speed", "did you mean `seed`?");
    refused("ring(5, from=)", "option `from` needs a value", "from", "write for example `from=d`");
    refused("ring(5, =d)", "an option is missing here", "d", "options are `from` and `prefix`");
    refused("ring(5, )", "an option is missing here", ")", "options are `from` and `prefix`");
    refused("ring(5,, from=d)", "an option is missing here", ",", "options are `from` and `prefix`");
    refused("ring(5, from=d, from=e)", "option `from` is given twice", "from", "keep one of the two");
    let order = "the size comes first, then options: `ring(5, from=d)`";
    refused("ring(5, 6)", "`6` is no option", "6", order);
    refused("ring(from=d, 5)", "`5` is no option", "5", order);
    refused("ring(from=d)", "`ring` needs a size", "(", "write `ring(5)`");
    refused("ring(5 from=d)", "a comma is missing before `from`", "5 from", "write `, from=…`");
    refused(
        "tree(5, arity=0)",
        "option `arity` takes a whole number from 1 on, below 2^64, not `0`",
        "0",
        "write for example `arity=3`",
    );
    refused(
        "random(5, seed=x)",
        "option `seed` takes a whole number from 0 on, below 2^64, not `x`",
        "x",
        "write for example `seed=3`",
    );
    let without = "names begin at a letter where there is no prefix, not at `3`";
    refused(
        "ring(5, from=3)",
        without,
        "3",
        "write for example `from=d`, or `prefix=n, from=3` for n3, n4, …",
    );
    let with = "names with a prefix begin at a number, not at `d`";
    refused("ring(5, prefix=n, from=d)", with, "d", "write for example `prefix=n, from=3` for n3, n4, …");
    refused(
        "ring(5, prefix=n-)",
        "`n-` cannot name a node",
        "-",
        "names are made of the letters a to z, A to Z, digits and `_`",
    );
    let far = "ring(5, prefix=n, from=18446744073709551615)";
    let number = "18446744073709551615";
    refused(
        far,
        &format!("option `from` takes a whole number from 0 on, below 2^64, not `{number}`"),
        number,
        "write for example `prefix=n, from=3` for n3, n4, …",
    );
}

#[test]
fn degrees_are_possible() {
    refused(
        "random(9, degree=1)",
        "degree 1 is too low to connect 9 nodes",
        "1",
        "it takes a degree of at least 2",
    );
    refused(
        "random(5, degree=5)",
        "degree 5 is too high for 5 nodes",
        "5",
        "each node can have at most 4 neighbours here",
    );
    refused(
        "random(1, degree=1)",
        "degree 1 is too high for 1 node",
        "1",
        "each node can have at most 0 neighbours here",
    );
}

#[test]
fn nothing_is_no_topology() {
    let help = "write for example `a-b, b-c, c-a`, or `ring(5)`";
    for nothing in ["", " \n,", "# a-b", "graph { }", "/* */ graph x {\n}"] {
        refused(nothing, "a topology names at least one node", "", help);
    }
}

#[test]
fn graphviz_says_who_is_linked() {
    check("graph { a -- b }", "a-b");
    check("graph{a--b--c;d}", "a-b b-c d");
    check("strict graph net { a -- b -- a }", "a-b");
    check("digraph \"my net\" { a -> b -> c }", "a-b b-c");
    check(
        "GRAPH {\n# one\n a; // two\n /* three\n */ b -- a [label=\"x ] }\", color=red][w=1] c }",
        "a b-a c",
    );
    check(
        "graph { node [shape=circle]; edge[len=-1.5]; rankdir=LR; graph [a=<b<i>x</i>>]; a:n -- b:p:sw }",
        "a-b",
    );
    check("graph { subgraph cluster_x { a -- b; label=\"x\" } { c } ; \"d\" -- \"node\" }", "a-b c d-node");
    check(" // drawn\n graph { a--b }\n# end\n", "a-b");
    warned(
        "graph { ring; a -- b; b -- a }",
        &[("link `b-a` is there already", "b -- a", "it is taken once, as `a-b` in line 1")],
    );
    warned("strict graph { a -- b; b -- a }", &[]);
}

#[test]
fn wrong_graphviz_is_shown_too() {
    refused(
        "graph { a -> b }",
        "`->` is no link of a `graph`",
        "->",
        "write `a -- b`, or begin with `digraph`, where `a -> b` says that a dials b",
    );
    refused(
        "digraph { a -- b }",
        "`--` is no link of a `digraph`",
        "--",
        "write `a -> b`: a dials b; or begin with `graph`",
    );
    refused(
        "graph { a -- a }",
        "`a` is linked to itself",
        "a -- a",
        "a link joins two different nodes, as `a-b` does",
    );
    refused(
        "graph { a -- node }",
        "`node` sets defaults here and cannot name a node",
        "node",
        "write `node [ … ]`, or quote it: `\"node\"`",
    );
    refused("graph { a -- b", "this `{` is never closed", "{", "close it with `}`");
    refused("graph { a [x=1 }", "this `[` is never closed", "[", "close it with `]`");
    refused("graph { a \"b }", "this `\"` is never closed", "\"", "close it with `\"`");
    refused("graph { a /* b }", "this `/*` is never closed", "/*", "close it with `*/`");
    refused(
        "graph { a } b",
        "the graph ends before this",
        "b",
        "one text holds one graph; remove what follows the last `}`",
    );
    assert!(parse(&source("graph { a -- ")).is_err());
    assert!(parse(&source(&format!("graph {}", "{".repeat(100_000)))).is_err());
}

#[test]
fn the_message_shows_the_line_and_a_caret() {
    let wrong = parse(&source("a-b, # fine\n  ring(5, form=d)\n")).unwrap_err().to_string();
    insta::assert_snapshot!(wrong, @r"
    error: `ring` has no option `form`
     --> topology:2:11
     2 |   ring(5, form=d)
       |           ^^^^
       = help: did you mean `from`?
    ");
}

/// Generates any graph: links between a few names, and lone names, in any order.
fn any_graph() -> impl Strategy<Value = Graph> {
    let name = prop_oneof!["[a-e]", "[A-Za-z0-9_]{1,4}", "ring", "node", "graph", "[0-9]{1,3}"];
    let item = (name.clone(), prop::option::of(name));
    prop::collection::vec(item, 1..30).prop_filter_map("no node is left", |items| {
        let named = items.iter().filter(|(left, _)| is_node_name(left));
        let written = named.map(|(left, right)| match right {
            Some(right) if is_node_name(right) && left != right => format!("{left}-{right}\n"),
            _ => format!("{left}\n"),
        });
        let text: String = written.collect();
        parse(&source(&text)).ok().map(|parsed| parsed.graph)
    })
}

fn read_again(text: &str) -> Graph {
    parse(&source(text)).unwrap().graph
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(graph in any_graph()) {
        prop_assert_eq!(&read_again(&render::topology(&graph)), &graph);
        prop_assert_eq!(&read_again(&render::dot(&graph)), &graph);
        let json: serde_json::Value = serde_json::from_str(&render::json(&graph)).unwrap();
        prop_assert_eq!(json["links"].as_array().unwrap().len(), graph.links().len());
    }

    #[test]
    fn a_ring_has_two_neighbours_each(nodes in 3_usize..200) {
        let graph = read_again(&format!("ring({nodes})"));
        prop_assert_eq!((graph.nodes().len(), graph.links().len()), (nodes, nodes));
        prop_assert_eq!(components(&graph).len(), 1);
        prop_assert_eq!(degrees(&graph).histogram, std::iter::once((2, nodes)).collect());
    }

    #[test]
    fn generators_have_the_links_that_were_counted(width in 1_usize..12, height in 1_usize..12) {
        let nodes = width * height;
        let links = |text: String| read_again(&text).links().len();
        prop_assert_eq!(links(format!("grid({width}x{height})")), 2 * nodes - width - height);
        prop_assert_eq!(links(format!("clique({nodes})")), nodes * (nodes - 1) / 2);
        prop_assert_eq!(links(format!("tree({nodes}, arity={width})")), nodes - 1);
        for text in [format!("grid({width}x{height})"), format!("tree({nodes}, arity={width})")] {
            prop_assert_eq!(components(&read_again(&text)).len(), 1);
        }
    }

    #[test]
    fn a_random_graph_is_connected_and_as_dense_as_was_asked(
        nodes in 3_usize..80, degree in 2_usize..80, seed: u64,
    ) {
        let degree = degree.min(nodes - 1);
        let graph = read_again(&format!("random({nodes}, degree={degree}, seed={seed})"));
        prop_assert_eq!(graph.nodes().len(), nodes);
        prop_assert_eq!(graph.links().len(), nodes * degree / 2);
        prop_assert_eq!(components(&graph).len(), 1);
    }

    #[test]
    fn no_text_is_too_strange_to_be_answered(text in "\\PC*") {
        answered(&text)?;
    }

    #[test]
    fn nor_is_one_of_the_pieces_of_the_language(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40),
    ) {
        answered(&pieces.concat())?;
        answered(&format!("graph {{ {}", pieces.concat()))?;
    }
}

const PIECES: [&str; 42] = [
    "a", "b", "ring", "grid", "random", "tree", "all", "(", ")", ":", "-", "--", "->", "<-", ",", "=", " ",
    "\n", "#", "5", "3x4", "0", "from", "prefix", "degree", "arity", "seed", "graph", "digraph", "strict",
    "subgraph", "{", "}", "[", "]", "\"", "/*", "*/", "//", "<", ">", "é",
];

/// Reads a text and checks the guarantees of a reader: places within the text, and a valid graph or a message
/// that can be shown.
fn answered(text: &str) -> Result<(), TestCaseError> {
    let source = source(text);
    match parse(&source) {
        Ok(parsed) => {
            prop_assert!(!parsed.graph.is_empty());
            for node in parsed.graph.nodes() {
                prop_assert!(is_node_name(node.name()) && !source.at(node.span()).is_empty());
            }
            for link in parsed.graph.links() {
                prop_assert!(link.from != link.to && !source.at(link.span).is_empty());
            }
            prop_assert_eq!(&read_again(&render::dot(&parsed.graph)), &parsed.graph);
        }
        Err(wrong) => {
            prop_assert!(source.text().get(std::ops::Range::from(wrong.span)).is_some());
            prop_assert!(!wrong.to_string().is_empty());
        }
    }
    Ok(())
}
