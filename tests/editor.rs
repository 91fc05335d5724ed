//! Editors: `tools fmt`, `tools lsp` and the grammar under `tools/editor`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::story::{PROGRAM, Tools, has, skipped};

const UNTIDY: &str = "# Why\nnetwork   a-b\na:set x 1   # because\n";
const TIDY: &str = "# Why\nnetwork a-b\na: set x 1                        # because\n";

#[test]
fn scenarios_are_tidied_in_place_and_checked_without_a_change() {
    let tools = Tools::new().file("scenarios/a.scn", UNTIDY).file("scenarios/b.scn", TIDY);
    let checked = tools.run("fmt --check");
    assert_eq!((checked.code, checked.out.as_str()), (Some(1), "scenarios/a.scn: not tidy\n"));
    assert_eq!(tools.read("scenarios/a.scn"), UNTIDY);
    let tidied = tools.run("fmt");
    assert_eq!(
        (tidied.code, tidied.out.as_str(), tidied.err.as_str()),
        (Some(0), "scenarios/a.scn: tidied\n", "")
    );
    assert_eq!(tools.read("scenarios/a.scn"), TIDY);
    let again = tools.run("fmt --check scenarios/a.scn");
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_tidied_to_standard_output() {
    let tools = Tools::new();
    let tidied = tools.run_with("fmt -", UNTIDY);
    assert_eq!((tidied.code, tidied.raw.as_str(), tidied.err.as_str()), (Some(0), TIDY, ""));
    let checked = tools.run_with("fmt --check -", UNTIDY);
    assert_eq!((checked.code, checked.out.as_str()), (Some(1), "standard input: not tidy\n"));
    let wrong = tools.run_with("fmt -", "network a-b\nkil a\n");
    assert_eq!((wrong.code, wrong.raw.as_str()), (Some(2), ""));
    assert!(wrong.err.contains("did you mean `kill`?"), "{}", wrong.err);
    assert_eq!(tools.run("fmt - a.scn").code, Some(2));
}

#[test]
fn a_file_with_an_error_is_left_and_told_as_check_tells_it() {
    let text = "network   a-b\nkil a\n";
    let tools = Tools::new().file("a.scn", text);
    let refused = tools.run("fmt a.scn");
    assert_eq!((refused.code, refused.err), (Some(2), tools.run("check a.scn").err));
    assert_eq!(tools.read("a.scn"), text);
    let missing = tools.run("fmt b.scn");
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("there is no `b.scn`"), "{}", missing.err);
}

/// A conversation with the language server.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    requests: u32,
    folder: String,
}

impl Editor {
    fn new(tools: &Tools) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("lsp").current_dir(tools.path("")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("the server");
        let (to, from) = (server.stdin.take().expect("a pipe"), server.stdout.take().expect("a pipe"));
        let folder = tools.path("").display().to_string();
        Self {
            server,
            to,
            from: BufReader::new(from),
            requests: 0,
            folder: folder.trim_end_matches('/').to_owned(),
        }
    }

    fn begun(tools: &Tools) -> Self {
        let mut editor = Self::new(tools);
        let told = editor.ask("initialize", &json!({ "capabilities": {} }));
        assert_eq!(told["result"]["serverInfo"]["name"], "tools");
        editor.tell("initialized", &json!({}));
        editor
    }

    fn send(&mut self, content: &str) {
        write!(self.to, "Content-Length: {}\r\n\r\n{content}", content.len()).expect("the server listens");
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Asks, and returns the answer; diagnostics before it are passed over.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        loop {
            let message = self.next();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Returns the next message of the server.
    fn next(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).expect("headers");
            match line.trim_end().split_once(": ") {
                Some((_, value)) => length = value.parse().expect("a length"),
                None if line == "\r\n" => break,
                None => panic!("the server has ended"),
            }
        }
        let mut content = vec![0; length];
        self.from.read_exact(&mut content).expect("content");
        serde_json::from_slice(&content).expect("JSON")
    }

    /// Returns the next diagnostics of a file: their places and messages.
    fn diagnostics(&mut self, name: &str) -> Vec<(Value, String)> {
        loop {
            let message = self.next();
            let is_it = message["params"]["uri"] == self.uri(name);
            if message["method"] == "textDocument/publishDiagnostics" && is_it {
                let all = message["params"]["diagnostics"].as_array().expect("a list").clone();
                let one = |one: &Value| {
                    (one["range"]["start"].clone(), one["message"].as_str().unwrap_or_default().to_owned())
                };
                return all.iter().map(one).collect();
            }
        }
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder)
    }

    fn open(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "scenario", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    fn ask_at(&mut self, method: &str, name: &str, line: u32, character: u32) -> Value {
        let document = json!({ "uri": self.uri(name) });
        let position = json!({ "line": line, "character": character });
        self.ask(method, &json!({ "textDocument": document, "position": position, "newName": "zoe" }))
    }

    /// Says goodbye, and returns the exit code.
    fn end(mut self) -> Option<i32> {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        self.server.wait().expect("it ends").code()
    }
}

