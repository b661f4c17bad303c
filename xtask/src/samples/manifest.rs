//! `manifest.tsv`: which file is a body of which operation.
//!
//! Columns are parted by tabs: file, operation, remark, status. The operation is `METHOD /path/template`, as in the table of
//! operations; a path with values in place of the parameters will do, and so will the name of its request type. A header line may
//! name the columns in another order, and have more of them. Blank lines and those that begin with `#` are passed over; a byte-order
//! mark, CRLF, and columns that are parted by blanks are read as well.

use std::path::Path;

use crate::failure::{During, Failure, Result};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The number of its line, from 1.
    pub(super) line: usize,
    pub(super) file: String,
    /// As it stands there.
    pub(super) operation: String,
    /// `None` where neither a column nor the remark tells it.
    pub(super) status: Option<u16>,
    pub(super) kind: Kind,
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    Request,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    File,
    Operation,
    Method,
    Path,
    Remark,
    Status,
    Kind,
    Other,
}

/// The names that a header line may give to the columns.
const NAMES: [(Column, &[&str]); 7] = [
    (Column::File, &["file", "filename", "file name", "body", "sample"]),
    (Column::Operation, &["operation", "op", "endpoint", "route"]),
    (Column::Method, &["method", "verb"]),
    (Column::Path, &["path", "template", "path template", "uri", "url"]),
    (Column::Remark, &["remark", "remarks", "note", "notes", "comment", "description"]),
    (Column::Status, &["status", "status code", "code", "http"]),
    (Column::Kind, &["kind", "direction", "type", "what"]),
];

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Reads the manifest of a folder. A line that cannot be read is an error of its own beside the rows.
pub(super) fn read(folder: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let path = folder.join("manifest.tsv");
    let bytes = std::fs::read(&path).during(format!("reading {}", path.display()))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(format!("{}: line {line} is not UTF-8: save the file as UTF-8", path.display()))
    })?;
    Ok(parse(text))
}

/// The rows, and what is wrong with the lines that are none.
fn parse(text: &str) -> (Vec<Row>, Vec<String>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    let mut columns: Option<Vec<Column>> = None;
    let mut first = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            // A header may stand behind a `#`, too.
            let names = line.trim_start().trim_start_matches('#').trim();
            if first && columns.is_none() && names.contains('\t') {
                columns = header(names);
            }
            continue;
        }
        if std::mem::take(&mut first)
            && let Some(named) = header(line)
        {
            columns = Some(named);
            continue;
        }
        match row(index + 1, &cells(line), columns.as_deref()) {
            Ok(row) => rows.push(row),
            Err(rule) => wrong.push(format!("manifest.tsv, line {}: {rule}", index + 1)),
        }
    }
    (rows, wrong)
}

/// The columns that a header names; `None` for a line that is no header.
fn header(line: &str) -> Option<Vec<Column>> {
    let named = |cell: &str| {
        let cell = cell.trim().to_ascii_lowercase().replace(['_', '-'], " ");
        NAMES.iter().find(|(_, names)| names.contains(&&*cell)).map_or(Column::Other, |(column, _)| *column)
    };
    let columns: Vec<Column> = cells(line).into_iter().map(named).collect();
    let has = |column| columns.contains(&column);
    (has(Column::File) && (has(Column::Operation) || has(Column::Path))).then_some(columns)
}

/// The cells of a line. Where there is no tab, the blanks after the file, the method and the path part them.
fn cells(line: &str) -> Vec<&str> {
    if line.contains('\t') {
        return line.split('\t').map(str::trim).collect();
    }
    let mut cells = Vec::new();
    let mut rest = line.trim();
    while cells.len() < 3
        && let Some((cell, after)) = rest.split_once(char::is_whitespace)
    {
        cells.push(cell);
        rest = after.trim_start();
    }
    cells.push(rest);
    cells
}

fn row(line: usize, cells: &[&str], columns: Option<&[Column]>) -> std::result::Result<Row, String> {
    let mut row =
        Row { line, file: String::new(), operation: String::new(), status: None, kind: Kind::Answer };
    let (mut method, mut path, mut remark) = ("", "", "");
    let usual = usual(cells);
    let columns = columns.unwrap_or(&usual);
    for (column, cell) in columns.iter().zip(cells) {
        match column {
            Column::File => row.file = cell.trim_matches('"').replace('\\', "/"),
            Column::Operation => row.operation = (*cell).to_owned(),
            Column::Method => method = cell,
            Column::Path => path = cell,
            Column::Remark if remark.is_empty() => remark = cell,
            Column::Status if !cell.is_empty() => {
                row.status = Some(status(cell).ok_or_else(|| {
                    format!("the status is a number from 100 to 599, such as 202, not `{cell}`")
                })?);
            }
            Column::Kind if is_request(cell) => row.kind = Kind::Request,
            Column::Remark | Column::Status | Column::Kind | Column::Other => {}
        }
    }
    if row.operation.is_empty() {
        row.operation = format!("{method} {path}").trim().to_owned();
    }
    if row.file.is_empty() || row.operation.is_empty() {
        return Err(
            "expected file, operation (`METHOD /path/template`) and, if you like, remark and status, \
                    parted by tabs"
                .to_owned(),
        );
    }
    if is_request(remark) {
        row.kind = Kind::Request;
    }
    row.status = row.status.or_else(|| status_in(remark));
    Ok(row)
}

