//! The number of copies of a value that travel for one write, compared with the least possible: one for
//! each node that has to learn of it.

use std::path::Path;

use crate::Result;
use crate::network::Network;
use crate::table::Table;

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        "payloads: copies of a value a write, 200 writes after warm-up; nodes - 1 would be the least",
        &["network", "written at", "at once", "copies a write", "ratio"],
    );
    for (topology, nodes) in [("clique(25)", 25), ("random(100, degree=4)", 100)] {
        for (who, place) in [("first", "the first"), ("random", "random nodes")] {
            for (rate, at_once) in [("", "1"), (" at 200/s", "200/s")] {
                let copies = copies(topology, who, rate, logs)?;
                table.row([
                    topology.to_owned(),
                    place.to_owned(),
                    at_once.to_owned(),
                    format!("{copies:.2}"),
                    format!("{:.3}", copies / f64::from(nodes - 1)),
                ]);
            }
        }
    }
    table.print();
    Ok(())
}

fn copies(topology: &str, who: &str, rate: &str, logs: &Path) -> Result<f64> {
    let text = format!(
        "network {topology}\n\
         repeat 100{rate} as i {{ {who}: set warm$i $i }}\n\
         expect converged within 10s\n\
         measure m {{ repeat 200{rate} as i {{ {who}: set key$i $i }} }}\n"
    );
    let measures = Network::measures("payloads", &text, logs)?;
    let (_, figures) = measures.first().ok_or("there is one measure")?;
    let figure = |name: &str| figures.get(name).copied().ok_or(format!("no figure `{name}`"));
    Ok(figure("payloads")? / figure("updates")?)
}
