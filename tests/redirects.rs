//! Tests of answers over HTTP that lead to another node.

use crate::networks;
use crate::story::{Tools, has};

/// A store whose nodes lead to the node that they are linked to.
const STORE: &str = "\
links = \"request\"
[http]
redirects = \"follow\"
[start]
command = \"python3 {folder}/node.py {host} {port}\"
[commands.get]
http = \"GET /kv/{key}\"
means = { 404 = \"absent\" }
[commands.set]
http = \"PUT /kv/{key}\"
body = \"{value}\"
[commands.addPeer]
http = \"PUT /to\"
body = \"307 http://{peer.host}:{peer.port}@\"
[commands.to]
http = \"PUT /to\"
body = \"{where}\"
arguments = [\"where\"]
[commands.look]
http = \"GET /kv/k\"
redirects = \"count\"
arguments = []
changes = false
means = { 3xx = \"exists\" }
";

fn store(scenario: &str) -> Tools {
    Tools::new()
        .file("node.py", include_str!("redirects/node.py"))
        .file("kv.toml", STORE)
        .file("one.scn", scenario)
}

#[test]
fn an_answer_that_leads_to_another_node_is_followed_where_the_asked_node_reaches_it() {
    if !has("python3") {
        return;
    }
    let scenario = "\
# A follows b.
network a-b
a: set k v
expect b: get k == v
expect a: get k == v
expect a: get other fails absent
# A command may count the redirect itself.
expect a: look fails exists
expect b: look == v
partition a | b
expect a: get k fails unavailable
expect a: set k lost fails unavailable
heal
expect a: get k == v
kill b
expect a: get k fails unavailable
expect a: set k lost fails unavailable
";
    let tools = store(scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    if networks::can() {
        tools.run("test one.scn --driver kv.toml --world netns").code(0);
    }
    tools.expect_nothing_left();
}

#[test]
fn a_place_outside_of_the_network_or_a_circle_is_not_followed() {
    if !has("python3") {
        return;
    }
    let scenario = "\
# Places that nobody can ask.
network a
a: set k v
a: to \"307 @?again\"
expect a: get k fails unavailable
a: to \"307 http://192.0.2.1:80@\"
expect a: get k fails refused
expect a: set k w fails refused
a: to \"308 https://127.0.0.1@\"
expect a: get k fails refused
a: to \"302 http://[\"
expect a: get k fails refused
a: to \"301 \"
expect a: get k fails refused
# The change was carried out before the page led in a circle.
a: to \"303 @\"
expect a: set k w fails unknown
a: to \"307 long\"
expect a: set k w fails unknown
a: to nowhere
expect a: get k == v
";
    let tools = store(scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    let reason = |place: &str, expected: &str| {
        let scenario = format!("# One place.\nnetwork a\na: to \"{place}\"\na: set k v\n");
        std::fs::write(tools.path("two.scn"), scenario).unwrap();
        let ended = tools.run("test two.scn --driver kv.toml");
        ended.code(1);
        assert!(ended.out.contains(expected), "{place}: {ended:#?}");
    };
    reason("307 http://192.0.2.1:80@", "HTTP 307 leads to `192.0.2.1:80`, which is no node of the network");
    reason("307 @", "HTTP 307 leads to `/kv/k`, the 6th time");
    reason(
        "308 https://127.0.0.1@",
        "HTTP 308 leads to `https://127.0.0.1/kv/k`, and only http:// is spoken",
    );
    reason("302 http://[", "HTTP 302 leads to `http://[`, which is no URL");
    tools.expect_nothing_left();
}

#[test]
fn a_wrong_word_for_redirects_is_shown_with_its_place() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let tools =
            Tools::new().file("kv.toml", &STORE.replace(from, to)).file("one.scn", "# One.\nnetwork a\n");
        let ended = tools.run("check one.scn --driver kv.toml");
        ended.code(2);
        for expected in expected {
            assert!(ended.err.contains(expected), "{ended:#?}");
        }
    };
    check("\"follow\"", "\"folow\"", &["kv.toml:3:13", "did you mean `follow`?"]);
    let line = "[commands.look]\ntcp = \"look\"";
    check(
        "[commands.look]\nhttp = \"GET /kv/k\"",
        line,
        &["kv.toml:21:13", "a request by `tcp` leads nowhere else", "`redirects` belongs to `http`"],
    );
}
