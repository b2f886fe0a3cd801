//! Lengths on a license face.
//!
//! Faces are specified in millimetres from the upper left corner; PDF counts points from the lower left. The
//! change of unit happens here and nowhere else, and [`rounded`] is the one place that says how exact a
//! number in a content stream is.
//!
//! Source: ISO 32000-1:2008, 8.3.2.3 "User space".

/// A length in millimetres, the unit in which license faces are specified.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Mm(pub f32);

impl Mm {
    /// This length in PDF points.
    ///
    /// One point is 1/72 inch, the default unit of user space, and one inch is exactly 25.4 mm, so the factor
    /// is 72 / 25.4. A4 (210 mm × 297 mm) becomes 595.28 × 841.89 points.
    ///
    /// The result is not rounded. Viewers place a seal to a fraction of a point, and rounding each edge by
    /// itself would let a 42 mm seal come out slightly oval.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zhengku::pdf::Mm;
    /// assert_eq!(Mm(25.4).to_points(), 72.0);
    /// assert!((Mm(210.0).to_points() - 595.28).abs() < 0.01);
    /// ```
    pub fn to_points(self) -> f32 {
        self.0 * 72.0 / 25.4
    }
}

/// A number as it is written into a content stream: to 1/100 point, 3.5 µm on paper.
pub(super) fn rounded(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}

/// A count as a factor. Counts on a face are small; one past 65 535 is held there.
pub(super) fn factor(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_a4_page_has_the_usual_size_in_points() {
        assert_eq!(rounded(Mm(210.0).to_points()), 595.28);
        assert_eq!(rounded(Mm(297.0).to_points()), 841.89);
    }
}
