//! Tests of the parts of a page in a browser: many seeds compared, the moment of a loss, and words for newcomers.

use std::fmt::Write as _;

use serde_json::json;

use crate::browser::Browser;
use crate::page::{address, page, report, told};
use crate::story::Tools;

/// A scenario that fails where its draw kills c.
const DRAWS: &str = "network ring(5)\na: set k v\nexpect all: get k == v within 5s\nkill random\n\
                     expect c: get k == v within 1s\n";

/// A scenario that fails where the link to c loses too much.
const LOSSY: &str = "network line(3)\nlink b-c loss 40%\na: set k v\nexpect c: get k == v within 300ms\n";

#[test]
fn failing_seeds_are_compared_with_passing_ones_in_the_terminal_and_the_page() {
    let tools = Tools::new().file("draws.scn", DRAWS);
    let ended = tools.run("test draws.scn --world sim --seeds 1..32 --html page.html");
    ended.code(1);
    let compared = "share, and passing ones lack";
    let line = ended.raw.lines().skip_while(|line| !line.contains(compared)).nth(1).unwrap_or_default();
    assert!(line.contains("`random` of line 4 is c; c is killed"), "{ended:?}");
    assert!(line.ends_with("failing runs, in no passing one"), "{ended:?}");
    // The same seeds give the same words, in whatever order they run.
    let again = tools.run("test draws.scn --world sim --seeds 1..32 -j 1");
    assert!(again.raw.contains(line), "{again:?}");
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('.shared tbody tr')");
    // The first seed that failed is shown with its events.
    browser.wait_for("document.querySelector('h1').textContent.includes('draws failed')");
    browser.wait_for("document.querySelectorAll('.message').length > 0");
    assert_eq!(browser.script("return document.querySelectorAll('.overview tbody button').length > 0"), true);
    let first = browser.script("return document.querySelector('.shared tbody tr').textContent");
    assert!(first.as_str().is_some_and(|text| text.contains("c is killed")), "{first}");
    let by = browser.script("return document.querySelector('.reasons-of-seeds tbody').textContent");
    let by = by.as_str().unwrap_or_default();
    assert!(by.contains("line 5") && by.contains("tools test draws.scn --world sim --seed "), "{by}");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn seeds_on_processes_are_compared_as_they_ran() {
    let tools = Tools::new().file("draws.scn", DRAWS);
    let ended = tools.run("test draws.scn --seeds 4..6 -j 3");
    ended.code(1);
    let found =
        "`random` of line 4 is c; c is killed: in all 2 failing runs, in no passing one, which may be chance";
    assert!(ended.raw.contains(found), "{ended:?}");
}

#[test]
fn runs_that_fail_for_different_reasons_are_compared_apart() {
    let text = "network ring(5)\na: set k v\nexpect all: get k == v within 5s\nkill random 2 of b..e\n\
                expect c: get k == v within 1s\nexpect d: get k == v within 1s\n";
    let tools = Tools::new().file("two.scn", text);
    let ended = tools.run("test two.scn --world sim --seeds 1..40");
    ended.code(1);
    for (line, node) in [(5, 'c'), (6, 'd')] {
        let mut lines = ended.raw.lines().skip_while(|one| {
            !one.starts_with(&format!("  those that failed at two.scn:{line} share, and passing ones lack"))
        });
        let first = lines.nth(1).unwrap_or_default();
        assert!(first.contains(&format!("has {node}; {node} is killed")), "{ended:?}");
        assert!(first.contains("failing runs, in no passing one"), "{ended:?}");
    }
}

#[test]
fn seeds_that_all_pass_or_all_fail_are_not_compared() {
    let tools = Tools::new()
        .file("well.scn", "network a-b\na: set k v\nexpect all: get k == v within 5s\n")
        .file("never.scn", "network a-b\nexpect a: get k == v within 1s\n");
    let ended = tools.run("test well.scn never.scn --world sim --seeds 1..5");
    ended.code(1);
    assert!(!ended.raw.contains("passing ones lack") && !ended.raw.contains("nothing tells"), "{ended:?}");
}

#[test]
fn features_of_seeds_stay_text() {
    let evil = "</script><img src=x onerror=\"document.title='owned'\"><b>";
    let mut report = report(evil, "failed");
    report["seeds"] = json!({
        "first": 1, "last": 9, "passed": 5, "failed": 4, "flaky": 0, "broken": 0, "interrupted": 0,
        "reasons": [{"law": null, "file": evil, "line": 3, "message": evil, "runs": 4, "seed": 2, "again": evil}],
        "contrast": {"failing": 4, "passing": 5, "findings": [
            {"features": [evil, "\u{202e}txet"], "more": 2, "failing": 4, "passing": 0, "phi": 1.0, "may_be_chance": true},
        ]},
    });
    // A page of one entry has no table, so there are two.
    let whole = page(&told(), &report);
    let entry = whole.find("[{\"report\"").expect("the data of runs");
    let (head, tail) = whole.split_at(entry + 1);
    let end = tail.find("}]</script>").expect("its end") + 1;
    let whole = format!("{head}{},{}", &tail[..end], tail);
    let tools = Tools::new().file("page.html", &whole);
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('.shared')");
    assert_eq!(browser.script("return document.querySelectorAll('.overview img, .overview b').length"), 0);
    let shown = browser.script("return document.querySelector('.overview').textContent");
    let shown = shown.as_str().unwrap_or_default();
    assert!(
        shown.contains(evil) && shown.contains("\\u{202e}txet") && shown.contains("may be chance"),
        "{shown}"
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_moment_of_a_loss_is_drawn_and_a_click_goes_there() {
    let tools = Tools::new().file("lossy.scn", LOSSY);
    let seeds = tools.run("test lossy.scn --world sim --seeds 1..40");
    let seed = seeds
        .raw
        .split("lossy.scn --world sim --seed ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let seed = seed.expect("a seed that fails").to_owned();
    tools.run(&format!("test lossy.scn --world sim --seed {seed} --when-lost --html page.html")).code(1);
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("!document.querySelector('.lost-when').hidden");
    let told = browser.script("return document.querySelector('.lost-when .note').textContent");
    let told = told.as_str().unwrap_or_default();
    assert!(told.starts_with("Lost between event ") && told.contains(" --reseed-at "), "{told}");
    // The time of the moment from which all fail, as the report has it.
    let certain = "(() => { const { points } = Page.view().run.report.likelihood;
        return points[points.findLastIndex((point) => point.failed < point.runs) + 1].at_us; })()";
    browser.click(".lost-when .note button:nth-of-type(2)");
    browser.wait_for(&format!("Page.view().time === {certain}"));
    browser.click(".lost-when .note button:nth-of-type(3)");
    browser.wait_for("Page.view().to < Page.view().run.end");
    // A click into the picture chooses the point at hand; the picture is aligned with the timeline.
    browser.script("Page.view().chooseTime(0)");
    browser.script(&format!(
        "const view = Page.view(); const canvas = document.querySelector('canvas.likelihood');
         const box = canvas.getBoundingClientRect();
         const plot = document.querySelector('canvas.timeline').clientWidth - view.left - 10;
         const x = view.left + (({certain} - view.from) / (view.to - view.from)) * plot;
         canvas.dispatchEvent(new MouseEvent('click', {{ clientX: box.left + x + 1, clientY: box.top + 40, bubbles: true }}))"
    ));
    browser.wait_for(&format!("Page.view().time === {certain}"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// Returns the lines of a run of nodes that speak in lines: a client asks a, whose gossip to b is lost in a cut.
fn foreign() -> String {
    let mut lines = told().lines().take(7).fold(String::new(), |text, line| text + line + "\n");
    let sent = |at: u64, message: u64, from: serde_json::Value, to: usize, kind: &str| {
        json!({
            "at_us": at, "event": "sent", "message": message, "from": from, "to": to, "kind": kind, "class": "other",
            "body": "2", "bytes": 9,
        })
    };
    let cut = |from: usize, to: usize| json!({"change": "cut", "from": from, "to": to});
    for line in [
        json!({"at_us": 90, "event": "step", "step": 1, "kind": "cut", "file": "my.scn", "line": 12, "column": 1, "end_column": 8, "text": "cut a-b"}),
        json!({"at_us": 100, "event": "links", "op": 1, "changes": [cut(0, 1), cut(1, 0)], "step": 1}),
        json!({"at_us": 100, "event": "step_ended", "step": 1, "result": "done"}),
        sent(110, 1, json!("c1"), 0, "broadcast"),
        json!({"at_us": 120, "event": "arrived", "message": 1}),
        sent(130, 2, json!(0), 1, "gossip"),
        json!({"at_us": 140, "event": "lost", "message": 2, "reason": "cut"}),
        json!({"at_us": 200, "event": "verdict", "verdict": "failed"}),
    ] {
        let _: std::fmt::Result = writeln!(lines, "{line}");
    }
    lines
}

#[test]
fn what_foreign_messages_carry_and_the_line_of_a_fault_are_said() {
    let mut report = report("my", "failed");
    report["failure"] = json!({
        "kind": "expectation", "law": null, "message": "expected something that contains 2 within 2 s",
        "file": "my.scn", "line": 1, "column": 1, "line_text": "expect all: read contains 2 within 2s", "when_ms": 1,
        "waited_ms": 1, "help": null, "differences": [], "findings": [], "logs": [],
    });
    let tools = Tools::new().file("page.html", &page(&foreign(), &report));
    let Some(browser) = Browser::start() else { return };
    browser.open(&address(&tools.path("page.html"), ""));
    browser.wait_for("document.querySelector('[data-message=\"2\"] text')");
    assert_eq!(
        browser.script("return document.querySelector('[data-message=\"2\"] text').textContent"),
        "gossip 2"
    );
    let why = browser.script("return document.querySelector('.reasons').textContent");
    let why = why.as_str().unwrap_or_default();
    assert!(
        why.contains("Lost: the gossip 2 from a to b") && why.contains("cut a–b (line 12) from 100 µs"),
        "{why}"
    );
    let plainly = browser.script("return document.querySelector('.plainly').textContent");
    let expected =
        "In plain words: asked “read”, each node answers with 2 among others, at some moment within 2s.";
    assert_eq!(plainly, expected);
    // The column of a client says that it is one.
    browser.click("[data-kind=\"clients\"]");
    browser.wait_for(
        "[...document.querySelectorAll('.head')].some((head) => head.textContent.endsWith('clientc1'))",
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_failing_line_stays_in_sight_on_a_screen_and_on_a_phone() {
    let text = (1..=60).fold(String::new(), |text, line| text + &format!("# line {line}\n"));
    let mut report = report("my", "failed");
    report["failure"] = json!({
        "kind": "expectation", "law": null, "message": "no", "file": "my.scn", "line": 60, "column": 1,
        "line_text": "# line 60", "when_ms": 1, "waited_ms": 1, "help": null, "differences": [], "findings": [],
        "logs": [],
    });
    let lines = told().replace("\"text\":\"network line(3)\\n\"", &format!("\"text\":{}", json!(text)));
    assert!(lines.contains("# line 60"));
    let tools = Tools::new().file("page.html", &page(&lines, &report));
    let Some(browser) = Browser::start() else { return };
    let in_sight = "(() => { const [box, row] = ['.code', '.row.failed'].map((one) => document.querySelector(one).getBoundingClientRect());
        return row.top >= box.top - 1 && row.bottom <= box.bottom + 1; })()";
    for (width, height) in [(1400, 1000), (390, 800)] {
        browser.resize(width, height);
        browser.open(&address(&tools.path("page.html"), "#t=0"));
        browser.wait_for(in_sight);
        browser.script("document.querySelector('.code').scrollTop = 0");
        browser.wait_for(in_sight);
        browser.wait_for("document.documentElement.scrollWidth <= window.innerWidth");
    }
    // On a phone no column lies outside of its panel unseen: those that do not fit are scrolled to.
    let fits = "const body = document.querySelector('.tall .scroll');
        return body.scrollWidth <= body.clientWidth || getComputedStyle(body).overflowX === 'auto'";
    assert_eq!(browser.script(fits), true);
    // Histograms have axes.
    browser.wait_for("document.querySelectorAll('.figures figure .axis').length > 0");
    assert_eq!(browser.errors(), Vec::<String>::new());
}
