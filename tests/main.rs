//! End-to-end tests: the binaries, used as a person uses them.
