//! Verifying a list of cases, one after the other, each number once.

use std::collections::HashMap;

use crate::judge::Verdict;

use super::case_list::{CaseAsked, CaseRow};
use super::case_result::CaseResult;
use super::compare::Viewer;
use super::desks::VerifyDesk;

/// Judges cases as they come.
pub struct Cases<'d> {
    desk: &'d dyn VerifyDesk,
    /// A number that stands in a list twice is asked once, and answered twice.
    known: HashMap<String, Verdict>,
}

impl<'d> Cases<'d> {
    /// With this desk.
    pub fn at(desk: &'d dyn VerifyDesk) -> Self {
        Self { desk, known: HashMap::new() }
    }

    /// What comes of one row.
    pub async fn judge(&mut self, row: CaseRow) -> CaseResult {
        let CaseRow { line, input, asked } = row;
        let asked = match asked {
            Ok(asked) => asked,
            Err(why) => return CaseResult::unreadable(Some(line), input, &why),
        };
        if let Some(verdict) = self.known.get(&input) {
            return CaseResult::judged(Some(line), input, verdict);
        }
        let verdict = match asked {
            CaseAsked::Id(id) => self.desk.id(&id).await,
            CaseAsked::Square(text) => self.desk.square_for(&text, &Viewer::Anybody).await,
        };
        let result = CaseResult::judged(Some(line), input.clone(), &verdict);
        self.known.insert(input, verdict);
        result
    }
}
