//! The programs' door.
