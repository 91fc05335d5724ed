//! Tests of texts with placeholders.

use super::parse::TemplateError;
use super::*;

/// A node of a network of two.
struct Node(&'static str, Vec<Node>);

impl Filling for Node {
    fn text(&self, name: &str) -> Option<String> {
        match name {
            "key" => Some("a b/ü".to_owned()),
            "value" => Some("5".to_owned()),
            "port.client" => Some("7000".to_owned()),
            "name" => Some(self.0.to_owned()),
            _ => None,
        }
    }
    fn is(&self, when: When) -> bool {
        (when == When::Other) == (self.0 != "a")
    }
    fn nodes(&self, nodes: Nodes) -> Vec<&dyn Filling> {
        let own = (nodes == Nodes::All).then_some(self as &dyn Filling);
        own.into_iter().chain(self.1.iter().map(|node| node as &dyn Filling)).collect()
    }
}

fn node() -> Node {
    Node("a", vec![Node("b", Vec::new()), Node("c", Vec::new())])
}

#[track_caller]
fn check(text: &str, usual: Option<Filter>, expected: &str) {
    let template = Template::parse(text).unwrap();
    assert_eq!(template.fill(usual, &node()).as_deref(), Ok(expected), "{text}");
}

#[test]
fn placeholders_are_filled_in_through_their_filters() {
    check("PUT /kv/{key}", Some(Filter::Url), "PUT /kv/a%20b%2F%C3%BC");
    check("PUT /kv/{key|json}", Some(Filter::Url), "PUT /kv/\"a b/ü\"");
    check("{key}", None, "a b/ü");
    check("{value|json} {key|json} {value|base64}", None, "5 \"a b/ü\" NQ==");
    check("{port.client}{value}", None, "70005");
    check("{value | json} { value } {value }", None, "5 { value } {value }");
}

#[test]
fn other_braces_are_text() {
    for text in ["{\"a\": {}}", "{ value }", "{", "x{", "{1}", "{\"k\": \"{\"}", "a}b"] {
        check(text, None, text);
    }
    check("{\"v\": {value}}", None, "{\"v\": 5}");
}

#[test]
fn lists_have_a_text_for_each_node() {
    check("{nodes: \"{name}={port.client}\" join \",\"}", None, "a=7000,b=7000,c=7000");
    check("x {peers: 'http://{name}'}", None, "x http://b http://c");
    let wrong = |text: &str| Template::parse(text).unwrap_err();
    assert_eq!(wrong("a {peers: x}"), TemplateError::List { at: 2..12 });
    assert_eq!(wrong("{nodes: \"{name}\" by \",\"}").to_string(), "this is no list of nodes");
}

#[test]
fn a_placeholder_divides_no_word() {
    let template = Template::parse("sh -c 'x {key}' {nodes: \"{name} {key}\" join \" \"} {value}").unwrap();
    let words = CommandWords::of(&template).unwrap().fill(&node()).unwrap();
    assert_eq!(words, ["sh", "-c", "x a b/ü", "a a b/ü b a b/ü c a b/ü", "5"]);
    assert_eq!(CommandWords::of(&Template::parse("sh 'x").unwrap()), None);
}

#[test]
fn a_condition_is_for_some_nodes_and_a_list_without_join_is_words() {
    let line =
        "x {if first: '--new {name}'} -{if founding: \"f\"}{if other: \"o\"} {peers: \"--join {name}\"}";
    let words = CommandWords::of(&Template::parse(line).unwrap()).unwrap();
    let filled = |node: &Node| words.fill(node).unwrap().join("|");
    assert_eq!(filled(&node()), "x|--new|a|-f|--join|b|--join|c");
    assert_eq!(filled(&Node("b", Vec::new())), "x|-o");
    check("{if first: '{name} {key}'}!{if other: 'x'}", None, "a a b/ü!");
    for wrong in ["{if second: \"x\"}", "{if first: x}", "{if first \"x\"}", "{if other: \"{x|y}\"}"] {
        let error = Template::parse(wrong).unwrap_err();
        assert!(matches!(error, TemplateError::Condition { .. }), "{wrong}");
    }
    // In a body, what is no condition is text.
    check("{\"if first\": 1}", None, "{\"if first\": 1}");
}

#[test]
fn an_unknown_name_or_filter_is_told() {
    let unknown = Template::parse("a {b} {c.d}").unwrap();
    assert_eq!(unknown.fill(None, &node()), Err("b".to_owned()));
    assert_eq!(unknown.slots().map(|slot| slot.at.clone()).collect::<Vec<_>>(), [2..5, 6..11]);
    let error = Template::parse("x {key|json|bse64}").unwrap_err();
    assert_eq!(error, TemplateError::Filter { name: "bse64".to_owned(), at: 12..17 });
}
