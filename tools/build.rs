//! Links programs so that they start fast: statically and at fixed addresses, where that can be had.
//!
//! The harness starts its own binary once for each node, a thousand times for a large network. Bound
//! dynamically, a start is spent on the loader: it maps the shared libraries, looks up every symbol,
//! and writes 18,000 pointers of a binary that may lie anywhere, on pages that each node then has for
//! itself. Measured with 1,000 nodes in a ring, on two cores: 1.6 s and 650 KiB of private memory a
//! node bound dynamically, 1.15 s at fixed addresses, 0.85 s and 200 KiB where libc is linked
//! statically as well. The price is that the program itself is not at a random address.
//!
//! `rustc` has `-C target-feature=+crt-static` for this, but as a flag for everything that is
//! compiled, which procedural macros cannot be unless `--target` is given. So the linker is told
//! alone: `rustc` asks it for `-lc`, `-lgcc_s` and others, which it takes from archives here because a
//! folder of linker scripts that name them comes first in its search.
//!
//! Names are still looked up as the system says, in files and by DNS; a module of another kind that
//! `/etc/nsswitch.conf` names is loaded if it is of the same C library, or passed over.
//!
//! Left alone: other systems and processors than those measured, other C libraries, other linkers,
//! a machine without the archives (there only the addresses are fixed). `TOOLS_LINK=dynamic` in the
//! environment leaves all as `rustc` does it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the standard library asks the linker for, and the archive that has it; `gcc` is what the
/// others ask for.
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

/// The kinds of programs whose starts are counted, as build scripts call them.
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
        // All of them each time: they refer to each other, and some linkers read an archive only once.
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

/// Whether this is a build of the kind that the figures above come from, with no wishes of its own.
fn is_measured() -> bool {
    let is = |variable: &str, expected: &str| env::var(variable).is_ok_and(|value| value == expected);
    let same = env::var("HOST").ok() == env::var("TARGET").ok();
    let static_already = env::var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|features| features.split(',').any(|feature| feature == "crt-static"));
    same && is("TARGET", "x86_64-unknown-linux-gnu")
        && env::var_os("RUSTC_LINKER").is_none()
        && !static_already
}

/// Each library with its archive, if all are there.
fn archives() -> Option<Vec<(&'static str, PathBuf)>> {
    ARCHIVES
        .into_iter()
        .map(|(library, archive)| {
            // The linker is called through `cc`, which answers with the bare name if it finds none.
            let found = Command::new("cc").arg(format!("-print-file-name={archive}")).output().ok()?;
            let path = String::from_utf8(found.stdout).ok()?;
            let path = Path::new(path.trim());
            path.is_absolute().then(|| (library, path.to_owned()))
        })
        .collect()
}
