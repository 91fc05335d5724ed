//! The scenarios that ship, in a folder of a story's own.

use std::path::Path;

use crate::story::Tools;

/// A story with all scenarios that ship under `scenarios/`.
pub(crate) fn shipped() -> Tools {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let tools = copied(Tools::new(), &folder, "scenarios");
    assert!(tools.path("scenarios/sync.scn").exists());
    tools
}

fn copied(mut tools: Tools, folder: &Path, name: &str) -> Tools {
    for entry in std::fs::read_dir(folder).expect("a folder of scenarios") {
        let path = entry.expect("an entry").path();
        let name = format!("{name}/{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            tools = copied(tools, &path, &name);
        } else {
            tools = tools.file(&name, &std::fs::read_to_string(&path).expect("a text"));
        }
    }
    tools
}

/// The entries of a JSON report.
pub(crate) fn entries(report: &serde_json::Value) -> &[serde_json::Value] {
    report["scenarios"].as_array().expect("a report lists scenarios")
}

/// What a program reads as text.
#[track_caller]
pub(crate) fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a text")
}
