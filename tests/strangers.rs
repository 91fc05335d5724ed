//! Tests of text from strangers: it never steers a terminal, and a scenario reads no file outside of its
//! folder.

use crate::story::{Finished, Tools, has};

/// A text that steers a terminal: it sets the title and the colours, and reverses the order of letters.
const STEERING: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";

/// Checks that the output contains no character that steers a terminal.
#[track_caller]
fn check_text(ended: &Finished) {
    for stream in [&ended.raw, &ended.err] {
        let steers =
            |c: &char| (c.is_control() && !"\n\t".contains(*c)) || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(stream.chars().find(steers), None, "{stream:?}");
    }
}

#[test]
fn characters_that_steer_a_terminal_are_printed_as_escapes() {
    let odd = format!("f{STEERING}.scn");
    let tools = Tools::new()
        .file("e1.scn", &format!("network a-b\na: set k {STEERING} zzz\n"))
        .file("e2.scn", &format!("# {STEERING}\nparam x = {STEERING}\ntags q\nnetwork a-b\na: set k $x\n"))
        .file("t.txt", &format!("a-b {STEERING}\n"))
        .file("t.dot", &format!("graph {{ \"a{STEERING}\" -- b }}\n"))
        .file(&format!("odd/{odd}"), "netwrok a-b\n");
    for line in [
        "check e1.scn",
        "check e1.scn --json",
        "test e1.scn --dry-run",
        "list e2.scn",
        "list e2.scn --json",
        "test --dry-run e2.scn",
        "graph @t.txt",
        "graph @t.dot",
        "check odd",
        "list odd",
    ] {
        check_text(&tools.run(line));
    }
    check_text(
        &tools.shell(&format!(
            "\"$TOOLS\" check 'odd/{odd}'; \"$TOOLS\" 'odd/{odd}'; \"$TOOLS\" graph '@{odd}'"
        )),
    );
    // The message shows each control character as an escape.
    let ended = tools.run("check e1.scn");
    assert!(ended.err.contains("\\u{1b}]0;owned\\u{7}"), "{}", ended.err);
}

#[test]
fn answers_are_exact_for_programs_and_text_on_a_terminal() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new().file(
        "terminal.py",
        "import os, pty, sys\nout = []\ndef read(fd):\n    data = os.read(fd, 65536)\n    out.append(data)\n    return b''\n\
         code = pty.spawn(sys.argv[1:], read)\nsys.stdout.buffer.write(b''.join(out).replace(b'\\r\\n', b'\\n'))\n\
         sys.exit(os.waitstatus_to_exitcode(code))\n",
    );
    tools.run("run a-b -p @PORT --detach").code(0);
    let value = "x\u{1b}[31m\ty\u{202e}";
    tools.run(&format!("cli --node a set 'k{STEERING}\nfake' '{value}'")).code(0);
    let exact = tools.run(&format!("cli --node a get 'k{STEERING}\nfake'"));
    assert_eq!(exact.raw, format!("{value}\n"));
    assert_eq!(tools.run("cli --node a keys").raw, format!("k{STEERING}\nfake\n"));
    let seen = tools.shell(&format!(
        "python3 terminal.py \"$TOOLS\" cli --node a get 'k{STEERING}\nfake' </dev/null; \
         python3 terminal.py \"$TOOLS\" cli --node a keys </dev/null"
    ));
    check_text(&seen);
    assert!(seen.raw.starts_with("x\\u001b[31m\ty\\u202e\n"), "{:?}", seen.raw);
    assert_eq!(seen.raw.lines().count(), 2, "a key is one line: {:?}", seen.raw);
    tools.run("stop").code(0);
}

