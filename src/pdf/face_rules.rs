//! What holds for a face as a whole: what stands once, and how tables go on from page to page.
//!
//! A face has one QR square and one seal, on a page that every license has; each page carries the license id, so that
//! no page can be passed off as one of another license. A table goes on in further boxes, and last on a page that is
//! made as often as rows are left.

use std::collections::BTreeMap;

use super::face_fault::FaceProblem;
use super::face_keys::KeyReader;
use super::face_template::{Element, FaceFile, FacePage};

/// Reports what is wrong with `pages` together.
pub(super) fn hold(pages: &[FacePage], reader: &mut KeyReader) {
    let all = || pages.iter().flat_map(|page| &page.elements);
    let count = all().count();
    if count > FaceFile::MAX_ELEMENTS {
        let limit = FaceFile::MAX_ELEMENTS;
        reader.fault("element", FaceProblem::TooMany { limit, found: count });
    }
    type Is = fn(&Element) -> bool;
    let singles: [(&str, Is); 2] = [
        ("qr", |element| matches!(element, Element::Qr { .. })),
        ("seal", |element| matches!(element, Element::Seal { .. })),
    ];
    for (kind, is) in singles {
        let found = all().filter(|element| is(element)).count();
        if found != 1 {
            reader.fault(kind, FaceProblem::NotOnce { found });
        }
    }
    if pages.first().is_some_and(|page| page.further_max.is_some()) {
        reader.fault("further_max", FaceProblem::Further);
    }
    // How many columns the table of a field has, and whether it has met the page that goes on to its end.
    let mut tables: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for (number, page) in (1..).zip(pages) {
        reader.page = (pages.len() > 1).then_some(number);
        let ids = page.elements.iter().filter(|element| matches!(element, Element::LicenseId(_)));
        let found = ids.count();
        if found != 1 {
            reader.fault("license_id", FaceProblem::NotOnce { found });
        }
        let further = page.further_max.is_some();
        let mut continued_here = 0;
        for (place, element) in (1..).zip(&page.elements) {
            reader.element = Some(place);
            match element {
                Element::Table { field, widths, continued, .. } => {
                    let before = tables.get(field.as_str()).copied();
                    let agrees = match before {
                        Some((columns, ended)) => *continued && columns == widths.len() && !ended,
                        None => !continued,
                    };
                    if !agrees {
                        reader.fault("continued", FaceProblem::NotContinued);
                    }
                    if further && !continued {
                        reader.fault("kind", FaceProblem::Further);
                    }
                    continued_here += usize::from(*continued);
                    tables.insert(field, (widths.len(), further));
                }
                Element::Portrait { .. } | Element::Qr { .. } | Element::Seal { .. } if further => {
                    reader.fault("kind", FaceProblem::Further);
                }
                _ => {}
            }
        }
        reader.element = None;
        if further && continued_here != 1 {
            reader.fault("further_max", FaceProblem::Further);
        }
    }
    reader.page = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "[[page.element]]\nkind = \"license_id\"\nx = 1\ny = 1\nw = 20\nh = 5\nfont = \"body\"\nsize_pt = 6\n";
    const SEAL: &str = "[[page.element]]\nkind = \"seal\"\nx = 1\ny = 1\ndiameter = 20\n";
    const QR: &str = "[[page.element]]\nkind = \"qr\"\nx = 1\ny = 1\nsize = 30\n";
    const PAGE: &str = "[[page]]\nwidth_mm = 210\nheight_mm = 297\n";

    fn table(more: &str) -> String {
        format!(
            "[[page.element]]\nkind = \"table\"\nfield = \"T\"\nx = 1\ny = 1\nw = 50\nh = 50\nfont = \"body\"\n\
             size_pt = 8\nrow_h = 8\n{more}\n"
        )
    }

    /// The faults of a file, as page and key.
    fn faults(text: &str) -> Vec<(Option<usize>, String)> {
        let found = FaceFile::parse(text).err().unwrap_or_default();
        found.into_iter().map(|fault| (fault.page, fault.key)).collect()
    }

    #[test]
    fn what_stands_once_stands_once_and_every_page_has_the_id() {
        assert_eq!(faults(&[PAGE, ID, SEAL, QR].concat()), []);
        assert_eq!(
            faults(&[PAGE, ID, QR, QR, PAGE, ID, ID].concat()),
            [
                (None, "qr".to_owned()),
                (None, "seal".to_owned()),
                (Some(2), "license_id".to_owned())
            ]
        );
        assert_eq!(faults(&[PAGE, ID, SEAL, QR, PAGE, QR].concat()).len(), 2);
        assert_eq!(
            faults(
                &[
                    PAGE,
                    ID,
                    SEAL,
                    QR,
                    PAGE,
                    "[[page.element]]\nkind = \"rule\"\nx=1\ny=1\nx2=2\ny2=2\n"
                ]
                .concat()
            ),
            [(Some(2), "license_id".to_owned())]
        );
    }

    #[test]
    fn a_table_goes_on_only_from_one_that_began() {
        let first = table("widths = [20, 30]");
        let next = table("widths = [10, 40]\ncontinued = true");
        let further = format!("{PAGE}further_max = 3\n");
        let head = [PAGE, ID, SEAL, QR].concat();
        let continued = || (Some(2), "continued".to_owned());
        assert_eq!(faults(&[&head, &first, PAGE, ID, &next, &further, ID, &next].concat()), []);
        assert_eq!(faults(&[&head, &first, PAGE, ID, &first].concat()), [continued()]);
        assert_eq!(faults(&[&head, PAGE, ID, &next].concat()), [continued()]);
        let narrow = table("widths = [50]\ncontinued = true");
        assert_eq!(faults(&[&head, &first, PAGE, ID, &narrow].concat()), [continued()]);
        // After the page that takes all that is left, nothing is left.
        let after = faults(&[&head, &first, &further, ID, &next, PAGE, ID, &next].concat());
        assert_eq!(after, [(Some(3), "continued".to_owned())]);
    }

    #[test]
    fn a_further_page_is_there_for_its_table_alone() {
        let first = table("widths = [20, 30]");
        let next = table("widths = [10, 40]\ncontinued = true");
        let further = format!("{PAGE}further_max = 3\n");
        let head = [PAGE, ID, &first].concat();
        let found = faults(&[&head, &further, ID, SEAL, QR, &next].concat());
        assert_eq!(found, [(Some(2), "kind".to_owned()), (Some(2), "kind".to_owned())]);
        let none = [PAGE, ID, SEAL, QR, &further, ID].concat();
        assert_eq!(faults(&none), [(Some(2), "further_max".to_owned())]);
        let too_often = format!("{PAGE}further_max = 51\n");
        let found = faults(&[&head, SEAL, QR, &too_often, ID, &next].concat());
        assert_eq!(found, [(Some(2), "further_max".to_owned())]);
    }
}
