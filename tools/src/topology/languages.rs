//! Tests of the languages of other programs: the links that are read, and the names of their nodes.

use super::*;
use crate::text::Source;

fn read_file(text: &str) -> Graph {
    let reading = Reading { is_file: true, lenient: false };
    match read(&Source::new("file", text), reading) {
        Ok(parsed) => parsed.graph,
        Err(wrong) => panic!("{wrong}"),
    }
}

/// Returns the nodes, then the links without a direction, in order of names.
fn meaning(graph: &Graph) -> String {
    let mut nodes: Vec<&str> = graph.nodes().iter().map(Node::name).collect();
    nodes.sort_unstable();
    let mut links: Vec<String> = graph.links().iter().map(|link| graph.label(link)).collect();
    links.sort_unstable();
    format!("{} | {}", nodes.join(" "), links.join(" "))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(meaning(&read_file(text)), expected);
}

/// Checks the message about a file, and the text that its caret stands under.
#[track_caller]
fn check_error(text: &str, message: &str, at: &str) {
    let source = Source::new("file", text);
    let wrong = read(&source, Reading { is_file: true, lenient: false }).unwrap_err();
    assert_eq!((wrong.message.as_str(), source.at(wrong.span)), (message, at));
}

/// Checks the originals of the nodes that were renamed.
#[track_caller]
fn check_originals(text: &str, expected: &[(&str, &str)]) {
    let graph = read_file(text);
    let originals = (0..graph.nodes().len()).filter_map(|at| Some((graph.name(at), graph.original(at)?)));
    assert_eq!(originals.collect::<Vec<_>>(), expected);
}

#[test]
fn graphviz_names_graphs_and_nodes_by_every_kind_of_id() {
    for name in ["réseau", "1.5", "-7", "-.5", "<x <b>y</b>>", "\"x\" + \"y\"", "\"a \\\" b\"", "_x1", ""] {
        check(&format!("digraph {name} {{ a -> b }}"), "a b | a-b");
        check(&format!("graph {{ subgraph {name} {{ a -- b }} }}"), "a b | a-b");
    }
    check("graph { \"co\" + \"re\" -- b; a [label=\"x\" + \"y\"] }", "a b core | core-b");
    check("graph { \"co\\\nre\" -- b; a [label=\"x\\\ny\"] }", "a b core | core-b");
    check("graph { <core> -- b }", "b core | core-b");
    check("STRICT DiGraph { a -> b a -> b; SubGraph { c }; Node [x=1] EDGE [y=<a<b>c>] }", "a b c | a-b");
    check("graph { 2B }", "2 B | ");
    check("graph { a:n -- b:p:sw; c:\"x y\" }", "a b c | a-b");
}

#[test]
fn graphviz_links_lists_and_subgraphs() {
    check("graph { a, b -- c, d; e, f }", "a b c d e f | a-c a-d b-c b-d");
    check("digraph { a -> { b c } -> d }", "a b c d | a-b a-c b-d c-d");
    check("graph { { a b } -- { c d } }", "a b c d | a-c a-d b-c b-d");
    check("graph { subgraph x { a -- b } -- c }", "a b c | a-b a-c b-c");
    // A subgraph that is opened again has all nodes that it had.
    check("graph { subgraph x { a } subgraph x { b } -- c }", "a b c | a-c b-c");
    check(
        "graph { a -- subgraph { subgraph { b; c } d } -- e [w=1] f }",
        "a b c d e f | a-b a-c a-d b-e c-e d-e",
    );
    let deep = format!("graph {{ {} a {} -- b }}", "{".repeat(50_000), "}".repeat(50_000));
    check(&deep, "a b | a-b");
    let huge = format!(
        "graph {{ {{ {0} }} -- {{ {0} }} }}",
        (0..3_000).map(|n| format!("n{n} ")).collect::<Vec<_>>().concat()
    );
    assert!(parse(&Source::new("file", huge)).is_err());
}

#[test]
fn names_that_a_topology_cannot_spell_are_mapped_and_kept_as_labels() {
    let text = "graph { \"leaf-1\" -- \"10.0.0.1\"; \"(0, 0)\" -- Zürich; leaf_1 -- all; <leaf_1> }";
    check(
        text,
        "0_0 10_0_0_1 Zurich all_ leaf_1 leaf_1_2 leaf_1_3 | 0_0-Zurich leaf_1-all_ leaf_1_2-10_0_0_1",
    );
    let originals = [
        ("leaf_1_2", "leaf-1"),
        ("10_0_0_1", "10.0.0.1"),
        ("0_0", "(0, 0)"),
        ("Zurich", "Zürich"),
        ("all_", "all"),
        ("leaf_1_3", "leaf_1"),
    ];
    check_originals(text, &originals);
    let parsed = parse(&Source::new("file", text)).unwrap();
    assert_eq!(
        parsed.warnings[0].message,
        "`leaf-1` is called `leaf_1_2` here, and 5 more are changed likewise"
    );
    let long = format!("graph {{ \"{}\" }}", "long".repeat(100));
    assert!(read_file(&long).nodes().iter().all(|node| is_node_name(node.name())));
}

