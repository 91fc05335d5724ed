//! The page of a scenario in virtual time: `tools ui SCENARIO --world sim`, as a browser reaches it.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::background::Background;
use crate::browser::Browser;
use crate::story::Tools;
use crate::ui::Address;

const SCENARIO: &str = "network a-b, b-c, c-a\na: set k v\nexpect all: get k == v within 5s\nwait 1s\n\
                        b: set k w\nexpect all: get k == w within 5s\nwait 2s\n";

/// A page whose run stands at its begin.
struct Held {
    tools: Tools,
    page: Address,
    running: Background,
}

impl Held {
    #[track_caller]
    fn new(scenario: &str) -> Self {
        let tools = Tools::new().file("x.scn", scenario);
        let mut running = tools.begin("ui x.scn --world sim --seed 3");
        running.line("tools test x.scn --world sim --seed 3");
        let page = Address::of(&running.line("page: "));
        Self { tools, page, running }
    }

    /// Sends a command about time. Returns the answer.
    #[track_caller]
    fn command(&self, command: &Value) -> Value {
        let request = format!("POST /time?token={}", self.page.token);
        let (status, answer) = self.page.ask(&request, &[&self.page.host()], &command.to_string());
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON")
    }

    /// Returns the lines that a new browser gets until the run is in a state, and its place then.
    #[track_caller]
    fn lines_until(&self, state: &str) -> (Vec<String>, Value) {
        let mut events = self.page.events();
        let mut lines = Vec::new();
        loop {
            let line = events.wait_for(&["data: "]);
            let text = line.trim_end().trim_start_matches("data: ");
            let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
            if value["state"] == state && value["lines"] == json!(lines.len()) {
                return (lines, value);
            }
            if value["event"].is_string() {
                lines.push(text.to_owned());
            }
        }
    }

    /// Goes somewhere, and returns the place once the run stands there.
    #[track_caller]
    fn go(&self, command: &Value) -> Value {
        assert_eq!(self.command(command), json!({ "ok": true }));
        self.stands()
    }

    /// Waits until time stands still or the run has ended. Returns the place.
    #[track_caller]
    fn stands(&self) -> Value {
        let mut events = self.page.events();
        loop {
            let line = events.wait_for(&["\"state\":"]);
            let place: Value = serde_json::from_str(line.trim_start_matches("data: ")).expect("a place");
            if place["state"] == "paused" || place["state"] == "ended" {
                return place;
            }
        }
    }

    /// Ends the page as a person does.
    #[track_caller]
    fn end(self) -> String {
        self.running.signal(Signal::INT);
        let ended = self.running.ended();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        ended.out
    }
}

#[test]
fn the_events_of_a_run_go_forward_and_back() {
    let held = Held::new(SCENARIO);
    assert_eq!(held.stands()["event"], 0);
    let mut places = vec![held.stands()];
    for _ in 0..5 {
        let place = held.go(&json!({ "do": "next" }));
        let last = places.last().expect("a place");
        assert!(place["event"].as_u64() > last["event"].as_u64(), "{place} after {last}");
        assert!(place["lines"].as_u64() > last["lines"].as_u64(), "{place} after {last}");
        places.push(place);
    }
    // The places on the way back are those of the way there.
    for place in places.iter().rev().skip(1) {
        let back = held.go(&json!({ "do": "back" }));
        assert_eq!((&back["event"], &back["lines"]), (&place["event"], &place["lines"]));
    }
    let message = held.go(&json!({ "do": "next_message", "node": 2 }));
    let (lines, _) = held.lines_until("paused");
    let until = usize::try_from(message["lines"].as_u64().expect("a number")).expect("it is small");
    let last: Value = serde_json::from_str(&lines[until - 1]).expect("a line");
    assert!(last["event"] == "sent" && (last["from"] == 2 || last["to"] == 2), "{last}");
    // A line leads to its place.
    let place = held.go(&json!({ "do": "line", "lines": places[3]["lines"] }));
    assert_eq!(place["event"], places[3]["event"]);
    held.end();
}

