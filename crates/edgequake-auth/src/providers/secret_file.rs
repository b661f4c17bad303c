//! [`SecretFile`]: one secret in a file as people have them: with a byte-order mark, in UTF-16 as Windows' editors write it, or as
//! a named pipe.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edgequake_types::Secret;
use zeroize::Zeroizing;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// More than any secret has: more than this is the wrong file.
const LONGEST: u64 = 64 * 1024;
/// How long a pipe may take to end.
const LIMIT: Duration = Duration::from_secs(10);

/// A file that holds one secret, such as a mounted one: for providers and stores of your own.
///
/// It is read anew each time, so that a rotated secret is picked up. UTF-8 with or without a byte-order mark, and UTF-16 with one,
/// as Windows' editors write it; at most 64 KiB. A pipe, such as that of `<(vault read ..)`, is read once, has to end within
/// 10 seconds, and gives what it gave again and again. Clones share that.
///
/// ```
/// use edgequake_auth::SecretFile;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let file = SecretFile::new("/nowhere/token").named("the vault token");
/// let error = file.read().await.unwrap_err();
/// assert_eq!(error.to_string(), "the vault token cannot be read");
/// # });
/// ```
#[derive(Clone)]
pub struct SecretFile {
    name: Arc<str>,
    path: PathBuf,
    pipe: Arc<Mutex<Pipe>>,
    /// How long a pipe may take to end.
    limit: Duration,
}

/// What is known of a file that is no regular one. There is one reader of it at a time.
#[derive(Default)]
enum Pipe {
    #[default]
    Unread,
    /// A former call has given up waiting for this; the next one waits for it as well.
    Pending(mpsc::Receiver<Content>),
    Read(Secret),
}

type Content = std::io::Result<Zeroizing<Vec<u8>>>;

/// The text of a file, and whether it can be another one next time.
#[derive(Debug)]
pub(crate) struct FromFile {
    pub(crate) text: Secret,
    /// What is no regular file gives its content once.
    pub(crate) is_regular: bool,
}

impl SecretFile {
    /// The file at `path`. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: format!("the file {}", path.display()).into(), path, pipe: Arc::default(), limit: LIMIT }
    }

    /// What errors call it, instead of `the file` and its path.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into().into();
        self
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret, without the line ends behind it. Reads on a blocking thread of the Tokio runtime that this is called on.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid) if the file cannot be read, is empty, too long or no text, or is a pipe that does
    /// not end in time; without its content.
    pub async fn read(&self) -> Result<Secret, CredentialsError> {
        let file = self.clone();
        crate::blocking::run("reading a secret", move || file.read_line()).await?
    }

    /// See [`read`](Self::read). Blocks.
    fn read_line(&self) -> Result<Secret, CredentialsError> {
        let file = self.read_text()?;
        match file.text.expose().trim_end_matches(['\r', '\n']) {
            "" => Err(self.unusable("is empty")),
            text => Ok(Secret::new(text)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All of the text. Blocks.
    pub(crate) fn read_text(&self) -> Result<FromFile, CredentialsError> {
        let is_regular = std::fs::metadata(&self.path)
            .map_err(|error| self.unusable("cannot be read").with_source(error))?
            .is_file();
        let text = if is_regular { self.decoded(content(&self.path))? } else { self.text_of_pipe()? };
        Ok(FromFile { text, is_regular })
    }

    fn text_of_pipe(&self) -> Result<Secret, CredentialsError> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Pipe::Read(text) = &*pipe {
            return Ok(text.clone());
        }
        let text = self.decoded(content_in_time(&mut pipe, &self.path, self.limit))?;
        *pipe = Pipe::Read(text.clone());
        Ok(text)
    }

    fn decoded(&self, bytes: Content) -> Result<Secret, CredentialsError> {
        let bytes = bytes.map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => {
                let limit = self.limit.as_secs();
                self.unusable(&format!("did not end within {limit} s; write the secret and close it"))
            }
            _ => self.unusable("cannot be read").with_source(error),
        })?;
        if bytes.len() as u64 > LONGEST {
            return Err(self.unusable("is longer than 64 KiB; name the right file"));
        }
        decode(&bytes).ok_or_else(|| {
            self.unusable("is neither UTF-8 nor UTF-16 with a byte-order mark; save it as UTF-8")
        })
    }

    fn unusable(&self, rule: &str) -> CredentialsError {
        CredentialsError::new(CredentialsErrorKind::Invalid, format!("{} {rule}", self.name))
    }
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A pipe is opened when somebody writes to it and ends when that one closes it, which may be never: a thread of its own waits
/// for that, and this call at most as long as the limit.
fn content_in_time(pipe: &mut Pipe, path: &Path, limit: Duration) -> Content {
    let content = match std::mem::take(pipe) {
        Pipe::Pending(content) => content,
        _ => {
            let (done, content) = mpsc::sync_channel(1);
            let path = path.to_owned();
            std::thread::Builder::new().name("edgequake-pipe".to_owned()).spawn(move || {
                // Nobody listens any more once the last clone is gone.
                let _ = done.send(self::content(&path));
            })?;
            content
        }
    };
    match content.recv_timeout(limit) {
        Ok(read) => read,
        Err(RecvTimeoutError::Timeout) => {
            *pipe = Pipe::Pending(content);
            Err(std::io::ErrorKind::TimedOut.into())
        }
        Err(RecvTimeoutError::Disconnected) => Err(std::io::ErrorKind::BrokenPipe.into()),
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

    fn error(path: &Path) -> String {
        SecretFile::new(path).named("the file").read_line().unwrap_err().to_string()
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
            assert_eq!(error(&path), rule);
        }
        std::fs::write(&path, "\r\n").unwrap();
        assert_eq!(error(&path), "the file is empty");
        assert_eq!(error(folder.path()), "the file cannot be read");
        assert_eq!(error(&folder.path().join("g")), "the file cannot be read");
    }

    #[tokio::test]
    async fn a_file_is_read_anew_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretFile::new(folder.path().join("f"));
        for text in ["s3cr3t-1", " s3cr3t-2 "] {
            std::fs::write(file.path(), format!("\u{FEFF}{text}\r\n")).unwrap();
            assert_eq!(file.read().await.unwrap().expose(), text);
        }
        assert!(!format!("{file:?}").contains("s3cr3t"));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_to_its_end_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || std::fs::write(path, "s3cr3t\n").unwrap())
        };
        let file = SecretFile::new(&path);
        let read = file.read_text().unwrap();
        writer.join().unwrap();
        assert_eq!((read.text.expose(), read.is_regular), ("s3cr3t\n", false));
        // Nobody writes any more.
        assert_eq!(file.clone().read_line().unwrap().expose(), "s3cr3t");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_ends_too_late_is_an_error_and_its_content_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let mut file = SecretFile::new(&path).named("the file");
        file.limit = Duration::ZERO;
        for _ in 0..2 {
            let error = file.read_line().unwrap_err().to_string();
            assert_eq!(error, "the file did not end within 0 s; write the secret and close it");
        }
        // Opens once somebody reads, which the first call has begun to do.
        std::fs::write(&path, "s3cr3t\n").unwrap();
        file.limit = LIMIT;
        assert_eq!(file.read_line().unwrap().expose(), "s3cr3t");
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
