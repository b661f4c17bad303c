//! What a declaration costs in lines: those of the groups' files that are neither docs, fields nor blank.
//!
//! A group is a file below `src` with an `operations!` list, and the folder of its name. Counted as declarations are their files
//! that declare a request or a model; what else there is (the events of a stream, the words of an open set, a form, what the state of
//! a thing means) is behaviour, and told apart. Unit tests do not count. A field is its line and its `#[field(...)]`; the words of an
//! open set are fields, too.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{During, Result};

/// The lines of one file.
struct File {
    name: String,
    lines: usize,
    declares: bool,
}

pub(super) struct Lines {
    files: Vec<File>,
}

impl Lines {
    /// How many lines declare.
    pub(super) fn declarations(&self) -> usize {
        self.files.iter().filter(|file| file.declares).map(|file| file.lines).sum()
    }

    pub(super) fn table(&self) -> String {
        let mut text = String::from("lines that are neither docs, fields nor blank:\n");
        for (title, declares) in [("declarations", true), ("behaviour", false)] {
            let files: Vec<&File> = self.files.iter().filter(|file| file.declares == declares).collect();
            let sum: usize = files.iter().map(|file| file.lines).sum();
            text.push_str(&format!("  {title:<36} {sum:>5}\n"));
            for file in files {
                text.push_str(&format!("    {:<34} {:>5}\n", file.name, file.lines));
            }
        }
        text
    }
}

pub(super) fn count(src: &Path) -> Result<Lines> {
    let mut files = Vec::new();
    for entry in fs::read_dir(src).during("reading the folder of the types")? {
        let path = entry.during("reading the folder of the types")?.path();
        let is_group = path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).during("reading a group")?.contains("\noperations! {");
        if is_group {
            file(src, &path, &mut files)?;
            folder(src, &path.with_extension(""), &mut files)?;
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Lines { files })
}

fn folder(src: &Path, path: &Path, files: &mut Vec<File>) -> Result<()> {
    if !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).during("reading a group's folder")? {
        let path: PathBuf = entry.during("reading a group's folder")?.path();
        match path.file_stem().is_some_and(|name| name == "tests") {
            true => {}
            false if path.is_dir() => folder(src, &path, files)?,
            false => file(src, &path, files)?,
        }
    }
    Ok(())
}

fn file(src: &Path, path: &Path, files: &mut Vec<File>) -> Result<()> {
    let text = fs::read_to_string(path).during(format!("reading {}", path.display()))?;
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let declares = text.contains("#[operation(") || text.contains("#[model");
    let name = path.strip_prefix(src).unwrap_or(path).display().to_string();
    files.push(File { name, lines: cost(text), declares });
    Ok(())
}

/// The lines that are neither docs, fields nor blank.
fn cost(text: &str) -> usize {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//") && !is_field(line))
        .count()
}

/// Whether a line is a field (`pub name: Type,`), what is said at it, or a word of an open set (`Name = "name",`).
fn is_field(line: &str) -> bool {
    if line.starts_with("#[field(") {
        return true;
    }
    let Some(rest) = line.strip_suffix(',') else { return false };
    let name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '#');
    if let Some((word, text)) = rest.split_once(" = ") {
        return name(word) && text.starts_with('"') && word.starts_with(char::is_uppercase);
    }
    let public = rest.strip_prefix("pub ").and_then(|rest| rest.split_once(": "));
    public.is_some_and(|(field, _)| name(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_fields_and_blank_lines_cost_nothing() {
        let text = r#"
//! A group.

use crate::{model, operation};

open_enum! {
    /// Words.
    pub enum Word {
        /// One.
        One = "one" | "1",
    }
}

/// Reads.
#[operation(GET "/x" -> X, Required, Safe, Query, new(id))]
pub struct Read {
    /// An id.
    #[field(alias = "key")]
    pub id: String,
    pub r#type: Option<String>,
}
"#;
        // The import, four of the set, and three of the operation.
        assert_eq!(cost(text), 8);
        assert!(!is_field("id: String,") && !is_field("fn x(pub a: u8,") && !is_field("a = \"b\","));
    }
}