#[test]
fn a_run_that_went_back_knows_its_place_and_the_messages_under_way() {
    let held = Held::new(SCENARIO);
    // The places at the messages of one node, with a step added by hand among them.
    let message = json!({ "do": "next_message", "node": 2 });
    let mut places = Vec::new();
    for place in 0..24 {
        if place == 12 {
            assert_eq!(held.page.perform("a: set by hand")["error"], Value::Null);
        }
        places.push(held.go(&message));
    }
    let number = |place: &Value, name: &str| place[name].as_u64().expect("a number");
    let same = |one: &Value, other: &Value| {
        ["event", "lines", "at_us"].into_iter().all(|name| number(one, name) == number(other, name))
    };
    held.go(&json!({ "do": "play", "speed": null }));
    let (all, _) = held.lines_until("ended");
    for (index, place) in places.iter().enumerate().rev().step_by(5) {
        let back = held.go(&json!({ "do": "event", "event": place["event"] }));
        assert!(same(&back, place), "{back}, and at first {place}");
        if let Some(next) = places.get(index + 1) {
            let further = held.go(&message);
            assert!(same(&further, next), "{further}, and at first {next}");
        }
        held.go(&json!({ "do": "play", "speed": null }));
        let (again, _) = held.lines_until("ended");
        assert_eq!(again, all);
    }
    held.end();
}

#[test]
fn a_run_is_played_stopped_and_ended() {
    let held = Held::new(SCENARIO);
    assert_eq!(held.command(&json!({ "do": "play", "speed": 0.001 })), json!({ "ok": true }));
    let stopped = held.go(&json!({ "do": "pause" }));
    assert_eq!(stopped["state"], "paused");
    assert_eq!(held.command(&json!({ "do": "play", "speed": null })), json!({ "ok": true }));
    let (lines, ended) = held.lines_until("ended");
    assert_eq!(ended["verdict"], "passed");
    assert!(lines.iter().any(|line| line.contains("\"event\":\"verdict\"")), "{lines:?}");
    let refused = "the run has ended: go back to a moment before its end";
    assert_eq!(held.command(&json!({ "do": "next" })), json!({ "error": refused }));
    assert_eq!(held.page.perform("kill a")["error"], refused);
    let back = held.go(&json!({ "do": "event", "event": 10 }));
    assert_eq!((&back["event"], &back["verdict"]), (&json!(10), &Value::Null));
    // Nothing was added, so nothing is saved.
    assert!(!held.end().contains("the run as a scenario"));
}

#[test]
fn a_run_stops_at_the_step_that_fails() {
    let held = Held::new("network a-b\nwait 1s\nexpect a: get k == v\nwait 1s\n");
    let failed = held.go(&json!({ "do": "next_failure" }));
    assert_eq!(failed["state"], "paused", "{failed}");
    let (lines, _) = held.lines_until("paused");
    assert!(lines.iter().any(|line| line.contains("\"result\":\"failed\"")), "{lines:?}");
    let ended = held.go(&json!({ "do": "next_failure" }));
    let verdict = ended["verdict"].as_str().expect("a verdict");
    assert!(ended["state"] == "ended" && verdict.starts_with("failed: "), "{ended}");
    held.end();
}

