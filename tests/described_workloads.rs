//! Tests of `tools workload` over drivers that a file describes.

use crate::described::{KV, service};
use crate::networks;
use crate::story::{Tools, has};

#[test]
fn a_store_that_answers_before_others_have_a_write_is_no_single_copy() {
    if !has("node") {
        return;
    }
    let tools = service("");
    let ended = tools.run(
        "workload lin-kv --driver described/kv.toml --time 3s --rate 100 --seed 7 --settle 0 --html page.html \
         --junit report.xml",
    );
    assert!(ended.out.contains("FAILED lin-kv") && ended.out.contains("not linearizable: "), "{ended:#?}");
    assert!(ended.out.contains("again") && !ended.out.contains("between servers"), "{ended:#?}");
    ended.code(1);
    assert!(tools.read("page.html").contains("tools workload"));
    assert!(tools.read("report.xml").contains("classname=\"tools workload\""));
    tools.expect_nothing_left();
}

#[test]
fn etcd_is_a_single_copy_while_it_is_parted_and_killed() {
    if !(has("etcd") && networks::can()) {
        return;
    }
    let tools = Tools::new();
    let ended = tools.run(
        "workload lin-kv --driver etcd --network clique:3 --world netns --partition --kill --time 12s --settle 0",
    );
    for said in ["ok lin-kv", "partition ", "kill ", "heal", "start "] {
        assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
    }
    ended.code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_workload_that_cannot_be_asked_is_refused() {
    let tools = Tools::new().file("kv.toml", KV);
    for (line, said) in [
        ("lin-kw --driver etcd", "did you mean `lin-kv`?"),
        ("lin-kv --driver kv.toml --rate 0", "nothing would be asked, and nothing judged"),
        ("g-set --driver kv.toml", "have no command `add`, which the workload `g-set` asks"),
        ("lin-kv --driver maelstrom", "are tested by `tools maelstrom lin-kv`"),
        ("lin-kv --driver ask", "need --exec"),
        ("lin-kv --driver etcd --world sim", "in real time"),
        ("lin-kv --driver etcd --partition", "dial each other by themselves"),
        ("lin-kv --driver etcd --network a-", "a-"),
        ("lin-kv --driver kv.toml --kill --interval 0", "a fault of no duration"),
    ] {
        let ended = tools.run(&format!("workload {line}"));
        assert!(ended.err.contains(said), "`{said}` is not said of `{line}`: {ended:#?}");
        ended.code(2);
    }
}

#[test]
fn transactions_and_other_workloads_join_by_their_commands() {
    if !has("node") {
        return;
    }
    // One copy, in memory.
    let server = "const held = new Map(); const told = []; let last = 0;
        require('http').createServer((asked, answered) => {
            let body = '';
            asked.on('data', (part) => { body += part; });
            asked.on('end', () => {
                const end = (value) => answered.end(JSON.stringify(value));
                switch (asked.url) {
                    case '/txn': return end(JSON.parse(body).map(([kind, key, value]) => {
                        if (kind === 'w') held.set(key, value);
                        return [kind, key, held.get(key) ?? null];
                    }));
                    case '/broadcast': told.push(JSON.parse(body)); return answered.writeHead(204).end();
                    case '/told': return end(told);
                    default: last += 1; return end(last);
                }
            });
        }).listen(process.argv[2], '127.0.0.1');";
    let driver = "\
[start]
command = \"node server.js {port}\"
[commands.txn]
http = \"POST /txn\"
body = \"{txn}\"
[commands.broadcast]
http = \"POST /broadcast\"
body = \"{value}\"
[commands.read]
http = \"GET /told\"
answer = \"json\"
[commands.generate]
http = \"POST /next\"
";
    let tools = Tools::new().file("server.js", server).file("x.toml", driver);
    for workload in ["txn-rw-register", "broadcast", "unique-ids"] {
        let ended = tools
            .run(&format!("workload {workload} --driver x.toml --network a --time 1s --settle 0 --rate 100"));
        assert!(ended.out.contains(&format!("ok {workload}")), "{ended:#?}");
        ended.code(0);
    }
    let ended = tools.run("workload echo --driver x.toml --network a");
    assert!(ended.err.contains("have no command `echo`"), "{ended:#?}");
    ended.code(2);
    tools.expect_nothing_left();
}

#[test]
fn a_set_that_grows_is_the_same_everywhere_in_the_end() {
    if !has("node") {
        return;
    }
    let commands = "[commands.add]\nhttp = \"PUT /kv/{value}\"\nbody = \"x\"\n[commands.read]\nhttp = \"GET /keys\"\n\
                    answer = \"json\"\n";
    let set = KV.replace("[commands.get]", &format!("{commands}\n[commands.get]"));
    let tools = service("").file("described/set.toml", &set);
    let ended = tools.run("workload g-set --driver described/set.toml --time 2s --rate 50 --settle 3s");
    assert!(ended.out.contains("ok g-set"), "{ended:#?}");
    ended.code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_lost_write_shows_beside_a_load_whatever_its_key_is() {
    if !has("node") {
        return;
    }
    // To the harness, this takes nothing away.
    let lose = "[commands.lose]\nhttp = \"DELETE /kv/{key}\"\narguments = [\"key\"]\nchanges = false\n";
    let scenario = "# A key that no load writes.\nnetwork a\na: set 999 v\na: lose 999\n\
                    workload lin-kv { wait 100ms } for 300ms at 100/s\n";
    let tools = Tools::new()
        .file("kv.js", include_str!("described/kv.js"))
        .file("kv.toml", &format!("{}\n{lose}", include_str!("described/kv.toml")))
        .file("one.scn", scenario)
        .file("two.scn", &scenario.replace("a: lose 999\n", ""));
    let ended = tools.run("test one.scn --driver kv.toml");
    ended.code(1);
    assert!(ended.out.contains("an acknowledged write is lost"), "{ended:#?}");
    tools.run("test two.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}
