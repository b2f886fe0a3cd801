//! Settings, typed, read once, all faults reported together.
