//! The people's pages.
