//! [`Table`]: rows in columns, page by page.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Output, on_one_line};
use crate::failure::Failure;

/// Stands for an empty cell, so that every row has the same number of words.
const EMPTY_CELL: &str = "-";

/// What is between two columns.
const GAP: usize = 2;

/// How much room the last column gets at least, if others can be left out for it.
const ROOM_FOR_TEXT: usize = 20;

/// Rows below a header. Columns are as wide as the first page needs; later pages only widen them. The last column is for free
/// text, since it is not padded.
///
/// On a terminal a row takes one line: [optional](Self::optional) columns are left out where there is no room for them, and the last
/// column is cut. Elsewhere everything is written.
pub(crate) struct Table {
    header: &'static [&'static str],
    optional: &'static [&'static str],
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    header_written: bool,
    /// Which columns are shown; decided when the header is written.
    shown: Vec<bool>,
}

impl Table {
    /// A table with this header.
    pub(crate) fn new(header: &'static [&'static str]) -> Self {
        let widths = header.iter().map(|name| name.len()).collect();
        let shown = vec![true; header.len()];
        Self { header, optional: &[], widths, rows: Vec::new(), header_written: false, shown }
    }

    /// The columns that a narrow terminal need not have, the first to be left out first.
    pub(crate) fn optional(mut self, names: &'static [&'static str]) -> Self {
        self.optional = names;
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Vec<String>) {
        let row: Vec<String> = row.iter().map(|cell| on_one_line(cell)).collect();
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = cell.width().max(*width);
        }
        self.rows.push(row);
    }

    /// Writes the rows added since the last time, and the header above the first ones.
    pub(crate) fn write(&mut self, out: &mut Output) -> Result<(), Failure> {
        let screen = out.width();
        for line in self.lines(screen) {
            out.line(&line)?;
        }
        Ok(())
    }

    /// The lines not written yet, for a screen of so many columns.
    fn lines(&mut self, screen: Option<usize>) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.header_written {
            self.header_written = true;
            self.choose_columns(screen);
            let header: Vec<String> = self.header.iter().map(|name| (*name).to_owned()).collect();
            lines.push(self.layout(&header, screen));
        }
        for row in std::mem::take(&mut self.rows) {
            lines.push(self.layout(&row, screen));
        }
        lines
    }

    fn choose_columns(&mut self, screen: Option<usize>) {
        let Some(screen) = screen else { return };
        let longest = self.widths.last().copied().unwrap_or_default();
        for name in self.optional {
            if self.columns_before_last() + longest.min(ROOM_FOR_TEXT) <= screen {
                break;
            }
            if let Some(at) = self.header.iter().position(|known| known == name)
                && let Some(shown) = self.shown.get_mut(at)
            {
                *shown = false;
            }
        }
    }

    /// How much room those take that are shown, with the gaps behind them.
    fn columns_before_last(&self) -> usize {
        let columns = self.widths.iter().zip(&self.shown).take(self.widths.len().saturating_sub(1));
        columns.filter(|(_, shown)| **shown).map(|(width, _)| width + GAP).sum()
    }

    fn layout(&self, row: &[String], screen: Option<usize>) -> String {
        let mut line = String::new();
        let mut used = 0;
        for (at, ((cell, width), shown)) in row.iter().zip(&self.widths).zip(&self.shown).enumerate() {
            if !shown {
                continue;
            }
            let cell = if cell.is_empty() { EMPTY_CELL } else { cell };
            if at + 1 == row.len() {
                match screen {
                    Some(screen) => line.push_str(&cut(cell, screen.saturating_sub(used))),
                    None => line.push_str(cell),
                }
            } else {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + GAP));
                used += (*width).max(cell.width()) + GAP;
            }
        }
        line
    }
}

/// As much of a text as there is room for; one column at least.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    });
    let mut cut: String = fits.collect();
    cut.push('\u{2026}');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table =
            Table::new(&["ID", "STATUS", "CHUNKS", "CREATED", "TITLE"]).optional(&["CREATED", "CHUNKS"]);
        for (id, title) in [("d-1", "The harbour bridge\nof 1931"), ("d-22", "橋の歴史と港の歴史")] {
            let cells = [id, "completed", "12", "2031-02-03 10:11", title];
            table.row(cells.map(str::to_owned).to_vec());
        }
        table
    }

    #[test]
    fn columns_stand_below_each_other_and_the_last_is_not_padded() {
        let mut table = Table::new(&["ID", "STATUS", "TITLE"]);
        table.row(vec!["d-1".into(), "done".into(), "Two\nlines".into()]);
        table.row(vec!["橋".into(), String::new(), "é".into()]);
        insta::assert_snapshot!(table.lines(None).join("\n"), @r"
        ID   STATUS  TITLE
        d-1  done    Two lines
        橋   -       é
        ");
    }

    #[test]
    fn a_terminal_gets_one_line_for_each_row() {
        let shown = [None, Some(80), Some(60), Some(40), Some(20)].map(|screen| {
            let lines = table().lines(screen);
            if let Some(screen) = screen.filter(|screen| *screen > 20) {
                assert!(lines.iter().all(|line| line.width() <= screen), "{lines:?}");
            }
            lines.join("\n")
        });
        insta::assert_snapshot!(shown.join("\n\n"), @r"
        ID    STATUS     CHUNKS  CREATED           TITLE
        d-1   completed  12      2031-02-03 10:11  The harbour bridge of 1931
        d-22  completed  12      2031-02-03 10:11  橋の歴史と港の歴史

        ID    STATUS     CHUNKS  CREATED           TITLE
        d-1   completed  12      2031-02-03 10:11  The harbour bridge of 1931
        d-22  completed  12      2031-02-03 10:11  橋の歴史と港の歴史

        ID    STATUS     CHUNKS  TITLE
        d-1   completed  12      The harbour bridge of 1931
        d-22  completed  12      橋の歴史と港の歴史

        ID    STATUS     TITLE
        d-1   completed  The harbour bridge of …
        d-22  completed  橋の歴史と港の歴史

        ID    STATUS     TI…
        d-1   completed  Th…
        d-22  completed  橋…
        ");
    }
}
