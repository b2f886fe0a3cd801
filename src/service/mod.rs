//! The desks: one use of the system each, behind ports.
