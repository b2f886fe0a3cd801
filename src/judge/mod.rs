//! From bytes to facts to findings to a verdict.