#[test]
fn the_server_tells_errors_while_one_types() {
    let tools = Tools::new();
    let mut editor = Editor::begun(&tools);
    editor.open("a.scn", "# é😀\nkil a\n");
    let told = editor.diagnostics("a.scn");
    assert_eq!(told.len(), 1);
    assert!(told[0].1.starts_with("unknown step `kil`\nhelp: did you mean `kill`?"), "{told:?}");
    assert_eq!(told[0].0, json!({ "line": 1, "character": 0 }));
    let change = json!({
        "textDocument": { "uri": editor.uri("a.scn"), "version": 2 },
        "contentChanges": [
            { "range": { "start": { "line": 0, "character": 5 }, "end": { "line": 1, "character": 5 } }, "text": "" },
            { "text": "network a-b # 😀\na: set 😀 1; expect a: get x within 5\n" },
        ],
    });
    editor.tell("textDocument/didChange", &change);
    let told = editor.diagnostics("a.scn");
    // The columns count units of UTF-16.
    assert_eq!(told[0].0, json!({ "line": 1, "character": 36 }), "{told:?}");
    assert!(told[0].1.starts_with("a bare number is no duration: `5`"), "{told:?}");
    editor.tell("textDocument/didClose", &json!({ "textDocument": { "uri": editor.uri("a.scn") } }));
    assert_eq!(editor.diagnostics("a.scn"), []);
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn included_files_are_those_in_the_editor_before_those_on_the_disk() {
    let tools = Tools::new().file("load.scn", "a: set x 1\n");
    let mut editor = Editor::begun(&tools);
    editor.open("a.scn", "network a-b\ninclude \"load.scn\"\nexpect converged\n");
    assert_eq!(editor.diagnostics("a.scn"), []);
    editor.open("load.scn", "wait 5\n");
    let told = editor.diagnostics("a.scn");
    assert_eq!(told[0].0, json!({ "line": 1, "character": 8 }));
    assert!(told[0].1.contains("load.scn:1:6: a bare number is no duration: `5`"), "{told:?}");
    let place = editor.ask_at("textDocument/definition", "a.scn", 1, 12);
    assert_eq!(place["result"]["uri"], editor.uri("load.scn"));
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn the_server_answers_about_places() {
    let tools = Tools::new();
    let mut editor = Editor::begun(&tools);
    let text = "# 😀\nnetwork  alice-bob\nkill bob\nexpect alice: peers == bob\n";
    editor.open("a.scn", text);
    let words = editor.ask_at("textDocument/completion", "a.scn", 2, 5);
    let words = words["result"].as_array().expect("a list");
    assert!(words.iter().any(|word| word["label"] == "alice"), "{words:?}");
    let said = editor.ask_at("textDocument/hover", "a.scn", 2, 1);
    assert!(
        said["result"]["contents"]["value"].as_str().is_some_and(|said| said.contains("SIGKILL")),
        "{said}"
    );
    let place = editor.ask_at("textDocument/definition", "a.scn", 2, 6);
    assert_eq!(place["result"]["range"]["start"], json!({ "line": 1, "character": 15 }));
    let renamed = editor.ask_at("textDocument/rename", "a.scn", 2, 6);
    let edits = renamed["result"]["documentChanges"][0]["edits"].as_array().expect("edits").len();
    assert_eq!(edits, 3, "{renamed}");
    let refused = editor.ask_at("textDocument/rename", "a.scn", 2, 1);
    assert!(refused["error"]["message"].as_str().is_some_and(|why| why.starts_with("no name of a node")));
    let document = json!({ "textDocument": { "uri": editor.uri("a.scn") }, "options": { "tabSize": 8, "insertSpaces": true } });
    let outline = editor.ask("textDocument/documentSymbol", &document);
    assert_eq!(outline["result"][1]["name"], "kill bob", "{outline}");
    let tidied = editor.ask("textDocument/formatting", &document);
    assert_eq!(tidied["result"][0]["newText"], text.replace("network  a", "network a"));
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn bad_messages_are_refused_and_the_next_ones_answered() {
    let tools = Tools::new();
    let mut editor = Editor::new(&tools);
    assert_eq!(editor.ask("textDocument/hover", &json!({}))["error"]["code"], -32002);
    editor.send("{\"jsonrpc\": ");
    assert_eq!(editor.next()["error"]["code"], -32700);
    editor.send("[]");
    assert_eq!(editor.next()["id"], Value::Null);
    editor.ask("initialize", &json!({ "capabilities": {} }));
    assert_eq!(editor.ask("textDocument/hover", &json!(7))["error"]["code"], -32602);
    assert_eq!(editor.ask_at("textDocument/hover", "closed.scn", 0, 0)["error"]["code"], -32602);
    assert_eq!(editor.ask("no/such", &json!({}))["error"]["code"], -32601);
    editor.tell("textDocument/didOpen", &json!({ "textDocument": 5 }));
    editor.tell("$/cancelRequest", &json!({ "id": 1 }));
    editor.open("a.scn", "wait 1s\n");
    let far = editor.ask_at("textDocument/hover", "a.scn", 4_000_000_000, 4_000_000_000);
    assert_eq!(far["result"], Value::Null);
    assert_eq!(editor.end(), Some(0));
    // This is no message of the protocol at all.
    let refused = tools.run_with("lsp", "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("no `Content-Length: NUMBER`"), "{}", refused.err);
    assert_eq!(tools.run_with("lsp", "Content-Length: 99999999999\r\n\r\n").code, Some(2));
    assert_eq!(tools.run_with("lsp", "").code, Some(0));
}

/// Returns the folder of the extension.
fn extension() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("editor")
}

#[test]
fn the_grammar_has_every_word_of_the_language() {
    let read = |name: &str| std::fs::read_to_string(extension().join(name)).expect("a file of the extension");
    let parsed = |name: &str| -> Value { serde_json::from_str(&read(name)).expect("JSON") };
    let grammar = parsed("syntaxes/scenario.tmLanguage.json");
    let words = |part: &str| -> Vec<String> {
        let pattern = grammar["repository"][part]["match"].as_str().expect("a pattern");
        pattern.split(|c: char| !c.is_ascii_alphanumeric() && c != '%').map(str::to_owned).collect()
    };
    let check = |part: &str, all: &mut dyn Iterator<Item = &str>| {
        let found = words(part);
        for word in all {
            assert!(
                found.iter().any(|found| found == word),
                "`{word}` is missing in `{part}` of the grammar"
            );
        }
    };
    check("step", &mut tools::scenario::step_names());
    check("header", &mut tools::scenario::HEADERS.into_iter());
    check(
        "predicate",
        &mut tools::scenario::PREDICATES.into_iter().chain(["within", "for", "converged", "any"]),
    );
    check("shape", &mut tools::scenario::SHAPES.into_iter());
    check("generator", &mut tools::topology::generators());
    check("choice", &mut ["all", "random", "half", "of", "but", "first", "last", "rest"].into_iter());
    let units = tools::scenario::UNITS;
    check("number", &mut units.time.iter().chain(units.speed).chain(units.share).copied());
    let package = parsed("package.json");
    for path in [
        &package["main"],
        &package["contributes"]["languages"][0]["configuration"],
        &package["contributes"]["grammars"][0]["path"],
    ] {
        assert!(extension().join(path.as_str().expect("a path")).is_file(), "{path}");
    }
    parsed("language-configuration.json");
}

#[test]
fn the_grammar_colours_the_shipped_scenarios() {
    if !has("node") {
        return;
    }
    if !extension().join("node_modules").is_dir() {
        return skipped("the packages of tools/editor are not installed (npm ci)");
    }
    let scenarios = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let all =
        std::fs::read_dir(&scenarios).expect("the scenarios").map(|entry| entry.expect("an entry").path());
    let files: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end == "scn")).collect();
    let checked = Command::new("node").arg("--check").arg(extension().join("extension.js")).status();
    assert!(checked.expect("node").success());
    let printed =
        Command::new("node").arg(extension().join("tokens.js")).args(&files).output().expect("node");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let (mut steps, mut plain) = (0, Vec::new());
    for line in String::from_utf8(printed.stdout).expect("text").lines() {
        let (file, number, text, scopes): (String, u32, String, String) =
            serde_json::from_str(line).expect("JSON");
        steps += usize::from(scopes.starts_with("keyword."));
        // Each keyword of a step is coloured, wherever a step begins.
        let begins = ["expect ", "network ", "repeat ", "together"]
            .iter()
            .any(|word| text.trim_start().starts_with(word));
        if scopes.is_empty() && begins {
            plain.push(format!("{file}:{number}: {text}"));
        }
    }
    assert!(steps > 300, "{steps}");
    assert_eq!(plain, Vec::<String>::new());
}
