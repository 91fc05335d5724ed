//! Tests of the errors of the parser: one text, one message.

use super::{brief, read};

/// Checks the error of a text; `expected` is `line:column-width message (help)`.
#[track_caller]
fn check(text: &str, expected: &str) {
    match read(text) {
        Ok(_) => panic!("this was read, and {expected:?} was expected"),
        Err(diagnostic) => assert_eq!(brief(&diagnostic), expected),
    }
}

#[test]
fn loads_that_are_none() {
    let such = "(such as `workload lin-kv { … } for 20s at 100/s`)";
    check("workload lin-kw { wait 1s } for 2s", "1:10-6 unknown workload `lin-kw`: did you mean `lin-kv`?");
    check("workload { wait 1s }", &format!("1:10-1 expected the name of a workload, not `{{` {such}"));
    check(
        "workload lin-kv { wait 1s }",
        &format!("1:28-1 expected the time of the load, but the text ends {such}"),
    );
    check(
        "workload lin-kv { wait 1s } for 2",
        "1:33-1 a bare number is no duration: `2` (with a unit: `2s` or `2ms`)",
    );
    check(
        "workload lin-kv for 2s",
        "1:17-3 expected the block of `workload`, not `for` (open it on the same line: `workload … {`)",
    );
}

#[test]
fn steps_that_are_none() {
    check("netwrok a-b", "1:1-7 unknown step `netwrok` (did you mean `network`?)");
    check("a set x 1", "1:1-1 unknown step `a` (to ask the node `a`, write `a: set x 1`)");
    check("cup set x 1", "1:1-3 unknown step `cup` (to ask the node `cup`, write `cup: set x 1`)");
    check("cup", "1:1-3 unknown step `cup` (did you mean `cut`?)");
    check("try kill a", "1:1-3 `try` stands before an ask, `start` or `restart` (such as `try a: set x 1`)");
    check("try", "1:1-3 `try` stands before an ask, `start` or `restart` (such as `try a: set x 1`)");
    check("until kill a", "1:1-5 `until` stands before an ask only (such as `until a: set x 1 within 10s`)");
    check("all set x 1", "1:1-3 unknown step `all` (to ask the node `all`, write `all: set x 1`)");
    check("a, b set x 1", "1:6-3 expected `:` after `a, b`, not `set` (to ask them, write `a, b: set x 1`)");
    check("$v set x", "1:4-3 expected `:` after `$v`, not `set` (to ask them, write `$v: set x`)");
    check("a..c", "1:5-1 expected `:` after `a..c`, but the text ends (to ask them, write `a..c: get x`)");
    check("all of : get x", "1:8-1 expected a node, not `:` (such as `a`, `a, b` or `all`)");
    check("== 5", "1:1-2 expected a step, not `==`");
    check("a.b: get x", "1:1-1 unknown step `a` (a node's name is made of letters, digits and `_`)");
    check(
        "within 5s",
        "1:1-6 unknown step `within` (a newline ends a step, so an expectation stands on one line)",
    );
    check(
        "print x",
        "1:1-5 unknown step `print` (a step is an ask, as in `a: get x`, or begins with a word such as `network`)",
    );
    check("a b: get x", "1:1-1 unknown step `a` (to ask the node `a`, write `a, b: get x`)");
    check("disconnect a-b", "1:1-10 unknown step `disconnect` (did you mean `cut a-b`?)");
    check("delay a-b 5ms", "1:1-5 unknown step `delay` (did you mean `link a-b delay …`?)");
    check(": get x", "1:1-1 expected a step, not `:` (name the nodes first, as in `a: get x`)");
    check("get x", "1:1-3 unknown step `get` (say first whom to ask: `all: get x`)");
    check("set x 1", "1:1-3 unknown step `set` (say first whom to ask: `all: set x 1`)");
}

