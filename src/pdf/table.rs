//! Tables on a face: rows of cells under a head.
//!
//! All cells share one size, the largest at which the rows together fit their box; a row is as high as its
//! tallest cell. A table that does not fit at the least size is refused, never cut off.

use super::draw_fault::{DrawFault, DrawFaultKind};
use super::face_template::{Area, Color, TextStyle};
use super::font::FontBook;
use super::layout::{Align, Measured, Setting, TextBox, Valign};
use super::paper::Paper;
use super::structure::{Drawing, StructureParent};
use super::units::Mm;

/// Cells with their settings, row by row; the head first.
pub(super) struct Table {
    rows: Vec<Vec<(Measured, Setting)>>,
    /// Left edges of the columns and upper edges of the rows, with the last edge of each.
    columns: Vec<Mm>,
    edges: Vec<Mm>,
    color: Color,
    line_color: Color,
}

/// Where and how a table stands.
pub(super) struct TableShape<'t> {
    pub(super) area: &'t Area,
    pub(super) style: &'t TextStyle,
    /// Least height of a row.
    pub(super) row_height: Mm,
    /// Width of each column.
    pub(super) widths: &'t [Mm],
    pub(super) line_color: Color,
}

/// Room between the line and the text of a cell, in millimetres. Our own measure.
const CELL_PADDING: Mm = Mm(1.0);

impl Table {
    /// Sets `rows` under the names of `columns`, at the largest size that fits.
    pub(super) fn set(
        fonts: &FontBook,
        field: &str,
        shape: &TableShape<'_>,
        columns: &[&str],
        rows: &[Vec<String>],
    ) -> Result<Self, Vec<DrawFault>> {
        let TableShape { area, style, row_height, widths, line_color } = *shape;
        let mut faults = Vec::new();
        let mut fault = |kind| faults.push(DrawFault { field: field.to_owned(), kind });
        if columns.len() != widths.len() || rows.iter().any(|row| row.len() != widths.len()) {
            fault(DrawFaultKind::ColumnCount { columns: widths.len() });
            return Err(faults);
        }
        let mut cells: Vec<Vec<Measured>> = Vec::with_capacity(rows.len() + 1);
        let head = columns.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(rows) {
            let mut line = Vec::with_capacity(row.len());
            for cell in row {
                match Measured::styled(fonts, style, cell) {
                    Ok(measured) => line.push(measured),
                    Err(problem) => fault(problem.into()),
                }
            }
            cells.push(line);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let padding = CELL_PADDING.to_points();
        let inner = |width: &Mm| (width.to_points() - 2.0 * padding).max(1.0);
        let mut size_pt = style.size_pt;
        let heights = loop {
            let height = |row: &Vec<Measured>| {
                let cells = row.iter().zip(widths);
                let tallest = cells
                    .map(|(cell, width)| cell.height(inner(width), size_pt, style.line_height))
                    .fold(0.0, f32::max);
                row_height.to_points().max(tallest + 2.0 * padding)
            };
            let heights: Vec<f32> = cells.iter().map(height).collect();
            if heights.iter().sum::<f32>() <= area.h.to_points() + 0.01 {
                break heights;
            }
            if size_pt <= style.min_size_pt {
                let kind = DrawFaultKind::TableDoesNotFit { rows: rows.len() };
                return Err(vec![DrawFault { field: field.to_owned(), kind }]);
            }
            size_pt = (size_pt - 0.5).max(style.min_size_pt);
        };

        let mut edges = vec![area.y];
        for height in &heights {
            let last = edges.last().map_or(0.0, |edge| edge.0);
            edges.push(Mm(last + height * 25.4 / 72.0));
        }
        let mut lefts = vec![area.x];
        for width in widths {
            let last = lefts.last().map_or(0.0, |left| left.0);
            lefts.push(Mm(last + width.0));
        }
        let mut settings = Vec::with_capacity(cells.len());
        for ((row, top), height) in cells.into_iter().zip(&edges).zip(&heights) {
            let mut line = Vec::with_capacity(row.len());
            for ((cell, left), width) in row.into_iter().zip(&lefts).zip(widths) {
                let place = TextBox {
                    x: left.to_points() + padding,
                    y: top.to_points(),
                    w: inner(width),
                    h: *height,
                    align: if settings.is_empty() { Align::Center } else { style.align },
                    valign: Valign::Middle,
                    size_pt,
                    min_size_pt: size_pt,
                    line_height: style.line_height,
                    letter_spacing_pt: 0.0,
                };
                match cell.set(&place) {
                    Ok(setting) => line.push((cell, setting)),
                    Err(problem) => {
                        faults.push(DrawFault { field: field.to_owned(), kind: problem.into() });
                    }
                }
            }
            settings.push(line);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { rows: settings, columns: lefts, edges, color: style.color, line_color })
    }

    /// What the lines of the table enclose.
    fn area(&self) -> Option<Area> {
        let (x, y) = (*self.columns.first()?, *self.edges.first()?);
        let (right, bottom) = (self.columns.last()?, self.edges.last()?);
        Some(Area { x, y, w: Mm(right.0 - x.0), h: Mm(bottom.0 - y.0) })
    }

    /// Puts the table on the page and into the structure of the document.
    pub(super) fn paint(&self, paper: &mut Paper, fonts: &FontBook, drawing: &mut Drawing<'_>) {
        paper.begin_artifact();
        let stroke = (self.line_color, 0.5);
        let ends = |list: &[Mm]| Some((*list.first()?, *list.last()?));
        if let (Some((left, right)), Some((top, bottom))) = (ends(&self.columns), ends(&self.edges))
        {
            for y in &self.edges {
                paper.line((left, *y), (right, *y), stroke);
            }
            for x in &self.columns {
                paper.line((*x, top), (*x, bottom), stroke);
            }
        }
        paper.end();
        let whole = drawing.group(b"Table", StructureParent::Document);
        if let Some(area) = self.area() {
            drawing.bound(whole, paper.rect(area));
        }
        for (number, row) in self.rows.iter().enumerate() {
            let line = drawing.group(b"TR", StructureParent::Group(whole));
            let role: &[u8] = if number == 0 { b"TH" } else { b"TD" };
            for (measured, setting) in row {
                let mark = paper.begin(role);
                paper.text(fonts, measured, setting, self.color);
                paper.end();
                drawing.leaf(role, StructureParent::Group(line), mark);
            }
        }
    }
}
