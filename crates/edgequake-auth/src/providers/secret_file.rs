//! Reading one secret from a file as people have them: with a byte-order mark, in UTF-16 as Windows' editors write it, or as a
//! named pipe. Blocks.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use edgequake_types::Secret;
use zeroize::Zeroizing;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// More than any secret has: more than this is the wrong file.
const LONGEST: u64 = 64 * 1024;
/// How long a pipe may take to end.
const LIMIT: Duration = Duration::from_secs(10);

/// A secret, and whether it can be read a second time.
#[derive(Debug)]
pub(crate) struct FromFile {
    pub(crate) text: Secret,
    /// What is no regular file gives its content once.
    pub(crate) is_regular: bool,
}

/// Reads the file at `path` once. `field` names it in errors.
///
/// # Errors
///
/// [`Invalid`](CredentialsErrorKind::Invalid), without the content.
pub(crate) fn read(field: &str, path: &Path) -> Result<FromFile, CredentialsError> {
    Reader::new(field.to_owned(), path.to_owned()).read()
}

type Content = std::io::Result<Zeroizing<Vec<u8>>>;

/// Reads one file, again and again. Of a pipe there is one reader at a time: what a former call has given up waiting for
/// is what the next one waits for.
pub(crate) struct Reader {
    field: String,
    path: PathBuf,
    pending: Mutex<Option<mpsc::Receiver<Content>>>,
}

impl Reader {
    pub(crate) fn new(field: String, path: PathBuf) -> Self {
        Self { field, path, pending: Mutex::default() }
    }

    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// See [`read`].
    pub(crate) fn read(&self) -> Result<FromFile, CredentialsError> {
        let unusable = |rule: &str| {
            CredentialsError::new(CredentialsErrorKind::Invalid, format!("{} {rule}", self.field))
        };
        let is_regular = std::fs::metadata(&self.path)
            .map_err(|error| unusable("cannot be read").with_source(error))?
            .is_file();
        let bytes = if is_regular { content(&self.path) } else { self.content_in_time() };
        let bytes = bytes.map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => {
                unusable("did not end within 10 s; write the secret and close it")
            }
            _ => unusable("cannot be read").with_source(error),
        })?;
        if bytes.len() as u64 > LONGEST {
            return Err(unusable("is longer than 64 KiB; name the right file"));
        }
        let text = decode(&bytes).ok_or_else(|| {
            unusable("is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8")
        })?;
        Ok(FromFile { text, is_regular })
    }

    /// A pipe is opened when somebody writes to it and ends when that one closes it, which may be never: a thread of its own
    /// waits for that, and this call at most as long as the limit.
    fn content_in_time(&self) -> Content {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let content = match pending.take() {
            Some(content) => content,
            None => {
                let (done, content) = mpsc::sync_channel(1);
                let path = self.path.clone();
                std::thread::Builder::new().name("edgequake-pipe".to_owned()).spawn(move || {
                    // Nobody listens any more once the provider is gone.
                    let _ = done.send(self::content(&path));
                })?;
                content
            }
        };
        match content.recv_timeout(LIMIT) {
            Ok(read) => read,
            Err(RecvTimeoutError::Timeout) => {
                *pending = Some(content);
                Err(std::io::ErrorKind::TimedOut.into())
            }
            Err(RecvTimeoutError::Disconnected) => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }
}

fn content(path: &Path) -> Content {
    // With its room from the start, so that no copy is left behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    std::fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// UTF-8 with or without a byte-order mark, or UTF-16 with one.
fn decode(bytes: &[u8]) -> Option<Secret> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units = Zeroizing::new(pairs.iter().map(|&pair| unit(pair)).collect::<Vec<_>>());
        if odd.is_empty() { String::from_utf16(&units).ok().map(Secret::new) } else { None }
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(Secret::new),
        bytes => std::str::from_utf8(bytes).ok().map(Secret::new),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn what_cannot_be_a_secret_is_told_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (content, rule) in [
            (
                b"s3cr3t\xff".to_vec(),
                "the file is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8",
            ),
            (
                b"\xff\xfes\0t".to_vec(),
                "the file is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8",
            ),
            (vec![b'x'; 64 * 1024 + 1], "the file is longer than 64 KiB; name the right file"),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read("the file", &path).unwrap_err().to_string(), rule);
        }
        assert_eq!(read("the file", folder.path()).unwrap_err().to_string(), "the file cannot be read");
        assert_eq!(
            read("the file", &folder.path().join("g")).unwrap_err().to_string(),
            "the file cannot be read"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || std::fs::write(path, "s3cr3t\n").unwrap())
        };
        let read = read("the pipe", &path).unwrap();
        writer.join().unwrap();
        assert_eq!((read.text.expose(), read.is_regular), ("s3cr3t\n", false));
    }

    proptest! {
        #[test]
        fn every_encoding_gives_the_same_text(text in "[^\u{FEFF}].{0,40}") {
            let forms = [
                text.clone().into_bytes(),
                format!("\u{FEFF}{text}").into_bytes(),
                wide(&text, u16::to_le_bytes),
                wide(&text, u16::to_be_bytes),
            ];
            for form in forms {
                prop_assert_eq!(decode(&form).map(|text| text.expose().to_owned()), Some(text.clone()));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            decode(&bytes);
        }
    }
}
