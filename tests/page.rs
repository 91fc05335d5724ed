//! Tests of pages in a browser: what is shown, what a click and a key do, and what text of strangers cannot do.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use serde_json::value::RawValue;
use tools::page::{Bounds, Collector, PageRun, Room, html};

use crate::browser::{Browser, right};
use crate::story::Tools;

/// A scenario whose second write does not reach d.
const LOST: &str = "network line(4)\na: set nom Reimert\nexpect all: get nom == Reimert within 5s\n\ncut c->d\n\
                    a: set nom Claes\nexpect all: get nom == Claes within 1s\n";

/// Returns the address of a file.
pub(crate) fn address(path: &Path, fragment: &str) -> String {
    format!("file://{}{fragment}", path.display())
}

/// Returns a page of one run with these events.
pub(crate) fn page(lines: &str, report: &serde_json::Value) -> String {
    let mut collector = Collector::new(Bounds::PAGE);
    lines.lines().for_each(|line| collector.push(line));
    let events = Room::default().take(collector.finish());
    let report = RawValue::from_string(report.to_string()).expect("JSON");
    html(&[PageRun { report, events }]).expect("a page")
}

/// Returns the report of a run, as far as a page needs it.
pub(crate) fn report(scenario: &str, verdict: &str) -> serde_json::Value {
    json!({
        "scenario": scenario, "file": "my.scn", "about": "", "params": {}, "world": "sim", "seed": 7, "seeds": null,
        "verdict": verdict, "reason": null, "duration_ms": 10, "nodes": 3, "held": 0, "measures": [], "excused": [],
        "notes": [], "failure": null, "logs": null, "again": "tools test my.scn --world sim --seed 7",
    })
}

/// Returns the lines of a run of three nodes: a writes, tells b, and b tells c, which does not hear it.
pub(crate) fn told() -> String {
    let mut lines = vec![json!({
        "at_us": 0, "event": "plan", "format": 2, "scenario": "my", "file": "my.scn", "text": "network line(3)\n",
        "params": {}, "world": "sim", "seed": 7,
    })];
    for (node, name) in ["a", "b", "c"].iter().enumerate() {
        lines.push(json!({"at_us": 0, "event": "node", "node": node, "name": name}));
        lines.push(json!({"at_us": 10, "event": "life", "node": node, "life": "running"}));
    }
    let sent = |at: u64, message: u64, from: usize, to: usize| {
        json!({
            "at_us": at, "event": "sent", "message": message, "from": from, "to": to, "kind": "push",
            "class": "payload", "key": "k", "rank": "1", "bytes": 90,
        })
    };
    lines.extend([
        json!({"at_us": 20, "event": "link", "from": 0, "to": 1, "up": true}),
        json!({"at_us": 20, "event": "link", "from": 1, "to": 2, "up": true}),
        json!({"at_us": 100, "event": "ask", "op": 1, "node": 0, "words": ["set", "k", "v"]}),
        json!({"at_us": 120, "event": "stored", "node": 0, "key": "k", "rank": "1", "wall_ms": 1}),
        json!({"at_us": 130, "event": "answer", "op": 1, "value": "1", "written": {"stamp": "1", "rank": "1"}}),
        sent(200, 1, 0, 1),
        // A second message, which has nothing to do with what follows.
        sent(210, 2, 2, 1),
        json!({"at_us": 300, "event": "arrived", "message": 1}),
        json!({"at_us": 310, "event": "stored", "node": 1, "key": "k", "rank": "1", "wall_ms": 1}),
        sent(400, 3, 1, 2),
        json!({"at_us": 450, "event": "lost", "message": 3, "reason": "cut"}),
        json!({"at_us": 900, "event": "arrived", "message": 2}),
        json!({"at_us": 1_000, "event": "verdict", "verdict": "failed"}),
    ]);
    lines.iter().fold(String::new(), |mut text, line| {
        let _: std::fmt::Result = writeln!(text, "{line}");
        text
    })
}

