//! [`Lines`]: puts the strings that a page shows into lines and paragraphs, by where they stand.

/// How far up or down the next string may stand and still be in the line, in parts of the size of the font.
const SAME_LINE: f64 = 0.5;

/// From which distance between two lines on a paragraph begins, in parts of the size of the font.
const PARAGRAPH: f64 = 1.9;

/// The text of a page, as its operators move and show it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    /// The beginning of the current line, in the units of the page.
    at: (f64, f64),
    /// Where the last string stood, and how large it was.
    shown: Option<(f64, f64)>,
    /// How much the text matrix enlarges.
    scale: (f64, f64),
    size: f64,
    leading: f64,
    /// Whether the place has changed since the last string.
    moved: bool,
}

impl Lines {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// `BT`: back to the origin.
    pub(super) fn begin(&mut self) {
        self.place((1.0, 1.0), (0.0, 0.0));
    }

    /// `Tf`: the size of the font.
    pub(super) fn size(&mut self, size: f64) {
        self.size = size;
    }

    /// `TL`: the distance between lines.
    pub(super) fn leading(&mut self, leading: f64) {
        self.leading = leading;
    }

    /// `Tm`: elsewhere, and enlarged.
    pub(super) fn place(&mut self, scale: (f64, f64), at: (f64, f64)) {
        (self.scale, self.at, self.moved) = (scale, at, true);
    }

    /// `Td`: from the beginning of the line.
    pub(super) fn advance(&mut self, x: f64, y: f64) {
        self.at = (self.at.0 + x * self.scale.0, self.at.1 + y * self.scale.1);
        self.moved = true;
    }

    /// `T*`: the next line. One without a distance is one as well.
    pub(super) fn next_line(&mut self) {
        let leading = if self.leading == 0.0 { self.size } else { self.leading };
        self.advance(0.0, -leading);
    }

    /// A gap within a line.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
    }

    /// Shows a string.
    pub(super) fn show(&mut self, string: &str) {
        if string.is_empty() {
            return;
        }
        let size = (self.size * self.scale.1).abs();
        // Some fonts are of size 1 and enlarged elsewhere.
        let size = if size > 0.0 { size } else { 12.0 };
        if let (true, Some((y, last))) = (self.moved, self.shown) {
            let distance = (self.at.1 - y).abs() / size.max(last);
            if distance > PARAGRAPH {
                self.break_line();
                self.text.push('\n');
            } else if distance > SAME_LINE {
                self.break_line();
            } else {
                self.gap();
            }
        }
        self.text.extend(string.chars().filter(|letter| !letter.is_control()));
        (self.shown, self.moved) = (Some((self.at.1, size)), false);
    }

    fn break_line(&mut self) {
        let length = self.text.trim_end_matches(' ').len();
        self.text.truncate(length);
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(write: impl Fn(&mut Lines)) -> String {
        let mut lines = Lines::default();
        lines.begin();
        lines.size(10.0);
        write(&mut lines);
        lines.finish()
    }

    #[test]
    fn places_make_lines_and_paragraphs() {
        let text = lines(|lines| {
            lines.advance(72.0, 700.0);
            lines.show("The bridge");
            lines.advance(80.0, 0.0);
            lines.show("opened");
            lines.advance(-80.0, -12.0);
            lines.show("in 1931.");
            lines.advance(0.0, -30.0);
            lines.show("It is made");
            lines.next_line();
            lines.show("of steel.");
        });
        assert_eq!(text, "The bridge opened\nin 1931.\n\nIt is made\nof steel.");
    }

    #[test]
    fn a_matrix_places_and_enlarges() {
        let text = lines(|lines| {
            lines.size(1.0);
            lines.place((12.0, 12.0), (72.0, 700.0));
            lines.show("one");
            lines.advance(0.0, -1.1);
            lines.show("two");
            lines.begin();
            lines.place((12.0, 12.0), (72.0, 686.8));
            lines.show("three");
        });
        assert_eq!(text, "one\ntwo three");
    }

    #[test]
    fn numbers_that_make_no_sense_do_no_harm() {
        let text = lines(|lines| {
            for odd in [f64::NAN, f64::INFINITY, f64::MAX, 0.0] {
                lines.place((odd, odd), (odd, odd));
                lines.size(odd);
                lines.leading(odd);
                lines.show("a\u{0}");
                lines.next_line();
            }
        });
        assert_eq!(text.matches('a').count(), 4);
    }
}
