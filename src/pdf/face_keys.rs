//! The keys of a table in a `face.toml`, read one at a time.
//!
//! A [`KeyReader`] gives the value of a key in the form that is wanted, or notes a fault and gives a stand-in, so
//! that reading goes on and all faults come at once. A key that nobody knows is a fault too: a misspelt one would
//! otherwise be passed over in silence.

use toml::{Table, Value};

use super::face_fault::{FaceFault, FaceProblem};
use super::face_template::Color;

/// Collects faults while reading; every method gives a stand-in where it reports one.
#[derive(Default)]
pub(super) struct KeyReader {
    pub(super) page: Option<usize>,
    pub(super) element: Option<usize>,
    pub(super) faults: Vec<FaceFault>,
}

impl KeyReader {
    pub(super) fn fault(&mut self, key: &str, problem: FaceProblem) {
        let (page, element, key) = (self.page, self.element, key.to_owned());
        self.faults.push(FaceFault { page, element, key, problem });
    }

    pub(super) fn number(
        &mut self,
        table: &Table,
        key: &str,
        min: f32,
        max: f32,
        or: Option<f32>,
    ) -> f32 {
        match (table.get(key), or) {
            (None, Some(or)) => or,
            (None, None) => {
                self.fault(key, FaceProblem::Missing);
                min
            }
            (Some(value), _) => match float(value) {
                Some(number) if (min..=max).contains(&number) => number,
                Some(_) => {
                    self.fault(key, FaceProblem::OutOfRange { min, max });
                    min
                }
                None => {
                    self.fault(key, FaceProblem::Form("a number"));
                    min
                }
            },
        }
    }

    pub(super) fn text(&mut self, table: &Table, key: &str) -> String {
        match table.get(key) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(_) => {
                self.fault(key, FaceProblem::Form("a text that is not empty"));
                String::new()
            }
            None => {
                self.fault(key, FaceProblem::Missing);
                String::new()
            }
        }
    }

    pub(super) fn color(&mut self, table: &Table, key: &str) -> Option<Color> {
        let value = table.get(key)?;
        let color = value.as_str().and_then(color);
        if color.is_none() {
            self.fault(key, FaceProblem::Form("a color as #rrggbb"));
        }
        color
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        table: &Table,
        key: &str,
        all: &[(&'static str, T)],
        or: Option<T>,
    ) -> T {
        let stand_in = or.unwrap_or(all[0].1);
        let Some(value) = table.get(key) else {
            if or.is_none() {
                self.fault(key, FaceProblem::Missing);
            }
            return stand_in;
        };
        match all.iter().find(|(word, _)| value.as_str() == Some(word)) {
            Some((_, choice)) => *choice,
            None => {
                let words = all.iter().map(|(word, _)| *word).collect();
                self.fault(key, FaceProblem::NotOneOf(words));
                stand_in
            }
        }
    }

    pub(super) fn known(&mut self, table: &Table, known: &[&[&str]]) {
        for key in table.keys() {
            if !known.iter().any(|keys| keys.contains(&key.as_str())) {
                self.fault(key, FaceProblem::UnknownKey);
            }
        }
    }
}

/// A TOML number as the `f32` nearest to it.
pub(super) fn float(value: &Value) -> Option<f32> {
    // There is no checked conversion from f64; the decimal digits lead to the nearest f32 all the same.
    let number: f32 = match value {
        Value::Float(number) => number.to_string().parse().ok()?,
        Value::Integer(number) => number.to_string().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A color written as `#rrggbb`.
fn color(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |at: usize| {
        let part = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        Some((f32::from(part) / 255.0 * 1000.0).round() / 1000.0)
    };
    Some(Color([part(0)?, part(2)?, part(4)?]))
}