#[test]
fn expectations() {
    check("expect a get x == 1", "1:10-3 expected `:` after `a`, not `get` (write `expect a: get x == 1`)");
    check(
        "expect all converged",
        "1:12-9 `converged` stands before the nodes (write `expect converged all`)",
    );
    check("expect convergd", "1:8-8 unknown claim `convergd` (did you mean `converged`?)");
    check("expect nodes", "1:13-1 expected a comparison, but the text ends (one of `== != < <= > >=`)");
    check(
        "expect any nodes == 1",
        "1:18-2 expected `:`, not `==` (`any` takes an ask: `expect any all: get x == 1`)",
    );
    check(
        "expect",
        "1:7-1 expected a number, a figure or a name, but the text ends (such as `2`, `m.updates` or `$i`)",
    );
    check(
        "expect a: get x ==5",
        "1:17-3 `==` is a part of the word `==5` (put blanks around it, or quote the word if it is data)",
    );
    check(
        "expect a: get x==5",
        "1:15-4 `==` is a part of the word `x==5` (put blanks around it, or quote the word if it is data)",
    );
    check(
        "expect a: get x <5",
        "1:17-2 `<` is a part of the word `<5` (put blanks around it, or quote the word if it is data)",
    );
    check(
        "expect a: get <x",
        "1:15-2 `<` is a part of the word `<x` (put blanks around it, or quote the word if it is data)",
    );
    check("expect a: == 5", "1:11-2 expected what to ask, not `==` (such as `a: get x`)");
    check(
        "expect a: get x ==",
        r#"1:19-1 expected a value after `==`, but the text ends (quote words of the language that are data: `"for"`; nothing at all is `is empty`)"#,
    );
    check(
        "expect a: get x == 1 within",
        r#"1:28-1 expected a duration after `within`, but the text ends (such as `within 5s`; if it is data, quote it: `"within"`)"#,
    );
    check(
        "expect a: get x == 1 within 5",
        "1:29-1 a bare number is no duration: `5` (with a unit: `5s` or `5ms`)",
    );
    check(
        "expect a: get x == 1 within 5s for 2s",
        "1:32-3 expected `within`, `for` or the end of the step, not `for` (an expectation has one of `within` and `for`)",
    );
    check("expect a:", "1:10-1 expected what to ask, but the text ends (such as `a: get x`)");
    check(
        "expect 1 + == 2",
        "1:12-2 expected a number, a figure or a name, not `==` (such as `2`, `m.updates` or `$i`)",
    );
    check("expect (1 == 2", "1:11-2 expected an operator or `)`, not `==`");
    check("expect m. == 2", "1:10-1 expected a figure, not a blank (such as `m.payloads`)");
    check("expect m.x == 5zz", "1:16-2 unknown unit `zz` (one of us, ms, s, m, h, bit, kbit, mbit, gbit, %)");
    check("expect kill a", "1:13-1 expected `:` after `kill`, not `a` (write `expect kill: a`)");
}

#[test]
fn predicates() {
    check(
        "expect a: get x agree now",
        "1:23-3 expected `within`, `for` or the end of the step, not `now` (did you mean `not`?)",
    );
    check(
        "expect a: get x not agree",
        "1:21-5 expected `in`, `contains`, `matches` or `is empty` after `not`, not `agree` (`not agree` cannot be claimed)",
    );
    check(
        "expect a: get x not equals 5",
        "1:21-6 expected `in`, `contains`, `matches` or `is empty` after `not`, not `equals`",
    );
    check(
        "expect a: get x is 5",
        "1:20-1 expected `empty`, not `5` (write `is empty`, or `== V` for a value)",
    );
    check(
        "expect a: get x matches abc",
        "1:25-3 expected a regular expression, not `abc` (between slashes: `/^a.*z$/`)",
    );
    check(
        "expect a: get x matches /abc",
        r"1:25-4 this regular expression is never closed (end it with `/` on the same line; a slash inside is `\/`)",
    );
    check("expect a: get x matches /a(/", "1:25-4 this regular expression is invalid: unclosed group");
    check(
        "expect a: get for within 5s",
        r#"1:19-6 expected a duration after `for`, not `within` (such as `for 5s`; if it is data, quote it: `"for"`)"#,
    );
    check("expect a: get x fails 5%", "1:24-1 expected `within`, `for` or the end of the step, not `%`");
}

