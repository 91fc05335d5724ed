//! Build script that links programs so that they start fast: statically and at fixed addresses, where
//! possible.
//!
//! The harness starts its own binary once for each node: a thousand times for a large network. With dynamic
//! linking, a start is spent in the loader. It maps the shared libraries, looks up every symbol, and writes
//! the 18,000 pointers of a binary that may lie anywhere. The pages with these pointers are then private to
//! each node.
//!
//! Measured with 1,000 nodes in a ring, on two cores, as the time until the ring runs and the private memory
//! of each node:
//!
//! - 1.6 s and 650 KiB with dynamic linking,
//! - 1.15 s at fixed addresses,
//! - 0.85 s and 200 KiB with libc linked statically as well.
//!
//! The price is that the program does not lie at a random address.
//!
//! `rustc` has `-C target-feature=+crt-static` for this, but the flag holds for everything that is
//! compiled. Procedural macros cannot be compiled with it unless `--target` is given. Therefore only the
//! linker is told. `rustc` asks it for `-lc`, `-lgcc_s` and other libraries. A folder of linker scripts
//! comes first in the linker's search; they name archives for these libraries.
//!
//! Host names are still looked up as the system says, in files and by DNS. A module of another kind that
//! `/etc/nsswitch.conf` names is loaded if it belongs to the same C library, and skipped otherwise.
//!
//! Systems, processors, C libraries and linkers that were not measured are left as they are. On a machine
//! without the archives, only the addresses are fixed. `TOOLS_LINK=dynamic` in the environment leaves
//! everything to `rustc`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The libraries that the standard library asks the linker for, each with its archive. Only `gcc` is for
/// the other archives, which need it.
const ARCHIVES: [(&str, &str); 8] = [
    ("c", "libc.a"),
    ("dl", "libdl.a"),
    ("gcc", "libgcc.a"),
    ("gcc_s", "libgcc_eh.a"),
    ("m", "libm.a"),
    ("pthread", "libpthread.a"),
    ("rt", "librt.a"),
    ("util", "libutil.a"),
];

/// The kinds of programs that start fast, under their names in build scripts.
const PROGRAMS: [&str; 2] = ["bins", "examples"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TOOLS_LINK");
    if env::var("TOOLS_LINK").is_ok_and(|link| link == "dynamic") || !is_measured() {
        return Ok(());
    }
    let mut arguments = vec!["-no-pie".to_owned()];
    if let Some(archives) = archives() {
        let folder = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("static");
        fs::create_dir_all(&folder)?;
        // Each script names all archives: they refer to each other, and some linkers read an archive only
        // once.
        let paths: Vec<String> = archives.iter().map(|(_, path)| path.display().to_string()).collect();
        for (library, _) in &archives {
            fs::write(folder.join(format!("lib{library}.so")), format!("GROUP({})\n", paths.join(" ")))?;
        }
        arguments.extend(["-static".to_owned(), format!("-L{}", folder.display())]);
    }
    for argument in &arguments {
        for programs in PROGRAMS {
            println!("cargo::rustc-link-arg-{programs}={argument}");
        }
    }
    Ok(())
}

/// Returns true for the target of the figures above, if the user has chosen no linker and no static
/// linking.
fn is_measured() -> bool {
    let is = |variable: &str, expected: &str| env::var(variable).is_ok_and(|value| value == expected);
    let same = env::var("HOST").ok() == env::var("TARGET").ok();
    let static_already = env::var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|features| features.split(',').any(|feature| feature == "crt-static"));
    same && is("TARGET", "x86_64-unknown-linux-gnu")
        && env::var_os("RUSTC_LINKER").is_none()
        && !static_already
}

/// Returns each library with the path of its archive, or none if one is missing.
fn archives() -> Option<Vec<(&'static str, PathBuf)>> {
    ARCHIVES
        .into_iter()
        .map(|(library, archive)| {
            // `cc` calls the linker. For an archive that it does not find, it answers with the bare name.
            let found = Command::new("cc").arg(format!("-print-file-name={archive}")).output().ok()?;
            let path = String::from_utf8(found.stdout).ok()?;
            let path = Path::new(path.trim());
            path.is_absolute().then(|| (library, path.to_owned()))
        })
        .collect()
}
