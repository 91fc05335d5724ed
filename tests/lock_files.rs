//! Tests of the npm lock files: they name packages and checksums, and no host to download from.

use std::path::{Path, PathBuf};

/// Returns the paths of the npm lock files in the repository.
fn lock_files() -> Vec<PathBuf> {
    /// The folders that are not searched: they are generated, or belong to git.
    const MADE: [&str; 4] = ["node_modules", "target", "logs", ".git"];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let entry = entry.expect("an entry");
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !MADE.contains(&&*name) {
                folders.push(path);
            } else if ["package-lock.json", "npm-shrinkwrap.json"].contains(&&*name) {
                found.push(path);
            }
        }
    }
    found
}

/// Returns the download addresses in a lock file, each with the name of its package.
fn addresses(lock: &serde_json::Value) -> Vec<String> {
    let packages = lock["packages"].as_object().into_iter().flatten();
    let resolved =
        packages.filter_map(|(name, package)| Some(format!("{name}: {}", package.get("resolved")?)));
    resolved.collect()
}

#[test]
fn no_lock_file_carries_download_addresses() {
    let files = lock_files();
    assert!(!files.is_empty(), "there is one in tests/byc");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a lock file is text");
        let lock = serde_json::from_str(&text).expect("a lock file is JSON");
        assert_eq!(addresses(&lock), Vec::<String>::new(), "{}", file.display());
        // This setting keeps the next `npm install` from writing addresses.
        let settings = std::fs::read_to_string(file.with_file_name(".npmrc")).unwrap_or_default();
        let setting = "omit-lockfile-registry-resolved=true";
        assert!(settings.lines().any(|line| line == setting), "{} has no `{setting}`", file.display());
    }
}

#[test]
fn an_address_is_found_with_its_package() {
    let lock = serde_json::json!({
        "packages": { "": {}, "node_modules/ws": { "version": "8", "resolved": "https://registry/ws.tgz" } }
    });
    assert_eq!(addresses(&lock), ["node_modules/ws: \"https://registry/ws.tgz\""]);
}