#[test]
fn what_is_written_is_read_again_with_its_labels() {
    let graph =
        read_file("graph { \"leaf-1\" -- end; all -- style; v -- \"a \\\" & b\"; \"x\\\\y\" -- a; lone }");
    let labels = |graph: &Graph| -> Vec<Option<String>> {
        (0..graph.nodes().len()).map(|at| graph.original(at).map(str::to_owned)).collect()
    };
    for drawing in [render::dot(&graph), render::json(&graph)] {
        let again = read_file(&drawing);
        assert_eq!((&again, labels(&again)), (&graph, labels(&graph)), "{drawing}");
    }
    // Mermaid has no escape for a quote: the names are the same.
    assert_eq!(read_file(&render::mermaid(&graph)), graph, "{}", render::mermaid(&graph));
    assert_eq!(read_file(&render::topology(&graph)), graph);
}

#[test]
fn a_label_that_somebody_wrote_is_no_former_name() {
    let text = "graph { leaf_1 [label=\"leaf-1\"]; leaf_2 [label=\"leaf-2\", original=\"leaf-2\"] }";
    check(text, "leaf_1 leaf_2 | ");
    check_originals(text, &[("leaf_2", "leaf-2")]);
}

#[test]
fn links_to_oneself_are_refused_or_left_out() {
    let source = Source::new("file", "digraph { a -> a -> b }");
    let wrong = read(&source, Reading { is_file: true, lenient: false }).unwrap_err();
    assert!(wrong.help.is_some_and(|help| help.ends_with("; `--lenient` leaves such links out")));
    let parsed = read(&source, Reading { is_file: true, lenient: true }).unwrap();
    assert_eq!(meaning(&parsed.graph), "a b | a-b");
    assert_eq!(parsed.warnings[0].message, "`a` is linked to itself: this is left out");
}

#[test]
fn edge_lists_are_links() {
    check("0 1\n1 2\n", "0 1 2 | 0-1 1-2");
    check(
        "# a comment\n% another\n0\t1 2.5\n1 2 -3e1\n\n2 0 {'weight': 3}\n3 4 {}\n",
        "0 1 2 3 4 | 0-1 1-2 2-0 3-4",
    );
    check("10.0.0.1 10.0.0.2\n", "10_0_0_1 10_0_0_2 | 10_0_0_1-10_0_0_2");
    // A file that is a topology is read as one; a text that is typed always is.
    check("a-b c-d\n", "a b c d | a-b c-d");
    check("a b c\n", "a b c | ");
    assert_eq!(meaning(&parse(&Source::new("topology", "0 1\n1 2")).unwrap().graph), "0 1 2 | ");
}

