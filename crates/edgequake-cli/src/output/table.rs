//! [`Table`]: rows in columns, page by page.

use super::{Output, on_one_line};
use crate::failure::Failure;

/// Stands for an empty cell, so that every row has the same number of words.
const EMPTY_CELL: &str = "-";

/// Rows below a header. Columns are as wide as the first page needs; later pages only widen them. The last column is for free
/// text, since it is not padded.
pub(crate) struct Table {
    header: &'static [&'static str],
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    header_written: bool,
}

impl Table {
    /// A table with this header.
    pub(crate) fn new(header: &'static [&'static str]) -> Self {
        let widths = header.iter().map(|name| name.len()).collect();
        Self { header, widths, rows: Vec::new(), header_written: false }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Vec<String>) {
        let row: Vec<String> = row.iter().map(|cell| on_one_line(cell)).collect();
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = cell.chars().count().max(*width);
        }
        self.rows.push(row);
    }

    /// Writes the rows added since the last time, and the header above the first ones.
    pub(crate) fn write(&mut self, out: &mut Output) -> Result<(), Failure> {
        if !self.header_written {
            self.header_written = true;
            let header: Vec<String> = self.header.iter().map(|name| (*name).to_owned()).collect();
            out.line(&self.layout(&header))?;
        }
        for row in std::mem::take(&mut self.rows) {
            out.line(&self.layout(&row))?;
        }
        Ok(())
    }

    fn layout(&self, row: &[String]) -> String {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&self.widths).enumerate() {
            let cell = if cell.is_empty() { EMPTY_CELL } else { cell };
            let last = at + 1 == row.len();
            line.push_str(cell);
            if !last {
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_the_last_is_not_padded() {
        let mut table = Table::new(&["ID", "STATUS", "TITLE"]);
        table.row(vec!["d-1".into(), "done".into(), "Two\nlines".into()]);
        table.row(vec!["d-22".into(), String::new(), "é".into()]);
        let rows: Vec<String> = table.rows.iter().map(|row| table.layout(row)).collect();
        insta::assert_snapshot!(rows.join("\n"), @r"
        d-1   done    Two lines
        d-22  -       é
        ");
    }
}
