//! The files that the program reads: documents and failures.

use std::path::{Path, PathBuf};

use edgequake_devserver::{Fault, SeedDocument};
use serde::de::DeserializeOwned;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is not as expected", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
}

/// The text of a file, whatever editor has written it.
pub(crate) fn text(path: &Path) -> std::io::Result<String> {
    std::fs::read(path).and_then(decode)
}

fn read(path: &Path) -> Result<String, FileError> {
    text(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Text in UTF-8, or in what the byte order mark says, which editors on Windows write.
fn decode(bytes: Vec<u8>) -> std::io::Result<String> {
    let units = |order: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().copied().map(order).collect::<Vec<_>>());
        text.ok().filter(|_| rest.is_empty())
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    };
    text.ok_or_else(|| {
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "the text is neither UTF-8 nor UTF-16; save it as UTF-8",
        )
    })
}

/// A list, or one of what it is a list of.
fn list<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, FileError> {
    let text = read(path)?;
    let is_list = text.trim_start().starts_with('[');
    let items = if is_list {
        serde_json::from_str(&text)
    } else {
        serde_json::from_str(&text).map(|item| vec![item])
    };
    items.map_err(|source| FileError::Json { path: path.to_owned(), source })
}

/// The documents of a JSON file, or a text file as one document.
pub(crate) fn documents(path: &Path) -> Result<Vec<SeedDocument>, FileError> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return list(path);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut document = SeedDocument::new(name.clone(), read(path)?);
    document.file_name = Some(name);
    Ok(vec![document])
}

/// The failures of a JSON file.
pub(crate) fn faults(path: &Path) -> Result<Vec<Fault>, FileError> {
    list(path)
}
