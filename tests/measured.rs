//! Tests of `measure`, which counts the cost of its own writes and notes where it counts other traffic too.

use serde_json::Value;

use crate::shipped::entries;
use crate::story::Tools;

/// Steps in which earlier writes still spread on slow links when a span begins.
const IN_FLIGHT: &str = "\
network line(4)
link all delay 150ms
repeat 20 as i { a: set warm$i $i }
measure writes { a: set k 1 }
measure nothing { wait 10ms }
measure deletes { a: delete k }
expect writes.updates == 1
expect writes.payloads == nodes - 1
expect writes.messages == nodes - 1
expect nothing.payloads + nothing.messages + nothing.bytes == 0
expect deletes.payloads == nodes - 1
expect deletes.messages == nodes - 1
";

/// Steps after which nodes still announce earlier writes and prune links, because a ring has two ways.
const ON_A_RING: &str = "\
network ring(6)
link all delay 20ms
repeat 20 as i { a: set warm$i $i }
measure first { a: set k 1 }
measure second { a: set l 1 }
expect first.payloads == nodes - 1
expect first.messages == second.messages
expect first.bytes == second.bytes
";

#[test]
fn a_span_counts_no_traffic_of_earlier_writes() {
    let tools = Tools::new().file("line.scn", IN_FLIGHT).file("ring.scn", ON_A_RING);
    for world in ["sim", "process"] {
        let ended = tools.run(&format!("test line.scn --world {world} --timeout-factor 5"));
        ended.code(0);
        assert!(!ended.out.contains("note:"), "{}", ended.out);
    }
    tools.run("test ring.scn --world sim --seeds 1..20").code(0);
}

#[test]
fn a_span_beside_other_writes_has_a_note_and_waits_for_nothing() {
    let text = "\
network a-b-c
together {
  repeat 200 at 100/s as i { a: set k$i $i }
  do { wait 100ms; measure m { b: set x 1 } }
}
expect m.payloads >= 1
";
    let tools = Tools::new().file("beside.scn", text);
    let ended = tools.run("test beside.scn --world sim --seed 1 --junit report.xml --json");
    let report = ended.code(0).json();
    let note = "`measure m` counts traffic of other writes too, for when it began, steps beside it were writing: \
                measure before or after them";
    assert_eq!(entries(&report)[0]["notes"], Value::from(vec![note]), "{report:#}");
    assert!(tools.read("report.xml").contains(note));
    let plain = tools.run("test beside.scn --world sim --seed 1");
    assert!(plain.code(0).out.contains(&format!("\nnote: {note}\n")), "{}", plain.out);
}

#[test]
fn a_span_that_begins_before_earlier_writes_have_spread_has_a_note() {
    let text = "\
settle 2s
network a-b-c
clock a +60s
a: set far 1
measure m { b: set near 1 }
expect m.updates == 1
expect m.payloads == 0
";
    let tools = Tools::new().file("ahead.scn", text);
    let ended = tools.run("test ahead.scn --world sim --seed 1 --json");
    let report = ended.code(1).json();
    let failure = &entries(&report)[0]["failure"];
    assert_eq!(failure["line"], 7, "{report:#}");
    let note = "`measure m` counts traffic of other writes too, for when it began, after 2 s earlier writes had not \
                reached all nodes: `expect converged` before it waits for them";
    assert_eq!(failure["help"], note, "{report:#}");
    assert_eq!(entries(&report)[0]["notes"], Value::from(vec![note]), "{report:#}");
}

#[test]
fn a_span_that_is_measured_by_hand_notes_other_traffic() {
    let tools = Tools::new();
    tools.up("a-b");
    tools.run("do 'repeat 100 as i { a: set k$i $i }' 'measure m { b: set x 1 }'").check(0, "", "");
    tools.run("do 'expect m.payloads == 1' 'expect m.updates == 1'").code(0);
    let beside =
        tools.run("do 'together { repeat 50 at 100/s as i { a: set l$i 1 }; measure n { b: set y 1 } }'");
    assert!(
        beside.code(0).out.starts_with("note: `measure n` counts traffic of other writes too"),
        "{beside:?}"
    );
}
