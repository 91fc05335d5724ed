//! Tests of the live page in a browser: each of its controls does its step to a network that runs.

use crate::browser::Browser;
use crate::story::Tools;

/// Starts a ring of three nodes with its page, and opens it.
#[track_caller]
fn open(tools: &Tools) -> Option<Browser> {
    let browser = Browser::start()?;
    let up = tools.up("ring:3 --faults --ui");
    let line = up.raw.lines().find(|line| line.starts_with("page: ")).expect("the page is told");
    browser.open(line.trim_start_matches("page: "));
    browser.wait_for("document.querySelectorAll('.vertex.running').length === 3");
    Some(browser)
}

/// Presses a button of the controls once none is disabled, and waits until its step is done.
#[track_caller]
fn press(browser: &Browser, button: &str) {
    browser.wait_for("!document.querySelector('.controls button').disabled");
    browser.script(&format!(
        "document.querySelector('.controls .said').textContent = '';
         [...document.querySelectorAll('.controls button')].find((one) => one.textContent === '{button}').click()"
    ));
    browser.wait_for(
        "!document.querySelector('.controls button').disabled && document.querySelector('.said').textContent !== ''",
    );
    assert_eq!(
        browser.script("return document.querySelector('.said.failed')?.textContent ?? null"),
        serde_json::Value::Null
    );
}

#[track_caller]
fn choose(browser: &Browser, node: usize) {
    browser.script(&format!(
        "document.querySelector('.vertex[data-node=\"{node}\"]').dispatchEvent(new MouseEvent('click'))"
    ));
    browser.wait_for(&format!("document.querySelector('.vertex.chosen[data-node=\"{node}\"]')"));
}

#[track_caller]
fn recorded(tools: &Tools, step: &str) {
    let recorded = tools.run("record").out;
    assert!(recorded.lines().any(|line| line.trim() == step), "{step} is missing in {recorded}");
}

#[test]
fn a_line_around_a_node_parts_it_from_the_rest_and_heal_joins_them() {
    let tools = Tools::new();
    let Some(browser) = open(&tools) else { return };
    browser.script(
        "document.querySelector('.picture').scrollIntoView({ block: 'center' });
         [...document.querySelectorAll('.controls button')].find((one) => one.textContent === 'partition…').click()",
    );
    browser.wait_for("document.querySelector('.lasso')");
    let place = browser.script(
        "const box = document.querySelector('.vertex[data-node=\"2\"] circle').getBoundingClientRect();
         return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)]",
    );
    let (x, y) = (place[0].as_i64().expect("a place"), place[1].as_i64().expect("a place"));
    browser.draw(&[(x - 25, y - 25), (x + 25, y - 25), (x + 25, y + 25), (x - 25, y + 25), (x - 25, y - 20)]);
    browser.wait_for("document.querySelectorAll('.vertex .side').length === 3");
    recorded(&tools, "partition c | rest");
    press(&browser, "heal");
    browser.wait_for("document.querySelectorAll('.vertex .side').length === 0");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn links_get_shapes_one_by_one_and_all_at_once() {
    let tools = Tools::new();
    let Some(browser) = open(&tools) else { return };
    browser.fill_in("[aria-label=\"Shape of links\"]", "delay 20ms");
    browser.script("document.querySelector('[aria-label=\"A click on a link\"]').selectedIndex = 1");
    let link = "g.edge[data-from=\"0\"][data-to=\"1\"]";
    browser.script(&format!(
        "document.querySelector('{link}').dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))"
    ));
    browser.wait_for(&format!("document.querySelector('{link}.slow').textContent.includes('delay 20ms')"));
    assert_eq!(browser.script("return document.querySelectorAll('.edge.slow').length"), 1);
    recorded(&tools, "link a-b delay 20ms");
    press(&browser, "shape all");
    browser.wait_for("document.querySelectorAll('.edge.slow').length === 3");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_value_is_written_at_the_chosen_node_and_read_at_another() {
    let tools = Tools::new();
    let Some(browser) = open(&tools) else { return };
    choose(&browser, 0);
    browser.fill_in("[aria-label=\"Key\"]", "nom");
    browser.fill_in("[aria-label=\"Value\"]", "Reimert <b>");
    press(&browser, "set");
    recorded(&tools, "a: set nom \"Reimert <b>\"");
    tools.run("do 'expect all: get nom == \"Reimert <b>\" within 10s'").code(0);
    choose(&browser, 2);
    press(&browser, "get");
    let said = browser.script("return document.querySelector('.said').textContent");
    assert!(said.as_str().is_some_and(|said| said.contains("Reimert <b>")), "{said}");
    browser.wait_for("document.querySelector('.contents').textContent.includes('Reimert <b>')");
    // Nodes of a live network do not tell what they store, but their answers show who has the newest.
    press(&browser, "get at all");
    browser.wait_for("document.querySelectorAll('.vertex.newest').length === 3");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_node_that_is_added_runs_and_is_linked_to_the_chosen_one() {
    let tools = Tools::new();
    let Some(browser) = open(&tools) else { return };
    choose(&browser, 1);
    browser.fill_in("[aria-label=\"Name of the new node\"]", "newcomer");
    press(&browser, "add node");
    browser.wait_for("document.querySelector('.vertex.running[data-node=\"3\"]')");
    browser.wait_for("document.querySelector('g.edge[data-from=\"1\"][data-to=\"3\"]')");
    let names: Vec<_> =
        tools.ps()["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()).collect();
    assert_eq!(names, ["a", "b", "c", "newcomer"]);
    assert_eq!(browser.errors(), Vec::<String>::new());
}
