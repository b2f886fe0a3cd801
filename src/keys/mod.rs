//! Where sealing keys live.
