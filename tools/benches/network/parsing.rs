//! The time from a text of 100,000 links to its graph.

use std::path::Path;
use std::time::Instant;

use tools::text::Source;
use tools::topology::{self, Graph};

use crate::Result;
use crate::samples::{Samples, ms};
use crate::table::Table;

const TIMES: usize = 7;

pub(crate) fn run(_logs: &Path) -> Result<()> {
    let generated = "random(50000, degree=4)";
    let graph = read(generated)?;
    let written: Vec<String> = graph.links().iter().map(|link| graph.label(link)).collect();
    let mut table = Table::new("parsing: from text to graph", &["text", "links", "median", "max"]);
    for (name, text) in [("one link after another", written.join(", ")), (generated, generated.to_owned())] {
        let samples: Samples = (0..TIMES)
            .map(|_| {
                let began = Instant::now();
                read(&text).map(|_| began.elapsed())
            })
            .collect::<Result<Samples>>()?;
        let links = read(&text)?.links().len().to_string();
        table.row([name.to_owned(), links, ms(samples.median()), ms(samples.greatest())]);
    }
    table.print();
    Ok(())
}

fn read(text: &str) -> Result<Graph> {
    let parsed = topology::parse(&Source::new("topology", text)).map_err(|wrong| wrong.to_string())?;
    Ok(parsed.graph)
}
