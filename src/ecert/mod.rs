//! The structured e-certificate.