/// The columns of a line that no header speaks of.
fn usual(cells: &[&str]) -> Vec<Column> {
    let second = cells.get(1).copied().unwrap_or_default();
    let mut columns = match METHODS.contains(&second.to_ascii_uppercase().as_str()) {
        true => vec![Column::File, Column::Method, Column::Path],
        false => vec![Column::File, Column::Operation],
    };
    for cell in cells.iter().skip(columns.len()) {
        columns.push(match status(cell) {
            Some(_) => Column::Status,
            None if columns.contains(&Column::Remark) && is_request(cell) => Column::Kind,
            None => Column::Remark,
        });
    }
    columns
}

/// Whether a cell says that the body is a request's.
fn is_request(cell: &str) -> bool {
    let cell = cell.to_ascii_lowercase();
    let first = cell.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    first == "request" || cell.contains("request body") || cell.contains("(request)")
}

/// A cell that is a status.
fn status(cell: &str) -> Option<u16> {
    let number = cell.split_whitespace().next()?;
    let rest = cell.strip_prefix(number)?.trim();
    let code = http::StatusCode::from_bytes(number.as_bytes()).ok().filter(|code| code.as_u16() < 600)?;
    // `404` or `404 Not Found`, not `200 documents`.
    let phrase = code.canonical_reason().unwrap_or_default();
    (rest.is_empty() || rest.eq_ignore_ascii_case(phrase)).then_some(code.as_u16())
}

/// The status that a remark tells: at its beginning, in parentheses, or after `status`, `HTTP` or an arrow.
fn status_in(remark: &str) -> Option<u16> {
    let words: Vec<&str> = remark.split_whitespace().collect();
    let known = |word: &str| {
        let number = word.trim_matches(|c: char| !c.is_ascii_digit());
        let code = http::StatusCode::from_bytes(number.as_bytes()).ok()?;
        (number.len() == 3 && code.canonical_reason().is_some()).then_some(code.as_u16())
    };
    words.iter().enumerate().find_map(|(index, word)| {
        let lower = word.to_ascii_lowercase();
        let before = index.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        let before = before.to_ascii_lowercase();
        let told = index == 0
            || (word.starts_with('(') && word.contains(')'))
            || ["status", "status:", "http", "http:", "->", "=>", "code", "answers", "answered"]
                .contains(&&*before)
            || before.starts_with("http/")
            || ["status=", "status:", "http"].iter().any(|sign| lower.starts_with(sign));
        told.then(|| known(word)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[Row]) -> Vec<(&str, &str, Option<u16>, Kind)> {
        rows.iter().map(|row| (&*row.file, &*row.operation, row.status, row.kind)).collect()
    }

    #[test]
    fn plain_rows_with_all_that_editors_do_to_them() {
        let text = "\u{feff}# bodies\r\n\r\na.json\tGET /health\tas it was\r\nb.json \t POST /api/v1/users\t \t201\r\n\
                    sub\\c.json\tGET\t/live\tremark\r\nd.json GET /ready 503 Service Unavailable\r\n\
                    e.json\tPOST /api/v1/users\trequest, with all fields\r\nf.json\tGetUser\r\n";
        let (rows, wrong) = parse(text);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(
            told(&rows),
            [
                ("a.json", "GET /health", None, Kind::Answer),
                ("b.json", "POST /api/v1/users", Some(201), Kind::Answer),
                ("sub/c.json", "GET /live", None, Kind::Answer),
                ("d.json", "GET /ready", Some(503), Kind::Answer),
                ("e.json", "POST /api/v1/users", None, Kind::Request),
                ("f.json", "GetUser", None, Kind::Answer),
            ]
        );
        assert_eq!(rows.last().map(|row| row.line), Some(8));
    }

    #[test]
    fn a_header_names_the_columns_in_any_order() {
        for header in ["status\tmethod\tpath\tfile\tseen", "# status\tmethod\tpath\tfile\tseen"] {
            let (rows, wrong) =
                parse(&format!("{header}\n202\tDELETE\t/api/v1/users/{{id}}\tx.json\ttoday\n"));
            assert_eq!(
                (told(&rows), wrong.len()),
                (vec![("x.json", "DELETE /api/v1/users/{id}", Some(202), Kind::Answer)], 0)
            );
        }
        let (rows, _) = parse("file\toperation\tremark\na\tGET /live\t\n");
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn remarks_tell_a_status_only_where_they_mean_one() {
        for (remark, status) in [
            ("404", Some(404)),
            ("404: unknown id", Some(404)),
            ("unknown id (404)", Some(404)),
            ("answered with status 409", Some(409)),
            ("HTTP/1.1 503", Some(503)),
            ("HTTP 202", Some(202)),
            ("status=423, locked", Some(423)),
            ("page of 200 documents", None),
            ("with 404 chunks", None),
            ("", None),
            ("0.17.0", None),
        ] {
            assert_eq!(status_in(remark), status, "{remark}");
        }
    }

    #[test]
    fn lines_that_are_no_rows_are_named() {
        let (rows, wrong) =
            parse("a.json\tGET /live\nonly-a-file\nb.json\tGET /live\t\tsoon\nfile\toperation\tstatus\n");
        assert_eq!(rows.len(), 3);
        insta::assert_snapshot!(wrong.join("\n"), @"manifest.tsv, line 2: expected file, operation (`METHOD /path/template`) and, if you like, remark and status, parted by tabs");
        let (_, wrong) = parse("file\toperation\tstatus\na\tGET /live\tsoon\n");
        insta::assert_snapshot!(wrong.join("\n"), @"manifest.tsv, line 2: the status is a number from 100 to 599, such as 202, not `soon`");
    }
}
