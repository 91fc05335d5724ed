//! Tests of the scenarios and drivers of other people's systems: what holds of their texts, without the systems.
//! `.ci/run` runs those of several systems.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::story::Tools;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the scenarios, each by its name and text.
fn scenarios() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(root().join("scenarios/systems")).expect("the folder is there");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<(String, String)> = paths
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    found.sort();
    found
}

/// Returns the names of the drivers that have descriptions in the program.
fn drivers() -> BTreeSet<String> {
    let listed = Tools::new().run("drivers");
    let rows = listed.out.lines().filter(|line| line.contains(" described "));
    rows.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

#[test]
fn scenarios_of_systems_are_right_and_run_only_if_they_are_asked_for() {
    let mut tools = Tools::new();
    for (name, text) in scenarios() {
        let tags = text.lines().find_map(|line| line.strip_prefix("tags optional, ")).unwrap_or_default();
        assert!(
            name.starts_with(tags.split(',').next().unwrap_or_default()) && !tags.is_empty(),
            "{name}: {tags}"
        );
        tools = tools.file(&format!("scenarios/{name}.scn"), &text);
    }
    let ended = tools.run("check scenarios/ --world netns");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn each_system_has_its_row() {
    let table = std::fs::read_to_string(root().join("tools/SYSTEMS.md")).expect("SYSTEMS.md is there");
    for (name, text) in scenarios() {
        assert!(table.contains(&format!("`{name}.scn`")), "{name} has no row in tools/SYSTEMS.md");
        let known = drivers();
        let used = text.split("driver=").skip(1).filter_map(|rest| rest.split_whitespace().next());
        for driver in used {
            assert!(known.contains(driver), "{name}: {driver}");
        }
    }
}

#[test]
fn a_description_that_ships_says_how_its_system_is_installed() {
    for name in drivers() {
        let ended = Tools::new().run(&format!("drivers {name}"));
        for part in ["about = ", "install = ", "[start]", "[commands."] {
            assert!(ended.out.contains(part), "{name}: {part}");
        }
    }
}
