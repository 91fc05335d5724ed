//! The shipped scenarios, copied into the folder of a story.

use std::path::Path;

use crate::story::Tools;

/// Returns a story whose folder contains all scenarios under `scenarios/`.
pub(crate) fn shipped() -> Tools {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let tools = copied(Tools::new(), &folder, "scenarios");
    assert!(tools.path("scenarios/sync.scn").exists());
    tools
}

/// Returns the paths of the shipped scenarios in the story's folder, sorted. Those of other people's systems are not
/// among them: they need their programs (`systems.rs`).
pub(crate) fn files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    let mut folders = vec!["scenarios".to_owned()];
    while let Some(name) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&name)).expect("a folder of scenarios") {
            let path = entry.expect("an entry").path();
            let name = format!("{name}/{}", path.file_name().expect("a name").to_string_lossy());
            if path.is_dir() {
                folders.extend(Some(name).filter(|name| name != "scenarios/systems"));
            } else if path.extension().is_some_and(|extension| extension == "scn") {
                files.push(name);
            }
        }
    }
    files.sort_unstable();
    files
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

/// Returns the entries of a JSON report.
pub(crate) fn entries(report: &serde_json::Value) -> &[serde_json::Value] {
    report["scenarios"].as_array().expect("a report lists scenarios")
}

/// Returns the text of a JSON string. Panics if the value is of another type.
#[track_caller]
pub(crate) fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a text")
}