#[test]
fn colours_follow_the_option_the_environment_and_the_terminal() {
    let tools = Tools::new().file("a.scn", "network a-b\na: set x 1\nexpect b: get x == 1 within 5s\n");
    let coloured = |line: &str| tools.shell(line).raw.contains('\u{1b}');
    assert!(coloured("\"$TOOLS\" test a.scn --world sim --color always"));
    assert!(coloured("NO_COLOR=1 \"$TOOLS\" --color=always test a.scn --world sim"));
    assert!(!coloured("\"$TOOLS\" test a.scn --world sim"));
    if !has("python3") {
        return;
    }
    let pty = "import pty, sys; pty.spawn(sys.argv[1:])";
    let on_terminal = |environment: &str, flags: &str| {
        let line =
            format!("{environment} python3 -c '{pty}' \"$TOOLS\" test a.scn --world sim {flags} </dev/null");
        coloured(&line)
    };
    assert!(on_terminal("TERM=xterm NO_COLOR=", ""));
    assert!(!on_terminal("TERM=xterm NO_COLOR=1", ""));
    assert!(!on_terminal("TERM=dumb", ""));
    assert!(!on_terminal("TERM=xterm", "--color never"));
}

#[test]
fn a_scenario_reads_only_files_below_its_folder() {
    let tools = Tools::new()
        .file("secret", "password: hunter2\n")
        .file("home/secret.scn", "password: hunter2\n")
        .file("repo/.env", "API_KEY=hunter2\n")
        .file("repo/yaml", "password: hunter2\n")
        .file("repo/part/more.scn", "network a-b\na: set x 1\nexpect b: get x == 1 within 5s\n")
        .file("repo/good.scn", "include \"part/more.scn\"\n")
        .file("repo/up.scn", "include \"../home/secret.scn\"\n")
        .file("repo/env.scn", "network a-b\ninclude \".env\"\n")
        .file("repo/yaml.scn", "network a-b\ninclude \"yaml\"\n");
    tools
        .shell("echo \"include \\\"$PWD/secret\\\"\" > repo/absolute.scn; ln -s ../secret repo/link.scn")
        .code(0);
    tools
        .shell("ln -s ../../home/secret.scn repo/part/linked.scn; ln -s ../.env repo/part/named.scn")
        .code(0);
    tools.shell("echo 'include \"part/linked.scn\"' > repo/through.scn").code(0);
    tools.run("check repo/good.scn").check(0, "1 scenario, no errors\n", "");
    for name in ["up", "env", "yaml", "absolute", "through", "link"] {
        for flag in ["", "--json"] {
            let ended = tools.run(&format!("check repo/{name}.scn {flag}"));
            ended.code(2);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(!said.contains("hunter2") && !said.contains("API_KEY"), "{name}: {said}");
        }
    }
    let all = tools.run("check repo");
    all.code(2);
    assert!(!all.err.contains("hunter2") && !all.err.contains("API_KEY"), "{}", all.err);
    // A folder that the command line names may be read.
    let named = tools.run("check repo/up.scn --include-dir home");
    assert!(named.err.contains("hunter2"), "{}", named.err);
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let text = "timeout 5\nnetwrok a-b\nnetwork a-b\ntogether {\n  kil a\n  a: set x 1\n  pauze b\n}\nrepat 3 {\n  stp a\n}\nwait 5\n";
    let tools = Tools::new().file("x.scn", text);
    let ended = tools.run("check x.scn");
    ended.code(2);
    for place in [1, 2, 5, 7, 9, 10, 12] {
        assert!(ended.err.contains(&format!(" --> x.scn:{place}:")), "line {place}: {}", ended.err);
    }
    assert!(ended.out.ends_with("7 errors\n"), "{}{}", ended.out, ended.err);
}

#[test]
fn node_accepts_the_option_for_colours_like_every_command() {
    let tools = Tools::new();
    for (choice, coloured) in [("always", true), ("never", false)] {
        for line in ["node --help", "node --color=CHOICE --help", "node --help --color CHOICE"] {
            let ended = tools.run(&line.replace("CHOICE", choice));
            ended.code(0);
            let expected = coloured && line.contains("CHOICE");
            assert_eq!(ended.raw.contains("\u{1b}["), expected, "{line}: {}", ended.raw);
        }
        let port = tools.port();
        let mut node = tools.begin(&format!("node --color {choice} --port {port}"));
        node.line("listening on");
    }
}
