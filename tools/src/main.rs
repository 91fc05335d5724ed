//! `tools`: see `tools --help`.

fn main() {}
