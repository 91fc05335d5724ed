//! Tests of shaped links in `netns`: shapes hold for datagrams, and for connections that nodes make by themselves.

use crate::networks;
use crate::story::{Finished, Tools, has};

fn probes(scenario: &str) -> Tools {
    Tools::new()
        .file("packets/probe.py", include_str!("packets/probe.py"))
        .file("packets/probe.toml", include_str!("packets/probe.toml"))
        .file("one.scn", &format!("# Packets of two programs.\nnetwork a-b\n{scenario}"))
}

/// Runs a scenario with two programs that send each other datagrams. The seed of its draws is 7.
#[track_caller]
fn check(scenario: &str) {
    if !(has("python3") && networks::can()) {
        return;
    }
    let tools = probes(scenario);
    let ended = run(&tools, "");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    tools.expect_nothing_left();
}

fn run(tools: &Tools, more: &str) -> Finished {
    tools.run(&format!("test one.scn --driver packets/probe.toml --world netns --seed 7 {more}"))
}

#[test]
fn a_delay_holds_for_datagrams_and_for_connections_that_nodes_make() {
    // A connection takes a round trip, and so do its bytes.
    check(
        "link a-b delay 200ms\nexpect a: ping b >= 400\nexpect b: dial a 10 >= 800\nlink a-b clear\n\
         a: send b 5 100\nexpect b: numbers a == \"0 1 2 3 4\" within 10s\n",
    );
}

#[test]
fn a_shape_of_one_direction_leaves_the_other() {
    check(
        "link a->b loss 100%\na: send b 5 100\nb: send a 5 100\nexpect a: arrived b == 5 within 10s\n\
         expect b: arrived a == 0\nexpect a: ping b == none\n",
    );
}

#[test]
fn the_nth_datagram_gets_the_nth_draw_of_the_seed() {
    // What is lost is the same in each run, and a change of the share moves no draw.
    check(
        "link a->b loss 50%\na: send b 10 100\n\
         expect b: numbers a == \"0 3 5 7 8 9\" within 10s\n\
         link a->b loss 49.9%\na: send b 10 100\n\
         expect b: numbers a == \"0 3 5 7 8 9 0 3 4 7 8 9\" within 10s\n",
    );
}

#[test]
fn datagrams_come_twice_and_out_of_order() {
    check(
        "link a->b duplicate 100%\na: send b 3 100\nexpect b: numbers a == \"0 0 1 1 2 2\" within 10s\n\
         link b->a jitter 200ms\nb: send a 20 100\nexpect a: arrived b == 20 within 10s\n\
         expect a: numbers b != \"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\"\n",
    );
}

#[test]
fn a_rate_spreads_datagrams_and_drops_those_behind_a_full_queue() {
    // Twenty datagrams of more than a thousand bytes: the last leaves 19 times 8,000 bits after the first. Of 300, about
    // 128 KiB find room.
    check(
        "link a->b rate 100kbit\na: send b 20 1000\nexpect b: arrived a == 20 within 20s\n\
         expect b: span a >= 1500\n\
         link b->a rate 2mbit\nb: send a 300 1000\nexpect a: arrived b >= 120 within 20s\n\
         expect a: arrived b < 200\n",
    );
}

#[test]
fn large_datagrams_and_long_streams_arrive_whole() {
    // A datagram of 20 kB is fourteen fragments. A stream is many segments, each a packet.
    check(
        "link a-b delay 1ms\na: send b 3 20000\nexpect b: numbers a == \"0 1 2\" within 10s\n\
         expect a: dial b 3000000 >= 0\n",
    );
}

#[test]
fn packets_that_the_harness_holds_do_not_pass_a_cut() {
    check(
        "link a->b delay 1s\na: send b 5 100\ncut a->b\nlink a->b clear\nwait 1500ms\njoin a->b\n\
         a: send b 1 100\nexpect b: arrived a == 1 within 10s\nexpect b: numbers a == 0\n\
         link a->b delay 1s\na: send b 5 100\npartition a | b\nwait 1500ms\nheal\nlink a->b clear\n\
         a: send b 1 100\nexpect b: numbers a == \"0 0\" within 10s\n",
    );
}

#[test]
fn a_run_ends_with_packets_on_the_way_and_with_a_node_that_is_frozen() {
    check(
        "link a->b delay 200ms\npause b\na: send b 3 100\nresume b\n\
         expect b: numbers a == \"0 1 2\" within 10s\nlink all delay 1h\na: send b 100 100\n",
    );
}

#[test]
fn a_cluster_that_links_itself_is_slowed() {
    if !(has("etcd") && networks::can()) {
        return;
    }
    // A write takes a round trip from the leader to a majority.
    let scenario = "\
# Raft is slowed by links that etcd dials by itself.
network a-b, b-c, c-a
until a: set k 1 within 60s
link all delay 100ms
measure slow {
  a: set k 2
  b: set k 3
  c: set k 4
}
link all clear
expect slow.ack_p50 >= 200ms
expect all: get k == 4 within 30s
";
    let tools = Tools::new().file("one.scn", scenario);
    tools.run("test one.scn --driver etcd --world netns").code(0);
}

#[test]
fn shapes_are_refused_before_the_start_where_the_system_gives_no_packet_sockets() {
    if !(has("python3") && has("setpriv") && networks::can() && rustix::process::geteuid().is_root()) {
        return;
    }
    let tools = probes("link a-b delay 1ms\n");
    let without = "setpriv --bounding-set=-net_raw --inh-caps=-net_raw";
    let test = "\"$TOOLS\" test one.scn --driver packets/probe.toml --world netns";
    let ended = tools.shell(&format!("{without} {test}"));
    ended.code(3);
    assert!(ended.out.contains("shaped links need packet sockets"), "{ended:#?}");
    assert!(!tools.path("logs/one/a.log").exists());
    // A scenario without shapes needs no such socket.
    let tools = probes("cut a-b\nexpect a: ping b == none\n");
    tools.shell(&format!("{without} {test}")).code(0);
}
