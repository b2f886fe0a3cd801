//! Looking at a sealed PDF.
use super::examine::Look;
use super::facts::Trust;
use super::texts::Observed;
use crate::domain::Moment;
pub(super) const INTEGRITY: &[&str] = &["seal.present"];
pub(super) fn look(_file: &[u8], _trust: &Trust<'_>, _at: Moment) -> Look {
    Look { seen: vec![Observed::KindPdf], ..Look::default() }
}
