//! Certificates, paths and signed messages: bytes in, facts out.
