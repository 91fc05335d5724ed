//! Tests of the number of copies: on a clique whose push tree has formed, each node gets a write about
//! once.

use crate::story::Tools;

#[test]
fn a_clique_of_25_sends_little_more_than_one_copy_a_node() {
    let text = "\
network clique(25)
repeat 20 as i { a: set warm$i $i }
expect converged within 30s
measure m {
  repeat 200 as i { a: set key$i $i }
}
expect m.updates == 200
expect m.payloads >= (nodes - 1) * m.updates
expect m.payloads <= 1.05 * (nodes - 1) * m.updates
";
    let tools = Tools::new().file("clique.scn", text);
    // The factor stretches deadlines for busy machines. It does not change the figures.
    let ended = tools.run("test clique.scn --timeout-factor 10");
    ended.code(0);
    let figures = &tools.events("clique", "measured")[0]["figures"];
    let payloads = figures["payloads"].as_f64().unwrap();
    assert!((4_800.0..=5_040.0).contains(&payloads), "{figures}");
}
