//! `tools`: see `tools --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tools::cli::main()
}
