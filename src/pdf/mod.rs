//! The sealed PDF: drawing, sealing gap, reading.
