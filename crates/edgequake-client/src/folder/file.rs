//! [`Files`]: what is done for one file: hashed, looked for in the workspace, uploaded, tried again.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edgequake_types::documents::{DocumentStatus, UploadFile, UploadedFile};
use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf};

use super::digest::{Digest, digest};
use super::event::SkipReason;
use super::held::Held;
use super::options::Options;
use super::walk::relative;
use crate::body::FileUploadError;
use crate::body::file::FileState;
use crate::client::Client;
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::resources::Uploaded;

/// The pause before a file is tried again, which doubles each time.
const BACKOFF: Duration = Duration::from_millis(500);

/// The longest pause, also where a server asks for a longer one.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// What became of a file.
pub(super) enum Outcome {
    /// Not uploaded. The document may still be on its way.
    Skipped(SkipReason, Option<Uploaded>),
    Uploaded(Uploaded, u64),
    Failed(Error),
}

/// What all files of a run share.
pub(super) struct Files {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) held: Option<Held>,
    /// What was uploaded in this run.
    uploaded: Mutex<HashSet<Digest>>,
}

impl Files {
    pub(super) fn new(client: Client, options: Options, held: Option<Held>) -> Self {
        Self { client, options, held, uploaded: Mutex::default() }
    }

    pub(super) async fn upload(&self, path: &Path) -> Outcome {
        self.try_all(path).await.unwrap_or_else(Outcome::Failed)
    }

    /// Tries as often as is allowed. A file that changes meanwhile is hashed anew.
    async fn try_all(&self, path: &Path) -> Result<Outcome, Error> {
        let mut attempt = 0;
        loop {
            let error = match self.try_once(path, attempt > 0).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            let changed = matches!(error.find(), Some(FileUploadError::Changed { .. }));
            if attempt >= self.options.retries || !(changed || error.is_retryable()) {
                return Err(error);
            }
            let pause = BACKOFF.saturating_mul(1 << attempt.min(10)).mul_f64(0.75 + fastrand::f64() / 2.0);
            let wanted = error.retry_after().unwrap_or_default();
            let timer = clock::sleep(pause.max(wanted).min(LONGEST_BACKOFF));
            timer.map_err(|error| Error::of_failure(error.into()))?.await.map_err(|_| error)?;
            attempt += 1;
        }
    }

    async fn try_once(&self, path: &Path, again: bool) -> Result<Outcome, Error> {
        let (state, digest) = digest(path).await.map_err(Error::of_failure)?;
        if state.length() == 0 {
            return Ok(Outcome::Skipped(SkipReason::Empty, None));
        }
        let is_pdf = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
        if let Some(held) = self.held.as_ref().filter(|_| !is_pdf) {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            if let Some(found) = held.find(&self.client, &name, state.length(), &digest).await? {
                let upload = found.in_flight.then(|| Uploaded::from(found.id.clone()));
                return Ok(already_there(Some(found.id), upload));
            }
        }
        // The server would replace the document of the first by one for the second.
        let Some(claim) = Claim::of(&self.uploaded, digest) else {
            return Ok(Outcome::Skipped(SkipReason::SameContent, None));
        };
        let outcome = if is_pdf {
            self.send_pdf(path, state, again).await
        } else {
            self.send(path, state, again).await
        };
        if outcome.is_ok() {
            claim.keep();
        }
        outcome
    }

    async fn send(&self, path: &Path, state: FileState, again: bool) -> Result<Outcome, Error> {
        let length = state.length();
        let title = self.title(path);
        let configure = |mut upload: UploadFile| {
            upload.title = title;
            match &self.options.configure {
                Some(configure) => configure(path, upload),
                None => upload,
            }
        };
        let upload = self.client.documents().upload_file(path).in_state(state).configure(configure);
        let answer: UploadedFile = upload.await?;
        let upload = Uploaded::from(&answer);
        let duplicate =
            matches!(answer.status, Some(DocumentStatus::Duplicate | DocumentStatus::DuplicateProcessing));
        Ok(match duplicate {
            // Unless it is the one that was uploaded before, in an attempt whose answer was lost.
            true if !again => already_there(upload.document_id().cloned(), Some(upload)),
            _ => Outcome::Uploaded(upload, length),
        })
    }

    async fn send_pdf(&self, path: &Path, state: FileState, again: bool) -> Result<Outcome, Error> {
        let length = state.length();
        let title = self.title(path);
        let configure = |mut upload: UploadPdf| {
            upload.title = title;
            match &self.options.configure_pdf {
                Some(configure) => configure(path, upload),
                None => upload,
            }
        };
        let upload = self.client.pdfs().upload_file(path).in_state(state).configure(configure);
        let answer: UploadedPdf = upload.await?;
        let upload = Uploaded::from(&answer);
        Ok(match answer.status {
            Some(PdfStatus::Duplicate) if !again => already_there(answer.document_id, None),
            _ => Outcome::Uploaded(upload, length),
        })
    }

    /// The path below the folder, where the name alone would not tell one `README.md` from another.
    fn title(&self, path: &Path) -> Option<String> {
        relative(path, self.options.root.as_deref()?).filter(|relative| relative.contains('/'))
    }
}

fn already_there(document_id: Option<edgequake_types::DocumentId>, upload: Option<Uploaded>) -> Outcome {
    Outcome::Skipped(SkipReason::AlreadyThere { document_id }, upload)
}

/// The right to upload some content, given back where that fails.
struct Claim<'a> {
    uploaded: &'a Mutex<HashSet<Digest>>,
    digest: Option<Digest>,
}

impl<'a> Claim<'a> {
    fn of(uploaded: &'a Mutex<HashSet<Digest>>, digest: Digest) -> Option<Self> {
        let new = lock(uploaded).insert(digest);
        new.then(|| Self { uploaded, digest: Some(digest) })
    }

    fn keep(mut self) {
        self.digest = None;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(digest) = &self.digest {
            lock(self.uploaded).remove(digest);
        }
    }
}

fn lock(uploaded: &Mutex<HashSet<Digest>>) -> MutexGuard<'_, HashSet<Digest>> {
    uploaded.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an error would hit every other file as well. A 403 that no server of this API wrote, such as that of a gateway which dislikes one
/// content, does only where nothing has been taken yet.
pub(super) fn ends_the_run(error: &Error, uploaded: u64) -> bool {
    match error.kind() {
        ErrorKind::Config | ErrorKind::Insecure | ErrorKind::ForeignOrigin => true,
        ErrorKind::Credentials | ErrorKind::Unauthorized { .. } | ErrorKind::Locked => true,
        ErrorKind::Forbidden => error.code().is_some() || uploaded == 0,
        _ => false,
    }
}