#[test]
fn nodes_of_expectations() {
    check(
        "expect any: get x == 1",
        "1:11-1 expected nodes after `any`, not `:` (such as `expect any all: get x == 1`)",
    );
    check(
        "expect not a: get x == 1",
        "1:12-1 expected `:` after `not`, not `a` (`not` stands behind the ask: `expect a: get x not in 1 2`, or `!=`)",
    );
    check(
        "expect all a: get x == 1",
        "1:12-1 expected `:` after `all`, not `a` (write `expect all: get x == 1`)",
    );
}

#[test]
fn choices_of_nodes() {
    check("let = a", "1:5-1 expected a name, not `=` (such as `let v = random`)");
    check("let v random", "1:7-6 expected `=`, not `random` (such as `let v = random`)");
    check(
        "let v = a get x",
        "1:11-3 expected `:` or the end of the step after `a`, not `get` (to keep an answer, write `let v = a: get x`)",
    );
    check("let v = ", "1:9-1 expected a node, but the text ends (such as `a`, `a, b` or `all`)");
    check("kill", "1:5-1 expected a node, but the text ends (such as `a`, `a, b` or `all`)");
    check("kill a b", "1:8-1 expected the end of the step, not `b` (write `kill a, b`)");
    check(
        "kill all, a",
        "1:9-1 expected the end of the step, not `,` (`all` and `random` stand alone, not in a list)",
    );
    check(
        "kill a, all",
        "1:9-3 `all` stands alone, not in a list (leave out the rest of the list, or the word)",
    );
    check("kill random 0", "1:13-1 this chooses nobody (write a number from 1 on, as in `random 1`)");
    check(
        "kill any",
        "1:6-3 `any` stands alone, not in a list (`any` stands after `expect`, before the nodes)",
    );
    check("kill a..", "1:9-1 expected the last node of the range, but the text ends (such as `a..m`)");
    check("kill a,", "1:8-1 expected a node, but the text ends (such as `a`, `a, b` or `all`)");
    check("let v = random 2 of", "1:20-1 expected nodes, but the text ends (such as `a`, `a, b` or `all`)");
    check(
        "kill $v..b",
        "1:8-3 expected the end of the step, not `..b` (a step ends with its line, or with `;`)",
    );
    check("kill a...b", "1:9-2 expected the last node of the range, not `.b` (such as `a..m`)");
}

#[test]
fn words() {
    check("a: ", "1:4-1 expected what to ask, but the text ends (such as `a: get x`)");
    check(
        r#"a: set x {"a":1"#,
        r#"1:10-1 a bare word holds no `{` (an object is written `{"name": 1}` on one line; text that holds `{` is quoted)"#,
    );
    check(
        r#"a: set x "abc"#,
        r"1:10-1 this quote is never closed (close it on the same line; a newline inside is `\n`)",
    );
    check(
        r#"a: set x "a"b"#,
        r#"1:13-1 a quoted word ends with its quote (put a blank after it, or quote all of the word; a quote inside is `\"`)"#,
    );
    check(
        r#"a: set x "\q""#,
        r#"1:11-1 an unknown escape (the escapes are JSON's: `\"`, `\\`, `\n`, `\t`, `\u00e9`)"#,
    );
    check(
        "a: set x $",
        "1:10-1 a `$` that stands for nothing (write `$name` or `${…}`; a dollar itself is `$$`)",
    );
    check(
        "a: set x ${",
        "1:12-1 expected a number, a figure or a name, but the text ends (such as `2`, `m.updates` or `$i`)",
    );
    check("a: set x ${i", "1:10-2 this `${` is never closed (end the expression with `}`)");
    check(
        "a: set x ${i %}",
        "1:15-1 expected a number, a figure or a name, not `}` (such as `2`, `m.updates` or `$i`)",
    );
    check("a: set x ${i j}", "1:14-1 expected an operator or `}`, not `j`");
    check(
        "a: $cmd x",
        "1:4-4 a command is fixed before anything starts (only its arguments may be filled in)",
    );
}

