//! [`Table`]: rows in columns, page by page.

use super::{Output, on_one_line};
use crate::failure::Failure;

/// What stands where there is nothing, so that a row has the same number of words whatever it holds.
const NOTHING: &str = "-";

/// Rows under one head. Columns are as wide as the first page needs; later pages only widen them. The last column is for free
/// text, since it is not padded.
pub(crate) struct Table {
    head: &'static [&'static str],
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
    headed: bool,
}

impl Table {
    /// A table with this head.
    pub(crate) fn new(head: &'static [&'static str]) -> Self {
        let widths = head.iter().map(|name| name.len()).collect();
        Self { head, widths, rows: Vec::new(), headed: false }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Vec<String>) {
        let row: Vec<String> = row.iter().map(|cell| on_one_line(cell)).collect();
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = cell.chars().count().max(*width);
        }
        self.rows.push(row);
    }

    /// Writes the rows added since the last time, and the head above the first ones.
    pub(crate) fn write(&mut self, out: &mut Output) -> Result<(), Failure> {
        if !self.headed {
            self.headed = true;
            let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
            out.line(&self.layout(&head))?;
        }
        for row in std::mem::take(&mut self.rows) {
            out.line(&self.layout(&row))?;
        }
        Ok(())
    }

    fn layout(&self, row: &[String]) -> String {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&self.widths).enumerate() {
            let cell = if cell.is_empty() { NOTHING } else { cell };
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
