//! The document of a page: the skeleton of HTML, the data and the scripts in it.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use serde::Serialize;
use serde_json::value::RawValue;

use super::assets::{SCRIPTS, STYLE};
use super::bounds::EVENTS_BYTES_MAX;
use super::collector::Collected;
use super::data::inert;
use super::policy::policy;
use super::summary::Summary;

/// One run of a page.
#[derive(Debug, Clone)]
pub struct PageRun {
    /// The report of the run: JSON in the shape of an entry of the JSON report.
    pub report: Box<RawValue>,
    /// The events of the run.
    pub events: Events,
}

/// The events of one run, as far as a page has them.
#[derive(Debug, Clone)]
pub enum Events {
    /// The events in the page.
    Kept(Box<Collected>),
    /// Few of the events: the run passed, as one of many. The text says how to see them all.
    Brief(Box<Collected>, String),
    /// The page of so many runs has no room for them.
    LeftOut,
    /// No record of the run is at hand.
    Absent,
}

impl Events {
    /// Returns the events that the page has.
    fn kept(&self) -> Option<&Collected> {
        match self {
            Self::Kept(events) | Self::Brief(events, _) => Some(events),
            Self::LeftOut | Self::Absent => None,
        }
    }
}

/// The room for events in a page of many runs.
#[derive(Debug)]
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(EVENTS_BYTES_MAX)
    }
}

impl Room {
    /// Returns true if no more events fit.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0 == 0
    }

    /// Gives the events room, or leaves them out. Once some are left out, so are all that follow.
    #[must_use]
    pub fn take(&mut self, events: Collected) -> Events {
        if let Some(rest) = self.0.checked_sub(events.len()) {
            self.0 = rest;
            return Events::Kept(Box::new(events));
        }
        self.0 = 0;
        Events::LeftOut
    }

    /// Gives the events of a run that is shown in brief room, or leaves them out. `in_full` says how to see all.
    #[must_use]
    pub fn take_brief(&mut self, events: Collected, in_full: String) -> Events {
        match self.take(events) {
            Events::Kept(events) => Events::Brief(events, in_full),
            other => other,
        }
    }
}

/// The addresses of a live page, each with its token.
#[derive(Debug, Clone, Serialize)]
pub struct LiveConfig {
    /// The address of the stream of events.
    pub events: String,
    /// The address that takes steps.
    #[serde(rename = "do")]
    pub steps: String,
    /// The address that takes commands about time, of a run whose time the person holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// The data about one run, beside its events.
#[derive(Serialize)]
struct RunData<'a> {
    report: &'a RawValue,
    /// True if the events of the run are in the page.
    events: bool,
    summary: Option<&'a Summary>,
    /// The reason why events are left out, if there are any.
    left_out: Option<&'a str>,
}

impl<'a> RunData<'a> {
    fn of(run: &'a PageRun) -> Self {
        let left_out = match &run.events {
            Events::LeftOut => {
                Some("the page has no room for its events: tools report RUN.jsonl --html FILE")
            }
            Events::Brief(_, in_full) => Some(&**in_full),
            Events::Kept(_) | Events::Absent => None,
        };
        let kept = run.events.kept();
        Self {
            report: &run.report,
            events: kept.is_some(),
            summary: kept.and_then(|events| events.summary.as_ref()),
            left_out,
        }
    }
}

/// Returns the page of these runs as one file of HTML. An error comes from the summary of a run.
pub fn html(runs: &[PageRun]) -> serde_json::Result<String> {
    let data: Vec<RunData<'_>> = runs.iter().map(RunData::of).collect();
    let title = if runs.len() == 1 { "Run" } else { "Runs" };
    let body = markup! {
        (data_element("runs", "application/json", &inert(&serde_json::to_string(&data)?)))
        @for (index, run) in runs.iter().enumerate() {
            @if let Some(events) = run.events.kept() {
                (data_element(&format!("events-{index}"), "application/x-ndjson", &events.events))
            }
        }
    };
    Ok(document(title, &body, &SCRIPTS, false))
}

/// Returns the page of a network that is live.
pub fn live_html(config: &LiveConfig) -> serde_json::Result<String> {
    let body = data_element("live", "application/json", &inert(&serde_json::to_string(config)?));
    Ok(document("Live", &body, &SCRIPTS, true))
}

/// Returns an element with data. The data has no `<`, so nothing in it ends the element.
fn data_element(id: &str, kind: &str, data: &str) -> Markup {
    markup! { script type=(kind) id=(id) { (PreEscaped("\n")) (PreEscaped(data)) } }
}

fn document(title: &str, body: &Markup, scripts: &[&str], live: bool) -> String {
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(scripts, STYLE, live));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main #page {
                    noscript { p { "This page draws with its own scripts, which are off in this browser." } }
                }
                (body)
                @for script in scripts {
                    script { (PreEscaped(*script)) }
                }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Bounds, Collector};

    fn collected(line: &str, times: usize) -> Collected {
        let mut collector = Collector::new(Bounds { whole_bytes: usize::MAX, ..Bounds::PAGE });
        (0..times).for_each(|_| collector.push(line));
        collector.finish()
    }

    fn run(events: Events) -> PageRun {
        let report = r#"{"scenario":"</script><img src=x onerror=alert(1)>"}"#.to_owned();
        PageRun { report: RawValue::from_string(report).unwrap(), events }
    }

    #[test]
    fn text_of_strangers_is_no_markup() {
        let line =
            r#"{"at_us":1,"event":"node","node":0,"name":"</script><img src=x onerror=alert(1)><!--"}"#;
        let page = html(&[run(Events::Kept(Box::new(collected(line, 1))))]).unwrap();
        assert!(!page.contains("<img") && page.contains("\\u003c/script>\\u003cimg"));
        // Each script that opens is ended once, and nothing else is.
        assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
        assert_eq!(page.matches("<script").count(), SCRIPTS.len() + 2);
    }

    #[test]
    fn events_that_have_no_room_are_left_out_and_the_page_says_so() {
        let line = format!(r#"{{"at_us":1,"event":"shown","node":0,"text":"{}"}}"#, "x".repeat(60_000));
        let mut room = Room::default();
        let runs = [200, 250, 1].map(|times| run(room.take(collected(&line, times))));
        assert!(room.is_full());
        let page = html(&runs).unwrap();
        assert!(page.contains("id=\"events-0\"") && !page.contains("id=\"events-1\""));
        assert_eq!(page.matches("the page has no room for its events").count(), 2);
    }

    #[test]
    fn a_live_page_has_its_addresses_and_no_runs() {
        let config =
            LiveConfig { events: "/events?token=1".to_owned(), steps: "/do?token=1".to_owned(), time: None };
        let page = live_html(&config).unwrap();
        assert!(page.contains(r#"{"events":"/events?token=1","do":"/do?token=1"}"#));
        assert!(page.contains("connect-src &#39;self&#39;") || page.contains("connect-src 'self'"));
    }
}
