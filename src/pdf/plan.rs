//! Which pages a license has, and what stands on each.
//!
//! Every value is set here, and all that do not fit are named together. A page that is made only when it is needed
//! comes as often as rows of its table are left over.

use super::draw::{DrawValue, FaceInput};
use super::draw_fault::{DrawError, DrawFault, DrawFaultKind};
use super::face::{CompiledFace, CompiledPage, Part};
use super::face_template::{Area, Element, PlacedText, TextStyle};
use super::font::FontBook;
use super::layout::{Measured, TextFault};
use super::paint::Ready;
use super::paper::text_box;
use super::portrait::Picture;
use super::table::{Table, TableShape, Tables};

/// A page with everything that stands on it, found to fit.
pub(super) struct Planned<'f, 'v> {
    pub(super) page: &'f CompiledPage,
    pub(super) ready: Vec<Ready<'v>>,
}

/// Sets every value of a license, or gives all that cannot be put on its face.
pub(super) fn plan<'f, 'v>(
    face: &'f CompiledFace,
    fonts: &'f FontBook,
    input: &FaceInput<'_, 'v>,
) -> Result<Vec<Planned<'f, 'v>>, DrawError> {
    let mut planner =
        Planner { face, fonts, input, tables: Vec::new(), faults: Vec::new(), pages: Vec::new() };
    for page in &face.pages {
        match &page.further {
            None => planner.page(page)?,
            Some((field, _)) => {
                while planner.rows_left(field) {
                    planner.page(page)?;
                }
            }
        }
    }
    planner.number_pages()
}

struct Planner<'f, 'i, 'v> {
    face: &'f CompiledFace,
    fonts: &'f FontBook,
    input: &'i FaceInput<'i, 'v>,
    /// The tables of each field, those that are not yet on a page.
    tables: Vec<(&'f str, Tables)>,
    faults: Vec<DrawFault>,
    pages: Vec<Planned<'f, 'v>>,
}

