//! The node as a program of its own; `tools node` is the same thing.

fn main() {}