#[test]
fn added_steps_come_again_with_the_run_and_drop_those_ahead() {
    let held = Held::new(SCENARIO);
    held.go(&json!({ "do": "event", "event": 40 }));
    assert_eq!(held.page.perform("c: get k")["output"], json!(["v"]));
    assert_eq!(held.page.perform("kill c"), json!({ "ok": true, "output": [] }));
    let killed = held.stands();
    let texts = |place: &Value| -> Vec<(String, bool)> {
        let steps = place["steps"].as_array().expect("steps").iter();
        steps
            .map(|step| (step["text"].as_str().unwrap_or_default().to_owned(), step["ahead"] == true))
            .collect()
    };
    assert_eq!(texts(&killed), [("c: get k".to_owned(), false), ("kill c".to_owned(), false)]);
    let (first, _) = held.lines_until("paused");
    assert!(first.iter().any(|line| line.contains("\"event\":\"exited\"")), "{first:?}");
    // Back before both, and there again.
    let back = held.go(&json!({ "do": "event", "event": 30 }));
    assert_eq!(texts(&back), [("c: get k".to_owned(), true), ("kill c".to_owned(), true)]);
    held.go(&json!({ "do": "event", "event": killed["event"] }));
    // The same step at the same place drops what lay ahead, and gives the same lines.
    held.go(&json!({ "do": "event", "event": 40 }));
    held.page.perform("c: get k");
    assert!(
        held.stands()["note"]
            .as_str()
            .is_some_and(|note| note == "2 steps that lay ahead are dropped: c: get k; kill c")
    );
    held.page.perform("kill c");
    let (again, _) = held.lines_until("paused");
    assert_eq!(again, first);
    let wrong = held.page.perform("kill z");
    assert!(wrong["error"].as_str().is_some_and(|error| error.contains("unknown node `z`")), "{wrong}");
    // An added step that fails is no failure of the scenario.
    let unequal = held.page.perform("expect a: get k == other");
    assert!(unequal["error"].as_str().is_some_and(|error| error.contains("expected == other")), "{unequal}");
    let ended = held.go(&json!({ "do": "play", "speed": null }));
    assert_eq!((&ended["state"], &ended["verdict"]), (&json!("ended"), &json!("passed")));
    held.end();
}

#[test]
fn the_run_with_its_added_steps_is_a_scenario() {
    let held = Held::new("network a-b\nwait 1s\na: set k v\nexpect b: get k == v within 2s\n");
    held.go(&json!({ "do": "play", "speed": null }));
    let (lines, _) = held.lines_until("ended");
    let waits = lines.iter().position(|line| line.contains("\"text\":\"wait 1s\"")).expect("the step");
    held.go(&json!({ "do": "line", "lines": waits + 1 }));
    held.page.perform("cut a-b");
    assert_eq!(held.command(&json!({ "do": "play", "speed": null })), json!({ "ok": true }));
    let (_, ended) = held.lines_until("ended");
    assert_eq!(ended["saved"], "saved as a scenario: tools test logs/x.by-hand.scn --world sim --seed 3");
    let verdict = ended["verdict"].as_str().expect("a verdict").to_owned();
    assert!(verdict.starts_with("failed: "), "{verdict}");
    let again = held.tools.run("test logs/x.by-hand.scn --world sim --seed 3");
    again.code(1);
    let reason = verdict.trim_start_matches("failed: ");
    assert!(again.out.contains(reason), "{reason} is missing in {}", again.out);
    let told = held.end();
    let command = "the run as a scenario: tools test logs/x.by-hand.scn --world sim --seed 3\n";
    assert!(told.ends_with(command), "{told}");
}

#[test]
fn a_step_that_takes_longer_than_the_person_waits_goes_on_later() {
    let held = Held::new(SCENARIO);
    held.go(&json!({ "do": "event", "event": 40 }));
    assert_eq!(held.command(&json!({ "do": "play", "speed": 0.001 })), json!({ "ok": true }));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| held.page.perform("wait 500ms"));
        let mut events = held.page.events();
        events.wait_for(&["\"text\":\"wait 500ms\""]);
        let second = held.page.perform("kill a");
        assert!(second["error"].as_str().is_some_and(|error| error.contains("not done yet")), "{second}");
        held.go(&json!({ "do": "pause" }));
        let said = waiting.join().expect("an answer");
        assert_eq!(said["output"], json!(["under way: time stands still before its end"]));
    });
    held.end();
}

