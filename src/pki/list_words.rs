//! What verified lists say of one certificate, put together.
//!
//! A list with an entry speaks by itself. Silence speaks where the grounds of the lists together are all there are: an
//! authority may publish a part for each ground. A list that only amends another speaks by its entries alone, and takes
//! back what was held.
//!
//! Source: RFC 5280, 6.3.3.

use super::certificate::Certificate;
use super::crl::Crl;
use super::crl_scope::Grounds;
use super::revocation::Statement;

/// What these lists, each signed by who may sign it, say of `subject`.
pub(super) fn statements(lists: &[&Crl], subject: &Certificate) -> Vec<Statement> {
    let mut said = Vec::new();
    let mut silent: Vec<(&Crl, Grounds)> = Vec::new();
    for list in lists {
        let Some(word) = list.word(subject, lists) else { continue };
        let whole = word.entry.is_some() || list.is_delta() || word.grounds == Grounds::ALL;
        if whole {
            let (this_update, next_update) = (list.this_update(), list.next_update());
            said.push(Statement { this_update, next_update, entry: word.entry });
        } else {
            silent.push((list, word.grounds));
        }
    }
    silent.sort_by_key(|(list, _)| std::cmp::Reverse(list.this_update()));
    let mut together = Grounds::NONE;
    let mut used: Vec<&Crl> = Vec::new();
    for (list, grounds) in silent {
        if together != Grounds::ALL && together.or(grounds) != together {
            together = together.or(grounds);
            used.push(list);
        }
    }
    let oldest = used.iter().map(|list| list.this_update()).min();
    let first_due = used.iter().map(|list| list.next_update()).min();
    if let (true, Some(this_update), Some(next_update)) =
        (together == Grounds::ALL, oldest, first_due)
    {
        said.push(Statement { this_update, next_update, entry: None });
    }
    said
}
