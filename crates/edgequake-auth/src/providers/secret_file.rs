//! [`SecretFile`]: one secret in a file as people have them: with a byte-order mark, in UTF-16 as Windows' editors write it, or as
//! a named pipe.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use edgequake_types::Secret;
use zeroize::Zeroizing;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// More than any secret has: more than this is the wrong file.
const LONGEST: u64 = 64 * 1024;
/// How long a pipe may take to end, and a disk or network share to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// A file that holds one secret, such as a mounted one: for providers and stores of your own.
///
/// It is read anew each time, so that a rotated secret is picked up. UTF-8 with or without a byte-order mark, and UTF-16 with one,
/// as Windows' editors write it; at most 64 KiB. A pipe, such as that of `<(vault read ..)`, is read once, has to end within
/// 10 seconds, and gives what it gave again and again. Clones share that. A network share that does not answer is waited for as
/// long, and holds one thread.
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
    reader: Arc<Mutex<Reader>>,
    /// How long a reader may take.
    limit: Duration,
    is_regular: fn(&Path) -> io::Result<bool>,
}

/// There is one reader of a file at a time, on a thread of its own: the disk may hang, and a pipe may never end.
#[derive(Default)]
struct Reader {
    /// A former call has given up waiting for this.
    pending: Option<Pending>,
    /// What is no regular file gives its content once.
    once: Option<Secret>,
}

struct Pending {
    content: mpsc::Receiver<Content>,
    /// Whether it is a regular file, once that is known.
    is_regular: Arc<OnceLock<bool>>,
    since: Instant,
}

/// What a file holds; `None` if it holds what it gave before.
type Content = io::Result<Option<Zeroizing<Vec<u8>>>>;

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
        let name = format!("the file {}", path.display()).into();
        Self { name, path, reader: Arc::default(), limit: LIMIT, is_regular }
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
    /// not end in time; without its content. [`TimedOut`](CredentialsErrorKind::TimedOut) if its disk or network share does not
    /// answer.
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

    /// All of the text. Blocks, at most as long as the limit.
    pub(crate) fn read_text(&self) -> Result<FromFile, CredentialsError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = reader.pending.take();
            let is_left = left.is_some();
            let pending = match left {
                Some(pending) => pending,
                None => self.begin(reader.once.is_some()).map_err(|error| self.unreadable(error))?,
            };
            let content = match pending.content.recv_timeout(self.patience(&pending)) {
                Ok(content) => content,
                Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::BrokenPipe.into()),
                Err(RecvTimeoutError::Timeout) => {
                    let late = self.late(&pending);
                    reader.pending = Some(pending);
                    return Err(late);
                }
            };
            let is_regular = pending.is_regular.get() != Some(&false);
            if is_left && is_regular {
                // It may hold something else by now.
                continue;
            }
            let text = match content.map_err(|error| self.unreadable(error))? {
                Some(bytes) => self.decoded(&bytes)?,
                None => reader.once.clone().unwrap_or_default(),
            };
            if !is_regular {
                reader.once = Some(text.clone());
            }
            return Ok(FromFile { text, is_regular });
        }
    }

    /// Starts a reader. `read_once` if what is no regular file has given its content.
    fn begin(&self, read_once: bool) -> io::Result<Pending> {
        let (done, content) = mpsc::sync_channel(1);
        let is_regular = Arc::new(OnceLock::new());
        let (path, look, known) = (self.path.clone(), self.is_regular, Arc::clone(&is_regular));
        std::thread::Builder::new().name("edgequake-file".to_owned()).spawn(move || {
            let read = look(&path).and_then(|is_regular| {
                let is_regular = *known.get_or_init(|| is_regular);
                if !is_regular && read_once { Ok(None) } else { self::content(&path).map(Some) }
            });
            // Nobody listens any more once the last clone is gone.
            let _ = done.send(read);
        })?;
        Ok(Pending { content, is_regular, since: Instant::now() })
    }

    /// How long to wait: for a writer to a pipe always, for a disk that hangs once.
    fn patience(&self, pending: &Pending) -> Duration {
        let is_pipe = pending.is_regular.get() == Some(&false);
        if is_pipe { self.limit } else { self.limit.saturating_sub(pending.since.elapsed()) }
    }

    fn late(&self, pending: &Pending) -> CredentialsError {
        let limit = self.limit.as_secs();
        if pending.is_regular.get() == Some(&false) {
            return self.unusable(&format!("did not end within {limit} s; write the secret and close it"));
        }
        let text =
            format!("{} could not be read within {limit} s; look at its disk or network share", self.name);
        CredentialsError::new(CredentialsErrorKind::TimedOut, text)
    }

    fn unreadable(&self, error: io::Error) -> CredentialsError {
        self.unusable("cannot be read").with_source(error)
    }

    fn decoded(&self, bytes: &[u8]) -> Result<Secret, CredentialsError> {
        if bytes.len() as u64 > LONGEST {
            return Err(self.unusable("is longer than 64 KiB; name the right file"));
        }
        decode(bytes).ok_or_else(|| {
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

fn is_regular(path: &Path) -> io::Result<bool> {
    std::fs::metadata(path).map(|found| found.is_file())
}

/// A pipe is opened when somebody writes to it and ends when that one closes it, which may be never.
fn content(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
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
mod tests;
