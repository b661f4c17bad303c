//! [`Files`]: what is done for one file: hashed, looked for in the workspace, uploaded, tried again.

use std::path::Path;
use std::time::Duration;

use edgequake_types::documents::{DocumentStatus, UploadFile, UploadedFile};
use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf};
use edgequake_types::{DocumentId, PdfId, Retry};
use tokio_util::sync::CancellationToken;

use super::claim::Claims;
use super::digest::digest;
use super::event::SkipReason;
use super::held::{Held, is_lost};
use super::options::Options;
use crate::body::FileUploadError;
use crate::body::file::FileState;
use crate::call::{FileUpload, UploadsFile};
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
    pub(super) stop: CancellationToken,
    /// What is uploaded in this run.
    claims: Claims,
}

/// A file, and what it is to be called.
#[derive(Clone, Copy)]
struct File<'a> {
    path: &'a Path,
    title: Option<&'a str>,
}

impl Files {
    pub(super) fn new(client: Client, options: Options, held: Option<Held>, stop: CancellationToken) -> Self {
        Self { client, options, held, stop, claims: Claims::default() }
    }

    /// Uploads a file, with this title where nobody gives another one.
    pub(super) async fn upload(&self, path: &Path, title: Option<String>) -> Outcome {
        self.try_all(File { path, title: title.as_deref() }).await.unwrap_or_else(Outcome::Failed)
    }

    /// Tries as often as is allowed, until the run is stopped. A file that changes meanwhile is hashed anew.
    async fn try_all(&self, file: File<'_>) -> Result<Outcome, Error> {
        let (mut attempt, mut lost) = (0, false);
        loop {
            let error = match self.try_once(file, lost).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            let changed = matches!(error.find(), Some(FileUploadError::Changed { .. }));
            if attempt >= self.options.retries
                || !(changed || error.is_retryable())
                || self.stop.is_cancelled()
            {
                return Err(error);
            }
            lost = !changed && (lost || may_have_arrived(&error));
            let pause = BACKOFF.saturating_mul(1 << attempt.min(10)).mul_f64(0.75 + fastrand::f64() / 2.0);
            let wanted = error.retry_after().unwrap_or_default();
            let timer = clock::sleep(pause.max(wanted).min(LONGEST_BACKOFF));
            let timer = timer.map_err(|error| Error::of_failure(error.into()))?;
            let Some(Ok(())) = self.stop.run_until_cancelled(timer).await else { return Err(error) };
            attempt += 1;
        }
    }

    async fn try_once(&self, file: File<'_>, lost: bool) -> Result<Outcome, Error> {
        let path = file.path;
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
        let Some(claim) = self.claims.claim(digest).await else {
            return Ok(Outcome::Skipped(SkipReason::SameContent, None));
        };
        let outcome =
            if is_pdf { self.send_pdf(file, state, lost).await } else { self.send(file, state, lost).await };
        if outcome.is_ok() {
            claim.keep();
        }
        outcome
    }

    /// Where no file is to be tried again, the client does not do it either.
    fn once<E: UploadsFile>(&self, upload: FileUpload<E>) -> FileUpload<E> {
        if self.options.retries == 0 { upload.retry(Retry::Never) } else { upload }
    }

    async fn send(&self, file: File<'_>, state: FileState, lost: bool) -> Result<Outcome, Error> {
        let (path, length) = (file.path, state.length());
        let configure = |mut upload: UploadFile| {
            upload.title = file.title.map(str::to_owned);
            match &self.options.configure {
                Some(configure) => configure(path, upload),
                None => upload,
            }
        };
        let upload = self.client.documents().upload_file(path).in_state(state).configure(configure);
        let answer: UploadedFile = self.once(upload).await?;
        let upload = Uploaded::from(&answer);
        let duplicate =
            matches!(answer.status, Some(DocumentStatus::Duplicate | DocumentStatus::DuplicateProcessing));
        Ok(match duplicate {
            // Unless it is the one that was uploaded before, in an attempt whose answer was lost.
            true if !lost => already_there(upload.document_id().cloned(), Some(upload)),
            _ => Outcome::Uploaded(upload, length),
        })
    }

    async fn send_pdf(&self, file: File<'_>, state: FileState, lost: bool) -> Result<Outcome, Error> {
        let length = state.length();
        let answer = self.post_pdf(file, state.clone(), false).await?;
        let upload = Uploaded::from(&answer);
        if answer.status != Some(PdfStatus::Duplicate) {
            return Ok(Outcome::Uploaded(upload, length));
        }
        let known = self.known_pdf(answer.duplicate_of.unwrap_or(answer.pdf_id)).await?;
        Ok(match known {
            Known::Failed => {
                let answer = self.post_pdf(file, state, true).await?;
                Outcome::Uploaded(Uploaded::from(&answer), length)
            }
            _ if lost => Outcome::Uploaded(upload, length),
            Known::InFlight(document_id) => already_there(document_id, Some(upload)),
            Known::Done(document_id) => already_there(document_id.or(answer.document_id), None),
        })
    }

    async fn post_pdf(
        &self,
        File { path, title }: File<'_>,
        state: FileState,
        reindex: bool,
    ) -> Result<UploadedPdf, Error> {
        let configure = |mut upload: UploadPdf| {
            upload.title = title.map(str::to_owned);
            if let Some(configure) = &self.options.configure_pdf {
                upload = configure(path, upload);
            }
            if reindex {
                upload.force_reindex = Some(true);
            }
            upload
        };
        let upload = self.client.pdfs().upload_file(path).in_state(state).configure(configure);
        self.once(upload).await
    }

    /// What has become of a PDF that the server has. It says that of one that failed as well.
    async fn known_pdf(&self, pdf_id: PdfId) -> Result<Known, Error> {
        let pdf = match self.client.pdfs().get(pdf_id).await {
            Ok(pdf) => pdf,
            // Deleted meanwhile, or a server that does not tell.
            Err(error) if error.is_not_found() => return Ok(Known::Done(None)),
            Err(error) => return Err(error),
        };
        match (pdf.status, pdf.document_id) {
            (PdfStatus::Failed, _) => Ok(Known::Failed),
            (PdfStatus::Completed, None) => Ok(Known::Done(None)),
            (PdfStatus::Completed, Some(id)) => match self.client.documents().get(id.clone()).await {
                Ok(document) if document.status.as_ref().is_some_and(is_lost) => Ok(Known::Failed),
                Ok(document) if !document.is_terminal() => Ok(Known::InFlight(Some(id))),
                Ok(_) => Ok(Known::Done(Some(id))),
                // The document was deleted, and the file was left.
                Err(error) if error.is_not_found() => Ok(Known::Failed),
                Err(error) => Err(error),
            },
            (_, id) => Ok(Known::InFlight(id)),
        }
    }
}

fn already_there(document_id: Option<DocumentId>, upload: Option<Uploaded>) -> Outcome {
    Outcome::Skipped(SkipReason::AlreadyThere { document_id }, upload)
}

/// What has become of a PDF that the server has.
enum Known {
    Done(Option<DocumentId>),
    InFlight(Option<DocumentId>),
    Failed,
}

/// Whether an upload that ended with this may have been taken, and only the answer was lost.
fn may_have_arrived(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connect | ErrorKind::NotSent | ErrorKind::RateLimited | ErrorKind::Unavailable => {
            error.status().is_some_and(|status| matches!(status.as_u16(), 502 | 504))
        }
        _ => error.status().is_none_or(|status| status.is_success() || status.is_server_error()),
    }
}
