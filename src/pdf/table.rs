//! Tables on a face: rows of cells under a head, over as many boxes and pages as the face allows.
//!
//! All cells share one size, the largest at which the rows together fit; a row is as high as its tallest cell and is
//! never divided. What does not fit one box goes on in the next, under the same head; to those who have the page read
//! aloud it is one table all the same. A table that does not fit at the least size is refused, never cut off.

use std::collections::VecDeque;
use std::ops::Range;

use super::draw_fault::{DrawFault, DrawFaultKind};
use super::face_template::{Area, Color, Element, TextStyle};
use super::font::FontBook;
use super::layout::{Align, Measured, Setting, TextBox, Valign};
use super::paper::Paper;
use super::structure::{Drawing, StructureParent};
use super::units::Mm;

/// One box of a table, and how its cells are set.
pub(super) struct TableShape<'t> {
    area: &'t Area,
    style: &'t TextStyle,
    /// Least height of a row.
    row_height: Mm,
    /// Width of each column.
    widths: &'t [Mm],
    line_color: Color,
    /// How often the box comes: on a further page, as often as it is needed up to this.
    times: usize,
}

impl<'t> TableShape<'t> {
    /// The box that `element` gives the rows of `field`, if it does.
    pub(super) fn of(element: &'t Element, field: &str, times: Option<usize>) -> Option<Self> {
        match element {
            Element::Table { field: own, area, style, row_height, widths, line_color, .. }
                if own == field =>
            {
                let (row_height, line_color) = (*row_height, *line_color);
                let times = times.unwrap_or(1);
                Some(Self { area, style, row_height, widths, line_color, times })
            }
            _ => None,
        }
    }

    /// Width of the text in a column.
    fn inner(width: Mm) -> f32 {
        (width.to_points() - 2.0 * CELL_PADDING.to_points()).max(1.0)
    }

    fn height(&self, row: &[Measured], size_pt: f32) -> f32 {
        let cells = row.iter().zip(self.widths);
        let tallest = cells
            .map(|(cell, width)| cell.height(Self::inner(*width), size_pt, self.style.line_height))
            .fold(0.0, f32::max);
        self.row_height.to_points().max(tallest + 2.0 * CELL_PADDING.to_points())
    }
}

/// Room between the line and the text of a cell, in millimetres. Our own measure.
const CELL_PADDING: Mm = Mm(1.0);

/// The boxes of one table, filled, in the order of the pages.
#[derive(Default)]
pub(super) struct Tables(VecDeque<Table>);

/// Which rows stand in one box, and how high each is, the head first.
struct Share {
    shape: usize,
    rows: Range<usize>,
    heights: Vec<f32>,
}