#[test]
fn blocks_and_ends() {
    check("heal }", "1:6-1 this `}` closes nothing (take it out, or open a block with `{`)");
    check("heal }}", "1:6-1 this `}` closes nothing (take it out, or open a block with `{`)");
    check("together {\n kill a\n", "1:10-1 this `{` is never closed (end the block with `}`)");
    check(
        "together",
        "1:9-1 expected the block of `together`, but the text ends (open it on the same line: `together … {`)",
    );
    check(
        "together kill a",
        "1:10-4 expected the block of `together`, not `kill` (open it on the same line: `together … {`)",
    );
    check(
        "repeat 10 at 200 { heal }",
        "1:17-1 expected `/s` or `/m`, not a blank (such as `200/s` or `30/m`)",
    );
    check("repeat at 200/x { heal }", "1:15-1 unknown unit `/x` (`/s` or `/m`)");
    check("repeat at 0/s { heal }", "1:11-3 a rate of 0 never begins (such as `at 5/s` or `at 30/m`)");
    check("repeat 1.5 { heal }", "1:8-3 a count is a whole number, below 2^64");
    check("repeat 10s { heal }", "1:10-1 a count has no unit (write `10`)");
    check(
        "repeat as i 10 { heal }",
        "1:13-2 expected `{`, not `10` (the order is `repeat 10 at 5/s as i { … }`, and each part may be left out)",
    );
    check("each v { heal }", "1:8-1 expected `in`, not `{` (such as `each v in all { … }`)");
    check(
        "each v in all heal",
        "1:15-4 expected the block of `each`, not `heal` (open it on the same line: `each … {`)",
    );
    check("measure { heal }", "1:9-1 expected a name for the figures, not `{` (such as `measure m { … }`)");
    check(
        "measure 1m { heal }",
        "1:9-2 a measure's name begins with a letter (`1m.ok` would begin with a number)",
    );
    check(
        "heal;#x",
        "1:6-2 expected a step, not `#x` (a comment begins at the start of a line or after a blank)",
    );
    check(
        "{ heal }",
        "1:1-1 expected a step, not `{` (a block stands after `together`, `do`, `measure`, `repeat` and `each`)",
    );
    check("}", "1:1-1 this `}` closes nothing (take it out, or open a block with `{`)");
    check(
        "heal now",
        "1:6-3 expected the end of the step, not `now` (a step ends with its line, or with `;`)",
    );
    check("do heal", "1:4-4 expected the block of `do`, not `heal` (open it on the same line: `do … {`)");
}

#[test]
fn faults_and_quantities() {
    check("wait 5", "1:6-1 a bare number is no duration: `5` (with a unit: `5s` or `5ms`)");
    check("wait 5sec", "1:7-3 unknown unit `sec` (did you mean `s`?)");
    check("wait", "1:5-1 expected a duration, but the text ends (such as `5s` or `200ms`)");
    check(
        "wait 5s 6s",
        "1:9-2 expected the end of the step, not `6s` (a step ends with its line, or with `;`)",
    );
    check("wait 99999999h", "1:6-9 a duration longer than a year (the longest is `8760h`)");
    check(
        "cut a",
        "1:6-1 expected `-` or `->`, but the text ends (a link is written `a-b`, one direction of it `a->b`)",
    );
    check("cut a-b-c", "1:8-2 links are named one by one here (write `a-b, b-…`)");
    check("cut a--b", "1:7-2 expected the other end of the link, not `-b` (a link is written `a-b`)");
    check(
        "cut a..b-c",
        "1:6-5 expected `-` or `->`, not `..b-c` (a link is written `a-b`, one direction of it `a->b`)",
    );
    check("cut", "1:4-1 expected a link, but the text ends (a link is written `a-b`)");
    check("partition", "1:10-1 expected a node, but the text ends (such as `a`, `a, b` or `all`)");
    check("partition a |", "1:14-1 expected a node, but the text ends (such as `a`, `a, b` or `all`)");
    check(
        "link a-b",
        "1:9-1 expected a shape, but the text ends (such as `delay 50ms jitter 10ms loss 1% rate 1mbit`, or `clear`)",
    );
    check("link a-b loss 5", "1:15-1 a bare number is no percentage: `5` (write `5%`)");
    check("link a-b loss 200%", "1:15-4 more than `100%` (write a share of at most `100%`)");
    check("link a-b rate 5", "1:15-1 a bare number is no rate: `5` (with a unit: `5mbit` or `5kbit`)");
    check(
        "link a-b rate 0mbit",
        "1:15-5 a rate between `1bit` and `9000000gbit` is needed (`cut` lets nothing through)",
    );
    check("link a-b delay 5s delay 6s", "1:19-5 `delay` is given twice (keep one of the two)");
    check(
        "link a-b speed 5s",
        "1:10-5 unknown shape `speed` (one of delay, jitter, exponential, loss, rate, duplicate, clear)",
    );
    check(
        "link a-b clear delay 5s",
        "1:16-5 expected the end of the step, not `delay` (a step ends with its line, or with `;`)",
    );
    check("link a-b delay 5s clear", "1:19-5 `clear` stands alone (write `link a-b clear`)");
    check("clock a 10s", "1:9-3 expected `+` or `-`, not `10s` (such as `clock a +10s`)");
    check("clock a +10", "1:10-2 a bare number is no duration: `10` (with a unit: `10s` or `10ms`)");
    check("disk a", "1:7-1 expected `full` or `free`, but the text ends (such as `disk a full`)");
    check("disk a empty", "1:8-5 expected `full` or `free`, not `empty` (such as `disk a full`)");
    check("clock a +1us", "1:9-4 a clock is shifted by whole milliseconds (such as `+10s` or `-500ms`)");
}

