//! The only floor that sees cryptography.
