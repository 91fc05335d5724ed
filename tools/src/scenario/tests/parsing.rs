//! Tests of the steps that a text is parsed to.

use super::{read, read_with, render};
use crate::scenario::parse_steps;
use crate::text::Source;

#[track_caller]
fn check(text: &str, expected: &str) {
    match read(text) {
        Ok((scenario, _)) => assert_eq!(render::block(&scenario.steps), expected),
        Err(diagnostic) => panic!("{diagnostic}"),
    }
}

#[track_caller]
fn check_with(text: &str, choice: &[(&str, &str)], expected: &str) {
    match read_with(text, choice, &[]) {
        Ok((scenario, _)) => assert_eq!(render::block(&scenario.steps), expected),
        Err(diagnostic) => panic!("{diagnostic}"),
    }
}

#[test]
fn steps_end_with_a_line_a_semicolon_or_a_brace() {
    check("kill a\nstop a; start a;\n\n;restart a", "kill a; stop a; start a; restart a");
    check("together { pause a; resume a }", "together { pause a; resume a }");
    check("do{kill a;}\r\nheal\r\n", "do { kill a }; heal");
    check("", "");
    check("\u{feff}# only a comment", "");
}

#[test]
fn comments_begin_at_a_line_or_after_a_blank() {
    check("a: set x 1 # one\n# two\n  # three\na: get x#y", "a: |set| |x| |1|; a: |get| |x#y|");
    check("expect all: get x == 1 # one", "expect all: |get| |x| == |1|");
    check("kill a # ; { }\nheal # }", "kill a; heal");
    check("together { # why\n  heal # }\n}", "together { heal }");
}

#[test]
fn a_newline_after_a_comma_is_a_blank() {
    check("kill a,\n  # the second\n  b", "kill a, b");
    check("network a-b, # c comes later\n  b-d\nkill a", "network a-b, b-d; kill a");
    check("cut a-b,\n b-c", "cut a-b, b-c");
}

#[test]
fn asks_are_read_before_keywords() {
    check("kill: get x", "kill: |get| |x|");
    check(
        "try start a, b; try restart all; try start: get x",
        "try start a, b; try restart all; try start: |get| |x|",
    );
    check("try: get x; try try: get x", "try: |get| |x|; try try: |get| |x|");
    check("timeout: get x; expect, let: get x", "timeout: |get| |x|; expect, let: |get| |x|");
    check("a:get x; a : get x", "a: |get| |x|; a: |get| |x|");
    check("kill kill", "kill kill");
    check("expect expect: get x", "expect expect: |get| |x|");
    check("expect converged: get x", "expect converged: |get| |x|");
}

#[test]
fn nodes_are_chosen_by_name_by_range_and_by_chance() {
    check("kill all", "kill all");
    check("kill all but a, c..e", "kill all but a, c..e");
    check("kill all of $v, first", "kill all of $v, first");
    check("kill random", "kill random 1");
    check("kill random 3 of a..m", "kill random 3 of a..m");
    check("kill random all but a", "kill random 1 but a");
    check("kill random half but last", "kill random half but last");
    check("kill half, of, but", "kill half, of, but");
    check("kill 1..12", "kill 1..12");
    check("random 2: get x", "random 2: |get| |x|");
    check("partition a,b|rest", "partition a, b | rest");
    check("partition random half | rest", "partition random half | rest");
}