impl<'f, 'v> Planner<'f, '_, 'v> {
    fn rows_left(&self, field: &str) -> bool {
        self.tables.iter().any(|(known, tables)| *known == field && !tables.is_empty())
    }

    fn page(&mut self, page: &'f CompiledPage) -> Result<(), DrawError> {
        let mut ready = Vec::with_capacity(page.parts.len());
        for part in &page.parts {
            match part {
                Part::Fixed(id) => ready.push(Ready::Fixed(*id)),
                Part::Value(element) => match self.prepare(element, page) {
                    Ok(prepared) => ready.extend(prepared),
                    Err(DrawError::Faults(more)) => self.faults.extend(more),
                    Err(fault) => return Err(fault),
                },
            }
        }
        self.pages.push(Planned { page, ready });
        Ok(())
    }

    fn value(&self, code: &str) -> Option<DrawValue<'v>> {
        self.input.values.iter().find(|(known, _)| *known == code).map(|(_, value)| *value)
    }

    fn prepare(
        &mut self,
        element: &'f Element,
        page: &CompiledPage,
    ) -> Result<Option<Ready<'v>>, DrawError> {
        let refused = |field: &str, kind| {
            DrawError::Faults(vec![DrawFault { field: field.to_owned(), kind }])
        };
        // What a page that comes many times repeats is not read aloud each time.
        let running = page.further.is_some();
        match element {
            Element::Field { field, area, style } => match self.value(field) {
                Some(DrawValue::Text(text)) => self
                    .set(text, *area, style, running)
                    .map(Some)
                    .map_err(|fault| refused(field, fault.into())),
                Some(_) => Err(refused(field, DrawFaultKind::WrongKind)),
                None => Ok(None),
            },
            Element::LicenseId(PlacedText { area, style }) => {
                let running = running || !self.pages.is_empty();
                self.set(self.input.license_id, *area, style, running)
                    .map(Some)
                    .map_err(|fault| refused("license_id", fault.into()))
            }
            Element::PageNumber { text, placed } => Ok(Some(Ready::Number(text.clone(), *placed))),
            Element::Portrait { field, area, pixels } => match self.value(field) {
                Some(DrawValue::Portrait { media_type, bytes }) => {
                    Picture::read(media_type, bytes, pixels)
                        .map(|picture| Some(Ready::Picture(picture, *area)))
                        .map_err(|fault| refused(field, DrawFaultKind::BadPortrait(fault)))
                }
                Some(_) => Err(refused(field, DrawFaultKind::WrongKind)),
                None => Ok(None),
            },
            // What it says is known when the key has signed it.
            Element::Qr { area } => Ok(Some(Ready::Qr(*area))),
            Element::Seal { area } => Ok(Some(Ready::Seal(*area))),
            Element::Table { field, .. } => match self.value(field) {
                Some(DrawValue::Table { columns, rows }) => {
                    Ok(self.table(field, columns, rows)?.map(Ready::Table))
                }
                Some(_) => Err(refused(field, DrawFaultKind::WrongKind)),
                None => Ok(None),
            },
            // Fixed parts were drawn when the face was prepared.
            Element::Rect { .. } | Element::Rule { .. } | Element::Text { .. } => Ok(None),
        }
    }

    /// What the next box of a table holds. All boxes of a field are filled when its first is met.
    fn table(
        &mut self,
        field: &'f str,
        columns: &[&str],
        rows: &[Vec<String>],
    ) -> Result<Option<Table>, DrawError> {
        if let Some((_, tables)) = self.tables.iter_mut().find(|(known, _)| *known == field) {
            return Ok(tables.take());
        }
        let mut boxes = Vec::with_capacity(1);
        for page in &self.face.pages {
            for part in &page.parts {
                let Part::Value(element) = part else { continue };
                let times = page.further.as_ref().map(|(_, max)| *max);
                if let Some(shape) = TableShape::of(element, field, times) {
                    boxes.push(shape);
                }
            }
        }
        let tables = Tables::fill(self.fonts, field, &boxes, columns, rows);
        // Refused once, the rows are not looked at again.
        let (mut tables, refused) = match tables {
            Ok(tables) => (tables, None),
            Err(faults) => (Tables::default(), Some(faults)),
        };
        let first = tables.take();
        self.tables.push((field, tables));
        match refused {
            Some(faults) => Err(DrawError::Faults(faults)),
            None => Ok(first),
        }
    }

    fn set(
        &self,
        text: &str,
        area: Area,
        style: &TextStyle,
        running: bool,
    ) -> Result<Ready<'v>, TextFault> {
        let measured = Measured::styled(self.fonts, style, text)?;
        let setting = measured.set(&text_box(area, style))?;
        let color = style.color;
        Ok(if running {
            Ready::Running(measured, setting, color)
        } else {
            Ready::Text(measured, setting, color)
        })
    }

    /// The pages, with their numbers, now that it is known how many there are.
    fn number_pages(mut self) -> Result<Vec<Planned<'f, 'v>>, DrawError> {
        if !self.faults.is_empty() {
            return Err(DrawError::Faults(self.faults));
        }
        let mut pages = std::mem::take(&mut self.pages);
        let count = pages.len().to_string();
        for (number, page) in (1..).zip(&mut pages) {
            for ready in &mut page.ready {
                let Ready::Number(text, placed) = ready else { continue };
                let number: usize = number;
                let text = text.replace("{page}", &number.to_string()).replace("{pages}", &count);
                *ready = self
                    .set(&text, placed.area, &placed.style, true)
                    .map_err(|_| DrawError::Fault("a page number does not fit its box"))?;
            }
        }
        Ok(pages)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::pdf::{CompiledFace, FaceFile, draw, testing};

    /// A front page, a page with half the width, and one that comes as often as rows are left.
    const PAGES: &str = r##"
        [[page]]
        width_mm = 210
        height_mm = 297
        [[page.element]]
        kind = "text"
        text = "正本"
        x = 20
        y = 20
        w = 100
        h = 20
        font = "title"
        size_pt = 30
        [[page.element]]
        kind = "field"
        field = "MC"
        x = 20
        y = 60
        w = 100
        h = 10
        font = "body"
        size_pt = 12
        [[page.element]]
        kind = "qr"
        x = 20
        y = 100
        size = 30
        [[page]]
        width_mm = 105
        height_mm = 148
        [[page.element]]
        kind = "table"
        field = "JL"
        x = 10
        y = 20
        w = 80
        h = 40
        font = "body"
        size_pt = 9
        min_size_pt = 8
        row_h = 8
        widths = [20, 60]
        [[page.element]]
        kind = "seal"
        x = 40
        y = 90
        diameter = 30
        [[page]]
        width_mm = 148
        height_mm = 105
        further_max = 3
        [[page.element]]
        kind = "text"
        text = "变更记录续页"
        x = 10
        y = 5
        w = 80
        h = 8
        font = "label"
        size_pt = 10
        [[page.element]]
        kind = "table"
        field = "JL"
        x = 10
        y = 20
        w = 120
        h = 50
        font = "body"
        size_pt = 9
        row_h = 8
        widths = [30, 90]
        continued = true
    "##;

    fn face() -> CompiledFace {
        let more = |y: f32| {
            format!(
                "[[page.element]]\nkind = \"license_id\"\nx = 5\ny = {y}\nw = 95\nh = 4\nfont = \"body\"\nsize_pt = 5\n\
                 [[page.element]]\nkind = \"page_number\"\ntext = \"第{{page}}页共{{pages}}页\"\nx = 5\ny = {}\nw = 50\nh = 5\n\
                 font = \"body\"\nsize_pt = 6\n",
                y + 4.0
            )
        };
        let parts: Vec<&str> = PAGES.split("[[page]]").skip(1).collect();
        let heights = [280.0, 135.0, 90.0];
        let text =
            parts.iter().zip(heights).map(|(part, y)| format!("[[page]]{part}\n{}", more(y)));
        let file = FaceFile::parse(&text.collect::<String>()).unwrap();
        CompiledFace::new(file, testing::fonts()).unwrap()
    }

    fn rows(count: usize) -> Vec<Vec<String>> {
        (1..=count).map(|n| vec![format!("R{n:03}"), format!("第{n}次变更核准")]).collect()
    }

    fn drawn(face: &CompiledFace, rows: &[Vec<String>]) -> Result<Vec<u8>, DrawError> {
        let table = DrawValue::Table { columns: &["日期栏", "事项栏"], rows };
        let values = [("MC", DrawValue::Text("示例市望江建设集团")), ("JL", table)];
        let sample = testing::sample();
        let drawn = draw(face, testing::fonts(), &sample.face_input(&values))?;
        drawn.preview(&sample.binding(&[]))
    }

    fn ask(program: &str, options: &[&str], file: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.pdf");
        std::fs::write(&path, file).unwrap();
        let mut command = Command::new(program);
        command.args(options).arg(&path);
        if program == "pdftotext" {
            command.arg("-");
        }
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success() && output.stderr.is_empty(), "{program}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text of each page, without blanks.
    fn pages(file: &[u8]) -> Vec<String> {
        let text = ask("pdftotext", &["-raw"], file);
        let pages = text.trim_end_matches('\u{c}').split('\u{c}');
        pages.map(|page| page.chars().filter(|c| !c.is_whitespace()).collect()).collect()
    }

    #[test]
    fn rows_go_on_from_page_to_page_and_none_is_lost_or_divided() {
        let face = face();
        // Four rows fit the second page, five each further one.
        for (count, expected) in [(0, 2), (4, 2), (5, 3), (9, 3), (10, 4), (19, 5)] {
            let file = drawn(&face, &rows(count)).unwrap();
            let pages = pages(&file);
            assert_eq!(pages.len(), expected, "{count} rows");
            let all = pages.concat();
            for number in 1..=count {
                assert_eq!(all.matches(&format!("R{number:03}第{number}次变更核准")).count(), 1);
            }
            for (number, page) in (1..).zip(&pages) {
                assert!(page.contains(&format!("第{number}页共{expected}页")), "{page}");
                assert!(page.contains(testing::LICENSE_ID), "{page}");
                assert_eq!(page.contains("日期栏"), number > 1, "{page}");
                assert_eq!(page.contains("变更记录续页"), number > 2, "{page}");
            }
        }
        let refused = drawn(&face, &rows(20)).unwrap_err();
        let kind = DrawFaultKind::TableDoesNotFit { rows: 20 };
        assert_eq!(refused, DrawError::Faults(vec![DrawFault { field: "JL".to_owned(), kind }]));
    }

    #[test]
    fn what_is_repeated_for_the_eye_is_read_aloud_once() {
        let file = drawn(&face(), &rows(14)).unwrap();
        assert!(ask("qpdf", &["--check"], &file).contains("No syntax or stream encoding errors"));
        let read = ask("pdfinfo", &["-struct-text"], &file);
        assert_eq!(read.matches("Table ").count() + read.matches("Table\n").count(), 1, "{read}");
        assert_eq!(read.matches("TR").count(), 15, "{read}");
        for (text, times) in [("日期栏", 1), (testing::LICENSE_ID, 1), ("共4页", 0), ("续页", 0)]
        {
            assert_eq!(read.matches(text).count(), times, "{text}\n{read}");
        }
        // No character stands between Han and digits but those that were sent.
        assert!(read.contains("\"第14次变更核准\""), "{read}");
    }
}