#[test]
fn json_has_nodes_and_links() {
    check(&render::json(&read_file("ring(3), x")), "a b c x | a-b b-c c-a");
    let node_link = r#"{"directed": false, "multigraph": false, "graph": {}, "nodes": [{"id": 0}, {"id": "leaf-1"},
        {"id": [0, 1]}], "links": [{"source": 0, "target": "leaf-1"}, {"source": [0, 1], "target": 0, "weight": 2}]}"#;
    check(node_link, "0 0_1 leaf_1 | 0-leaf_1 0_1-0");
    check(&node_link.replace("\"links\"", "\"edges\""), "0 0_1 leaf_1 | 0-leaf_1 0_1-0");
    check(r#"{"nodes": [{"name": "a"}, {"name": "b"}], "links": [{"source": 0, "target": 1}]}"#, "a b | a-b");
    check(
        r#"{"graph": {"nodes": {"a": {}, "b": {}}, "edges": [{"source": "a", "target": "b"}]}}"#,
        "a b | a-b",
    );
    for wrong in ["{", "{}", r#"{"nodes": 1}"#, r#"{"nodes": [{}]}"#, r#"{"nodes": [], "links": [1]}"#] {
        assert!(
            read(&Source::new("file", wrong), Reading { is_file: true, lenient: false }).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn ends_in_json_are_named_as_nodes_are() {
    for key in ["id", "name", "key"] {
        let node = |name: &str| format!("{{\"{key}\": \"{name}\"}}");
        let link = format!("{{\"source\": {}, \"target\": {}}}", node("a"), node("b"));
        let text = format!("{{\"nodes\": [{}, {}], \"links\": [{link}]}}", node("b"), node("a"));
        check(&text, "a b | a-b");
    }
}

#[test]
fn graphml_and_gml_have_nodes_and_edges() {
    let graphml = "<?xml version='1.0' encoding='utf-8'?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n\
                   <key id=\"d0\" for=\"node\" attr.name=\"x\"/><graph edgedefault=\"undirected\"><node id=\"a&amp;b\">\
                   <data key=\"d0\">1</data><graph id=\"in\"><node id=\"c\"/></graph></node>\n<node id=\"d\"/>\
                   <edge source=\"a&amp;b\" target=\"c\"/><edge source=\"d\" target=\"c\"/></graph></graphml>";
    check(graphml, "a_b c d | a_b-c d-c");
    let bomb = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><graphml>&a;</graphml>";
    assert!(read(&Source::new("file", bomb), Reading { is_file: true, lenient: false }).is_err());
    let gml = "Creator \"x\"\nVersion 1\ngraph [\n  directed 0\n  node [ id 0 label \"A &quot;&#228;\" graphics [ x 1.5 y -2 ] ]\n\
               node [\n id 1\n label \"b\" ]\n  edge [ source 0 target 1 value 3 ]\n]\n";
    check(gml, "A_a b | A_a-b");
    check(&gml.replace("\"b\"", "\"A &quot;&#228;\""), "0 1 | 0-1");
    check("graph [ node [ id 7 ] node [ id 8 ] edge [ source 8 target 7 ] ]", "7 8 | 8-7");
    assert!(
        read(&Source::new("file", "graph [ node [ id 7 ]"), Reading { is_file: true, lenient: false })
            .is_err()
    );
}

#[test]
fn mermaid_flowcharts_are_links() {
    check(&render::mermaid(&read_file("ring(3), x, a-end")), "a b c end x | a-b a-end b-c c-a");
    let text = "---\ntitle: x\n---\n%% a comment\nflowchart TD\n  A[\"Start [1]\"] -->|yes| B{Is it?}\n  B -- no --> C((c)):::cls & D\n\
                C -.-> D; D ==> A\n  E o--o F x--x G <--> H\n  A ~~~ H\n  subgraph one [Group]\n  I --- J\n  end\n\
                style A fill:#fff\n  classDef cls fill:#000\n  I -. maybe .-> A\n  leaf-1---leaf-2\n  K@{ shape: rect } e1@--> L\n";
    let nodes = "A B C D E F G H I J K L leaf_1 leaf_2";
    let links = "A-B B-C B-D C-D D-A E-F F-G G-H I-A I-J K-L leaf_1-leaf_2";
    check(text, &format!("{nodes} | {links}"));
    check("graph LR; a-->b-->c", "a b c | a-b b-c");
    check_error("graph LR\n  b --> a[x] & c --> a ; d", "`a` is linked to itself", "a[x] & c --> a");
    assert!(
        read(&Source::new("file", "graph LR\n a --> (\n"), Reading { is_file: true, lenient: false })
            .is_err()
    );
}

#[test]
fn containerlab_files_have_endpoints() {
    let text = "name: srl02\n# a comment\ntopology:\n  kinds:\n    srl: &k\n      image: x\n  nodes:\n    srl-1:\n      <<: *k\n    srl-2:\n      kind: srl\n\
                links:\n".replace("links:", "  links:");
    let text = text
        + "    - endpoints: [\"srl-1:e1-1\", \"srl-2:e1-1\"]\n    - endpoints:\n        - \"srl-1:e1-2\"\n        - \"mgmt-net:eth0\"\n    \
                - type: veth\n      endpoints:\n        - node: srl-2\n          interface: e1-3\n        - node: ceos\n          interface: eth1\n";
    check(&text, "ceos srl_1 srl_2 | srl_1-srl_2 srl_2-ceos");
    check_originals(&text, &[("srl_1", "srl-1"), ("srl_2", "srl-2")]);
    let wrong = "topology:\n  nodes: [\n";
    assert!(read(&Source::new("file", wrong), Reading { is_file: true, lenient: false }).is_err());
}

proptest::proptest! {
    #[test]
    fn no_file_takes_the_reader_down(
        begin in proptest::sample::select(vec!["graph {", "graph LR\n", "graph [", "<graphml>", "{\"nodes\":[", "topology:\n", "a b\n", ""]),
        rest in "[ \\[\\](){}<>\\-.=~|&;:\"@#%/\\\\a-c0-9_+,\n]{0,60}",
    ) {
        for lenient in [false, true] {
            let source = Source::new("file", format!("{begin}{rest}"));
            if let Ok(parsed) = read(&source, Reading { is_file: true, lenient }) {
                proptest::prop_assert!(parsed.graph.nodes().iter().all(|node| is_node_name(node.name())));
            }
        }
    }
}
