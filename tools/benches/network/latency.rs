//! The times of the scenario `latency`: of the whole command `tools test`, and of each run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::network::PROGRAM;
use crate::samples::{Samples, ms};
use crate::table::Table;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/latency.scn");
const TIMES: usize = 7;

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut whole = Samples::default();
    let mut runs: BTreeMap<String, Samples> = BTreeMap::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        let output = Command::new(PROGRAM)
            .args(["test", "--json", SCENARIO, "--logs"])
            .arg(logs)
            .stderr(Stdio::inherit())
            .output()?;
        whole.add(began.elapsed());
        if !output.status.success() {
            return Err(format!("{SCENARIO}: {}", String::from_utf8_lossy(&output.stdout)).into());
        }
        let report: Value = serde_json::from_slice(&output.stdout)?;
        for scenario in report["scenarios"].as_array().ok_or("a report lists scenarios")? {
            let name = scenario["scenario"].as_str().unwrap_or_default().to_owned();
            let took = Duration::from_millis(scenario["duration_ms"].as_u64().unwrap_or_default());
            runs.entry(name).or_default().add(took);
        }
    }
    let mut table =
        Table::new("latency: scenarios/latency.scn, start of its 26 nodes included", &["", "median", "max"]);
    for (name, samples) in &runs {
        table.row([name.clone(), ms(samples.median()), ms(samples.greatest())]);
    }
    table.row(["tools test, both runs".to_owned(), ms(whole.median()), ms(whole.greatest())]);
    table.print();
    Ok(())
}
