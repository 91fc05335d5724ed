//! The scenario language for those who write it: the tidy form of a text, and the answers that an editor asks
//! for.
//!
//! Everything here is a function from texts to answers. It reads no file, prints nothing and runs nothing.

pub mod completion;
pub mod document;
pub mod format;
pub mod hover;
pub mod names;
pub mod position;
pub mod rename;
pub mod symbols;
pub mod table;