#[test]
fn networks_options_and_files() {
    check("node a", "1:7-1 expected an option, but the text ends (such as `policy=oldest` or `data=disk`)");
    check(
        "node a policy",
        "1:14-1 expected `=` after `policy`, but the text ends (an option is written `policy=oldest`, without blanks)",
    );
    check(
        "node a policy =x",
        "1:14-1 expected `=` after `policy`, not a blank (an option is written `policy=oldest`, without blanks)",
    );
    check(
        "node a policy= x",
        r#"1:15-1 expected a value after `policy=`, not a blank (without blanks; nothing at all is written `""`)"#,
    );
    check(
        "network",
        "1:8-1 expected a topology, but the text ends (such as `network a-b, b-c` or `network ring(5)`)",
    );
    check(
        "network a-b {",
        "1:13-1 a topology holds no `{` (a `network` step ends with its line, or with `;`)",
    );
    check(
        "network $x",
        "1:9-2 `$x` is no parameter, and a topology is fixed before anything starts (declare it above all steps: `param x = ring(5)`)",
    );
    check("network ${x}", "1:9-2 a topology holds parameters, no expressions (write `$name`)");
    check("network a-a", "1:9-3 `a` is linked to itself (a link joins two different nodes, as `a-b` does)");
    check("network rnig(3)", "1:9-4 unknown generator `rnig` (did you mean `ring`?)");
    check("include x.scn", r#"1:9-1 expected a quoted file name, not `x` (quote it: `include "x.scn"`)"#);
    check(r#"include "x.scn""#, "1:1-15 there is no file `x.scn`");
    check(
        r#"include "$x""#,
        "1:9-4 a file's name is fixed before anything starts (only parameters may be filled in here)",
    );
}

#[test]
fn headers() {
    check(
        "timeout 5s\nheal\ntimeout 6s",
        "3:1-7 `timeout` is a header, and headers stand before all steps (it belongs at the top of a scenario's file)",
    );
    check("timeout 5", "1:9-1 a bare number is no duration: `5` (with a unit: `5s` or `5ms`)");
    check("settle", "1:7-1 expected a duration after `settle`, but the text ends (such as `settle 10s`)");
    check("tags", "1:5-1 expected a tag after `tags`, but the text ends (such as `tags slow, ci`)");
    check("tags a b", "1:8-1 expected the end of the step, not `b` (write `tags a, b`)");
    check("timeout 5s\ntimeout 6s", "2:1-7 `timeout` is given twice (keep one of the two)");
    check("worlds proces", "1:8-6 unknown world `proces` (did you mean `process`?)");
    check("tags a, a", "1:9-1 `a` is named twice (keep one of the two)");
}

#[test]
fn parameters_that_do_not_fit_where_they_stand() {
    check("param x\nheal", "1:8-1 expected `=`, but the line ends (write `param x = VALUE | VALUE`)");
    check(
        "param x =\nheal",
        r#"1:10-1 expected a value, but the line ends (nothing at all is written `""`)"#,
    );
    check("param x = 1 | 1", "1:15-1 the value `1` is given twice (keep one of the two)");
    check(
        "param x = 1\nparam x = 2",
        "2:7-1 the parameter `x` is declared twice (several values stand behind one name: `param x = 1 | 2`)",
    );
    check("param nodes = 3", "1:7-5 `nodes` is a figure that is always there (choose another name)");
    check(
        "param t = 5\nwait $t",
        "2:6-2 `$t` stands for `5`: a bare number is no duration: `5` (with a unit: `5s` or `5ms`)",
    );
    check(
        "param t = 5s\nwait $u",
        "2:6-2 `$u` is no parameter, and a duration is fixed before anything starts",
    );
    check(
        "param t = a-\nkill $t",
        "2:6-2 `$t` stands for `a-`: expected the end, not `-` (all of the value stands for nodes)",
    );
    check(
        "param net = ring(2\nnetwork $net",
        "2:9-4 `$net` stands for `ring(2`: this `(` is never closed (write `ring(5)`)",
    );
    check(
        "param net = ring(2\nnetwork a-b, $net",
        "2:14-4 `$net` stands for `ring(2`: this `(` is never closed (write `ring(5)`)",
    );
    check(
        "param net = a-b\nnetwork $net, c-c",
        "2:15-3 `c` is linked to itself (a link joins two different nodes, as `c-b` does)",
    );
    check("param n = 3x\nrepeat $n { heal }", "2:8-2 `$n` stands for `3x`: a count has no unit (write `3`)");
}

/// Checks the error of a text with files to include; the file's name stands in front.
#[track_caller]
fn check_files(text: &str, files: &[(&str, &str)], expected: &str) {
    let diagnostic = super::read_with(text, &[], files).unwrap_err();
    assert_eq!(format!("{}:{}", diagnostic.source.name(), brief(&diagnostic)), expected);
}

#[test]
fn files_that_cannot_be_included() {
    check_files(
        "include \"a.scn\"",
        &[("a.scn", "heal\ninclude \"sub/b.scn\""), ("sub/b.scn", "include \"../a.scn\"")],
        "sub/b.scn:1:1-18 files include each other in a circle (a.scn includes sub/b.scn includes a.scn)",
    );
    check_files(
        "include \"test.scn\"",
        &[],
        "test.scn:1:1-18 files include each other in a circle (test.scn includes test.scn)",
    );
    check_files(
        "heal\ninclude \"a.scn\"",
        &[("a.scn", "timeout 5s")],
        "a.scn:1:1-7 `timeout` is a header, and this file is included (headers stand in the scenario that \
         includes it)",
    );
    check_files(
        "include \"a.scn\"",
        &[("a.scn", "do {")],
        "a.scn:1:4-1 this `{` is never closed (end the block with `}`)",
    );
    check_files(
        "do { include \"a.scn\" }",
        &[("a.scn", "}")],
        "a.scn:1:1-1 this `}` closes nothing (take it out, or open a block with `{`)",
    );
}

#[test]
fn files_that_include_too_much() {
    let files: Vec<(String, String)> = (0..40)
        .map(|number| {
            (
                format!("{number}.scn"),
                format!("include \"{0}.scn\"\ninclude \"{0}.scn\"\n#{1}", number + 1, "x".repeat(1000)),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    check_files("include \"0.scn\"", &files, "31.scn:1:1-16 included through more than 32 files");
    let files: Vec<(&str, &str)> = files[..25].iter().copied().chain([("25.scn", "heal")]).collect();
    let diagnostic = super::read_with("include \"0.scn\"", &[], &files).unwrap_err();
    assert_eq!(diagnostic.message, "more than 16 MiB are included");
}
