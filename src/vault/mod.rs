//! Everything kept: SQLite, objects, journal.
