//! [`expand`]: the files and folders that a pattern stands for, as a shell would find them.
//!
//! The library that reads the patterns also walks folders, and panics where a name is not UTF-8, so that is done here.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

/// A folder that cannot be read, and why.
pub(super) type Unreadable = (PathBuf, io::Error);

/// `*` and `?` match no separator, and no dot at the beginning of a name.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A part of a pattern, between separators.
enum Part {
    Plain(PathBuf),
    Name(Pattern),
    /// `**`: any folders, or none.
    Folders,
}

/// Whether a path has anything in it that makes it a pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What the pattern matches, in the order of the names.
pub(super) fn expand(pattern: &str) -> Result<Vec<Result<PathBuf, Unreadable>>, PatternError> {
    // Errors tell the place in the whole.
    Pattern::new(pattern)?;
    let parts = Path::new(pattern).components().map(part).collect::<Result<Vec<_>, _>>()?;
    let mut found = Vec::new();
    find(Path::new(""), &parts, &mut found);
    Ok(found)
}

fn part(component: Component<'_>) -> Result<Part, PatternError> {
    let plain = Part::Plain(component.as_os_str().into());
    let Component::Normal(name) = component else { return Ok(plain) };
    match name.to_str().filter(|name| is_pattern(name)) {
        Some("**") => Ok(Part::Folders),
        Some(name) => Pattern::new(name).map(Part::Name),
        None => Ok(plain),
    }
}

fn find(base: &Path, parts: &[Part], found: &mut Vec<Result<PathBuf, Unreadable>>) {
    let Some((part, rest)) = parts.split_first() else {
        if base.symlink_metadata().is_ok() {
            found.push(Ok(base.to_owned()));
        }
        return;
    };
    match part {
        Part::Plain(name) => find(&base.join(name), rest, found),
        Part::Name(pattern) => {
            for name in names(base, found) {
                // A name that is no text is matched by what stands for any character.
                if pattern.matches_with(&name.to_string_lossy(), OPTIONS) {
                    let path = base.join(name);
                    if rest.is_empty() || path.is_dir() {
                        find(&path, rest, found);
                    }
                }
            }
        }
        Part::Folders => {
            find(if base == Path::new("") && rest.is_empty() { Path::new(".") } else { base }, rest, found);
            // The upload of a folder goes into those below by itself.
            for name in names(base, found).into_iter().filter(|_| !rest.is_empty()) {
                let path = base.join(&name);
                let is_own = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
                if is_own && !name.as_encoded_bytes().starts_with(b".") {
                    find(&path, parts, found);
                }
            }
        }
    }
}

/// The names in a folder, sorted; none where there is no such folder.
fn names(folder: &Path, found: &mut Vec<Result<PathBuf, Unreadable>>) -> Vec<std::ffi::OsString> {
    let shown = if folder == Path::new("") { Path::new(".") } else { folder };
    let read = fs::read_dir(shown).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>()
    });
    match read {
        Ok(mut names) => {
            names.sort();
            names
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Vec::new()
        }
        Err(error) => {
            found.push(Err((shown.to_owned(), error)));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_are_matched_like_others() {
        use std::os::unix::ffi::OsStrExt as _;

        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt"));
        for path in [&odd, &folder.path().join("a.md"), &folder.path().join("b{1}.md")] {
            fs::write(path, "text").unwrap();
        }
        let all = |pattern: &str| -> Vec<PathBuf> {
            let pattern = format!("{}/{pattern}", folder.path().display());
            expand(&pattern).unwrap().into_iter().map(Result::unwrap).collect()
        };
        assert!(all("*.zzz").is_empty());
        assert_eq!(all("*.md"), [folder.path().join("a.md"), folder.path().join("b{1}.md")]);
        assert_eq!(all("b{?}.md"), [folder.path().join("b{1}.md")]);
        assert_eq!(all("?.txt"), [odd]);
        assert_eq!(all("**"), [folder.path()]);
        assert!(all("none/*.md").is_empty());
        assert!(expand("no[1").is_err());
    }
}
