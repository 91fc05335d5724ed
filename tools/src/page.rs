//! Pages: one file of HTML for one run or many, and the same page live.
//!
//! A page is a pure function of reports and of the lines of `run.jsonl`. This module chooses the lines, within
//! bounds, and puts them into the page as they are. The scripts in `assets/` read them in the browser and draw;
//! they read nothing else. A policy in the page forbids everything but the page itself.
//!
//! Names, values and logs come from strangers. They reach the page as data, which the scripts turn to text and
//! never to markup.

mod assets;
mod bounds;
mod brief;
mod collector;
mod curves;
mod data;
mod density;
mod document;
mod policy;
mod summary;

pub use bounds::{Bounds, FULL_RUNS_MAX};
pub use collector::{Collected, Collector};
pub use document::{Events, LiveConfig, PageRun, Room, html, live_html};
pub use summary::Summary;