#[test]
fn what_cannot_be_held_is_told() {
    let tools = Tools::new()
        .file("x.scn", "network a-b\n")
        .file("many.scn", "param n = 2 | 3\nnetwork ring($n)\n")
        .file("wrong.scn", "netwrok a-b\n")
        .file("real.scn", "worlds process\nnetwork a-b\n");
    let cases = [
        ("ui x.scn --world process", "time cannot be held in the world `process`"),
        ("ui many.scn", "`many.scn` has 2 scenarios, one for each combination of its parameters"),
        ("ui wrong.scn", "did you mean `network`?"),
        ("ui real.scn", "`real.scn` is for the worlds process, and not for `sim`"),
        ("ui none.scn", "there is no `none.scn`"),
        ("ui .", "`.` is a folder"),
        ("ui --world sim", "--world"),
    ];
    for (line, said) in cases {
        let refused = tools.run(line);
        refused.code(2);
        assert!(refused.err.contains(said), "{line}: {refused:?}");
    }
    let held = Held::new(SCENARIO);
    for wrong in [json!({ "do": "fly" }), json!({ "do": "play", "speed": -1 }), json!([])] {
        let answer = held.command(&wrong);
        assert!(answer["error"].is_string(), "{wrong}: {answer}");
    }
    let (status, _) = held.page.ask("POST /time", &[&held.page.host()], "{\"do\":\"next\"}");
    assert_eq!((status, held.stands()["event"].as_u64()), (403, Some(0)));
    held.end();
}

#[test]
fn the_page_in_a_browser_steps_forward_and_back() {
    let Some(browser) = Browser::start() else { return };
    let held = Held::new(SCENARIO);
    browser.open(&format!("http://127.0.0.1:{}/?token={}", held.page.port, held.page.token));
    let place = "document.querySelector('.place').textContent";
    browser.wait_for(&format!("{place}.startsWith('event 0 ')"));
    let press = |text: &str| {
        browser.script(&format!(
            "[...document.querySelectorAll('.controls button')].find((one) => one.textContent === '{text}').click()"
        ));
    };
    press("next ▶");
    browser.wait_for(&format!("!{place}.startsWith('event 0 ')"));
    press("◀ back");
    browser.wait_for(&format!("{place}.startsWith('event 0 ')"));
    held.go(&json!({ "do": "event", "event": 40 }));
    browser.wait_for("document.querySelectorAll('.vertex.running').length === 3");
    browser
        .script("document.querySelector('.vertex[data-node=\"1\"]').dispatchEvent(new MouseEvent('click'))");
    press("kill");
    browser.wait_for("document.querySelector('.vertex.stopped[data-node=\"1\"]')");
    browser.wait_for("document.querySelector('.added code').textContent === 'kill b'");
    // Before the step the node lives, and the step lies ahead.
    browser.click(".added button");
    browser.wait_for("document.querySelector('.vertex.running[data-node=\"1\"]')");
    browser.wait_for("document.querySelector('.added .ahead code').textContent === 'kill b'");
    // The scenario asks the node that the step kills, which fails; the next failure is the end.
    press("next failure");
    browser.wait_for(&format!("!{place}.startsWith('event 40 ') && {place}.includes('time stands still')"));
    press("next failure");
    browser.wait_for(&format!("{place}.includes('the run has ended')"));
    browser.wait_for(&format!("{place}.includes('failed: ')"));
    browser.wait_for(
        "document.querySelector('h1.failed') && document.querySelectorAll('.row.failed').length === 1",
    );
    let ticks = "document.querySelectorAll('.row.ran').length";
    let all = browser.script(&format!("return {ticks}"));
    // At the begin nothing has happened yet, and a step added there makes another run of what lay ahead.
    press("|◀ begin");
    browser.wait_for(
        "document.querySelector('h1.running') && document.querySelectorAll('.row.failed').length === 0",
    );
    held.page.perform("wait 1us");
    browser.wait_for("document.querySelectorAll('.added li').length === 1");
    press("next failure");
    browser.wait_for(&format!("{place}.includes('the run has ended')"));
    browser.wait_for("document.querySelector('h1.passed')");
    assert!(browser.script(&format!("return {ticks}")).as_u64() > all.as_u64());
    let laws = "return [...document.querySelectorAll('.findings li')].filter((one) => one.textContent.includes('held')).length";
    assert_eq!(browser.script(laws), serde_json::json!(8));
    held.end();
    // The end of the page is told in it.
    browser.wait_for("document.querySelector('.live').textContent === 'ended'");
    assert_eq!(browser.errors(), Vec::<String>::new());
}
