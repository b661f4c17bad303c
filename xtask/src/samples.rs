//! `cargo xtask samples`: recorded bodies against the models.
//!
//! A folder holds bodies and a [`manifest.tsv`](manifest), which says of each what it is. Each is read by the types of its
//! operation, written again and [compared](compare) as JSON: an answer by its status as a success or an error, a stream event by event,
//! a request as a server reads it. Printed are those that could not be read, with the place and the reason, and the fields that
//! the models lost, by their JSON path. `edgequake_client::record` writes such folders.
//!
//! What is only spelled otherwise is no loss: numbers (`1.0` for `1`), instants (`Z` for `+00:00`), `null` against absent, a field under
//! another of its names. A word of a set that is written by another of its names (`processed` for `completed`) is noted.
//!
//! The command fails if a body or a line of the manifest cannot be read, with `--strict` also if a field is lost.

mod manifest;
mod find;
mod events;
mod values;
mod compare;
mod replay;
mod request;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use lexopt::{Arg, Parser, ValueExt};

use crate::failure::{Failure, Result};
use manifest::{Kind, Row};

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut folder, mut strict) = (None::<PathBuf>, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("strict") => strict = true,
            Arg::Short('h') | Arg::Long("help") => {
                println!("Usage: cargo xtask samples DIR [--strict]");
                return Ok(());
            }
            Arg::Value(value) if folder.is_none() => folder = Some(value.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let folder = folder.ok_or_else(|| Failure::new("which folder? cargo xtask samples DIR [--strict]"))?;
    let report = check(&folder)?;
    print!("{}", report.text);
    if report.failed > 0 {
        return Err(Failure::new(format!("{} of {} samples failed", report.failed, report.samples)));
    }
    if strict && report.lost > 0 {
        return Err(Failure::new(format!("{} fields are lost", report.lost)));
    }
    Ok(())
}

/// What a folder came to.
pub(crate) struct Report {
    text: String,
    samples: usize,
    failed: usize,
    lost: usize,
}

/// Holds the samples of a folder against the models.
pub(crate) fn check(folder: &Path) -> Result<Report> {
    let (rows, wrong) = manifest::read(folder)?;
    let mut report = Report { text: String::new(), samples: rows.len() + wrong.len(), failed: 0, lost: 0 };
    for rule in wrong {
        report.failed += 1;
        let _ = writeln!(report.text, "FAILED {rule}");
    }
    let (mut operations, mut with_losses) = (BTreeSet::new(), 0);
    for row in &rows {
        match sample(folder, row, &mut operations) {
            Ok(lines) if lines.is_empty() => {}
            Ok(lines) => {
                let lost = lines.iter().filter(|line| line.is_loss).count();
                with_losses += usize::from(lost > 0);
                report.lost += lost;
                let word = if lost > 0 { "LOST  " } else { "note  " };
                let _ = writeln!(report.text, "{word} {} ({})", row.file, row.operation);
                for line in lines {
                    let _ = writeln!(report.text, "       {}", line.text);
                }
            }
            Err(why) => {
                report.failed += 1;
                let Row { file, operation, line, .. } = row;
                let _ = writeln!(
                    report.text,
                    "FAILED {file} ({operation}), line {line} of the manifest\n       {why}"
                );
            }
        }
    }
    for file in unlisted(folder, &rows) {
        let _ = writeln!(report.text, "note   {file} is not in the manifest");
    }
    let Report { samples, failed, lost, .. } = report;
    let _ = writeln!(
        report.text,
        "{samples} samples of {} operations: {} read, {failed} failed; {lost} fields lost in {with_losses}",
        operations.len(),
        samples - failed,
    );
    Ok(report)
}

/// One row: the lines that tell what was lost, or why it could not be read.
fn sample(folder: &Path, row: &Row, operations: &mut BTreeSet<&'static str>) -> replay::Outcome {
    let found = find::find(&row.operation)?;
    operations.insert(found.sample.operation.name);
    let body =
        fs::read(folder.join(&row.file)).map_err(|error| format!("the file cannot be read: {error}"))?;
    let (status, body) = without_head(Bytes::from(body));
    match row.kind {
        Kind::Answer => replay::answer(found.sample, row.status.or(status), &body),
        Kind::Request => request::request(found.sample, found.uri.as_ref(), &body),
    }
}

/// The body of a file that has the head of the answer, too, as `curl --include` writes it, and the status that is told there.
fn without_head(file: Bytes) -> (Option<u16>, Bytes) {
    if !file.starts_with(b"HTTP/") {
        return (None, file);
    }
    let status =
        file.split(|byte| *byte == b' ').nth(1).and_then(|code| std::str::from_utf8(code.get(..3)?).ok());
    let ends = [&b"\r\n\r\n"[..], b"\n\n"]
        .map(|end| file.windows(end.len()).position(|window| window == end).map(|start| start + end.len()));
    let start = ends.into_iter().flatten().min().unwrap_or(file.len());
    (status.and_then(|code| code.parse().ok()), file.slice(start..))
}

/// The files that the manifest does not name.
fn unlisted(folder: &Path, rows: &[Row]) -> Vec<String> {
    let listed: BTreeSet<PathBuf> = rows.iter().map(|row| folder.join(&row.file)).collect();
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if !listed.contains(&path)
                && name != "manifest.tsv"
                && !name.to_lowercase().starts_with("readme")
            {
                files.push(path.strip_prefix(folder).unwrap_or(&path).display().to_string());
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests;
