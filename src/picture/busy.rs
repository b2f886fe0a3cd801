//! How far the decoder may have to walk.
//!
//! From the middle of everything that may be a corner pattern, row by row, the decoder goes up and down as long as it is
//! dark. Where a picture is full of upright stripes each of its rows has hundreds of such middles, and every walk takes
//! the height of the picture. All walks together are at most those from the middle of every dark stretch of every row,
//! which are added up here in one pass.

use rxing::common::BitMatrix;

/// The steps of all walks, at most.
pub(super) fn steps(matrix: &BitMatrix) -> u64 {
    let mut columns = vec![Column::default(); usize::try_from(matrix.width()).unwrap_or_default()];
    let mut steps = 0;
    for y in 0..matrix.height() {
        let mut stretch = Stretch::default();
        for (x, at) in (0..matrix.width()).enumerate() {
            if matrix.get(at, y) {
                stretch.start.get_or_insert(x);
                columns.get_mut(x).into_iter().for_each(|column| column.dark += 1);
            } else {
                steps += columns.get_mut(x).map_or(0, Column::end);
                stretch.end(x, &mut columns);
            }
        }
        stretch.end(columns.len(), &mut columns);
    }
    steps + columns.iter_mut().map(Column::end).sum::<u64>()
}

/// A column of the picture, down to the row that is looked at.
#[derive(Clone, Copy, Default)]
struct Column {
    /// How long it has been dark.
    dark: u64,
    /// How many walks begin in this dark part of it.
    walks: u64,
}

impl Column {
    /// The steps of the walks in the dark part that ends here.
    fn end(&mut self) -> u64 {
        let ended = std::mem::take(self);
        ended.dark * ended.walks
    }
}

/// A dark stretch of a row.
#[derive(Default)]
struct Stretch {
    start: Option<usize>,
}

impl Stretch {
    /// Has a walk begin in the middle of what ends before `x`.
    fn end(&mut self, x: usize, columns: &mut [Column]) {
        if let Some(start) = self.start.take()
            && let Some(column) = columns.get_mut(usize::midpoint(start, x - 1))
        {
            column.walks += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_of(rows: &str) -> u64 {
        steps(&BitMatrix::parse_strings(rows, "#", ".").unwrap())
    }

    #[test]
    fn every_middle_walks_the_dark_column_it_stands_in() {
        for (what, rows, expected) in [
            ("nothing", "...\n...\n", 0),
            ("one point", "...\n.#.\n...\n", 1),
            ("a bar that lies", "#####\n.....\n", 1),
            ("a bar that stands", "#..\n#..\n#..\n", 9),
            ("two bars that stand", "#.#\n#.#\n", 8),
            ("a block", "###\n###\n###\n", 9),
            ("a column with a gap", "#\n#\n.\n#\n", 5),
            ("up to the right edge", ".##\n.#.\n", 4),
        ] {
            assert_eq!(steps_of(rows), expected, "{what}");
        }
    }
}
