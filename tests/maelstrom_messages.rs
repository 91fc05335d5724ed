//! Tests of the messages that nodes of Maelstrom's protocol send and get: clients, delivery before `init_ok`,
//! answers that nobody waits for, lines, and the time to services.

use crate::maelstrom::{node, right, test, wrong};
use crate::story::{Tools, has};

#[test]
fn each_client_has_a_name_and_numbers_of_its_own() {
    // A leader knows messages by client and number. The others pass on messages under the names of clients, and
    // the leader answers these itself.
    right("lin-kv", "leader.py", "--rate 200 --time 2s --clients 4n --nodes 3");
    wrong(
        "lin-kv",
        "leader.py by-number",
        "--rate 200 --time 2s --clients 4n --nodes 3",
        "not_linearizable",
        "read|cas",
    );
    // Sums of one client are compared by size, which is right as long as it asks one node only.
    right("g-counter", "by_client.py", "--rate 100 --time 2s --clients 2n --settle 5s");
    wrong("g-counter", "by_client.py together", "--rate 100 --time 2s --settle 1s", "wrong_sum", "read");
}

#[test]
fn before_init_is_answered_services_answer_and_messages_pass() {
    right("echo", "early.py", "--rate 50 --time 1s --nodes 3");
    let tools = Tools::new();
    let ended =
        tools.run(&format!("maelstrom echo --exec '{}' --nodes 3 --time 1s", node("early.py stranger")));
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.raw.contains("`lin-queue`, which does not exist"), "{ended:?}");
}

#[test]
fn answers_that_nobody_waits_for_are_counted_and_end_nothing() {
    right("echo", "answers.py", "--rate 100 --time 2s --nodes 2 --availability total");
    wrong("echo", "answers.py other", "--rate 100 --time 1s --nodes 2", "not_the_same", "echo");
    if !has("python3") {
        return;
    }
    let tools = Tools::new().file(
        "answers.scn",
        &format!(
            "node all driver=maelstrom workload=echo exec=\"{}\"\nnetwork a\n\
             a: echo 1\na: echo 2\nexpect a: stats answers_ignored >= 3 within 5s\n",
            node("answers.py")
        ),
    );
    tools.run("test answers.scn").code(0);
}

#[test]
fn a_program_that_selects_and_reads_one_line_gets_every_line_in_time() {
    let flags = "--rate 20 --time 3s --nodes 2 --clients 16n --timeout 3s --availability total";
    right("echo", "one_line.py", flags);
    wrong("echo", "one_line.py skip", flags, "availability", "echo");
    // Many lines in one write are for programs that take all that has come.
    let flags = format!("{flags} --lines many");
    wrong("echo", "one_line.py", &flags, "availability", "echo");
    right("echo", "echo.py", &flags);
}

#[test]
fn services_are_as_slow_as_nodes() {
    let flags = "--rate 50 --time 2s --nodes 2 --latency 50ms";
    let Some(json) = right("lin-kv", "lin_kv.py", flags) else { return };
    assert!(json["latency_s"]["min"].as_f64() >= Some(0.1), "{json:#}");
    // Clients are not: a node that asks nobody answers at once.
    let json =
        right("echo", "echo.py", "--rate 50 --time 2s --nodes 2 --latency 500ms").expect("there is Python");
    assert!(json["latency_s"]["min"].as_f64() < Some(0.5), "{json:#}");
}

#[test]
fn nodes_have_the_names_that_they_were_given() {
    let Some((ended, json)) = test("echo", "names.py left,right", "--nodes left,right --rate 50 --time 1s")
    else {
        return;
    };
    assert_eq!((ended.code, &json["verdict"]), (Some(0), &"valid".into()), "{json:#}");
    wrong("echo", "names.py n0,n1", "--nodes left,right --rate 50 --time 1s", "not_the_same", "echo");
}
