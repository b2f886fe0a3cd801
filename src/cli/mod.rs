//! The command line, which wires everything.

pub mod dev_keys;
