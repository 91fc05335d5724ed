//! The tests of finding and reading scenarios.

use super::*;

/// Creates a folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn finds_scenarios_below_a_folder_by_name() {
    let folder =
        folder(&[("b.scn", ""), ("a/z.scn", ""), ("a/notes.txt", ""), (".hidden/c.scn", ""), ("c.scn", "")]);
    let names = |paths: &[PathBuf]| -> Vec<String> {
        let found = find(paths).unwrap();
        let relative = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
        found.iter().map(relative).collect()
    };
    assert_eq!(names(&[folder.path().to_owned()]), ["a/z.scn", "b.scn", "c.scn"]);
    let twice = [folder.path().join("c.scn"), folder.path().to_owned()];
    assert_eq!(names(&twice), ["c.scn", "a/z.scn", "b.scn"]);
    assert_eq!(names(&[folder.path().join("a/notes.txt")]), ["a/notes.txt"]);
}

#[test]
fn a_missing_path_says_what_was_probably_meant() {
    let folder = folder(&[("sync.scn", ""), ("empty/x.txt", "")]);
    let message = |name: &str| {
        let error = find(&[folder.path().join(name)]).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(message("snyc.scn"), "there is no `DIR/snyc.scn`: did you mean `DIR/sync.scn`?");
    assert_eq!(message("sync"), "there is no `DIR/sync`: did you mean `DIR/sync.scn`?");
    assert_eq!(
        message("nothing_like_it"),
        "there is no `DIR/nothing_like_it`: name scenarios, or folders that hold some"
    );
    assert_eq!(message("empty"), "there is no `.scn` file in `DIR/empty`");
}

#[test]
fn loads_every_combination_and_says_a_thing_once() {
    let folder = folder(&[
        ("a.scn", "param x = 1 | 2\nparam net = a-b | a-b-c\nnetwork $net\na: set k $x\nwait 5"),
        ("b.scn", "param x = 1 | 2\nnetwork a-b\nz: set k $x\ninclude \"part/more\""),
        ("part/more", "a: get k"),
    ]);
    let paths = [folder.path().to_owned()];
    let mut loaded = load(&paths, &BTreeMap::new(), &[]).unwrap();
    let counts = |loaded: &[Loaded]| -> Vec<(usize, usize)> {
        loaded.iter().map(|loaded| (loaded.len(), loaded.diagnostics.len())).collect()
    };
    assert_eq!(counts(&loaded), [(4, 0), (2, 0)]);
    let setting = Setting::of(&crate::world::PROCESS);
    let mut names = Vec::new();
    for one in &mut loaded {
        one.check(&setting, |scenario, _| names.push(scenario.name.clone()));
    }
    assert!(loaded.iter().all(Loaded::is_wrong));
    // One error, an unknown node, and one warning that nothing is expected.
    assert_eq!(counts(&loaded), [(4, 1), (2, 2)]);
    assert_eq!(names, ["b[x=1]", "b[x=2]"]);
    assert_eq!(loaded[1].name(1), loaded[1].scenario(1).unwrap().name);
    assert!(loaded[0].scenario(0).is_none());
    // `net` is a parameter of one of them only.
    let fixed = |name: &str| BTreeMap::from([(name.to_owned(), "a-b".to_owned())]);
    assert_eq!(counts(&load(&paths, &fixed("net"), &[]).unwrap()), [(2, 0), (2, 0)]);
    let error = load(&paths, &fixed("nte"), &[]).unwrap_err().to_string();
    assert_eq!(error, "unknown parameter `nte`: did you mean `net`?");
}

#[test]
fn a_file_that_cannot_be_read_is_wrong_and_does_not_hide_the_rest() {
    let folder = folder(&[("a.scn", ""), ("b.scn", "network a-b"), ("c.scn", "include \"none.scn\"")]);
    std::fs::write(folder.path().join("a.scn"), b"kill \xff").unwrap();
    std::fs::write(folder.path().join("d.scn"), vec![b' '; (1 << 20) + 1]).unwrap();
    let mut loaded = load(&[folder.path().to_owned()], &BTreeMap::new(), &[]).unwrap();
    for one in &mut loaded {
        one.check(&Setting::of(&crate::world::PROCESS), |_, _| {});
        one.diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    }
    let messages: Vec<Option<String>> = loaded
        .iter()
        .map(|loaded| loaded.diagnostics.first().map(|diagnostic| diagnostic.message.clone()))
        .map(|message| message.map(|text| text.replace(&folder.path().display().to_string(), "DIR")))
        .collect();
    assert_eq!(
        messages,
        [
            Some("cannot be read: line 1 is no UTF-8 text (byte 6 is 0xff): save it as UTF-8".to_owned()),
            None,
            Some("`DIR/none.scn` cannot be read: there is no such file or folder".to_owned()),
            Some("cannot be read: it is larger than 1 MiB".to_owned()),
        ]
    );
}