#[test]
fn words_are_bare_or_quoted() {
    check("a: set a-b,c:d/e \"x ; {y}\"", "a: |set| |a-b,c:d/e| |x ; {y}|");
    check(r#"a: set k "{\"n\": \"\u00e9\\\n\"}""#, "a: |set| |k| |{\"n\": \"é\\\n\"}|");
    check("a: set k \"\"", "a: |set| |k| ||");
    check("a: set k [1,\"b\"]", "a: |set| |k| |[1,\"b\"]|");
    check("expect a: get \"for\" == \"within\" within 5s", "expect a: |get| |for| == |within| within 5s");
    check("try a: set k \"#1\"", "try a: |set| |k| |#1|");
    check("until a, b: set k v within 10s", "until a, b: |set| |k| |v| within 10 s");
    check("until a: set \"within\" v within 500ms", "until a: |set| |within| |v| within 500 ms");
    check("until: get x", "until: |get| |x|");
}

#[test]
fn words_are_filled_in() {
    check("a: set $x ${x}y 5$$ k$i-$j", "a: |set| |<$x>| |<$x>y| |5$| |k<$i>-<$j>|");
    check("a: set k${i % 10} \"v ${ (i+1) * 2 }\"", "a: |set| |k<($i % 10)>| |v <(($i + 1) * 2)>|");
    check("a: set k${i%10} ${nodes}", "a: |set| |k<($i % 10)>| |<nodes>|");
    check("expect a: log matches /^a{2} $x;#/", "expect a: |log| matches /^a{2} $x;#/");
}

#[test]
fn answers_and_choices_are_kept() {
    check("let won = a: get k", "let won = a: |get| |k|");
    check("let v=random 2 of $w", "let v = random 2 of $w");
    check("let all = all", "let all = all");
}

#[test]
fn expectations_have_predicates_and_bounds() {
    check("expect all: get nom == Reimert within 5s", "expect all: |get| |nom| == |Reimert| within 5s");
    check("expect any a, b: get x for 200ms", "expect any a, b: |get| |x| for 200000us");
    check("expect a: peers == b c within 1.5s", "expect a: |peers| == |b| |c| within 1500000us");
    check("expect all: get x agree", "expect all: |get| |x| agree");
    check("expect all: get x not in A B for 1m", "expect all: |get| |x| not in |A| |B| for 60s");
    check("expect a: keys contains x", "expect a: |keys| contains |x|");
    check("expect a: log not matches /x y/ within 1h", "expect a: |log| not matches /x y/ within 3600s");
    check("expect a: keys is empty", "expect a: |keys| is empty");
    check("expect a: keys not is empty", "expect a: |keys| not is empty");
    check("expect a: addPeer b fails neighbor_exists", "expect a: |addPeer| |b| fails neighbor_exists");
    check("expect a: get x fails within 5s", "expect a: |get| |x| fails within 5s");
    check("expect a: count >= 2", "expect a: |count| >= |2|");
    check("expect converged within 5s", "expect converged within 5s");
    check("expect converged all but a", "expect converged all but a");
}

#[test]
fn figures_are_compared() {
    check(
        "expect m.payloads <= 1.05 * (nodes - 1) * m.updates",
        "expect m.payloads <= ((1.05 * (nodes - 1)) * m.updates)",
    );
    check("expect 1 - 2 - 3 == $x * 10%", "expect ((1 - 2) - 3) == ($x * 0.1)");
    check("expect m.spread_p99 < 200ms", "expect m.spread_p99 < 0.2");
    check("expect m.bytes/m.duration < 1mbit", "expect (m.bytes / m.duration) < 1000000");
    check("expect $won == \"a b\"", "expect $won == \"a b\"");
}

#[test]
fn faults_are_described() {
    check("cut a-b, c->d; join all; break first-last", "cut a-b, c->d; join all; break first-last");
    check("cut $v-a", "cut $v-a");
    check(
        "link a-b delay 50ms jitter 10ms exponential 5ms loss 1% rate 1mbit",
        "link a-b delay 50000us jitter 10000us exponential 5000us loss 1% rate 1000000bit",
    );
    check("link all clear", "link all clear");
    check("disk a full; disk random 2 of a..c free", "disk a full; disk random 2 of a..c free");
    check("clock a +10s; clock a, b -1.5s", "clock a +10000ms; clock a, b -1500ms");
    check("wait 2s; heal", "wait 2s; heal");
}

#[test]
fn topologies_end_with_their_line() {
    check("network a-b-c, d; heal", "network a-b, b-c, d; heal");
    check("network line(3, prefix=n), n1-x # why\nheal", "network n1-n2, n2-n3, n1-x; heal");
    check("together { network a-b }", "together { network a-b }");
}

#[test]
fn options_of_nodes_are_words() {
    check(
        "node c, d policy=oldest data=disk args=\"--a b\"",
        "node c, d policy=|oldest| data=|disk| args=|--a b|",
    );
    check("node all clock=+10s", "node all clock=|+10s|");
}

#[test]
fn blocks_repeat_and_nest() {
    check(
        "repeat 1000 at 200/s as i { try random: set k$i $i }",
        "repeat 1000 at 200/s as i { try random 1: |set| |k<$i>| |<$i>| }",
    );
    check("repeat { heal }", "repeat { heal }");
    check("repeat as at { heal }", "repeat as at { heal }");
    check("repeat at 5/m { heal }", "repeat at 5/m { heal }");
    check("each v in all but a {\n restart $v\n}", "each v in all but a { restart $v }");
    check(
        "workload lin-kv {\n kill a\n} for 20s at 100/s; heal",
        "workload lin-kv { kill a } for 20s at 100/s; heal",
    );
    check("workload g-set { heal } for 2s", "workload g-set { heal } for 2s at 50/s");
    check("measure m { repeat 3 { do { heal } } }", "measure m { repeat 3 { do { heal } } }");
}

#[test]
fn parameters_stand_for_numbers_durations_words_items_and_topologies() {
    let text = "param n = 3\nparam t = 200ms | 1s\nparam w = \"a b\" | x\nparam who = a..b, last\n\
                param net = line(3) | ring(3)\nparam r = 5/s\nparam p = 1%\nparam c = get\n";
    let all = |steps: &str| format!("{text}{steps}");
    check(&all("repeat $n at $n/s { wait $t }"), "repeat 3 at 3/s { wait 200000us }");
    check(&all("repeat at $r { heal }"), "repeat at 5/s { heal }");
    check(&all("$who: $c $w k$n"), "a..b, last: |get| |a b| |k3|");
    check(&all("kill random $n of $who, c"), "kill random 3 of a..b, last, c");
    check(&all("network $net"), "network a-b, b-c");
    check(&all("network $net, x-y, c-x # $n"), "network a-b, b-c, x-y, c-x");
    check(&all("network line($n)"), "network a-b, b-c");
    check(&all("link all loss $p"), "link all loss 1%");
    check(&all("clock a +$t"), "clock a +200ms");
    check(&all("expect m.ok >= $n * 2 within $t"), "expect m.ok >= (3 * 2) within 200000us");
    check(&all("a: set k ${n + 1}${n}"), "a: |set| |k| |<(3 + 1)>3|");
    check(&all("node all args=$w"), "node all args=|a b|");
    check_with(&all("wait $t; network $net"), &[("t", "2s"), ("net", "x-y")], "wait 2s; network x-y");
}

#[test]
fn headers_come_first() {
    let text = "# Shows this\n# and that.\n#\n# Not this.\n\nparam net = line(26) | ring(26); timeout 2m\n\
                settle 1s\nworlds process, sim\ntags slow, nightly # why\nparam p = a,\n  b | c\nheal";
    let (scenario, _) = read(text).unwrap();
    let headers = &scenario.headers;
    assert_eq!(scenario.about, "Shows this and that.");
    assert_eq!(scenario.name, "test[net=line(26),p=a, b]");
    assert_eq!(headers.timeout.as_secs(), 120);
    assert_eq!(headers.settle.as_secs(), 1);
    assert_eq!(headers.worlds, ["process", "sim"]);
    assert_eq!(headers.tags, ["slow", "nightly"]);
    let params: Vec<(&str, Vec<&str>)> = headers
        .params
        .iter()
        .map(|param| (param.name.as_str(), param.values.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(params, [("net", vec!["line(26)", "ring(26)"]), ("p", vec!["a, b", "c"])]);
    assert_eq!(scenario.source.at(headers.params[0].span), "param net = line(26) | ring(26)");
    assert_eq!(render::block(&scenario.steps), "heal");
}

#[test]
fn a_header_may_stand_on_a_parameter_above_it() {
    let text = "param t = 5s | 10s\ntimeout $t\nheal";
    assert_eq!(read(text).unwrap().0.headers.timeout.as_secs(), 5);
    let (scenario, warnings) = read_with(text, &[("t", "10s")], &[]).unwrap();
    assert_eq!(scenario.headers.timeout.as_secs(), 10);
    assert_eq!(warnings, []);
}

#[test]
fn a_step_stands_where_it_is_written() {
    let (scenario, _) = read("\n  kill a  # why\nrepeat 3 as i { heal }\ntry a: get x ; heal").unwrap();
    let places: Vec<&str> = scenario.steps.iter().map(|step| step.at.source.at(step.at.span)).collect();
    assert_eq!(places, ["kill a", "repeat 3 as i", "try a: get x", "heal"]);
}

#[test]
fn included_steps_take_the_place_of_their_include() {
    let files = [
        ("sub/load.scn", "# The load.\na: set x $v\ninclude \"more.scn\""),
        ("sub/more.scn", "together { kill a }"),
    ];
    let text = "param v = 1\nheal\ndo { include \"sub/load.scn\" }\nheal";
    let (scenario, warnings) = read_with(text, &[], &files).unwrap();
    assert_eq!(render::block(&scenario.steps), "heal; do { a: |set| |x| |1|; together { kill a } }; heal");
    assert_eq!(warnings, []);
}

#[test]
fn a_parameter_that_stands_for_nothing_is_a_warning() {
    let (_, warnings) = read("param n = 3\nheal").unwrap();
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let expected = "warning: nothing stands for the parameter `n`\n --> test.scn:1:1\n 1 | param n = 3\n   | \
                    ^^^^^^^^^^^\n   = help: write `$n` where it is meant";
    assert_eq!(warnings, [expected]);
}

#[test]
fn steps_of_a_command_line_have_no_headers() {
    let none = &mut |_: &str| Err("none".to_owned());
    let (scenario, _) = parse_steps(&Source::new("do", "kill c; tags: get x"), none).unwrap();
    assert_eq!(scenario.name, "do");
    assert_eq!(render::block(&scenario.steps), "kill c; tags: |get| |x|");
    let error = parse_steps(&Source::new("do", "timeout 5s\nkill c"), none).unwrap_err();
    assert_eq!(error.message, "`timeout` is a header, and headers stand before all steps");
}