#[test]
fn pages_of_a_passing_and_a_failing_run_open_without_errors() {
    let tools = Tools::new().file("lost.scn", LOST).file(
        "well.scn",
        "# All hear of it.\nnetwork ring(5)\na: set k v\nexpect all: get k == v within 5s\n",
    );
    let ended = tools.run("test well.scn lost.scn --world sim --seed 3 --html page.html");
    ended.code(1);
    assert!(ended.raw.ends_with("page page.html\n"), "{ended:?}");
    let Some(browser) = Browser::start() else { return };
    // The run that failed is shown first.
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('h1').textContent.includes('lost failed')");
    assert_eq!(browser.script("return document.querySelectorAll('.overview tbody tr').length"), 2);
    assert_eq!(browser.script("return document.querySelector('.row.failed .number').textContent"), "7");
    browser.click(".overview tbody tr:nth-child(2) button");
    browser.wait_for("document.querySelector('h1').textContent.includes('well passed')");
    browser.wait_for("location.hash.includes('run=1')");
    for (width, height) in [(390, 800), (1400, 1000)] {
        browser.resize(width, height);
        browser.wait_for("document.documentElement.scrollWidth <= window.innerWidth");
    }
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_moment_in_the_address_is_the_one_shown() {
    let tools = Tools::new().file("page.html", &page(&told(), &report("my", "failed")));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), "#t=0.00031&node=b&key=k"));
    browser.wait_for("document.querySelector('#moment').textContent === 'moment 310 µs'");
    let cells = "return [...document.querySelectorAll('.contents tbody tr:last-child td')].map((cell) => cell.textContent)";
    assert_eq!(browser.script(cells), json!(["v", "— → v", "—"]));
    assert_eq!(browser.script("return document.querySelector('.vertex.chosen').dataset.node"), "1");
    // The next event of b is its sending to c.
    browser.press(&right());
    browser.wait_for("document.querySelector('#moment').textContent.includes('is sent')");
    assert_eq!(browser.script("return new URLSearchParams(location.hash.slice(1)).get('t')"), "0.0004");
    // An address that is typed is followed as well.
    browser.script("location.hash = '#t=0.00012'");
    browser.wait_for("document.querySelector('#moment').textContent === 'moment 120 µs'");
    assert_eq!(browser.script(cells), json!(["— → v", "—", "—"]));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_click_on_an_arrow_shows_its_causes_and_dims_the_rest() {
    let tools = Tools::new().file("page.html", &page(&told(), &report("my", "failed")));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelectorAll('.message.payload').length === 3");
    let class = |message: u64| {
        let script =
            format!("return document.querySelector('[data-message=\"{message}\"]').getAttribute('class')");
        browser.script(&script).as_str().unwrap_or_default().to_owned()
    };
    assert!(class(3).contains("lost"), "{}", class(3));
    browser.script(
        "document.querySelector('[data-message=\"3\"] .target').dispatchEvent(new MouseEvent('click', { bubbles: true }))",
    );
    browser.wait_for("document.querySelector('[data-message=\"3\"]').classList.contains('chosen')");
    // The first message led to the lost one. The second was still under way.
    assert!(class(1).contains("cause") && class(2).contains("dim"), "{} {}", class(1), class(2));
    browser.wait_for("document.querySelector('#moment').textContent.includes('from b to c is lost (cut)')");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_page_of_a_run_that_failed_says_which_message_was_lost() {
    let mut report = report("my", "failed");
    report["failure"] = json!({
        "kind": "expectation", "law": null, "message": "expected == v within 1 s", "file": "my.scn", "line": 1,
        "column": 1, "line_text": "network line(3)", "when_ms": 1, "waited_ms": 1, "help": null, "differences": [],
        "findings": [{"node": "c", "held": "nothing", "fits": false, "since_ms": null}], "logs": [],
    });
    let tools = Tools::new().file("page.html", &page(&told(), &report));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('.reasons .lost')");
    let told = browser.script("return document.querySelector('.reasons').textContent");
    let told = told.as_str().unwrap_or_default();
    assert!(told.contains("c lacks k = v, written at a at 130 µs"), "{told}");
    assert!(told.contains("Lost: the push of k from b to c, sent at 400 µs (cut)."), "{told}");
    browser.click(".reasons .lost button");
    browser.wait_for("document.querySelector('[data-message=\"3\"]').classList.contains('chosen')");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn text_of_strangers_stays_text() {
    let evil = "</script><img src=x onerror=\"document.title='owned'\"><b>";
    let texts = [
        evil,
        "\u{1b}[31mred\u{0}\u{7}",
        "\u{202e}txet\u{202c}",
        "--><!--",
        "{{7*7}}${7*7}",
        &"long ".repeat(20_000),
    ];
    let mut lines = told().replace("\"name\":\"c\"", &format!("\"name\":{}", json!(evil)));
    for (at, text) in texts.iter().enumerate() {
        let (at, op) = (2_000 + at, 100 + at);
        for line in [
            json!({"at_us": at, "event": "ask", "op": op, "node": 0, "words": ["set", text, text]}),
            json!({"at_us": at, "event": "stored", "node": 0, "key": text, "rank": text, "wall_ms": 1}),
            json!({"at_us": at, "event": "answer", "op": op, "value": text, "written": {"stamp": "1", "rank": text}}),
            json!({"at_us": at, "event": "misbehaved", "node": 1, "reason": text}),
            json!({"at_us": at, "event": "sent", "message": op, "from": text, "to": 0, "kind": text, "class": "other", "key": text, "bytes": 1}),
            json!({"at_us": at, "event": "sent", "message": op + 100, "from": 0, "to": text, "kind": text, "class": "other", "body": text, "bytes": 1}),
            json!({"at_us": at, "event": "lost", "message": op, "reason": text}),
            json!({"at_us": at, "event": "measured", "name": text, "figures": {*text: 1.5}}),
            json!({"at_us": at, "event": "step", "step": op, "kind": text, "file": text, "line": 1, "column": 1, "end_column": 2, "text": text}),
            json!({"at_us": at, "event": "log", "node": 0, "level": text, "text": text}),
        ] {
            let _: std::fmt::Result = writeln!(lines, "{line}");
        }
    }
    let mut report = report(evil, "failed");
    report["failure"] = json!({
        "kind": "expectation", "law": null, "message": evil, "file": "my.scn", "line": 1, "column": 1,
        "line_text": evil, "when_ms": 1, "waited_ms": 1, "help": evil, "differences": [evil],
        "findings": [{"node": evil, "held": evil, "fits": false, "since_ms": null}], "logs": [],
    });
    report["again"] = json!(evil);
    let tools = Tools::new().file("page.html", &page(&lines, &report));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), "#t=0.002"));
    browser.wait_for("document.querySelector('.log .line')");
    // The page itself has `b` in the captions of figures only.
    let made = "return document.querySelectorAll('main img, main script, main :not(figcaption) > b').length";
    assert_eq!(browser.script(made), 0);
    let shown = browser.script("return document.querySelector('main').textContent");
    let shown = shown.as_str().unwrap_or_default();
    assert!(shown.contains(evil), "the text is shown as it is");
    assert!(
        shown.contains("\\u{202e}txet") && shown.contains("\\u{1b}[31mred"),
        "hidden characters are seen"
    );
    assert!(!shown.contains('\u{202e}') && !shown.contains('\u{1b}'));
    assert!(!browser.script("return document.title").as_str().unwrap_or_default().contains("owned"));
    assert_eq!(browser.script("return document.documentElement.scrollWidth <= window.innerWidth"), true);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_page_with_a_script_of_a_stranger_does_not_run_it() {
    let whole = page(&told(), &report("my", "failed"));
    let whole = whole.replace(
        "</main>",
        "<script>window.owned = true</script><img src=x onerror=\"window.owned = true\"></main>",
    );
    let tools = Tools::new().file("page.html", &whole);
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('h1')");
    assert_eq!(browser.script("return window.owned === undefined"), true);
    assert!(browser.errors().iter().any(|error| error.contains("Content Security Policy")));
}