impl Tables {
    /// Sets `rows` under the names of `columns`, at the largest size that fits `shapes`.
    pub(super) fn fill(
        fonts: &FontBook,
        field: &str,
        shapes: &[TableShape<'_>],
        columns: &[&str],
        rows: &[Vec<String>],
    ) -> Result<Self, Vec<DrawFault>> {
        let Some(first) = shapes.first() else { return Ok(Self::default()) };
        let style = first.style;
        let mut faults = Vec::new();
        let mut fault = |kind| faults.push(DrawFault { field: field.to_owned(), kind });
        let count = first.widths.len();
        if columns.len() != count || rows.iter().any(|row| row.len() != count) {
            fault(DrawFaultKind::ColumnCount { columns: count });
            return Err(faults);
        }
        let mut measure = |texts: &mut dyn Iterator<Item = &str>| {
            let mut line = Vec::with_capacity(count);
            for text in texts {
                match Measured::styled(fonts, style, text) {
                    Ok(measured) => line.push(measured),
                    Err(problem) => fault(problem.into()),
                }
            }
            line
        };
        let head = measure(&mut columns.iter().copied());
        let cells: Vec<Vec<Measured>> =
            rows.iter().map(|row| measure(&mut row.iter().map(String::as_str))).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut size_pt = style.size_pt;
        let shares = loop {
            if let Some(shares) = share(shapes, &head, &cells, size_pt) {
                break shares;
            }
            if size_pt <= style.min_size_pt {
                let kind = DrawFaultKind::TableDoesNotFit { rows: rows.len() };
                return Err(vec![DrawFault { field: field.to_owned(), kind }]);
            }
            size_pt = (size_pt - 0.5).max(style.min_size_pt);
        };
        let last = shares.len() - 1;
        let mut cells = cells.into_iter();
        let mut tables = VecDeque::with_capacity(shares.len());
        for (number, share) in shares.into_iter().enumerate() {
            let Some(shape) = shapes.get(share.shape) else { continue };
            let lines = std::iter::once(head.clone()).chain(cells.by_ref().take(share.rows.len()));
            match Table::set(field, shape, lines, &share.heights, size_pt) {
                Ok(mut table) => {
                    (table.first, table.alone) = (number == 0, last == 0);
                    tables.push_back(table);
                }
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(Self(tables)) } else { Err(faults) }
    }

    /// The next box, where one is left.
    pub(super) fn take(&mut self) -> Option<Table> {
        self.0.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Shares the rows out among the boxes at `size_pt`; `None` where they do not fit.
fn share(
    shapes: &[TableShape<'_>],
    head: &[Measured],
    cells: &[Vec<Measured>],
    size_pt: f32,
) -> Option<Vec<Share>> {
    let mut shares = Vec::new();
    let mut row = 0;
    for (number, shape) in shapes.iter().enumerate() {
        let room = shape.area.h.to_points() + 0.01;
        for _ in 0..shape.times {
            // The first box shows its head even where there are no rows.
            if row == cells.len() && !shares.is_empty() {
                return Some(shares);
            }
            let mut used = shape.height(head, size_pt);
            let mut heights = vec![used];
            let start = row;
            while let Some(line) = cells.get(row) {
                let height = shape.height(line, size_pt);
                if used + height > room {
                    break;
                }
                used += height;
                heights.push(height);
                row += 1;
            }
            // A box that does not even take one row: the row is too high at this size.
            if used > room || (row == start && row < cells.len()) {
                return None;
            }
            shares.push(Share { shape: number, rows: start..row, heights });
        }
    }
    (row == cells.len()).then_some(shares)
}

/// Cells with their settings, row by row; the head first.
pub(super) struct Table {
    field: String,
    /// Whether the table begins here, and whether all of it stands here.
    first: bool,
    alone: bool,
    rows: Vec<Vec<(Measured, Setting)>>,
    /// Left edges of the columns and upper edges of the rows, with the last edge of each.
    columns: Vec<Mm>,
    edges: Vec<Mm>,
    color: Color,
    line_color: Color,
}

impl Table {
    fn set(
        field: &str,
        shape: &TableShape<'_>,
        lines: impl Iterator<Item = Vec<Measured>>,
        heights: &[f32],
        size_pt: f32,
    ) -> Result<Self, Vec<DrawFault>> {
        let TableShape { area, style, widths, line_color, .. } = *shape;
        let mut edges = vec![area.y];
        for height in heights {
            let last = edges.last().map_or(0.0, |edge| edge.0);
            edges.push(Mm(last + height * 25.4 / 72.0));
        }
        let mut columns = vec![area.x];
        for width in widths {
            let last = columns.last().map_or(0.0, |left| left.0);
            columns.push(Mm(last + width.0));
        }
        let mut faults = Vec::new();
        let mut rows = Vec::with_capacity(heights.len());
        for ((line, top), height) in lines.zip(&edges).zip(heights) {
            let mut set = Vec::with_capacity(line.len());
            for ((cell, left), width) in line.into_iter().zip(&columns).zip(widths) {
                let place = TextBox {
                    x: left.to_points() + CELL_PADDING.to_points(),
                    y: top.to_points(),
                    w: TableShape::inner(*width),
                    h: *height,
                    align: if rows.is_empty() { Align::Center } else { style.align },
                    valign: Valign::Middle,
                    size_pt,
                    min_size_pt: size_pt,
                    line_height: style.line_height,
                    letter_spacing_pt: 0.0,
                };
                match cell.set(&place) {
                    Ok(setting) => set.push((cell, setting)),
                    Err(problem) => {
                        faults.push(DrawFault { field: field.to_owned(), kind: problem.into() });
                    }
                }
            }
            rows.push(set);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (field, color) = (field.to_owned(), style.color);
        Ok(Self { field, first: true, alone: true, rows, columns, edges, color, line_color })
    }

    /// What the lines of the table enclose.
    fn area(&self) -> Option<Area> {
        let (x, y) = (*self.columns.first()?, *self.edges.first()?);
        let (right, bottom) = (self.columns.last()?, self.edges.last()?);
        Some(Area { x, y, w: Mm(right.0 - x.0), h: Mm(bottom.0 - y.0) })
    }

    /// Puts the table on the page and into the structure of the document; `begun` are the tables that have begun on
    /// this page or one before it, by their field.
    pub(super) fn paint(
        &self,
        paper: &mut Paper,
        drawing: &mut Drawing<'_>,
        begun: &mut Vec<(String, usize)>,
    ) {
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
        let known = begun.iter().find(|(field, _)| !self.first && *field == self.field);
        let whole = match known {
            Some((_, whole)) => *whole,
            None => {
                let whole = drawing.group(b"Table", StructureParent::Document);
                begun.push((self.field.clone(), whole));
                whole
            }
        };
        if let Some(area) = self.area().filter(|_| self.alone) {
            drawing.bound(whole, paper.rect(area));
        }
        for (number, row) in self.rows.iter().enumerate() {
            if number == 0 && !self.first {
                // The head once more, for the eye.
                for (measured, setting) in row {
                    paper.begin_running();
                    paper.text(measured, setting, self.color);
                    paper.end();
                }
                continue;
            }
            let line = drawing.group(b"TR", StructureParent::Group(whole));
            let role: &[u8] = if number == 0 { b"TH" } else { b"TD" };
            for (measured, setting) in row {
                let mark = paper.begin(role);
                paper.text(measured, setting, self.color);
                paper.end();
                drawing.leaf(role, StructureParent::Group(line), mark);
            }
        }
    }
}
