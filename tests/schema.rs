//! Tests of the JSON schema of descriptions: all descriptions of the repository follow it, by another program's
//! reading, and what the harness refuses does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::story::{Tools, skipped};

/// Returns the descriptions of drivers below a folder of the repository, by path. A file of TOML that has no commands is
/// none.
fn descriptions(folder: &Path, found: &mut Map<String, Value>) {
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                descriptions(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).expect("a text");
            let Ok(document) = toml::from_str::<Value>(&text) else {
                panic!("{} is no TOML", path.display())
            };
            if document.get("commands").is_some() {
                found.insert(path.display().to_string(), document);
            }
        }
    }
}

/// Returns the first mistake of each document that has one, by jsonschema for Python.
fn mistakes(tools: &Tools, documents: &Map<String, Value>) -> Option<Value> {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/formats");
    let python = formats.join(".readers/bin/python");
    if !python.exists() {
        skipped("the packages of tests/formats/requirements.txt are not in tests/formats/.readers");
        return None;
    }
    let schema = tools.run("drivers --schema");
    schema.code(0);
    let written = |name: &str, text: &str| -> PathBuf {
        std::fs::write(tools.path(name), text).expect("a file");
        tools.path(name)
    };
    let output = Command::new(python)
        .arg(formats.join("read_schema.py"))
        .arg(written("schema.json", &schema.raw))
        .arg(written("documents.json", &Value::Object(documents.clone()).to_string()))
        .output()
        .expect("its end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("a line of JSON"))
}

#[test]
fn all_descriptions_follow_it() {
    let mut found = Map::new();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in ["tools", "tests", "scenarios", "findings"] {
        descriptions(&repository.join(folder), &mut found);
    }
    // The presets, the ones to start from and those of tests are among them.
    for part in ["drivers/etcd.toml", "new/http.toml", "new/exec.toml", "described/kv.toml"] {
        assert!(found.keys().any(|name| name.ends_with(part)), "{part} is not in {:?}", found.keys());
    }
    let Some(mistakes) = mistakes(&Tools::new(), &found) else { return };
    assert_eq!(mistakes, json!({}));
}

#[test]
fn what_is_refused_does_not_follow_it() {
    let tools = Tools::new();
    let texts = [
        ("no commands", "about = \"x\"\n"),
        ("field", "redy = \"port\"\n[commands.get]\nhttp = \"GET /\"\n"),
        ("field of a command", "[commands.get]\nhtp = \"GET /\"\n"),
        ("meaning", "[commands.get]\nhttp = \"GET /\"\nmeans = { 404 = \"abesnt\" }\n"),
        ("sign", "[commands.get]\nhttp = \"GET /\"\nmeans = { not-found = \"absent\" }\n"),
        ("links", "links = \"any\"\n[commands.get]\nhttp = \"GET /\"\n"),
        ("ready", "ready = { logs = \"x\" }\n[commands.get]\nhttp = \"GET /\"\n"),
        ("type", "about = 5\n[commands.get]\nhttp = \"GET /\"\n"),
    ];
    let mut documents = Map::new();
    for (name, text) in texts {
        // Descriptions that the schema refuses are refused by the harness, too.
        std::fs::write(tools.path("wrong.toml"), text).expect("a file");
        let ended = tools.run("list --driver wrong.toml .");
        assert_eq!(ended.code, Some(2), "{name}: {ended:#?}");
        documents.insert(name.to_owned(), toml::from_str(text).expect("TOML"));
    }
    let Some(mistakes) = mistakes(&tools, &documents) else { return };
    let refused: Vec<&str> = mistakes.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected: Vec<&str> = texts.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(refused, expected, "{mistakes:#?}");
}