#[test]
fn a_large_run_of_a_thousand_nodes_opens_without_errors_and_says_what_it_leaves_out() {
    let mut lines = told();
    for node in 0..1_000 {
        for line in [
            json!({"at_us": 2_000, "event": "node", "node": node, "name": format!("n{node}")}),
            json!({"at_us": 2_000, "event": "life", "node": node, "life": "running"}),
            json!({"at_us": 2_100, "event": "link", "from": node, "to": (node + 1) % 1_000, "up": true}),
        ] {
            let _: std::fmt::Result = writeln!(lines, "{line}");
        }
    }
    for round in 0..40 {
        for node in 0..1_000 {
            let (at, message) = (3_000 + round * 1_000_000 + node, round * 1_000 + node + 10);
            for line in [
                json!({"at_us": at, "event": "sent", "message": message, "from": node, "to": (node + 1) % 1_000, "kind": "push", "class": "payload", "key": "k", "rank": format!("{:03}", round + 2), "bytes": 90}),
                json!({"at_us": at, "event": "stored", "node": node, "key": "k", "rank": format!("{:03}", round + 2), "wall_ms": 1}),
                json!({"at_us": at, "event": "arrived", "message": message}),
            ] {
                let _: std::fmt::Result = writeln!(lines, "{line}");
            }
        }
    }
    let whole = page(&lines, &report("my", "passed"));
    assert!(whole.len() < 10 << 20, "{} bytes", whole.len());
    let tools = Tools::new().file("page.html", &whole);
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), "#t=20"));
    // So many nodes are bars of a ring, which names the one that is clicked.
    browser.wait_for(
        "document.querySelector('.crowd').getAttribute('aria-label').startsWith('Network at 20 s: 1000 nodes')",
    );
    browser.script(
        "const ring = document.querySelector('.crowd'); const box = ring.getBoundingClientRect();
         ring.dispatchEvent(new MouseEvent('click', {
           clientX: box.left + box.width / 2 + 2, clientY: box.top + 36, bubbles: true,
         }))",
    );
    browser.wait_for("/^#.*node=n\\d+/u.test(location.hash)");
    browser.wait_for("document.querySelector('.figures').textContent.includes('This page leaves out')");
    browser.wait_for("document.querySelector('.gap').textContent.includes('left out')");
    browser.press("+");
    browser.press("+");
    browser.press(&right());
    browser.wait_for("!document.querySelector('#moment').textContent.startsWith('moment')");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn keys_are_listed_and_move_through_the_run() {
    let tools = Tools::new().file("page.html", &page(&told(), &report("my", "failed")));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), "#t=0"));
    browser.press("?");
    browser.wait_for("document.querySelector('dialog').open");
    browser.click("dialog button");
    browser.press("l");
    browser.wait_for("document.querySelector('#moment').textContent.includes('is lost')");
    browser.press("f");
    browser.wait_for("document.querySelector('#moment').textContent === 'moment 1 ms'");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_page_that_cannot_be_written_is_said_before_anything_starts() {
    let tools = Tools::new().file("well.scn", "network a-b\nexpect converged within 5s\n");
    let ended = tools.run("test well.scn --world sim --html none/page.html");
    ended.check(
        3,
        "",
        "error: cannot write none/page.html: there is no such file or folder; choose another file\n",
    );
    assert!(!tools.path("logs").exists());
}
